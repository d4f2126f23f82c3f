package aws_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
	"github.com/cloudgen/cloudgen/lab/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bench is a local AWS IoT Core with the credentials of a device.
type bench struct {
	*testing.T
	*aws.Cloud
	tls   *tls.Config
	clock *clock

	authority *pki.Authority
	server    tls.Certificate

	mu     sync.Mutex
	events []broker.Event
	seen   int // events that await has looked at
	news   chan struct{}
}

// clock is one that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}`

func start(t *testing.T) *bench {
	t.Helper()
	return startWith(t, func(*aws.Config) {})
}

// startWith starts a cloud on a clock that stands still, with things t, x and y, and a device that may do anything.
func startWith(t *testing.T, change func(*aws.Config)) *bench {
	t.Helper()
	authority, err := pki.Open(t.TempDir(), time.Now())
	check(t, err)
	server, err := authority.Server(nil, time.Now())
	check(t, err)
	dir, err := authority.Device(42, "device", time.Now())
	check(t, err)
	device, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	check(t, err)
	b := &bench{T: t, clock: &clock{now: time.Now().Truncate(time.Second)}, news: make(chan struct{}, 1)}
	b.tls = &tls.Config{RootCAs: authority.Pool(), Certificates: []tls.Certificate{device}, ServerName: "localhost"}
	b.authority, b.server = authority, server
	config := aws.Config{
		Listen: "localhost:0", Certificate: server, Device: &aws.FirstDevice{Certificate: device.Leaf, Policy: everything},
		Observe: b.observe, Clock: aws.NewClock(b.clock.Now),
	}
	change(&config)
	b.Cloud, err = aws.Start(config)
	check(t, err)
	t.Cleanup(func() { check(t, b.Close()) })
	check(t, b.Registry(func(r *registry.Registry, now time.Time) error {
		for _, thing := range []string{"t", "x", "y"} {
			if _, err := r.CreateThing(thing, "", nil, now); err != nil {
				return err
			}
		}
		return nil
	}))
	return b
}

