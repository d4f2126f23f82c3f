package pgps

import (
	"errors"
	"fmt"
)

// Why there is no prediction for now. The SDK's names are in brackets.
var (
	ErrNoData      = errors.New("no predictions are stored")                             // [ENODATA]
	ErrLoading     = errors.New("predictions are on their way")                          // [ELOADING]
	ErrTimeUnknown = errors.New("the time is not known, or lies before the predictions") // [ETIMEUNKNOWN]
	ErrExpired     = errors.New("the predictions have run out")                          // [ETIMEDOUT]
)

// What can become of a download.
var (
	ErrUnexpected = errors.New("no predictions were asked for, or they are arriving already") // [EINVAL, EBUSY]
	ErrIncomplete = errors.New("the predictions have not all arrived")
	ErrOtherTime  = errors.New("the predictions are not for now") // the cloud's are stale, or the clock is wrong
)

// What can be wrong with a file of predictions; a *FormatError wraps one of them.
var (
	ErrHeader     = errors.New("not the header of a file of predictions")
	ErrPeriod     = errors.New("the predictions are of another period than asked for")
	ErrCount      = errors.New("the number of predictions is out of range")
	ErrPrediction = errors.New("not a prediction")
	ErrTrailing   = errors.New("the file is longer than its header says")
)

// FormatError says what is wrong with a file of predictions and where.
type FormatError struct {
	Offset int // of the header or the prediction, in bytes from the beginning of the file
	Err    error
}

// Error implements error.
func (e *FormatError) Error() string {
	return fmt.Sprintf("P-GPS file, offset %d: %v", e.Offset, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *FormatError) Unwrap() error { return e.Err }
