package coap

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// RFC 7252, 4.2 and 4.8.2: the waits between copies, and the last one before giving up.
func TestRetransmissionWaits(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		want   []time.Duration
	}{
		{"default", Config{}, seconds(2, 4, 8, 16, 32)},
		{"NCS", Config{AckTimeout: 4 * time.Second, MaxRetransmit: 4, BackoffPercent: 200}, seconds(4, 8, 16, 32, 64)},
		{"no growth", Config{AckTimeout: 3 * time.Second, MaxRetransmit: 2, BackoffPercent: 100}, seconds(3, 3, 3)},
		{"one copy", Config{AckTimeout: time.Second, MaxRetransmit: 1, BackoffPercent: 150}, []time.Duration{time.Second, 1500 * time.Millisecond}},
		{"bounded", Config{AckTimeout: 100 * time.Second, MaxRetransmit: 3, BackoffPercent: 10000}, seconds(100, 10000, 86400, 86400)},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, test.config, nil)
			var failure error
			b.do(b.now, newMessage(GET, "/a"), nil, func(_ Message, err error) { failure = err })
			first := b.one()
			var waits []time.Duration
			for failure == nil {
				waits = append(waits, b.wait())
				if failure == nil {
					if again := b.one(); again.id != first.id || string(again.token) != string(first.token) {
						t.Fatal("the copy differs")
					}
				}
			}
			if !slices.Equal(waits, test.want) {
				t.Errorf("waits %v, want %v", waits, test.want)
			}
			timeout, is := errors.AsType[*TimeoutError](failure)
			if !is || timeout.Transmissions != len(test.want) || timeout.Acknowledged {
				t.Errorf("error %v", failure)
			}
			b.none()
		})
	}
}

func seconds(all ...int) []time.Duration {
	var waits []time.Duration
	for _, each := range all {
		waits = append(waits, time.Duration(each)*time.Second)
	}
	return waits
}

func TestFirstWaitIsDrawn(t *testing.T) {
	b := newBench(t, Config{RandomizeAckTimeout: true, AckRandomPercent: 150}, nil)
	least, most := time.Hour, time.Duration(0)
	for range 500 {
		c := b.do(b.now, newMessage(GET, "/a"), nil, func(Message, error) {})
		at, _ := b.next()
		least, most = min(least, at.Sub(b.now)), max(most, at.Sub(b.now))
		b.cancel(b.now, c)
	}
	if least < 2*time.Second || least > 2100*time.Millisecond || most > 3*time.Second || most < 2900*time.Millisecond {
		t.Errorf("first waits from %v to %v, want 2 s to 3 s", least, most)
	}
}

type result struct {
	response Message
	err      error
	calls    int
}

func (b *bench) call(m Message) *result {
	r := &result{}
	b.do(b.now, m, nil, func(response Message, err error) { r.response, r.err, r.calls = response, err, r.calls+1 })
	return r
}

func reply(kind kind, to datagram, code Code, payload string) datagram {
	return datagram{kind: kind, id: to.id, token: to.token, Message: Message{Code: code, Payload: []byte(payload)}}
}

func TestResponses(t *testing.T) {
	separate := func(kind kind) func(*bench, datagram) {
		return func(b *bench, q datagram) {
			b.in(datagram{kind: acknowledgement, id: q.id})
			b.none()
			d := reply(kind, q, Content, "yes")
			d.id = 7
			b.in(d)
		}
	}
	for _, test := range []struct {
		name   string
		answer func(*bench, datagram)
		sent   []string
	}{
		{"piggybacked", func(b *bench, q datagram) { b.in(reply(acknowledgement, q, Content, "yes")) }, nil},
		{"separate", separate(confirmable), []string{"ACK 0.00"}},
		{"separate NON", separate(nonConfirmable), nil},
		{"acknowledgement lost", func(b *bench, q datagram) {
			d := reply(confirmable, q, Content, "yes")
			d.id = 7
			b.in(d)
		}, []string{"ACK 0.00"}},
		{"acknowledged again", func(b *bench, q datagram) {
			d := reply(confirmable, q, Content, "yes")
			d.id = 7
			b.in(d)
			b.in(d)
			b.in(datagram{kind: acknowledgement, id: q.id})
		}, []string{"ACK 0.00", "ACK 0.00"}},
		{"others first", func(b *bench, q datagram) {
			wrong := reply(acknowledgement, q, Content, "no")
			wrong.token = []byte("another!")
			b.in(wrong)
			late := reply(acknowledgement, q, Content, "no")
			late.id++
			b.in(late)
			b.in(datagram{kind: reset, id: q.id + 1})
			b.in(datagram{kind: nonConfirmable, id: 9, token: []byte{1}, Message: Message{Code: Content}})
			b.in(reply(acknowledgement, q, Content, "yes"))
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Config{}, nil)
			r := b.call(newMessage(GET, "/a"))
			test.answer(b, b.want("CON 0.01 /a"))
			if r.err != nil || string(r.response.Payload) != "yes" || r.calls != 1 {
				t.Errorf("%d results, the last %q, %v", r.calls, r.response.Payload, r.err)
			}
			if got := texts(b.out()); !slices.Equal(got, test.sent) {
				t.Errorf("sent %v, want %v", got, test.sent)
			}
			if _, any := b.next(); any {
				t.Error("something is still due")
			}
		})
	}
}

