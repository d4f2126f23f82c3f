package pgps

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// ride is one download and what the store must have afterwards. saves are the sets that were to be written, oldest first, beginning with what
// was there before; those before sure are gone for certain.
type ride struct {
	saves []Header
	sure  int
}

// download asks, takes the answer prediction by prediction and writes each to the medium. Like the firmware, it does not stop at a write that
// fails.
func (r *ride) download(disk *durabletest.Disk, c Config, now time.Time) error {
	s, err := Open(durable.OpenOn(disk, folder), c, quiet)
	if err != nil {
		return err
	}
	s.checkpoint = 1
	r.saves = []Header{s.set.Header}
	request, reason := s.Request(now)
	if reason == ReasonNone {
		return nil
	}
	d, err := s.Begin()
	if err != nil {
		return err
	}
	file := answer(request, now)
	parts := slices.Insert(slices.Collect(slices.Chunk(file[HeaderSize:], PredictionSize)), 0, file[:HeaderSize])
	note := func(err error) error {
		if last := r.saves[len(r.saves)-1]; last != s.set.Header {
			r.saves = append(r.saves, s.set.Header)
		}
		if err == nil && (d.saved == d.kept) {
			r.sure = len(r.saves) - 1
		}
		return err
	}
	for _, part := range parts {
		if err := note(d.Write(part, now)); err != nil {
			return err
		}
	}
	return note(d.End(now))
}

// check boots from a disk: what is found is one of the sets that may be there, each prediction is whole, and one serves now if one did.
func (r *ride) check(disk *durabletest.Disk, c Config, now time.Time) (*Store, error) {
	s, err := Open(durable.OpenOn(disk, folder), c, quiet)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(r.saves[r.sure:], s.set.Header) {
		return nil, fmt.Errorf("found %+v, possible are %+v", s.set.Header, r.saves[r.sure:])
	}
	for n := range s.set.Count {
		if _, err := s.set.Prediction(n); err != nil {
			return nil, err
		}
	}
	if at := agnss.FromUTC(now, 18); r.saves[0].covers(at) && !s.set.covers(at) {
		return nil, fmt.Errorf("found %+v, of no use now, and it was of use before", s.set.Header)
	}
	return s, nil
}

// enumerate cuts a download at every operation and looks at every disk that may be found. From each set that is found the device then downloads
// what is missing.
func enumerate(t *testing.T, start *durabletest.Disk, c Config, now time.Time) (disks int, violation error) {
	t.Helper()
	finished := map[Header]bool{}
	for cut := 0; ; cut++ {
		disk := start.Clone()
		disk.CutAfter(cut)
		var r ride
		err := r.download(disk, c, now)
		if err != nil && !errors.Is(err, durabletest.ErrCut) {
			return disks, err
		}
		if len(r.saves) == 0 {
			continue // cut before the store was open
		}
		for booted := range disk.Crashes() {
			disks++
			s, violation := r.check(booted, c, now)
			if violation != nil {
				return disks, fmt.Errorf("cut after %d operations: %w", cut, violation)
			}
			if finished[s.set.Header] {
				continue
			}
			finished[s.set.Header] = true
			fetch(t, s, now)
			if header, remaining := s.Stored(now); remaining != c.Predictions || header.Count != c.Predictions || s.whole != c.Predictions {
				return disks, fmt.Errorf("cut after %d operations, then the rest: %+v", cut, header)
			}
		}
		if err == nil {
			return disks, nil
		}
	}
}

func cutScenarios(t *testing.T) map[string]func() (disk *durabletest.Disk, c Config, now time.Time) {
	now := utc(t, "2026-07-23 05:00:00")
	return map[string]func() (*durabletest.Disk, Config, time.Time){
		"the first set": func() (*durabletest.Disk, Config, time.Time) { return newDisk(t), config(6, 0), now },
		"rotation": func() (*durabletest.Disk, Config, time.Time) {
			disk := newDisk(t)
			fetch(t, open(t, disk, config(6, 5)), now)
			return disk, config(6, 5), now.Add(16 * time.Hour)
		},
		"a set in place of one that has run out": func() (*durabletest.Disk, Config, time.Time) {
			disk := newDisk(t)
			fetch(t, open(t, disk, config(6, 0)), now)
			return disk, config(6, 0), now.Add(48 * time.Hour)
		},
	}
}

func TestEveryCutLeavesPredictions(t *testing.T) {
	for name, scenario := range cutScenarios(t) {
		t.Run(name, func(t *testing.T) {
			disk, c, now := scenario()
			disks, violation := enumerate(t, disk, c, now)
			if violation != nil {
				t.Fatal(violation)
			}
			t.Logf("%d disks looked at", disks)
			if disks < 120 {
				t.Errorf("only %d disks: the enumeration has lost cases", disks)
			}
		})
	}
}

// TestTheCutsFindMissingSyncs shows that the test above can fail: it does for each single sync that is taken away, and for the atomic rename.
func TestTheCutsFindMissingSyncs(t *testing.T) {
	for name, scenario := range cutScenarios(t) {
		t.Run(name, func(t *testing.T) {
			disk, c, now := scenario()
			whole := disk.Clone()
			whole.CutAfter(-1) // counts from here
			var r ride
			if err := r.download(whole, c, now); err != nil {
				t.Fatal(err)
			}
			faults := []durabletest.Fault{{RenameByCopying: true}}
			for n := range whole.Syncs() {
				faults = append(faults, durabletest.Fault{DropNthSync: n + 1})
			}
			for _, fault := range faults {
				faulty := disk.Clone()
				faulty.SetFault(fault)
				if _, violation := enumerate(t, faulty, c, now); violation == nil {
					t.Errorf("%+v: not noticed", fault)
				}
			}
			t.Logf("%d faults", len(faults))
		})
	}
}

// TestEveryCutLeavesTheState does the same for the position.
func TestEveryCutLeavesTheState(t *testing.T) {
	now := utc(t, "2026-07-23 05:00:00")
	first, second := agnss.NewLocation(63, 10), agnss.NewLocation(62, 11)
	start := newDisk(t)
	if err := open(t, start, config(4, 0)).NoteLocation(first, now); err != nil {
		t.Fatal(err)
	}
	disks := 0
	for cut := 0; ; cut++ {
		disk := start.Clone()
		s := open(t, disk, config(4, 0))
		disk.CutAfter(cut)
		err := s.NoteLocation(second, now)
		for booted := range disk.Crashes() {
			disks++
			found := open(t, booted, config(4, 0)).state.Location
			if found == nil || found.Latitude != second.Latitude && (err == nil || found.Latitude != first.Latitude) {
				t.Fatalf("cut after %d operations (%v): %+v", cut, err, found)
			}
		}
		if err == nil {
			break
		}
	}
	t.Logf("%d disks looked at", disks)
}
