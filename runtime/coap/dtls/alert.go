package dtls

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/pion/dtls/v3/pkg/protocol/alert"
	"github.com/pion/logging"
)

// Alerts that an LwM2M client meets when its account is wrong (RFC 5246, 7.2; RFC 4279, 2; IANA TLS Alerts).
const (
	AlertCloseNotify        uint8 = 0
	AlertBadRecordMAC       uint8 = 20
	AlertHandshakeFailure   uint8 = 40
	AlertAccessDenied       uint8 = 49
	AlertDecryptError       uint8 = 51
	AlertInternalError      uint8 = 80
	AlertUnknownPSKIdentity uint8 = 115
)

// AlertError is an alert of the server, during the handshake or later. It ends the session.
type AlertError struct {
	Code uint8 // IANA number
}

func (e *AlertError) Error() string {
	switch e.Code {
	case AlertCloseNotify:
		return "the server closed the session (alert 0)"
	case AlertUnknownPSKIdentity:
		return "the server does not know the identity (alert 115)"
	case AlertBadRecordMAC, AlertDecryptError:
		return fmt.Sprintf("the server refused the session, as it does when the pre-shared key is wrong (alert %d, %v)", e.Code, alert.Description(e.Code))
	}
	return fmt.Sprintf("the server refused the session (alert %d, %v)", e.Code, alert.Description(e.Code))
}

// TimeoutError tells that the handshake did not end in time. A server that is not there looks like this, and also one that drops what it
// cannot decrypt: the pre-shared key may be wrong.
type TimeoutError struct {
	Address string
	Cause   error // why the context ended, with the last error of the socket if there was one
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("dtls: %s did not finish the handshake in time (no server there, or another pre-shared key): %v", e.Address, e.Cause)
}

// Unwrap gives the cause.
func (e *TimeoutError) Unwrap() error { return e.Cause }

// Timeout makes it a timeout for who asks for the interface of net.Error.
func (e *TimeoutError) Timeout() bool { return true }

// alertOf finds the alert in an error of pion. Its type has no name outside, but methods.
func alertOf(err error) (*AlertError, bool) {
	var received interface {
		error
		IsFatalOrCloseNotify() bool
		Marshal() ([]byte, error)
	}
	if !errors.As(err, &received) {
		return nil, false
	}
	raw, err := received.Marshal()
	if err != nil || len(raw) != 2 {
		return nil, false
	}
	return &AlertError{Code: raw[1]}, true
}

// lastAlert is the alert that ended an established session.
type lastAlert struct {
	armed    atomic.Bool // the handshake is over
	received atomic.Pointer[AlertError]
}

// listener is where pion logs to: nowhere. But a fatal alert after the handshake ends the session there and is told to nobody else, so the
// line about it is listened to. Reading ends with io.EOF in place of the alert should pion ever word it differently.
type listener struct{ last *lastAlert }

func (l listener) NewLogger(string) logging.LeveledLogger { return l }

func (l listener) Tracef(format string, args ...any) {
	if format != "%s: <- %s" || len(args) != 2 || !l.last.armed.Load() {
		return
	}
	text, is := args[1].(string)
	if !is {
		return
	}
	for code := range 256 {
		each := alert.Alert{Level: alert.Fatal, Description: alert.Description(code)}
		if code == int(AlertCloseNotify) {
			each.Level = alert.Warning
		}
		if each.String() == text {
			l.last.received.CompareAndSwap(nil, &AlertError{Code: uint8(code)})
			return
		}
	}
}

func (listener) Trace(string)          {}
func (listener) Debug(string)          {}
func (listener) Debugf(string, ...any) {}
func (listener) Info(string)           {}
func (listener) Infof(string, ...any)  {}
func (listener) Warn(string)           {}
func (listener) Warnf(string, ...any)  {}
func (listener) Error(string)          {}
func (listener) Errorf(string, ...any) {}
