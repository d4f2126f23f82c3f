package modemimage_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/modemimage"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patch begins as a modem delta does.
var patch = append([]byte{0, 0, 0, 0, 0x6d, 0x65, 0x44, 0x75}, make([]byte, 5000)...)

// device is what a start of the firmware finds: a data folder, and a modem that behaves as it is told.
type device struct {
	*testing.T
	dir    string
	told   []fota.EventKind
	target *modemimage.Target
}

// cuttable is the simulated modem, whose power may go.
type cuttable struct {
	*sim.Modem
	cut  bool          // the answer to ApplyUpdate is lost
	slow time.Duration // of StageUpdate
}

func (c *cuttable) ApplyUpdate() (modem.UpdateOutcome, error) {
	outcome, err := c.Modem.ApplyUpdate()
	if c.cut {
		panic("the power is cut")
	}
	return outcome, err
}

func (c *cuttable) StageUpdate(ctx context.Context, kind modem.UpdateKind, file io.ReaderAt, size int64) error {
	time.Sleep(c.slow)
	return c.Modem.StageUpdate(ctx, kind, file, size)
}

func (d *device) start(update sim.Update, change func(*cuttable)) {
	d.Helper()
	c := &cuttable{Modem: sim.New(sim.Options{DataDir: d.dir, Script: &sim.Script{Update: update}})}
	if change != nil {
		change(c)
	}
	var err error
	if d.target, err = modemimage.New(modemimage.Config{Delta: true, EraseNotices: time.Minute}); err != nil {
		d.Fatal(err)
	}
	if err := d.target.Open(fota.Host{DataDir: d.dir, Modem: c, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		d.Fatal(err)
	}
}

func (d *device) download() error {
	image, err := d.target.Begin(d.Context(), fota.Plan{
		ID: "patch 1", Type: fota.TypeModemDelta, Size: int64(len(patch)), Tell: func(kind fota.EventKind) { d.told = append(d.told, kind) },
	})
	if err != nil {
		return err
	}
	if _, err := image.Write(patch); err != nil {
		return err
	}
	return image.Commit()
}

func (d *device) want(outcome fota.Outcome, why string) {
	d.Helper()
	got, reason := d.target.Outcome()
	if got != outcome || (reason != nil) != (outcome == fota.OutcomeFailed) {
		d.Errorf("%s: the outcome is %v: %v, want %v", why, got, reason, outcome)
	}
}

func TestUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{T: t, dir: t.TempDir()}
		d.start(sim.Update{}, nil)
		d.want(fota.OutcomeNone, "at first")
		if err := d.download(); err != nil {
			t.Fatal(err)
		}
		if err := d.target.Schedule(); err != nil {
			t.Fatal(err)
		}
		d.want(fota.OutcomePending, "scheduled")
		for _, each := range []struct {
			outcome modem.UpdateOutcome
			want    fota.Outcome
			fails   bool
		}{
			{modem.UpdateDeferred, fota.OutcomePending, true},
			{modem.UpdateDone, fota.OutcomeInstalled, false},
			{modem.UpdateDone, fota.OutcomeInstalled, false}, // nothing is left to do
		} {
			d.start(sim.Update{Outcome: each.outcome}, nil)
			if err := d.target.Apply(t.Context()); (err != nil) != each.fails {
				t.Errorf("%v: %v", each.outcome, err)
			}
			d.want(each.want, each.outcome.String())
		}
		if _, err := os.Stat(filepath.Join(d.dir, "modem-update", "image")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the image is kept: %v", err)
		}
	})
}

// The answer of the modem is lost with the power: the update is not applied to what it has made.
func TestLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{T: t, dir: t.TempDir()}
		d.start(sim.Update{Outcome: modem.UpdateDone}, func(c *cuttable) { c.cut = true })
		if err := errors.Join(d.download(), d.target.Schedule()); err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("not cut")
				}
			}()
			_ = d.target.Apply(t.Context()) // does not return
		}()
		d.start(sim.Update{Refused: true}, nil)
		if err := d.target.Apply(t.Context()); err != nil {
			t.Error(err)
		}
		d.want(fota.OutcomeInstalled, "after the cut")
	})
}

