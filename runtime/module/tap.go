package module

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Tap is a view of the module's events for an observer that must not hold the module up: what the observer does not take in time is
// dropped and counted.
type Tap struct {
	C <-chan Event // closed by Close and when the module has stopped

	events  chan Event
	dropped atomic.Uint64
	owner   *taps
}

// Dropped is the number of events that the observer missed.
func (t *Tap) Dropped() uint64 { return t.dropped.Load() }

// Close ends the tap. It may be called more than once.
func (t *Tap) Close() { t.owner.remove(t) }

// taps is the set of taps of a module.
type taps struct {
	mu     sync.Mutex
	open   []*Tap
	closed bool
}

func (s *taps) add(buffer int) *Tap {
	tap := &Tap{events: make(chan Event, max(buffer, 1)), owner: s}
	tap.C = tap.events
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		close(tap.events)
		return tap
	}
	s.open = append(s.open, tap)
	return tap
}

func (s *taps) remove(tap *Tap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.open, tap); i >= 0 {
		s.open = slices.Delete(s.open, i, i+1)
		close(tap.events)
	}
}

func (s *taps) emit(event Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, tap := range s.open {
		select {
		case tap.events <- event:
		default:
			tap.dropped.Add(1)
		}
	}
}

func (s *taps) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, tap := range s.open {
		close(tap.events)
	}
	s.open, s.closed = nil, true
}
