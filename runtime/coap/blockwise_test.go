package coap

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// step is a request of the peer and the answer to it, in the short form of text.
type step struct {
	num     uint32
	more    bool
	size    int // of the block
	payload []byte
	want    string
	extra   []Option
}

func parts(body []byte, size, first, count int) []byte {
	return body[min(first*size, len(body)):min((first+count)*size, len(body))]
}

func TestIncomingBlock1(t *testing.T) {
	body := pattern(150)
	for _, test := range []struct {
		name  string
		steps []step
		whole int // bytes of the body that is served; -1: none
	}{
		{"in order", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", nil},
			{1, true, 64, body[64:128], "ACK 2.31 1:1/1/64", nil},
			{2, false, 64, body[128:], "ACK 2.04 1:2/0/64", nil},
		}, 150},
		{"one block", []step{{0, false, 64, body[:30], "ACK 2.04 1:0/0/64", nil}}, 30},
		{"last full", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", nil},
			{1, false, 64, body[64:128], "ACK 2.04 1:1/0/64", nil},
		}, 128},
		{"starts in the middle", []step{{1, true, 64, body[64:128], "ACK 4.08 1:1/1/64", nil}}, -1},
		{"gap", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", nil},
			{2, false, 64, body[128:], "ACK 4.08 1:2/0/64", nil},
			{1, true, 64, body[64:128], "ACK 4.08 1:1/1/64", nil},
		}, -1},
		{"repeated", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", nil},
			{1, true, 64, body[64:128], "ACK 2.31 1:1/1/64", nil},
			{1, true, 64, body[64:128], "ACK 2.31 1:1/1/64", nil},
			{2, false, 64, body[128:], "ACK 2.04 1:2/0/64", nil},
			{2, false, 64, body[128:], "ACK 2.04 1:2/0/64", nil},
		}, 150},
		{"repeated with other contents", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", nil},
			{1, true, 64, body[64:128], "ACK 2.31 1:1/1/64", nil},
			{1, true, 64, body[65:129], "ACK 4.08 1:1/1/64", nil},
		}, -1},
		{"started over", []step{
			{0, true, 64, body[10:74], "ACK 2.31 1:0/1/64", nil},
			{1, true, 64, body[64:128], "ACK 2.31 1:1/1/64", nil},
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", nil},
			{1, false, 64, body[64:100], "ACK 2.04 1:1/0/64", nil},
		}, 100},
		{"wrong size", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", nil},
			{1, true, 64, body[64:100], "ACK 4.00 1:1/1/64", nil},
			{1, true, 64, body[64:128], "ACK 4.08 1:1/1/64", nil},
		}, -1},
		{"last too long", []step{{0, false, 64, body[:65], "ACK 4.00 1:0/0/64", nil}}, -1},
		{"blocks shrink", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", nil},
			{4, true, 16, body[64:80], "ACK 2.31 1:4/1/16", nil},
			{5, false, 16, body[80:90], "ACK 2.04 1:5/0/16", nil},
		}, 90},
		{"blocks grow", []step{
			{0, true, 16, body[:16], "ACK 2.31 1:0/1/16", nil},
			{1, true, 16, body[16:32], "ACK 2.31 1:1/1/16", nil},
			{1, false, 32, body[32:64], "ACK 4.00 1:1/0/32", nil},
		}, -1},
		{"we want smaller ones", []step{
			{0, true, 128, body[:128], "ACK 2.31 1:0/1/64", nil},
			{2, false, 64, body[128:], "ACK 2.04 1:2/0/64", nil},
		}, 150},
		{"we want smaller ones and are not heard", []step{
			{0, true, 128, body[:128], "ACK 2.31 1:0/1/64", nil},
			{1, false, 128, body[128:], "ACK 2.04 1:1/0/128", nil},
		}, 150},
		{"too large by Size1", []step{{0, true, 64, body[:64], "ACK 4.13 size1=200", []Option{uintOption(Size1, 201)}}}, -1},
		{"Size1 just fits", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", []Option{uintOption(Size1, 200)}},
			{1, false, 64, body[64:70], "ACK 2.04 1:1/0/64", nil},
		}, 70},
		{"too large as it comes", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", nil},
			{1, true, 64, body[:64], "ACK 2.31 1:1/1/64", nil},
			{2, true, 64, body[:64], "ACK 2.31 1:2/1/64", nil},
			{3, true, 64, body[:64], "ACK 4.13 size1=200", nil},
		}, -1},
		{"content format changes", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", nil},
			{1, false, 64, body[64:70], "ACK 4.08 1:1/0/64", []Option{uintOption(ContentFormat, 42)}},
		}, -1},
		{"two bodies by Request-Tag", []step{
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", []Option{{RequestTag, []byte("a")}}},
			{0, true, 64, body[:64], "ACK 2.31 1:0/1/64", []Option{{RequestTag, []byte("b")}}},
			{1, false, 64, body[64:128], "ACK 2.04 1:1/0/64", []Option{{RequestTag, []byte("a")}}},
		}, 128},
	} {
		t.Run(test.name, func(t *testing.T) {
			handler := &served{}
			b := newBench(t, Config{BlockSize: 64, MaxBody: 200}, handler)
			for i, each := range test.steps {
				m := newMessage(PUT, "/5/0/0", append(each.extra, blockOption(Block1, each.num, each.more, each.size))...)
				m.Payload = each.payload
				b.in(datagram{id: uint16(i), token: []byte{byte(i)}, Message: m}) // a new token for each block
				b.want(each.want)
			}
			if test.whole < 0 {
				if len(handler.requests) != 0 {
					t.Errorf("served %v", handler.requests)
				}
				return
			}
			if len(handler.requests) != 1 || !bytes.Equal(handler.requests[0].Payload, body[:test.whole]) {
				t.Fatalf("served %d times, last %d bytes", len(handler.requests), len(handler.requests[0].Payload))
			}
			for _, id := range []OptionID{Block1, Block2, Size1} {
				if _, there := handler.requests[0].Options.Get(id); there {
					t.Errorf("option %d reached the handler", id)
				}
			}
		})
	}
}

