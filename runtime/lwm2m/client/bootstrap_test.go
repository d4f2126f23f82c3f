package client_test

import (
	"bytes"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/server"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// memory is a Store.
type memory struct {
	mu      sync.Mutex
	content []byte
	saves   int
}

func (m *memory) Load() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.content == nil {
		return nil, fs.ErrNotExist
	}
	return m.content, nil
}

func (m *memory) Save(content []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.content = content
	m.saves++
	return nil
}

const bootstrapRequest = "POST bs?ep=" + endpoint + "&pct=112"

func bootstrapServer(o *client.Options) {
	o.Accounts = []security.Account{{URI: "coap://bs.example:5783", Mode: security.NoSec, Bootstrap: true, HoldOff: 10 * time.Second}}
}

// definitions are those of the objects 0 and 1.
func definitions(t *testing.T) *tree.Tree {
	t.Helper()
	all := tree.New()
	accounts, err := security.New(security.Config{})
	if err != nil {
		t.Fatal(err)
	}
	servers, err := server.New(server.Config{Lifetime: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range []lwm2m.Object{accounts, servers} {
		if err := all.Add(object); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// provision writes what a bootstrap server writes, and gives the answer to Finish.
func (b *bench) provision(uri string, lifetime int64) packet {
	b.Helper()
	codec := format.New(format.Config{SenMLCBOR: true})
	write := func(path string, items ...lwm2m.Item) {
		b.Helper()
		at, err := lwm2m.ParsePath(path)
		if err != nil {
			b.Fatal(err)
		}
		payload, err := codec.Append(nil, format.SenMLCBOR, at, items, definitions(b.T))
		if err != nil {
			b.Fatal(err)
		}
		if got := b.peer.ask(coap.PUT, path, func(p *packet) {
			p.Options.SetUint(coap.ContentFormat, uint32(format.SenMLCBOR))
			p.Payload = payload
		}); got.code != 0x44 {
			b.Errorf("PUT %s: %v", path, got.Code)
		}
	}
	if got := b.peer.ask(coap.DELETE, "", nil); got.code != 0x42 {
		b.Errorf("DELETE /: %v", got.Code)
	}
	value := func(object, instance, resource uint16, v lwm2m.Value) lwm2m.Item {
		return lwm2m.Item{Path: lwm2m.NewPath(object, instance, resource), Value: v}
	}
	write("0/5", value(0, 5, 0, lwm2m.String(uri)), value(0, 5, 1, lwm2m.Boolean(false)), value(0, 5, 2, lwm2m.Integer(3)), value(0, 5, 10, lwm2m.Integer(102)))
	write("1/3", value(1, 3, 0, lwm2m.Integer(102)), value(1, 3, 1, lwm2m.Integer(lifetime)), value(1, 3, 7, lwm2m.String("U")))
	return b.peer.ask(coap.POST, "bs", nil)
}

func TestBootstrap(t *testing.T) {
	run(t, func(t *testing.T) {
		store := &memory{}
		b := start(t, config(), func(o *client.Options) {
			bootstrapServer(o)
			o.Store = store
		})
		defer b.end()
		b.Start()
		b.wait(9 * time.Second)
		b.peer.expect()
		b.wait(2 * time.Second)
		b.peer.expect(bootstrapRequest)
		if got := b.peer.ask(coap.GET, "", func(p *packet) { p.Options.SetUint(coap.Accept, 40) }); !strings.HasPrefix(string(got.Payload), `</>;lwm2m=1.1,</0/0>;uri="coap://bs.example:5783",`) {
			t.Errorf("discover: %v %s", got.Code, got.Payload)
		}
		if got := b.provision("coap://server.example", 100000); got.code != 0x44 {
			t.Fatalf("finish: %v", got.Code)
		}
		b.wait(900 * time.Millisecond)
		b.peer.expect()
		b.wait(200 * time.Millisecond)
		b.peer.expect("POST rd?lwm2m=1.1&ep=" + endpoint + "&lt=100000&b=U")
		b.expectEvents("bootstrap started", "bootstrap finished", "connecting", "registered")
		if b.peer.targets[0].Address != "bs.example:5783" || b.peer.targets[1].Address != "server.example:5683" {
			t.Errorf("connected to %+v", b.peer.targets)
		}
		if got := b.peer.ask(coap.GET, "1/3/12", func(p *packet) { p.Options.SetUint(coap.Accept, 0) }); got.code != 0x45 {
			t.Errorf("Last Bootstrapped: %v", got.Code)
		}
		if err := b.Send(t.Context(), temperature); err != nil {
			t.Errorf("Mute Send is not false: %v", err)
		}
		// From the server, everything of the bootstrap interface is refused.
		if got := b.peer.ask(coap.POST, "bs", nil); got.code != 0x84 {
			t.Errorf("a finish of the server: %v", got.Code)
		}
		if store.saves == 0 {
			t.Fatal("nothing was saved")
		}
		first := bytes.Clone(store.content)
		b.stop()

		// After a restart the accounts are there without a bootstrap.
		again := start(t, config(), func(o *client.Options) {
			bootstrapServer(o)
			o.Store = store
		})
		defer again.end()
		again.Start()
		again.wait(time.Second)
		again.peer.expect("POST rd?lwm2m=1.1&ep=" + endpoint + "&lt=100000&b=U")

		// Content that is damaged, or of other accounts, does not count.
		for _, content := range [][]byte{nil, {}, []byte("LwM2M accounts 1\n"), first[:len(first)-1], append(bytes.Clone(first), 0), bytes.Replace(first, []byte("server"), []byte("servex"), 1)} {
			third := start(t, config(), func(o *client.Options) {
				bootstrapServer(o)
				o.Store = &memory{content: content}
			})
			third.Start()
			third.wait(11 * time.Second)
			third.peer.expect(bootstrapRequest)
			third.end()
		}
		other := start(t, config(), func(o *client.Options) {
			bootstrapServer(o)
			o.Accounts[0].URI = "coap://another.example"
			o.Store = &memory{content: first}
		})
		other.Start()
		other.wait(11 * time.Second)
		other.peer.expect(bootstrapRequest)
		other.end()
	})
}

func TestBootstrapRestores(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), bootstrapServer)
		defer b.end()
		b.Start()
		b.wait(11 * time.Second)
		b.peer.expect(bootstrapRequest)
		if got := b.provision("", 100000); got.code != 0x86 {
			t.Errorf("finish without an address: %v", got.Code)
		}
		b.wait(time.Second)
		if servers := b.Tree().Children(lwm2m.NewPath(1)); len(servers) != 0 {
			t.Errorf("object 1 has %v", servers)
		}
		b.wait(time.Minute)
		b.peer.expect(bootstrapRequest)
		b.peer.ask(coap.DELETE, "1", nil)
		b.wait(247*time.Second + 120*time.Second)
		b.peer.expect(bootstrapRequest)
		b.expectEvents("bootstrap started", "bootstrap attempt failed", "bootstrap started", "bootstrap attempt failed", "bootstrap started")
	})
}

