// Package attribute is what servers set with Write-Attributes (OMA Core 1.1.1, 5.1.2 and 6.3.4): how often and upon which values a client
// notifies. It reads the attributes of a request, checks them, keeps them for each server, and finds those that hold for a path. It knows no
// clock and starts nothing; a Store belongs to one goroutine.
package attribute

import (
	"math"
	"strconv"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Optional is a value that may be missing. The zero value is none.
type Optional[T uint32 | float64] struct {
	Value T
	Given bool
}

// Some is a value that is there.
func Some[T uint32 | float64](value T) Optional[T] { return Optional[T]{Value: value, Given: true} }

// Set is the attributes of one path. The zero value has none. Sets can be compared.
type Set struct {
	PMin  Optional[uint32]  // least time between two notifications, s
	PMax  Optional[uint32]  // most time between two notifications, s; 0 for no limit
	EPMin Optional[uint32]  // least time between two evaluations of the value, s
	EPMax Optional[uint32]  // most time between two evaluations of the value, s
	GT    Optional[float64] // notify when the value crosses it
	LT    Optional[float64] // likewise
	ST    Optional[float64] // notify when the value is that far from the one last sent, 0 or more
}

// Count is how many attributes the set has.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func (s Set) Count() int {
	count := 0
	for _, given := range []bool{s.PMin.Given, s.PMax.Given, s.EPMin.Given, s.EPMax.Given, s.GT.Given, s.LT.Given, s.ST.Given} {
		if given {
			count++
		}
	}
	return count
}

// HasCondition tells whether gt, lt or st is set: then not every change of the value is a reason to notify.
func (s Set) HasCondition() bool { return s.GT.Given || s.LT.Given || s.ST.Given }

// Validate checks a whole set, as it is after a request was merged into what was set at the path. level is the path's (lwm2m.LevelObject to
// LevelResourceInstance), kind the type of the resource, which is of no matter above its level. The error is an *lwm2m.Error with 4.00.
//
// Where clients differ the strict answer was taken: pmin above a pmax other than 0 is refused, and so are epmin = epmax, lt = gt and
// lt + 2·st = gt. pmin = pmax is legal (Core 1.1.1, table 5.1.2-2).
func (s Set) Validate(level int, kind lwm2m.Type) error {
	if s.HasCondition() {
		switch {
		case level < lwm2m.LevelResource:
			return refuse("gt, lt and st can be set at a resource or a resource instance only")
		case !kind.IsNumeric():
			return refuse("gt, lt and st can be set at a numeric resource only")
		}
	}
	switch {
	case s.PMin.Given && s.PMax.Given && s.PMax.Value != 0 && s.PMin.Value > s.PMax.Value:
		return refuse("pmin is above pmax")
	case s.EPMin.Given && s.EPMax.Given && s.EPMin.Value >= s.EPMax.Value:
		return refuse("epmin has to be below epmax")
	case s.ST.Given && s.ST.Value < 0:
		return refuse("st is negative")
	case s.LT.Given && s.GT.Given && s.LT.Value >= s.GT.Value:
		return refuse("lt has to be below gt")
	case s.LT.Given && s.GT.Given && s.ST.Given && s.LT.Value+2*s.ST.Value >= s.GT.Value:
		return refuse("lt + 2*st has to be below gt")
	}
	return nil
}

//go:noinline // a call is smaller, and no error is urgent
func refuse(reason string) error {
	return lwm2m.Errorf(lwm2m.StatusBadRequest, "attributes: %s", reason)
}

// AppendLink adds the attributes as link-format says them, as ;pmin=10;gt=20.5, in the order of the specification's examples.
func (s Set) AppendLink(dst []byte) []byte {
	for i, of := range [...]Optional[uint32]{s.PMin, s.PMax, s.EPMin, s.EPMax} {
		if of.Given {
			dst = append(append(append(dst, ';'), allNames[i]...), '=')
			dst = strconv.AppendUint(dst, uint64(of.Value), 10)
		}
	}
	for i, of := range [...]Optional[float64]{s.GT, s.LT, s.ST} {
		if of.Given {
			dst = append(append(append(dst, ';'), allNames[4+i]...), '=')
			dst = appendNumber(dst, of.Value)
		}
	}
	return dst
}

// appendNumber writes the shortest digits that give the same number again. An exponent is used only where the digits would be many.
func appendNumber(dst []byte, number float64) []byte {
	size := math.Abs(number)
	if size == 0 || size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(dst, number, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, number, 'e', -1, 64)
}
