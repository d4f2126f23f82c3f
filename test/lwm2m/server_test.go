package lwm2m

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/packetnet"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
)

// TestRefusals: a server that refuses Register and Update for a while.
func TestRefusals(t *testing.T) {
	for _, code := range []coap.Code{coap.BadRequest, coap.Forbidden, coap.PreconditionFailed, coap.InternalServerError, coap.ServiceUnavailable} {
		t.Run(strings.ReplaceAll(code.String(), ".", ""), func(t *testing.T) {
			virtual(t, func(t *testing.T, w *world) {
				d := w.newDevice()
				w.server.Faults().RefuseRegistrations(code, 3)
				begun := time.Now()
				c := d.register(d.psk(1))
				// Waits of 60, 120 and 240 s: reference, section 4.5.
				if pause := c.registered.at.Sub(begun); pause < 420*time.Second || pause > 421*time.Second {
					t.Errorf("registered after %s", pause)
				}
				w.server.Faults().RefuseRegistrations(code, 1)
				mark := w.log.now()
				c.client().Update()
				again := c.awaitRegistration(mark)
				if pause := again.registered.at.Sub(c.registered.at); pause > 10*time.Second {
					t.Errorf("registered anew %s after the first time", pause)
				}
			})
		})
	}
}

// TestSlowServer: answers that come long after the acknowledgement are taken, and nothing is asked twice.
func TestSlowServer(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		w.server.Faults().DelayAnswers(20 * time.Second)
		c := w.c1()
		if n := c.count(0, registered, anything); n != 1 {
			t.Errorf("registered %d times", n)
		}
		c.happened(0, time.Minute, client.Registered)
		mark := w.log.now()
		if err := c.send("/3/0/9"); err != nil {
			t.Error(err)
		}
		c.client().Update()
		c.happened(mark, time.Minute, client.RegistrationUpdated)
		for _, kind := range []string{string(server.Sent), updated} {
			if n := c.count(mark, kind, anything); n != 1 {
				t.Errorf("%s %d times", kind, n)
			}
		}
	})
}

// TestStop: the device de-registers when its program wants it, and comes back when that wants it.
func TestStop(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.observe("/3/0/9", none)
		mark := w.log.now()
		c.client().Stop()
		c.await(mark, deregistered, anything)
		c.happened(mark, time.Minute, client.Stopped)
		c.set("/3/0/9", lwm2m.Integer(1))
		mark = w.log.now()
		pass(48 * time.Hour)
		c.none(mark, "coap", anything)
		c.client().Start()
		c.awaitRegistration(mark).read("/3/0/9", none).has(values{"/3/0/9": "1"})
	})
}

// TestPowerCutInPush: the state begins anew after a restart in the middle of a push, and another push goes through.
func TestPowerCutInPush(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		d := c.device
		w.network.SetFate(func(_, _ packetnet.Address, _ []byte) packetnet.Fate { return packetnet.Fate{50 * time.Millisecond} })
		image := signed(t, newVersion, 200_000)
		pushed := make(chan error)
		arrived := 0
		go func() {
			pushed <- c.PushFirmware(within(t, time.Hour), image, server.Progress(func(sent, _ int) { arrived = sent }))
		}()
		pass(10 * time.Second)
		kept := d.board.disk.clone() // what the client saves at its end does not come to that
		d.stop()
		if err := <-pushed; err == nil || arrived == 0 || arrived == len(image) {
			t.Errorf("%d of %d bytes were pushed when the power was cut: %v", arrived, len(image), err)
		}
		if names := kept.Names(); names[slotsFolder+"/incoming"] == "" {
			t.Errorf("nothing has come into the slots: %v", names)
		}
		d.board = boardOf(kept)
		mark := w.log.now()
		d.start()
		c = d.awaitRegistration(mark)
		c.stands(idle, initial)
		c.push(image).want(204)
		c.stands(downloaded, initial)
	})
}

