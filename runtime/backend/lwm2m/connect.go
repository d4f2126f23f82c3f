package lwm2m

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

// Connect bootstraps, where that is asked for, and registers: EventConnected and EventReady follow one another, for a registration is all that
// a connection needs. It ends early with ctx or Disconnect. A registration that has failed is tried again by the cloud module, by its table.
func (b *Backend) Connect(ctx context.Context) (cloud.ConnectResult, error) {
	endpoint, err := b.ID()
	if err != nil {
		return cloud.ConnectErrNotInitd, fmt.Errorf("lwm2m: connect: %w", cloud.ErrNotInitialized)
	}
	r, err := b.start(ctx)
	if err != nil {
		return connectResult(err), err
	}
	if err := b.renew(r, endpoint); err != nil {
		return connectResult(err), err
	}
	outcome, err := r.wait()
	if err != nil {
		return cloud.ConnectErrAlreadyConnected, err
	}
	if !b.manual() {
		r.client.Start()
	}
	select {
	case err = <-outcome:
	case <-ctx.Done():
		err = context.Cause(ctx)
		r.client.Stop()
	}
	r.mu.Lock()
	r.waiting = nil
	r.mu.Unlock()
	if err != nil {
		return connectResult(err), fmt.Errorf("lwm2m: connect: %w", err)
	}
	return cloud.ConnectSuccess, nil
}

// wait gives the channel that tells how the registration ends.
func (r *running) wait() (<-chan error, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting != nil || r.connected {
		return nil, errors.New("lwm2m: connect: a connection exists or is being made")
	}
	outcome := make(chan error, 1)
	r.waiting = outcome
	return outcome, nil
}

// settle tells the Connect that waits. It tells whether one did.
func (r *running) settle(err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		return false
	}
	select {
	case r.waiting <- err:
	default: // it has its answer already
	}
	return true
}

// Disconnect de-registers, or ends the attempt to register. EventDisconnected follows, where there was a registration. It may be called from
// the handler.
func (b *Backend) Disconnect() error {
	b.mu.Lock()
	r, endpoint := b.running, b.endpoint
	b.mu.Unlock()
	switch {
	case endpoint == "":
		return fmt.Errorf("lwm2m: disconnect: %w", cloud.ErrNotInitialized)
	case r == nil:
		return fmt.Errorf("lwm2m: disconnect: %w", cloud.ErrNotConnected)
	}
	r.client.Stop()
	return nil
}

// errStopped is the end of a registration that this side wanted to end.
var errStopped = errors.New("the client was stopped")

// take takes what the client says. It is called from the client's goroutine.
func (b *Backend) take(r *running, event client.Event) {
	switch event.Kind {
	case client.Registered:
		b.registeredNow(r)
	case client.RegistrationFailed:
		b.lost(r, cloud.DisconnectMisc, event.Err)
	case client.BootstrapFailed:
		if r.client.State() == registration.Failed { // else it registers with what it had before
			b.lost(r, cloud.DisconnectMisc, event.Err)
		}
	case client.Stopped:
		b.lost(r, cloud.DisconnectUserRequest, nil)
	case client.Connecting:
		if r.isConnected() {
			b.NotifyEvent(b, cloud.Event{Type: cloud.EventConnecting})
		}
	}
}

// registeredNow gives the events of a new registration. Another one while the connection stands is none of the module's business.
func (b *Backend) registeredNow(r *running) {
	b.correctLifetime(r)
	r.mu.Lock()
	again := r.connected
	r.connected = true
	r.mu.Unlock()
	if again {
		return
	}
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventConnected})
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventReady})
	b.give(data.ConfigEmpty{}) // the application then hands over its configuration, for the server to read
	r.settle(nil)
}

// correctLifetime writes the configured lifetime where a bootstrap server has set another (SDK: lwm2m_integration, on the first registration).
func (b *Backend) correctLifetime(r *running) {
	store := r.client.Tree()
	want := lwm2m.Integer(int64(b.config.Client.Lifetime.Seconds()))
	for _, instance := range store.Children(lwm2m.NewPath(1)) {
		lifetime := lwm2m.NewPath(1, instance, 1)
		if is, found := store.Get(lifetime); found && !is.Equal(want) && !r.isConnected() {
			b.logger.Info("lwm2m: the lifetime is that of the options again", "was", is.Int(), "is", want.Int())
			if err := store.Set(lwm2m.Item{Path: lifetime, Value: want}); err != nil {
				b.logger.Warn("lwm2m: the lifetime cannot be set", "error", err)
			}
		}
	}
}

// lost ends a connection, or the attempt to make one.
func (b *Backend) lost(r *running, reason cloud.DisconnectReason, err error) {
	r.mu.Lock()
	was := r.connected
	r.connected = false
	r.mu.Unlock()
	if was {
		b.NotifyEvent(b, cloud.Event{Type: cloud.EventDisconnected, Reason: reason, Err: err})
	}
	if err == nil {
		err = errStopped
	}
	r.settle(err)
}

// connectResult gives the Cloud API's result of a failed attempt.
func connectResult(err error) cloud.ConnectResult {
	if fault, is := errors.AsType[*credentials.Error](err); is && fault.Kind == credentials.KindPreSharedKey {
		return cloud.ConnectErrPrvKey
	}
	if _, is := errors.AsType[*client.AlertError](err); is {
		return cloud.ConnectErrPrvKey // an alert in a handshake with a pre-shared key is about identity or key
	}
	if timeout, is := errors.AsType[net.Error](err); is && timeout.Timeout() {
		return cloud.ConnectErrTimeoutNoData
	}
	if _, is := errors.AsType[*coap.TimeoutError](err); is {
		return cloud.ConnectErrTimeoutNoData
	}
	if _, is := errors.AsType[*net.OpError](err); is {
		return cloud.ConnectErrNetwork
	}
	if _, is := errors.AsType[*net.DNSError](err); is {
		return cloud.ConnectErrNetwork
	}
	if errors.Is(err, errStopped) || errors.Is(err, context.Canceled) {
		return cloud.ConnectErrMisc
	}
	return cloud.ConnectErrBackend
}
