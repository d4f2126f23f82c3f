package lwm2m

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
	"github.com/cloudgen/cloudgen/lab/packetnet"
)

func content(f format.Format, payload string) coap.Response {
	r := coap.Response{Message: coap.Message{Code: coap.Content, Payload: []byte(payload)}}
	r.AddUint(coap.ContentFormat, uint32(f))
	return r
}

func TestRegistration(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		c := w.plain("server:5683", nil)
		defer c.close()
		for query, want := range map[string]string{
			"lwm2m=1.1&lt=60":               "4.00", // no ep
			"ep=a&lt=60":                    "4.00", // no lwm2m
			"ep=a&lwm2m=1.0":                "4.12",
			"ep=a&lwm2m=1.1&b=UQ":           "4.00",
			"ep=a&lwm2m=1.1&b=T":            "4.00",
			"ep=a&lwm2m=1.1&lt=-1":          "4.00",
			"ep=a&lwm2m=1.1&lt=0":           "4.00",
			"ep=a&ep=b&lwm2m=1.1":           "4.00",
			"ep=a&lwm2m=1.1&Q=1":            "4.00",
			"ep=&lwm2m=1.1":                 "4.00",
			"ep=urn:x&lwm2m=1.1&lt=60&b=UT": "2.01",
		} {
			if got := c.request(coap.Post, "/rd", query, 40, someObjects); got.Code.String() != want {
				t.Errorf("%s: %v %s, want %s", query, got.Code, got.Payload, want)
			}
		}
		for list, want := range map[string]string{"</0/0>,</1/0>": "4.00", "</1/0>,</1/0>": "4.00", "": "4.00", "</3/0/1>": "4.00", "hello": "4.00", "</a>": "4.00"} {
			if got := c.request(coap.Post, "/rd", "ep=a&lwm2m=1.1", 40, list); got.Code.String() != want {
				t.Errorf("object list %q: %v %s, want %s", list, got.Code, got.Payload, want)
			}
		}
		if got := c.request(coap.Post, "/rd", "ep=a&lwm2m=1.1", 0, someObjects); got.Code != coap.BadRequest {
			t.Errorf("object list as text: %v", got.Code)
		}
		first := c.register("ep=dev&lwm2m=1.1&lt=60&b=U")
		second := c.register("ep=dev&lwm2m=1.1&lt=60&b=U&Q&own=1")
		if got := c.request(coap.Post, first, "", -1, ""); got.Code != coap.NotFound {
			t.Errorf("Update of a replaced registration: %v", got.Code)
		}
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		r, _ := device.Registration()
		if !r.QueueMode || r.Lifetime != time.Minute || r.Binding != "U" || !reflect.DeepEqual(r.Instances(1), []uint16{0}) || r.Instances(16) != nil {
			t.Errorf("registration %+v", r)
		}
		time.Sleep(50 * time.Second) // virtual
		if got := c.request(coap.Post, second, "lt=120", -1, ""); got.Code != coap.Changed {
			t.Errorf("Update: %v %s", got.Code, got.Payload)
		}
		for query, want := range map[string]coap.Code{"ep=x": coap.BadRequest, "Q": coap.BadRequest, "lwm2m=1.1": coap.BadRequest, "lt=x": coap.BadRequest} {
			if got := c.request(coap.Post, second, query, -1, ""); got.Code != want {
				t.Errorf("Update %s: %v", query, got.Code)
			}
		}
		if got := c.request(coap.Post, second, "", 40, "</1/0>,</3/0>,</16/4>"); got.Code != coap.Changed {
			t.Errorf("Update with list: %v", got.Code)
		}
		if r, _ := device.Registration(); !reflect.DeepEqual(r.Instances(16), []uint16{4}) || r.Lifetime != 2*time.Minute {
			t.Errorf("registration %+v", r)
		}
		time.Sleep(119 * time.Second)
		if _, ok := device.Registration(); !ok {
			t.Error("expired before its time")
		}
		time.Sleep(2 * time.Second)
		if _, ok := device.Registration(); ok {
			t.Error("not expired")
		}
		w.want(Expired)
		if got := c.request(coap.Post, second, "", -1, ""); got.Code != coap.NotFound {
			t.Errorf("Update after the end: %v", got.Code)
		}
		third := c.register("ep=dev&lwm2m=1.1")
		if got := c.request(coap.Delete, third, "", -1, ""); got.Code != coap.Deleted {
			t.Errorf("De-register: %v", got.Code)
		}
		if got := c.request(coap.Delete, third, "", -1, ""); got.Code != coap.NotFound {
			t.Errorf("second De-register: %v", got.Code)
		}
		if _, err := device.Read(t.Context(), "/3/0"); !errors.Is(err, ErrNotRegistered) {
			t.Errorf("Read: %v", err)
		}
	})
}

