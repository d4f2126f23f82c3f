package broker_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
)

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

// subscribed leaves a session with a subscription behind.
func subscribed(t *testing.T, b *bench, id, filter string, version byte) {
	t.Helper()
	client := b.connect(rawmqtt.Session{ID: id, Keep: true, Version: version})
	_, err := client.Subscribe(1, 1, filter)
	check(t, err)
	check(t, client.Close())
	b.await(broker.Disconnected, id)
}

// A session ends an hour after its client has left, by the cloud's clock.
func TestSessionExpires(t *testing.T) {
	clock := &clock{now: time.Unix(1e9, 0)}
	b := startWith(t, rules{}, func(c *broker.Config) { c.Now = clock.Now })
	subscribed(t, b, "x", "t", 4)
	clock.advance(time.Hour - time.Second)
	again := b.dial()
	if _, present, err := again.Connect(rawmqtt.Session{ID: "x", Keep: true}); err != nil || !present {
		t.Errorf("session present %v, %v", present, err)
	}
	check(t, again.Close())
	b.await(broker.Disconnected, "x")
	clock.advance(time.Hour)
	again = b.dial()
	if _, present, err := again.Connect(rawmqtt.Session{ID: "x", Keep: true}); err != nil || present {
		t.Errorf("session present %v, %v", present, err)
	}
	check(t, b.Publish("t", nil, 1, false))
	quiet(t, again)
}

// Of more sessions than there may be, the one that is the longest without its client ends.
func TestMostSessions(t *testing.T) {
	clock := &clock{now: time.Unix(1e9, 0)}
	b := startWith(t, rules{}, func(c *broker.Config) { c.Limits, c.Now = broker.Limits{Sessions: 2}, clock.Now })
	for _, id := range []string{"a", "b", "c"} {
		subscribed(t, b, id, "t", 4)
		clock.advance(time.Second)
	}
	var left []string
	for _, s := range b.Snapshot().Sessions {
		left = append(left, s.Client)
	}
	if got := strings.Join(left, " "); got != "b c" {
		t.Errorf("sessions of %s", got)
	}
}

// What comes for an absent client is stored, in order, and what is more than the limit is lost and said to be.
func TestStoredMessages(t *testing.T) {
	b := startWith(t, rules{}, func(c *broker.Config) { c.Limits = broker.Limits{Queue: 5, Redelivery: 100} })
	subscribed(t, b, "x", "t", 4)
	for i := range 6 {
		check(t, b.Publish("t", []byte(fmt.Sprint(i)), 1, false))
	}
	check(t, b.Publish("t", []byte("QoS 0"), 0, false))
	if e := b.await(broker.Lost, "x"); e.Topic != "t" {
		t.Errorf("lost %+v", e)
	}
	client := b.dial()
	began := time.Now()
	_, _, err := client.Connect(rawmqtt.Session{ID: "x", Keep: true})
	check(t, err)
	for i := range 5 {
		got, err := client.Expect(rawmqtt.Publish)
		check(t, err)
		if string(got.Payload) != fmt.Sprint(i) || got.Dup {
			t.Errorf("message %d is %+v", i, got)
		}
		check(t, client.Ack(got.ID))
	}
	if took := time.Since(began); took < 40*time.Millisecond {
		t.Errorf("five messages in %v, faster than 100 a second", took)
	}
	quiet(t, client)
}

// No more messages are on the way than the client may have unacknowledged; the rest comes with its acknowledgements, all of it.
func TestWindow(t *testing.T) {
	b := startWith(t, rules{}, func(c *broker.Config) { c.Limits = broker.Limits{Window: 3, Queue: 50} })
	client := b.connect(rawmqtt.Session{ID: "x"})
	_, err := client.Subscribe(1, 1, "t")
	check(t, err)
	for i := range 20 {
		check(t, b.Publish("t", []byte(fmt.Sprint(i)), 1, false))
	}
	var unacknowledged []uint16
	seen := map[string]bool{}
	for len(seen) < 20 {
		for len(unacknowledged) < min(3, 20-len(seen)+len(unacknowledged)) {
			got, err := client.Expect(rawmqtt.Publish)
			check(t, err)
			seen[string(got.Payload)] = true
			unacknowledged = append(unacknowledged, got.ID)
		}
		if len(unacknowledged) == 3 {
			quiet(t, client)
		}
		check(t, client.Ack(unacknowledged[0]))
		unacknowledged = unacknowledged[1:]
	}
}

