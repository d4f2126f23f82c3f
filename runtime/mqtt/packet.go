package mqtt

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The packet types (MQTT 3.1.1, 2.2.1).
const (
	typeConnack   = 2
	typePublish   = 3
	typePuback    = 4
	typePubrec    = 5
	typePubrel    = 6
	typePubcomp   = 7
	typeSubscribe = 8
	typeSuback    = 9
	typeUnsuback  = 11
	typePingresp  = 13
)

// subackFailure is the return code of a refused subscription (MQTT 3.1.1, 3.9.3).
const subackFailure = 0x80

// maxSubackCodes bounds SUBACK; no request of ours asks for more (maxFilters).
const maxSubackCodes = 64

// protocolError says that what the peer sent is no MQTT 3.1.1. The connection ends (MQTT 3.1.1, 4.8).
type protocolError struct{ problem string }

func (e *protocolError) Error() string { return "the broker broke the MQTT protocol: " + e.problem }

func malformed(format string, args ...any) error {
	return &protocolError{problem: fmt.Sprintf(format, args...)}
}

// packet is one packet from the broker, checked so that paho's decoder, which trusts lengths, can be given it.
type packet struct {
	kind byte
	raw  []byte // the whole packet; valid until the next one is read
	body []byte // raw without the fixed header

	topic    string // PUBLISH whose payload was refused
	tooLarge int    // length of the refused payload; 0: none. raw is then the same PUBLISH without payload, so that it is acknowledged
}

// packetReader cuts the byte stream from a broker into packets.
type packetReader struct {
	in         *bufio.Reader
	payloadMax int // bytes
	buffer     []byte
}

// header is the fixed header (MQTT 3.1.1, 2.2).
type header struct {
	first  byte // type and flags
	length int  // of what follows
}

func (h header) kind() byte { return h.first >> 4 }
func (h header) qos() byte  { return h.first >> 1 & 3 }

// readHeader gives io.EOF only when the stream ends before the packet.
func readHeader(in io.ByteReader) (header, error) {
	first, err := in.ReadByte()
	if err != nil {
		return header{}, err
	}
	h := header{first: first}
	for shift := 0; ; shift += 7 {
		b, err := in.ReadByte()
		if err != nil {
			return header{}, cutShort(err)
		}
		h.length |= int(b&0x7f) << shift
		if b&0x80 == 0 {
			return h, nil
		}
		if shift == 21 {
			return header{}, malformed("the remaining length has more than four bytes")
		}
	}
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// bounds of the remaining length, for packets whose length is nearly fixed; flags that the specification fixes.
var shapes = [16]struct {
	known       bool
	flags       byte
	least, most int
	name        string
}{
	typeConnack:  {true, 0, 2, 2, "CONNACK"},
	typePuback:   {true, 0, 2, 2, "PUBACK"},
	typePubrec:   {true, 0, 2, 2, "PUBREC"},
	typePubrel:   {true, 2, 2, 2, "PUBREL"},
	typePubcomp:  {true, 0, 2, 2, "PUBCOMP"},
	typeSuback:   {true, 0, 3, 2 + maxSubackCodes, "SUBACK"},
	typeUnsuback: {true, 0, 2, 2, "UNSUBACK"},
	typePingresp: {true, 0, 0, 0, "PINGRESP"},
}

// next reads one packet. io.EOF: the stream ended between packets; io.ErrUnexpectedEOF: within one.
func (r *packetReader) next() (packet, error) {
	h, err := readHeader(r.in)
	if err != nil {
		return packet{}, err
	}
	if h.kind() == typePublish {
		return r.publish(h)
	}
	shape := &shapes[h.kind()]
	switch {
	case !shape.known:
		return packet{}, malformed("a packet of type %d, which a broker does not send", h.kind())
	case h.first&0x0f != shape.flags:
		return packet{}, malformed("%s with flags %#x", shape.name, h.first&0x0f)
	case h.length < shape.least || h.length > shape.most:
		return packet{}, malformed("%s of %d bytes", shape.name, h.length)
	}
	body, err := r.read(h, h.length)
	if err != nil {
		return packet{}, err
	}
	if h.kind() == typeSuback {
		for _, code := range body[2:] {
			if code > 2 && code != subackFailure {
				return packet{}, malformed("SUBACK with return code %#x", code)
			}
		}
	}
	return packet{kind: h.kind(), raw: r.buffer, body: body}, nil
}

// publish reads a PUBLISH (MQTT 3.1.1, 3.3). A payload above the bound is read past, never kept.
func (r *packetReader) publish(h header) (packet, error) {
	if h.qos() == 3 {
		return packet{}, malformed("PUBLISH with quality of service 3")
	}
	idSize := 0
	if h.qos() > 0 {
		idSize = 2
	}
	if h.length < 2+idSize {
		return packet{}, malformed("PUBLISH of %d bytes", h.length)
	}
	lengthBytes, err := r.in.Peek(2)
	if err != nil {
		return packet{}, cutShort(err)
	}
	headSize := 2 + int(binary.BigEndian.Uint16(lengthBytes)) + idSize
	payload := h.length - headSize
	if payload < 0 {
		return packet{}, malformed("PUBLISH of %d bytes whose topic and id need %d", h.length, headSize)
	}
	keep := h.length
	if payload > r.payloadMax {
		keep = headSize
		h.length = headSize
	}
	body, err := r.read(h, keep)
	if err != nil {
		return packet{}, err
	}
	topic := string(body[2 : headSize-idSize])
	if err := checkTopicName(topic); err != nil {
		return packet{}, malformed("PUBLISH: %v", err)
	}
	if idSize > 0 && binary.BigEndian.Uint16(body[headSize-2:]) == 0 {
		return packet{}, malformed("PUBLISH with packet identifier 0")
	}
	p := packet{kind: typePublish, raw: r.buffer, body: body}
	if payload > r.payloadMax {
		if _, err := r.in.Discard(payload); err != nil {
			return packet{}, cutShort(err)
		}
		p.topic, p.tooLarge = topic, payload
	}
	return p, nil
}

// read puts the fixed header and n bytes of what follows into the buffer.
func (r *packetReader) read(h header, n int) ([]byte, error) {
	r.buffer = append(r.buffer[:0], h.first)
	length := h.length
	for length >= 0x80 {
		r.buffer = append(r.buffer, byte(length)|0x80)
		length >>= 7
	}
	r.buffer = append(r.buffer, byte(length))
	start := len(r.buffer)
	r.buffer = append(r.buffer, make([]byte, n)...)
	if _, err := io.ReadFull(r.in, r.buffer[start:]); err != nil {
		return nil, cutShort(err)
	}
	return r.buffer[start:], nil
}

// subscribedFilters reads from a SUBSCRIBE of ours its packet identifier and the number of its filters.
func subscribedFilters(raw []byte) (id uint16, filters int, ok bool) {
	at := 1
	for at < len(raw) && raw[at]&0x80 != 0 {
		at++
	}
	at++
	if len(raw) < at+2 || raw[0]>>4 != typeSubscribe {
		return 0, 0, false
	}
	id = binary.BigEndian.Uint16(raw[at:])
	for at += 2; at+2 <= len(raw); filters++ {
		at += 2 + int(binary.BigEndian.Uint16(raw[at:])) + 1
	}
	return id, filters, at == len(raw)
}
