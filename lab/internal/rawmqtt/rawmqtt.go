// Package rawmqtt is an MQTT client for the tests of the local clouds: packets in and packets out, nothing by itself. It can break every
// rule, and shares no code with the firmware or with the broker.
//
// It writes MQTT 3.1.1, and of MQTT 5 as much as has no properties, beside those of Session.
package rawmqtt

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Packet types (MQTT 3.1.1 section 2.2.1).
const (
	Connect     byte = 1
	Connack     byte = 2
	Publish     byte = 3
	Puback      byte = 4
	Subscribe   byte = 8
	Suback      byte = 9
	Unsubscribe byte = 10
	Unsuback    byte = 11
	Pingreq     byte = 12
	Pingresp    byte = 13
	Disconnect  byte = 14
)

// Packet is what was received.
type Packet struct {
	Type    byte
	QoS     byte
	Dup     bool
	Retain  bool
	ID      uint16 // of PUBLISH with QoS > 0, PUBACK, SUBACK, UNSUBACK
	Topic   string // of PUBLISH
	Payload []byte // of PUBLISH
	Codes   []byte // CONNACK: flags and code; SUBACK: one per filter; MQTT 5 DISCONNECT, PUBACK: the reason code if there is one
}

// Client is one connection. It is not safe for concurrent use.
type Client struct {
	conn    net.Conn
	reader  *bufio.Reader
	version byte
	// Patience is how long Read waits before it fails.
	Patience time.Duration
}

// Dial connects with TLS.
func Dial(ctx context.Context, address string, config *tls.Config) (*Client, error) {
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return New(conn), nil
}

// New takes a connection that is there already.
func New(conn net.Conn) *Client {
	return &Client{conn: conn, reader: bufio.NewReader(conn), version: 4, Patience: 20 * time.Second}
}

// Close closes the connection without a DISCONNECT.
func (c *Client) Close() error { return c.conn.Close() }

// Session is what a CONNECT says.
type Session struct {
	ID        string
	Version   byte   // 0: 4, MQTT 3.1.1
	Keep      bool   // clean session off
	KeepAlive uint16 // seconds
	WillTopic string // "": no will
	Will      string
	WillQoS   byte
	Expiry    uint32 // MQTT 5: how long the session outlives the connection, seconds
	WillDelay uint32 // MQTT 5: seconds
}

// Connect sends a CONNECT and gives the code of the CONNACK, and whether a session was there.
func (c *Client) Connect(s Session) (code byte, present bool, err error) {
	if s.Version == 0 {
		s.Version = 4
	}
	c.version = s.Version
	flags := byte(0)
	if !s.Keep {
		flags |= 0x02
	}
	if s.WillTopic != "" {
		flags |= 0x04 | s.WillQoS<<3
	}
	body := append(text("MQTT"), s.Version, flags)
	body = binary.BigEndian.AppendUint16(body, s.KeepAlive)
	body = append(body, c.number(0x11, s.Expiry)...)
	body = append(body, text(s.ID)...)
	if s.WillTopic != "" {
		body = append(body, c.number(0x18, s.WillDelay)...)
		body = append(append(body, text(s.WillTopic)...), text(s.Will)...)
	}
	if err := c.Write(Connect<<4, body); err != nil {
		return 0, false, err
	}
	packet, err := c.Expect(Connack)
	if err != nil {
		return 0, false, err
	}
	return packet.Codes[1], packet.Codes[0]&1 == 1, nil
}

// Subscribe sends a SUBSCRIBE with all filters at one QoS and gives the codes of the SUBACK. Messages that come before it are lost.
func (c *Client) Subscribe(id uint16, qos byte, filters ...string) ([]byte, error) {
	if err := c.SendSubscribe(id, qos, filters...); err != nil {
		return nil, err
	}
	for {
		packet, err := c.Read()
		if err != nil || packet.Type == Suback {
			return packet.Codes, err
		}
	}
}

// SendSubscribe sends a SUBSCRIBE and waits for nothing.
func (c *Client) SendSubscribe(id uint16, qos byte, filters ...string) error {
	body := append(binary.BigEndian.AppendUint16(nil, id), c.properties()...)
	for _, filter := range filters {
		body = append(append(body, text(filter)...), qos)
	}
	return c.Write(Subscribe<<4|2, body)
}

// SendUnsubscribe sends an UNSUBSCRIBE and waits for nothing.
func (c *Client) SendUnsubscribe(id uint16, filters ...string) error {
	body := append(binary.BigEndian.AppendUint16(nil, id), c.properties()...)
	for _, filter := range filters {
		body = append(body, text(filter)...)
	}
	return c.Write(Unsubscribe<<4|2, body)
}

// Publish sends a PUBLISH and waits for nothing. The id counts only with a QoS above 0.
func (c *Client) Publish(topic, payload string, qos byte, id uint16) error {
	return c.publish(topic, payload, qos, id, 0)
}

