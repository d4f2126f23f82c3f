package coap

import (
	"hash/maphash"
	"time"
)

// Bounds of what is remembered of the peer's messages. A peer that sends faster than 2048 messages in 247 s loses deduplication of the
// oldest; one whose responses are large, the repetition of the oldest.
const (
	maxRemembered      = 2048
	maxRememberedBytes = 256 << 10
)

// memory knows the peer's confirmable and non-confirmable messages again (RFC 7252, 4.5), with what they were answered.
type memory struct {
	seed    maphash.Seed
	entries map[uint16]*memorized
	order   []*memorized // in order of arrival
	bytes   int          // of all answers
	shed    int          // entries at the head of order whose answers have been given up
}

type memorized struct {
	id      uint16
	sum     uint64
	until   time.Time
	answer  []byte // nil: none was given, or it has been given up for room
	dropped bool   // given up for room
}

func newMemory() memory {
	return memory{seed: maphash.MakeSeed(), entries: make(map[uint16]*memorized)}
}

// recall gives the entry of a datagram that has come before. A datagram with a known id that is not the same byte for byte is none: the
// peer has restarted, or counts round faster than it may.
func (m *memory) recall(now time.Time, id uint16, raw []byte) *memorized {
	entry := m.entries[id]
	if entry == nil || !now.Before(entry.until) || entry.sum != maphash.Bytes(m.seed, raw) {
		return nil
	}
	return entry
}

// record remembers a datagram.
func (m *memory) record(now time.Time, id uint16, kind kind, raw []byte) *memorized {
	lifetime := exchangeLifetime
	if kind == nonConfirmable {
		lifetime = nonLifetime
	}
	for len(m.order) > 0 && (len(m.order) >= maxRemembered || !now.Before(m.order[0].until)) {
		m.forgetFirst()
	}
	entry := &memorized{id: id, sum: maphash.Bytes(m.seed, raw), until: now.Add(lifetime)}
	m.entries[id] = entry
	m.order = append(m.order, entry)
	return entry
}

// answered stores what is to be repeated when the datagram comes again.
func (m *memory) answered(entry *memorized, answer []byte) {
	entry.answer = answer
	m.bytes += len(answer)
	for m.bytes > maxRememberedBytes && m.shed < len(m.order) {
		m.release(m.order[m.shed])
		m.shed++
	}
}

func (m *memory) release(entry *memorized) {
	if entry.answer != nil {
		m.bytes -= len(entry.answer)
		entry.answer, entry.dropped = nil, true
	}
}

func (m *memory) forgetFirst() {
	first := m.order[0]
	m.release(first)
	if m.entries[first.id] == first {
		delete(m.entries, first.id)
	}
	m.order[0] = nil
	m.order = m.order[1:]
	m.shed = max(m.shed-1, 0)
}
