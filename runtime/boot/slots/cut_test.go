package slots_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
)

// run is what the next boot starts: a version, and which start of a trial it is, 0 for an image that is confirmed.
type run struct {
	version uint8
	start   uint32
}

// step is a part of the life of the slots. The power is cut at each of its operations.
type step struct {
	name string
	do   func(s *slots.Slots, w *world) error
	boot bool // it is done by the bootloader, not by the firmware

	// What may be started after a cut in this step, and what must be after it has ended. Zero values: as before.
	during []run
	after  run
	staged uint8 // after it has ended this version is staged
}

// world is what a step tells of what it has done for good.
type world struct {
	id      string // of a download
	version uint8  // of its image
	safe    int64  // so many bytes of it must not be fetched once more
}

// life is each thing that can happen to the slots, in an order that is possible. A step begins on the disk that the step before has left.
var life = []step{
	{name: "install the first image", boot: true, do: func(s *slots.Slots, _ *world) error {
		return s.Install(bytes.NewReader(made(1)), int64(len(made(1))))
	}, during: []run{{1, 0}}, after: run{1, 0}},
	{name: "stage", do: stageWhole("2", 2), staged: 2},
	{name: "stage the same again", do: func(s *slots.Slots, _ *world) error {
		if _, err := s.Stage("2", int64(len(made(2)))); !errors.Is(err, slots.ErrStaged) {
			return fmt.Errorf("a staged image: %w", err)
		}
		return nil
	}, staged: 2},
	{name: "mark", do: func(s *slots.Slots, _ *world) error { return s.Mark() }, after: run{2, 1}},
	{name: "first boot of the new image", boot: true, do: bootOnce, after: run{2, 2}},
	{name: "second boot of the new image", boot: true, do: bootOnce, after: run{2, 3}},
	{name: "confirm", do: func(s *slots.Slots, _ *world) error { return s.Confirm() }, after: run{2, 0}},
	{name: "stage a part", do: stagePart("3", 3, 150)},
	{name: "go on and stage", do: stageWhole("3", 3), staged: 3},
	{name: "mark it", do: func(s *slots.Slots, _ *world) error { return s.Mark() }, after: run{3, 1}},
	{name: "boot it", boot: true, do: bootOnce, after: run{3, 2}},
	{name: "it fails", boot: true, do: func(s *slots.Slots, _ *world) error { _, err := s.Fail("exit status 1"); return err }, after: run{2, 0}},
	{name: "stage it again", do: stageWhole("3", 3), staged: 3},
	{name: "mark it again", do: func(s *slots.Slots, _ *world) error { return s.Mark() }, after: run{3, 1}},
	{name: "drop it", do: func(s *slots.Slots, _ *world) error { return s.Drop() }, after: run{2, 0}},
	{name: "stage a part of another", do: stagePart("4", 4, 160)},
	{name: "stage a part of a third", do: stagePart("5", 5, 140)},
	{name: "stage the other anew", do: stageWhole("4", 4), staged: 4},
	{name: "mark the other", do: func(s *slots.Slots, _ *world) error { return s.Mark() }, after: run{4, 1}},
	{name: "boot the other", boot: true, do: bootOnce, after: run{4, 2}},
	{name: "revert by the firmware", do: func(s *slots.Slots, _ *world) error { return s.Revert("the cloud says so") }, after: run{2, 0}},
	{name: "stage what is never confirmed", do: stageWhole("", 6), staged: 6},
	{name: "mark what is never confirmed", do: func(s *slots.Slots, _ *world) error { return s.Mark() }, after: run{6, 1}},
	{name: "its first boot", boot: true, do: bootOnce, after: run{6, 2}},
	{name: "its second boot", boot: true, do: bootOnce, after: run{6, 3}},
	{name: "its third boot", boot: true, do: bootOnce, after: run{2, 0}},
	{name: "the boot that goes back", boot: true, do: bootOnce, after: run{2, 0}},
	{name: "a boot like any other", boot: true, do: bootOnce},
	{name: "stage a part again", do: stagePart("7", 7, 150)},
	{name: "stage a part and abort", do: func(s *slots.Slots, w *world) error {
		w.id, w.version = "6", 6
		st, err := stage(s, "6", made(6), 100, func(safe int64) { w.safe = safe })
		if err != nil {
			return err
		}
		w.safe = 0
		return st.Abort()
	}},
}

func stageWhole(id string, version uint8) func(*slots.Slots, *world) error {
	return func(s *slots.Slots, w *world) error {
		w.id, w.version = id, version
		return commit(s, id, made(version), func(safe int64) { w.safe = safe })
	}
}

func stagePart(id string, version uint8, until int) func(*slots.Slots, *world) error {
	return func(s *slots.Slots, w *world) error {
		w.id, w.version = id, version
		st, err := stage(s, id, made(version), until, func(safe int64) { w.safe = safe })
		if err != nil {
			return err
		}
		if err := st.Close(); err != nil {
			return err
		}
		w.safe = st.Offset()
		return nil
	}
}

