package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Reasons why a connection ended, in the words of AWS IoT's presence events (AWS IoT developer guide, "Lifecycle events").
const (
	ReasonClient    = "CLIENT_INITIATED_DISCONNECT"
	ReasonError     = "CLIENT_ERROR"
	ReasonLost      = "CONNECTION_LOST"
	ReasonTakeover  = "DUPLICATE_CLIENTID"
	ReasonForbidden = "FORBIDDEN_ACCESS"
	ReasonKeepAlive = "MQTT_KEEP_ALIVE_TIMEOUT"
	ReasonServer    = "SERVER_INITIATED_DISCONNECT"
)

// connection is one TLS connection, with what the rules need to know of it. The library hands it back in every hook (Client.Net.Conn),
// so that no table of connections has to be kept in step with the library's own.
type connection struct {
	net.Conn          // TLS once the handshake is done
	raw      net.Conn // beneath it
	broker   *Broker

	ended  chan struct{} // closed when the connection is
	ending sync.Once

	// Only the connection's own goroutine touches these until it is established, and nobody changes them afterwards.
	client  Client           // ID and Version are set at the CONNECT
	session *mqtt.Client     // set when the CONNECT is accepted
	stored  []packets.Packet // of the session, to be sent again; then resume's
	resumed chan struct{}    // closed when resume has ended; nil if there was nothing to send

	// Only the connection's own goroutine touches these.
	request request
	will    *will         // nil: none, or no more
	turn    chan struct{} // see takeTurn

	over chan struct{} // closed when nothing of the connection runs any more

	mu          sync.Mutex
	reason      string   // why we ended it; "" if we did not
	subscribing []string // filters of a SUBSCRIBE that the library is working on
	established bool     // the CONNECT was accepted
	outbox      []packets.Packet
	window      int           // how many messages of QoS 1 may be unacknowledged
	left        chan struct{} // closed and made anew when one is acknowledged

	unacknowledged map[uint16]struct{}
	sending        bool // a goroutine empties the outbox
	finished       bool // no other will be started
	sends          sync.WaitGroup
}

func (b *Broker) newConnection(conn net.Conn) *connection {
	return &connection{
		Conn: conn, raw: conn, broker: b, client: Client{Remote: conn.RemoteAddr().String()}, ended: make(chan struct{}),
		over: make(chan struct{}), left: make(chan struct{}), unacknowledged: map[uint16]struct{}{},
	}
}

// Close closes the connection: net.Conn.
func (c *connection) Close() error {
	c.ending.Do(func() { close(c.ended) })
	return c.Conn.Close()
}

// pause waits, or until the connection is closed.
func (c *connection) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ended:
	}
}

// cut ends the connection without a word. The first reason is kept.
func (c *connection) cut(reason string) {
	c.because(reason)
	c.ending.Do(func() { close(c.ended) })
	_ = c.raw.Close() // not Conn: TLS would say goodbye. The error says nothing that anybody could act on
}

func (c *connection) because(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" {
		c.reason = reason
	}
}

func (c *connection) setSubscribing(filters []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.subscribing = filters
}

// mayReceive tells whether a message of the topic goes to the client, and whether the client may subscribe to it as a filter: the library
// asks the same question for both. The difference to the library's own matching is that Policy.Matches narrows it, and that Policy.Receive
// has a say.
func (c *connection) mayReceive(client *mqtt.Client, topic string) bool {
	c.mu.Lock()
	subscribing := c.subscribing
	c.mu.Unlock()
	if slices.Contains(subscribing, topic) {
		return true // Policy.Subscribe has accepted the filter
	}
	matches := func(filter string) bool { return c.matches(filter, topic) }
	if !slices.ContainsFunc(subscribing, matches) && !slices.ContainsFunc(slices.Collect(maps.Keys(client.State.Subscriptions.GetAll())), matches) {
		return false
	}
	if client.Closed() && client.State.Inflight.Len() >= c.broker.config.Limits.Queue {
		c.broker.tap.emit(Event{Kind: Lost, Client: client.ID, Topic: topic})
		return false
	}
	if refusal := c.broker.config.Policy.Receive(c.client, topic); refusal != nil {
		c.broker.refuse(c, topic, refusal)
		return false
	}
	return true
}

