package aws

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
)

var taken = time.UnixMilli(1735689600000)

// TestDelivery: topic, quality and document of everything that the module can ask to be sent.
func TestDelivery(t *testing.T) {
	d, conn := online(t, shipped)
	charge := data.Battery{Percent: 87, Taken: taken}
	for name, c := range map[string]struct {
		send           func(context.Context, module.Delivery) error
		topic, payload string
	}{
		"update": {func(ctx context.Context, v module.Delivery) error {
			return d.Report(ctx, data.Update{Battery: &charge}, v)
		},
			prefix + "update", `{"state":{"reported":{"bat":{"v":87,"ts":1735689600000}}}}`},
		"batch": {func(ctx context.Context, v module.Delivery) error {
			return d.ReportBatch(ctx, data.Batch{Battery: []data.Battery{charge, charge}}, v)
		}, thing + "/batch", `{"bat":[{"v":87,"ts":1735689600000},{"v":87,"ts":1735689600000}]}`},
		"alert": {func(ctx context.Context, v module.Delivery) error {
			return d.Alert(ctx, data.Alert{Button: &data.Button{Number: 1, Taken: taken}}, v)
		}, thing + "/messages", `{"btn":{"v":1,"ts":1735689600000}}`},
		"configuration": {func(ctx context.Context, v module.Delivery) error {
			return d.ReportConfig(ctx, data.Configuration{ActiveMode: true, LocationTimeout: time.Minute, ActiveWait: time.Minute,
				MovementResolution: time.Minute, MovementTimeout: time.Hour, NoData: data.NoData{NeighbourCells: true}}, v)
		}, prefix + "update", `{"state":{"reported":{"cfg":{"act":true,"loct":60,"actwt":60,"mvres":60,"mvt":3600,"accath":0,"accith":0,"accito":0,"nod":["ncell"]}}}}`},
		"location": {func(ctx context.Context, v module.Delivery) error {
			return d.RequestLocation(ctx, data.LocationRequest{WiFi: &data.WiFi{AccessPoints: []data.AccessPoint{{MAC: [6]byte{0xa0, 0xb1, 0xc2, 0xd3, 0xe4, 0xf5}}}, Taken: taken}}, v)
		}, thing + "/ground-fix", `{"wifi":{"ts":1735689600000,"aps":["a0b1c2d3e4f5"]}}`},
		"agnss": {func(ctx context.Context, v module.Delivery) error {
			return d.RequestAGNSS(ctx, data.AGNSSRequest{MCC: 262, MNC: 7, AreaCode: 1, CellID: 2, Types: []int{1, 4}}, v)
		}, thing + "/agnss/get", `{"mcc":262,"mnc":7,"area":1,"cell":2,"types":[1,4]}`},
		"pgps": {func(ctx context.Context, v module.Delivery) error {
			return d.RequestPGPS(ctx, data.PGPSRequest{Predictions: 32, Interval: 2 * time.Hour, GPSDay: 16200, TimeOfDay: 12 * time.Hour}, v)
		}, thing + "/pgps/get", `{"n":32,"int":120,"day":16200,"time":43200}`},
		"diagnostics": {func(ctx context.Context, v module.Delivery) error {
			return d.SendDiagnostics(ctx, []byte{1, 0, 0xff}, v)
		},
			thing + "/memfault", "\x01\x00\xff"},
	} {
		for _, acknowledged := range []bool{false, true} {
			if err := c.send(t.Context(), module.Delivery{ID: 15007, Acknowledged: acknowledged}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			p := conn.Publication()
			if p.TopicName != c.topic || string(p.Payload) != c.payload || (p.Qos == 1) != acknowledged || p.Retain {
				t.Errorf("%s: %s QoS %d %s\nwant %s %s", name, p.TopicName, p.Qos, p.Payload, c.topic, c.payload)
			}
			if acknowledged {
				conn.Puback(p.MessageID)
				d.want(cloud.Event{Type: cloud.EventDataSent, Message: cloud.Message{ID: 15007}})
				d.want(data.Acknowledged{ID: 15007})
			}
		}
	}
	if d.LocationAnswered() {
		t.Error("an answer to a location request is promised")
	}
	for name, err := range map[string]error{
		"update without values": d.Report(t.Context(), data.Update{}, module.Delivery{}),
		"impact NaN":            d.Alert(t.Context(), data.Alert{Impact: &data.Impact{Magnitude: math.NaN()}}, module.Delivery{}),
		"empty chunk":           d.SendDiagnostics(t.Context(), nil, module.Delivery{}),
	} {
		if err == nil || !strings.Contains(err.Error(), "nothing to send") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	large := data.Update{Device: &data.Device{Board: strings.Repeat("x", maxShadow)}}
	if err := d.Report(t.Context(), large, module.Delivery{}); err == nil || !strings.Contains(err.Error(), "at most 8192") {
		t.Errorf("a shadow update that is too large: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.RequestConfig(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestSend(t *testing.T) {
	d, conn := online(t, shipped)
	for _, c := range []struct {
		message cloud.Message
		topic   string
		qos     byte
	}{
		{cloud.Message{Endpoint: cloud.Endpoint{Type: cloud.EndpointMsg}}, thing + "/messages", 0},
		{cloud.Message{Endpoint: cloud.Endpoint{Type: cloud.EndpointMsg, Name: "my/own"}, QoS: cloud.QoSAtLeastOnce}, "my/own", 1},
		{cloud.Message{Endpoint: cloud.Endpoint{Type: cloud.EndpointState}, QoS: cloud.QoSAtLeastOnce}, prefix + "update", 1},
		{cloud.Message{Endpoint: cloud.Endpoint{Type: cloud.EndpointStateGet}}, prefix + "get", 0},
		{cloud.Message{Endpoint: cloud.Endpoint{Type: cloud.EndpointStateDelete}}, prefix + "delete", 0},
	} {
		c.message.Payload = []byte("payload")
		if err := d.Send(t.Context(), c.message); err != nil {
			t.Fatal(err)
		}
		if p := conn.Publication(); p.TopicName != c.topic || p.Qos != c.qos || string(p.Payload) != "payload" {
			t.Errorf("%+v: %v", c.message.Endpoint, p)
		}
	}
	for says, m := range map[string]cloud.Message{
		"CLOUD_EP_PAIR":          {Endpoint: cloud.Endpoint{Type: cloud.EndpointPair}},
		"CLOUD_EP_PRIV_START+0":  {Endpoint: cloud.Endpoint{Type: cloud.EndpointPrivStart}},
		"CLOUD_QOS_EXACTLY_ONCE": {QoS: cloud.QoSExactlyOnce},
		"CLOUD_QOS(7)":           {QoS: 7},
		`the name "other"`:       {Endpoint: cloud.Endpoint{Type: cloud.EndpointState, Name: "other"}},
	} {
		if err := d.Send(t.Context(), m); !errors.Is(err, cloud.ErrUnsupported) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	for says, m := range map[string]cloud.Message{
		"8 slashes":    {Endpoint: cloud.Endpoint{Name: "a/b/c/d/e/f/g/h/i"}},
		"wildcard":     {Endpoint: cloud.Endpoint{Name: "a/+"}},
		"at most 8192": {Endpoint: cloud.Endpoint{Type: cloud.EndpointState}, Payload: make([]byte, maxShadow+1)},
	} {
		if err := d.Send(t.Context(), m); err == nil || errors.Is(err, cloud.ErrUnsupported) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
}

func raw(topic string, qos cloud.QoS, endpoint cloud.EndpointType, payload string) cloud.Event {
	return cloud.Event{Type: cloud.EventDataReceived,
		Message: cloud.Message{Endpoint: cloud.Endpoint{Type: endpoint, Name: topic}, QoS: qos, Payload: []byte(payload)}}
}

func pointer[T any](v T) *T { return &v }

// TestReceive: what the service sends on each topic, and what becomes of it, besides the raw event.
func TestReceive(t *testing.T) {
	config := shipped
	config.GetAccepted, config.UpdateRejected = true, true
	config.MQTT.PayloadMax = 500
	d := newDevice(t, config)
	done := d.connect()
	conn := d.service.Accept()
	conn.Connect()
	conn.Connack(0, false)
	conn.Grant()
	if got := <-done; got.err != nil {
		t.Fatal(got.err)
	}
	d.want(cloud.Event{Type: cloud.EventConnected})
	d.want(cloud.Event{Type: cloud.EventReady})
	minute := data.ConfigReceived{Change: data.ConfigurationChange{ActiveWait: pointer(time.Minute)}}
	const cfg, delta = prefix + "get/accepted/desired/cfg", prefix + "update/delta"
	for _, c := range []struct {
		topic    string
		endpoint cloud.EndpointType
		payload  string
		want     any    // nil: nothing
		says     string // rejected with these words; want comes after it
	}{
		{cfg, cloud.EndpointStateGet, `{"cfg":{"actwt":60}}`, minute, ""},
		{cfg, cloud.EndpointStateGet, `{"state":{"cfg":{"actwt":60}}}`, minute, ""},
		{cfg, cloud.EndpointStateGet, `{}`, data.ConfigEmpty{}, ""},
		{cfg, cloud.EndpointStateGet, `[]`, nil, "the shadow cannot be read"},
		{cfg, cloud.EndpointStateGet, `{"cfg":{"actwt":60,"loct":0,"act":"yes"}}`, minute, "cfg.act: \"yes\" where true or false is expected\ncfg.loct: 0 is not between"},
		{delta, cloud.EndpointState, `{"version":5,"timestamp":100,"state":{"cfg":{"actwt":60}},"metadata":{"cfg":{"actwt":{"timestamp":100}}}}`, minute, ""},
		{delta, cloud.EndpointState, `{"version":5,"timestamp":100,"state":{"cfg":{"actwt":60}}}`, nil, ""},
		{delta, cloud.EndpointState, `{"version":4,"timestamp":99,"state":{"cfg":{"actwt":60}}}`, nil, ""},
		{delta, cloud.EndpointState, `{"version":4,"state":{"cfg":{"actwt":60}}}`, nil, ""},
		{delta, cloud.EndpointState, `{"version":6,"timestamp":101,"state":{"led":1}}`, data.ConfigEmpty{}, ""},
		{delta, cloud.EndpointState, `{"version":1,"timestamp":200000,"state":{"cfg":{"actwt":60}}}`, minute, ""}, // a shadow made anew
		{delta, cloud.EndpointState, `{"state":{"cfg":{"actwt":60}}}`, minute, ""},
		{delta, cloud.EndpointState, `{"version":"7","state":{"cfg":{"actwt":60}}}`, nil, "the delta cannot be read"},
		{delta, cloud.EndpointState, `{"version":7.5,"state":{}}`, nil, "the delta cannot be read"},
		{delta, cloud.EndpointState, "\xff\xfe", nil, "the delta cannot be read"},
		{delta, cloud.EndpointState, ``, nil, "the delta cannot be read"},
		{prefix + "get/accepted", cloud.EndpointStateGet, `{"state":{"desired":{"cfg":{"actwt":60}},"reported":{"cfg":{"actwt":1}}},"version":9,"timestamp":300000}`, minute, ""},
		{delta, cloud.EndpointState, `{"version":9,"timestamp":300000,"state":{"cfg":{"actwt":60}}}`, nil, ""}, // known from get/accepted
		{prefix + "get/accepted", cloud.EndpointStateGet, `{"state":{"reported":{}},"version":9}`, data.ConfigEmpty{}, ""},
		{prefix + "get/accepted", cloud.EndpointStateGet, `nonsense`, nil, "the shadow cannot be read"},
		{prefix + "get/rejected", cloud.EndpointStateGet, `{"code":404,"message":"No shadow exists with name: 'x'"}`, data.ConfigEmpty{}, ""},
		{delta, cloud.EndpointState, `{"version":1,"timestamp":1,"state":{"cfg":{"actwt":60}}}`, minute, ""}, // no shadow was there before
		{prefix + "get/rejected", cloud.EndpointStateGet, `{"code":429,"message":"slow down"}`, nil, `429, too many requests are on their way: "slow down"`},
		{prefix + "get/rejected", cloud.EndpointStateGet, `{"code":"404"}`, nil, "why cannot be read"},
		{prefix + "update/rejected", cloud.EndpointState, `{"code":413,"message":"The payload exceeds the maximum size allowed"}`, nil, "413, the document is too large"},
		{prefix + "update/rejected", cloud.EndpointState, `{"code":404}`, nil, "404, there is no such thing or shadow"},
		{prefix + "update/rejected", cloud.EndpointState, `{"code":999}`, nil, "999, a code that is not documented"},
		{thing + "/agnss", cloud.EndpointMsg, "\x01\x02", data.AGNSSReceived{Payload: []byte{1, 2}}, ""},
		{thing + "/agnss", cloud.EndpointMsg, "", nil, "the message is empty"},
		{thing + "/pgps", cloud.EndpointMsg, `{"path":"p","host":"h"}`, data.PGPSReceived{Payload: []byte(`{"path":"p","host":"h"}`)}, ""},
		{thing + "/jobs", cloud.EndpointMsg, "for nobody", nil, ""},
	} {
		conn.Publish(c.topic, 1, 1, []byte(c.payload))
		d.want(raw(c.topic, cloud.QoSAtLeastOnce, c.endpoint, c.payload))
		if c.says != "" {
			d.wantRejected(c.topic, c.says)
		}
		if c.want != nil {
			d.want(c.want)
		}
	}
	conn.Publish(delta, 1, 2, make([]byte, 501))
	d.wantRejected(delta, "a message of 501 bytes, more than MQTT_HELPER_PAYLOAD_BUFFER_LEN = 500")
	conn.Pong()
	d.want(data.PingAnswered{})
	conn.Close()
	if err := d.Uninit(); err != nil {
		t.Error(err)
	}
	if event, ok := d.take().(cloud.Event); !ok || event.Type != cloud.EventDisconnected {
		t.Errorf("at last %+v", event)
	}
}

func TestApplicationTopics(t *testing.T) {
	d, conn := online(t, shipped)
	endpoints := func(names ...string) []cloud.Endpoint {
		all := make([]cloud.Endpoint, len(names))
		for i, name := range names {
			all[i] = cloud.Endpoint{Type: cloud.EndpointMsg, Name: name}
		}
		return all
	}
	added := make(chan error, 1)
	go func() { added <- d.SubscriptionsAdd(endpoints("cmd/one", "cmd/many/#", "cmd/one")) }()
	if got := conn.Grant(); !reflect.DeepEqual(got, map[string]byte{"cmd/one": 1, "cmd/many/#": 1}) {
		t.Errorf("subscribes to %v", got)
	}
	if err := <-added; err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{"cmd/one", "cmd/many/1/2"} {
		conn.Publish(topic, 1, 1, []byte("go"))
		d.want(raw(topic, cloud.QoSAtLeastOnce, cloud.EndpointMsg, "go"))
		d.want(data.CommandReceived{Source: topic, Payload: []byte("go")})
		if got := conn.Acknowledgement(); got != 1 {
			t.Errorf("acknowledges %d", got)
		}
	}
	for says, bad := range map[string][]cloud.Endpoint{
		"9 application topics": endpoints("a", "b", "c", "d", "e", "f", "g"),
		"CLOUD_EP_STATE":       {{Type: cloud.EndpointState, Name: "a"}},
		"topic is empty":       endpoints(""),
		"only at the end":      endpoints("a/#/b"),
		"8 slashes":            endpoints("1/2/3/4/5/6/7/8/9"),
	} {
		if err := d.SubscriptionsAdd(bad); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	// One that the policy forbids is not kept.
	go func() { added <- d.SubscriptionsAdd(endpoints("forbidden")) }()
	conn.Suback(conn.Subscribe().MessageID, 0x80)
	if err := <-added; err == nil || !strings.Contains(err.Error(), "subscription to forbidden") {
		t.Errorf("error %v", err)
	}
	go func() { added <- d.SubscriptionsRemove(endpoints("cmd/one", "never/added")) }()
	if got := conn.Unsubscribe(); !reflect.DeepEqual(got, []string{"cmd/one"}) {
		t.Errorf("unsubscribes from %v", got)
	}
	if err := <-added; err != nil {
		t.Error(err)
	}
	conn.Close()
	if event, ok := d.take().(cloud.Event); !ok || event.Type != cloud.EventDisconnected {
		t.Errorf("event %+v", event)
	}
	// Without a connection they wait for the next one.
	if err := d.SubscriptionsAdd(endpoints("later")); err != nil {
		t.Error(err)
	}
	done := d.connect()
	again := d.service.Accept()
	again.Connect()
	again.Connack(0, false)
	if got := again.Grant(); len(got) != 7 || got["later"] != 1 || got["cmd/many/#"] != 1 {
		t.Errorf("subscribes to %v", got)
	}
	if got := <-done; got.err != nil {
		t.Error(got.err)
	}
	again.Close()
}

// TestApplicationTopicsOfResumedSession: only what the kept session lacks is asked for.
func TestApplicationTopicsOfResumedSession(t *testing.T) {
	config := shipped
	config.MQTT.CleanSession = false
	d, conn := online(t, config)
	added := make(chan error, 1)
	go func() { added <- d.SubscriptionsAdd([]cloud.Endpoint{{Name: "kept"}}) }()
	conn.Grant()
	if err := <-added; err != nil {
		t.Fatal(err)
	}
	conn.Close()
	d.take()
	if err := d.SubscriptionsAdd([]cloud.Endpoint{{Name: "lacking"}}); err != nil {
		t.Fatal(err)
	}
	for _, lacking := range []bool{true, false} {
		done := d.connect()
		again := d.service.Accept()
		again.Connect()
		again.Connack(0, true)
		if lacking {
			if got := again.Grant(); !reflect.DeepEqual(got, map[string]byte{"lacking": 1}) {
				t.Errorf("subscribes to %v", got)
			}
		}
		if got := <-done; got.err != nil {
			t.Error(got.err)
		}
		for _, want := range []cloud.EventType{cloud.EventConnected, cloud.EventReady} {
			if event, ok := d.take().(cloud.Event); !ok || event.Type != want {
				t.Errorf("event %+v, want %v", event, want)
			}
		}
		if err := d.Send(t.Context(), cloud.Message{}); err != nil {
			t.Error(err)
		}
		again.Publication() // the first packet, or the first after SUBSCRIBE
		again.Close()
		d.take()
	}
}

// TestManyRounds connects and loses often, with senders at work: nothing hangs, nothing leaks (TestMain looks).
func TestManyRounds(t *testing.T) {
	d := newDevice(t, shipped)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			err := d.Alert(ctx, data.Alert{Button: &data.Button{Number: 1}}, module.Delivery{ID: 1, Acknowledged: true})
			if err != nil && !errors.Is(err, cloud.ErrNotConnected) && !errors.Is(err, context.Canceled) {
				t.Errorf("sender gets %v", err)
				return
			}
		}
	}()
	for round := range 10 {
		done := d.connect()
		conn := d.service.Accept()
		conn.Connect()
		conn.Connack(0, false)
		conn.Reset()
		got := <-done
		if got.err == nil {
			t.Errorf("round %d: connected", round)
		}
	}
	cancel()
	<-ended
	if err := d.Uninit(); err != nil {
		t.Error(err)
	}
}
