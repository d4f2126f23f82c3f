package pgps

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// receiver notes what it is given.
type receiver struct {
	got    []agnss.Element
	refuse error
}

func (r *receiver) Inject(_ context.Context, e agnss.Element) error {
	r.got = append(r.got, e)
	return r.refuse
}

func TestInject(t *testing.T) {
	s := open(t, newDisk(t), config(4, 0))
	now := time.Date(2026, 7, 23, 5, 0, 0, 250e6, time.UTC)
	everything := agnss.Everything(false, false)

	r := &receiver{}
	given, until, err := s.Inject(t.Context(), r, everything, now)
	if !errors.Is(err, ErrNoData) || given != (agnss.Need{Data: agnss.DataTime}) || !until.IsZero() {
		t.Errorf("with nothing stored the time is given: %+v, %v, %v", given, until, err)
	}
	fetch(t, s, now)
	if err := s.NoteLocation(agnss.NewLocation(63.42, -10.39), now); err != nil {
		t.Fatal(err)
	}
	r = &receiver{}
	given, until, err = s.Inject(t.Context(), r, everything, now)
	withOrbit := uint64(1<<32-1) &^ (1 << (missingSatellite - 1))
	if err != nil || given != (agnss.Need{Data: agnss.DataTime | agnss.DataLocation, GPS: agnss.Satellites{Ephemerides: withOrbit}}) || len(r.got) != 33 {
		t.Fatalf("%+v, %v, %d elements", given, err, len(r.got))
	}
	if clock := r.got[0].(*agnss.SystemTime); clock.Clock != (agnss.Clock{Day: 17000, Second: 5*3600 + 18, Millisecond: 250}) || clock.SVMask != 0 {
		t.Errorf("%+v", clock)
	}
	if l := r.got[1].(*agnss.Location); l.SemiMajor != 89 || l.SemiMinor != 89 || l.Altitude != 0 || l.AltitudeUncertainty != 255 || l.Confidence != 68 || math.Abs(l.LatitudeDegrees()-63.42) > 1e-4 {
		t.Errorf("%+v", l)
	}
	if e := r.got[2].(*agnss.Ephemeris); e.SV != 1 || e.TOE != 22500 {
		t.Errorf("%+v", e)
	}
	if want := utc(t, "2026-07-23 05:59:43"); until != want {
		t.Error(until)
	}

	r = &receiver{}
	given, _, err = s.Inject(t.Context(), r, agnss.Need{GPS: agnss.Satellites{Ephemerides: 1<<6 | 1<<12}}, now)
	if err != nil || given.GPS.Ephemerides != 1<<6 || len(r.got) != 1 {
		t.Errorf("one satellite and the missing one: %+v, %v", given, err)
	}
	r = &receiver{}
	if given, _, err = s.Inject(t.Context(), r, OrbitsOnly().Without(given), now); err != nil || len(r.got) != 30 || given.GPS.Ephemerides != withOrbit&^(1<<6) {
		t.Errorf("without what was given: %+v, %v", given, err)
	}
	r = &receiver{}
	if given, until, err = s.Inject(t.Context(), r, everything, time.Unix(0, 0)); !errors.Is(err, ErrTimeUnknown) || given.Data != agnss.DataLocation || !until.IsZero() {
		t.Errorf("time unknown: %+v, %v", given, err)
	}
	broken := errors.New("broken")
	r = &receiver{refuse: broken}
	if given, _, err = s.Inject(t.Context(), r, everything, now); !errors.Is(err, broken) || !given.Empty() || len(r.got) != 33 {
		t.Errorf("a receiver that refuses all: %+v, %v", given, err)
	}
}
