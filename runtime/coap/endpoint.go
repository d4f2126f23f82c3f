package coap

import (
	"errors"
	"math/rand/v2"
	"time"
)

// endpoint is the whole protocol without time, goroutines and sockets of its own: datagrams and the time go in, datagrams come out of
// outbox, in order. It calls the handler, and the functions that were given with requests and notifications.
type endpoint struct {
	config  Config
	handler Handler
	random  *rand.Rand
	encoder encoder
	decoder decoder
	nextID  uint16
	outbox  []outgoing

	remembered memory
	sender     sender
	exchanges  map[[maxToken]byte]*exchange
	calls      map[*call]struct{}
	uploads    map[string][]*call // by what they are about: the first one is under way, the others wait for it
	notifying  map[*transmission]func(NotifyOutcome)
	notified   notified
	assemblies assemblies
	snapshots  snapshots
}

// outgoing is a datagram for the link.
type outgoing struct {
	raw   []byte
	after func() // called when the link has it, or has failed to take it; nil: nothing to do
}

// source is a rand.Source of one function: a *rand.ChaCha8 in an interface would bring along how its state is written and read.
type source func() uint64

// Uint64 implements rand.Source.
func (s source) Uint64() uint64 { return s() }

// newEndpoint makes an endpoint. seed makes message ids, tokens and the first wait for an acknowledgement; it must not be guessable.
func newEndpoint(config Config, handler Handler, seed [32]byte) *endpoint {
	e := &endpoint{
		config: config.complete(), handler: handler, random: rand.New(source(rand.NewChaCha8(seed).Uint64)),
		remembered: newMemory(), exchanges: make(map[[maxToken]byte]*exchange), calls: make(map[*call]struct{}),
		uploads: make(map[string][]*call), notifying: make(map[*transmission]func(NotifyOutcome)),
	}
	e.nextID = uint16(e.random.Uint32())
	e.sender = sender{config: &e.config, random: e.random, send: e.send}
	e.assemblies = assemblies{config: &e.config, handler: handler, bodies: make(map[string]*assembly)}
	e.snapshots.limit = e.config.MaxOutgoingBodies
	return e
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func (e *endpoint) send(raw []byte) { e.outbox = append(e.outbox, outgoing{raw: raw}) }

// messageID gives ids in turn (RFC 7252, 4.4).
func (e *endpoint) messageID() uint16 {
	for e.sender.uses(e.nextID) {
		e.nextID++
	}
	e.nextID++
	return e.nextID - 1
}

// next gives the time at which tick has something to do.
func (e *endpoint) next() (time.Time, bool) {
	first, any := e.sender.next()
	earlier := func(at time.Time, valid bool) {
		if valid && (!any || at.Before(first)) {
			first, any = at, true
		}
	}
	earlier(e.assemblies.next())
	for _, each := range e.exchanges {
		earlier(each.deadline, each.acknowledged)
	}
	return first, any
}

// tick does what is due.
func (e *endpoint) tick(now time.Time) {
	e.sender.tick(now)
	e.assemblies.expire(now)
	for _, each := range e.exchanges {
		if each.acknowledged && !now.Before(each.deadline) {
			e.finish(now, each, nil, &TimeoutError{Transmissions: each.transmission.sent, Elapsed: exchangeLifetime, Acknowledged: true})
		}
	}
}

// receive takes one datagram, whose memory it keeps.
func (e *endpoint) receive(now time.Time, raw []byte) error {
	d, err := e.decoder.decode(raw)
	switch {
	case errors.Is(err, errNotCoAP):
		return err
	case err != nil:
		e.reject(&d)
		return err
	case d.Code == Empty:
		e.receiveEmpty(now, &d)
	case d.kind == reset:
		return errors.New("a reset with contents")
	case d.Code.IsRequest():
		if d.kind == acknowledgement {
			return errors.New("a request in an acknowledgement")
		}
		e.receiveRequest(now, &d, raw)
	case d.Code>>5 == 2 || d.Code>>5 == 4 || d.Code>>5 == 5:
		e.receiveResponse(now, &d, raw)
	default:
		e.reject(&d)
		return errors.New("the code is of a reserved class")
	}
	return nil
}

// reject answers a confirmable message that cannot be processed with Reset (RFC 7252, 4.2).
func (e *endpoint) reject(d *datagram) []byte {
	if d.kind != confirmable {
		return nil
	}
	return e.answerEmpty(reset, d.id)
}

func (e *endpoint) answerEmpty(kind kind, id uint16) []byte {
	raw := []byte{1<<6 | byte(kind)<<4, 0, byte(id >> 8), byte(id)}
	e.send(raw)
	return raw
}

func (e *endpoint) receiveEmpty(now time.Time, d *datagram) {
	switch d.kind {
	case confirmable:
		e.reject(d) // a ping (RFC 7252, 4.3)
	case acknowledgement:
		e.sender.acknowledge(now, d.id, acknowledged)
	case reset:
		if e.sender.acknowledge(now, d.id, wasReset) {
			return
		}
		if token, known := e.notified.take(now, d.id); known {
			if resetter, able := e.handler.(Resetter); able {
				resetter.Reset(token)
			}
		}
	}
}

// duplicate deals with a message that came before, and remembers one that did not.
func (e *endpoint) duplicate(now time.Time, d *datagram, raw []byte) (*memorized, bool) {
	if entry := e.remembered.recall(now, d.id, raw); entry != nil {
		if entry.answer != nil {
			e.send(entry.answer)
		}
		if !entry.dropped || d.Code != GET && d.Code != FETCH {
			return nil, true // without the answer only what reads may run again
		}
	}
	return e.remembered.record(now, d.id, d.kind, raw), false
}

func (e *endpoint) receiveResponse(now time.Time, d *datagram, raw []byte) {
	var token [maxToken]byte
	x := e.exchanges[token]
	if copy(token[:], d.token) == maxToken {
		x = e.exchanges[token]
	}
	var entry *memorized
	if d.kind == acknowledgement {
		if x == nil || x.transmission.id != d.id || x.acknowledged {
			return // late, or not to us
		}
	} else {
		var again bool
		if entry, again = e.duplicate(now, d, raw); again {
			return
		}
		if x == nil {
			e.remembered.answered(entry, e.reject(d))
			return
		}
	}
	id, bad := screen(&d.Message, e.config.Critical)
	switch {
	case entry == nil || d.kind != confirmable: // nothing to acknowledge
	case bad:
		e.remembered.answered(entry, e.reject(d)) // RFC 7252, 5.4.1
	default:
		e.remembered.answered(entry, e.answerEmpty(acknowledgement, d.id))
	}
	if bad {
		e.finish(now, x, nil, &ResponseError{d.Code, "its critical option " + decimal(id) + " is unknown, or not as it must be"})
		return
	}
	e.finish(now, x, &d.Message, nil)
}

// close ends everything.
func (e *endpoint) close(now time.Time, cause error) {
	for c := range e.calls {
		e.end(now, c, nil, cause)
	}
	for t, done := range e.notifying {
		delete(e.notifying, t)
		done(NotifyClosed)
	}
	e.assemblies.close(cause)
	e.outbox = nil
}
