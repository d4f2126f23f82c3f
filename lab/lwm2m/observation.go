package lwm2m

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
)

// Notification is one notification of an observation.
type Notification struct {
	Content
	Time        time.Time // of arrival
	Number      uint32    // of its Observe option
	Confirmable bool
	Err         error // the payload cannot be read, or the code is an error, which ends the observation (*CodeError)
	Missed      int   // notifications that were dropped before this one, because nobody took them
}

// notificationBacklog is how many notifications of one observation may wait.
const notificationBacklog = 1024

// Observation is an observation of one path or several. It ends by Cancel, with the registration, or with a notification that is an error.
type Observation struct {
	device        *Device
	path          string // "/" for several
	request       coap.Message
	first         *Content
	notifications chan Notification

	peer  *peer  // under server.mu
	token []byte // set before it can be seen

	mu     sync.Mutex
	ended  bool
	cause  error
	missed int
	number uint32
	at     time.Time
}

// Observe observes a path. The first answer is in First.
func (d *Device) Observe(ctx context.Context, path string, options ...Option) (*Observation, error) {
	return d.observe(ctx, opObserve, path, choose(options).request(coap.Get))
}

// ObserveComposite observes several paths at once.
func (d *Device) ObserveComposite(ctx context.Context, paths []string, options ...Option) (*Observation, error) {
	request, err := composite(choose(options), paths)
	if err != nil {
		return nil, err
	}
	return d.observe(ctx, opObserveComposite, "/", request)
}

func (d *Device) observe(ctx context.Context, operation, path string, request coap.Message) (*Observation, error) {
	o := &Observation{device: d, path: path, notifications: make(chan Notification, notificationBacklog)}
	request.AddUint(coap.Observe, 0)
	// Notifications that come before the answer has been read wait here.
	var early []*coap.Message
	var mu sync.Mutex
	isReady := false
	observer := func(m *coap.Message) {
		mu.Lock()
		defer mu.Unlock()
		if !isReady {
			if len(early) < notificationBacklog {
				early = append(early, m)
			}
			return
		}
		o.receive(m)
	}
	x, err := d.do(ctx, operation, path, request, coap.Options{Observer: observer})
	if err != nil {
		return nil, err
	}
	o.request, o.token = x.request, x.response.Token
	fail := func(err error) (*Observation, error) {
		x.peer.session.Forget(o.token)
		return nil, fmt.Errorf("%s %s: %w", operation, path, err)
	}
	if err := expect(x, coap.Content); err != nil {
		return fail(err)
	}
	if _, ok := x.response.Uint(coap.Observe); !ok {
		return fail(errors.New("the answer has no Observe option: the client does not observe"))
	}
	if o.first, err = d.server.content(path, x.response); err != nil {
		return fail(err)
	}
	o.number, _ = x.response.Uint(coap.Observe)
	o.at = time.Now()
	d.server.mu.Lock()
	registered := d.registration != nil && d.registration.peer == x.peer && !d.server.closed
	if registered {
		o.peer = x.peer
		d.observations[o] = struct{}{}
	}
	d.server.mu.Unlock()
	if !registered {
		return fail(ErrNotRegistered)
	}
	mu.Lock()
	defer mu.Unlock()
	isReady = true
	for _, m := range early {
		o.receive(m)
	}
	return o, nil
}

// First gives the answer to the request.
func (o *Observation) First() *Content { return o.first }

// Path gives the observed path; "/" for several.
func (o *Observation) Path() string { return o.path }

// Notifications gives the notifications after the first answer. The channel is closed at the end of the observation; Err tells the cause.
func (o *Observation) Notifications() <-chan Notification { return o.notifications }

// Err gives the cause of the end: nil after Cancel and while the observation lives.
func (o *Observation) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.cause
}

// Next waits for the next notification. At the end of the observation its error is the cause of that.
func (o *Observation) Next(ctx context.Context) (Notification, error) {
	select {
	case n, ok := <-o.notifications:
		if !ok {
			if err := o.Err(); err != nil {
				return n, err
			}
			return n, errors.New("the observation is cancelled")
		}
		return n, nil
	case <-ctx.Done():
		return Notification{}, ctx.Err()
	}
}

