package client_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
)

// packet is a CoAP message as the tests' server sees it: it reads and writes the bytes itself, so that mistakes of the client's codec show.
type packet struct {
	kind  byte // 0 CON, 1 NON, 2 ACK, 3 RST
	code  byte
	id    uint16
	token string
	coap.Message
}

func (p packet) text(id coap.OptionID) string {
	text := ""
	for i, each := range p.Options.Strings(id) {
		if i > 0 {
			text += map[coap.OptionID]string{coap.URIQuery: "&"}[id] + map[coap.OptionID]string{coap.URIPath: "/"}[id]
		}
		text += each
	}
	return text
}

// summary is a request in a line: POST rd?lwm2m=1.1&…
func (p packet) summary() string {
	text := [...]string{"", "GET", "POST", "PUT", "DELETE"}[p.code] + " " + p.text(coap.URIPath)
	if query := p.text(coap.URIQuery); query != "" {
		text += "?" + query
	}
	return text
}

func parse(t *testing.T, raw []byte) packet {
	if len(raw) < 4 || raw[0]>>6 != 1 || len(raw) < 4+int(raw[0]&15) {
		t.Errorf("% x is no CoAP message", raw)
		return packet{}
	}
	size := int(raw[0] & 15)
	p := packet{kind: raw[0] >> 4 & 3, code: raw[1], id: binary.BigEndian.Uint16(raw[2:]), token: string(raw[4 : 4+size])}
	p.Code = coap.Code(p.code)
	rest, number := raw[4+size:], 0
	for len(rest) > 0 {
		if rest[0] == 0xff {
			p.Payload = bytes.Clone(rest[1:])
			break
		}
		delta, length := int(rest[0]>>4), int(rest[0]&15)
		rest = rest[1:]
		for _, n := range []*int{&delta, &length} {
			switch *n {
			case 13:
				*n = int(rest[0]) + 13
				rest = rest[1:]
			case 14:
				*n = int(binary.BigEndian.Uint16(rest)) + 269
				rest = rest[2:]
			}
		}
		number += delta
		p.Options.Add(coap.OptionID(number), bytes.Clone(rest[:length]))
		rest = rest[length:]
	}
	return p
}

func (p packet) encode() []byte {
	raw := []byte{1<<6 | p.kind<<4 | byte(len(p.token)), p.code, byte(p.id >> 8), byte(p.id)}
	raw = append(raw, p.token...)
	last := 0
	for _, each := range p.Options {
		delta, length := int(each.ID)-last, len(each.Value)
		last = int(each.ID)
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
		first := nibble(delta) << 4
		first |= nibble(length)
		raw = append(raw, first)
		raw = append(raw, extra...)
		raw = append(raw, each.Value...)
	}
	if len(p.Payload) > 0 {
		raw = append(append(raw, 0xff), p.Payload...)
	}
	return raw
}

// peer is a scripted server: it answers requests by a function and can ask and observe. It is the server's end of every connection.
type peer struct {
	t           *testing.T
	impairments coaptest.Impairments

	mu       sync.Mutex
	answer   func(p packet) packet // nil or zero packet: standard
	silent   bool
	requests []string
	payloads map[string][]byte // by summary
	seen     map[string][]byte // what was answered, by message id and token
	waiting  map[string]chan packet
	notified chan packet
	link     net.Conn
	links    []net.Conn
	nextID   uint16
	dials    int
	refuse   error
	resumed  bool
	secure   bool
	targets  []client.Target
	wait     sync.WaitGroup
}

func newPeer(t *testing.T) *peer {
	return &peer{t: t, payloads: map[string][]byte{}, seen: map[string][]byte{}, waiting: map[string]chan packet{}, notified: make(chan packet, 100)}
}

// session is a link that says how its handshake was.
type session struct {
	net.Conn
	resumed bool
}

func (s session) Resumed() bool { return s.resumed }