// PublishRetained is Publish with the RETAIN flag.
func (c *Client) PublishRetained(topic, payload string, qos byte, id uint16) error {
	return c.publish(topic, payload, qos, id, 1)
}

func (c *Client) publish(topic, payload string, qos byte, id uint16, retain byte) error {
	body := text(topic)
	if qos > 0 {
		body = binary.BigEndian.AppendUint16(body, id)
	}
	body = append(append(body, c.properties()...), payload...)
	return c.Write(Publish<<4|qos<<1|retain, body)
}

// Ack acknowledges a message.
func (c *Client) Ack(id uint16) error {
	return c.Write(Puback<<4, binary.BigEndian.AppendUint16(nil, id))
}

// Ping sends a PINGREQ.
func (c *Client) Ping() error { return c.Write(Pingreq<<4, nil) }

// Disconnect says goodbye; Close has to follow.
func (c *Client) Disconnect() error { return c.Write(Disconnect<<4, nil) }

// Write sends a packet with the given first byte.
func (c *Client) Write(first byte, body []byte) error {
	packet := []byte{first}
	for length := len(body); ; {
		digit := byte(length % 128)
		if length /= 128; length > 0 {
			digit |= 0x80
		}
		packet = append(packet, digit)
		if length == 0 {
			break
		}
	}
	return c.WriteRaw(append(packet, body...))
}

// WriteRaw sends bytes.
func (c *Client) WriteRaw(b []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.Patience)); err != nil {
		return err
	}
	_, err := c.conn.Write(b)
	return err
}

// Expect reads the next packet, which has to be of the type.
func (c *Client) Expect(kind byte) (Packet, error) {
	packet, err := c.Read()
	if err == nil && packet.Type != kind {
		err = fmt.Errorf("got packet type %d (topic %q, payload %q), want type %d", packet.Type, packet.Topic, packet.Payload, kind)
	}
	return packet, err
}

// Read reads the next packet.
func (c *Client) Read() (Packet, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(c.Patience)); err != nil {
		return Packet{}, err
	}
	return decode(c.reader, c.version)
}

var errShort = errors.New("rawmqtt: packet is too short")

func decode(r *bufio.Reader, version byte) (Packet, error) {
	first, err := r.ReadByte()
	if err != nil {
		return Packet{}, err
	}
	length, err := decodeLength(r)
	if err != nil {
		return Packet{}, err
	}
	if length > 1<<20 {
		return Packet{}, fmt.Errorf("rawmqtt: packet of %d bytes", length)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return Packet{}, err
	}
	p := Packet{Type: first >> 4}
	switch p.Type {
	case Publish:
		return decodePublish(p, first, body, version)
	case Puback, Suback, Unsuback:
		if len(body) < 2 {
			return p, errShort
		}
		p.ID, body = binary.BigEndian.Uint16(body), body[2:]
		if p.Type != Puback && version == 5 {
			if body, err = skipProperties(body); err != nil {
				return p, err
			}
		}
		p.Codes = body
	case Connack:
		if len(body) < 2 {
			return p, errShort
		}
		p.Codes = body[:2]
	case Disconnect:
		p.Codes = body
	}
	return p, nil
}

func decodePublish(p Packet, first byte, body []byte, version byte) (Packet, error) {
	p.Dup, p.QoS, p.Retain = first&8 != 0, first>>1&3, first&1 != 0
	if len(body) < 2 {
		return p, errShort
	}
	length := int(binary.BigEndian.Uint16(body))
	if body = body[2:]; len(body) < length {
		return p, errShort
	}
	p.Topic, body = string(body[:length]), body[length:]
	if p.QoS > 0 {
		if len(body) < 2 {
			return p, errShort
		}
		p.ID, body = binary.BigEndian.Uint16(body), body[2:]
	}
	var err error
	if version == 5 {
		body, err = skipProperties(body)
	}
	p.Payload = body
	return p, err
}

func skipProperties(body []byte) ([]byte, error) {
	value, shift := 0, 0
	for i, b := range body {
		value |= int(b&0x7f) << shift
		if shift += 7; b&0x80 != 0 {
			if shift > 21 {
				break
			}
			continue
		}
		if body = body[i+1:]; len(body) < value {
			return nil, errShort
		}
		return body[value:], nil
	}
	return nil, errShort
}

func decodeLength(r io.ByteReader) (int, error) {
	value := 0
	for shift := 0; shift <= 21; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		value |= int(b&0x7f) << shift
		if b&0x80 == 0 {
			return value, nil
		}
	}
	return 0, errors.New("rawmqtt: length of more than four bytes")
}

func (c *Client) properties() []byte {
	if c.version == 5 {
		return []byte{0}
	}
	return nil
}

// number gives the properties with one of four bytes, or none if it is 0.
func (c *Client) number(property byte, value uint32) []byte {
	if c.version != 5 || value == 0 {
		return c.properties()
	}
	return binary.BigEndian.AppendUint32([]byte{5, property}, value)
}

func text(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}