func (b *bench) observe(e broker.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// await waits for an event that matches, and forgets those before it.
func (b *bench) await(what string, matches func(broker.Event) bool) broker.Event {
	b.Helper()
	patience := time.After(20 * time.Second)
	for {
		b.mu.Lock()
		i := slices.IndexFunc(b.events[b.seen:], matches)
		if i >= 0 {
			i += b.seen
			b.seen = i + 1
			e := b.events[i]
			b.mu.Unlock()
			return e
		}
		b.mu.Unlock()
		select {
		case <-b.news:
		case <-patience:
			b.Fatalf("no event: %s; there were %+v", what, b.events)
		}
	}
}

// refused waits for the refusal by a rule.
func (b *bench) refused(rule string) broker.Event {
	b.Helper()
	return b.await("refused by "+rule, func(e broker.Event) bool {
		r, ok := errors.AsType[*broker.Refusal](e.Err)
		return e.Kind == broker.Refused && ok && r.Rule == rule
	})
}

// refusals gives the rules that were broken so far. It ends the cloud, so that every event is there.
func (b *bench) refusals() (rules []string) {
	b.Helper()
	check(b.T, b.Close())
	for _, e := range b.events {
		var r *broker.Refusal
		if e.Kind == broker.Refused && errors.As(e.Err, &r) {
			rules = append(rules, r.Rule)
		} else if e.Kind == broker.Refused {
			b.Errorf("refused without a rule: %+v", e)
		}
	}
	return rules
}

func (b *bench) connect(id string) *rawmqtt.Client {
	b.Helper()
	return b.dialSession(rawmqtt.Session{ID: id, KeepAlive: 60})
}

func (b *bench) dialSession(session rawmqtt.Session) *rawmqtt.Client {
	b.Helper()
	b.clock.advance(time.Second) // one CONNECT a second
	client, err := rawmqtt.Dial(b.Context(), b.Broker().Address(), b.tls)
	check(b.T, err)
	b.Cleanup(func() { _ = client.Close() })
	code, _, err := client.Connect(session)
	check(b.T, err)
	if code != 0 {
		b.Fatalf("CONNACK %d", code)
	}
	return client
}

func subscribe(t *testing.T, client *rawmqtt.Client, filters ...string) {
	t.Helper()
	codes, err := client.Subscribe(1, 1, filters...)
	check(t, err)
	if slices.Max(codes) > 1 {
		t.Fatalf("SUBACK %#x", codes)
	}
}

// expect reads a message and compares topic and JSON.
func expect(t *testing.T, client *rawmqtt.Client, topic, payload string) {
	t.Helper()
	got, err := client.Expect(rawmqtt.Publish)
	check(t, err)
	if got.Topic != topic || !sameJSON(got.Payload, payload) {
		t.Errorf("got %s %s\nwant %s %s", got.Topic, got.Payload, topic, payload)
	}
	if got.QoS > 0 {
		check(t, client.Ack(got.ID))
	}
}

func sameJSON(a []byte, b string) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal([]byte(b), &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

func quiet(t *testing.T, client *rawmqtt.Client) {
	t.Helper()
	check(t, client.Ping())
	_, err := client.Expect(rawmqtt.Pingresp)
	check(t, err)
}

const shadow = "$aws/things/350000000000017/shadow/"

// The firmware's conversation with its shadow (ncs-cloud-module reference 6.1 and 6.5): no shadow, report, configuration from the cloud,
// delta, acknowledgement.
func TestFirmwareConversation(t *testing.T) {
	b := start(t)
	device := b.connect("350000000000017")
	expect := func(t *testing.T, client *rawmqtt.Client, topic, payload string) {
		t.Helper()
		expect(t, client, topic, strings.ReplaceAll(payload, "NOW", fmt.Sprint(b.clock.Now().Unix())))
	}
	subscribe(t, device, shadow+"update/delta", shadow+"get/rejected", shadow+"get/accepted/desired/cfg")

	check(t, device.Publish(shadow+"get", "", 0, 0))
	expect(t, device, shadow+"get/rejected", `{"code":404,"message":"No shadow exists with name: '350000000000017'","timestamp":NOW}`)

	check(t, device.Publish(shadow+"update", `{"state":{"reported":{"cfg":{"act":true,"loct":60}}}}`, 1, 5))
	ack, err := device.Expect(rawmqtt.Puback)
	check(t, err)
	if ack.ID != 5 {
		t.Errorf("PUBACK %d", ack.ID)
	}
	check(t, device.Publish(shadow+"get", "", 0, 0))
	expect(t, device, shadow+"get/accepted/desired/cfg", `{"version":1,"timestamp":NOW}`)

	_, err = b.UpdateShadow("350000000000017", "", []byte(`{"state":{"desired":{"cfg":{"act":false}}}}`))
	check(t, err)
	expect(t, device, shadow+"update/delta", `{"version":2,"timestamp":NOW,"state":{"cfg":{"act":false}},"metadata":{"cfg":{"act":{"timestamp":NOW}}}}`)
	check(t, device.Publish(shadow+"get", `{"clientToken":"c"}`, 0, 0))
	expect(t, device, shadow+"get/accepted/desired/cfg", `{"cfg":{"act":false},"version":2,"timestamp":NOW,"clientToken":"c"}`)

	check(t, device.Publish(shadow+"update", `{"state":{"reported":{"cfg":{"act":false}}}}`, 0, 0))
	quiet(t, device) // no delta any more
	document, err := b.GetShadow("350000000000017", "")
	check(t, err)
	if !strings.Contains(string(document), `"reported":{"cfg":{"act":false,"loct":60}}`) || strings.Contains(string(document), `"delta"`) {
		t.Errorf("shadow %s", document)
	}
	if rules := b.refusals(); !slices.Equal(rules, []string{"shadow/none"}) {
		t.Errorf("refused: %v", rules)
	}
}

// Everybody who subscribes sees the answers; the named shadow answers under its own prefix, and has no republishing.
func TestAnswersAreOrdinaryMessages(t *testing.T) {
	b := start(t)
	device, app := b.connect("device"), b.connect("app")
	subscribe(t, app, "$aws/things/+/shadow/#", "$aws/things/t/shadow/name/n/+/accepted")
	const named = "$aws/things/t/shadow/name/n/"
	check(t, device.Publish(named+"update", `{"state":{"reported":{"a":1}}}`, 1, 1))
	for _, topic := range []string{"update", "update/accepted", "update/documents"} {
		if got, err := app.Expect(rawmqtt.Publish); err != nil || got.Topic != named+topic {
			t.Errorf("got %s, %v; want %s", got.Topic, err, topic)
		}
	}
	check(t, device.Publish(named+"get", `{"clientToken":"t"}`, 1, 2))
	for _, topic := range []string{"get", "get/accepted"} {
		if got, err := app.Expect(rawmqtt.Publish); err != nil || got.Topic != named+topic {
			t.Errorf("got %s, %v; want %s", got.Topic, err, topic)
		}
	}
	quiet(t, app)
	_, err := b.DeleteShadow("t", "n")
	check(t, err)
	if got, err := app.Expect(rawmqtt.Publish); err != nil || got.Topic != named+"delete/accepted" {
		t.Errorf("got %s, %v", got.Topic, err)
	}
	var rejected *aws.RejectedError
	if _, err := b.GetShadow("t", "n"); !errors.As(err, &rejected) || rejected.Code != 404 {
		t.Errorf("the deleted shadow: %v", err)
	}
	if _, err := b.UpdateShadow("not a thing", "", []byte(`{}`)); err == nil || !strings.Contains(err.Error(), "not a thing") {
		t.Errorf("a thing whose name is none: %v", err)
	}
}

// What the policy decides arrives on the wire.
func TestStrict(t *testing.T) {
	b := start(t)
	ended := func(what string, do func(client *rawmqtt.Client) error) {
		t.Helper()
		client := b.connect("x")
		check(t, do(client))
		for {
			packet, err := client.Read()
			if err != nil {
				return
			}
			t.Errorf("%s: was sent %+v", what, packet)
		}
	}
	ended("undefined topic", func(c *rawmqtt.Client) error { return c.Publish("$nothing", "", 0, 0) })
	ended("answer", func(c *rawmqtt.Client) error { return c.Publish(shadow+"update/delta", "{}", 1, 1) })
	ended("retained", func(c *rawmqtt.Client) error { return c.PublishRetained(shadow+"update", "{}", 0, 0) })
	ended("payload", func(c *rawmqtt.Client) error { return c.Publish("a", strings.Repeat("x", 128<<10+1), 0, 0) })
	ended("undefined filter", func(c *rawmqtt.Client) error { return c.SendSubscribe(1, 0, "$SYS/#") })

	client := b.connect("y")
	check(t, client.Publish("a", "", 2, 1))
	check(t, client.SendSubscribe(2, 2, "a"))
	subscribe(t, client, "a/#")
	check(t, client.Publish("a", "not matched by a/#", 0, 0))
	quiet(t, client)
	check(t, client.Publish("a/b", "true", 0, 0))
	expect(t, client, "a/b", "true")
	check(t, client.PublishRetained("kept/1", `"r"`, 1, 9))
	_, err := client.Expect(rawmqtt.Puback)
	check(t, err)
	subscribe(t, client, "kept/+")
	quiet(t, client) // wildcards get nothing retained
	subscribe(t, client, "kept/1")
	expect(t, client, "kept/1", `"r"`)

	// The answer comes to who asked, subscribed or not, and to nobody else.
	other := b.connect("other")
	subscribe(t, other, "$aws/things/+/jobs/#")
	check(t, client.Publish("$aws/things/y/jobs/get", "{}", 1, 10))
	_, err = client.Expect(rawmqtt.Puback)
	check(t, err)
	expect(t, client, "$aws/things/y/jobs/get/accepted", fmt.Sprintf(`{"inProgressJobs":[],"queuedJobs":[],"timestamp":%d}`, b.clock.Now().Unix()))
	if got, err := other.Expect(rawmqtt.Publish); err != nil || got.Topic != "$aws/things/y/jobs/get" {
		t.Errorf("got %+v, %v", got, err) // the request itself
	}
	quiet(t, other)

	byAddress := b.tls.Clone()
	byAddress.ServerName = "127.0.0.1"
	if _, err := rawmqtt.Dial(t.Context(), b.Broker().Address(), byAddress); err == nil {
		t.Error("connected without SNI")
	}
	want := []string{"publish/reserved", "publish/reserved-answer", "publish/reserved-retain", "publish/payload", "subscribe/reserved", "publish/qos-2", "subscribe/qos-2", "tls/sni"}
	if got := b.refusals(); !slices.Equal(got, want) {
		t.Errorf("refused: %v, want %v", got, want)
	}
}

// Requests of many clients on one shadow: versions count one by one, and every answer shows its own.
func TestConcurrentUpdates(t *testing.T) {
	b := startWith(t, func(c *aws.Config) { c.Limits = aws.Limits{ShadowRate: 1000, PublishesOut: 1000} })
	watcher := b.connect("watcher")
	subscribe(t, watcher, "$aws/things/t/shadow/update/accepted")
	const clients, updates = 5, 8
	var crowd sync.WaitGroup
	for i := range clients {
		client := b.connect(fmt.Sprint("c", i))
		crowd.Go(func() {
			for n := range updates {
				if err := client.Publish("$aws/things/t/shadow/update", fmt.Sprintf(`{"state":{"reported":{"c%d":%d}}}`, i, n), 1, uint16(n+1)); err != nil {
					t.Error(err)
				}
				if _, err := client.Expect(rawmqtt.Puback); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for want := 1; want <= clients*updates; want++ {
		got, err := watcher.Expect(rawmqtt.Publish)
		check(t, err)
		check(t, watcher.Ack(got.ID))
		var accepted struct {
			Version int `json:"version"`
		}
		check(t, json.Unmarshal(got.Payload, &accepted))
		if accepted.Version != want {
			t.Errorf("version %d, want %d", accepted.Version, want)
		}
	}
	crowd.Wait()
}
