package coap

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a session whose link is the test.
type bench struct {
	t       *testing.T
	session *Session

	mu       sync.Mutex
	sent     []frame
	at       []time.Duration
	start    time.Time
	react    func(frame) []frame // what the peer answers, at once
	problems []error
	reading  sync.WaitGroup
	incoming chan []byte
}

func newBench(t *testing.T, config Config, serve func(*Message) Response) *bench {
	t.Helper()
	b := &bench{t: t, start: time.Now(), incoming: make(chan []byte, 100)}
	session, err := NewSession(config, Hooks{
		Send: func(datagram []byte) error {
			f, err := decode(datagram)
			if err != nil {
				return err
			}
			b.mu.Lock()
			b.sent, b.at = append(b.sent, f), append(b.at, time.Since(b.start))
			react := b.react
			b.mu.Unlock()
			if react != nil {
				for _, answer := range react(f) {
					datagram, err := encode(answer)
					if err != nil {
						return err
					}
					b.incoming <- datagram
				}
			}
			return nil
		},
		Serve:   serve,
		Problem: func(err error) { b.problems = append(b.problems, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.session = session
	b.reading.Go(func() {
		for datagram := range b.incoming {
			session.Receive(datagram)
		}
	})
	return b
}

func (b *bench) close() {
	b.session.Close()
	close(b.incoming)
	b.reading.Wait()
}

func (b *bench) receive(f frame) {
	b.t.Helper()
	datagram, err := encode(f)
	if err != nil {
		b.t.Fatal(err)
	}
	b.incoming <- datagram
	synctest.Wait()
}

func (b *bench) frames() []frame {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.sent)
}

func piggyback(f frame, code Code, payload string) frame {
	answer := frame{kind: acknowledgment, mid: f.mid, Message: Message{Code: code, Payload: []byte(payload)}}
	answer.Token = f.Token
	return answer
}

func TestRetransmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{AckRandomFactor: 1}, nil)
		defer b.close()
		_, err := b.session.Do(t.Context(), Message{Code: Get}, Options{})
		timeout, ok := errors.AsType[*TimeoutError](err)
		if !ok || timeout.Transmissions != 5 {
			t.Errorf("%v", err)
		}
		want := []time.Duration{0, 2 * time.Second, 6 * time.Second, 14 * time.Second, 30 * time.Second}
		if !reflect.DeepEqual(b.at, want) || time.Since(b.start) != 62*time.Second {
			t.Errorf("sent at %v, gave up at %v", b.at, time.Since(b.start))
		}
		for _, f := range b.frames() {
			if f.mid != b.sent[0].mid || string(f.Token) != string(b.sent[0].Token) {
				t.Errorf("%+v is another message", f)
			}
		}
	})
}

func TestSeparateResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{}, nil)
		defer b.close()
		b.react = func(f frame) []frame {
			if f.Code != Get {
				return nil
			}
			separate := piggyback(f, Content, "late")
			separate.kind, separate.mid = confirmable, 77
			return []frame{{kind: acknowledgment, mid: f.mid}, separate, separate}
		}
		got, err := b.session.Do(t.Context(), Message{Code: Get}, Options{})
		if err != nil || string(got.Payload) != "late" {
			t.Fatalf("%+v, %v", got, err)
		}
		synctest.Wait()
		acks := 0
		for _, f := range b.frames() {
			if f.kind == acknowledgment && f.mid == 77 && f.Code == Empty {
				acks++
			}
		}
		if acks != 2 { // one for each copy
			t.Errorf("%d acknowledgments: %+v", acks, b.frames())
		}
		b.react = func(f frame) []frame { return []frame{{kind: acknowledgment, mid: f.mid}} }
		_, err = b.session.Do(t.Context(), Message{Code: Get}, Options{})
		if timeout, ok := errors.AsType[*TimeoutError](err); !ok || !timeout.Acknowledged {
			t.Errorf("%v", err)
		}
		b.react = func(f frame) []frame { return []frame{{kind: reset, mid: f.mid}} }
		if _, err = b.session.Do(t.Context(), Message{Code: Get}, Options{}); !isReset(err) {
			t.Errorf("%v", err)
		}
		b.react = nil
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err = b.session.Do(ctx, Message{Code: Get}, Options{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		time.AfterFunc(time.Second, b.session.Close)
		if _, err = b.session.Do(t.Context(), Message{Code: Get}, Options{}); !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
	})
}