func bootOnce(s *slots.Slots, _ *world) error { _, err := booted(s); return err }

// booted is Boot that tells when the power was cut, which Boot itself takes for a broken medium.
func booted(s *slots.Slots) (slots.Boot, error) {
	b, err := s.Boot(limit)
	for _, each := range b.Notes {
		if errors.Is(each.Cause, durabletest.ErrCut) {
			return b, durabletest.ErrCut
		}
	}
	return b, err
}

// situation is where a step begins.
type situation struct {
	disk    *durabletest.Disk
	running slots.Slot
	next    run // what the next boot starts; version 0: nothing
	staged  uint8
	state   slots.State
	world   world // of the step before
}

// follow gives the situation after a step.
func (b situation) follow(s step) (situation, error) {
	a := situation{disk: b.disk.Clone(), next: b.next, staged: s.staged}
	opened, err := b.open(a.disk, s)
	if err != nil {
		return a, err
	}
	if err := s.do(opened, &a.world); err != nil {
		return a, err
	}
	if s.after != (run{}) {
		a.next = s.after
	}
	// What runs in the next step is what the bootloader would say now.
	loader, err := open(a.disk.Clone(), slots.None)
	if err != nil {
		return a, err
	}
	a.state = loader.State()
	a.running = loader.State().Active
	if loader.State().Trial == slots.Trying {
		a.running = a.running.Other()
	}
	return a, nil
}

func (b situation) open(disk *durabletest.Disk, s step) (*slots.Slots, error) {
	if s.boot {
		return open(disk, slots.None)
	}
	return open(disk, b.running)
}

// enumerate does a step with the power cut at each of its operations, and looks at each disk that may be found afterwards. It gives the
// number of cuts and of disks, and the first violation.
func (b situation) enumerate(s step, a situation) (cuts, crashes int, violation error) {
	looked := map[string]bool{}
	for cut := 0; ; cut++ {
		disk := b.disk.Clone()
		disk.CutAfter(cut)
		told := world{}
		opened, err := b.open(disk, s)
		if err == nil {
			err = s.do(opened, &told)
		}
		if err != nil && !errors.Is(err, durabletest.ErrCut) {
			return cuts, crashes, fmt.Errorf("%s: %w", s.name, err)
		}
		cuts++
		for booted := range disk.Crashes() {
			crashes++
			violation := error(nil)
			if key := fmt.Sprint(err == nil, matters(booted)); !looked[key] {
				looked[key] = true
				violation = b.survives(booted, s, a, err == nil)
			}
			if violation == nil {
				violation = resumes(booted, b, told)
			}
			if violation == nil { // what was fetched before may be gone, but is never mixed with something else
				violation = resumes(booted, b, world{id: b.world.id, version: b.world.version})
			}
			if violation != nil {
				return cuts, crashes, fmt.Errorf("%s, cut after %d operations (%s): %w", s.name, cut, fmt.Sprint(err), violation)
			}
		}
		if err == nil {
			return cuts, crashes, nil
		}
	}
}

// matters is what is on a disk, without what an image on its way holds while nothing is on trial: then nobody reads it, but a download of
// the same id.
func matters(disk *durabletest.Disk) string {
	names := disk.Names()
	if strings.Contains(names[folder+"/state"], "\ntrial none ") {
		names[folder+"/incoming"], names[folder+"/incoming.progress"] = "", ""
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(&text, "%s=%q ", name, names[name])
	}
	return text.String()
}

// survives tells whether a device is in order that boots from this disk.
func (b situation) survives(disk *durabletest.Disk, s step, a situation, done bool) error {
	allowed := []run{a.next}
	if !done {
		allowed = append(s.during, a.next, b.next)
	}
	// The state is whole, but for the very first one.
	loader, err := open(disk.Clone(), slots.None)
	if err != nil {
		return err
	}
	if broken := loader.Broken(); broken != nil && (done || b.next.version != 0) {
		return fmt.Errorf("the state is lost: %w", broken)
	}
	if state := loader.State(); done && state != a.state {
		return fmt.Errorf("the state is %+v, and was %+v", state, a.state)
	}
	// The active image is good, whatever happens to the other.
	if _, err := loader.Verify(loader.State().Active); err != nil && (done || b.next.version != 0) {
		return fmt.Errorf("the active image is not good: %w", err)
	}
	looked := map[string]bool{}
	// What starts is allowed, also when the power is cut once more during the boot.
	for cut := 0; ; cut++ {
		again := disk.Clone()
		again.CutAfter(cut)
		got, err := bootRun(again)
		if err != nil && !errors.Is(err, durabletest.ErrCut) && (done || b.next.version != 0) {
			return err
		}
		if err == nil && !slices.Contains(allowed, got) {
			return fmt.Errorf("started is %v, and not one of %v", got, allowed)
		}
		if err == nil || !errors.Is(err, durabletest.ErrCut) {
			break
		}
		for booted := range again.Crashes() {
			key := matters(booted)
			if looked[key] {
				continue
			}
			looked[key] = true
			got, err := bootRun(booted)
			if err != nil && (done || b.next.version != 0) {
				return fmt.Errorf("after a cut of the boot: %w", err)
			}
			// One start of a trial may have been counted without one.
			if err == nil && !slices.ContainsFunc(allowed, func(r run) bool {
				return r == got || r.start > 0 && (got == run{r.version, r.start + 1} || r.start == limit && got.start == 0)
			}) {
				return fmt.Errorf("after a cut of the boot started is %v, and not one of %v", got, allowed)
			}
		}
	}
	// What was staged can be marked. Never is a part of an image taken for one: a mark that succeeds is of what runs then, whole.
	firmware, err := open(disk.Clone(), loader.State().Active)
	if err != nil && (done || b.next.version != 0) {
		return err
	}
	if err == nil {
		info, err := firmware.Staged()
		if done && a.staged != 0 && (err != nil || info.Header.Version.Major != a.staged) {
			return fmt.Errorf("what was staged is not: %s", fmt.Sprint(err))
		}
		if firmware.State().Trial == slots.Marked && err != nil {
			return fmt.Errorf("what is marked is not whole: %w", err)
		}
	}
	return goesOn(disk.Clone(), b.next.version != 0 || done)
}

