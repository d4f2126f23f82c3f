package pgps

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

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

// TestMediumIsWrittenOnce: each checkpoint, and the rest at the end.
func TestMediumIsWrittenOnce(t *testing.T) {
	now := utc(t, "2026-07-23 05:00:00")
	for _, test := range []struct{ predictions, writes int }{{1, 1}, {7, 1}, {8, 1}, {9, 2}, {16, 2}, {42, 6}} {
		disk := newDisk(t)
		s := open(t, disk, config(test.predictions, 0))
		request, _ := s.Request(now)
		download, err := s.Begin()
		if err != nil {
			t.Fatal(err)
		}
		disk.CutAfter(-1) // counts from here
		for part := range slices.Chunk(answer(request, now), 1500) {
			if err := download.Write(part, now); err != nil {
				t.Fatal(err)
			}
		}
		if err := download.End(now); err != nil {
			t.Fatal(err)
		}
		if got := disk.Operations() / 6; got != test.writes { // create, write, sync, close, rename, sync of the folder
			t.Errorf("%d predictions: written %d times, want %d", test.predictions, got, test.writes)
		}
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
