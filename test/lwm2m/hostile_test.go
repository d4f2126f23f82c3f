package lwm2m

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/packetnet"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// A hostile server is the lab's, beside which datagrams go out from the same socket.

// exposed is a registered device without security and without sleep.
func (w *world) exposed() *connected {
	w.t.Helper()
	d := w.newDevice()
	d.config.QueueMode = false
	return d.register(noSec(1))
}

// inject sends a datagram to the device, as it is.
func (c *connected) inject(datagram []byte) {
	c.t.Helper()
	if _, err := c.socket.WriteTo(datagram, packetnet.Address(c.registered.lab.Registration.Remote)); err != nil {
		c.t.Fatal(err)
	}
}

// asks sends a request with a message id and a token of its own, and waits for the response.
func (c *connected) asks(p packet) event {
	c.t.Helper()
	p = c.numbered(p)
	mark := c.log.now()
	c.inject(p.encode())
	return c.await(mark, "coap", func(e event) bool {
		return e.in && (e.token == p.token && e.isResponse() || e.mid == p.mid && e.typ == rst)
	})
}

// numbered gives a request a message id and, where it has none, a token. The ids are far from those that the lab begins with, most of the time;
// one that meets another message of the lab's is a case of its own, and none that harms.
func (c *connected) numbered(p packet) packet {
	c.injected++
	p.mid = uint16(c.injected)
	if p.token == "" {
		p.token = "h" + string(binary.BigEndian.AppendUint32(nil, uint32(c.injected)))
	}
	return p
}

// lives checks that the device serves, and that nothing has changed.
func (c *connected) lives() {
	c.t.Helper()
	c.read("/3/0/0", text).want(205).has(values{"/3/0/0": "Open Mobile Alliance"})
}

// nested are containers in containers: CBOR arrays, JSON arrays.
func nested(open string, depth int) []byte { return []byte(strings.Repeat(open, depth)) }

func request(code int, path string) packet { return packet{code: code}.on(path) }

// writing is a Write of a payload.
func writing(code int, path string, f int, payload string) packet {
	p := request(code, path).with(optionFormat, f)
	p.payload = []byte(payload)
	return p
}

