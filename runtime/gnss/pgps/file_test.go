package pgps

import (
	"slices"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/durable"
)

// TestDamagedFiles: of predictions those before the damage are left, and the rest is asked for.
func TestDamagedFiles(t *testing.T) {
	now := utc(t, "2026-07-23 05:00:00")
	good := encodeSet(set(t, Header{Count: 4, Period: period, Start: start}), 4)
	third := HeaderSize + 2*storedSize
	for _, test := range []struct {
		name string
		file []byte
		left int
	}{
		{"good", good, 4},
		{"a bit", flip(good, third+100), 2},
		{"a bit of the sum", flip(good, third+PredictionSize), 2},
		{"the first", flip(good, HeaderSize), 0},
		{"cut short", good[:third+7], 2},
		{"empty", []byte{}, 0},
		{"header", flip(good, 0), 0},
		{"surplus", append(slices.Clone(good), 1, 2, 3), 4},
		{"another start", flip(good, 12), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			disk := newDisk(t)
			if err := durable.OpenOn(disk, folder).Write(setFile, test.file); err != nil {
				t.Fatal(err)
			}
			s := open(t, disk, config(4, 0))
			if header, _ := s.Stored(now); header.Count != test.left {
				t.Errorf("%+v", header)
			}
			if request, reason := s.Request(now); test.left < 4 && (reason == ReasonNone || request.Predictions != 4-test.left) {
				t.Errorf("%+v, %v", request, reason)
			}
		})
	}
	for _, content := range []string{"", "{", `{"leap":{"before":0,"after":18}}`, `{"location":{"latitude":1}}`, `{"leap":{"before":18,"after":18},"location":{"latitude":8388609,"longitude":0}}`} {
		disk := newDisk(t)
		if err := durable.OpenOn(disk, folder).Write(stateFile, []byte(content)); err != nil {
			t.Fatal(err)
		}
		s := open(t, disk, config(4, 0))
		if s.LeapSeconds(now) != 18 || s.state.Location != nil {
			t.Errorf("%s: %+v", content, s.state)
		}
	}
	// Another period is configured now.
	disk := newDisk(t)
	if err := durable.OpenOn(disk, folder).Write(setFile, good); err != nil {
		t.Fatal(err)
	}
	c := config(4, 0)
	c.Period = "NRF_CLOUD_PGPS_PREDICTION_PERIOD_120_MIN"
	if header, _ := open(t, disk, c).Stored(now); header.Count != 0 {
		t.Errorf("%+v", header)
	}
}

func flip(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 4
	return b
}
