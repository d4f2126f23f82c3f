package kconfig

import "github.com/hashicorp/hcl/v2"

// Surrounding is one condition that a block sets for all in it: an expression, or
// that a choice is on. Exactly one of If and Choice is set.
type Surrounding struct {
	If     *Expr
	Choice *Choice
	Range  hcl.Range // of the expression, or the choice's name
}

// surroundings gives the depends_on of a block and all around it, the outermost first.
func (s *scope) surroundings() []Surrounding {
	if s == nil {
		return nil
	}
	all := s.parent.surroundings()
	switch {
	case s.choice != nil:
		all = append(all, Surrounding{Choice: s.choice, Range: s.place})
	case s.dependsOn != nil:
		all = append(all, Surrounding{If: s.dependsOn, Range: s.dependsOn.Range})
	}
	return all
}

// visibility gives the visible_if of a block and all around it, the outermost first.
func (s *scope) visibility() []Surrounding {
	if s == nil {
		return nil
	}
	all := s.outer.visibility()
	if s.visibleIf != nil {
		all = append(all, Surrounding{If: s.visibleIf, Range: s.visibleIf.Range})
	}
	return all
}

// Surroundings gives what the blocks around demand, the outermost first; the definition's
// own depends_on is not among them.
func (d *Definition) Surroundings() []Surrounding { return d.scope.surroundings() }

// Visibility gives the visible_if of the menus around, the outermost first.
func (d *Definition) Visibility() []Surrounding { return d.scope.visibility() }

// Surroundings gives what the blocks around demand, the outermost first; the
// choice's own depends_on is not among them.
func (d *ChoiceDefinition) Surroundings() []Surrounding { return d.scope.surroundings() }

// Visibility gives the visible_if of the menus around, the outermost first.
func (d *ChoiceDefinition) Visibility() []Surrounding { return d.scope.visibility() }

// Surroundings gives what must hold for the default besides its own condition, the outermost first.
func (d *ChoiceDefault) Surroundings() []Surrounding {
	all := d.scope.surroundings()
	if d.dep != nil {
		all = append(all, Surrounding{If: d.dep, Range: d.dep.Range})
	}
	return all
}

// Surroundings gives what the blocks around demand, the outermost first; the rule's own
// depends_on is not among them.
func (c *Constraint) Surroundings() []Surrounding { return c.scope.surroundings() }

// LookUp finds the option behind a name or an old name, without CONFIG_. For an old name it also gives the
// entry that renames it, and the value as the new option has it. The option is nil if there is none.
func (t *Tree) LookUp(name, value string) (o *Option, newValue string, renamed *Alias) {
	return t.lookUp(name, value)
}

// Nearest gives the option, old name or choice that a wrong name was probably meant to be; "" if none is near.
func (t *Tree) Nearest(name string) string {
	names := make([]string, 0, len(t.options)+len(t.aliases)+len(t.choices))
	for _, o := range t.options {
		names = append(names, o.Name)
	}
	for _, a := range t.aliases {
		names = append(names, a.Name)
	}
	for _, c := range t.choices {
		names = append(names, c.Name)
	}
	return nearest(name, names)
}

// Index is the option's place in Tree.Options.
func (o *Option) Index() int { return o.index }

// Parse reads text as -set takes it. If it is no value of the option, problem says why in a
// sentence, and fix is the text that was probably meant, or "".
func (o *Option) Parse(text string) (canonical, problem, fix string) {
	kind := rawLiteral
	if inner, ok := unquoteFragment(text); ok {
		text, kind = inner, stringLiteral
	}
	parsed := parseValue(o.Type, text, kind)
	return parsed.text, parsed.problem, parsed.fix
}

// Matches says whether a value has the form that the option's pattern demands.
func (o *Option) Matches(text string) bool { return o.pattern == nil || o.pattern.MatchString(text) }

// IsUnset says whether the text counts as no value where the option is required.
func (o *Option) IsUnset(text string) bool { return o.isUnsetText(text) }

// Show writes a value for a person: strings in quotation marks, secrets hidden.
func (o *Option) Show(text string) string { return shown(o, text) }

// IsLiteral says whether a leaf is a literal; the others are names.
func (e *Expr) IsLiteral() bool { return e.Op == OpValue && e.literal != notLiteral }

// IsRelation says whether the expression compares its two operands.
func (e *Expr) IsRelation() bool { return e.Op.isRelation() }

// IsArithmetic says whether the expression computes a number of its two operands.
func (e *Expr) IsArithmetic() bool { return e.Op.isArithmetic() }

// Options gives the options in an expression, left to right, each once.
func (e *Expr) Options() []*Option {
	var options []*Option
	seen := map[*Option]bool{}
	e.walk(func(leaf *Expr) {
		if leaf.Option != nil && !seen[leaf.Option] {
			seen[leaf.Option] = true
			options = append(options, leaf.Option)
		}
	})
	return options
}

// Compute gives the result of an arithmetic operation; ok is false where there is none.
func Compute(op Op, a, b int64) (result int64, ok bool) {
	made := calculate(op, number{a, true}, number{b, true})
	return made.value, made.ok
}
