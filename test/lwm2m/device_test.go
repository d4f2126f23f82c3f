package lwm2m

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/coap/dtls"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client/secure"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/binaryapp"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/cellular"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/connmon"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/connstat"
	objectDevice "github.com/cloudgen/cloudgen/runtime/lwm2m/object/device"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/location"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/portfolio"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
)

const (
	deviceKey    = "0123456789abcdef"
	bootstrapKey = "fedcba9876543210"
)

// uptime is LWM2M_QUEUE_MODE_UPTIME.
const uptime = 93 * time.Second

// config is what overlay-lwm2m.hcl says, with the objects and formats that the cases need.
func config() client.Config {
	return client.Config{
		Formats:  format.Config{TLV: true, JSON: true, SenMLJSON: true, SenMLCBOR: true, CBOR: true, Records: 100},
		Lifetime: 15 * time.Second, UpdateEarly: 60 * time.Second, SSID: 1, MaxRetries: 5, Bootstrap: true,
		QueueMode: true, Uptime: uptime, AtIdle: "LWM2M_RD_CLIENT_STOP_POLLING_AT_IDLE",
		EndpointNameSize: 33, PeerPort: 5683, DNS: true, MaxObservations: 10, MaxAttributes: 20, MaxCompositePaths: 15,
		BlockSize: 1024, MaxMessage: 1280, BlockTransfer: true, MaxBody: 8192, IncomingBodies: 3, OutgoingBodies: 3, KeySize: 64,
		SecurityInstances: 3, ServerInstances: 2, MaxCipherSuites: 5,
	}
}

// device is a program with the client and its objects. It restarts when the client asks for it.
type device struct {
	*world
	endpoint   string
	config     client.Config
	accounts   []security.Account
	cid        bool            // offers a Connection ID
	caching    bool            // resumes sessions
	target     firmware.Target // of images; nil: there is none
	board      *board          // gives target and version; nil: no bootloader
	version    string
	persistent bool  // begins anew when all attempts to register are used up
	bootstrap  bool  // starts with a bootstrap though there is an account
	lifetime   int64 // seconds, of the factory's account /1/0; 0: the configuration's

	dialer  *secure.Dialer // the sessions that it remembers outlive a restart of the client, not of the program
	program *program
	running *client.Client

	end   context.CancelFunc
	ended chan struct{}

	mu      sync.Mutex
	uplinks []*uplink
}

// newDevice makes a device that is not started yet.
func (w *world) newDevice() *device {
	w.t.Helper()
	d := &device{world: w, endpoint: w.name(), config: config(), cid: true, version: "1.0.0", lifetime: 86400}
	d.program = &program{device: d, kept: map[string][]byte{}, restart: make(chan string, 1)}
	return d
}

// psk gives the account of the device at the secure server, which learns the key too.
func (d *device) psk(ssid uint16) security.Account {
	d.t.Helper()
	if err := d.server.Store().Add(server.Credential{Endpoint: d.endpoint, Identity: "id-" + d.endpoint, Key: []byte(deviceKey)}); err != nil {
		d.t.Fatal(err)
	}
	return security.Account{URI: "coaps://" + secureServer, Mode: security.PSK, SSID: ssid, Identity: []byte("id-" + d.endpoint), Key: []byte(deviceKey)}
}

func noSec(ssid uint16) security.Account {
	return security.Account{URI: "coap://" + plainServer, Mode: security.NoSec, SSID: ssid}
}

// atBootstrap is the account of the bootstrap server, configuration C.13.
func atBootstrap() security.Account {
	return security.Account{URI: "coap://" + plainBootstrap, Mode: security.NoSec, Bootstrap: true}
}

// start runs the program until the end of the test.
func (d *device) start() {
	d.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d.end, d.ended = cancel, make(chan struct{})
	on := d.boot()
	go func() {
		defer close(d.ended)
		for on && d.run(ctx) {
			on = d.boot()
		}
	}()
	d.t.Cleanup(d.stop)
}

// stop ends the program as a power cut does.
func (d *device) stop() {
	d.end()
	<-d.ended
}

