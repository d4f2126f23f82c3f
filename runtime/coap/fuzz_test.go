package coap

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// FuzzDecode: whatever is decoded can be encoded, and is the same again.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "\x40\x00\x12\x34", "\x48\x01\x12\x3412345678\xb1a\x01b\xffpayload", "\x40\x01\x12\x34\xb1\xff", "\x40\x01\x12\x34\xb1a\xff",
		"\x40\x03\x12\x34\xd1\x0e\x0e\xff0123456789abcdef", "\x60\x45\x12\x34\xe0\xff\xff", "\x40\x01\x12\x34\xdd\x00\x00", "\x40\x01\x12\x34\x0f",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := decode(bytes.Clone(raw))
		if err != nil {
			return
		}
		var e encoder
		again, err := e.encode(&d)
		if err != nil {
			t.Fatalf("%x decodes and does not encode: %v", raw, err)
		}
		back, err := decode(again)
		if err != nil {
			t.Fatalf("%x encodes to %x: %v", raw, again, err)
		}
		same := func(a, b Option) bool { return a.ID == b.ID && bytes.Equal(a.Value, b.Value) }
		if d.kind != back.kind || d.id != back.id || d.Code != back.Code || !bytes.Equal(d.token, back.token) ||
			!slices.EqualFunc(d.Options, back.Options, same) || !bytes.Equal(d.Payload, back.Payload) {
			t.Fatalf("%x is %v, then %v", raw, d, back)
		}
		if size := sizeOf(&d.Message); len(again) > size {
			t.Fatalf("%d bytes, estimated %d", len(again), size)
		}
	})
}

// FuzzPeer: a peer that sends anything breaks neither the bounds of memory nor what goes out. The input is a row of datagrams, each behind
// a byte with its length; a length of 0 lets time pass.
func FuzzPeer(f *testing.F) {
	row := func(all ...string) []byte {
		var input []byte
		for _, each := range all {
			input = append(append(input, byte(len(each))), each...)
		}
		return input
	}
	f.Add(row("\x40\x00\x12\x34", "\x40\x01\x12\x34\xb1a", "\x40\x01\x12\x34\xb1a", ""))
	f.Add(row("\x40\x03\x00\x01\xb1a\xd1\x03\x08\xff0123456789abcdef", "\x40\x03\x00\x02\xb1a\xd1\x03\x10\xff0123456", "", "\x40\x03\x00\x03\xb1s\xd1\x03\x08\xff0123456789abcdef"))
	f.Add(row("\x40\x01\x00\x01\xb1b", "\x40\x01\x00\x02\xb1b\xc1\x16", "\x40\x05\x00\x02\xb1b\xc1\x16", "\x40\x01\x00\x03\xb1b\xc3\xff\xff\xf6"))
	f.Add(row("\x60\x5f\xcd\xfb", "\x70\x00\xcd\xfb", "\x60\x00\xcd\xfb", ""))
	f.Fuzz(func(t *testing.T, input []byte) {
		handler := &served{
			answer: func(r *Request) Response {
				m := Message{Code: Content, Payload: pattern(len(r.Payload))}
				if r.Options.Path() == "/b" {
					m.Payload = pattern(3000)
				}
				return Response{Message: m}
			},
			stream: func(r *Request) Upload {
				if r.Options.Path() == "/s" {
					return &push{}
				}
				return nil
			},
		}
		b := newBench(t, Config{MaxBody: 4096, BlockTransfer: true}, handler)
		big := newMessage(POST, "/dp")
		big.Payload = pattern(2000)
		ended := 0
		b.do(b.now, big, nil, func(Message, error) { ended++ })
		b.notify(b.now, &Notification{Message: Message{Code: Content, Payload: pattern(1500)}, Confirmable: true, Path: "/b"})
		for len(input) > 0 {
			n := min(int(input[0]), len(input)-1)
			raw := input[1 : 1+n]
			input = input[1+n:]
			if n == 0 {
				b.now = b.now.Add(10 * time.Second)
				b.tick(b.now)
			}
			_ = b.raw(raw) // what is wrong with it is not the question
			for _, each := range b.out() {
				if size := sizeOf(&each.Message); size > 1400 {
					t.Fatalf("a message of %d bytes went out", size)
				}
			}
			if len(b.assemblies.bodies) > 7 || len(b.snapshots.kept) > 3 || len(b.remembered.entries) > maxRemembered || len(b.exchanges) > 1 {
				t.Fatal("memory grows")
			}
		}
		b.close(b.now, ErrClosed)
		if ended != 1 {
			t.Fatalf("a request ended %d times", ended)
		}
	})
}
