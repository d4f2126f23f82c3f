package lwm2m

import "fmt"

// Status is why an operation is refused, with the numbers of CoAP's response codes (RFC 7252, 12.1.2).
type Status uint8

// The statuses that LwM2M uses (Core 1.1.1, 6.3 to 6.4; Transport 1.1.1, 6.4).
const (
	StatusBadRequest               Status = 0x80 // 4.00
	StatusUnauthorized             Status = 0x81 // 4.01
	StatusNotFound                 Status = 0x84 // 4.04
	StatusMethodNotAllowed         Status = 0x85 // 4.05
	StatusNotAcceptable            Status = 0x86 // 4.06
	StatusRequestEntityIncomplete  Status = 0x88 // 4.08
	StatusPreconditionFailed       Status = 0x8c // 4.12
	StatusRequestEntityTooLarge    Status = 0x8d // 4.13
	StatusUnsupportedContentFormat Status = 0x8f // 4.15
	StatusInternalServerError      Status = 0xa0 // 5.00
	StatusServiceUnavailable       Status = 0xa3 // 5.03
)

// String gives the status as CoAP writes it, as 4.04.
func (s Status) String() string { return fmt.Sprintf("%d.%02d", s>>5, s&0x1f) }

// Error refuses an operation: the status goes to the server, the reason to the log.
type Error struct {
	Status Status
	Reason string
}

func (e *Error) Error() string { return e.Status.String() + ": " + e.Reason }

// Errorf makes an *Error. It stands at hundreds of places, where a call is smaller than its body.
//
//go:noinline
func Errorf(status Status, format string, arguments ...any) error {
	return &Error{Status: status, Reason: fmt.Sprintf(format, arguments...)}
}
