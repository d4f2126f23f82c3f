// Package application is the target of firmware images: they go into the slot that does not run, and are tried by the bootloader at the next start.
package application

import (
	"context"
	"errors"
	"fmt"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/fota"
)

// Target is a fota.Target. The slots keep a record of their own of what counts of an image, by its ID.
type Target struct{ slots *slots.Slots }

// New makes a Target of the slots.
func New(s *slots.Slots) *Target { return &Target{s} }

// Begin implements fota.Target. An image that was staged or marked before is dropped, unless it is this very one.
func (t *Target) Begin(_ context.Context, plan fota.Plan) (fota.Image, error) {
	staging, err := t.slots.Stage(plan.ID, plan.Size)
	if errors.Is(err, slots.ErrStaged) {
		return staged(plan.Size), nil
	}
	if err != nil {
		return nil, explain(err)
	}
	return &incoming{staging}, nil
}

// Schedule implements fota.Target: the image is tried at the next start.
func (t *Target) Schedule() error { return explain(t.slots.Mark()) }

// Discard implements fota.Target.
func (t *Target) Discard() error {
	switch t.slots.State().Trial {
	case slots.Staged, slots.Marked: // it was committed, and nothing is on its way
		return nil
	}
	staging, err := t.slots.Stage("", -1) // in place of what is on its way
	if err != nil {
		return err
	}
	return staging.Abort()
}

// explain says what an error of the slots means for a download.
func explain(err error) error {
	if _, refused := errors.AsType[*image.Refusal](err); refused {
		return fmt.Errorf("%w: %w", fota.ErrRefused, err)
	}
	if errors.Is(err, slots.ErrNoSpace) {
		return fmt.Errorf("%w: %w", fota.ErrTooBig, err)
	}
	return err
}

// incoming is an image on its way into the slot.
type incoming struct{ *slots.Staging }

func (s *incoming) Write(p []byte) (int, error) {
	n, err := s.Staging.Write(p)
	return n, explain(err)
}

func (s *incoming) Sync() error { return s.Checkpoint() }

func (s *incoming) Commit() error {
	_, err := s.Staging.Commit()
	return explain(err)
}

// staged is an image of this size that is staged already.
type staged int64

func (s staged) Offset() int64 { return int64(s) }

func (staged) Write([]byte) (int, error) {
	return 0, errors.New("the image is whole already")
}

func (staged) Sync() error   { return nil }
func (staged) Commit() error { return nil }
func (staged) Close() error  { return nil }

var _ fota.Target = (*Target)(nil)
