package aws

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/lab/aws/access"
	"github.com/cloudgen/cloudgen/lab/broker"
)

// policy is what AWS IoT Core accepts, and what it does with the rest.
type policy struct {
	patterns patterns
	rules    rules
	account  access.Account
	identity *identity
	clock    *Clock
	service  service
	// keepAlive is the shortest, seconds.
	keepAlive uint16
	notify    func(id string, refusal *broker.Refusal) // tells what is slowed down rather than refused

	mu       sync.Mutex
	limits   Limits
	connects windows        // by client id
	refusing ConnectRefusal // injected
}

// service is what the policy hands on.
type service interface {
	published(client broker.Client, publish broker.Publish)
	connected(client broker.Client)
	disconnected(client broker.Client, reason string)
}

var _ broker.Policy = (*policy)(nil)

// link is what the policy keeps with a connection.
type link struct {
	client  access.Client
	context access.Context // the condition keys of its requests

	mu       sync.Mutex
	in, out  window // messages
	bytesIn  window
	bytesOut window
	slowed   window // events of slowing down, to tell one a second
	inFlight int    // requests on shadows without an answer
}

func (p *policy) Hello(hello broker.Hello) *broker.Refusal {
	switch {
	case len(hello.Versions) > 0 && slices.Max(hello.Versions) < tls.VersionTLS12:
		return p.rules.refusal("tls/version", "the client offers nothing better than %s", tls.VersionName(slices.Max(hello.Versions)))
	case hello.ServerName == "":
		return p.rules.refusal("tls/sni",
			"the client sent no server name (SNI); it sends none if it is told to connect to an IP address: use a name, for example localhost")
	}
	return nil
}

func (p *policy) Certificate(hello broker.Hello, certificate *x509.Certificate) *broker.Refusal {
	if certificate == nil {
		// The second port also serves requests that are signed instead.
		if hello.Port != secondPort || slices.Contains(hello.Protocols, protocolMQTT) {
			return p.rules.refusal("tls/certificate-missing", "the client presented no certificate")
		}
		return nil
	}
	rule, detail := p.identity.handshake(certificate, p.clock.Now())
	if rule == "" {
		return nil
	}
	return p.rules.refusal(rule, "%s", detail)
}

func (p *policy) Connect(client broker.Client, connect *broker.Connect) *broker.Refusal {
	now := p.clock.Now()
	p.mu.Lock()
	refusing := p.refusing
	if refusing.Times > 0 {
		p.refusing.Times--
	}
	count := 0
	if len(client.ID) <= maximumClientID {
		count = p.connects.add(client.ID, now)
	}
	limits := p.limits
	p.mu.Unlock()
	switch {
	case refusing.Times > 0:
		return &broker.Refusal{Rule: "fault/connect", Source: "the lab was told to", Code: refusing.Code, Detail: "the connection is refused on purpose"}
	case len(client.ID) > maximumClientID:
		return p.rules.refusal("connect/client-id", "the client id has %d bytes; at most %d are allowed", len(client.ID), maximumClientID)
	case count > limits.Connects:
		return p.rules.refusal("connect/rate", "CONNECT number %d of this client id within a second; %d are allowed", count, limits.Connects)
	}
	if refusal := p.checkWill(connect); refusal != nil {
		return refusal
	}
	switch {
	case connect.KeepAlive == 0 || connect.KeepAlive > maximumKeepAlive:
		connect.KeepAlive = maximumKeepAlive
	case connect.KeepAlive < p.keepAlive:
		connect.KeepAlive = p.keepAlive
	}
	l, refusal := p.identify(client, connect, now)
	if refusal != nil {
		return refusal
	}
	connect.Principal, connect.Local = l.client.CertificateID, l
	return nil
}

func (p *policy) checkWill(connect *broker.Connect) *broker.Refusal {
	switch {
	case !connect.Will:
		return nil
	case connect.WillQoS > 1:
		return p.rules.refusal("connect/will-qos", "the will has QoS %d; 0 and 1 are supported", connect.WillQoS)
	case len(connect.WillTopic) > maximumTopic, slashes(connect.WillTopic) > maximumSlashes:
		return p.rules.refusal("connect/will-topic", "the will's topic has %d bytes and %d slashes; at most %d and %d are allowed",
			len(connect.WillTopic), slashes(connect.WillTopic), maximumTopic, maximumSlashes)
	case strings.HasPrefix(connect.WillTopic, "$"):
		return p.rules.refusal("connect/will-reserved", "the will's topic %q begins with $", connect.WillTopic)
	}
	return nil
}

