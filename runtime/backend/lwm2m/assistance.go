package lwm2m

import (
	"errors"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
)

// Times of a request that the server answers by writing a result (SDK: lwm2m_client_utils, location assistance).
const (
	answerLimit   = 180 * time.Second // for the server to answer
	updatePause   = 60 * time.Second  // between registration updates meanwhile, so that the server can deliver what it has queued
	firstRetry    = 675 * time.Second // after a temporary error; doubled each time
	longestRetry  = 86400 * time.Second
	sendsOfOneAsk = 2 // a request that nobody answers is sent once more
)

// resultCode is what a server writes as the result of a request (objects 33625 and 33626).
type resultCode int64

// The result codes.
const (
	resultOK        resultCode = 0
	resultPermanent resultCode = -1
	resultTemporary resultCode = 1
	resultNoAnswer  resultCode = 2 // the device itself says so
)

// phase is where a request stands.
type phase int

// The phases.
const (
	phaseIdle    phase = iota
	phaseWaiting       // the server is to answer
	phaseBackoff       // it has a temporary error: asked again at next
	phaseBlocked       // it has a permanent error: never asked again, until the device restarts
)

// ask is one kind of request to the server as a machine: it says what to do, and when it wants to be asked again. The zero value is idle.
type ask struct {
	phase phase
	sends int           // of this request
	since time.Time     // of the newest Send
	next  time.Time     // when tick has something to do
	retry time.Duration // of the newest temporary error; 0: there was none since the last success
}

// step is what an ask wants done.
type step int

// The steps.
const (
	stepNothing step = iota
	stepSend         // send the request
	stepUpdate       // update the registration
	stepGiveUp       // the server has not answered: tell the application, and write resultNoAnswer
)

// Why a request is refused.
var (
	errAskedAlready = errors.New("the server has not answered the last such request yet")
	errAskLater     = errors.New("the server has answered with a temporary error, and is asked again by itself")
	errAskNever     = errorf("%w: the server has answered with a permanent error, and is not asked again before the next restart", cloud.ErrUnsupported)
)

// begin starts a request; the caller sends it.
func (a *ask) begin(now time.Time) error {
	switch a.phase {
	case phaseWaiting:
		return errAskedAlready
	case phaseBackoff:
		return errAskLater
	case phaseBlocked:
		return errAskNever
	}
	a.sends = 0
	a.sent(now)
	return nil
}

func (a *ask) sent(now time.Time) {
	a.phase, a.since, a.next = phaseWaiting, now, now.Add(updatePause)
	a.sends++
}

// cancel takes a request back that could not be sent, unless the server has answered it all the same.
func (a *ask) cancel() {
	if a.phase == phaseWaiting {
		a.phase, a.next = phaseIdle, time.Time{}
	}
}

// answered takes the server's result. Without a request that waits it means nothing.
func (a *ask) answered(now time.Time, code resultCode) (meant bool) {
	if a.phase != phaseWaiting {
		return false
	}
	switch code {
	case resultTemporary:
		a.retry = min(max(2*a.retry, firstRetry), longestRetry)
		a.phase, a.next = phaseBackoff, now.Add(a.retry)
	case resultPermanent:
		a.phase, a.next = phaseBlocked, time.Time{}
	default:
		a.retry = 0
		a.cancel()
	}
	return true
}

// tick does what is due.
func (a *ask) tick(now time.Time) step {
	if a.next.IsZero() || now.Before(a.next) {
		return stepNothing
	}
	if a.phase == phaseBackoff {
		a.sends = 0
		a.sent(now)
		return stepSend
	}
	if now.Sub(a.since) < answerLimit {
		a.next = a.next.Add(updatePause)
		return stepUpdate
	}
	if a.sends < sendsOfOneAsk {
		a.sent(now)
		return stepSend
	}
	a.cancel()
	return stepGiveUp
}
