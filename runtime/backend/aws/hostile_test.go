package aws

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
)

// hostile are documents that no topic of the shadow can use. Each is rejected, and the connection stands.
var hostile = map[string][]byte{
	"empty":                {},
	"no JSON":              []byte("nonsense"),
	"cut off":              []byte(`{"version":7,"state":{"cfg":{"actwt":60}`),
	"text after it":        []byte(`{"state":{"cfg":{"actwt":60}}}x`),
	"two of them":          []byte(`{"state":{}}{"state":{}}`),
	"not UTF-8":            []byte("{\"state\":{\"cfg\":{\"nod\":[\"\xff\"]}}}"),
	"UTF-16":               []byte("\xff\xfe{\x00}\x00"),
	"a list":               []byte(`[{"state":{}}]`),
	"a text":               []byte(`"state"`),
	"a number":             []byte(`7`),
	"version text":         []byte(`{"version":"7","code":"404","state":{"cfg":{"actwt":60}}}`),
	"version fraction":     []byte(`{"version":7.5,"code":1.5,"state":{"cfg":{"actwt":60}}}`),
	"version beyond int64": []byte(`{"version":9223372036854775808,"code":9223372036854775808,"state":{"cfg":{"actwt":60}}}`),
	"version 1e400":        []byte(`{"version":1e400,"code":1e400,"state":{"cfg":{"actwt":60}}}`),
	"token number":         []byte(`{"clientToken":7,"state":{"cfg":{"actwt":60}}}`),
	"deep objects":         bytes.Repeat([]byte(`{"state":`), 20000),
	"deep lists":           append(append([]byte(`{"state":`), bytes.Repeat([]byte("["), 20000)...), bytes.Repeat([]byte("]"), 20000)...),
	"long number":          append(append([]byte(`{"version":`), bytes.Repeat([]byte("9"), 30000)...), '}'),
	"nothing but zeros":    make([]byte, 40000),
}

// hostileConfigurations are sections of which nothing, or not all, can be taken; on a topic of another kind they are no harm.
var hostileConfigurations = map[string]string{
	"section of another type": `{"state":{"cfg":[1]}}`,
	"section given twice":     `{"state":{"cfg":{"actwt":1},"CFG":{"actwt":2}}}`,
	"state of another type":   `{"state":7}`,
	"huge numbers":            `{"state":{"cfg":{"loct":1e308,"actwt":-1e308,"mvt":4294967296,"accath":1e999}}}`,
	"other types":             `{"state":{"cfg":{"loct":"60","act":"yes","nod":"gnss","mvres":[],"mvt":{},"accath":null,"accith":true}}}`,
	"a list of other types":   `{"state":{"cfg":{"nod":["gnss",7,null,{}]}}}`,
	"deep in a member":        `{"state":{"cfg":{"loct":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}}}`,
}

// TestHostileDocuments sends each to each topic of the shadow over a connection, which stands: after each the device works as before.
func TestHostileDocuments(t *testing.T) {
	config := answering()
	config.MQTT.PayloadMax = 256 << 10
	inBubble(t, config, func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		send := func(name, topic string, document []byte) {
			t.Helper()
			conn.Publish(topic, 0, 0, document)
			if got, is := d.received().(data.InputRejected); !is || got.Source != topic || len(got.Err.Error()) > 2000 {
				t.Errorf("%s on %s: %.300s", name, topic, fmt.Sprint(got))
			}
			pass(time.Second)
			works(t, d, conn)
		}
		for _, topic := range d.topics.down {
			if !strings.HasPrefix(topic.Name, prefix) {
				continue
			}
			for name, document := range hostile {
				send(name, topic.Name, document)
			}
		}
		for name, document := range hostileConfigurations {
			send(name, prefix+"update/delta", []byte(document))
			send(name, prefix+"get/accepted", []byte(strings.Replace(document, `{"state":`, `{"state":{"desired":`, 1)+"}"))
		}
		// Assistance data is the receiver's to judge: any bytes but none pass.
		for name, document := range hostile {
			conn.Publish(thing+"/agnss", 0, 0, document)
			got := d.received()
			if a, is := got.(data.AGNSSReceived); len(document) > 0 && (!is || !bytes.Equal(a.Payload, document)) {
				t.Errorf("%s as assistance: %T", name, got)
			}
			works(t, d, conn)
		}
		conn.Close()
	})
}

