// Package sim is a simulated modem, for development, tests and devices without one: an identity that stays, a network that is there after a
// moment, and plausible radio data. Its package scripted reads what else happens to it from a file.
package sim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// SearchTime is how long the modem takes to find a network that is there.
const SearchTime = 50 * time.Millisecond

// Options configure a modem.
type Options struct {
	DataDir string  // folder that exists; the IMEI is kept in its file "imei", what updates have brought in files "modem.…"
	Script  *Script // nil: Calm
}

// Modem is the simulated modem. It implements modem.Modem, modem.LinkController, modem.Identifier, modem.Radio, modem.Scanner, modem.Receiver,
// modem.Updater and modem.Clock.
type Modem struct {
	folder   *durable.Folder
	script   Script
	requests chan bool
	stopped  chan struct{} // closed when Run returns

	mu     sync.Mutex
	imei   string    // "" until it was asked for
	start  time.Time // of Run; zero before
	up     bool      // network as last reported
	around Surroundings
}

// New makes a modem. It touches nothing yet: the IMEI is read, or made, when it is first asked for.
func New(options Options) *Modem {
	script := Calm()
	if options.Script != nil {
		script = *options.Script
	}
	return &Modem{folder: durable.Open(options.DataDir), script: script, requests: make(chan bool), stopped: make(chan struct{}), around: Usual()}
}

// Open makes a modem without a script. A script in the data directory is an error: whoever wrote it wants it played.
func Open(dataDir string) (modem.Modem, error) {
	folder := durable.Open(dataDir)
	_, err := os.Stat(folder.Path(ScriptFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return New(Options{DataDir: dataDir}), nil
	case err != nil:
		return nil, errorf("simulated modem: look for a script: %w", err)
	}
	return nil, errorf("simulated modem: there is a script, %s, and this program plays none: build it with MODEM_ADAPTER_SCRIPTED=y, or delete the file", folder.Path(ScriptFile))
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

	start := time.Now()
	m.mu.Lock()
	m.start = start
	m.mu.Unlock()
	steps := m.script.Steps
	if len(steps) == 0 {
		play.Stop()
	}
	for {
		var events []modem.Event
		select {
		case <-ctx.Done():
			return nil
		case <-play.C:
			if time.Since(start) >= steps[0].At { // the timer's first tick only starts the play
				events = m.take(&link, &steps[0])
				steps = steps[1:]
			}
			if len(steps) > 0 {
				play.Reset(time.Until(start.Add(steps[0].At)))
			}
		case up := <-m.requests:
			events = link.request(up)
			search.Stop()
			if up && link.covered {
				search.Reset(SearchTime)
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

// take does a step of the script.
func (m *Modem) take(link *link, s *Step) []modem.Event {
	if s.Change == nil {
		return link.scripted(s.Event)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := s.Change(&m.around); err != nil {
		return []modem.Event{{Type: modem.EventError, Err: err}}
	}
	return nil
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

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