func (b *bench) put(id int, path string, num uint32, more bool, payload []byte) {
	m := newMessage(PUT, path, blockOption(Block1, num, more, 64))
	m.Payload = payload
	b.in(datagram{id: uint16(id), Message: m})
}

func TestIncomingBodiesAreBounded(t *testing.T) {
	b := newBench(t, Config{MaxIncomingBodies: 2}, &served{})
	b.put(1, "/1", 0, true, pattern(64))
	b.want("ACK 2.31 1:0/1/64")
	b.put(2, "/2", 0, true, pattern(64))
	b.want("ACK 2.31 1:0/1/64")
	b.put(3, "/3", 0, true, pattern(64))
	refused := b.want("ACK 5.03 1:0/1/64")
	if age, told := refused.Options.Uint(MaxAge); !told || age == 0 {
		t.Error("no Max-Age")
	}
	if passed := b.wait(); passed != 247*time.Second {
		t.Errorf("half bodies dropped after %v", passed)
	}
	b.put(4, "/1", 1, false, pattern(10))
	b.want("ACK 4.08 1:1/0/64")
	// Finished ones are remembered for repetitions, but not without bound, and hold nobody up.
	for i := range 20 {
		path := fmt.Sprint("/", i)
		b.put(100+2*i, path, 0, true, pattern(64))
		b.want("ACK 2.31 1:0/1/64")
		b.put(101+2*i, path, 1, false, pattern(10))
		b.want("ACK 2.04 1:1/0/64")
	}
	if n := len(b.assemblies.bodies); n > 4 {
		t.Errorf("%d bodies are kept", n)
	}
}

// push is an Upload that notes what happens.
type push struct {
	got       []byte
	refuseAt  int
	committed int
	aborted   []error
}

func (p *push) Write(part []byte) *Response {
	p.got = append(p.got, part...)
	if p.refuseAt > 0 && len(p.got) >= p.refuseAt {
		return &Response{Message: problem(RequestEntityTooLarge, "enough")}
	}
	return nil
}

func (p *push) Commit() Response {
	p.committed++
	return Response{Message: Message{Code: Changed}}
}

func (p *push) Abort(cause error) { p.aborted = append(p.aborted, cause) }

