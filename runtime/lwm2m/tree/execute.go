package tree

import (
	"strings"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Execute runs an executable resource. after is what has to wait until the response was sent, nil for nothing. The error is an *lwm2m.Error: 4.01,
// 4.04, 4.05 for what is not executable, and what the object refuses with.
func (t *Tree) Execute(ssid uint16, path lwm2m.Path, arguments []lwm2m.Argument) (after func(), err error) {
	t.mu.Lock()
	at, err := t.executable(ssid, path)
	t.mu.Unlock()
	if err != nil {
		return nil, err
	}
	after, err = at.object.executor.Execute(path, arguments)
	if err != nil {
		return nil, refusal(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	effects := []func(){after}
	for _, f := range t.onExecuted {
		effects = append(effects, func() { f(path, arguments) })
	}
	return join(effects), nil
}

// CheckExecute tells whether a server may execute a resource, before the arguments are looked at: nil, or the error of Execute.
func (t *Tree) CheckExecute(ssid uint16, path lwm2m.Path) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.executable(ssid, path)
	return err
}

// executable is CheckExecute; the lock is held.
func (t *Tree) executable(ssid uint16, path lwm2m.Path) (target, error) {
	at, err := t.resolve(ssid, RightExecute, path)
	switch {
	case err != nil:
		return target{}, err
	case path.Level() < lwm2m.LevelResource:
		return target{}, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: only resources can be executed", path)
	case !t.exists(path):
		return target{}, lwm2m.Errorf(lwm2m.StatusNotFound, "%v: there is no such resource", path)
	case path.Level() != lwm2m.LevelResource || at.resource.Operations != lwm2m.E || at.object.executor == nil:
		return target{}, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v (%s): it cannot be executed", path, at.resource.Name)
	}
	return at, nil
}

// ParseArguments reads the payload of an Execute: digits 0 to 9 with commas, each once, each with a text in single quotes if it has a value: 0,1='42'.
// Nothing is no arguments. A text may hold everything but quotes and control characters. The error is an *lwm2m.Error with 4.00.
func ParseArguments(text string) ([]lwm2m.Argument, error) {
	all, wrong := parseArguments(text)
	if wrong != "" {
		return nil, lwm2m.Errorf(lwm2m.StatusBadRequest, "arguments of execute: %s", wrong)
	}
	return all, nil
}

func parseArguments(text string) (all []lwm2m.Argument, wrong string) {
	if text == "" {
		return nil, ""
	}
	if !utf8.ValidString(text) {
		return nil, "the text is not UTF-8"
	}
	var seen [10]bool
	for {
		if text == "" || text[0] < '0' || text[0] > '9' {
			return nil, "a digit from 0 to 9 was expected"
		}
		argument := lwm2m.Argument{Digit: text[0] - '0'}
		if seen[argument.Digit] {
			return nil, "a digit stands there twice"
		}
		seen[argument.Digit] = true
		text = text[1:]
		if rest, given := strings.CutPrefix(text, "='"); given {
			value, rest, closed := strings.Cut(rest, "'")
			if !closed {
				return nil, "a quote is not closed"
			}
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				return nil, "a value has a control character"
			}
			argument.Value, argument.Given, text = value, true, rest
		}
		all = append(all, argument)
		if text == "" {
			return all, ""
		}
		var more bool
		if text, more = strings.CutPrefix(text, ","); !more {
			return nil, "a comma was expected"
		}
	}
}