// run runs the client until ctx ends, or a restart.
func (d *device) run(ctx context.Context) (again bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	current := d.client()
	go func() { done <- current.Run(ctx) }()
	if d.bootstrap {
		if err := current.StartAs(d.endpoint, true); err != nil {
			d.t.Error(err)
		}
	} else {
		current.Start()
	}
	var cut <-chan struct{}
	if d.board != nil {
		cut = d.board.disk.cut
	}
	select {
	case <-ctx.Done():
	case <-cut:
	case reason := <-d.program.restart:
		d.log.add(event{kind: "client", endpoint: d.endpoint, at: time.Now(), detail: "restart: " + reason})
		time.Sleep(time.Second) // as a program takes to end: the last answer is under way
		again = true
	}
	cancel()
	if err := <-done; err != nil {
		d.t.Error(err)
	}
	return again
}

func (d *device) client() *client.Client {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.running
}

// boot makes the client with its objects. It is false where there is no power for that.
func (d *device) boot() bool {
	if f, is := d.target.(*flash); is {
		d.mu.Lock()
		d.version = f.boot()
		d.mu.Unlock()
	}
	if d.board != nil {
		target, err := d.board.start()
		if err != nil {
			if !errors.Is(err, durabletest.ErrCut) {
				d.t.Error(err)
			}
			return false
		}
		d.mu.Lock()
		d.target, d.version = target, strconv.Itoa(d.board.runs())
		d.mu.Unlock()
	}
	dialer := secure.NewOver(secure.Config{DTLS: dtls.Config{ConnectionID: d.cid, SessionCaching: d.caching}}, d.open)
	c, err := client.New(d.config, client.Options{
		Endpoint: d.endpoint, Accounts: d.accounts, Objects: d.objects(), Program: d.program, Store: accounts{d.program},
		Plain: tap{d, client.Dialer(plain{d})}, Secure: tap{d, dialer}, Logger: slog.New(slog.DiscardHandler),
		Events: func(e client.Event) {
			d.log.add(event{kind: "client", endpoint: d.endpoint, at: time.Now(), detail: fmt.Sprint(e.Kind, " ", e.Err)})
			if d.persistent && e.Kind == client.RegistrationFailed {
				d.client().Start()
			}
			if d.board != nil && e.Kind == client.Registered && !d.board.registered() {
				time.AfterFunc(10*time.Second, func() { d.program.Restart("it is given up") })
			}
		},
	})
	if err != nil {
		d.t.Error(err)
		return false
	}
	c.OnExecute(lwm2m.NewPath(3, 0, 4), func([]lwm2m.Argument) { d.program.Restart("the server wishes it") })
	d.mu.Lock()
	d.running, d.dialer = c, dialer
	d.mu.Unlock()
	initial := d.values()
	if d.lifetime != 0 && c.Tree().Exists(at("/1/0")) {
		initial = append(initial, lwm2m.Item{Path: at("/1/0/1"), Value: lwm2m.Integer(d.lifetime)}, lwm2m.Item{Path: at("/1/0/6"), Value: lwm2m.Boolean(false)})
	}
	if err := c.Tree().Set(initial...); err != nil {
		d.t.Error(err)
	}
	return true
}

// objects makes the objects beside 0 and 1.
func (d *device) objects() []lwm2m.Object {
	var all []lwm2m.Object
	add := func(object lwm2m.Object, err error) {
		if err != nil {
			d.t.Error(err)
		}
		all = append(all, object)
	}
	add(objectDevice.New(objectDevice.Config{PowerSourceMax: 5, ErrorCodeMax: 5, ExtDevInfoMax: 3}))
	add(connmon.New(connmon.Config{Version: connmon.Version13}))
	image, err := firmware.New(firmware.Config{})
	if d.target != nil {
		image.UseTarget(d.target)
	}
	add(image, err)
	add(location.New(location.Config{}))
	add(connstat.New(connstat.Config{}))
	add(cellular.New(cellular.Config{Version11: true}))
	add(portfolio.New(portfolio.Config{}))
	add(binaryapp.New(binaryapp.Config{}))
	return all
}

