// Package aws is a local AWS IoT Core, for development and tests: its message broker with mutual TLS, certificates as identities and policies that
// are enforced, its Device Shadow and Jobs services, and its registry. It is strict: what the service refuses it refuses, and it says why (Event of
// kind Refused, with a rule of Rules), which the service does not.
//
// Package api serves it over HTTP, with AWS's own paths and with the lab's.
package aws

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/access"
	"github.com/cloudgen/cloudgen/lab/aws/jobs"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/aws/shadow"
	"github.com/cloudgen/cloudgen/lab/broker"
)

// Config is what Start needs. Listen and Certificate are required.
type Config struct {
	Listen      string          // HOST:PORT, see broker.Config: MQTT with mutual TLS, as port 8883 of AWS
	Certificate tls.Certificate // of the server
	Account     access.Account  // zero: DefaultAccount
	Device      *FirstDevice    // nil: none
	State       string          // file that keeps the state; made if needed. "": it is gone with the process
	Limits      Limits
	Presign     func(url string, until time.Time) string // makes the URLs of job documents; see jobs.Config
	Observe     func(broker.Event)
	Logger      *slog.Logger
	Clock       *Clock // nil: a new one on time.Now. The state file says how far it is ahead

	connecting time.Duration // see broker.Limits; 0: its default
}

// DefaultAccount is the account of the lab.
func DefaultAccount() access.Account {
	return access.Account{Region: "us-east-1", ID: "000000000000"}
}

// Cloud is a running local AWS IoT Core. Its methods may be called from any goroutine, except by the observer.
type Cloud struct {
	broker   *broker.Broker
	clock    *Clock
	patterns patterns
	rules    rules
	identity *identity
	policy   *policy
	account  access.Account
	presence presence
	ready    chan struct{} // closed when broker is set: a client may be served before
	wake     chan struct{}
	saver    *saver
	second   *port // nil: none

	jobsConfig jobs.Config
	end        context.CancelFunc
	running    sync.WaitGroup

	mu      sync.Mutex // held from a change until its messages are published, so that they come in the order of versions
	shadows shadow.Store
	jobs    *jobs.Store
	waiting []due // by time
	rates   windows
	delay   time.Duration // of the answers of shadows and jobs, injected
}

// Start starts the service. The caller closes it.
func Start(config Config) (*Cloud, error) {
	if err := config.Limits.check(); err != nil {
		return nil, err
	}
	config.Logger = cmp.Or(config.Logger, slog.New(slog.DiscardHandler))
	stored, err := load(config.State)
	if err != nil {
		return nil, err
	}
	c := &Cloud{
		clock: config.Clock, patterns: newPatterns(), rules: newRules(), ready: make(chan struct{}), wake: make(chan struct{}, 1), rates: windows{},
		account: cmp.Or(config.Account, DefaultAccount()), presence: newPresence(),
	}
	if c.clock == nil {
		c.clock = NewClock(nil)
	}
	c.saver = newSaver(config.State, c.encode)
	c.clock.take(stored.Ahead, func() {
		c.saver.changed()
		c.wakeUp()
	})
	c.identity = &identity{
		account: c.account, changed: c.saver.changed, known: map[string]registry.Identity{}, expired: map[string]bool{}, registry: registry.New(c.account),
		events: c.registryEvents, notice: func(client, topic, text string) { <-c.ready; c.broker.Notify(client, topic, text) },
	}
	c.jobsConfig = jobs.Config{ARN: strings.TrimSuffix(c.account.ARN("", ""), "/"), Known: c.identity.thing, Presign: config.Presign}
	c.jobs = jobs.NewStore(c.jobsConfig)
	if err := c.restore(stored); err != nil {
		return nil, fmt.Errorf("%s: %w; delete the file to begin anew", config.State, err)
	}
	if config.Device != nil {
		if err := c.identity.adopt(config.Device, c.clock.Now()); err != nil {
			return nil, fmt.Errorf("registering the lab's first device: %w", err)
		}
	}
	limits := config.Limits.orDefault()
	c.policy = &policy{
		patterns: c.patterns, rules: c.rules, account: c.account, identity: c.identity, clock: c.clock, service: c, keepAlive: minimumKeepAlive, limits: limits, connects: windows{},
		notify: func(client string, refusal *broker.Refusal) { <-c.ready; c.broker.Refuse(client, "", "", refusal) },
	}
	c.broker, err = broker.Open(broker.Config{
		Listen: config.Listen,
		// No ALPN on this port: a server that names protocols turns away clients that offer only others. Whether a certificate is one of a device is
		// for the registry to say, not for authorities.
		TLS:     &tls.Config{Certificates: []tls.Certificate{config.Certificate}, ClientAuth: tls.RequestClientCert},
		Policy:  c.policy,
		Limits:  broker.Limits{Packet: maximumPacket, Queue: queued, Window: limits.Unacknowledged, Redelivery: redelivery, Session: limits.Session, Connecting: config.connecting},
		Now:     c.clock.Now,
		Restore: stored.Broker,
		Changed: c.saver.changed,
		Observe: config.Observe,
		Logger:  config.Logger,
	})
	if err != nil {
		return nil, err
	}
	close(c.ready)
	var ctx context.Context
	ctx, c.end = context.WithCancel(context.Background())
	c.running.Go(func() { c.keepTime(ctx) })
	c.running.Go(func() { c.saver.run(ctx, func(err error) { c.broker.Notify("", "", err.Error()) }) })
	return c, nil
}

