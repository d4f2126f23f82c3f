package firmware

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/clock"
	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/tracker"
)

func trackerConfig() tracker.Config {
	return tracker.Config{
		Version: "1.2.3", RebootTimeout: 30 * time.Second, DeviceMode: tracker.ModeActive, ActiveWait: 300 * time.Second,
		MovementResolution: 120 * time.Second, MovementTimeout: time.Hour, LocationTimeout: 300 * time.Second,
		FixBuffer: 10, SensorBuffer: 10, NetworkBuffer: 3, BatteryBuffer: 3,
		StoreFixes: true, StoreEnvironments: true, StoreNetworks: true, StoreBatteries: true, Sensors: true,
	}
}

// fakeCloud stands in for the cloud module.
type fakeCloud struct {
	options module.Options
	behave  func(context.Context, *fakeCloud) error

	mu      sync.Mutex
	updates []data.Update
	configs []data.Configuration

	locations []data.LocationRequest
}

func (f *fakeCloud) Run(ctx context.Context) error { return f.behave(ctx, f) }

// Ping implements cloudModule.
func (*fakeCloud) Ping(context.Context) error { return nil }

func (f *fakeCloud) Report(_ context.Context, update data.Update) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.updates = append(f.updates, update)
	return nil
}

func (f *fakeCloud) RequestLocation(_ context.Context, request data.LocationRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.locations = append(f.locations, request)
	return nil
}

func (f *fakeCloud) ReportBatch(context.Context, data.Batch) error { return cloud.ErrUnsupported }

func (f *fakeCloud) ReportConfig(_ context.Context, configuration data.Configuration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.configs = append(f.configs, configuration)
	return nil
}

// untilAsked is a cloud module that works until it is asked to end.
func untilAsked(ctx context.Context, _ *fakeCloud) error {
	<-ctx.Done()
	return nil
}

// trial is one run of the process with a fake cloud module.
type trial struct {
	process
	signals chan os.Signal
	log     bytes.Buffer
	output  bytes.Buffer
	cloud   *fakeCloud
	dir     string
}

func newTrial(t *testing.T, behave func(context.Context, *fakeCloud) error) *trial {
	r := &trial{signals: make(chan os.Signal, 2), cloud: &fakeCloud{behave: behave}, dir: t.TempDir()}
	r.process = process{
		name: "tracker", tracker: trackerConfig(), stdout: &r.output, stderr: &r.log, signals: r.signals,
		newCloud: func(options module.Options) (cloudModule, error) { r.cloud.options = options; return r.cloud, nil },
		newModem: sim.Open,
	}
	return r
}

func (r *trial) run(args ...string) int {
	return r.process.run(append([]string{"-data", filepath.Join(r.dir, "data"), "-credentials", r.dir}, args...))
}

// wants looks for texts in the log.
func (r *trial) wants(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.log.String(), text) {
			t.Errorf("%q is missing in the log:\n%s", text, r.log.String())
		}
	}
}

