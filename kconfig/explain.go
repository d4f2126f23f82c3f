package kconfig

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// failure is one part of a condition that does not hold.
type failure struct {
	text   string    // "it needs X, which is n"
	what   string    // what stands at the place
	at     hcl.Range // of the part
	fix    string    // assignments that make it hold, joined by " and "; "" if none is plain
	option *Option   // that it hangs on, if it is one
}

// fixDepth bounds how far a fix looks for what blocks the fix.
const fixDepth = 4

// blockers says why an option with a prompt is not visible. Where several definitions have a prompt,
// it explains the one that lacks least.
func (v *evaluation) blockers(o *Option) []failure { return v.blockersTo(o, fixDepth) }

func (v *evaluation) blockersTo(o *Option, depth int) []failure {
	var best []failure
	for _, d := range o.Definitions {
		if d.Prompt == "" {
			continue
		}
		found := v.unmetIn(d.scope, depth)
		found = append(found, v.explainTo(d.DependsOn, "the dependency", depth)...)
		found = append(found, v.explainTo(d.PromptIf, "the condition of the prompt", depth)...)
		for s := d.scope; s != nil; s = s.outer {
			found = append(found, v.explainTo(s.visibleIf, "the condition of the menu", depth)...)
		}
		if best == nil || len(found) < len(best) {
			best = found
		}
	}
	return best
}

// unmet says why the dependencies of an option do not hold.
func (v *evaluation) unmet(o *Option) []failure {
	var best []failure
	for _, d := range o.Definitions {
		found := append(v.unmetIn(d.scope, 1), v.explainTo(d.DependsOn, "the dependency", 1)...)
		if best == nil || len(found) < len(best) {
			best = found
		}
	}
	return best
}

// unmetIn says which blocks around do not hold, the outermost first.
func (v *evaluation) unmetIn(s *scope, depth int) []failure {
	if v.inScope(s) {
		return nil
	}
	found := v.unmetIn(s.parent, depth)
	if s.choice != nil {
		return append(found, v.choiceOff(s.choice, depth)...)
	}
	return append(found, v.explainTo(s.dependsOn, "the dependency of the block", depth)...)
}

// choiceOff says why a choice is not on.
func (v *evaluation) choiceOff(c *Choice, depth int) []failure {
	if v.choices[c.index].visible {
		return []failure{{text: "it needs a member of the choice " + c.Name + ", and none is chosen", what: "the choice", at: c.Range()}}
	}
	var best []failure
	for _, d := range c.Definitions {
		if d.Prompt == "" {
			continue
		}
		found := v.unmetIn(d.scope, depth)
		found = append(found, v.explainTo(d.DependsOn, "the dependency of the choice", depth)...)
		found = append(found, v.explainTo(d.PromptIf, "the condition of the choice's prompt", depth)...)
		for s := d.scope; s != nil; s = s.outer {
			found = append(found, v.explainTo(s.visibleIf, "the condition of the menu", depth)...)
		}
		if best == nil || len(found) < len(best) {
			best = found
		}
	}
	return best
}

// explain splits a condition that does not hold into the parts that fail.
func (v *evaluation) explain(e *Expr) []failure { return v.explainTo(e, "the condition", fixDepth) }

func (v *evaluation) explainTo(e *Expr, what string, depth int) []failure {
	if v.truth(e) {
		return nil
	}
	var found []failure
	for _, part := range e.conjuncts() {
		if !v.truth(part) {
			found = append(found, v.failure(part, what, depth))
		}
	}
	return found
}

// failure explains one part that is not a conjunction.
func (v *evaluation) failure(e *Expr, what string, depth int) failure {
	f := failure{what: what, at: e.Range}
	switch {
	case e.Op == OpValue && e.Option != nil:
		f.option = e.Option
		f.text = "it needs " + e.Text + ", which is " + v.valueIs(e.Option)
		f.fix = v.turnOn(e.Option, depth)
	case e.Op == OpValue:
		f.text = "a condition of it is always n"
	case e.Op == OpNot && e.Left.Op == OpValue && e.Left.Option != nil:
		f.option = e.Left.Option
		f.text = "it needs " + e.Left.Text + " to be n, and it is y"
		f.fix = v.turnOff(e.Left.Option)
	default:
		f.text = "it needs " + e.String() + ", and " + v.valuesIn(e)
		f.fix = v.makeHold(e, depth)
		e.walk(func(leaf *Expr) {
			if f.option == nil {
				f.option = leaf.Option
			}
		})
	}
	return f
}

// valuesIn lists the values of the options in an expression.
func (v *evaluation) valuesIn(e *Expr) string {
	var parts []string
	seen := map[*Option]bool{}
	e.walk(func(leaf *Expr) {
		if leaf.Option != nil && !seen[leaf.Option] {
			seen[leaf.Option] = true
			parts = append(parts, leaf.Text+" is "+v.valueIs(leaf.Option))
		}
	})
	if len(parts) == 0 {
		return "that never holds"
	}
	return list(parts)
}

func (v *evaluation) valueIs(o *Option) string {
	s := &v.states[o.index]
	if o.Type != Bool && !s.hasValue {
		return "absent"
	}
	return shown(o, s.text)
}

// makeHold gives the assignments that make an expression hold, where that is plain.
func (v *evaluation) makeHold(e *Expr, depth int) string {
	switch {
	case e.Op == OpOr:
		for _, part := range e.disjuncts() {
			if fix := v.makeHold(part, depth); fix != "" {
				return fix
			}
		}
	case e.Op == OpAnd:
		var all []string
		for _, part := range e.conjuncts() {
			if v.truth(part) {
				continue
			}
			fix := v.makeHold(part, depth)
			if fix == "" {
				return ""
			}
			all = append(all, fix)
		}
		return strings.Join(all, " and ")
	case e.Op == OpValue && e.Option != nil:
		return v.turnOn(e.Option, depth)
	case e.Op == OpNot && e.Left.Op == OpValue && e.Left.Option != nil:
		return v.turnOff(e.Left.Option)
	case e.Op.isRelation():
		return v.makeRelationHold(e, depth)
	}
	return ""
}