// works holds that the connection stands, and that a good document is taken. What was said before is passed over.
func works(t *testing.T, d *device, conn *mqtttest.Conn) {
	t.Helper()
	d.mu.Lock()
	d.reported = nil
	d.mu.Unlock()
	conn.Publish(prefix+"update/delta", 0, 0, []byte(`{"state":{"cfg":{"actwt":60}}}`))
	if got, is := d.received().(data.ConfigReceived); !is || got.Change.ActiveWait == nil || *got.Change.ActiveWait != time.Minute {
		t.Fatalf("a good document is taken for %+v", got)
	}
}

// FuzzReceive holds that no document of the service breaks the backend, that each leads to at most a report and a result, and that the requests
// that wait for answers stay bounded and end.
func FuzzReceive(f *testing.F) {
	config := answering()
	config.VersionedReports, config.UpdateDocuments, config.DesiredConfig = true, true, true
	backend, err := New(config, module.Device{ID: func(context.Context) (string, error) { return thing, nil }})
	if err != nil {
		f.Fatal(err)
	}
	var received []data.Received
	backend.Bind(func(r data.Received) { received = append(received, r) })
	if err := backend.Init(f.Context(), func(cloud.Backend, cloud.Event, any) {}); err != nil {
		f.Fatal(err)
	}
	backend.requests.prefix = "FUZZFUZZ"
	topics := backend.topics.down
	for i := range topics {
		for _, document := range []string{
			`{"version":1,"timestamp":2,"state":{"cfg":{"act":true,"nod":["gnss"]}},"clientToken":"FUZZFUZZ-1"}`, `{"code":409,"message":"x","clientToken":"FUZZFUZZ-2"}`,
			`{"code":404}`, `{"code":429,"clientToken":"FUZZFUZZ-1"}`, `{"cfg":{"loct":-1},"clientToken":"other"}`, "\xff", `{"version":1e400}`, strings.Repeat(`{"state":`, 300),
		} {
			f.Add(uint8(i), []byte(document))
		}
	}
	start := time.Now()
	f.Fuzz(func(t *testing.T, which uint8, document []byte) {
		received, backend.shadow, backend.version = nil, shadowVersion{}, nil
		backend.requests.serial = 0
		backend.requests.reset()
		backend.requests.begin(operationGet, nil, start)
		backend.requests.begin(operationUpdate, []byte(`{"state":{"reported":{}}`), start)
		topic := topics[int(which)%len(topics)].Name
		backend.take(mqtt.Event{Kind: mqtt.EventMessage, Message: mqtt.Message{Topic: topic, Payload: document}})
		if len(received) > 2 {
			t.Fatalf("%s: %+v", topic, received)
		}
		for _, r := range received {
			if rejected, ok := r.(data.InputRejected); ok && (rejected.Err == nil || rejected.Source == "" || len(rejected.Err.Error()) > 4000) {
				t.Fatalf("%+v", rejected)
			}
		}
		steps := 0
		for next := backend.requests.next(); !next.IsZero(); next = backend.requests.next() {
			out := backend.requests.pass(next)
			if steps++; steps > 4*maxRequests*maxTries || len(out.again) > maxRequests {
				t.Fatalf("%s: after %d steps the requests are %+v", topic, steps, backend.requests)
			}
		}
	})
}

// FuzzTokens holds that only tokens of this device's form are its own, and that each it has written is.
func FuzzTokens(f *testing.F) {
	f.Add("ABCDEFGH-1", uint32(1))
	f.Add("ABCDEFGH-", uint32(0))
	f.Add("ABCDEFGH-4294967296", uint32(1<<32-1))
	f.Add("other", uint32(7))
	f.Fuzz(func(t *testing.T, token string, serial uint32) {
		r := requests{prefix: "ABCDEFGH"}
		written := string(r.appendToken(nil, serial))
		if got, foreign := r.own(written); got != serial || foreign || len(written) > 64 {
			t.Fatalf("%q is read as %d, %v", written, got, foreign)
		}
		got, foreign := r.own(token)
		digits, mine := strings.CutPrefix(token, "ABCDEFGH-")
		n, err := strconv.ParseUint(digits, 10, 32)
		if foreign != (token != "" && (!mine || err != nil)) || !foreign && token != "" && uint64(got) != n {
			t.Fatalf("%q is read as %d, %v", token, got, foreign)
		}
	})
}
