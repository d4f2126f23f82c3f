// Package mqtttest is the other end of an MQTT connection for tests: a listener on the loopback whose every packet the test decides on,
// good or bad. It is no broker.
package mqtttest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// patience bounds each wait, so that a test that hangs fails.
const patience = 20 * time.Second

// Peer listens for connections.
type Peer struct {
	t        testing.TB
	listener net.Listener
	config   *tls.Config
}

// Listen starts to listen on a free port of 127.0.0.1 until the test ends; without TLS where config is nil.
func Listen(t testing.TB, config *tls.Config) *Peer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return &Peer{t: t, listener: listener, config: config}
}

// Address gives HOST:PORT.
func (p *Peer) Address() string { return p.listener.Addr().String() }

// Accept waits for a connection. It is closed when the test ends.
func (p *Peer) Accept() *Conn {
	p.t.Helper()
	_ = p.listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	raw, err := p.listener.Accept()
	if err != nil {
		p.t.Fatalf("peer: accept: %v", err)
	}
	conn := raw
	if p.config != nil {
		conn = tls.Server(raw, p.config)
	}
	c := NewConn(p.t, conn)
	c.raw = raw
	p.t.Cleanup(func() { _ = raw.Close() })
	return c
}

// Conn is one connection. Its methods end the test when something else happens than they expect, so they are called from the test's
// goroutine.
type Conn struct {
	t    testing.TB
	conn net.Conn
	raw  net.Conn
}

// NewConn takes a connection that a test has made itself.
func NewConn(t testing.TB, conn net.Conn) *Conn { return &Conn{t: t, conn: conn, raw: conn} }

// TLS gives what was agreed on in the handshake, which it finishes.
func (c *Conn) TLS() tls.ConnectionState {
	c.t.Helper()
	secured := c.conn.(*tls.Conn)
	_ = c.raw.SetDeadline(time.Now().Add(patience))
	if err := secured.Handshake(); err != nil {
		c.t.Fatalf("peer: handshake: %v", err)
	}
	return secured.ConnectionState()
}

// Handshake does the TLS handshake and gives its error.
func (c *Conn) Handshake() error {
	_ = c.raw.SetDeadline(time.Now().Add(patience))
	return c.conn.(*tls.Conn).Handshake()
}

func expect[Packet packets.ControlPacket](c *Conn) Packet {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	received, err := packets.ReadPacket(c.conn)
	var want Packet
	if err != nil {
		c.t.Fatalf("peer: wait for %T: %v", want, err)
	}
	packet, ok := received.(Packet)
	if !ok {
		c.t.Fatalf("peer: got %v, want %T", received, want)
	}
	return packet
}

func (c *Conn) send(packet packets.ControlPacket) {
	c.t.Helper()
	_ = c.conn.SetWriteDeadline(time.Now().Add(patience))
	if err := packet.Write(c.conn); err != nil {
		c.t.Fatalf("peer: send %v: %v", packet, err)
	}
}

// Write sends bytes as they are.
func (c *Conn) Write(raw ...byte) {
	c.t.Helper()
	_ = c.conn.SetWriteDeadline(time.Now().Add(patience))
	if _, err := c.conn.Write(raw); err != nil {
		c.t.Fatalf("peer: write: %v", err)
	}
}

// Connect waits for CONNECT.
func (c *Conn) Connect() *packets.ConnectPacket {
	c.t.Helper()
	return expect[*packets.ConnectPacket](c)
}

// Connack answers CONNECT.
func (c *Conn) Connack(code byte, sessionPresent bool) {
	c.t.Helper()
	p := packets.NewControlPacket(packets.Connack).(*packets.ConnackPacket)
	p.ReturnCode, p.SessionPresent = code, sessionPresent
	c.send(p)
}

// Publication waits for PUBLISH.
func (c *Conn) Publication() *packets.PublishPacket {
	c.t.Helper()
	return expect[*packets.PublishPacket](c)
}

// Publish sends PUBLISH; id only with QoS above 0.
func (c *Conn) Publish(topic string, qos byte, id uint16, payload []byte) {
	c.t.Helper()
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Qos, p.MessageID, p.Payload = topic, qos, id, payload
	c.send(p)
}

// PublishAgain sends PUBLISH of QoS 1 with the duplicate flag.
func (c *Conn) PublishAgain(topic string, id uint16, payload []byte) {
	c.t.Helper()
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Qos, p.MessageID, p.Payload, p.Dup = topic, 1, id, payload, true
	c.send(p)
}

// Puback acknowledges a PUBLISH.
func (c *Conn) Puback(id uint16) {
	c.t.Helper()
	p := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
	p.MessageID = id
	c.send(p)
}

// Acknowledgement waits for PUBACK and gives its packet identifier.
func (c *Conn) Acknowledgement() uint16 {
	c.t.Helper()
	return expect[*packets.PubackPacket](c).MessageID
}

// Subscribe waits for SUBSCRIBE.
func (c *Conn) Subscribe() *packets.SubscribePacket {
	c.t.Helper()
	return expect[*packets.SubscribePacket](c)
}

// Suback answers SUBSCRIBE.
func (c *Conn) Suback(id uint16, codes ...byte) {
	c.t.Helper()
	p := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
	p.MessageID, p.ReturnCodes = id, codes
	c.send(p)
}

// Grant waits for SUBSCRIBE, grants what it asks for and gives topics with qualities.
func (c *Conn) Grant() map[string]byte {
	c.t.Helper()
	p := c.Subscribe()
	c.Suback(p.MessageID, p.Qoss...)
	granted := make(map[string]byte, len(p.Topics))
	for i, topic := range p.Topics {
		granted[topic] = p.Qoss[i]
	}
	return granted
}

// Unsubscribe waits for UNSUBSCRIBE, confirms it and gives the topics.
func (c *Conn) Unsubscribe() []string {
	c.t.Helper()
	p := expect[*packets.UnsubscribePacket](c)
	answer := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
	answer.MessageID = p.MessageID
	c.send(answer)
	return p.Topics
}

// Ping waits for PINGREQ.
func (c *Conn) Ping() {
	c.t.Helper()
	expect[*packets.PingreqPacket](c)
}

// Pong sends PINGRESP.
func (c *Conn) Pong() {
	c.t.Helper()
	c.send(packets.NewControlPacket(packets.Pingresp))
}

// Disconnect waits for DISCONNECT.
func (c *Conn) Disconnect() {
	c.t.Helper()
	expect[*packets.DisconnectPacket](c)
}

// Close closes the connection.
func (c *Conn) Close() { _ = c.conn.Close() }

// Reset breaks the connection without a word of TLS or TCP's orderly end.
func (c *Conn) Reset() {
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.raw.Close()
}

// Begun waits for a byte of the other side, whatever it is, and throws it away.
func (c *Conn) Begun() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(c.conn, make([]byte, 1)); err != nil {
		c.t.Fatalf("peer: wait for a byte: %v", err)
	}
}

// Ended waits until the other side has closed the connection; packets before the end are read past.
func (c *Conn) Ended() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	_, err := io.Copy(io.Discard, c.conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatal("peer: the other side does not close the connection")
	}
	if err != nil && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.ErrUnexpectedEOF) {
		c.t.Logf("peer: end: %v", err)
	}
}
