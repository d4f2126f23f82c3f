package fota

import (
	"context"
	"errors"
	"io"
)

// Target is where images of one type go. Its methods are called one at a time.
type Target interface {
	// Begin gives the image to write to; Image.Offset tells how many bytes of it are there. plan.Keep bytes were synced by an earlier download of
	// the same file, also before a restart: Begin keeps these, or none where they are gone, and throws away the rest. Keep may be the whole
	// size: then Commit may have been called or not. A target that keeps a record of its own, by plan.ID, may have more, whatever Keep is.
	Begin(ctx context.Context, plan Plan) (Image, error)
	// Schedule makes the committed image the one that is installed by the next restart. It may be called again.
	Schedule() error
	// Discard throws away what downloads have left that were not committed. That there is nothing is no error.
	Discard() error
}

// Plan is what a Target is told of an image before its first byte.
type Plan struct {
	ID   string // names the file and its version: equal ones are for equal bytes. At most 1 KiB, without line ends. "": nothing may be resumed
	Type Type
	Size int64           // bytes, above 0
	Keep int64           // bytes that an earlier download has synced: 0 to Size
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
