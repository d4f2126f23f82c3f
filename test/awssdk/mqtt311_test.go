//go:build real

package awssdk

import (
	"encoding/json"
	"fmt"
	"testing"
)

// connect311 connects a client of MQTT 3.1.1 as the samples did, with more options, and gives the answer.
func (d *driver) connect311(name string, a access, more object) json.RawMessage {
	d.Helper()
	return d.call("mqtt311.connect", options311(name, a, more))
}

func options311(name string, a access, more object) object {
	options := object{"name": name, "at": a, "clientId": name, "clean": true, "keepAlive": 30}
	for key, value := range more {
		options[key] = value
	}
	return options
}

func (d *driver) publish311(name, topic, payload string, qos int) {
	d.Helper()
	d.call("mqtt311.publish", object{"name": name, "topic": topic, "payload": payload, "qos": qos})
}

// The flow of the sample pub_sub, on both ports.
func TestSamplePubSub(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	a := c.device(samplePolicy("test-*", "test/topic"))
	for name, port := range map[string]int{"test-8883": c.port(), "test-443": c.second()} {
		want(t, d.connect311(name, a.on(port), nil), member{"sessionPresent", "false"})
		want(t, d.call("mqtt311.subscribe", object{"name": name, "filter": "test/topic", "qos": atLeastOnce}), member{"topic", `"test/topic"`}, member{"qos", "1"},
			member{"error_code", "0"})
		for i := range 10 {
			message := fmt.Sprintf(`{"message":"Hello world!","sequence":%d,"from":%q}`, i+1, name)
			d.publish311(name, "test/topic", message, atLeastOnce)
			d.await(0, "message", name, member{"payload", quote(message)}, member{"topic", `"test/topic"`}, member{"qos", "1"}, member{"duplicate", "false"})
		}
		d.call("mqtt311.unsubscribe", object{"name": name, "filter": "test/topic"})
		d.call("mqtt311.disconnect", object{"name": name})
		c.saw(0, "disconnected", name)
		if n := d.count("message", name); n != 10 {
			t.Errorf("%s: %d messages were received; want 10", name, n)
		}
	}
	if n := c.seen("refused"); n != 0 {
		t.Errorf("the cloud refused %d things", n)
	}
}

// A will is published when the connection ends without a DISCONNECT, and not when it ends with one.
func TestWill(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	a := c.device(everything)
	d.connect311("watcher", a, nil)
	d.call("mqtt311.subscribe", object{"name": "watcher", "filter": "will/+", "qos": atLeastOnce})
	for _, name := range []string{"orderly", "cut"} {
		d.connect311(name, a, object{"will": object{"topic": "will/" + name, "payload": `{"lastwill":"offline"}`, "qos": atLeastOnce}})
	}
	d.start5("cut5", a, object{"connect": object{"will": object{"topicName": "will/cut5", "payload": "gone", "qos": atLeastOnce}}})
	d.call("mqtt311.disconnect", object{"name": "orderly"})
	c.Cloud().Broker().Disconnect("cut5")
	d.await(0, "message", "watcher", member{"topic", `"will/cut5"`}, member{"payload", `"gone"`})
	c.Cloud().Broker().Disconnect("cut")
	d.await(0, "message", "watcher", member{"topic", `"will/cut"`}, member{"payload", quote(`{"lastwill":"offline"}`)}, member{"qos", "1"}, member{"retain", "false"})
	// The SDK comes back by itself.
	d.await(0, "resume", "cut")
	if n := d.count("message", "watcher"); n != 2 {
		t.Errorf("%d wills were published; want 2", n)
	}
}

