package kconfig

import "strings"

// state is what one option evaluates to.
type state struct {
	visible  bool
	met      bool // the direct dependencies hold, for one definition at least
	on       bool
	hasValue bool
	selected bool
	number   int64
	text     string
	cause    cause
	from     *Default     // with causeDefault
	by       *Selection   // with causeSelect and causeImply
	bounds   activeBounds // of an int or hex
	clamped  bool         // its default was outside of them and was moved to the nearest bound
}

// cause is the reason for a value, in a form that costs nothing.
type cause uint8

const (
	causeUnset cause = iota
	causeLayer
	causeDefault
	causeSelect
	causeImply
	causeChoice
	causePlanned
)

// activeBounds is the range in force; without one, rule is nil.
type activeBounds struct {
	low, high int64
	rule      *Bounds
}

func (b activeBounds) contains(value int64) bool {
	return b.rule == nil || b.low <= value && value <= b.high
}

// userValue is what the layers say about an option: its last assignment that counts.
type userValue struct {
	set    bool
	on     bool
	number int64
	text   string
	index  int // in the option's history
}

// choiceState is what a choice evaluates to.
type choiceState struct {
	visible     bool
	on          bool
	user        *Option // the member that the layers choose
	userTouched bool    // a layer assigns y to a member, so an optional choice is on
	selected    *Option
	byDefault   *ChoiceDefault
}

// evaluation computes the values of all options, in the tree's order. Everything is
// in slices by index, so that a large tree resolves in a pass over flat memory.
type evaluation struct {
	tree    *Tree
	states  []state
	users   []userValue
	choices []choiceState
	depends []bool // by scope: all depends_on from the outside in hold
	shows   []bool // by scope: all visible_if hold
	defined []bool // by definition: its dependencies hold
}

func newEvaluation(t *Tree) *evaluation {
	return &evaluation{
		tree:    t,
		states:  make([]state, len(t.options)),
		users:   make([]userValue, len(t.options)),
		choices: make([]choiceState, len(t.choices)),
		depends: make([]bool, len(t.scopes)),
		shows:   make([]bool, len(t.scopes)),
		defined: make([]bool, t.definitions),
	}
}

func (v *evaluation) run() {
	for _, n := range v.tree.order {
		switch {
		case n.scope != nil:
			v.scope(n.scope)
		case n.choice != nil:
			v.choice(n.choice)
		default:
			v.option(n.option)
		}
	}
}

func (v *evaluation) scope(s *scope) {
	v.depends[s.index] = v.inScope(s.parent) && v.truth(s.dependsOn)
	v.shows[s.index] = v.shownIn(s.outer) && v.truth(s.visibleIf)
}

func (v *evaluation) inScope(s *scope) bool { return s == nil || v.depends[s.index] }

func (v *evaluation) shownIn(s *scope) bool { return s == nil || v.shows[s.index] }

// truth evaluates a condition; nil holds.
func (v *evaluation) truth(e *Expr) bool {
	if e == nil {
		return true
	}
	switch e.Op {
	case OpValue:
		if e.Option != nil {
			return v.states[e.Option.index].on
		}
		return e.literal == boolLiteral && e.Text == "y"
	case OpAnd:
		return v.truth(e.Left) && v.truth(e.Right)
	case OpOr:
		return v.truth(e.Left) || v.truth(e.Right)
	case OpNot:
		return !v.truth(e.Left)
	}
	return v.relation(e)
}

// relation compares as Kconfig does: two string options as text; else as numbers if both
// sides are some, with n and y as 0 and 2; else as text.
func (v *evaluation) relation(e *Expr) bool {
	comparison := 0
	left, right := v.number(e.Left), v.number(e.Right)
	if left.ok && right.ok && !(isStringOption(e.Left) && isStringOption(e.Right)) {
		switch {
		case left.value < right.value:
			comparison = -1
		case left.value > right.value:
			comparison = 1
		}
	} else {
		comparison = strings.Compare(v.text(e.Left), v.text(e.Right))
	}
	switch e.Op {
	case OpEqual:
		return comparison == 0
	case OpUnequal:
		return comparison != 0
	case OpLess:
		return comparison < 0
	case OpLessEqual:
		return comparison <= 0
	case OpGreater:
		return comparison > 0
	}
	return comparison >= 0
}

