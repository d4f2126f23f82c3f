//go:build real

package awssdk

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// request makes a request of a service client, which has to succeed.
func (d *driver) request(service, method string, request object) json.RawMessage {
	d.Helper()
	return d.call("service.request", object{"name": service, "method": method, "request": request})
}

// rejected makes a request that the service has to reject, and gives the error as the SDK models it.
func (d *driver) rejected(service, method string, request object) json.RawMessage {
	d.Helper()
	result, err := d.try("service.request", object{"name": service, "method": method, "request": request})
	switch {
	case err == nil:
		d.Errorf("%s %v was accepted: %s", method, request, result)
	case err.Modeled == nil:
		d.Errorf("%s %v: %v; want an answer of the service", method, request, err)
	default:
		return err.Modeled
	}
	return nil
}

// stream opens a stream and waits until it is subscribed.
func (d *driver) stream(service, method string, request object) {
	d.Helper()
	mark := d.mark()
	d.call("service.stream", object{"name": service, "method": method, "request": request})
	d.await(mark, "subscriptionStatus", method, member{"type", "0"}) // established
}

// shadowClient starts an MQTT client as the samples do, with the client of the shadow service over it.
func (d *driver) shadowClient(name string, a access) {
	d.Helper()
	d.start5(name, a, nil)
	d.call("service.open", object{"name": name, "kind": "shadow", "over": name})
}

const (
	documents      = "createShadowUpdatedStream"
	delta          = "createShadowDeltaUpdatedStream"
	namedDocuments = "createNamedShadowUpdatedStream"
	namedDelta     = "createNamedShadowDeltaUpdatedStream"
)

// shadowPolicy is what the README of the sample asks for.
func shadowPolicy(thing string) string {
	const account = "arn:aws:iot:us-east-1:000000000000:"
	list := func(kind, operations string) string {
		var all []string
		for operation := range strings.FieldsSeq(operations) {
			all = append(all, fmt.Sprintf("%q", account+kind+"/$aws/things/"+thing+"/shadow/"+operation))
		}
		return strings.Join(all, ",")
	}
	answers := "get/* delete/* update/*"
	return `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["iot:Publish"],"Resource":[` + list("topic", "get update delete") + `]},
		{"Effect":"Allow","Action":["iot:Receive"],"Resource":[` + list("topic", answers) + `]},
		{"Effect":"Allow","Action":["iot:Subscribe"],"Resource":[` + list("topicfilter", answers) + `]},
		{"Effect":"Allow","Action":["iot:Connect"],"Resource":"` + account + `client/*"}]}`
}

