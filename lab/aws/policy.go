package aws

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab/broker"
)

// Limits of the message broker (AWS IoT Core endpoints and quotas, "AWS IoT Core message broker and protocol limits and quotas").
const (
	maximumClientID      = 128       // bytes
	maximumPayload       = 128 << 10 // bytes
	maximumTopic         = 256       // bytes
	maximumSlashes       = 7
	maximumFilters       = 8    // per SUBSCRIBE
	maximumSubscriptions = 50   // per connection
	maximumKeepAlive     = 1200 // seconds; also what 0 stands for
	minimumKeepAlive     = 30   // seconds
)

// Reason codes of MQTT 5 (its section 2.4).
const (
	codeClientID  = 0x85
	codeForbidden = 0x87
	codeFilter    = 0x8f
	codeTopic     = 0x90
	codeTooLarge  = 0x95
	codeQuota     = 0x97
	codeRetain    = 0x9a
	codeQoS       = 0x9b
)

// Where the rules are written.
const (
	guideMQTT      = `AWS IoT Core developer guide, "MQTT"`
	guideReserved  = `AWS IoT Core developer guide, "Reserved topics"`
	guideRetained  = `AWS IoT Core developer guide, "MQTT retained messages"`
	guideTransport = `AWS IoT Core developer guide, "Transport security in AWS IoT Core"`
	quotas         = `AWS IoT Core endpoints and quotas, "message broker and protocol limits and quotas"`
)

// policy is what AWS IoT Core accepts, and what it does with the rest.
type policy struct {
	patterns  patterns
	published func(client broker.Client, publish broker.Publish)
}

var _ broker.Policy = (*policy)(nil)

func (*policy) Hello(hello broker.Hello) *broker.Refusal {
	if hello.ServerName != "" {
		return nil
	}
	return refusal("tls/sni", guideTransport, 0, broker.Close,
		"the client sent no server name (SNI); it sends none if it is told to connect to an IP address: use a name, for example localhost")
}

func (*policy) Connect(client broker.Client, connect *broker.Connect) *broker.Refusal {
	switch {
	case len(client.ID) > maximumClientID:
		return refusal("connect/client-id", quotas, codeClientID, broker.Close, "the client id has %d bytes; at most %d are allowed", len(client.ID), maximumClientID)
	case connect.Will && connect.WillQoS > 1:
		return refusal("connect/will-qos", guideMQTT, codeQoS, broker.Close, "the will has QoS %d; 0 and 1 are supported", connect.WillQoS)
	case connect.Will && len(connect.WillTopic) > maximumTopic:
		return refusal("connect/will-topic", quotas, codeTopic, broker.Close, "the will's topic has %d bytes; at most %d are allowed", len(connect.WillTopic), maximumTopic)
	}
	switch {
	case connect.KeepAlive == 0 || connect.KeepAlive > maximumKeepAlive:
		connect.KeepAlive = maximumKeepAlive
	case connect.KeepAlive < minimumKeepAlive:
		connect.KeepAlive = minimumKeepAlive
	}
	return nil
}

func (p *policy) Publish(client broker.Client, publish broker.Publish) *broker.Refusal {
	kind, _ := p.patterns.classify(publish.Topic)
	switch {
	case publish.QoS > 1 && client.Version == 5:
		return refusal("publish/qos-2", guideMQTT, codeQoS, broker.Close, "PUBLISH with QoS %d, although the CONNACK said that 1 is the maximum", publish.QoS)
	case publish.QoS > 1:
		return refusal("publish/qos-2", guideMQTT, codeQoS, broker.Ignore, "PUBLISH with QoS %d, which is not supported: no acknowledgement is sent", publish.QoS)
	case len(publish.Payload) > maximumPayload:
		return refusal("publish/payload", quotas, codeTooLarge, broker.Close, "the payload has %d bytes; at most %d are allowed", len(publish.Payload), maximumPayload)
	case len(publish.Topic) > maximumTopic:
		return refusal("publish/topic-length", quotas, codeTopic, broker.Close, "the topic has %d bytes; at most %d are allowed", len(publish.Topic), maximumTopic)
	case slashes(publish.Topic) > maximumSlashes:
		return refusal("publish/topic-depth", quotas, codeTopic, broker.Close, "the topic has %d slashes; at most %d are allowed", slashes(publish.Topic), maximumSlashes)
	case kind == undefined:
		return refusal("publish/reserved", guideReserved, codeTopic, broker.Close, "the topic begins with $ and is none that the service defines")
	case kind == answer:
		return refusal("publish/reserved-answer", guideReserved, codeForbidden, broker.Close, "only the service publishes on this topic")
	case kind != application && publish.Retain:
		return refusal("publish/reserved-retain", guideRetained, codeRetain, broker.Close, "RETAIN is set, which topics that begin with $ do not allow")
	}
	return nil
}

