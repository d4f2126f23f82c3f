package lwm2m

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

// Causes of operations that do not reach the client.
var (
	ErrNotRegistered = errors.New("the client is not registered")
	ErrNoSession     = errors.New("the client's DTLS session is over: it has to shake hands again")
)

// Device is a client by its endpoint name, over all its registrations. Its methods may be called from any goroutine.
type Device struct {
	server   *Server
	endpoint string
	turn     chan struct{} // held by the operation that is next to go out, so that held ones go in their order

	// Under server.mu:
	registration *registration // nil: not registered
	observations map[*Observation]struct{}
	sent         []Sending
}

func newDevice(s *Server, endpoint string) *Device {
	return &Device{server: s, endpoint: endpoint, turn: make(chan struct{}, 1), observations: map[*Observation]struct{}{}}
}

// Endpoint gives the endpoint name.
func (d *Device) Endpoint() string { return d.endpoint }

// Registration gives the living registration.
func (d *Device) Registration() (Registration, bool) {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	if d.registration == nil {
		return Registration{}, false
	}
	return d.registration.view(), true
}

// Forget drops the registration without a word to the client: its next Update is answered 4.04.
func (d *Device) Forget() {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	if d.registration != nil {
		d.server.end(d.registration, Forgotten)
	}
}

// ForgetSession drops the client's DTLS session without a word: what it sends is lost until it shakes hands again. The registration stays.
func (d *Device) ForgetSession() error {
	d.server.mu.Lock()
	var p *peer
	if d.registration != nil {
		p = d.registration.peer
	}
	d.server.mu.Unlock()
	if p == nil {
		return ErrNotRegistered
	}
	if p.secure == nil {
		return errors.New("the client uses no DTLS: there is no session to forget")
	}
	p.secure.Forget()
	return nil
}

// Sending is one Send of a client.
type Sending struct {
	Time   time.Time     `json:"time"` // of arrival
	Format string        `json:"format"`
	Items  []format.Item `json:"items"`
}

// mostSendings is how many are kept of one device.
const mostSendings = 1000

// Sent gives the device's last Sends, up to 1000, oldest first.
func (d *Device) Sent() []Sending {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	return slices.Clone(d.sent)
}

// await takes the turn of the next operation to go out, and gives what returns it; it may be called more than once.
func (d *Device) await(ctx context.Context) (release func(), err error) {
	select {
	case d.turn <- struct{}{}:
		return sync.OnceFunc(func() { <-d.turn }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-d.server.ctx.Done():
		return nil, ErrClosed
	}
}

// reach waits until the client listens, and gives its peer. The caller has the turn.
func (d *Device) reach(ctx context.Context, operation, path string) (p *peer, root string, err error) {
	told := false
	err = d.server.await(ctx, func() (bool, error) {
		r := d.registration
		switch {
		case r == nil:
			return false, ErrNotRegistered
		case r.awake():
			if r.peer.gone {
				return false, ErrNoSession
			}
			p, root = r.peer, r.Root
			return true, nil
		case !told:
			told = true
			d.server.emit(Event{Kind: Held, Endpoint: d.endpoint, Remote: r.peer.remote(), Path: path, Detail: operation})
		}
		return false, nil
	})
	return p, root, err
}

// exchange is one request that was answered.
type exchange struct {
	peer     *peer
	request  coap.Message
	response *coap.Message
}

// do carries out an operation. The request has no path yet. An answer that is no success is a *CodeError.
func (d *Device) do(ctx context.Context, operation, path string, request coap.Message, options coap.Options) (exchange, error) {
	x, err := d.attempt(ctx, operation, path, request, options)
	event := Event{Kind: Requested, Endpoint: d.endpoint, Path: path, Detail: operation, Err: err}
	if x.peer != nil {
		event.Remote = x.peer.remote()
	}
	if x.response != nil {
		event.Code = x.response.Code.String()
	}
	d.server.emit(event)
	if err != nil {
		return x, fmt.Errorf("%s %s of %s: %w", operation, path, d.endpoint, err)
	}
	return x, nil
}

func (d *Device) attempt(ctx context.Context, operation, path string, request coap.Message, options coap.Options) (x exchange, err error) {
	release, err := d.await(ctx)
	if err != nil {
		return x, err
	}
	defer release()
	options.Started = release // the next one may go when this one is on its way
	var root string
	if x.peer, root, err = d.reach(ctx, operation, path); err != nil {
		return x, err
	}
	request.SetPath(root + path)
	x.request = request
	x.response, err = x.peer.session.Do(ctx, request, options)
	if _, timedOut := errors.AsType[*coap.TimeoutError](err); timedOut {
		d.server.mu.Lock()
		x.peer.silent = true
		d.server.mu.Unlock()
	}
	if errors.Is(err, coap.ErrClosed) {
		if d.server.ctx.Err() != nil {
			return x, ErrClosed
		}
		return x, ErrNoSession
	}
	if err == nil && !x.response.Code.Success() {
		err = &CodeError{Operation: operation, Path: path, Code: x.response.Code, Diagnostic: string(x.response.Payload), Rule: rule(operation, x.response.Code)}
	}
	return x, err
}

// dropObservations ends all observations. Caller holds server.mu.
func (d *Device) dropObservations() {
	for o := range d.observations {
		o.end(ErrNotRegistered)
	}
}

// move has the observations go on with another peer of the same client. Caller holds server.mu.
func (d *Device) move(from, to *peer) {
	for o := range d.observations {
		from.session.Forget(o.token)
		o.peer = to
		to.session.Observe(o.token, o.receive)
	}
}

// send answers POST /dp.
func (s *Server) send(p *peer, request *coap.Message) coap.Response {
	const rule = "(OMA-TS-Core 1.1.1 section 6.4.6, Send)"
	if request.Code != coap.Post {
		return coap.Refuse(coap.MethodNotAllowed, "Send is a POST", rule)
	}
	number, ok := request.Uint(coap.ContentFormat)
	f := format.Format(number)
	if !ok || f != format.SenMLCBOR && f != format.SenMLJSON {
		return coap.Refuse(coap.UnsupportedContent, "Send takes SenML JSON and SenML CBOR", rule)
	}
	s.mu.Lock()
	r := p.registration
	s.mu.Unlock()
	if r == nil {
		return coap.Refuse(coap.NotFound, "there is no registration from this address and session: register or update first", rule)
	}
	items, err := format.Decode(f, "/", request.Payload, s.definitions)
	if err != nil {
		return coap.Refuse(coap.BadRequest, err.Error(), rule)
	}
	if len(items) == 0 {
		return coap.Refuse(coap.BadRequest, "a Send without values", rule)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range items {
		path, err := format.ParsePath(item.Path)
		if err != nil || !r.instances[[2]uint16{path[0], path[1]}] {
			return coap.Refuse(coap.NotFound, item.Path+" is of no instance in the registered object list: send an Update with the list first", rule)
		}
	}
	d := r.device
	d.sent = append(d.sent, Sending{Time: time.Now(), Format: f.String(), Items: items})
	d.sent = d.sent[max(0, len(d.sent)-mostSendings):]
	s.emit(Event{Kind: Sent, Endpoint: r.Endpoint, Remote: p.remote(), Path: "/dp", Items: items})
	return coap.Response{Message: coap.Message{Code: coap.Changed}}
}