// The flow of the sample service_clients/shadow, with the commands of its walkthrough.
func TestSampleShadow(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	d.shadowClient("shadow-sample-77", c.device(shadowPolicy("lamp"), "lamp"))
	thing := func(state object) object {
		request := object{"thingName": "lamp"}
		if state != nil {
			request["state"] = state
		}
		return request
	}
	started := time.Now().Truncate(time.Second)
	d.stream("shadow-sample-77", documents, thing(nil))
	d.stream("shadow-sample-77", delta, thing(nil))

	want(t, d.rejected("shadow-sample-77", "getShadow", thing(nil)), member{"code", "404"}, member{"message", `"No shadow exists with name: 'lamp'"`})

	// update-desired {"color":"green"}
	mark := d.mark()
	accepted := d.request("shadow-sample-77", "updateShadow", thing(object{"desired": object{"color": "green"}}))
	want(t, accepted, member{"version", "1"}, member{"state.desired", `{"color":"green"}`}, member{"state.reported", absent})
	want(t, d.await(mark, "incomingPublish", documents).Data,
		member{"message.current.state", `{"desired":{"color":"green"}}`}, member{"message.current.version", "1"}, member{"message.current.state.delta", absent})
	want(t, d.await(mark, "incomingPublish", delta).Data, member{"message.state", `{"color":"green"}`}, member{"message.version", "1"})

	// update-reported {"color":"red"}
	mark = d.mark()
	accepted = d.request("shadow-sample-77", "updateShadow", thing(object{"reported": object{"color": "red"}}))
	want(t, accepted, member{"version", "2"}, member{"state.reported", `{"color":"red"}`}, member{"state.desired", absent})
	want(t, d.await(mark, "incomingPublish", documents).Data,
		member{"message.previous.state", `{"desired":{"color":"green"}}`}, member{"message.previous.version", "1"},
		member{"message.current.state", `{"desired":{"color":"green"},"reported":{"color":"red"}}`}, member{"message.current.version", "2"})
	want(t, d.await(mark, "incomingPublish", delta).Data, member{"message.state", `{"color":"green"}`}, member{"message.version", "2"})

	document := d.request("shadow-sample-77", "getShadow", thing(nil))
	want(t, document, member{"version", "2"}, member{"state.desired", `{"color":"green"}`}, member{"state.reported", `{"color":"red"}`},
		member{"state.delta", `{"color":"green"}`})
	for _, path := range []string{"timestamp", "metadata.desired.color.timestamp", "metadata.reported.color.timestamp"} {
		if at := number(t, document, path); at < float64(started.Unix()) || at > float64(started.Add(time.Hour).Unix()) {
			t.Errorf("%s is %v; want the present in seconds", path, at)
		}
	}

	// An answer to the delta: nothing is left.
	mark = d.mark()
	d.request("shadow-sample-77", "updateShadow", thing(object{"reported": object{"color": "green"}}))
	d.await(mark, "incomingPublish", documents, member{"message.current.version", "3"})
	want(t, d.request("shadow-sample-77", "getShadow", thing(nil)), member{"state.delta", absent}, member{"version", "3"})

	deleted := number(t, d.request("shadow-sample-77", "deleteShadow", thing(nil)), "version")
	want(t, d.rejected("shadow-sample-77", "getShadow", thing(nil)), member{"code", "404"})
	want(t, d.rejected("shadow-sample-77", "deleteShadow", thing(nil)), member{"code", "404"})
	// The counter goes on.
	mark = d.mark()
	again := number(t, d.request("shadow-sample-77", "updateShadow", thing(object{"desired": object{"color": "blue"}})), "version")
	if deleted < 3 || again <= deleted {
		t.Errorf("version 3 was deleted with version %v, and came back with version %v", deleted, again)
	}
	d.await(mark, "incomingPublish", delta, member{"message.state", `{"color":"blue"}`})
	if n := d.count("incomingPublish", delta); n != 3 {
		t.Errorf("%d deltas; want 3", n)
	}
	if n := d.count("incomingPublishError", documents) + d.count("incomingPublishError", delta); n != 0 {
		t.Errorf("the SDK could not read %d messages", n)
	}
	d.call("service.close", object{"name": "shadow-sample-77"})
	d.call("mqtt5.stop", object{"name": "shadow-sample-77"})
	if n := c.seen("refused", "policy"); n != 0 {
		t.Errorf("the cloud refused %d things by policy", n)
	}
}

// Errors of the service, as the SDK models them.
func TestShadowErrors(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	d.shadowClient("errors", c.device(everything, "thing"))
	state := object{"desired": object{"a": 1}}
	d.request("errors", "updateShadow", object{"thingName": "thing", "state": state})
	want(t, d.request("errors", "updateShadow", object{"thingName": "thing", "state": state, "version": 1}), member{"version", "2"})
	for name, test := range map[string]struct {
		request object
		code    string
	}{
		"version conflict":   {object{"thingName": "thing", "state": state, "version": 1}, "409"},
		"no state":           {object{"thingName": "thing"}, "400"},
		"null in an array":   {object{"thingName": "thing", "state": object{"desired": object{"a": []any{1, nil}}}}, "400"},
		"more than 8 levels": {object{"thingName": "thing", "state": object{"desired": nested(9)}}, "400"},
		"more than 8 KiB":    {object{"thingName": "thing", "state": object{"desired": object{"a": strings.Repeat("x", 8193)}}}, "413"},
		"unknown thing":      {object{"thingName": "nobody", "state": state}, "404"},
	} {
		modeled := d.rejected("errors", "updateShadow", test.request)
		want(t, modeled, member{"code", test.code})
		if token := text(t, modeled, "clientToken"); len(token) != 36 {
			t.Errorf("%s: client token %q; want the SDK's UUID", name, token)
		}
	}
	want(t, d.request("errors", "getShadow", object{"thingName": "thing"}), member{"version", "2"})
}

func nested(levels int) object {
	o := object{"end": true}
	for range levels - 1 {
		o = object{"a": o}
	}
	return o
}

