package agnss

import (
	"testing"
	"time"
)

func TestGPSTime(t *testing.T) {
	for _, test := range []struct {
		utc                       string
		leap                      int
		gps                       GPSTime
		day, second, week, towSec int
	}{
		{"1980-01-06 00:00:00", 0, 0, 0, 0, 0, 0},
		{"2021-06-10 12:00:00", 18, 1307361618, 15131, 43218, 2161, 388818},
		{"2025-01-01 00:00:00", 18, 1419724818, 16432, 18, 2347, 259218},
		{"2026-06-25 07:59:42", 18, 1466409600, 16972, 28800, 2424, 374400},
		{"2026-11-21 10:00:00", 18, 1479290418, 17121, 36018, 2445, 554418},
		{"2048-02-01 00:00:00", 18, 2148163218, 24863, 18, 3551, 518418}, // beyond 31 bits
		{"1980-01-05 23:59:59", 0, -1, -1, 86399, -1, 604799},
		{"1979-12-30 00:00:00", 0, -7 * 86400, -7, 0, -1, 0},
	} {
		utc, err := time.Parse(time.DateTime, test.utc)
		if err != nil {
			t.Fatal(err)
		}
		at := FromUTC(utc, test.leap)
		if at != test.gps || at.Day() != test.day || at.SecondOfDay() != test.second || at.Week() != test.week || at.SecondOfWeek() != test.towSec {
			t.Errorf("%s: %d, day %d, second %d, week %d, second %d", test.utc, at, at.Day(), at.SecondOfDay(), at.Week(), at.SecondOfWeek())
		}
		if !at.UTC(test.leap).Equal(utc) || NewGPSTime(at.Day(), at.SecondOfDay()) != at {
			t.Errorf("%s: and back: %v", test.utc, at.UTC(test.leap))
		}
	}
	if at := FromUTC(time.Unix(gpsEpoch, 999_999_999), 18); at != 18 {
		t.Errorf("parts of a second: %d", at)
	}
}

func TestFullWeek(t *testing.T) {
	week := func(n int) GPSTime { return GPSTime(n) * Week }
	for _, test := range []struct {
		now                int
		low, modulus, want int
	}{
		{2424, 122, 256, 2426},                     // next week
		{2424, 120, 256, 2424},                     // this one
		{2424, 119, 256, 2423},                     // the last
		{2303, 0, 256, 2304},                       // over the change of 8 bits
		{2304, 255, 256, 2303},                     // and back
		{2424, (120 + 128) & 255, 256, 2424 + 128}, // as far either way
		{2047, 0, 1024, 2048},                      // the change of 2019, and that of 2038
		{3071, 0, 1024, 3072},
		{3072, 1023, 1024, 3071},
		{0, 255, 256, -1},
		{2425, 1, 4, 2425}, // Galileo's two bits
	} {
		if got := week(test.now).FullWeek(test.low, test.modulus); got != test.want {
			t.Errorf("week %d, %d of %d: %d, want %d", test.now, test.low, test.modulus, got, test.want)
		}
	}
}

func TestAtSecondOfWeek(t *testing.T) {
	for _, test := range []struct {
		now    GPSTime
		second int
		want   GPSTime
	}{
		{2424*Week + 604000, 0, 2425 * Week},
		{2424*Week + 100, 604784, 2423*Week + 604784},
		{2424*Week + 302400, 302400, 2424*Week + 302400},
		{2424 * Week, Week / 2, 2424*Week + Week/2},
	} {
		if got := test.now.AtSecondOfWeek(test.second); got != test.want {
			t.Errorf("%d, second %d: %d, want %d", test.now, test.second, got, test.want)
		}
	}
}

// TestLeapSeconds goes over the change of the end of 2016 with the day counted from 1, as GPS does, and from 0, as seen from nRF Cloud.
func TestLeapSeconds(t *testing.T) {
	for _, dn := range []int8{7, 6} {
		u := UTC{DeltaTLS: 17, WNLSF: 137, DN: dn, DeltaTLSF: 18}
		for _, test := range []struct {
			utc  string
			leap int // to convert
			want int
		}{
			{"2016-07-01 00:00:00", 17, 17}, {"2016-12-31 00:00:00", 17, 17}, {"2016-12-31 23:59:59", 17, 17}, {"2017-01-01 00:00:00", 18, 18}, {"2018-06-01 00:00:00", 18, 18},
		} {
			utc, err := time.Parse(time.DateTime, test.utc)
			if err != nil {
				t.Fatal(err)
			}
			if got := u.LeapSeconds(FromUTC(utc, test.leap)); got != test.want {
				t.Errorf("day %d, %s: %d, want %d", dn, test.utc, got, test.want)
			}
		}
		second := FromUTC(time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC), 18)
		if before, after := u.LeapSeconds(second-2), u.LeapSeconds(second-1); before != 17 || after != 18 {
			t.Errorf("day %d: the leap second itself: %d, %d", dn, before, after)
		}
	}
	u := UTC{DeltaTLS: 18, WNLSF: 137, DN: 6, DeltaTLSF: 18}
	if got := u.LeapSeconds(FromUTC(time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC), 18)); got != 18 {
		t.Error(got)
	}
}