// TestHostileRequests: each has the documented code (reference, section 7), and changes nothing.
func TestHostileRequests(t *testing.T) {
	many := strings.Repeat("\x82\x21\x60", 300)
	tests := []struct {
		name string
		packet
		want []int
	}{
		// Paths.
		{"path that is no number", request(get, "/a/b"), []int{404, 400}},
		{"object out of range", request(get, "/65536"), []int{404, 400}},
		{"instance 65535", request(get, "/3/65535"), []int{404, 400}},
		{"number of 30 digits", request(get, "/"+strings.Repeat("9", 30)), []int{404, 400}},
		{"negative number", request(get, "/3/-1"), []int{404, 400}},
		{"leading zero", request(get, "/03/0/0"), []int{404, 400}},
		{"five levels", request(get, "/3/0/11/0/0"), []int{404, 400}},
		{"path of 20 segments", request(get, strings.Repeat("/3", 20)), []int{404, 400}},
		{"segment of 255 bytes", request(get, "/"+strings.Repeat("x", 255)), []int{404, 400}},
		{"segment that is no UTF-8", request(get, "/\xff\xfe"), []int{404, 400}},
		{"object that is not there", request(get, "/4000"), []int{404}},
		{"instance that is not there", request(get, "/3/1"), []int{404}},
		{"root", request(get, "/"), []int{404, 405, 400}},
		// Methods and options.
		{"PATCH", request(6, "/3/0"), []int{405, 501}},
		{"method 8", request(8, "/3/0"), []int{405, 501}},
		{"method 31", request(31, "/3/0"), []int{405, 501}},
		{"POST on a resource instance", request(post, "/3/0/11/0"), []int{405}},
		{"DELETE on a resource", request(del, "/3/0/0"), []int{405}},
		{"PUT on an object", writing(put, "/3", tlv, "\xc1\x0e\x41"), []int{405}},
		{"DELETE on an object", request(del, "/3"), []int{405}},
		{"unknown critical option", request(get, "/3/0/0").with(65001, "x"), []int{402}},
		{"unknown elective option", request(get, "/3/0/0").with(65000, "x"), []int{205}},
		{"Accept that is not known", request(get, "/3/0").with(optionAccept, 9999), []int{406}},
		{"Accept for one value of an instance", request(get, "/3/0").with(optionAccept, cbor), []int{406}},
		{"Accept of 9 bytes", request(get, "/3/0").with(optionAccept, "123456789"), []int{402, 406, 400}},
		{"format that is not known", writing(put, "/1/0/1", 9999, "5"), []int{415}},
		{"two formats, of which the second is ignored", writing(put, "/1/0/1", text, "86400").with(optionFormat, tlv), []int{204}},
		{"two Accepts", request(get, "/3/0/0").with(optionAccept, text).with(optionAccept, tlv), []int{402}},
		{"two Block1", writing(put, "/19/0/0/0", opaque, "x").with(optionBlock1, 0).with(optionBlock1, 16), []int{402}},
		{"block size 7", request(get, "/3/0").with(optionBlock2, 7), []int{400, 402}},
		{"block far beyond the end", request(get, "/3/0").with(optionBlock2, 0xfffff0), []int{400, 402, 408}},
		// Values.
		{"text that is no number", writing(put, "/1/0/1", text, "soon"), []int{400}},
		{"number out of range", writing(put, "/1/0/1", text, "99999999999999999999"), []int{400}},
		{"no value", writing(put, "/1/0/1", text, ""), []int{400}},
		{"lifetime below 0", writing(put, "/1/0/1", text, "-1"), []int{400}},
		{"boolean 2", writing(put, "/1/0/6", text, "2"), []int{400}},
		{"text that is no UTF-8", writing(put, "/3/0/15", text, "\xff\xff"), []int{400}},
		{"write of what is read-only", writing(put, "/1/0/0", text, "7"), []int{405}},
		{"write of what is hidden", writing(put, "/1/0/17", text, "7"), []int{405, 404}},
		{"text for an instance", writing(put, "/1/0", text, "7"), []int{405, 400, 415}},
		{"arguments without grammar", writing(post, "/3/0/12", text, "now!"), []int{400}},
		{"arguments in TLV", writing(post, "/3/0/12", tlv, "\xc1\x00\x01"), []int{415, 400}},
		{"execute of what is none", request(post, "/3/0/0"), []int{405}},
		// TLV.
		{"TLV: integer of 3 bytes", writing(put, "/1/0/1", tlv, "\xc3\x01\x00\x0e\x10"), []int{400}},
		{"TLV: integer of 0 bytes", writing(put, "/1/0/1", tlv, "\xc0\x01"), []int{400}},
		{"TLV: integer of 9 bytes", writing(put, "/1/0/1", tlv, "\xc8\x01\x09123456789"), []int{400}},
		{"TLV: cut off", writing(put, "/1/0/1", tlv, "\xc4\x01\x00"), []int{400}},
		{"TLV: length of 16 MiB", writing(put, "/1/0/1", tlv, "\xd8\x01\xff\xff\xff\x00"), []int{400}},
		{"TLV: another resource", writing(put, "/1/0/1", tlv, "\xc1\x02\x05"), []int{400}},
		{"TLV: instance in an instance", writing(post, "/1/0", tlv, "\x05\x00\x03\x01\xc1\x01"), []int{400}},
		{"TLV: multiple in a multiple", writing(put, "/16/0/0", tlv, "\x86\x00\x84\x00\x82\x00\x41\x00"), []int{400}},
		{"TLV: single for a multiple", writing(post, "/16/0", tlv, "\xc1\x00\x41"), []int{400}},
		{"TLV: the same resource twice", writing(post, "/1/0", tlv, "\xc1\x02\x05\xc1\x02\x06"), []int{400, 204}},
		{"TLV: create in use", writing(post, "/16", tlv, "\x08\x00\x05\x83\x00\x41\x00\x41"), []int{400}},
		// SenML and CBOR.
		{"JSON: 100000 arrays", writing(post, "/1/0", senmlJSON, string(nested("[", 1000))), []int{400}},
		{"JSON: objects in objects", writing(post, "/1/0", senmlJSON, `[{"n":"1","v":`+string(nested(`{"v":`, 200))), []int{400}},
		{"JSON: no array", writing(post, "/1/0", senmlJSON, `{"n":"1","v":5}`), []int{400}},
		{"JSON: not ended", writing(post, "/1/0", senmlJSON, `[{"n":"1","v":5}`), []int{400}},
		{"JSON: two values", writing(post, "/1/0", senmlJSON, `[{"n":"1","v":5,"vs":"x"}]`), []int{400}},
		{"JSON: outside the path", writing(post, "/1/0", senmlJSON, `[{"n":"/3/0/14","vs":"x"}]`), []int{400}},
		{"JSON: number of 400 digits", writing(post, "/1/0", senmlJSON, `[{"n":"1","v":1`+strings.Repeat("0", 400)+`}]`), []int{400}},
		{"CBOR: arrays in arrays", writing(post, "/1/0", senmlCBOR, string(nested("\x81", 1000))), []int{400}},
		{"CBOR: array of 2^32 records", writing(post, "/1/0", senmlCBOR, "\x9a\xff\xff\xff\xff"), []int{400}},
		{"CBOR: text of 2^63 bytes", writing(post, "/1/0", senmlCBOR, "\x81\xa1\x00\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"), []int{400}},
		{"CBOR: endless array", writing(post, "/1/0", senmlCBOR, "\x9f"+many), []int{400}},
		{"CBOR: tags on tags", writing(put, "/1/0/1", cbor, string(nested("\xc1", 1000))+"\x01"), []int{400}},
		{"CBOR: two items", writing(put, "/1/0/1", cbor, "\x01\x02"), []int{400}},
		{"CBOR: text for a number", writing(put, "/1/0/1", cbor, "\x61\x41"), []int{400}},
		{"composite in TLV", writing(fetch, "/", tlv, "\xc1\x00\x01"), []int{415}},
		{"composite of too many paths", writing(fetch, "/", senmlJSON, "["+strings.Repeat(`{"n":"/3/0/0"},`, 60)+`{"n":"/3/0/0"}]`), []int{413, 400}},
		{"composite write, one of it wrong", writing(iPatch, "/", senmlJSON, `[{"n":"/3/0/15","vs":"x"},{"n":"/3/0/0","vs":"x"}]`), []int{405}},
		{"composite write of what is not there", writing(iPatch, "/", senmlJSON, `[{"n":"/3/0/15","vs":"x"},{"n":"/16/9/0/0","vs":"x"}]`), []int{404}},
		// Attributes.
		{"attribute that is not known", request(put, "/3/0/9").with(optionQuery, "often=1"), []int{400}},
		{"attribute that is no number", request(put, "/3/0/9").with(optionQuery, "pmin=x"), []int{400}},
		{"attribute below 0", request(put, "/3/0/9").with(optionQuery, "pmin=-1"), []int{400}},
		{"attribute NaN", request(put, "/3/0/9").with(optionQuery, "gt=NaN"), []int{400}},
		{"lt above gt", request(put, "/3/0/9").with(optionQuery, "lt=9").with(optionQuery, "gt=5"), []int{400}},
		{"gt of a text", request(put, "/3/0/0").with(optionQuery, "gt=5"), []int{400}},
		{"gt of an object", request(put, "/3").with(optionQuery, "gt=5"), []int{400}},
		// Blocks.
		{"block without its start", writing(put, "/19/0/0", opaque, "0123456789abcdef").with(optionBlock1, 5<<4|8), []int{408}},
		// Bootstrap, outside of one.
		{"bootstrap finish", request(post, "/bs"), []int{404, 401, 405, 400}},
		{"bootstrap delete", request(del, "/"), []int{400, 401, 404, 405}},
	}
	virtual(t, func(t *testing.T, w *world) {
		c := w.exposed()
		before := c.read("/1", tlv).want(205).values
		for _, test := range tests {
			answer := c.asks(test.packet)
			if !slices.Contains(test.want, answer.code) {
				t.Errorf("%s: %s, want %v", test.name, answer, test.want)
			}
		}
		c.read("/1", tlv).want(205).has(before)
		c.read("/16/0/0", tlv).want(205).has(values{"/16/0/0/0": ""})
		if _, found := c.client().Tree().Get(at("/3/0/15")); found {
			t.Error("a part of a Write-Composite was applied")
		}
		c.lives()
		c.none(0, updated, anything)
	})
}

