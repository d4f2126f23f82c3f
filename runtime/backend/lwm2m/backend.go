// Package lwm2m is the backend of LwM2M 1.1 servers: an LwM2M client with the objects of the build, which are filled with what the module
// hands over, sent by Send, and written by the server.
//
// Batches, diagnostics and a state that the cloud keeps are not declared, for LwM2M has none of them. The real-time configuration is object
// 50009, which the server reads and writes.
package lwm2m

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// Config is what the options say about the LwM2M backend.
type Config struct {
	EndpointPrefix    string        `kconfig:"LWM2M_INTEGRATION_ENDPOINT_PREFIX"`
	FlushSessionCache bool          `kconfig:"LWM2M_INTEGRATION_FLUSH_SESSION_CACHE"`
	Server            string        `kconfig:"LWM2M_CLIENT_UTILS_SERVER"` // URI, of the bootstrap server where there is one
	ServerTag         int           `kconfig:"LWM2M_CLIENT_UTILS_SERVER_TLS_TAG"`
	BootstrapTag      int           `kconfig:"LWM2M_CLIENT_UTILS_BOOTSTRAP_TLS_TAG"`
	DownloadTag       int           `kconfig:"LWM2M_CLIENT_UTILS_DOWNLOADER_SEC_TAG"`                   // of images; -1: none
	DeviceAtStart     bool          `kconfig:"LWM2M_CLIENT_UTILS_DEVICE_OBJ_SUPPORT"`                   // object 3 is filled before the first samples
	FollowModem       bool          `kconfig:"LWM2M_CLIENT_UTILS_CONN_MON_OBJ_SUPPORT"`                 // object 4 is filled between the samples too
	ModemPause        time.Duration `kconfig:"LWM2M_CONN_HOLD_TIME_RSRP,unit=s"`                        // between two looks at the modem
	AskCell           bool          `kconfig:"LWM2M_CLIENT_UTILS_LOCATION_ASSIST_CELL"`                 // the location may be asked for
	AskAGNSS          bool          `kconfig:"LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS"`                // assistance data may be asked for
	ElevationMask     int           `kconfig:"LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS_ELEVATION_MASK"` // degrees; -1: none
	Manufacturer      string        `kconfig:"CLOUD_CODEC_MANUFACTURER"`
	Client            client.Config

	DTLS    client.Dialer  `slot:"dtls"` // nil: servers are reached by coap alone
	Console Console        `slot:"lwm2m-console"`
	Objects []lwm2m.Object `slot:"lwm2m-object"`
}

// Backend is the driver of an LwM2M server. Its methods may be called from any goroutine.
type Backend struct {
	cloud.Notifier
	config  Config
	device  module.Device
	logger  *slog.Logger
	receive func(data.Received)

	mu            sync.Mutex
	endpoint      string   // "" before Init
	running       *running // nil before the first Connect
	subscriptions []lwm2m.Path
	configuration data.Configuration // as last reported
}

// running is the client, from the first Connect until Uninit.
type running struct {
	client *client.Client
	cancel context.CancelFunc
	work   sync.WaitGroup // the client's Run, the requests' timers, the modem's follower, the console

	mu        sync.Mutex
	connected bool       // EventReady was given, and no EventDisconnected since
	waiting   chan error // of the Connect that waits, with room for one; nil: none waits
	requests  requests
	asking    chan struct{} // holds one token: the requests' timers have changed
}

// New makes a backend. It checks the configuration; nothing is asked of the device or the network before Init.
func New(config Config, device module.Device) (*Backend, error) {
	switch {
	case device.ID == nil:
		return nil, errors.New("lwm2m: the device has no source of its id")
	case config.FollowModem && config.ModemPause < 0:
		return nil, fmt.Errorf("lwm2m: LWM2M_CONN_HOLD_TIME_RSRP is %v: 0 s and above", config.ModemPause)
	}
	logger := device.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Backend{config: config, device: device, logger: logger}, nil
}

// Bind sets the function that takes what the server writes. It is called once, before Init.
func (b *Backend) Bind(receive func(data.Received)) { b.receive = receive }

