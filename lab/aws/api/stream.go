package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/lab/broker"
)

// Stream keeps the last events of the cloud and hands new ones to those who watch. Its methods may be called from any goroutine.
type Stream struct {
	mu       sync.Mutex
	recent   []Event
	number   int64
	watchers map[chan Event]struct{}
}

const (
	keptEvents    = 1000
	watcherBehind = 1000 // events that a watcher may be behind before it misses some
)

// NewStream makes an empty stream.
func NewStream() *Stream { return &Stream{watchers: map[chan Event]struct{}{}} }

// Event is one event as JSON.
type Event struct {
	Number  int64     `json:"number"` // counts all events; a gap is what this watcher was too slow for
	Time    time.Time `json:"time"`
	Kind    string    `json:"kind"`
	Client  string    `json:"client,omitempty"`
	Remote  string    `json:"remote,omitempty"`
	Topic   string    `json:"topic,omitempty"`
	QoS     byte      `json:"qos,omitempty"`
	Payload string    `json:"payload,omitempty"` // text
	Binary  []byte    `json:"binary,omitempty"`  // a payload that is no text, base64
	Detail  string    `json:"detail,omitempty"`
	Rule    string    `json:"rule,omitempty"` // of a refusal
	Source  string    `json:"source,omitempty"`
	Error   string    `json:"error,omitempty"`
	Missed  int       `json:"missed,omitempty"`
}

// Event takes an event of the broker.
func (s *Stream) Event(e broker.Event) {
	shown := Event{
		Time: e.Time, Kind: string(e.Kind), Client: e.Client, Remote: e.Remote, Topic: e.Topic, QoS: e.QoS, Detail: e.Detail, Missed: e.Missed,
	}
	if utf8.Valid(e.Payload) {
		shown.Payload = string(e.Payload)
	} else {
		shown.Binary = e.Payload
	}
	if e.Err != nil {
		shown.Error = e.Err.Error()
		if refusal, ok := errors.AsType[*broker.Refusal](e.Err); ok {
			shown.Rule, shown.Source, shown.Error = refusal.Rule, refusal.Source, refusal.Detail
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number++
	shown.Number = s.number
	s.recent = append(s.recent, shown)
	s.recent = s.recent[max(0, len(s.recent)-keptEvents):]
	for watcher := range s.watchers {
		select {
		case watcher <- shown:
		default: // its numbers have a gap
		}
	}
}

// watch gives the last events and, until done is called, those that follow.
func (s *Stream) watch() (recent []Event, following <-chan Event, done func()) {
	events := make(chan Event, watcherBehind)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[events] = struct{}{}
	return append([]Event{}, s.recent...), events, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, events)
	}
}

// ServeHTTP writes a JSON object a line: the last events, and with ?follow=true those that follow, until the caller leaves; ?kind=refused
// leaves the others out, and ?after=N those up to number N.
func (s *Stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var after int64
	if text := query.Get("after"); text != "" {
		if err := json.Unmarshal([]byte(text), &after); err != nil {
			http.Error(w, "after is a number", http.StatusBadRequest)
			return
		}
	}
	recent, following, done := s.watch()
	defer done()
	w.Header().Set("Content-Type", "application/x-ndjson")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	write := func(e Event) bool {
		if kind := query.Get("kind"); e.Number <= after || kind != "" && kind != e.Kind {
			return true
		}
		return encoder.Encode(e) == nil
	}
	for _, e := range recent {
		if !write(e) {
			return
		}
	}
	if query.Get("follow") != "true" {
		return
	}
	flush := func() bool { return http.NewResponseController(w).Flush() == nil }
	for flush() {
		select {
		case <-r.Context().Done():
			return
		case e := <-following:
			if !write(e) {
				return
			}
		}
	}
}
