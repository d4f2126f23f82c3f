package lwm2m

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
	"github.com/cloudgen/cloudgen/lab/packetnet"
)

// A composite observation: its cancellation repeats token and list; a notification in blocks is fetched whole; an error ends it.
func TestObserveComposite(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		long := `[{"n":"/3/0/0","vs":"` + strings.Repeat("x", 3000) + `"}]`
		c := w.plain("server:5683", nil)
		defer c.close()
		var token []byte
		c.answer = func(m *coap.Message) coap.Response {
			r := content(format.SenMLJSON, `[{"n":"/3/0/9","v":1}]`)
			o, observing := m.Uint(coap.Observe)
			switch _, block := m.Uint(coap.Block2); {
			case block:
				r = content(format.SenMLJSON, long)
			case observing && o == 0:
				token = m.Token
				r.AddUint(coap.Observe, 1)
			}
			return r
		}
		c.register("ep=dev&lwm2m=1.1")
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		o, err := device.ObserveComposite(t.Context(), []string{"/3/0/0", "/3/0/9"}, In(format.SenMLJSON))
		if err != nil || o.First().Value("/3/0/9") != int64(1) {
			t.Fatalf("%+v, %v", o, err)
		}
		first := coap.Message{Code: coap.Content, Payload: []byte(long)[:1024]}
		first.AddUint(coap.ContentFormat, uint32(format.SenMLJSON))
		first.AddUint(coap.Observe, 2)
		first.AddUint(coap.Block2, 0<<4|8|6)
		// The answer that the server cuts for us shows the tag that it will have.
		probe := content(format.SenMLJSON, long).Message
		tag := tagOf(t, w, probe)
		first.Add(coap.ETag, tag)
		if err := c.session.Notify(t.Context(), token, first); err != nil {
			t.Error(err)
		}
		n, err := o.Next(t.Context())
		if err != nil || n.Err != nil || len(n.Payload) != len(long) || n.Number != 2 {
			t.Errorf("%d bytes, %v, %v", len(n.Payload), n.Err, err)
		}
		if err := o.Cancel(t.Context()); err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		last := c.requests[len(c.requests)-1]
		c.mu.Unlock()
		if v, ok := last.Uint(coap.Observe); !ok || v != 1 || last.Code != coap.Fetch || string(last.Token) != string(token) || string(last.Payload) != `[{"n":"/3/0/0"},{"n":"/3/0/9"}]` {
			t.Errorf("cancelled by %+v", last)
		}
		if o, err = device.ObserveComposite(t.Context(), []string{"/3/0/9"}); err != nil {
			t.Fatal(err)
		}
		if err := c.session.Notify(t.Context(), token, coap.Message{Code: coap.NotFound}); err != nil {
			t.Error(err)
		}
		n, err = o.Next(t.Context())
		if answer, ok := errors.AsType[*CodeError](n.Err); err != nil || !ok || answer.Code != coap.NotFound {
			t.Errorf("%v, %v", n.Err, err)
		}
		if _, err = o.Next(t.Context()); err == nil {
			t.Error("the observation goes on after an error")
		}
	})
}

