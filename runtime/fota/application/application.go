// Package application is the target of firmware images: they go into the slot that does not run, and are tried by the bootloader at the next start.
package application

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
)

// Config is what the options say about firmware images. The bootloader is built of the same ones.
type Config struct {
	Keys        image.KeySet `slot:"image-keys"` // an image must be signed with one of them
	Board       string       `kconfig:"BOOT_IMAGE_BOARD"`
	NoDowngrade bool         `kconfig:"MCUBOOT_DOWNGRADE_PREVENTION"`
}

// Target is a fota.Target. The slots keep a record of their own of what counts of an image, by its ID.
type Target struct {
	config Config
	slots  *slots.Slots // nil: there are none
	closed error        // why
	logger *slog.Logger
}

// New makes a Target.
func New(config Config) (*Target, error) {
	return &Target{config: config, closed: slots.ErrNoBootloader}, nil
}

// Of makes a Target of slots that are open.
func Of(s *slots.Slots) *Target {
	return &Target{slots: s, logger: slog.New(slog.DiscardHandler)}
}

// Types implements fota.Target.
func (*Target) Types() fota.Type { return fota.TypeMCUboot }

// Open implements fota.Target. Without a bootloader there are no slots, and so no updates: that is no error.
func (t *Target) Open(host fota.Host) error {
	t.logger = host.Logger
	running, err := slots.ParseSlot(os.Getenv(slots.Variable))
	if err == nil && running == slots.None {
		host.Logger.Info("this firmware cannot be updated: it was not started by the bootloader")
		return nil
	}
	if err == nil {
		t.slots, err = slots.Open(durable.Open(filepath.Join(host.DataDir, slots.FolderName)), t.config.slots(), running)
	}
	if err != nil {
		t.slots, t.closed = nil, err
	}
	return err
}

func (c Config) slots() slots.Config {
	policy := image.Policy{Board: c.Board, Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if c.Keys != nil {
		policy.Keys = c.Keys.Keys()
	}
	return slots.Config{Policy: policy, NoDowngrade: c.NoDowngrade}
}

// Begin implements fota.Target. An image that was staged or marked before is dropped, unless it is this very one.
func (t *Target) Begin(_ context.Context, plan fota.Plan) (fota.Image, error) {
	if t.slots == nil {
		return nil, t.closed
	}
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
func (t *Target) Schedule() error {
	if t.slots == nil {
		return t.closed
	}
	return explain(t.slots.Mark())
}

// Staged implements fota.Target.
func (t *Target) Staged() error {
	if t.slots == nil {
		return t.closed
	}
	_, err := t.slots.Staged()
	return explain(err)
}

// Outcome implements fota.Target.
func (t *Target) Outcome() (fota.Outcome, error) {
	if t.slots == nil {
		return fota.OutcomeNone, nil
	}
	state := t.slots.State()
	switch {
	case t.slots.OnTrial():
		return fota.OutcomeTrial, nil
	case state.Trial != slots.NoTrial:
		return fota.OutcomePending, nil
	case state.Last.Outcome == slots.NoOutcome:
		return fota.OutcomeNone, nil
	case state.Last.Outcome == slots.Confirmed:
		return fota.OutcomeInstalled, nil
	}
	return fota.OutcomeFailed, errorf("the new image was %v: %s", state.Last.Outcome, state.Last.Reason)
}

// Confirm implements fota.Confirmer.
func (t *Target) Confirm() error {
	if t.slots == nil {
		return nil
	}
	trial := t.slots.OnTrial()
	err := t.slots.Confirm()
	if trial && err == nil {
		t.logger.Info("the new firmware is confirmed", "slot", t.slots.Running().String())
	}
	return err
}

// Discard implements fota.Target.
func (t *Target) Discard() error {
	if t.slots == nil {
		return nil
	}
	return t.slots.Discard()
}

// Forget implements fota.Target.
func (t *Target) Forget() error {
	if t.slots == nil {
		return nil
	}
	return t.slots.Drop()
}

// explain says what an error of the slots means for a download.
func explain(err error) error {
	if _, refused := errors.AsType[*image.Refusal](err); refused {
		return errorf("%w: %w", fota.ErrRefused, err)
	}
	if errors.Is(err, slots.ErrNoSpace) {
		return errorf("%w: %w", fota.ErrTooBig, err)
	}
	return err
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }

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

var (
	_ fota.Target    = (*Target)(nil)
	_ fota.Confirmer = (*Target)(nil)
)
