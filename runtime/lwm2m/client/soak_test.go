package client_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

// Anything happens for a day, at a server that refuses and is silent as it likes. When all is well again, the client registers, and what is
// observed from then on arrives.
func TestSoak(t *testing.T) {
	idles := []string{"LWM2M_RD_CLIENT_CLOSE_SOCKET_AT_IDLE", "LWM2M_RD_CLIENT_SUSPEND_SOCKET_AT_IDLE", "LWM2M_RD_CLIENT_STOP_POLLING_AT_IDLE", "LWM2M_RD_CLIENT_LISTEN_AT_IDLE"}
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			run(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 7))
				c := config()
				c.QueueMode, c.AtIdle, c.SendAtOnce = random.IntN(2) == 0, idles[random.IntN(4)], random.IntN(2) == 0
				b := start(t, c, func(o *client.Options) {
					o.Accounts = []security.Account{secure, {URI: "coaps://bs.example", Mode: security.PSK, Identity: []byte("b"), Key: []byte("k"), Bootstrap: true}}
					o.Secure = o.Plain
				})
				defer b.end()
				b.peer.set(func() {
					b.peer.secure, b.peer.resumed = true, random.IntN(2) == 0
					b.peer.impairments = coaptest.Impairments{Loss: 0.1, Duplication: 0.1, Reordering: 0.1, Delay: 50 * time.Millisecond, Jitter: 200 * time.Millisecond, Seed: seed}
				})
				b.Start()
				for range 150 {
					chaos(b, random)
					b.wait(time.Duration(random.Int64N(int64(20 * time.Minute))))
				}
				b.peer.set(func() {
					b.peer.silent, b.peer.answer, b.peer.refuse, b.peer.impairments = false, nil, nil, coaptest.Impairments{}
				})
				b.Resume()
				b.Start()
				b.wait(3 * time.Hour) // until the longest wait between attempts is over, and a link that was lossy was replaced
				b.Start()
				b.Pause()
				b.Resume()
				b.wait(time.Minute)
				b.Update()
				b.wait(time.Minute)
				if state := b.State(); state != registration.Registered && state != registration.Sleeping {
					t.Fatalf("state %v", state)
				}
				b.Update()
				b.wait(time.Second)
				for len(b.peer.notified) > 0 {
					<-b.peer.notified
				}
				if got := b.peer.ask(coap.GET, "3303/0/5700", func(p *packet) { p.Options.SetUint(coap.Observe, 0) }); got.code != 0x45 {
					t.Fatalf("observe: %v", got.Code)
				}
				if err := b.Tree().Set(lwm2m.Item{Path: temperature, Value: lwm2m.Float(1e6)}); err != nil {
					t.Fatal(err)
				}
				b.wait(time.Second)
				if len(b.peer.notified) == 0 {
					t.Error("no notification")
				}
				if err := b.Send(t.Context(), temperature); err != nil {
					t.Error(err)
				}
				b.Stop()
				b.wait(time.Minute)
				if b.State() != registration.Stopped {
					t.Errorf("state %v after Stop", b.State())
				}
			})
		})
	}
}

func chaos(b *bench, random *rand.Rand) {
	switch random.IntN(14) {
	case 0:
		b.Update()
	case 1, 2:
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(100))*time.Second)
		_ = b.Send(ctx, temperature)
		cancel()
	case 3, 4:
		if err := b.Tree().Set(lwm2m.Item{Path: temperature, Value: lwm2m.Float(random.Float64())}); err != nil {
			b.Error(err)
		}
	case 5:
		at := lwm2m.NewPath(3303, uint16(1+random.IntN(5)))
		if b.Tree().Exists(at) {
			if err := b.Tree().Delete(at); err != nil {
				b.Error(err)
			}
		} else if err := b.Tree().Create(at, lwm2m.Item{Path: at.Child(5700), Value: lwm2m.Float(1)}); err != nil {
			b.Error(err)
		}
	case 6:
		b.Stop()
	case 7:
		b.Start()
	case 8:
		b.Pause()
	case 9:
		b.Resume()
	case 10:
		silent := random.IntN(3) == 0
		b.peer.set(func() { b.peer.silent = silent })
	case 11:
		codes := []byte{0x80, 0x83, 0x84, 0xa0, 0xa3, 0x41, 0x45, 0}
		refused := codes[random.IntN(len(codes))]
		b.peer.set(func() {
			b.peer.answer = nil
			if refused != 0 {
				b.peer.answer = func(packet) packet { return code(refused) }
			}
		})
	case 12:
		errs := []error{nil, nil, &client.AlertError{Code: 115}, context.DeadlineExceeded}
		err := errs[random.IntN(len(errs))]
		b.peer.set(func() { b.peer.refuse = err })
	case 13:
		b.peer.set(func() {
			if b.peer.link == nil {
				return
			}
			for _, path := range []string{"4", "8", "9"} {
				if random.IntN(3) > 0 {
					continue
				}
				b.peer.nextID++
				p := packet{code: 2, id: b.peer.nextID, token: fmt.Sprint("x", b.peer.nextID)}
				for _, segment := range []string{"1", "0", path} {
					p.Options.AddString(coap.URIPath, segment)
				}
				_, _ = b.peer.link.Write(p.encode())
			}
		})
	}
	synctest.Wait()
}