func TestStreamedBody(t *testing.T) {
	body := pattern(1000)
	run := func(t *testing.T, p *push, nums ...uint32) (*bench, string) {
		handler := &served{stream: func(r *Request) Upload {
			if size, told := r.Options.Uint(Size1); !told || size != 1000 || len(r.Payload) != 0 || r.Options.Path() != "/5/0/0" {
				t.Errorf("asked with %v", r)
			}
			return p
		}}
		b := newBench(t, Config{MaxBody: 64}, handler) // no limit for what is not held
		last := ""
		for i, num := range nums {
			m := newMessage(PUT, "/5/0/0", blockOption(Block1, num, num < 15, 64))
			if num == 0 {
				m.Options.SetUint(Size1, 1000)
			}
			m.Payload = parts(body, 64, int(num), 1)
			b.in(datagram{id: uint16(i), Message: m})
			last = text(b.one())
		}
		if len(handler.requests) > 0 {
			t.Error("served as well")
		}
		return b, last
	}
	all := []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	t.Run("whole", func(t *testing.T) {
		p := &push{}
		if _, last := run(t, p, append(all, 15)...); last != "ACK 2.04 1:15/0/64" {
			t.Error(last)
		}
		if !bytes.Equal(p.got, body) || p.committed != 1 || len(p.aborted) > 0 {
			t.Errorf("%d bytes, %d commits, %v", len(p.got), p.committed, p.aborted)
		}
	})
	t.Run("refused", func(t *testing.T) {
		p := &push{refuseAt: 128}
		if _, last := run(t, p, 0, 1); last != "ACK 4.13" {
			t.Error(last)
		}
		if p.committed != 0 || len(p.aborted) > 0 {
			t.Error("told after it ended")
		}
	})
	t.Run("gap", func(t *testing.T) {
		p := &push{}
		if _, last := run(t, p, 0, 1, 3); last != "ACK 4.08 1:3/1/64" {
			t.Error(last)
		}
		if len(p.aborted) != 1 {
			t.Error(p.aborted)
		}
	})
	t.Run("started over", func(t *testing.T) {
		p := &push{}
		run(t, p, 0, 1, 0)
		if len(p.aborted) != 1 {
			t.Error(p.aborted)
		}
	})
	t.Run("silence", func(t *testing.T) {
		p := &push{}
		b, _ := run(t, p, 0, 1)
		b.wait()
		if len(p.aborted) != 1 {
			t.Error(p.aborted)
		}
	})
	t.Run("closed", func(t *testing.T) {
		p := &push{}
		b, _ := run(t, p, 0, 1)
		b.close(b.now, ErrClosed)
		if len(p.aborted) != 1 || !errors.Is(p.aborted[0], ErrClosed) {
			t.Error(p.aborted)
		}
	})
}

func TestResponseInBlocks(t *testing.T) {
	version := byte(0)
	handler := &served{answer: func(r *Request) Response {
		version++
		body := pattern(1300)
		body[0] = version
		m := Message{Code: Content, Payload: body}
		m.Options.SetUint(ContentFormat, 112)
		return Response{Message: m}
	}}
	b := newBench(t, Config{BlockSize: 512}, handler)
	get := func(id int, options ...Option) {
		b.in(datagram{id: uint16(id), Message: newMessage(GET, "/3", options...)})
	}
	get(1, uintOption(Size2, 0), uintOption(Observe, 0))
	first := b.want("ACK 2.05 2:0/1/512 size2=1300 (512)")
	tag, _ := first.Options.Get(ETag)
	if format, _ := first.Options.Uint(ContentFormat); format != 112 || len(tag) != 8 {
		t.Errorf("format %d, ETag %x", format, tag)
	}
	get(2, blockOption(Block2, 1, false, 512))
	second := b.want("ACK 2.05 2:1/1/512 (512)")
	get(3, blockOption(Block2, 2, false, 512))
	third := b.want("ACK 2.05 2:2/0/512 (276)")
	body := slices.Concat(first.Payload, second.Payload, third.Payload)
	want := pattern(1300)
	want[0] = 1
	if !bytes.Equal(body, want) || len(handler.requests) != 1 {
		t.Errorf("%d bytes, asked %d times", len(body), len(handler.requests))
	}
	for _, each := range []datagram{second, third} {
		if again, _ := each.Options.Get(ETag); !bytes.Equal(again, tag) {
			t.Errorf("ETag %x, then %x", tag, again)
		}
	}
	get(4, blockOption(Block2, 3, false, 512))
	b.want("ACK 4.00")
	get(5, blockOption(Block2, 20, false, 64))
	b.want("ACK 2.05 2:20/0/64 (20)")
	get(6, blockOption(Block2, 1, false, 1024))
	b.want("ACK 2.05 2:2/0/512 (276)") // the same place in blocks of ours
	// The peer asks early for smaller blocks: a new representation.
	get(7, blockOption(Block2, 0, false, 64))
	early := b.want("ACK 2.05 2:0/1/64 (64)")
	if again, _ := early.Options.Get(ETag); bytes.Equal(again, tag) {
		t.Error("another representation with the same ETag")
	}
	// After 247 s of silence it is gone; a GET for a later block gets that of a new one.
	b.now = b.now.Add(247 * time.Second)
	get(8, blockOption(Block2, 1, false, 512), uintOption(Observe, 0))
	b.want("ACK 2.05 2:1/1/512 (512)")
	last := handler.requests[len(handler.requests)-1]
	if _, observing := last.Options.Get(Observe); observing || len(handler.requests) != 3 {
		t.Error("Observe in a later block reached the handler")
	}
}

