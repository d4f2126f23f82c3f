package module

import (
	"errors"
	"fmt"

	"github.com/cloudgen/cloudgen/runtime/cloud"
)

// Errors that events carry and methods wrap.
var (
	ErrRetriesExhausted   = errors.New("the cloud could not be reached")
	ErrAssociationTimeout = errors.New("no user has claimed the device in time (CLOUD_USER_ASSOCIATION_TIMEOUT_SEC)")
	ErrNotReady           = errors.New("the connection did not become usable")
	ErrBackendStuck       = errors.New("the backend does not return although its context has ended")
	ErrBackendFailed      = errors.New("the backend cannot go on")
	ErrCloseTimeout       = errors.New("the connection was not closed in time")
	ErrShutdown           = errors.New("the cloud module has shut down")
	ErrGivenUp            = errors.New("no acknowledgement came for it (QOS_MESSAGE_NOTIFIED_COUNT_MAX)")
)

// errNotConnected is what a message is refused with while there is no connection. It is not kept: samples stay in the caller's buffers.
var errNotConnected = errorf("not sent: %w", cloud.ErrNotConnected)

// RebootError is why Run has ended although nobody shut the module down: the device is to be restarted.
type RebootError struct {
	Reason string // original name of the event that wants it, as CLOUD_EVT_ERROR or CLOUD_EVT_FOTA_DONE
	Err    error  // the cause; nil where the event has none
}

func (e *RebootError) Error() string {
	if e.Err == nil {
		return "restart wanted by " + e.Reason
	}
	return fmt.Sprintf("restart wanted by %s: %v", e.Reason, e.Err)
}

// Unwrap gives the cause.
func (e *RebootError) Unwrap() error { return e.Err }

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