// Dial makes the client's end.
func (s *peer) Dial(_ context.Context, target client.Target) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials++
	s.targets = append(s.targets, target)
	if s.refuse != nil {
		return nil, s.refuse
	}
	near, far := coaptest.Pipe(s.impairments)
	s.link = far
	s.links = append(s.links, far)
	s.wait.Go(func() { s.serve(far) })
	if s.secure {
		return session{near, s.resumed}, nil
	}
	return near, nil
}

func (s *peer) close() {
	s.mu.Lock()
	links := s.links
	s.mu.Unlock()
	for _, each := range links {
		_ = each.Close()
	}
	s.wait.Wait()
}

func (s *peer) serve(link net.Conn) {
	buffer := make([]byte, 65536)
	for {
		n, err := link.Read(buffer)
		if err != nil {
			return
		}
		s.take(link, parse(s.t, buffer[:n]))
	}
}

func (s *peer) take(link net.Conn, p packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silent {
		return
	}
	switch {
	case p.code == 0: // an acknowledgement or a reset of its own
	case p.code >= 0x40:
		if p.kind == 0 {
			_, _ = link.Write(packet{kind: 2, id: p.id}.encode())
		}
		if waiter, asked := s.waiting[p.token]; asked {
			delete(s.waiting, p.token)
			waiter <- p
			return
		}
		key := fmt.Sprint("n", p.id, p.token)
		if _, again := s.seen[key]; !again {
			s.seen[key] = nil
			s.notified <- p
		}
	default:
		s.link = link // the one in use: of two dials at a time one is given up
		key := fmt.Sprint(p.id, p.token)
		if _, again := s.seen[key]; !again {
			s.requests = append(s.requests, p.summary())
			s.payloads[p.summary()] = p.Payload
			s.seen[key] = s.respond(p).encode()
		}
		_, _ = link.Write(s.seen[key])
	}
}

// respond is called with the lock held.
func (s *peer) respond(p packet) packet {
	response := packet{kind: 2, id: p.id, token: p.token}
	if s.answer != nil {
		if special := s.answer(p); special.code != 0 {
			response.code, response.Message = special.code, special.Message
			return response
		}
	}
	path := p.text(coap.URIPath)
	switch {
	case path == "rd":
		response.code = 0x41
		response.Options.AddString(coap.LocationPath, "rd")
		response.Options.AddString(coap.LocationPath, "a/b c")
	case p.code == 4:
		response.code = 0x42
	default:
		response.code = 0x44
	}
	return response
}

// ask sends a request to the client and waits for its response.
func (s *peer) ask(code coap.Code, path string, change func(*packet)) packet {
	s.t.Helper()
	s.mu.Lock()
	s.nextID++
	p := packet{code: byte(code), id: s.nextID, token: fmt.Sprint("t", s.nextID)}
	for segment := range bytes.SplitSeq([]byte(path), []byte("/")) {
		if len(segment) > 0 {
			p.Options.Add(coap.URIPath, segment)
		}
	}
	if change != nil {
		change(&p)
	}
	answer := make(chan packet, 1)
	s.waiting[p.token] = answer
	link := s.link
	s.mu.Unlock()
	for wait := 2 * time.Second; wait < 60*time.Second; wait *= 2 {
		_, _ = link.Write(p.encode())
		select {
		case response := <-answer:
			return response
		case <-time.After(wait):
		}
	}
	s.t.Errorf("the client does not answer %v /%s", code, path)
	return packet{}
}

func (s *peer) take1(all bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := slices.Clone(s.requests)
	if all {
		s.requests = nil
	}
	return got
}

// expect compares the requests since the last call.
func (s *peer) expect(want ...string) {
	s.t.Helper()
	if got := s.take1(true); !slices.Equal(got, want) {
		s.t.Errorf("requests:\n got  %q\n want %q", got, want)
	}
}

func (s *peer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func code(c byte) packet { return packet{code: c} }