func (c *connection) matches(filter, topic string) bool {
	filter = unshared(filter)
	return filterMatches(filter, topic) && c.broker.config.Policy.Matches(filter, topic)
}

// accept takes connections until the listener closes.
func (b *Broker) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// Out of file descriptors, most likely: others may free some. The connection waits in the kernel's queue meanwhile.
			b.log.Warn("accepting a connection failed", "error", err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		c := b.newConnection(conn)
		b.mu.Lock()
		open := slices.Contains(b.listeners, listener)
		if open {
			b.connections[c] = struct{}{}
			b.work.Go(func() { b.serve(c) })
		}
		b.mu.Unlock()
		if !open {
			_ = conn.Close() // accepted in the moment of Stop
		}
	}
}

// Serve runs one connection whose TLS handshake was made elsewhere, for example at a port that serves more than MQTT, to its end. It closes
// the connection at once while the broker is stopped.
func (b *Broker) Serve(conn *tls.Conn) {
	c := b.newConnection(conn)
	c.raw = conn.NetConn()
	c.take(conn)
	b.mu.Lock()
	open := len(b.listeners) > 0
	if open {
		b.connections[c] = struct{}{}
		b.work.Add(1)
	}
	b.mu.Unlock()
	if !open {
		_ = conn.Close()
		return
	}
	defer b.work.Done()
	b.converse(c)
}

// serve runs one connection to its end.
func (b *Broker) serve(c *connection) {
	if err := b.handshake(c); err != nil {
		b.refuse(c, "", explainHandshake(err))
		b.forget(c)
		return
	}
	b.converse(c)
}

func (b *Broker) forget(c *connection) {
	b.mu.Lock()
	delete(b.connections, c)
	b.mu.Unlock()
	_ = c.Close()
}

func (b *Broker) converse(c *connection) {
	defer func() {
		b.forget(c)
		c.mu.Lock()
		c.finished = true
		c.mu.Unlock()
		c.sends.Wait()
		b.passTurn(c)
		close(c.over)
	}()
	// The library reads the CONNECT without a deadline of its own.
	if err := c.SetDeadline(time.Now().Add(b.config.Limits.Connecting)); err != nil {
		return
	}
	err := b.server.EstablishConnection("tls", c)
	c.mu.Lock()
	established, reason := c.established, c.reason
	c.mu.Unlock()
	if !established && reason == "" {
		b.refuse(c, "", explainConnect(err))
	}
	if !established && c.session != nil {
		b.abandon(c)
	}
}

func (b *Broker) handshake(c *connection) error {
	ctx, cancel := context.WithTimeout(context.Background(), b.config.Limits.Connecting)
	defer cancel()
	secured := tls.Server(c.raw, b.config.TLS)
	if err := secured.HandshakeContext(ctx); err != nil {
		return err
	}
	c.take(secured)
	return nil
}

// take takes what the handshake says of the client.
func (c *connection) take(secured *tls.Conn) {
	state := secured.ConnectionState()
	c.client.ServerName, c.client.Protocol = state.ServerName, state.NegotiatedProtocol
	if len(state.PeerCertificates) > 0 {
		c.client.Certificate = state.PeerCertificates[0]
	}
	c.Conn = secured
}

// refuse records that a client was turned away.
func (b *Broker) refuse(c *connection, topic string, err error) {
	b.tap.emit(Event{Kind: Refused, Client: c.client.ID, Remote: c.client.Remote, Topic: topic, Err: err})
}

// disconnectReason says why a connection ended.
func disconnectReason(c *connection, client *mqtt.Client, err error) string {
	c.mu.Lock()
	reason := c.reason
	c.mu.Unlock()
	var timeout net.Error
	switch {
	case reason != "":
		return reason
	case errors.Is(client.StopCause(), packets.CodeDisconnect), errors.Is(err, packets.CodeDisconnectWillMessage):
		return ReasonClient
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return ReasonKeepAlive
	case errors.As(err, new(packets.Code)), err != nil && !ofTheLink(err):
		return ReasonError
	default:
		return ReasonLost
	}
}

