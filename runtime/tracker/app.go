package tracker

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

// Cloud is what the application asks of the cloud module. A call returns when the module has taken the message and ends early with its context.
// An error that wraps cloud.ErrUnsupported says that this cloud will never take such a message.
type Cloud interface {
	Report(ctx context.Context, update data.Update) error
	ReportBatch(ctx context.Context, batch data.Batch) error
	ReportConfig(ctx context.Context, configuration data.Configuration) error
}

// Identity tells what the device is. Taken and Version are filled in by the application.
type Identity interface {
	Identity(ctx context.Context) (data.Device, error)
}

// Radio tells about the network.
type Radio interface {
	Network(ctx context.Context) (data.Network, error)
}

// Options are what an App works with.
type Options struct {
	State    *durable.Folder // keeps the real-time configuration
	Identity Identity
	Radio    Radio // nil: no network data
	Sensors  Sensors
	Locator  Locator // nil: no location
	// Assistance helps the searches by satellites of the Locator. nil: nothing does
	Assistance Assistance
	Logger     *slog.Logger // nil: no log
	// TimeValid tells whether a time can be one that the clock shows when it is set. Nothing is sent before (reference 4.6); samples are kept
	// and get their right times then. nil: always.
	TimeValid func(time.Time) bool
}

// App samples and reports. Connected, Disconnected, ConfigEmpty, ChangeConfig, AGNSSReceived and PGPSReceived may be called from any goroutine, also before Run; they
// never block. Run does the rest.
type App struct {
	config  Config
	options Options
	logger  *slog.Logger
	wake    chan struct{} // holds one token: there is news

	mu            sync.Mutex
	configuration data.Configuration
	news          news

	// The rest belongs to Run.
	batteries    buffer[data.Battery]
	environments buffer[data.Environment]
	networks     buffer[data.Network]
	fixes        buffer[data.Fix]
	device       *data.Device // nil until it could be read
	deviceSent   bool
	configDue    bool // the configuration is to be reported
	noReports    bool // this cloud takes samples only in batches
	noBatches    bool // this cloud takes no batches
	noLocations  bool // this cloud is not to be asked for the location
	motion       motion

	search          <-chan located        // of the one search that goes on; nil: none
	locationRequest *data.LocationRequest // to be sent; nil: none

	connected, everConnected bool
}

// news is what has come in since Run last looked.
type news struct {
	connected     bool // as it is now
	everConnected bool
	configDue     bool // the cloud has none, or has sent one
	configChanged bool
}

// times that the SDK has no option for.
const (
	sampleTimeout  = 2 * time.Second  // for all readings of one sampling (reference 4.6)
	sendTimeout    = 30 * time.Second // for the cloud module to take one message: its queue may be full
	motionInterval = time.Second      // between readings of the accelerometer
)

// New makes the application and reads the real-time configuration. The error names options with values that it cannot work with.
func New(config Config, options Options) (*App, error) {
	if err := config.check(); err != nil {
		return nil, errorf("sample application: %w", err)
	}
	logger := options.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	if options.TimeValid == nil {
		options.TimeValid = func(time.Time) bool { return true }
	}
	a := &App{
		config: config, options: options, logger: logger, wake: make(chan struct{}, 1), configuration: config.initial(),
		batteries:    buffer[data.Battery]{limit: config.BatteryBuffer, store: config.StoreBatteries},
		environments: buffer[data.Environment]{limit: config.SensorBuffer, store: config.StoreEnvironments},
		networks:     buffer[data.Network]{limit: config.NetworkBuffer, store: config.StoreNetworks},
		fixes:        buffer[data.Fix]{limit: config.FixBuffer, store: config.StoreFixes},
	}
	a.loadConfiguration()
	return a, nil
}

// loadConfiguration takes the kept configuration in place of the compiled-in one. A spoiled file costs the cloud's changes, not the device.
func (a *App) loadConfiguration() {
	content, err := a.options.State.Read(configurationFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var kept data.Configuration
	if err == nil {
		kept, err = decodeConfiguration(content, a.configuration)
	}
	if err != nil {
		a.logger.Error("the kept configuration cannot be read: the compiled-in one counts until the cloud sends one",
			"file", a.options.State.Path(configurationFile), "error", err)
		return
	}
	a.configuration = kept
}

// Connected tells that data can be sent. The first time it makes the App sample.
func (a *App) Connected() {
	a.link(true)
	a.tell(func(n *news) { n.connected, n.everConnected = true, true })
}

// Disconnected tells that the connection is gone. Sampling goes on.
func (a *App) Disconnected() {
	a.link(false)
	a.tell(func(n *news) { n.connected = false })
}

// ConfigEmpty tells that the cloud has no configuration of this device: it is reported, once connected.
func (a *App) ConfigEmpty() { a.tell(func(n *news) { n.configDue = true }) }

// ChangeConfig changes the real-time configuration as the cloud asks. What counts afterwards is reported, also when nothing has changed: a
// refused value is visible to the cloud only so (reference 6.6).
func (a *App) ChangeConfig(change data.ConfigurationChange) {
	a.mu.Lock()
	next, refused := apply(a.configuration, change)
	changed := next != a.configuration
	a.configuration = next
	a.mu.Unlock()
	for _, err := range refused {
		a.logger.Warn("the cloud asked for a configuration that is refused", "error", err)
	}
	a.tell(func(n *news) {
		n.configDue = true
		n.configChanged = n.configChanged || changed
	})
}

// Configuration is the real-time configuration as it is now.
func (a *App) Configuration() data.Configuration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.configuration
}

