//go:build real

package awssdk

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Qualities of service.
const (
	atMostOnce  = 0
	atLeastOnce = 1
)

// samplePolicy is what the README of the SDK's samples asks for, for clients and topics of these names.
func samplePolicy(client, topic string) string {
	arn := func(kind, name string) string {
		return `"arn:aws:iot:us-east-1:000000000000:` + kind + "/" + name + `"`
	}
	return `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["iot:Publish","iot:Receive"],"Resource":[` + arn("topic", topic) + `]},
		{"Effect":"Allow","Action":["iot:Subscribe"],"Resource":[` + arn("topicfilter", topic) + `]},
		{"Effect":"Allow","Action":["iot:Connect"],"Resource":[` + arn("client", client) + `]}]}`
}

// start5 starts a client of MQTT 5 as the samples do, with more options, and gives what its connection success event holds.
func (d *driver) start5(name string, a access, more object) json.RawMessage {
	d.Helper()
	return d.call("mqtt5.start", options5(name, a, more))
}

func options5(name string, a access, more object) object {
	options := object{"name": name, "at": a, "connect": object{"clientId": name, "keepAliveIntervalSeconds": 1200}}
	for key, value := range more {
		if key != "connect" {
			options[key] = value
			continue
		}
		for property, value := range value.(object) {
			options["connect"].(object)[property] = value
		}
	}
	return options
}

// The flow of the sample mqtt5_x509, on both ports: connect, subscribe, publish and receive five messages, unsubscribe, stop.
func TestSampleMQTT5(t *testing.T) {
	t.Parallel()
	for name, port := range map[string]func(*cloud) int{
		"8883": func(c *cloud) int { return c.port() },
		"443":  func(c *cloud) int { return c.second() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			d := newDriver(t, "")
			success := d.start5("mqtt5-sample-1f4a", c.device(samplePolicy("mqtt5-sample-*", "test/topic")).on(port(c)), nil)
			want(t, success, member{"connack.reasonCode", "0"}, member{"connack.sessionPresent", "false"})
			c.saw(0, "connected", "mqtt5-sample-1f4a", "MQTT 5")
			suback := d.call("mqtt5.subscribe", object{"name": "mqtt5-sample-1f4a", "filters": []string{"test/topic"}, "qos": atLeastOnce})
			want(t, suback, member{"reasonCodes", "[1]"})
			for i := range 5 {
				message := fmt.Sprintf("Hello from mqtt5 sample [%d]", i+1)
				puback := d.call("mqtt5.publish", object{"name": "mqtt5-sample-1f4a", "topicName": "test/topic", "payload": message, "qos": atLeastOnce})
				want(t, puback, member{"reasonCode", "0"})
				received := d.await(0, "messageReceived", "mqtt5-sample-1f4a", member{"message.payload", quote(message)})
				want(t, received.Data, member{"message.topicName", `"test/topic"`}, member{"message.qos", "1"}, member{"message.retain", "false"})
			}
			unsuback := d.call("mqtt5.unsubscribe", object{"name": "mqtt5-sample-1f4a", "filters": []string{"test/topic"}})
			want(t, unsuback, member{"reasonCodes", "[0]"})
			d.call("mqtt5.stop", object{"name": "mqtt5-sample-1f4a"})
			c.saw(0, "disconnected", "mqtt5-sample-1f4a")
			if n := d.count("messageReceived", "mqtt5-sample-1f4a"); n != 5 {
				t.Errorf("%d messages were received; want 5", n)
			}
			if n := d.count("connectionFailure", "mqtt5-sample-1f4a") + d.count("disconnection", "mqtt5-sample-1f4a"); n > 1 { // the stop is one
				t.Errorf("%d failures and disconnections", n)
			}
			if n := c.seen("refused"); n != 0 {
				t.Errorf("the cloud refused %d things:\n%s", n, c.story())
			}
		})
	}
}

func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always has a JSON
	}
	return string(b)
}

// What the SDK takes from the CONNACK is what AWS IoT Core announces (developer guide, "MQTT 5 supported features", and the quotas).
func TestNegotiatedSettings(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	a := c.device(everything)
	success := d.start5("settings", a, object{"connect": object{"sessionExpiryIntervalSeconds": 7 * 24 * 3600}})
	want(t, success,
		member{"settings.maximumQos", "1"},
		member{"settings.sessionExpiryInterval", "3600"}, // of an account that has not asked for more
		member{"settings.receiveMaximumFromServer", "100"},
		member{"settings.maximumPacketSizeToServer", "149504"},
		member{"settings.topicAliasMaximumToServer", "8"},
		member{"settings.serverKeepAlive", "1200"},
		member{"settings.retainAvailable", "true"},
		member{"settings.wildcardSubscriptionsAvailable", "true"},
		member{"settings.subscriptionIdentifiersAvailable", "false"},
		member{"settings.sharedSubscriptionsAvailable", "true"},
		member{"settings.rejoinedSession", "false"},
		member{"settings.clientId", `"settings"`},
	)
	want(t, d.start5("short", a, object{"connect": object{"keepAliveIntervalSeconds": 5}}), member{"settings.serverKeepAlive", "30"})
	// MQTT 5: a client without an id gets one.
	success = d.start5("", a, object{"connect": object{"clientId": ""}})
	if id := text(t, success, "settings.clientId"); id == "" || strings.HasPrefix(id, "settings") {
		t.Errorf("the client id that was given is %q", id)
	}
}

