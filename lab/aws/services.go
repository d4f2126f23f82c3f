package aws

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/jobs"
	"github.com/cloudgen/cloudgen/lab/aws/shadow"
	"github.com/cloudgen/cloudgen/lab/broker"
)

// RejectedError is the answer to a request on a shadow that the service rejects.
type RejectedError struct {
	Code    int    // as HTTP
	Message string // of the service
}

func (e *RejectedError) Error() string {
	return fmt.Sprintf("the shadow service rejects the request: %d %s", e.Code, e.Message)
}

// GetShadow gives a shadow's document, as an application gets it; the error may be a *RejectedError. Shadow "" is the classic one.
// Nothing is published.
func (c *Cloud) GetShadow(thing, name string) ([]byte, error) {
	return c.request(thing, name, "get", nil, false)
}

// UpdateShadow changes a shadow, as an application does, with a body as on shadow/update. It publishes what such an update publishes,
// and gives the content of update/accepted; the error may be a *RejectedError.
func (c *Cloud) UpdateShadow(thing, name string, body []byte) ([]byte, error) {
	return c.request(thing, name, "update", body, true)
}

// DeleteShadow deletes a shadow, as an application does, and gives the content of delete/accepted; see UpdateShadow.
func (c *Cloud) DeleteShadow(thing, name string) ([]byte, error) {
	return c.request(thing, name, "delete", nil, true)
}

func (c *Cloud) request(thing, name, operation string, body []byte, tell bool) ([]byte, error) {
	topic := "$aws/things/" + thing + "/shadow/"
	if name != "" {
		topic += "name/" + name + "/"
	}
	kind, call := c.patterns.classify(topic + operation)
	if kind != shadowCall {
		return nil, &RejectedError{Code: 400, Message: fmt.Sprintf("%q (shadow %q) is not the name of a thing: letters, digits and :_- are allowed", thing, name)}
	}
	c.mu.Lock()
	messages := c.shadow(call, body)
	if tell {
		c.tell(call, messages)
	}
	c.mu.Unlock()
	c.saver.changed()
	code, message := rejectionOf(messages[0])
	if code != 0 {
		return nil, &RejectedError{Code: code, Message: message}
	}
	return messages[0].Payload, nil
}

// rejectionOf gives code and text of an answer that is one.
func rejectionOf(answer shadow.Message) (int, string) {
	var r struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if !strings.HasSuffix(answer.Topic, "/rejected") {
		return 0, ""
	}
	if err := json.Unmarshal(answer.Payload, &r); err != nil {
		return 500, "Internal service failure"
	}
	return r.Code, r.Message
}

// published reacts to what clients publish on reserved topics.
func (c *Cloud) published(client broker.Client, publish broker.Publish) {
	<-c.ready
	switch kind, call := c.patterns.classify(publish.Topic); kind {
	case shadowCall:
		c.shadowRequest(client, call, publish)
	case jobsCall:
		c.jobsRequest(client, publish)
	case basicIngest:
		c.broker.Notify(client.ID, publish.Topic, "taken in: the lab has no rules, so that nothing comes of it")
	case provisioning:
		c.broker.Notify(client.ID, publish.Topic, "the local cloud does not serve fleet provisioning: no answer will come")
	}
}

// shadowRequest answers a request that was published.
func (c *Cloud) shadowRequest(client broker.Client, call call, publish broker.Publish) {
	l, _ := client.Local.(*link)
	limit := c.policy.limit(func(l Limits) int { return l.ShadowInFlight })
	l.mu.Lock()
	l.inFlight++
	tooMany := l.inFlight > limit
	l.mu.Unlock()
	answered := func() {
		l.mu.Lock()
		l.inFlight--
		l.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var messages []shadow.Message
	if tooMany {
		messages = c.reject(call, publish.Payload, 429, fmt.Sprintf("Too many requests in flight on this connection; the limit is %d", limit))
	} else {
		messages = c.shadow(call, publish.Payload)
	}
	if code, text := rejectionOf(messages[0]); code != 0 {
		c.broker.Refuse(client.ID, client.Remote, publish.Topic, c.rules.rejection("shadow", fmt.Sprintf("%d %s", code, text)))
	}
	c.saver.changed()
	if c.delay == 0 || tooMany {
		c.tell(call, messages)
		answered()
		return
	}
	c.later(c.clock.Now().Add(c.delay), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.tell(call, messages)
		answered()
	})
}

// shadow carries out a request on a shadow; the first message is the answer. The lock is held.
func (c *Cloud) shadow(call call, body []byte) []shadow.Message {
	now := c.clock.Now()
	limit := c.policy.limit(func(l Limits) int { return l.ShadowRate })
	switch {
	case c.rates.add(call.name.Thing, now) > limit:
		return c.reject(call, body, 429, fmt.Sprintf("Too many requests a second on this thing's shadows; the limit is %d", limit))
	case !c.identity.thing(call.name.Thing):
		return c.reject(call, body, 404, "Thing not found")
	}
	switch call.operation {
	case "get":
		return c.shadows.Get(call.name, body, now)
	case "update":
		return c.shadows.Update(call.name, body, now)
	default:
		return c.shadows.Delete(call.name, body, now)
	}
}