func (*policy) Subscribe(client broker.Client, subscribe broker.Subscribe) (*broker.Refusal, []*broker.Refusal) {
	for _, filter := range subscribe.Filters {
		switch {
		case filter.QoS > 1 && client.Version < 5: // MQTT 5 grants QoS 1
			return refusal("subscribe/qos-2", guideMQTT, codeQoS, broker.Ignore, "SUBSCRIBE to %q with QoS %d, which is not supported: no SUBACK is sent", filter.Topic, filter.QoS), nil
		case !subscribable(unshared(filter.Topic)):
			return refusal("subscribe/reserved", guideReserved, codeFilter, broker.Close, "the filter %q begins with $ and matches no topic that the service defines", filter.Topic), nil
		}
	}
	switch {
	case len(subscribe.Filters) > maximumFilters:
		return refusal("subscribe/filters", quotas, codeQuota, broker.Close, "the SUBSCRIBE has %d filters; at most %d are allowed", len(subscribe.Filters), maximumFilters), nil
	case subscribe.Held > maximumSubscriptions:
		return refusal("subscribe/subscriptions", quotas, codeQuota, broker.Close, "the connection would hold %d subscriptions; at most %d are allowed", subscribe.Held, maximumSubscriptions), nil
	}
	each := make([]*broker.Refusal, len(subscribe.Filters))
	for i, filter := range subscribe.Filters {
		topic := unshared(filter.Topic)
		switch {
		case len(topic) > maximumTopic:
			each[i] = refusal("subscribe/filter-length", quotas, codeFilter, broker.Close, "the filter has %d bytes; at most %d are allowed", len(topic), maximumTopic)
		case slashes(topic) > maximumSlashes:
			each[i] = refusal("subscribe/filter-depth", quotas, codeFilter, broker.Close, "the filter has %d slashes; at most %d are allowed", slashes(topic), maximumSlashes)
		}
	}
	return nil, each
}

// Matches leaves out what MQTT would give: a/# does not match a (developer guide, "MQTT", differences from the specification).
func (*policy) Matches(filter, topic string) bool {
	parent, ok := strings.CutSuffix(filter, "/#")
	return !ok || strings.Count(topic, "/") > strings.Count(parent, "/")
}

func (p *policy) Published(client broker.Client, publish broker.Publish) {
	p.published(client, publish)
}

// slashes counts the slashes of a topic without the prefix of Basic Ingest, which does not count (quotas).
func slashes(topic string) int {
	if rest, ok := strings.CutPrefix(topic, "$aws/rules/"); ok {
		_, topic, _ = strings.Cut(rest, "/")
	}
	return strings.Count(topic, "/")
}

// unshared gives the filter inside a shared subscription, $share/GROUP/FILTER.
func unshared(filter string) string {
	if parts := strings.SplitN(filter, "/", 3); parts[0] == "$share" && len(parts) == 3 {
		return parts[2]
	}
	return filter
}

func refusal(rule, source string, code byte, effect broker.Effect, format string, args ...any) *broker.Refusal {
	return &broker.Refusal{Rule: rule, Source: source, Code: code, Effect: effect, Detail: fmt.Sprintf(format, args...)}
}

func (*policy) Certificate(broker.Hello, *x509.Certificate) *broker.Refusal { return nil }

func (*policy) Receive(broker.Client, string) *broker.Refusal { return nil }

func (*policy) Pace(broker.Client, int, bool) time.Duration { return 0 }

func (*policy) Connected(broker.Client) {}

func (*policy) Disconnected(broker.Client, string) {}