// Messages of QoS 1 wait for a client whose session is kept, and for no other.
func TestSessionsOfMQTT311(t *testing.T) {
	t.Parallel()
	c := newPatientCloud(t)
	d := newDriver(t, "")
	a := c.device(everything)
	d.connect311("sender", a, nil)
	want(t, d.connect311("kept", a, object{"clean": false}), member{"sessionPresent", "false"})
	d.call("mqtt311.subscribe", object{"name": "kept", "filter": "kept", "qos": atLeastOnce})
	d.call("mqtt311.disconnect", object{"name": "kept"})
	d.publish311("sender", "kept", "of QoS 0", atMostOnce)
	d.publish311("sender", "kept", "one", atLeastOnce)
	d.publish311("sender", "kept", "two", atLeastOnce)
	mark := d.mark()
	want(t, d.connect311("kept", a, object{"clean": false}), member{"sessionPresent", "true"})
	d.await(mark, "message", "kept", member{"payload", `"two"`})
	d.await(mark, "message", "kept", member{"payload", `"one"`}, member{"qos", "1"})
	// The subscription is still there.
	d.publish311("sender", "kept", "three", atLeastOnce)
	d.await(mark, "message", "kept", member{"payload", `"three"`})
	if n := d.count("message", "kept"); n != 3 {
		t.Errorf("%d messages were received; want 3", n)
	}
	d.call("mqtt311.disconnect", object{"name": "kept"})
	// A clean session forgets it.
	want(t, d.connect311("kept", a, object{"clean": true}), member{"sessionPresent", "false"})
	d.call("mqtt311.disconnect", object{"name": "kept"})
	want(t, d.connect311("kept", a, object{"clean": false}), member{"sessionPresent", "false"})
	d.publish311("sender", "kept", "four", atLeastOnce)
	d.call("mqtt311.subscribe", object{"name": "kept", "filter": "kept", "qos": atLeastOnce})
	d.publish311("sender", "kept", "five", atLeastOnce)
	d.await(mark, "message", "kept", member{"payload", `"five"`})
	if n := d.count("message", "kept"); n != 4 {
		t.Errorf("%d messages were received; want 4", n)
	}
}

// A second client with the same id takes over: the first one loses its connection, and is told why where MQTT can say it.
func TestTakeover(t *testing.T) {
	t.Parallel()
	c := newPatientCloud(t)
	first, second := newDriver(t, ""), newDriver(t, "")
	a, other := c.device(everything), c.device(everything)
	patient := object{"reconnectMs": 60_000} // the first one must not take over again

	first.start5("twin", a, patient)
	second.start5("twin", other, patient) // with another certificate
	gone := first.await(0, "disconnection", "twin")
	want(t, gone.Data, member{"disconnect.reasonCode", "142"}) // session taken over
	c.saw(0, "connected", "twin")
	second.call("mqtt5.publish", object{"name": "twin", "topicName": "t", "payload": "still here", "qos": atLeastOnce})
	if n := second.count("disconnection", "twin"); n != 0 {
		t.Errorf("the second one was disconnected %d times", n)
	}

	first.connect311("old-twin", a, object{"will": object{"topic": "will/old-twin", "payload": "taken over", "qos": atLeastOnce}})
	second.call("mqtt5.subscribe", object{"name": "twin", "filters": []string{"will/+"}, "qos": atLeastOnce})
	second.connect311("old-twin", a, nil)
	first.await(0, "interrupt", "old-twin")
	second.await(0, "messageReceived", "twin", member{"message.payload", `"taken over"`}) // the will of the connection that was taken over
	// Now the first one comes back and takes over in turn, as the SDK's users see it when two programs share an id.
	first.await(0, "resume", "old-twin")
	second.await(0, "interrupt", "old-twin")
	first.call("mqtt311.disconnect", object{"name": "old-twin"})
}

// One CONNECT a second with one client id is what an account may do: the SDK gets over the refusal by itself.
func TestConnectRate(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	a := c.device(everything)
	d.start5("hasty", a, nil)
	d.call("mqtt5.stop", object{"name": "hasty"})
	if _, err := d.try("mqtt5.restart", object{"name": "hasty"}); err == nil || err.CRT != "AWS_ERROR_MQTT5_CONNACK_CONNECTION_REFUSED" {
		t.Fatalf("the second CONNECT within a second: %v", err)
	}
	failure := d.await(0, "connectionFailure", "hasty")
	want(t, failure.Data, member{"connack.reasonCode", "151"}) // quota exceeded
	c.saw(0, "refused", "hasty", "connect/rate")
	mark := d.mark()
	d.await(mark, "connectionSuccess", "hasty")
}
