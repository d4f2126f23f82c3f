package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	endpoint = "urn:imei:351358811124772"
	register = "POST rd?lwm2m=1.1&ep=" + endpoint + "&lt=43200&b=U"
	update   = "POST rd/a/b c"
)

func config() client.Config {
	return client.Config{
		Formats:  format.Config{TLV: true, SenMLJSON: true, SenMLCBOR: true, CBOR: true, Records: 45},
		Lifetime: 43200 * time.Second, UpdatePeriod: 3600 * time.Second, UpdateEarly: 60 * time.Second, SSID: 101, MaxRetries: 5, Bootstrap: true,
		EndpointNameSize: 33, Uptime: 30 * time.Second, PeerPort: 5683, DNS: true, MaxObservations: 5, MaxAttributes: 20, MaxCompositePaths: 15,
		BlockSize: 1024, MaxMessage: 1280, BlockTransfer: true, MaxBody: 4096, IncomingBodies: 3, OutgoingBodies: 3, KeySize: 33,
		SecurityInstances: 3, ServerInstances: 2, MaxCipherSuites: 5,
	}
}

func sleepy() client.Config {
	c := config()
	c.QueueMode, c.AtIdle = true, "LWM2M_RD_CLIENT_STOP_POLLING_AT_IDLE"
	return c
}

var plain = security.Account{URI: "coap://server.example", Mode: security.NoSec}

// sensor is object 3303 with one instance, and an executable resource.
type sensor struct {
	lwm2m.Values
	mu       sync.Mutex
	executed int
}

func (s *sensor) Execute(lwm2m.Path, []lwm2m.Argument) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.executed++
	return nil, nil
}

func newSensor() *sensor {
	definition := &lwm2m.Definition{ID: 3303, Name: "Temperature", URN: "urn:oma:lwm2m:ext:3303:1.1", Version: "1.1", Multiple: true, Resources: []lwm2m.Resource{
		{ID: 5605, Name: "Reset", Operations: lwm2m.E},
		{ID: 5700, Name: "Sensor Value", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeFloat},
		{ID: 5750, Name: "Application Type", Operations: lwm2m.RW, Type: lwm2m.TypeString},
	}}
	return &sensor{Values: lwm2m.Values{Of: definition, Instances: 1, Initial: func(i uint16) []lwm2m.Item {
		return []lwm2m.Item{{Path: lwm2m.NewPath(3303, i, 5700), Value: lwm2m.Float(21.5)}}
	}}}
}

var temperature = lwm2m.NewPath(3303, 0, 5700)

// bench is a client and its server in virtual time.
type bench struct {
	*testing.T
	*client.Client
	peer   *peer
	stop   context.CancelFunc
	joined chan error

	mu     sync.Mutex
	events []string
}

func start(t *testing.T, config client.Config, change func(*client.Options)) *bench {
	t.Helper()
	b := &bench{T: t, peer: newPeer(t), joined: make(chan error, 1)}
	options := client.Options{
		Endpoint: endpoint, Accounts: []security.Account{plain}, Objects: []lwm2m.Object{newSensor()}, Plain: b.peer, Logger: slog.New(slog.DiscardHandler),
		Events: func(e client.Event) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.events = append(b.events, e.Kind.String())
		},
	}
	if change != nil {
		change(&options)
	}
	if _, plain := options.Plain.(*peer); plain && options.Secure != nil {
		options.Secure = b.peer
	}
	made, err := client.New(config, options)
	if err != nil {
		t.Fatal(err)
	}
	b.Client = made
	var ctx context.Context
	ctx, b.stop = context.WithCancel(context.Background())
	go func() { b.joined <- made.Run(ctx) }()
	return b
}

// end ends the client and the server.
func (b *bench) end() {
	b.stop()
	if err := <-b.joined; err != nil {
		b.Error(err)
	}
	b.peer.close()
}

func (b *bench) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (b *bench) expectEvents(want ...string) {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.events, want) {
		b.Errorf("events:\n got  %q\n want %q", b.events, want)
	}
	b.events = nil
}

func run(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func TestRegister(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), nil)
		defer b.end()
		b.wait(time.Minute)
		b.peer.expect()
		b.Start()
		b.wait(time.Second)
		b.peer.expect(register)
		want := `</>;rt="oma.lwm2m";ct="60 110 112 11542",</1/0>,</3303>;ver=1.1,</3303/0>`
		if got := string(b.peer.payloads[register]); got != want {
			t.Errorf("objects:\n got  %s\n want %s", got, want)
		}
		b.expectEvents("connecting", "registered")
		if b.State() != registration.Registered {
			t.Errorf("state %v", b.State())
		}
		b.wait(3 * time.Hour)
		b.peer.expect(update, update, update)
		if err := b.Tree().Create(lwm2m.NewPath(3303, 1), lwm2m.Item{Path: lwm2m.NewPath(3303, 1, 5700), Value: lwm2m.Float(1)}); err != nil {
			t.Fatal(err)
		}
		b.wait(time.Second)
		b.peer.expect(update)
		if got := string(b.peer.payloads[update]); !strings.HasSuffix(got, "</3303/0>,</3303/1>") {
			t.Errorf("objects: %s", got)
		}
		b.Stop()
		b.wait(time.Second)
		b.peer.expect("DELETE rd/a/b c")
		b.expectEvents("registration updated", "registration updated", "registration updated", "registration updated", "de-registered", "stopped")
	})
}

