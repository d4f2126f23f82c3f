package lwm2m

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
)

// event is one thing that happened: an event of the lab's server (kind is its Kind, lab the event), one of the client ("client", with its detail),
// or a CoAP message that a device sent or received ("coap", as it stands before DTLS), or a datagram that is none ("junk").
type event struct {
	n        int
	at       time.Time
	kind     string
	endpoint string
	detail   string
	lab      server.Event
	in       bool // of a message: it comes from the device
	packet
}

func (e event) String() string {
	head := fmt.Sprintf("%5d %s %s %s", e.n, e.at.Format("02 15:04:05.000"), e.kind, e.endpoint)
	switch e.kind {
	case "coap":
		return fmt.Sprintf("%s %s %s", head, map[bool]string{true: "in ", false: "out"}[e.in], e.packet)
	case "client", "junk":
		return head + " " + e.detail
	}
	return fmt.Sprintf("%s %s %s %s %s %v", head, e.lab.Remote, e.lab.Path, e.lab.Code, e.lab.Detail, e.lab.Err)
}

// log is all that happened.
type log struct {
	mu      sync.Mutex
	events  []event
	changed chan struct{}
	quiet   bool // keeps no messages: for what would be too many
}

func newLog() *log { return &log{changed: make(chan struct{})} }

func (l *log) add(e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.quiet && e.kind == "coap" {
		return
	}
	e.n = len(l.events)
	l.events = append(l.events, e)
	close(l.changed)
	l.changed = make(chan struct{})
}

// hush has the log keep no messages from now on.
func (l *log) hush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quiet = true
}

// now is a mark: the place in the log.
func (l *log) now() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.events)
}

// since gives what happened after a mark.
func (l *log) since(mark int) []event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events[mark:len(l.events):len(l.events)]
}

// await waits for an event after a mark, by the virtual clock.
func (l *log) await(t testing.TB, mark int, limit time.Duration, what string, good func(event) bool) event {
	t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	seen := mark
	for {
		l.mu.Lock()
		changed, events := l.changed, l.events[seen:]
		seen = len(l.events)
		l.mu.Unlock()
		for _, e := range events {
			if good(e) {
				return e
			}
		}
		select {
		case <-changed:
		case <-timer.C:
			t.Fatalf("no %s within %v", what, limit)
		}
	}
}

func (l *log) String() string {
	events := l.since(0)
	var b strings.Builder
	for _, e := range events[max(0, len(events)-60):] {
		fmt.Fprintln(&b, e)
	}
	return b.String()
}