// TestHostileBlocks: gaps, restarts, mixed sizes, bodies that do not end, and more of them at a time than are possible.
func TestHostileBlocks(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.exposed()
		block := func(path string, number int, more bool, size int) packet {
			p := writing(put, path, opaque, strings.Repeat("x", 16<<size))
			value := number<<4 | size
			if more {
				value |= 8
			}
			return p.with(optionBlock1, value)
		}
		expect := func(what string, p packet, codes ...int) event {
			t.Helper()
			answer := c.asks(p)
			if !slices.Contains(codes, answer.code) {
				t.Errorf("%s: %s, want %v", what, answer, codes)
			}
			return answer
		}
		expect("first block", block("/19/0/0/0", 0, true, 6), 231)
		expect("gap", block("/19/0/0/0", 2, true, 6), 408)
		expect("after the gap", block("/19/0/0/0", 1, false, 6), 408)
		expect("first block", block("/19/0/0/0", 0, true, 6), 231)
		expect("from the start again", block("/19/0/0/0", 0, true, 6), 231)
		expect("last block", block("/19/0/0/0", 1, false, 6), 204)
		c.read("/19/0/0/0", opaque).want(205).has(values{"/19/0/0/0": strings.Repeat("78", 2048)})
		short := block("/19/0/0/0", 0, true, 6)
		short.payload = short.payload[:100]
		expect("a block that is not full and not the last", short, 400)
		for number := range 1000 { // a body that does not end
			if answer := c.asks(block("/19/0/0/0", number, true, 6)); answer.code != 231 {
				if answer.code != 413 {
					t.Errorf("block %d: %s, want 4.13", number, answer)
				}
				break
			} else if number == 999 {
				t.Error("a body of 1000 KiB was taken")
			}
		}
		// An image that is announced and left alone, many of them.
		busy := 0
		for i := range 50 {
			if answer := c.asks(block(fmt.Sprintf("/19/0/0/%d", i), 0, true, 6)); answer.code == 503 {
				busy++
			}
		}
		if busy == 0 {
			t.Error("50 bodies at a time were begun")
		}
		c.lives()
		// All that was left alone is forgotten in time.
		pass(10 * time.Minute)
		c.put("/19/0/0", tlv, values{"0": strings.Repeat("41", 3000)}).want(204)
		c.lives()
	})
}