// identify finds out who connects, and whether its policies let it.
func (p *policy) identify(client broker.Client, connect *broker.Connect, now time.Time) (*link, *broker.Refusal) {
	l := &link{client: p.identity.client(client.Certificate, client.ID, client.ServerName, client.Remote, now)}
	l.context = l.client.Context()
	asking := l.client
	if !connect.Clean {
		asking.ConnectAttributes = append(asking.ConnectAttributes, access.PersistentConnect)
	}
	if connect.Will {
		asking.ConnectAttributes = append(asking.ConnectAttributes, access.LastWill)
		asking.LastWillTopic = p.account.Topic(connect.WillTopic)
	}
	context := asking.Context()
	if d := p.identity.evaluate(l.client.CertificateID, access.Connect, p.account.Client(client.ID), context); !d.Allowed {
		return nil, p.rules.refusal("connect/policy", "%s", d)
	}
	if !connect.Will {
		return l, nil
	}
	for action, asked := range map[string]bool{access.Publish: true, access.RetainPublish: connect.WillRetain} {
		if d := p.identity.evaluate(l.client.CertificateID, action, p.account.Topic(connect.WillTopic), l.context); asked && !d.Allowed {
			return nil, p.rules.refusal("connect/will-policy", "%s", d)
		}
	}
	return l, nil
}

func (p *policy) Publish(client broker.Client, publish broker.Publish) *broker.Refusal {
	kind, _ := p.patterns.classify(publish.Topic)
	now := p.clock.Now()
	switch {
	case publish.QoS > 1 && client.Version == 5:
		r := p.rules.refusal("publish/qos-2", "PUBLISH with QoS %d, although the CONNACK said that 1 is the maximum", publish.QoS)
		r.Effect = broker.Close
		return r
	case publish.QoS > 1:
		return p.rules.refusal("publish/qos-2", "PUBLISH with QoS %d, which is not supported: no acknowledgement is sent", publish.QoS)
	case publish.Alias > maximumAliases:
		return p.rules.refusal("publish/topic-alias", "the topic alias is %d; at most %d is allowed", publish.Alias, maximumAliases)
	case len(publish.Payload) > maximumPayload:
		return p.rules.refusal("publish/payload", "the payload has %d bytes; at most %d are allowed", len(publish.Payload), maximumPayload)
	case publish.Text && !utf8.Valid(publish.Payload):
		return p.rules.refusal("publish/payload-format", "the payload is said to be UTF-8, and is not")
	case len(publish.Topic) > maximumTopic:
		return p.rules.refusal("publish/topic-length", "the topic has %d bytes; at most %d are allowed", len(publish.Topic), maximumTopic)
	case slashes(publish.Topic) > maximumSlashes:
		return p.rules.refusal("publish/topic-depth", "the topic has %d slashes; at most %d are allowed", slashes(publish.Topic), maximumSlashes)
	case kind == undefined:
		return p.rules.refusal("publish/reserved", "the topic begins with $ and is none that the service defines")
	case kind == answer:
		return p.rules.refusal("publish/reserved-answer", "only the service publishes on this topic")
	case kind != application && publish.Retain:
		return p.rules.refusal("publish/reserved-retain", "RETAIN is set, which topics that begin with $ do not allow")
	case publish.Topic == "" || strings.ContainsAny(publish.Topic, "+#"):
		return nil // MQTT refuses it
	}
	l, ok := client.Local.(*link)
	if !ok {
		return nil
	}
	for action, rule := range map[string]string{access.Publish: "publish/policy", access.RetainPublish: "publish/retain-policy"} {
		if action == access.RetainPublish && !publish.Retain {
			continue
		}
		if d := p.identity.evaluate(client.Principal, action, p.account.Topic(publish.Topic), l.context); !d.Allowed {
			return p.rules.refusal(rule, "%s", d)
		}
	}
	limit := p.limit(func(l Limits) int { return l.PublishesIn })
	l.mu.Lock()
	count := l.in.add(1, now)
	l.mu.Unlock()
	if count > limit {
		return p.rules.refusal("publish/rate", "PUBLISH number %d of the connection within a second; %d are allowed: it is discarded", count, limit)
	}
	return nil
}

func (p *policy) limit(of func(Limits) int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return of(p.limits)
}

