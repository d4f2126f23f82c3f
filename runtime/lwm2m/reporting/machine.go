package reporting

import (
	"hash/maphash"
	"slices"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Machine holds the observations of one server. It belongs to one goroutine.
type Machine struct {
	config     Config
	values     Values
	attributes Attributes
	seed       maphash.Seed

	observations []*observation
	flights      []flight
	lastID       uint64
	link         Link
	period       uint64 // counts the times that the link became Reachable
	dropping     bool   // notification storing is off
	lost         bool   // EffectServerUnreachable is to be said
	woken        bool   // EffectWakeUp has been said
	items        []lwm2m.Item
	stats        Stats
}

// flight is a notification without outcome.
type flight struct {
	id     uint64
	of     *observation
	period uint64 // in which it was sent
}

// New makes a Machine without observations. The link is Reachable and notification storing is on, which is the default of /1/x/6.
func New(config Config, values Values, attributes Attributes) *Machine {
	config.MaxInFlight = max(config.MaxInFlight, 1)
	if config.ConfirmWithin <= 0 {
		config.ConfirmWithin = 24 * time.Hour
	}
	return &Machine{config: config, values: values, attributes: attributes, seed: maphash.MakeSeed()}
}

// Observe adds an observation. One with the same token is replaced; one with another token stands beside it, whatever it observes (RFC 7641,
// 4.1). sequence is the Observe option of the answer, which counts as the first notification. Call it before the values of the answer are
// read: a change in between is then notified once too often rather than not at all.
//
// The error is an *lwm2m.Error: 4.00 for a token or a list of paths that cannot be, 4.04 if there is nothing at the one path, 4.13 for too many
// paths, 5.00 if no more observations have room. Then all is as it was.
func (m *Machine) Observe(now time.Time, request Request) (sequence uint32, err error) {
	switch {
	case len(request.Token) > tokenSize:
		return 0, lwm2m.Errorf(lwm2m.StatusBadRequest, "observe: a token of %d bytes, at most %d are possible", len(request.Token), tokenSize)
	case len(request.Paths) == 0, len(request.Paths) > 1 && !request.Composite:
		return 0, lwm2m.Errorf(lwm2m.StatusBadRequest, "observe: %d paths", len(request.Paths))
	case request.Composite && len(request.Paths) > m.config.MaxPaths:
		m.stats.Refused++
		return 0, lwm2m.Errorf(lwm2m.StatusRequestEntityTooLarge, "observe: %d paths, %d are possible (LWM2M_COMPOSITE_PATH_LIST_SIZE)",
			len(request.Paths), m.config.MaxPaths)
	}
	name := makeToken(request.Token)
	at := slices.IndexFunc(m.observations, func(o *observation) bool { return o.token == name })
	if at < 0 && len(m.observations) >= m.config.MaxObservations {
		m.stats.Refused++
		return 0, lwm2m.Errorf(lwm2m.StatusInternalServerError, "observe: there are %d observations, no more are possible (LWM2M_ENGINE_MAX_OBSERVER)",
			len(m.observations))
	}
	o := &observation{
		token: name, paths: slices.Clone(request.Paths), composite: request.Composite, format: request.Format, members: make([]member, len(request.Paths)),
	}
	for i, path := range request.Paths {
		o.members[i].path = path
	}
	if _, found := m.read(now, o, m.items[:0]); !found {
		return 0, lwm2m.Errorf(lwm2m.StatusNotFound, "observe: there is nothing at %v", o.paths[0])
	}
	o.attend(m.attributes)
	o.sentAt, o.confirmedAt = now, now
	if at >= 0 {
		o.sequence = m.observations[at].sequence
		m.observations[at].removed = true
		m.observations[at] = o
	} else {
		m.observations = append(m.observations, o)
	}
	o.sequence = (o.sequence + 1) & sequenceMask
	return o.sequence, nil
}

// Cancel ends the observation with the token: Observe 1 (RFC 7641, 3.6). If there is none, and Config.CancelByPath, it ends all those of
// exactly the given paths. It tells whether there was any; if not, that is no error.
func (m *Machine) Cancel(token []byte, paths []lwm2m.Path) bool {
	if len(token) <= tokenSize {
		name := makeToken(token)
		if m.remove(func(o *observation) bool { return o.token == name }) {
			return true
		}
	}
	return m.config.CancelByPath && m.remove(func(o *observation) bool { return o.observes(paths) })
}

func (m *Machine) remove(is func(*observation) bool) bool {
	before := len(m.observations)
	m.observations = slices.DeleteFunc(m.observations, func(o *observation) bool {
		o.removed = o.removed || is(o)
		return o.removed
	})
	return len(m.observations) < before
}

// Clear ends all observations without a word to the server: after Register, De-register and bootstrap neither side has any. The outcomes
// of notifications sent before mean nothing any more.
func (m *Machine) Clear() {
	clear(m.observations)
	clear(m.flights)
	m.observations, m.flights, m.lost = m.observations[:0], m.flights[:0], false
}

// Changed says that values at or below the paths may be others than before, have come or gone. The root stands for everything. An
// observation whose target is gone ends at once, or together with what it holds back for pmin.
func (m *Machine) Changed(paths ...lwm2m.Path) {
	for _, o := range m.observations {
		for i := range o.members {
			each := &o.members[i]
			for _, path := range paths {
				if !path.Contains(each.path) && !each.path.Contains(path) {
					continue
				}
				if each.reason || o.owed {
					m.stats.Replaced++
				} else {
					each.dirty = true
				}
				break
			}
		}
	}
}

// AttributesChanged says that what Attributes gives may be other than before for paths at and below the given one; the root stands for all
// of them, as when /1/x/2 or /1/x/3 were written. It takes effect at once, also on the notification that is waited for.
func (m *Machine) AttributesChanged(at lwm2m.Path) {
	for _, o := range m.observations {
		concerned := false
		for i := range o.members {
			each := &o.members[i]
			if at.Contains(each.path) || each.path.Contains(at) {
				each.dirty, concerned = true, true
			}
		}
		if concerned {
			o.attend(m.attributes)
		}
	}
}

// SetStoring sets Notification Storing When Disabled or Offline (/1/x/6). If it is off, what would have been notified while the link is
// Unreachable is forgotten (and counted): after that the server learns of the next change, or at pmax. What is kept if it is on is one
// notification for each observation, with the newest state when the link is back. A notification that was sent and not acknowledged was not
// made offline: its observation sends the newest state in any case.
func (m *Machine) SetStoring(on bool) { m.dropping = !on }

// SetLink says whether the server can be reached; saying the same again changes nothing. After a connection was replaced say Unreachable for
// the old and Reachable for the new one: the outcomes of notifications that the old one had then do not make the new one suspect. Until Poll
// has given EffectServerUnreachable the caller cannot know of it, and whatever else it says of the link does not count.
func (m *Machine) SetLink(link Link) {
	switch {
	case link == Unreachable:
		m.lost = false
	case m.lost:
		return
	}
	if link == m.link {
		return
	}
	m.link, m.woken = link, false
	if link == Reachable {
		m.period++
	}
}

// Link gives the link's state.
func (m *Machine) Link() Link { return m.link }

// Len is the number of observations.
func (m *Machine) Len() int { return len(m.observations) }

// Stats gives the counters.
func (m *Machine) Stats() Stats { return m.stats }

// Observations describes all observations, oldest first.
func (m *Machine) Observations() []Observation {
	all := make([]Observation, len(m.observations))
	for i, o := range m.observations {
		all[i] = Observation{
			Token: slices.Clone(o.token.bytes[:o.token.size]), Paths: slices.Clone(o.paths), Composite: o.composite, Format: o.format,
			Sequence: o.sequence, SentAt: o.sentAt, InFlight: o.inFlight, Pending: o.pending(),
		}
	}
	return all
}