func TestSmallResponseNeedsNoBlocks(t *testing.T) {
	handler := &served{answer: func(*Request) Response { return Response{Message: Message{Code: Content, Payload: pattern(60)}} }}
	b := newBench(t, Config{}, handler)
	b.in(datagram{id: 1, Message: newMessage(GET, "/3", blockOption(Block2, 0, false, 64))})
	b.want("ACK 2.05 (60)")
	handler.answer = func(*Request) Response {
		return Response{Message: Message{Code: InternalServerError, Payload: pattern(5000)}}
	}
	b.in(datagram{id: 2, Message: newMessage(GET, "/3")})
	if d := b.want("ACK 5.00"); len(d.Payload) < 1000 || len(d.Payload) > 1280 {
		t.Errorf("diagnostic of %d bytes", len(d.Payload))
	}
}

func TestFetchInBlocks(t *testing.T) {
	handler := &served{answer: func(r *Request) Response {
		return Response{Message: Message{Code: Content, Payload: bytes.Repeat(r.Payload, 2000/len(r.Payload))}}
	}}
	b := newBench(t, Config{BlockSize: 1024}, handler)
	fetch := func(id int, body string, options ...Option) datagram {
		m := newMessage(FETCH, "/", options...)
		m.Payload = []byte(body)
		b.in(datagram{id: uint16(id), Message: m})
		return b.one()
	}
	fetch(1, "aa")
	fetch(2, "bb")
	for i, body := range []string{"aa", "bb"} {
		if d := fetch(3+i, body, blockOption(Block2, 1, false, 1024)); text(d) != "ACK 2.05 2:1/0/1024 (976)" || string(d.Payload[:2]) != body {
			t.Error(text(d))
		}
	}
	// The body goes in blocks first, and is not repeated.
	if d := fetch(5, string(pattern(64)), blockOption(Block1, 0, true, 64)); d.Code != Continue {
		t.Fatal(text(d))
	}
	if d := fetch(6, "x", blockOption(Block1, 1, false, 64)); text(d) != "ACK 2.05 1:1/0/64 2:0/1/1024 (1024)" {
		t.Fatal(text(d))
	}
	if d := fetch(7, "", blockOption(Block2, 1, false, 1024)); text(d) != "ACK 2.05 2:1/0/1024 (926)" || len(handler.requests) != 3 {
		t.Error(text(d), len(handler.requests))
	}
	b.in(datagram{id: 9, Message: newMessage(POST, "/5", blockOption(Block2, 1, false, 1024))})
	b.want("ACK 4.08")
}

func TestSnapshotsAreBounded(t *testing.T) {
	handler := &served{answer: func(*Request) Response { return Response{Message: Message{Code: Content, Payload: pattern(2000)}} }}
	b := newBench(t, Config{MaxOutgoingBodies: 2}, handler)
	for i := range 10 {
		b.in(datagram{id: uint16(i), Message: newMessage(GET, fmt.Sprint("/", i))})
		b.out()
	}
	if len(b.snapshots.kept) != 2 || b.snapshots.kept[1].path != "/9" {
		t.Errorf("%d kept", len(b.snapshots.kept))
	}
}

