// Package broker is the MQTT broker of the local clouds: mochi-mqtt behind TLS, with the rules of a cloud (Policy) in front of every
// packet, a stream of events for people and tests, and controls to publish, cut a client off, and take the whole broker away and back.
//
// It serves MQTT 3.1.1 and 5 over TLS 1.2 and 1.3. Memory per client is bounded: packets by Limits.Packet, messages that wait for a slow
// or absent client by Limits.Queue.
package broker

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Config is what Open needs. Listen, TLS and Policy are required.
type Config struct {
	Listen  string      // HOST:PORT; localhost listens on IPv4 and IPv6; port 0 takes a free one
	TLS     *tls.Config // at least a certificate; TLS 1.2 is the minimum whatever it says
	Policy  Policy
	Limits  Limits
	Now     func() time.Time // the clock of the sessions of absent clients; nil: time.Now
	Restore State            // sessions and retained messages to begin with
	Changed func()           // called when Snapshot would give something new; must not block. nil: nobody looks
	Observe func(Event)      // called from one goroutine, in order; nil: nobody looks
	Logger  *slog.Logger     // nil: none
}

// Limits bound what one client costs. A zero field takes the default.
type Limits struct {
	Packet     uint32        // bytes of a packet of a client; default 256 KiB
	Queue      int           // messages of QoS 1 that wait for a client, present or absent; default 256
	Window     int           // messages of QoS 1 that a client may have received and not acknowledged; default 256
	Redelivery int           // stored messages a second that a client gets when it is back; default: all at once
	Sessions   int           // of absent clients; default 10000
	Session    time.Duration // how long the session of an absent client is kept; default 1 h
	Connecting time.Duration // for the TLS handshake, and again for the CONNECT; default 30 s
}

// Broker is a running broker. Its methods may be called from any goroutine.
type Broker struct {
	config Config
	log    *slog.Logger
	server *mqtt.Server
	inline *mqtt.Client // the library's, for what the broker itself publishes
	tap    *tap

	switching sync.Mutex // held while the broker starts or stops

	mu          sync.Mutex
	address     string // as bound first: the port stays when the broker is stopped and started
	listeners   []net.Listener
	connections map[*connection]struct{}
	closed      bool
	absent      map[string]time.Time     // clients with a session: since when they are away
	turns       map[string]chan struct{} // by client id: see takeTurn
	wills       map[string]*postponed    // by client id
	ackDelay    time.Duration
	delays      sync.WaitGroup // of wills
	work        sync.WaitGroup // accept loops and connections of the listeners that are open
}

var errClosed = errors.New("the broker is closed")

// Open starts a broker. The caller closes it.
func Open(config Config) (*Broker, error) {
	switch {
	case config.TLS == nil:
		return nil, errors.New("broker: no TLS configuration")
	case config.Policy == nil:
		return nil, errors.New("broker: no policy")
	}
	if err := config.Restore.check(); err != nil {
		return nil, fmt.Errorf("the stored state of the broker: %w", err)
	}
	config.Limits = config.Limits.orDefault()
	config.Logger = cmp.Or(config.Logger, slog.New(slog.DiscardHandler))
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Changed == nil {
		config.Changed = func() {}
	}
	b := &Broker{
		config: config, log: config.Logger, address: config.Listen, connections: map[*connection]struct{}{}, absent: map[string]time.Time{},
		turns: map[string]chan struct{}{}, wills: map[string]*postponed{},
	}
	b.config.TLS = b.guard(config.TLS, "")

	capabilities := mqtt.NewDefaultServerCapabilities()
	capabilities.MaximumClientWritesPending = int32(config.Limits.Queue)
	capabilities.MaximumInflight = uint16(config.Limits.Queue)
	capabilities.ReceiveMaximum = receiveMaximum
	capabilities.MaximumMessageExpiryInterval = 0 // none: what is retained stays
	capabilities.MaximumPacketSize = config.Limits.Packet
	capabilities.MaximumSessionExpiryInterval = uint32(config.Limits.Session / time.Second)
	capabilities.MaximumQos = 1
	capabilities.MinimumProtocolVersion = 4
	capabilities.TopicAliasMaximum = topicAliases
	capabilities.SubIDAvailable = 0
	b.server = mqtt.New(&mqtt.Options{
		Capabilities: capabilities,
		InlineClient: true,
		// None: what it holds would wait with a message that has to wait, see enter.
		ClientNetWriteBufferSize: 1,
		Logger:                   slog.New(libraryHandler{b.log.Handler()}),
		// $SYS topics are no part of any cloud here: once at the start, and then never.
		SysTopicResendInterval: math.MaxInt64 / int64(time.Second),
	})
	b.inline, _ = b.server.Clients.Get(mqtt.InlineClientId)
	b.tap = newTap(config.Observe)
	err := b.server.AddHook(&hook{broker: b}, nil)
	if err == nil {
		err = b.server.Serve()
	}
	if err == nil {
		err = b.Start()
	}
	if err != nil {
		b.tap.close()
		return nil, errors.Join(err, b.server.Close())
	}
	return b, nil
}

