package scripted

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
)

// maxTime is the latest that a script may reach: ten years, far from where a time overflows.
const maxTime = 10 * 366 * 24 * time.Hour

// lineError is an error of one line. Its text begins with the line's number, so that a file's name can stand in front of it.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return strconv.Itoa(e.line) + ": " + e.err.Error() }
func (e *lineError) Unwrap() error { return e.err }

// Parse reads a script as docs/modem.md describes it. The error begins with the number of the line that is wrong; it is the first one.
func Parse(text string) (sim.Script, error) {
	p := parser{script: sim.Script{Update: sim.Update{Outcome: modem.UpdateDone}}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if at := strings.IndexByte(line, '#'); at >= 0 {
			line = line[:at]
		}
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := p.line(words); err != nil {
			return sim.Script{}, &lineError{number, err}
		}
	}
	p.complete()
	return p.script, nil
}

type parser struct {
	script      sim.Script
	track       []point
	now         time.Duration    // of the line before
	ready, link bool             // the script says when
	around      sim.Surroundings // only to see that they can be changed
}

func (p *parser) line(words []string) error {
	if first := words[0][0]; first != '+' && (first < '0' || first > '9') {
		return p.setting(words[0], words[1:])
	}
	relative := words[0][0] == '+'
	at, err := time.ParseDuration(strings.TrimPrefix(words[0], "+"))
	switch {
	case err != nil || at < 0:
		return errorf("%q is no time: write it as 90s, 1h30m or, from the line before on, +5m", words[0])
	case at > maxTime || relative && p.now+at > maxTime:
		return errorf("%q is later than a script may reach, which is ten years", words[0])
	case relative:
		at += p.now
	case at < p.now:
		return errorf("%v is before the time of the line above, %v: sort the lines by time", at, p.now)
	}
	p.now = at
	if len(words) == 1 {
		return errors.New("a time and nothing that happens then")
	}
	return p.step(words[1], words[2:])
}

// setting is a line without a time: what the modem is.
func (p *parser) setting(name string, args []string) error {
	switch name {
	case "firmware":
		if len(args) != 1 || len(args[0]) > sim.MaxVersion {
			return errorf("firmware takes one word of at most %d bytes, the version", sim.MaxVersion)
		}
		p.script.Firmware = args[0]
	case "update":
		return p.updatePlan(args)
	default:
		return errorf("%q: a line begins with a time, as 10m, or with firmware or update", name)
	}
	return nil
}

func (p *parser) updatePlan(args []string) error {
	if len(args) == 0 {
		return errors.New("update takes what becomes of one: done, rejected, deferred, broken or refused")
	}
	plan := sim.Update{}
	switch args[0] {
	case "done":
		plan.Outcome = modem.UpdateDone
	case "rejected":
		plan.Outcome = modem.UpdateRejected
	case "deferred":
		plan.Outcome = modem.UpdateDeferred
	case "broken":
		plan.Outcome = modem.UpdateBroken
	case "refused":
		plan.Refused = true
	default:
		return errorf("update %s: it must be done, rejected, deferred, broken or refused", args[0])
	}
	if rest := args[1:]; len(rest) > 0 {
		if plan.Outcome != modem.UpdateDone || len(rest) > 1 || len(rest[0]) > sim.MaxVersion {
			return errorf("only update done takes one more word, the version that it brings, of at most %d bytes", sim.MaxVersion)
		}
		plan.Version = rest[0]
	}
	p.script.Update = plan
	return nil
}

// step is what happens at p.now.
func (p *parser) step(verb string, args []string) error {
	switch verb {
	case "ready":
		p.ready = true
		return p.event(verb, args, modem.EventInitialized)
	case "lte":
		p.link = true
		switch strings.Join(args, " ") {
		case "search":
			return p.event(verb, nil, modem.EventLTEConnecting)
		case "up":
			return p.event(verb, nil, modem.EventLTEConnected)
		case "down":
			return p.event(verb, nil, modem.EventLTEDisconnected)
		}
		return errors.New("lte takes one word: search, up or down")
	case "carrier":
		switch strings.Join(args, " ") {
		case "pending":
			return p.event(verb, nil, modem.EventCarrierFOTAPending)
		case "stopped":
			return p.event(verb, nil, modem.EventCarrierFOTAStopped)
		case "reboot":
			return p.event(verb, nil, modem.EventCarrierReboot)
		}
		return errors.New("carrier takes one word: pending, stopped or reboot")
	case "error":
		if len(args) == 0 {
			return errors.New("error takes the text of what has failed")
		}
		p.add(sim.Step{Event: modem.Event{Type: modem.EventError, Err: errors.New("simulated modem: " + strings.Join(args, " "))}})
		return nil
	case "position":
		return p.position(args)
	}
	p.add(sim.Step{Change: func(s *sim.Surroundings) error { return change(s, verb, args) }})
	return change(&p.around, verb, args)
}

