package agnss

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Element is one thing that a receiver can be given: *SystemTime, *Location, *UTC, *Klobuchar, *NeQuick, *Integrity, *Ephemeris, *Almanac,
// *GalileoEphemeris, *GalileoAlmanac or *GGTO. There are no others.
type Element interface{ element() }

func (*SystemTime) element()       {}
func (*Location) element()         {}
func (*UTC) element()              {}
func (*Klobuchar) element()        {}
func (*NeQuick) element()          {}
func (*Integrity) element()        {}
func (*Ephemeris) element()        {}
func (*Almanac) element()          {}
func (*GalileoEphemeris) element() {}
func (*GalileoAlmanac) element()   {}
func (*GGTO) element()             {}

// Injector is a receiver that takes assistance data. One injection at a time: whoever has it sees to that.
type Injector interface {
	// Inject gives the receiver one element, which it must not change or keep. An element of a kind that the receiver has no use for is
	// errors.ErrUnsupported.
	Inject(ctx context.Context, element Element) error
}

// InjectError says which element a receiver refused.
type InjectError struct {
	Element string // as "GPS ephemeris"
	SV      uint8  // 0 where it is of no satellite
	Err     error
}

// Error implements error.
func (e *InjectError) Error() string {
	if e.SV != 0 {
		return fmt.Sprintf("the receiver refuses %s of satellite %d: %v", e.Element, e.SV, e.Err)
	}
	return fmt.Sprintf("the receiver refuses %s: %v", e.Element, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *InjectError) Unwrap() error { return e.Err }

// ErrOtherTime says that a message's clock is not near the device's.
var ErrOtherTime = errors.New("the assistance data is of another time")

// clockTolerance is how far a message's clock may be from a device's that is set.
const clockTolerance = 3 * Week

// CheckTime compares the message's clock, if it has one, with a device's that is known to be right. It wraps ErrOtherTime when they are more
// than three weeks apart: then none of the message should be used.
func (m *Message) CheckTime(now GPSTime) error {
	if m.Time == nil {
		return nil
	}
	if distance := m.Time.Time() - now; max(distance, -distance) > clockTolerance {
		return fmt.Errorf("%w: its clock is at %s, the device's at %s", ErrOtherTime, m.Time.Time().UTC(0).Format(time.DateTime), now.UTC(0).Format(time.DateTime))
	}
	return nil
}

// Inject gives the message's content to a receiver: system time and time of week, location, UTC, ionosphere, integrity, ephemerides, almanacs
// and the time offset, whatever order they were sent in. age is how long ago the message arrived: the clock is moved on by it.
//
// It gives what was taken. What the receiver refuses does not stop the rest: the error joins an *InjectError for each. When ctx ends, it
// stops.
func (m *Message) Inject(ctx context.Context, to Injector, age time.Duration) (given Need, err error) {
	i := Injection{To: to}
	if m.Time != nil {
		now := *m.Time
		now.Clock = now.Clock.Add(max(age, 0))
		i.Time(ctx, &now)
	}
	if m.Location != nil {
		i.Location(ctx, m.Location)
	}
	if m.UTC != nil {
		i.data(ctx, DataUTC, TypeUTC.String(), m.UTC)
	}
	if m.Klobuchar != nil {
		i.data(ctx, DataKlobuchar, TypeKlobuchar.String(), m.Klobuchar)
	}
	if m.NeQuick != nil {
		i.data(ctx, DataNeQuick, TypeNeQuick.String(), m.NeQuick)
	}
	if m.Integrity != (Integrity{}) {
		i.data(ctx, DataIntegrity, "integrity", &m.Integrity)
	}
	for n := range m.Ephemerides {
		i.Ephemeris(ctx, &m.Ephemerides[n])
	}
	for n := range m.GalileoEphemerides {
		if e := &m.GalileoEphemerides[n]; !e.Empty() {
			i.satellite(ctx, Galileo, e.SV, TypeGalileoEphemeris, e)
		}
	}
	for n := range m.Almanacs {
		if a := &m.Almanacs[n]; !a.Empty() {
			i.satellite(ctx, a.System(), a.SV, TypeAlmanac, a)
		}
	}
	for n := range m.GalileoAlmanacs {
		if a := &m.GalileoAlmanacs[n]; !a.Empty() {
			i.satellite(ctx, Galileo, a.SV, TypeGalileoAlmanac, a)
		}
	}
	if m.GGTO != nil {
		i.data(ctx, DataGGTO, TypeGGTO.String(), m.GGTO)
	}
	return i.Result()
}

// Injection gives elements to a receiver one after the other and remembers what became of them.
type Injection struct {
	To Injector

	given  Need
	errs   []error
	halted bool
}

// Time gives the system time.
func (i *Injection) Time(ctx context.Context, t *SystemTime) {
	i.data(ctx, DataTime, TypeClock.String(), t)
}

// Location gives the location.
func (i *Injection) Location(ctx context.Context, l *Location) {
	i.data(ctx, DataLocation, TypeLocation.String(), l)
}

// Ephemeris gives an ephemeris of GPS or QZSS; an empty one is passed over.
func (i *Injection) Ephemeris(ctx context.Context, e *Ephemeris) {
	if !e.Empty() {
		i.satellite(ctx, e.System(), e.SV, TypeEphemeris, e)
	}
}

// Fail joins an error to the refusals; nil is none.
func (i *Injection) Fail(err error) {
	if err != nil {
		i.errs = append(i.errs, err)
	}
}

// Result tells what the receiver has taken, and joins the refusals.
func (i *Injection) Result() (given Need, err error) { return i.given, errors.Join(i.errs...) }

func (i *Injection) data(ctx context.Context, kind Data, name string, e Element) {
	if i.inject(ctx, name, 0, e) {
		i.given.Data |= kind
	}
}

func (i *Injection) satellite(ctx context.Context, system System, sv uint8, t Type, e Element) {
	if !i.inject(ctx, t.String(), sv, e) {
		return
	}
	satellites := i.given.system(system)
	if t == TypeAlmanac || t == TypeGalileoAlmanac {
		satellites.Almanacs |= system.bit(sv)
	} else {
		satellites.Ephemerides |= system.bit(sv)
	}
}

func (i *Injection) inject(ctx context.Context, name string, sv uint8, e Element) bool {
	if i.halted {
		return false
	}
	if err := ctx.Err(); err != nil {
		i.halted, i.errs = true, append(i.errs, fmt.Errorf("the injection was stopped before %s: %w", name, err))
		return false
	}
	err := i.To.Inject(ctx, e)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		i.errs = append(i.errs, &InjectError{Element: name, SV: sv, Err: err})
	}
	return err == nil
}