func TestSecurity(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		if err := w.server.Store().Add(Credential{Endpoint: "stored", Identity: "id", Key: []byte("secret-secret-se")}); err != nil {
			t.Fatal(err)
		}
		c, err := w.secure("server:5684", "urn:imei:1", []byte("0123456789abcdef"), func(m *coap.Message) coap.Response {
			return content(format.Text, "hello")
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		if got := c.request(coap.Post, "/rd", "ep=other&lwm2m=1.1", 40, someObjects); got.Code != coap.BadRequest || !strings.Contains(string(got.Payload), "belongs to") {
			t.Errorf("another's endpoint: %v %s", got.Code, got.Payload)
		}
		c.register("lwm2m=1.1") // the name comes from the identity
		if got, ok := w.server.Store().ByIdentity("urn:imei:1"); !ok || got.Endpoint != "urn:imei:1" {
			t.Errorf("store has %+v", got)
		}
		device, err := w.server.Await(t.Context(), "urn:imei:1")
		if err != nil {
			t.Fatal(err)
		}
		if r, _ := device.Registration(); r.Identity != "urn:imei:1" || !r.ConnectionID {
			t.Errorf("registration %+v", r)
		}
		got, err := device.Read(t.Context(), "/3/0/0")
		if err != nil || got.Value("/3/0/0") != "hello" {
			t.Errorf("Read %+v: %v", got, err)
		}
		plain := w.plain("server:5683", nil)
		defer plain.close()
		if got := plain.request(coap.Post, "/rd", "ep=stored&lwm2m=1.1", 40, someObjects); got.Code != coap.BadRequest {
			t.Errorf("NoSec for an endpoint with a key: %v", got.Code)
		}
		if _, err := w.secure("server:5684", "id", []byte("wrong key wrong "), nil); err == nil {
			t.Error("a wrong key is accepted")
		}
		// Two sessions of one endpoint; the session is forgotten, the client notices by timeout only.
		if err := device.ForgetSession(); err != nil {
			t.Fatal(err)
		}
		w.want(Unsecured)
		var update coap.Message
		update.Code = coap.Post
		update.SetPath("/rd/x")
		_, err = c.session.Do(t.Context(), update, coap.Options{})
		if _, ok := errors.AsType[*coap.TimeoutError](err); !ok {
			t.Errorf("a forgotten session answers: %v", err)
		}
		if _, err := device.Read(t.Context(), "/3/0/0"); !errors.Is(err, ErrNoSession) {
			t.Errorf("Read without session: %v", err)
		}
	})
}

func TestUnknownIdentity(t *testing.T) {
	run(t, func(c *Config) { c.DeviceKey = nil }, func(t *testing.T, w *world) {
		var alert byte
		w.network.SetFate(func(from, _ packetnet.Address, datagram []byte) packetnet.Fate {
			if from == "server:5684" && datagram[0] == 21 {
				alert = datagram[len(datagram)-1]
			}
			return packetnet.Fate{0}
		})
		if _, err := w.secure("server:5684", "nobody", []byte("x"), nil); err == nil || alert != 115 {
			t.Errorf("%v, alert %d, want unknown_psk_identity (115)", err, alert)
		}
		w.want(Unsecured)
	})
}