// tagOf gives the entity tag that a session gives a body in blocks.
func tagOf(t *testing.T, w *world, body coap.Message) []byte {
	t.Helper()
	conn, err := w.network.Listen("probe:1")
	if err != nil {
		t.Fatal(err)
	}
	var tag []byte
	server, err := coap.NewSession(coap.Config{}, coap.Hooks{Send: func(datagram []byte) error {
		_, err := conn.WriteTo(datagram, packetnet.Address("probe:2"))
		return err
	}, Serve: func(*coap.Message) coap.Response { return coap.Response{Message: body} }})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := w.network.Listen("probe:2")
	if err != nil {
		t.Fatal(err)
	}
	client, err := coap.NewSession(coap.Config{}, coap.Hooks{Send: func(datagram []byte) error {
		server.Receive(datagram)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		b := make([]byte, 4096)
		for {
			n, err := peer.Read(b)
			if err != nil {
				return
			}
			client.Receive(b[:n])
		}
	})
	answer, err := client.Do(t.Context(), coap.Message{Code: coap.Get}, coap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tag, _ = answer.Bytes(coap.ETag)
	if err := errors.Join(conn.Close(), peer.Close()); err != nil {
		t.Fatal(err)
	}
	reading.Wait()
	return tag
}

// Over a link that loses, doubles, delays and so reorders, every operation is carried out once, and every confirmable notification arrives.
func TestLossyLink(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		executed := map[string]int{}
		var token []byte
		c := w.plain("server:5683", nil)
		defer c.close()
		c.answer = func(m *coap.Message) coap.Response {
			r := coap.Response{Message: coap.Message{Code: coap.Changed}}
			switch {
			case m.Code == coap.Get:
				token = m.Token
				r = content(format.Text, "0")
				r.AddUint(coap.Observe, 0)
			case m.Path() == "/5/0/0":
				executed["push"+string(rune(len(m.Payload)))]++
			default:
				executed[string(m.Payload)]++
			}
			return r
		}
		random := rand.New(rand.NewPCG(1, 2))
		w.network.SetFate(func(packetnet.Address, packetnet.Address, []byte) packetnet.Fate {
			delay := func() time.Duration { return time.Duration(random.IntN(1500)) * time.Millisecond }
			switch random.IntN(10) {
			case 0, 1:
				return nil
			case 2, 3:
				return packetnet.Fate{delay(), delay()}
			}
			return packetnet.Fate{delay()}
		})
		c.register("ep=dev&lwm2m=1.1")
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		o, err := device.Observe(t.Context(), "/3/0/9")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			argument := string(rune('a' + i))
			if err := device.Execute(t.Context(), "/3/0/4", argument); err != nil {
				t.Errorf("%s: %v", argument, err)
			}
			m := content(format.Text, string(rune('0'+i%10))).Message
			m.AddUint(coap.Observe, uint32(i+1))
			if err := c.session.Notify(t.Context(), token, m); err != nil {
				t.Error(err)
			}
			if n, err := o.Next(t.Context()); err != nil || n.Number != uint32(i+1) {
				t.Errorf("notification %d: %+v, %v", i+1, n, err)
			}
		}
		if err := device.PushFirmware(t.Context(), make([]byte, 20000)); err != nil {
			t.Error(err)
		}
		if len(executed) != 41 {
			t.Errorf("%d operations arrived", len(executed))
		}
		for argument, n := range executed {
			if n != 1 {
				t.Errorf("%q was carried out %d times", argument, n)
			}
		}
		w.network.SetFate(nil)
	})
}

// Requests that wait for a sleeping client end with its registration and with the server.
func TestHeldRequestsEnd(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		c := w.plain("server:5683", nil)
		defer c.close()
		c.register("ep=dev&lwm2m=1.1&Q&lt=200")
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := device.Read(ctx, "/3/0"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if _, err := device.Read(t.Context(), "/3/0"); !errors.Is(err, ErrNotRegistered) {
			t.Errorf("%v", err)
		}
		c.register("ep=dev&lwm2m=1.1&Q")
		time.Sleep(100 * time.Second)
		var held sync.WaitGroup
		for range 3 {
			held.Go(func() {
				if _, err := device.Read(t.Context(), "/3/0"); !errors.Is(err, ErrClosed) {
					t.Errorf("%v", err)
				}
			})
		}
		synctest.Wait()
		if err := w.server.Close(); err != nil {
			t.Error(err)
		}
		held.Wait()
		if _, err := w.server.Await(t.Context(), "dev"); !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
	})
}

// Requests that were held go out in the order in which they came.
func TestHeldOrder(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		var order []string
		c := w.plain("server:5683", func(m *coap.Message) coap.Response {
			order = append(order, m.Path())
			return coap.Response{Message: coap.Message{Code: coap.Changed}}
		})
		defer c.close()
		location := c.register("ep=dev&lwm2m=1.1&Q")
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Second)
		var held sync.WaitGroup
		want := []string{"/3/0/1", "/3/0/2", "/3/0/3", "/3/0/4", "/3/0/5", "/3/0/6"}
		for _, path := range want {
			held.Go(func() {
				if err := device.Execute(t.Context(), path, ""); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		c.request(coap.Post, location, "", -1, "")
		held.Wait()
		if !reflect.DeepEqual(order, want) {
			t.Errorf("order %v", order)
		}
	})
}

// A client in queue mode that does not answer is taken as asleep: the next request waits for it.
func TestSilentClient(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		c := w.plain("server:5683", func(*coap.Message) coap.Response { return content(format.Text, "1") })
		defer c.close()
		location := c.register("ep=dev&lwm2m=1.1&Q")
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		w.server.Faults().Drop(0, -1)
		_, err = device.Read(t.Context(), "/3/0/9")
		if _, ok := errors.AsType[*coap.TimeoutError](err); !ok {
			t.Errorf("%v", err)
		}
		w.server.Faults().Drop(0, 0)
		if r, _ := device.Registration(); r.Awake {
			t.Error("the client is taken as awake")
		}
		updated := make(chan struct{})
		time.AfterFunc(time.Minute, func() {
			defer close(updated)
			c.request(coap.Post, location, "", -1, "")
		})
		start := time.Now()
		if _, err := device.Read(t.Context(), "/3/0/9"); err != nil || time.Since(start) < time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		<-updated // its answer may come after the request that waited for it
	})
}

