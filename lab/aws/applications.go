package aws

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/files"
	"github.com/cloudgen/cloudgen/lab/aws/jobs"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/aws/shadow"
)

// Publish publishes a message as an application does over HTTP: one on a topic of the shadow or jobs service is a request.
func (c *Cloud) Publish(topic string, payload []byte, qos byte, retain bool) error {
	if err := c.broker.Publish(topic, payload, qos, retain); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch kind, call := c.patterns.classify(topic); kind {
	case shadowCall:
		c.tell(call, c.shadow(call, payload))
		c.saver.changed()
	case jobsCall: // the answer is for a client, and there is none
		thing, request := jobsTopic(topic)
		c.deliver("", c.jobs.Device(thing).Publish(request, payload, c.clock.Now()))
		c.wakeUp()
	}
	return nil
}

// Publishable tells whether clients may publish on a topic that begins with $.
func Publishable(topic string) bool {
	p := newPatterns()
	kind, _ := p.classify(topic)
	return kind == shadowCall || kind == jobsCall || kind == basicIngest
}

// ListShadows gives the names of a thing's named shadows, a page at a time; pageSize 0 is the service's default.
func (c *Cloud) ListShadows(thing, nextToken string, pageSize int) (shadow.NameList, error) {
	if !c.identity.thing(thing) {
		return shadow.NameList{}, &RejectedError{Code: 404, Message: "Thing not found"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	list, err := c.shadows.List(thing, nextToken, pageSize, c.clock.Now())
	if err != nil {
		return list, &RejectedError{Code: 400, Message: err.Error()}
	}
	return list, nil
}

// ShadowRule gives the rule of a rejection.
func ShadowRule(e *RejectedError) string {
	return newRules().rejection("shadow", fmt.Sprintf("%d %s", e.Code, e.Message)).Rule
}

// Downloaded has a request to the file host on the stream of events.
func (c *Cloud) Downloaded(a files.Access) {
	<-c.ready
	if a.Rule != "" {
		c.Refused(a.Rule, "", a.Remote, a.Key, a.Detail)
		return
	}
	detail := fmt.Sprintf("%s %s: %d, %d bytes", a.Method, a.Key, a.Status, a.Bytes)
	if a.Range != "" {
		detail = fmt.Sprintf("%s %s (%s): %d, %d bytes", a.Method, a.Key, a.Range, a.Status, a.Bytes)
	}
	if a.Fault != "" {
		detail += "; fault: " + a.Fault
	}
	c.broker.Notify("", a.Key, detail)
}

// ExpireCertificate has a certificate count as expired until Reset or the end of the process, and its clients disconnected.
func (c *Cloud) ExpireCertificate(id string) error {
	id = strings.ToLower(id)
	return c.Registry(func(r *registry.Registry, _ time.Time) error {
		if _, err := r.Certificate(id); err != nil {
			return err
		}
		c.identity.expired[id] = true
		return nil
	})
}

// ClearFaults ends what RefuseConnects, DelayAnswers and the broker's DelayAcks have begun.
func (c *Cloud) ClearFaults() {
	c.RefuseConnects(ConnectRefusal{})
	c.DelayAnswers(0)
	c.broker.DelayAcks(0)
}

// Reset has the account begin anew: registry (with the lab's first device), shadows, jobs, sessions, retained messages, limits and faults. Clients are
// disconnected. The clock stays ahead.
func (c *Cloud) Reset() error {
	c.ClearFaults()
	err := c.SetLimits(Limits{})
	c.mu.Lock()
	c.shadows = shadow.Store{}
	c.jobs = jobs.NewStore(c.jobsConfig)
	c.waiting = nil
	c.mu.Unlock()
	c.broker.Reset()
	err = errors.Join(err, c.Registry(func(r *registry.Registry, _ time.Time) error {
		*r = *registry.New(c.account)
		clear(c.identity.expired)
		return nil
	}))
	if c.identity.first != nil {
		err = errors.Join(err, c.identity.adopt(c.identity.first, c.clock.Now()))
	}
	c.broker.Notify("", "", "the account begins anew")
	return err
}
