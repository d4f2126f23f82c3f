package aws

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/credentials/credentialstest"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	thing    = "350000000000017"
	prefix   = "$aws/things/" + thing + "/shadow/"
	secTag   = 42
	patience = 20 * time.Second
)

// shipped is the configuration of overlay-aws, less what tests override.
var shipped = Config{
	BrokerHostName: "broker.example", ClientIDMaxLen: 40, ConnectTimeout: 30 * time.Second,
	GetRejected: true, UpdateDelta: true, DesiredConfig: true,
	MQTT: mqtt.Config{KeepAlive: 1200 * time.Second, CleanSession: true, TLS: true, Port: 8883, SecTag: secTag, SecondarySecTag: -1,
		SendTimeout: true, SendTimeoutTime: 60 * time.Second, PayloadMax: 4096},
}

// device is a backend, the service that it is aimed at, and all that the backend has said.
type device struct {
	*Backend
	t       *testing.T
	service *mqtttest.Peer
	dir     string // credentials

	mu       sync.Mutex
	reported []any // cloud.Event and data.Received in order
	more     chan struct{}
	log      bytes.Buffer
}

func newDevice(t *testing.T, config Config) *device {
	t.Helper()
	authority := credentialstest.NewAuthority(t, "Test CA")
	server := authority.Server(authority.Issue(t, credentialstest.Request{Name: "server", Hosts: []string{"127.0.0.1"}}))
	server.NextProtos = []string{alpnProtocol}
	d := &device{t: t, service: mqtttest.Listen(t, server), dir: t.TempDir(), more: make(chan struct{}, 1)}
	credentialstest.WriteTag(t, d.dir, secTag, authority, authority.Issue(t, credentialstest.Request{Name: thing}))
	backend, err := New(config, module.Device{
		ID:          func(context.Context) (string, error) { return thing, nil },
		Credentials: credentials.Open(d.dir),
		Endpoint:    d.service.Address(),
		Logger:      slog.New(slog.NewTextHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Backend = backend
	backend.Bind(func(r data.Received) { d.note(r) })
	if err := backend.Init(t.Context(), func(b cloud.Backend, e cloud.Event, userData any) {
		if b != cloud.Backend(backend) || userData != any("user data") {
			t.Errorf("handler is given %v and %v", b, userData)
		}
		d.note(e)
	}); err != nil {
		t.Fatal(err)
	}
	backend.SetUserData("user data")
	return d
}

func (d *device) note(what any) {
	d.mu.Lock()
	d.reported = append(d.reported, what)
	d.mu.Unlock()
	select {
	case d.more <- struct{}{}:
	default:
	}
}

// take waits for the next thing that the backend says.
func (d *device) take() any {
	d.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		d.mu.Lock()
		if len(d.reported) > 0 {
			first := d.reported[0]
			d.reported = d.reported[1:]
			d.mu.Unlock()
			return first
		}
		d.mu.Unlock()
		select {
		case <-d.more:
		case <-timeout.C:
			d.t.Fatal("the backend says nothing more")
		}
	}
}

func (d *device) want(want any) {
	d.t.Helper()
	if got := d.take(); !reflect.DeepEqual(got, want) {
		d.t.Errorf("the backend says %T %+v, want %T %+v", got, got, want, want)
	}
}

// wantRejected waits for input that is rejected with certain words.
func (d *device) wantRejected(source, says string) {
	d.t.Helper()
	got, ok := d.take().(data.InputRejected)
	if !ok || got.Source != source || !strings.Contains(got.Err.Error(), says) {
		d.t.Errorf("the backend says %+v, want %s to be rejected with %q", got, source, says)
	}
}

type attempted struct {
	result cloud.ConnectResult
	err    error
}

// connect starts an attempt beside the test, which plays the service.
func (d *device) connect() <-chan attempted {
	done := make(chan attempted, 1)
	go func() {
		result, err := d.Connect(context.Background())
		done <- attempted{result, err}
	}()
	return done
}

// online brings a device up: CONNACK, subscriptions granted, EventReady.
func online(t *testing.T, config Config) (*device, *mqtttest.Conn) {
	t.Helper()
	d := newDevice(t, config)
	done := d.connect()
	conn := d.service.Accept()
	conn.Connect()
	conn.Connack(0, false)
	conn.Grant()
	if got := <-done; got.err != nil || got.result != cloud.ConnectSuccess {
		t.Fatal(got)
	}
	d.want(cloud.Event{Type: cloud.EventConnected})
	d.want(cloud.Event{Type: cloud.EventReady})
	t.Cleanup(func() {
		conn.Close()
		if err := d.Uninit(); err != nil {
			t.Error(err)
		}
	})
	return d, conn
}

func TestNewChecks(t *testing.T) {
	id := func(context.Context) (string, error) { return thing, nil }
	for says, change := range map[string]func(*Config, *module.Device){
		"AWS_IOT_CLIENT_ID_MAX_LEN is 0":          func(c *Config, _ *module.Device) { c.ClientIDMaxLen = 0 },
		"AWS_IOT_CLIENT_ID_MAX_LEN is 129":        func(c *Config, _ *module.Device) { c.ClientIDMaxLen = 129 },
		"AWS_IOT_CONNECT_TIMEOUT_SECONDS is 0":    func(c *Config, _ *module.Device) { c.ConnectTimeout = 0 },
		"host name of the broker is empty":        func(c *Config, _ *module.Device) { c.BrokerHostName = "" },
		"MQTT_HELPER_PORT = 0":                    func(c *Config, _ *module.Device) { c.MQTT.Port = 0 },
		`endpoint "localhost" is not HOST:PORT`:   func(_ *Config, d *module.Device) { d.Endpoint = "localhost" },
		"no source of its id":                     func(_ *Config, d *module.Device) { d.ID = nil },
		"MQTT_HELPER_STATIC_IP_ADDRESS = \"nix\"": func(c *Config, _ *module.Device) { c.MQTT.StaticIPAddress = "nix" },
	} {
		config, d := shipped, module.Device{ID: id}
		change(&config, &d)
		if _, err := New(config, d); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
}

func TestClientID(t *testing.T) {
	long := strings.Repeat("x", 129)
	for id, says := range map[string]string{
		"": "empty", long: "at most 128", long[:41]: "AWS_IOT_CLIENT_ID_MAX_LEN = 40", "a+b": `'+'`, "a#": `'#'`, "a/b": `'/'`, "$aws": `'$'`, "gerät": `'ä'`, "a\xffb": "'\ufffd'",
	} {
		backend, err := New(shipped, module.Device{ID: func(context.Context) (string, error) { return id, nil }})
		if err != nil {
			t.Fatal(err)
		}
		if err := backend.Init(t.Context(), nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: error %v, want %q", id, err, says)
		}
		if _, err := backend.ID(); !errors.Is(err, cloud.ErrNotInitialized) {
			t.Errorf("%q: ID gives %v", id, err)
		}
	}
	if err := checkClientID("aB3:_-", 6); err != nil {
		t.Error(err)
	}
	gone := errors.New("the modem is gone")
	backend, err := New(shipped, module.Device{ID: func(context.Context) (string, error) { return "", gone }})
	if err != nil {
		t.Fatal(err)
	}
	if err := backend.Init(t.Context(), nil); !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
}

func TestCallsOutOfOrder(t *testing.T) {
	backend, err := New(shipped, module.Device{ID: func(context.Context) (string, error) { return thing, nil }})
	if err != nil {
		t.Fatal(err)
	}
	calls := func(want error) {
		t.Helper()
		for name, err := range map[string]error{
			"Disconnect":    backend.Disconnect(),
			"Send":          backend.Send(t.Context(), cloud.Message{}),
			"Report":        backend.Report(t.Context(), data.Update{Battery: &data.Battery{}}, module.Delivery{}),
			"RequestConfig": backend.RequestConfig(t.Context()),
		} {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		if got := backend.KeepaliveTimeLeft(); got >= 0 {
			t.Errorf("keep-alive is due in %v", got)
		}
	}
	calls(cloud.ErrNotInitialized)
	if result, err := backend.Connect(t.Context()); result != cloud.ConnectErrNotInitd || !errors.Is(err, cloud.ErrNotInitialized) {
		t.Errorf("Connect: %v, %v", result, err)
	}
	if err := backend.Uninit(); !errors.Is(err, cloud.ErrNotInitialized) {
		t.Errorf("Uninit: %v", err)
	}
	if err := backend.Init(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := backend.Init(t.Context(), nil); err == nil {
		t.Error("Init twice")
	}
	calls(cloud.ErrNotConnected)
	if id, err := backend.ID(); id != thing || err != nil {
		t.Errorf("ID is %q, %v", id, err)
	}
	if err := errors.Join(backend.Input(), backend.Uninit()); err != nil {
		t.Error(err)
	}
}

// TestConnect is the whole way up, with all topics switched on, and down again.
func TestConnect(t *testing.T) {
	config := shipped
	config.AutoDeviceShadowRequest, config.MQTT.ALPN, config.MQTT.CleanSession = true, true, false
	config.GetAccepted, config.UpdateAccepted, config.UpdateRejected, config.DeleteAccepted, config.DeleteRejected = true, true, true, true, true
	d := newDevice(t, config)
	done := d.connect()
	conn := d.service.Accept()
	if state := conn.TLS(); state.NegotiatedProtocol != alpnProtocol || state.PeerCertificates[0].Subject.CommonName != thing {
		t.Errorf("protocol %q, client %v", state.NegotiatedProtocol, state.PeerCertificates[0].Subject)
	}
	if got := conn.Connect(); got.ClientIdentifier != thing || got.CleanSession || got.Keepalive != 1200 || got.UsernameFlag {
		t.Errorf("CONNECT is %v", got)
	}
	if result, err := d.Connect(t.Context()); result != cloud.ConnectErrAlreadyConnected || err == nil {
		t.Errorf("a second Connect: %v, %v", result, err)
	}
	conn.Connack(0, false)
	d.want(cloud.Event{Type: cloud.EventConnected})
	asked := conn.Grant()
	for topic, qos := range conn.Grant() {
		asked[topic] = qos
	}
	if want := map[string]byte{
		prefix + "get/accepted/desired/cfg": 0, thing + "/agnss": 0, thing + "/pgps": 0,
		prefix + "get/accepted": 1, prefix + "get/rejected": 1, prefix + "update/accepted": 1, prefix + "update/rejected": 1,
		prefix + "update/delta": 1, prefix + "delete/accepted": 1, prefix + "delete/rejected": 1,
	}; !reflect.DeepEqual(asked, want) {
		t.Errorf("subscribes to %v, want %v", asked, want)
	}
	d.want(cloud.Event{Type: cloud.EventReady})
	if p := conn.Publication(); p.TopicName != prefix+"get" || !strings.HasPrefix(string(p.Payload), `{"clientToken":"`) || p.Qos != 0 {
		t.Errorf("publishes %v", p)
	}
	if got := <-done; got.result != cloud.ConnectSuccess || got.err != nil {
		t.Errorf("Connect: %+v", got)
	}
	if left := d.KeepaliveTimeLeft(); left <= 1190*time.Second || left > 1200*time.Second {
		t.Errorf("keep-alive is due in %v", left)
	}
	if result, err := d.Connect(t.Context()); result != cloud.ConnectErrAlreadyConnected || err == nil {
		t.Errorf("a third Connect: %v, %v", result, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Disconnect() }()
	conn.Disconnect()
	conn.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	d.want(cloud.Event{Type: cloud.EventDisconnected, Reason: cloud.DisconnectUserRequest})
	if err := d.Uninit(); err != nil {
		t.Error(err)
	}
}

// TestResumedSession: nothing is subscribed to, and it is usable at once.
func TestResumedSession(t *testing.T) {
	config := shipped
	config.MQTT.CleanSession = false
	d := newDevice(t, config)
	done := d.connect()
	conn := d.service.Accept()
	conn.Connect()
	conn.Connack(0, true)
	if got := <-done; got.err != nil {
		t.Fatal(got.err)
	}
	d.want(cloud.Event{Type: cloud.EventConnected, PersistentSession: true})
	d.want(cloud.Event{Type: cloud.EventReady})
	if err := d.Alert(t.Context(), data.Alert{Button: &data.Button{Number: 1}}, module.Delivery{}); err != nil {
		t.Error(err)
	}
	if p := conn.Publication(); p.TopicName != thing+"/messages" { // and no SUBSCRIBE before it
		t.Errorf("publishes on %s", p.TopicName)
	}
	conn.Close()
	if err := d.Uninit(); err != nil {
		t.Error(err)
	}
}

func TestRefusedSubscription(t *testing.T) {
	d := newDevice(t, shipped)
	done := d.connect()
	conn := d.service.Accept()
	conn.Connect()
	conn.Connack(0, false)
	asked := conn.Subscribe()
	codes := make([]byte, len(asked.Topics))
	for i, topic := range asked.Topics {
		if topic == prefix+"update/delta" {
			codes[i] = 0x80
		}
	}
	conn.Suback(asked.MessageID, codes...)
	conn.Disconnect()
	conn.Close()
	got := <-done
	if got.result != cloud.ConnectErrBackend || !strings.Contains(got.err.Error(), prefix+"update/delta") || !strings.Contains(got.err.Error(), "iot:Subscribe") {
		t.Errorf("Connect: %v, %v", got.result, got.err)
	}
	d.want(cloud.Event{Type: cloud.EventConnected})
	if event, ok := d.take().(cloud.Event); !ok || event.Type != cloud.EventDisconnected || event.Reason != cloud.DisconnectMisc || event.Err == nil {
		t.Errorf("then %+v", event)
	}
	if err := d.Uninit(); err != nil {
		t.Error(err)
	}
}

// TestConnectResults: each failure gives its result of the Cloud API and an error that helps.
func TestConnectResults(t *testing.T) {
	for name, c := range map[string]struct {
		before  func(*testing.T, *device)
		service func(*mqtttest.Conn) // nil: never reached
		result  cloud.ConnectResult
		says    []string
	}{
		"no key": {func(t *testing.T, d *device) { credentialstest.WriteFile(t, d.dir, secTag, "key.pem", nil) }, nil,
			cloud.ConnectErrPrvKey, []string{"key.pem: empty"}},
		"no certificate": {func(t *testing.T, d *device) { credentialstest.WriteFile(t, d.dir, secTag, "cert.pem", []byte("x")) }, nil,
			cloud.ConnectErrCert, []string{"cert.pem"}},
		"expired certificate": {func(t *testing.T, d *device) {
			authority := credentialstest.NewAuthority(t, "CA")
			credentialstest.WriteTag(t, d.dir, secTag, authority, authority.Issue(t, credentialstest.Request{Name: thing, NotAfter: time.Now().Add(-time.Hour)}))
		}, nil, cloud.ConnectErrCertMisc, []string{"was valid until"}},
		"wrong CA": {func(t *testing.T, d *device) {
			credentialstest.WriteFile(t, d.dir, secTag, "ca.pem", credentialstest.CertificatePEM(credentialstest.NewAuthority(t, "Other").Certificate))
		}, func(c *mqtttest.Conn) { _ = c.Handshake(); c.Close() }, cloud.ConnectErrCert, []string{`issued by "CN=Test CA"`, "security tag 42"}},
		"unknown to the service": {func(t *testing.T, d *device) {
			other := credentialstest.NewAuthority(t, "Other")
			pair := other.Issue(t, credentialstest.Request{Name: thing})
			credentialstest.WriteFile(t, d.dir, secTag, "cert.pem", credentialstest.CertificatePEM(pair.Certificate))
			credentialstest.WriteFile(t, d.dir, secTag, "key.pem", credentialstest.KeyPEM(t, pair.Key))
		}, func(c *mqtttest.Conn) { _ = c.Handshake(); c.Close() }, cloud.ConnectErrCert, []string{"does not take this device's certificate", "set it ACTIVE"}},
		"closed without an answer": {nil, func(c *mqtttest.Conn) { c.Connect(); c.Close() }, cloud.ConnectErrBackend,
			[]string{"in place of an answer", "iot:Connect", thing, "not ACTIVE"}},
		"not authorised":    {nil, func(c *mqtttest.Conn) { c.Connect(); c.Connack(5, false) }, cloud.ConnectErrBackend, []string{"return code 5", "iot:Connect"}},
		"the service's 7":   {nil, func(c *mqtttest.Conn) { c.Connect(); c.Connack(7, false) }, cloud.ConnectErrBackend, []string{"return code 7", "iot:Connect"}},
		"client id":         {nil, func(c *mqtttest.Conn) { c.Connect(); c.Connack(2, false) }, cloud.ConnectErrBackend, []string{"return code 2", thing}},
		"unavailable":       {nil, func(c *mqtttest.Conn) { c.Connect(); c.Connack(3, false) }, cloud.ConnectErrBackend, []string{"unavailable"}},
		"no MQTT":           {nil, func(c *mqtttest.Conn) { c.Connect(); c.Write([]byte("HTTP/1.1 400\r\n\r\n")...) }, cloud.ConnectErrBackend, []string{"broke the MQTT protocol"}},
		"silence":           {func(_ *testing.T, d *device) { d.config.ConnectTimeout = 300 * time.Millisecond }, func(c *mqtttest.Conn) { c.Connect() }, cloud.ConnectErrTimeoutNoData, []string{"the time was up"}},
		"silence on topics": {func(_ *testing.T, d *device) { d.config.ConnectTimeout = 500 * time.Millisecond }, func(c *mqtttest.Conn) { c.Connect(); c.Connack(0, false) }, cloud.ConnectErrTimeoutNoData, []string{"subscribe to"}},
		"nothing there":     {func(_ *testing.T, d *device) { d.target.Port = closedPort(d.t) }, nil, cloud.ConnectErrNetwork, []string{"connection refused"}},
		"no such name":      {func(_ *testing.T, d *device) { d.target.Host = "broker.invalid" }, nil, cloud.ConnectErrNetwork, []string{"broker.invalid"}},
		"wrong parameter":   {func(_ *testing.T, d *device) { d.config.MQTT.KeepAlive = -1 }, nil, cloud.ConnectErrInvalidParam, []string{"MQTT_KEEPALIVE"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, shipped)
			if c.before != nil {
				c.before(t, d)
			}
			done := d.connect()
			if c.service != nil {
				conn := d.service.Accept()
				c.service(conn)
				defer conn.Close()
			}
			got := <-done
			if got.result != c.result {
				t.Errorf("result %v, want %v: %v", got.result, c.result, got.err)
			}
			for _, words := range c.says {
				if got.err == nil || !strings.Contains(got.err.Error(), words) {
					t.Errorf("%v does not say %q", got.err, words)
				}
			}
			if err := d.Uninit(); err != nil {
				t.Error(err)
			}
		})
	}
}

func closedPort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// TestDisconnectWhileConnecting ends the attempt, and another one follows.
func TestDisconnectWhileConnecting(t *testing.T) {
	d := newDevice(t, shipped)
	done := d.connect()
	conn := d.service.Accept()
	conn.Connect()
	if err := d.Disconnect(); err != nil {
		t.Error(err)
	}
	if got := <-done; got.result != cloud.ConnectErrMisc || !errors.Is(got.err, context.Canceled) {
		t.Errorf("Connect: %v, %v", got.result, got.err)
	}
	done = d.connect()
	conn = d.service.Accept()
	conn.Connect()
	conn.Connack(0, false)
	conn.Grant()
	if got := <-done; got.err != nil {
		t.Error(got.err)
	}
	conn.Close()
	if err := d.Uninit(); err != nil {
		t.Error(err)
	}
}

// TestLossAtOnce: the connection is lost as soon as it is usable. EventReady does not come after EventDisconnected, ever.
func TestLossAtOnce(t *testing.T) {
	d := newDevice(t, shipped)
	for range 20 {
		done := d.connect()
		conn := d.service.Accept()
		conn.Connect()
		conn.Connack(0, false)
		conn.Grant()
		conn.Reset()
		got := <-done
		want := []cloud.EventType{cloud.EventConnected, cloud.EventReady, cloud.EventDisconnected}
		if got.err != nil { // the loss came before SUBACK was read
			want = slices.Delete(want, 1, 2)
		}
		for _, want := range want {
			if event, ok := d.take().(cloud.Event); !ok || event.Type != want {
				t.Fatalf("event %+v, want %v (Connect: %+v)", event, want, got)
			}
		}
	}
	if err := d.Uninit(); err != nil {
		t.Error(err)
	}
}

// TestDisconnectWhileSubscribing is the user's wish, not a failure.
func TestDisconnectWhileSubscribing(t *testing.T) {
	d := newDevice(t, shipped)
	done := d.connect()
	conn := d.service.Accept()
	conn.Connect()
	conn.Connack(0, false)
	conn.Subscribe()
	ended := make(chan error, 1)
	go func() { ended <- d.Disconnect() }()
	conn.Disconnect()
	conn.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := <-done; got.result != cloud.ConnectErrMisc || got.err == nil {
		t.Errorf("Connect: %+v", got)
	}
	d.want(cloud.Event{Type: cloud.EventConnected})
	d.want(cloud.Event{Type: cloud.EventDisconnected, Reason: cloud.DisconnectUserRequest})
	if err := d.Uninit(); err != nil {
		t.Error(err)
	}
}

// TestLossAndReturn: the reason of the loss, and subscriptions anew with the next connection.
func TestLossAndReturn(t *testing.T) {
	d, conn := online(t, shipped)
	conn.Close()
	event, ok := d.take().(cloud.Event)
	if !ok || event.Type != cloud.EventDisconnected || event.Reason != cloud.DisconnectClosedByRemote || event.Err == nil {
		t.Errorf("event %+v", event)
	}
	done := d.connect()
	again := d.service.Accept()
	again.Connect()
	again.Connack(0, false)
	if asked := again.Grant(); len(asked) != 5 {
		t.Errorf("subscribes to %v", asked)
	}
	if got := <-done; got.err != nil {
		t.Fatal(got.err)
	}
	d.want(cloud.Event{Type: cloud.EventConnected})
	d.want(cloud.Event{Type: cloud.EventReady})
	again.Write(0xf0, 0)
	if event, ok := d.take().(cloud.Event); !ok || event.Reason != cloud.DisconnectInvalidRequest {
		t.Errorf("event %+v", event)
	}
}

// TestDisconnectFromHandler: a handler may close the connection that the event belongs to.
func TestDisconnectFromHandler(t *testing.T) {
	d, conn := online(t, shipped)
	d.SetHandler(func(b cloud.Backend, e cloud.Event, _ any) {
		if e.Type == cloud.EventDataReceived {
			if err := b.Disconnect(); err != nil {
				t.Error(err)
			}
		}
		d.note(e)
	})
	conn.Publish(thing+"/agnss", 0, 0, []byte{1})
	conn.Disconnect()
	conn.Close()
	if e, ok := d.take().(cloud.Event); !ok || e.Type != cloud.EventDataReceived {
		t.Errorf("event %+v", e)
	}
	d.want(data.AGNSSReceived{Payload: []byte{1}})
	d.want(cloud.Event{Type: cloud.EventDisconnected, Reason: cloud.DisconnectUserRequest})
}