func TestResetOfARequest(t *testing.T) {
	b := newBench(t, Config{}, nil)
	r := b.call(newMessage(GET, "/a"))
	b.in(datagram{kind: reset, id: b.one().id})
	if _, is := errors.AsType[*ResetError](r.err); !is {
		t.Error(r.err)
	}
}

func TestAcknowledgedButNeverAnswered(t *testing.T) {
	b := newBench(t, Config{}, nil)
	r := b.call(newMessage(GET, "/a"))
	b.in(datagram{kind: acknowledgement, id: b.one().id})
	if passed := b.wait(); passed != 247*time.Second {
		t.Errorf("gave up after %v", passed)
	}
	if timeout, is := errors.AsType[*TimeoutError](r.err); !is || !timeout.Acknowledged {
		t.Error(r.err)
	}
	b.none()
}

// NSTART 1: the next message waits for the acknowledgement, not for the response.
func TestOneAtATime(t *testing.T) {
	b := newBench(t, Config{MaxQueue: 2}, nil)
	first, second := b.call(newMessage(GET, "/1")), b.call(newMessage(GET, "/2"))
	if full := b.call(newMessage(GET, "/3")); !errors.Is(full.err, ErrQueueFull) {
		t.Error(full.err)
	}
	q1 := b.want("CON 0.01 /1")
	b.in(datagram{kind: acknowledgement, id: q1.id})
	q2 := b.want("CON 0.01 /2")
	b.in(reply(acknowledgement, q2, Content, "second"))
	separate := reply(nonConfirmable, q1, Content, "first")
	separate.id = 77
	b.in(separate)
	if string(first.response.Payload) != "first" || string(second.response.Payload) != "second" {
		t.Error(first, second)
	}
	if q1.id+1 != q2.id || string(q1.token) == string(q2.token) || len(q1.token) != 8 {
		t.Errorf("ids %d %d, tokens %x %x", q1.id, q2.id, q1.token, q2.token)
	}
}

func TestAbandonedRequest(t *testing.T) {
	b := newBench(t, Config{}, nil)
	c := b.do(b.now, newMessage(GET, "/1"), nil, func(Message, error) { t.Error("told") })
	q := b.one()
	next := b.call(newMessage(GET, "/2"))
	b.none()
	b.cancel(b.now, c)
	b.want("CON 0.01 /2")
	late := reply(confirmable, q, Content, "late")
	late.id = 5
	b.in(late)
	b.want("RST 0.00")
	b.in(late)
	b.want("RST 0.00")
	if next.calls != 0 {
		t.Error("the other one ended")
	}
}

