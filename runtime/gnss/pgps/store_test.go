package pgps

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

const folder = "/data"

var quiet = slog.New(slog.DiscardHandler)

func config(predictions, threshold int) Config {
	return Config{RequestUponInit: true, Period: "NRF_CLOUD_PGPS_PREDICTION_PERIOD_240_MIN", Predictions: predictions, Threshold: threshold}
}

func open(t testing.TB, disk *durabletest.Disk, c Config) *Store {
	t.Helper()
	s, err := Open(durable.OpenOn(disk, folder), c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newDisk(t testing.TB) *durabletest.Disk {
	t.Helper()
	disk := durabletest.New()
	if _, err := durable.MakeOn(disk, folder); err != nil {
		t.Fatal(err)
	}
	return disk
}

// answer is what the cloud sends for a request: predictions on the grid of their period, from the one at or before the start.
func answer(r data.PGPSRequest, now time.Time) []byte {
	from := agnss.NewGPSTime(r.GPSDay, int(r.TimeOfDay/time.Second))
	if r.GPSDay == 0 {
		from = agnss.FromUTC(now, 18)
	}
	step := agnss.GPSTime(r.Interval / time.Second)
	return fileBytes(Header{Count: r.Predictions, Period: r.Interval, Start: from / step * step})
}

// fetch is a whole exchange with the cloud.
func fetch(t testing.TB, s *Store, now time.Time) (data.PGPSRequest, Reason) {
	t.Helper()
	request, reason := s.Request(now)
	if reason == ReasonNone {
		return request, reason
	}
	download, err := s.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(answer(request, now), 1500) {
		if err := download.Write(part, now); err != nil {
			t.Fatal(err)
		}
	}
	if err := download.End(now); err != nil {
		t.Fatal(err)
	}
	return request, reason
}

func lookup(t *testing.T, s *Store, now time.Time) *Prediction {
	t.Helper()
	p, err := s.Lookup(now)
	if err != nil {
		t.Fatalf("%v: %v", now, err)
	}
	if distance := math.Abs(float64(p.Time - agnss.FromUTC(now, s.LeapSeconds(now)))); distance > 7200 {
		t.Fatalf("%v: a prediction %g s away", now, distance)
	}
	return p
}

func TestPlan(t *testing.T) {
	at := func(n float64) *agnss.GPSTime { moment := start + agnss.GPSTime(n*14400); return &moment } // 0: the middle of prediction 0
	h := func(count int) Header { return Header{Count: count, Period: period, Start: start} }
	full := func(day int, second time.Duration) data.PGPSRequest {
		return data.PGPSRequest{Predictions: 40, Interval: period, GPSDay: day, TimeOfDay: second * time.Second}
	}
	after := func(stored, predictions int) data.PGPSRequest {
		r := full(h(stored).End().Day(), time.Duration(h(stored).End().SecondOfDay()))
		r.Predictions = predictions
		return r
	}
	for _, test := range []struct {
		name       string
		threshold  int
		stored     Header
		incomplete bool
		now        *agnss.GPSTime
		want       data.PGPSRequest
		reason     Reason
	}{
		{"nothing, time unknown", 0, Header{}, false, nil, full(0, 0), ReasonNoData},
		{"nothing", 0, Header{}, false, at(0), full(17000, 14400), ReasonNoData},
		{"nothing, between two", 0, Header{}, false, at(0.25), full(17000, 18000), ReasonNoData},
		{"full", 0, h(40), false, at(0), data.PGPSRequest{}, ReasonNone},
		{"full, time unknown", 0, h(40), false, nil, data.PGPSRequest{}, ReasonNone},
		{"before it", 0, h(40), false, at(-1), data.PGPSRequest{}, ReasonNone},
		{"threshold 0, last one", 0, h(40), false, at(39.49), data.PGPSRequest{}, ReasonNone},
		{"threshold 0, run out", 0, h(40), false, at(39.51), full(17006, 64944), ReasonExpired},
		{"threshold 10, 11 left", 10, h(40), false, at(29), data.PGPSRequest{}, ReasonNone},
		{"threshold 10, 10 left", 10, h(40), false, at(30), after(40, 30), ReasonThreshold},
		{"threshold 10, 9 left", 10, h(40), false, at(31), after(40, 31), ReasonThreshold},
		{"threshold 10, run out", 10, h(40), false, at(45), full(17007, 57600), ReasonExpired},
		{"half of them came", 0, h(20), true, at(0), after(20, 20), ReasonIncomplete},
		{"half of them came, some time ago", 0, h(20), true, at(5), after(20, 25), ReasonIncomplete},
		{"half of them came, time unknown", 0, h(20), true, nil, data.PGPSRequest{}, ReasonNone},
		{"the cloud has no more", 0, h(20), false, at(0), data.PGPSRequest{}, ReasonNone},
		{"more than configured", 10, h(60), false, at(0), data.PGPSRequest{}, ReasonNone},
	} {
		got, reason := Plan(config(40, test.threshold), test.stored, test.incomplete, test.now)
		if got != test.want || reason != test.reason {
			t.Errorf("%s: %+v, %v, want %+v, %v", test.name, got, reason, test.want, test.reason)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for option, c := range map[string]Config{
		"NRF_CLOUD_PGPS_PREDICTION_PERIOD":     {Predictions: 42},
		"NRF_CLOUD_PGPS_NUM_PREDICTIONS":       config(85, 0),
		"NRF_CLOUD_PGPS_NUM_PREDICTIONS = 0":   config(0, 0),
		"NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD": config(42, 42),
	} {
		if _, err := Open(durable.OpenOn(newDisk(t), folder), c, quiet); err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%s: %v", option, err)
		}
	}
	c := config(84, 0)
	c.Period = "NRF_CLOUD_PGPS_PREDICTION_PERIOD_120_MIN"
	if _, err := Open(durable.OpenOn(newDisk(t), folder), c, quiet); err != nil || c.period() != 2*time.Hour {
		t.Error(err)
	}
}

func TestStoreFromNothing(t *testing.T) {
	disk := newDisk(t)
	s := open(t, disk, config(4, 0))
	now := utc(t, "2026-07-23 05:00:00")
	if _, err := s.Lookup(now); !errors.Is(err, ErrNoData) {
		t.Error(err)
	}
	request, reason := s.Start(now)
	if reason != ReasonNoData || request.Predictions != 4 {
		t.Fatal(request, reason)
	}
	if _, again := s.Request(now); again != ReasonNone {
		t.Error("a second request while the first is not answered")
	}
	if _, err := s.Lookup(now); !errors.Is(err, ErrLoading) {
		t.Error(err)
	}
	download, err := s.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Begin(); !errors.Is(err, ErrUnexpected) {
		t.Error(err)
	}
	s.Failed() // nothing to fail: the answer has come
	file := answer(request, now)
	if err := download.Write(file[:HeaderSize+PredictionSize-1], now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(now); !errors.Is(err, ErrLoading) {
		t.Error(err)
	}
	if err := download.Write(file[HeaderSize+PredictionSize-1:HeaderSize+PredictionSize], now); err != nil {
		t.Fatal(err)
	}
	p := lookup(t, s, now) // the first can be used already
	if p.Until != utc(t, "2026-07-23 05:59:43") {
		t.Error(p.Until)
	}
	if _, err := s.Lookup(p.Until); !errors.Is(err, ErrLoading) {
		t.Error(err)
	}
	if err := download.Write(file[download.Offset():], now); err != nil {
		t.Fatal(err)
	}
	if err := download.End(now); err != nil {
		t.Fatal(err)
	}
	if err := download.Write(nil, now); !errors.Is(err, ErrUnexpected) {
		t.Error("a download goes on after its end")
	}
	if err := download.End(now); !errors.Is(err, ErrUnexpected) {
		t.Error(err)
	}
	next := lookup(t, s, p.Until)
	if next.Time != p.Time+14400 {
		t.Errorf("%d, then %d", p.Time, next.Time)
	}
	for _, store := range []*Store{s, open(t, disk, config(4, 0))} {
		if header, remaining := store.Stored(p.Until); header.Count != 4 || remaining != 3 {
			t.Errorf("%+v, %d remain", header, remaining)
		}
		if _, remaining := store.Stored(time.Unix(0, 0)); remaining != 4 {
			t.Errorf("%d remain, time unknown", remaining)
		}
		if _, err := store.Lookup(time.Unix(0, 0)); !errors.Is(err, ErrTimeUnknown) {
			t.Error(err)
		}
		if _, err := store.Lookup(now.Add(-24 * time.Hour)); !errors.Is(err, ErrTimeUnknown) {
			t.Error(err)
		}
		if _, err := store.Lookup(now.Add(24 * time.Hour)); !errors.Is(err, ErrExpired) {
			t.Error(err)
		}
		lookup(t, store, p.Until)
	}
}

func TestTimeUnknownAsksForTheNewest(t *testing.T) {
	s := open(t, newDisk(t), config(4, 0))
	unknown, now := time.Unix(100, 0), utc(t, "2026-07-23 05:00:00")
	request, reason := s.Request(unknown)
	if reason != ReasonNoData || request.GPSDay != 0 || request.TimeOfDay != 0 {
		t.Fatal(request, reason)
	}
	download, err := s.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := download.Write(answer(request, now), unknown); err != nil {
		t.Fatal(err)
	}
	if err := download.End(unknown); err != nil {
		t.Fatal(err)
	}
	lookup(t, s, now) // when it is known
}

func TestWithoutRequestUponInit(t *testing.T) {
	c := config(4, 0)
	c.RequestUponInit = false
	s := open(t, newDisk(t), c)
	now := utc(t, "2026-07-23 05:00:00")
	if _, reason := s.Start(now); reason != ReasonNone {
		t.Error(reason)
	}
	if _, reason := s.Request(now); reason != ReasonNoData {
		t.Error(reason)
	}
	if _, err := s.Lookup(now); !errors.Is(err, ErrLoading) {
		t.Error(err)
	}
	s.Failed()
	if _, err := s.Begin(); !errors.Is(err, ErrUnexpected) {
		t.Error(err)
	}
	if _, reason := s.Request(now); reason != ReasonNoData {
		t.Error("after a failed request there is no other: ", reason)
	}
}

// TestInterruptedDownload: what has arrived is kept over a restart, and the next request is for the rest.
func TestInterruptedDownload(t *testing.T) {
	now := utc(t, "2026-07-23 05:00:00")
	for parts := range 5 {
		disk := newDisk(t)
		s := open(t, disk, config(4, 0))
		request, _ := s.Request(now)
		download, err := s.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if err := download.Write(answer(request, now)[:HeaderSize+parts*PredictionSize], now); err != nil {
			t.Fatal(err)
		}
		if err := download.End(now); errors.Is(err, ErrIncomplete) != (parts < 4) {
			t.Fatalf("%d predictions: %v", parts, err)
		}
		for _, store := range []*Store{s, open(t, disk, config(4, 0))} {
			rest, reason := store.Request(now)
			switch want := map[bool]Reason{true: ReasonNone, false: ReasonIncomplete}[parts == 4]; {
			case parts == 0:
				if reason != ReasonNoData || rest.Predictions != 4 {
					t.Errorf("%+v, %v", rest, reason)
				}
			case reason != want || want == ReasonIncomplete && (rest.Predictions != 4-parts || agnss.NewGPSTime(rest.GPSDay, int(rest.TimeOfDay/time.Second)) != start+agnss.GPSTime(parts)*14400):
				t.Errorf("%d predictions: %+v, %v", parts, rest, reason)
			}
			store.Failed()
			fetch(t, store, now)
			if header, _ := store.Stored(now); header.Count != 4 || header.Start != start {
				t.Errorf("%d predictions, then the rest: %+v", parts, header)
			}
		}
	}
}

func TestDownloadsThatAreNotForNow(t *testing.T) {
	now := utc(t, "2026-07-23 05:00:00")
	s := open(t, newDisk(t), config(4, 2))
	fetch(t, s, now)
	now = now.Add(8 * time.Hour) // two are left
	before := lookup(t, s, now)
	begin := func() *Download {
		t.Helper()
		if _, reason := s.Request(now); reason != ReasonThreshold {
			t.Fatal(reason)
		}
		download, err := s.Begin()
		if err != nil {
			t.Fatal(err)
		}
		return download
	}
	for _, h := range []Header{{Count: 4, Period: period, Start: start - 4*14400}, {Count: 4, Period: period, Start: start + 10*14400}} {
		download := begin()
		if err := download.Write(fileBytes(h), now); err != nil {
			t.Fatal(err)
		}
		if err := download.End(now); !errors.Is(err, ErrOtherTime) {
			t.Errorf("%+v: %v", h, err)
		}
	}
	for want, h := range map[error]Header{ErrPeriod: {Count: 4, Period: 2 * time.Hour, Start: start}, ErrCount: {Count: 5, Period: period, Start: start + 4*14400}} {
		download := begin()
		if err := download.Write(fileBytes(h), now); !errors.Is(err, want) {
			t.Errorf("%+v: %v", h, err)
		}
		if err := download.End(now); !errors.Is(err, want) {
			t.Errorf("%+v: %v", h, err)
		}
	}
	if after := lookup(t, s, now); after.Time != before.Time {
		t.Error("the stored predictions were lost")
	}
	// A fault in the middle leaves what came before.
	download := begin()
	file := fileBytes(Header{Count: 2, Period: period, Start: start + 4*14400})
	file[HeaderSize+PredictionSize] = 0
	if err := download.Write(file, now); !errors.Is(err, ErrPrediction) {
		t.Error(err)
	}
	if err := download.End(now); !errors.Is(err, ErrPrediction) {
		t.Error(err)
	}
	if header, remaining := s.Stored(now); header.Count != 3 || remaining != 3 {
		t.Errorf("%+v", header)
	}
	if rest, reason := s.Request(now); reason != ReasonIncomplete || rest.Predictions != 1 {
		t.Error(rest, reason)
	}
}

func TestMediumThatRefuses(t *testing.T) {
	disk := newDisk(t)
	s := open(t, disk, config(4, 0))
	s.checkpoint = 1
	now := utc(t, "2026-07-23 05:00:00")
	request, _ := s.Request(now)
	download, err := s.Begin()
	if err != nil {
		t.Fatal(err)
	}
	disk.SetFault(durabletest.Fault{RefuseOperations: true})
	disk.CutAfter(0)
	file := answer(request, now)
	for part := range slices.Chunk(file, PredictionSize) {
		if err := download.Write(part, now); err != nil && !errors.Is(err, durabletest.ErrRefused) {
			t.Fatal(err)
		}
	}
	if err := download.End(now); !errors.Is(err, durabletest.ErrRefused) {
		t.Error(err)
	}
	lookup(t, s, now) // it holds as long as the process
	if err := s.NoteLocation(agnss.NewLocation(63, 10), now); !errors.Is(err, durabletest.ErrRefused) {
		t.Error(err)
	}
	if _, err := Open(durable.OpenOn(disk, folder), config(4, 0), quiet); !errors.Is(err, durabletest.ErrRefused) {
		t.Error(err)
	}
}

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

func TestFolderMissing(t *testing.T) {
	s, err := Open(durable.OpenOn(durabletest.New(), folder), config(4, 0), quiet)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.NoteLocation(agnss.NewLocation(1, 1), utc(t, "2026-07-23 05:00:00")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestParsePlace(t *testing.T) {
	for _, test := range []struct {
		document string
		want     Place
		err      error
	}{
		{`["pgps.nrfcloud.com","public/15286-79200_15293-64800.bin"]`, Place{"pgps.nrfcloud.com", "public/15286-79200_15293-64800.bin"}, nil},
		{` {"path":"/public/a.bin", "host":"h:8443", "more":1}`, Place{"h:8443", "public/a.bin"}, nil},
		{`["h"]`, Place{}, ErrPlace},
		{`["h","p","x"]`, Place{}, ErrPlace},
		{`["h",1]`, Place{}, ErrPlace},
		{`["","p"]`, Place{}, ErrPlace},
		{`["h",""]`, Place{}, ErrPlace},
		{`["h/x?","p"]`, Place{}, ErrPlace},
		{`["user@h","p"]`, Place{}, ErrPlace},
		{"[\"h\",\"p\\r\\nHost: x\"]", Place{}, ErrPlace},
		{`{"host":"h"}`, Place{}, ErrPlace},
		{`{}`, Place{}, ErrPlace},
		{``, Place{}, ErrPlace},
		{`no JSON`, Place{}, ErrPlace},
		{`["h","` + strings.Repeat("x", 1025) + `"]`, Place{}, ErrPlace},
		{`["h","` + strings.Repeat("x", 5000) + `"]`, Place{}, ErrPlace},
	} {
		got, err := ParsePlace([]byte(test.document))
		if !errors.Is(err, test.err) || err == nil && got != test.want {
			t.Errorf("%s: %+v, %v", test.document, got, err)
		}
	}
	_, err := ParsePlace([]byte(`{"appId":"PGPS","messageType":"DATA","err":42200}`))
	if refusal, ok := errors.AsType[*agnss.CloudError](err); !ok || refusal.Code != 42200 {
		t.Error(err)
	}
}
