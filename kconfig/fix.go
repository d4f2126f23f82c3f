package kconfig

import (
	"slices"
	"strings"
)

// edit is one assignment that a fix consists of.
type edit struct {
	option *Option
	text   string // Kconfig text
}

// syntax is how a layer writes assignments.
type syntax int

const (
	overlaySyntax syntax = iota
	fragmentSyntax
	flagSyntax
)

func (a *Assignment) syntax() syntax {
	switch {
	case a.fragment:
		return fragmentSyntax
	case a.Layer == setLayerName:
		return flagSyntax
	}
	return overlaySyntax
}

// write gives the edit as a line of a layer.
func (e edit) write(s syntax) string {
	o := e.option
	switch s {
	case fragmentSyntax:
		if o.Type == String {
			return prefix + o.Name + "=" + quote(e.text)
		}
		return prefix + o.Name + "=" + e.text
	case flagSyntax:
		return "-set " + o.Name + "=" + e.text
	}
	return o.Name + " = " + overlayText(o.Type, e.text)
}

func writeEdits(edits []edit, s syntax, separator string) string {
	lines := make([]string, len(edits))
	for i, e := range edits {
		lines[i] = e.write(s)
	}
	return strings.Join(lines, separator)
}

// overlayText writes a value as an overlay does.
func overlayText(t Type, text string) string {
	switch t {
	case String:
		return quoteOverlay(text)
	case Hex:
		return quote(text)
	}
	return text
}

// addEdits joins two lists without repeating an option.
func addEdits(all, more []edit) []edit {
	for _, e := range more {
		if !slices.ContainsFunc(all, func(one edit) bool { return one.option == e.option }) {
			all = append(all, e)
		}
	}
	return all
}

// makeHold gives the assignments that make an expression hold, where they are plain.
func (x *explainer) makeHold(e *Expr, depth int) []edit {
	if depth == 0 || x.budget <= 0 {
		return nil
	}
	x.budget--
	switch {
	case e.Op == OpOr:
		for _, part := range e.disjuncts() {
			if fix := x.makeHold(part, depth); fix != nil {
				return fix
			}
		}
	case e.Op == OpAnd:
		var all []edit
		for _, part := range e.conjuncts() {
			if x.truth(part) {
				continue
			}
			fix := x.makeHold(part, depth)
			if fix == nil {
				return nil
			}
			all = addEdits(all, fix)
		}
		return all
	case e.Op == OpValue && e.Option != nil:
		return x.turnOn(e.Option, depth)
	case e.Op == OpNot && e.Left.Op == OpValue && e.Left.Option != nil:
		return x.turnOff(e.Left.Option)
	case e.Op.isRelation():
		return x.makeRelationHold(e, depth)
	}
	return nil
}

// mirrored gives the relation with its sides exchanged.
var mirrored = map[Op]Op{OpLess: OpGreater, OpGreater: OpLess, OpLessEqual: OpGreaterEqual, OpGreaterEqual: OpLessEqual, OpEqual: OpEqual, OpUnequal: OpUnequal}

func (x *explainer) makeRelationHold(e *Expr, depth int) []edit {
	name, literal, op := e.Left, e.Right, e.Op
	if name.Option == nil {
		name, literal, op = literal, name, mirrored[op]
	}
	o := name.Option
	if o == nil || literal.literal == notLiteral || o.Secret {
		return nil
	}
	s := &x.states[o.index]
	switch {
	case o.Type == Bool && (op == OpEqual || op == OpUnequal):
		if (literal.Text == "y") == (op == OpEqual) {
			return x.turnOn(o, depth)
		}
		return x.turnOff(o)
	case !s.visible:
		return nil
	case o.Type == String && op == OpEqual:
		return []edit{{o, literal.Text}}
	case !o.Type.isNumber() || !literal.number.ok || op == OpUnequal:
		return nil
	}
	value := literal.number.value
	switch op {
	case OpLess:
		value--
	case OpGreater:
		value++
	}
	if !s.bounds.contains(value) || o.Type == Hex && value < 0 {
		return nil
	}
	return []edit{{o, formatNumber(value, o.Type)}}
}

// turnOn gives the assignments that make a bool y.
func (x *explainer) turnOn(o *Option, depth int) []edit {
	if o.Type != Bool || o.Planned != "" {
		return nil
	}
	own := edit{o, "y"}
	if x.states[o.index].visible {
		return []edit{own}
	}
	if o.Prompt == "" {
		for _, s := range o.SelectedBy {
			by := s.By.Option
			if state := &x.states[by.index]; by.Planned == "" && state.visible && !state.on && x.defined[s.By.index] && x.truth(s.If) {
				return []edit{{by, "y"}}
			}
		}
		return nil
	}
	var all []edit
	for _, blocker := range x.blockersTo(o, depth-1) {
		if blocker.fix == nil {
			return nil
		}
		all = addEdits(all, blocker.fix)
	}
	return addEdits(all, []edit{own})
}

// turnOff gives the assignment that makes a bool n.
func (x *explainer) turnOff(o *Option) []edit {
	s := &x.states[o.index]
	if o.Type != Bool || !s.visible || s.selected {
		return nil
	}
	if o.Choice == nil {
		return []edit{{o, "n"}}
	}
	for _, other := range o.Choice.Members {
		if other != o && x.states[other.index].visible {
			return []edit{{other, "y"}}
		}
	}
	return nil
}
