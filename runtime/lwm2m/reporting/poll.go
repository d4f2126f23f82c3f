package reporting

import (
	"slices"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Poll gives the next thing to be done, if there is any. Call it until there is none: after every call of another method, and when
// NextDeadline has come.
func (m *Machine) Poll(now time.Time) (effect Effect, more bool) {
	if m.lost {
		m.lost = false
		return Effect{Kind: EffectServerUnreachable}, true
	}
	m.evaluate(now)
	if !m.mayAct() {
		return Effect{}, false
	}
	o := m.due(now)
	switch {
	case o == nil:
		return Effect{}, false
	case m.link == Asleep:
		m.woken = true
		return Effect{Kind: EffectWakeUp}, true
	}
	return Effect{Kind: EffectNotify, Notification: m.notify(now, o)}, true
}

// NextDeadline tells when Poll is to be called if nothing happens before. Zero: then there is nothing to wait for.
func (m *Machine) NextDeadline() time.Time {
	var next time.Time
	if m.link == Unreachable {
		return next
	}
	sooner := func(at time.Time, wanted bool) {
		if wanted && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	mayAct := m.mayAct()
	for _, o := range m.observations {
		if mayAct {
			sooner(o.sendAt())
		}
		for i := range o.members {
			sooner(o.evaluateAt(&o.members[i]))
		}
	}
	return next
}

// mayAct tells whether an observation that is due would lead to something now.
func (m *Machine) mayAct() bool {
	switch m.link {
	case Reachable:
		return len(m.flights) < m.config.MaxInFlight
	case Asleep:
		return !m.woken
	}
	return false
}

// due gives the observation that has waited longest, if any is to be notified.
func (m *Machine) due(now time.Time) *observation {
	var first *observation
	var since time.Time
	for _, o := range m.observations {
		if at, wanted := o.sendAt(); wanted && !at.After(now) && (first == nil || at.Before(since)) {
			first, since = o, at
		}
	}
	return first
}

// evaluate finds reasons to notify.
func (m *Machine) evaluate(now time.Time) {
	for _, o := range m.observations {
		for i := range o.members {
			each := &o.members[i]
			at, wanted := o.evaluateAt(each)
			if !wanted {
				continue
			}
			forgotten := m.link == Unreachable && m.dropping && each.dirty // now or never: later it would count as new
			if at.After(now) && !forgotten {
				continue
			}
			each.dirty, each.evaluatedAt = false, now
			items, found := m.values.Append(m.items[:0], each.path)
			m.items = items
			switch {
			case !found && !o.composite:
				o.ended = lwm2m.StatusNotFound
			case !m.differs(each.base, items):
			case m.link == Unreachable && m.dropping:
				m.stats.Dropped++
			default:
				each.reason = true
			}
		}
	}
}

// read takes the state of an observation as the one that is sent now.
func (m *Machine) read(now time.Time, o *observation, items []lwm2m.Item) (all []lwm2m.Item, found bool) {
	for i := range o.members {
		each := &o.members[i]
		start := len(items)
		items, found = m.values.Append(items, each.path)
		m.items = items
		if !found && !o.composite {
			return items[:start], false
		}
		each.base = each.base[:0]
		for i := range items[start:] {
			each.base = append(each.base, makeLeaf(m.seed, &items[start+i]))
		}
		each.dirty, each.reason, each.evaluatedAt = false, false, now
	}
	if o.composite {
		lwm2m.SortItems(items)
		kept := 0
		for i := range items {
			if kept == 0 || items[i].Path != items[kept-1].Path {
				items[kept] = items[i]
				kept++
			}
		}
		items = items[:kept]
	}
	return items, true
}

// notify makes the notification of an observation.
func (m *Machine) notify(now time.Time, o *observation) Notification {
	items := m.items[:0]
	if o.ended == 0 {
		var found bool
		if items, found = m.read(now, o, items); !found {
			o.ended = lwm2m.StatusNotFound
		}
	}
	o.sequence = (o.sequence + 1) & sequenceMask
	o.sentAt, o.owed, o.inFlight = now, false, true
	m.lastID++
	m.flights = append(m.flights, flight{id: m.lastID, of: o, period: m.period})
	m.stats.Sent++
	return Notification{
		ID: m.lastID, Token: o.token.bytes[:o.token.size:o.token.size], Sequence: o.sequence, Confirmable: m.confirmable(now, o),
		Composite: o.composite, Paths: o.paths, Format: o.format, Items: items, Status: o.ended,
	}
}

// confirmable tells whether the server has to acknowledge: always the end of an observation; else, where NON messages are wanted, once in
// the configured time. Half of it is waited, so that there is one in it also if the next notification comes late.
func (m *Machine) confirmable(now time.Time, o *observation) bool {
	return !m.config.NonConfirmable || o.ended != 0 || !now.Before(o.confirmedAt.Add(m.config.ConfirmWithin/2))
}

// Outcome says what became of a notification. Each one's is said once; an unknown id is let pass, for the observations may have been
// cleared since.
func (m *Machine) Outcome(now time.Time, id uint64, outcome Outcome) {
	at := slices.IndexFunc(m.flights, func(f flight) bool { return f.id == id })
	if at < 0 {
		return
	}
	landed := m.flights[at]
	m.flights = slices.Delete(m.flights, at, at+1)
	o := landed.of
	o.inFlight = false
	switch outcome {
	case Acknowledged:
		o.confirmedAt = now
		o.removed = o.removed || o.ended != 0
	case Sent:
		o.removed = o.removed || o.ended != 0
	case Reset:
		o.removed = true
	case TimedOut, Closed:
		o.owed = true
		m.stats.Failed++
		if landed.period == m.period && m.link != Unreachable {
			m.link, m.lost = Unreachable, true
		}
	case Unencodable:
		o.removed = o.removed || o.ended != 0
		o.ended = lwm2m.StatusInternalServerError
	}
	if o.removed {
		m.remove(func(*observation) bool { return false })
	}
}