func isStringOption(e *Expr) bool { return e.Option != nil && e.Option.Type == String }

func (v *evaluation) number(e *Expr) number {
	o := e.Option
	if o == nil {
		if e.Op.isArithmetic() {
			return calculate(e.Op, v.number(e.Left), v.number(e.Right))
		}
		return e.number
	}
	s := &v.states[o.index]
	switch o.Type {
	case Bool:
		if s.on {
			return number{2, true}
		}
		return number{0, true}
	case String:
		return parseNumber(s.text, 0)
	}
	return number{s.number, s.text != ""}
}

func (v *evaluation) text(e *Expr) string {
	if o := e.Option; o != nil {
		if o.Type == Bool {
			return boolText(v.states[o.index].on)
		}
		return v.states[o.index].text
	}
	if e.Op.isArithmetic() {
		return "" // an operand has no value
	}
	return e.Text
}

// prepare evaluates the dependencies of all definitions of an option, and its visibility.
func (v *evaluation) prepare(o *Option) *state {
	s := &v.states[o.index]
	for _, d := range o.Definitions {
		met := v.inScope(d.scope) && v.truth(d.DependsOn)
		v.defined[d.index] = met
		if !met {
			continue
		}
		s.met = true
		if d.Prompt != "" && v.shownIn(d.scope) && v.truth(d.PromptIf) {
			s.visible = true
		}
	}
	return s
}

func (v *evaluation) option(o *Option) {
	s := v.prepare(o)
	if o.Planned != "" {
		s.visible = false
		s.cause = causePlanned
		if o.Type == Bool {
			s.hasValue, s.text = s.met, "n"
		}
		return
	}
	switch o.Type {
	case Bool:
		v.boolOption(o, s)
	case String:
		v.stringOption(o, s)
	default:
		v.numberOption(o, s)
	}
}

func (v *evaluation) boolOption(o *Option, s *state) {
	s.hasValue = s.visible
	if user := &v.users[o.index]; s.visible && user.set {
		s.on, s.cause = user.on, causeLayer
	} else {
		if d := v.activeDefault(o); d != nil {
			s.on = v.truth(d.Value)
			s.cause, s.from = causeDefault, d
			s.hasValue = s.hasValue || s.on
		}
		if s.met {
			if by := v.active(o.ImpliedBy); by != nil {
				if !s.on {
					s.cause, s.by = causeImply, by
				}
				s.on, s.hasValue = true, true
			}
		}
	}
	if by := v.active(o.SelectedBy); by != nil {
		if !s.on || s.cause != causeLayer {
			s.cause, s.by = causeSelect, by
		}
		s.on, s.hasValue, s.selected = true, true, true
	}
	s.text = boolText(s.on)
}

// active gives the first select or imply in force.
func (v *evaluation) active(selections []*Selection) *Selection {
	for _, one := range selections {
		if v.states[one.By.Option.index].on && v.defined[one.By.index] && v.truth(one.If) {
			return one
		}
	}
	return nil
}

// activeDefault gives the first default whose condition holds.
func (v *evaluation) activeDefault(o *Option) *Default {
	for _, d := range o.Definitions {
		if !v.defined[d.index] {
			continue
		}
		for i := range d.Defaults {
			if v.truth(d.Defaults[i].If) {
				return &d.Defaults[i]
			}
		}
	}
	return nil
}

func (v *evaluation) stringOption(o *Option, s *state) {
	s.hasValue = s.visible
	if user := &v.users[o.index]; s.visible && user.set && !v.countsAsUnset(o, user.text) {
		s.text, s.cause = user.text, causeLayer
		return
	}
	if d := v.activeDefault(o); d != nil {
		s.text, s.cause, s.from, s.hasValue = v.text(d.Value), causeDefault, d, true
	}
}

