package kconfig

// Trial resolves one configuration with further assignments, again and again, without diagnostics: a search asks
// it hundreds of times. It is used by one goroutine at a time; the configuration does not change.
type Trial struct {
	base  *Config
	v     *evaluation
	tried int

	patterned, required []*Option // those that a fault can be about
}

// Setting is one assignment of a trial. The text is canonical and a value of the option.
type Setting struct {
	Option *Option
	Text   string
}

// Trial makes a trial of the configuration; it begins without further assignments.
func (c *Config) Trial() *Trial {
	t := &Trial{base: c, v: newEvaluation(c.tree)}
	for _, o := range c.tree.options {
		if o.pattern != nil {
			t.patterned = append(t.patterned, o)
		}
		if o.required {
			t.required = append(t.required, o)
		}
	}
	t.Resolve(nil)
	t.tried = 0
	return t
}

// Resolve computes all values with the settings as one more layer. They are for different options.
func (t *Trial) Resolve(settings []Setting) {
	t.tried++
	v := t.v
	clear(v.states)
	copy(v.users, t.base.evaluation.users)
	for i := range v.choices {
		before := &t.base.evaluation.choices[i]
		v.choices[i] = choiceState{user: before.user, userTouched: before.userTouched}
	}
	for _, s := range settings {
		o := s.Option
		parsed := parseValue(o.Type, s.Text, rawLiteral)
		v.users[o.index] = userValue{set: true, on: parsed.on, number: parsed.number, text: parsed.text}
		if o.Choice == nil {
			continue
		}
		c := &v.choices[o.Choice.index]
		if parsed.on {
			c.user, c.userTouched = o, true
		} else if c.user == o {
			c.user, c.userTouched = nil, false
		}
	}
	v.run()
}

// Tried counts the calls of Resolve.
func (t *Trial) Tried() int { return t.tried }

// State is what an option evaluates to, and by what.
type State struct {
	On       bool // of a bool
	HasValue bool
	Visible  bool // an assignment can take effect
	Met      bool // the dependencies hold, for one definition at least
	Selected bool
	Number   int64 // of an int or hex
	Text     string

	Assigned     bool // by the last layer that says something that counts
	AssignedText string

	Default   *Default // in force; also where a select or imply goes before it
	Bounds    *Bounds  // in force
	Low, High int64    // of the bounds in force
}

// State gives what an option evaluates to.
func (t *Trial) State(o *Option) State {
	s, user := &t.v.states[o.index], &t.v.users[o.index]
	return State{
		On: s.on, HasValue: s.hasValue, Visible: s.visible, Met: s.met, Selected: s.selected, Number: s.number, Text: s.text,
		Assigned: user.set, AssignedText: user.text,
		Default: s.from, Bounds: s.bounds.rule, Low: s.bounds.low, High: s.bounds.high,
	}
}

// ChoiceState is what a choice evaluates to.
type ChoiceState struct {
	Visible  bool
	On       bool
	User     *Option // the member that the layers choose; it may be invisible
	Selected *Option
	Default  *ChoiceDefault // by which it is selected
}

// Choice gives what a choice evaluates to.
func (t *Trial) Choice(c *Choice) ChoiceState {
	s := &t.v.choices[c.index]
	return ChoiceState{Visible: s.visible, On: s.on, User: s.user, Selected: s.selected, Default: s.byDefault}
}

// Holds evaluates a condition; nil holds.
func (t *Trial) Holds(e *Expr) bool { return t.v.truth(e) }

// Active says whether a select or imply is in force.
func (t *Trial) Active(s *Selection) bool {
	return t.v.states[s.By.Option.index].on && t.v.defined[s.By.index] && t.v.truth(s.If)
}

// Number gives the value of an operand as a relation sees it; ok is false if it is no number.
func (t *Trial) Number(e *Expr) (value int64, ok bool) {
	n := t.v.number(e)
	return n.value, n.ok
}

// Text gives the text of an operand as a relation sees it.
func (t *Trial) Text(e *Expr) string { return t.v.text(e) }

// CountsAsUnset says whether the option is required and the text is no value of a required option.
func (t *Trial) CountsAsUnset(o *Option, text string) bool { return t.v.countsAsUnset(o, text) }

// FaultKind says what is wrong with a configuration.
type FaultKind int

// The kinds of faults. Each has its error among the codes.
const (
	FaultNoEffect   FaultKind = iota // the last assignment to Option does not take effect
	FaultPattern                     // the value of Option does not have the form that it must have
	FaultRequired                    // Option, or Choice, is required and has no value
	FaultConstraint                  // Constraint does not hold
)

// Fault is an error of a configuration that further assignments may cause or mend. It is comparable.
type Fault struct {
	Kind       FaultKind
	Option     *Option
	Choice     *Choice
	Constraint *Constraint
}

// Faults lists what Resolve of a tree would complain about, as far as further assignments can change it.
func (t *Trial) Faults() []Fault {
	v := t.v
	var faults []Fault
	for i := range v.users {
		if v.users[i].set && t.hasNoEffect(v.tree.options[i], &v.users[i]) {
			faults = append(faults, Fault{Kind: FaultNoEffect, Option: v.tree.options[i]})
		}
	}
	for _, o := range t.patterned {
		s := &v.states[o.index]
		if s.hasValue && s.text != "" && !(o.isUnsetText(s.text) && o.required) && !o.pattern.MatchString(s.text) {
			faults = append(faults, Fault{Kind: FaultPattern, Option: o})
		}
	}
	for _, o := range t.required {
		s := &v.states[o.index]
		if s.visible && (!s.hasValue || o.isUnsetText(s.text)) && v.required(o) {
			faults = append(faults, Fault{Kind: FaultRequired, Option: o})
		}
	}
	for _, c := range v.tree.choices {
		s := &v.choices[c.index]
		if s.visible && s.selected == nil && v.anyHolds(c.Required) {
			faults = append(faults, Fault{Kind: FaultRequired, Choice: c})
		}
	}
	for _, c := range v.tree.constraints {
		if v.inScope(c.scope) && v.truth(c.DependsOn) && !v.truth(c.Condition) {
			faults = append(faults, Fault{Kind: FaultConstraint, Constraint: c})
		}
	}
	return faults
}

// hasNoEffect is checkAssigned without its words.
func (t *Trial) hasNoEffect(o *Option, user *userValue) bool {
	v := t.v
	s := &v.states[o.index]
	if o.Planned != "" {
		return false
	}
	if c := o.Choice; c != nil && user.on {
		if chosen := v.choices[c.index].user; chosen != nil && chosen != o {
			return false
		}
	}
	if s.visible && o.Type != Bool && v.countsAsUnset(o, user.text) {
		return false
	}
	switch o.Type {
	case Bool:
		return s.on != user.on
	case String:
		return s.text != user.text
	}
	return s.text == "" || s.number != user.number
}

// Changed lists the options whose value differs from the configuration's, in the order of Tree.Options. A bool that
// is absent counts as n.
func (t *Trial) Changed() []*Option {
	var changed []*Option
	for i, o := range t.v.tree.options {
		now, before := &t.v.states[i], &t.base.evaluation.states[i]
		if now.on != before.on || o.Type != Bool && (now.hasValue != before.hasValue || now.hasValue && now.text != before.text) {
			changed = append(changed, o)
		}
	}
	return changed
}
