package lwm2m

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

// connectLimit is how long Connect waits for the client, which may be waiting for its next attempt: less than the 5 minutes after which the
// module ends Connect and with it the client's attempts.
const connectLimit = 4 * time.Minute

// Connect bootstraps, where that is asked for, and registers: EventConnected and EventReady follow one another, for a registration is all that
// a connection needs. It returns with the first attempt that succeeds or fails, or after connectLimit; the client then goes on by itself, and
// EventReady may come later. ctx ends the attempt. Credentials are read anew each time.
func (b *Backend) Connect(ctx context.Context) (cloud.ConnectResult, error) {
	r, err := b.prepare(ctx)
	if err != nil {
		return connectResult(err), err
	}
	outcome, err := r.attempt(ctx)
	switch {
	case err == nil:
		err = b.await(ctx, r, outcome)
	case r.startedByConsole():
		b.tellReady()
		return cloud.ConnectSuccess, nil
	}
	if err != nil {
		return connectResult(err), errorf("lwm2m: connect: %w", b.explain(err))
	}
	return cloud.ConnectSuccess, nil
}

// prepare gives the client, with the credentials as they are now.
func (b *Backend) prepare(ctx context.Context) (*running, error) {
	select {
	case b.life <- struct{}{}:
	case <-ctx.Done():
		return nil, errorf("lwm2m: connect: %w", context.Cause(ctx))
	}
	defer func() { <-b.life }()
	r, err := b.start()
	if err != nil {
		return nil, err
	}
	return r, b.renew(r)
}

// await waits for the outcome of an attempt.
func (b *Backend) await(ctx context.Context, r *running, outcome <-chan error) (err error) {
	timer := time.NewTimer(connectLimit)
	defer timer.Stop()
	select {
	case err = <-outcome:
	case <-timer.C:
		err = r.reason(errWaited)
	case <-ctx.Done():
		err = r.reason(context.Cause(ctx))
		if !b.manual() {
			r.stop(false)
		}
	case <-r.ended:
		err = errEnded
	}
	r.mu.Lock()
	r.waiting = nil
	r.mu.Unlock()
	return err
}

// reason adds to why nobody waits any longer why the newest attempt has failed.
func (r *running) reason(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure != nil {
		err = errorf("%w; the last attempt: %w", err, r.failure)
	}
	return err
}

// explain adds to an error what it means with this protocol.
func (b *Backend) explain(err error) error {
	if connectResult(err) == cloud.ConnectErrTimeoutNoData && strings.HasPrefix(b.server, "coaps:") {
		return errorf("%w; a server stays silent too when it does not know the identity, or has another key than security tag %d", err, b.tag())
	}
	return err
}

// Disconnect de-registers, or ends the attempt to register. EventDisconnected follows, where there was a registration. It may be called from
// the handler.
func (b *Backend) Disconnect() error {
	r, _, err := b.current()
	switch {
	case err != nil:
		return err
	case r == nil:
		return errorf("lwm2m: disconnect: %w", cloud.ErrNotConnected)
	}
	r.stop(false)
	return nil
}

// take takes what the client says. It is called from the client's goroutine.
func (b *Backend) take(r *running, event client.Event) {
	switch event.Kind {
	case client.Registered:
		b.registeredNow(r)
	case client.RegistrationAttemptFailed, client.BootstrapAttemptFailed:
		if event.Until.After(time.Now()) { // else the next attempt is under way
			r.failed(event.Err)
		}
	case client.RegistrationFailed:
		b.lost(r, cloud.DisconnectMisc, event.Err)
	case client.BootstrapFailed:
		if r.client.State() == registration.Failed { // else it registers with what it had before
			b.lost(r, cloud.DisconnectMisc, event.Err)
		}
	case client.Stopped:
		b.lost(r, cloud.DisconnectUserRequest, nil)
		r.stopped()
	}
}

// failed tells the Connect that waits of a failed attempt.
func (r *running) failed(err error) {
	r.mu.Lock()
	r.failure = err
	r.mu.Unlock()
	r.settle(err)
}

func (b *Backend) tellReady() {
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventConnected})
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventReady})
}

// startedByConsole tells whether the console has had the client register before the first Connect, which nobody waits for then.
func (r *running) startedByConsole() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held && r.connected && r.waiting == nil
}

// registeredNow gives the events of a new registration. Another one while the connection stands is none of the module's business.
func (b *Backend) registeredNow(r *running) {
	if r.isConnected() {
		return
	}
	b.correctLifetime(r)
	r.mu.Lock()
	r.connected, r.failure = true, nil
	r.mu.Unlock()
	b.tellReady()
	b.give(data.ConfigEmpty{}) // the application then hands over its configuration, for the server to read
	r.settle(nil)
}

// correctLifetime writes the configured lifetime where a bootstrap server has set another (SDK: lwm2m_integration, on the first registration).
func (b *Backend) correctLifetime(r *running) {
	if b.manual() { // the console's, or what it has a bootstrap server write
		return
	}
	store := r.client.Tree()
	want := lwm2m.Integer(int64(b.config.Client.Lifetime.Seconds()))
	for _, instance := range store.Children(lwm2m.NewPath(1)) {
		lifetime := lwm2m.NewPath(1, instance, 1)
		is, found := store.Get(lifetime)
		if !found || is.Equal(want) {
			continue
		}
		b.logger.Info("lwm2m: the lifetime is that of the options again", "was", is.Int(), "is", want.Int())
		if err := store.Set(lwm2m.Item{Path: lifetime, Value: want}); err != nil {
			b.logger.Warn("lwm2m: the lifetime cannot be set", "error", err)
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
	if err != nil {
		r.failed(err)
		return
	}
	r.settle(errStopped)
}

// connectResult gives the Cloud API's result of a failed attempt.
func connectResult(err error) cloud.ConnectResult {
	switch {
	case errors.Is(err, cloud.ErrNotInitialized):
		return cloud.ConnectErrNotInitd
	case errors.Is(err, errConnected):
		return cloud.ConnectErrAlreadyConnected
	}
	if _, is := errors.AsType[*credentials.Error](err); is {
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
	if _, is := errors.AsType[net.Error](err); is { // *net.OpError, *net.DNSError
		return cloud.ConnectErrNetwork
	}
	if errors.Is(err, errStopped) || errors.Is(err, errWaited) || errors.Is(err, context.Canceled) {
		return cloud.ConnectErrMisc
	}
	return cloud.ConnectErrBackend
}
