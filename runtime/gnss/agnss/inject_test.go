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

func TestTypes(t *testing.T) {
	galileo := Need{Data: DataIntegrity | DataGGTO, Galileo: Satellites{Used: true, Ephemerides: 1, Almanacs: 1}}
	for _, test := range []struct {
		name string
		need Need
		want []Type
	}{
		{"nothing", Need{}, nil},
		{"everything", Everything(false, true), []Type{1, 2, 3, 9, 12, 11, 13, 4, 5, 6, 7, 8}},
		{"everything of GPS", Everything(false, false), []Type{1, 2, 3, 9, 4, 5, 6, 7, 8}},
		{"beside predictions", Everything(true, false), []Type{1, 9, 4, 5, 6, 7, 8}},
		{"with Galileo", Everything(false, true).With(galileo), []Type{1, 2, 3, 9, 12, 11, 13, 15, 14, 17, 4, 5, 6, 7, 8, 16}},
		{"time", Need{Data: DataTime}, []Type{6, 7}},
	} {
		if got := test.need.Types(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if test.need.Empty() != (len(test.want) == 0) {
			t.Errorf("%s: empty %v", test.name, test.need.Empty())
		}
	}
	if need := Everything(false, true); need.QZSS.Ephemerides != 0x3ff || need.GPS.Almanacs != 0xffffffff || all(Galileo) != 1<<36-1 {
		t.Errorf("%+v", need)
	}
	if left := Everything(false, true).Without(Everything(true, true)); left != (Need{GPS: Satellites{Used: true, Ephemerides: 1<<32 - 1, Almanacs: 1<<32 - 1}, QZSS: Satellites{Used: true}}) {
		t.Errorf("%+v", left)
	}
}

func TestNames(t *testing.T) {
	for n := Type(1); n < typeEnd; n++ {
		if strings.HasPrefix(n.String(), "type ") || n.String() == "" {
			t.Errorf("type %d has no name", n)
		}
	}
	if Type(0).String() != "type 0" || Type(18).String() != "type 18" || GPS.String() != "GPS" || System(7).String() != "system 7" {
		t.Error("names of what is unknown")
	}
}

// TestAges plays a day of a receiver that cannot tell what it needs.
func TestAges(t *testing.T) {
	start := time.Date(2026, 7, 23, 0, 0, 0, 0, time.UTC)
	wanted := Everything(false, false)
	var ages Ages
	if need := ages.Need(wanted, start); need != wanted {
		t.Errorf("nothing given: %+v", need)
	}
	ages.Given(wanted, start)
	for _, test := range []struct {
		after time.Duration
		want  Need
	}{
		{0, Need{GPS: Satellites{Used: true}}},
		{2*time.Hour - 1, Need{GPS: Satellites{Used: true}}},
		{2 * time.Hour, Need{Data: DataIntegrity, GPS: Satellites{Used: true, Ephemerides: all(GPS)}}},
		{24 * time.Hour, Need{Data: DataIntegrity | DataUTC | DataKlobuchar | DataNeQuick, GPS: Satellites{Used: true, Ephemerides: all(GPS)}}},
		{15 * 24 * time.Hour, Need{Data: DataIntegrity | DataUTC | DataKlobuchar | DataNeQuick, GPS: Satellites{Used: true, Ephemerides: all(GPS), Almanacs: all(GPS)}}},
	} {
		if need := ages.Need(wanted, start.Add(test.after)); need != test.want {
			t.Errorf("after %v: %+v, want %+v", test.after, need, test.want)
		}
	}
	ages.Given(Need{GPS: Satellites{Ephemerides: 1 << 6}}, start.Add(time.Hour))
	if need := ages.Need(wanted, start.Add(2*time.Hour)); need.GPS.Ephemerides != all(GPS)&^(1<<6) {
		t.Errorf("one satellite is newer: %x", need.GPS.Ephemerides)
	}
	ages.Moved()
	if need := ages.Need(wanted, start); need.Data != DataLocation {
		t.Errorf("moved: %+v", need)
	}
	ages.Forget()
	if need := ages.Need(wanted, start); need != wanted {
		t.Errorf("forgotten: %+v", need)
	}
}

func TestFilteredRequests(t *testing.T) {
	start := time.Date(2026, 7, 23, 0, 0, 0, 0, time.UTC)
	need := Need{GPS: Satellites{Used: true, Ephemerides: all(GPS)}}
	r := NewRequester(Config{Filtered: true, ElevationMask: 20})
	if _, ok := r.Next(Need{}, start); ok {
		t.Error("a request for nothing")
	}
	if request, ok := r.Next(need, start); !ok || !request.Filtered || request.ElevationMask != 20 || !slices.Equal(request.Types, []Type{2}) {
		t.Errorf("%+v, %v", request, ok)
	}
	r.Failed()
	if _, ok := r.Next(need, start); !ok {
		t.Error("the last one failed")
	}
	if _, ok := r.Next(need, start.Add(110*time.Minute-1)); ok {
		t.Error("too soon")
	}
	if request, ok := r.Next(need.With(Need{Data: DataLocation}), start.Add(time.Hour)); !ok || !slices.Equal(request.Types, []Type{8}) {
		t.Errorf("the rest is asked for: %+v, %v", request, ok)
	}
	r.Failed()
	if _, ok := r.Next(need, start.Add(time.Hour)); ok {
		t.Error("that the location failed is no reason to ask for ephemerides")
	}
	if _, ok := r.Next(need, start.Add(110*time.Minute)); !ok {
		t.Error("time enough")
	}
	if r.SetFiltered(false) {
		t.Error("it is not for the request to say")
	}
	r = NewRequester(Config{Filtered: true, FilteredRuntime: true})
	if request, ok := r.Next(need, start); !ok || !request.Filtered || !r.SetFiltered(false) {
		t.Error("filtered at run time")
	}
	if request, ok := r.Next(need, start); !ok || request.Filtered {
		t.Errorf("%+v, %v", request, ok)
	}
}