func TestBootstrapAskedFor(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), func(o *client.Options) {
			bootstrapServer(o)
			o.Accounts = append(o.Accounts, plain)
		})
		defer b.end()
		b.Start()
		b.wait(time.Second)
		b.peer.expect(register)
		if got := b.peer.ask(coap.POST, "1/0/9", nil); got.code != 0x44 {
			t.Fatalf("execute: %v", got.Code)
		}
		b.wait(11 * time.Second)
		b.peer.expect(bootstrapRequest)
		if got := b.provision("coap://next.example", 50000); got.code != 0x44 {
			t.Fatalf("finish: %v", got.Code)
		}
		b.wait(2 * time.Second)
		b.peer.expect("POST rd?lwm2m=1.1&ep=" + endpoint + "&lt=50000&b=U")
	})
}

func TestRegistrationFails(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), nil)
		defer b.end()
		b.peer.set(func() { b.peer.answer = func(packet) packet { return code(0x83) } })
		b.Start()
		b.wait(time.Hour)
		b.peer.expect(register, register, register, register, register)
		b.expectEvents("connecting", "registration attempt failed", "connecting", "registration attempt failed", "connecting", "registration attempt failed",
			"connecting", "registration attempt failed", "connecting", "registration failed")
		if b.State() != registration.Failed {
			t.Errorf("state %v", b.State())
		}
		b.peer.set(func() { b.peer.answer = nil })
		b.Start()
		b.wait(time.Second)
		b.expectEvents("connecting", "registered")
	})
}