// countsAsUnset says whether the option is required and the text is no value of
// a required option.
func (v *evaluation) countsAsUnset(o *Option, text string) bool {
	return o.isUnsetText(text) && v.required(o)
}

func (v *evaluation) required(o *Option) bool {
	if !o.required {
		return false
	}
	for i := range o.Required {
		if v.truth(o.Required[i].If) {
			return true
		}
	}
	return false
}

func (v *evaluation) numberOption(o *Option, s *state) {
	s.bounds = v.activeBounds(o)
	if user := &v.users[o.index]; s.visible && user.set && !v.countsAsUnset(o, user.text) {
		if s.bounds.contains(user.number) {
			s.number, s.text, s.cause, s.hasValue = user.number, user.text, causeLayer, true
			return
		}
	}
	if d := v.activeDefault(o); d != nil {
		s.cause, s.from = causeDefault, d
		if n := v.number(d.Value); n.ok {
			s.number, s.text = n.value, formatNumber(n.value, o.Type)
		}
	}
	if b := s.bounds; b.rule != nil {
		// Kconfig moves the default into the range, and takes 0 where there is none.
		moved := s.number
		if moved < b.low {
			moved = b.low
		} else if moved > b.high {
			moved = b.high
		}
		if moved != s.number {
			s.number, s.text = moved, formatNumber(moved, o.Type)
			s.clamped = true
			if s.cause == causeUnset {
				s.cause = causeDefault
			}
		}
	}
	// A number that only the range gives an option that nobody can see is none in a .config file.
	s.hasValue = s.text != "" && (s.visible || s.from != nil)
}

// activeBounds gives the first range whose condition holds. A bound without a value is 0.
func (v *evaluation) activeBounds(o *Option) activeBounds {
	for _, d := range o.Definitions {
		if !v.defined[d.index] {
			continue
		}
		for i := range d.Ranges {
			if r := &d.Ranges[i]; v.truth(r.If) {
				return activeBounds{low: v.number(r.Min).value, high: v.number(r.Max).value, rule: r}
			}
		}
	}
	return activeBounds{}
}

// choice evaluates a choice with the blocks inside it and all its members.
func (v *evaluation) choice(c *Choice) {
	s := &v.choices[c.index]
	for _, d := range c.Definitions {
		if d.Prompt != "" && v.inScope(d.scope) && v.shownIn(d.scope) && v.truth(d.DependsOn) && v.truth(d.PromptIf) {
			s.visible = true
		}
	}
	s.on = s.visible && (!c.Optional || s.userTouched)
	v.depends[c.mode.index] = s.on
	v.shows[c.mode.index] = true
	for _, inner := range c.scopes {
		v.scope(inner)
	}
	for _, o := range c.Members {
		if member := v.prepare(o); o.Planned != "" {
			member.visible = false
		}
	}
	if s.on {
		v.selectMember(c, s)
	}
	for _, o := range c.Members {
		member := &v.states[o.index]
		member.on = o == s.selected
		member.text = boolText(member.on)
		member.hasValue = member.visible
		member.cause = causeChoice
		switch {
		case o.Planned != "":
			member.cause = causePlanned
		case !member.visible:
			member.cause = causeUnset
		case member.on && o == s.user:
			member.cause = causeLayer
		}
	}
}

// selectMember takes what the layers choose if it is visible, else the first visible
// default, else the first visible member.
func (v *evaluation) selectMember(c *Choice, s *choiceState) {
	if s.user != nil && v.states[s.user.index].visible {
		s.selected = s.user
		return
	}
	for i := range c.Defaults {
		d := &c.Defaults[i]
		if d.Member != nil && v.inScope(d.scope) && v.truth(d.dep) && v.truth(d.If) && v.states[d.Member.index].visible {
			s.selected, s.byDefault = d.Member, d
			return
		}
	}
	for _, o := range c.Members {
		if v.states[o.index].visible {
			s.selected = o
			return
		}
	}
}
