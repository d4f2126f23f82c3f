package broker_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
	"github.com/cloudgen/cloudgen/lab/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds how long a test waits for what has to come. No test passes by waiting.
const patience = 20 * time.Second

// rules is a policy made of functions; nil ones accept.
type rules struct {
	hello     func(broker.Hello) *broker.Refusal
	connect   func(broker.Client, *broker.Connect) *broker.Refusal
	publish   func(broker.Client, broker.Publish) *broker.Refusal
	subscribe func(broker.Client, broker.Subscribe) (*broker.Refusal, []*broker.Refusal)
	matches   func(filter, topic string) bool
	published func(broker.Client, broker.Publish)
	receive   func(broker.Client, string) *broker.Refusal
	pace      func(size int, outgoing bool) time.Duration
}

func (r rules) Hello(h broker.Hello) *broker.Refusal {
	if r.hello == nil {
		return nil
	}
	return r.hello(h)
}

func (r rules) Connect(c broker.Client, p *broker.Connect) *broker.Refusal {
	if r.connect == nil {
		return nil
	}
	return r.connect(c, p)
}

func (r rules) Publish(c broker.Client, p broker.Publish) *broker.Refusal {
	if r.publish == nil {
		return nil
	}
	return r.publish(c, p)
}

func (r rules) Subscribe(c broker.Client, s broker.Subscribe) (*broker.Refusal, []*broker.Refusal) {
	if r.subscribe == nil {
		return nil, nil
	}
	return r.subscribe(c, s)
}

func (r rules) Matches(filter, topic string) bool {
	return r.matches == nil || r.matches(filter, topic)
}

func (r rules) Published(c broker.Client, p broker.Publish) {
	if r.published != nil {
		r.published(c, p)
	}
}

// bench is a broker with a device's credentials, and everything that the broker said.
type bench struct {
	*testing.T
	*broker.Broker
	client *tls.Config

	mu     sync.Mutex
	events []broker.Event
	news   chan struct{}
}

func start(t *testing.T, policy broker.Policy, limits broker.Limits) *bench {
	t.Helper()
	return startWith(t, policy, func(c *broker.Config) { c.Limits = limits })
}

func startWith(t *testing.T, policy broker.Policy, change func(*broker.Config)) *bench {
	t.Helper()
	b := &bench{T: t, news: make(chan struct{}, 1)}
	b.openWith(t, policy, b.observe, change)
	return b
}

func (b *bench) open(t testing.TB, policy broker.Policy, limits broker.Limits, observe func(broker.Event)) {
	b.openWith(t, policy, observe, func(c *broker.Config) { c.Limits = limits })
}

func (b *bench) openWith(t testing.TB, policy broker.Policy, observe func(broker.Event), change func(*broker.Config)) {
	t.Helper()
	authority, err := pki.Open(t.TempDir(), time.Now())
	check(t, err)
	server, err := authority.Server(nil, time.Now())
	check(t, err)
	dir, err := authority.Device(42, "device", time.Now())
	check(t, err)
	device, err := tls.LoadX509KeyPair(dir+"/cert.pem", dir+"/key.pem")
	check(t, err)
	b.client = &tls.Config{RootCAs: authority.Pool(), Certificates: []tls.Certificate{device}, ServerName: "localhost"}
	config := broker.Config{
		Listen:  "localhost:0",
		TLS:     &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool()},
		Policy:  policy,
		Observe: observe,
	}
	change(&config)
	b.Broker, err = broker.Open(config)
	check(t, err)
	t.Cleanup(func() { check(t, b.Close()) })
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) observe(e broker.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// await waits for an event of the kind and of the client ("" for any), and takes it and everything before it out of the record.
func (b *bench) await(kind broker.Kind, client string) broker.Event {
	b.Helper()
	timeout := time.After(patience)
	for {
		b.mu.Lock()
		i := slices.IndexFunc(b.events, func(e broker.Event) bool { return e.Kind == kind && (client == "" || e.Client == client) })
		if i >= 0 {
			event := b.events[i]
			b.events = b.events[i+1:]
			b.mu.Unlock()
			return event
		}
		b.mu.Unlock()
		select {
		case <-b.news:
		case <-timeout:
			b.mu.Lock()
			defer b.mu.Unlock()
			b.Fatalf("no event %s of %q; there were %v", kind, client, b.events)
		}
	}
}

func (b *bench) dial() *rawmqtt.Client {
	b.Helper()
	client, err := rawmqtt.Dial(b.Context(), b.Address(), b.client)
	check(b.T, err)
	b.Cleanup(func() { _ = client.Close() })
	return client
}

func (b *bench) connect(s rawmqtt.Session) *rawmqtt.Client {
	b.Helper()
	client := b.dial()
	code, _, err := client.Connect(s)
	check(b.T, err)
	if code != 0 {
		b.Fatalf("CONNACK %d for %+v", code, s)
	}
	b.await(broker.Connected, s.ID)
	return client
}

// quiet proves that the client has been sent nothing: its PINGREQ is answered first.
func quiet(t testing.TB, client *rawmqtt.Client) {
	t.Helper()
	check(t, client.Ping())
	if _, err := client.Expect(rawmqtt.Pingresp); err != nil {
		t.Fatal(err)
	}
}

// closed proves that the broker has closed the connection, and gives what it sent before.
func closed(t *testing.T, client *rawmqtt.Client) (before []rawmqtt.Packet) {
	t.Helper()
	for {
		packet, err := client.Read()
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			t.Fatal("the connection is still open")
		}
		if err != nil {
			return before
		}
		before = append(before, packet)
	}
}

func (r rules) Certificate(broker.Hello, *x509.Certificate) *broker.Refusal { return nil }

func (r rules) Receive(c broker.Client, topic string) *broker.Refusal {
	if r.receive == nil {
		return nil
	}
	return r.receive(c, topic)
}

func (r rules) Pace(_ broker.Client, size int, outgoing bool) time.Duration {
	if r.pace == nil {
		return 0
	}
	return r.pace(size, outgoing)
}

func (r rules) Connected(broker.Client)            {}
func (r rules) Disconnected(broker.Client, string) {}
