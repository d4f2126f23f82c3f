package mqtt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

const (
	// pingTimeout bounds the wait for the answer to a keep-alive ping; a shorter keep-alive bounds it further. Narrow-band radio may
	// take ten seconds for a round trip.
	pingTimeout = 30 * time.Second
	// handover bounds how long one call of paho waits for paho's own goroutines, see Connection.handOver. They never wait for the
	// network, so it only passes when the connection has just ended or the machine is very busy.
	handover = 250 * time.Millisecond
	// joinTimeout bounds how long paho takes to end: what the link allows, and some time for a very busy machine.
	joinTimeout = flushTimeout + lingerTimeout + 5*time.Second
	// eventBuffer is the number of events that wait for Next before reading from the network pauses.
	eventBuffer = 16
)

// EventKind tells what Next gives.
type EventKind int

// The kinds of events.
const (
	EventMessage      EventKind = iota + 1 // Event.Message came
	EventRefused                           // a message with more payload than MQTT_HELPER_PAYLOAD_BUFFER_LEN came and was dropped: Event.Message.Topic, Event.Size
	EventAcknowledged                      // the broker has taken the publication Event.ID
	EventPingAnswered                      // the broker answered a keep-alive ping
	EventWoken                             // NextOr was woken
)

// Event is one thing that came from the broker.
type Event struct {
	Kind    EventKind
	ID      uint16
	Size    int // bytes
	Message Message
	ack     func()
}

// Message is what the broker delivered. The receiver owns the payload.
type Message struct {
	Topic     string
	Payload   []byte
	QoS       byte
	Retained  bool
	Duplicate bool // the broker has delivered it before, perhaps
}

// Connection is one connection to a broker, from Connect to its loss or Close. All methods but Next may be called from any goroutine.
type Connection struct {
	config         Config
	link           *link
	client         paho.Client
	ledger         *ledger
	sessionPresent bool

	publishing chan struct{} // holds one token: one Publish at a time, so that order is kept
	events     chan Event
	unacked    func() // acknowledges what Next gave last
	handled    uint64 // PUBLISH packets that paho has handed over; only paho's router touches it

	ended   chan struct{}
	endOnce sync.Once
	cause   error
	closing atomic.Bool
	closed  chan struct{} // Close has done its work
}

// Connect makes a connection and returns when the broker has accepted or refused it, or with ctx. Its error is a *ConnectError or a
// *credentials.Error.
func Connect(ctx context.Context, config Config, target Target) (*Connection, error) {
	if err := check(config, target); err != nil {
		return nil, &ConnectError{Failure: FailureParameter, Server: target.Name(), Problem: err.Error(), Err: err}
	}
	conn, raw, err := dial(ctx, config, target)
	if err != nil {
		return nil, err
	}
	return open(ctx, config, target, conn, raw)
}

// open makes the MQTT connection over a network connection, which it owns from here on.
func open(ctx context.Context, config Config, target Target, conn, raw net.Conn) (*Connection, error) {
	sendTimeout := time.Duration(0)
	if config.SendTimeout {
		sendTimeout = config.SendTimeoutTime
	}
	c := &Connection{
		config:     config,
		publishing: make(chan struct{}, 1),
		events:     make(chan Event, eventBuffer),
		ended:      make(chan struct{}),
		closed:     make(chan struct{}),
	}
	c.publishing <- struct{}{}
	c.ledger = &ledger{waiting: make(map[string]uint16), acknowledged: func(id uint16) { c.emit(Event{Kind: EventAcknowledged, ID: id}) }}
	c.link = newLink(conn, raw, config.PayloadMax, sendTimeout, func() { c.emit(Event{Kind: EventPingAnswered}) })
	c.client = paho.NewClient(c.options(target))
	token := c.client.Connect()
	select {
	case <-token.Done():
	case <-ctx.Done():
		c.link.fail(ctx.Err())
		<-token.Done()
	}
	if failure := c.connectFailure(ctx, target, token.Error()); failure != nil {
		c.finish(&LostError{Loss: LossClosed, Err: failure, problem: failure.Error()})
		c.link.fail(failure)
		if token.Error() == nil { // paho's goroutines run
			c.client.Disconnect(uint(joinTimeout / time.Millisecond))
		}
		<-c.link.done
		return nil, failure
	}
	c.sessionPresent = c.link.accepted().sessionPresent && !config.CleanSession
	return c, nil
}

func (c *Connection) options(target Target) *paho.ClientOptions {
	o := paho.NewClientOptions()
	o.Servers = []*url.URL{{Scheme: "tcp", Host: target.Name()}}
	o.SetClientID(target.ClientID)
	o.SetUsername(target.Username)
	o.SetPassword(target.Password)
	o.SetCleanSession(c.config.CleanSession)
	o.SetProtocolVersion(4) // 3.1.1, and no second try with 3.1
	o.SetAutoReconnect(false)
	o.SetConnectRetry(false)
	o.SetKeepAlive(c.config.KeepAlive)
	o.SetPingTimeout(c.pingTimeout())
	o.SetWriteTimeout(handover)
	o.SetStore(c.ledger)
	o.SetAutoAckDisabled(true)
	o.SetOrderMatters(true)
	o.SetDefaultPublishHandler(c.received)
	o.SetConnectionLostHandler(c.lost)
	o.SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) { return c.link, nil })
	if c.config.LastWill {
		o.SetBinaryWill(c.config.LastWillTopic, []byte(c.config.LastWillMessage), byte(c.config.LastWillQoS), c.config.LastWillRetain)
	}
	return o
}

