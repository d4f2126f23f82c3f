//go:build real

package leshan

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Security, cases 400 to 499, and what a session has to survive.

// handshakes are events of the DTLS layer.
type handshake struct{ event }

func (h handshake) valid() bool { return h.Suite != "" }

// shook gives the handshake of this client after a mark, by the identity of its key.
func (c *client) shook(mark int) handshake {
	c.t.Helper()
	for _, e := range c.server.since(mark) {
		if e.Kind == "handshake" && e.Identity == c.own().identity {
			return handshake{e}
		}
	}
	return handshake{}
}

func TestETS_int_401_UDP_Pre_shared_Key(t *testing.T) {
	ets(t)
	c := c1(t)
	if h := c.shook(0); h.Suite != "TLS_PSK_WITH_AES_128_CCM_8" && h.Suite != "TLS_PSK_WITH_AES_128_CBC_SHA256" {
		t.Errorf("%s, want a suite of LwM2M", h)
	}
	c.read("/3/0/0", text).want(t, 205).has(t, values{"/3/0/0": c.local("/3/0/0")})
	c.read("/3/0", senmlCBOR).want(t, 205).holds(t, identity...)
}

// nat is a network address translation between a device and a server: the server sees the device at an address that may change.
type nat struct {
	near *net.UDPConn
	to   *net.UDPAddr
	work sync.WaitGroup

	mu     sync.Mutex
	device *net.UDPAddr
	far    *net.UDPConn
	left   int // datagrams to the device that still pass; negative: all
}

func newNAT(t *testing.T, port string) *nat {
	t.Helper()
	to, err := net.ResolveUDPAddr("udp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	near, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	n := &nat{near: near, to: to, left: -1}
	n.rebind(t)
	n.work.Go(n.outward)
	t.Cleanup(func() {
		near.Close()
		n.mu.Lock()
		n.far.Close()
		n.mu.Unlock()
		n.work.Wait()
	})
	return n
}

func (n *nat) port() string {
	_, port, _ := net.SplitHostPort(n.near.LocalAddr().String())
	return port
}

// rebind gives the device another address, as a router does that has forgotten it. What is under way to the old one is lost.
func (n *nat) rebind(t *testing.T) {
	t.Helper()
	far, err := net.DialUDP("udp", nil, n.to)
	if err != nil {
		t.Fatal(err)
	}
	n.mu.Lock()
	old := n.far
	n.far = far
	n.mu.Unlock()
	if old != nil {
		old.Close()
	}
	n.work.Go(func() { n.inward(far) })
}

// cutAfter lets some more datagrams through to the device, and then none.
func (n *nat) cutAfter(datagrams int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left = datagrams
}

func (n *nat) outward() {
	buffer := make([]byte, 64<<10)
	for {
		size, from, err := n.near.ReadFromUDP(buffer)
		if err != nil {
			return
		}
		n.mu.Lock()
		n.device = from
		far := n.far
		n.mu.Unlock()
		_, _ = far.Write(buffer[:size]) // lost, if it was just closed
	}
}

func (n *nat) inward(far *net.UDPConn) {
	buffer := make([]byte, 64<<10)
	for {
		size, err := far.Read(buffer)
		if err != nil {
			return
		}
		n.mu.Lock()
		device, passes := n.device, n.left != 0
		n.left = max(n.left-1, min(n.left, 0))
		n.mu.Unlock()
		if passes {
			_, _ = n.near.WriteToUDP(buffer[:size], device)
		}
	}
}

// TestConnectionID: the session goes on after the device's address has changed, without a handshake (RFC 9146).
func TestConnectionID(t *testing.T) {
	t.Parallel()
	n := newNAT(t, built.server.coaps)
	d := newDevice(t)
	built.server.security(t, d.endpoint, d.own().identity, []byte(d.own().key))
	d.account(0, 1, "127.0.0.1", n.port(), d.own())
	d.serverObject(0, 1, 86400)
	c := d.registerAt(built.server)
	first := c.shook(0)
	if first.CID == "" {
		t.Fatalf("%s: no connection id was agreed on", first)
	}
	before := c.registered.Registration.Address
	for range 2 {
		n.rebind(t)
		mark := c.now()
		c.must("update") // the device has to speak first
		updated := c.await(mark, "updated", anything)
		if updated.Registration.Address == before {
			t.Errorf("the server still sees the device at %s", before)
		}
		before = updated.Registration.Address
		// What the server starts finds the device at its new address.
		c.read("/3/0/0", text).want(t, 205)
	}
	if again := c.shook(first.N); again.valid() {
		t.Errorf("another handshake: %s", again)
	}
}

// TestObservationsSurviveAddressChange: the same session carries the observations on.
func TestObservationsSurviveAddressChange(t *testing.T) {
	t.Parallel()
	n := newNAT(t, built.server.coaps)
	d := newDevice(t)
	built.server.security(t, d.endpoint, d.own().identity, []byte(d.own().key))
	d.account(0, 1, "127.0.0.1", n.port(), d.own())
	d.serverObject(0, 1, 86400)
	c := d.registerAt(built.server)
	c.set("/3/0/20", "u8", "1")
	mark := c.now()
	r := c.observe("/3/0/20", none)
	begun := c.observed(mark, r)
	n.rebind(t)
	c.set("/3/0/20", "u8", "2")
	c.notified(begun.N, r.Observation).Response.has(t, values{"/3/0/20": "2"})
}

// TestWrongKey: the handshake fails, the device does not come in, and it goes on living.
func TestWrongKey(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	built.server.security(t, d.endpoint, d.own().identity, []byte("another key here"))
	c := d.refused(credentials{identity: d.own().identity, key: d.own().key})
	// With the right key it comes in.
	built.server.post(t, "/forget-security", map[string]string{"endpoint": d.endpoint}, nil)
	built.server.security(t, d.endpoint, d.own().identity, []byte(d.own().key))
	mark := c.now()
	d.must("stop")
	d.must("start %s -b 0", d.endpoint)
	c.awaitRegistration(mark)
}

// TestUnknownIdentity: as TestWrongKey, with an identity that the server does not know.
func TestUnknownIdentity(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	d.refused(d.own())
}

// TestIdentityOfAnotherEndpoint: the server answers 4.00 to a Register under a key that belongs to another endpoint.
func TestIdentityOfAnotherEndpoint(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	built.server.security(t, d.endpoint+"-other", d.own().identity, []byte(d.own().key))
	d.account(0, 1, "127.0.0.1", built.server.coaps, d.own())
	d.serverObject(0, 1, 86400)
	c := d.at(built.server)
	mark := c.now()
	d.must("start %s -b 0", d.endpoint)
	request := c.arrived(mark, post, "/rd")
	c.server.await(t, request.N, patience, "answer to Register", func(e event) bool {
		return e.Kind == "coap" && e.Direction == "out" && e.Token == request.Token && e.Code >= 400
	})
	c.none(mark, "registered", anything)
	d.must("help")
}

// refused starts the device with credentials that the server does not take, and waits for the handshake to fail.
func (d *device) refused(with credentials) *client {
	d.t.Helper()
	d.account(0, 1, "127.0.0.1", built.server.coaps, with)
	d.serverObject(0, 1, 86400)
	c := d.at(built.server)
	mark := c.now()
	d.must("start %s -b 0", d.endpoint)
	failed := c.server.await(d.t, mark, time.Minute, "handshake that fails", func(e event) bool { return e.Kind == "handshake-failed" })
	if strings.TrimSpace(failed.Error) == "" {
		d.t.Errorf("%s", failed)
	}
	c.none(mark, "registered", anything)
	d.must("help")
	return c
}