func isReset(err error) bool {
	_, ok := errors.AsType[*ResetError](err)
	return ok
}

// A request that comes twice is served once and answered twice, also with the message id of long ago.
func TestDeduplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served := 0
		b := newBench(t, Config{}, func(*Message) Response {
			served++
			return Response{Message: Message{Code: Changed, Payload: fmt.Append(nil, served)}}
		})
		defer b.close()
		request := frame{kind: confirmable, mid: 9, Message: Message{Code: Post, Token: []byte{1}}}
		b.receive(request)
		time.Sleep(246 * time.Second)
		b.receive(request)
		if sent := b.frames(); served != 1 || len(sent) != 2 || !reflect.DeepEqual(sent[0], sent[1]) {
			t.Errorf("served %d times: %+v", served, sent)
		}
		time.Sleep(2 * time.Second)
		b.receive(request)
		if served != 2 {
			t.Errorf("served %d times", served)
		}
		request.kind = nonConfirmable
		request.mid = 10
		b.receive(request)
		b.receive(request)
		if sent := b.frames(); served != 3 || len(sent) != 4 || sent[3].kind != nonConfirmable {
			t.Errorf("served %d times: %+v", served, sent)
		}
		for mid := range 3 * mostReplies {
			request.mid = uint16(1000 + mid)
			b.receive(request)
		}
		if n := len(b.session.seen.entries); n > mostReplies {
			t.Errorf("%d replies are kept", n)
		}
	})
}

func TestHostile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{}, func(*Message) Response { return Response{Message: Message{Code: Content}} })
		defer b.close()
		b.receive(frame{kind: confirmable, mid: 1}) // ping
		unknown := frame{kind: confirmable, mid: 2, Message: Message{Code: Content, Token: []byte{9}}}
		b.receive(unknown)
		critical := frame{kind: confirmable, mid: 3, Message: Message{Code: Get}}
		critical.Add(9, []byte{1})
		b.receive(critical)
		elective := frame{kind: confirmable, mid: 4, Message: Message{Code: Get}}
		elective.Add(2048, []byte{1})
		b.receive(elective)
		for _, datagram := range []string{"", "x", "\x40", "\x4f\x01\x00\x05", "\x40\x00\x00\x06x", "\x40\xe1\x00\x07", "\x70\x01\x00\x08", "\x50\x00\x00\x09"} {
			b.incoming <- []byte(datagram)
		}
		synctest.Wait()
		var got []string
		for _, f := range b.frames() {
			got = append(got, fmt.Sprintf("%d:%d:%v", f.mid, f.kind, f.Code))
		}
		want := []string{"1:3:0.00", "2:3:0.00", "3:2:4.02", "4:2:2.05", "5:3:0.00", "6:3:0.00", "7:3:0.00"}
		if !slices.Equal(got, want) {
			t.Errorf("answers %v, want %v", got, want)
		}
		if len(b.problems) != 9 {
			t.Errorf("problems %v", b.problems)
		}
	})
}