func TestExitStatus(t *testing.T) {
	reboot := fmt.Errorf("cloud module: %w", &module.RebootError{Reason: "CLOUD_EVT_ERROR", Err: errors.New("all attempts are used up")})
	after := func(wait time.Duration, err error) func(context.Context, *fakeCloud) error {
		return func(ctx context.Context, _ *fakeCloud) error {
			select {
			case <-time.After(wait):
				return err
			case <-ctx.Done():
				return nil
			}
		}
	}
	deaf := func(ctx context.Context, _ *fakeCloud) error {
		<-ctx.Done()
		time.Sleep(time.Hour)
		return nil
	}
	for _, test := range []struct {
		name    string
		behave  func(context.Context, *fakeCloud) error
		signals []time.Duration // when one is sent
		want    int
		took    time.Duration
		log     []string
	}{
		{"asked to end", untilAsked, []time.Duration{time.Hour}, StatusOK, time.Hour, []string{"ends in order", "signal=terminated", "msg=end\n"}},
		{"module ended by Shutdown", after(time.Minute, nil), nil, StatusOK, time.Minute, nil},
		{"reboot wanted", after(time.Minute, reboot), nil, StatusReboot, time.Minute + 5*time.Second, []string{"msg=reboot", "all attempts are used up", "event=UTIL_EVT_SHUTDOWN_REQUEST"}},
		{"asked to end while a reboot is near", after(time.Minute, reboot), []time.Duration{time.Minute + time.Second}, StatusOK, time.Minute + time.Second, []string{"in place of a reboot"}},
		{"failure", after(time.Minute, errors.New("the topic is too long")), nil, StatusFailure, time.Minute, []string{"the topic is too long"}},
		{"asked twice", deaf, []time.Duration{time.Minute, time.Second}, StatusFailure, time.Minute + time.Second, []string{"ends at once"}},
		{"does not end in time", deaf, []time.Duration{time.Minute}, StatusFailure, time.Minute + 30*time.Second, []string{"cloud module: did not shut down in time"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newTrial(t, test.behave)
				begin := time.Now()
				status := make(chan int)
				go func() { status <- r.run() }()
				for _, wait := range test.signals {
					time.Sleep(wait)
					r.signals <- syscall.SIGTERM
				}
				if got := <-status; got != test.want {
					t.Errorf("status %d, want %d", got, test.want)
				}
				if took := time.Since(begin); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				r.wants(t, test.log...)
				time.Sleep(2 * time.Hour) // a deaf module ends before the bubble does
			})
		})
	}
}

func TestApplicationAndCloudModuleAreConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(clock.FirstYear, 6, 1, 0, 0, 0, 0, time.UTC))) // bubbles begin in the year 2000
		r := newTrial(t, func(ctx context.Context, f *fakeCloud) error {
			modemContext, stop := context.WithCancel(ctx)
			defer stop()
			f.options.OnEvent(module.Event{Type: module.EventConfigEmpty})
			if err := f.options.Modem.Run(modemContext, func(event modem.Event) {
				switch event.Type {
				case modem.EventLTEConnected:
					f.options.OnEvent(module.Event{Type: module.EventConnected})
					f.options.OnEvent(module.Event{Type: module.EventConfigReceived, Config: data.ConfigurationChange{ActiveWait: new(time.Minute)}})
					time.AfterFunc(90*time.Second, func() { f.options.OnEvent(module.Event{Type: module.EventDisconnected}) })
				}
			}); err != nil {
				t.Error(err)
			}
			return nil
		})
		status := make(chan int)
		go func() { status <- r.run("-endpoint", "localhost:8883") }()
		time.Sleep(10 * time.Minute)
		r.signals <- os.Interrupt
		if got := <-status; got != StatusOK {
			t.Errorf("status %d", got)
		}
		if len(r.cloud.updates) != 2 || len(r.cloud.configs) == 0 {
			t.Fatalf("%d updates, %d configurations\n%s", len(r.cloud.updates), len(r.cloud.configs), r.log.String())
		}
		first := r.cloud.updates[0]
		if first.Device == nil || len(first.Device.IMEI) != 15 || first.Device.Version != "1.2.3" || first.Network == nil || first.Environment == nil || first.Battery == nil {
			t.Errorf("first update %+v", first)
		}
		if last := r.cloud.configs[len(r.cloud.configs)-1]; last.ActiveWait != time.Minute {
			t.Errorf("last configuration %+v", last)
		}
		if o := r.cloud.options; o.Endpoint != "localhost:8883" || o.Version != "1.2.3" || o.DataDir != filepath.Join(r.dir, "data") || o.Logger == nil || o.Credentials == nil {
			t.Errorf("options %+v", o)
		}
		for _, file := range []string{"imei", "configuration", "lock"} {
			info, err := os.Stat(filepath.Join(r.dir, "data", file))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", file, info, err)
			}
		}
		if info, err := os.Stat(filepath.Join(r.dir, "data")); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("data folder: %v, %v", info.Mode(), err)
		}
	})
}

