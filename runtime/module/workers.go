package module

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

const (
	callbackPlaces = 64               // commands and configurations that may wait for the application
	publishLimit   = 30 * time.Second // for a backend to hand one message to its transport
	uninitLimit    = 5 * time.Second  // for a backend to free what it holds, before the modem is switched off
	joinLimit      = 10 * time.Second // for all goroutines to end after that
)

var errApplicationBusy = errorf("the application has not taken the last %d", callbackPlaces)

// workers are the goroutines that do for the owner what may take time. The machine gives out one operation and one message at a time, so
// that the owner never waits to hand one over.
type workers struct {
	module  *Module
	context context.Context // of all that they do; it outlives Run's, which is only the wish to close the connection in an orderly way
	cancel  context.CancelFunc
	running sync.WaitGroup

	operations   chan func()
	endOperation context.CancelFunc
	initialized  bool // the backend's Init was called
	messages     chan func()
	endMessage   context.CancelFunc
	calls        chan func()
	link         chan bool
	usable       chan struct{} // the cloud can be used: updates are confirmed and reported

	mu    sync.Mutex
	doing map[string]int // calls out of the module that have not returned
}

func startWorkers(ctx context.Context, m *Module) *workers {
	w := &workers{
		module:       m,
		operations:   make(chan func(), 1),
		endOperation: func() {},
		messages:     make(chan func(), 1),
		endMessage:   func() {},
		calls:        make(chan func(), callbackPlaces),
		link:         make(chan bool, 1),
		usable:       make(chan struct{}, 1),
		doing:        map[string]int{},
	}
	w.context, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	w.running.Go(w.runModem)
	w.running.Go(func() { each(w.context, w.operations, func(operation func()) { operation() }) })
	w.running.Go(func() { each(w.context, w.messages, func(send func()) { send() }) })
	w.running.Go(func() { each(w.context, w.calls, func(call func()) { w.call("a callback of the application", call) }) })
	w.running.Go(func() { each(w.context, w.link, w.changeLink) })
	w.running.Go(func() { each(w.context, w.usable, func(struct{}) { w.settleUpdates() }) })
	return w
}

// each takes from a channel until ctx ends.
func each[T any](ctx context.Context, from <-chan T, take func(T)) {
	for {
		select {
		case <-ctx.Done():
			return
		case one := <-from:
			take(one)
		}
	}
}

// call makes a call out of the module and keeps a note of it as long as it lasts.
func (w *workers) call(what string, f func()) {
	w.note(what, 1)
	defer w.note(what, -1)
	f()
}

func (w *workers) note(what string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.doing[what] += n; w.doing[what] == 0 {
		delete(w.doing, what)
	}
}

func (w *workers) runModem() {
	w.applyUpdates()
	var err error
	w.call("Modem.Run", func() { err = w.module.options.Modem.Run(w.context, w.module.modem.notify) })
	if w.context.Err() != nil {
		return
	}
	if err == nil {
		err = errModemStopped
	}
	w.module.modem.notify(modem.Event{Type: modem.EventError, Err: err})
}

// operate has the backend do something. endOperation ends its context.
func (w *workers) operate(what string, operation func(ctx context.Context) signal) {
	ctx, cancel := context.WithCancel(w.context)
	w.endOperation = cancel
	w.operations <- func() {
		defer cancel()
		var outcome signal
		w.call(what, func() { outcome = operation(ctx) })
		w.module.post(outcome)
	}
}

func (w *workers) init(id uint64) {
	w.initialized = true
	w.operate("Backend.Init", func(ctx context.Context) signal {
		return initDone{id, w.module.backend.Init(ctx, w.module.backendEvent)}
	})
}

func (w *workers) connect(id uint64) {
	w.operate("Backend.Connect", func(ctx context.Context) signal {
		w.module.attempt.Store(id)
		result, err := w.module.backend.Connect(ctx)
		if result == cloud.ConnectSuccess && err != nil {
			result = cloud.ConnectErrMisc
		}
		return connectDone{id, result, err}
	})
}

func (w *workers) disconnect(id uint64) {
	w.operate("Backend.Disconnect", func(context.Context) signal {
		return disconnectDone{id, w.module.backend.Disconnect()}
	})
}

// publish has the backend send one message.
func (w *workers) publish(p publish) {
	ctx, cancel := context.WithTimeout(w.context, publishLimit)
	w.endMessage = cancel
	w.messages <- func() {
		defer cancel()
		var err error
		w.call("a send of the backend", func() { err = p.content.send(ctx, w.module.backend, p.delivery) })
		w.module.post(sendDone{p.seq, err})
	}
}

// callback queues a call to the application; false: it is too far behind.
func (w *workers) callback(call func()) bool {
	select {
	case w.calls <- call:
		return true
	default:
		return false
	}
}

// requestLink passes on what the backend wants of the network. The latest wish replaces one that has not been taken yet.
func (w *workers) requestLink(up bool) {
	select {
	case <-w.link:
	default:
	}
	w.link <- up
}

func (w *workers) changeLink(up bool) {
	controller, ok := w.module.options.Modem.(modem.LinkController)
	if !ok {
		w.module.logger.Warn("the modem offers no way to change the state of its network", "up", up)
		return
	}
	var err error
	w.call("Modem.RequestLink", func() { err = controller.RequestLink(w.context, up) })
	if err != nil && w.context.Err() == nil {
		w.module.logger.Warn("the modem did not change the state of its network", "up", up, "error", err)
	}
}

// stop ends all goroutines and waits for them. The modem stays on until the backend has freed what it holds.
func (w *workers) stop() {
	w.endOperation()
	w.endMessage()
	if w.initialized {
		freed := make(chan struct{})
		w.running.Go(func() {
			defer close(freed)
			w.call("Backend.Uninit", func() {
				if err := w.module.backend.Uninit(); err != nil {
					w.module.logger.Warn("the backend did not end in order", "error", err)
				}
			})
		})
		waitFor(freed, uninitLimit)
	}
	w.cancel()
	joined := make(chan struct{})
	go func() { // ends with the last of them
		w.running.Wait()
		close(joined)
	}()
	if !waitFor(joined, joinLimit) {
		w.mu.Lock()
		var late []string
		for name := range w.doing {
			late = append(late, name)
			for i := len(late) - 1; i > 0 && late[i] < late[i-1]; i-- {
				late[i], late[i-1] = late[i-1], late[i]
			}
		}
		w.mu.Unlock()
		w.module.logger.Error("the module ends without calls that do not return although their context has ended",
			slog.String("calls", strings.Join(late, ", ")), slog.Duration("waited", joinLimit))
	}
}

// waitFor tells whether a channel is closed within a time.
func waitFor(closed <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-closed:
		return true
	case <-timer.C:
		return false
	}
}