func TestBlock1Receive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var body string
		b := newBench(t, Config{MaxBody: 100}, func(m *Message) Response {
			body = string(m.Payload)
			return Response{Message: Message{Code: Created}}
		})
		defer b.close()
		mid := uint16(0)
		part := func(number uint32, more bool, size int, payload string, size1 uint32) Code {
			mid++
			f := frame{kind: confirmable, mid: mid, Message: Message{Code: Post, Token: []byte{byte(mid)}, Payload: []byte(payload)}}
			f.SetPath("/rd")
			setBlock(&f.Message, Block1, block{number, more, size})
			if size1 > 0 {
				f.AddUint(Size1, size1)
			}
			b.receive(f)
			sent := b.frames()
			return sent[len(sent)-1].Code
		}
		whole := strings.Repeat("0123456789abcdef", 2)
		steps := []struct {
			number  uint32
			more    bool
			size    int
			payload string
			size1   uint32
			want    Code
		}{
			{0, true, 16, whole[:16], 0, Continue}, {1, true, 16, whole[:16], 0, Continue}, {2, false, 16, "end", 0, Created},
			{1, true, 16, whole[:16], 0, Incomplete}, {0, true, 16, whole[:16], 0, Continue}, {2, true, 16, whole[:16], 0, Incomplete},
			{0, true, 32, whole, 0, Continue}, {2, true, 16, whole[:16], 0, Continue}, {3, false, 16, "x", 0, Created}, // smaller from the second on
			{0, true, 16, "short", 0, BadRequest}, {0, true, 16, whole[:16], 0, Continue}, {0, true, 16, whole[:16], 0, Continue}, {1, false, 16, "x", 0, Created},
			{0, true, 16, whole[:16], 101, TooLarge}, {0, true, 64, whole + whole, 0, Continue}, {1, true, 64, whole + whole, 0, TooLarge},
			{0, true, 16, whole[:16], 0, Continue}, {1, true, 32, whole, 0, Incomplete},
		}
		for i, s := range steps {
			body = ""
			if got := part(s.number, s.more, s.size, s.payload, s.size1); got != s.want {
				t.Errorf("step %d: %v, want %v", i, got, s.want)
			}
			if i == 2 && body != whole+"end" {
				t.Errorf("body %q", body)
			}
		}
	})
}

// The peer asks for smaller blocks: at once, and by 4.13.
func TestBlock1Send(t *testing.T) {
	for _, tooLarge := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			body := strings.Repeat("0123456789abcdef", 20) + "x"
			var got string
			b := newBench(t, Config{BlockSize: 64}, nil)
			defer b.close()
			b.react = func(f frame) []frame {
				part, ok, err := blockOf(&f.Message, Block1)
				if !ok || err != nil {
					t.Errorf("%+v %v", f, err)
				}
				if tooLarge && part.size == 64 {
					answer := piggyback(f, TooLarge, "")
					answer.AddUint(Block1, block{0, false, 32}.value())
					return []frame{answer}
				}
				if int(part.number)*part.size != len(got) || part.more && len(f.Payload) != part.size {
					t.Errorf("block %+v after %d bytes", part, len(got))
				}
				got += string(f.Payload)
				answer := piggyback(f, Continue, "")
				if !part.more {
					answer.Code = Changed
				}
				part.size = 32
				if part.number == 0 {
					part.number = 0
				}
				answer.AddUint(Block1, part.value())
				return []frame{answer}
			}
			progress := 0
			response, err := b.session.Do(t.Context(), Message{Code: Put, Payload: []byte(body)}, Options{Progress: func(sent, total int) {
				if sent < progress || total != len(body) {
					t.Errorf("progress %d of %d", sent, total)
				}
				progress = sent
			}})
			if err != nil || response.Code != Changed || got != body || progress != len(body) {
				t.Errorf("%v, %v, %d bytes of %d, progress %d", response, err, len(got), len(body), progress)
			}
		})
	}
}

