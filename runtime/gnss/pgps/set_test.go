package pgps

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

func TestHeaderVectors(t *testing.T) {
	for _, test := range []struct {
		bytes string
		want  Header
		size  int
	}{
		{"01 0a 01 00 28 00 d6 07 f0 00 68 42 40 38 00 00", Header{Count: 40, Period: period, Start: start}, 80256},
		{"01 0a 01 00 2a 00 d6 07 f0 00 68 42 40 38 00 00", Header{Count: 42, Period: period, Start: start}, 84268},
		{"01 0a 01 00 2a 00 d6 07 f0 00 54 42 80 70 00 00", Header{Count: 42, Period: period, Start: agnss.NewGPSTime(16980, 28800)}, 84268},
	} {
		b := unhex(t, test.bytes)
		got, err := ParseHeader(b)
		if err != nil || got != test.want || !bytes.Equal(got.Append(nil), b) {
			t.Errorf("%+v, %v", got, err)
		}
		if file := fileBytes(got); len(file) != test.size {
			t.Errorf("%d bytes, want %d", len(file), test.size)
		}
	}
	h := Header{Count: 40, Period: period, Start: start}
	if h.Start != 1468814400 || h.at(1) != 0x578c8c80 || h.at(2) != 0x578cc4c0 || h.at(1).SecondOfDay() != 28800 {
		t.Errorf("%d, %d", h.Start, h.at(1))
	}
	for n, toe := range []int{22500, 23400, 24300} {
		if h.at(n).SecondOfWeek()/16 != toe {
			t.Errorf("prediction %d: toe %d", n, h.at(n).SecondOfWeek()/16)
		}
	}
	if h.End() != agnss.NewGPSTime(17006, 72000) {
		t.Errorf("end: day %d second %d", h.End().Day(), h.End().SecondOfDay())
	}
	if got := predictionBytes(start)[:22]; !bytes.Equal(got, unhex(t, "07 01 00 68 42 40 38 00 00 00 00 00 00 00 00 00 00 00 00 02 20 00")) {
		t.Errorf("prediction 0: % x", got)
	}
}

func TestLookupVectors(t *testing.T) {
	h := Header{Count: 40, Period: period, Start: start}
	for _, test := range []struct {
		now  string
		want int
		err  error
	}{
		{"2026-07-23 01:59:41", 0, ErrTimeUnknown},
		{"2026-07-23 01:59:42", 0, nil},
		{"2026-07-23 05:59:41", 0, nil},
		{"2026-07-23 05:59:42", 1, nil},
		{"2026-07-23 09:59:42", 2, nil},
		{"2026-07-29 17:59:41", 39, nil},
		{"2026-07-29 17:59:42", 39, nil},
		{"2026-07-29 17:59:43", 0, ErrExpired},
	} {
		now := agnss.FromUTC(utc(t, test.now), 18)
		n, err := h.Index(now)
		if n != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: %d, %v", test.now, n, err)
		}
		remaining := map[bool]int{true: 40 - test.want, false: 0}[err == nil]
		if errors.Is(err, ErrTimeUnknown) {
			remaining = 40
		}
		if got := h.Remaining(now); got != remaining {
			t.Errorf("%s: %d remain, want %d", test.now, got, remaining)
		}
	}
	for _, h := range []Header{{}, {Start: start}, {Count: 1, Start: start}, {Count: -1, Period: period, Start: start}} {
		for _, now := range []agnss.GPSTime{start - shift - 1, start - shift, start - shift + 1} {
			if _, err := h.Index(now); !errors.Is(err, ErrNoData) || h.Remaining(now) != 0 || h.covers(now) {
				t.Errorf("%+v: %v", h, err)
			}
		}
	}
}

func TestPrediction(t *testing.T) {
	s := set(t, Header{Count: 3, Period: period, Start: start})
	p, err := s.Prediction(2)
	if err != nil || p.Time != start+28800 || len(p.Ephemerides) != 31 {
		t.Fatalf("%+v, %v", p, err)
	}
	for n, e := range p.Ephemerides {
		if e.SV == missingSatellite || e.TOE != uint16(p.Time.SecondOfWeek()/16) || (e.SV == 32) != (e.Health == 0x3f) {
			t.Errorf("%d: %+v", n, e)
		}
	}
}