func TestOutgoingBlock1(t *testing.T) {
	body := pattern(2000)
	post := newMessage(POST, "/dp")
	post.Payload = body
	respond := func(b *bench, q datagram, code Code, options ...Option) {
		d := reply(acknowledgement, q, code, "")
		for _, each := range options {
			d.Options.Add(each.ID, each.Value)
		}
		b.in(d)
	}
	t.Run("off", func(t *testing.T) {
		r := newBench(t, Config{}, nil).call(post)
		if _, is := errors.AsType[*TooLargeError](r.err); !is || !bytes.Contains([]byte(r.err.Error()), []byte("LWM2M_COAP_BLOCK_TRANSFER")) {
			t.Error(r.err)
		}
	})
	config := Config{BlockTransfer: true, BlockSize: 1024, MaxMessage: 1280}
	t.Run("in order", func(t *testing.T) {
		b := newBench(t, config, nil)
		r, second := b.call(post), b.call(post)
		respond(b, b.want("CON 0.02 /dp 1:0/1/1024 size1=2000 (1024)"), Continue, blockOption(Block1, 0, true, 1024))
		respond(b, b.want("CON 0.02 /dp 1:1/0/1024 (976)"), Changed, blockOption(Block1, 1, false, 1024))
		if r.response.Code != Changed || r.err != nil {
			t.Error(r)
		}
		// The second one, to the same place, had to wait.
		respond(b, b.want("CON 0.02 /dp 1:0/1/1024 size1=2000 (1024)"), NotFound)
		if second.response.Code != NotFound || len(b.calls) != 0 || len(b.uploads) != 0 {
			t.Error(second, b.calls, b.uploads)
		}
	})
	t.Run("smaller from now on", func(t *testing.T) {
		b := newBench(t, config, nil)
		r := b.call(post)
		got := []byte(nil)
		q := b.want("CON 0.02 /dp 1:0/1/1024 size1=2000 (1024)")
		for num := uint32(2); ; num++ {
			got = append(got, q.Payload...)
			echo, _, _ := blockOf(q.Options, Block1)
			if !echo.more {
				respond(b, q, Changed, blockOption(Block1, echo.num, false, 512))
				break
			}
			respond(b, q, Continue, blockOption(Block1, echo.num, true, 512))
			q = b.one()
			if next, _, _ := blockOf(q.Options, Block1); next.num != num || next.size() != 512 {
				t.Fatal(text(q))
			}
		}
		if r.err != nil || !bytes.Equal(got, body) {
			t.Error(r.err, len(got))
		}
	})
	t.Run("smaller from the start", func(t *testing.T) {
		b := newBench(t, config, nil)
		b.call(post)
		respond(b, b.want("CON 0.02 /dp 1:0/1/1024 size1=2000 (1024)"), RequestEntityTooLarge, blockOption(Block1, 0, true, 256))
		b.want("CON 0.02 /dp 1:0/1/256 size1=2000 (256)")
	})
	t.Run("too large", func(t *testing.T) {
		b := newBench(t, config, nil)
		r := b.call(post)
		respond(b, b.one(), RequestEntityTooLarge, blockOption(Block1, 0, true, 1024), uintOption(Size1, 100))
		if r.response.Code != RequestEntityTooLarge || r.err != nil {
			t.Error(r)
		}
	})
	for _, wrong := range []struct {
		name  string
		block Option
	}{{"another block", blockOption(Block1, 5, true, 1024)}, {"size 7", uintOption(Block1, 7)}} {
		t.Run(wrong.name, func(t *testing.T) {
			b := newBench(t, config, nil)
			r := b.call(post)
			respond(b, b.one(), Continue, wrong.block)
			if _, is := errors.AsType[*ResponseError](r.err); !is {
				t.Error(r)
			}
			b.none()
		})
	}
	t.Run("small message", func(t *testing.T) {
		b := newBench(t, Config{BlockTransfer: true, BlockSize: 1024, MaxMessage: 100}, nil)
		b.call(post)
		if q := b.want("CON 0.02 /dp 1:0/1/64 size1=2000 (64)"); sizeOf(&q.Message) > 100 {
			t.Error("longer than a message")
		}
	})
}