// values are those of configuration C.1 and C.4 of object 3, and of objects 4 and 6.
func (d *device) values() []lwm2m.Item {
	item := func(path string, value lwm2m.Value) lwm2m.Item { return lwm2m.Item{Path: at(path), Value: value} }
	d.mu.Lock()
	defer d.mu.Unlock()
	return []lwm2m.Item{
		item("/3/0/0", lwm2m.String("Open Mobile Alliance")), item("/3/0/1", lwm2m.String("Lightweight M2M Client")),
		item("/3/0/2", lwm2m.String("345000123")), item("/3/0/3", lwm2m.String(d.version)),
		item("/3/0/6/0", lwm2m.Integer(1)), item("/3/0/6/1", lwm2m.Integer(5)),
		item("/3/0/7/0", lwm2m.Integer(3800)), item("/3/0/7/1", lwm2m.Integer(5000)),
		item("/3/0/8/0", lwm2m.Integer(125)), item("/3/0/8/1", lwm2m.Integer(900)), item("/3/0/9", lwm2m.Integer(100)),
		item("/4/0/0", lwm2m.Integer(6)), item("/4/0/1/0", lwm2m.Integer(6)), item("/4/0/1/1", lwm2m.Integer(7)),
		item("/4/0/2", lwm2m.Integer(-92)), item("/4/0/4/0", lwm2m.String("192.168.0.100")),
	}
}

func at(path string) lwm2m.Path {
	parsed, err := lwm2m.ParsePath(path)
	if err != nil {
		panic(err)
	}
	return parsed
}

// set changes values on the device.
func (d *device) set(path string, value lwm2m.Value) {
	d.t.Helper()
	if err := d.client().Tree().Set(lwm2m.Item{Path: at(path), Value: value}); err != nil {
		d.t.Fatal(err)
	}
}

// local is a value as the device has it.
func (d *device) local(path string) string {
	d.t.Helper()
	value, found := d.client().Tree().Get(at(path))
	if !found {
		d.t.Fatalf("the device has no %s", path)
	}
	return value.String()
}

// open opens a socket of the device.
func (d *device) open(_ context.Context, address string) (net.Conn, error) {
	u, err := newUplink(d.network, address)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.uplinks = append(d.uplinks, u)
	return u, nil
}

// move gives the device another address, as a router does that has forgotten it.
func (d *device) move() {
	d.t.Helper()
	d.mu.Lock()
	all := slices.Clone(d.uplinks)
	d.mu.Unlock()
	if err := all[len(all)-1].move(); err != nil {
		d.t.Fatal(err)
	}
}

// plain is the dialer of coap.
type plain struct{ device *device }

func (p plain) Dial(ctx context.Context, target client.Target) (net.Conn, error) {
	return p.device.open(ctx, target.Address)
}

// tap is a dialer of links whose messages go into the log.
type tap struct {
	device *device
	client.Dialer
}

func (t tap) Dial(ctx context.Context, target client.Target) (net.Conn, error) {
	conn, err := t.Dialer.Dial(ctx, target)
	if err != nil {
		return nil, err
	}
	return &tapped{conn, t.device}, nil
}

type tapped struct {
	net.Conn
	device *device
}

func (t *tapped) note(in bool, datagram []byte) {
	p, err := parse(datagram)
	e := event{kind: "coap", endpoint: t.device.endpoint, at: time.Now(), in: in, packet: p}
	if err != nil {
		e.kind, e.detail = "junk", fmt.Sprintf("% x", datagram)
	}
	t.device.log.add(e)
}

func (t *tapped) Read(buffer []byte) (int, error) {
	n, err := t.Conn.Read(buffer)
	if err == nil {
		t.note(false, buffer[:n])
	}
	return n, err
}

func (t *tapped) Write(datagram []byte) (int, error) {
	t.note(true, datagram)
	return t.Conn.Write(datagram)
}

func (t *tapped) Resumed() bool {
	session, tells := t.Conn.(interface{ Resumed() bool })
	return tells && session.Resumed()
}

