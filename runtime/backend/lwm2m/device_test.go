package lwm2m

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/credentials/credentialstest"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/binaryapp"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/configuration"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/connmon"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/connstat"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/device"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/gnssassist"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/groundfix"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/humidity"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/location"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/pressure"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/pushbutton"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/signalmeas"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/temperature"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/wifiap"
	"github.com/cloudgen/cloudgen/runtime/module"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	imei     = "350000000000017"
	endpoint = "urn:imei:" + imei
	secTag   = 42
	key      = "000102030405060708090a0b0c0d0e0f"
	register = "POST /rd?lwm2m=1.1&ep=" + endpoint + "&lt=43200&b=U"
	update   = "POST /rd/1"
	remove   = "DELETE /rd/1"
)

// shipped is the configuration of overlay-lwm2m, less queue mode and object 33627, which tests add where they need them.
func shipped() Config {
	return Config{
		EndpointPrefix: "urn:imei:", Server: "coaps://server.example:5684", ServerTag: secTag, BootstrapTag: secTag + 1, DownloadTag: -1,
		AskCell: true, AskAGNSS: true, ElevationMask: -1, Manufacturer: "Maker",
		Client: client.Config{
			Formats:  format.Config{TLV: true, SenMLJSON: true, SenMLCBOR: true, Records: 45},
			Lifetime: 43200 * time.Second, UpdatePeriod: 3600 * time.Second, UpdateEarly: 60 * time.Second, SSID: 101, MaxRetries: 5,
			EndpointNameSize: 33, Uptime: 30 * time.Second, PeerPort: 5683, DNS: true, MaxObservations: 5, MaxAttributes: 20, MaxCompositePaths: 15,
			BlockSize: 1024, MaxMessage: 1024, BlockTransfer: true, IncomingBodies: 3, OutgoingBodies: 3, KeySize: 33,
			SecurityInstances: 3, ServerInstances: 2, MaxCipherSuites: 5,
		},
	}
}

// made gives the object, of a constructor that cannot fail.
func made[T lwm2m.Object](object T, err error) lwm2m.Object {
	if err != nil {
		panic(err)
	}
	return object
}

// objects are those of overlay-lwm2m, and those that only some builds have.
func objects() []lwm2m.Object {
	return []lwm2m.Object{
		made(device.New(device.Config{PowerSourceMax: 5, ErrorCodeMax: 10, ExtDevInfoMax: 5})),
		made(connmon.New(connmon.Config{Version: connmon.Version13})),
		made(firmware.New(firmware.Config{PortNonSecure: 5683, PortSecure: 5684})),
		made(location.New(location.Config{})),
		made(connstat.New(connstat.Config{})),
		made(binaryapp.New(binaryapp.Config{})),
		made(temperature.New(temperature.Config{Version: temperature.Version11})),
		made(humidity.New(humidity.Config{Version: humidity.Version11})),
		made(pressure.New(pressure.Config{Version: pressure.Version11})),
		made(pushbutton.New(pushbutton.Config{Version: pushbutton.Version11, Instances: 2})),
		made(signalmeas.New(signalmeas.Config{Instances: 3})),
		made(gnssassist.New(gnssassist.Config{BufferSize: 4096})),
		made(groundfix.New(groundfix.Config{})),
		made(wifiap.New(wifiap.Config{Instances: 2})),
		made(configuration.New(configuration.Config{})),
	}
}

// server is a scripted LwM2M server behind a dialer of "DTLS". It answers what a server answers, unless answer says otherwise.
type server struct {
	t *testing.T

	mu       sync.Mutex
	answer   func(request string) coap.Code // zero: as usual
	refuse   error                          // of Dial
	silent   bool                           // datagrams are lost, both ways
	targets  []client.Target
	requests []string
	sent     []string // what came by Send, a line a value
	conn     *coap.Conn
	conns    []*coap.Conn
}

// Dial implements client.Dialer.
func (s *server) Dial(ctx context.Context, target client.Target) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.targets = append(s.targets, target)
	if s.refuse != nil {
		return nil, s.refuse
	}
	near, far := coaptest.Pipe(coaptest.Impairments{Drop: func(bool, []byte) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.silent
	}})
	s.conn = coap.NewConn(far, coap.Config{BlockTransfer: true}, s, slog.New(slog.DiscardHandler))
	s.conns = append(s.conns, s.conn)
	return near, nil
}

