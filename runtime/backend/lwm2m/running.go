package lwm2m

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
)

// stopLimit is how long a De-register may take before it is cut off: by Uninit, for which the module waits 5 s, or by the next Connect.
const stopLimit = 3 * time.Second

// Errors of attempts to connect.
var (
	errStopped   = errors.New("the client was stopped")
	errWaited    = errorf("no registration within %v; the client goes on by itself", connectLimit)
	errConnected = errors.New("a connection exists or is being made")
	errEnded     = errorf("the backend ends: %w", cloud.ErrNotInitialized)
)

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }

// running is the client, from the first Connect, or Init where there is a console, until Uninit.
type running struct {
	client  *client.Client
	account security.Account // of the configured server, as the client has it; it belongs to Connect
	cancel  context.CancelFunc
	ended   <-chan struct{} // closed when the client is to end
	work    sync.WaitGroup  // the client's Run, the requests' timers, the modem's follower, the console
	asking  chan struct{}   // holds one token: the requests' timers have changed

	mu        sync.Mutex    // held also while the client is told to start or to stop, so that it hears of it in the order noted here
	connected bool          // EventReady was given, and no EventDisconnected since
	waiting   chan error    // of the Connect that waits, with room for one; nil: none waits
	begun     bool          // the client was started and has not stopped since
	stopping  chan struct{} // closed when the Stop that is under way has ended; nil: none is
	held      bool          // only the console starts the client
	failure   error         // newest failed attempt since there was a registration
	requests  requests
	pressed   map[lwm2m.Path]time.Time // newest press of each button
}

// start gives the client, which it makes when there is none yet. The token of b.life is held.
func (b *Backend) start() (*running, error) {
	r, endpoint, err := b.current()
	if err != nil || r != nil {
		return r, err
	}
	r = &running{asking: make(chan struct{}, 1), pressed: map[lwm2m.Path]time.Time{}, held: b.manual()}
	options := client.Options{
		Endpoint: endpoint, Manual: b.manual(), Objects: b.config.Objects, Secure: b.config.DTLS, Logger: b.logger,
		Events: func(event client.Event) { b.take(r, event) },
	}
	if !options.Manual {
		if r.account, err = b.account(endpoint); err != nil {
			return nil, err
		}
		options.Accounts = []security.Account{r.account}
	}
	state, err := durable.Make(b.device.DataDir)
	if err != nil {
		return nil, errorf("lwm2m: %w", err)
	}
	b.useTargets(state)
	options.Store = accountsFile{state}
	options.Program = &program{backend: b, state: state, folder: b.device.DataDir}
	if flusher, is := b.config.DTLS.(interface{ FlushSessionCache() }); is && b.config.FlushSessionCache {
		flusher.FlushSessionCache()
	}
	if r.client, err = client.New(b.config.Client, options); err != nil {
		return nil, errorf("lwm2m: %w", err)
	}
	b.follow(r)
	b.launch(r)
	b.enter(endpoint, r)
	return r, nil
}

// launch starts the goroutines, which running.end joins.
func (b *Backend) launch(r *running) {
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	r.ended = ctx.Done()
	r.work.Go(func() {
		if err := r.client.Run(ctx); err != nil {
			b.logger.Error("lwm2m: the client has ended", "error", err)
		}
	})
	r.work.Go(func() { b.keepAsking(ctx, r) })
	r.work.Go(func() { b.watchModem(ctx, r) })
	if b.config.Console != nil {
		r.work.Go(func() { b.runConsole(ctx, r) })
	}
}

// end ends the client, after the Stop that may be under way.
func (r *running) end() {
	r.mu.Lock()
	stopping := r.stopping
	r.mu.Unlock()
	if stopping != nil {
		timer := time.NewTimer(stopLimit)
		defer timer.Stop()
		select {
		case <-stopping:
		case <-timer.C:
		}
	}
	r.cancel()
	r.work.Wait()
}

func (r *running) isConnected() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connected
}

// attempt has the client register, unless the console says when, and gives the channel that tells how it ends.
func (r *running) attempt(ctx context.Context) (<-chan error, error) {
	if r.hadNoNetwork() {
		r.stop(false)
	}
	for {
		if err := r.awaitStop(ctx); err != nil {
			return nil, err
		}
		r.mu.Lock()
		switch {
		case r.stopping != nil: // a new one
			r.mu.Unlock()
			continue
		case r.waiting != nil || r.connected:
			r.mu.Unlock()
			return nil, errConnected
		}
		outcome := make(chan error, 1)
		r.waiting = outcome
		if !r.held {
			r.begun = true
			r.client.Start()
		}
		r.mu.Unlock()
		return outcome, nil
	}
}

// hadNoNetwork tells whether the client has failed for want of a network and waits before it tries again. Whoever connects knows that there is a
// network now.
func (r *running) hadNoNetwork() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	had := !r.held && !r.connected && r.waiting == nil && r.failure != nil && connectResult(r.failure) == cloud.ConnectErrNetwork
	if had {
		r.failure = nil
	}
	return had
}

// stop stops the client: it de-registers, or gives up what it is at. hold leaves the next start to the console.
func (r *running) stop(hold bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = r.held || hold
	if r.begun && r.stopping == nil {
		r.stopping = make(chan struct{})
	}
	r.client.Stop()
}

// stopped is where the client has stopped.
func (r *running) stopped() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun = false
	if r.stopping != nil {
		close(r.stopping)
		r.stopping = nil
	}
}

// awaitStop waits until no Stop is under way. One that takes longer than stopLimit is cut off: perhaps the network has been away, and the server
// will take the next registration in place of the old one anyway.
func (r *running) awaitStop(ctx context.Context) error {
	r.mu.Lock()
	stopping := r.stopping
	r.mu.Unlock()
	if stopping == nil {
		return nil
	}
	timer := time.NewTimer(stopLimit)
	defer timer.Stop()
	for {
		select {
		case <-stopping:
			return nil
		case <-timer.C:
			r.client.Pause() // ends a Stop at once
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-r.ended:
			return errEnded
		}
	}
}

// settle tells the Connect that waits, if one does.
func (r *running) settle(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		return
	}
	select {
	case r.waiting <- err:
	default: // it has its answer already
	}
}
