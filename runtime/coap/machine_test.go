package coap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func decode(raw []byte) (datagram, error) { return new(decoder).decode(raw) }

// bench is an endpoint under test with a hand on its clock and its wire.
type bench struct {
	t *testing.T
	*endpoint
	now time.Time
}

// served is a handler that notes what it serves.
type served struct {
	requests []*Request
	answer   func(*Request) Response
	stream   func(*Request) Upload
	resets   []string
}

func (s *served) Serve(r *Request) Response {
	s.requests = append(s.requests, r)
	if s.answer != nil {
		return s.answer(r)
	}
	return Response{Message: Message{Code: Changed}}
}

func (s *served) Stream(r *Request) Upload {
	if s.stream == nil {
		return nil
	}
	return s.stream(r)
}

func (s *served) Reset(token []byte) { s.resets = append(s.resets, string(token)) }

func newBench(t *testing.T, config Config, handler Handler) *bench {
	t.Helper()
	if handler == nil {
		handler = nobody{}
	}
	return &bench{t, newEndpoint(config, handler, [32]byte{1}), time.Unix(1000, 0)}
}

// in puts a datagram in; out takes those that came out.
func (b *bench) in(d datagram) {
	b.t.Helper()
	var e encoder
	raw, err := e.encode(&d)
	if err != nil {
		b.t.Fatal(err)
	}
	b.raw(raw)
}

func (b *bench) raw(raw []byte) error { return b.receive(b.now, slices.Clone(raw)) }

func (b *bench) out() []datagram {
	b.t.Helper()
	var all []datagram
	for _, each := range b.outbox {
		d, err := decode(each.raw)
		if err != nil {
			b.t.Fatalf("sent %x: %v", each.raw, err)
		}
		all = append(all, d)
		if each.after != nil {
			each.after()
		}
	}
	b.outbox = nil
	return all
}

func (b *bench) one() datagram {
	b.t.Helper()
	all := b.out()
	if len(all) != 1 {
		b.t.Fatalf("%d datagrams in place of 1: %v", len(all), texts(all))
	}
	return all[0]
}

func (b *bench) none() {
	b.t.Helper()
	if all := b.out(); len(all) != 0 {
		b.t.Fatalf("unexpected: %v", texts(all))
	}
}

// wait lets time pass until something is due, and does it.
func (b *bench) wait() time.Duration {
	b.t.Helper()
	at, any := b.next()
	if !any {
		b.t.Fatal("nothing is due, ever")
	}
	passed := at.Sub(b.now)
	b.now = at
	b.tick(at)
	return passed
}

// text shows a datagram in short: CON 0.01 /a Block1=0/1/64 (64 bytes).
func text(d datagram) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %v", [...]string{"CON", "NON", "ACK", "RST"}[d.kind], d.Code)
	if path := d.Options.Path(); path != "/" {
		fmt.Fprintf(&b, " %s", path)
	}
	for _, each := range []struct {
		id   OptionID
		name string
	}{{Block1, "1:"}, {Block2, "2:"}} {
		if value, found, _ := blockOf(d.Options, each.id); found {
			more := 0
			if value.more {
				more = 1
			}
			fmt.Fprintf(&b, " %s%d/%d/%d", each.name, value.num, more, value.size())
		}
	}
	if size, found := d.Options.Uint(Size1); found {
		fmt.Fprintf(&b, " size1=%d", size)
	}
	if size, found := d.Options.Uint(Size2); found {
		fmt.Fprintf(&b, " size2=%d", size)
	}
	if _, found := d.Options.Get(Observe); found {
		b.WriteString(" observe")
	}
	if len(d.Payload) > 0 && d.Code>>5 < 4 {
		fmt.Fprintf(&b, " (%d)", len(d.Payload))
	}
	return b.String()
}

func texts(all []datagram) []string {
	var lines []string
	for _, each := range all {
		lines = append(lines, text(each))
	}
	return lines
}

func (b *bench) want(want string) datagram {
	b.t.Helper()
	d := b.one()
	if got := text(d); got != want {
		b.t.Fatalf("got  %s\nwant %s", got, want)
	}
	return d
}

// newMessage makes a message to a path, with options after it.
func newMessage(code Code, path string, options ...Option) Message {
	m := Message{Code: code}
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if segment != "" {
			m.Options.AddString(URIPath, segment)
		}
	}
	for _, each := range options {
		m.Options.Add(each.ID, each.Value)
	}
	return m
}

func blockOption(id OptionID, num uint32, more bool, size int) Option {
	var o Options
	o.SetUint(id, block{num, more, szxOf(size)}.value())
	return o[0]
}

func uintOption(id OptionID, value uint32) Option {
	var o Options
	o.SetUint(id, value)
	return o[0]
}

func pattern(n int) []byte {
	body := make([]byte, n)
	for i := range body {
		body[i] = byte(i*7 + i>>8)
	}
	return body
}
