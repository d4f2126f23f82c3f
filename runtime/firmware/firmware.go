// Package firmware is the program around cloud module and sample application: command line, log, lock, signals, exit status.
//
// Its contract with whoever starts it (systemd, the bootloader, `cloudgen lab`) is docs/firmware.md.
package firmware

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/cloudgen/cloudgen/runtime/clock"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/tracker"
)

// The exit status.
const (
	StatusOK      = 0  // asked to end, and did so in order
	StatusFailure = 1  // cannot run; the log says why
	StatusUsage   = 2  // the command line is wrong
	StatusReboot  = 75 // wants to be started again (EX_TEMPFAIL of sysexits.h)
)

// Program is what the generator puts together.
type Program struct {
	Name    string // for messages
	New     func(module.Options) (*module.Module, error)
	Tracker tracker.Config
	// Modem makes the modem adapter: the Open of the component that MODEM_ADAPTER chooses, or one of the user's own. dataDir is there.
	Modem func(dataDir string) (modem.Modem, error) `slot:"modem"`
	// Locator makes what finds the location, from the modem adapter. nil: nothing does
	Locator func(device modem.Modem, logger *slog.Logger) (tracker.Locator, error) `slot:"location,optional"`
	// Assistance makes what helps the satellite receiver of the modem adapter. nil: nothing does
	Assistance func(device modem.Modem, dataDir string, logger *slog.Logger) (tracker.Assistance, error) `slot:"assistance,optional"`
	// Keys gives private keys that are not files, as those of a secure element. nil: all are
	Keys credentials.KeyProvider
}

// Main is the whole program: it gives the exit status. args are the arguments without the program's name.
func Main(args []string, program Program) int {
	signals := make(chan os.Signal, 2) // room for the one that asks and the one that insists
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	p := process{
		name: program.Name, tracker: program.Tracker, stdout: os.Stdout, stderr: os.Stderr, signals: signals,
		newCloud: func(options module.Options) (cloudModule, error) { return program.New(options) },
		newModem: program.Modem, newLocator: program.Locator, newAssistance: program.Assistance, keys: program.Keys,
	}
	return p.run(args)
}

// cloudModule is what this package asks of *module.Module.
type cloudModule interface {
	tracker.Cloud
	pinger
	Run(ctx context.Context) error
}

// process is the program with all that it has of the outside, so that tests can put something else in its place.
type process struct {
	name           string
	tracker        tracker.Config
	stdout, stderr io.Writer
	signals        <-chan os.Signal
	newCloud       func(module.Options) (cloudModule, error)
	newModem       func(dataDir string) (modem.Modem, error)
	newLocator     func(modem.Modem, *slog.Logger) (tracker.Locator, error)
	newAssistance  func(device modem.Modem, dataDir string, logger *slog.Logger) (tracker.Assistance, error)
	keys           credentials.KeyProvider
}

func (p process) run(args []string) int {
	s, err := parse(p.name, args, p.stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return StatusOK
	case errors.Is(err, errVersion):
		fmt.Fprintln(p.stdout, p.name, p.tracker.Version)
		return StatusOK
	case err != nil:
		return StatusUsage
	}
	logger := newLogger(p.stderr, s.json, s.level)
	state, err := durable.Make(s.data)
	if err != nil {
		logger.Error("the data folder cannot be made: name another one with -data", "error", err)
		return StatusFailure
	}
	lock, err := lock(s.data)
	if err != nil {
		logger.Error("the data folder cannot be used", "folder", s.data, "error", err)
		return StatusFailure
	}
	defer lock.Close()
	checkCredentials(logger, s.credentials)
	util, err := p.assemble(s, state, logger)
	if err != nil {
		logger.Error("the program cannot start", "error", err)
		return StatusFailure
	}
	logger.Info("start", "program", p.name, "version", p.tracker.Version, "data", s.data)
	return p.supervise(util, logger)
}

// checkCredentials says early what would otherwise show only with the first attempt to connect. It is no reason to end: the folder may come
// later, from whoever provisions the device, and the cloud module tries again.
func checkCredentials(logger *slog.Logger, folder string) {
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		logger.Warn("there is no credentials folder: make it, with one folder for each security tag, or name another one with -credentials", "folder", folder)
	case err != nil:
		logger.Warn("the credentials folder cannot be read", "error", err)
	case !info.IsDir():
		logger.Warn("what -credentials names is not a folder", "folder", folder)
	}
}