func TestQueueMode(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		c := w.plain("server:5683", func(*coap.Message) coap.Response { return content(format.Text, "1") })
		defer c.close()
		location := c.register("ep=dev&lwm2m=1.1&Q")
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := device.Read(t.Context(), "/3/0/9"); err != nil {
			t.Errorf("awake: %v", err)
		}
		time.Sleep(94 * time.Second)
		if r, _ := device.Registration(); r.Awake {
			t.Error("awake after 94 s")
		}
		done := make(chan time.Time, 1)
		w.server.background(func(ctx context.Context) {
			if _, err := device.Read(ctx, "/3/0/9"); err != nil {
				t.Errorf("held: %v", err)
			}
			done <- time.Now()
		})
		if e := w.want(Held); e.Path != "/3/0/9" {
			t.Errorf("event %+v", e)
		}
		time.Sleep(time.Hour)
		woke := time.Now()
		if got := c.request(coap.Post, location, "", -1, ""); got.Code != coap.Changed {
			t.Fatal(got.Code)
		}
		if at := <-done; at.Sub(woke) > time.Second {
			t.Errorf("the read came %v after the Update", at.Sub(woke))
		}
	})
}

func TestObserve(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		var token []byte
		c := w.plain("server:5683", nil)
		defer c.close()
		c.answer = func(m *coap.Message) coap.Response {
			r := content(format.Text, "20")
			if o, ok := m.Uint(coap.Observe); ok && o == 0 {
				token = m.Token
				r.AddUint(coap.Observe, 1)
			}
			return r
		}
		location := c.register("ep=dev&lwm2m=1.1")
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		o, err := device.Observe(t.Context(), "/3/0/9", Accept(format.Text))
		if err != nil || o.First().Value("/3/0/9") != int64(20) {
			t.Fatalf("%+v: %v", o, err)
		}
		notify := func(number uint32, payload string, non bool) error {
			m := content(format.Text, payload).Message
			m.AddUint(coap.Observe, number)
			m.NonConfirmable = non
			return c.session.Notify(t.Context(), token, m)
		}
		if err := notify(2, "21", false); err != nil {
			t.Error(err)
		}
		if n, err := o.Next(t.Context()); err != nil || n.Value("/3/0/9") != int64(21) || !n.Confirmable || n.Number != 2 {
			t.Errorf("%+v %v", n, err)
		}
		if err := notify(1, "19", true); err != nil { // older: dropped
			t.Error(err)
		}
		if err := notify(3, "x", true); err != nil {
			t.Error(err)
		}
		if n, err := o.Next(t.Context()); err != nil || n.Err == nil || n.Number != 3 {
			t.Errorf("%+v %v", n, err)
		}
		// From a new address the observation goes on after an Update.
		old := c
		moved := w.plain("server:5683", nil)
		defer moved.close()
		if got := moved.request(coap.Post, location, "", -1, ""); got.Code != coap.Changed {
			t.Fatal(got.Code)
		}
		c = moved
		if err := notify(4, "22", false); err != nil {
			t.Error(err)
		}
		if n, err := o.Next(t.Context()); err != nil || n.Value("/3/0/9") != int64(22) {
			t.Errorf("%+v %v", n, err)
		}
		c = old
		err = notify(5, "23", false)
		if _, ok := errors.AsType[*coap.ResetError](err); !ok {
			t.Errorf("from the old address: %v", err)
		}
		c = moved
		o.Forget()
		err = notify(6, "23", false)
		if _, ok := errors.AsType[*coap.ResetError](err); !ok {
			t.Errorf("after Forget: %v", err)
		}
		if _, err := o.Next(t.Context()); err == nil {
			t.Error("the observation goes on")
		}
		moved.answer = old.answer
		o, err = device.Observe(t.Context(), "/3/0/9")
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Cancel(t.Context()); err != nil {
			t.Error(err)
		}
		last := moved.requests[len(moved.requests)-1]
		if v, ok := last.Uint(coap.Observe); !ok || v != 1 || last.Path() != "/3/0/9" || string(last.Token) != string(token) {
			t.Errorf("cancelled by %+v", last)
		}
		o, err = device.Observe(t.Context(), "/3/0/9")
		if err != nil {
			t.Fatal(err)
		}
		moved.register("ep=dev&lwm2m=1.1")
		if _, err := o.Next(t.Context()); !errors.Is(err, ErrNotRegistered) {
			t.Errorf("after Register: %v", err)
		}
	})
}

