package kconfig

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// maxSuggestions bounds the searches for names like an unknown one in one run.
const maxSuggestions = 100

// Resolve computes every option's value from the tree and the layers, of which a later
// one goes before an earlier one. The Config is never nil; with errors it holds what the rest gives.
func (t *Tree) Resolve(layers ...*Layer) (*Config, Diagnostics) {
	r := &resolver{
		tree:       t,
		evaluation: newEvaluation(t),
		history:    make([][]Assignment, len(t.options)),
		layers:     layers,
	}
	for _, layer := range layers {
		r.apply(layer)
	}
	r.evaluation.run()
	r.explainer = &explainer{r.evaluation, fixBudget}
	r.check()
	r.diags.Sort()
	return &Config{tree: t, evaluation: r.evaluation, history: r.history, layers: layers}, r.diags
}

// resolver applies layers and judges what came of them.
type resolver struct {
	tree        *Tree
	evaluation  *evaluation
	explainer   *explainer
	history     [][]Assignment // by option
	layers      []*Layer
	diags       Diagnostics
	suggestions int
	names       []string // of all options and aliases, made when needed
}

// chosen is a member that a layer turns on.
type chosen struct {
	member *Option
	at     hcl.Range
}

// apply takes over a layer's assignments and complains about those that could never count.
func (r *resolver) apply(layer *Layer) {
	inLayer := map[*Choice]chosen{}
	for i := range layer.Assignments {
		a := layer.Assignments[i]
		o, value, alias := r.tree.lookUp(a.Name, a.Value)
		if o == nil {
			r.unknown(&a)
			continue
		}
		if alias != nil {
			r.renamed(&a, alias, o, value)
		}
		parsed := a.parse(o.Type)
		if parsed.problem != "" {
			r.wrongType(&a, o, parsed)
			continue
		}
		if o.Planned != "" && !isOff(o, parsed) {
			r.planned(&a, o)
			continue
		}
		a.Value = parsed.text
		r.twoNames(layer, &a, o)
		r.history[o.index] = append(r.history[o.index], a)
		r.evaluation.users[o.index] = userValue{
			set: true, on: parsed.on, number: parsed.number, text: parsed.text, index: len(r.history[o.index]) - 1,
		}
		if o.Effect != "" {
			r.effect(&a, o)
		}
		if c := o.Choice; c != nil {
			r.applyMember(c, o, parsed.on, &a, inLayer)
		}
	}
}

// applyMember follows which member of a choice the layers want.
func (r *resolver) applyMember(c *Choice, o *Option, on bool, a *Assignment, inLayer map[*Choice]chosen) {
	s := &r.evaluation.choices[c.index]
	if !on {
		if s.user == o {
			s.user, s.userTouched = nil, false
		}
		return
	}
	if first, ok := inLayer[c]; ok && first.member != o {
		r.twoMembers(c, o, a, first)
	} else if !ok {
		inLayer[c] = chosen{o, a.nameRange}
	}
	s.user, s.userTouched = o, true
}

// parse reads the assignment's value as one of a type.
func (a *Assignment) parse(t Type) parsedValue {
	if a.fragment {
		switch {
		case a.kind == unsetLine && t != Bool:
			return parsedValue{problem: "Only a bool can be left unset like this."}
		case a.kind == unsetLine:
			return parsedValue{text: "n"}
		case a.kind == rawLiteral && t == String:
			return parsedValue{problem: "A string stands in quotation marks.", fix: a.Value}
		case a.kind == rawLiteral && t == Hex:
			// Kconfig reads 15000 as 0x15000.
			if n := parseNumber(a.Value, 16); n.ok && n.value >= 0 {
				return parsedValue{text: formatNumber(n.value, Hex), number: n.value}
			}
		case a.kind == stringLiteral && t == Hex:
			return parsedValue{problem: "A hex value has no quotation marks in a fragment.", fix: a.Value}
		}
	}
	return parseValue(t, a.Value, a.kind)
}

// isOff says whether a value is what an option has that is not there.
func isOff(o *Option, value parsedValue) bool {
	switch o.Type {
	case Bool:
		return !value.on
	case String:
		return value.text == ""
	case Int:
		return value.number == -1
	}
	return false
}

func (r *resolver) suggest(name string) string {
	if r.suggestions == maxSuggestions {
		return ""
	}
	r.suggestions++
	if r.names == nil {
		for _, o := range r.tree.options {
			r.names = append(r.names, o.Name)
		}
		for _, a := range r.tree.aliases {
			r.names = append(r.names, a.Name)
		}
		slices.Sort(r.names)
	}
	return nearest(name, r.names)
}