// Init asks the device for its id and sets who takes the events. With a console that starts the client by hand, the client runs from here on.
func (b *Backend) Init(ctx context.Context, handler cloud.Handler) error {
	b.mu.Lock()
	initialized := b.endpoint != ""
	b.mu.Unlock()
	if initialized {
		return errors.New("lwm2m: already initialised: call Uninit first")
	}
	id, err := b.device.ID(ctx)
	if err != nil {
		return fmt.Errorf("lwm2m: client id: %w", err)
	}
	b.SetHandler(handler)
	b.mu.Lock()
	b.endpoint = b.config.EndpointPrefix + id
	b.mu.Unlock()
	if b.config.Console == nil {
		return nil
	}
	_, err = b.start(ctx)
	return err
}

// Uninit ends the client, without a word to the server, and joins what the backend has started. It must not be called from the handler.
func (b *Backend) Uninit() error {
	b.mu.Lock()
	if b.endpoint == "" {
		b.mu.Unlock()
		return fmt.Errorf("lwm2m: %w", cloud.ErrNotInitialized)
	}
	r := b.running
	b.running = nil
	b.mu.Unlock()
	if r != nil {
		r.cancel()
		r.work.Wait()
	}
	b.SetHandler(nil)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.endpoint = ""
	return nil
}

// ID gives the endpoint name.
func (b *Backend) ID() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.endpoint == "" {
		return "", fmt.Errorf("lwm2m: %w", cloud.ErrNotInitialized)
	}
	return b.endpoint, nil
}

// KeepaliveTimeLeft is negative: LwM2M has no keep-alive, only the lifetime of the registration.
func (b *Backend) KeepaliveTimeLeft() time.Duration { return -time.Second }

// Input does nothing: the client reads by itself.
func (b *Backend) Input() error { return nil }

// start gives the client, which runs from the first call on.
func (b *Backend) start(ctx context.Context) (*running, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.endpoint == "":
		return nil, fmt.Errorf("lwm2m: %w", cloud.ErrNotInitialized)
	case b.running != nil:
		return b.running, nil
	}
	accounts, err := b.accounts(b.endpoint)
	if err != nil {
		return nil, err
	}
	state, err := durable.Make(b.device.DataDir)
	if err != nil {
		return nil, fmt.Errorf("lwm2m: %w", err)
	}
	r := &running{asking: make(chan struct{}, 1)}
	if flusher, is := b.config.DTLS.(interface{ FlushSessionCache() }); is && b.config.FlushSessionCache {
		flusher.FlushSessionCache()
	}
	r.client, err = client.New(b.config.Client, client.Options{
		Endpoint: b.endpoint, Accounts: accounts, Objects: b.config.Objects,
		Secure: b.config.DTLS, Store: accountsFile{state},
		Program: &program{backend: b, running: r, state: state, folder: b.device.DataDir},
		Events:  func(event client.Event) { b.take(r, event) }, Logger: b.logger,
	})
	if err != nil {
		return nil, fmt.Errorf("lwm2m: %w", err)
	}
	b.fillDevice(ctx, r)
	b.follow(r)
	running, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	b.running = r
	r.work.Go(func() {
		if err := r.client.Run(running); err != nil {
			b.logger.Error("lwm2m: the client has ended", "error", err)
		}
	})
	r.work.Go(func() { b.keepAsking(running, r) })
	if b.config.FollowModem {
		r.work.Go(func() { b.followModem(running, r) })
	}
	if b.config.Console != nil {
		r.work.Go(func() { b.runConsole(running, r) })
	}
	return r, nil
}

// client gives the client that is registered.
func (b *Backend) registered() (*running, error) {
	b.mu.Lock()
	r, endpoint := b.running, b.endpoint
	b.mu.Unlock()
	switch {
	case endpoint == "":
		return nil, fmt.Errorf("lwm2m: %w", cloud.ErrNotInitialized)
	case r == nil || !r.isConnected():
		return nil, fmt.Errorf("lwm2m: %w", cloud.ErrNotConnected)
	}
	return r, nil
}

func (r *running) isConnected() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connected
}

func (b *Backend) give(received data.Received) {
	if b.receive != nil {
		b.receive(received)
	}
}

var (
	_ module.Backend    = (*Backend)(nil)
	_ module.Reporter   = (*Backend)(nil)
	_ module.Alerter    = (*Backend)(nil)
	_ module.Configurer = (*Backend)(nil)
	_ module.Locator    = (*Backend)(nil)
	_ module.Assistant  = (*Backend)(nil)

	_ cloud.UserDataSetter = (*Backend)(nil)
)
