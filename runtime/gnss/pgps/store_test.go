package pgps

import (
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"slices"
	"sync"
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

func TestFolderMissing(t *testing.T) {
	s, err := Open(durable.OpenOn(durabletest.New(), folder), config(4, 0), quiet)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.NoteLocation(agnss.NewLocation(1, 1), utc(t, "2026-07-23 05:00:00")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestFromSeveralGoroutines: a receiver looks up while predictions arrive.
func TestFromSeveralGoroutines(t *testing.T) {
	s := open(t, newDisk(t), config(6, 0))
	now := utc(t, "2026-07-23 05:00:00")
	request, _ := s.Request(now)
	download, err := s.Begin()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for {
				if _, err := s.Lookup(now); err != nil && !errors.Is(err, ErrLoading) {
					t.Error(err)
				}
				if err := s.NoteLocation(agnss.NewLocation(63, 10), now); err != nil {
					t.Error(err)
				}
				s.Stored(now)
				if _, reason := s.Request(now); reason != ReasonNone {
					t.Error("a second request")
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for part := range slices.Chunk(answer(request, now), 500) {
		if err := download.Write(part, now); err != nil {
			t.Error(err)
		}
	}
	close(done)
	group.Wait()
	if err := download.End(now); err != nil {
		t.Error(err)
	}
	lookup(t, s, now)
}