// What the CONNACK of MQTT 5 says.
const (
	receiveMaximum = 100
	topicAliases   = 8
)

func (l Limits) orDefault() Limits {
	return Limits{
		Packet:     cmp.Or(l.Packet, 256<<10),
		Queue:      min(cmp.Or(l.Queue, 256), math.MaxUint16),
		Window:     min(cmp.Or(l.Window, 256), math.MaxUint16),
		Redelivery: l.Redelivery,
		Sessions:   cmp.Or(l.Sessions, 10000),
		Session:    cmp.Or(l.Session, time.Hour),
		Connecting: cmp.Or(l.Connecting, 30*time.Second),
	}
}

// Guarded gives a TLS configuration in which the policy decides about clients as it does at the broker's own port: for ports that are served
// elsewhere and hand their connections to Serve. The policy is told the port's name.
func (b *Broker) Guarded(config *tls.Config, port string) *tls.Config { return b.guard(config, port) }

// guard has a refusal at a port with a name told here, because whoever serves that does not.
func (b *Broker) guard(config *tls.Config, port string) *tls.Config {
	config = config.Clone()
	refuse := func(said Hello, refusal *Refusal) error {
		if refusal == nil {
			return nil
		}
		if port != "" {
			b.Refuse("", said.Remote, "", refusal)
		}
		return refusal
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		said := Hello{
			Port: port, ServerName: hello.ServerName, Protocols: hello.SupportedProtos, Versions: hello.SupportedVersions, Remote: hello.Conn.RemoteAddr().String(),
		}
		if err := refuse(said, b.config.Policy.Hello(said)); err != nil {
			return nil, err
		}
		// A copy for each client, because the certificate comes without a word of whose it is.
		own := config.Clone()
		own.GetConfigForClient = nil
		own.VerifyConnection = func(state tls.ConnectionState) error {
			var certificate *x509.Certificate
			if len(state.PeerCertificates) > 0 {
				certificate = state.PeerCertificates[0]
			}
			return refuse(said, b.config.Policy.Certificate(said, certificate))
		}
		return own, nil
	}
	return config
}

// Start listens (again). It does nothing if the broker listens already.
func (b *Broker) Start() error {
	b.switching.Lock()
	defer b.switching.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errClosed
	}
	if len(b.listeners) > 0 {
		return nil
	}
	listeners, address, err := listen(b.address)
	if err != nil {
		return fmt.Errorf("the local cloud cannot listen on %s: %w", b.address, err)
	}
	b.listeners, b.address = listeners, address
	for _, listener := range listeners {
		b.tap.emit(Event{Kind: Listening, Remote: listener.Addr().String()})
		b.work.Go(func() { b.accept(listener) })
	}
	return nil
}

// Stop closes the listeners and cuts every client off without a word, as an outage does. Sessions, subscriptions and retained messages
// stay, as they do when a cloud's broker is away for a while. It returns when nothing of the clients runs any more.
func (b *Broker) Stop() {
	b.switching.Lock()
	defer b.switching.Unlock()
	b.stop()
}

func (b *Broker) stop() {
	b.mu.Lock()
	listeners := b.listeners
	b.listeners = nil
	for _, listener := range listeners {
		// Nothing is to be done about a listener that fails to close, and the accept loop ends all the same.
		_ = listener.Close()
	}
	for c := range b.connections {
		c.cut(ReasonServer)
	}
	b.mu.Unlock()
	b.work.Wait()
	if len(listeners) > 0 {
		b.tap.emit(Event{Kind: Stopped})
	}
}

// Close stops the broker for good. It returns when every goroutine has ended and the observer has seen the last event; so it must not be
// called by the observer.
func (b *Broker) Close() error {
	b.switching.Lock()
	defer b.switching.Unlock()
	b.stop()
	b.mu.Lock()
	closed := b.closed
	b.closed = true
	b.mu.Unlock()
	if closed {
		return nil
	}
	b.dropWills()
	b.delays.Wait()
	err := b.server.Close()
	b.tap.close()
	return err
}

