package client_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

var secure = security.Account{URI: "coaps://server.example", Mode: security.PSK, Identity: []byte(endpoint), Key: []byte("0123456789abcdef")}

func TestQueueMode(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, sleepy(), nil)
		defer b.end()
		b.Start()
		b.wait(time.Second)
		b.peer.expect(register + "&Q")
		b.wait(20 * time.Second)
		b.peer.ask(coap.GET, "3303/0/5700", func(p *packet) { p.Options.SetUint(coap.Observe, 0) })
		b.wait(29 * time.Second)
		if b.State() != registration.Registered {
			t.Errorf("state %v 29 s after a message", b.State())
		}
		b.wait(2 * time.Second)
		if b.State() != registration.Sleeping {
			t.Errorf("state %v 31 s after a message", b.State())
		}
		b.peer.expect()
		// A change wakes the device: an Update first, then the notification.
		if err := b.Tree().Set(lwm2m.Item{Path: temperature, Value: lwm2m.Float(30)}); err != nil {
			t.Fatal(err)
		}
		b.wait(time.Second)
		b.peer.expect(update)
		if len(b.peer.notified) != 1 {
			t.Errorf("%d notifications", len(b.peer.notified))
		}
		b.wait(time.Minute)
		if err := b.Send(t.Context(), temperature); err != nil {
			t.Fatal(err)
		}
		b.peer.expect(update, "POST dp")
		b.expectEvents("connecting", "registered", "sleeping", "awake", "registration updated", "sleeping", "awake", "registration updated")
		b.wait(7 * 24 * time.Hour)
		if got := len(b.peer.take1(true)); got != 7*24 {
			t.Errorf("%d updates in a week", got)
		}
		if b.peer.dials != 1 {
			t.Errorf("%d connections", b.peer.dials)
		}
	})
}

func TestAsleepNothingIsRead(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, sleepy(), nil)
		defer b.end()
		b.Start()
		b.wait(time.Minute)
		b.peer.take1(true)
		answered := make(chan packet, 1)
		b.peer.wait.Go(func() { answered <- b.peer.ask(coap.GET, "3303/0/5700", nil) })
		b.wait(10 * time.Second)
		if len(answered) != 0 || b.State() != registration.Sleeping {
			t.Error("a sleeping device answers")
		}
		b.Update()
		b.wait(time.Second)
		if len(answered) != 1 {
			t.Error("what came in the sleep is lost")
		}
	})
}

func TestSendAtOnce(t *testing.T) {
	run(t, func(t *testing.T) {
		c := sleepy()
		c.SendAtOnce = true
		b := start(t, c, nil)
		defer b.end()
		b.Start()
		b.wait(time.Minute)
		b.peer.take1(true)
		if err := b.Send(t.Context(), temperature); err != nil {
			t.Fatal(err)
		}
		b.peer.expect("POST dp")
	})
}

func TestClosedSocket(t *testing.T) {
	for _, resumed := range []bool{true, false} {
		t.Run(fmt.Sprint("resumed ", resumed), func(t *testing.T) {
			run(t, func(t *testing.T) {
				c := sleepy()
				c.AtIdle = "LWM2M_RD_CLIENT_CLOSE_SOCKET_AT_IDLE"
				b := start(t, c, func(o *client.Options) {
					o.Accounts = []security.Account{secure}
					o.Secure = o.Plain
				})
				defer b.end()
				b.peer.set(func() { b.peer.secure, b.peer.resumed = true, resumed })
				b.Start()
				b.wait(time.Minute)
				b.peer.expect(register + "&Q")
				if b.State() != registration.Sleeping {
					t.Errorf("state %v", b.State())
				}
				if err := b.Send(t.Context(), temperature); err != nil {
					t.Fatal(err)
				}
				if resumed {
					b.peer.expect(update, "POST dp")
				} else {
					b.peer.expect(register+"&Q", "POST dp")
				}
				if b.peer.dials != 2 || string(b.peer.targets[1].Key) != string(secure.Key) || string(b.peer.targets[1].Identity) != endpoint {
					t.Errorf("%d connections", b.peer.dials)
				}
			})
		})
	}
}

func TestListening(t *testing.T) {
	run(t, func(t *testing.T) {
		c := sleepy()
		c.AtIdle = "LWM2M_RD_CLIENT_LISTEN_AT_IDLE"
		b := start(t, c, nil)
		defer b.end()
		b.Start()
		b.wait(time.Minute)
		b.peer.take1(true)
		if got := b.peer.ask(coap.GET, "3303/0/5700", nil); got.code != 0x45 {
			t.Errorf("read: %v", got.Code)
		}
		b.wait(time.Second)
		b.expectEvents("connecting", "registered", "sleeping", "awake")
		b.peer.expect()
	})
}

