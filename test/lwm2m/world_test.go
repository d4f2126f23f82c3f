package lwm2m

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
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
	t       testing.TB
	network *packetnet.Network
	server  *server.Server
	socket  *packetnet.Conn // plainServer: what a hostile server sends goes out here, past the lab's
	log     *log
	devices int
}

// virtual runs a test in virtual time, beside others.
func virtual(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
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
	w.socket = listen(plainServer)
	var err error
	w.server, err = server.Start(server.Config{
		Store: store, Plain: w.socket, Secure: listen(secureServer), BootstrapPlain: listen(plainBootstrap), BootstrapSecure: listen(secureBootstrap),
		BootstrapKey: []byte(bootstrapKey), Observe: func(e server.Event) {
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
