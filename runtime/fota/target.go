package fota

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/cloudgen/cloudgen/runtime/modem"
)

// Target is where images of some types go. The cloud module opens it, once, before anything else; its methods are called one at a time.
type Target interface {
	// Types is the set of types of images that go here.
	Types() Type
	// Open gives the target what it needs of the device. After an error, which is logged, the firmware goes on without updates by this target:
	// Begin, Schedule and Staged then tell why.
	Open(host Host) error
	// Begin gives the image to write to; Image.Offset tells how many bytes of it are there. plan.Keep bytes were synced by an earlier download of
	// the same file, also before a restart: Begin keeps these, or none where they are gone, and throws away the rest. Keep may be the whole
	// size: then Commit may have been called or not. A target that keeps a record of its own, by plan.ID, may have more, whatever Keep is.
	Begin(ctx context.Context, plan Plan) (Image, error)
	// Schedule makes the committed image the one that is installed by the next restart. It may be called again.
	Schedule() error
	// Staged tells whether there is a committed image that Schedule can take; then the error is nil. It may read the whole image to be sure.
	Staged() error
	// Outcome tells what has become of the last image that was scheduled. The reason is nil unless it is OutcomeFailed.
	Outcome() (outcome Outcome, reason error)
	// Discard throws away what downloads have left that were not committed. That there is nothing is no error.
	Discard() error
	// Forget throws away a committed image that has not been tried yet. That there is none is no error.
	Forget() error
}

// Host is what a Target needs of the device.
type Host struct {
	DataDir string       // for state that outlives the process
	Modem   modem.Modem  // what can be updated in it is an interface that it implements
	Logger  *slog.Logger // never nil
}

// Outcome is what has become of an image.
type Outcome uint8

// The outcomes.
const (
	OutcomeNone      Outcome = iota // none was scheduled
	OutcomePending                  // it is staged or scheduled, and waits for the restart
	OutcomeTrial                    // it runs, and waits for Confirm
	OutcomeInstalled                // it runs for good, or what it was for has taken it
	OutcomeFailed                   // it was given up: what ran before runs
)

// Confirmer is a Target whose image has to prove itself: the cloud module calls Confirm whenever the cloud can be used. Confirming again does nothing.
type Confirmer interface {
	Confirm() error
}

// Applier is a Target whose image is installed by the firmware itself: the cloud module calls Apply once, before it switches the modem on, and
// Apply installs what was scheduled. An error is logged and told by Outcome.
type Applier interface {
	Apply(ctx context.Context) error
}

// For gives the target that takes images of a type, nil where none does.
func For(targets []Target, kind Type) Target {
	for _, each := range targets {
		if each.Types()&kind != 0 {
			return each
		}
	}
	return nil
}

// Plan is what a Target is told of an image before its first byte.
type Plan struct {
	ID   string // names the file and its version: equal ones are for equal bytes. At most 1 KiB, without line ends. "": nothing may be resumed
	Type Type
	Size int64           // bytes, above 0; -1: not known
	Keep int64           // bytes that an earlier download has synced: 0 to Size, 0 where that is not known
	Tell func(EventKind) // for EventErasePending, EventEraseTimeout and EventEraseDone, during Begin and Write
}

// Image is an image on its way to its Target.
type Image interface {
	// Offset is how many bytes of the image are there. The next Write adds to them.
	Offset() int64
	// Write adds bytes, all or it is an error. They may be lost by a power cut until Sync.
	io.Writer
	// Sync makes sure that what was written is on the medium.
	Sync() error
	// Commit checks the image, which is whole, and makes it one that Schedule can take. The Image has ended then, also with an error.
	Commit() error
	// Close ends the Image; what was synced stays for a later Begin.
	Close() error
}

// Errors of a Target that say more than that it has failed; they are wrapped, and looked for with errors.Is.
var (
	ErrTooBig  = errors.New("the image is bigger than its place")          // CauseInvalidUpdate
	ErrRefused = errors.New("the image is not one that this device takes") // CauseInvalidUpdate: damaged, of another board, wrongly signed, older
)

// targetFailure gives the *Error that an error of a Target stands for.
func targetFailure(err error, doing string) *Error {
	cause := CauseDFU
	if errors.Is(err, ErrTooBig) || errors.Is(err, ErrRefused) {
		cause = CauseInvalidUpdate
	}
	return failure(cause, err, "the image cannot be %s", doing)
}