// ofTheLink tells whether an error came from the connection rather than from what was read.
func ofTheLink(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// explainHandshake adds to a failed handshake what a developer needs to know, where the bare error does not say it.
func explainHandshake(err error) error {
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &handshakeError{"the client closed the connection during the TLS handshake: does it trust the lab's authority (ca.pem), and is it called by a name in the server's certificate?", err}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return &handshakeError{"the client did not finish the TLS handshake in time", err}
	}
	var notTLS tls.RecordHeaderError
	if errors.As(err, &notTLS) {
		return &handshakeError{"the client does not speak TLS", err}
	}
	return &handshakeError{"TLS handshake", err}
}

func explainConnect(err error) error {
	code, isCode := errors.AsType[packets.Code](err)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return rule("mqtt/connect-timeout", "the client sent no CONNECT in time")
	case isCode && code == packets.ErrProtocolViolationRequireFirstConnect:
		return rule("mqtt/first-packet", "the first packet is no CONNECT")
	case isCode && code == packets.ErrPacketTooLarge:
		return rule("mqtt/packet-size", "the CONNECT is larger than the packets that the broker takes")
	case isCode && code.Code == packets.ErrUnsupportedProtocolVersion.Code:
		return rule("mqtt/protocol", "the CONNECT is of a version other than MQTT 3.1.1 and 5")
	case isCode && code == packets.ErrUnspecifiedError:
		return rule("mqtt/client-id", "the CONNECT has no client id and asks for a session, which nobody could take up")
	case isCode:
		return rule("mqtt/malformed", "the CONNECT is malformed: "+err.Error())
	case err == nil, errors.Is(err, io.EOF):
		return &handshakeError{"the client closed the connection before its CONNECT was complete (with TLS 1.3 that is also how a client leaves that does not trust the server)", err}
	}
	return &handshakeError{"CONNECT", err}
}

// rule is a refusal by MQTT itself: what the library does, under a name.
func rule(name, detail string) *Refusal {
	sources := map[string]string{
		"mqtt/connect-timeout": "MQTT 3.1.1 section 3.1.4", "mqtt/first-packet": "MQTT 3.1.1 section 3.1.0", "mqtt/packet-size": "MQTT 5 section 3.2.2.3.6",
		"mqtt/protocol": "MQTT 3.1.1 section 3.1.2.2", "mqtt/client-id": "MQTT 3.1.1 section 3.1.3.1", "mqtt/second-connect": "MQTT 3.1.1 section 3.1.0",
		"mqtt/malformed": "MQTT 5 section 4.13", "mqtt/keep-alive": "MQTT 3.1.1 section 3.1.2.10", "mqtt/filter": "MQTT 3.1.1 section 4.7",
		"mqtt/topic": "MQTT 3.1.1 section 3.3.2.1", "mqtt/no-filter": "MQTT 3.1.1 section 3.8.3",
	}
	return &Refusal{Rule: name, Detail: detail, Source: sources[name]}
}

// broken gives the rule of MQTT that a client has broken, if that is why its connection ended.
func broken(reason string, err error) *Refusal {
	code, isCode := errors.AsType[packets.Code](err)
	switch {
	case reason == ReasonKeepAlive:
		return rule("mqtt/keep-alive", "nothing came for one and a half times the keep-alive")
	case reason != ReasonError || err == nil:
		return nil
	case !isCode:
		return rule("mqtt/malformed", err.Error())
	}
	switch code {
	case packets.ErrProtocolViolationSecondConnect:
		return rule("mqtt/second-connect", "a second CONNECT")
	case packets.ErrPacketTooLarge:
		return rule("mqtt/packet-size", "a packet is larger than the broker takes")
	case packets.ErrProtocolViolationSurplusWildcard, packets.ErrProtocolViolationNoTopic:
		return rule("mqtt/topic", "a PUBLISH has no topic, or one with a wildcard")
	case packets.ErrProtocolViolationNoFilters:
		return rule("mqtt/no-filter", "a SUBSCRIBE or UNSUBSCRIBE without a filter")
	}
	return rule("mqtt/malformed", "a packet is malformed, or not allowed here: "+code.Reason)
}

// handshakeError is a failure before a session exists.
type handshakeError struct {
	what  string
	cause error
}

func (e *handshakeError) Error() string {
	if e.cause == nil {
		return e.what
	}
	return e.what + ": " + e.cause.Error()
}

func (e *handshakeError) Unwrap() error { return e.cause }
