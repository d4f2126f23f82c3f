package reporting

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/attribute"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func path(text string) lwm2m.Path {
	p, err := lwm2m.ParsePath(text)
	if err != nil {
		panic(err)
	}
	return p
}

func paths(text string) []lwm2m.Path {
	var all []lwm2m.Path
	for each := range strings.FieldsSeq(text) {
		all = append(all, path(each))
	}
	return all
}

// values is a tree of values without definitions: an object is there when it was named once, an instance or resource when it has a value.
type values struct {
	items   []lwm2m.Item
	objects map[uint16]bool
	reads   int
}

func (v *values) Append(dst []lwm2m.Item, at lwm2m.Path) ([]lwm2m.Item, bool) {
	v.reads++
	found := at.Level() == lwm2m.LevelRoot || at.Level() == lwm2m.LevelObject && v.objects[at.Object()]
	for _, item := range v.items {
		if at.Contains(item.Path) {
			dst = append(dst, item)
			found = true
		}
	}
	return dst, found
}

func (v *values) set(at lwm2m.Path, value lwm2m.Value) {
	i, found := slices.BinarySearchFunc(v.items, at, func(item lwm2m.Item, at lwm2m.Path) int { return item.Path.Compare(at) })
	if found {
		v.items[i].Value = value
		return
	}
	v.items = slices.Insert(v.items, i, lwm2m.Item{Path: at, Value: value})
	v.objects[at.Object()] = true
}

func (v *values) remove(at lwm2m.Path) {
	v.items = slices.DeleteFunc(v.items, func(item lwm2m.Item) bool { return at.Contains(item.Path) })
}

// served is one server's view of an attribute.Store.
type served struct {
	store      *attribute.Store
	pmin, pmax uint32
}

func (s *served) Effective(at lwm2m.Path) attribute.Set {
	return s.store.Effective(1, at, s.pmin, s.pmax)
}

// bench is a Machine with what is around it, on a clock of its own.
type bench struct {
	t          testing.TB
	m          *Machine
	values     *values
	attributes *served
	now        time.Time
	hold       bool     // outcomes are said by the test
	held       []uint64 // notifications without outcome
	log        []string // what happened since it was read last
}

func newBench(t testing.TB, config Config) *bench {
	if config.MaxObservations == 0 {
		config.MaxObservations = 10
	}
	if config.MaxPaths == 0 {
		config.MaxPaths = 6
	}
	b := &bench{t: t, now: epoch, values: &values{objects: map[uint16]bool{}}, attributes: &served{store: attribute.NewStore(attribute.Config{Max: 1000})}}
	b.m = New(config, b.values, b.attributes)
	return b
}

// set changes values: /3/0/9=5, text where it is not a number.
func (b *bench) set(text string) {
	for each := range strings.FieldsSeq(text) {
		at, value, _ := strings.Cut(each, "=")
		var number float64
		if _, err := fmt.Sscanf(value, "%g", &number); err == nil {
			b.values.set(path(at), lwm2m.Float(number))
		} else {
			b.values.set(path(at), lwm2m.String(value))
		}
		b.m.Changed(path(at))
	}
	b.drain()
}

func (b *bench) remove(at string) {
	b.values.remove(path(at))
	b.m.Changed(path(at))
	b.drain()
}

func (b *bench) write(at, query string) {
	b.t.Helper()
	change := must(attributeChange(query))
	if err := b.attributes.store.Write(1, path(at), lwm2m.TypeFloat, change); err != nil {
		b.t.Fatal(err)
	}
	b.m.AttributesChanged(path(at))
	b.drain()
}

func (b *bench) observe(token, at string) {
	b.t.Helper()
	list := paths(at)
	_, err := b.m.Observe(b.now, Request{Token: []byte(token), Paths: list, Composite: len(list) > 1, Format: 112})
	if err != nil {
		b.t.Fatal(err)
	}
}

// until lets the clock run to a second after the epoch, stopping wherever the machine wants to be polled.
func (b *bench) until(second float64) {
	end := epoch.Add(time.Duration(second * float64(time.Second)))
	b.drain()
	for {
		next := b.m.NextDeadline()
		if next.IsZero() || next.After(end) {
			break
		}
		if !next.After(b.now) {
			b.t.Fatalf("at %v the deadline is still %v after all was polled", b.now, next)
		}
		b.now = next
		b.drain()
	}
	b.now = end
	b.drain()
}

func (b *bench) drain() {
	for range 1000 {
		effect, more := b.m.Poll(b.now)
		if !more {
			return
		}
		b.take(effect)
	}
	b.t.Fatal("Poll does not come to an end")
}

func (b *bench) take(effect Effect) {
	second := b.now.Sub(epoch).Seconds()
	switch effect.Kind {
	case EffectWakeUp:
		b.log = append(b.log, fmt.Sprintf("%g:wake", second))
	case EffectServerUnreachable:
		b.log = append(b.log, fmt.Sprintf("%g:unreachable", second))
	case EffectNotify:
		n := effect.Notification
		line := fmt.Sprintf("%g:%s#%d", second, n.Token, n.Sequence)
		if !n.Confirmable {
			line += "non"
		}
		for _, item := range n.Items {
			line += " " + item.Path.String() + "=" + item.Value.String()
		}
		if n.Status != 0 {
			line += " " + n.Status.String()
		}
		b.log = append(b.log, line)
		switch {
		case b.hold:
			b.held = append(b.held, n.ID)
		case n.Confirmable:
			b.m.Outcome(b.now, n.ID, Acknowledged)
		default:
			b.m.Outcome(b.now, n.ID, Sent)
		}
	}
}

// land says the outcome of the oldest notification without one.
func (b *bench) land(outcome Outcome) {
	b.t.Helper()
	if len(b.held) == 0 {
		b.t.Fatal("nothing is in flight")
	}
	id := b.held[0]
	b.held = b.held[1:]
	b.m.Outcome(b.now, id, outcome)
	b.drain()
}

// expect compares what happened since with lines.
func (b *bench) expect(want ...string) {
	b.t.Helper()
	if !slices.Equal(b.log, want) {
		b.t.Errorf("happened:\n  %s\nwant:\n  %s", strings.Join(b.log, "\n  "), strings.Join(want, "\n  "))
	}
	b.log = nil
}

func attributeChange(query string) (attribute.Change, error) {
	return attribute.ParseQuery(strings.Split(query, "&"))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