// Address gives HOST:PORT as it was asked for, with the port that was really taken. It stays the same for the broker's life.
func (b *Broker) Address() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.address
}

// Publish sends a message to all subscribers, as the cloud itself. No policy is asked.
func (b *Broker) Publish(topic string, payload []byte, qos byte, retain bool) error {
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return errClosed
	}
	if err := b.server.Publish(topic, payload, retain, qos); err != nil {
		return fmt.Errorf("publishing on %q: %w", topic, err)
	}
	return nil
}

// Refuse adds an event of kind Refused to the stream, for what is refused elsewhere than in a Policy.
func (b *Broker) Refuse(client, remote, topic string, err error) {
	b.tap.emit(Event{Kind: Refused, Client: client, Remote: remote, Topic: topic, Err: err})
}

// Notify adds an event of kind Notice to the stream.
func (b *Broker) Notify(client, topic, detail string) {
	b.tap.emit(Event{Kind: Notice, Client: client, Topic: topic, Detail: detail})
}

// Disconnect cuts a client off, as the cloud does: MQTT 5 clients are told, those of 3.1.1 are not. It reports whether the client was connected.
func (b *Broker) Disconnect(clientID string) bool {
	client, ok := b.server.Clients.Get(clientID)
	if !ok || client.Net.Inline || client.Closed() {
		return false
	}
	b.end(client, ReasonServer, packets.ErrAdministrativeAction)
	return true
}

// Cut closes the connection of a client without a word, as a link that fails does. It reports whether the client was connected.
func (b *Broker) Cut(clientID string) bool {
	client, ok := b.server.Clients.Get(clientID)
	if !ok || client.Closed() {
		return false
	}
	c, ok := client.Net.Conn.(*connection)
	if ok {
		c.cut(ReasonLost)
	}
	return ok
}

// Reset forgets every session and all that is retained, and disconnects every client.
func (b *Broker) Reset() {
	for id, client := range b.server.Clients.GetAll() {
		if client.Net.Inline {
			continue
		}
		b.Disconnect(id)
		client.ClearInflights()
		b.server.UnsubscribeClient(client)
		b.server.Clients.Delete(id)
	}
	b.dropWills()
	b.mu.Lock()
	clear(b.absent)
	b.mu.Unlock()
	for _, message := range b.Snapshot().Retained {
		// A retained message without a payload takes the one away that is there (MQTT 3.1.1 section 3.3.1.3).
		_ = b.Publish(message.Topic, nil, 0, true) // of a broker that is closed
	}
	b.config.Changed()
}

// DelayAcks holds every PUBACK back for a time, and with it what the client sends after the message; 0 ends it.
func (b *Broker) DelayAcks(delay time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ackDelay = delay
}

// Clients gives the ids of the connected clients, sorted.
func (b *Broker) Clients() []string {
	clients := b.server.Clients.GetAll()
	maps.DeleteFunc(clients, func(_ string, c *mqtt.Client) bool { return c.Net.Inline || c.Closed() })
	return slices.Sorted(maps.Keys(clients))
}

// listen opens the listeners for an address and gives the address with its real port.
func listen(address string) ([]net.Listener, string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", fmt.Errorf("%w: write HOST:PORT, for example localhost:8883", err)
	}
	if host != "localhost" {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, "", err
		}
		_, port, err = net.SplitHostPort(listener.Addr().String())
		return []net.Listener{listener}, net.JoinHostPort(host, port), err
	}
	// A client may take localhost for either family, so both belong to us or neither: else it might reach somebody else's server.
	for attempt := 0; ; attempt++ {
		listeners, bound, err := listenLoopback(port)
		if port == "0" && attempt < 10 && errors.Is(err, syscall.EADDRINUSE) {
			continue // the free port of one family is taken in the other
		}
		return listeners, net.JoinHostPort(host, bound), err
	}
}

func listenLoopback(port string) ([]net.Listener, string, error) {
	var listeners []net.Listener
	var missing error
	for _, host := range []string{"127.0.0.1", "::1"} {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
		switch {
		case errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT):
			missing = errors.Join(missing, err) // the machine does not have this family
			continue
		case err == nil:
			_, port, err = net.SplitHostPort(listener.Addr().String())
			listeners = append(listeners, listener)
		}
		if err != nil {
			for _, l := range listeners {
				err = errors.Join(err, l.Close())
			}
			return nil, port, err
		}
	}
	if len(listeners) == 0 {
		return nil, port, missing
	}
	return listeners, port, nil
}