// TestHostileRepetition: what comes again is answered as before and executed once, in any order.
func TestHostileRepetition(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.exposed()
		executed := 0
		c.client().OnExecute(at("/3/0/12"), func([]lwm2m.Argument) { executed++ })
		var all [][]byte
		for range 20 {
			all = append(all, c.numbered(request(post, "/3/0/12")).encode())
		}
		random := rand.New(rand.NewPCG(1, 1))
		mark := w.log.now()
		for range 10 {
			for _, i := range random.Perm(len(all)) {
				c.inject(all[i])
				pass(time.Duration(random.Int64N(int64(time.Second))))
			}
		}
		pass(time.Second)
		if executed != len(all) {
			t.Errorf("%d requests were executed %d times", len(all), executed)
		}
		if n := c.count(mark, "coap", func(e event) bool { return e.in && e.code == 204 }); n != 200 {
			t.Errorf("%d answers, want 200", n)
		}
		// The same as NON is executed once and answered once.
		p := c.numbered(request(post, "/3/0/12"))
		p.typ = non
		for range 5 {
			c.inject(p.encode())
			pass(time.Second)
		}
		if executed != len(all)+1 {
			t.Errorf("a NON request was executed %d times", executed-len(all))
		}
	})
}

// TestHostileTokens: responses that nobody waits for, pings, and what is no CoAP at all.
func TestHostileTokens(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.exposed()
		o := c.observe("/3/0/9", none)
		for _, test := range []struct {
			name string
			packet
			want int // type of the answer; -1: none
		}{
			{"ping", packet{mid: 7001}, rst},
			{"CON response", packet{code: 205, mid: 7002, token: "junk"}, rst},
			{"CON response with Observe", packet{code: 205, mid: 7003, token: "junk"}.with(optionObserve, 5), rst},
			{"request of 200 options", request(get, strings.Repeat("/3", 200)).as(7012), rst},
			{"CON of class 1", packet{code: 105, mid: 7004, token: "junk"}, rst},
			{"CON of class 7", packet{code: 701, mid: 7005, token: "junk"}, rst},
			{"NON response", packet{typ: non, code: 205, mid: 7006, token: "junk"}, -1},
			{"ACK with a response", packet{typ: ack, code: 205, mid: 7007, token: "junk"}, -1},
			{"ACK", packet{typ: ack, mid: 7008}, -1},
			{"RST", packet{typ: rst, mid: 7009}, -1},
			{"request in an ACK", packet{typ: ack, code: get, mid: 7010, token: "x"}.on("/3/0/0"), -1},
			{"request in a RST", packet{typ: rst, code: get, mid: 7011, token: "x"}.on("/3/0/0"), -1},
		} {
			mark := w.log.now()
			c.inject(test.encode())
			pass(time.Second)
			answers := c.count(mark, "coap", func(e event) bool { return e.in })
			if test.want < 0 && answers > 0 {
				t.Errorf("%s: %d answers, want none", test.name, answers)
			}
			if resets := c.count(mark, "coap", func(e event) bool { return e.in && e.typ == rst && e.mid == test.mid }); test.want == rst && resets != 1 {
				t.Errorf("%s: %d resets, want one", test.name, resets)
			}
		}
		for _, junk := range []string{"", "\x40", "\x40\x01\x00", "\x00\x01\x00\x01", "\x80\x01\x00\x01", "\xc0\x01\x00\x01", "\x4f\x01\x00\x01xxxxxxxxxxxxxxx",
			"\x49\x01\x00\x01xxxxxxxxx", "\x48\x01\x00\x01x", "\x40\x01\x00\x01\xff", "\x40\x01\x00\x01\xf0", "\x40\x01\x00\x01\x0f", "\x40\x01\x00\x01\xbd\xff", "\x40\x01\x00\x01\xee\xff\xff\xff\xff"} {
			c.inject([]byte(junk))
		}
		random := rand.New(rand.NewPCG(2, 2))
		for range 5000 {
			junk := make([]byte, random.IntN(100))
			for i := range junk {
				junk[i] = byte(random.Uint32())
			}
			if len(junk) > 1 && junk[1]>>5 == 0 { // no request by chance: it might well be one that changes something
				junk[1] |= 0x40
			}
			c.inject(junk)
		}
		pass(time.Second)
		c.lives()
		c.set("/3/0/9", lwm2m.Integer(12))
		o.next().has(values{"/3/0/9": "12"})
	})
}

