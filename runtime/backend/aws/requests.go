package aws

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// answerTimeout is how long the answer to a request may take; the official SDKs wait as long.
	answerTimeout = 30 * time.Second
	// maxRequests is the number of requests whose answers are awaited. The service takes ten at a time on a connection (its quotas).
	maxRequests = 8
	// maxTries bounds how often a request is made in all while the service is busy (429) or fails (500), or does not answer.
	maxTries = 3
	// firstPause is the wait after a request that met a busy service; each further one is twice as long.
	firstPause = time.Second
)

// operation is a request to the shadow service.
type operation int

const (
	operationGet operation = iota
	operationUpdate
)

func (o operation) String() string { return [...]string{"get", "update"}[o] }

// phase is what a request waits for.
type phase int

const (
	phaseFree    phase = iota // the slot is free
	phaseAnswer               // the answer
	phasePause                // the end of a pause, to be made again
	phaseVersion              // the answer to a get, to be made again with the version that it tells
)

// request is a request without its answer.
type request struct {
	phase    phase
	op       operation
	serial   uint32
	document []byte    // operationUpdate: what was reported, where the request is made again; else nil
	due      time.Time // end of the phase
	tries    int
	conflict bool // it was refused for its version before
}

// outcome is what the owner of requests has to do.
type outcome struct {
	again []request // to be published, with the new serial
	fetch bool      // the shadow is to be asked for
	err   error     // a request is given up for this reason
}

// requests is the machine that matches the shadow service's answers to the requests of this device by their clientToken (developer guide, "Device Shadow
// MQTT topics", "client tokens"), and makes again what is worth it. It knows no clock and sends nothing.
type requests struct {
	prefix string // of the tokens, so that other clients' tokens are told apart
	serial uint32
	slots  [maxRequests]request
}

// begin notes a request that is about to be published; 0: too many are on their way, so it goes without a token and its answer is nobody's.
func (r *requests) begin(op operation, document []byte, now time.Time) uint32 {
	for i := range r.slots {
		if r.slots[i].phase == phaseFree {
			r.slots[i] = request{op: op, document: document}
			r.publish(&r.slots[i], now)
			return r.slots[i].serial
		}
	}
	return 0
}

// publish begins the wait for the answer to a request, under a token of its own.
func (r *requests) publish(q *request, now time.Time) {
	r.serial++
	if r.serial == 0 {
		r.serial = 1
	}
	q.phase, q.serial, q.due = phaseAnswer, r.serial, now.Add(answerTimeout)
	q.tries++
}

// cancel forgets a request that could not be published.
func (r *requests) cancel(serial uint32) {
	if q := r.find(serial); q != nil {
		*q = request{}
	}
}

// reset forgets all: their connection is gone.
func (r *requests) reset() { r.slots = [maxRequests]request{} }

func (r *requests) find(serial uint32) *request {
	for i := range r.slots {
		if r.slots[i].phase != phaseFree && r.slots[i].serial == serial && serial != 0 {
			return &r.slots[i]
		}
	}
	return nil
}

// appendToken writes the token of a request; it needs no escapes in JSON.
func (r *requests) appendToken(dst []byte, serial uint32) []byte {
	dst = append(append(dst, r.prefix...), '-')
	return strconv.AppendUint(dst, uint64(serial), 10)
}

// own takes a token apart. foreign: another client's. 0 and not foreign: there is no token, or one that nobody waits for any more.
func (r *requests) own(token string) (serial uint32, foreign bool) {
	if token == "" {
		return 0, false
	}
	digits, mine := strings.CutPrefix(token, r.prefix+"-")
	n, err := strconv.ParseUint(digits, 10, 32)
	if !mine || err != nil {
		return 0, true
	}
	return uint32(n), false
}

// accepted takes an answer that says yes. One to a get without a token (a rule need not select it) answers all gets.
func (r *requests) accepted(op operation, serial uint32, now time.Time) outcome {
	for i := range r.slots {
		q := &r.slots[i]
		if q.phase != phaseFree && q.op == op && (q.serial == serial || serial == 0 && op == operationGet) {
			*q = request{}
		}
	}
	if op == operationGet {
		return r.released(now)
	}
	return outcome{}
}

// released makes the requests again that have waited for the version.
func (r *requests) released(now time.Time) outcome {
	var out outcome
	for i := range r.slots {
		if q := &r.slots[i]; q.phase == phaseVersion {
			r.publish(q, now)
			out.again = append(out.again, *q)
		}
	}
	return out
}

// rejected takes an answer that says no. known is false where no request of ours waits for it.
func (r *requests) rejected(op operation, serial uint32, code int, now time.Time) (out outcome, known bool) {
	q := r.find(serial)
	if q == nil || q.op != op {
		return outcome{}, false
	}
	repeatable := op == operationGet || q.document != nil
	switch {
	case op == operationGet && code == codeNotFound: // an answer as good as any
		return r.accepted(op, serial, now), true
	case code == codeConflict && q.document != nil && !q.conflict:
		q.conflict = true
		q.phase, q.due = phaseVersion, now.Add(2*answerTimeout) // the get may have to be made twice
		return outcome{fetch: !r.waiting(operationGet)}, true
	case (code == codeThrottled || code == codeInternal) && repeatable && q.tries < maxTries:
		q.phase, q.due = phasePause, now.Add(firstPause<<(q.tries-1))
		return outcome{}, true
	}
	*q = request{}
	return outcome{err: errRefused}, true
}

// waiting tells whether the answer to an operation is awaited.
func (r *requests) waiting(op operation) bool {
	for i := range r.slots {
		if q := &r.slots[i]; q.op == op && (q.phase == phaseAnswer || q.phase == phasePause) {
			return true
		}
	}
	return false
}

// pass does what is due.
func (r *requests) pass(now time.Time) outcome {
	var out outcome
	for i := range r.slots {
		q := &r.slots[i]
		if q.phase == phaseFree || now.Before(q.due) {
			continue
		}
		repeatable := q.op == operationGet || q.document != nil
		switch {
		case q.phase == phasePause, q.phase == phaseAnswer && repeatable && q.tries < maxTries-1:
			r.publish(q, now)
			out.again = append(out.again, *q)
		case q.phase == phaseVersion:
			out.err = errors.Join(out.err, errors.New("a report was refused because of the shadow's version, and which one is current could not be learned"))
			*q = request{}
		default:
			if repeatable { // a report of samples that is lost is made up for by the next one
				out.err = errors.Join(out.err, fmt.Errorf("the shadow service does not answer: %s was asked for %d times and %v passed since", q.op, q.tries, answerTimeout))
			}
			*q = request{}
		}
	}
	return out
}

// next tells when pass is to be called; the zero time: nothing waits.
func (r *requests) next() time.Time {
	var first time.Time
	for i := range r.slots {
		if q := &r.slots[i]; q.phase != phaseFree && (first.IsZero() || q.due.Before(first)) {
			first = q.due
		}
	}
	return first
}
