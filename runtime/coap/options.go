package coap

import (
	"bytes"
	"slices"
)

// Options that a request must not carry to an endpoint that is no proxy (RFC 7252, 5.7.2).
const (
	proxyURI    OptionID = 35
	proxyScheme OptionID = 39
)

const proxyingNotSupported Code = 0xa5 // 5.05

// optionRule gives the length of an option that has a meaning here, and whether it may occur more than once.
type optionRule struct {
	min, max   int
	repeatable bool
}

func ruleOf(id OptionID) (rule optionRule, known bool) {
	switch id {
	case IfMatch:
		return optionRule{0, 8, true}, true
	case URIHost:
		return optionRule{1, 255, false}, true
	case ETag:
		return optionRule{1, 8, true}, true
	case IfNoneMatch:
		return optionRule{0, 0, false}, true
	case Observe:
		return optionRule{0, 3, false}, true
	case URIPort, ContentFormat, Accept:
		return optionRule{0, 2, false}, true
	case LocationPath, URIPath, URIQuery, LocationQuery:
		return optionRule{0, 255, true}, true
	case Block1, Block2:
		return optionRule{0, 3, false}, true
	case MaxAge, Size1, Size2:
		return optionRule{0, 4, false}, true
	case RequestTag:
		return optionRule{0, 8, true}, true
	case proxyURI:
		return optionRule{1, 1034, false}, true
	case proxyScheme:
		return optionRule{1, 255, false}, true
	}
	return optionRule{}, false
}

// screen takes out of a message the elective options that are to be ignored: of a wrong length, or once too often (RFC 7252, 5.4.3 and
// 5.4.5). It gives the first critical option that is like that, or that nobody here understands. Unknown elective options stay.
func screen(m *Message, understood []OptionID) (critical OptionID, found bool) {
	previous := OptionID(0)
	m.Options = slices.DeleteFunc(m.Options, func(each Option) bool {
		again := each.ID == previous
		previous = each.ID
		rule, known := ruleOf(each.ID)
		good := known && len(each.Value) >= rule.min && len(each.Value) <= rule.max && (rule.repeatable || !again)
		if each.ID&1 == 0 {
			return known && !good
		}
		if each.ID == IfMatch || each.ID == IfNoneMatch {
			good = good && slices.Contains(understood, each.ID) // a condition that nobody checks must not be passed over
		}
		if !known {
			good = slices.Contains(understood, each.ID)
		}
		if !good && !found {
			critical, found = each.ID, true
		}
		return false
	})
	return critical, found
}

// target gives what a message is about, path and query, as a text to compare.
func target(options Options) string {
	return key(options, URIPath, URIQuery)
}

// key puts the values of some options into one text that differs where any value does.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func key(options Options, ids ...OptionID) string {
	var text []byte
	for _, each := range options {
		if slices.Contains(ids, each.ID) {
			text = append(text, byte(each.ID>>8), byte(each.ID), byte(len(each.Value)>>8), byte(len(each.Value)))
			text = append(text, each.Value...)
		}
	}
	return string(text)
}

// Path gives the Uri-Path options as one text with a slash before each segment; no segment at all is "/". A slash within a segment is
// not told apart.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func (o Options) Path() string {
	var text []byte
	for _, each := range o {
		if each.ID == URIPath {
			text = append(text, '/')
			text = append(text, each.Value...)
		}
	}
	if len(text) == 0 {
		return "/"
	}
	return string(text)
}

// sameOption tells whether two messages have the same first option of an id, or none both.
func sameOption(one, other Options, id OptionID) bool {
	a, has := one.Get(id)
	b, had := other.Get(id)
	return has == had && bytes.Equal(a, b)
}
