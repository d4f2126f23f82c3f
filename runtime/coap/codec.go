package coap

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/udp/coder"
)

// kind is the type of a message (RFC 7252, 3).
type kind uint8

const (
	confirmable     kind = 0
	nonConfirmable  kind = 1
	acknowledgement kind = 2
	reset           kind = 3
)

// Limits of one datagram. What is beyond is refused, however it came.
const (
	headerSize     = 4
	maxToken       = 8
	maxOptions     = 64    // of one message
	maxOptionValue = 65804 // the format ends there (RFC 7252, 3.1)
	maxDatagram    = 16 << 10
	minMessage     = 64 // with less, not even a block of 16 bytes finds room behind its options
)

// datagram is one message on the wire. Decoded, token, options and payload point into the bytes that it was decoded from.
type datagram struct {
	kind  kind
	id    uint16
	token []byte
	Message
}

// errNotCoAP is the error of bytes that are to be ignored without an answer (RFC 7252, 3): too short for a header, or another version.
var errNotCoAP = errors.New("no CoAP datagram of version 1")

// decoder reads datagrams. It keeps its buffer from one to the next; what it gives is the caller's.
type decoder struct {
	options [maxOptions]message.Option
}

// decode reads one datagram. After an error other than errNotCoAP, kind and id of the datagram are good: a confirmable one is to be
// rejected with Reset (RFC 7252, 4.2).
//
// The header is read here and the options by go-coap's message package, not by its coder: the coder drops every option whose length is
// outside a table of its own, also critical ones, which must be refused and not overlooked (RFC 7252, 5.4.3), and it takes a payload marker
// with nothing behind it (RFC 7252, 3: a format error).
func (s *decoder) decode(raw []byte) (datagram, error) {
	if len(raw) < headerSize || raw[0]>>6 != 1 {
		return datagram{}, errNotCoAP
	}
	raw = slices.Clip(raw)
	d := datagram{kind: kind(raw[0] >> 4 & 3), id: binary.BigEndian.Uint16(raw[2:])}
	d.Code = Code(raw[1])
	tokenLength := int(raw[0] & 0xf)
	rest := raw[headerSize:]
	switch {
	case tokenLength > maxToken:
		return d, errorf("token length %d is reserved", tokenLength)
	case len(rest) < tokenLength:
		return d, errors.New("the datagram ends within the token")
	case d.Code == Empty && (tokenLength > 0 || len(rest) > 0):
		return d, errors.New("an empty message has nothing behind its header")
	}
	if tokenLength > 0 {
		d.token = slices.Clip(rest[:tokenLength])
	}
	rest = rest[tokenLength:]
	options := message.Options(s.options[:0])
	processed, err := options.Unmarshal(rest, nil)
	if err != nil {
		return d, err
	}
	behind := len(rest) // bytes behind the last option; its value is a slice of rest, so its spare capacity tells
	if len(options) > 0 {
		last := options[len(options)-1].Value
		behind = cap(last) - len(last)
		d.Options = make(Options, len(options))
		for i, each := range options {
			d.Options[i] = Option{ID: OptionID(each.ID), Value: slices.Clip(each.Value)}
		}
	}
	if payload := rest[processed:]; len(payload) > 0 {
		d.Payload = payload
	} else if behind > 0 {
		return d, errors.New("a payload marker without payload")
	}
	return d, nil
}

// encoder writes datagrams. It keeps its buffers from one to the next; what it gives is the caller's.
type encoder struct {
	buffer  []byte
	options message.Options
}

func (e *encoder) encode(d *datagram) ([]byte, error) {
	if len(d.token) > maxToken {
		return nil, errorf("a token of %d bytes: at most %d are possible", len(d.token), maxToken)
	}
	if len(d.Options) > maxOptions {
		return nil, errorf("%d options: at most %d are possible", len(d.Options), maxOptions)
	}
	options := d.Options
	if !options.ascend() { // put together without Add
		options = nil
		for _, each := range d.Options {
			options.Add(each.ID, each.Value)
		}
	}
	e.options = e.options[:0]
	size := headerSize + len(d.token) + 1 + len(d.Payload)
	for _, each := range options {
		if len(each.Value) > maxOptionValue {
			return nil, errorf("option %d has %d bytes: at most %d are possible", each.ID, len(each.Value), maxOptionValue)
		}
		size += 5 + len(each.Value)
		e.options = append(e.options, message.Option{ID: message.OptionID(each.ID), Value: each.Value})
	}
	if cap(e.buffer) < size {
		e.buffer = make([]byte, max(size, 2048))
	}
	n, err := coder.DefaultCoder.Encode(message.Message{
		Token: d.token, Options: e.options, Code: codes.Code(d.Code), Payload: d.Payload,
		MessageID: int32(d.id), Type: message.Type(d.kind),
	}, e.buffer[:cap(e.buffer)])
	if err != nil {
		return nil, err
	}
	return slices.Clone(e.buffer[:n]), nil
}

// sizeOf gives an upper bound of the bytes of a message on the wire, with a token of the greatest length.
func sizeOf(m *Message) int {
	size := headerSize + maxToken + 1 + len(m.Payload)
	previous := OptionID(0)
	for _, each := range m.Options {
		size += 1 + len(each.Value) + extension(int(each.ID)-int(previous)) + extension(len(each.Value))
		previous = each.ID
	}
	return size
}

func extension(value int) int {
	switch {
	case value < 0 || value >= 269:
		return 2
	case value >= 13:
		return 1
	}
	return 0
}
