package lwm2m

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/packetnet"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
)

// TestDayOfQueueMode: a device sleeps but for an Update each hour, and whoever wants something of it waits until then. What changes on the
// device wakes it.
func TestDayOfQueueMode(t *testing.T) {
	for _, idle := range []string{
		"LWM2M_RD_CLIENT_STOP_POLLING_AT_IDLE", "LWM2M_RD_CLIENT_CLOSE_SOCKET_AT_IDLE", "LWM2M_RD_CLIENT_SUSPEND_SOCKET_AT_IDLE", "LWM2M_RD_CLIENT_LISTEN_AT_IDLE",
	} {
		t.Run(idle, func(t *testing.T) {
			virtual(t, func(t *testing.T, w *world) {
				d := w.newDevice()
				d.lifetime, d.config.UpdatePeriod, d.config.AtIdle = 43200, time.Hour, idle
				d.caching, d.cid = true, idle == "LWM2M_RD_CLIENT_STOP_POLLING_AT_IDLE"
				c := d.register(d.psk(1))
				o := c.observe("/3/0/9", none)
				mark, begun := w.log.now(), time.Now()
				var asking sync.WaitGroup
				asking.Go(func() { // somebody reads every 100 minutes
					for time.Since(begun) < 22*time.Hour {
						time.Sleep(100 * time.Minute)
						asked := time.Now()
						if _, err := c.Read(within(t, 2*time.Hour), "/3/0/0"); err != nil {
							t.Error(err)
						}
						if waited := time.Since(asked); waited > time.Hour+time.Minute {
							t.Errorf("a request waited for %s", waited)
						}
					}
				})
				for i := range int64(8) { // the level changes every three hours
					pass(3*time.Hour - time.Duration(i)*time.Minute)
					c.set("/3/0/9", lwm2m.Integer(80-i))
					o.next().after(time.Now(), 0, 2*time.Second).has(values{"/3/0/9": textOf(80 - i)})
				}
				asking.Wait()
				for _, gone := range []server.Kind{server.Expired, server.Replaced, server.Registered, server.Deregistered} {
					c.none(mark, string(gone), anything)
				}
				if n := c.count(mark, updated, anything); n < 22 || n > 40 {
					t.Errorf("%d updates in a day", n)
				}
				if n := c.handshakes(mark); n > 0 && d.cid {
					t.Errorf("%d handshakes", n)
				}
				slept := c.count(mark, "client", func(e event) bool { return e.detail == client.Sleeping.String()+" <nil>" })
				if slept < 22 {
					t.Errorf("slept %d times", slept)
				}
			})
		})
	}
}

// TestServerRestart: the server has lost sessions and registrations. The device finds out at its next Update at the latest, and registers.
func TestServerRestart(t *testing.T) {
	for name, test := range map[string]struct {
		secure, crash bool
	}{"plain": {false, false}, "secure": {true, false}, "secure, without a word": {true, true}} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T, w *world) {
				d := w.newDevice()
				d.lifetime = 3600
				account := noSec(1)
				if test.secure {
					account = d.psk(1)
				}
				c := d.register(account)
				o := c.observe("/3/0/9", none)
				pass(10 * time.Minute)
				mark := w.log.now()
				if test.crash {
					w.network.SetFate(func(packetnet.Address, packetnet.Address, []byte) packetnet.Fate { return nil })
				}
				store := w.server.Store()
				w.stop()
				w.network.SetFate(nil)
				w.start(store)
				if _, err := o.Next(within(t, time.Minute)); err == nil {
					t.Error("the observation goes on")
				}
				again := c.awaitRegistration(mark)
				if pause := again.registered.at.Sub(c.registered.at); pause > time.Hour+3*time.Minute {
					t.Errorf("registered after %s", pause)
				}
				o = again.observe("/3/0/9", none)
				again.set("/3/0/9", lwm2m.Integer(3))
				o.next().has(values{"/3/0/9": "3"})
			})
		})
	}
}

