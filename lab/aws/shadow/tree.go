package shadow

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// object is a decoded JSON object. Values are nil, bool, string, json.Number, []any and object.
type object = map[string]any

// leaf is the metadata of a value: when it was set, in seconds since 1970.
type leaf struct {
	Timestamp int64 `json:"timestamp"`
}

// merge gives the section after a patch: objects merge member by member, null removes, everything else replaces.
func (s section) merge(p patch, now time.Time) section {
	switch {
	case !p.present:
		return s
	case p.state == nil:
		return section{}
	}
	state, metadata := mergeObject(s.state, s.metadata, p.state, now)
	return section{state: state, metadata: metadata}
}

func mergeObject(state, meta, patch object, now time.Time) (object, object) {
	state, meta = clone(state), clone(meta)
	for name, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(state, name)
			delete(meta, name)
		case object:
			// What is not an object gives way to one. An object whose last member goes stays, empty (undocumented).
			inner, _ := state[name].(object)
			innerMeta, _ := meta[name].(object)
			state[name], meta[name] = mergeObject(inner, innerMeta, value, now)
		default:
			state[name], meta[name] = value, metadata(value, now)
		}
	}
	return state, meta
}

func clone(o object) object {
	if o == nil {
		return object{}
	}
	return maps.Clone(o)
}

// metadata gives the metadata of values that are set now. Members that are null have none.
func metadata(value any, now time.Time) any {
	switch value := value.(type) {
	case object:
		if value == nil {
			return nil
		}
		m := object{}
		for name, member := range value {
			if member != nil {
				m[name] = metadata(member, now)
			}
		}
		return m
	case []any:
		m := make([]any, len(value))
		for i, element := range value {
			m[i] = metadata(element, now)
		}
		return m
	default:
		return leaf{Timestamp: now.Unix()}
	}
}

// difference gives the members of desired that are absent from reported or different there, with their metadata; nil if there are none.
// Objects are compared member by member, arrays as a whole.
func difference(desired, meta, reported object) (object, object) {
	var state, stateMeta object
	for name, want := range desired {
		have, known := reported[name]
		wantObject, isObject := want.(object)
		haveObject, wasObject := have.(object)
		wantMeta := meta[name]
		switch {
		case isObject && (wasObject || !known):
			inner, _ := meta[name].(object)
			d, dm := difference(wantObject, inner, haveObject)
			if d == nil {
				continue
			}
			want, wantMeta = d, dm
		case known && same(want, have):
			continue
		}
		if state == nil {
			state, stateMeta = object{}, object{}
		}
		state[name], stateMeta[name] = want, wantMeta
	}
	return state, stateMeta
}

func same(a, b any) bool {
	switch a := a.(type) {
	case object:
		b, ok := b.(object)
		return ok && maps.EqualFunc(a, b, same)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case json.Number:
		b, ok := b.(json.Number)
		return ok && sameNumber(a, b)
	default:
		return a == b
	}
}
