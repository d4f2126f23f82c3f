package module

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// Module is the cloud module. Its methods may be called from any goroutine.
type Module struct {
	config  Config
	options Options
	backend Backend
	logger  *slog.Logger

	started   atomic.Bool
	onCommand func(data.CommandReceived)
	onConfig  func(data.ConfigurationChange)
	taps      taps

	requests chan *request // to the owner; a caller waits here until the machine accepts
	inbox    chan signal   // from the backend and the workers
	modem    *modemState
	pings    chan struct{} // taken by the owner: it is alive
	stopping chan struct{} // closed by Shutdown
	stopOnce sync.Once
	done     chan struct{} // closed when the machine has ended; nobody takes signals any more
	attempt  atomic.Uint64 // the operation whose Connect the backend was called with last
}

// New makes the module. Nothing runs before Run.
func New(config Config, backend Backend, options Options) (*Module, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if backend == nil {
		return nil, errors.New("module.New: the backend is missing")
	}
	if options.Modem == nil {
		return nil, errors.New("module.Options.Modem is missing: the module takes the state of the network from it")
	}
	return &Module{
		config:   config,
		options:  options,
		backend:  backend,
		logger:   options.logger(),
		requests: make(chan *request),
		inbox:    make(chan signal, queuePlaces),
		modem:    newModemState(),
		pings:    make(chan struct{}),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
	}, nil
}

// OnCommand sets who takes the messages of application topics. It is called before Run. The function runs in a goroutine of the module's
// that it shares with OnConfig's; it may use the module. It ought to return within seconds: commands that find callbackPlaces others
// waiting are refused with CLOUD_EVT_INPUT_REJECTED.
func (m *Module) OnCommand(take func(data.CommandReceived)) { m.onCommand = take }

// OnConfig sets who takes changes of the configuration, as OnCommand does for commands.
func (m *Module) OnConfig(take func(data.ConfigurationChange)) { m.onConfig = take }

// Events opens a tap on the module's events that holds up to buffer of them, at least one. What does not fit is dropped and counted.
func (m *Module) Events(buffer int) *Tap { return m.taps.add(buffer) }

