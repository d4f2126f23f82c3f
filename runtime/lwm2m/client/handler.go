package client

import (
	"errors"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/attribute"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/management"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/reporting"
)

// handler serves the requests of one connection's peer, in the connection's goroutine.
type handler struct {
	client *Client
	peer   management.Peer
}

var (
	_ coap.Handler  = (*handler)(nil)
	_ coap.Streamer = (*handler)(nil)
	_ coap.Resetter = (*handler)(nil)
)

// Serve implements coap.Handler.
func (h *handler) Serve(request *coap.Request) coap.Response {
	c := h.client
	h.noted()
	c.reports.Lock()
	defer c.reports.Unlock()
	return c.reports.management.Serve(h.peer, request)
}

// Stream implements coap.Streamer.
func (h *handler) Stream(request *coap.Request) coap.Upload {
	c := h.client
	h.noted()
	c.reports.Lock()
	defer c.reports.Unlock()
	return c.reports.management.Stream(h.peer, request)
}

// Reset implements coap.Resetter: the server does not know the observation of a notification.
func (h *handler) Reset(token []byte) {
	h.client.post(func() {
		h.client.reports.Lock()
		defer h.client.reports.Unlock()
		h.client.reports.machine.Cancel(token, nil)
	})
}

// noted tells the owner that a request has come: a device that listens in its sleep is awake then, and the bootstrap server is not silent.
func (h *handler) noted() {
	if h.peer.Bootstrap {
		h.client.post(func() { h.client.step(registration.BootstrapMessage{}) })
		return
	}
	h.client.poke()
}

// bootstrapFinished is where Bootstrap-Finish has been answered.
func (c *Client) bootstrapFinished(missing error) {
	if c.bootstrapping == nil {
		return // given up meanwhile
	}
	if missing != nil {
		c.step(registration.BootstrapFinished{Err: missing})
		return
	}
	c.completeServers(time.Now())
	c.step(registration.BootstrapFinished{Configuration: c.configuration()})
}

// observer keeps the observations; its methods are called while a request is served.
type observer struct{ client *Client }

var _ management.Observer = (*observer)(nil)

func (o *observer) Observe(_ management.Peer, token []byte, paths []lwm2m.Path, in format.Format, composite bool) (uint32, error) {
	defer o.client.poke()
	return o.client.reports.machine.Observe(time.Now(), reporting.Request{Token: token, Paths: paths, Composite: composite, Format: uint16(in)})
}

func (o *observer) Cancel(_ management.Peer, token []byte, paths []lwm2m.Path) {
	o.client.reports.machine.Cancel(token, paths)
}

func (o *observer) AttributesChanged(_ management.Peer, at lwm2m.Path) {
	defer o.client.poke()
	o.client.reports.machine.AttributesChanged(at)
}

// readable gives reporting the values that the server may read.
type readable struct{ client *Client }

func (r *readable) Append(dst []lwm2m.Item, path lwm2m.Path) ([]lwm2m.Item, bool) {
	return r.client.tree.AppendReadable(dst, r.client.serving(), path)
}

// effective gives reporting the attributes that hold.
type effective struct{ client *Client }

func (e *effective) Effective(path lwm2m.Path) attribute.Set {
	c := e.client
	ssid := c.serving()
	for _, id := range c.server.Instances() {
		if account := c.server.Account(id); account.SSID == ssid {
			return c.reports.attributes.Effective(ssid, path, account.MinimumPeriod, account.MaximumPeriod)
		}
	}
	return c.reports.attributes.Effective(ssid, path, 0, 0)
}

// serving is the short id of the server that the client is registered with.
func (c *Client) serving() uint16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ssid
}

// changed is called after values have changed, by whoever changed them.
func (c *Client) changed(paths []lwm2m.Path) {
	c.post(func() {
		accounts, gone := false, false
		for _, path := range paths {
			accounts = accounts || path.Object() <= 1
			gone = gone || !c.tree.Exists(path)
		}
		c.reports.Lock()
		c.reports.machine.Changed(paths...)
		if gone {
			c.reports.attributes.Prune(c.tree.Exists)
		}
		c.reports.Unlock()
		if accounts {
			c.accountsChanged()
		}
	})
}

// accountsChanged is where a value of objects 0 or 1 is another one.
func (c *Client) accountsChanged() {
	if c.bootstrapping != nil {
		return // Finish tells when it is worth looking
	}
	c.step(registration.Configured{Configuration: c.configuration()})
	account, _ := c.machine.Account()
	storing := c.server.Account(account.Server).Storing
	c.reports.Lock()
	defer c.reports.Unlock()
	c.reports.machine.SetStoring(storing)
	c.reports.machine.AttributesChanged(lwm2m.Path{})
}

// report carries out what reporting asks for.
func (c *Client) report() {
	for {
		c.reports.Lock()
		effect, more := c.reports.machine.Poll(time.Now())
		if more && effect.Kind == reporting.EffectNotify {
			c.notify(effect.Notification)
		}
		c.reports.Unlock()
		if !more {
			return
		}
		switch effect.Kind {
		case reporting.EffectWakeUp:
			c.step(registration.SendRequested{})
		case reporting.EffectServerUnreachable:
			c.step(registration.ServerSilent{Err: errUnacknowledged})
		}
	}
}

var errUnacknowledged = errors.New("the server has not acknowledged a notification")

// notify hands a notification to the connection. The reports are locked.
func (c *Client) notify(n reporting.Notification) {
	reports := c.reports.machine
	if c.session == nil {
		reports.Outcome(time.Now(), n.ID, reporting.Closed)
		return
	}
	message := coap.Notification{Token: n.Token, Confirmable: n.Confirmable, Path: "/"}
	base := lwm2m.Path{}
	if !n.Composite {
		base = n.Paths[0]
		message.Path = base.String()
	}
	if n.Status != 0 {
		message.Code = coap.Code(n.Status)
	} else {
		payload, err := c.codec.Append(nil, format.Format(n.Format), base, n.Items, c.tree)
		if limit := c.config.MaxBody; err == nil && c.config.BlockTransfer && limit > 0 && len(payload) > limit {
			err = &coap.TooLargeError{Size: len(payload), Limit: limit, What: "notification (LWM2M_COAP_ENCODE_BUFFER_SIZE)"}
		}
		if err != nil {
			c.logger.Warn("lwm2m: a notification cannot be made", "path", message.Path, "error", err)
			reports.Outcome(time.Now(), n.ID, reporting.Unencodable)
			return
		}
		message.Code, message.Payload = coap.Content, payload
		message.Options.SetUint(coap.Observe, n.Sequence)
		message.Options.SetUint(coap.ContentFormat, uint32(n.Format))
	}
	c.running++
	id := n.ID
	message.Done = func(outcome coap.NotifyOutcome) {
		c.post(func() {
			c.running--
			c.reports.Lock()
			defer c.reports.Unlock()
			c.reports.machine.Outcome(time.Now(), id, outcomes[outcome])
		})
	}
	c.session.conn.Notify(message)
}

var outcomes = [...]reporting.Outcome{
	coap.NotifySent: reporting.Sent, coap.NotifyAcknowledged: reporting.Acknowledged, coap.NotifyReset: reporting.Reset,
	coap.NotifyTimedOut: reporting.TimedOut, coap.NotifyClosed: reporting.Closed, coap.NotifyDropped: reporting.Closed,
}
