// Package randomtree makes option trees and valid configurations of them for property tests. The same seed gives the same tree.
package randomtree

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/kconfig"
)

// New makes a tree of about count options of all types: menus, choices, selects, implies, ranges, defaults with conditions and marks, options
// of our own.
func New(t testing.TB, r *rand.Rand, count int) *kconfig.Tree {
	t.Helper()
	m := &maker{r: r}
	for len(m.bools)+len(m.numbers)+m.strings < count {
		m.entry(0)
	}
	tree, diags := kconfig.LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(m.text.String())}}, "Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatalf("%v\n%s", diags, m.text.String())
	}
	return tree
}

// maker writes a tree. Conditions and selects lead to what is defined before and after respectively, so there are no loops.
type maker struct {
	r        *rand.Rand
	text     strings.Builder
	bools    []string
	numbers  []string
	strings  int
	choices  int
	selected int // options that exist to be selected
}

func (m *maker) chance(percent int) bool { return m.r.IntN(100) < percent }

func (m *maker) entry(depth int) {
	switch n := m.r.IntN(100); {
	case n < 15 && depth < 3:
		fmt.Fprintf(&m.text, "menu \"M\" {\n")
		if m.chance(60) {
			m.property("depends_on")
		}
		if m.chance(30) {
			m.property("visible_if")
		}
		for range 1 + m.r.IntN(4) {
			m.entry(depth + 1)
		}
		m.text.WriteString("}\n")
	case n < 30:
		m.choice()
	case n < 60:
		m.bool()
	case n < 85:
		m.number()
	default:
		m.string()
	}
}

// condition gives an expression over options that are defined already.
func (m *maker) condition() string {
	if len(m.bools) == 0 {
		return "y"
	}
	one := m.bools[m.r.IntN(len(m.bools))]
	switch m.r.IntN(6) {
	case 0:
		return "!" + one
	case 1:
		return one + " || " + m.bools[m.r.IntN(len(m.bools))]
	case 2:
		if len(m.numbers) > 0 {
			return fmt.Sprintf("%s < %d || %s", m.numbers[m.r.IntN(len(m.numbers))], m.r.IntN(20), one)
		}
	}
	return one
}

func (m *maker) property(name string) { fmt.Fprintf(&m.text, "%s = %s\n", name, m.condition()) }

func (m *maker) begin(name, kind string) {
	fmt.Fprintf(&m.text, "option %q {\ntype = %s\n", name, kind)
	if m.chance(85) {
		m.text.WriteString("prompt = \"p\"\n")
	}
	if m.chance(30) {
		m.property("depends_on")
	}
	if m.chance(15) {
		m.text.WriteString("origin = \"cloudgen\"\n")
	}
}

func (m *maker) defaults(value func() string) {
	for range m.r.IntN(3) {
		fmt.Fprintf(&m.text, "default {\nvalue = %s\n", value())
		if m.chance(60) {
			m.property("if")
		}
		if m.chance(20) {
			m.text.WriteString("mark = \"desk\"\n")
		}
		m.text.WriteString("}\n")
	}
}

func (m *maker) bool() {
	name := fmt.Sprintf("B%d", len(m.bools))
	target := ""
	if m.chance(40) {
		// What is selected refers to nothing, so that no loop comes of it.
		target = fmt.Sprintf("S%d", m.selected)
		m.selected++
	}
	m.begin(name, "bool")
	m.defaults(func() string {
		if m.chance(50) {
			return "y"
		}
		return m.condition()
	})
	if target != "" {
		fmt.Fprintf(&m.text, "%s = [%s]\n", []string{"select", "imply"}[m.r.IntN(2)], target)
	}
	m.text.WriteString("}\n")
	if target != "" {
		fmt.Fprintf(&m.text, "option %q {\ntype = bool\nprompt = \"p\"\n}\n", target)
		m.bools = append(m.bools, target)
	}
	m.bools = append(m.bools, name)
}