// resumes looks whether a download goes on where it was safe, and comes to its end.
func resumes(disk *durabletest.Disk, b situation, told world) error {
	if told.id == "" || b.state.Trial == slots.Trying {
		return nil
	}
	firmware, err := open(disk.Clone(), b.running)
	if err != nil {
		return err
	}
	whole := made(told.version)
	st, err := firmware.Stage(told.id, int64(len(whole)))
	if errors.Is(err, slots.ErrStaged) {
		return nil
	}
	if err != nil {
		return err
	}
	if st.Offset() < told.safe {
		return fmt.Errorf("the download goes on at %d, and %d bytes were safe", st.Offset(), told.safe)
	}
	if _, err := st.Write(whole[st.Offset():]); err != nil {
		return err
	}
	_, err = st.Commit()
	return err
}

// bootRun boots.
func bootRun(disk *durabletest.Disk) (run, error) {
	loader, err := open(disk, slots.None)
	if err != nil {
		return run{}, err
	}
	b, err := booted(loader)
	if err != nil {
		return run{}, err
	}
	return run{version: versionOf(b), start: b.Start}, nil
}

// goesOn updates the device twice, with all that belongs to it.
func goesOn(disk *durabletest.Disk, bootable bool) error {
	for _, version := range []uint8{8, 9} {
		loader, err := open(disk, slots.None)
		if err != nil {
			return err
		}
		b, err := loader.Boot(limit)
		if errors.Is(err, slots.ErrNoImage) && !bootable {
			if err := loader.Install(bytes.NewReader(made(1)), int64(len(made(1)))); err != nil {
				return err
			}
			b, err = loader.Boot(limit)
		}
		if err != nil {
			return err
		}
		firmware, err := open(disk, b.Slot)
		if err != nil {
			return err
		}
		if err := errors.Join(firmware.Confirm(), commit(firmware, fmt.Sprint(version), made(version), func(int64) {}), firmware.Mark()); err != nil {
			return fmt.Errorf("the update after: %w", err)
		}
		if got, err := bootRun(disk); err != nil || got != (run{version, 1}) {
			return fmt.Errorf("the update after: started is %v, %w", got, err)
		}
		if firmware, err = open(disk, b.Slot.Other()); err != nil {
			return err
		}
		if err := firmware.Confirm(); err != nil {
			return err
		}
		if got, err := bootRun(disk); err != nil || got != (run{version, 0}) {
			return fmt.Errorf("the update after: confirmed, and started is %v, %w", got, err)
		}
	}
	return nil
}

// TestPowerCuts cuts the power at each operation of each step, looks at each disk that may be found, and boots from it, with the power cut
// once more at each operation of that boot. Then it drops each sync that has something to carry, and wants that to be noticed.
func TestPowerCuts(t *testing.T) {
	before := situation{disk: durabletest.New()}
	allCuts, allCrashes, allSyncs := 0, 0, 0
	for _, s := range life {
		after, err := before.follow(s)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		cuts, crashes, violation := before.enumerate(s, after)
		if violation != nil {
			t.Fatal(violation)
		}
		syncs := after.disk.Syncs()
		for n := 1; n <= syncs; n++ {
			faulty := before
			faulty.disk = before.disk.Clone()
			faulty.disk.SetFault(durabletest.Fault{DropNthSync: n})
			if _, _, violation := faulty.enumerate(s, after); violation == nil {
				t.Errorf("%s: sync %d of %d may be dropped, and nothing is noticed", s.name, n, syncs)
			}
		}
		t.Logf("%-32s %3d cuts %6d disks %2d syncs dropped", s.name, cuts, crashes, syncs)
		allCuts, allCrashes, allSyncs = allCuts+cuts, allCrashes+crashes, allSyncs+syncs
		before = after
	}
	t.Logf("%d cut points, %d disks looked at, %d syncs dropped one at a time", allCuts, allCrashes, allSyncs)
}
