package client_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

// sink is an object that takes a large value as it comes.
type sink struct {
	lwm2m.Values
	mu        sync.Mutex
	size      int
	committed bool
	aborted   error
}

func newSink() *sink {
	return &sink{Values: lwm2m.Values{Instances: 1, Of: &lwm2m.Definition{ID: 5, Name: "Sink", Version: "1.0", Resources: []lwm2m.Resource{
		{ID: 0, Name: "Package", Operations: lwm2m.W, Type: lwm2m.TypeOpaque},
	}}}}
}

func (s *sink) Upload(lwm2m.Path, int64) (lwm2m.Upload, error) { return s, nil }

func (s *sink) Write(part []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size += len(part)
	return len(part), nil
}

func (s *sink) Commit() (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.committed = true
	return nil, nil
}

func (s *sink) Abort(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aborted = cause
}

// A push of two hours goes on while the client updates its registration, notifies and sends; the device does not sleep meanwhile.
func TestPush(t *testing.T) {
	run(t, func(t *testing.T) {
		object := newSink()
		b := start(t, sleepy(), func(o *client.Options) { o.Objects = append(o.Objects, object) })
		defer b.end()
		b.Start()
		b.wait(time.Second)
		b.peer.ask(coap.GET, "3303/0/5700", func(p *packet) { p.Options.SetUint(coap.Observe, 0) })
		const blocks = 400
		for i := range blocks {
			more := uint32(8)
			if i == blocks-1 {
				more = 0
			}
			got := b.peer.ask(coap.PUT, "5/0/0", func(p *packet) {
				p.Options.SetUint(coap.ContentFormat, 42)
				p.Options.SetUint(coap.Block1, uint32(i)<<4|more|6)
				p.Payload = make([]byte, 1024)
			})
			if want := map[bool]byte{true: 0x5f, false: 0x44}[more != 0]; got.code != want {
				t.Fatalf("block %d: %v", i, got.Code)
			}
			if b.State() == registration.Sleeping {
				t.Fatalf("asleep at block %d", i)
			}
			if i%20 == 0 {
				if err := b.Tree().Set(lwm2m.Item{Path: temperature, Value: lwm2m.Float(float64(i))}); err != nil {
					t.Fatal(err)
				}
			}
			if i%50 == 0 {
				if err := b.Send(t.Context(), temperature); err != nil {
					t.Error(err)
				}
			}
			b.wait(18 * time.Second)
		}
		if !object.committed || object.size != blocks*1024 || object.aborted != nil {
			t.Errorf("committed %v, %d bytes, %v", object.committed, object.size, object.aborted)
		}
		counts := map[string]int{}
		for _, each := range b.peer.take1(true) {
			counts[each]++
		}
		if counts[update] != 2 || counts[register+"&Q"] != 1 || counts["POST dp"] != 8 {
			t.Error(counts)
		}
		if n := len(b.peer.notified); n != 20 {
			t.Errorf("%d notifications", n)
		}
	})
}

// What a server asks for while the client is under way with its own requests is answered all the same, and nothing runs twice.
func TestRequestsInBothDirections(t *testing.T) {
	run(t, func(t *testing.T) {
		object := newSensor()
		b := start(t, config(), func(o *client.Options) { o.Objects = []lwm2m.Object{object} })
		defer b.end()
		b.Start()
		b.wait(time.Second)
		for i := range 30 {
			b.Update()
			if got := b.peer.ask(coap.POST, "3303/0/5605", nil); got.code != 0x44 {
				t.Fatalf("execute %d: %v", i, got.Code)
			}
		}
		b.wait(time.Minute)
		if object.executed != 30 {
			t.Error(fmt.Sprint(object.executed, " executions"))
		}
	})
}
