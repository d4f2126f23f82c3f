package kconfig

import (
	"github.com/hashicorp/hcl/v2"
)

// failure is one part of a condition that does not hold.
type failure struct {
	text string    // "it needs X, which is n"
	what string    // what stands at the place
	at   hcl.Range // of the part
	fix  []edit    // that make it hold; nil if none is plain
}

// Bounds of an explanation, so that a tree of any shape is explained in little time.
const (
	fixDepth    = 4    // how far a fix looks for what blocks the fix
	fixBudget   = 2000 // conditions that all fixes of a run look at
	maxFailures = 8    // parts of a condition that are named
)

// explainer says why conditions do not hold and what would change that.
type explainer struct {
	*evaluation
	budget int // conditions that may still be looked at for fixes
}

// blockers says why an option with a prompt is not visible. Where several definitions
// have a prompt, it explains the one that lacks least.
func (x *explainer) blockers(o *Option) []failure { return x.blockersTo(o, fixDepth) }

func (x *explainer) blockersTo(o *Option, depth int) []failure {
	var best []failure
	for _, d := range o.Definitions {
		if d.Prompt == "" {
			continue
		}
		found := x.unmetIn(d.scope, depth)
		found = append(found, x.explainTo(d.DependsOn, "the dependency", depth)...)
		found = append(found, x.explainTo(d.PromptIf, "the condition of the prompt", depth)...)
		found = append(found, x.hidden(d.scope, depth)...)
		if best == nil || len(found) < len(best) {
			best = found
		}
	}
	return best
}

// hidden says which visible_if around do not hold.
func (x *explainer) hidden(s *scope, depth int) []failure {
	var found []failure
	for ; !x.shownIn(s); s = s.outer {
		found = append(found, x.explainTo(s.visibleIf, "the condition of the menu", depth)...)
	}
	return found
}

// unmet says why the dependencies of an option do not hold.
func (x *explainer) unmet(o *Option) []failure {
	var best []failure
	for _, d := range o.Definitions {
		found := append(x.unmetIn(d.scope, 0), x.explainTo(d.DependsOn, "the dependency", 0)...)
		if best == nil || len(found) < len(best) {
			best = found
		}
	}
	return best
}

// unmetIn says which blocks around do not hold, the outermost first.
func (x *explainer) unmetIn(s *scope, depth int) []failure {
	if x.inScope(s) {
		return nil
	}
	found := x.unmetIn(s.parent, depth)
	if s.choice != nil {
		return append(found, x.choiceOff(s.choice, depth)...)
	}
	return append(found, x.explainTo(s.dependsOn, "the dependency of the block", depth)...)
}

// choiceOff says why a choice is not on.
func (x *explainer) choiceOff(c *Choice, depth int) []failure {
	if x.choices[c.index].visible {
		return []failure{{text: "it needs a member of the choice " + c.Name + ", and none is chosen", what: "the choice", at: c.Range()}}
	}
	var best []failure
	for _, d := range c.Definitions {
		if d.Prompt == "" {
			continue
		}
		found := x.unmetIn(d.scope, depth)
		found = append(found, x.explainTo(d.DependsOn, "the dependency of the choice", depth)...)
		found = append(found, x.explainTo(d.PromptIf, "the condition of the choice's prompt", depth)...)
		found = append(found, x.hidden(d.scope, depth)...)
		if best == nil || len(found) < len(best) {
			best = found
		}
	}
	return best
}

// explain splits a condition that does not hold into the parts that fail.
func (x *explainer) explain(e *Expr) []failure { return x.explainTo(e, "the condition", fixDepth) }

func (x *explainer) explainTo(e *Expr, what string, depth int) []failure {
	if x.truth(e) {
		return nil
	}
	var found []failure
	for _, part := range e.conjuncts() {
		if x.truth(part) {
			continue
		}
		if len(found) == maxFailures {
			break
		}
		found = append(found, x.failure(part, what, depth))
	}
	return found
}

// failure explains one part that is not a conjunction.
func (x *explainer) failure(e *Expr, what string, depth int) failure {
	f := failure{what: what, at: e.Range, fix: x.makeHold(e, depth)}
	switch {
	case e.Op == OpValue && e.Option != nil:
		f.text = "it needs " + e.Text + ", which is " + x.valueOf(e.Option)
	case e.Op == OpValue:
		f.text = "a condition of it is always n"
	case e.Op == OpNot && e.Left.Op == OpValue && e.Left.Option != nil:
		f.text = "it needs " + e.Left.Text + " to be n, and it is y"
	default:
		f.text = "it needs " + e.String() + ", and " + x.valuesIn(e)
	}
	return f
}

// valuesIn lists the values of the options in an expression.
func (x *explainer) valuesIn(e *Expr) string {
	var parts []string
	seen := map[*Option]bool{}
	e.walk(func(leaf *Expr) {
		if leaf.Option != nil && !seen[leaf.Option] {
			seen[leaf.Option] = true
			parts = append(parts, leaf.Text+" is "+x.valueOf(leaf.Option))
		}
	})
	if len(parts) == 0 {
		return "that never holds"
	}
	return list(parts)
}

// valueOf gives an option's value for a message.
func (v *evaluation) valueOf(o *Option) string {
	s := &v.states[o.index]
	if o.Type != Bool && !s.hasValue {
		return "absent"
	}
	return shown(o, s.text)
}

// Blocker is one reason why an assignment to an option would have no effect.
type Blocker struct {
	Text  string    // "it needs X, which is n"
	Range hcl.Range // of the part of the condition
	Fix   string    // overlay lines that make it hold; "" if none is plain
}

// Blockers says which parts of an option's conditions keep an assignment from taking
// effect; none if it would take effect, has no prompt, or there is no such option.
func (c *Config) Blockers(name string) []Blocker {
	o := c.tree.byName[name]
	if o == nil || o.Prompt == "" || c.evaluation.states[o.index].visible {
		return nil
	}
	x := &explainer{c.evaluation, fixBudget}
	var found []Blocker
	for _, f := range x.blockers(o) {
		found = append(found, Blocker{Text: f.text, Range: f.at, Fix: writeEdits(f.fix, overlaySyntax, "\n")})
	}
	return found
}
