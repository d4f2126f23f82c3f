//go:build real

package leshan

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// Bootstrap, cases 0 to 99.

// bsRequest is what the bootstrap server sends.
type bsRequest struct {
	Op     string            `json:"op"` // write, delete, discover or read
	Path   string            `json:"path"`
	Format int               `json:"format,omitempty"`
	Values map[string]string `json:"values,omitempty"`
}

// written is a write of values below a path, in the format that a 1.1 client prefers.
func written(path string, v values) bsRequest {
	return bsRequest{Op: "write", Path: path, Format: senmlCBOR, Values: v.full(path)}
}

// accountOf is what a bootstrap server writes of the LwM2M server: /0/1 and /1/0.
func accountOf(with credentials) []bsRequest {
	security := values{"0": "coap://127.0.0.1:" + built.server.coap, "1": "false", "2": "3", "3": "", "4": "", "5": "", "10": "101"}
	if with != (credentials{}) {
		security = values{"0": "coaps://127.0.0.1:" + built.server.coaps, "1": "false", "2": "0", "3": hexOf(with.identity), "4": "", "5": hexOf(with.key), "10": "101"}
	}
	return []bsRequest{
		written("/0/1", security),
		written("/1/0", values{"0": "101", "1": "86400", "6": "false", "7": "U"}),
	}
}

// configure tells the bootstrap server what this device gets.
func (d *device) configure(requests ...bsRequest) {
	d.t.Helper()
	built.bootstrap.post(d.t, "/config", map[string]any{"endpoint": d.endpoint, "requests": requests}, nil)
}

// bootstrapAccount writes the account of the bootstrap server, configuration C.13.
func (d *device) bootstrapAccount(with credentials) {
	d.t.Helper()
	port := built.bootstrap.coap
	if with != (credentials{}) {
		port = built.bootstrap.coaps
		built.bootstrap.security(d.t, d.endpoint, with.identity, []byte(with.key))
	}
	d.account(0, 0, "127.0.0.1", port, with)
}

// answers are those that the bootstrap server got after a mark, in order.
func (c *client) answers(mark int) []event {
	var all []event
	for _, e := range c.server.since(mark) {
		if e.Kind == "bs-answer" && e.Endpoint == c.endpoint {
			all = append(all, e)
		}
	}
	return all
}

// bootstrapped waits until the bootstrap is through, and checks that all was answered with success.
func (c *client) bootstrapped(mark int) []event {
	c.t.Helper()
	c.await(mark, "bs-finished", anything)
	answers := c.answers(mark)
	for _, e := range answers {
		if e.Response.Code >= 300 {
			c.t.Errorf("%s", e)
		}
	}
	if last := answers[len(answers)-1]; last.Op != "finish" || last.Response.Code != 204 {
		c.t.Errorf("the last answer is %s, want 2.04 to Finish", last)
	}
	return answers
}

func TestETS_int_0_Client_Initiated_Bootstrap(t *testing.T) {
	ets(t)
	d := newDevice(t)
	d.bootstrapAccount(credentials{})
	d.configure(append(accountOf(credentials{}), bsRequest{Op: "discover", Path: "/"})...)
	bs, c := d.at(built.bootstrap), d.at(built.server)
	mark, registering := bs.now(), c.now()
	d.must("start %s -b 1", d.endpoint)
	request := bs.arrived(mark, post, "/bs")
	if query := strings.Split(request.Query, "&"); !slices.Contains(query, "ep="+d.endpoint) || !slices.ContainsFunc(query, func(q string) bool { return strings.HasPrefix(q, "pct=") }) {
		t.Errorf("Bootstrap-Request has query %q, want ep and pct", request.Query)
	}
	if request.Type != "CON" || request.Payload != "" {
		t.Errorf("Bootstrap-Request is %s", request)
	}
	answers := bs.bootstrapped(mark)
	discovered := answers[slices.IndexFunc(answers, func(e event) bool { return e.Op == "discover" })].Response
	for _, wanted := range []string{"/0/0", "/0/1", "/1/0", "/3/0"} {
		discovered.link(t, wanted)
	}
	if l := discovered.link(t, "/0/1"); !attribute(l, "ssid=101") {
		t.Errorf("/0/1 is %s, want ssid=101", l)
	}
	if l := discovered.link(t, "/1/0"); !attribute(l, "ssid=101") {
		t.Errorf("/1/0 is %s, want ssid=101", l)
	}
	if l := discovered.link(t, "/0/0"); strings.Contains(l, "ssid") {
		t.Errorf("the bootstrap account is %s", l)
	}
	c.awaitRegistration(registering)
}

func TestETS_int_1_Client_Initiated_Bootstrap_Full_PSK(t *testing.T) {
	ets(t)
	d := newDevice(t)
	d.bootstrapAccount(credentials{identity: "bs-" + d.endpoint, key: "fedcba9876543210"})
	built.server.security(t, d.endpoint, d.own().identity, []byte(d.own().key))
	d.configure(append([]bsRequest{{Op: "delete", Path: "/0"}, {Op: "delete", Path: "/1"}}, accountOf(d.own())...)...)
	bs, c := d.at(built.bootstrap), d.at(built.server)
	mark, registering := bs.now(), c.now()
	d.must("start %s -b 1", d.endpoint)
	bs.bootstrapped(mark)
	c.awaitRegistration(registering)
	if !c.shook(registering).valid() {
		t.Error("registered without a handshake")
	}
	c.read("/1/0", senmlCBOR).want(t, 205).has(t, values{"/1/0/0": "101", "/1/0/1": "86400"})
}