// TestHostileRecords: what comes from the server's address and is not under its key ends no session: alerts, handshakes, records of every kind.
func TestHostileRecords(t *testing.T) {
	for _, cid := range []bool{true, false} {
		t.Run(map[bool]string{true: "with Connection ID", false: "without"}[cid], func(t *testing.T) {
			virtual(t, func(t *testing.T, w *world) {
				d := w.newDevice()
				d.cid, d.config.QueueMode = cid, false
				c := d.register(d.psk(1))
				o := c.observe("/3/0/9", none)
				send := func(record []byte) {
					t.Helper()
					if _, err := w.secureSocket.WriteTo(record, packetnet.Address(c.registered.lab.Registration.Remote)); err != nil {
						t.Fatal(err)
					}
				}
				random := rand.New(rand.NewPCG(3, 3))
				for kind := range 256 {
					for _, epoch := range []byte{0, 1, 2, 255} {
						// Type, DTLS 1.2, epoch, sequence number, length, content.
						record := []byte{byte(kind), 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, byte(random.Uint32()), byte(random.Uint32()), 0, 2}
						send(append(record, 2, 40)) // as an alert: fatal, handshake_failure
						send(append(record, 1, 0))  // warning, close_notify
						long := append([]byte(nil), record...)
						long[12] = 60
						for range 60 {
							long = append(long, byte(random.Uint32()))
						}
						send(long)
						send(long[:30])
						// As a handshake message, whole: type, length, number, fragment. And a ChangeCipherSpec that is one.
						message := append(record[:12:12], 16, byte(random.IntN(30)), 0, 0, 4, 0, byte(random.IntN(8)), 0, 0, 0, 0, 0, 4, 1, 2, 3, 4)
						send(message)
						send(append(record[:12:12], 1, 1))
					}
					pass(time.Millisecond)
				}
				pass(time.Second)
				c.lives()
				c.set("/3/0/9", lwm2m.Integer(12))
				o.next().has(values{"/3/0/9": "12"})
				if n := c.handshakes(0); n != 1 {
					t.Errorf("%d handshakes", n)
				}
				c.none(0, string(server.Replaced), anything)
			})
		})
	}
}

