package lwm2m

import (
	"strings"
	"testing"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
)

// Security, cases 400 to 499, and what a session has to survive.

var (
	secured   = string(server.Secured)
	unsecured = string(server.Unsecured)
)

// handshakes counts those that were complete after a mark.
func (d *device) handshakes(mark int) int {
	n := 0
	for _, e := range d.log.since(mark) {
		if e.kind == secured && strings.Contains(e.lab.Detail, `"id-`+d.endpoint+`"`) {
			n++
		}
	}
	return n
}

func TestETS_int_401_UDP_Pre_shared_Key(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		if n := c.handshakes(0); n != 1 || c.registered.lab.Registration.Identity != "id-"+c.endpoint {
			t.Errorf("%d handshakes, registered as %+v", n, c.registered.lab.Registration)
		}
		c.read("/3/0/0", text).want(205).has(values{"/3/0/0": c.local("/3/0/0")})
		c.read("/3/0", senmlCBOR).want(205).holds(identity...)
	})
}

// TestConnectionID: the session goes on after the device's address has changed, without a handshake (RFC 9146), and the observations with it.
func TestConnectionID(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		if !c.registered.lab.Registration.ConnectionID {
			t.Fatalf("%+v: no connection id was agreed on", c.registered.lab.Registration)
		}
		o := c.observe("/3/0/9", none)
		before := c.registered.lab.Registration.Remote
		for i := range int64(2) {
			c.move()
			mark := w.log.now()
			c.client().Update() // the device has to speak first
			if now := c.await(mark, updated, anything).lab.Registration.Remote; now == before {
				t.Errorf("the server still sees the device at %s", before)
			} else {
				before = now
			}
			// What the server starts finds the device at its new address.
			c.read("/3/0/0", text).want(205)
			c.move()
			c.set("/3/0/9", lwm2m.Integer(i+50))
			o.next().after(time.Now(), 0, time.Second).has(values{"/3/0/9": textOf(i + 50)})
		}
		if n := c.handshakes(0); n != 1 {
			t.Errorf("%d handshakes", n)
		}
		c.none(0, string(server.Replaced), anything)
	})
}

// TestAddressChangeWithoutConnectionID: the server does not know the device at its new address. The device finds out by the silence, shakes hands
// and registers.
func TestAddressChangeWithoutConnectionID(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newDevice()
		d.cid = false
		c := d.register(d.psk(1))
		c.observe("/3/0/9", none)
		pass(10 * time.Second)
		c.move()
		mark, begun := w.log.now(), time.Now()
		c.set("/3/0/9", lwm2m.Integer(50))
		// A notification, then an Update, each MAX_TRANSMIT_WAIT at most.
		if pause := c.awaitRegistration(mark).registered.at.Sub(begun); pause > 2*93*time.Second {
			t.Errorf("back after %s", pause)
		}
		if n := c.handshakes(mark); n != 1 {
			t.Errorf("%d handshakes, want one", n)
		}
		c.observe("/3/0/9", none).has(values{"/3/0/9": "50"})
	})
}

// TestResumption: a device that closes its socket for its sleep comes back with its old session, so that an Update is enough and the observations
// stand; one that does not remember sessions registers.
func TestResumption(t *testing.T) {
	for _, caching := range []bool{false, true} {
		t.Run(map[bool]string{false: "new sessions", true: "resumed"}[caching], func(t *testing.T) {
			virtual(t, func(t *testing.T, w *world) {
				d := w.newDevice()
				d.cid, d.caching = false, caching
				d.config.AtIdle = "LWM2M_RD_CLIENT_CLOSE_SOCKET_AT_IDLE"
				c := d.register(d.psk(1))
				o := c.observe("/3/0/9", none)
				for i := range int64(5) {
					mark := w.log.now()
					pass(time.Hour)
					c.happened(mark, 0, client.Sleeping)
					c.set("/3/0/9", lwm2m.Integer(i))
					if caching {
						o.next().after(time.Now(), 0, time.Second).has(values{"/3/0/9": textOf(i)})
						c.await(mark, updated, anything)
						c.none(mark, registered, anything)
					} else {
						c = c.awaitRegistration(mark)
						o = c.observe("/3/0/9", none)
						o.has(values{"/3/0/9": textOf(i)})
					}
				}
			})
		})
	}
}

// TestNoSecAddressChange: without security the registration alone ties the device to its address.
func TestNoSecAddressChange(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		d := w.newDevice()
		c := d.register(noSec(1))
		o := c.observe("/3/0/9", none)
		c.move()
		mark := w.log.now()
		c.client().Update()
		c.await(mark, updated, anything)
		c.read("/3/0/0", text).want(205)
		c.set("/3/0/9", lwm2m.Integer(50))
		o.next().has(values{"/3/0/9": "50"})
		c.none(mark, registered, anything)
	})
}

// TestWrongKey: the handshake fails, the device does not come in, it goes on living, and comes in with the right key.
func TestWrongKey(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newDevice()
		account := d.psk(1)
		if err := w.server.Store().Add(server.Credential{Endpoint: d.endpoint, Identity: string(account.Identity), Key: []byte("another key here")}); err != nil {
			t.Fatal(err)
		}
		mark := d.refused(account)
		d.psk(1)
		d.client().Start()
		d.awaitRegistration(mark)
	})
}

// TestUnknownIdentity: as TestWrongKey, with an identity that the server does not know.
func TestUnknownIdentity(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newDevice()
		account := d.psk(1)
		if err := w.server.Store().Remove(string(account.Identity)); err != nil {
			t.Fatal(err)
		}
		d.refused(account)
		if got := d.local("/1/0/11"); got != "115" {
			t.Errorf("/1/0/11 is %s, want the alert unknown_psk_identity", got)
		}
	})
}

// refused starts the device with an account that the server does not take, and waits until it has given up.
func (d *device) refused(account securityAccount) (mark int) {
	d.t.Helper()
	d.accounts = []securityAccount{account}
	mark = d.log.now()
	d.start()
	d.log.await(d.t, mark, time.Hour, "handshake that fails", func(e event) bool { return e.kind == unsecured && e.lab.Err != nil })
	d.happened(mark, 48*time.Hour, client.RegistrationFailed)
	d.none(mark, registered, anything)
	return mark
}

// TestIdentityOfAnotherEndpoint: the server answers 4.00 to a Register under a key that belongs to another endpoint.
func TestIdentityOfAnotherEndpoint(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newDevice()
		account := d.psk(1)
		if err := w.server.Store().Add(server.Credential{Endpoint: "other", Identity: string(account.Identity), Key: []byte(deviceKey)}); err != nil {
			t.Fatal(err)
		}
		d.accounts = []securityAccount{account}
		d.start()
		if refused := d.answer(d.arrived(0, post, "/rd")); refused.code != 400 {
			t.Errorf("Register is answered %s", refused)
		}
		d.happened(0, time.Hour, client.RegistrationAttemptFailed)
		d.none(0, registered, anything)
	})
}
