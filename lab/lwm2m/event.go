package lwm2m

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

// Kind says what happened.
type Kind string

// The kinds of events, with the fields that are set beside Time, Remote and, where it is known, Endpoint.
const (
	Listening    Kind = "listening"    // Detail: the URL
	Stopped      Kind = "stopped"      // nothing is served any more
	Secured      Kind = "secured"      // a DTLS handshake is complete; Detail: identity and Connection ID
	Unsecured    Kind = "unsecured"    // a DTLS handshake failed or a session ended; Err
	Registered   Kind = "registered"   // Registration
	Updated      Kind = "updated"      // Registration; Detail: what came with it
	Deregistered Kind = "deregistered" // Registration
	Expired      Kind = "expired"      // Registration: its lifetime is over
	Forgotten    Kind = "forgotten"    // Registration: the old one, by Device.Forget
	Replaced     Kind = "replaced"     // Registration: the old one, by a new Register
	Refused      Kind = "refused"      // a request of a client: Path, Code, Err: why
	Sent         Kind = "sent"         // a Send: Items
	Notified     Kind = "notified"     // a notification: Path, Items, Code
	Requested    Kind = "requested"    // an operation of ours: Path, Code, Detail: the operation; Err if it failed
	Held         Kind = "held"         // an operation waits for a sleeping client: Path, Detail: the operation
	Bootstrap    Kind = "bootstrap"    // a step of a bootstrap: Path, Code, Detail: the step; Err if it failed
	Bootstrapped Kind = "bootstrapped" // all steps of a bootstrap are done
	Fetched      Kind = "fetched"      // an image was asked for from its beginning: Path
	Notice       Kind = "notice"       // something a developer should know: Detail, or Err
)

// Event is one thing that happened at the server, for people to see and tests to wait for.
type Event struct {
	Time         time.Time     `json:"time"`
	Kind         Kind          `json:"kind"`
	Endpoint     string        `json:"endpoint,omitempty"`
	Remote       string        `json:"remote,omitempty"`
	Path         string        `json:"path,omitempty"`
	Code         string        `json:"code,omitempty"` // as 4.04
	Items        []format.Item `json:"items,omitempty"`
	Registration *Registration `json:"registration,omitempty"`
	Detail       string        `json:"detail,omitempty"`
	Err          error         `json:"-"`
	Error        string        `json:"error,omitempty"`  // Err as text
	Missed       int           `json:"missed,omitempty"` // events that were dropped before this one, because its reader was too slow
}

// eventBacklog is how many events may wait for one reader.
const eventBacklog = 8192

// ErrClosed is the end of waiting for a server that is closed.
var ErrClosed = errors.New("the LwM2M server is closed")

// Subscription is a reader of events. The events from Subscribe on are in it, in order.
type Subscription struct {
	events *events

	mu     sync.Mutex
	queue  []Event
	missed int
	wake   chan struct{} // closed when something is put in
	closed bool
}

// events hands events to all subscriptions. Nobody makes the server wait.
type events struct {
	mu     sync.Mutex
	closed bool
	subs   map[*Subscription]struct{}
}

func (e *events) subscribe() *Subscription {
	s := &Subscription{events: e, wake: make(chan struct{})}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		s.closed = true
		close(s.wake)
		return s
	}
	e.subs[s] = struct{}{}
	return s
}

func (e *events) emit(event Event) {
	event.Time = time.Now()
	if event.Err != nil {
		event.Error = event.Err.Error()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for s := range e.subs {
		s.put(event)
	}
}

func (e *events) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for s := range e.subs {
		s.end()
	}
	clear(e.subs)
}

func (s *Subscription) put(event Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if len(s.queue) >= eventBacklog {
		s.missed++
		return
	}
	event.Missed, s.missed = s.missed, 0
	s.queue = append(s.queue, event)
	close(s.wake)
	s.wake = make(chan struct{})
}

func (s *Subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.wake)
	}
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.events.mu.Lock()
	delete(s.events.subs, s)
	s.events.mu.Unlock()
	s.end()
}

// Next gives the next event that matches, and drops those before it; nil matches all. After the end of the server what is left can still be
// read, then comes ErrClosed.
func (s *Subscription) Next(ctx context.Context, match func(Event) bool) (Event, error) {
	for {
		s.mu.Lock()
		for len(s.queue) > 0 {
			event := s.queue[0]
			s.queue = s.queue[1:]
			if match == nil || match(event) {
				s.mu.Unlock()
				return event, nil
			}
		}
		wake, closed := s.wake, s.closed
		s.mu.Unlock()
		if closed {
			return Event{}, ErrClosed
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

// Of matches events of a kind, for an endpoint if it is not "".
func Of(kind Kind, endpoint string) func(Event) bool {
	return func(e Event) bool { return e.Kind == kind && (endpoint == "" || e.Endpoint == endpoint) }
}
