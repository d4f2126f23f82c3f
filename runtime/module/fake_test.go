package module

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scriptedBackend is a cloud whose behaviour a test sets. A real cloud cannot be in a bubble of virtual time; the backends have theirs.
type scriptedBackend struct {
	cloud.Notifier
	receive func(data.Received)

	onInit       func(ctx context.Context) error
	onConnect    func(ctx context.Context) (cloud.ConnectResult, error)
	onDisconnect func() error
	onSend       func(ctx context.Context, what string, delivery Delivery) error

	mu         sync.Mutex
	start      time.Time
	connects   []time.Duration // when Connect was called
	connecting int
	overlap    bool // two at a time
	calls      []string
	ids        []uint16 // of the messages that were sent
}

func (b *scriptedBackend) note(call string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, call)
}

func (b *scriptedBackend) Calls() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.calls...)
}

func (b *scriptedBackend) IDs() []uint16 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]uint16(nil), b.ids...)
}

func (b *scriptedBackend) Bind(receive func(data.Received)) { b.receive = receive }

func (b *scriptedBackend) Init(ctx context.Context, handler cloud.Handler) error {
	b.note("Init")
	b.SetHandler(handler)
	if b.onInit != nil {
		return b.onInit(ctx)
	}
	return nil
}

func (b *scriptedBackend) Uninit() error {
	b.note("Uninit")
	b.SetHandler(nil)
	return nil
}

func (b *scriptedBackend) Connect(ctx context.Context) (cloud.ConnectResult, error) {
	b.note("Connect")
	b.mu.Lock()
	b.connects = append(b.connects, time.Since(b.start))
	b.connecting++
	b.overlap = b.overlap || b.connecting > 1
	answer := b.onConnect
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.connecting--
	}()
	if answer != nil {
		return answer(ctx)
	}
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventConnected})
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventReady})
	return cloud.ConnectSuccess, nil
}

func (b *scriptedBackend) Disconnect() error {
	b.note("Disconnect")
	if b.onDisconnect != nil {
		return b.onDisconnect()
	}
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventDisconnected, Reason: cloud.DisconnectUserRequest})
	return nil
}

func (b *scriptedBackend) drop() {
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventDisconnected, Reason: cloud.DisconnectClosedByRemote, Err: errTest})
}

func (b *scriptedBackend) send(ctx context.Context, what string, delivery Delivery) error {
	b.note(what)
	b.mu.Lock()
	b.ids = append(b.ids, delivery.ID)
	b.mu.Unlock()
	if b.onSend != nil {
		return b.onSend(ctx, what, delivery)
	}
	if delivery.Acknowledged {
		b.receive(data.Acknowledged{ID: delivery.ID})
	}
	return nil
}

func (b *scriptedBackend) Send(ctx context.Context, message cloud.Message) error {
	return b.send(ctx, "Send", Delivery{ID: message.ID, Acknowledged: message.QoS != cloud.QoSAtMostOnce})
}
func (b *scriptedBackend) Report(ctx context.Context, _ data.Update, d Delivery) error {
	return b.send(ctx, "Report", d)
}
func (b *scriptedBackend) ReportBatch(ctx context.Context, _ data.Batch, d Delivery) error {
	return b.send(ctx, "ReportBatch", d)
}
func (b *scriptedBackend) Alert(ctx context.Context, _ data.Alert, d Delivery) error {
	return b.send(ctx, "Alert", d)
}
func (b *scriptedBackend) RequestConfig(ctx context.Context) error {
	return b.send(ctx, "RequestConfig", Delivery{})
}
func (b *scriptedBackend) ReportConfig(ctx context.Context, _ data.Configuration, d Delivery) error {
	return b.send(ctx, "ReportConfig", d)
}
func (b *scriptedBackend) RequestLocation(ctx context.Context, _ data.LocationRequest, d Delivery) error {
	return b.send(ctx, "RequestLocation", d)
}
func (b *scriptedBackend) LocationAnswered() bool { return false }
func (b *scriptedBackend) RequestAGNSS(ctx context.Context, _ data.AGNSSRequest, d Delivery) error {
	return b.send(ctx, "RequestAGNSS", d)
}
func (b *scriptedBackend) RequestPGPS(ctx context.Context, _ data.PGPSRequest, d Delivery) error {
	return b.send(ctx, "RequestPGPS", d)
}
func (b *scriptedBackend) SendDiagnostics(ctx context.Context, _ []byte, d Delivery) error {
	return b.send(ctx, "SendDiagnostics", d)
}
func (b *scriptedBackend) KeepaliveTimeLeft() time.Duration           { return -1 }
func (b *scriptedBackend) Input() error                               { return nil }
func (b *scriptedBackend) SubscriptionsAdd([]cloud.Endpoint) error    { return nil }
func (b *scriptedBackend) SubscriptionsRemove([]cloud.Endpoint) error { return nil }
func (b *scriptedBackend) ID() (string, error)                        { return "device", nil }