func (c *Connection) pingTimeout() time.Duration {
	if c.config.KeepAlive > 0 {
		return min(c.config.KeepAlive, pingTimeout)
	}
	return pingTimeout
}

// connectFailure tells why the MQTT handshake failed; nil: it did not.
func (c *Connection) connectFailure(ctx context.Context, target Target, err error) error {
	failure := func(f Failure, problem string, err error) error {
		return &ConnectError{Failure: f, Server: target.Name(), Problem: problem, Err: err}
	}
	accepted := c.link.accepted()
	if accepted != nil && accepted.code != 0 {
		return &ConnectError{Failure: FailureRefused, Server: target.Name(), Code: accepted.code, Problem: refusalText(accepted.code)}
	}
	cause := c.link.failure()
	switch {
	case ctx.Err() != nil && (err != nil || cause != nil):
		return contextFailure(ctx, target, "waiting for the answer to CONNECT")
	case err == nil && cause == nil:
		return nil
	case cause == nil:
		cause = err
	}
	if alert, ok := remoteAlert(cause); ok {
		return alertFailure(target, alert, cause)
	}
	var lost *LostError
	if errors.As(cause, &lost) {
		switch lost.Loss {
		case LossByBroker:
			return failure(FailureClosed, lost.problem+" in place of an answer to CONNECT", cause)
		case LossProtocol:
			return failure(FailureProtocol, lost.problem, cause)
		}
	}
	return failure(FailureNetwork, cause.Error(), cause)
}

// SessionPresent tells whether the broker has kept the session of an earlier connection: its subscriptions still stand.
func (c *Connection) SessionPresent() bool { return c.sessionPresent }

// Next waits for the next event and gives it; false: the connection has ended and all that came before is taken. A message is
// acknowledged to the broker when Next is called again. It is called from one goroutine, which does not wait for Subscribe in between.
func (c *Connection) Next() (Event, bool) { return c.NextOr(nil) }

// NextOr is Next, which also returns, with EventWoken, when something can be received from wake. What has come goes first.
func (c *Connection) NextOr(wake <-chan struct{}) (Event, bool) {
	if c.unacked != nil {
		c.unacked()
		c.unacked = nil
	}
	select {
	case event := <-c.events:
		c.unacked = event.ack
		return event, true
	default:
	}
	select {
	case event := <-c.events:
		c.unacked = event.ack
		return event, true
	case <-wake:
		return Event{Kind: EventWoken}, true
	case <-c.ended:
	}
	select {
	case event := <-c.events:
		c.unacked = event.ack
		return event, true
	default:
		return Event{}, false
	}
}

// Done is closed when the connection has ended.
func (c *Connection) Done() <-chan struct{} { return c.ended }

// Err tells why the connection ended, as a *LostError; nil while it stands.
func (c *Connection) Err() error {
	select {
	case <-c.ended:
		return c.cause
	default:
		return nil
	}
}

// KeepaliveTimeLeft tells when the next keep-alive is due, 0 when it is overdue; −1 s: keep-alive is off.
func (c *Connection) KeepaliveTimeLeft() time.Duration {
	if c.config.KeepAlive == 0 {
		return -time.Second
	}
	return max(c.config.KeepAlive-c.link.sinceSent(), 0)
}

// Close sends DISCONNECT, closes the connection and joins what the package started. After a loss it only joins. It does not wait for
// who is in Next. It takes at most a few seconds, also when the network is gone.
func (c *Connection) Close() {
	if c.closing.CompareAndSwap(false, true) {
		cause := c.broken()
		if cause == nil {
			cause = &LostError{Loss: LossClosed, Err: ErrClosed, problem: "closed by this device"}
		}
		c.link.expectClose()
		c.finish(cause)
		c.client.Disconnect(uint(joinTimeout / time.Millisecond))
		_ = c.link.Close() // where paho has not
		close(c.closed)
	}
	<-c.closed
	<-c.link.done
}

// finish ends the connection for all who wait. The first cause counts.
func (c *Connection) finish(cause error) {
	c.endOnce.Do(func() {
		c.cause = cause
		close(c.ended)
	})
}

// emit hands an event to Next. It waits while Next's buffer is full, which pauses reading from the network.
func (c *Connection) emit(event Event) {
	select {
	case c.events <- event:
	case <-c.ended:
	}
}

// received is called by paho for each PUBLISH, in order, from one goroutine.
func (c *Connection) received(_ paho.Client, m paho.Message) {
	n := c.handled
	c.handled++
	event := Event{Kind: EventMessage, ack: m.Ack, Message: Message{
		Topic: m.Topic(), Payload: m.Payload(), QoS: m.Qos(), Retained: m.Retained(), Duplicate: m.Duplicate(),
	}}
	if refused, found := c.link.refusal(n); found {
		event = Event{Kind: EventRefused, Size: refused.size, Message: Message{Topic: refused.topic}, ack: m.Ack}
	}
	c.emit(event)
}

// lost is called by paho once, when the connection has broken and its goroutines have ended.
func (c *Connection) lost(_ paho.Client, err error) {
	cause := c.broken()
	if cause == nil {
		cause = lossOf(err)
	}
	c.link.fail(cause)
	c.finish(cause)
}

// broken tells why the link has failed; nil: it has not. It is known before paho reports the loss: who is told by a call of paho's that failed, and
// calls Close, may be faster.
func (c *Connection) broken() error {
	cause := c.link.failure()
	if errors.Is(cause, errAbandoned) {
		return &LostError{Loss: LossNoAnswer, Err: cause,
			problem: fmt.Sprintf("the broker did not answer a keep-alive ping within %v", c.pingTimeout())}
	}
	return cause
}
