package coap

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// mostReplies bounds the memory of deduplication, per peer.
const mostReplies = 1024

// reply is what a received message was answered with; datagram nil: nothing, or not yet.
type reply struct {
	datagram []byte
	expires  time.Time
}

// dedup remembers answers by message id for ExchangeLifetime: RFC 7252 section 4.5.
type dedup struct {
	entries map[uint16]*reply
	order   []uint16
}

func (d *dedup) find(mid uint16, now time.Time) (*reply, bool) {
	entry, ok := d.entries[mid]
	if !ok || now.After(entry.expires) {
		return nil, false
	}
	return entry, true
}

func (d *dedup) remember(mid uint16, entry *reply, now time.Time) {
	if _, ok := d.entries[mid]; ok {
		d.order = slices.DeleteFunc(d.order, func(m uint16) bool { return m == mid })
	}
	entry.expires = now.Add(ExchangeLifetime)
	d.entries[mid] = entry
	d.order = append(d.order, mid)
	for len(d.order) > 0 && (len(d.order) > mostReplies || now.After(d.entries[d.order[0]].expires)) {
		delete(d.entries, d.order[0])
		d.order = d.order[1:]
	}
}

// mostUploads bounds the bodies in parts of one peer.
const mostUploads = 8

type upload struct {
	body    []byte
	size    int
	changed time.Time
}

// uploads are the bodies that come in Block1 parts, by method, path, query and Request-Tag: RFC 7959 section 2.5 as tightened by RFC 9175.
type uploads struct{ bodies map[string]*upload }

func uploadKey(m *Message) string {
	tag, _ := m.Bytes(RequestTag)
	return fmt.Sprintf("%v %q %q %x", m.Code, m.Strings(URIPath), m.Strings(URIQuery), tag)
}

// add takes a part. It gives the answer, or the whole body when done.
func (u *uploads) add(m *Message, b block, limit int, now time.Time) (body []byte, done bool, answer *Message) {
	for key, old := range u.bodies {
		if now.Sub(old.changed) > ExchangeLifetime {
			delete(u.bodies, key)
		}
	}
	key := uploadKey(m)
	refuse := func(code Code, why string) ([]byte, bool, *Message) {
		delete(u.bodies, key)
		answer := &Message{Code: code, Payload: []byte(why)}
		answer.AddUint(Block1, b.value())
		if code == TooLarge {
			answer.AddUint(Size1, uint32(limit))
		}
		return nil, false, answer
	}
	if total, ok := m.Uint(Size1); ok && uint64(total) > uint64(limit) {
		return refuse(TooLarge, "body too large")
	}
	if b.more && len(m.Payload) != b.size || len(m.Payload) > b.size {
		return refuse(BadRequest, "payload does not fit the block size (RFC 7959 section 2.2)")
	}
	part := u.bodies[key]
	offset := int(b.number) * b.size
	switch {
	case b.number == 0:
		if len(u.bodies) >= mostUploads && part == nil {
			return refuse(ServiceUnavailable, "too many bodies in parts at once")
		}
		part = &upload{}
		u.bodies[key] = part
	case part == nil || offset != len(part.body):
		return refuse(Incomplete, "a block is missing (RFC 7959 section 2.9.2)")
	case b.size > part.size:
		return refuse(BadRequest, "the block size grows within a body (RFC 7959 section 2.3)")
	}
	if len(part.body)+len(m.Payload) > limit {
		return refuse(TooLarge, "body too large")
	}
	part.body, part.size, part.changed = append(part.body, m.Payload...), b.size, now
	if b.more {
		answer := &Message{Code: Continue}
		answer.AddUint(Block1, b.value())
		return nil, false, answer
	}
	delete(u.bodies, key)
	return part.body, true, nil
}

func (s *Session) receiveRequest(f frame) {
	now := time.Now()
	s.mu.Lock()
	before, repeated := s.seen.find(f.mid, now)
	var datagram []byte
	if repeated {
		datagram = before.datagram
	} else {
		before = &reply{}
		s.seen.remember(f.mid, before, now)
	}
	s.mu.Unlock()
	if repeated {
		if datagram != nil && f.kind == confirmable {
			s.write(datagram)
		}
		return
	}
	response := s.answer(&f.Message)
	send := func() {
		s.respond(f, before, &response.Message)
		if response.After != nil {
			response.After()
		}
	}
	if response.Delay > 0 {
		time.AfterFunc(response.Delay, send)
		return
	}
	send()
}

// answer gives the response to a request, which may be a part of a body.
func (s *Session) answer(m *Message) Response {
	for _, option := range m.Options {
		if !criticalKnown(option.ID) {
			s.problem(fmt.Errorf("critical option %d in %v %s is not supported (RFC 7252 section 5.4.1)", option.ID, m.Code, m.Path()))
			return Response{Message: Message{Code: BadOption, Payload: fmt.Appendf(nil, "critical option %d", option.ID)}}
		}
	}
	part, inParts, err := blockOf(m, Block1)
	if err != nil {
		s.problem(err)
		return Response{Message: Message{Code: BadRequest, Payload: []byte(err.Error())}}
	}
	if inParts {
		s.mu.Lock()
		body, done, answer := s.uploads.add(m, part, s.config.MaxBody, time.Now())
		s.mu.Unlock()
		if !done {
			if answer.Code != Continue {
				s.problem(fmt.Errorf("%v %s answered with %v: %s", m.Code, m.Path(), answer.Code, answer.Payload))
			}
			return Response{Message: *answer}
		}
		m.Payload = body
	}
	response := s.hooks.Serve(m)
	if inParts {
		response.AddUint(Block1, part.value())
	}
	if m.Code == Get || m.Code == Fetch {
		response.Message = *slice(m, &response.Message, s.config.BlockSize)
	}
	return response
}

// respond sends the answer: piggybacked on the acknowledgment of a confirmable request, as NON to another.
func (s *Session) respond(request frame, entry *reply, response *Message) {
	f := frame{Message: *response, kind: acknowledgment, mid: request.mid}
	f.Token = request.Token
	if request.kind == nonConfirmable {
		f.kind, f.mid = nonConfirmable, s.nextMID()
	}
	datagram, err := encode(f)
	if err != nil {
		s.problem(err)
		return
	}
	s.mu.Lock()
	entry.datagram = datagram
	s.mu.Unlock()
	s.write(datagram)
}

// Refuse makes an error response with a reason as diagnostic payload (RFC 7252 section 5.5.2).
func Refuse(code Code, reason ...string) Response {
	return Response{Message: Message{Code: code, Payload: []byte(strings.Join(reason, " "))}}
}
