// Package aws is a local AWS IoT Core, for development and tests: its message broker with mutual TLS and its Device Shadow service. It is
// strict: what the service refuses it refuses, and it says why (Event of kind Refused), which the service does not.
//
// First cut. Things come into being when they are named. Policies are not enforced yet; Jobs and fleet provisioning are accepted as topics,
// answered by nothing, and said so in a notice. State is in memory.
package aws

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/shadow"
	"github.com/cloudgen/cloudgen/lab/broker"
)

// Config is what Start needs. All but Observe, Logger and Now are required.
type Config struct {
	Listen      string // HOST:PORT, see broker.Config
	Certificate tls.Certificate
	ClientCAs   *x509.CertPool // whose certificates devices may present
	Observe     func(broker.Event)
	Logger      *slog.Logger
	Now         func() time.Time // the clock of shadows; nil: time.Now
}

// Cloud is a running local AWS IoT Core. Its methods may be called from any goroutine, except by the observer.
type Cloud struct {
	broker   *broker.Broker
	now      func() time.Time
	patterns patterns

	mu      sync.Mutex // held from a shadow's change until its messages are published, so that they come in the order of versions
	shadows shadow.Store
}

// Start starts the service. The caller closes it.
func Start(config Config) (*Cloud, error) {
	c := &Cloud{now: config.Now, patterns: newPatterns()}
	if c.now == nil {
		c.now = time.Now
	}
	c.mu.Lock() // a client may be served before broker is set
	defer c.mu.Unlock()
	var err error
	c.broker, err = broker.Open(broker.Config{
		Listen: config.Listen,
		// No ALPN on this port: a server that names protocols turns away clients that offer only others.
		TLS:     &tls.Config{Certificates: []tls.Certificate{config.Certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: config.ClientCAs},
		Policy:  &policy{patterns: c.patterns, published: c.published},
		Observe: config.Observe,
		Logger:  cmp.Or(config.Logger, slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Broker gives the message broker, to publish, to cut clients off, and to stop and start it.
func (c *Cloud) Broker() *broker.Broker { return c.broker }

// Close ends the service; see broker.Close.
func (c *Cloud) Close() error { return c.broker.Close() }

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
	c.mu.Lock()
	defer c.mu.Unlock()
	return answered(c.shadows.Get(shadow.Name{Thing: thing, Shadow: name}, nil, c.now()))
}

// UpdateShadow changes a shadow, as an application does, with a body as on shadow/update. It publishes what such an update publishes,
// and gives the content of update/accepted; the error may be a *RejectedError.
func (c *Cloud) UpdateShadow(thing, name string, body []byte) ([]byte, error) {
	return c.request(thing, name, "update", body)
}

// DeleteShadow deletes a shadow, as an application does; see UpdateShadow.
func (c *Cloud) DeleteShadow(thing, name string) error {
	_, err := c.request(thing, name, "delete", nil)
	return err
}

func (c *Cloud) request(thing, name, operation string, body []byte) ([]byte, error) {
	topic := "$aws/things/" + thing + "/shadow/"
	if name != "" {
		topic += "name/" + name + "/"
	}
	kind, call := c.patterns.classify(topic + operation)
	if kind != shadowCall {
		return nil, fmt.Errorf("%q (shadow %q) is not the name of a thing: letters, digits and :_- are allowed", thing, name)
	}
	return answered(c.serve(call, body))
}

func answered(messages []shadow.Message) ([]byte, error) {
	var r struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(messages[0].Payload, &r); err != nil {
		return nil, err
	}
	if r.Code != 0 {
		return nil, &RejectedError{Code: r.Code, Message: r.Message}
	}
	return messages[0].Payload, nil
}

// published reacts to what clients publish on reserved topics.
func (c *Cloud) published(client broker.Client, publish broker.Publish) {
	switch kind, call := c.patterns.classify(publish.Topic); kind {
	case shadowCall:
		c.serve(call, publish.Payload)
	case jobsCall, provisioning, basicIngest:
		c.mu.Lock() // as in Start
		defer c.mu.Unlock()
		c.broker.Notify(client.ID, publish.Topic, "the local cloud does not serve this part of AWS IoT Core yet: no answer will come")
	}
}

// serve carries out a request on a shadow and publishes the answers.
func (c *Cloud) serve(call call, body []byte) []shadow.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	var messages []shadow.Message
	switch now := c.now(); call.operation {
	case "get":
		messages = c.shadows.Get(call.name, body, now)
	case "update":
		messages = c.shadows.Update(call.name, body, now)
	case "delete":
		messages = c.shadows.Delete(call.name, body, now)
	}
	for _, message := range messages {
		c.publish(call.prefix+message.Topic, message.Payload, 1)
		if call.name.Shadow == "" && message.Topic == "get/accepted" {
			c.publish(call.prefix+message.Topic+"/desired/cfg", desiredConfiguration(message.Payload), 0)
		}
	}
	return messages
}

func (c *Cloud) publish(topic string, payload []byte, qos byte) {
	if err := c.broker.Publish(topic, payload, qos, false); err != nil {
		c.broker.Notify("", topic, "publishing failed: "+err.Error())
	}
}

// desiredConfiguration is the rule that a backend for this firmware needs, because the modem's TLS cannot take a whole shadow (ncs-cloud-module
// reference 6.1):
//
//	SELECT state.desired.cfg AS cfg FROM '$aws/things/+/shadow/get/accepted'
//
// with a republish action to ${topic()}/desired/cfg, QoS 0. As SQL of AWS IoT rules has it, what is undefined is left out: {}.
func desiredConfiguration(accepted []byte) []byte {
	var document struct {
		State struct {
			Desired map[string]json.RawMessage `json:"desired"`
		} `json:"state"`
	}
	selected := map[string]json.RawMessage{}
	// The document is ours; were it not JSON, the rule would select nothing.
	if err := json.Unmarshal(accepted, &document); err == nil {
		if cfg, ok := document.State.Desired["cfg"]; ok {
			selected["cfg"] = cfg
		}
	}
	payload, err := json.Marshal(selected)
	if err != nil {
		return []byte("{}")
	}
	return payload
}
