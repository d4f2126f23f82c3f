package agnss

import (
	"encoding/json"
	"errors"
	"fmt"
)

// What can be wrong with a message; a *FormatError wraps one of them, ErrNotBinary comes without one.
var (
	ErrEmpty        = errors.New("the message is empty")
	ErrTooLarge     = errors.New("the message is too large")
	ErrVersion      = errors.New("unknown schema version")
	ErrTruncated    = errors.New("the message is cut short")
	ErrUnknownType  = errors.New("unknown element type")
	ErrReservedType = errors.New("an element type that is not for messages")
	ErrTooMany      = errors.New("more records than satellites")
	ErrOutOfRange   = errors.New("out of range")
	ErrDuplicate    = errors.New("the satellite has a record already")
	ErrNotBinary    = errors.New("JSON in place of assistance data")
)

// FormatError says what is wrong with a message and where.
type FormatError struct {
	Offset int  // of the group or record, in bytes from the beginning of the message
	Type   Type // of the group; 0 where there is none yet
	SV     uint8
	Err    error // wraps one of the errors above
}

// Error implements error.
func (e *FormatError) Error() string {
	switch {
	case e.SV != 0:
		return fmt.Sprintf("A-GNSS message, offset %d, %v of satellite %d: %v", e.Offset, e.Type, e.SV, e.Err)
	case e.Type != 0:
		return fmt.Sprintf("A-GNSS message, offset %d, %v: %v", e.Offset, e.Type, e.Err)
	}
	return fmt.Sprintf("A-GNSS message, offset %d: %v", e.Offset, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *FormatError) Unwrap() error { return e.Err }

// CloudError is nRF Cloud's answer that it gives no data.
type CloudError struct {
	Code int // as 42200
}

// Error implements error.
func (e *CloudError) Error() string {
	return fmt.Sprintf("nRF Cloud refuses to give assistance data: error %d, %s", e.Code, e.meaning())
}

func (e *CloudError) meaning() string {
	switch e.Code {
	case 40000:
		return "bad request"
	case 40001, 40002:
		return "certificate or identity not accepted"
	case 40100, 40101, 40102:
		return "access denied"
	case 40103:
		return "the device is not associated with an account"
	case 40410:
		return "no data for this request"
	case 40411, 40412, 40413, 40414, 40499:
		return "not found"
	case 41600:
		return "bad range"
	case 42200:
		return "the request is not valid"
	case 50010:
		return "internal error"
	}
	return "unknown code"
}

// ParseCloudError reads the JSON that nRF Cloud sends in place of data, for A-GNSS and P-GPS alike. It gives a *CloudError, or ErrNotBinary
// where the JSON has no usable code.
func ParseCloudError(document []byte) error {
	var answer struct {
		Code *int `json:"err"`
	}
	if err := json.Unmarshal(document, &answer); err != nil || answer.Code == nil {
		return fmt.Errorf("%w, and it has no code of an error", ErrNotBinary)
	}
	return &CloudError{Code: *answer.Code}
}
