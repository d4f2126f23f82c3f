package lwm2m

import (
	"slices"
	"strings"
	"testing"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
)

// Bootstrap, cases 0 to 99.

var (
	bootstrapStep = string(server.Bootstrap)
	bootstrapped  = string(server.Bootstrapped)
)

// written is a Write of a bootstrap.
func (w *world) written(path string, v values) server.Step {
	w.t.Helper()
	return server.Step{Operation: "write", Path: path, Items: w.items(path, v)}
}

// accountSteps are what a bootstrap server writes of the LwM2M server: /0/1 and /1/0. Keys are in hexadecimal.
func (w *world) accountSteps(identity, key string) []server.Step {
	uri, mode := "coap://"+plainServer, "3"
	if key != "" {
		uri, mode = "coaps://"+secureServer, "0"
	}
	return []server.Step{
		w.written("/0/1", values{"0": uri, "1": "false", "2": mode, "3": hexOf(identity), "4": "", "5": hexOf(key), "10": "101"}),
		w.written("/1/0", values{"0": "101", "1": "86400", "6": "false", "7": "U"}),
	}
}

// plan tells the bootstrap server what this device gets.
func (d *device) plan(steps ...server.Step) {
	d.t.Helper()
	if err := d.server.Store().SetPlan(d.endpoint, server.BootstrapPlan{Steps: steps}); err != nil {
		d.t.Fatal(err)
	}
}

var finish = server.Step{Operation: "finish"}

// newBare makes a device that has the account of the bootstrap server alone, configuration C.13.
func (w *world) newBare() *device {
	w.t.Helper()
	d := w.newDevice()
	d.lifetime = 0
	d.accounts = []security.Account{atBootstrap()}
	return d
}

// answered gives the answers to the requests of a bootstrap after a mark, in order: their paths and codes.
func (d *device) answered(mark int) (all []event) {
	for _, e := range d.log.since(mark) {
		if e.kind == bootstrapStep && e.endpoint == d.endpoint {
			all = append(all, e)
		}
	}
	return all
}

// discovered gives the links of the answer to the first Discover after a mark, and a mark after it.
func (d *device) discovered(mark int) (r response, after int) {
	d.t.Helper()
	request := d.await(mark, "coap", func(e event) bool { return !e.in && e.code == get && e.packet.number(optionAccept) == link })
	answer := d.answer(request)
	items, err := format.ParseLinks(answer.payload)
	if err != nil {
		d.t.Fatal(err)
	}
	r = response{t: d.t, code: answer.code, format: link}
	for _, each := range items {
		r.links = append(r.links, linkText(each))
	}
	return r, answer.n
}

func TestETS_int_0_Client_Initiated_Bootstrap(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newBare()
		d.plan(append(w.accountSteps("", ""), server.Step{Operation: "discover", Path: "/"}, finish)...)
		mark := w.log.now()
		d.start()
		request := d.arrived(mark, post, "/bs")
		if query := request.all(optionQuery); !slices.Contains(query, "ep="+d.endpoint) || !slices.Contains(query, "pct=112") {
			t.Errorf("Bootstrap-Request has query %q, want ep and pct", query)
		}
		if request.typ != con || len(request.payload) != 0 {
			t.Errorf("Bootstrap-Request is %s", request)
		}
		d.await(mark, bootstrapped, anything)
		for _, e := range d.answered(mark) {
			if e.lab.Err != nil {
				t.Errorf("%s", e)
			}
		}
		discovered, _ := d.discovered(mark)
		if !strings.HasPrefix(discovered.links[0], "</>;lwm2m=1.1") {
			t.Errorf("%q, want the version first", discovered.links)
		}
		for _, wanted := range []string{"/0/0", "/0/1", "/1/0", "/3/0"} {
			discovered.link(wanted)
		}
		if l := discovered.link("/0/1"); !attribute(l, "ssid=101") || !strings.Contains(l, "uri=") {
			t.Errorf("/0/1 is %s, want ssid=101 and its URI", l)
		}
		if l := discovered.link("/1/0"); !attribute(l, "ssid=101") {
			t.Errorf("/1/0 is %s, want ssid=101", l)
		}
		if l := discovered.link("/0/0"); strings.Contains(l, "ssid") {
			t.Errorf("the bootstrap account is %s", l)
		}
		d.awaitRegistration(mark)
	})
}

