package client

import (
	"context"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/management"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/reporting"
)

// dialTimeout bounds the look-up of a name and the DTLS handshake.
const dialTimeout = 60 * time.Second

// session is one connection.
type session struct {
	conn   *coap.Conn
	link   *link
	cancel context.CancelFunc // ends the request that runs
}

// step gives the machine an event and does what it asks for.
func (c *Client) step(event registration.Event) {
	if c.ctx.Err() != nil {
		return // all is over
	}
	effects := c.machine.Step(event, time.Now())
	account, _ := c.machine.Account()
	c.mu.Lock()
	c.current, c.ssid = c.machine.State(), account.SSID
	c.mu.Unlock()
	for _, effect := range effects {
		c.perform(effect)
	}
	c.setLink()
}

// setLink tells the reports whether the server can be reached.
func (c *Client) setLink() {
	link := reporting.Unreachable
	switch state := c.machine.State(); {
	case c.session != nil && c.machine.Ready():
		link = reporting.Reachable
	case state == registration.Sleeping || state == registration.Connecting && c.machine.HasRegistration():
		link = reporting.Asleep
	case c.session != nil && (state == registration.Registering || state == registration.Updating):
		// What changes until the answer is here waits for it. Whatever is observed while a Register runs, the server has asked for since it has that.
		link = reporting.Asleep
	}
	c.reports.Lock()
	defer c.reports.Unlock()
	c.reports.machine.SetLink(link)
}

func (c *Client) perform(effect registration.Effect) {
	switch e := effect.(type) {
	case registration.Connect:
		c.connect(e)
	case registration.Disconnect:
		c.disconnect()
	case registration.Request:
		c.request(&e)
	case registration.Checkpoint:
		snapshot := c.tree.Snapshot(c.tree.Children(lwm2m.Path{})...)
		c.bootstrapping = &snapshot
		c.reports.Lock()
		c.reports.management.OpenBootstrap()
		c.reports.Unlock()
	case registration.Restore:
		c.reports.Lock()
		c.reports.management.CloseBootstrap()
		c.reports.Unlock()
		if c.bootstrapping != nil {
			c.tree.Restore(*c.bootstrapping)
			c.bootstrapping = nil
		}
	case registration.Commit:
		c.bootstrapping = nil
		c.reports.Lock()
		c.reports.management.CloseBootstrap()
		c.reports.machine.Clear()
		c.reports.attributes.ClearAll()
		c.reports.Unlock()
		c.save()
	case registration.RemoveBootstrap:
		c.removeBootstrap()
	case registration.Forget:
		c.told = nil
		c.reports.Lock()
		c.reports.machine.Clear()
		c.reports.Unlock()
	case registration.Sleep:
		if c.session != nil && idles[c.config.AtIdle] != registration.IdleListen {
			c.session.link.sleep()
		}
	case registration.Wake:
		if c.session != nil {
			c.session.link.wake()
		}
	case registration.Report:
		kind := kinds[e.Notice]
		if kind == Registered || kind == RegistrationUpdated {
			if c.telling != nil {
				c.told, c.telling = c.telling, nil
			}
		}
		c.emit(&Event{Kind: kind, SSID: e.SSID, Err: e.Err, Until: e.Until})
	}
}

func (c *Client) removeBootstrap() {
	for _, id := range c.security.Instances() {
		if c.security.Account(id).Bootstrap {
			if err := c.tree.Delete(lwm2m.NewPath(0, id)); err != nil {
				c.logger.Error("lwm2m: the account of the bootstrap server stays", "error", err)
			}
		}
	}
	c.save()
}

// dialing is one connecting that runs.
type dialing struct{ cancel context.CancelFunc }

// connect dials in a goroutine of its own.
func (c *Client) connect(e registration.Connect) {
	ctx, cancel := context.WithTimeout(c.ctx, dialTimeout)
	d := &dialing{cancel}
	c.dialing = d
	account := c.security.Account(e.Security)
	peer := management.Peer{SSID: account.SSID, Bootstrap: e.Bootstrap}
	c.workers.Go(func() {
		conn, kind, err := c.dial(ctx, &account)
		cancel()
		taken := c.post(func() {
			stale := c.dialing != d
			if !stale {
				c.dialing = nil
			}
			switch {
			case err != nil && !stale:
				c.step(registration.ConnectFailed{Operation: e.Operation, Err: err, Refused: c.noteAlert(err)})
			case err != nil:
			case stale:
				c.closeUnused(conn)
			default:
				l := newLink(conn, c.watchers.tell, func(err error) { c.post(func() { c.unsent(err) }) })
				c.session = &session{link: l, conn: coap.NewConn(l, c.config.coap(), &handler{client: c, peer: peer}, c.logger)}
				c.step(registration.Connected{Operation: e.Operation, Session: kind})
			}
		})
		if !taken && err == nil {
			c.closeUnused(conn)
		}
	})
}

func (c *Client) closeUnused(conn interface{ Close() error }) {
	if err := conn.Close(); err != nil {
		c.logger.Debug("lwm2m: closing a connection that is not needed", "error", err)
	}
}

// disconnect closes the connection, or ends the connecting.
func (c *Client) disconnect() {
	if c.dialing != nil {
		c.dialing.cancel()
		c.dialing = nil
	}
	if c.session == nil {
		return
	}
	if c.session.cancel != nil {
		c.session.cancel()
	}
	s := c.session
	c.session = nil
	if err := s.conn.Close(); err != nil {
		c.logger.Debug("lwm2m: closing the connection", "error", err)
	}
}

// unsent is where a datagram has not left the device: its address or its route is gone.
func (c *Client) unsent(err error) {
	c.logger.Debug("lwm2m: a message has not left the device", "error", err)
	c.checkAddress()
}

// rebinder is a link that goes on from another local address.
type rebinder interface {
	Rebind(ctx context.Context) error
	HasConnectionID() bool
}

// checkAddress looks whether the device has another address than the link, and goes on from there.
func (c *Client) checkAddress() {
	if c.session == nil || c.rebinding || !c.session.link.moved() {
		return
	}
	again, able := c.session.link.Conn.(rebinder)
	if !able || !again.HasConnectionID() {
		c.step(registration.AddressChanged{})
		return
	}
	s := c.session
	c.rebinding = true
	c.workers.Go(func() {
		ctx, cancel := context.WithTimeout(c.ctx, dialTimeout)
		defer cancel()
		err := again.Rebind(ctx)
		c.post(func() {
			c.rebinding = false
			switch {
			case c.session != s:
			case err != nil:
				c.step(registration.AddressChanged{})
			default:
				c.step(registration.UpdateRequested{}) // the first message tells the server the new address
			}
		})
	})
}
