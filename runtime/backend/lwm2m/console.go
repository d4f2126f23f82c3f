package lwm2m

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/reporting"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/shell"
)

// Console is the debug console on the program's standard input and output.
type Console interface {
	ManualStart() bool
	Run(ctx context.Context, store shell.Store, engine shell.Engine, input io.Reader, output io.Writer) error
}

// manual tells whether the client waits for the console's command start.
func (b *Backend) manual() bool { return b.config.Console != nil && b.config.Console.ManualStart() }

func (b *Backend) runConsole(ctx context.Context, r *running) {
	input := interruptible(os.Stdin)
	if input != io.ReadCloser(os.Stdin) {
		defer func() { _ = input.Close() }() // perhaps it is closed already
	}
	if err := b.config.Console.Run(ctx, r.client.Tree(), engine{b, r}, input, os.Stdout); err != nil {
		b.logger.Error("lwm2m: the debug console has ended", "error", err)
	}
}

// engine is the client as the console drives it.
type engine struct {
	backend *Backend
	running *running
}

// Start starts the client, after the Stop that may be under way.
func (e engine) Start(endpoint string, bootstrap bool) error {
	r := e.running
	if err := r.awaitStop(context.Background()); err != nil {
		return errorf("%w: %w", shell.ENOTCONN, err)
	}
	if err := r.client.StartAs(endpoint, bootstrap); err != nil {
		return errorf("%w: %w", shell.EINVAL, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun, r.held = true, e.backend.manual()
	return nil
}

// Stop stops the client until Start: Connect does not start it meanwhile.
func (e engine) Stop() error   { e.running.stop(true); return nil }
func (e engine) Pause() error  { e.running.client.Pause(); return nil }
func (e engine) Resume() error { e.running.client.Resume(); return nil }

func (e engine) Update() error {
	if !e.running.isConnected() {
		return shell.ENOTCONN
	}
	e.running.client.Update()
	return nil
}

func (e engine) Send(ctx context.Context, paths ...lwm2m.Path) error {
	err := e.running.client.Send(ctx, paths...)
	switch {
	case errors.Is(err, client.ErrNotRegistered) || errors.Is(err, client.ErrClosed):
		return errorf("%w: %w", shell.ENOTCONN, err)
	case errors.Is(err, client.ErrMuted):
		return errorf("%w: %w", shell.EPERM, err)
	}
	return err
}

func (e engine) Execute(path lwm2m.Path, arguments []lwm2m.Argument) error {
	return e.running.client.Execute(path, arguments)
}

func (e engine) Observations() []reporting.Observation { return e.running.client.Observations() }