func TestManagement(t *testing.T) {
	run(t, func(t *testing.T) {
		object := newSensor()
		var executed, written []string
		b := start(t, config(), func(o *client.Options) { o.Objects = []lwm2m.Object{object} })
		defer b.end()
		b.OnExecute(lwm2m.NewPath(3303, 0, 5605), func([]lwm2m.Argument) { executed = append(executed, "reset") })
		b.OnWritten(lwm2m.NewPath(3303), func(values []lwm2m.Item) {
			for _, each := range values {
				written = append(written, each.Path.String()+"="+each.Value.String())
			}
		})
		b.Start()
		b.wait(time.Second)
		b.peer.take1(true)
		if got := b.peer.ask(coap.GET, "3303/0/5700", func(p *packet) { p.Options.SetUint(coap.Accept, 0) }); got.code != 0x45 || string(got.Payload) != "21.5" {
			t.Errorf("read: %v %q", got.Code, got.Payload)
		}
		for path, want := range map[string]byte{"0": 0x81, "0/0/5": 0x81, "1/0/17": 0x84, "9": 0x84, "rd": 0x84, "bs": 0x84} {
			if got := b.peer.ask(coap.GET, path, nil); got.code != want && !(path == "1/0/17" && got.code == 0x85) {
				t.Errorf("GET /%s: %v", path, got.Code)
			}
		}
		if got := b.peer.ask(coap.PUT, "3303/0/5750", func(p *packet) {
			p.Options.SetUint(coap.ContentFormat, 0)
			p.Payload = []byte("room")
		}); got.code != 0x44 {
			t.Errorf("write: %v", got.Code)
		}
		if got := b.peer.ask(coap.POST, "3303/0/5605", nil); got.code != 0x44 {
			t.Errorf("execute: %v", got.Code)
		}
		b.wait(time.Second)
		if object.executed != 1 || len(executed) != 1 || len(written) != 1 || written[0] != "/3303/0/5750=room" {
			t.Errorf("executed %d, %v; written %v", object.executed, executed, written)
		}
		b.peer.expect()
		if got := b.peer.ask(coap.PUT, "1/0/1", func(p *packet) {
			p.Options.SetUint(coap.ContentFormat, 0)
			p.Payload = []byte("86400")
		}); got.code != 0x44 {
			t.Errorf("write: %v", got.Code)
		}
		b.wait(time.Second)
		b.peer.expect(update + "?lt=86400")
		if got := b.peer.ask(coap.POST, "1/0/8", nil); got.code != 0x44 {
			t.Errorf("execute: %v", got.Code)
		}
		b.wait(time.Second)
		b.peer.expect(update)
		if got := b.peer.ask(coap.POST, "1/0/9", nil); got.code != 0x85 {
			t.Errorf("a bootstrap without a bootstrap server: %v", got.Code)
		}
	})
}

func TestObserve(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), nil)
		defer b.end()
		b.Start()
		b.wait(time.Second)
		first := b.peer.ask(coap.GET, "3303/0/5700", func(p *packet) {
			p.Options.SetUint(coap.Observe, 0)
			p.Options.SetUint(coap.Accept, 0)
		})
		before, observed := first.Options.Uint(coap.Observe)
		if first.code != 0x45 || !observed {
			t.Fatalf("observe: %v", first.Code)
		}
		set := func(value float64) {
			t.Helper()
			if err := b.Tree().Set(lwm2m.Item{Path: temperature, Value: lwm2m.Float(value)}); err != nil {
				t.Fatal(err)
			}
			b.wait(time.Second)
		}
		next := func(want string) {
			t.Helper()
			select {
			case n := <-b.peer.notified:
				sequence, _ := n.Options.Uint(coap.Observe)
				if n.token != first.token || n.code != 0x45 || string(n.Payload) != want || sequence <= before || n.kind != 0 {
					t.Errorf("notification %+v", n)
				}
				before = sequence
			default:
				t.Error("no notification")
			}
		}
		set(22)
		next("22")
		set(22)
		if got := b.peer.ask(coap.PUT, "3303/0/5700", func(p *packet) { p.Options.AddString(coap.URIQuery, "st=2") }); got.code != 0x44 {
			t.Errorf("write-attributes: %v", got.Code)
		}
		b.wait(time.Second)
		set(23)
		set(24.5)
		next("24.5")
		if len(b.peer.notified) > 0 {
			t.Error("more notifications than changes")
		}
		if len(b.Observations()) != 1 || b.ReportStats().Sent != 2 {
			t.Errorf("%d observations, %+v", len(b.Observations()), b.ReportStats())
		}
		// A new registration voids the observation.
		b.peer.take1(true)
		b.peer.set(func() {
			b.peer.answer = func(p packet) packet {
				if p.summary() == update {
					return code(0x84)
				}
				return packet{}
			}
		})
		b.Update()
		b.wait(time.Second)
		b.peer.expect(update, register)
		if len(b.Observations()) != 0 {
			t.Error("the observation has outlived the registration")
		}
	})
}

