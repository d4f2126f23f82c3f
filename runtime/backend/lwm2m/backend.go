// Package lwm2m is the backend of LwM2M 1.1 servers: an LwM2M client with the objects of the build, which are filled with what the module
// hands over, sent by Send, and written by the server.
//
// Batches, diagnostics and a state that the cloud keeps are not declared, for LwM2M has none of them. The real-time configuration is object
// 50009, which the server reads and writes.
//
// Who tries again. Connect ends with the first attempt that fails, and says why; the client goes on by its retry parameters (object 1, 17 to
// 20) all the same, for they decide when it bootstraps anew, and the module's table decides when Connect listens again. Whoever ends Connect by
// its context ends the client's attempts too, and where the last one failed for want of a network the next Connect tries at once.
//
// A registration that is lost, or that the server disables for a time, is the client's business alone: the module sees the connection stand, and
// what it sends meanwhile is refused as not connected. Only where all attempts are used up EventDisconnected follows, and Connect begins anew.
package lwm2m

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
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
	AskCell           bool          `kconfig:"LWM2M_CLIENT_UTILS_LOCATION_ASSIST_CELL"`                 // the location may be asked for by cells
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
	server  string // URI
	receive func(data.Received)

	life chan struct{} // holds a token while a client is made or ended, which one of Init, Connect and Uninit does at a time

	mu            sync.Mutex
	endpoint      string   // "" before Init
	running       *running // nil before the first Connect
	subscriptions []lwm2m.Path
	configuration data.Configuration // as last reported
}

// New makes a backend. It checks the configuration; nothing is asked of the device or the network before Init.
func New(config Config, device module.Device) (*Backend, error) {
	b := &Backend{config: config, device: device, logger: device.Logger, life: make(chan struct{}, 1)}
	if b.logger == nil {
		b.logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case device.ID == nil:
		return nil, errors.New("lwm2m: the device has no source of its id")
	case config.FollowModem && config.ModemPause < 0:
		return nil, errorf("lwm2m: LWM2M_CONN_HOLD_TIME_RSRP is %v: 0 s and above", config.ModemPause)
	case b.manual():
		return b, nil
	}
	var err error
	if b.server, err = serverURI(config.Server, device.Endpoint); err != nil {
		return nil, err
	}
	target, err := security.ParseURI(b.server, config.Client.PeerPort)
	switch {
	case err != nil:
		return nil, errorf("lwm2m: LWM2M_CLIENT_UTILS_SERVER: %w", err)
	case target.Secure && config.DTLS == nil:
		return nil, errorf("lwm2m: %s needs DTLS: set LWM2M_DTLS_SUPPORT", b.server)
	}
	return b, nil
}

// Bind sets the function that takes what the server writes. It is called once, before Init.
func (b *Backend) Bind(receive func(data.Received)) { b.receive = receive }

// Init asks the device for its id and sets who takes the events. Where there is a console, it works from here on.
func (b *Backend) Init(ctx context.Context, handler cloud.Handler) error {
	b.life <- struct{}{}
	defer func() { <-b.life }()
	if _, err := b.ID(); err == nil {
		return errors.New("lwm2m: already initialised: call Uninit first")
	}
	id, err := b.device.ID(ctx)
	if err != nil {
		return errorf("lwm2m: client id: %w", err)
	}
	b.SetHandler(handler)
	b.enter(b.config.EndpointPrefix+id, nil)
	if b.config.Console == nil {
		return nil
	}
	_, err = b.start()
	switch {
	case err == nil:
	case b.manual():
		b.enter("", nil)
		b.SetHandler(nil)
		return err
	default: // Connect tries again, with the credentials that there are then
		b.logger.Warn("lwm2m: the console has to wait for the first connection", "error", err)
	}
	return nil
}

// Uninit ends the client and joins what the backend has started. It waits for the De-register of an earlier Disconnect, at most stopLimit;
// without one the server keeps the registration until its lifetime is over. It must not be called from the handler.
func (b *Backend) Uninit() error {
	b.life <- struct{}{}
	defer func() { <-b.life }()
	b.mu.Lock()
	r, endpoint := b.running, b.endpoint
	b.endpoint, b.running = "", nil
	b.mu.Unlock()
	if endpoint == "" {
		return errorf("lwm2m: %w", cloud.ErrNotInitialized)
	}
	if r != nil {
		r.end()
	}
	b.SetHandler(nil)
	return nil
}

func (b *Backend) enter(endpoint string, r *running) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.endpoint, b.running = endpoint, r
}

// ID gives the endpoint name.
func (b *Backend) ID() (string, error) {
	_, endpoint, err := b.current()
	return endpoint, err
}

// current gives the client, nil before it is made, and the endpoint name. It is an error before Init.
func (b *Backend) current() (r *running, endpoint string, err error) {
	b.mu.Lock()
	r, endpoint = b.running, b.endpoint
	b.mu.Unlock()
	if endpoint == "" {
		return nil, "", errorf("lwm2m: %w", cloud.ErrNotInitialized)
	}
	return r, endpoint, nil
}

// KeepaliveTimeLeft is negative: LwM2M has no keep-alive, only the lifetime of the registration.
func (b *Backend) KeepaliveTimeLeft() time.Duration { return -time.Second }

// Input does nothing: the client reads by itself.
func (b *Backend) Input() error { return nil }

// registered gives the client where there is a registration.
func (b *Backend) registered() (*running, error) {
	r, _, err := b.current()
	if err == nil && (r == nil || !r.isConnected()) {
		err = errorf("lwm2m: %w", cloud.ErrNotConnected)
	}
	return r, err
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