func TestDisable(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), nil)
		defer b.end()
		b.Start()
		b.wait(time.Second)
		if got := b.peer.ask(coap.PUT, "1/0/5", func(p *packet) {
			p.Options.SetUint(coap.ContentFormat, 0)
			p.Payload = []byte("600")
		}); got.code != 0x44 {
			t.Errorf("write: %v", got.Code)
		}
		if got := b.peer.ask(coap.POST, "1/0/4", nil); got.code != 0x44 {
			t.Errorf("execute: %v", got.Code)
		}
		b.wait(599 * time.Second)
		b.peer.expect(register, "DELETE rd/a/b c")
		b.wait(2 * time.Second)
		b.peer.expect(register)
		b.expectEvents("connecting", "registered", "de-registered", "disabled", "connecting", "registered")
	})
}

func TestLossyLink(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			run(t, func(t *testing.T) {
				b := start(t, sleepy(), nil)
				defer b.end()
				b.peer.set(func() {
					b.peer.impairments = coaptest.Impairments{Loss: 0.2, Duplication: 0.1, Reordering: 0.1, Delay: 100 * time.Millisecond, Jitter: 300 * time.Millisecond, Seed: seed}
				})
				b.Start()
				b.wait(time.Minute)
				if n := b.peer.take1(false); len(n) != 1 || n[0] != register+"&Q" {
					t.Errorf("%v", n)
				}
				for range 20 {
					if err := b.Send(t.Context(), temperature); err != nil {
						if _, timedOut := errors.AsType[*coap.TimeoutError](err); !timedOut {
							t.Error(err)
						}
					}
					b.wait(10 * time.Minute)
				}
				sent := 0
				for _, each := range b.peer.take1(true) {
					if each == "POST dp" {
						sent++
					}
				}
				if sent < 18 || sent > 20 {
					t.Errorf("%d of 20 Sends arrived", sent)
				}
			})
		})
	}
}

func TestSilentServer(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), nil)
		defer b.end()
		b.Start()
		b.wait(time.Minute)
		b.peer.set(func() { b.peer.silent = true })
		err := b.Send(t.Context(), temperature)
		if _, timedOut := errors.AsType[*coap.TimeoutError](err); !timedOut {
			t.Errorf("send: %v", err)
		}
		b.wait(63 * time.Second) // the Update times out too
		b.peer.set(func() { b.peer.silent = false })
		b.wait(10 * time.Minute)
		b.expectEvents("connecting", "registered", "send failed", "server unreachable", "update failed", "connecting", "registered")
		if b.peer.dials != 2 {
			t.Errorf("%d connections", b.peer.dials)
		}
	})
}

func TestRefusedHandshake(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), func(o *client.Options) {
			o.Accounts = []security.Account{secure}
			o.Secure = o.Plain
		})
		defer b.end()
		b.peer.set(func() { b.peer.refuse = &client.AlertError{Code: 115} })
		b.Start()
		b.wait(time.Second)
		b.expectEvents("connecting", "registration failed")
		if code, _ := b.Tree().Get(lwm2m.NewPath(1, 0, 11)); code.Uint() != 115 {
			t.Errorf("alert code %v", code)
		}
	})
}

// The server may observe as soon as it has the Register. What changes until its answer is here is told, also where notifications are not stored.
func TestObservedBeforeTheAnswer(t *testing.T) {
	run(t, func(t *testing.T) {
		lost := false
		b := start(t, config(), func(o *client.Options) {
			o.Plain.(*peer).impairments.Drop = func(fromClient bool, datagram []byte) bool {
				first := !fromClient && datagram[1] == 0x41 && !lost // 2.01
				lost = lost || first
				return first
			}
		})
		defer b.end()
		if err := b.Tree().Set(lwm2m.Item{Path: lwm2m.NewPath(1, 0, 6), Value: lwm2m.Boolean(false)}); err != nil {
			t.Fatal(err)
		}
		b.Start()
		b.wait(time.Second)
		if got := b.peer.ask(coap.GET, "3303/0/5700", func(p *packet) { p.Options.SetUint(coap.Observe, 0) }); got.code != 0x45 {
			t.Fatalf("observe: %v", got.Code)
		}
		if err := b.Tree().Set(lwm2m.Item{Path: temperature, Value: lwm2m.Float(30)}); err != nil {
			t.Fatal(err)
		}
		b.wait(100 * time.Millisecond)
		if state := b.State(); state != registration.Registering || len(b.peer.notified) > 0 {
			t.Errorf("state %v, %d notifications", state, len(b.peer.notified))
		}
		b.wait(10 * time.Second)
		if state := b.State(); state != registration.Registered || len(b.peer.notified) != 1 {
			t.Errorf("state %v, %d notifications", state, len(b.peer.notified))
		}
	})
}
