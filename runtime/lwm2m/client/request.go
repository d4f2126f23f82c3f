package client

import (
	"context"
	"strconv"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

// request sends one of the registration's requests in a goroutine of its own.
func (c *Client) request(e *registration.Request) {
	if c.session == nil {
		c.post(func() { c.step(registration.Unanswered{Operation: e.Operation, Err: coap.ErrClosed}) })
		return
	}
	if c.session.cancel != nil {
		c.session.cancel()
	}
	if e.Kind == registration.RequestUpdate {
		c.post(c.checkAddress)
	}
	message, err := c.message(e)
	if err != nil {
		c.post(func() { c.step(registration.Unanswered{Operation: e.Operation, Err: err}) })
		return
	}
	ctx, cancel := context.WithCancel(c.ctx)
	c.session.cancel = cancel
	conn := c.session.conn
	c.workers.Go(func() {
		defer cancel()
		response, err := conn.Do(ctx, message)
		c.post(func() {
			if err != nil {
				c.step(registration.Unanswered{Operation: e.Operation, Err: err})
				return
			}
			c.step(registration.Answered{
				Operation: e.Operation, Code: uint8(response.Code), Location: response.Options.Strings(coap.LocationPath),
			})
		})
	})
}

// message encodes a request of the interfaces bootstrap and registration (reference: 3.2, 4.1 to 4.3).
func (c *Client) message(e *registration.Request) (coap.Message, error) {
	m := coap.Message{Code: coap.POST}
	query := func(text string) { m.Options.AddString(coap.URIQuery, text) }
	list := func() error {
		payload, instances, err := c.objectList()
		m.Payload, c.telling = payload, instances
		m.Options.SetUint(coap.ContentFormat, uint32(format.LinkFormat))
		return err
	}
	for _, segment := range e.Location {
		m.Options.AddString(coap.URIPath, segment)
	}
	c.telling = nil
	switch e.Kind {
	case registration.RequestBootstrap:
		m.Options.AddString(coap.URIPath, "bs")
		query("ep=" + c.endpoint)
		if e.HasFormat {
			query("pct=" + strconv.Itoa(int(e.Format)))
		}
	case registration.RequestRegister:
		m.Options.AddString(coap.URIPath, "rd")
		query("lwm2m=1.1")
		query("ep=" + c.endpoint)
		query(lifetime(e.Account.Lifetime))
		query("b=" + bindingOf(e.Account.Binding))
		if c.config.QueueMode {
			query("Q")
		}
		c.reports.Lock()
		c.reports.machine.Clear() // also of what was observed since the old registration has ended
		c.reports.Unlock()
		return m, list()
	case registration.RequestUpdate:
		if e.Changes.Lifetime {
			query(lifetime(e.Account.Lifetime))
		}
		if e.Changes.Binding {
			query("b=" + bindingOf(e.Account.Binding))
		}
		if e.Changes.Objects {
			return m, list()
		}
	case registration.RequestDeregister:
		m.Code = coap.DELETE
	}
	return m, nil
}

func lifetime(of time.Duration) string {
	return "lt=" + strconv.FormatInt(int64(of/time.Second), 10)
}

// bindingOf gives the letters of b: of 1.1, where queue mode is none of them (reference: 4.1).
func bindingOf(binding string) string {
	var letters []byte
	for _, letter := range []byte(binding) {
		if letter == 'U' || letter == 'T' || letter == 'S' || letter == 'N' {
			letters = append(letters, letter)
		}
	}
	if len(letters) == 0 {
		return "U"
	}
	return string(letters)
}
