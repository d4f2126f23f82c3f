package pgps

import (
	"errors"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// month lets a device live through 31 days: every ten minutes it looks up, where it is connected it asks for what the plan says, and every
// day it restarts.
type month struct {
	t         *testing.T
	disk      *durabletest.Disk
	config    Config
	start     time.Time
	connected func(day, hour int) bool
	leap      *agnss.UTC // comes with assistance data on the first day

	requests []string // times of requests
	reasons  map[Reason]int
	asked    int // predictions
	gaps     int // lookups without a prediction
}

func (m *month) run() {
	m.t.Helper()
	m.reasons = map[Reason]int{}
	var s *Store
	last := agnss.GPSTime(0)
	for step := range 31 * 24 * 6 {
		now := m.start.Add(time.Duration(step) * 10 * time.Minute)
		day, hour := step/(24*6), step/6%24
		if step%(24*6) == 0 {
			s = open(m.t, m.disk, m.config)
			if m.leap != nil && day == 0 {
				if err := s.NoteUTC(m.leap, now); err != nil {
					m.t.Fatal(err)
				}
			}
		}
		if m.connected(day, hour) {
			if request, reason := fetch(m.t, s, now); reason != ReasonNone {
				m.requests = append(m.requests, now.Format("2 15:04"))
				m.reasons[reason]++
				m.asked += request.Predictions
			}
		}
		header, remaining := s.Stored(now)
		if header.Count > m.config.Predictions || remaining > header.Count {
			m.t.Fatalf("%v: %d stored, %d remain", now, header.Count, remaining)
		}
		p, err := s.Lookup(now)
		switch {
		case errors.Is(err, ErrExpired), errors.Is(err, ErrNoData):
			m.gaps++
			continue
		case err != nil:
			m.t.Fatalf("%v: %v", now, err)
		}
		gps := agnss.FromUTC(now, s.LeapSeconds(now))
		if p.Time < last || gps < p.Time-shift || gps > p.Time+shift {
			m.t.Fatalf("%v: prediction for %v", now, p.Time.UTC(18))
		}
		for _, e := range p.Ephemerides {
			if !e.Valid(gps) {
				m.t.Fatalf("%v: satellite %d is not valid, time %d of the week", now, e.SV, e.TOE)
			}
		}
		if left := p.Until.Sub(now); left <= 0 || left > 4*time.Hour+time.Second {
			m.t.Fatalf("%v: until %v", now, p.Until)
		}
		last = p.Time
	}
}

func always(int, int) bool { return true }

func TestMonth(t *testing.T) {
	for _, test := range []struct {
		name      string
		config    Config
		start     string
		connected func(day, hour int) bool
		requests  int
		gaps      int
		reasons   map[Reason]int
	}{
		{"always connected, replaced when all are used up", config(42, 0), "2026-07-01 00:00:00", always, 5, 0, map[Reason]int{ReasonNoData: 1, ReasonExpired: 4}},
		{"always connected, replaced at 12 left", config(42, 12), "2026-07-01 00:00:00", always, 7, 0, map[Reason]int{ReasonNoData: 1, ReasonThreshold: 6}},
		{"over the end of the year", config(42, 12), "2026-12-15 00:00:00", always, 7, 0, map[Reason]int{ReasonNoData: 1, ReasonThreshold: 6}},
		{"over the change of GPS week 3071 to 3072, 1023 to 0 in the signal", config(42, 12), "2038-11-05 00:00:00", always, 7, 0, map[Reason]int{ReasonNoData: 1, ReasonThreshold: 6}},
		{"beyond 31 bits of seconds", config(42, 12), "2048-01-10 00:00:00", always, 7, 0, map[Reason]int{ReasonNoData: 1, ReasonThreshold: 6}},
		{"an hour of network a day", config(42, 12), "2026-07-01 00:00:00", func(_, hour int) bool { return hour == 6 }, 7, 6 * 6, map[Reason]int{ReasonNoData: 1, ReasonThreshold: 6}},
		{"an hour of network on Mondays, threshold 0", config(42, 0), "2026-07-06 00:00:00", func(day, hour int) bool { return day%7 == 0 && hour == 6 }, 5, 6*6 + 4*4*6, map[Reason]int{ReasonNoData: 1, ReasonExpired: 4}},
		{"two weeks without network", config(42, 12), "2026-07-01 00:00:00", func(day, _ int) bool { return day < 2 || day >= 16 }, 5, (9*24 + 2) * 6, map[Reason]int{ReasonNoData: 1, ReasonExpired: 1, ReasonThreshold: 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := &month{t: t, disk: newDisk(t), config: test.config, start: utc(t, test.start), connected: test.connected}
			m.run()
			t.Logf("requests %v, %d predictions, %d lookups in vain, %v", m.requests, m.asked, m.gaps, m.reasons)
			if len(m.requests) != test.requests || m.gaps != test.gaps {
				t.Errorf("%d requests, %d lookups in vain, want %d, %d", len(m.requests), m.gaps, test.requests, test.gaps)
			}
			for reason, want := range test.reasons {
				if m.reasons[reason] != want {
					t.Errorf("%v: %d, want %d", reason, m.reasons[reason], want)
				}
			}
		})
	}
}

// TestMonthWithALeapSecond: at the end of December 2028, so that the predictions change one second later by UTC from then on.
func TestMonthWithALeapSecond(t *testing.T) {
	change := agnss.FromUTC(utc(t, "2028-12-31 12:00:00"), 18)
	leap := &agnss.UTC{DeltaTLS: 18, WNLSF: uint8(change.Week()), DN: 1, DeltaTLSF: 19} // a Sunday
	m := &month{t: t, disk: newDisk(t), config: config(42, 12), start: utc(t, "2028-12-15 00:00:00"), connected: always, leap: leap}
	m.run()
	if len(m.requests) != 7 || m.gaps != 0 {
		t.Errorf("%v, %d lookups in vain", m.requests, m.gaps)
	}
	s := open(t, m.disk, m.config)
	now := utc(t, "2029-01-14 05:00:00")
	if s.LeapSeconds(now) != 19 || s.LeapSeconds(utc(t, "2028-12-31 23:59:59")) != 18 || s.LeapSeconds(utc(t, "2029-01-01 00:00:00")) != 19 {
		t.Error(s.LeapSeconds(now))
	}
	if p := lookup(t, s, now); p.Until != utc(t, "2029-01-14 05:59:42") {
		t.Error(p.Until)
	}
}
