package broker

import (
	"sync"
	"time"
)

// Kind says what happened.
type Kind string

// The kinds of events, with the fields that are set beside Time and Client.
const (
	Listening    Kind = "listening"    // Remote: the address
	Stopped      Kind = "stopped"      // the listeners are closed
	Connected    Kind = "connected"    // Remote, Detail: version of MQTT and session
	Disconnected Kind = "disconnected" // Remote, Detail: the reason, Err: the cause if there is one
	Refused      Kind = "refused"      // Remote, Topic where there is one, Err: why (a *Refusal for rules of the cloud). Client "" before CONNECT
	Subscribed   Kind = "subscribed"   // Topic: the filter, QoS: granted
	Unsubscribed Kind = "unsubscribed" // Topic: the filter
	Received     Kind = "received"     // from a client: Topic, QoS, Payload
	Sent         Kind = "sent"         // to a client: Topic, QoS, Payload
	Lost         Kind = "lost"         // a message that a slow client's full buffer had no room for: Topic, QoS
	Notice       Kind = "notice"       // something a developer should know: Topic where there is one, Detail
)

// Event is one thing that happened at the broker, for people to see and tests to wait for.
type Event struct {
	Time    time.Time
	Kind    Kind
	Client  string // client id
	Remote  string // HOST:PORT of the client
	Topic   string
	QoS     byte
	Payload []byte // shared: not to be changed
	Detail  string
	Err     error
	Missed  int // events that were dropped before this one, because the observer was too slow
}

// tap hands events to an observer on a goroutine of its own, in order. It never makes the broker wait: when the observer is too slow,
// events are dropped and counted.
type tap struct {
	mu      sync.Mutex
	closed  bool
	missed  int
	events  chan Event
	drained sync.WaitGroup
}

// tapLength is how many events may wait for the observer.
const tapLength = 4096

func newTap(observe func(Event)) *tap {
	t := &tap{events: make(chan Event, tapLength)}
	if observe == nil {
		t.closed = true
		return t
	}
	t.drained.Go(func() {
		for event := range t.events {
			observe(event)
		}
	})
	return t
}

func (t *tap) emit(event Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	event.Time = time.Now()
	event.Missed = t.missed
	select {
	case t.events <- event:
		t.missed = 0
	default:
		t.missed++
	}
}

// close waits until the observer has seen everything that was emitted before.
func (t *tap) close() {
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		close(t.events)
	}
	t.mu.Unlock()
	t.drained.Wait()
}
