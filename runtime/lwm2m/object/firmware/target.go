package firmware

import (
	"errors"
	"io"
)

// Target is where images go: it stages one, installs it, and tells after the restart whether it runs. Its methods are called one at a time.
type Target interface {
	// Begin throws away what was staged before and starts a new image. size is in bytes, -1 if it is not known. The image before it has ended.
	Begin(size int64) (Image, error)
	// Staged tells whether there is a whole image that Install can take, and whether it is still what was committed (then the error is nil). The
	// error wraps ErrRuns where that image is on trial now.
	Staged() error
	// Install makes the staged image the one that runs after the restart. An error leaves the running one in place.
	Install() error
	// Installed tells, after the restart, whether the image that was installed is the one that runs now. The error wraps ErrReverted where it was
	// given up, also if it has run.
	Installed() error
	// Discard throws away what was staged, and what a download that ended with the power has left.
	Discard() error
}

// Image is an image on its way.
type Image interface {
	io.Writer
	// Commit ends the image, also with an error: it is checked and staged.
	Commit() error
	// Abort throws it away.
	Abort()
}

// What a target's errors wrap; any other is "update failed".
var (
	ErrNoSpace     = errors.New("not enough space for the image")
	ErrNoMemory    = errors.New("not enough memory for the image")
	ErrIntegrity   = errors.New("the image is damaged")
	ErrUnsupported = errors.New("the image is not of a kind that this device takes")
)

// What else a target's errors wrap.
var (
	ErrReverted = errors.New("the new image was given up")
	ErrRuns     = errors.New("the new image runs already")
)

// nowhere is the Target of a device that has no place for images.
type nowhere struct{}

func (nowhere) Begin(int64) (Image, error) {
	return nil, errorf("%w: it has no place for images", ErrUnsupported)
}
func (nowhere) Staged() error    { return ErrUnsupported }
func (nowhere) Install() error   { return ErrUnsupported }
func (nowhere) Installed() error { return ErrUnsupported }
func (nowhere) Discard() error   { return nil }

// resultOf gives the update result that an error of the target stands for.
func resultOf(err error) result {
	switch {
	case errors.Is(err, ErrNoSpace):
		return resultNoSpace
	case errors.Is(err, ErrNoMemory):
		return resultNoMemory
	case errors.Is(err, ErrIntegrity):
		return resultIntegrity
	case errors.Is(err, ErrUnsupported):
		return resultUnsupportedPackage
	}
	return resultUpdateFailed
}
