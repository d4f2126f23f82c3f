package why

import (
	"slices"

	"github.com/cloudgen/cloudgen/kconfig"
)

// ways are the assignments of which at least one must be part of any edit that changes something: ids of a
// finder's settings, sorted. Without any, nothing can change it.
type ways []int

func (w ways) union(other ways) ways {
	if len(w) == 0 {
		return other
	}
	if len(other) == 0 {
		return w
	}
	all := make(ways, 0, len(w)+len(other))
	i, j := 0, 0
	for i < len(w) && j < len(other) {
		switch {
		case w[i] < other[j]:
			all, i = append(all, w[i]), i+1
		case w[i] > other[j]:
			all, j = append(all, other[j]), j+1
		default:
			all, i, j = append(all, w[i]), i+1, j+1
		}
	}
	return append(append(all, w[i:]...), other[j:]...)
}

// condition is something that holds or does not. Exactly one field is set.
type condition struct {
	expr    *kconfig.Expr
	on      *kconfig.Option // the bool is y
	met     *kconfig.Option // its dependencies hold
	visible *kconfig.Option
	choice  *kconfig.Choice // is on
	offered *kconfig.Choice // is visible
	broken  []condition     // at least one of them does not hold
}

func (f *finder) holds(c condition) bool {
	switch {
	case c.on != nil:
		return f.trial.State(c.on).On
	case c.met != nil:
		return f.trial.State(c.met).Met
	case c.visible != nil:
		return f.trial.State(c.visible).Visible
	case c.choice != nil:
		return f.trial.Choice(c.choice).On
	case c.offered != nil:
		return f.trial.Choice(c.offered).Visible
	case c.broken != nil:
		return !f.allHold(c.broken)
	}
	return f.trial.Holds(c.expr)
}

func (f *finder) allHold(conditions []condition) bool {
	return !slices.ContainsFunc(conditions, func(c condition) bool { return !f.holds(c) })
}

// flip gives the ways to make a condition hold that does not, or the other way round.
func (f *finder) flip(c condition) ways {
	switch {
	case c.on != nil:
		return f.remember(c.on, flipOn, func() ways { return f.flipBool(c.on) })
	case c.met != nil:
		return f.remember(c.met, flipMet, func() ways { return f.flipDefined(c.met, f.metCases(c.met)) })
	case c.visible != nil:
		if c.visible.Planned != "" {
			return nil
		}
		return f.remember(c.visible, flipVisible, func() ways { return f.flipDefined(c.visible, f.visibleCases(c.visible)) })
	case c.choice != nil:
		return f.remember(c.choice, flipChoice, func() ways { return f.flipChoiceOn(c.choice) })
	case c.offered != nil:
		return f.remember(c.offered, flipOffered, func() ways { return f.flipAny(f.offeredCases(c.offered)) })
	case c.broken != nil:
		if f.holds(c) {
			return f.makeAll(c.broken)
		}
		return f.breakAny(c.broken)
	}
	return f.flipExpr(c.expr)
}

// The kinds of ways that a finder remembers while it looks at one set of settings.
const (
	flipOn = iota
	flipMet
	flipVisible
	flipChoice
	flipOffered
)

type remembered struct {
	of   any
	kind int
}

func (f *finder) remember(of any, kind int, find func() ways) ways {
	key := remembered{of, kind}
	if found, ok := f.memo[key]; ok {
		return found
	}
	f.memo[key] = nil // conditions have no loops; if they had, this would end them
	found := find()
	f.memo[key] = found
	return found
}

// makeAll gives the ways to make all conditions hold. Each that does not must change, so the one with the
// fewest ways stands for all.
func (f *finder) makeAll(conditions []condition) ways {
	var best ways
	first := true
	for _, c := range conditions {
		if f.holds(c) {
			continue
		}
		if found := f.flip(c); first || len(found) < len(best) {
			best, first = found, false
		}
		if len(best) == 0 {
			return nil
		}
	}
	return best
}

// breakAny gives the ways to make one of the conditions fail, all of which hold.
func (f *finder) breakAny(conditions []condition) ways {
	var all ways
	for _, c := range conditions {
		all = all.union(f.flip(c))
	}
	return all
}

// flipAny gives the ways to make all conditions of one case hold, or where those of some cases hold, to break every such case.
func (f *finder) flipAny(cases [][]condition) ways {
	var all, least ways
	broken := false
	for _, one := range cases {
		if !f.allHold(one) {
			all = all.union(f.makeAll(one))
		} else if found := f.breakAny(one); !broken || len(found) < len(least) {
			least, broken = found, true
		}
	}
	if broken {
		return least
	}
	return all
}

// flipFirst gives the ways to change which is the first of the cases whose conditions all hold.
func (f *finder) flipFirst(cases [][]condition) ways {
	var all ways
	for _, one := range cases {
		if f.allHold(one) {
			return all.union(f.breakAny(one))
		}
		all = all.union(f.makeAll(one))
	}
	return all
}

func (f *finder) flipExpr(e *kconfig.Expr) ways {
	if e == nil {
		return nil
	}
	now := f.trial.Holds(e)
	sides := func() []condition { return []condition{{expr: e.Left}, {expr: e.Right}} }
	switch {
	case e.Op == kconfig.OpValue:
		if e.Option == nil {
			return nil
		}
		return f.flip(condition{on: e.Option})
	case e.Op == kconfig.OpNot:
		return f.flipExpr(e.Left)
	case e.Op == kconfig.OpAnd && !now:
		return f.makeAll(sides())
	case e.Op == kconfig.OpAnd:
		return f.breakAny(sides())
	case e.Op == kconfig.OpOr && !now:
		return f.flipExpr(e.Left).union(f.flipExpr(e.Right))
	case e.Op == kconfig.OpOr:
		var best ways
		first := true
		for _, side := range sides() {
			if !f.holds(side) {
				continue
			}
			if found := f.flip(side); first || len(found) < len(best) {
				best, first = found, false
			}
		}
		return best
	}
	return f.flipRelation(e)
}