func TestUnacknowledgedNotification(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), nil)
		defer b.end()
		b.Start()
		b.wait(time.Second)
		b.peer.ask(coap.GET, "3303/0/5700", func(p *packet) { p.Options.SetUint(coap.Observe, 0) })
		b.peer.take1(true)
		b.expectEvents("connecting", "registered")
		b.peer.set(func() { b.peer.silent = true })
		if err := b.Tree().Set(lwm2m.Item{Path: temperature, Value: lwm2m.Float(5)}); err != nil {
			t.Fatal(err)
		}
		b.wait(40 * time.Second)
		b.peer.set(func() { b.peer.silent = false })
		b.wait(2 * time.Minute)
		if len(b.peer.notified) != 1 {
			t.Errorf("%d notifications", len(b.peer.notified))
		}
	})
}

func TestSend(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), nil)
		defer b.end()
		ctx := context.Background()
		if err := b.Send(ctx, temperature); !errors.Is(err, client.ErrNotRegistered) {
			t.Errorf("before the registration: %v", err)
		}
		b.Start()
		b.wait(time.Second)
		if err := b.Send(ctx, temperature); err != nil {
			t.Fatal(err)
		}
		want := "81a200702f333330332f302f3537303002f94d60"
		if got := fmt.Sprintf("%x", b.peer.payloads["POST dp"]); got != want {
			codec := format.New(format.Config{SenMLCBOR: true})
			items, err := codec.Decode(format.SenMLCBOR, lwm2m.Path{}, b.peer.payloads["POST dp"], b.Tree())
			if err != nil || len(items) != 1 || items[0].Path != temperature || items[0].Value.Float() != 21.5 {
				t.Errorf("payload %s: %v, %v", got, items, err)
			}
		}
		// An instance that the server does not know yet.
		if err := b.Tree().Create(lwm2m.NewPath(3303, 7), lwm2m.Item{Path: lwm2m.NewPath(3303, 7, 5700), Value: lwm2m.Float(1)}); err != nil {
			t.Fatal(err)
		}
		b.peer.take1(true)
		if err := b.Send(ctx, lwm2m.NewPath(3303)); err != nil {
			t.Fatal(err)
		}
		b.peer.expect(update, "POST dp")
		for what, paths := range map[string][]lwm2m.Path{
			"LWM2M_COMPOSITE_PATH_LIST_SIZE": make([]lwm2m.Path, 16), "no paths": nil, "/0/0 cannot": {lwm2m.NewPath(0, 0)}, "no such object": {lwm2m.NewPath(9)},
			"nothing at": {lwm2m.NewPath(3303, 99)},
		} {
			if err := b.Send(ctx, paths...); err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%v: %v", what, err)
			}
		}
		b.peer.set(func() {
			b.peer.answer = func(p packet) packet {
				if p.text(coap.URIPath) == "dp" {
					return code(0x80)
				}
				return packet{}
			}
		})
		refused, is := errors.AsType[*client.SendError](b.Send(ctx, temperature))
		if !is || refused.Code != coap.BadRequest {
			t.Errorf("refused: %v", refused)
		}
		if got := b.peer.ask(coap.PUT, "1/0/23", func(p *packet) {
			p.Options.SetUint(coap.ContentFormat, 0)
			p.Payload = []byte("1")
		}); got.code != 0x44 {
			t.Fatalf("write: %v", got.Code)
		}
		if err := b.Send(ctx, temperature); !errors.Is(err, client.ErrMuted) {
			t.Errorf("muted: %v", err)
		}
		b.stop()
		b.wait(time.Second)
		if err := b.Send(ctx, temperature); !errors.Is(err, client.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestByHand(t *testing.T) {
	run(t, func(t *testing.T) {
		b := start(t, config(), func(o *client.Options) { o.Accounts, o.Manual = nil, true })
		defer b.end()
		if err := b.StartAs("desk", true); err == nil {
			t.Error("a bootstrap without an account")
		}
		at := lwm2m.NewPath(0, 0)
		set := func(values ...lwm2m.Item) {
			t.Helper()
			if err := b.Tree().Set(values...); err != nil {
				t.Fatal(err)
			}
		}
		set(lwm2m.Item{Path: at.Child(0), Value: lwm2m.String("coap://server.example")}, lwm2m.Item{Path: at.Child(1), Value: lwm2m.Boolean(false)},
			lwm2m.Item{Path: at.Child(2), Value: lwm2m.Integer(3)}, lwm2m.Item{Path: at.Child(10), Value: lwm2m.Integer(1)})
		server := lwm2m.NewPath(1, 0)
		if err := b.Tree().Create(server); err != nil {
			t.Fatal(err)
		}
		set(lwm2m.Item{Path: server.Child(0), Value: lwm2m.Integer(1)}, lwm2m.Item{Path: server.Child(1), Value: lwm2m.Integer(86400)})
		b.wait(time.Second)
		b.peer.expect()
		if err := b.StartAs("desk", false); err != nil {
			t.Fatal(err)
		}
		b.wait(time.Second)
		b.peer.expect("POST rd?lwm2m=1.1&ep=desk&lt=86400&b=U")
		if err := b.Send(t.Context(), temperature); err != nil {
			t.Error(err)
		}
		b.Pause()
		b.wait(10 * time.Hour)
		b.peer.expect("POST dp")
		if err := b.Send(t.Context(), temperature); err == nil {
			t.Error("a Send in a pause")
		}
		b.Resume()
		b.wait(time.Second)
		b.peer.expect(update)
		if err := b.Execute(lwm2m.NewPath(1, 0, 8), nil); err != nil {
			t.Error(err)
		}
		b.wait(time.Second)
		b.peer.expect(update)
		if err := b.Execute(lwm2m.NewPath(1, 0, 1), nil); err == nil {
			t.Error("a lifetime is executed")
		}
	})
}

func TestRefusedConfigurations(t *testing.T) {
	for want, change := range map[string]func(*client.Config, *client.Options){
		"LWM2M_DTLS_SUPPORT": func(_ *client.Config, o *client.Options) { o.Accounts = []security.Account{secure} },
		"raw public key": func(_ *client.Config, o *client.Options) {
			o.Accounts = []security.Account{{URI: "coaps://h", Mode: security.RawPublicKey}}
		},
		"certificates": func(_ *client.Config, o *client.Options) {
			o.Accounts = []security.Account{{URI: "coaps://h", Mode: security.Certificate}}
		},
		"LWM2M_DNS_SUPPORT":                        func(c *client.Config, _ *client.Options) { c.DNS = false },
		"LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP":        func(c *client.Config, o *client.Options) { c.Bootstrap = false; bootstrapServer(o) },
		"LWM2M_RD_CLIENT_ENDPOINT_NAME_MAX_LENGTH": func(c *client.Config, _ *client.Options) { c.EndpointNameSize = 10 },
		"endpoint name is empty":                   func(_ *client.Config, o *client.Options) { o.Endpoint = "" },
		"LWM2M_RD_CLIENT_AT_IDLE":                  func(c *client.Config, _ *client.Options) { c.AtIdle = "LWM2M_RD_CLIENT_DO_SOMETHING" },
		"LWM2M_SECURITY_INSTANCE_COUNT":            func(c *client.Config, _ *client.Options) { c.SecurityInstances = 1 },
		"LWM2M_SERVER_INSTANCE_COUNT":              func(c *client.Config, _ *client.Options) { c.ServerInstances = 1 },
		"LWM2M_SECURITY_KEY_SIZE": func(c *client.Config, o *client.Options) {
			o.Accounts = []security.Account{secure}
			o.Secure = o.Plain
			c.KeySize = 16
		},
		"LWM2M_SERVER_DEFAULT_SSID":     func(_ *client.Config, o *client.Options) { o.Accounts[1].SSID = 101 },
		"LWM2M_ENGINE_DEFAULT_LIFETIME": func(c *client.Config, _ *client.Options) { c.Lifetime = time.Second },
		"LWM2M_QUEUE_MODE_UPTIME":       func(c *client.Config, _ *client.Options) { c.QueueMode, c.Uptime = true, 0 },
		"there is one of this id":       func(_ *client.Config, o *client.Options) { o.Objects = []lwm2m.Object{newSensor(), newSensor()} },
	} {
		c := config()
		options := client.Options{Endpoint: endpoint, Accounts: []security.Account{plain, {URI: "coap://192.0.2.1", Mode: security.NoSec, SSID: 5}}, Plain: newPeer(t)}
		change(&c, &options)
		if _, err := client.New(c, options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