// TestLossyHandshake: a device comes in over a link that loses a third of all datagrams, of the handshake too.
func TestLossyHandshake(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			virtual(t, func(_ *testing.T, w *world) {
				w.impair(seed, impairments{loss: 0.3, duplication: 0.2, reordering: 0.2, delay: 100 * time.Millisecond, jitter: 200 * time.Millisecond})
				d := w.newDevice()
				d.persistent = true
				d.accounts = []securityAccount{d.psk(1)}
				d.start()
				d.within(0, 6*time.Hour, registered, anything)
				w.network.SetFate(nil)
				pass(time.Hour)
				d.client().Update()
				d.awaitRegistration(0).read("/3/0/0", text).want(205)
			})
		})
	}
}

// TestDayBehindNAT: the address is another one after each sleep. With a Connection ID that costs nothing.
func TestDayBehindNAT(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		d := w.newDevice()
		d.lifetime, d.config.UpdatePeriod = 43200, time.Hour
		c := d.register(d.psk(1))
		o := c.observe("/3/0/9", none)
		mark := w.log.now()
		var addresses []string
		for i := range int64(24) {
			pass(59 * time.Minute)
			c.move()
			c.set("/3/0/9", lwm2m.Integer(i))
			o.next().after(time.Now(), 0, time.Second).has(values{"/3/0/9": textOf(i)})
			if r, _ := c.Registration(); !slices.Contains(addresses, r.Remote) {
				addresses = append(addresses, r.Remote)
			}
		}
		if n := c.handshakes(mark); n > 0 || len(addresses) != 24 {
			t.Errorf("%d handshakes, at the addresses %q", n, addresses)
		}
		c.none(mark, registered, anything)
	})
}

// TestFleet: many devices at one server, which loses all it knows. All come back, and each is told apart.
func TestFleet(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		const devices = 30
		var fleet []*connected
		for range devices {
			d := w.newDevice()
			d.lifetime = 3600
			fleet = append(fleet, d.register(d.psk(1)))
		}
		w.network.SetFate(func(packetnet.Address, packetnet.Address, []byte) packetnet.Fate { return nil })
		store := w.server.Store()
		w.stop()
		mark := w.log.now()
		w.network.SetFate(nil)
		w.start(store)
		pass(2 * time.Hour)
		for i, c := range fleet {
			c.set("/3/0/9", lwm2m.Integer(int64(i)))
			c = c.awaitRegistration(mark)
			c.client().Wake()
			c.read("/3/0/9", none).want(205).has(values{"/3/0/9": textOf(int64(i))})
		}
		if n := len(w.server.Registrations()); n != devices {
			t.Errorf("%d registrations", n)
		}
	})
}

// TestAskedBeforeTheAnswer: the server knows the device as soon as the Register is there, and may ask for something while its answer is under way.
func TestAskedBeforeTheAnswer(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		w.server.Faults().DelayAnswers(10 * time.Second)
		c := w.c1()
		c.replace("/1/0/5", text, "600").want(204)
		mark := w.log.now()
		c.execute("/1/0/4").want(204)
		c.none(0, "client", func(e event) bool { return e.detail == client.Registered.String()+" <nil>" })
		c.await(mark, deregistered, anything)
		back := c.within(mark, time.Hour, registered, anything)
		if pause := back.at.Sub(c.registered.at); pause < 600*time.Second || pause > 660*time.Second {
			t.Errorf("registered again after %s, Disable Timeout is 600 s", pause)
		}
	})
}

// TestShortestLifetime: a registration of 15 s does not expire.
func TestShortestLifetime(t *testing.T) {
	for _, lifetime := range []int64{15, 20, 30, 61, 75, 120} {
		t.Run(fmt.Sprint(lifetime), func(t *testing.T) {
			virtual(t, func(t *testing.T, w *world) {
				d := w.newDevice()
				d.lifetime = lifetime
				c := d.register(d.psk(1))
				mark := w.log.now()
				pass(time.Hour)
				c.none(mark, string(server.Expired), anything)
				c.none(mark, registered, anything)
				if n := int64(c.count(mark, updated, anything)); n < 3600/lifetime || n > 3600*2/min(lifetime, 30)+1 {
					t.Errorf("%d updates in an hour", n)
				}
			})
		})
	}
}
