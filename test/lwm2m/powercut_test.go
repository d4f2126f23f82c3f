package lwm2m

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
)

// The power is cut at every operation on the disk while a server updates the device: in the download, when the image is committed and scheduled,
// in the bootloader, when the new firmware is confirmed, and when a bad one is given up. After each cut, on every disk that may be found, what runs
// has been confirmed or is on trial, servers read what has become of the update, and the next update goes through.

func TestPowerCutsOfPush(t *testing.T) { cutEverywhere(t, update{to: newVersion}) }

func TestPowerCutsOfPull(t *testing.T) { cutEverywhere(t, update{to: newVersion, pull: true}) }

func TestPowerCutsOfRevert(t *testing.T) { cutEverywhere(t, update{to: badVersion}) }

// update is what a server does.
type update struct {
	to   int
	pull bool
}

// seen is what the server has seen with the power on.
type seen struct{ downloaded, executed, finished bool }

// Each sync that an update makes is needed: without those of one file, or of one folder, some cut leads to what must not be.
func TestPowerCutsWithoutSyncs(t *testing.T) {
	for _, path := range []string{
		dataFolder, slotsFolder, slotsFolder + "/incoming", slotsFolder + "/.state.new",
		dataFolder + "/.lwm2m-firmware.new", dataFolder + "/.lwm2m-firmware-types.new",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			// Earlier cuts hit the download, and have a great many outcomes where its file is not synced.
			for at := 41; ; at++ {
				c := cutAt(t, at, update{to: newVersion}, durabletest.Fault{DropSync: path})
				if len(c.problems) > 0 {
					t.Logf("a cut after %d operations shows it: %s", at, c.problems[0])
					return
				}
				if c.over {
					t.Fatal("nothing shows it")
				}
			}
		})
	}
}

func cutEverywhere(t *testing.T, u update) {
	t.Parallel()
	points, disks := 0, 0
	statuses := map[string]int{}
	for at := 0; ; at++ {
		c := cutAt(t, at, u, durabletest.Fault{})
		for _, problem := range c.problems {
			t.Errorf("cut after %d operations, and the server had seen %+v: %s", at, c.saw, problem)
		}
		if c.over || t.Failed() {
			break
		}
		points++
		for status, times := range c.statuses {
			statuses[status] += times
			disks += times
		}
	}
	var found []string
	for status, times := range statuses {
		found = append(found, fmt.Sprintf("%d× %s", times, status))
	}
	slices.Sort(found)
	t.Logf("%d cut points, %d disks looked at; version: state/result found after them: %s", points, disks, strings.Join(found, ", "))
	if points < 40 || disks < 200 {
		t.Error("the enumeration has lost cases")
	}
}

// cut is what one cut has led to.
type cut struct {
	saw      seen
	over     bool           // there was none: all was done before
	statuses map[string]int // what the server read first, and on how many of the disks that may be found
	problems []string       // those of the first disk that has any
}

// cutAt cuts the power after a number of operations.
func cutAt(t *testing.T, at int, u update, fault durabletest.Fault) (c cut) {
	c.statuses = map[string]int{}
	alone(t, func(t *testing.T, w *world) {
		w.log.hush()
		b := newBoard(t)
		b.disk.disk.SetFault(fault)
		b.disk.disk.CutAfter(at)
		saw, d := w.carryOut(b, u)
		d.stop()
		c.saw, c.over = saw, saw.finished
		for found := range b.disk.disk.Crashes() {
			if c.over {
				break
			}
			c.judge(t, w, func(w *world) string { return w.survives(found, u, saw, b.wasConfirmed()) })
			if len(c.problems) > 0 {
				break
			}
		}
	})
	return c
}

// judge runs a check whose failures are problems.
func (c *cut) judge(t *testing.T, w *world, check func(w *world) string) {
	r := &recorder{TB: t}
	judged := *w
	judged.t = r
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.statuses[check(&judged)]++
	}()
	<-done
	w.devices = judged.devices
	c.problems = r.problems
}

// recorder is a test whose failures are kept and fail nothing.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	problems []string
}

func (r *recorder) Error(all ...any) { r.Errorf("%s", fmt.Sprintln(all...)) }

func (r *recorder) Errorf(format string, all ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problems = append(r.problems, strings.TrimSpace(fmt.Sprintf(format, all...)))
}