// TestHostileFloods: what a server sends in large numbers takes up bounded memory, is refused where it has to be, and the device goes on.
func TestHostileFloods(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		c := w.exposed()
		w.log.hush()
		c.flood(2000, func(i int) packet { return request(get, "/3/0/0").with(optionObserve, 0) }) // memory that is taken once
		first := len(c.client().Observations())
		if first == 0 || first > c.config.MaxObservations {
			t.Errorf("%d observations, at most %d are possible", first, c.config.MaxObservations)
		}
		before := heap()
		for _, flood := range []func(i int) packet{
			func(int) packet { return request(get, "/3/0/9").with(optionObserve, 0) },
			func(int) packet {
				return writing(fetch, "/", senmlJSON, `[{"n":"/3/0/9"},{"n":"/1"}]`).with(optionObserve, 0)
			},
			func(int) packet { return request(get, "/3") },
			func(i int) packet { return request(get, "/"+textOf(int64(i))) },
			func(i int) packet {
				return writing(put, "/19/0/0/"+textOf(int64(i)), opaque, strings.Repeat("x", 1024)).with(optionBlock1, 8|6)
			},
			func(i int) packet {
				return request(put, "/3/0/"+textOf(int64(i%17))).with(optionQuery, "pmin="+textOf(int64(i)))
			},
			func(i int) packet { return writing(put, "/16/0/0/"+textOf(int64(i)), text, strings.Repeat("y", 100)) },
			func(i int) packet { p := request(6, "/3"); p.typ = non; return p },
			func(i int) packet { return packet{code: 205, token: "junk"} },
			func(i int) packet { return packet{typ: ack, code: 205, token: "junk"} },
		} {
			c.flood(5000, flood)
			c.lives()
		}
		after := heap()
		t.Logf("%d KiB in use before the floods, %d after", before>>10, after>>10)
		if after > before+4<<20 {
			t.Errorf("%d KiB in use after the floods, %d before", after>>10, before>>10)
		}
		if n := len(c.client().Observations()); n > c.config.MaxObservations {
			t.Errorf("%d observations, at most %d are possible", n, c.config.MaxObservations)
		}
	})
}

// TestHostileFilling: a server that writes all that there is room for is refused at some time, and can make room again.
func TestHostileFilling(t *testing.T) {
	alone(t, func(t *testing.T, w *world) {
		c := w.exposed()
		w.log.hush()
		before := heap()
		big := strings.Repeat("aa", 60_000)
		refused := 0
		for i := range int64(100) {
			switch r := c.replace("/19/0/0/"+textOf(i), opaque, big); r.code {
			case 204:
			case 500:
				refused++
			default:
				t.Errorf("answer %s", r)
			}
		}
		if refused < 80 {
			t.Errorf("%d times 60000 bytes were taken", 100-refused)
		}
		if r := c.create("/16", senmlCBOR, values{"9/0/0": strings.Repeat("b", 60_000)}); r.code != 500 {
			t.Errorf("answer %s to a Create, want 5.00", r)
		}
		pass(10 * time.Minute)
		if after := heap(); after > before+4<<20 {
			t.Errorf("%d KiB in use, %d before", after>>10, before>>10)
		}
		c.lives()
		c.put("/19/0/0", tlv, values{"0": "41"}).want(204)
		c.create("/16", senmlCBOR, values{"9/0/0": "b"}).want(201)
	})
}

// flood sends requests as fast as the device takes them.
func (c *connected) flood(n int, make func(i int) packet) {
	for i := range n {
		c.inject(c.numbered(make(i)).encode())
		if i%500 == 499 {
			synctest.Wait()
		}
	}
	pass(5 * time.Minute) // RST cancels the observations that the lab knows nothing of
}

// heap gives the bytes in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
