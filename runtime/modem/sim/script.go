package sim

import (
	"errors"
	"io/fs"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// ScriptFile is the file in the data directory that holds the script of a simulated modem (docs/modem.md).
const ScriptFile = "modem.script"

// Script is what happens to a modem, and what it is. The zero value is a modem to which nothing ever happens: it is not even initialized.
// After the last step everything stays as it is.
type Script struct {
	steps    []step // by time
	track    []point
	firmware string // version at the first start; "": that of a modem without a script
	update   updatePlan
}

// step is one thing that happens at a time since Run.
type step struct {
	at    time.Duration
	event modem.Event
	verb  string // of a change of the surroundings; "": the event happens
	args  []string
}

// updatePlan says what becomes of a firmware update.
type updatePlan struct {
	refused bool // it cannot be staged
	outcome modem.UpdateOutcome
	version string // "": from the file
}

// Coverage is a script of a modem that is ready at once and then finds and loses its network in turn: found after the first duration, lost
// after the second, and so on. A duration of 0 and less is none.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func Coverage(turns ...time.Duration) Script {
	script := Script{steps: []step{
		{event: modem.Event{Type: modem.EventInitialized}},
		{event: modem.Event{Type: modem.EventLTEConnecting}},
	}, update: updatePlan{outcome: modem.UpdateDone}}
	var at time.Duration
	for i, after := range turns {
		at += max(after, 0)
		event := modem.EventLTEConnected
		if i%2 == 1 {
			event = modem.EventLTEDisconnected
		}
		script.steps = append(script.steps, step{at: at, event: modem.Event{Type: event}})
	}
	return script
}

// ReadScript gives the script in the data directory; Coverage of a network that is there for ever where there is none. The error names the line
// that is wrong, and why.
func ReadScript(dataDir string) (Script, error) {
	folder := durable.Open(dataDir)
	content, err := folder.Read(ScriptFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Coverage(searchTime), nil
	}
	if err != nil {
		return Script{}, errorf("simulated modem: read the script: %w", err)
	}
	script, err := ParseScript(string(content))
	if err != nil {
		return Script{}, errorf("simulated modem: %s:%w", folder.Path(ScriptFile), err)
	}
	return script, nil
}

// complete adds what a script leaves open: a modem that is ready at once, and a network that is there for ever.
func (s *Script) complete(ready, link bool) {
	if !link {
		s.insert(step{at: searchTime, event: modem.Event{Type: modem.EventLTEConnected}})
		s.insert(step{event: modem.Event{Type: modem.EventLTEConnecting}})
	}
	if !ready {
		s.insert(step{event: modem.Event{Type: modem.EventInitialized}})
	}
}

// insert puts a step before the first one that is not earlier.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func (s *Script) insert(one step) {
	n := 0
	for n < len(s.steps) && s.steps[n].at < one.at {
		n++
	}
	s.steps = append(s.steps, step{})
	copy(s.steps[n+1:], s.steps[n:])
	s.steps[n] = one
}