// Serve implements coap.Handler.
func (s *server) Serve(request *coap.Request) coap.Response {
	method := [...]string{"", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"}[request.Code]
	text := method + " " + request.Options.Path()
	if query := request.Options.Strings(coap.URIQuery); len(query) > 0 {
		text += "?" + strings.Join(query, "&")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var response coap.Response
	response.Code = coap.Changed
	switch {
	case strings.HasPrefix(text, "POST /rd?"):
		response.Code = coap.Created
		response.Options.AddString(coap.LocationPath, "rd")
		response.Options.AddString(coap.LocationPath, "1")
	case method == "DELETE":
		response.Code = coap.Deleted
	}
	if s.answer != nil {
		if code := s.answer(text); code != 0 {
			response = coap.Response{Message: coap.Message{Code: code}}
		}
	}
	if text == "POST /dp" {
		if response.Code.IsSuccess() {
			s.sent = append(s.sent, s.decode(request)...)
		}
		return response
	}
	s.requests = append(s.requests, text)
	return response
}

// definitions are those of the objects, for the server.
type definitions map[uint16]*lwm2m.Definition

func (d definitions) Definition(id uint16) (*lwm2m.Definition, bool) {
	definition, found := d[id]
	return definition, found
}

func (s *server) decode(request *coap.Request) []string {
	known := definitions{}
	for _, object := range objects() {
		known[object.Definition().ID] = object.Definition()
	}
	contentFormat, _ := request.Options.Uint(coap.ContentFormat)
	items, err := format.New(format.Config{SenMLCBOR: true}).Decode(format.Format(contentFormat), lwm2m.Path{}, request.Payload, known)
	if err != nil {
		s.t.Errorf("what was sent cannot be read: %v", err)
	}
	lines := make([]string, len(items))
	for i, each := range items {
		lines[i] = each.Path.String() + " " + each.Value.String()
		if each.Value.Type() == lwm2m.TypeOpaque {
			lines[i] = each.Path.String() + " " + hex.EncodeToString(each.Value.Bytes())
		}
	}
	return lines
}

func (s *server) set(change func()) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// expect compares the requests, but for Sends, since the last call.
func (s *server) expect(want ...string) {
	s.t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.requests, want) {
		s.t.Errorf("requests:\n got  %q\n want %q", s.requests, want)
	}
	s.requests = nil
}

// expectSent compares what came by Send since the last call.
func (s *server) expectSent(want ...string) {
	s.t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.sent, want) {
		s.t.Errorf("sent:\n got  %s\n want %s", strings.Join(s.sent, "\n      "), strings.Join(want, "\n      "))
	}
	s.sent = nil
}

// ask has the server ask the client, and gives the code and the text of the answer.
func (s *server) ask(code coap.Code, path string, text string) string {
	s.t.Helper()
	m := coap.Message{Code: code}
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		m.Options.AddString(coap.URIPath, segment)
	}
	if text != "" {
		m.Options.SetUint(coap.ContentFormat, uint32(format.Text))
		m.Payload = []byte(text)
	}
	return s.do(m)
}

// write has the server write values as SenML CBOR, which a Write-Composite carries.
func (s *server) write(items ...lwm2m.Item) string {
	s.t.Helper()
	known := definitions{}
	for _, object := range objects() {
		known[object.Definition().ID] = object.Definition()
	}
	payload, err := format.New(format.Config{SenMLCBOR: true}).Append(nil, format.SenMLCBOR, lwm2m.Path{}, items, known)
	if err != nil {
		s.t.Error(err)
	}
	m := coap.Message{Code: coap.IPATCH, Payload: payload}
	m.Options.SetUint(coap.ContentFormat, uint32(format.SenMLCBOR))
	return s.do(m)
}

// do asks, and waits until the client has done what follows its answer.
func (s *server) do(m coap.Message) string {
	s.t.Helper()
	answer := s.tell(m)
	synctest.Wait()
	return answer
}

func (s *server) tell(m coap.Message) string {
	s.t.Helper()
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	answer, err := conn.Do(context.Background(), m)
	if err != nil {
		s.t.Error(err)
	}
	return strings.TrimSpace(answer.Code.String() + " " + string(answer.Payload))
}

func (s *server) close() {
	s.mu.Lock()
	conns := s.conns
	s.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
	}
}

