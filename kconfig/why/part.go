package why

import (
	"slices"

	"github.com/cloudgen/cloudgen/kconfig"
)

// Part is one part of a condition with its value. A leaf that is in the way tells what it is up to in turn, down to the
// options that would have to change.
type Part struct {
	Text   string `json:"text"`
	Holds  bool   `json:"holds"`
	Wanted bool   `json:"wanted"`          // what the whole condition wants of it
	Value  string `json:"value,omitempty"` // of a leaf that is an option, as .config has it
	Note   string `json:"note,omitempty"`  // of a leaf that is in the way: what is to be done about it
	Place  *Place `json:"place,omitempty"`
	Parts  []Part `json:"parts,omitempty"` // what it is made of; for a leaf that is in the way, what it needs
}

// lacks says whether the part is in the way.
func lacks(p Part) bool { return p.Holds != p.Wanted }

// deepestPart bounds how far an explanation goes from option to option.
const deepestPart = 8

// needs lists what a definition needs, the outermost block first.
func (x *explainer) needs(d *kconfig.Definition) []Part {
	return x.conditions(d.Surroundings(), []*kconfig.Expr{d.DependsOn, d.PromptIf}, d.Visibility(), 0)
}

func (x *explainer) choiceNeeds(c *kconfig.Choice) []Part {
	var best []Part
	for _, d := range c.Definitions {
		if d.Prompt != "" {
			best = append(best, x.conditions(d.Surroundings(), []*kconfig.Expr{d.DependsOn, d.PromptIf}, d.Visibility(), 1)...)
		}
	}
	return best
}

func (x *explainer) conditions(around []kconfig.Surrounding, own []*kconfig.Expr, visibility []kconfig.Surrounding, depth int) []Part {
	var parts []Part
	add := func(e *kconfig.Expr) {
		for _, one := range conjuncts(e) {
			parts = append(parts, x.part(one, true, depth))
		}
	}
	surround := func(all []kconfig.Surrounding) {
		for _, s := range all {
			if s.Choice == nil {
				add(s.If)
				continue
			}
			c := x.trial.Choice(s.Choice)
			p := Part{Text: "the choice " + s.Choice.Name, Holds: c.On, Wanted: true, Place: place(s.Range)}
			if !c.On && !c.Visible {
				p.Parts = x.choiceNeeds(s.Choice)
			} else if !c.On {
				p.Note = "no member is chosen"
			}
			parts = append(parts, p)
		}
	}
	surround(around)
	for _, e := range own {
		add(e)
	}
	surround(visibility)
	return parts
}

func conjuncts(e *kconfig.Expr) []*kconfig.Expr {
	if e == nil {
		return nil
	}
	if e.Op == kconfig.OpAnd {
		return append(conjuncts(e.Left), conjuncts(e.Right)...)
	}
	return []*kconfig.Expr{e}
}

// operands splits a chain of the same && or ||.
func operands(e *kconfig.Expr, op kconfig.Op) []*kconfig.Expr {
	if e.Op != op {
		return []*kconfig.Expr{e}
	}
	return append(operands(e.Left, op), operands(e.Right, op)...)
}

func (x *explainer) part(e *kconfig.Expr, wanted bool, depth int) Part {
	p := Part{Text: e.String(), Holds: x.trial.Holds(e), Wanted: wanted, Place: place(e.Range)}
	switch {
	case e.Op == kconfig.OpValue && e.Option != nil:
		p.Value, _ = valueOf(x.config, e.Option)
		if p.Value == "" {
			p.Value = "n"
		}
		if lacks(p) {
			x.leaf(&p, e.Option, depth)
		}
	case e.Op == kconfig.OpValue:
	case e.Op == kconfig.OpNot:
		p.Parts = []Part{x.operand(e.Left, !wanted, lacks(p), depth)}
	case e.Op == kconfig.OpAnd, e.Op == kconfig.OpOr:
		for _, one := range operands(e, e.Op) {
			p.Parts = append(p.Parts, x.operand(one, wanted, lacks(p), depth))
		}
	default:
		for _, o := range e.Options() {
			v, _ := x.config.Value(o.Name)
			leaf := Part{Text: o.Name, Holds: p.Holds, Wanted: wanted, Value: v.Shown()}
			if lacks(p) {
				leaf.Note = v.Reason.Text
			}
			p.Parts = append(p.Parts, leaf)
		}
	}
	return p
}

// operand is part of a larger part. Where that is as it should be, nothing in it is in the way.
func (x *explainer) operand(e *kconfig.Expr, wanted, lacking bool, depth int) Part {
	if !lacking {
		wanted = x.trial.Holds(e)
	}
	return x.part(e, wanted, depth)
}

// leaf tells about a bool that is in the way: what holds it, and what would have to change.
func (x *explainer) leaf(p *Part, o *kconfig.Option, depth int) {
	v, _ := x.config.Value(o.Name)
	p.Note = v.Reason.Text
	switch {
	case o.Planned != "":
		return
	case v.Bool:
		if v.Visible && v.Reason.Kind != kconfig.ReasonSelect {
			p.Note += "; an overlay can say " + o.OverlayLine("n")
		}
		return
	case v.Visible:
		p.Note += "; an overlay can say " + o.OverlayLine("y")
		return
	case o.Prompt == "" && len(o.SelectedBy) > 0:
		var names []string
		for _, s := range o.SelectedBy {
			if name := s.By.Option.Name; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		p.Note = "it has no prompt; it is selected by " + list(names)
		return
	case o.Prompt == "":
		p.Note = "it has no prompt; its defaults decide"
		return
	}
	if x.shown[o] || depth == deepestPart {
		p.Note = "see above"
		if depth == deepestPart {
			p.Note = "ask for it: cloudgen why " + o.Name
		}
		return
	}
	x.shown[o] = true
	p.Note = "it needs in turn"
	for _, d := range o.Definitions {
		if d.Prompt == "" {
			continue
		}
		for _, need := range x.conditions(d.Surroundings(), []*kconfig.Expr{d.DependsOn, d.PromptIf}, d.Visibility(), depth+1) {
			if lacks(need) {
				p.Parts = append(p.Parts, need)
			}
		}
	}
}
