package attribute

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Change is what one Write-Attributes request does: attributes that it sets and attributes that it takes away.
type Change struct {
	set   Set
	unset names
}

// names says which attributes are meant.
type names uint8

const (
	namePMin names = 1 << iota
	namePMax
	nameEPMin
	nameEPMax
	nameGT
	nameLT
	nameST
)

// allNames are in the order of the constants.
var allNames = [...]string{"pmin", "pmax", "epmin", "epmax", "gt", "lt", "st"}

// ParseQuery reads the Uri-Query options of a request: pmin=10 sets, pmin and pmin= take away. The error is an *lwm2m.Error with 4.00: no
// attribute at all, an unknown one, one that servers cannot set (dim, ver, ssid, uri), one named twice, or a value that is no number.
func ParseQuery(query []string) (Change, error) {
	var c Change
	var seen names
	if len(query) == 0 {
		return Change{}, lwm2m.Errorf(lwm2m.StatusBadRequest, "attributes: none given")
	}
	for _, each := range query {
		name, text, _ := strings.Cut(each, "=")
		i := slices.Index(allNames[:], name)
		which := names(1) << max(i, 0)
		switch {
		case name == "dim" || name == "ver" || name == "ssid" || name == "uri":
			return Change{}, lwm2m.Errorf(lwm2m.StatusBadRequest, "attributes: %s is read-only", name)
		case i < 0:
			return Change{}, lwm2m.Errorf(lwm2m.StatusBadRequest, "attributes: %.32q is not known", name)
		case seen&which != 0:
			return Change{}, lwm2m.Errorf(lwm2m.StatusBadRequest, "attributes: %s is given twice", name)
		}
		seen |= which
		if text == "" {
			c.unset |= which
			continue
		}
		if !c.put(which, text) {
			return Change{}, lwm2m.Errorf(lwm2m.StatusBadRequest, "attributes: %s=%.32q is not a number that it can take", name, text)
		}
	}
	return c, nil
}

// put sets one attribute and tells whether the text is a value for it.
func (c *Change) put(which names, text string) bool {
	var whole *Optional[uint32]
	var real *Optional[float64]
	switch which {
	case namePMin:
		whole = &c.set.PMin
	case namePMax:
		whole = &c.set.PMax
	case nameEPMin:
		whole = &c.set.EPMin
	case nameEPMax:
		whole = &c.set.EPMax
	case nameGT:
		real = &c.set.GT
	case nameLT:
		real = &c.set.LT
	default:
		real = &c.set.ST
	}
	if whole != nil {
		number, ok := parseSeconds(text)
		*whole = Some(number)
		return ok
	}
	number, ok := parseNumber(text)
	*real = Some(number)
	return ok
}

// parseSeconds reads digits alone: ParseUint lets nothing else pass in base 10.
func parseSeconds(text string) (uint32, bool) {
	number, err := strconv.ParseUint(text, 10, 32)
	return uint32(number), err == nil
}

// parseNumber reads a decimal number, an exponent allowed. What else ParseFloat knows (inf, nan, hexadecimal) is none here.
func parseNumber(text string) (float64, bool) {
	if strings.Trim(text, "0123456789+-.eE") != "" || text[0] == '+' {
		return 0, false
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(number, 0) {
		return 0, false
	}
	return number + 0, true // no negative zero
}

// Merge gives what is set after the change, where before was set before it.
func (c Change) Merge(before Set) Set {
	merge(&before.PMin, c.set.PMin, c.unset&namePMin != 0)
	merge(&before.PMax, c.set.PMax, c.unset&namePMax != 0)
	merge(&before.EPMin, c.set.EPMin, c.unset&nameEPMin != 0)
	merge(&before.EPMax, c.set.EPMax, c.unset&nameEPMax != 0)
	merge(&before.GT, c.set.GT, c.unset&nameGT != 0)
	merge(&before.LT, c.set.LT, c.unset&nameLT != 0)
	merge(&before.ST, c.set.ST, c.unset&nameST != 0)
	return before
}

func merge[T uint32 | float64](to *Optional[T], with Optional[T], unset bool) {
	if with.Given {
		*to = with
	}
	if unset {
		*to = Optional[T]{}
	}
}
