package kconfig

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// Value is what an option resolved to, and why.
type Value struct {
	Option   *Option
	HasValue bool   // false: the option is absent, as when its dependencies are not met
	Bool     bool   // of a bool
	Int      int64  // of an int or hex
	Text     string // canonical Kconfig text: y, n, 42, 0x15000, or the string itself; "" without a value
	Visible  bool   // an assignment can take effect
	Reason   Reason
	History  []Assignment // every assignment to it, in the order of the layers
}

// Reason says where a value comes from.
type Reason struct {
	Kind  string // default, layer, select, imply, choice, planned or unset
	By    string // the layer, the option that selects or implies, or the choice
	Range hcl.Range
	Text  string // one sentence
}

// The kinds of reasons.
const (
	ReasonDefault = "default"
	ReasonLayer   = "layer"
	ReasonSelect  = "select"
	ReasonImply   = "imply"
	ReasonChoice  = "choice"
	ReasonPlanned = "planned"
	ReasonUnset   = "unset"
)

// Mark tells that options took a value from a default that marks the build.
type Mark struct {
	Name    string
	Options []string
}

// parsedValue is a literal as a value of a type; problem is "" if it is one.
type parsedValue struct {
	text    string // canonical
	on      bool
	number  int64
	problem string // a sentence
	fix     string // Kconfig text that was probably meant; may be empty
}

// parseValue reads a literal as a value of a type.
func parseValue(t Type, text string, kind literalKind) parsedValue {
	switch t {
	case Bool:
		return parseBool(text, kind)
	case Int, Hex:
		return parseNumeric(t, text, kind)
	}
	return parseString(text, kind)
}

func parseBool(text string, kind literalKind) parsedValue {
	if kind == boolLiteral || kind == rawLiteral || kind == notLiteral {
		switch text {
		case "y", "true":
			return parsedValue{text: "y", on: true}
		case "n", "false":
			return parsedValue{text: "n"}
		case "m":
			return parsedValue{problem: "There are no modules, so nothing can be m.", fix: "y"}
		}
	}
	v := parsedValue{problem: "A bool is y or n."}
	if kind == stringLiteral {
		v.problem = "A bool is y or n, without quotation marks."
	}
	switch strings.ToLower(text) {
	case "y", "yes", "true", "on", "1":
		v.fix = "y"
	case "n", "no", "false", "off", "0", "":
		v.fix = "n"
	}
	return v
}

func parseNumeric(t Type, text string, kind literalKind) parsedValue {
	if t == Int {
		parsed := parseNumber(text, 10)
		if parsed.ok && (kind == numberLiteral || kind == rawLiteral) {
			return parsedValue{text: formatNumber(parsed.value, Int), number: parsed.value}
		}
		v := parsedValue{problem: "An int is a whole number of at most 64 bits in decimal digits."}
		if kind == stringLiteral {
			v.problem = "An int is a whole number of at most 64 bits in decimal digits, without quotation marks."
		}
		if parsed := parseNumber(strings.TrimSpace(text), 0); parsed.ok && kind != boolLiteral {
			v.fix = formatNumber(parsed.value, Int)
		}
		return v
	}
	v := parsedValue{problem: `A hex value is written as a string with 0x, like "0x15000", and not negative.`}
	switch kind {
	case stringLiteral, rawLiteral:
		prefixed := len(text) > 2 && strings.EqualFold(text[:2], "0x")
		parsed := parseNumber(text, 16)
		if parsed.ok && prefixed && parsed.value >= 0 {
			return parsedValue{text: formatNumber(parsed.value, Hex), number: parsed.value}
		}
		if parsed.ok && parsed.value >= 0 {
			v.fix = formatNumber(parsed.value, Hex)
		}
	case numberLiteral:
		if parsed := parseNumber(text, 10); parsed.ok && parsed.value >= 0 {
			v.fix = formatNumber(parsed.value, Hex)
		}
	}
	return v
}

func parseString(text string, kind literalKind) parsedValue {
	if kind != stringLiteral && kind != rawLiteral {
		return parsedValue{problem: "A string stands in quotation marks.", fix: text}
	}
	for i, r := range text {
		if r < ' ' || r == 0x7f {
			return parsedValue{problem: fmt.Sprintf("A string is one line of text; character %d is a control character.", utf8.RuneCountInString(text[:i])+1)}
		}
	}
	return parsedValue{text: text}
}
