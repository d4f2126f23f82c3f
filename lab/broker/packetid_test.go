package broker_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
)

// Client and server number their packets independently (MQTT 3.1.1 section 2.3.1): requests of the client with the numbers of messages that
// it has not acknowledged are answered as any others, and take none of the messages away.
func TestPacketIdentifiers(t *testing.T) {
	for _, version := range []byte{4, 5} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			b := start(t, rules{}, broker.Limits{Window: 8})
			session := rawmqtt.Session{ID: "holder", Version: version, Keep: true, Expiry: 600}
			client := b.connect(session)
			_, err := client.Subscribe(7, 1, "held")
			check(t, err)
			const n = 9 // one more than the client may have unacknowledged
			for i := range n {
				check(t, b.Publish("held", []byte(fmt.Sprint(i)), 1, false))
			}
			var ids []uint16
			for i := range n - 1 {
				got, err := client.Expect(rawmqtt.Publish)
				check(t, err)
				if string(got.Payload) != fmt.Sprint(i) {
					t.Errorf("message %d is %q", i, got.Payload)
				}
				ids = append(ids, got.ID)
			}
			for _, id := range append(slices.Clone(ids), 255, 256, 32767, 32768, 65534, 65535) {
				requests(t, client, version, id)
			}
			quiet(t, client) // the last message waits for room: acknowledgements of the client's own messages make none

			check(t, client.Ack(ids[0]))
			got, err := client.Expect(rawmqtt.Publish)
			check(t, err)
			if string(got.Payload) != fmt.Sprint(n-1) {
				t.Errorf("got %+v", got)
			}
			check(t, client.Close())
			b.await(broker.Disconnected, "holder")
			client = b.dial()
			_, present, err := client.Connect(session)
			check(t, err)
			if !present {
				t.Fatal("the session is gone")
			}
			for i := range n - 1 { // all but the one that was acknowledged
				got, err := client.Expect(rawmqtt.Publish)
				check(t, err)
				if string(got.Payload) != fmt.Sprint(i+1) {
					t.Errorf("message %d is %q after the reconnection", i+1, got.Payload)
				}
				ids[i] = got.ID
			}
			for _, id := range ids {
				requests(t, client, version, id)
			}
			for _, id := range ids {
				check(t, client.Ack(id))
			}
			quiet(t, client)
			if left := b.Snapshot().Sessions[0].Stored; len(left) != 0 {
				t.Errorf("%d messages are left in the session", len(left))
			}
		})
	}
}

// requests sends one packet of each kind with an identifier, and wants each to be answered with it.
func requests(t *testing.T, client *rawmqtt.Client, version byte, id uint16) {
	t.Helper()
	expect := func(kind byte, codes ...byte) {
		t.Helper()
		got, err := client.Expect(kind)
		check(t, err)
		if got.ID != id || !slices.Equal(got.Codes, codes) {
			t.Errorf("identifier %d: answered with type %d, identifier %d, codes %#x; want codes %#x", id, got.Type, got.ID, got.Codes, codes)
		}
	}
	check(t, client.SendSubscribe(id, 1, "more", "more/too"))
	expect(rawmqtt.Suback, 1, 1)
	check(t, client.SendUnsubscribe(id, "more", "more/too"))
	if version == 5 {
		expect(rawmqtt.Unsuback, 0, 0)
	} else {
		expect(rawmqtt.Unsuback)
	}
	check(t, client.Publish("elsewhere", "x", 1, id))
	expect(rawmqtt.Puback)
	again := append([]byte{0, 9}, "elsewhere"...)
	again = append(again, byte(id>>8), byte(id))
	if version == 5 {
		again = append(again, 0)
	}
	check(t, client.Write(rawmqtt.Publish<<4|0x08|0x02, again)) // DUP
	expect(rawmqtt.Puback)
}

// What a client sends goes on with its QoS, whatever its identifier is, and is retained with it.
func TestPublishedQoS(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	watcher, client := b.connect(rawmqtt.Session{ID: "watcher"}), b.connect(rawmqtt.Session{ID: "x"})
	_, err := watcher.Subscribe(1, 1, "t")
	check(t, err)
	for qos := range byte(2) {
		check(t, client.PublishRetained("t", "", qos, 1))
		if got, err := watcher.Expect(rawmqtt.Publish); err != nil || got.QoS != qos {
			t.Errorf("got %+v, %v; want QoS %d", got, err, qos)
		}
		if e := b.await(broker.Received, "x"); e.QoS != qos {
			t.Errorf("event %+v, want QoS %d", e, qos)
		}
		check(t, client.PublishRetained("t", "kept", qos, 1))
		if got, err := watcher.Expect(rawmqtt.Publish); err != nil || got.QoS != qos {
			t.Errorf("got %+v, %v; want QoS %d", got, err, qos)
		}
		b.await(broker.Received, "x")
		if m, ok := b.Retained("t"); !ok || m.QoS != qos {
			t.Errorf("retained %+v, %v; want QoS %d", m, ok, qos)
		}
	}
}

// An identifier of 0 is none (MQTT 3.1.1 section 2.3.1), and ends the connection.
func TestNoPacketIdentifier(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	for name, send := range map[string]func(*rawmqtt.Client) error{
		"PUBLISH":     func(c *rawmqtt.Client) error { return c.Publish("t", "", 1, 0) },
		"SUBSCRIBE":   func(c *rawmqtt.Client) error { return c.SendSubscribe(0, 1, "t") },
		"UNSUBSCRIBE": func(c *rawmqtt.Client) error { return c.SendUnsubscribe(0, "t") },
	} {
		t.Run(name, func(t *testing.T) {
			client := b.connect(rawmqtt.Session{ID: "x"})
			check(t, send(client))
			if packets := closed(t, client); len(packets) != 0 {
				t.Errorf("answered with %+v", packets)
			}
			if e := b.await(broker.Refused, "x"); !strings.Contains(e.Err.Error(), "mqtt/malformed") {
				t.Error(e.Err)
			}
		})
	}
}

// A filter that is refused is said to break the syntax only if it does.
func TestRefusedFilterEvent(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	client := b.connect(rawmqtt.Session{ID: "x", Version: 5})
	for filter, want := range map[string]string{"a/#/b": "breaks the syntax", "$share/group/a": "No Local"} {
		const noLocal = 1 << 2
		_, err := client.Subscribe(1, noLocal, filter)
		check(t, err)
		e := b.await(broker.Refused, "x")
		if refusal, ok := errors.AsType[*broker.Refusal](e.Err); !ok || refusal.Rule != "mqtt/filter" || !strings.Contains(refusal.Detail, want) {
			t.Errorf("%s: %v, want %q", filter, e.Err, want)
		}
	}
}