// assemble puts the parts together: the cloud module, which runs the modem, and the application, which hears of the module's events.
func (p process) assemble(s settings, state *durable.Folder, logger *slog.Logger) (tracker.Util, error) {
	if p.newModem == nil {
		return tracker.Util{}, errors.New("there is no modem adapter: give firmware.Program a Modem, as host.Open")
	}
	device, err := p.newModem(s.data)
	if err != nil {
		return tracker.Util{}, err
	}
	options := tracker.Options{
		State: state, Identity: identity(device), Sensors: tracker.NewSimulatedSensors(), Logger: logger, TimeValid: clock.Set,
	}
	if radio, ok := device.(modem.Radio); ok {
		options.Radio = radio
	}
	if p.newLocator != nil {
		if options.Locator, err = p.newLocator(device, logger); err != nil {
			return tracker.Util{}, err
		}
	}
	if p.newAssistance != nil {
		if options.Assistance, err = p.newAssistance(device, s.data, logger); err != nil {
			return tracker.Util{}, err
		}
	}
	app, err := tracker.New(p.tracker, options)
	if err != nil {
		return tracker.Util{}, err
	}
	cloud, err := p.newCloud(module.Options{
		Modem: device, Credentials: credentials.OpenWithKeys(s.credentials, p.keys), DataDir: s.data, Endpoint: s.endpoint, Version: p.tracker.Version, Logger: logger,
		OnEvent: func(event module.Event) { follow(app, event) },
	})
	if err != nil {
		return tracker.Util{}, err
	}
	return tracker.Util{
		Parts: []tracker.Part{
			{Name: "cloud module", Run: cloud.Run},
			{Name: "application", Run: func(ctx context.Context) error { return app.Run(ctx, cloud) }},
			{Name: "service manager", Run: func(ctx context.Context) error { return serviceManager(ctx, cloud, logger) }},
		},
		RebootTimeout: p.tracker.RebootTimeout,
		Logger:        logger,
		Reboot:        wantsReboot,
	}, nil
}

func follow(app *tracker.App, event module.Event) {
	switch event.Type {
	case module.EventConnected:
		app.Connected()
	case module.EventDisconnected:
		app.Disconnected()
	case module.EventConfigEmpty:
		app.ConfigEmpty()
	case module.EventConfigReceived:
		app.ChangeConfig(event.Config)
	case module.EventAGNSSReceived:
		app.AGNSSReceived(event.Payload)
	case module.EventPGPSReceived:
		app.PGPSReceived(event.Payload)
	}
}

func wantsReboot(err error) bool {
	_, wanted := errors.AsType[*module.RebootError](err)
	return wanted
}

// supervise runs the parts until they have ended or a second signal comes.
func (p process) supervise(util tracker.Util, logger *slog.Logger) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- util.Run(ctx) }()

	asked := false
	for {
		select {
		case err := <-ended:
			return status(err, asked, logger)
		case received := <-p.signals:
			if asked {
				logger.Error("ends at once, asked for the second time", "signal", received.String())
				return StatusFailure
			}
			asked = true
			logger.Info("ends in order; a second signal ends it at once", "signal", received.String())
			cancel()
		}
	}
}

// status is what the end of the parts means to whoever started the program.
func status(err error, asked bool, logger *slog.Logger) int {
	switch {
	case err == nil:
		logger.Info("end")
		return StatusOK
	case wantsReboot(err) && asked && !errors.Is(err, tracker.ErrNoAnswer):
		logger.Info("end, in place of a reboot", "cause", err)
		return StatusOK
	case wantsReboot(err):
		level := slog.LevelError
		if reboot, is := errors.AsType[*module.RebootError](err); is && reboot.Reason == module.EventFOTADone.String() {
			level = slog.LevelInfo // an update is no fault
		}
		logger.Log(context.Background(), level, "reboot", "cause", err)
		return StatusReboot
	default:
		logger.Error("end", "error", err)
		return StatusFailure
	}
}
