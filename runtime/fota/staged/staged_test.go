package staged_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/staged"
)

var image = bytes.Repeat([]byte("an image "), 30)

var plan = fota.Plan{ID: "job 1", Type: fota.TypeCustom, Size: int64(len(image))}

const folder = "/data"

func open(t *testing.T, disk durable.FS) *staged.Store {
	t.Helper()
	s, err := staged.Open(durable.OpenOn(disk, folder), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func disk(t *testing.T) *durabletest.Disk {
	t.Helper()
	d := durabletest.New()
	if _, err := durable.MakeOn(d, folder); err != nil {
		t.Fatal(err)
	}
	return d
}

// download writes what is missing, in pieces, with a sync after each. It gives how much was synced.
func download(s *staged.Store, plan fota.Plan) (synced int64, err error) {
	i, err := s.Begin(plan)
	if err != nil {
		return 0, err
	}
	synced = i.Offset()
	for part := range slices.Chunk(image[i.Offset():], 50) {
		if _, err := i.Write(part); err != nil {
			return synced, errors.Join(err, i.Close())
		}
		if err := i.Sync(); err != nil {
			return synced, errors.Join(err, i.Close())
		}
		synced = i.Offset()
	}
	return synced, i.Commit()
}

// content reads the staged image.
func content(t *testing.T, s *staged.Store) []byte {
	t.Helper()
	file, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The power is cut at every operation of download, schedule, try and end. What was synced is taken up, an image that is staged is whole, and what Schedule,
// Try and End have done is not undone.
func TestPowerCuts(t *testing.T) {
	points, disks := 0, 0
	for at := 0; ; at++ {
		d := disk(t)
		s := open(t, d)
		d.CutAfter(at)
		var done fota.Outcome
		var tried bool
		synced, err := download(s, plan)
		steps := []func() error{s.Schedule, func() error { err := s.Try("before"); tried = err == nil; return err }, func() error { return s.End(nil) }}
		for _, step := range steps {
			if err == nil {
				done, _ = s.Outcome()
				err = step()
			}
		}
		if err == nil {
			done, _ = s.Outcome()
			if d.Operations() < at {
				break
			}
		}
		points++
		for found := range d.Crashes() {
			disks++
			after := open(t, found)
			outcome, reason := after.Outcome()
			if outcome < done || reason != nil {
				t.Fatalf("cut after %d operations: %v was %v before: %v", at, outcome, done, reason)
			}
			if tried && outcome == fota.OutcomePending && (!after.Trying() || after.Note() != "before") {
				t.Fatalf("cut after %d operations: that it was tried is forgotten", at)
			}
			switch outcome {
			case fota.OutcomePending:
				if err := after.Staged(); err != nil || !bytes.Equal(content(t, after), image) {
					t.Fatalf("cut after %d operations: what is staged is damaged: %v", at, err)
				}
			case fota.OutcomeNone:
				again := plan
				again.Keep = synced
				i, err := after.Begin(again)
				if err != nil || i.Offset() != synced {
					t.Fatalf("cut after %d operations: %d of %d bytes are taken up: %v", at, i.Offset(), synced, err)
				}
				if err := i.Close(); err != nil {
					t.Fatal(err)
				}
				if _, err := download(after, again); err != nil || after.Staged() != nil || !bytes.Equal(content(t, after), image) {
					t.Fatalf("cut after %d operations: the download does not go on: %v", at, err)
				}
			}
		}
	}
	t.Logf("%d cut points, %d disks looked at", points, disks)
	if points < 25 || disks < 60 {
		t.Error("the enumeration has lost cases")
	}
}

func TestLife(t *testing.T) {
	d := disk(t)
	s := open(t, d)
	if err := s.Schedule(); !errors.Is(err, staged.ErrNotStaged) {
		t.Errorf("nothing is staged, and Schedule says %v", err)
	}
	if _, err := download(s, plan); err != nil {
		t.Fatal(err)
	}
	// The same file once more is there already; another takes its place, and a longer Keep than there are bytes counts for nothing.
	if i, err := s.Begin(plan); err != nil || i.Offset() != plan.Size || i.Commit() != nil || s.Staged() != nil {
		t.Errorf("the same file: %v", err)
	}
	other := plan
	other.ID, other.Keep = "job 2", plan.Size+1
	i, err := s.Begin(other)
	if err != nil || i.Offset() != 0 || s.Staged() == nil {
		t.Errorf("another file: %v", err)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	other.Keep = 0
	if _, err := download(s, other); err != nil {
		t.Fatal(err)
	}
	// What is handed over is not scheduled anew; what comes back is.
	if err := errors.Join(s.Schedule(), s.Try("1.0"), s.Schedule(), s.Try("2.0")); err != nil || !open(t, d).Trying() || open(t, d).Note() != "1.0" {
		t.Errorf("tried: %v, %q", err, s.Note())
	}
	if err := errors.Join(s.Hold(), s.Schedule()); err != nil || !open(t, d).Held() || !open(t, d).Scheduled() {
		t.Errorf("held: %v", err)
	}
	if err := errors.Join(s.Try("3.0"), s.Return()); err != nil || open(t, d).Trying() || open(t, d).Held() || !open(t, d).Scheduled() {
		t.Errorf("returned: %v", err)
	}
	if outcome, _ := open(t, d).Outcome(); outcome != fota.OutcomePending {
		t.Errorf("returned: %v", outcome)
	}
	if err := s.End(errors.New("refused")); err != nil {
		t.Fatal(err)
	}
	if outcome, reason := open(t, d).Outcome(); outcome != fota.OutcomeFailed || reason == nil || reason.Error() != "refused" {
		t.Errorf("%v: %v", outcome, reason)
	}
	if _, err := s.Image(); err == nil {
		t.Error("the image is kept")
	}
}

func TestDamage(t *testing.T) {
	d := disk(t)
	s := open(t, d)
	if _, err := download(s, plan); err != nil {
		t.Fatal(err)
	}
	file, err := d.Edit(folder + "/image")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte("X"), 7); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if s.Staged() == nil || s.Schedule() == nil {
		t.Error("a damaged image is taken")
	}
}

func TestRoom(t *testing.T) {
	d := disk(t)
	d.SetRoom(100)
	if _, err := open(t, d).Begin(plan); !errors.Is(err, fota.ErrTooBig) {
		t.Errorf("%v", err)
	}
}