func (t *tapped) HasConnectionID() bool {
	session, tells := t.Conn.(interface{ HasConnectionID() bool })
	return tells && session.HasConnectionID()
}

// connected is a device that the server knows.
type connected struct {
	*device
	*server.Device
	registered event // its last registration
	injected   int   // requests of a hostile server
}

// await waits for an event of this device after a mark.
func (d *device) await(mark int, kind string, good func(event) bool) event {
	d.t.Helper()
	return d.within(mark, patience, kind, good)
}

// within is await with a limit of its own.
func (d *device) within(mark int, limit time.Duration, kind string, good func(event) bool) event {
	d.t.Helper()
	return d.log.await(d.t, mark, limit, kind+" of "+d.endpoint, func(e event) bool {
		return e.kind == kind && (e.endpoint == d.endpoint || e.endpoint == "") && good(e)
	})
}

// happened waits for an event of the client itself.
func (d *device) happened(mark int, limit time.Duration, kind client.EventKind) event {
	d.t.Helper()
	return d.within(mark, limit, "client", func(e event) bool {
		return e.detail == kind.String() || len(e.detail) > len(kind.String()) && e.detail[:len(kind.String())+1] == kind.String()+" "
	})
}

func anything(event) bool { return true }

// arrived waits for a request from this device.
func (d *device) arrived(mark, code int, path string) event {
	d.t.Helper()
	return d.await(mark, "coap", func(e event) bool { return e.in && e.code == code && e.path() == path })
}

// answer waits for the response to a request.
func (d *device) answer(request event) event {
	d.t.Helper()
	return d.await(request.n, "coap", func(e event) bool { return e.in != request.in && e.isResponse() && e.token == request.token })
}

// none checks that after a mark there was no such event of this device.
func (d *device) none(mark int, kind string, bad func(event) bool) {
	d.t.Helper()
	for _, e := range d.log.since(mark) {
		if e.kind == kind && e.endpoint == d.endpoint && bad(e) {
			d.t.Errorf("%s", e)
		}
	}
}

// count counts the events of this device after a mark.
func (d *device) count(mark int, kind string, good func(event) bool) int {
	n := 0
	for _, e := range d.log.since(mark) {
		if e.kind == kind && e.endpoint == d.endpoint && good(e) {
			n++
		}
	}
	return n
}

// awaitRegistration waits until the server has registered the device, and the device knows.
func (d *device) awaitRegistration(mark int) *connected {
	d.t.Helper()
	registered := d.within(mark, time.Hour, string(server.Registered), anything)
	known, err := d.server.Await(within(d.t, patience), d.endpoint)
	if err != nil {
		d.t.Fatal(err)
	}
	c := &connected{device: d, Device: known, registered: registered}
	c.read("/1/0/0", none).want(205)
	return c
}

// register starts the device with accounts, and waits for its registration.
func (d *device) register(accounts ...security.Account) *connected {
	d.t.Helper()
	d.accounts = accounts
	mark := d.log.now()
	d.start()
	return d.awaitRegistration(mark)
}

// c1 is a device in configuration C.1, registered over DTLS with a pre-shared key.
func (w *world) c1() *connected {
	w.t.Helper()
	d := w.newDevice()
	return d.register(d.psk(1))
}

// c3 is C.1 with the default periods that C.3 adds.
func (w *world) c3() *connected {
	w.t.Helper()
	c := w.c1()
	c.replace("/1/0/2", text, "1").want(204)
	c.replace("/1/0/3", text, "10").want(204)
	c.replace("/1/0/5", text, "86400").want(204)
	return c
}

// location is the path of the registration.
func (c *connected) location() string { return c.registered.lab.Registration.Location }

// restarted waits for the registration after a restart.
func (c *connected) restarted(mark int) *connected {
	c.t.Helper()
	restart := c.await(mark, "client", func(e event) bool { return len(e.detail) > 8 && e.detail[:8] == "restart:" })
	return c.awaitRegistration(restart.n)
}

type securityAccount = security.Account
