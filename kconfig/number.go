package kconfig

import (
	"math"
	"strconv"
	"strings"
)

// number is a value as a relation sees it: a number, or text that is none.
type number struct {
	value int64
	ok    bool
}

// parseNumber reads text in base 10, 16, or 0 for the base that a prefix names,
// with an optional sign. It is the reading of Kconfiglib (Python's int) for
// everything that fits 64 bits, less blanks and underscores inside a number.
func parseNumber(text string, base int) number {
	digits, negative := text, false
	if rest, ok := strings.CutPrefix(digits, "-"); ok {
		digits, negative = rest, true
	} else if rest, ok := strings.CutPrefix(digits, "+"); ok {
		digits = rest
	}
	if digits == "" {
		return number{}
	}
	prefix := ""
	if len(digits) > 2 && digits[0] == '0' {
		prefix = strings.ToLower(digits[:2])
	}
	switch base {
	case 16:
		if prefix == "0x" {
			digits = digits[2:]
		}
	case 0:
		switch prefix {
		case "0x":
			digits, base = digits[2:], 16
		case "0o":
			digits, base = digits[2:], 8
		case "0b":
			digits, base = digits[2:], 2
		default:
			base = 10
			if digits[0] == '0' && strings.Trim(digits, "0") != "" {
				return number{} // a leading zero has no base
			}
		}
	}
	if digits[0] == '+' || digits[0] == '-' {
		return number{}
	}
	value, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return number{}
	}
	switch {
	case negative && value <= -math.MinInt64:
		return number{value: -int64(value), ok: true}
	case !negative && value <= math.MaxInt64:
		return number{value: int64(value), ok: true}
	}
	return number{}
}

// formatNumber writes the canonical text of an int or a hex value.
func formatNumber(value int64, t Type) string {
	if t == Hex {
		if value < 0 {
			return "-0x" + strconv.FormatUint(uint64(-value), 16)
		}
		return "0x" + strconv.FormatInt(value, 16)
	}
	return strconv.FormatInt(value, 10)
}

// calculate gives no number where an operand is none, the result does not fit, or
// the divisor is 0.
func calculate(op Op, a, b number) number {
	if !a.ok || !b.ok {
		return number{}
	}
	switch op {
	case OpAdd:
		sum := a.value + b.value
		return number{sum, (sum > a.value) == (b.value > 0)}
	case OpSubtract:
		difference := a.value - b.value
		return number{difference, (difference < a.value) == (b.value > 0)}
	case OpMultiply:
		if a.value == 0 || b.value == 0 {
			return number{0, true}
		}
		if a.value == -1 && b.value == math.MinInt64 || b.value == -1 && a.value == math.MinInt64 {
			return number{}
		}
		product := a.value * b.value
		return number{product, product/b.value == a.value}
	}
	if b.value == 0 {
		return number{}
	}
	return number{a.value % b.value, true}
}