// plainBackend is one that implements none of the optional interfaces.
type plainBackend struct{ backend *scriptedBackend }

func (b plainBackend) Bind(receive func(data.Received))                { b.backend.Bind(receive) }
func (b plainBackend) Init(ctx context.Context, h cloud.Handler) error { return b.backend.Init(ctx, h) }
func (b plainBackend) Uninit() error                                   { return b.backend.Uninit() }
func (b plainBackend) Connect(c context.Context) (cloud.ConnectResult, error) {
	return b.backend.Connect(c)
}
func (b plainBackend) Disconnect() error                               { return b.backend.Disconnect() }
func (b plainBackend) Send(ctx context.Context, m cloud.Message) error { return b.backend.Send(ctx, m) }
func (b plainBackend) KeepaliveTimeLeft() time.Duration                { return -1 }
func (b plainBackend) Input() error                                    { return nil }
func (b plainBackend) SubscriptionsAdd([]cloud.Endpoint) error         { return nil }
func (b plainBackend) SubscriptionsRemove([]cloud.Endpoint) error      { return nil }
func (b plainBackend) ID() (string, error)                             { return "device", nil }

// resendingBackend has a transport without acknowledgements.
type resendingBackend struct{ *scriptedBackend }

func (resendingBackend) NeedsResend() bool { return true }

// scriptedModem reports what a test tells it to.
type scriptedModem struct {
	notify chan func(modem.Event)
	stop   chan error // makes Run return
	imei   func(context.Context) (string, error)
	links  chan bool

	mu    sync.Mutex
	ended bool
}

func newScriptedModem() *scriptedModem {
	return &scriptedModem{notify: make(chan func(modem.Event), 1), stop: make(chan error), links: make(chan bool, 10)}
}

func (m *scriptedModem) Run(ctx context.Context, notify func(modem.Event)) error {
	m.notify <- notify
	var err error
	select {
	case <-ctx.Done():
	case err = <-m.stop:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	return err
}

func (m *scriptedModem) IMEI(ctx context.Context) (string, error) { return m.imei(ctx) }

func (m *scriptedModem) RequestLink(_ context.Context, up bool) error {
	m.links <- up
	return nil
}

// world is a module that runs in a bubble of virtual time.
type world struct {
	t       *testing.T
	module  *Module
	backend *scriptedBackend
	modem   *scriptedModem
	notify  func(modem.Event)
	start   time.Time
	result  chan error
	log     bytes.Buffer

	mu     sync.Mutex
	events []Event
	times  []time.Duration
}

func testConfig() Config {
	return Config{
		ClientIDUseCustom: true, ClientID: "device", ConnectRetries: 10,
		QoS: qos.Config{PendingMax: 10, NotifiedCountMax: 3, NotifyTimeout: 16 * time.Second},
	}
}

// inBubble runs a test in virtual time, from the given instant on.
func inBubble(t *testing.T, start time.Time, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(start))
		test(&world{t: t, backend: &scriptedBackend{}, modem: newScriptedModem(), start: start})
	})
}

// run starts a module on the world's backend, or on one made of it.
func (w *world) run(ctx context.Context, config Config, backend Backend) {
	w.t.Helper()
	if backend == nil {
		backend = w.backend
	}
	w.backend.start = w.start
	var err error
	w.module, err = New(config, backend, Options{
		Modem:  w.modem,
		Logger: slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnEvent: func(event Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events, w.times = append(w.events, event), append(w.times, time.Since(w.start))
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.result = make(chan error, 1)
	go func() { w.result <- w.module.Run(ctx) }()
	w.notify = <-w.modem.notify
}

// connected starts a module and lets it connect.
func (w *world) connected(config Config, backend Backend) {
	w.t.Helper()
	w.run(context.Background(), config, backend)
	w.up()
	if !w.saw(EventConnected) {
		w.t.Fatalf("not connected: %v", w.names())
	}
}

// up initialises the modem and brings the network up.
func (w *world) up() {
	w.notify(modem.Event{Type: modem.EventInitialized})
	w.notify(modem.Event{Type: modem.EventLTEConnected})
	synctest.Wait()
}

// pass lets time pass, and everything happen that it brings.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) end() error {
	w.t.Helper()
	w.module.Shutdown()
	return <-w.result
}

func (w *world) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for _, event := range w.events {
		names = append(names, event.Type.String())
	}
	return names
}

// of gives the events of a type.
func (w *world) of(kind EventType) []Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []Event
	for _, event := range w.events {
		if event.Type == kind {
			list = append(list, event)
		}
	}
	return list
}

func (w *world) saw(kind EventType) bool { return len(w.of(kind)) > 0 }

func (w *world) attempts() []time.Duration {
	w.backend.mu.Lock()
	defer w.backend.mu.Unlock()
	return append([]time.Duration(nil), w.backend.connects...)
}

// reason gives why a module wants the device to restart; "" when it does not.
func reason(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	reboot, ok := errors.AsType[*RebootError](err)
	if !ok {
		t.Fatalf("Run: %v", err)
	}
	return reboot.Reason
}
