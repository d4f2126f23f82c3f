// Command custom-app is a program of a user's own on top of the generated package: a meter that reports the load of its machine, takes
// commands, and leaves connection, retries and restarts to the cloud module.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	cloudmodule "github.com/cloudgen/cloudgen/examples/aws"
	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// statusRestart asks the supervisor for a restart, as the default firmware does.
const statusRestart = 75

func main() {
	credentialsDir := flag.String("credentials", "/etc/cloudgen/credentials", "folder of the security tags")
	dataDir := flag.String("data", "/var/lib/meter", "folder for state")
	endpoint := flag.String("endpoint", "", "HOST:PORT in place of the configured one")
	interval := flag.Duration("interval", time.Minute, "time between readings")
	flag.Parse()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *interval, cloudmodule.Options{
		Modem: sim.New(sim.Options{DataDir: *dataDir}), Credentials: credentials.Open(*credentialsDir), DataDir: *dataDir,
		Endpoint: *endpoint, Version: cloudmodule.Version, Logger: logger,
	})
	stop()
	if _, restart := errors.AsType[*module.RebootError](err); restart {
		os.Exit(statusRestart)
	}
	if err != nil {
		logger.Error("meter", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, interval time.Duration, options cloudmodule.Options) error {
	if err := os.MkdirAll(options.DataDir, 0o700); err != nil {
		return err
	}
	m, err := cloudmodule.New(options)
	if err != nil {
		return err
	}
	meter := &meter{module: m, logger: options.Logger}
	m.OnCommand(meter.command)

	ctx, cancel := context.WithCancel(ctx)
	var working sync.WaitGroup
	events := m.Events(16)
	working.Go(func() { meter.work(ctx, events, interval) })
	err = m.Run(ctx)
	cancel()
	working.Wait()
	return err
}

// meter is the application.
type meter struct {
	module *cloudmodule.Module
	logger *slog.Logger
}

// work reads and sends while there is a connection.
func (a *meter) work(ctx context.Context, events *module.Tap, interval time.Duration) {
	defer events.Close()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	connected := false
	for {
		select {
		case <-ctx.Done():
			return
		case event, more := <-events.C:
			switch {
			case !more:
				return
			case event.Type == module.EventConnected:
				connected = true
				a.listen()
				a.send(ctx)
			case event.Type == module.EventDisconnected:
				connected = false
			}
		case <-ticker.C:
			if connected {
				a.send(ctx)
			}
		}
	}
}

// listen takes the commands that are meant for this meter.
func (a *meter) listen() {
	id, err := a.module.ID()
	if err == nil {
		err = a.module.Subscribe(cloud.Endpoint{Type: cloud.EndpointMsg, Name: id + "/commands"})
	}
	if err != nil {
		a.logger.Warn("no commands will come", "error", err)
	}
}

// send reports a reading in a form of this program's own, which the cloud acknowledges.
func (a *meter) send(ctx context.Context) {
	load, err := readLoad()
	if err != nil {
		a.logger.Warn("no reading", "error", err)
		return
	}
	payload, err := json.Marshal(map[string]float64{"load": load})
	if err != nil {
		a.logger.Warn("no reading", "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	message := cloud.Message{Endpoint: cloud.Endpoint{Type: cloud.EndpointMsg}, QoS: cloud.QoSAtLeastOnce, Payload: payload}
	if err := a.module.Send(ctx, message); err != nil {
		a.logger.Warn("a reading was not sent", "error", err)
	}
}

func (a *meter) command(command data.CommandReceived) {
	a.logger.Info("command", "topic", command.Source, "text", string(command.Payload))
}

// readLoad gives the load average of the last minute.
func readLoad() (float64, error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0, fmt.Errorf("/proc/loadavg: %w", err)
	}
	return load, nil
}
