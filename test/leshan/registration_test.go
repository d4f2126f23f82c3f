//go:build real

package leshan

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Registration, cases 100 to 199.

func TestETS_int_101_Initial_Registration(t *testing.T) {
	ets(t)
	c := c1(t)
	r := c.registered.Registration
	if r.Version != "1.1" || r.Lifetime != 86400 || !strings.Contains(r.Binding, "U") || r.Endpoint != c.endpoint {
		t.Errorf("registered as %+v", r)
	}
	sent := c.arrived(0, post, "/rd")
	query := strings.Split(sent.Query, "&")
	for _, wanted := range []string{"ep=" + c.endpoint, "lt=86400", "lwm2m=1.1", "b=U"} {
		if !slices.Contains(query, wanted) {
			t.Errorf("query %q is without %s", sent.Query, wanted)
		}
	}
	if sent.Type != "CON" || sent.Format == nil || *sent.Format != link {
		t.Errorf("Register is %s", sent.message)
	}
	for _, l := range r.Links {
		if l == "</0>" || strings.HasPrefix(l, "</0/") || strings.HasPrefix(l, "</0>;") || strings.HasPrefix(l, "</21") {
			t.Errorf("the list of objects has %s", l)
		}
	}
	if r.Objects["1"] != "1.1" || r.Objects["3"] < "1.1" {
		t.Errorf("versions of objects are %v, want 1.1 for 1, at least that for 3", r.Objects)
	}
	for _, wanted := range []string{"</1/0>", "</3/0>"} {
		if !slices.Contains(r.Links, wanted) {
			t.Errorf("the list of objects %q is without %s", r.Links, wanted)
		}
	}
}

func TestETS_int_102_Registration_Update(t *testing.T) {
	ets(t)
	c := c1(t)
	mark := c.now()
	c.replace("/1/0/1", text, "3600").want(t, 204)
	updated := c.await(mark, "updated", anything)
	if updated.Changed.Lifetime == nil || *updated.Changed.Lifetime != 3600 || updated.Registration.Lifetime != 3600 {
		t.Errorf("updated %+v to %+v", updated.Changed, updated.Registration)
	}
	if updated.Changed.Links != nil {
		t.Errorf("the list of objects was sent though it has not changed: %q", updated.Changed.Links)
	}
	if sent := c.arrived(mark, post, c.location()); sent.Query != "lt=3600" || sent.Payload != "" {
		t.Errorf("Update is %s", sent.message)
	}
}

func TestETS_int_103_Deregistration(t *testing.T) {
	ets(t)
	c := c1(t)
	c.replace("/1/0/5", text, "3").want(t, 204)
	mark := c.now()
	// The answer and the de-registration follow each other so fast that Leshan may have lost interest in the answer: it is looked for in the trace.
	c.execute("/1/0/4")
	asked := c.await(mark, "coap", func(e event) bool { return e.Direction == "out" && e.Code == post && e.Path == "/1/0/4" })
	answered := c.await(mark, "coap", func(e event) bool { return e.Direction == "in" && e.Code == 204 && e.Token == asked.Token })
	gone := c.await(mark, "deregistered", anything)
	sent := c.arrived(mark, del, c.location())
	if sent.Type != "CON" || sent.N < answered.N {
		t.Errorf("De-register is %s, the answer %s", sent, answered)
	}
	c.await(mark, "coap", func(e event) bool { return e.Direction == "out" && e.Code == 202 && e.Token == sent.Token })
	// Disable ends after the Disable Timeout, with a Register.
	back := c.await(mark, "registered", anything)
	if pause := time.Duration(back.At-gone.At) * time.Microsecond; pause < 2500*time.Millisecond || pause > 8*time.Second {
		t.Errorf("registered again after %s, Disable Timeout is 3 s", pause)
	}
}

func TestETS_int_104_Registration_Update_Trigger(t *testing.T) {
	ets(t)
	c := c1(t)
	mark := c.now()
	c.execute("/1/0/8").want(t, 204)
	c.await(mark, "updated", anything)
	if sent := c.arrived(mark, post, c.location()); sent.Query != "" || sent.Payload != "" {
		t.Errorf("Update is %s, want no parameters", sent.message)
	}
}

func TestETS_int_105_Discarded_Register_Update(t *testing.T) {
	ets(t)
	c := c1(t)
	mark := c.now()
	c.server.post(t, "/forget", map[string]string{"endpoint": c.endpoint}, nil)
	c.must("update")
	sent := c.arrived(mark, post, c.location())
	c.await(mark, "coap", func(e event) bool { return e.Direction == "out" && e.Code == 404 && e.Token == sent.Token })
	again := c.await(mark, "registered", anything)
	if again.Registration.ID == c.registered.Registration.ID {
		t.Error("registered at the old location")
	}
	c.read("/3/0/0", none).want(t, 205)
}

func TestETS_int_107_Extending_the_lifetime(t *testing.T) {
	ets(t)
	d := newDevice(t)
	c := d.register(20, d.own())
	mark := c.now()
	c.replace("/1/0/1", text, "120").want(t, 204)
	updated := c.await(mark, "updated", func(e event) bool { return e.Registration.Lifetime == 120 })
	if late := seconds(c.registered, updated); late > 20 {
		t.Errorf("updated %.0f s after the registration, the lifetime was 20 s", late)
	}
	c.read("/1/0/1", text).want(t, 205).has(t, values{"/1/0/1": "120"})
}

func TestETS_int_108_Turn_on_Queue_Mode(t *testing.T) {
	ets(t)
	c := c1(t)
	sent := c.arrived(0, post, "/rd")
	query := strings.Split(sent.Query, "&")
	if !slices.Contains(query, "Q") || !slices.Contains(query, "b=U") {
		t.Errorf("query %q, want b=U and Q", sent.Query)
	}
	if !c.registered.Registration.Queue {
		t.Errorf("registered without queue mode: %+v", c.registered.Registration)
	}
}

// awake is LWM2M_QUEUE_MODE_UPTIME of testdata/overlay-conformance.hcl: the case says 93 s.
const awake = 8 * time.Second

func TestETS_int_109_Behavior_in_Queue_Mode(t *testing.T) {
	ets(t)
	d := newDevice(t)
	built.server.post(t, "/awake", map[string]any{"endpoint": d.endpoint, "milliseconds": awake.Milliseconds()}, nil)
	c := d.register(86400, d.own())
	mark := c.now()
	c.read("/3/0/0", text).want(t, 205)
	c.within(mark, 2*awake, "sleeping", anything)
	if r := c.read("/3/0/0", text); r.Failure != "sleeping" {
		t.Errorf("the server does not hold requests back: %s", r)
	}
	asleep := c.now()
	c.must("update")
	c.await(asleep, "awake", anything)
	c.read("/3/0/0", text).want(t, 205)
}
