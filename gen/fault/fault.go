// Package fault is the error that tells a failure of the environment (no Go, no space, a folder that is not ours) from a mistake in
// the input: the command ends with another status for it.
package fault

import (
	"errors"
	"strings"
)

// Environment is a failure that no edit of the configuration mends.
type Environment struct {
	Problem string // what is wrong, and where; no final stop
	Fix     string // what to do about it, a sentence or more; may be empty
	Err     error  // the cause; may be nil
}

// Error gives problem, cause and way out on one line each as far as they are there.
func (e *Environment) Error() string {
	var text strings.Builder
	text.WriteString(e.Problem)
	if e.Err != nil {
		cause := e.Err.Error()
		text.WriteString(":")
		if !strings.HasPrefix(cause, "\n") {
			text.WriteString(" ")
		}
		text.WriteString(cause)
	}
	if e.Fix != "" {
		text.WriteString("\n")
		text.WriteString(e.Fix)
	}
	return text.String()
}

// Unwrap gives the cause.
func (e *Environment) Unwrap() error { return e.Err }

// IsEnvironment tells whether err, or an error that it wraps, is a failure of the environment.
func IsEnvironment(err error) bool {
	_, is := errors.AsType[*Environment](err)
	return is
}
