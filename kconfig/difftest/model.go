// Package difftest compares the resolution of package kconfig with Kconfiglib, the reference for its meaning. It makes
// random trees that both languages can express, writes each in both, and compares every value and visibility.
//
// The comparison needs Python and runs with -tags real; the cases under testdata, with Kconfiglib's answers, run everywhere.
// By hand, 100,000 trees with the seeds 1000000 to 1099999 were compared with Kconfiglib 14.1.0, without a difference:
//
//	go test -tags real ./kconfig/difftest -trees 100000 -seed 1000000 -timeout 1h
package difftest

import (
	"fmt"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
)

// model is a tree with assignments, apart from any syntax.
type model struct {
	body        []*block
	assignments []assignment
}

// assignment is one line of the fragment. The value is Kconfig text.
type assignment struct {
	symbol *symbol
	value  string
}

// symbol is an option. Conditions refer to symbols of lower rank only, so that there are no loops.
type symbol struct {
	name   string
	kind   kconfig.Type
	rank   int
	choice *choice
}

// choice is named; its members have its rank.
type choice struct {
	name     string
	rank     int
	optional bool
	members  []*symbol
}

// block is a menu, a group, a choice block or a definition of a symbol.
type block struct {
	// One of these four is set.
	menu, group bool
	choice      *choice
	symbol      *symbol

	dependsOn *expression
	visibleIf *expression // of a menu
	body      []*block    // of all but a symbol

	prompt    bool // of a symbol or choice
	promptIf  *expression
	typed     bool // this definition gives the type
	defaults  []defaultValue
	ranges    []bounds
	selects   []selection
	implies   []selection
	firstHere bool // of a choice block: this one says whether it is optional
}

type defaultValue struct {
	value     *expression
	condition *expression
}

type bounds struct{ low, high, condition *expression }

type selection struct {
	target    *symbol
	condition *expression
}

// expression is a leaf (symbol or literal) or an operation.
type expression struct {
	operator    string // "", !, &&, ||, ==, !=, <, <=, >, >=
	left, right *expression
	symbol      *symbol
	literal     string
	kind        literalKind
}

type literalKind int

const (
	word literalKind = iota // y or n
	number
	text
)

// printer writes indented lines.
type printer struct {
	strings.Builder
	depth int
}

func (p *printer) line(format string, arguments ...any) {
	p.WriteString(strings.Repeat("  ", p.depth))
	fmt.Fprintf(p, format, arguments...)
	p.WriteByte('\n')
}

func quote(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }

// fragment writes the assignments as a .conf file, which both read.
func (m *model) fragment() string {
	var b strings.Builder
	for _, a := range m.assignments {
		switch {
		case a.symbol.kind == kconfig.String:
			fmt.Fprintf(&b, "CONFIG_%s=%s\n", a.symbol.name, quote(a.value))
		case a.value == "n":
			fmt.Fprintf(&b, "# CONFIG_%s is not set\n", a.symbol.name)
		default:
			fmt.Fprintf(&b, "CONFIG_%s=%s\n", a.symbol.name, a.value)
		}
	}
	return b.String()
}

// overlay writes the assignments as HCL.
func (m *model) overlay() string {
	var b strings.Builder
	for _, a := range m.assignments {
		value := a.value
		if a.symbol.kind == kconfig.String || a.symbol.kind == kconfig.Hex {
			value = quote(value)
		}
		fmt.Fprintf(&b, "%s = %s\n", a.symbol.name, value)
	}
	return b.String()
}
