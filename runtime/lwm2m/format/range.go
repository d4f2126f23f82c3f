package format

import (
	"math"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// CheckRange tells whether a value of the resource's type lies in the resource's range: nil, or 4.00. A range is A..B, A.. or ..B, a single A,
// or several of these with commas between them. For a String, Corelnk or Opaque it is the length in bytes. A range that cannot be read is
// 5.00: the definition is wrong.
func CheckRange(resource *lwm2m.Resource, value lwm2m.Value) error {
	if resource.Range == "" {
		return nil
	}
	rest, more := resource.Range, true
	for more {
		var part string
		part, rest, more = strings.Cut(rest, ",")
		part = strings.TrimSpace(part)
		low, high, isRange := strings.Cut(part, "..")
		if !isRange {
			high = low
		}
		inside, ok := within(value, low, high)
		if !ok || part == "" || part == ".." {
			return lwm2m.Errorf(lwm2m.StatusInternalServerError, "resource %d: the definition's range %q cannot be read", resource.ID, resource.Range)
		}
		if inside {
			return nil
		}
	}
	if length, has := lengthOf(value); has {
		return lwm2m.Errorf(lwm2m.StatusBadRequest, "resource %d has %d bytes: %s are possible", resource.ID, length, resource.Range)
	}
	return lwm2m.Errorf(lwm2m.StatusBadRequest, "resource %d is %v: out of the range %s", resource.ID, value, resource.Range)
}

func lengthOf(value lwm2m.Value) (bytes int, has bool) {
	switch value.Type() {
	case lwm2m.TypeString, lwm2m.TypeCorelnk:
		return len(value.Text()), true
	case lwm2m.TypeOpaque:
		return len(value.Text()), true
	}
	return 0, false
}

// within compares with bounds of which either may be empty; ok is false where one is no number.
func within(value lwm2m.Value, low, high string) (inside, ok bool) {
	switch value.Type() {
	case lwm2m.TypeInteger, lwm2m.TypeTime:
		return between(value.Int(), low, high, math.MinInt64, math.MaxInt64, parseInt)
	case lwm2m.TypeUnsigned:
		return between(value.Uint(), low, high, 0, math.MaxUint64, parseUint)
	case lwm2m.TypeFloat:
		return between(value.Float(), low, high, math.Inf(-1), math.Inf(1), parseFloat)
	case lwm2m.TypeString, lwm2m.TypeCorelnk, lwm2m.TypeOpaque:
		length, _ := lengthOf(value)
		return between(uint64(length), low, high, 0, math.MaxUint64, parseUint)
	}
	return true, true
}

func between[N int64 | uint64 | float64](value N, low, high string, lowest, highest N, parse func(string) (N, error)) (inside, ok bool) {
	for _, bound := range [...]struct {
		text string
		at   *N
	}{{low, &lowest}, {high, &highest}} {
		if text := strings.TrimSpace(bound.text); text != "" {
			number, err := parse(text)
			if err != nil {
				return false, false
			}
			*bound.at = number
		}
	}
	return lowest <= value && value <= highest, true
}

func parseInt(text string) (int64, error)     { return strconv.ParseInt(text, 10, 64) }
func parseUint(text string) (uint64, error)   { return strconv.ParseUint(text, 10, 64) }
func parseFloat(text string) (float64, error) { return strconv.ParseFloat(text, 64) }