func (v *evaluation) makeRelationHold(e *Expr, depth int) string {
	name, literal, op := e.Left, e.Right, e.Op
	if name.Option == nil {
		name, literal = literal, name
		op = map[Op]Op{OpLess: OpGreater, OpGreater: OpLess, OpLessEqual: OpGreaterEqual, OpGreaterEqual: OpLessEqual, OpEqual: OpEqual, OpUnequal: OpUnequal}[op]
	}
	o := name.Option
	if o == nil || literal.Option != nil || o.Secret {
		return ""
	}
	if o.Type == Bool {
		if on := (literal.Text == "y") == (op == OpEqual); op == OpEqual || op == OpUnequal {
			if on {
				return v.turnOn(o, depth)
			}
			return v.turnOff(o)
		}
		return ""
	}
	if !v.states[o.index].visible {
		return ""
	}
	switch {
	case o.Type == String && op == OpEqual:
		return o.Name + " = " + quoteHCL(literal.Text)
	case !o.Type.isNumber() || !literal.number.ok:
		return ""
	}
	value := literal.number.value
	switch op {
	case OpLess:
		value--
	case OpGreater:
		value++
	case OpUnequal:
		return ""
	}
	if b := v.states[o.index].bounds; b != nil && (value < b.low || value > b.high) || o.Type == Hex && value < 0 {
		return ""
	}
	return o.Name + " = " + overlayText(o.Type, formatNumber(value, o.Type))
}

// turnOn gives the assignments that make a bool y, where that is plain.
func (v *evaluation) turnOn(o *Option, depth int) string {
	if o.Type != Bool || o.Planned != "" || depth == 0 {
		return ""
	}
	own := o.Name + " = y"
	if v.states[o.index].visible {
		return own
	}
	if o.Prompt == "" {
		for _, s := range o.SelectedBy {
			if by := s.By.Option; by.Planned == "" && v.states[by.index].visible && !v.states[by.index].on && v.defined[s.By.index] && v.truth(s.If) {
				return by.Name + " = y"
			}
		}
		return ""
	}
	var all []string
	for _, blocker := range v.blockersTo(o, depth-1) {
		if blocker.fix == "" {
			return ""
		}
		all = append(all, blocker.fix)
	}
	return strings.Join(append(all, own), " and ")
}

// turnOff gives the assignment that makes a bool n, where that is plain.
func (v *evaluation) turnOff(o *Option) string {
	s := &v.states[o.index]
	if o.Type != Bool || !s.visible || s.selected {
		return ""
	}
	if o.Choice != nil {
		for _, other := range o.Choice.Members {
			if other != o && v.states[other.index].visible {
				return other.Name + " = y"
			}
		}
		return ""
	}
	return o.Name + " = n"
}

// reason tells where an option's value comes from, but for the layer's place, which the
// history has.
func (v *evaluation) reason(o *Option) Reason {
	s := &v.states[o.index]
	switch s.cause {
	case causePlanned:
		return Reason{Kind: ReasonPlanned, Range: o.Range(), Text: "it is not built yet: " + o.Planned}
	case causeLayer:
		return Reason{Kind: ReasonLayer}
	case causeSelect:
		by := s.by.By.Option
		return Reason{Kind: ReasonSelect, By: by.Name, Range: s.by.Range, Text: by.Name + " selects it"}
	case causeImply:
		by := s.by.By.Option
		return Reason{Kind: ReasonImply, By: by.Name, Range: s.by.Range, Text: by.Name + " implies it"}
	case causeChoice:
		return v.choiceReason(o, s)
	case causeDefault:
		return v.defaultReason(o, s)
	}
	r := Reason{Kind: ReasonUnset, Range: o.Range(), Text: "nothing sets it, and it has no default"}
	if !s.met {
		r.Text = "its dependencies are not met"
		if failures := v.unmet(o); len(failures) > 0 {
			r.Text += ": " + failures[0].text
		}
	}
	return r
}

func (v *evaluation) choiceReason(o *Option, s *state) Reason {
	c := &v.choices[o.Choice.index]
	r := Reason{Kind: ReasonChoice, By: o.Choice.Name, Range: o.Choice.Range()}
	switch {
	case !s.on && c.selected == nil:
		r.Text = "the choice has no member that is y"
	case !s.on:
		r.Text = "the choice falls on " + c.selected.Name
	case c.byDefault != nil:
		r.Range = c.byDefault.Range
		r.Text = "it is the default of the choice"
		if c.byDefault.If != nil {
			r.Text += " if " + c.byDefault.If.String()
		}
	default:
		r.Text = "it is the first member of the choice that is available"
	}
	return r
}

func (v *evaluation) defaultReason(o *Option, s *state) Reason {
	r := Reason{Kind: ReasonDefault, Range: o.Range()}
	if s.from != nil {
		r.Range = s.from.Range
		r.Text = "it is the default"
		if s.from.If != nil {
			r.Text += " if " + s.from.If.String()
		}
		if value := s.from.Value; value.literal == notLiteral {
			r.Text += ", taken from " + value.String()
		}
	}
	if b := s.bounds; b != nil && b.clamped {
		text := fmt.Sprintf("it is the nearest number in the range from %s to %s", formatNumber(b.low, o.Type), formatNumber(b.high, o.Type))
		if s.from == nil {
			r.Range, r.Text = b.rule.Range, text
		} else {
			r.Text += "; " + text
		}
	}
	return r
}
