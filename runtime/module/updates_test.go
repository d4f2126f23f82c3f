package module

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/fotatest"
)

// updated is a target that notes what the module asks of it, in the backend's list of calls.
type updated struct {
	fotatest.Target
	backend *scriptedBackend
	host    fota.Host
	fails   error
}

func (u *updated) Open(host fota.Host) error {
	u.host = host
	u.backend.note("Open")
	return nil
}

func (u *updated) Apply(context.Context) error {
	u.backend.note("Apply")
	return nil
}

func (u *updated) Confirm() error {
	u.backend.note("Confirm")
	return u.fails
}

// reporting is a backend that tells its cloud of updates.
type reporting struct{ *scriptedBackend }

func (r reporting) ReportUpdates(context.Context) { r.note("ReportUpdates") }

func TestUpdates(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		target := &updated{backend: w.backend, fails: errTest}
		config := testConfig()
		config.Targets = []fota.Target{target}
		ctx, cancel := context.WithCancel(context.Background())
		w.run(ctx, config, reporting{w.backend})
		device, err := NewDevice(config, Options{Modem: w.modem})
		if err != nil || len(device.Targets) != 1 {
			t.Fatal(device.Targets, err)
		}
		w.up()
		if err := w.module.Ping(ctx); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		w.backend.drop()
		time.Sleep(time.Minute)
		synctest.Wait()
		calls := w.backend.Calls()
		// What cannot be confirmed is tried again with the next connection, and the cloud is told each time.
		if want := []string{"Open", "Apply", "Init", "Connect", "Confirm", "ReportUpdates", "Connect", "Confirm", "ReportUpdates"}; !slices.Equal(calls, want) {
			t.Errorf("calls %v, want %v", calls, want)
		}
		if target.host.Modem != w.modem || target.host.Logger == nil {
			t.Errorf("the target was given %+v", target.host)
		}
		cancel()
		if err := <-w.result; err != nil {
			t.Error(err)
		}
		if err := w.module.Ping(context.Background()); !errors.Is(err, ErrShutdown) {
			t.Errorf("Ping after the end: %v", err)
		}
	})
}
