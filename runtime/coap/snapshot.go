package coap

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"
)

// snapshot is a response body that the peer fetches block by block. Whatever happens to the resource, all blocks are of one
// representation, which its ETag names (RFC 7959, 2.4).
type snapshot struct {
	method Code   // Empty: of a notification, whose request may have been GET or FETCH
	target string // path and query of the request; of a notification only Path
	path   string
	accept string
	body   []byte // payload of the request
	until  time.Time

	largest uint8 // size exponent that leaves room for the options
	Message       // whole; without block options
}

// snapshots keeps the last few of them.
type snapshots struct {
	limit int
	kept  []*snapshot // the one used last at the end
}

// find gives the newest snapshot that a request for a later block is about. A request whose payload went before in blocks of its own does
// not repeat it, so none goes with any.
func (s *snapshots) find(now time.Time, request *Message) *snapshot {
	s.expire(now)
	requested, path, accept := target(request.Options), request.Options.Path(), key(request.Options, Accept)
	for i, each := range slices.Backward(s.kept) {
		if each.method == Empty {
			if request.Code != GET && request.Code != FETCH || each.path != path {
				continue
			}
		} else if each.method != request.Code || each.target != requested || accept != "" && each.accept != accept {
			continue
		}
		if each.body != nil && len(request.Payload) > 0 && !bytes.Equal(each.body, request.Payload) {
			continue
		}
		s.kept = append(slices.Delete(s.kept, i, i+1), each)
		each.until = now.Add(exchangeLifetime)
		return each
	}
	return nil
}

// add keeps a snapshot in place of an older one for the same request.
func (s *snapshots) add(now time.Time, added *snapshot) {
	s.expire(now)
	s.kept = without(s.kept, func(each *snapshot) bool {
		return each.method == added.method && each.target == added.target && each.path == added.path && each.accept == added.accept &&
			bytes.Equal(each.body, added.body)
	})
	if excess := len(s.kept) + 1 - s.limit; excess > 0 {
		s.kept = slices.Delete(s.kept, 0, excess)
	}
	added.until = now.Add(exchangeLifetime)
	if _, tagged := added.Options.Get(ETag); !tagged {
		added.Options.Add(ETag, entityTag(&added.Message))
	}
	s.kept = append(s.kept, added)
}

func (s *snapshots) expire(now time.Time) {
	s.kept = without(s.kept, func(each *snapshot) bool { return !now.Before(each.until) })
}

// entityTag is the same for the same representation.
func entityTag(m *Message) []byte {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(key(m.Options, ContentFormat))) // a hash has no errors
	_, _ = sum.Write(m.Payload)
	return binary.BigEndian.AppendUint64(nil, sum.Sum64())
}

// part gives one block as a message, or 4.00 for one behind the end. Where the peer wants a larger block than we send, it gets a smaller
// one that starts at the same place (RFC 7959, 2.4).
func (s *snapshot) part(wanted block, sized bool) Message {
	start := wanted.offset()
	if start >= len(s.Payload) {
		return problem(BadRequest, "no such block")
	}
	b := block{szx: min(wanted.szx, s.largest)}
	b.num = uint32(start / b.size())
	end := min(start+b.size(), len(s.Payload))
	b.more = end < len(s.Payload)
	m := Message{Code: s.Code, Options: slices.Clone(s.Options), Payload: s.Payload[start:end]}
	m.Options.SetUint(Block2, b.value())
	if sized {
		m.Options.SetUint(Size2, uint32(len(s.Payload)))
	}
	return m
}

// problem is an error response with a diagnostic payload (RFC 7252, 5.5.2).
// It stays a call, which is smaller at its many places.
//
//go:noinline
func problem(code Code, diagnostic string) Message {
	return Message{Code: code, Payload: []byte(diagnostic)}
}