// Broker gives the message broker, to publish, to cut clients off, and to stop and start it.
func (c *Cloud) Broker() *broker.Broker { return c.broker }

// Clock gives the lab's clock.
func (c *Cloud) Clock() *Clock { return c.clock }

// Account gives the account that everything belongs to.
func (c *Cloud) Account() access.Account { return c.account }

// Close ends the service and writes its state; see broker.Close.
func (c *Cloud) Close() error {
	state := c.broker.Snapshot() // as long as clients are connected
	err := errors.Join(c.second.close(), c.broker.Close())
	c.end()
	c.running.Wait()
	return errors.Join(err, c.saver.last(func() ([]byte, error) { return c.encodeWith(state) }))
}

// Registry carries out f on the account's registry, which f may change, at a time by the lab's clock. Clients whose certificate is not ACTIVE any
// more are disconnected, which the service does "within a few minutes" (API reference, UpdateCertificate).
func (c *Cloud) Registry(f func(r *registry.Registry, now time.Time) error) error {
	now := c.clock.Now()
	err := c.identity.change(func(r *registry.Registry) error { return f(r, now) })
	for id, principal := range c.presence.principals() {
		if !c.identity.active(principal) {
			c.broker.Disconnect(id)
		}
	}
	return err
}

// ReadRegistry carries out f on the account's registry, which f must not change.
func (c *Cloud) ReadRegistry(f func(r *registry.Registry) error) error { return c.identity.read(f) }

// Jobs carries out f on the Jobs service at a time by the lab's clock, and publishes the messages that it gives.
func (c *Cloud) Jobs(f func(s *jobs.Store, now time.Time) ([]jobs.Message, error)) error {
	c.mu.Lock()
	messages, err := f(c.jobs, c.clock.Now())
	c.deliver("", messages)
	c.mu.Unlock()
	c.saver.changed()
	c.wakeUp()
	return err
}

// Decide tells whether the policies of a certificate allow a request over HTTP.
func (c *Cloud) Decide(state tls.ConnectionState, remote, action, resource string) access.Decision {
	client := c.identity.client(state.PeerCertificates[0], "", state.ServerName, remote, c.clock.Now())
	return c.identity.evaluate(client.CertificateID, action, resource, client.Context())
}

// Limits gives the quotas.
func (c *Cloud) Limits() Limits {
	c.policy.mu.Lock()
	defer c.policy.mu.Unlock()
	return c.policy.limits
}

// SetLimits changes the quotas; those that count at the start only stay as they are.
func (c *Cloud) SetLimits(limits Limits) error {
	if err := limits.check(); err != nil {
		return err
	}
	limits = limits.orDefault()
	c.policy.mu.Lock()
	defer c.policy.mu.Unlock()
	limits.Unacknowledged, limits.Session = c.policy.limits.Unacknowledged, c.policy.limits.Session
	c.policy.limits = limits
	return nil
}

// RefuseConnects has the next connections refused; the zero value ends it.
func (c *Cloud) RefuseConnects(refusal ConnectRefusal) {
	c.policy.mu.Lock()
	defer c.policy.mu.Unlock()
	c.policy.refusing = refusal
}

// DelayAnswers has the answers of the shadow and jobs services come late by the lab's clock; 0 ends it.
func (c *Cloud) DelayAnswers(delay time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delay = delay
}

// registryEvents publishes what the registry has to say about certificates.
func (c *Cloud) registryEvents(events []registry.Event) {
	<-c.ready
	for _, e := range events {
		c.publish(e.Topic, e.Payload, 0)
	}
}

func (c *Cloud) publish(topic string, payload []byte, qos byte) {
	if err := c.broker.Publish(topic, payload, qos, false); err != nil {
		c.broker.Notify("", topic, "publishing failed: "+err.Error())
	}
}
