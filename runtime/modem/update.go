package modem

import (
	"context"
	"errors"
	"io"
)

// UpdateKind is a form of modem firmware update.
type UpdateKind int

// The forms.
const (
	UpdateDelta UpdateKind = iota // the difference from one version to another
	UpdateFull                    // a whole firmware
)

// String gives "delta" or "full".
func (k UpdateKind) String() string {
	switch k {
	case UpdateDelta:
		return "delta"
	case UpdateFull:
		return "full"
	}
	return "kind ?"
}

// UpdateOutcome tells what became of an update.
type UpdateOutcome int

// The outcomes. With UpdateDone the new firmware runs, with UpdateBroken none, with the others the old one.
const (
	UpdateNone     UpdateOutcome = iota // none was staged
	UpdateDone                          // applied
	UpdateRejected                      // the modem refuses it for good: its signature, or made for another version. It is no longer staged
	UpdateDeferred                      // not possible now, as with a low battery. It stays staged for the next boot
	UpdateBroken                        // the modem has no firmware until a full update succeeds
	outcomeCount
)

var outcomeNames = [outcomeCount]string{"none", "done", "rejected", "deferred", "broken"}

// String gives the outcome's name, as "done".
func (o UpdateOutcome) String() string {
	if o < 0 || o >= outcomeCount {
		return "?"
	}
	return outcomeNames[o]
}

// Errors of Updater.
var (
	// ErrUpdateRefused is wrapped when the modem will never take this file.
	ErrUpdateRefused = errors.New("the modem refuses the update")
	// ErrUpdateTooLarge is wrapped when the modem has no room for it.
	ErrUpdateTooLarge = errors.New("the update is larger than the modem's memory for it")
)

// Updater is implemented by a modem whose firmware can be updated. The caller has downloaded the file and keeps it until the outcome is known,
// for one that was cut is applied again from the start. Every call can be repeated after a loss of power.
type Updater interface {
	// StageUpdate hands over a file that was verified as far as the device can; the modem checks what only it can. What was staged before
	// is replaced. It may take minutes and ends early with ctx. Errors that wrap ErrUpdateRefused, ErrUpdateTooLarge or
	// errors.ErrUnsupported (a kind that this modem does not have) are final, others may be gone at the next try.
	StageUpdate(ctx context.Context, kind UpdateKind, file io.ReaderAt, size int64) error
	// ApplyUpdate applies what is staged and gives the outcome. It is called at boot before Run, for the modem restarts over it, and must not
	// be interrupted: it does not end early. An outcome is given once; afterwards it is UpdateNone. The error says why the outcome is
	// another than UpdateDone or UpdateNone.
	ApplyUpdate() (UpdateOutcome, error)
	// StagedUpdate tells whether an update waits to be applied.
	StagedUpdate(ctx context.Context) (bool, error)
}