func TestETS_int_1_Client_Initiated_Bootstrap_Full_PSK(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newBare()
		d.accounts[0] = security.Account{
			URI: "coaps://" + secureBootstrap, Mode: security.PSK, Bootstrap: true, Identity: []byte("bs-" + d.endpoint), Key: []byte(bootstrapKey),
		}
		account := d.psk(101)
		d.plan(append([]server.Step{{Operation: "delete", Path: "/0"}, {Operation: "delete", Path: "/1"}},
			append(w.accountSteps(string(account.Identity), deviceKey), finish)...)...)
		mark := w.log.now()
		d.start()
		d.await(mark, bootstrapped, anything)
		c := d.awaitRegistration(mark)
		if r := c.registered.lab.Registration; r.Identity != string(account.Identity) {
			t.Errorf("registered under the identity %q", r.Identity)
		}
		c.read("/1/0", senmlCBOR).want(205).has(values{"/1/0/0": "101", "/1/0/1": "86400"})
		// The account outlives a restart, and is used without another bootstrap.
		restarting := w.log.now()
		c.execute("/3/0/4").want(204)
		c.restarted(restarting).read("/1/0/0", text).want(205).has(values{"/1/0/0": "101"})
		d.none(restarting, "coap", func(e event) bool { return e.in && e.path() == "/bs" && e.code == post })
	})
}

func TestETS_int_4_Bootstrap_Delete(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newBare()
		steps := []server.Step{{Operation: "discover", Path: "/"}, {Operation: "delete", Path: "/0"}, {Operation: "delete", Path: "/1"}, {Operation: "discover", Path: "/"}}
		d.plan(append(steps, append(w.accountSteps("", ""), finish)...)...)
		d.accounts, d.bootstrap = append(d.accounts, unreachable(101)), true
		mark := w.log.now()
		d.start()
		d.await(mark, bootstrapped, anything)
		first, next := d.discovered(mark)
		second, _ := d.discovered(next)
		before, after := first.targets(), second.targets()
		for _, path := range []string{"/0/0", "/0/1", "/1/0"} {
			if !slices.Contains(before, path) {
				t.Errorf("%s is not in %q", path, before)
			}
		}
		if !slices.Contains(after, "/0/0") || slices.Contains(after, "/0/1") || slices.Contains(after, "/1/0") {
			t.Errorf("after both deletes there is %q, want the bootstrap account alone of /0 and /1", after)
		}
		d.awaitRegistration(mark)
	})
}

// unreachable is the account of a server that does not answer.
func unreachable(ssid uint16) security.Account {
	return security.Account{URI: "coap://silent:5683", Mode: security.NoSec, SSID: ssid}
}

func TestETS_int_5_Server_Initiated_Bootstrap(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		d := w.newBare()
		d.plan(append([]server.Step{{Operation: "delete", Path: "/1"}}, append(w.accountSteps("", ""), finish)...)...)
		c := d.register(atBootstrap(), noSec(101))
		mark := w.log.now()
		c.execute("/1/0/9").want(204)
		d.arrived(mark, post, "/bs")
		d.await(mark, bootstrapped, anything)
		d.awaitRegistration(mark)
	})
}

func TestETS_int_6_Bootstrap_Sequence(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		// What the device has from the factory comes first: no bootstrap server is asked.
		factory := w.newBare()
		factory.register(atBootstrap(), noSec(101))
		factory.none(0, "coap", func(e event) bool { return e.path() == "/bs" })
		// Without a server's account the device asks the bootstrap server by itself.
		bare := w.newBare()
		bare.plan(append(w.accountSteps("", ""), finish)...)
		mark := w.log.now()
		bare.start()
		bare.await(mark, bootstrapped, anything)
		if r := bare.awaitRegistration(mark).registered.lab.Registration; r.Seconds != 86400 {
			t.Errorf("registered as %+v", r)
		}
	})
}

