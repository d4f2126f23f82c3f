package lwm2m

import (
	"slices"
	"strings"
	"testing"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
)

// Registration, cases 100 to 199.

const (
	registered   = string(server.Registered)
	updated      = string(server.Updated)
	deregistered = string(server.Deregistered)
)

// links gives the object list of a registration.
func links(r *server.Registration) []string {
	var all []string
	for _, each := range r.Links {
		all = append(all, linkText(each))
	}
	return all
}

func TestETS_int_101_Initial_Registration(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		r := c.registered.lab.Registration
		if r.Version != "1.1" || r.Seconds != 86400 || r.Binding != "U" || r.Endpoint != c.endpoint {
			t.Errorf("registered as %+v", r)
		}
		sent := c.arrived(0, post, "/rd")
		for _, wanted := range []string{"ep=" + c.endpoint, "lt=86400", "lwm2m=1.1", "b=U"} {
			if !slices.Contains(sent.all(optionQuery), wanted) {
				t.Errorf("query %q is without %s", sent.query(), wanted)
			}
		}
		if sent.typ != con || sent.number(optionFormat) != link {
			t.Errorf("Register is %s", sent)
		}
		list := links(r)
		for _, l := range list {
			if l == "</0>" || strings.HasPrefix(l, "</0/") || strings.HasPrefix(l, "</0>;") || strings.HasPrefix(l, "</21") {
				t.Errorf("the list of objects has %s", l)
			}
		}
		for _, wanted := range []string{"</1/0>", "</3/0>"} {
			if !slices.Contains(list, wanted) {
				t.Errorf("the list of objects %q is without %s", list, wanted)
			}
		}
		// 1.1 is what 1 and 3 have in LwM2M 1.1, so that they may do without.
		for _, l := range list {
			if version, has := strings.CutPrefix(l, "</1>;ver="); has && version != "1.1" {
				t.Errorf("%s, want 1.1", l)
			}
		}
	})
}

func TestETS_int_102_Registration_Update(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		mark := c.log.now()
		c.replace("/1/0/1", text, "3600").want(204)
		if update := c.await(mark, updated, anything); update.lab.Registration.Seconds != 3600 {
			t.Errorf("updated to %+v", update.lab.Registration)
		}
		if sent := c.arrived(mark, post, c.location()); sent.query() != "lt=3600" || len(sent.payload) != 0 {
			t.Errorf("Update is %s", sent)
		}
	})
}

func TestETS_int_103_Deregistration(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		c.replace("/1/0/5", text, "300").want(204)
		mark := c.log.now()
		c.execute("/1/0/4").want(204)
		asked := c.await(mark, "coap", func(e event) bool { return !e.in && e.code == post && e.path() == "/1/0/4" })
		answered := c.answer(asked)
		gone := c.await(mark, deregistered, anything)
		sent := c.arrived(mark, del, c.location())
		if sent.typ != con || sent.n < answered.n {
			t.Errorf("De-register is %s, the answer %s", sent, answered)
		}
		if done := c.answer(sent); done.code != 202 {
			t.Errorf("De-register is answered %s", done)
		}
		// Disable ends after the Disable Timeout, with a Register.
		back := c.within(mark, time.Hour, registered, anything)
		if pause := back.at.Sub(gone.at); pause < 300*time.Second || pause > 301*time.Second {
			t.Errorf("registered again after %s, Disable Timeout is 300 s", pause)
		}
		c.none(answered.n+1, "coap", func(e event) bool {
			return e.in && e.n > sent.n && e.at.Before(back.at.Add(-time.Second)) && e.code != 0
		})
	})
}

// triggersUpdate executes Registration Update Trigger.
func (c *connected) triggersUpdate() {
	c.t.Helper()
	mark := c.log.now()
	c.execute("/1/0/8").want(204)
	c.await(mark, updated, anything)
	if sent := c.arrived(mark, post, c.location()); sent.query() != "" || len(sent.payload) != 0 {
		c.t.Errorf("Update is %s, want no parameters", sent)
	}
}

func TestETS_int_104_Registration_Update_Trigger(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) { w.c1().triggersUpdate() })
}

func TestETS_int_105_Discarded_Register_Update(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		mark := c.log.now()
		c.Forget()
		c.client().Update()
		if refused := c.answer(c.arrived(mark, post, c.location())); refused.code != 404 {
			t.Errorf("the Update is answered %s", refused)
		}
		again := c.awaitRegistration(mark)
		if again.location() == c.location() {
			t.Error("registered at the old location")
		}
		again.read("/3/0/0", none).want(205)
	})
}

func TestETS_int_107_Extending_the_lifetime(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newDevice()
		d.lifetime, d.config.UpdateEarly = 60, 10*time.Second
		c := d.register(d.psk(1))
		mark := c.log.now()
		c.replace("/1/0/1", text, "120").want(204)
		first := c.await(mark, updated, func(e event) bool { return e.lab.Registration.Seconds == 120 })
		if late := first.at.Sub(c.registered.at); late > 60*time.Second {
			t.Errorf("updated %s after the registration, the lifetime was 60 s", late)
		}
		c.read("/1/0/1", text).want(205).has(values{"/1/0/1": "120"})
		// It updates within the new lifetime, and not before it has to.
		second := c.await(first.n+1, updated, anything)
		if pause := second.at.Sub(first.at); pause < 60*time.Second || pause > 120*time.Second {
			t.Errorf("the next Update is %s later, the lifetime is 120 s", pause)
		}
		pass(time.Hour)
		c.none(mark, string(server.Expired), anything)
	})
}

func TestETS_int_108_Turn_on_Queue_Mode(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		sent := c.arrived(0, post, "/rd")
		if query := sent.all(optionQuery); !slices.Contains(query, "Q") || !slices.Contains(query, "b=U") {
			t.Errorf("query %q, want b=U and Q", query)
		}
		if !c.registered.lab.Registration.QueueMode {
			t.Errorf("registered without queue mode: %+v", c.registered.lab.Registration)
		}
	})
}

func TestETS_int_109_Behavior_in_Queue_Mode(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		mark := c.log.now()
		c.read("/3/0/0", text).want(205)
		pass(uptime + time.Second)
		if r, _ := c.Registration(); r.Awake {
			t.Error("the server takes the device for awake 94 s after its last message")
		}
		asleep := c.log.now()
		answered := make(chan response)
		go func() {
			content, err := c.Read(within(t, time.Hour), "/3/0/0")
			answered <- c.response(content, 0, err)
		}()
		c.await(mark, string(server.Held), anything)
		pass(10 * time.Minute)
		c.none(asleep, "coap", anything) // neither says a word
		woken := time.Now()
		c.client().Update()
		(<-answered).want(205)
		if late := time.Since(woken); late > time.Second {
			t.Errorf("the read came %s after the device woke", late)
		}
		c.await(asleep, updated, anything)
	})
}