// TestUnreachableForDays: the network is away for three days. What is observed is told when it is back, once the device has registered or updated.
func TestUnreachableForDays(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		pass(time.Minute)
		w.network.SetFate(func(packetnet.Address, packetnet.Address, []byte) packetnet.Fate { return nil })
		mark := w.log.now()
		c.client().Update()
		c.happened(mark, 72*time.Hour, client.RegistrationFailed)
		pass(24 * time.Hour)
		w.network.SetFate(nil)
		mark = w.log.now()
		c.client().Start() // by the program: what comes after a failure is its decision
		c.awaitRegistration(mark).read("/3/0/0", text).want(205)
	})
}

// TestLossyLink: observations and executes over links that lose, repeat, delay and reorder. Nothing is executed twice, no confirmable notification
// is lost, and everything ends.
func TestLossyLink(t *testing.T) {
	for _, security := range []string{"plain", "secure"} {
		for seed, loss := range []float64{0.15, 0.3, 0.45, 0.6} {
			t.Run(fmt.Sprintf("%s %.2f", security, loss), func(t *testing.T) {
				virtual(t, func(t *testing.T, w *world) {
					d := w.newDevice()
					d.config.QueueMode, d.persistent = false, true
					account := noSec(1)
					if security == "secure" {
						account = d.psk(1)
					}
					c := d.register(account)
					c.replace("/1/0/6", text, "1").want(204)
					lossy(t, w, c, uint64(seed), loss)
				})
			})
		}
	}
}

func lossy(t *testing.T, w *world, c *connected, seed uint64, loss float64) {
	const changes, executes = 80, 300
	var mu sync.Mutex
	executed := map[string]int{}
	c.client().OnExecute(at("/3/0/12"), func(arguments []lwm2m.Argument) {
		mu.Lock()
		defer mu.Unlock()
		executed[arguments[0].Value]++
	})
	c.set("/3/0/9", lwm2m.Integer(0))
	watching, stop := context.WithCancel(context.Background())
	watched := c.watchLevel(watching)
	w.impair(seed, impairments{loss: loss, duplication: 0.15, reordering: 0.2, delay: 50 * time.Millisecond, jitter: 300 * time.Millisecond})
	var executing sync.WaitGroup
	confirmed := map[string]bool{}
	executing.Go(func() { // beside the notifications
		random := rand.New(rand.NewPCG(seed, 5))
		for i := range int64(executes) {
			name := textOf(i)
			err := c.Execute(context.Background(), "/3/0/12", "0='"+name+"'")
			if _, refused := errors.AsType[*server.CodeError](err); refused {
				t.Errorf("execute %s: %v", name, err)
			}
			confirmed[name] = err == nil
			time.Sleep(time.Duration(random.Int64N(int64(time.Minute))))
		}
	})
	for i := range int64(changes) {
		c.set("/3/0/9", lwm2m.Integer(i+1))
		pass(100 * time.Second) // longer than MAX_TRANSMIT_WAIT
	}
	executing.Wait()
	w.network.SetFate(nil)
	pass(time.Hour)
	stop()
	mu.Lock()
	defer mu.Unlock()
	for name, n := range executed {
		if n != 1 {
			t.Errorf("%s was executed %d times", name, n)
		}
	}
	for name, is := range confirmed {
		if is && executed[name] == 0 {
			t.Errorf("%s was answered and not executed", name)
		}
	}
	if loss <= 0.3 && len(executed) < executes*9/10 {
		t.Errorf("%d of %d were executed", len(executed), executes)
	}
	last, gaps, skipped := int64(0), 0, int64(0)
	for _, each := range <-watched {
		switch {
		case each.first: // the server observes anew: what was not told until then is told by the first answer
			gaps++
			if each.value < last {
				t.Errorf("observed %d anew after %d", each.value, last)
			}
		case each.value < last:
			t.Errorf("notified %d after %d", each.value, last)
		default:
			skipped += max(0, each.value-last-1)
		}
		last = each.value
	}
	if last != changes {
		t.Errorf("the last that was told is %d, want %d", last, changes)
	}
	// A notification that was given up is not repeated, the newest state is told in its place: RFC 7641, 4.5.2. Finding out takes two times 93 s.
	silent := c.count(0, "client", func(e event) bool { return strings.HasPrefix(e.detail, client.ServerUnreachable.String()) })
	if skipped > 2*int64(silent) {
		t.Errorf("%d changes were not notified, and %d times was the server not reached", skipped, silent)
	}
	t.Logf("%d of %d executed, observed anew %d times", len(executed), executes, gaps-1)
}

