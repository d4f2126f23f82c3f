// Package coap is the lab's own CoAP (RFC 7252) message layer over datagrams: retransmission, deduplication, separate responses, block-wise
// transfer both ways (RFC 7959), observation tokens (RFC 7641), FETCH and iPATCH (RFC 8132). Bytes are coded by go-coap's codec.
//
// A Session is one peer. It has no goroutine of its own: received datagrams are handed in, requests are carried out by their callers. So it
// runs under the virtual time of testing/synctest over any link.
package coap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/udp/coder"
)

// Code is a message code, class in the upper three bits.
type Code uint8

// The codes that LwM2M uses.
const (
	Empty  Code = 0
	Get    Code = 1
	Post   Code = 2
	Put    Code = 3
	Delete Code = 4
	Fetch  Code = 5
	IPatch Code = 7

	Created                Code = 2<<5 | 1
	Deleted                Code = 2<<5 | 2
	Valid                  Code = 2<<5 | 3
	Changed                Code = 2<<5 | 4
	Content                Code = 2<<5 | 5
	Continue               Code = 2<<5 | 31
	BadRequest             Code = 4 << 5
	Unauthorized           Code = 4<<5 | 1
	BadOption              Code = 4<<5 | 2
	Forbidden              Code = 4<<5 | 3
	NotFound               Code = 4<<5 | 4
	MethodNotAllowed       Code = 4<<5 | 5
	NotAcceptable          Code = 4<<5 | 6
	Incomplete             Code = 4<<5 | 8
	PreconditionFailed     Code = 4<<5 | 12
	TooLarge               Code = 4<<5 | 13
	UnsupportedContent     Code = 4<<5 | 15
	InternalServerError    Code = 5 << 5
	NotImplemented         Code = 5<<5 | 1
	ServiceUnavailable     Code = 5<<5 | 3
	largestMethod          Code = 31
	smallestResponse       Code = 2 << 5
	smallestSignalling     Code = 7 << 5
	smallestClientMistakes Code = 4 << 5
)

// String gives the code as documents write it: GET, 2.05.
func (c Code) String() string {
	switch c {
	case Get:
		return "GET"
	case Post:
		return "POST"
	case Put:
		return "PUT"
	case Delete:
		return "DELETE"
	case Fetch:
		return "FETCH"
	case IPatch:
		return "iPATCH"
	}
	return fmt.Sprintf("%d.%02d", c>>5, c&31)
}

// ParseCode reads a code as 4.04 or 404.
func ParseCode(text string) (Code, error) {
	digits := strings.Replace(text, ".", "", 1)
	var class, detail int
	if len(digits) == 3 {
		if _, err := fmt.Sscanf(digits, "%1d%2d", &class, &detail); err == nil && class < 8 && detail < 32 && class >= 0 && detail >= 0 {
			return Code(class<<5 | detail), nil
		}
	}
	return 0, fmt.Errorf("%q is no CoAP code: write it as 4.04", text)
}

// Success tells whether the code is a response of class 2.
func (c Code) Success() bool { return c >= smallestResponse && c < smallestClientMistakes }

func (c Code) isRequest() bool  { return c > 0 && c <= largestMethod }
func (c Code) isResponse() bool { return c >= smallestResponse && c < smallestSignalling }

// OptionID is the number of an option.
type OptionID uint16

// The options that LwM2M uses.
const (
	URIHost       OptionID = 3
	ETag          OptionID = 4
	Observe       OptionID = 6
	URIPort       OptionID = 7
	LocationPath  OptionID = 8
	URIPath       OptionID = 11
	ContentFormat OptionID = 12
	MaxAge        OptionID = 14
	URIQuery      OptionID = 15
	Accept        OptionID = 17
	Block2        OptionID = 23
	Block1        OptionID = 27
	Size2         OptionID = 28
	Size1         OptionID = 60
	RequestTag    OptionID = 292
)

// Option is one option of a message.
type Option struct {
	ID    OptionID
	Value []byte
}

// Message is a request or a response without its message layer.
type Message struct {
	Code           Code
	Options        []Option // any order; repeated ones in theirs
	Payload        []byte
	Token          []byte // of what was received; Session chooses those of requests
	NonConfirmable bool
}

// Add appends an option.
func (m *Message) Add(id OptionID, value []byte) {
	m.Options = append(m.Options, Option{ID: id, Value: value})
}