// Cancel cancels the observation at the client: the same request with Observe 1.
func (o *Observation) Cancel(ctx context.Context) error {
	request := o.request
	request.Options = nil
	for _, option := range o.request.Options {
		if option.ID != coap.Observe && option.ID != coap.URIPath {
			request.Options = append(request.Options, option)
		}
	}
	request.AddUint(coap.Observe, 1)
	x, err := o.device.do(ctx, opCancel, o.path, request, coap.Options{Token: o.token})
	o.Forget()
	if err != nil {
		return err
	}
	if _, ok := x.response.Bytes(coap.Observe); ok {
		return errors.New("the answer to the cancellation has an Observe option (RFC 7641 section 3.6)")
	}
	return expect(x, coap.Content)
}

// Forget ends the observation at the server only: the client's next notification is rejected with RST, which cancels it there.
func (o *Observation) Forget() {
	o.device.server.mu.Lock()
	defer o.device.server.mu.Unlock()
	o.end(nil)
}

// end ends the observation. Caller holds server.mu.
func (o *Observation) end(cause error) {
	delete(o.device.observations, o)
	o.peer.session.Forget(o.token)
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.ended {
		o.ended, o.cause = true, cause
		close(o.notifications)
	}
}

// receive takes a notification, in the goroutine that reads the socket. The rest of one in blocks is fetched in another.
func (o *Observation) receive(m *coap.Message) {
	if !o.fresh(m) {
		return
	}
	if _, ok := m.Bytes(coap.Block2); !ok {
		o.deliver(m, nil)
		return
	}
	s := o.device.server
	s.mu.Lock()
	p := o.peer
	s.mu.Unlock()
	s.background(func(ctx context.Context) {
		whole, err := p.session.Collect(ctx, o.request, m)
		if err != nil {
			whole = m
		}
		o.deliver(whole, err)
	})
}

// fresh tells whether a notification is newer than the last one: RFC 7641 section 3.4.
func (o *Observation) fresh(m *coap.Message) bool {
	number, ok := m.Uint(coap.Observe)
	if !ok {
		return true // an error, which ends the observation
	}
	const half = 1 << 23
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if number > o.number && number-o.number < half || number < o.number && o.number-number > half || now.Sub(o.at) > 128*time.Second {
		o.number, o.at = number, now
		return true
	}
	return false
}

func (o *Observation) deliver(m *coap.Message, err error) {
	s := o.device.server
	n := Notification{Time: time.Now(), Confirmable: !m.NonConfirmable, Content: Content{Code: m.Code, Payload: m.Payload}}
	n.Number, _ = m.Uint(coap.Observe)
	over := false
	switch _, observing := m.Bytes(coap.Observe); {
	case err != nil:
		n.Err = err
	case !m.Code.Success():
		n.Err, over = &CodeError{Operation: opObserve, Path: o.path, Code: m.Code, Diagnostic: string(m.Payload), Rule: rule(opObserve, m.Code)}, true
	case !observing:
		n.Err, over = errors.New("a notification without an Observe option (RFC 7641 section 3.2)"), true
	default:
		content, err := s.content(o.path, m)
		n.Content, n.Err = *content, err
	}
	s.emit(Event{Kind: Notified, Endpoint: o.device.endpoint, Path: o.path, Items: n.Items, Code: m.Code.String(), Err: n.Err})
	o.put(n)
	if over {
		s.mu.Lock()
		defer s.mu.Unlock()
		o.end(n.Err)
	}
}

func (o *Observation) put(n Notification) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return
	}
	n.Missed = o.missed
	select {
	case o.notifications <- n:
		o.missed = 0
	default:
		o.missed++
	}
}

// ID names the observation: its token in hex.
func (o *Observation) ID() string { return hex.EncodeToString(o.token) }

// Observations gives the living observations, in the order of their ids.
func (d *Device) Observations() []*Observation {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	return slices.SortedFunc(maps.Keys(d.observations), func(a, b *Observation) int { return bytes.Compare(a.token, b.token) })
}