func TestETS_int_7_Fallback_to_bootstrap(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newBare()
		d.accounts = append(d.accounts, unreachable(101))
		d.plan(append([]server.Step{{Operation: "delete", Path: "/1"}}, append(w.accountSteps("", ""), finish)...)...)
		mark, begun := w.log.now(), time.Now()
		d.start()
		// Five attempts with waits of 60, 120, 240 and 480 s between them, each of which takes 62 to 93 s: reference, section 4.5.
		asked := d.within(mark, time.Hour, "coap", func(e event) bool { return e.in && e.path() == "/bs" })
		if pause := asked.at.Sub(begun); pause < 900*time.Second+5*45*time.Second || pause > 900*time.Second+5*93*time.Second {
			t.Errorf("the bootstrap server was asked after %s", pause)
		}
		d.await(mark, bootstrapped, anything)
		d.awaitRegistration(mark)
	})
}

func TestETS_int_8_Bootstrap_Read(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newBare()
		d.plan(append(w.accountSteps("", ""), server.Step{Operation: "read", Path: "/1"}, server.Step{Operation: "read", Path: "/1/0"}, finish)...)
		mark := w.log.now()
		d.start()
		d.await(mark, bootstrapped, anything)
		for _, path := range []string{"/1", "/1/0"} {
			answer := d.answer(d.await(mark, "coap", func(e event) bool { return !e.in && e.code == get && e.path() == path }))
			items, err := format.Decode(format.Format(answer.packet.number(optionFormat)), path, answer.payload, w.server.Definitions())
			if err != nil || answer.code != 205 {
				t.Fatalf("%s: %v", answer, err)
			}
			r := response{t: t, values: values{}}
			for _, item := range items {
				r.values[item.Path] = textOf(item.Value)
			}
			r.has(values{"/1/0/0": "101", "/1/0/1": "86400", "/1/0/7": "U"})
		}
		d.awaitRegistration(mark)
	})
}

// TestBootstrapReadIsForTwoObjects: nothing else can be read, above all no secrets.
func TestBootstrapReadIsForTwoObjects(t *testing.T) {
	for _, path := range []string{"/0", "/0/0", "/3", "/3/0"} {
		t.Run(strings.ReplaceAll(path[1:], "/", "-"), func(t *testing.T) {
			virtual(t, func(t *testing.T, w *world) {
				d := w.newBare()
				d.plan(server.Step{Operation: "read", Path: path}, finish)
				mark := w.log.now()
				d.start()
				if e := d.await(mark, bootstrapStep, func(e event) bool { return e.lab.Detail == "read" }); e.lab.Code != "4.05" && e.lab.Code != "4.01" {
					t.Errorf("%s", e)
				}
			})
		})
	}
}

func TestETS_int_9_Bootstrap_and_Configuration_Consistency(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newBare()
		d.plan(w.accountSteps("", "")[0], finish) // /0/1 without an instance of object 1
		mark := w.log.now()
		d.start()
		if last := d.await(mark, bootstrapStep, func(e event) bool { return e.lab.Detail == "finish" }); last.lab.Code != "4.06" {
			t.Errorf("%s, want 4.06 to Finish", last)
		}
		d.none(mark, registered, anything)
		// The device asks again, and finds what is right by then.
		d.happened(mark, time.Hour, client.BootstrapAttemptFailed)
		d.plan(append(w.accountSteps("", ""), finish)...)
		d.awaitRegistration(mark)
	})
}

// TestBootstrapEnds: a server that begins a bootstrap and falls silent. The device restores what it had before, and asks again.
func TestBootstrapEnds(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newBare()
		d.plan(server.Step{Operation: "delete", Path: "/"}, w.accountSteps("", "")[0])
		mark := w.log.now()
		d.start()
		last := d.await(mark, bootstrapStep, func(e event) bool { return e.lab.Detail == "write" })
		failed := d.happened(mark, time.Hour, client.BootstrapAttemptFailed)
		if pause := failed.at.Sub(last.at); pause < 247*time.Second || pause > 248*time.Second {
			t.Errorf("given up after %s, want EXCHANGE_LIFETIME", pause)
		}
		if tree := d.client().Tree(); tree.Exists(at("/0/1")) || !tree.Exists(at("/0/0")) || !tree.Exists(at("/16/0")) {
			t.Error("what was there before is not restored")
		}
		d.plan(append(w.accountSteps("", ""), finish)...)
		d.awaitRegistration(mark)
		if _, found := d.client().Tree().Get(lwm2m.NewPath(1, 0, 0)); !found {
			t.Error("there is no /1/0/0")
		}
	})
}
