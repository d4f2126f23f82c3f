package coap

import "time"

// exchange is one confirmable request message of ours and its response.
type exchange struct {
	token        [maxToken]byte
	transmission *transmission
	acknowledged bool // the response is still to come, by deadline
	deadline     time.Time
	done         func(now time.Time, response *Message, err error)
}

// request sends one request message. done is called once, unless the exchange is abandoned before.
func (e *endpoint) request(now time.Time, m *Message, done func(now time.Time, response *Message, err error)) (*exchange, error) {
	x := &exchange{done: done}
	for first := true; first || e.exchanges[x.token] != nil; first = false {
		value := e.random.Uint64()
		for i := range x.token {
			x.token[i] = byte(value >> (8 * i))
		}
	}
	d := datagram{kind: confirmable, id: e.messageID(), token: x.token[:], Message: *m}
	raw, err := e.encoder.encode(&d)
	if err != nil {
		return nil, err
	}
	x.transmission = &transmission{id: d.id, raw: raw, settled: func(now time.Time, outcome outcome) {
		switch outcome {
		case acknowledged: // an empty one: the response comes separately
			x.acknowledged, x.deadline = true, now.Add(exchangeLifetime)
		case wasReset:
			e.finish(now, x, nil, &ResetError{})
		case timedOut:
			t := x.transmission
			e.finish(now, x, nil, &TimeoutError{Transmissions: t.sent, Elapsed: now.Sub(t.started)})
		}
	}}
	e.exchanges[x.token] = x
	e.sender.start(now, x.transmission)
	return x, nil
}

// finish ends an exchange. A response that comes before the acknowledgement counts as one (RFC 7252, 4.2).
func (e *endpoint) finish(now time.Time, x *exchange, response *Message, err error) {
	e.abandon(now, x)
	x.done(now, response, err)
}

// abandon forgets an exchange. A response that comes later is answered with Reset.
func (e *endpoint) abandon(now time.Time, x *exchange) {
	delete(e.exchanges, x.token)
	if !x.acknowledged {
		e.sender.drop(now, x.transmission)
	}
}
