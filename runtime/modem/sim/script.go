package sim

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// ScriptFile is the file in the data directory that holds the script of a simulated modem (docs/modem.md). The package scripted reads it.
const ScriptFile = "modem.script"

// Script is what happens to a modem, and what it is. The zero value is a modem to which nothing ever happens: it is not even initialized.
// After the last step everything stays as it is.
type Script struct {
	Steps    []Step                          // by time
	Locate   func(at time.Duration) data.Fix // where the device is at a time since Run, without Taken; nil: there is no fix
	Firmware string                          // version at the first start; "": that of a modem without a script
	Update   Update
}

// Step is one thing that happens at a time since Run.
type Step struct {
	At     time.Duration
	Event  modem.Event
	Change func(*Surroundings) error // in place of the event, with the modem's lock held; its error is reported as modem.EventError
}

// Update says what becomes of a firmware update.
type Update struct {
	Refused bool // it cannot be staged
	Outcome modem.UpdateOutcome
	Version string // "": from the file
}

// Coverage is a script of a modem that is ready at once and then finds and loses its network in turn: found after the first duration, lost
// after the second, and so on. A duration of 0 and less is none.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func Coverage(turns ...time.Duration) Script {
	script := Script{Steps: []Step{
		{Event: modem.Event{Type: modem.EventInitialized}},
		{Event: modem.Event{Type: modem.EventLTEConnecting}},
	}, Update: Update{Outcome: modem.UpdateDone}}
	var at time.Duration
	for i, after := range turns {
		at += max(after, 0)
		event := modem.EventLTEConnected
		if i%2 == 1 {
			event = modem.EventLTEDisconnected
		}
		script.Steps = append(script.Steps, Step{At: at, Event: modem.Event{Type: event}})
	}
	return script
}

// Calm is the script of a modem to which nothing happens: ready at once, network shortly after and for ever, at one place. Its place is the old
// observatory of Greenwich.
func Calm() Script {
	script := Coverage(SearchTime)
	script.Locate = greenwich
	return script
}

func greenwich(time.Duration) data.Fix {
	return data.Fix{Latitude: 51.4779, Accuracy: 5, Altitude: 46, HeadingAccuracy: 180}
}