// level is a value of /3/0/9 that the server was told.
type level struct {
	value int64
	first bool // by the answer to Observe
}

// watchLevel observes /3/0/9 until ctx ends, anew when the registration is another one, and then gives all that was told.
func (c *connected) watchLevel(ctx context.Context) <-chan []level {
	result := make(chan []level, 1)
	go func() {
		var all []level
		defer func() { result <- all }()
		for ctx.Err() == nil {
			if _, err := c.world.server.Await(ctx, c.endpoint); err != nil {
				return
			}
			o, err := c.Observe(ctx, "/3/0/9")
			if err != nil {
				time.Sleep(time.Second)
				continue
			}
			value, _ := o.First().Value("/3/0/9").(int64)
			all = append(all, level{value, true})
			for {
				n, err := o.Next(ctx)
				if err != nil {
					break
				}
				if value, is := n.Value("/3/0/9").(int64); is {
					all = append(all, level{value, false})
				}
			}
		}
	}()
	return result
}

// TestLossyPush: 2 MiB arrive whole over a lossy link.
func TestLossyPush(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(string('0'+rune(seed)), func(t *testing.T) {
			virtual(t, func(t *testing.T, w *world) {
				store := w.server.Store()
				w.stop()
				w.coap = coap.Config{MaxRetransmit: 8} // so that no block is given up in 2048
				w.start(store)
				c, f := w.flashed()
				w.log.hush()
				o := c.observe("/5/0/3", none)
				image := newImage("2.0.0", 2<<20)
				w.impair(seed, impairments{loss: 0.05, duplication: 0.05, reordering: 0.1, delay: 20 * time.Millisecond, jitter: 40 * time.Millisecond})
				if err := c.PushFirmware(within(t, 24*time.Hour), image); err != nil {
					t.Fatal(err)
				}
				for o.next().at("/5/0/3") != downloaded {
				}
				f.mu.Lock()
				defer f.mu.Unlock()
				if string(f.staged) != string(image) {
					t.Errorf("%d bytes arrived, not those %d that were sent", len(f.staged), len(image))
				}
			})
		})
	}
}

// TestChangesWhileWaking: what changes while the device wakes up for another change is told too, also where notifications are not stored.
func TestChangesWhileWaking(t *testing.T) {
	for _, idle := range []string{
		"LWM2M_RD_CLIENT_STOP_POLLING_AT_IDLE", "LWM2M_RD_CLIENT_CLOSE_SOCKET_AT_IDLE", "LWM2M_RD_CLIENT_SUSPEND_SOCKET_AT_IDLE", "LWM2M_RD_CLIENT_LISTEN_AT_IDLE",
	} {
		t.Run(idle, func(t *testing.T) {
			virtual(t, func(_ *testing.T, w *world) {
				d := w.newDevice()
				d.config.AtIdle, d.caching, d.cid = idle, true, false
				c := d.register(d.psk(1)) // /1/0/6 is false
				battery, signal := c.observe("/3/0/9", none), c.observe("/4/0/2", none)
				w.network.SetFate(func(_, _ packetnet.Address, _ []byte) packetnet.Fate { return packetnet.Fate{500 * time.Millisecond} })
				for i := range int64(20) {
					pass(10 * time.Minute)
					c.set("/3/0/9", lwm2m.Integer(i))
					pass(time.Duration(i) * 200 * time.Millisecond) // handshake, Update, notification
					c.set("/4/0/2", lwm2m.Integer(-i-50))
					battery.next().has(values{"/3/0/9": textOf(i)})
					signal.next().has(values{"/4/0/2": textOf(-i - 50)})
				}
			})
		})
	}
}