// A client that shakes hands again goes on with an Update: registration and observations stay.
func TestNewSessionKeepsObservations(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		var token []byte
		answer := func(m *coap.Message) coap.Response {
			token = m.Token
			r := content(format.Text, "0")
			r.AddUint(coap.Observe, 0)
			return r
		}
		first, err := w.secure("server:5684", "dev", []byte("0123456789abcdef"), answer)
		if err != nil {
			t.Fatal(err)
		}
		defer first.close()
		location := first.register("ep=dev&lwm2m=1.1")
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		o, err := device.Observe(t.Context(), "/3/0/9")
		if err != nil {
			t.Fatal(err)
		}
		second, err := w.secure("server:5684", "dev", []byte("0123456789abcdef"), answer)
		if err != nil {
			t.Fatal(err)
		}
		defer second.close()
		if got := second.request(coap.Post, location, "", -1, ""); got.Code != coap.Changed {
			t.Fatalf("%v %s", got.Code, got.Payload)
		}
		m := content(format.Text, "1").Message
		m.AddUint(coap.Observe, 1)
		if err := second.session.Notify(t.Context(), token, m); err != nil {
			t.Error(err)
		}
		if n, err := o.Next(t.Context()); err != nil || n.Value("/3/0/9") != int64(1) {
			t.Errorf("%+v, %v", n, err)
		}
		other, err := w.secure("server:5684", "thief", []byte("0123456789abcdef"), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer other.close()
		if got := other.request(coap.Post, location, "", -1, ""); got.Code != coap.BadRequest {
			t.Errorf("another identity updates: %v", got.Code)
		}
		plain := w.plain("server:5683", nil)
		defer plain.close()
		if got := plain.request(coap.Delete, location, "", -1, ""); got.Code != coap.BadRequest {
			t.Errorf("no identity de-registers: %v", got.Code)
		}
	})
}

// A bootstrap by other steps than the usual ones, for clients that must refuse.
func TestBootstrapSteps(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		plan := BootstrapPlan{Steps: []Step{
			{Operation: "write", Path: "/1/0", Items: []format.Item{{Path: "/1/0/0", Value: 7}}}, {Operation: "read", Path: "/1"}, {Operation: "finish"}, {Operation: "delete", Path: "/"},
		}}
		if err := w.server.Store().SetPlan("dev", plan); err != nil {
			t.Fatal(err)
		}
		var got []string
		c := w.plain("server:5783", func(m *coap.Message) coap.Response {
			got = append(got, m.Code.String()+" "+m.Path()+" "+string(m.Payload))
			switch m.Path() {
			case "/bs":
				return coap.Refuse(coap.NotAcceptable, "incomplete")
			case "/1":
				return content(format.TLV, "")
			}
			return coap.Response{Message: coap.Message{Code: coap.Changed}}
		})
		defer c.close()
		if got := c.request(coap.Post, "/rd", "ep=dev&lwm2m=1.1", 40, someObjects); got.Code != coap.NotFound {
			t.Errorf("Register at the bootstrap server: %v", got.Code)
		}
		if got := c.request(coap.Post, "/bs", "", -1, ""); got.Code != coap.BadRequest {
			t.Errorf("no ep: %v", got.Code)
		}
		if got := c.request(coap.Post, "/bs", "ep=dev", -1, ""); got.Code != coap.Changed {
			t.Fatal(got.Code)
		}
		for range 4 {
			if e := w.want(Bootstrap); e.Detail == "finish" && (e.Code != "4.06" || e.Err == nil) {
				t.Errorf("%+v", e)
			}
		}
		synctest.Wait()
		if want := []string{"PUT /1/0 \xc1\x00\x07", "GET /1 ", "POST /bs "}; !reflect.DeepEqual(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

// Readers of events that are too slow lose events, and are told.
func TestSlowReader(t *testing.T) {
	e := &events{subs: map[*Subscription]struct{}{}}
	s := e.subscribe()
	for range eventBacklog + 5 {
		e.emit(Event{Kind: Notice})
	}
	for range eventBacklog {
		if event, err := s.Next(t.Context(), nil); err != nil || event.Missed != 0 {
			t.Fatalf("%+v, %v", event, err)
		}
	}
	e.emit(Event{Kind: Notice})
	e.close()
	if event, err := s.Next(t.Context(), nil); err != nil || event.Missed != 5 {
		t.Errorf("%+v, %v", event, err)
	}
	if _, err := s.Next(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := e.subscribe().Next(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	s.Close()
}
