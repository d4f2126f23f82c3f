package coap

import (
	"math/rand/v2"
	"slices"
	"time"
)

// outcome is how a confirmable message ended.
type outcome uint8

const (
	acknowledged outcome = iota
	wasReset
	timedOut
)

// transmission is one confirmable message on its way. settled is called once, unless the transmission is dropped.
type transmission struct {
	id      uint16
	raw     []byte
	settled func(now time.Time, outcome outcome)

	sent    int // copies handed to the link
	started time.Time
	due     time.Time     // of the next copy, or of giving up
	wait    time.Duration // between the last copy and due
}

// sender sends confirmable messages again until they are acknowledged (RFC 7252, 4.2), one at a time: NSTART is 1 (RFC 7252, 4.7). A
// message that is acknowledged but not answered yet holds nobody up.
type sender struct {
	config  *Config
	random  *rand.Rand
	active  *transmission
	waiting []*transmission
	send    func(raw []byte)
}

// start takes a message over. It goes out at once when nothing else is on its way.
func (s *sender) start(now time.Time, t *transmission) {
	s.waiting = append(s.waiting, t)
	s.proceed(now)
}

func (s *sender) proceed(now time.Time) {
	if s.active != nil || len(s.waiting) == 0 {
		return
	}
	t := s.waiting[0]
	s.waiting = slices.Delete(s.waiting, 0, 1)
	s.active = t
	t.wait = s.config.AckTimeout
	if spread := int64(t.wait) / 100 * int64(s.config.AckRandomPercent-100); s.config.RandomizeAckTimeout && spread > 0 {
		t.wait += time.Duration(s.random.Int64N(spread + 1))
	}
	t.wait = min(t.wait, maxWait)
	t.started = now
	s.transmit(now, t)
}

func (s *sender) transmit(now time.Time, t *transmission) {
	t.sent++
	t.due = now.Add(t.wait)
	s.send(t.raw)
}

// next gives the time at which tick has something to do.
func (s *sender) next() (time.Time, bool) {
	if s.active == nil {
		return time.Time{}, false
	}
	return s.active.due, true
}

// tick sends the next copy, or gives up: as long after the last copy as one more would have waited (RFC 7252, 4.8.2).
func (s *sender) tick(now time.Time) {
	t := s.active
	if t == nil || now.Before(t.due) {
		return
	}
	if t.sent > s.config.MaxRetransmit {
		s.settle(now, t, timedOut)
		return
	}
	t.wait = time.Duration(min(float64(t.wait)*float64(s.config.BackoffPercent)/100, float64(maxWait)))
	s.transmit(now, t)
}

// acknowledge takes an ACK or RST with a message id. It gives false when no message on its way has it: it is late, and ignored.
func (s *sender) acknowledge(now time.Time, id uint16, outcome outcome) bool {
	if s.active == nil || s.active.id != id {
		return false
	}
	s.settle(now, s.active, outcome)
	return true
}

func (s *sender) settle(now time.Time, t *transmission, outcome outcome) {
	s.active = nil
	t.settled(now, outcome)
	s.proceed(now)
}

// drop forgets a message, whether it waits or is on its way, without a call of settled.
func (s *sender) drop(now time.Time, t *transmission) {
	if s.active == t {
		s.active = nil
		s.proceed(now)
		return
	}
	s.waiting = without(s.waiting, func(each *transmission) bool { return each == t })
}

// uses tells whether a message id is taken by a message that is not settled.
func (s *sender) uses(id uint16) bool {
	return s.active != nil && s.active.id == id || slices.ContainsFunc(s.waiting, func(each *transmission) bool { return each.id == id })
}
