package format

import (
	"math"
	"strconv"
	"strings"
)

// number is a number as a payload has it. It is ±digits·10^exponent, exactly, or, where inexact, the binary floating-point number alone. So
// integers of 64 bits never pass through a float64.
type number struct {
	digits   uint64
	exponent int
	float    float64
	negative bool
	isFloat  bool // float is the number, and exact
	inexact  bool // float is near the number, which has more digits than can be held and is no integer of 64 bits
}

func whole(negative bool, magnitude uint64) number {
	return number{negative: negative, digits: magnitude}
}

func floating(float float64) number { return number{isFloat: true, float: float} }

// maxExponent is far beyond every exponent that makes a difference.
const maxExponent = 100_000

// parseNumber reads a number in the notation of JSON; zeros in front are let pass.
func parseNumber(text string) (n number, ok bool) {
	rest := strings.TrimPrefix(text, "-")
	n.negative = len(rest) < len(text)
	before, after := digitsAtStart(rest), ""
	rest = rest[len(before):]
	if strings.HasPrefix(rest, ".") {
		if after = digitsAtStart(rest[1:]); after == "" {
			return n, false
		}
		rest = rest[1+len(after):]
	}
	if before == "" {
		return n, false
	}
	if rest != "" {
		if rest[0] != 'e' && rest[0] != 'E' {
			return n, false
		}
		if n.exponent, ok = parseExponent(rest[1:]); !ok {
			return n, false
		}
	}
	all := before + after
	significant := strings.TrimRight(all, "0")
	n.exponent += len(all) - len(significant) - len(after)
	if significant = strings.TrimLeft(significant, "0"); significant == "" {
		return n, true
	}
	var err error
	if n.digits, err = strconv.ParseUint(significant, 10, 64); err != nil {
		float, err := strconv.ParseFloat(text, 64)
		return number{inexact: true, float: float}, err == nil
	}
	return n, true
}

func digitsAtStart(text string) string {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return text[:n]
}

func parseExponent(text string) (exponent int, ok bool) {
	negative := false
	if text != "" && (text[0] == '+' || text[0] == '-') {
		negative = text[0] == '-'
		text = text[1:]
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		exponent = min(exponent*10+int(text[i]-'0'), maxExponent)
	}
	if negative {
		exponent = -exponent
	}
	return exponent, text != ""
}

// integer gives the number as sign and magnitude, if it is integral and fits.
func (n number) integer() (negative bool, magnitude uint64, ok bool) {
	if n.inexact {
		return false, 0, false
	}
	if n.isFloat {
		f := math.Abs(n.float)
		if f != math.Trunc(f) || f >= 1<<64 { // not so for NaN
			return false, 0, false
		}
		return n.float < 0, uint64(f), true
	}
	digits, exponent := n.digits, n.exponent
	if digits == 0 {
		return false, 0, true
	}
	for ; exponent > 0; exponent-- {
		if digits > math.MaxUint64/10 {
			return false, 0, false
		}
		digits *= 10
	}
	for ; exponent < 0; exponent++ {
		if digits%10 != 0 {
			return false, 0, false
		}
		digits /= 10
	}
	return n.negative, digits, true
}

func (n number) int64() (int64, bool) {
	negative, magnitude, ok := n.integer()
	if negative {
		return -int64(magnitude), ok && magnitude <= 1<<63
	}
	return int64(magnitude), ok && magnitude <= math.MaxInt64
}

func (n number) uint64() (uint64, bool) {
	negative, magnitude, ok := n.integer()
	return magnitude, ok && (!negative || magnitude == 0)
}

// float64 gives the nearest number that has a float64; ok is false where that is an infinity or no number.
func (n number) float64() (float float64, ok bool) {
	switch {
	case n.isFloat || n.inexact:
		float = n.float
	case n.exponent == 0 || n.digits == 0:
		float = float64(n.digits)
	default:
		var scratch [40]byte
		text := strconv.AppendUint(scratch[:0], n.digits, 10)
		text = append(text, 'e')
		text = strconv.AppendInt(text, int64(n.exponent), 10)
		var err error
		if float, err = strconv.ParseFloat(string(text), 64); err != nil {
			return 0, false
		}
	}
	if n.negative && !n.inexact {
		float = -float
	}
	return float, isFinite(float)
}

func isFinite(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }

// appendFloat writes a finite number so that reading gives it back exactly: a number of JSON.
func appendFloat(dst []byte, f float64) []byte {
	form := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		form = 'e'
	}
	return strconv.AppendFloat(dst, f, form, -1, 64)
}