func (m *maker) number() {
	name := fmt.Sprintf("N%d", len(m.numbers))
	kind, literal := "int", func(n int) string { return fmt.Sprint(n) }
	if m.chance(30) {
		name, kind, literal = fmt.Sprintf("H%d", len(m.numbers)), "hex", func(n int) string { return fmt.Sprintf("\"0x%x\"", n) }
	}
	m.begin(name, kind)
	m.defaults(func() string { return literal(m.r.IntN(20)) })
	for range m.r.IntN(3) {
		low := m.r.IntN(10)
		fmt.Fprintf(&m.text, "range {\nmin = %s\nmax = %s\n", literal(low), literal(low+m.r.IntN(15)))
		m.property("if")
		m.text.WriteString("}\n")
	}
	if kind == "int" && m.chance(15) {
		m.property("required")
	}
	m.text.WriteString("}\n")
	m.numbers = append(m.numbers, name)
}

func (m *maker) string() {
	m.begin(fmt.Sprintf("T%d", m.strings), "string")
	m.defaults(func() string { return fmt.Sprintf("%q", texts[m.r.IntN(len(texts)-1)]) })
	m.text.WriteString("}\n")
	m.strings++
}

func (m *maker) choice() {
	name := fmt.Sprintf("C%d", m.choices)
	m.choices++
	fmt.Fprintf(&m.text, "choice %q {\nprompt = \"p\"\n", name)
	if m.chance(40) {
		m.text.WriteString("optional = true\n")
	}
	if m.chance(30) {
		m.property("depends_on")
	}
	count := 2 + m.r.IntN(3)
	if m.chance(40) {
		fmt.Fprintf(&m.text, "default = %s_%d\n", name, m.r.IntN(count))
	}
	var members []string
	for i := range count {
		member := fmt.Sprintf("%s_%d", name, i)
		fmt.Fprintf(&m.text, "option %q {\ntype = bool\nprompt = \"p\"\n", member)
		if m.chance(20) {
			m.property("depends_on")
		}
		m.text.WriteString("}\n")
		members = append(members, member)
	}
	m.text.WriteString("}\n")
	m.bools = append(m.bools, members...)
}

var texts = []string{"", "a", "two words", `quoted " and \`, "ü", "5", "y", "0x10", " # x", "${X} and %{Y} and $${Z}"}

// Layers makes layers that resolve without errors, the first one for a base: names and values at random, kept where nothing is wrong with them.
func Layers(t testing.TB, r *rand.Rand, tree *kconfig.Tree, names ...string) []*kconfig.Layer {
	t.Helper()
	options := tree.Options()
	texts := make([]string, len(names))
	parse := func(i int, text string) *kconfig.Layer {
		layer, diags := kconfig.ParseOverlay(names[i], []byte(text))
		if diags.HasErrors() {
			return nil
		}
		return layer
	}
	layers := make([]*kconfig.Layer, len(names))
	for i := range names {
		layers[i] = parse(i, "")
	}
	if _, diags := tree.Resolve(layers...); diags.HasErrors() {
		return nil // something is required
	}
	for range 3 * len(options) {
		i := r.IntN(len(names))
		o := options[r.IntN(len(options))]
		text := texts[i] + line(r, o, names[i])
		before := layers[i]
		if layers[i] = parse(i, text); layers[i] != nil {
			if _, diags := tree.Resolve(layers...); !diags.HasErrors() {
				texts[i] = text
				continue
			}
		}
		layers[i] = before
	}
	return layers
}

func line(r *rand.Rand, o *kconfig.Option, layer string) string {
	var value string
	switch o.Type {
	case kconfig.Bool:
		value = []string{"y", "n"}[r.IntN(2)]
	case kconfig.Int:
		value = fmt.Sprint(r.IntN(25))
	case kconfig.Hex:
		value = fmt.Sprintf("0x%x", r.IntN(25))
	default:
		value = texts[r.IntN(len(texts))]
	}
	if strings.HasSuffix(layer, ".conf") {
		return o.FragmentLine(value) + "\n"
	}
	return o.OverlayLine(value) + "\n"
}