// Named shadows are shadows of their own, with topics of their own. The service clients work over MQTT 3.1.1 as over MQTT 5.
func TestNamedShadows(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	a := c.device(everything, "thing")
	d.connect311("old", a, nil)
	d.call("service.open", object{"name": "old", "kind": "shadow", "over": "old"})
	d.shadowClient("new", a)
	named := func(name string, state object) object {
		request := object{"thingName": "thing", "shadowName": name}
		if state != nil {
			request["state"] = state
		}
		return request
	}
	want(t, d.rejected("old", "getNamedShadow", named("door", nil)), member{"code", "404"})
	d.stream("old", namedDelta, named("door", nil))
	d.stream("old", namedDocuments, named("door", nil))
	want(t, d.request("new", "updateNamedShadow", named("door", object{"desired": object{"open": true}, "reported": object{"open": false}})), member{"version", "1"})
	want(t, d.await(0, "incomingPublish", namedDelta).Data, member{"message.state", `{"open":true}`})
	want(t, d.await(0, "incomingPublish", namedDocuments).Data, member{"message.current.state.desired.open", "true"})
	want(t, d.request("new", "updateNamedShadow", named("window", object{"reported": object{"open": true}})), member{"version", "1"})
	want(t, d.request("old", "getNamedShadow", named("window", nil)), member{"state.reported.open", "true"}, member{"state.desired", absent})
	want(t, d.request("old", "getNamedShadow", named("door", nil)), member{"state.delta.open", "true"})
	want(t, d.rejected("old", "getShadow", object{"thingName": "thing"}), member{"code", "404"})
	want(t, d.rejected("old", "updateNamedShadow", object{"thingName": "thing", "shadowName": "door", "state": object{}, "version": 7}), member{"code", "409"})
	// Null removes.
	want(t, d.request("old", "updateNamedShadow", named("door", object{"desired": nil})), member{"version", "2"}, member{"state.desired", "null"})
	want(t, d.request("old", "getNamedShadow", named("door", nil)), member{"state.desired", absent}, member{"state.reported.open", "false"})
	d.request("old", "deleteNamedShadow", named("door", nil))
	want(t, d.rejected("new", "getNamedShadow", named("door", nil)), member{"code", "404"})
}

// Requests that run at the same time find their answers, by the client token; each client sees those of the other and lets them pass.
func TestRequestsAtOnce(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	a := c.device(everything, "one", "two")
	d.shadowClient("first", a)
	d.shadowClient("second", a)
	// The SDK subscribes with the first request of a kind. One that starts while one of the two filters has its SUBACK and the other has not is never
	// sent (aws-c-mqtt as of 1.28.0 of this SDK): so each client asks once before it asks at once.
	for _, client := range []string{"first", "second"} {
		for _, thing := range []string{"one", "two"} {
			d.request(client, "updateShadow", object{"thingName": thing, "state": object{"reported": object{client: true}}})
		}
	}
	const each = 4 // below the limits of 10 requests in flight on a connection, and 20 a second on a thing
	begun := map[string]chan answer{}
	for _, client := range []string{"first", "second"} {
		var requests []object
		for i := range each {
			for _, thing := range []string{"one", "two"} {
				requests = append(requests, object{"thingName": thing, "state": object{"reported": object{fmt.Sprint(client, thing, i): true}}})
			}
		}
		begun[client] = d.begin("service.requests", object{"name": client, "method": "updateShadow", "requests": requests})
	}
	for client, c := range begun {
		results, err := d.finish("updateShadow", c)
		if err != nil {
			t.Fatalf("%s: %v", client, err)
		}
		for i := range each {
			want(t, results, member{fmt.Sprint(2*i, ".state.reported"), fmt.Sprintf(`{"%sone%d":true}`, client, i)},
				member{fmt.Sprint(2*i+1, ".state.reported"), fmt.Sprintf(`{"%stwo%d":true}`, client, i)})
		}
	}
	for _, thing := range []string{"one", "two"} {
		want(t, d.request("first", "getShadow", object{"thingName": thing}), member{"version", "10"})
	}
}

// A stream goes on after the connection was lost, with and without a session.
func TestStreamAfterReconnect(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	d.shadowClient("streamer", c.device(everything, "thing"))
	d.stream("streamer", delta, object{"thingName": "thing"})
	mark := d.mark()
	c.Cloud().Broker().Disconnect("streamer")
	d.await(mark, "connectionSuccess", "streamer", member{"connack.sessionPresent", "false"})
	d.await(mark, "subscriptionStatus", delta, member{"type", "0"})
	if _, err := c.Cloud().UpdateShadow("thing", "", []byte(`{"state":{"desired":{"led":1}}}`)); err != nil {
		t.Fatal(err)
	}
	want(t, d.await(mark, "incomingPublish", delta).Data, member{"message.state", `{"led":1}`})
	want(t, d.request("streamer", "getShadow", object{"thingName": "thing"}), member{"state.delta.led", "1"})
}
