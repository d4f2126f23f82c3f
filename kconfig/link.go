package kconfig

import (
	"maps"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// link connects names with options, checks types and finds the order of evaluation.
func (b *builder) link() {
	names := b.nameList()
	for _, leaf := range b.names {
		b.resolve(leaf, names)
	}
	for _, o := range b.tree.options {
		b.linkOption(o, names)
	}
	for _, c := range b.tree.choices {
		b.linkChoice(c)
	}
	for _, leaf := range b.truths {
		b.checkTruth(leaf)
	}
	for _, relation := range b.relations {
		b.checkRelation(relation)
	}
	for _, sum := range b.sums {
		b.checkSum(sum)
	}
	b.linkAliases(names)
	b.sort()
}

// nameList is what did-you-mean chooses from.
func (b *builder) nameList() []string {
	names := make([]string, len(b.tree.options))
	for i, o := range b.tree.options {
		names[i] = o.Name
	}
	return names
}

func (b *builder) resolve(leaf *Expr, names []string) {
	if leaf.literal != notLiteral || leaf.Option != nil {
		return
	}
	if leaf.Option = b.tree.byName[leaf.Text]; leaf.Option == nil {
		b.undefined(leaf.Text, leaf.Range, names)
	}
}

func (b *builder) undefined(name string, at hcl.Range, names []string) {
	d := b.diags.add(CodeUndefinedName, &at, "no option is named %s", name)
	if alias := b.tree.aliasNamed[name]; alias != nil {
		d.relate(alias.Range, "it is the old name of %s", alias.To)
		d.Fix = "write " + alias.To
		return
	}
	if b.tree.choiceNamed[name] != nil {
		d.Detail = "It is a choice; an expression asks for one of its members."
		return
	}
	if like := nearest(name, names); like != "" {
		d.Fix = "write " + like
	} else {
		d.Detail = "Every name in the tree must be defined by one of its files."
	}
}

func (b *builder) linkOption(o *Option, names []string) {
	first := o.Definitions[0]
	if b.facts[o].typed == nil {
		b.missing(first.Range, o.Name+" has no type", "type = bool, int, hex or string")
	}
	if o.Origin == "" {
		o.Origin = "sdk"
	}
	if o.Pattern != "" {
		at := *b.facts[o].pattern
		if o.Type == Bool {
			b.diags.add(CodeMisplaced, &at, "a bool has no pattern").Fix = "leave it out"
		} else if compiled, err := regexp.Compile(o.Pattern); err != nil {
			b.diags.add(CodePattern, &at, "the pattern of %s is not a regular expression", o.Name).Detail = err.Error() + "."
		} else {
			o.pattern = compiled
		}
	}
	if len(o.Required) > 0 && o.Type == Bool {
		d := b.diags.add(CodeMisplaced, &o.Required[0].Range, "a bool cannot be required")
		d.Detail = "A bool always has a value. A rule between options is a constraint."
	}
	b.linkProvisions(o)
	o.required = len(o.Required) > 0 && o.Type != Bool
	for _, d := range o.Definitions {
		for i := range d.Defaults {
			b.checkDefault(o, &d.Defaults[i])
		}
		for i := range d.Ranges {
			b.checkBounds(o, &d.Ranges[i])
		}
		b.linkSelections(o, d.Selects, names, true)
		b.linkSelections(o, d.Implies, names, false)
	}
}

func (b *builder) linkSelections(o *Option, selections []*Selection, names []string, selects bool) {
	verb := "imply"
	if selects {
		verb = "select"
	}
	for _, s := range selections {
		if o.Type != Bool && b.facts[o].typed != nil {
			b.diags.add(CodeSelect, &s.Range, "%s is %s; only a bool can %s", o.Name, o.Type.article(), verb)
			continue
		}
		target := b.tree.byName[s.Name]
		if target == nil {
			b.undefined(s.Name, s.Range, names)
			continue
		}
		s.Target = target
		switch {
		case target.Type != Bool:
			d := b.diags.add(CodeSelect, &s.Range, "%s cannot %s %s, which is %s", o.Name, verb, target.Name, target.Type.article())
			d.relate(target.Range(), "defined here")
		case target.Choice != nil:
			d := b.diags.add(CodeSelect, &s.Range, "%s cannot %s %s, which is a member of a choice", o.Name, verb, target.Name)
			d.Detail = "The members of a choice decide among themselves; select and imply do not reach them."
			d.relate(target.Range(), "defined here")
			d.Fix = "give the choice a default with a condition"
		case selects:
			target.SelectedBy = append(target.SelectedBy, s)
		default:
			target.ImpliedBy = append(target.ImpliedBy, s)
		}
	}
}

// checkDefault sees that a default can be a value of its option.
func (b *builder) checkDefault(o *Option, d *Default) {
	if o.Choice != nil {
		e := b.diags.add(CodeChoice, &d.Range, "%s is a member of a choice, so its default has no effect", o.Name)
		e.relate(o.Choice.Range(), "the choice")
		e.Fix = "give the choice a default"
	}
	if o.Type == Bool {
		b.markTruths(d.Value)
		return
	}
	b.checkOperand(o, d.Value, "default")
}

func (b *builder) checkBounds(o *Option, r *Bounds) {
	if !o.Type.isNumber() {
		b.diags.add(CodeMisplaced, &r.Range, "%s cannot have a range: it is %s", o.Name, o.Type.article())
		return
	}
	b.checkOperand(o, r.Min, "bound")
	b.checkOperand(o, r.Max, "bound")
	if r.Min.number.ok && r.Max.number.ok && r.Min.number.value > r.Max.number.value {
		d := b.diags.add(CodeDefault, &r.Range, "the range of %s is empty: %s is more than %s", o.Name, r.Min.Text, r.Max.Text)
		d.Fix = "exchange the bounds"
	}
}

// checkOperand sees that a literal or an option can be a value of an option that
// is not a bool, and brings a literal into its canonical form.
func (b *builder) checkOperand(o *Option, e *Expr, what string) {
	if e.Op != OpValue {
		d := b.diags.add(CodeDefault, &e.Range, "the %s of %s must be a literal or the name of an option", what, o.Name)
		d.Fix = "for several values, use default blocks with conditions"
		return
	}
	if e.literal == notLiteral {
		if e.Option != nil && e.Option.Type != o.Type {
			d := b.diags.add(CodeDefault, &e.Range, "%s is %s and cannot be the %s of %s, which is %s", e.Text, e.Option.Type.article(), what, o.Name, o.Type.article())
			d.relate(e.Option.Range(), "%s is defined here", e.Text)
		}
		return
	}
	value := parseValue(o.Type, e.Text, e.literal)
	if value.problem != "" {
		d := b.diags.add(CodeDefault, &e.Range, "%s is not a value of %s, which is %s", e, o.Name, o.Type.article())
		d.Detail = value.problem
		if value.fix != "" {
			d.Fix = "write " + overlayText(o.Type, value.fix)
		}
		return
	}
	e.Text = value.text
	e.number = number{value.number, o.Type.isNumber()}
}

// checkTruth sees that a leaf in a condition is a bool.
func (b *builder) checkTruth(leaf *Expr) {
	switch {
	case leaf.literal == boolLiteral:
	case leaf.literal != notLiteral:
		d := b.diags.add(CodeOperandType, &leaf.Range, "%s is neither true nor false", leaf)
		d.Fix = "compare it with an option, or write y or n"
	case leaf.Option != nil && leaf.Option.Type != Bool:
		d := b.diags.add(CodeOperandType, &leaf.Range, "%s is %s; a condition needs a bool", leaf.Text, leaf.Option.Type.article())
		d.relate(leaf.Option.Range(), "defined here")
		d.Fix = "compare it: " + leaf.Text + " != …"
	}
}

// checkRelation sees that two operands can be compared, and prepares literals.
func (b *builder) checkRelation(e *Expr) {
	for _, sides := range [][2]*Expr{{e.Left, e.Right}, {e.Right, e.Left}} {
		literal, other := sides[0], sides[1]
		if literal.Op.isArithmetic() && other.Op == OpValue && !isNumeric(other) {
			b.diags.add(CodeOperandType, &e.Range, "%s is a number and cannot be compared with %s", literal, other)
		}
		if literal.literal == notLiteral {
			continue
		}
		literal.number = literalNumber(literal)
		if other.Option == nil {
			continue
		}
		isBool := literal.literal == boolLiteral || literal.Text == "y" || literal.Text == "n"
		switch t := other.Option.Type; {
		case t == Bool && !isBool:
			d := b.diags.add(CodeOperandType, &e.Range, "%s is a bool and cannot be compared with %s", other.Text, literal)
			d.relate(other.Option.Range(), "defined here")
			d.Fix = "compare it with y or n"
		case t.isNumber() && literal.Text != "" && !literal.number.ok, t.isNumber() && literal.literal == boolLiteral:
			d := b.diags.add(CodeOperandType, &e.Range, "%s is %s and cannot be compared with %s", other.Text, t.article(), literal)
			d.relate(other.Option.Range(), "defined here")
			d.Fix = "compare it with a number"
		}
	}
	if l, r := e.Left.Option, e.Right.Option; l != nil && r != nil && (l.Type == Bool) != (r.Type == Bool) {
		d := b.diags.add(CodeOperandType, &e.Range, "%s is %s and %s is %s; they cannot be compared", l.Name, l.Type.article(), r.Name, r.Type.article())
		d.relate(l.Range(), "%s is defined here", l.Name).relate(r.Range(), "%s is defined here", r.Name)
	}
}

// checkSum sees that arithmetic has numbers on both sides.
func (b *builder) checkSum(e *Expr) {
	for _, side := range []*Expr{e.Left, e.Right} {
		switch {
		case side.Op.isArithmetic(), side.literal == numberLiteral:
		case side.Op == OpValue && side.literal == notLiteral && (side.Option == nil || side.Option.Type.isNumber()):
		default:
			d := b.diags.add(CodeOperandType, &side.Range, "%s is not a number", side)
			if side.Option != nil {
				d.relate(side.Option.Range(), "defined here")
			}
		}
	}
}

// literalNumber reads a literal in a relation: y and n count 2 and 0, as in Kconfig.
func literalNumber(e *Expr) number {
	switch e.Text {
	case "y":
		return number{2, true}
	case "n":
		return number{0, true}
	}
	return parseNumber(e.Text, 0)
}

// isNumeric says whether a leaf is a number, or might be one when its name is defined.
func isNumeric(e *Expr) bool {
	if e.literal != notLiteral {
		return e.literal == numberLiteral
	}
	return e.Option == nil || e.Option.Type.isNumber()
}

func (b *builder) linkChoice(c *Choice) {
	if c.Prompt == "" {
		at := c.Range()
		b.missing(at, "the choice "+c.Name+" has no prompt, so no member could ever be on", `prompt = "…"`)
	}
	if len(c.Members) == 0 {
		at := c.Range()
		b.diags.add(CodeChoice, &at, "the choice %s has no members", c.Name)
	}
	for i := range c.Defaults {
		d := &c.Defaults[i]
		d.Member = b.tree.byName[d.Name]
		if d.Member == nil || d.Member.Choice != c {
			d.Member = nil
			e := b.diags.add(CodeChoice, &d.Range, "%s is not a member of the choice %s", d.Name, c.Name)
			if like := nearest(d.Name, memberNames(c)); like != "" {
				e.Fix = "write " + like
			} else {
				e.relate(c.Range(), "the choice")
			}
		}
	}
	for _, o := range c.Members {
		at := o.Range()
		if o.Type != Bool {
			b.diags.add(CodeChoice, &at, "%s is a member of a choice and must be a bool", o.Name)
		} else if o.Prompt == "" {
			b.missing(at, o.Name+" is a member of a choice and needs a prompt", `prompt = "…"`)
		}
		for _, d := range o.Definitions {
			if d.Prompt != "" && (d.scope == nil || d.scope.inside != c) {
				e := b.diags.add(CodeChoice, &d.Range, "%s is a member of a choice and has a prompt outside of it", o.Name)
				e.relate(c.Range(), "the choice")
				e.Fix = "leave the prompt out here"
			}
		}
	}
}

func memberNames(c *Choice) []string {
	names := make([]string, len(c.Members))
	for i, o := range c.Members {
		names[i] = o.Name
	}
	return names
}

func (b *builder) linkAliases(names []string) {
	for _, a := range b.tree.aliases {
		if o := b.tree.byName[a.Name]; o != nil {
			d := b.diags.add(CodeRename, &a.Range, "%s is an option and cannot be renamed as well", a.Name)
			d.relate(o.Range(), "the option")
			d.Fix = "remove one of them"
		}
		seen := map[string]bool{a.Name: true}
		for to := a.To; to != ""; {
			if o := b.tree.byName[to]; o != nil {
				a.Option = o
				break
			}
			next := b.tree.aliasNamed[to]
			if next == nil {
				d := b.diags.add(CodeRename, &a.toRange, "%s is renamed to %s, which no file defines", a.Name, to)
				if like := nearest(to, names); like != "" {
					d.Fix = "write " + like
				}
				break
			}
			if seen[to] {
				d := b.diags.add(CodeRename, &a.toRange, "%s is renamed in a circle", a.Name)
				d.relate(next.Range, "which leads back")
				break
			}
			seen[to] = true
			to = next.To
		}
	}
}

// lookUp finds the option behind a name or an old name, and the value that it
// stands for.
func (t *Tree) lookUp(name, value string) (o *Option, newValue string, renamed *Alias) {
	if o := t.byName[name]; o != nil {
		return o, value, nil
	}
	first := t.aliasNamed[name]
	for a := first; a != nil && first.Option != nil; a = t.aliasNamed[a.To] {
		if mapped, ok := a.Values[value]; ok {
			value = mapped
		}
	}
	if first == nil {
		return nil, value, nil
	}
	return first.Option, value, first
}

// sortedKeys is for messages and documents.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