// rig is a backend with its server, in virtual time.
type rig struct {
	*Backend
	t      *testing.T
	server *server
	dir    string // credentials

	mu   sync.Mutex
	said []string
	log  bytes.Buffer
}

// Write implements io.Writer for the log.
func (r *rig) Write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(text)
}

func newRig(t *testing.T, config Config, change func(*module.Device)) *rig {
	t.Helper()
	r := &rig{t: t, server: &server{t: t}, dir: t.TempDir()}
	r.key(key)
	config.DTLS = r.server
	if config.Objects == nil {
		config.Objects = objects()
	}
	device := module.Device{
		ID:          func(context.Context) (string, error) { return imei, nil },
		Credentials: credentials.Open(r.dir), DataDir: t.TempDir(), Version: "1.2.3",
		Logger: slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&device)
	}
	backend, err := New(config, device)
	if err != nil {
		t.Fatal(err)
	}
	r.Backend = backend
	backend.Bind(func(received data.Received) {
		text := fmt.Sprintf("%T %+v", received, received)
		if c, is := received.(data.ConfigReceived); is {
			text = "data.ConfigReceived " + describe(c.Change)
		}
		r.note(strings.TrimSuffix(strings.TrimPrefix(text, "data."), " {}"))
	})
	r.init()
	return r
}

func describe(c data.ConfigurationChange) (text string) {
	add := func(name string, value any) { text += fmt.Sprintf(" %s=%v", name, value) }
	if c.ActiveMode != nil {
		add("active", *c.ActiveMode)
	}
	if c.ActiveWait != nil {
		add("wait", *c.ActiveWait)
	}
	if c.NoData != nil {
		add("nodata", *c.NoData)
	}
	if c.AccelerometerActivity != nil {
		add("activity", *c.AccelerometerActivity)
	}
	return strings.TrimSpace(text)
}

func (r *rig) init() {
	r.t.Helper()
	if err := r.Init(context.Background(), func(_ cloud.Backend, e cloud.Event, _ any) {
		text := strings.TrimPrefix(e.Type.String(), "CLOUD_EVT_")
		switch e.Type {
		case cloud.EventDisconnected:
			text += " " + strings.TrimPrefix(e.Reason.String(), "CLOUD_DISCONNECT_")
		case cloud.EventDataSent:
			text += fmt.Sprint(" ", e.Message.ID)
		case cloud.EventFOTADLProgress:
			text += fmt.Sprint(" ", e.FOTAProgress)
		case cloud.EventDataReceived:
			text += fmt.Sprintf(" %s %q", e.Message.Endpoint.Name, e.Message.Payload)
		}
		if e.Err != nil {
			text += ": " + e.Err.Error()
		}
		r.note(text)
	}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, text)
}

// expect compares what the backend has said since the last call.
func (r *rig) expect(want ...string) {
	r.t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.said, want) {
		r.t.Errorf("the backend says\n got  %q\n want %q", r.said, want)
	}
	r.said = nil
}

// key writes the pre-shared key.
func (r *rig) key(text string) {
	credentialstest.WriteFile(r.t, r.dir, secTag, "psk", []byte(text))
}

// close ends both ends.
func (r *rig) close() {
	r.t.Helper()
	if err := r.Uninit(); err != nil && !errors.Is(err, cloud.ErrNotInitialized) {
		r.t.Error(err)
	}
	r.server.close()
}

// connect connects, which succeeds.
func (r *rig) connect() {
	r.t.Helper()
	if result, err := r.Connect(context.Background()); result != cloud.ConnectSuccess || err != nil {
		r.t.Fatalf("connect: %v, %v", result, err)
	}
	r.expect("CONNECTED", "READY", "ConfigEmpty")
	r.server.expect(register)
}

// wantConnect connects, which fails with a result and certain words.
func (r *rig) wantConnect(ctx context.Context, want cloud.ConnectResult, says string) {
	r.t.Helper()
	result, err := r.Connect(ctx)
	if result != want || err == nil || !strings.Contains(err.Error(), says) {
		r.t.Errorf("connect: %v, %v; want %v, with %q", result, err, want, says)
	}
}

// run is a test of a connected backend in virtual time.
func run(t *testing.T, config Config, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, config, nil)
		defer r.close()
		r.connect()
		test(r)
	})
}