// AddString appends an option per string.
func (m *Message) AddString(id OptionID, values ...string) {
	for _, value := range values {
		m.Add(id, []byte(value))
	}
}

// AddUint appends an option with the shortest form of a number.
func (m *Message) AddUint(id OptionID, value uint32) {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], value)
	short := b[:]
	for len(short) > 0 && short[0] == 0 {
		short = short[1:]
	}
	m.Add(id, short)
}

// Bytes gives the first option of an id.
func (m *Message) Bytes(id OptionID) ([]byte, bool) {
	for _, option := range m.Options {
		if option.ID == id {
			return option.Value, true
		}
	}
	return nil, false
}

// Strings gives all options of an id.
func (m *Message) Strings(id OptionID) []string {
	var values []string
	for _, option := range m.Options {
		if option.ID == id {
			values = append(values, string(option.Value))
		}
	}
	return values
}

// Uint gives the first option of an id as a number; false if there is none or it is longer than 4 bytes.
func (m *Message) Uint(id OptionID) (uint32, bool) {
	value, ok := m.Bytes(id)
	if !ok || len(value) > 4 {
		return 0, false
	}
	var n uint32
	for _, b := range value {
		n = n<<8 | uint32(b)
	}
	return n, true
}

// Path gives the Uri-Path as /a/b; "/" if there is none.
func (m *Message) Path() string { return "/" + strings.Join(m.Strings(URIPath), "/") }

// SetPath sets the Uri-Path of a request to the segments of a path as /3/0.
func (m *Message) SetPath(path string) {
	m.remove(URIPath)
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if segment != "" {
			m.AddString(URIPath, segment)
		}
	}
}

func (m *Message) remove(ids ...OptionID) {
	kept := make([]Option, 0, len(m.Options)+2)
	for _, option := range m.Options {
		found := false
		for _, id := range ids {
			found = found || option.ID == id
		}
		if !found {
			kept = append(kept, option)
		}
	}
	m.Options = kept
}

// kind is the type of a message: RFC 7252 section 3.
type kind uint8

const (
	confirmable    kind = 0
	nonConfirmable kind = 1
	acknowledgment kind = 2
	reset          kind = 3
)

// frame is a message as it stands in a datagram.
type frame struct {
	Message
	kind kind
	mid  uint16
}

// largestOptions is how many options of a received message are read. More of them are a malformed message.
const largestOptions = 64

// errMalformed is the cause where a datagram is no CoAP message.
var errMalformed = errors.New("malformed CoAP message (RFC 7252 section 3)")

// decode reads a datagram. The frame holds no part of it. If the header can be read the error comes with it.
func decode(datagram []byte) (frame, error) {
	m := message.Message{Options: make(message.Options, 0, largestOptions)}
	if _, err := coder.DefaultCoder.Decode(append([]byte(nil), datagram...), &m); err != nil {
		f := frame{}
		if len(datagram) >= 4 {
			f.kind, f.mid = kind(datagram[0]>>4&3), binary.BigEndian.Uint16(datagram[2:])
		}
		return f, fmt.Errorf("%w: %w", errMalformed, err)
	}
	f := frame{kind: kind(m.Type), mid: uint16(m.MessageID), Message: Message{
		Code: Code(m.Code), Payload: m.Payload, Token: m.Token, NonConfirmable: kind(m.Type) == nonConfirmable,
	}}
	if f.Code == Empty && len(datagram) != 4 {
		return f, fmt.Errorf("%w: bytes after the message id of an empty message", errMalformed)
	}
	for _, option := range m.Options {
		f.Options = append(f.Options, Option{ID: OptionID(option.ID), Value: option.Value})
	}
	return f, nil
}

// encode makes the datagram.
func encode(f frame) ([]byte, error) {
	m := message.Message{Code: codes.Code(f.Code), Token: f.Token, Payload: f.Payload, MessageID: int32(f.mid), Type: message.Type(f.kind)}
	for _, option := range f.Options {
		m.Options = m.Options.Add(message.Option{ID: message.OptionID(option.ID), Value: option.Value})
	}
	size, err := coder.DefaultCoder.Size(m)
	if err != nil {
		return nil, fmt.Errorf("encoding a CoAP message: %w", err)
	}
	datagram := make([]byte, size)
	if _, err := coder.DefaultCoder.Encode(m, datagram); err != nil {
		return nil, fmt.Errorf("encoding a CoAP message: %w", err)
	}
	return datagram, nil
}