func TestSend(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		c := w.plain("server:5683", nil)
		defer c.close()
		const battery = `[{"bn":"/3/0/9","bt":1700000000,"v":80}]`
		if got := c.request(coap.Post, "/dp", "", 110, battery); got.Code != coap.NotFound {
			t.Errorf("unregistered: %v", got.Code)
		}
		c.register("ep=dev&lwm2m=1.1")
		tests := []struct {
			format  int
			payload string
			want    coap.Code
		}{
			{110, battery, coap.Changed}, {11542, "", coap.UnsupportedContent}, {110, "[]", coap.BadRequest}, {110, `[{"n":"/3/0/9","vs":"x"}]`, coap.BadRequest},
			{110, `[{"n":"/3303/0/5700","v":1}]`, coap.NotFound}, {112, "\x81\xa2\x00\x66/3/0/9\x02\x18\x50", coap.Changed}, {110, `[{"n":"/3/0/9"}]`, coap.BadRequest},
		}
		for _, test := range tests {
			if got := c.request(coap.Post, "/dp", "", test.format, test.payload); got.Code != test.want {
				t.Errorf("%s: %v %s, want %v", test.payload, got.Code, got.Payload, test.want)
			}
		}
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		sent := device.Sent()
		if len(sent) != 2 || sent[0].Items[0].Value != int64(80) || sent[0].Items[0].Time.Unix() != 1700000000 {
			t.Errorf("sent %+v", sent)
		}
		if e := w.want(Sent); e.Endpoint != "dev" || len(e.Items) != 1 {
			t.Errorf("event %+v", e)
		}
	})
}

func TestPushAndPull(t *testing.T) {
	image := strings.Repeat("0123456789abcdef", 5000) + "tail"
	run(t, nil, func(t *testing.T, w *world) {
		var got string
		c := w.plain("server:5683", func(m *coap.Message) coap.Response {
			got = m.Path() + string(m.Payload)
			return coap.Response{Message: coap.Message{Code: coap.Changed}}
		})
		defer c.close()
		c.register("ep=dev&lwm2m=1.1")
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		last := 0
		if err := device.PushFirmware(t.Context(), []byte(image), Progress(func(sent, total int) {
			if sent <= last || total != len(image) {
				t.Errorf("progress %d of %d after %d", sent, total, last)
			}
			last = sent
		})); err != nil {
			t.Fatal(err)
		}
		if got != "/5/0/0"+image || last != len(image) {
			t.Errorf("%d bytes arrived, progress %d", len(got), last)
		}
		if err := w.server.AddImage("app.bin", []byte(image)); err != nil {
			t.Fatal(err)
		}
		pulled := c.request(coap.Get, "/images/app.bin", "", -1, "")
		if string(pulled.Payload) != image || pulled.Code != coap.Content {
			t.Errorf("%v, %d bytes", pulled.Code, len(pulled.Payload))
		}
		if e := w.want(Fetched); e.Path != "/images/app.bin" {
			t.Errorf("event %+v", e)
		}
		w.server.RemoveImage("app.bin")
		if got := c.request(coap.Get, "/images/app.bin", "", -1, ""); got.Code != coap.NotFound {
			t.Errorf("removed: %v", got.Code)
		}
	})
}