func (p *parser) add(s sim.Step) {
	s.At = p.now
	p.script.Steps = append(p.script.Steps, s)
}

func (p *parser) event(verb string, args []string, event modem.EventType) error {
	if len(args) > 0 {
		return errorf("%s takes nothing after it, and here is %q", verb, args[0])
	}
	p.add(sim.Step{Event: modem.Event{Type: event}})
	return nil
}

// position is a point of the track.
func (p *parser) position(args []string) error {
	if len(args) < 2 {
		return errors.New("position takes latitude and longitude in degrees, as in position 48.137 11.575")
	}
	at := point{at: p.now, accuracy: usualAccuracy}
	if n := len(p.track); n > 0 {
		at.accuracy, at.altitude = p.track[n-1].accuracy, p.track[n-1].altitude
	}
	var err error
	if at.latitude, err = real("the latitude", args[0], -90, 90); err != nil {
		return err
	}
	if at.longitude, err = real("the longitude", args[1], -180, 180); err != nil {
		return err
	}
	err = values("position", args[2:], func(name, value string) (known bool, err error) {
		switch name {
		case "accuracy":
			at.accuracy, err = real(name, value, 0, 1e6)
		case "altitude":
			at.altitude, err = real(name, value, -1e3, 1e5)
		default:
			return false, nil
		}
		return true, err
	})
	if err != nil {
		return err
	}
	if n := len(p.track); n > 0 && p.track[n-1].at == at.at {
		return errorf("there is a position at %v already", at.at)
	}
	p.track = append(p.track, at)
	return nil
}

// complete adds what a script leaves open: a modem that is ready at once, and a network that is there for ever.
func (p *parser) complete() {
	if !p.link {
		p.insert(sim.Step{At: sim.SearchTime, Event: modem.Event{Type: modem.EventLTEConnected}})
		p.insert(sim.Step{Event: modem.Event{Type: modem.EventLTEConnecting}})
	}
	if !p.ready {
		p.insert(sim.Step{Event: modem.Event{Type: modem.EventInitialized}})
	}
	if track := p.track; len(track) > 0 {
		p.script.Locate = func(at time.Duration) data.Fix { return locate(track, at) }
	}
}

// insert puts a step before the first one that is not earlier.
func (p *parser) insert(one sim.Step) {
	n := 0
	for n < len(p.script.Steps) && p.script.Steps[n].At < one.At {
		n++
	}
	p.script.Steps = slices.Insert(p.script.Steps, n, one)
}

// values reads words of the form name=value, each name once. take is given each and tells whether there is such a name.
func values(verb string, words []string, take func(name, value string) (known bool, err error)) error {
	for i, word := range words {
		name, value, ok := strings.Cut(word, "=")
		for _, before := range words[:i] {
			if strings.HasPrefix(before, name+"=") {
				return errorf("%s has %s twice", verb, name)
			}
		}
		known, err := take(name, value)
		if !ok || !known {
			return errorf("%s does not take %q", verb, word)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// power and quality read a signal's.
func power(text string) (int, error)   { return integer("rsrp", text, -157, -30) }
func quality(text string) (int, error) { return integer("rsrq", text, -45, 20) }

func integer(name, text string, low, high int) (int, error) {
	value, err := strconv.Atoi(text)
	if err != nil || value < low || value > high {
		return 0, errorf("%s is %q: it must be a whole number from %d to %d", name, text, low, high)
	}
	return value, nil
}

func real(name, text string, low, high float64) (float64, error) {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(value) || value < low || value > high {
		return 0, errorf("%s is %q: it must be a number from %v to %v", name, text, low, high)
	}
	return value, nil
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
