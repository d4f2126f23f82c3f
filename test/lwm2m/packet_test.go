package lwm2m

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Types of messages, codes as in 205 for 2.05, and options (RFC 7252).
const (
	con = 0
	non = 1
	ack = 2
	rst = 3

	get    = 1
	post   = 2
	put    = 3
	del    = 4
	fetch  = 5
	iPatch = 7

	optionObserve  = 6
	optionPath     = 11
	optionFormat   = 12
	optionQuery    = 15
	optionAccept   = 17
	optionBlock2   = 23
	optionBlock1   = 27
	optionLocation = 8
)

// packet is a CoAP message. The tests read and write the bytes themselves, so that mistakes of both codecs show.
type packet struct {
	typ     byte
	code    int
	mid     uint16
	token   string
	options []option
	payload []byte
}

type option struct {
	number int
	value  string
}

var errPacket = errors.New("no CoAP message")

func parse(raw []byte) (packet, error) {
	if len(raw) < 4 || raw[0]>>6 != 1 || len(raw) < 4+int(raw[0]&15) {
		return packet{}, errPacket
	}
	size := int(raw[0] & 15)
	p := packet{
		typ: raw[0] >> 4 & 3, code: int(raw[1]>>5)*100 + int(raw[1]&31), mid: binary.BigEndian.Uint16(raw[2:]), token: string(raw[4 : 4+size]),
	}
	rest, number := raw[4+size:], 0
	for len(rest) > 0 {
		if rest[0] == 0xff {
			p.payload = slices.Clone(rest[1:])
			break
		}
		delta, length := int(rest[0]>>4), int(rest[0]&15)
		rest = rest[1:]
		for _, n := range []*int{&delta, &length} {
			switch {
			case *n == 13 && len(rest) > 0:
				*n = int(rest[0]) + 13
				rest = rest[1:]
			case *n == 14 && len(rest) > 1:
				*n = int(binary.BigEndian.Uint16(rest)) + 269
				rest = rest[2:]
			case *n > 12:
				return p, errPacket
			}
		}
		if length > len(rest) {
			return p, errPacket
		}
		number += delta
		p.options = append(p.options, option{number, string(rest[:length])})
		rest = rest[length:]
	}
	return p, nil
}

// encode gives the datagram. The options need not be in order; equal ones stay in theirs.
func (p packet) encode() []byte {
	raw := []byte{1<<6 | p.typ<<4 | byte(len(p.token)), byte(p.code/100<<5 | p.code%100), byte(p.mid >> 8), byte(p.mid)}
	raw = append(raw, p.token...)
	sorted := slices.Clone(p.options)
	slices.SortStableFunc(sorted, func(a, b option) int { return a.number - b.number })
	last := 0
	for _, each := range sorted {
		var extra []byte
		nibble := func(n int) byte {
			switch {
			case n < 13:
				return byte(n)
			case n < 269:
				extra = append(extra, byte(n-13))
				return 13
			}
			extra = binary.BigEndian.AppendUint16(extra, uint16(n-269))
			return 14
		}
		first := nibble(each.number-last) << 4
		first |= nibble(len(each.value))
		last = each.number
		raw = append(append(append(raw, first), extra...), each.value...)
	}
	if len(p.payload) > 0 {
		raw = append(append(raw, 0xff), p.payload...)
	}
	return raw
}

// with gives the packet with another option, a number as RFC 7252, 3.2 writes it.
func (p packet) with(number int, value any) packet {
	text, isText := value.(string)
	if n, is := value.(int); is && !isText {
		for ; n > 0; n >>= 8 {
			text = string([]byte{byte(n)}) + text
		}
	}
	p.options = append(slices.Clone(p.options), option{number, text})
	return p
}

// as gives the packet with a message id.
func (p packet) as(mid uint16) packet {
	p.mid = mid
	return p
}

// on gives the packet with a path.
func (p packet) on(path string) packet {
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if segment != "" {
			p = p.with(optionPath, segment)
		}
	}
	return p
}

// all gives the values of an option.
func (p packet) all(number int) []string {
	var values []string
	for _, each := range p.options {
		if each.number == number {
			values = append(values, each.value)
		}
	}
	return values
}

// number gives an option as a number; -1: it is not there.
func (p packet) number(number int) int {
	values := p.all(number)
	if len(values) == 0 {
		return -1
	}
	n := 0
	for _, b := range []byte(values[0]) {
		n = n<<8 | int(b)
	}
	return n
}

func (p packet) path() string     { return "/" + strings.Join(p.all(optionPath), "/") }
func (p packet) query() string    { return strings.Join(p.all(optionQuery), "&") }
func (p packet) isResponse() bool { return p.code >= 200 }

func (p packet) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d.%02d mid=%d token=%x", [...]string{"CON", "NON", "ACK", "RST"}[p.typ], p.code/100, p.code%100, p.mid, p.token)
	for _, each := range p.options {
		switch each.number {
		case optionPath, optionQuery, optionLocation:
			fmt.Fprintf(&b, " %d=%q", each.number, each.value)
		default:
			fmt.Fprintf(&b, " %d=%x", each.number, each.value)
		}
	}
	if len(p.payload) > 0 {
		fmt.Fprintf(&b, " %d bytes: %.120q", len(p.payload), p.payload)
	}
	return b.String()
}