func (a *App) tell(update func(*news)) {
	a.mu.Lock()
	update(&a.news)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default: // the token that is there is enough
	}
}

// Run does the application's work until ctx ends; then it returns nil. It is called once.
func (a *App) Run(ctx context.Context, cloud Cloud) error {
	timer := time.NewTimer(0)
	timer.Stop()
	defer timer.Stop()

	ctx, cancel := context.WithCancel(ctx)
	var assisting sync.WaitGroup
	if a.options.Assistance != nil {
		assisting.Go(func() { a.options.Assistance.Run(ctx, cloud) })
	}
	defer func() {
		cancel()
		assisting.Wait()
		if a.search != nil {
			<-a.search
		}
	}()
	started := false     // sampling begins with the first connection of a boot and goes on whatever becomes of it (reference 4.6)
	var last time.Time   // latest sampling
	var sendBy time.Time // until when its samples wait for the location; zero: they do not
	for {
		if started {
			timer.Reset(time.Until(a.wakeAt(last, sendBy)))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.wake:
			a.follow(ctx, cloud)
		case outcome := <-a.search:
			a.found(outcome)
		case <-timer.C:
			a.readMotion(ctx)
		}
		if !a.everConnected {
			continue
		}
		now := time.Now()
		next := !started || !now.Before(due(a.Configuration(), last, a.motion.moving))
		if !sendBy.IsZero() && (next || a.search == nil || !now.Before(sendBy)) {
			sendBy = time.Time{}
			a.send(ctx, cloud)
		}
		if !next {
			continue
		}
		started, last = true, now
		a.sample(ctx)
		if a.locate(ctx) {
			sendBy = now.Add(locationWait(a.Configuration()))
			continue
		}
		a.send(ctx, cloud)
	}
}

// wakeAt tells when Run has to look again: when sampling is due, when samples wait no longer for the location, in passive mode also for the
// accelerometer.
func (a *App) wakeAt(last, sendBy time.Time) time.Time {
	configuration := a.Configuration()
	next := due(configuration, last, a.motion.moving)
	if !sendBy.IsZero() && sendBy.Before(next) {
		next = sendBy
	}
	if reading := time.Now().Add(motionInterval); !configuration.ActiveMode && reading.Before(next) {
		return reading
	}
	return next
}

// follow takes the news.
func (a *App) follow(ctx context.Context, cloud Cloud) {
	a.mu.Lock()
	n := a.news
	a.news.configDue, a.news.configChanged = false, false
	configuration := a.configuration
	a.mu.Unlock()

	a.connected, a.everConnected = n.connected, n.everConnected
	a.configDue = a.configDue || n.configDue
	if n.configChanged {
		a.keepConfiguration(configuration)
	}
	a.reportConfiguration(ctx, cloud, configuration)
}

func (a *App) keepConfiguration(configuration data.Configuration) {
	if err := a.options.State.Write(configurationFile, encodeConfiguration(configuration)); err != nil {
		a.logger.Error("the configuration counts only until the next restart, for it cannot be kept", "error", err)
		return
	}
	a.logger.Info("new configuration", "active_mode", configuration.ActiveMode, "active_wait", configuration.ActiveWait,
		"movement_resolution", configuration.MovementResolution, "movement_timeout", configuration.MovementTimeout)
}

// reportConfiguration sends the configuration when it is due. While there is no connection, or when the module does not take it, it stays due
// until the next connection or sampling.
func (a *App) reportConfiguration(ctx context.Context, to Cloud, configuration data.Configuration) {
	if !a.configDue || !a.connected {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := to.ReportConfig(ctx, configuration)
	if err != nil && !errors.Is(err, cloud.ErrUnsupported) {
		a.logger.Warn("the configuration could not be reported yet", "error", err)
		return
	}
	a.configDue = false
}

func (a *App) readMotion(ctx context.Context) {
	configuration := a.Configuration()
	if configuration.ActiveMode {
		a.motion = motion{}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sampleTimeout)
	defer cancel()
	acceleration, err := a.options.Sensors.Acceleration(ctx)
	if err != nil {
		a.logger.Warn("the acceleration cannot be read", "error", err)
		return
	}
	a.motion.step(time.Now(), acceleration, configuration)
}

// sample reads all that can be read now into the buffers.
func (a *App) sample(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sampleTimeout)
	defer cancel()
	if a.device == nil {
		device, err := a.options.Identity.Identity(ctx)
		if err != nil {
			a.logger.Warn("the device's identity cannot be read", "error", err)
		} else {
			device.Version, device.Taken = a.config.Version, time.Now()
			a.device = &device
		}
	}
	if a.options.Radio != nil {
		network, err := a.options.Radio.Network(ctx)
		if a.sampled("network", err) {
			a.networks.add(network)
		}
	}
	if !a.config.Sensors {
		return
	}
	environment, err := a.options.Sensors.Environment(ctx)
	if a.sampled("environment", err) {
		a.environments.add(environment)
	}
	battery, err := a.options.Sensors.Battery(ctx)
	if a.sampled("battery", err) {
		a.batteries.add(battery)
	}
}

func (a *App) sampled(kind string, err error) bool {
	if err != nil {
		a.logger.Debug("nothing to sample", "kind", kind, "error", err)
	}
	return err == nil
}
