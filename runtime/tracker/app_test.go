package tracker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeCloud writes down what it is given, with the time since its start.
type fakeCloud struct {
	start time.Time

	mu            sync.Mutex
	lines         []string
	updates       []data.Update
	batches       []data.Batch
	configs       []data.Configuration
	locations     []data.LocationRequest
	err, batchErr error
	locationErr   error
	block         bool // calls wait for the end of their context
}

func (f *fakeCloud) Report(ctx context.Context, update data.Update) error {
	if f.block {
		<-ctx.Done()
		return ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	f.updates = append(f.updates, update)
	var kinds []string
	for _, kind := range []struct {
		name    string
		present bool
	}{{"device", update.Device != nil}, {"network", update.Network != nil}, {"fix", update.Fix != nil}, {"environment", update.Environment != nil}, {"battery", update.Battery != nil}} {
		if kind.present {
			kinds = append(kinds, kind.name)
		}
	}
	f.write("report " + strings.Join(kinds, "+"))
	return nil
}

func (f *fakeCloud) ReportBatch(ctx context.Context, batch data.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.batchErr != nil {
		return f.batchErr
	}
	f.batches = append(f.batches, batch)
	line := fmt.Sprintf("batch network %d, environment %d, battery %d", len(batch.Network), len(batch.Environment), len(batch.Battery))
	if len(batch.Fix) > 0 {
		line += fmt.Sprintf(", fix %d", len(batch.Fix))
	}
	f.write(line)
	return nil
}

func (f *fakeCloud) RequestLocation(_ context.Context, request data.LocationRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locationErr != nil {
		return f.locationErr
	}
	f.locations = append(f.locations, request)
	f.write(fmt.Sprintf("location request cell %v, Wi-Fi %v", request.Cell != nil, request.WiFi != nil))
	return nil
}

func (f *fakeCloud) ReportConfig(ctx context.Context, configuration data.Configuration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	f.configs = append(f.configs, configuration)
	f.write(fmt.Sprintf("config wait %v", configuration.ActiveWait))
	return nil
}

func (f *fakeCloud) write(line string) {
	f.lines = append(f.lines, time.Since(f.start).String()+" "+line)
}

func (f *fakeCloud) set(change func(*fakeCloud)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// fakeModem has a network as long as it is up.
type fakeModem struct {
	mu       sync.Mutex
	down     bool
	identity error
}

func (f *fakeModem) Identity(context.Context) (data.Device, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return data.Device{IMEI: "001234567890123"}, f.identity
}

func (f *fakeModem) Network(context.Context) (data.Network, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return data.Network{}, errors.New("no network")
	}
	return data.Network{CellID: 7, Taken: time.Now()}, nil
}

// bench is an application that runs in virtual time.
type bench struct {
	*App
	t     *testing.T
	cloud *fakeCloud
	modem *fakeModem
	dir   string
}

// start runs an application with the state in dir until the test ends.
func start(t *testing.T, config Config, dir string, change func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, cloud: &fakeCloud{start: time.Now()}, modem: &fakeModem{}, dir: dir}
	options := Options{State: durable.Open(dir), Identity: b.modem, Radio: b.modem, Sensors: NewSimulatedSensors(), Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	if change != nil {
		change(&options)
	}
	app, err := New(config, options)
	if err != nil {
		t.Fatal(err)
	}
	b.App = app
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- app.Run(ctx, b.cloud) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return b
}

// expect compares what the cloud was given since the last call.
func (b *bench) expect(want ...string) {
	b.t.Helper()
	synctest.Wait()
	b.cloud.mu.Lock()
	defer b.cloud.mu.Unlock()
	if got := strings.Join(b.cloud.lines, "\n"); got != strings.Join(want, "\n") {
		b.t.Errorf("the cloud was given:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	b.cloud.lines = nil
}

func TestSamplingBeginsWithTheFirstConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, testConfig(), t.TempDir(), nil)
		time.Sleep(time.Hour)
		b.expect()
		b.Connected()
		b.expect("1h0m0s report device+network+environment+battery")
		time.Sleep(4 * time.Minute)
		b.Disconnected()
		b.Connected() // not another sampling
		b.expect()
		time.Sleep(11 * time.Minute)
		b.expect("1h5m0s report network+environment+battery", "1h10m0s report network+environment+battery", "1h15m0s report network+environment+battery")

		first, last := b.cloud.updates[0], b.cloud.updates[3]
		if first.Device.IMEI != "001234567890123" || first.Device.Version != "1.2.3" || first.Device.Taken.IsZero() {
			t.Errorf("device %+v", first.Device)
		}
		if e := first.Environment; e.Temperature != 21 || e.Humidity != 45 || e.Pressure != 101.3 || e.AirQuality != 50 {
			t.Errorf("environment %+v", e)
		}
		if first.Battery.Percent != 100 || last.Battery.Percent >= 100 || !last.Battery.Taken.Equal(time.Now()) || *last.Environment == *first.Environment {
			t.Errorf("last update %+v %+v", last.Battery, last.Environment)
		}
	})
}

func TestCoverageGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, testConfig(), t.TempDir(), nil)
		b.Connected()
		time.Sleep(time.Minute)
		b.expect("0s report device+network+environment+battery")
		b.Disconnected()
		b.modem.mu.Lock()
		b.modem.down = true
		b.modem.mu.Unlock()
		time.Sleep(61 * time.Minute) // twelve samplings into buffers of 10 and 3
		b.expect()
		b.modem.mu.Lock()
		b.modem.down = false
		b.modem.mu.Unlock()
		b.Connected()
		b.expect() // the next sampling sends
		time.Sleep(4 * time.Minute)
		b.expect("1h5m0s report network+environment+battery", "1h5m0s batch network 0, environment 9, battery 2")
		batch := b.cloud.batches[0]
		if first, last := batch.Environment[0].Taken, batch.Environment[8].Taken; last.Sub(first) != 8*5*time.Minute {
			t.Errorf("environment from %v to %v", first, last)
		}
		time.Sleep(5 * time.Minute)
		b.expect("1h10m0s report network+environment+battery")
	})
}

func TestWhatCannotBeSentIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, testConfig(), t.TempDir(), nil)
		b.cloud.err = cloud.ErrNotConnected
		b.ConfigEmpty()
		b.Connected()
		b.expect()
		b.cloud.set(func(f *fakeCloud) { f.err = nil; f.batchErr = cloud.ErrNotConnected })
		time.Sleep(5 * time.Minute)
		b.expect("5m0s config wait 5m0s", "5m0s report device+network+environment+battery") // the batch fails
		b.cloud.set(func(f *fakeCloud) { f.batchErr = nil })
		time.Sleep(5 * time.Minute)
		b.expect("10m0s report network+environment+battery", "10m0s batch network 1, environment 1, battery 1")
	})
}

func TestCloudsThatDoNotTakeEverything(t *testing.T) {
	unsupported := fmt.Errorf("send: %w", cloud.ErrUnsupported)
	synctest.Test(t, func(t *testing.T) { // only batches, as nRF Cloud
		b := start(t, testConfig(), t.TempDir(), nil)
		b.cloud.err = unsupported
		b.Connected()
		time.Sleep(5 * time.Minute)
		b.expect("0s batch network 1, environment 1, battery 1", "5m0s batch network 1, environment 1, battery 1")
	})
	synctest.Test(t, func(t *testing.T) { // no batches, as LwM2M
		b := start(t, testConfig(), t.TempDir(), nil)
		b.cloud.batchErr = unsupported
		b.Connected()
		time.Sleep(time.Minute)
		b.Disconnected()
		time.Sleep(time.Hour)
		b.Connected()
		time.Sleep(10 * time.Minute)
		b.expect("0s report device+network+environment+battery", "1h5m0s report network+environment+battery", "1h10m0s report network+environment+battery")
	})
}

func TestAFullModuleHoldsUpOneMessageOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, testConfig(), t.TempDir(), nil)
		b.cloud.block = true
		b.Connected()
		time.Sleep(time.Minute) // Report waits 30 s
		b.ChangeConfig(data.ConfigurationChange{ActiveWait: new(time.Minute)})
		synctest.Wait()
		b.expect("1m0s config wait 1m0s")
	})
}

func TestConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := start(t, testConfig(), dir, nil)
		b.ConfigEmpty()
		time.Sleep(time.Minute)
		b.expect() // only once connected
		b.Connected()
		b.expect("1m0s config wait 5m0s", "1m0s report device+network+environment+battery")

		b.ChangeConfig(data.ConfigurationChange{ActiveWait: new(time.Minute)})
		b.expect("1m0s config wait 1m0s")
		time.Sleep(2 * time.Minute)
		b.expect("2m0s report network+environment+battery", "3m0s report network+environment+battery")

		b.ChangeConfig(data.ConfigurationChange{ActiveWait: new(time.Duration(0))}) // refused, and visible by the report
		b.expect("3m0s config wait 1m0s")
		b.ChangeConfig(data.ConfigurationChange{})
		b.expect("3m0s config wait 1m0s")

		b.Disconnected()
		b.ChangeConfig(data.ConfigurationChange{ActiveWait: new(time.Hour)})
		b.expect()
		b.Connected()
		b.expect("3m0s config wait 1h0m0s")

		restarted := start(t, testConfig(), dir, nil)
		restarted.ConfigEmpty()
		restarted.Connected()
		restarted.expect("0s config wait 1h0m0s", "0s report device+network+environment+battery")
	})
}

func TestConfigurationIsWrittenOnlyWhenItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, testConfig(), t.TempDir(), nil)
		b.Connected()
		b.ChangeConfig(data.ConfigurationChange{ActiveWait: new(5 * time.Minute), ActiveMode: new(true)})
		synctest.Wait()
		if _, err := os.Stat(filepath.Join(b.dir, configurationFile)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a configuration that has not changed was written: %v", err)
		}
	})
}

func TestSpoiledConfigurationFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, configurationFile), []byte(`{"active_wait_s": 1, "act`), 0o600); err != nil {
			t.Fatal(err)
		}
		b := start(t, testConfig(), dir, nil)
		if got := b.Configuration(); got != testConfig().initial() {
			t.Errorf("%+v", got)
		}
		b.Connected()
		b.ChangeConfig(data.ConfigurationChange{ActiveWait: new(time.Minute)})
		synctest.Wait()
		if content, err := os.ReadFile(filepath.Join(dir, configurationFile)); err != nil || !strings.Contains(string(content), `"active_wait_s":60`) {
			t.Errorf("after a change the file holds %s, %v", content, err)
		}
	})
}

func TestPassiveMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := testConfig()
		config.DeviceMode = ModePassive
		b := start(t, config, t.TempDir(), nil)
		b.Connected()
		// The simulated device rests for 10 min, drives for 15 min, rests again; 60 s after the drive it counts as still.
		time.Sleep(34 * time.Minute)
		all := " report network+environment+battery"
		b.expect("0s report device+network+environment+battery", "10m0s"+all, "12m0s"+all, "14m0s"+all, "16m0s"+all, "18m0s"+all, "20m0s"+all,
			"22m0s"+all, "24m0s"+all)
		b.ChangeConfig(data.ConfigurationChange{MovementTimeout: new(30 * time.Minute), AccelerometerActivity: new(20.0)})
		time.Sleep(time.Hour)
		b.expect("34m0s config wait 5m0s", "54m0s"+all, "1h24m0s"+all)
		b.ChangeConfig(data.ConfigurationChange{ActiveMode: new(true)})
		time.Sleep(5 * time.Minute)
		b.expect("1h34m0s config wait 5m0s", "1h34m0s"+all, "1h39m0s"+all)
	})
}

func TestNothingIsSentBeforeTheClockIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		setAt := time.Now().Add(12 * time.Minute)
		b := start(t, testConfig(), t.TempDir(), func(o *Options) { o.TimeValid = setAt.Before })
		b.Connected()
		time.Sleep(11 * time.Minute)
		b.expect()
		time.Sleep(5 * time.Minute)
		b.expect("15m0s report device+network+environment+battery", "15m0s batch network 2, environment 3, battery 2")
	})
}

func TestIdentityIsReportedWhenItCanBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, testConfig(), t.TempDir(), func(o *Options) { o.Radio = nil })
		b.modem.identity = errors.New("the modem starts")
		b.Connected()
		b.expect("0s report environment+battery")
		b.modem.mu.Lock()
		b.modem.identity = nil
		b.modem.mu.Unlock()
		time.Sleep(10 * time.Minute)
		b.expect("5m0s report device+environment+battery", "10m0s report environment+battery")
	})
}