// Sessions, stored and retained messages are there again in another broker, also with their receiver's policy.
func TestSnapshot(t *testing.T) {
	b := start(t, rules{connect: func(_ broker.Client, c *broker.Connect) *broker.Refusal { c.Principal = "p"; return nil }}, broker.Limits{})
	subscribed(t, b, "x", "t/+", 4)
	for i := range 3 {
		check(t, b.Publish(fmt.Sprint("t/", i), []byte(fmt.Sprint(i)), 1, false))
	}
	check(t, b.Publish("kept", []byte("k"), 1, true))
	text, err := json.Marshal(b.Snapshot())
	check(t, err)
	check(t, b.Close())
	var state broker.State
	check(t, json.Unmarshal(text, &state))

	var asked []string
	var mu sync.Mutex
	policy := rules{receive: func(c broker.Client, topic string) *broker.Refusal {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, c.ID+" "+c.Principal+" "+topic)
		if topic == "t/no" {
			return &broker.Refusal{Rule: "receive", Detail: "not this", Source: "the docs"}
		}
		return nil
	}}
	b = startWith(t, policy, func(c *broker.Config) { c.Restore = state })
	check(t, b.Publish("t/no", []byte("no"), 1, false))
	check(t, b.Publish("t/3", []byte("3"), 1, false))
	if e := b.await(broker.Refused, "x"); e.Topic != "t/no" {
		t.Errorf("refused %+v", e)
	}
	if m, ok := b.Retained("kept"); !ok || string(m.Payload) != "k" {
		t.Errorf("retained %+v, %v", m, ok)
	}
	client := b.dial()
	_, present, err := client.Connect(rawmqtt.Session{ID: "x", Keep: true})
	check(t, err)
	if !present {
		t.Error("the session is gone")
	}
	for i := range 4 {
		got, err := client.Expect(rawmqtt.Publish)
		check(t, err)
		if string(got.Payload) != fmt.Sprint(i) {
			t.Errorf("message %d is %q", i, got.Payload)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(asked, ", "); got != "x p t/no, x p t/3" {
		t.Errorf("asked %s", got)
	}
}

// One client gets a message that it has not subscribed to, and one copy where it has several times.
func TestSend(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	client, other := b.connect(rawmqtt.Session{ID: "x"}), b.connect(rawmqtt.Session{ID: "other"})
	_, err := other.Subscribe(1, 1, "#")
	check(t, err)
	if !b.Send("x", "t", []byte("1")) || b.Send("nobody", "t", nil) {
		t.Error("Send tells the wrong thing")
	}
	if got, err := client.Expect(rawmqtt.Publish); err != nil || got.Topic != "t" || string(got.Payload) != "1" || got.QoS != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = client.Subscribe(1, 1, "t", "+", "#")
	check(t, err)
	b.Send("x", "t", []byte("2"))
	got, err := client.Expect(rawmqtt.Publish)
	if err != nil || string(got.Payload) != "2" || got.QoS != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	check(t, client.Ack(got.ID))
	quiet(t, client)
	quiet(t, other)
}

func TestCutAndDelay(t *testing.T) {
	b := startWith(t, rules{pace: func(size int, outgoing bool) time.Duration {
		if size > 1000 && !outgoing {
			return 30 * time.Millisecond
		}
		return 0
	}}, func(*broker.Config) {})
	client := b.connect(rawmqtt.Session{ID: "x"})
	b.DelayAcks(50 * time.Millisecond)
	for _, payload := range []string{"", strings.Repeat("x", 2000)} {
		began := time.Now()
		check(t, client.Publish("t", payload, 1, 7))
		_, err := client.Expect(rawmqtt.Puback)
		check(t, err)
		if took := time.Since(began); took < 50*time.Millisecond || len(payload) > 0 && took < 80*time.Millisecond {
			t.Errorf("acknowledged after %v", took)
		}
	}
	if !b.Cut("x") || b.Cut("nobody") || b.Cut("inline") {
		t.Error("Cut tells the wrong thing")
	}
	if packets := closed(t, client); len(packets) != 0 {
		t.Errorf("was sent %+v", packets)
	}
	if e := b.await(broker.Disconnected, "x"); e.Detail != broker.ReasonLost {
		t.Errorf("disconnected because of %s", e.Detail)
	}
}

// A state that was changed outside is either refused or served.
func FuzzRestore(f *testing.F) {
	f.Add([]byte(`{"sessions":[{"client":"x","version":4,"absent":"2026-01-01T00:00:00Z","subscriptions":[{"filter":"a/+","qos":1}],"stored":[{"topic":"a/b","payload":"eA==","qos":1}]}],"retained":[{"topic":"k","payload":"eA=="}]}`))
	f.Add([]byte(`{"sessions":[{"client":"x","version":5,"expiry":4294967295,"absent":"2026-01-01T00:00:00Z"}]}`))
	f.Add([]byte(`{"sessions":[{"client":"x","version":4},{"client":"x","version":4}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var state broker.State
		if json.Unmarshal(text, &state) != nil {
			return
		}
		b, err := broker.Open(broker.Config{Listen: "127.0.0.1:0", TLS: &tls.Config{}, Policy: rules{}, Restore: state})
		if err != nil {
			return
		}
		check(t, b.Publish("a/b", []byte("x"), 1, false))
		again := b.Snapshot()
		if len(again.Sessions) > len(state.Sessions) {
			t.Errorf("%d sessions of %d", len(again.Sessions), len(state.Sessions))
		}
		check(t, b.Close())
	})
}
