package pgps

import (
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

func TestLeapSecondsAreKept(t *testing.T) {
	disk := newDisk(t)
	s := open(t, disk, config(4, 0))
	before := utc(t, "2035-06-20 00:00:00")
	if s.LeapSeconds(before) != 18 {
		t.Error("default")
	}
	// A leap second at the end of June 2035, a Saturday.
	change := agnss.FromUTC(utc(t, "2035-06-30 00:00:00"), 18)
	if err := s.NoteUTC(&agnss.UTC{DeltaTLS: 18, WNLSF: uint8(change.Week()), DN: 7, DeltaTLSF: 19}, time.Unix(0, 0)); err != nil || s.LeapSeconds(before) != 18 {
		t.Error("the time of the change cannot be told", err)
	}
	if err := s.NoteUTC(&agnss.UTC{DeltaTLS: 18, WNLSF: uint8(change.Week()), DN: 7, DeltaTLSF: 19}, before); err != nil {
		t.Fatal(err)
	}
	for _, store := range []*Store{s, open(t, disk, config(4, 0))} {
		for text, want := range map[string]int{"2035-06-20 00:00:00": 18, "2035-06-30 23:59:59": 18, "2035-07-01 00:00:00": 19, "2045-01-01 00:00:00": 19} {
			at := utc(t, text)
			if got := store.LeapSeconds(at); got != want {
				t.Errorf("%s: %d", text, got)
			}
			if gps := store.gps(at); *gps != agnss.FromUTC(at, want) || !store.utc(*gps).Equal(at) {
				t.Errorf("%s: %d, and back %v", text, *gps, store.utc(*gps))
			}
		}
	}
	if err := s.NoteUTC(&agnss.UTC{DeltaTLS: 19, DeltaTLSF: 19}, before); err != nil || s.LeapSeconds(before) != 19 {
		t.Error(err, s.LeapSeconds(before))
	}
	operations := disk.Operations()
	if err := s.NoteUTC(&agnss.UTC{DeltaTLS: 19, DeltaTLSF: 19}, before); err != nil || disk.Operations() != operations {
		t.Error("the medium is written without need", err)
	}
}

func TestLocationIsKept(t *testing.T) {
	disk := newDisk(t)
	s := open(t, disk, config(4, 0))
	now := utc(t, "2026-07-23 05:00:00")
	for _, step := range []struct {
		name                string
		latitude, longitude float64
		at                  time.Time
		written             bool
	}{
		{"first", 63.42, 179.99, now, true},
		{"again", 63.42, 179.99, now, false},
		{"0.09 degrees", 63.51, 179.99, now, false},
		{"0.11 degrees", 63.531, 179.99, now, true},
		{"over the date line", 63.531, -179.95, now, false},
		{"farther over it", 63.531, -179.89, now, true},
		{"back over it", 63.531, 179.98, now, true},
		{"and a little way", 63.531, -179.95, now, false},
		{"and again", 63.531, -179.87, now, true},
		{"12 h later", 63.531, -179.89, now.Add(12 * time.Hour), true},
		{"time unknown", 63.531, -179.89, time.Unix(0, 0), false},
		{"time unknown, moved", 62, -179.89, time.Unix(0, 0), true},
		{"time known again", 62, -179.89, now, true},
	} {
		operations := disk.Operations()
		if err := s.NoteLocation(agnss.NewLocation(step.latitude, step.longitude), step.at); err != nil || (disk.Operations() > operations) != step.written {
			t.Errorf("%s: written %v, %v", step.name, disk.Operations() > operations, err)
		}
	}
	if l := open(t, disk, config(4, 0)).state.Location; l == nil || *l != *s.state.Location {
		t.Errorf("%+v", l)
	}
}