// Requests of one client with the properties of MQTT 5 reach another one unchanged.
func TestProperties(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	a := c.device(everything)
	d.start5("asker", a, object{"alias": 8})
	d.start5("replier", a, nil)
	d.call("mqtt5.subscribe", object{"name": "replier", "filters": []string{"request/+", "$share/workers/work"}, "qos": atLeastOnce})
	for range 3 { // the second and third go by the topic's alias
		d.call("mqtt5.publish", object{"name": "asker", "topicName": "request/1", "payload": `{"q":1}`, "qos": atLeastOnce, "contentType": "application/json",
			"responseTopic": "reply/1", "correlationData": "c-1", "payloadFormat": 1, "userProperties": []object{{"name": "k", "value": "v"}}})
	}
	d.call("mqtt5.publish", object{"name": "asker", "topicName": "work", "payload": "shared", "qos": atLeastOnce})
	d.await(0, "messageReceived", "replier", member{"message.payload", `"shared"`})
	if n := d.count("messageReceived", "replier"); n != 4 {
		t.Errorf("%d messages were received; want 4", n)
	}
	received := d.await(0, "messageReceived", "replier", member{"message.topicName", `"request/1"`})
	want(t, received.Data,
		member{"message.payload", quote(`{"q":1}`)}, member{"message.contentType", `"application/json"`}, member{"message.responseTopic", `"reply/1"`},
		member{"message.correlationData", `"c-1"`}, member{"message.userProperties", `[{"name":"k","value":"v"}]`}, member{"message.payloadFormat", "1"})
}

// Sessions of MQTT 5, with the same.
func TestSessionsOfMQTT5(t *testing.T) {
	t.Parallel()
	c := newPatientCloud(t)
	d := newDriver(t, "")
	a := c.device(everything)
	d.connect311("sender", a, nil)
	keeping := object{"session": "RejoinAlways", "connect": object{"sessionExpiryIntervalSeconds": 600}}
	want(t, d.start5("kept5", a, keeping), member{"settings.rejoinedSession", "false"}, member{"settings.sessionExpiryInterval", "600"})
	d.call("mqtt5.subscribe", object{"name": "kept5", "filters": []string{"kept5"}, "qos": atLeastOnce})
	d.call("mqtt5.stop", object{"name": "kept5"})
	d.publish311("sender", "kept5", "one", atLeastOnce)
	mark := d.mark()
	want(t, d.call("mqtt5.restart", object{"name": "kept5"}), member{"settings.rejoinedSession", "true"}, member{"connack.sessionPresent", "true"})
	d.await(mark, "messageReceived", "kept5", member{"message.payload", `"one"`}, member{"message.qos", "1"})
	// A connection that breaks is made anew by the SDK, in the same session.
	mark = d.mark()
	c.Cloud().Broker().Disconnect("kept5")
	d.await(mark, "connectionSuccess", "kept5", member{"settings.rejoinedSession", "true"})
	d.publish311("sender", "kept5", "two", atLeastOnce)
	d.await(mark, "messageReceived", "kept5", member{"message.payload", `"two"`})
	// A DISCONNECT that says so ends the session.
	d.call("mqtt5.stop", object{"name": "kept5", "packet": object{"reasonCode": 0, "sessionExpiryIntervalSeconds": 0}})
	want(t, d.start5("kept5", a, keeping), member{"connack.sessionPresent", "false"})
}

// Client and server number their packets independently of each other (MQTT 5, section 2.2.1): what the client has not acknowledged yet is in the way of none of
// its own packets, and none of them is taken for its acknowledgement.
func TestPacketIdentifiers(t *testing.T) {
	t.Parallel()
	c := newPatientCloud(t)
	d := newDriver(t, "")
	a := c.device(everything)
	d.connect311("sender", a, nil)
	holding := object{"hold": true, "session": "RejoinAlways", "connect": object{"sessionExpiryIntervalSeconds": 600}}
	d.start5("holder", a, holding)
	d.call("mqtt5.subscribe", object{"name": "holder", "filters": []string{"held"}, "qos": atLeastOnce})
	const n = 8 // as many as the client's packets below need numbers
	for i := range n {
		d.publish311("sender", "held", fmt.Sprint("message ", i), atLeastOnce)
	}
	for i := range n {
		d.await(0, "messageReceived", "holder", member{"message.payload", quote(fmt.Sprint("message ", i))})
	}
	want(t, d.call("mqtt5.subscribe", object{"name": "holder", "filters": []string{"more"}, "qos": atLeastOnce}), member{"reasonCodes", "[1]"})
	want(t, d.call("mqtt5.publish", object{"name": "holder", "topicName": "elsewhere", "payload": "x", "qos": atLeastOnce}), member{"reasonCode", "0"})
	want(t, d.call("mqtt5.unsubscribe", object{"name": "holder", "filters": []string{"more"}}), member{"reasonCodes", "[0]"})
	// None of the messages has been acknowledged: all of them come again.
	mark := d.mark()
	c.Cloud().Broker().Disconnect("holder")
	d.await(mark, "connectionSuccess", "holder", member{"connack.sessionPresent", "true"})
	for i := range n {
		d.await(mark, "messageReceived", "holder", member{"message.payload", quote(fmt.Sprint("message ", i))})
	}
}