func (p *policy) Subscribe(client broker.Client, subscribe broker.Subscribe) (*broker.Refusal, []*broker.Refusal) {
	for _, filter := range subscribe.Filters {
		switch {
		case filter.QoS > 1 && client.Version < 5: // MQTT 5 grants QoS 1
			return p.rules.refusal("subscribe/qos-2", "SUBSCRIBE to %q with QoS %d, which is not supported: no SUBACK is sent", filter.Topic, filter.QoS), nil
		case filter.Identifier > 0:
			return p.rules.refusal("subscribe/identifier", "SUBSCRIBE with a subscription identifier, although the CONNACK said that there are none"), nil
		case !subscribable(unshared(filter.Topic)):
			return p.rules.refusal("subscribe/reserved", "the filter %q begins with $ and matches no topic that the service defines", filter.Topic), nil
		}
	}
	most := p.limit(func(l Limits) int { return l.Subscriptions })
	switch {
	case len(subscribe.Filters) > maximumFilters:
		return p.rules.refusal("subscribe/filters", "the SUBSCRIBE has %d filters; at most %d are allowed", len(subscribe.Filters), maximumFilters), nil
	case subscribe.Held > most:
		return p.rules.refusal("subscribe/subscriptions", "the connection would hold %d subscriptions; at most %d are allowed", subscribe.Held, most), nil
	}
	each := make([]*broker.Refusal, len(subscribe.Filters))
	for i, filter := range subscribe.Filters {
		each[i] = p.checkFilter(client, unshared(filter.Topic))
	}
	return nil, each
}

func (p *policy) checkFilter(client broker.Client, topic string) *broker.Refusal {
	switch {
	case len(topic) > maximumTopic:
		return p.rules.refusal("subscribe/filter-length", "the filter has %d bytes; at most %d are allowed", len(topic), maximumTopic)
	case slashes(topic) > maximumSlashes:
		return p.rules.refusal("subscribe/filter-depth", "the filter has %d slashes; at most %d are allowed", slashes(topic), maximumSlashes)
	}
	l, ok := client.Local.(*link)
	if !ok {
		return nil
	}
	if d := p.identity.evaluate(client.Principal, access.Subscribe, p.account.TopicFilter(topic), l.context); !d.Allowed {
		return p.rules.refusal("subscribe/policy", "%s", d)
	}
	return nil
}

// Receive decides about a delivery. What the service answers to one client alone does not come here.
func (p *policy) Receive(client broker.Client, topic string) *broker.Refusal {
	now := p.clock.Now()
	l, present := client.Local.(*link)
	var context access.Context
	if present {
		context = l.context
	} else {
		absent := p.identity.client(nil, client.ID, client.ServerName, client.Remote, now)
		absent.CertificateID = client.Principal
		context = absent.Context()
	}
	if d := p.identity.evaluate(client.Principal, access.Receive, p.account.Topic(topic), context); !d.Allowed {
		return p.rules.refusal("receive/policy", "%s", d)
	}
	if !present {
		return nil
	}
	limit := p.limit(func(l Limits) int { return l.PublishesOut })
	l.mu.Lock()
	count := l.out.add(1, now)
	l.mu.Unlock()
	if count > limit {
		return p.rules.refusal("receive/rate", "message number %d to the connection within a second; %d are allowed: it is discarded", count, limit)
	}
	return nil
}

// Pace slows a connection down that has used its throughput of the second.
func (p *policy) Pace(client broker.Client, size int, outgoing bool) time.Duration {
	l, ok := client.Local.(*link)
	if !ok {
		return 0
	}
	now := p.clock.Now()
	limit := p.limit(func(l Limits) int { return l.Throughput })
	l.mu.Lock()
	w := &l.bytesIn
	if outgoing {
		w = &l.bytesOut
	}
	sum := w.add(size, now)
	wait := w.rest(now)
	tell := sum > limit && l.slowed.add(1, now) == 1
	l.mu.Unlock()
	if tell {
		p.notify(client.ID, p.rules.refusal("publish/throughput", "%d bytes within a second; %d are allowed: what follows is delayed", sum, limit))
	}
	if sum <= limit {
		return 0
	}
	return wait
}

// Matches leaves out what MQTT would give: a/# does not match a (developer guide, "MQTT", differences from the specification).
func (*policy) Matches(filter, topic string) bool {
	parent, ok := strings.CutSuffix(filter, "/#")
	return !ok || strings.Count(topic, "/") > strings.Count(parent, "/")
}

func (p *policy) Published(client broker.Client, publish broker.Publish) {
	p.service.published(client, publish)
}

func (p *policy) Connected(client broker.Client) { p.service.connected(client) }

func (p *policy) Disconnected(client broker.Client, reason string) {
	p.service.disconnected(client, reason)
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

// addressOf gives the IP address of HOST:PORT.
func addressOf(remote string) netip.Addr {
	address, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return address.Addr()
}
