// Package fotatest has a target of images in memory that forgets what was not synced, for tests of whoever downloads.
package fotatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

var _ fota.Target = (*Target)(nil)

// Target implements fota.Target. It is for one goroutine at a time. The zero value is an empty one.
type Target struct {
	Kinds    fota.Type          // what it takes; 0: MCUboot's images
	Step     func() error       // is called before each operation; its error is that of the operation, which is not done then. nil: none
	Check    func([]byte) error // of Commit; nil: any image is taken
	DropSync int                // a fault: this Sync, of those that have something to carry, does nothing; 1 is the first, 0 none. Gone with a cut
	Own      bool               // it keeps a record of its own of what was synced, and of Plan.ID
	Room     int64              // bytes that an image may have; 0: any number

	Committed []byte // the last image that was committed
	Scheduled []byte // the image that the next restart installs
	Begun     int    // calls of Begin that kept nothing
	Syncs     int    // calls of Sync that had something to carry

	content []byte // as the running system sees it
	medium  []byte // as it was synced last
	id      string // Plan.ID
	synced  int    // bytes that were when Sync was called last, since the last Begin that kept nothing
	safe    int    // bytes at the beginning that were synced and not touched since
	open    bool
}

// Content is what is here of an image that was not committed.
func (t *Target) Content() []byte { return t.content }

// IsOpen tells whether an Image was begun that has not ended.
func (t *Target) IsOpen() bool { return t.open }

// Types implements fota.Target.
func (t *Target) Types() fota.Type {
	if t.Kinds == 0 {
		return fota.TypeMCUboot
	}
	return t.Kinds
}

// Open implements fota.Target.
func (*Target) Open(fota.Host) error { return nil }

func (t *Target) step() error {
	if t.Step == nil {
		return nil
	}
	return t.Step()
}

// Begin implements fota.Target.
func (t *Target) Begin(_ context.Context, plan fota.Plan) (fota.Image, error) {
	if t.open {
		return nil, errors.New("an image is open already")
	}
	if err := t.step(); err != nil {
		return nil, err
	}
	if t.Room > 0 && plan.Size > t.Room {
		return nil, fmt.Errorf("%w: %d of %d bytes", fota.ErrTooBig, plan.Size, t.Room)
	}
	if int64(len(t.content)) < plan.Keep {
		plan.Keep = 0
	}
	if t.Own {
		if plan.Keep = 0; plan.ID != "" && plan.ID == t.id {
			plan.Keep = int64(t.synced)
		}
	}
	if plan.Keep == 0 {
		t.Begun++
		t.synced = 0
	}
	t.id = plan.ID
	t.content = t.content[:plan.Keep:plan.Keep]
	t.safe = min(t.safe, int(plan.Keep))
	t.open = true
	return &image{t}, nil
}

// Schedule implements fota.Target.
func (t *Target) Schedule() error {
	if err := t.step(); err != nil {
		return err
	}
	if t.Committed == nil {
		return errors.New("nothing was committed")
	}
	t.Scheduled = t.Committed
	return nil
}

// Staged implements fota.Target.
func (t *Target) Staged() error {
	if t.Committed == nil {
		return errors.New("nothing was committed")
	}
	return nil
}

// Outcome implements fota.Target: nothing is ever tried.
func (t *Target) Outcome() (fota.Outcome, error) {
	if t.Scheduled == nil {
		return fota.OutcomeNone, nil
	}
	return fota.OutcomePending, nil
}

// Forget implements fota.Target.
func (t *Target) Forget() error {
	if err := t.step(); err != nil {
		return err
	}
	t.Committed, t.Scheduled = nil, nil
	return nil
}

// Discard implements fota.Target.
func (t *Target) Discard() error {
	if err := t.step(); err != nil {
		return err
	}
	t.content, t.safe, t.synced = nil, 0, 0
	return nil
}

// Clone gives a target that goes on from here by itself, without Step. An image that is open stays with the original.
func (t *Target) Clone() *Target {
	return &Target{
		Kinds: t.Kinds, Check: t.Check, DropSync: t.DropSync, Own: t.Own, Room: t.Room, Committed: t.Committed, Scheduled: t.Scheduled,
		content: bytes.Clone(t.content), medium: bytes.Clone(t.medium), safe: t.safe, synced: t.synced, id: t.id,
	}
}

// Crashes gives the targets that may be found when the power is cut now: the bytes as they were synced, as they were written, in part, and as
// zeros of their number.
func (t *Target) Crashes() iter.Seq[*Target] {
	outcomes := [][]byte{t.medium}
	if n := len(t.content); n != len(t.medium) || t.safe < n {
		zeros := make([]byte, n)
		copy(zeros, t.content[:t.safe])
		outcomes = append(outcomes, t.content, t.content[:(t.safe+n)/2], zeros)
	}
	return func(yield func(*Target) bool) {
		for _, content := range outcomes {
			after := t.Clone()
			after.DropSync = 0
			after.content, after.medium, after.safe = bytes.Clone(content), bytes.Clone(content), len(content)
			if !yield(after) {
				return
			}
		}
	}
}

type image struct{ *Target }

func (i *image) Offset() int64 { return int64(len(i.content)) }

func (i *image) Write(p []byte) (int, error) {
	if err := i.step(); err != nil {
		return 0, err
	}
	i.content = append(i.content, p...)
	return len(p), nil
}

func (i *image) Sync() error {
	if err := i.step(); err != nil {
		return err
	}
	if len(i.content) == len(i.medium) && i.safe == len(i.content) {
		return nil
	}
	if i.Syncs++; i.Syncs != i.DropSync {
		i.medium, i.safe, i.synced = bytes.Clone(i.content), len(i.content), len(i.content)
	}
	return nil
}

func (i *image) Commit() error {
	i.open = false
	if err := i.step(); err != nil {
		return err
	}
	if i.Check != nil {
		if err := i.Check(i.content); err != nil {
			return err
		}
	}
	i.Committed, i.medium = bytes.Clone(i.content), bytes.Clone(i.content)
	i.safe, i.synced = len(i.content), len(i.content)
	return nil
}

func (i *image) Close() error {
	i.open = false
	return i.step()
}