func TestWithoutRunning(t *testing.T) {
	for _, test := range []struct {
		args   []string
		want   int
		output string
		log    string
	}{
		{[]string{"-version"}, StatusOK, "tracker 1.2.3\n", ""},
		{[]string{"-h"}, StatusOK, "", "Usage of tracker"},
		{[]string{"-log", "xml"}, StatusUsage, "", "must be text or json"},
		{[]string{"-data", "/dev/null/data"}, StatusFailure, "", "name another one with -data"},
		{[]string{"-data", "/dev/null"}, StatusFailure, "", "name another one with -data"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			r := newTrial(t, func(context.Context, *fakeCloud) error { t.Error("runs"); return nil })
			if got := r.run(test.args...); got != test.want || r.output.String() != test.output {
				t.Errorf("status %d, want %d; output %q", got, test.want, r.output.String())
			}
			r.wants(t, test.log)
		})
	}
}

func TestCannotStart(t *testing.T) {
	r := newTrial(t, untilAsked)
	r.tracker.ActiveWait = 0
	if got := r.run(); got != StatusFailure {
		t.Errorf("status %d", got)
	}
	r.wants(t, "DATA_ACTIVE_TIMEOUT_SECONDS is 0")

	r = newTrial(t, untilAsked)
	r.newCloud = func(module.Options) (cloudModule, error) { return nil, errors.New("CLOUD_CLIENT_ID is empty") }
	if got := r.run("-log", "json"); got != StatusFailure {
		t.Errorf("status %d", got)
	}
	r.wants(t, `"level":"ERROR"`, `"error":"CLOUD_CLIENT_ID is empty"`)

	r = newTrial(t, untilAsked)
	r.newModem = nil
	if got := r.run(); got != StatusFailure {
		t.Errorf("status %d", got)
	}
	r.wants(t, "there is no modem adapter")

	r = newTrial(t, untilAsked)
	if err := os.MkdirAll(filepath.Join(r.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "data", sim.ScriptFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := r.run(); got != StatusFailure {
		t.Errorf("status %d", got)
	}
	r.wants(t, "modem.script, and this program plays none: build it with MODEM_ADAPTER_SCRIPTED=y")
}

func TestCredentialsFolder(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(path string) error
		log  string
	}{
		{"missing", func(string) error { return nil }, "there is no credentials folder: make it"},
		{"a file", func(path string) error { return os.WriteFile(path, nil, 0o600) }, "is not a folder"},
		{"there", func(path string) error { return os.Mkdir(path, 0o700) }, "msg=start"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newTrial(t, func(context.Context, *fakeCloud) error { return nil })
			path := filepath.Join(r.dir, "credentials")
			if err := test.make(path); err != nil {
				t.Fatal(err)
			}
			if got := r.run("-credentials", path); got != StatusOK {
				t.Errorf("status %d: it is no reason to end", got)
			}
			r.wants(t, test.log)
			if test.name == "there" && strings.Contains(r.log.String(), "WARN") {
				t.Errorf("a warning without a reason: %s", r.log.String())
			}
		})
	}
}

func TestLock(t *testing.T) {
	folder := t.TempDir()
	first, err := lock(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(folder); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("second lock: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := lock(folder)
	if err != nil {
		t.Fatalf("after the first has gone: %v", err)
	}
	again.Close()
	if _, err := lock(filepath.Join(folder, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}

func TestHolder(t *testing.T) {
	for content, want := range map[string]string{
		"": "", "x": "", "-1\n": "", "0": "", "99999999999999999999999": "", "999999999\n": " (process 999999999)",
	} {
		if got := holder(strings.NewReader(content)); got != want {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}
