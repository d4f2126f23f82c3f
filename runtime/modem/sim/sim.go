// Package sim is a simulated modem, for development, tests and devices without one: an identity that stays, a network that comes and goes by
// a script, and plausible radio data.
package sim

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// Step is one event of a script.
type Step struct {
	After time.Duration // time since the step before, or since Run for the first; 0 and less: at once
	Event modem.Event
}

// Script is what happens to the modem. After the last step the state stays as it is.
type Script []Step

// Coverage is a script of a modem that is ready at once and then finds and loses its network in turn: found after the first duration, lost
// after the second, and so on.
func Coverage(turns ...time.Duration) Script {
	script := Script{{Event: modem.Event{Type: modem.EventInitialized}}, {Event: modem.Event{Type: modem.EventLTEConnecting}}}
	for i, after := range turns {
		event := modem.EventLTEConnected
		if i%2 == 1 {
			event = modem.EventLTEDisconnected
		}
		script = append(script, Step{After: after, Event: modem.Event{Type: event}})
	}
	return script
}

// searchTime is how long the modem takes to find a network that is there.
const searchTime = 50 * time.Millisecond

// Options configure a modem.
type Options struct {
	DataDir string // folder that exists; the IMEI is kept in its file "imei"
	Script  Script // nil: ready at once, network shortly after, for ever
}

// Modem is the simulated modem. It implements modem.Modem, modem.LinkController, modem.Identifier and modem.Radio.
type Modem struct {
	folder   *durable.Folder
	script   Script
	requests chan bool
	stopped  chan struct{} // closed when Run returns

	mu   sync.Mutex
	imei string // "" until it was asked for
	up   bool   // network as last reported
}

// New makes a modem. It touches nothing yet: the IMEI is read, or made, when it is first asked for.
func New(options Options) *Modem {
	script := options.Script
	if script == nil {
		script = Coverage(searchTime)
	}
	return &Modem{folder: durable.Open(options.DataDir), script: script, requests: make(chan bool), stopped: make(chan struct{})}
}

// IMEI implements modem.Modem.
func (m *Modem) IMEI(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.imei == "" {
		imei, err := keptIMEI(m.folder, rand.Reader)
		if err != nil {
			return "", err
		}
		m.imei = imei
	}
	return m.imei, nil
}

// Run implements modem.Modem: it plays the script, follows requests for the link, and returns nil when ctx ends.
func (m *Modem) Run(ctx context.Context, notify func(modem.Event)) error {
	defer close(m.stopped)
	link := link{wanted: true}
	play := time.NewTimer(0)
	defer play.Stop()
	search := time.NewTimer(0) // runs while a requested link is being brought up
	search.Stop()
	defer search.Stop()

	script := m.script
	if len(script) == 0 {
		play.Stop()
	} else {
		play.Reset(script[0].After)
	}
	for {
		var events []modem.Event
		select {
		case <-ctx.Done():
			return nil
		case <-play.C:
			events = link.scripted(script[0].Event)
			script = script[1:]
			if len(script) > 0 {
				play.Reset(script[0].After)
			}
		case up := <-m.requests:
			events = link.request(up)
			search.Stop()
			if up && link.covered {
				search.Reset(searchTime)
			}
		case <-search.C:
			events = link.found()
		}
		m.mu.Lock()
		m.up = link.up
		m.mu.Unlock()
		for _, event := range events {
			notify(event)
		}
	}
}

// RequestLink implements modem.LinkController.
func (m *Modem) RequestLink(ctx context.Context, up bool) error {
	select {
	case m.requests <- up:
		return nil
	case <-m.stopped:
		return errors.New("simulated modem: the link cannot be changed: the modem is switched off")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// link is the state of the network: there is one when the script has brought coverage and the link is wanted.
type link struct {
	wanted, covered, up bool
}

// scripted takes a step of the script. While the link is not wanted, the network's coming and going is only remembered.
func (l *link) scripted(event modem.Event) []modem.Event {
	switch event.Type {
	case modem.EventLTEConnected:
		l.covered = true
	case modem.EventLTEDisconnected:
		l.covered = false
	case modem.EventLTEConnecting:
	default:
		return []modem.Event{event}
	}
	if !l.wanted {
		return nil
	}
	l.up = l.covered
	return []modem.Event{event}
}

func (l *link) request(up bool) []modem.Event {
	if up == l.wanted {
		return nil
	}
	l.wanted = up
	if up {
		return []modem.Event{{Type: modem.EventLTEConnecting}}
	}
	if !l.up {
		return nil
	}
	l.up = false
	return []modem.Event{{Type: modem.EventLTEDisconnected}}
}

// found ends the search after a request.
func (l *link) found() []modem.Event {
	if !l.wanted || !l.covered || l.up {
		return nil
	}
	l.up = true
	return []modem.Event{{Type: modem.EventLTEConnected}}
}