func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{T: t, dir: t.TempDir()}
		d.start(sim.Update{Refused: true}, nil)
		if err := d.download(); !errors.Is(err, fota.ErrRefused) || d.target.Staged() == nil {
			t.Errorf("refused: %v, and staged: %v", err, d.target.Staged())
		}
		d.start(sim.Update{Outcome: modem.UpdateRejected}, nil)
		if err := errors.Join(d.download(), d.target.Schedule()); err != nil {
			t.Fatal(err)
		}
		if err := d.target.Apply(t.Context()); err == nil {
			t.Error("no error")
		}
		d.want(fota.OutcomeFailed, "rejected")
		target, err := modemimage.New(modemimage.Config{Full: true})
		if err != nil || target.Types() != fota.TypeFullModem {
			t.Error(target.Types(), err)
		}
		if err := target.Open(fota.Host{DataDir: d.dir, Modem: plain{}, Logger: slog.New(slog.DiscardHandler)}); err != nil {
			t.Error(err)
		}
		if _, err := target.Begin(t.Context(), fota.Plan{}); err == nil {
			t.Error("a modem that takes no updates is given one")
		}
	})
}

// mute is a modem that does not tell its version.
type mute struct {
	modem.Modem
	modem.Updater
}

// TestBroken: a modem without firmware is given the image at each start, also one of which nobody can tell what it runs.
func TestBroken(t *testing.T) {
	dir := t.TempDir()
	var target *modemimage.Target
	start := func(outcome modem.UpdateOutcome) {
		t.Helper()
		m := sim.New(sim.Options{DataDir: dir, Script: &sim.Script{Update: sim.Update{Outcome: outcome}}})
		var err error
		if target, err = modemimage.New(modemimage.Config{Delta: true}); err != nil {
			t.Fatal(err)
		}
		if err := target.Open(fota.Host{DataDir: dir, Modem: mute{m, m}, Logger: slog.New(slog.DiscardHandler)}); err != nil {
			t.Fatal(err)
		}
	}
	start(modem.UpdateBroken)
	d := &device{T: t, dir: dir, target: target}
	if err := errors.Join(d.download(), target.Schedule()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		start(modem.UpdateBroken)
		if err := target.Apply(t.Context()); err == nil {
			t.Error("it is broken, and that is no error")
		}
		if why, restart := target.Postponed(); why == nil || !restart {
			t.Errorf("postponed: %v, %v", why, restart)
		}
		if err := target.Forget(); err != nil || target.Staged() != nil {
			t.Errorf("all that helps is forgotten: %v", err)
		}
	}
	start(modem.UpdateDone)
	if err := target.Apply(t.Context()); err != nil {
		t.Error(err)
	}
	if outcome, _ := target.Outcome(); outcome != fota.OutcomeInstalled {
		t.Errorf("the outcome is %v", outcome)
	}
}

// TestGivenUp: an image that the modem has put off can be taken back, and one whose download is cancelled while it is handed over does not stay.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{T: t, dir: t.TempDir()}
		d.start(sim.Update{Outcome: modem.UpdateDeferred}, nil)
		if err := errors.Join(d.download(), d.target.Schedule()); err != nil {
			t.Fatal(err)
		}
		if err := d.target.Apply(t.Context()); err == nil {
			t.Error("deferred, and no error")
		}
		if why, restart := d.target.Postponed(); why == nil || !restart {
			t.Errorf("postponed: %v, %v", why, restart)
		}
		if err := d.target.Forget(); err != nil {
			t.Error(err)
		}
		d.want(fota.OutcomeNone, "forgotten")
		for _, cause := range []error{nil, errors.New("cancelled")} {
			ctx, cancel := context.WithCancelCause(t.Context())
			image, err := d.target.Begin(ctx, fota.Plan{ID: "patch 2", Type: fota.TypeModemDelta, Size: int64(len(patch))})
			if err != nil {
				t.Fatal(err)
			}
			if image.Offset() == 0 {
				_, err = image.Write(patch)
			}
			if err != nil {
				t.Fatal(err)
			}
			cancel(cause)
			if err := image.Commit(); !errors.Is(err, context.Canceled) || (d.target.Staged() == nil) != (cause == nil) {
				t.Errorf("ended by %v: %v, staged: %v", cause, err, d.target.Staged())
			}
		}
	})
}

// plain is a modem that cannot be updated.
type plain struct{ modem.Modem }

func TestNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{T: t, dir: t.TempDir()}
		d.start(sim.Update{}, func(c *cuttable) { c.slow = 150 * time.Second })
		if err := d.download(); err != nil {
			t.Fatal(err)
		}
		want := []fota.EventKind{fota.EventErasePending, fota.EventEraseTimeout, fota.EventEraseTimeout, fota.EventEraseDone}
		if len(d.told) != len(want) {
			t.Fatalf("told %v, want %v", d.told, want)
		}
		for i := range want {
			if d.told[i] != want[i] {
				t.Fatalf("told %v, want %v", d.told, want)
			}
		}
	})
}