// reject makes an answer that the shadow service itself does not make.
func (c *Cloud) reject(call call, body []byte, code int, text string) []shadow.Message {
	var request struct {
		ClientToken string `json:"clientToken"`
	}
	_ = json.Unmarshal(body, &request) // without a token there is none in the answer
	payload, err := json.Marshal(struct {
		Code        int    `json:"code"`
		Message     string `json:"message"`
		Timestamp   int64  `json:"timestamp"`
		ClientToken string `json:"clientToken,omitempty"`
	}{code, text, c.clock.Now().Unix(), request.ClientToken})
	if err != nil {
		payload = []byte("{}")
	}
	return []shadow.Message{{Topic: call.operation + "/rejected", Payload: payload}}
}

// tell publishes what the shadow service has to say. The lock is held.
func (c *Cloud) tell(call call, messages []shadow.Message) {
	for _, message := range messages {
		c.publish(call.prefix+message.Topic, message.Payload, 1)
		if call.name.Shadow == "" && message.Topic == "get/accepted" {
			c.publish(call.prefix+message.Topic+"/desired/cfg", desiredConfiguration(message.Payload), 0)
		}
	}
}

// jobsRequest answers a request that was published.
func (c *Cloud) jobsRequest(client broker.Client, publish broker.Publish) {
	thing, topic := jobsTopic(publish.Topic)
	c.mu.Lock()
	defer c.mu.Unlock()
	messages := c.jobs.Device(thing).Publish(topic, publish.Payload, c.clock.Now())
	if strings.HasSuffix(messages[0].Topic, "/rejected") {
		c.broker.Refuse(client.ID, client.Remote, publish.Topic, c.jobsRefusal(messages[0].Payload))
	}
	c.saver.changed()
	c.wakeUp()
	if c.delay == 0 {
		c.deliver(client.ID, messages)
		return
	}
	c.later(c.clock.Now().Add(c.delay), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.deliver(client.ID, messages)
	})
}

// jobsTopic gives the thing of a topic $aws/things/THING/jobs/…, and what follows.
func jobsTopic(topic string) (thing, request string) {
	thing, request, _ = strings.Cut(strings.TrimPrefix(topic, "$aws/things/"), "/jobs/")
	return thing, request
}

func (c *Cloud) jobsRefusal(payload []byte) *broker.Refusal {
	var r struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(payload, &r); err != nil {
		r.Code, r.Message = "InternalError", err.Error()
	}
	return c.rules.rejection("jobs", r.Code+": "+r.Message)
}

// deliver publishes what the Jobs service has to say; asked is the client that an answer is for. The lock is held.
func (c *Cloud) deliver(asked string, messages []jobs.Message) {
	for _, m := range messages {
		topic := "$aws/things/" + m.Thing + "/jobs/" + m.Topic
		if m.Unicast {
			c.broker.Send(asked, topic, m.Payload)
			continue
		}
		c.publish(topic, m.Payload, 1)
	}
	if len(messages) > 0 {
		c.saver.changed()
	}
}

// JobsDevice carries out f for a thing, whose device asks over HTTP, and publishes what follows.
func (c *Cloud) JobsDevice(thing string, f func(d jobs.Device, now time.Time) ([]byte, []jobs.Message, error)) ([]byte, error) {
	var answer []byte
	err := c.Jobs(func(s *jobs.Store, now time.Time) ([]jobs.Message, error) {
		var messages []jobs.Message
		var err error
		answer, messages, err = f(s.Device(thing), now)
		return messages, err
	})
	return answer, err
}

// desiredConfiguration is the rule that a backend for this firmware needs, because the modem's TLS cannot take a whole shadow (ncs-cloud-module
// reference 6.1); the firmware's packaging/aws has it:
//
//	SELECT state.desired.cfg AS cfg, version, timestamp, clientToken FROM '$aws/things/+/shadow/get/accepted'
//
// with a republish action to ${topic()}/desired/cfg, QoS 0. As SQL of AWS IoT rules has it, what is undefined is left out: {}.
func desiredConfiguration(accepted []byte) []byte {
	var document struct {
		State struct {
			Desired map[string]json.RawMessage `json:"desired"`
		} `json:"state"`
		Version     json.RawMessage `json:"version"`
		Timestamp   json.RawMessage `json:"timestamp"`
		ClientToken json.RawMessage `json:"clientToken"`
	}
	selected := map[string]json.RawMessage{}
	// The document is ours; were it not JSON, the rule would select nothing.
	if err := json.Unmarshal(accepted, &document); err == nil {
		for name, value := range map[string]json.RawMessage{
			"cfg": document.State.Desired["cfg"], "version": document.Version, "timestamp": document.Timestamp, "clientToken": document.ClientToken,
		} {
			if value != nil {
				selected[name] = value
			}
		}
	}
	payload, err := json.Marshal(selected)
	if err != nil {
		return []byte("{}")
	}
	return payload
}