func TestETS_int_4_Bootstrap_Delete(t *testing.T) {
	ets(t)
	d := newDevice(t)
	d.bootstrapAccount(credentials{})
	d.account(1, 101, "127.0.0.1", built.server.coap, credentials{})
	d.serverObject(0, 101, 86400)
	requests := []bsRequest{{Op: "discover", Path: "/"}, {Op: "delete", Path: "/0"}, {Op: "delete", Path: "/1"}, {Op: "discover", Path: "/"}}
	d.configure(append(requests, accountOf(credentials{})...)...)
	bs, c := d.at(built.bootstrap), d.at(built.server)
	mark, registering := bs.now(), c.now()
	d.must("start %s -b 1", d.endpoint)
	answers := bs.bootstrapped(mark)
	before, after := answers[0].Response.targets(), answers[3].Response.targets()
	for _, path := range []string{"/0/0", "/0/1", "/1/0"} {
		if !slices.Contains(before, path) {
			t.Errorf("%s is not in %q", path, before)
		}
	}
	if !slices.Contains(after, "/0/0") || slices.Contains(after, "/0/1") || slices.Contains(after, "/1/0") {
		t.Errorf("after both deletes there is %q, want the bootstrap account alone of /0 and /1", after)
	}
	c.awaitRegistration(registering)
}

func TestETS_int_5_Server_Initiated_Bootstrap(t *testing.T) {
	ets(t)
	d := newDevice(t)
	d.bootstrapAccount(credentials{})
	d.account(1, 101, "127.0.0.1", built.server.coap, credentials{})
	d.serverObject(0, 101, 86400)
	d.configure(append([]bsRequest{{Op: "delete", Path: "/1"}}, accountOf(credentials{})...)...)
	c := d.registerAt(built.server)
	bs := d.at(built.bootstrap)
	mark, registering := bs.now(), c.now()
	c.execute("/1/0/9").want(t, 204)
	bs.arrived(mark, post, "/bs")
	bs.bootstrapped(mark)
	c.awaitRegistration(registering)
}

func TestETS_int_6_Bootstrap_Sequence(t *testing.T) {
	ets(t)
	// What the device has from the factory comes first: no bootstrap server is asked.
	factory := newDevice(t)
	factory.bootstrapAccount(credentials{})
	factory.account(1, 101, "127.0.0.1", built.server.coap, credentials{})
	factory.serverObject(0, 101, 86400)
	bs := factory.at(built.bootstrap)
	mark := bs.now()
	factory.registerAt(built.server)
	bs.none(mark, "coap", anything)
	// Without a server's account the device asks the bootstrap server by itself.
	bare := newDevice(t)
	bare.bootstrapAccount(credentials{})
	bare.configure(accountOf(credentials{})...)
	bs = bare.at(built.bootstrap)
	mark = bs.now()
	c := bare.registerAt(built.server)
	bs.bootstrapped(mark)
	if c.registered.Registration.Lifetime != 86400 {
		t.Errorf("registered as %+v", c.registered.Registration)
	}
}

func TestETS_int_7_Fallback_to_bootstrap(t *testing.T) {
	ets(t)
	// A port where nobody answers: a socket that is never read.
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, port, err := net.SplitHostPort(silent.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	d := newDevice(t)
	d.bootstrapAccount(credentials{})
	d.account(1, 101, "127.0.0.1", port, credentials{})
	d.serverObject(0, 101, 86400)
	d.must("write /1/0/16 -b 1")
	d.must("write /1/0/17 -u8 1")
	d.must("write /1/0/20 -u8 1")
	d.configure(append([]bsRequest{{Op: "delete", Path: "/1"}}, accountOf(credentials{})...)...)
	bs, c := d.at(built.bootstrap), d.at(built.server)
	mark, registering := bs.now(), c.now()
	d.must("start %s -b 0", d.endpoint)
	bs.within(mark, 90*time.Second, "bs-request", anything)
	bs.bootstrapped(mark)
	c.awaitRegistration(registering)
}

func TestETS_int_8_Bootstrap_Read(t *testing.T) {
	ets(t)
	d := newDevice(t)
	d.bootstrapAccount(credentials{})
	d.account(1, 101, "127.0.0.1", built.server.coap, credentials{})
	d.serverObject(0, 101, 86400)
	d.configure(bsRequest{Op: "read", Path: "/1"}, bsRequest{Op: "read", Path: "/1/0"}, bsRequest{Op: "read", Path: "/2"})
	bs, c := d.at(built.bootstrap), d.at(built.server)
	mark, registering := bs.now(), c.now()
	d.must("start %s -b 1", d.endpoint)
	bs.await(mark, "bs-finished", anything)
	answers := bs.answers(mark)
	for _, e := range answers[:2] {
		e.Response.want(t, 205).has(t, values{"/1/0/0": "101", "/1/0/1": "86400", "/1/0/7": "U"})
	}
	// Access control may be absent.
	if code := answers[2].Response.Code; code != 205 && code != 404 {
		t.Errorf("%s, want the access control objects, or none", answers[2])
	}
	c.awaitRegistration(registering)
}

func TestETS_int_9_Bootstrap_and_Configuration_Consistency(t *testing.T) {
	ets(t)
	d := newDevice(t)
	d.bootstrapAccount(credentials{})
	d.configure(accountOf(credentials{})[0]) // /0/1 without an instance of object 1
	bs, c := d.at(built.bootstrap), d.at(built.server)
	mark, registering := bs.now(), c.now()
	d.must("start %s -b 1", d.endpoint)
	failed := bs.await(mark, "bs-failed", anything)
	answers := bs.answers(mark)
	if last := answers[len(answers)-1]; last.Op != "finish" || last.Response.Code != 406 {
		t.Errorf("%s: %s, want 4.06 to Finish", failed, last)
	}
	c.none(registering, "registered", anything)
}
