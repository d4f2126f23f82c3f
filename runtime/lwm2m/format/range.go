package format

import (
	"cmp"
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
	case lwm2m.TypeString, lwm2m.TypeCorelnk, lwm2m.TypeOpaque:
		return len(value.Text()), true
	}
	return 0, false
}

// within compares with bounds of which either may be empty; ok is false where one is no number.
func within(value lwm2m.Value, low, high string) (inside, ok bool) {
	low, high = strings.TrimSpace(low), strings.TrimSpace(high)
	above, below := 0, 0
	var err, err2 error
	if low != "" {
		above, err = compare(value, low)
	}
	if high != "" {
		below, err2 = compare(value, high)
	}
	number := value.Type() != lwm2m.TypeFloat || !math.IsNaN(value.Float())
	return above >= 0 && below <= 0 && number, err == nil && err2 == nil
}

// compare orders a value, or its length, and a bound; a Boolean or Objlnk has none.
func compare(value lwm2m.Value, bound string) (int, error) {
	switch kind := value.Type(); kind {
	case lwm2m.TypeInteger, lwm2m.TypeTime:
		limit, err := strconv.ParseInt(bound, 10, 64)
		return cmp.Compare(value.Int(), limit), err
	case lwm2m.TypeFloat:
		limit, err := strconv.ParseFloat(bound, 64)
		return cmp.Compare(value.Float(), limit), err
	case lwm2m.TypeUnsigned, lwm2m.TypeString, lwm2m.TypeCorelnk, lwm2m.TypeOpaque:
		measure := value.Uint()
		if kind != lwm2m.TypeUnsigned {
			measure = uint64(len(value.Text()))
		}
		limit, err := strconv.ParseUint(bound, 10, 64)
		return cmp.Compare(measure, limit), err
	}
	return 0, nil
}
