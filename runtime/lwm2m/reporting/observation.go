package reporting

import (
	"slices"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// tokenSize is the longest token of CoAP (RFC 7252, 3).
const tokenSize = 8

// token is a CoAP token that can be compared.
type token struct {
	bytes [tokenSize]byte
	size  uint8
}

func makeToken(raw []byte) token {
	t := token{size: uint8(len(raw))}
	copy(t.bytes[:], raw)
	return t
}

// sequenceMask keeps the 24 bits of the Observe option (RFC 7641, 4.4).
const sequenceMask = 1<<24 - 1

// observation is what one token observes.
type observation struct {
	token     token
	paths     []lwm2m.Path // never changed
	members   []member     // one for each path
	composite bool
	format    uint16

	pmax  time.Duration // of the whole; 0: none
	least time.Duration // the shortest pmin of the members

	sequence    uint32
	sentAt      time.Time
	confirmedAt time.Time // when the server was last known to have the observation
	inFlight    bool
	owed        bool         // what was sent last may not have arrived
	ended       lwm2m.Status // what the last notification will say; 0: it goes on
	removed     bool         // only a notification in flight refers to it
}

// member is one of the paths that an observation watches.
type member struct {
	path               lwm2m.Path
	pmin, epmin, epmax time.Duration // epmax 0: none
	base               []leaf        // as sent last
	evaluatedAt        time.Time     // when the values were read last
	dirty              bool          // they may have changed since
	reason             bool          // they have, so that the server has to be told
}

// attend takes the attributes over that now hold. In a composite every member has its own; but as a notification tells of all members, a
// member without pmin is bound by the shortest pmin that another one has, and the shortest pmax makes the whole go out.
func (o *observation) attend(attributes Attributes) {
	var shortest time.Duration // pmin above 0
	for i := range o.members {
		m := &o.members[i]
		set := attributes.Effective(m.path)
		m.pmin, m.epmin, m.epmax = seconds(set.PMin.Value), seconds(set.EPMin.Value), 0
		if set.EPMax.Given {
			m.epmax = seconds(set.EPMax.Value)
		}
		if m.pmin > 0 && (shortest == 0 || m.pmin < shortest) {
			shortest = m.pmin
		}
	}
	o.pmax, o.least = 0, 0
	for i := range o.members {
		m := &o.members[i]
		if m.pmin == 0 {
			m.pmin = shortest
		}
		if i == 0 || m.pmin < o.least {
			o.least = m.pmin
		}
		set := attributes.Effective(m.path)
		if pmax := seconds(set.PMax.Value); set.PMax.Given && pmax > 0 && pmax >= m.pmin && (o.pmax == 0 || pmax < o.pmax) {
			o.pmax = pmax
		}
	}
}

func seconds(number uint32) time.Duration { return time.Duration(number) * time.Second }

// evaluateAt tells when the values of a member are to be compared with what was sent. While there is a reason anyway nothing is.
func (o *observation) evaluateAt(m *member) (at time.Time, wanted bool) {
	switch {
	case m.reason || o.owed || o.ended != 0:
		return time.Time{}, false
	case m.dirty:
		return m.evaluatedAt.Add(m.epmin), true
	case m.epmax > 0:
		return m.evaluatedAt.Add(m.epmax), true
	}
	return time.Time{}, false
}

// sendAt tells when the observation is to be notified.
func (o *observation) sendAt() (at time.Time, wanted bool) {
	switch {
	case o.inFlight:
		return time.Time{}, false
	case o.ended != 0:
		return o.sentAt, true
	}
	sooner := func(after time.Duration) {
		if then := o.sentAt.Add(after); !wanted || then.Before(at) {
			at, wanted = then, true
		}
	}
	if o.owed {
		sooner(o.least)
	}
	if o.pmax > 0 {
		sooner(o.pmax)
	}
	for i := range o.members {
		if o.members[i].reason {
			sooner(o.members[i].pmin)
		}
	}
	return at, wanted
}

// pending tells whether something waits to be sent.
func (o *observation) pending() bool {
	return o.owed || o.ended != 0 || slices.ContainsFunc(o.members, func(m member) bool { return m.reason })
}

// observes tells whether it is about exactly these paths, in any order.
func (o *observation) observes(paths []lwm2m.Path) bool {
	return len(paths) == len(o.paths) &&
		!slices.ContainsFunc(paths, func(p lwm2m.Path) bool { return !slices.Contains(o.paths, p) }) &&
		!slices.ContainsFunc(o.paths, func(p lwm2m.Path) bool { return !slices.Contains(paths, p) })
}
