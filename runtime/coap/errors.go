package coap

import (
	"errors"
	"fmt"
	"time"
)

// ErrClosed is what everything that was under way ends with when the Conn is closed.
var ErrClosed = errors.New("the CoAP connection is closed")

// ErrQueueFull tells that Config.MaxQueue requests are under way already.
var ErrQueueFull = errors.New("too many CoAP requests are under way at the same time")

// TimeoutError tells that the peer did not acknowledge, or acknowledged and did not answer.
type TimeoutError struct {
	Transmissions int           // times that the message was handed to the link
	Elapsed       time.Duration // since the first of them
	Acknowledged  bool          // the request arrived, its response never came
}

func (e *TimeoutError) Error() string {
	if e.Acknowledged {
		return fmt.Sprintf("no response within %v after the peer acknowledged the request", e.Elapsed)
	}
	return fmt.Sprintf("no answer from the peer to %d transmissions in %v", e.Transmissions, e.Elapsed)
}

// Timeout makes it a timeout for who asks for the interface of net.Error.
func (e *TimeoutError) Timeout() bool { return true }

// ResetError tells that the peer answered with Reset: it has no context for the message (RFC 7252, 4.2), as after a restart.
type ResetError struct{}

func (e *ResetError) Error() string {
	return "the peer reset the message: it has no context to process it"
}

// ResponseError tells that a response came that cannot be used.
type ResponseError struct {
	Code   Code
	Reason string
}

func (e *ResponseError) Error() string {
	return fmt.Sprintf("response %v cannot be used: %s", e.Code, e.Reason)
}

// TooLargeError tells that a body does not fit.
type TooLargeError struct {
	Size, Limit int    // bytes
	What        string // what is too large, and the option that changes it
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s: %d bytes, at most %d are possible", e.What, e.Size, e.Limit)
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
