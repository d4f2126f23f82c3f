package tracker

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// appendKey opens a member of an object. It needs no state: a comma belongs before it unless the object has just been opened.
func appendKey(dst []byte, key string) []byte {
	dst = append(appendComma(dst), '"')
	dst = append(dst, key...) // keys are ours and need no escapes
	return append(dst, '"', ':')
}

func appendComma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last != '{' && last != '[' {
		dst = append(dst, ',')
	}
	return dst
}

func appendInt(dst []byte, key string, value int) []byte {
	return strconv.AppendInt(appendKey(dst, key), int64(value), 10)
}

func appendText(dst []byte, key, value string) []byte {
	return appendString(appendKey(dst, key), value)
}

func appendBool(dst []byte, key string, value bool) []byte {
	return strconv.AppendBool(appendKey(dst, key), value)
}

// appendSeconds writes whole seconds; a fraction is cut.
func appendSeconds(dst []byte, key string, value time.Duration) []byte {
	return strconv.AppendInt(appendKey(dst, key), int64(value/time.Second), 10)
}

// appendReal leaves the member out when JSON has no number for the value.
func appendReal(dst []byte, key string, value float64) []byte {
	if !finite(value) {
		return dst
	}
	return appendNumber(appendKey(dst, key), value)
}

// appendNumber writes the shortest digits that give the value again, never an exponent.
func appendNumber(dst []byte, value float64) []byte {
	if value == 0 {
		value = 0 // no "-0"
	}
	return strconv.AppendFloat(dst, value, 'f', -1, 64)
}

func finite(value float64) bool { return !math.IsNaN(value) && !math.IsInf(value, 0) }

// appendTime writes UNIX milliseconds; a sample without a time has no ts.
func appendTime(dst []byte, taken time.Time) []byte {
	if taken.IsZero() {
		return dst
	}
	return strconv.AppendInt(appendKey(dst, "ts"), taken.UnixMilli(), 10)
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string (RFC 8259, section 7). Bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s { // an invalid byte gives utf8.RuneError
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&0xf])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
