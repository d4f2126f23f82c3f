package tracker

import (
	"slices"
	"testing"
	"time"
)

func TestDue(t *testing.T) {
	last := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	active := testConfig().initial()
	passive := active
	passive.ActiveMode = false
	odd := passive
	odd.MovementResolution, odd.MovementTimeout = time.Hour, time.Minute
	for _, test := range []struct {
		name   string
		got    time.Time
		wanted time.Duration
	}{
		{"active", due(active, last, false), 5 * time.Minute},
		{"active and moving", due(active, last, true), 5 * time.Minute},
		{"passive and still", due(passive, last, false), time.Hour},
		{"passive and moving", due(passive, last, true), 2 * time.Minute},
		{"resolution above timeout", due(odd, last, true), time.Minute},
	} {
		if got := test.got.Sub(last); got != test.wanted {
			t.Errorf("%s: after %v, want %v", test.name, got, test.wanted)
		}
	}
}

func TestMotion(t *testing.T) {
	configuration := testConfig().initial()
	configuration.AccelerometerActivity, configuration.AccelerometerInactivity = 4, 2
	configuration.AccelerometerInactivityTimeout = 3
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var m motion
	for i, reading := range []struct {
		acceleration float64
		moving       bool
	}{
		{0, false}, {3, false}, {4, false}, // not above the threshold
		{4.1, true}, {3, true}, {1, true}, {1, true}, {1, true}, // still for 2 s
		{2, true}, {1, true}, {1, true}, {1, true}, {1, false}, // still for 3 s
		{1, false}, {9, true},
	} {
		m.step(now.Add(time.Duration(i)*time.Second), reading.acceleration, configuration)
		if m.moving != reading.moving {
			t.Errorf("reading %d of %v: moving %v", i, reading.acceleration, m.moving)
		}
	}
}

func TestBuffer(t *testing.T) {
	b := buffer[int]{limit: 3}
	if b.newest() != nil {
		t.Error("an empty buffer has a newest sample")
	}
	b.dropNewest()
	for i := range 5 {
		b.add(i)
	}
	if newest := b.newest(); newest == nil || *newest != 4 || len(b.samples) != 3 || b.samples[0] != 2 {
		t.Errorf("%v", b.samples)
	}
	*b.newest() = 9 // a copy
	b.dropNewest()
	if newest := b.newest(); *newest != 3 {
		t.Errorf("%v", b.samples)
	}
	b.clear()
	if b.newest() != nil {
		t.Errorf("%v", b.samples)
	}
}

func TestSamplesOfABatchStayAsTheyAre(t *testing.T) {
	b := buffer[int]{limit: 3}
	for i := range 3 {
		b.add(i)
	}
	batch := b.samples
	b.dropNewest()
	for i := range 4 {
		b.add(10 + i)
	}
	if !slices.Equal(batch, []int{0, 1, 2}) || !slices.Equal(b.samples, []int{11, 12, 13}) {
		t.Errorf("batch %v, buffer %v", batch, b.samples)
	}
}