// Ping returns when the module's own goroutine has taken notice of it, so that a watchdog learns that it is alive. The error is that of ctx, or
// ErrShutdown.
func (m *Module) Ping(ctx context.Context) error {
	select {
	case m.pings <- struct{}{}:
		return nil
	case <-m.done:
		return ErrShutdown
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Shutdown ends Run in an orderly way: the connection is closed, CLOUD_EVT_SHUTDOWN_READY reports it (SDK: UTIL_EVT_SHUTDOWN_REQUEST). It
// does not wait and may be called more than once, also before Run.
func (m *Module) Shutdown() { m.stopOnce.Do(func() { close(m.stopping) }) }

// Run runs the module and its modem until ctx ends, Shutdown is called, or the device is to restart. In each case the connection is
// closed first, within seconds, and every goroutine that was started has ended when Run returns; one that a backend, a modem or a callback
// holds back is waited for joinLimit and logged.
//
// The error is nil after ctx or Shutdown. It wraps a *RebootError when the device is to restart: CLOUD_EVT_ERROR, CLOUD_EVT_REBOOT_REQUEST,
// CLOUD_EVT_FOTA_DONE, MODEM_EVT_CARRIER_REBOOT_REQUEST, MODEM_EVT_ERROR. Run can be called once.
func (m *Module) Run(ctx context.Context) error {
	if !m.started.CompareAndSwap(false, true) {
		return errors.New("cloud module: Run was called before: make a new module")
	}
	m.backend.Bind(func(received data.Received) {
		m.post(backendData{attempt: m.attempt.Load(), received: received})
	})
	m.openTargets()
	o := &owner{
		Module: m, state: newState(m.rules(), m.config.QoS), workers: startWorkers(ctx, m),
		clock: time.NewTimer(time.Hour), random: rand.Float64, waiting: map[uint64]*request{},
	}
	o.clock.Stop()
	why := o.run(ctx)
	close(m.done)
	o.workers.stop()
	o.clock.Stop()
	m.taps.close()
	if why.reason != "" {
		return errorf("cloud module: %w", &RebootError{Reason: why.reason, Err: why.err})
	}
	return nil
}

// rules are what configuration and backend ask of the machine.
func (m *Module) rules() rules {
	r := rules{
		retries: m.config.ConnectRetries, jitterPercent: m.config.BackoffJitterPercent,
		associationTimeout: m.config.UserAssociationTimeout, resend: qos.Refused,
	}
	if backend, ok := m.backend.(Resender); ok && backend.NeedsResend() {
		r.resend = qos.All
	}
	if backend, ok := m.backend.(EarlyConfigurer); ok {
		r.configEarly = backend.ReportsConfigEarly()
	}
	return r
}

// post hands a signal to the owner, who takes it at once unless an observer holds it up. After the end it is dropped.
func (m *Module) post(sig signal) {
	select {
	case m.inbox <- sig:
	case <-m.done:
	}
}

// backendEvent is the handler that the backend is given.
func (m *Module) backendEvent(_ cloud.Backend, event cloud.Event, _ any) {
	record(m.logger, slog.LevelDebug, "backend", backendAttributes(&event))
	m.post(backendEvent{attempt: m.attempt.Load(), event: event})
}

// owner is the goroutine of Run: it alone has the machine. It waits for nobody: what may take time is done by the workers.
type owner struct {
	*Module
	state     state
	workers   *workers
	deadlines [timerCount]time.Time
	clock     *time.Timer
	random    func() float64
	nextID    uint64
	waiting   map[uint64]*request
	why       reboot
	finished  bool
}

// run takes signals until the machine has ended, and says why it has.
func (o *owner) run(ctx context.Context) reboot {
	ended, stopping := ctx.Done(), o.stopping
	for !o.finished {
		var requests chan *request
		if o.state.accepts() {
			requests = o.requests
		}
		select {
		case <-ended:
			ended = nil
			o.take(shutdownWanted{})
		case <-stopping:
			stopping = nil
			o.take(shutdownWanted{})
		case <-o.pings:
		case sig := <-o.inbox:
			o.take(sig)
		case <-o.modem.changed:
			for _, sig := range o.modem.signals() {
				o.take(sig)
			}
		case r := <-requests:
			o.nextID++
			o.waiting[o.nextID] = r
			o.take(sendWanted{request: o.nextID, content: r.content})
		case <-o.clock.C:
			o.fire()
		}
	}
	for _, r := range o.waiting { // the sender did not come to an end with theirs
		r.outcome <- ErrShutdown
	}
	return o.why
}

func (o *owner) take(sig signal) {
	var effects []effect
	o.state, effects = step(o.state, sig, input{now: time.Now(), random: o.random()})
	for _, e := range effects {
		o.do(e)
	}
}

// fire takes the timers that are due, and sets the clock for the next.
func (o *owner) fire() {
	now := time.Now()
	for which := range timerCount {
		if at := o.deadlines[which]; !at.IsZero() && !at.After(now) {
			o.deadlines[which] = time.Time{}
			o.take(timerFired{timer: which, at: at})
		}
	}
	o.setClock()
}

// setClock sets the one timer of the runtime to the earliest of the machine's.
func (o *owner) setClock() {
	var next time.Time
	for _, at := range o.deadlines {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if next.IsZero() {
		o.clock.Stop()
		return
	}
	o.clock.Reset(time.Until(next))
}

func (o *owner) do(e effect) {
	switch e := e.(type) {
	case initBackend:
		o.workers.init(e.id)
	case connect:
		o.workers.connect(e.id)
	case disconnect:
		o.workers.disconnect(e.id)
	case cancelOperation:
		o.workers.endOperation()
	case startTimer:
		o.deadlines[e.timer] = e.at
		o.setClock()
	case stopTimer:
		o.deadlines[e.timer] = time.Time{}
		o.setClock()
	case publish:
		o.workers.publish(e)
	case cancelPublish:
		o.workers.endMessage()
	case reply:
		if r, found := o.waiting[e.request]; found {
			delete(o.waiting, e.request)
			r.outcome <- e.err
		}
	case emit:
		o.emit(&e.event)
	case deliver:
		o.deliver(e.received)
	case settleUpdates:
		o.workers.settle()
	case requestLink:
		o.workers.requestLink(e.up)
	case finish:
		o.why, o.finished = e.reboot, true
	}
}

func (o *owner) emit(event *Event) {
	o.log(event)
	if o.options.OnEvent != nil {
		o.options.OnEvent(*event)
	}
	o.taps.emit(*event)
}

// deliver hands what came to the application, which may be busy with the last one.
func (o *owner) deliver(received data.Received) {
	var call func()
	var source string
	switch r := received.(type) {
	case data.CommandReceived:
		if o.onCommand == nil {
			return
		}
		call, source = func() { o.onCommand(r) }, r.Source
	case data.ConfigReceived:
		if o.onConfig == nil {
			return
		}
		call, source = func() { o.onConfig(r.Change) }, "configuration"
	}
	if !o.workers.callback(call) {
		o.emit(&Event{Type: EventInputRejected, Source: source, Err: errApplicationBusy})
	}
}
