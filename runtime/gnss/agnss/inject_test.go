package agnss

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// receiver notes what it is given.
type receiver struct {
	got    []string
	refuse map[string]error
	clock  Clock
	after  func()
}

func name(e Element) string {
	switch e := e.(type) {
	case *SystemTime:
		return "time"
	case *Location:
		return "location"
	case *UTC:
		return "utc"
	case *Klobuchar:
		return "klobuchar"
	case *NeQuick:
		return "nequick"
	case *Integrity:
		return "integrity"
	case *Ephemeris:
		return fmt.Sprintf("ephemeris %d", e.SV)
	case *Almanac:
		return fmt.Sprintf("almanac %d", e.SV)
	case *GalileoEphemeris:
		return fmt.Sprintf("galileo ephemeris %d", e.SV)
	case *GalileoAlmanac:
		return fmt.Sprintf("galileo almanac %d", e.SV)
	case *GGTO:
		return "ggto"
	}
	return "?"
}

func (r *receiver) Inject(_ context.Context, e Element) error {
	n := name(e)
	if t, ok := e.(*SystemTime); ok {
		r.clock = t.Clock
	}
	r.got = append(r.got, n)
	if r.after != nil {
		r.after()
	}
	return r.refuse[n]
}

// fullMessage has all types, with those that a receiver wants first at the end.
func fullMessage(t testing.TB) *Message {
	qzss := unhex(t, vectorEphemeris)
	qzss[0] = 194
	qzssAlmanac := unhex(t, vectorAlmanac)
	qzssAlmanac[0] = 195
	orbits, rest := unhex(t, vectorOrbits), unhex(t, vectorMessage)
	message := append([]byte{1}, orbits[1+19:]...)
	message = append(append(message, 12, 1, 0), qzss...)
	message = append(append(message, 11, 1, 0), qzssAlmanac...)
	return mustParse(t, append(message, rest[1:]...))
}

var order = []string{"time", "location", "utc", "klobuchar", "nequick", "integrity", "ephemeris 7", "ephemeris 194", "galileo ephemeris 33", "almanac 7", "almanac 195", "galileo almanac 33", "ggto"}

var everythingGiven = Need{
	Data: allData | DataGGTO, GPS: Satellites{Ephemerides: 1 << 6, Almanacs: 1 << 6}, QZSS: Satellites{Ephemerides: 1 << 1, Almanacs: 1 << 2}, Galileo: Satellites{Ephemerides: 1 << 32, Almanacs: 1 << 32},
}

func TestInjectionOrder(t *testing.T) {
	r := &receiver{}
	given, err := fullMessage(t).Inject(t.Context(), r, 1500*time.Millisecond)
	if err != nil || !slices.Equal(r.got, order) {
		t.Errorf("%v: %q, want %q", err, r.got, order)
	}
	equal(t, "clock moved on", r.clock, Clock{Day: 17000, Second: 43201, Millisecond: 750})
	equal(t, "given", given, everythingGiven)
}

func TestInjectDoesNotChangeTheMessage(t *testing.T) {
	m := fullMessage(t)
	for range 2 {
		r := &receiver{}
		if _, err := m.Inject(t.Context(), r, time.Hour); err != nil || r.clock.Second != 43200+3600 {
			t.Errorf("%v, %+v", err, r.clock)
		}
	}
	r := &receiver{}
	if _, err := m.Inject(t.Context(), r, -time.Hour); err != nil || r.clock.Second != 43200 {
		t.Errorf("a clock that went back: %v, %+v", err, r.clock)
	}
}

// TestRefusalsDoNotStopTheRest refuses each element in turn.
func TestRefusalsDoNotStopTheRest(t *testing.T) {
	broken := errors.New("broken")
	for _, refused := range order {
		r := &receiver{refuse: map[string]error{refused: broken}}
		given, err := fullMessage(t).Inject(t.Context(), r, 0)
		ofSatellite := strings.ContainsAny(refused, "0123456789")
		if refusal, ok := errors.AsType[*InjectError](err); !ok || !errors.Is(err, broken) || (refusal.SV != 0) != ofSatellite {
			t.Errorf("%s: %v", refused, err)
		}
		if !slices.Equal(r.got, order) {
			t.Errorf("%s: %q", refused, r.got)
		}
		if given == everythingGiven {
			t.Errorf("%s: counted as given", refused)
		}
	}
	r := &receiver{refuse: map[string]error{"utc": broken, "ggto": errors.New("also broken")}}
	if _, err := fullMessage(t).Inject(t.Context(), r, 0); !errors.Is(err, broken) || !strings.Contains(err.Error(), "also broken") {
		t.Errorf("not all are told: %v", err)
	}
}

func TestUnsupportedIsNoError(t *testing.T) {
	r := &receiver{refuse: map[string]error{"ggto": errors.ErrUnsupported, "galileo ephemeris 33": fmt.Errorf("no Galileo: %w", errors.ErrUnsupported)}}
	given, err := fullMessage(t).Inject(t.Context(), r, 0)
	if err != nil || given.Data.Has(DataGGTO) || given.Galileo.Ephemerides != 0 || given.Galileo.Almanacs == 0 {
		t.Errorf("%v, %+v", err, given)
	}
}

func TestInjectionEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := &receiver{after: cancel}
	given, err := fullMessage(t).Inject(ctx, r, 0)
	if !errors.Is(err, context.Canceled) || len(r.got) != 1 || given != (Need{Data: DataTime}) || strings.Count(err.Error(), "\n") != 0 {
		t.Errorf("%v, %q, %+v", err, r.got, given)
	}
}

func TestEmptyOrbitsAreNotGiven(t *testing.T) {
	m := &Message{Ephemerides: []Ephemeris{{SV: 13}}, Almanacs: []Almanac{{SV: 13, Health: 0xff}}, GalileoEphemerides: []GalileoEphemeris{{SV: 13}}, GalileoAlmanacs: []GalileoAlmanac{{SV: 13}}}
	r := &receiver{}
	if given, err := m.Inject(t.Context(), r, 0); err != nil || !given.Empty() || len(r.got) != 0 {
		t.Errorf("%v, %+v, %q", err, given, r.got)
	}
}

func TestCheckTime(t *testing.T) {
	m := mustParse(t, unhex(t, vectorMessage))
	at := m.Time.Time()
	for _, test := range []struct {
		now  GPSTime
		want error
	}{{at, nil}, {at + 3*Week, nil}, {at - 3*Week, nil}, {at + 3*Week + 1, ErrOtherTime}, {at - 3*Week - 1, ErrOtherTime}} {
		if err := m.CheckTime(test.now); !errors.Is(err, test.want) {
			t.Errorf("%d: %v", test.now-at, err)
		}
	}
	if err := (&Message{}).CheckTime(0); err != nil {
		t.Error(err)
	}
}