func TestValidity(t *testing.T) {
	toe := GPSTime(2426*Week + 482400)
	gps := Ephemeris{SV: 1, TOE: 30150, SqrtA: 1}
	galileo := GalileoEphemeris{SV: 1, TOE: 8040, SqrtA: 1}
	longer := gps
	longer.FitInterval = 1
	almanac := Almanac{SV: 1, WN: 122, TOA: 61, SqrtA: 1}
	toa := GPSTime(2426*Week + 249856)
	// Over a change of the week.
	sunday := Ephemeris{SV: 1, TOE: 0, SqrtA: 1}
	for _, test := range []struct {
		name string
		got  bool
		want bool
	}{
		{"at its time", gps.Valid(toe), true}, {"2 h before", gps.Valid(toe - 7200), true}, {"more", gps.Valid(toe - 7201), false}, {"2 h after", gps.Valid(toe + 7200), true}, {"more after", gps.Valid(toe + 7201), false},
		{"a week later", gps.Valid(toe + Week), true}, // it does not say of which week it is
		{"half a week later", gps.Valid(toe + Week/2), false},
		{"longer", longer.Valid(toe + 10800), true}, {"longer, more", longer.Valid(toe + 10801), false},
		{"Galileo", galileo.Valid(toe + 7200), true}, {"Galileo, more", galileo.Valid(toe + 7201), false},
		{"Saturday evening", sunday.Valid(2427*Week - 7200), true}, {"Sunday morning", sunday.Valid(2427*Week + 7200), true}, {"Saturday noon", sunday.Valid(2427*Week - 43200), false},
		{"almanac", almanac.Valid(toa), true}, {"almanac of last month", almanac.Valid(toa + 4*Week), true}, {"almanac, more", almanac.Valid(toa + 4*Week + 1), false},
		{"almanac of next month", almanac.Valid(toa - 4*Week), true}, {"almanac of the future", almanac.Valid(toa - 4*Week - 1), false},
		{"empty", (&Ephemeris{SV: 1, TOE: 30150}).Valid(toe), false}, {"empty almanac", (&Almanac{SV: 1, WN: 122, TOA: 61}).Valid(toa), false},
		{"empty Galileo", (&GalileoEphemeris{SV: 1, TOE: 8040}).Valid(toe), false},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v", test.name, test.got)
		}
	}
}

func TestClock(t *testing.T) {
	for _, test := range []struct {
		from Clock
		add  time.Duration
		want Clock
	}{
		{Clock{Day: 17000, Second: 43200, Millisecond: 250}, 0, Clock{Day: 17000, Second: 43200, Millisecond: 250}},
		{Clock{Day: 17000, Second: 43200, Millisecond: 250}, 1750 * time.Millisecond, Clock{Day: 17000, Second: 43202}},
		{Clock{Day: 17000, Second: 86399, Millisecond: 999}, time.Millisecond, Clock{Day: 17001}},
		{Clock{Day: 17000, Second: 0}, 49 * time.Hour, Clock{Day: 17002, Second: 3600}},
		{Clock{Day: 17000, Second: 0}, 999 * time.Microsecond, Clock{Day: 17000}},
	} {
		if got := test.from.Add(test.add); got != test.want {
			t.Errorf("%+v and %v: %+v, want %+v", test.from, test.add, got, test.want)
		}
	}
	if got := ClockAt(time.Date(2026, 6, 25, 7, 59, 42, 345_678_901, time.UTC), 18); got != (Clock{Day: 16972, Second: 28800, Millisecond: 345}) {
		t.Errorf("%+v", got)
	}
}

func TestNewLocation(t *testing.T) {
	l := NewLocation(63.419995311, -10.390019417)
	if l.Latitude != 5911171 && l.Latitude != 5911172 || l.Longitude != -484210 && l.Longitude != -484211 || l.SemiMajor != 255 || l.check() != nil {
		t.Errorf("%+v", l)
	}
	for _, corner := range [][2]float64{{90, 180}, {-90, -180}, {91, 181}, {-91, -181}, {0, 0}} {
		if l := NewLocation(corner[0], corner[1]); l.check() != nil {
			t.Errorf("%v: %+v", corner, l)
		}
	}
	vertical := Location{AltitudeUncertainty: 100}
	if metres, ok := vertical.VerticalUncertainty(); !ok || metres < 486 || metres > 487 {
		t.Error(metres, ok)
	}
}
