//go:build real

package awssdk

import (
	"encoding/json"
	"testing"
)

// The data plane over HTTP: what an application does to a shadow, the device sees.
func TestShadowOverHTTP(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, c.ca())
	d.shadowClient("device", c.device(everything, "lamp"))
	d.stream("device", delta, object{"thingName": "lamp"})
	send := func(operation string, input object) json.RawMessage {
		t.Helper()
		return d.call("http.send", object{"client": "data", "endpoint": c.data(), "operation": operation, "input": input})
	}
	d.refused(c, "data", "GetThingShadow", object{"thingName": "lamp"}, "ResourceNotFoundException", 404)
	want(t, send("UpdateThingShadow", object{"thingName": "lamp", "payload": `{"state":{"desired":{"on":true}}}`}), member{"payload.version", "1"},
		member{"payload.state.desired.on", "true"})
	want(t, d.await(0, "incomingPublish", delta).Data, member{"message.state", `{"on":true}`})
	want(t, send("GetThingShadow", object{"thingName": "lamp"}), member{"payload.state.delta.on", "true"})
	d.refused(c, "data", "UpdateThingShadow", object{"thingName": "lamp", "payload": `{"state":{},"version":9}`}, "ConflictException", 409)
	d.refused(c, "data", "UpdateThingShadow", object{"thingName": "lamp", "payload": `{}`}, "InvalidRequestException", 400)
	send("UpdateThingShadow", object{"thingName": "lamp", "shadowName": "door", "payload": `{"state":{"reported":{"open":false}}}`})
	want(t, send("ListNamedShadowsForThing", object{"thingName": "lamp"}), member{"results", `["door"]`})
	want(t, d.request("device", "getNamedShadow", object{"thingName": "lamp", "shadowName": "door"}), member{"state.reported.open", "false"})
	send("DeleteThingShadow", object{"thingName": "lamp"})
	want(t, d.rejected("device", "getShadow", object{"thingName": "lamp"}), member{"code", "404"})
}

// Messages over HTTP, and what is retained.
func TestPublishOverHTTP(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, c.ca())
	a := c.device(everything)
	d.start5("reader", a, nil)
	d.call("mqtt5.subscribe", object{"name": "reader", "filters": []string{"news/today"}, "qos": atLeastOnce})
	send := func(operation string, input object) json.RawMessage {
		t.Helper()
		return d.call("http.send", object{"client": "data", "endpoint": c.data(), "operation": operation, "input": input})
	}
	send("Publish", object{"topic": "news/today", "qos": 1, "payload": "hello", "retain": true})
	want(t, d.await(0, "messageReceived", "reader").Data, member{"message.payload", `"hello"`}, member{"message.qos", "1"}, member{"message.retain", "false"})
	want(t, send("GetRetainedMessage", object{"topic": "news/today"}), member{"topic", `"news/today"`}, member{"payload", `"hello"`}, member{"qos", "1"})
	d.refused(c, "data", "GetRetainedMessage", object{"topic": "news/tomorrow"}, "ResourceNotFoundException", 404)
	d.start5("late", a, nil)
	d.call("mqtt5.subscribe", object{"name": "late", "filters": []string{"news/+"}, "qos": atLeastOnce}) // wildcards get nothing that is retained
	d.call("mqtt5.subscribe", object{"name": "late", "filters": []string{"news/today"}, "qos": atLeastOnce})
	want(t, d.await(0, "messageReceived", "late").Data, member{"message.payload", `"hello"`}, member{"message.retain", "true"})
	send("Publish", object{"topic": "news/end", "qos": 1, "payload": "end"})
	d.await(0, "messageReceived", "late", member{"message.payload", `"end"`})
	if n := d.count("messageReceived", "late"); n != 2 {
		t.Errorf("%d messages were received; want 2: the retained one once", n)
	}
}