func (r *recorder) Fatal(all ...any) {
	r.Error(all...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, all ...any) {
	r.Errorf(format, all...)
	runtime.Goexit()
}

// on starts a device with this board.
func (w *world) on(b *board) *device {
	d := &device{world: w, endpoint: w.name(), config: config(), board: b, lifetime: 86400, accounts: []securityAccount{noSec(1)}}
	d.program = &program{device: d, restart: make(chan string, 1)}
	d.start()
	return d
}

// carryOut has a server update a device, until all is done or the power is cut.
func (w *world) carryOut(b *board, u update) (saw seen, d *device) {
	w.t.Helper()
	d = w.on(b)
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	go func() {
		select {
		case <-b.disk.cut:
			cancel()
		case <-ctx.Done():
		}
	}()
	known, err := w.server.Await(ctx, d.endpoint)
	if err != nil {
		return saw, d
	}
	if err := d.deliver(ctx, known, u); err != nil {
		return saw, d
	}
	saw.downloaded = b.disk.power() == nil
	before, _ := known.Registration()
	if err := known.Execute(ctx, "/5/0/2", ""); err != nil {
		return saw, d
	}
	saw.executed = b.disk.power() == nil
	want := fmt.Sprintf("%d: 0/1", newVersion)
	if u.to == badVersion {
		want = fmt.Sprintf("%d: 0/8", oldVersion)
	}
	saw.finished = d.becomes(ctx, before.Location, want) && b.disk.power() == nil
	return saw, d
}

// deliver pushes an image, or has the device pull it, and waits until it has been downloaded.
func (d *device) deliver(ctx context.Context, known *server.Device, u update) error {
	image := signed(d.t, u.to, 2500)
	if !u.pull {
		return known.PushFirmware(ctx, image)
	}
	if err := known.Write(ctx, "/5/0/1", format.Text, d.serve(image)); err != nil {
		return err
	}
	for {
		content, err := known.Read(ctx, "/5/0/3", server.Accept(format.Text))
		if err != nil {
			return err
		}
		switch now := textOf(content.Items[0].Value); now {
		case downloaded:
			return nil
		case downloading:
		default:
			return fmt.Errorf("state %s", now)
		}
		time.Sleep(time.Second)
	}
}

// becomes waits until a device that has registered anew has this version, state and result. The version on trial before it may say what it likes.
func (d *device) becomes(ctx context.Context, unlike, want string) bool {
	for ctx.Err() == nil {
		time.Sleep(time.Second)
		known, found := d.server.Device(d.endpoint)
		if !found {
			continue
		}
		if r, lives := known.Registration(); lives && r.Location != unlike && d.stands(ctx, known) == want {
			return true
		}
	}
	return false
}

// stands gives version, state and result as the server reads them; "" where it gets no answer.
func (d *device) stands(ctx context.Context, known *server.Device) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var all []any
	for _, path := range []string{"/3/0/3", "/5/0/3", "/5/0/5"} {
		content, err := known.Read(ctx, path, server.Accept(format.Text))
		if err != nil {
			return ""
		}
		all = append(all, textOf(content.Items[0].Value))
	}
	return fmt.Sprintf("%s: %s/%s", all...)
}

// survives checks a device after a cut, and gives what a server reads first of all. It updates it then.
func (w *world) survives(found *durabletest.Disk, u update, saw seen, confirmed int) string {
	w.t.Helper()
	b := boardOf(found)
	d := w.on(b)
	defer d.stop()
	ctx := within(w.t, time.Hour)
	known, err := w.server.Await(ctx, d.endpoint)
	if err != nil {
		w.t.Fatal(err)
	}
	first := d.stands(ctx, known)
	version, status, _ := strings.Cut(first, ": ")
	switch {
	case version == fmt.Sprint(badVersion): // on trial
		if !d.becomes(ctx, "", fmt.Sprintf("%d: 0/8", oldVersion)) {
			w.t.Errorf("the bad version is not given up: %s", d.stands(ctx, known))
		}
		status = idle + "/" + failed
	case version == fmt.Sprint(oldVersion):
		allowed := []string{idle + "/" + initial, downloaded + "/" + initial, downloaded + "/" + failed}
		if saw.downloaded {
			allowed = allowed[1:]
		}
		if b.slotState().Last.Outcome == slots.Reverted {
			allowed = []string{idle + "/" + failed}
		}
		if !slices.Contains(allowed, status) || confirmed > oldVersion {
			w.t.Errorf("found is %s; the slots: %+v", first, b.slotState())
		}
	case first != fmt.Sprintf("%d: 0/1", newVersion):
		w.t.Errorf("found is %s; the slots: %+v", first, b.slotState())
	}
	if b.runs() == oldVersion {
		d.updates(ctx, known, u, status)
	}
	synctest.Wait() // the client has heard of its registration, and the firmware is confirmed
	if state := b.slotState(); state.Trial != slots.NoTrial || b.wasConfirmed() != newVersion {
		w.t.Errorf("in the end the slots are %+v", state)
	}
	for _, left := range []string{"incoming", "incoming.progress"} {
		if _, is := found.Names()[slotsFolder+"/"+left]; is {
			w.t.Errorf("in the end there is %s", left)
		}
	}
	return first
}

// updates brings a device to the new version, from what it has of it.
func (d *device) updates(ctx context.Context, known *server.Device, u update, status string) {
	d.t.Helper()
	has, _, _ := strings.Cut(status, "/")
	if has == downloaded && u.to == badVersion {
		if err := known.Write(ctx, "/5/0/1", format.Text, ""); err != nil {
			d.t.Error(err)
		}
		has = idle
	}
	u.to = newVersion
	if has == idle {
		if err := d.deliver(ctx, known, u); err != nil {
			d.t.Error(err)
			return
		}
	}
	before, _ := known.Registration()
	if err := known.Execute(ctx, "/5/0/2", ""); err != nil {
		d.t.Error(err)
		return
	}
	if !d.becomes(ctx, before.Location, fmt.Sprintf("%d: 0/1", newVersion)) {
		d.t.Errorf("the update does not go through: %s", d.stands(ctx, known))
	}
}