func TestDuplicates(t *testing.T) {
	handler := &served{}
	b := newBench(t, Config{}, handler)
	request := datagram{kind: confirmable, id: 1, token: []byte{1}, Message: newMessage(POST, "/3/0/4")}
	b.in(request)
	b.want("ACK 2.04")
	b.now = b.now.Add(246 * time.Second)
	b.in(request)
	b.want("ACK 2.04")
	if len(handler.requests) != 1 {
		t.Fatal("executed twice")
	}
	other := request
	other.token = []byte{2} // the peer has restarted and counts anew
	b.in(other)
	b.want("ACK 2.04")
	if len(handler.requests) != 2 {
		t.Fatal("not executed")
	}
	b.now = b.now.Add(247 * time.Second)
	b.in(other)
	b.want("ACK 2.04")
	if len(handler.requests) != 3 {
		t.Fatal("an id is free again after 247 s")
	}
	b.in(datagram{kind: nonConfirmable, id: 9, Message: newMessage(POST, "/3/0/4")})
	b.want("NON 2.04")
	b.in(datagram{kind: nonConfirmable, id: 9, Message: newMessage(POST, "/3/0/4")})
	b.none()
	if len(handler.requests) != 4 {
		t.Fatal(len(handler.requests))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	handler := &served{answer: func(*Request) Response { return Response{Message: Message{Code: Content, Payload: pattern(1000)}} }}
	b := newBench(t, Config{}, handler)
	for i := range 5000 {
		b.in(datagram{kind: confirmable, id: uint16(i), Message: newMessage(PUT, "/a")})
		b.out()
	}
	if n := len(b.remembered.order); n > maxRemembered || len(b.remembered.entries) != n {
		t.Errorf("%d and %d entries", n, len(b.remembered.entries))
	}
	held := 0
	for _, each := range b.remembered.order {
		held += len(each.answer)
	}
	if held > maxRememberedBytes || held != b.remembered.bytes {
		t.Errorf("%d bytes of answers, %d counted", held, b.remembered.bytes)
	}
	// The answer of an old one is gone: it is not executed again all the same.
	b.in(datagram{kind: confirmable, id: 4000, Message: newMessage(PUT, "/a")})
	b.none()
	if len(handler.requests) != 5000 {
		t.Error("executed twice")
	}
}

func TestRejected(t *testing.T) {
	for _, test := range []struct {
		name string
		raw  string
		want []string
	}{
		{"ping", "\x40\x00\x12\x34", []string{"RST 0.00"}},
		{"empty NON", "\x50\x00\x12\x34", nil},
		{"short", "\x40\x01\x12", nil},
		{"version 2", "\x80\x01\x12\x34", nil},
		{"token of 9", "\x49\x01\x12\x34123456789", []string{"RST 0.00"}},
		{"token cut", "\x44\x01\x12\x3412", []string{"RST 0.00"}},
		{"empty with token", "\x41\x00\x12\x341", []string{"RST 0.00"}},
		{"marker without payload", "\x40\x01\x12\x34\xff", []string{"RST 0.00"}},
		{"marker without payload after an option", "\x40\x01\x12\x34\xb1a\xff", []string{"RST 0.00"}},
		{"option that ends in ff", "\x40\x01\x12\x34\xb1\xff", []string{"ACK 2.04"}},
		{"option length 15", "\x40\x01\x12\x34\xbf", []string{"RST 0.00"}},
		{"option cut", "\x40\x01\x12\x34\xb5a", []string{"RST 0.00"}},
		{"reserved class", "\x40\x21\x12\x34", []string{"RST 0.00"}},
		{"reserved class NON", "\x50\xe1\x12\x34", nil},
		{"request in an ACK", "\x60\x01\x12\x34", nil},
		{"RST with contents", "\x70\x45\x12\x34", nil},
		{"unknown method", "\x40\x08\x12\x34", []string{"ACK 2.04"}},
		{"unknown critical option", "\x40\x01\x12\x34\x91a", []string{"ACK 4.02"}},
		{"unknown critical option NON", "\x50\x01\x12\x34\x91a", []string{"RST 0.00"}},
		{"unknown elective option", "\x40\x01\x12\x34\xa1a", []string{"ACK 2.04"}},
		{"If-None-Match, which nobody checks", "\x40\x03\x12\x34\x50", []string{"ACK 4.02"}},
		{"Accept of three bytes", "\x40\x01\x12\x34\xd3\x04abc", []string{"ACK 4.02"}},
		{"Accept twice", "\x40\x01\x12\x34\xd1\x04a\x01a", []string{"ACK 4.02"}},
		{"Content-Format of three bytes is ignored", "\x40\x01\x12\x34\xc3abc", []string{"ACK 2.04"}},
		{"Proxy-Uri", "\x40\x01\x12\x34\xd1\x16a", []string{"ACK 5.05"}},
		{"CON response to nothing", "\x41\x45\x12\x341", []string{"RST 0.00"}},
		{"NON response to nothing", "\x51\x45\x12\x341", nil},
		{"Block1 size 7", "\x40\x03\x12\x34\xd1\x0e\x07", []string{"ACK 4.00"}},
		{"Block2 size 7", "\x40\x01\x12\x34\xd1\x0a\x07", []string{"ACK 4.00"}},
		{"Block1 of four bytes", "\x40\x03\x12\x34\xd4\x0eabcd", []string{"ACK 4.02"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Config{}, &served{})
			err := b.raw([]byte(test.raw))
			all := b.out()
			if got := texts(all); !slices.Equal(got, test.want) {
				t.Errorf("sent %v, want %v (%v)", got, test.want, err)
			}
			for _, each := range all {
				if each.id != 0x1234 {
					t.Errorf("id %x", each.id)
				}
			}
		})
	}
}

func TestCriticalOptionsOfTheHandler(t *testing.T) {
	handler := &served{}
	b := newBench(t, Config{Critical: []OptionID{IfMatch, 9}}, handler)
	m := newMessage(PUT, "/a", Option{IfMatch, []byte("tag")}, Option{9, []byte("x")})
	b.in(datagram{id: 1, Message: m})
	b.want("ACK 2.04")
	if _, there := handler.requests[0].Options.Get(IfMatch); !there {
		t.Error("If-Match did not arrive")
	}
}

func TestCriticalOptionInAResponse(t *testing.T) {
	for _, kind := range []kind{acknowledgement, confirmable} {
		b := newBench(t, Config{}, nil)
		r := b.call(newMessage(GET, "/a"))
		d := reply(kind, b.one(), Content, "x")
		d.Options.Add(9, nil)
		b.in(d)
		if _, is := errors.AsType[*ResponseError](r.err); !is {
			t.Error(r.err)
		}
		if kind == confirmable {
			b.want("RST 0.00")
		}
		b.none()
	}
}