func TestOutgoingBlock2(t *testing.T) {
	body := pattern(300)
	type answer struct {
		want  string // the request
		block Option
		etag  string
		part  []byte
		code  Code
	}
	for _, test := range []struct {
		name    string
		answers []answer
		want    []byte
		fails   bool
		method  Code
	}{
		{"in order", []answer{
			{"", blockOption(Block2, 0, true, 128), "a", body[:128], Content},
			{"2:1/0/128", blockOption(Block2, 1, true, 128), "a", body[128:256], Content},
			{"2:2/0/128", blockOption(Block2, 2, false, 128), "a", body[256:], Content},
		}, body, false, GET},
		{"we want smaller ones", []answer{
			{"", blockOption(Block2, 0, true, 256), "", body[:256], Content},
			{"2:2/0/128", blockOption(Block2, 2, false, 128), "", body[256:], Content},
		}, body, false, GET},
		{"changes", []answer{
			{"", blockOption(Block2, 0, true, 128), "a", body[1:129], Content},
			{"2:1/0/128", blockOption(Block2, 1, true, 128), "b", body[128:256], Content},
			{"2:0/0/128", blockOption(Block2, 0, true, 128), "b", body[:128], Content},
			{"2:1/0/128", blockOption(Block2, 1, false, 128), "b", body[128:200], Content},
		}, body[:200], false, GET},
		{"changes after a POST", []answer{
			{"", blockOption(Block2, 0, true, 128), "a", body[1:129], Content},
			{"2:1/0/128", blockOption(Block2, 1, true, 128), "b", body[128:256], Content},
		}, nil, true, POST},
		{"another block", []answer{
			{"", blockOption(Block2, 0, true, 128), "a", body[:128], Content},
			{"2:1/0/128", blockOption(Block2, 2, true, 128), "a", body[128:256], Content},
		}, nil, true, GET},
		{"wrong size", []answer{{"", blockOption(Block2, 0, true, 128), "a", body[:100], Content}}, nil, true, GET},
		{"not from the start", []answer{{"", blockOption(Block2, 1, true, 128), "a", body[:128], Content}}, nil, true, GET},
		{"size 7", []answer{{"", uintOption(Block2, 7), "a", body[:10], Content}}, nil, true, GET},
		{"too large", []answer{
			{"", blockOption(Block2, 0, true, 1024), "", pattern(1024), Content},
		}, nil, true, GET},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Config{BlockSize: 128, MaxBody: 1000}, nil)
			r := b.call(newMessage(test.method, "/a", uintOption(Observe, 0)))
			for i, each := range test.answers {
				q := b.one()
				want := fmt.Sprintf("CON %v /a observe", test.method)
				if i > 0 {
					want = fmt.Sprintf("CON %v /a %s", test.method, each.want)
				}
				if text(q) != want {
					t.Fatalf("got %s, want %s", text(q), want)
				}
				d := reply(acknowledgement, q, each.code, string(each.part))
				d.Options.Add(Block2, each.block.Value)
				if each.etag != "" {
					d.Options.AddString(ETag, each.etag)
				}
				b.in(d)
			}
			b.none()
			if test.fails != (r.err != nil) || !bytes.Equal(r.response.Payload, test.want) || r.calls != 1 {
				t.Errorf("%d results: %d bytes, %v", r.calls, len(r.response.Payload), r.err)
			}
		})
	}
}

func TestNotifications(t *testing.T) {
	handler := &served{answer: func(*Request) Response { t.Error("served"); return Response{} }}
	b := newBench(t, Config{MaxQueue: 1}, handler)
	var outcomes []NotifyOutcome
	send := func(confirmable bool, size int) {
		m := Message{Code: Content, Payload: pattern(size)}
		m.Options.SetUint(Observe, 12)
		b.notify(b.now, &Notification{
			Message: m, Token: []byte("tok"), Confirmable: confirmable, Path: "/3/0",
			Done: func(o NotifyOutcome) { outcomes = append(outcomes, o) },
		})
	}
	want := func(all ...NotifyOutcome) {
		t.Helper()
		if !slices.Equal(outcomes, all) {
			t.Errorf("outcomes %v, want %v", outcomes, all)
		}
		outcomes = nil
	}
	send(true, 10)
	d := b.want("CON 2.05 observe (10)")
	b.in(datagram{kind: acknowledgement, id: d.id})
	want(NotifyAcknowledged)
	send(true, 10)
	b.in(datagram{kind: reset, id: b.one().id})
	want(NotifyReset)
	send(true, 10)
	send(true, 10)
	send(true, 10)
	want(NotifyDropped)
	for len(outcomes) == 0 {
		b.wait()
	}
	want(NotifyTimedOut)
	b.out()
	b.close(b.now, ErrClosed)
	want(NotifyClosed)

	b = newBench(t, Config{BlockSize: 512}, handler)
	send(false, 10)
	d = b.want("NON 2.05 observe (10)")
	want(NotifySent)
	b.in(datagram{kind: reset, id: d.id})
	b.in(datagram{kind: reset, id: d.id})
	b.in(datagram{kind: reset, id: d.id + 1})
	if !slices.Equal(handler.resets, []string{"tok"}) {
		t.Errorf("resets %q", handler.resets)
	}
	send(false, 1500)
	d = b.want("NON 2.05 2:0/1/512 observe (512)")
	b.in(datagram{id: 5, Message: newMessage(GET, "/3/0", blockOption(Block2, 1, false, 512))})
	if next := b.want("ACK 2.05 2:1/1/512 (512)"); !bytes.Equal(append(d.Payload, next.Payload...), pattern(1024)) {
		t.Error("other contents")
	}
}
