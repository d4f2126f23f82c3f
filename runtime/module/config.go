package module

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/hwid"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// Config is what the option tree says about the module.
type Config struct {
	ClientIDUseCustom      bool          `kconfig:"CLOUD_CLIENT_ID_USE_CUSTOM"`
	ClientID               string        `kconfig:"CLOUD_CLIENT_ID"`                           // used with ClientIDUseCustom
	ConnectRetries         int           `kconfig:"CLOUD_CONNECT_RETRIES"`                     // 0 to 13: attempts after the first one
	BackoffJitterPercent   int           `kconfig:"CLOUD_BACKOFF_JITTER_PERCENT"`              // 0 to 100
	UserAssociationTimeout time.Duration `kconfig:"CLOUD_USER_ASSOCIATION_TIMEOUT_SEC,unit=s"` // 0: no limit
	QoS                    qos.Config
	HardwareID             hwid.Config

	Targets []fota.Target `slot:"dfu-target"` // where new firmware goes
}

// Validate says which member cannot be used, by its option.
func (c Config) Validate() error {
	switch {
	case c.ConnectRetries < 0 || c.ConnectRetries > maxConnectRetries:
		return errorf("CLOUD_CONNECT_RETRIES is %d: it has to be from 0 to %d", c.ConnectRetries, maxConnectRetries)
	case c.BackoffJitterPercent < 0 || c.BackoffJitterPercent > 100:
		return errorf("CLOUD_BACKOFF_JITTER_PERCENT is %d: it has to be from 0 to 100", c.BackoffJitterPercent)
	case c.UserAssociationTimeout < 0:
		return errorf("CLOUD_USER_ASSOCIATION_TIMEOUT_SEC is %v: it has to be 0 or more", c.UserAssociationTimeout)
	case c.ClientIDUseCustom && c.ClientID == "":
		return errors.New("CLOUD_CLIENT_ID is empty: set it, or set CLOUD_CLIENT_ID_USE_CUSTOM = n")
	}
	return c.QoS.Validate()
}

// Options is what the program gives to the module at run time.
type Options struct {
	Modem       modem.Modem // mandatory
	Credentials *credentials.Store
	DataDir     string       // folder for state that outlives the process
	Endpoint    string       // HOST:PORT that takes the place of the configured one; "" for the configured one
	Version     string       // version of the application
	Logger      *slog.Logger // nil: nothing is logged
	// OnEvent is given every event of the module, in order, from the goroutine that drives it; nil where nobody listens. It has to
	// return quickly and must not wait for the module: Shutdown may be called from it, Send and its kin may not (Tap and OnCommand
	// are for that).
	OnEvent func(Event)
}

func (o Options) logger() *slog.Logger {
	if o.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Logger
}

// NewDevice makes what a backend is given of the device that it runs on.
func NewDevice(config Config, options Options) (Device, error) {
	if err := config.Validate(); err != nil {
		return Device{}, err
	}
	if options.Modem == nil {
		return Device{}, errors.New("module.Options.Modem is missing: the module takes the state of the network from it")
	}
	return Device{
		ID:          clientID(config, options.Modem),
		Modem:       options.Modem,
		Credentials: options.Credentials,
		Endpoint:    options.Endpoint,
		DataDir:     options.DataDir,
		Version:     options.Version,
		Logger:      options.logger(),
		Targets:     config.Targets,
	}, nil
}

// clientID gives a function that finds out the client id and remembers it.
func clientID(config Config, modem modem.Modem) func(context.Context) (string, error) {
	if config.ClientIDUseCustom {
		return func(context.Context) (string, error) { return config.ClientID, nil }
	}
	var mu sync.Mutex
	var known string
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if known != "" {
			return known, nil
		}
		id, err := config.HardwareID.ID(ctx, modem.IMEI)
		if err != nil {
			return "", err
		}
		known = id
		return id, nil
	}
}