// A body goes in blocks from one session to another, both ways, over a link that loses, doubles and swaps.
func TestBlock2AndLossyLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := strings.Repeat("0123456789abcdef", 300) + "end"
		var sessions [2]*Session
		served := 0
		count := 0
		queues := [2]chan []byte{make(chan []byte, 1000), make(chan []byte, 1000)}
		var reading sync.WaitGroup
		var mu sync.Mutex
		for i := range sessions {
			var err error
			sessions[i], err = NewSession(Config{BlockSize: 256}, Hooks{
				Send: func(datagram []byte) error {
					mu.Lock()
					count++
					n := count
					mu.Unlock()
					delay := time.Duration(n%3) * 300 * time.Millisecond
					if n%4 == 0 {
						return nil
					}
					for range 1 + n%2 {
						time.AfterFunc(delay, func() { queues[1-i] <- datagram })
					}
					return nil
				},
				Serve: func(m *Message) Response {
					mu.Lock()
					defer mu.Unlock()
					served++
					return Response{Message: Message{Code: Content, Payload: m.Payload}}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			reading.Go(func() {
				for datagram := range queues[i] {
					sessions[i].Receive(datagram)
				}
			})
		}
		response, err := sessions[0].Do(t.Context(), Message{Code: Fetch, Payload: []byte(body[:200])}, Options{})
		if err != nil || string(response.Payload) != body[:200] {
			t.Errorf("%v, %v", response, err)
		}
		before := served
		response, err = sessions[0].Do(t.Context(), Message{Code: Post, Payload: []byte(body)}, Options{})
		if err != nil || response.Code != Content || served != before+1 {
			t.Errorf("%v, served %d times", err, served-before)
		}
		time.Sleep(time.Hour)
		for i := range sessions {
			sessions[i].Close()
			close(queues[i])
		}
		reading.Wait()
	})
}

func TestSlice(t *testing.T) {
	whole := &Message{Code: Content, Payload: []byte(strings.Repeat("x", 100))}
	request := func(b block) *Message {
		m := &Message{Code: Get}
		m.AddUint(Block2, b.value())
		return m
	}
	got := slice(request(block{number: 1, size: 64}), whole, 1024)
	part, _, err := blockOf(got, Block2)
	if err != nil || part != (block{1, false, 64}) || len(got.Payload) != 36 {
		t.Errorf("%+v %d %v", part, len(got.Payload), err)
	}
	if got := slice(request(block{number: 9, size: 64}), whole, 1024); got.Code != BadRequest {
		t.Errorf("beyond the end: %v", got.Code)
	}
	if got := slice(&Message{Code: Get}, whole, 64); len(got.Payload) != 64 {
		t.Errorf("%d bytes", len(got.Payload))
	} else if size, _ := got.Uint(Size2); size != 100 {
		t.Errorf("Size2 %d", size)
	}
	if got := slice(&Message{Code: Get}, whole, 1024); got != whole {
		t.Errorf("%+v", got)
	}
}

func TestCode(t *testing.T) {
	for text, want := range map[string]Code{"4.04": NotFound, "205": Content, "5.00": InternalServerError} {
		if got, err := ParseCode(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "4", "8.00", "4.99", "x.yz", "-1.1"} {
		if got, err := ParseCode(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
	for code, want := range map[Code]string{Get: "GET", IPatch: "iPATCH", Content: "2.05", TooLarge: "4.13"} {
		if code.String() != want {
			t.Errorf("%s", code)
		}
	}
	for _, bad := range []Config{{BlockSize: 100}, {BlockSize: 8}, {BlockSize: 2048}, {AckRandomFactor: 0.5}} {
		if _, err := NewSession(bad, Hooks{}); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

// Whatever comes: no panic, and bounded memory.
func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x44\x02\x12\x34\xa1\xb2\xc3\xd4\xb2rd\x11\x28\x39lwm2m=1.1\xff</1/0>"))
	f.Add([]byte("\x40\x00\x00\x01"))
	f.Add([]byte("\x60\x45\x00\x01\xff1"))
	f.Add([]byte("\x40\x02\x00\x02\xb2rd\xd1\x03\x08\xff0123456789abcdef"))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		session, err := NewSession(Config{MaxBody: 1000}, Hooks{
			Send:  func([]byte) error { return nil },
			Serve: func(m *Message) Response { return Response{Message: Message{Code: Content, Payload: m.Payload}} },
		})
		if err != nil {
			t.Fatal(err)
		}
		session.Receive(datagram)
		session.Receive(datagram)
		if frame, err := decode(datagram); err == nil {
			again, err := encode(frame)
			if err != nil {
				return // lengths that the codec reads and does not write
			}
			if second, err := decode(again); err != nil || second.Code != frame.Code || second.mid != frame.mid {
				t.Fatalf("%x became %x: %v", datagram, again, err)
			}
		}
	})
}