// A device's certificate, from its creation to its removal, by the control plane alone.
func TestProvisioningByHand(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, c.ca())
	keys := d.send(c, "CreateKeysAndCertificate", object{"setAsActive": true})
	arn, id := text(t, keys, "certificateArn"), text(t, keys, "certificateId")
	d.send(c, "CreatePolicy", object{"policyName": "all", "policyDocument": everything})
	d.send(c, "AttachPolicy", object{"policyName": "all", "target": arn})
	d.send(c, "CreateThing", object{"thingName": "made", "attributePayload": object{"attributes": object{"colour": "red"}}})
	d.send(c, "AttachThingPrincipal", object{"thingName": "made", "principal": arn})
	want(t, d.send(c, "DescribeThing", object{"thingName": "made"}), member{"attributes.colour", `"red"`}, member{"version", "1"})
	want(t, d.send(c, "ListThingPrincipals", object{"thingName": "made"}), member{"principals", `["` + arn + `"]`})
	endpoint := text(t, d.send(c, "DescribeEndpoint", object{"endpointType": "iot:Data-ATS"}), "endpointAddress")
	if endpoint == "" {
		t.Error("no endpoint")
	}
	a := c.written(text(t, keys, "certificatePem"), text(t, keys, "keyPair.PrivateKey"))
	d.shadowClient("made", a)
	want(t, d.request("made", "updateShadow", object{"thingName": "made", "state": object{"reported": object{"here": true}}}), member{"version", "1"})

	d.refused(c, "iot", "DeleteCertificate", object{"certificateId": id}, "CertificateStateException", 406)
	mark := d.mark()
	d.send(c, "UpdateCertificate", object{"certificateId": id, "newStatus": "INACTIVE"})
	d.await(mark, "disconnection", "made")
	d.await(mark, "connectionFailure", "made")
	d.call("mqtt5.stop", object{"name": "made"})
	d.send(c, "DetachThingPrincipal", object{"thingName": "made", "principal": arn})
	d.send(c, "DetachPolicy", object{"policyName": "all", "target": arn})
	d.send(c, "DeleteCertificate", object{"certificateId": id})
	d.send(c, "DeletePolicy", object{"policyName": "all"})
	d.send(c, "DeleteThing", object{"thingName": "made"})
	d.refused(c, "iot", "DescribeCertificate", object{"certificateId": id}, "ResourceNotFoundException", 404)
	d.refused(c, "iot", "CreatePolicy", object{"policyName": "bad", "policyDocument": "{"}, "MalformedPolicyException", 400)
}

// HTTPS with a certificate, on the port that is shared with MQTT: policies decide.
func TestHTTPSWithCertificate(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, c.ca())
	a := c.device(samplePolicy("client/*", "test/topic"), "thing")
	d.start5("reader", c.device(everything), nil)
	d.call("mqtt5.subscribe", object{"name": "reader", "filters": []string{"test/topic"}, "qos": atLeastOnce})
	fetch := func(method, path, body string, cert, key string) json.RawMessage {
		t.Helper()
		return d.call("http.fetch", object{"url": c.data() + path, "method": method, "body": body, "cert": cert, "key": key})
	}
	want(t, fetch("POST", "/topics/test/topic?qos=1", `{"t":21}`, a.Cert, a.Key), member{"status", "200"}, member{"body.message", `"OK"`})
	want(t, d.await(0, "messageReceived", "reader").Data, member{"message.payload.t", "21"}, member{"message.qos", "1"})
	want(t, fetch("POST", "/topics/test/other?qos=1", "x", a.Cert, a.Key), member{"status", "403"})
	c.saw(0, "refused", "http/policy", "iot:Publish")
	want(t, fetch("GET", "/things/thing/shadow", "", a.Cert, a.Key), member{"status", "403"})
	want(t, fetch("POST", "/topics/test/topic?qos=1", "x", "", ""), member{"status", "403"})
	if n := d.count("messageReceived", "reader"); n != 1 {
		t.Errorf("%d messages were received; want 1", n)
	}
}