func TestFileErrors(t *testing.T) {
	h := Header{Count: 2, Period: period, Start: start}
	second := HeaderSize + PredictionSize
	for _, test := range []struct {
		name   string
		change func(file []byte) []byte
		want   error
		offset int
	}{
		{"schema", func(b []byte) []byte { b[0] = 2; return b }, ErrHeader, 0},
		{"type", func(b []byte) []byte { b[1] = 7; return b }, ErrHeader, 0},
		{"items", func(b []byte) []byte { b[2] = 2; return b }, ErrHeader, 0},
		{"no data", func(b []byte) []byte { b[0], b[1] = 0, 0; return b }, ErrHeader, 0},
		{"no predictions", func(b []byte) []byte { b[4] = 0; return b }, ErrCount, 0},
		{"85 predictions", func(b []byte) []byte { b[4] = 85; return b }, ErrCount, 0},
		{"size", func(b []byte) []byte { b[6]++; return b }, ErrHeader, 0},
		{"period 0", func(b []byte) []byte { b[8] = 0; return b }, ErrPeriod, 0},
		{"second of the day", func(b []byte) []byte { le.PutUint32(b[12:], 86400); return b }, ErrHeader, 0},
		{"negative second of the day", func(b []byte) []byte { le.PutUint32(b[12:], 1<<31); return b }, ErrHeader, 0},
		{"first group", func(b []byte) []byte { b[HeaderSize] = 8; return b }, ErrPrediction, HeaderSize},
		{"two clocks", func(b []byte) []byte { b[HeaderSize+1] = 2; return b }, ErrPrediction, HeaderSize},
		{"second group", func(b []byte) []byte { b[second+19] = 3; return b }, ErrPrediction, second},
		{"31 ephemerides", func(b []byte) []byte { b[second+20] = 31; return b }, ErrPrediction, second},
		{"of another time", func(b []byte) []byte { b[second+5]++; return b }, ErrPrediction, second},
		{"of another day", func(b []byte) []byte { b[second+3]++; return b }, ErrPrediction, second},
		{"impossible time", func(b []byte) []byte { le.PutUint32(b[second+5:], 86400); return b }, ErrPrediction, second},
		{"a byte too many", func(b []byte) []byte { return append(b, 0) }, ErrTrailing, second + PredictionSize},
		{"with a version byte as it is stored by the SDK", func(b []byte) []byte { return slices.Insert(b, HeaderSize+19, 1) }, ErrPrediction, HeaderSize},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := test.change(fileBytes(h))
			_, err := ParseSet(file)
			format, ok := errors.AsType[*FormatError](err)
			if !errors.Is(err, test.want) || !ok || format.Offset != test.offset {
				t.Errorf("%v, want %v at %d", err, test.want, test.offset)
			}
			if place := fmt.Sprintf("offset %d: ", test.offset); err != nil && !strings.Contains(err.Error(), place) {
				t.Errorf("%v does not say where", err)
			}
		})
	}
	if _, err := ParseHeader(nil); !errors.Is(err, ErrHeader) {
		t.Error(err)
	}
}

// TestDecoderTakesAnyParts: what is whole can be used, whatever parts it came in, and what follows does not change it.
func TestDecoderTakesAnyParts(t *testing.T) {
	h := Header{Count: 3, Period: period, Start: start}
	file := fileBytes(h)
	for _, size := range []int{1, 7, 128, 1500, PredictionSize, len(file)} {
		var d Decoder
		var sets []*Set
		for part := range slices.Chunk(file, size) {
			if err := d.Write(part); err != nil {
				t.Fatal(err)
			}
			sets = append(sets, d.Set())
		}
		if !d.Complete() || d.Offset() != len(file) || !bytes.Equal(d.Set().Append(nil), file) {
			t.Errorf("parts of %d: %d bytes", size, d.Offset())
		}
		for n, s := range sets {
			if whole := max(0, (min((n+1)*size, len(file))-HeaderSize)/PredictionSize); s.Count != whole || !bytes.Equal(s.body, file[HeaderSize:HeaderSize+whole*PredictionSize]) {
				t.Errorf("parts of %d, after %d: %d predictions, want %d", size, n+1, s.Count, whole)
			}
		}
	}
}

