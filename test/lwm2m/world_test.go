package lwm2m

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/packetnet"
)

// Addresses of the servers.
const (
	plainServer     = "server:5683"
	secureServer    = "server:5684"
	plainBootstrap  = "bootstrap:5683"
	secureBootstrap = "bootstrap:5684"
)

// patience is how long a test waits for what should come at once, by the virtual clock.
const patience = 5 * time.Minute

// world is the lab's server and a network in memory.
type world struct {
	t            testing.TB
	network      *packetnet.Network
	server       *server.Server
	socket       *packetnet.Conn // plainServer: what a hostile server sends goes out here, past the lab's
	secureSocket *packetnet.Conn
	log          *log
	devices      int
	coap         coap.Config // of the server
}

// virtual runs a test in virtual time, beside others.
func virtual(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	alone(t, test)
}

// alone is virtual for a test that looks at what is the process's.
func alone(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, network: &packetnet.Network{}, log: newLog()}
		w.start(nil)
		t.Cleanup(func() {
			w.stop()
			if t.Failed() {
				t.Logf("the last of what happened:\n%s", w.log)
			}
		})
		test(t, w)
	})
}

// start starts the server, with the PSK store of an earlier one.
func (w *world) start(store *server.Store) {
	w.t.Helper()
	listen := func(address string) *packetnet.Conn {
		conn, err := w.network.Listen(address)
		if err != nil {
			w.t.Fatal(err)
		}
		return conn
	}
	w.socket, w.secureSocket = listen(plainServer), listen(secureServer)
	var err error
	w.server, err = server.Start(server.Config{
		Store: store, Plain: w.socket, Secure: w.secureSocket, BootstrapPlain: listen(plainBootstrap), BootstrapSecure: listen(secureBootstrap),
		// The server takes a device for asleep a little before it is: what it sends meets a device that listens.
		BootstrapKey: []byte(bootstrapKey), AwakeTime: uptime - 5*time.Second, CoAP: w.coap, Observe: func(e server.Event) {
			w.log.add(event{kind: string(e.Kind), endpoint: e.Endpoint, at: e.Time, lab: e})
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stop() {
	w.t.Helper()
	if err := w.server.Close(); err != nil {
		w.t.Error(err)
	}
}

// impairments are what a link does to datagrams, both ways. The probabilities are from 0 to 1.
type impairments struct {
	loss, duplication, reordering float64 // a reordered datagram comes up to two jitters late
	delay, jitter                 time.Duration
}

// impair has links do something to datagrams from now on, by chance with a seed.
func (w *world) impair(seed uint64, i impairments) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 11))
	w.network.SetFate(func(_, _ packetnet.Address, _ []byte) packetnet.Fate {
		mu.Lock()
		defer mu.Unlock()
		if random.Float64() < i.loss {
			return nil
		}
		copies := 1
		if random.Float64() < i.duplication {
			copies = 2
		}
		var fate packetnet.Fate
		for range copies {
			delay := i.delay + time.Duration(random.Float64()*float64(i.jitter))
			if random.Float64() < i.reordering {
				delay += time.Duration(random.Float64() * float64(2*i.jitter))
			}
			fate = append(fate, delay)
		}
		return fate
	})
}

// within is a context that ends by the virtual clock.
func within(t testing.TB, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// pass lets time pass, and all that it leads to happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// name makes the endpoint name of the next device.
func (w *world) name() string {
	w.devices++
	name := strings.ToLower(strings.TrimPrefix(w.t.Name(), "TestETS_"))
	if parts := strings.SplitN(name, "_", 3); len(parts) == 3 {
		name = parts[0] + "-" + parts[1]
	}
	return fmt.Sprintf("%.20s-%d", strings.ReplaceAll(name, "/", "-"), w.devices)
}
