package shell

import (
	"context"
	"errors"
	"strconv"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Errno is an error number of Linux, above 0. It is written down here rather than taken from package syscall so that a script sees the same
// numbers on every system.
type Errno int

// The numbers that the shell itself answers with.
const (
	EPERM      Errno = 1   // what is there does not do that (4.05)
	ENOENT     Errno = 2   // it is not there (4.04)
	EIO        Errno = 5   // the engine has failed (5.00)
	E2BIG      Errno = 7   // more paths than can be taken (4.13)
	EACCES     Errno = 13  // not allowed (4.01)
	EBUSY      Errno = 16  // not now (5.03)
	EEXIST     Errno = 17  // it is there already
	EINVAL     Errno = 22  // the command or the value is not right (4.00)
	ERANGE     Errno = 34  // the number does not fit
	ENOSYS     Errno = 38  // there is no such command
	EMSGSIZE   Errno = 90  // the line is too long
	EOPNOTSUPP Errno = 95  // the value has another type; the format is not known (4.06, 4.15)
	ENOTCONN   Errno = 107 // not registered; for engines
	ETIMEDOUT  Errno = 110 // no outcome in time
	EALREADY   Errno = 114 // it is so already; for engines
)

var errnoTexts = map[Errno]string{
	EPERM: "operation not permitted", ENOENT: "no such path", EIO: "failed", E2BIG: "too many", EACCES: "not allowed", EBUSY: "busy",
	EEXIST: "exists already", EINVAL: "invalid", ERANGE: "out of range", ENOSYS: "no such command", EMSGSIZE: "too long", EOPNOTSUPP: "not supported",
	ENOTCONN: "not connected", ETIMEDOUT: "timed out", EALREADY: "already so",
}

// Error gives a short text; of numbers not listed here the number.
func (e Errno) Error() string {
	if text, known := errnoTexts[e]; known {
		return text
	}
	return "error " + strconv.Itoa(int(e))
}

var errnoOfStatus = map[lwm2m.Status]Errno{
	lwm2m.StatusBadRequest: EINVAL, lwm2m.StatusUnauthorized: EACCES, lwm2m.StatusNotFound: ENOENT, lwm2m.StatusMethodNotAllowed: EPERM,
	lwm2m.StatusNotAcceptable: EOPNOTSUPP, lwm2m.StatusUnsupportedContentFormat: EOPNOTSUPP, lwm2m.StatusRequestEntityTooLarge: E2BIG,
	lwm2m.StatusServiceUnavailable: EBUSY,
}

// codeOf gives the number that ends the answer: 0, or the negative Errno.
func codeOf(err error) int {
	if err == nil {
		return 0
	}
	if number, is := errors.AsType[Errno](err); is && number > 0 {
		return -int(number)
	}
	if refused, is := errors.AsType[*lwm2m.Error](err); is {
		if number, known := errnoOfStatus[refused.Status]; known {
			return -int(number)
		}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return -int(ETIMEDOUT)
	case errors.Is(err, errLineTooLong):
		return -int(EMSGSIZE)
	}
	return -int(EIO)
}