func TestEveryPrefixIsIncomplete(t *testing.T) {
	file := fileBytes(Header{Count: 2, Period: period, Start: start})
	for n := range file {
		if _, err := ParseSet(file[:n]); !errors.Is(err, ErrIncomplete) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

func TestMerge(t *testing.T) {
	at := func(n int) agnss.GPSTime { return start.Add(n * 4 * 3600) }
	h := func(first, count int) Header { return Header{Count: count, Period: period, Start: at(first)} }
	two := Header{Count: 2, Period: 120 * time.Minute, Start: at(0)}
	now := func(n int) *agnss.GPSTime { moment := at(n); return &moment } // the middle of prediction n
	for _, test := range []struct {
		name            string
		stored, arrived Header
		whole           bool
		now             *agnss.GPSTime
		want            Header // Count 0: not taken
	}{
		{"the first", Header{}, h(0, 4), true, now(0), h(0, 4)},
		{"a part of the first", Header{}, h(0, 1), false, now(0), h(0, 1)},
		{"nothing", h(0, 4), Header{}, false, now(0), Header{}},
		{"those before now are dropped", Header{}, h(0, 4), true, now(2), h(2, 2)},
		{"stale", Header{}, h(0, 4), true, now(5), Header{}},
		{"of the future", Header{}, h(5, 4), true, now(0), Header{}},
		{"time unknown", Header{}, h(5, 4), true, nil, h(5, 4)},
		{"time unknown, something stored", h(0, 4), h(20, 4), true, nil, h(20, 4)},
		{"what follows", h(0, 4), h(4, 4), true, now(3), h(3, 5)},
		{"a part of what follows", h(0, 4), h(4, 1), false, now(3), h(3, 2)},
		{"what follows, time unknown", h(0, 4), h(4, 2), true, nil, h(0, 6)},
		{"no more than the limit", h(0, 6), h(6, 6), true, now(0), h(0, 8)},
		{"a gap", h(0, 4), h(5, 4), true, now(3), Header{}},
		{"over the end", h(0, 4), h(3, 4), true, now(1), h(1, 6)},
		{"within", h(0, 6), h(2, 2), false, now(1), Header{}},
		{"newer for the same time", h(0, 4), h(0, 4), true, now(1), h(1, 3)},
		{"a part of newer ones", h(0, 4), h(1, 2), false, now(1), Header{}},
		{"newer but shorter, whole", h(0, 4), h(1, 2), true, now(1), h(1, 2)},
		{"instead of those that have run out", h(0, 4), h(9, 1), false, now(9), h(9, 1)},
		{"after those that have run out", h(0, 4), h(4, 2), true, now(5), h(5, 1)},
		{"a part that reaches as far", h(1, 3), h(0, 4), false, now(1), h(1, 3)},
		{"off the grid", h(0, 4), Header{Count: 4, Period: period, Start: at(2) + 3600}, true, now(1), Header{}},
		{"what follows, of another period", h(0, 4), Header{Count: 8, Period: 120 * time.Minute, Start: at(2)}, true, now(1), Header{}},
		{"stale, with a stored set", h(0, 4), h(-9, 4), true, now(1), Header{}},
		{"of another period", h(0, 4), two, true, now(0), Header{Count: 1, Period: two.Period, Start: at(0).Add(7200)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			stored, arrived := &Set{}, &Set{}
			if test.stored.Count > 0 {
				stored = set(t, test.stored)
			}
			if test.arrived.Count > 0 {
				arrived = set(t, test.arrived)
			}
			got, ok := merge(stored, arrived, test.whole, test.now, 8)
			if ok != (test.want.Count > 0) || ok && got.Header != test.want {
				t.Fatalf("%v, %+v, want %+v", ok, got, test.want)
			}
			if ok && !bytes.Equal(got.Append(nil), fileBytes(test.want)) {
				t.Error("the predictions are not those of their places")
			}
		})
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for r := ReasonNone - 1; r <= ReasonThreshold+1; r++ {
		if seen[r.String()] || r.String() == "" {
			t.Errorf("%d: %s", r, r)
		}
		seen[r.String()] = true
	}
}
