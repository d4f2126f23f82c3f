package fota

import "fmt"

// EventKind is what an Event tells.
type EventKind uint8

// The kinds of events. A download ends with exactly one of EventFinished, EventError and EventCancelled, unless its context ends it.
const (
	EventProgress     EventKind = iota + 1 // Percent has changed
	EventFinished                          // the image is complete, its target has taken it; it is installed by the next restart
	EventErasePending                      // the target has to erase first, which can take minutes
	EventEraseTimeout                      // and is still at it
	EventEraseDone                         //
	EventError                             // Err says why
	EventCancelled                         // by Cancel
)

// String gives the SDK's name.
func (k EventKind) String() string {
	names := [...]string{"PROGRESS", "FINISHED", "ERASE_PENDING", "ERASE_TIMEOUT", "ERASE_DONE", "ERROR", "CANCELLED"}
	if k < 1 || int(k) > len(names) {
		return fmt.Sprintf("event %d", uint8(k))
	}
	return "FOTA_DOWNLOAD_EVT_" + names[k-1]
}

// Event is one step of a download.
type Event struct {
	Kind    EventKind
	Percent int    // of the image that is downloaded: 0 to 100
	Type    Type   // of the image; 0 until it is known
	Err     *Error // EventError
}

// Cause is why a download has failed.
type Cause uint8

// The causes.
const (
	CauseConnectFailed        Cause = iota + 1 // the server cannot be reached, or is not the one that it should be
	CauseDownloadFailed                        // the connection broke too often, or the server sends something else; a later try may succeed
	CauseInvalidUpdate                         // the file is no image that this device takes, or too big; no try will succeed
	CauseTypeMismatch                          // it is an image of another type than the job says
	CauseInternal                              //
	CauseDFU                                   // the target cannot store or take the image
	CauseProtoNotSupported                     // the URL's scheme is none that images are downloaded by
	CauseInvalidConfiguration                  // URL, host or security tags cannot be used
)

// String gives the SDK's name.
func (c Cause) String() string {
	names := [...]string{"CONNECT_FAILED", "DOWNLOAD_FAILED", "INVALID_UPDATE", "TYPE_MISMATCH", "INTERNAL", "DFU", "PROTO_NOT_SUPPORTED", "INVALID_CONFIGURATION"}
	if c < 1 || int(c) > len(names) {
		return fmt.Sprintf("cause %d", uint8(c))
	}
	return "FOTA_DOWNLOAD_ERROR_CAUSE_" + names[c-1]
}

// Error is why a download, or one try of it, has failed. It does not contain the URL, which may hold a secret.
type Error struct {
	Cause   Cause
	Problem string // what is wrong, where, what to do
	Retry   bool   // of a Source: another try soon may succeed
	Err     error  // the cause, or nil
}

// Error gives problem and cause as one line.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Problem
	}
	return e.Problem + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// resumes tells whether a later download may go on from what is here.
func (e *Error) resumes() bool {
	return e.Cause == CauseConnectFailed || e.Cause == CauseDownloadFailed
}

func failure(cause Cause, err error, format string, args ...any) *Error {
	return &Error{Cause: cause, Problem: fmt.Sprintf(format, args...), Err: err}
}
