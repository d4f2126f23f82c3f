package client

import (
	"context"
	"errors"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// Errors of Send besides those of the connection.
var (
	ErrNotRegistered = errors.New("the LwM2M client is not registered")
	ErrMuted         = errors.New("the server does not want Send: Mute Send (/1/x/23) is true or absent")
	ErrBusy          = errors.New("too many Sends wait already")
)

// maxSends is how many Sends wait at a time.
const maxSends = 32

// SendError is a Send that the server has refused.
type SendError struct{ Code coap.Code }

func (e *SendError) Error() string { return "the server refuses the Send with " + e.Code.String() }

// send is one Send on its way.
type send struct {
	ctx   context.Context
	paths []lwm2m.Path
	items []lwm2m.Item // at the paths; none: what stands there
	done  chan error
}

// Send sends the values at and below some paths, as they are when the message goes out, and waits until the server has taken them (reference: 9.3).
// A sleeping device wakes for it. What does not exist is left out, except that there must be something; an instance that the server does not know yet waits for
// the Update that tells of it. The message is SenML CBOR, or SenML JSON where that is off.
//
// Errors: ErrNotRegistered, ErrMuted, ErrBusy, *SendError, those of the connection, the context's, and those that say what is wrong with the paths. It
// blocks: objects do not call it from their methods but with Host.Go.
func (c *Client) Send(ctx context.Context, paths ...lwm2m.Path) error {
	if len(paths) > c.config.MaxCompositePaths {
		return errorf("send: %d paths, at most %d are possible (LWM2M_COMPOSITE_PATH_LIST_SIZE)", len(paths), c.config.MaxCompositePaths)
	}
	return c.submit(&send{ctx: ctx, paths: slices.Clone(paths), done: make(chan error, 1)})
}

// SendItems sends given values with their times, as a time series; they are in the order of their paths, and of one path in that of their times.
// Else it is as Send.
func (c *Client) SendItems(ctx context.Context, items ...lwm2m.Item) error {
	var paths []lwm2m.Path
	for _, each := range items {
		paths = append(paths, each.Path)
	}
	return c.submit(&send{ctx: ctx, paths: slices.Compact(paths), items: slices.Clone(items), done: make(chan error, 1)})
}

func (c *Client) submit(s *send) error {
	if len(s.paths) == 0 {
		return errors.New("send: no paths")
	}
	for _, path := range s.paths {
		if path.Level() == lwm2m.LevelRoot || tree.Hidden(path.Object()) {
			return errorf("send: %v cannot be sent", path)
		}
		if _, found := c.tree.Definition(path.Object()); !found {
			return errorf("send: %v: there is no such object", path)
		}
	}
	c.mu.Lock()
	begun := c.begun
	c.mu.Unlock()
	if !begun {
		return ErrNotRegistered
	}
	if !c.post(func() { c.queueSend(s) }) {
		return ErrClosed
	}
	select {
	case err := <-s.done:
		return err
	case <-c.ended:
		return ErrClosed
	case <-s.ctx.Done():
		c.poke()
		return context.Cause(s.ctx)
	}
}

// queueSend takes a Send, which goes out when the server can be reached.
func (c *Client) queueSend(s *send) {
	account, _ := c.machine.Account()
	switch {
	case !c.machine.HasRegistration():
		c.failSend(s, ErrNotRegistered)
	case c.server.Account(account.Server).MuteSend:
		c.failSend(s, ErrMuted)
	case len(c.sends) >= maxSends:
		c.failSend(s, ErrBusy)
	default:
		c.sends = append(c.sends, s)
		c.step(registration.SendRequested{})
	}
}

func (c *Client) failSend(s *send, err error) {
	s.done <- err
	c.emit(&Event{Kind: SendFailed, Err: err})
}

func (c *Client) failSends(err error) {
	waiting := c.sends
	c.sends = nil
	for _, each := range waiting {
		c.failSend(each, err)
	}
}

// flushSends sends what can be sent now.
func (c *Client) flushSends() {
	c.sends = slices.DeleteFunc(c.sends, func(s *send) bool { return s.ctx.Err() != nil })
	if len(c.sends) == 0 {
		return
	}
	switch c.machine.State() {
	case registration.Registered, registration.Updating, registration.Registering, registration.Connecting, registration.Sleeping:
	default:
		c.failSends(ErrNotRegistered)
		return
	}
	if !c.machine.Ready() || c.session == nil {
		return
	}
	waiting := c.sends
	c.sends = nil
	for _, each := range waiting {
		if !c.isTold(each) {
			c.sends = append(c.sends, each)
			continue
		}
		c.transmit(each)
	}
}

// isTold tells whether the server knows all instances of a Send that there are.
func (c *Client) isTold(s *send) bool {
	for _, path := range s.paths {
		if path.Level() >= lwm2m.LevelInstance {
			if at := path.Up(lwm2m.LevelInstance); !c.told[at] && c.tree.Exists(at) {
				return false
			}
			continue
		}
		for _, id := range c.tree.Children(path) {
			if !c.told[path.Child(id)] {
				return false
			}
		}
	}
	return true
}

func (c *Client) transmit(s *send) {
	message, err := c.dataMessage(s)
	if err != nil {
		c.failSend(s, err)
		return
	}
	conn := c.session.conn
	c.running++
	c.workers.Go(func() {
		ctx, cancel := context.WithCancelCause(s.ctx)
		defer cancel(nil)
		defer context.AfterFunc(c.ctx, func() { cancel(ErrClosed) })()
		response, err := conn.Do(ctx, message)
		if err == nil && !response.Code.IsSuccess() {
			err = &SendError{response.Code}
		}
		c.post(func() { c.sent(s, err) })
	})
}

// sent is the outcome of a Send. A server that does not answer, or says that it does not know the client, is asked with an Update.
func (c *Client) sent(s *send, err error) {
	c.running--
	if err == nil {
		s.done <- nil
		return
	}
	c.failSend(s, err)
	refused, is := errors.AsType[*SendError](err)
	_, timedOut := errors.AsType[*coap.TimeoutError](err)
	switch {
	case is && refused.Code == coap.NotFound:
		c.step(registration.UpdateRequested{})
	case timedOut:
		c.step(registration.ServerSilent{Err: err})
	}
}

// dataMessage makes the message of a Send.
func (c *Client) dataMessage(s *send) (coap.Message, error) {
	items := s.items
	if items == nil {
		account, _ := c.machine.Account()
		items = c.tree.ReadComposite(account.SSID, s.paths)
	}
	if len(items) == 0 {
		return coap.Message{}, errorf("send: there is nothing at %v", s.paths)
	}
	chosen, err := c.codec.Choose(format.None, false, format.SenMLCBOR, lwm2m.Path{}, items)
	if err != nil {
		return coap.Message{}, errorf("send: %w; it needs LWM2M_RW_SENML_CBOR_SUPPORT or LWM2M_RW_SENML_JSON_SUPPORT", err)
	}
	payload, err := c.codec.Append(nil, chosen, lwm2m.Path{}, items, c.tree)
	if err != nil {
		return coap.Message{}, errorf("send: %w", err)
	}
	if c.config.BlockTransfer && c.config.MaxBody > 0 && len(payload) > c.config.MaxBody {
		return coap.Message{}, errorf("send: %d bytes, at most %d are possible (LWM2M_COAP_ENCODE_BUFFER_SIZE)", len(payload), c.config.MaxBody)
	}
	m := coap.Message{Code: coap.POST, Payload: payload}
	m.Options.AddString(coap.URIPath, "dp")
	m.Options.SetUint(coap.ContentFormat, uint32(chosen))
	return m, nil
}