func TestFaults(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		served := 0
		c := w.plain("server:5683", func(*coap.Message) coap.Response {
			served++
			return coap.Response{Message: coap.Message{Code: coap.Changed}}
		})
		defer c.close()
		w.server.Faults().RefuseRegistrations(coap.Forbidden, 1)
		if got := c.request(coap.Post, "/rd", "ep=dev&lwm2m=1.1", 40, someObjects); got.Code != coap.Forbidden {
			t.Errorf("refused with %v", got.Code)
		}
		location := c.register("ep=dev&lwm2m=1.1")
		device, err := w.server.Await(t.Context(), "dev")
		if err != nil {
			t.Fatal(err)
		}
		w.server.Faults().Drop(2, 1) // the answer twice, then the request's retransmission
		if err := device.Execute(t.Context(), "/3/0/4", ""); err != nil || served != 1 {
			t.Errorf("executed %d times: %v", served, err)
		}
		w.server.Faults().DelayAnswers(5 * time.Second)
		before := time.Now()
		if got := c.request(coap.Post, location, "", -1, ""); got.Code != coap.Changed || time.Since(before) < 5*time.Second {
			t.Errorf("%v after %v", got.Code, time.Since(before))
		}
		w.server.Faults().DelayAnswers(0)
		device.Forget()
		if got := c.request(coap.Post, location, "", -1, ""); got.Code != coap.NotFound {
			t.Errorf("forgotten: %v", got.Code)
		}
		c.register("ep=dev&lwm2m=1.1")
		w.server.Faults().Drop(0, -1)
		before = time.Now()
		err = device.Execute(t.Context(), "/3/0/4", "")
		timeout, ok := errors.AsType[*coap.TimeoutError](err)
		if !ok || timeout.Transmissions != 5 || time.Since(before) < 62*time.Second || time.Since(before) > 93*time.Second {
			t.Errorf("%v after %v", err, time.Since(before))
		}
	})
}

func TestBootstrap(t *testing.T) {
	run(t, nil, func(t *testing.T, w *world) {
		var script []string
		c, err := w.secure("server:5784", "dev", []byte("fedcba9876543210"), func(m *coap.Message) coap.Response {
			script = append(script, m.Code.String()+" "+m.Path())
			switch m.Code {
			case coap.Get:
				return content(format.LinkFormat, `</>;lwm2m=1.1,</0/0>;uri="coaps://server:5784",</3/0>`)
			case coap.Delete:
				return coap.Response{Message: coap.Message{Code: coap.Deleted}}
			}
			return coap.Response{Message: coap.Message{Code: coap.Changed}}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		if got := c.request(coap.Post, "/bs", "ep=dev&pct=112", -1, ""); got.Code != coap.BadRequest {
			t.Errorf("without a plan: %v", got.Code)
		}
		if err := w.server.Store().SetPlan(AnyEndpoint, BootstrapPlan{Accounts: []Account{{URI: "coaps://server:5684", ShortServerID: 101, Lifetime: 300}}}); err != nil {
			t.Fatal(err)
		}
		if got := c.request(coap.Post, "/bs", "ep=dev&pct=60", -1, ""); got.Code != coap.UnsupportedContent {
			t.Errorf("pct=60: %v", got.Code)
		}
		if got := c.request(coap.Post, "/bs", "ep=dev&pct=112", -1, ""); got.Code != coap.Changed {
			t.Fatal(got.Code)
		}
		w.want(Bootstrapped)
		want := []string{"GET /", "DELETE /0", "DELETE /1", "PUT /0/1", "PUT /1/0", "POST /bs"}
		if !reflect.DeepEqual(script, want) {
			t.Errorf("steps %v, want %v", script, want)
		}
		items, err := format.Decode(format.SenMLCBOR, "/0/1", c.requests[3].Payload, w.server.Definitions())
		if err != nil || len(items) != 7 || string(items[5].Value.([]byte)) != "0123456789abcdef" || string(items[3].Value.([]byte)) != "dev" {
			t.Errorf("account %v: %v", items, err)
		}
	})
}