// flipDefined is about an option that is met, or visible, by one of its definitions.
func (f *finder) flipDefined(_ *kconfig.Option, cases [][]condition) ways { return f.flipAny(cases) }

// direct gives an assignment, unless it is impossible or the option is assigned already.
func (f *finder) direct(o *kconfig.Option, text string) ways {
	if o.Prompt == "" || o.Planned != "" || f.isTaken(o) || f.neverInRange(o, text) {
		return nil
	}
	if o.Choice != nil && text == "y" && f.takenMember[o.Choice] != nil {
		return nil // one layer turns on one member
	}
	setting := kconfig.Setting{Option: o, Text: text}
	id, ok := f.ids[setting]
	if !ok {
		id = len(f.settings)
		f.ids[setting] = id
		f.settings = append(f.settings, setting)
	}
	return ways{id}
}

// flipBool gives the ways to turn a bool on or off.
func (f *finder) flipBool(o *kconfig.Option) ways {
	if o.Planned != "" {
		return nil
	}
	if o.Choice != nil {
		return f.flipMember(o)
	}
	if f.trial.State(o).On {
		return f.turnOff(o)
	}
	return f.turnOn(o)
}

func (f *finder) turnOn(o *kconfig.Option) ways {
	s := f.trial.State(o)
	said := s.Assigned && s.AssignedText == "n"
	all := f.direct(o, "y")
	if said && !f.lax(o) {
		return all // whatever else turned it on, the assignment of n would be an error
	}
	if s.Assigned && s.AssignedText == "y" {
		all = f.flip(condition{visible: o}) // to say it again does not help
	}
	// The first default in force must be true; else an earlier one, or one behind it, must take its place.
	cases := f.defaultCases(o)
	values := f.defaultValues(o)
	for i, conditions := range cases {
		value := condition{expr: values[i]}
		if !f.allHold(conditions) {
			all = all.union(f.makeAll(append(slices.Clone(conditions), value)))
			continue
		}
		all = all.union(f.flip(value))
		if i < len(cases)-1 {
			all = all.union(f.breakAny(conditions))
		}
		break
	}
	for _, by := range o.ImpliedBy {
		all = all.union(f.makeAll(append(f.selectionConditions(by), condition{met: o})))
	}
	for _, by := range o.SelectedBy {
		all = all.union(f.makeAll(f.selectionConditions(by)))
	}
	return all
}

func (f *finder) turnOff(o *kconfig.Option) ways {
	s := f.trial.State(o)
	own := f.direct(o, "n")
	if s.Assigned && s.AssignedText == "n" {
		own = f.flip(condition{visible: o})
	}
	var reasons []ways // each must go
	for _, by := range o.SelectedBy {
		if f.trial.Active(by) {
			reasons = append(reasons, f.breakAny(f.selectionConditions(by)))
		}
	}
	switch {
	case s.Assigned && s.AssignedText == "y" && !f.lax(o):
		reasons = append(reasons, own)
	case s.Assigned && s.AssignedText == "y":
		reasons = append(reasons, own.union(f.flip(condition{visible: o})).union(f.flipFirst(f.defaultCases(o))))
	default:
		if s.Default != nil && f.trial.Holds(s.Default.Value) && (!s.Visible || !s.Assigned) {
			reasons = append(reasons, own.union(f.flip(condition{expr: s.Default.Value})).union(f.flipFirst(f.defaultCases(o))))
		}
		for _, by := range o.ImpliedBy {
			if s.Met && f.trial.Active(by) && (!s.Visible || !s.Assigned) {
				reasons = append(reasons, own.union(f.breakAny(f.selectionConditions(by))).union(f.flip(condition{met: o})))
			}
		}
	}
	return fewest(reasons)
}

func fewest(all []ways) ways {
	var best ways
	for i, one := range all {
		if i == 0 || len(one) < len(best) {
			best = one
		}
	}
	return best
}

// flipMember gives the ways to move a choice onto a member, or away from it.
func (f *finder) flipMember(o *kconfig.Option) ways {
	c := f.trial.Choice(o.Choice)
	if !f.trial.State(o).On {
		if !f.trial.State(o).Visible {
			return f.flip(condition{visible: o})
		}
		all := f.direct(o, "y")
		if c.User != nil {
			all = all.union(f.direct(c.User, "n"))
		}
		if c.Selected != nil && c.Selected != c.User {
			all = all.union(f.flipFirst(f.memberCases(o.Choice)))
		}
		return all
	}
	var all ways
	for _, other := range o.Choice.Members {
		if other != o {
			all = all.union(f.direct(other, "y"))
		}
	}
	if c.User == o {
		all = all.union(f.direct(o, "n"))
		if f.lax(o) {
			all = all.union(f.flip(condition{visible: o}))
		}
		return all
	}
	if c.User != nil {
		all = all.union(f.flip(condition{visible: c.User}))
	}
	return all.union(f.flip(condition{visible: o})).union(f.flipFirst(f.memberCases(o.Choice)))
}

func (f *finder) flipChoiceOn(c *kconfig.Choice) ways {
	s := f.trial.Choice(c)
	if !s.Visible {
		return f.flip(condition{offered: c})
	}
	var all ways
	if s.On {
		all = f.flip(condition{offered: c})
		if c.Optional && s.User != nil {
			all = all.union(f.direct(s.User, "n"))
		}
		return all
	}
	for _, member := range c.Members {
		all = all.union(f.direct(member, "y"))
	}
	return all
}
