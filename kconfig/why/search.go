package why

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
)

// finder searches for the smallest edit that gives an option a value.
//
// It goes deeper by one assignment at a time. At each set of assignments it lets the engine compute all values and looks at
// what is still wrong: the goal, and faults that were not there before. For each it derives from the conditions of
// the tree the ways to change it. An edit that contains the set must contain one way of each, so it goes on with the one that has
// the fewest ways, gives up where there are none, and cuts where more needs are disjoint than assignments are left. So no
// smaller edit is overlooked, and few sets are tried.
type finder struct {
	tree   *kconfig.Tree
	trial  *kconfig.Trial
	before map[kconfig.Fault]bool // faults of the configuration itself
	goal   kconfig.Setting
	effort int // calls of the engine that are left

	ids        map[kconfig.Setting]int
	settings   []kconfig.Setting // by id
	cases      map[remembered][][]condition
	literals   map[*kconfig.Option][]string
	remainders map[*kconfig.Option][]remainder
	relations  map[*kconfig.Option][]*kconfig.Expr // of an option with others
	lenders    map[*kconfig.Option]bool
	memo       map[remembered]ways

	taken       []kconfig.Setting // assigned now
	takenMember map[*kconfig.Choice]*kconfig.Option

	open      bool // what is required may stay without a value
	missed    bool // a set of assignments left something required without a value
	limit     int  // assignments of an edit now
	seen      map[string]bool
	cut       bool // deeper sets were left out
	solutions []solution
	nearest   *attempt
}

type solution struct {
	settings []kconfig.Setting
	changed  []*kconfig.Option
	lines    string
}

// attempt is a set of assignments that leads near the goal.
type attempt struct {
	settings []kconfig.Setting
	reached  bool
	faults   int
}

const (
	deepest       = 12 // assignments of an edit
	mostSolutions = 200
)

func newFinder(config *kconfig.Config, goal kconfig.Setting, effort int) *finder {
	f := &finder{
		tree: config.Tree(), trial: config.Trial(), goal: goal, effort: effort,
		before: map[kconfig.Fault]bool{}, ids: map[kconfig.Setting]int{}, cases: map[remembered][][]condition{},
		memo: map[remembered]ways{}, takenMember: map[*kconfig.Choice]*kconfig.Option{},
	}
	for _, fault := range f.trial.Faults() {
		f.before[fault] = true
	}
	return f
}

// outcome of a search.
type outcome int

const (
	found outcome = iota
	impossible
	tooFar // the effort ended, or the edit would be larger than the deepest
)

func (f *finder) search() outcome { return f.searchUpTo(deepest) }

func (f *finder) searchUpTo(most int) outcome {
	for f.limit = 0; f.limit <= most; f.limit++ {
		f.seen, f.cut = map[string]bool{}, false
		f.visit()
		if len(f.solutions) > 0 {
			slices.SortFunc(f.solutions, func(a, b solution) int {
				return cmp.Or(cmp.Compare(len(a.changed), len(b.changed)), strings.Compare(a.lines, b.lines))
			})
			return found
		}
		if f.effort <= 0 {
			return tooFar
		}
		if !f.cut {
			return impossible
		}
	}
	return tooFar
}

func (f *finder) isTaken(o *kconfig.Option) bool {
	return slices.ContainsFunc(f.taken, func(s kconfig.Setting) bool { return s.Option == o })
}

// lax says whether an assignment to the option had no effect from the start, so that it may go on having none.
func (f *finder) lax(o *kconfig.Option) bool {
	return f.before[kconfig.Fault{Kind: kconfig.FaultNoEffect, Option: o}]
}

// visit looks at the set of assignments that is taken now.
func (f *finder) visit() {
	if key := f.key(); f.seen[key] || f.effort <= 0 || len(f.solutions) >= mostSolutions {
		return
	} else {
		f.seen[key] = true
	}
	f.effort--
	f.trial.Resolve(f.taken)
	clear(f.memo)
	needs, faults := f.needs()
	f.remark(faults)
	if len(needs) == 0 {
		if f.reached() && faults == 0 {
			f.solved()
		}
		return
	}
	smallest := fewest(needs)
	if len(smallest) == 0 {
		return
	}
	if len(f.taken)+f.atLeast(needs) > f.limit {
		f.cut = true
		return
	}
	for _, id := range smallest {
		f.take(f.settings[id])
	}
}

// needs gives the ways of everything that is not as it should be, and how many faults are new.
func (f *finder) needs() (all []ways, faults int) {
	if !f.reached() {
		all = append(all, f.goalWays())
	}
	for _, fault := range f.trial.Faults() {
		if f.before[fault] {
			continue
		}
		if fault.Kind == kconfig.FaultRequired && fault.Option != nil {
			f.missed = true
			if f.open {
				continue
			}
		}
		faults++
		all = append(all, f.mend(fault))
	}
	return all, faults
}

// atLeast counts needs that have no option in common: each takes an assignment of its own.
func (f *finder) atLeast(needs []ways) int {
	sorted := slices.Clone(needs)
	slices.SortStableFunc(sorted, func(a, b ways) int { return cmp.Compare(len(a), len(b)) })
	used := map[*kconfig.Option]bool{}
	count := 0
	for _, one := range sorted {
		if slices.ContainsFunc(one, func(id int) bool { return used[f.settings[id].Option] }) {
			continue
		}
		count++
		for _, id := range one {
			used[f.settings[id].Option] = true
		}
	}
	return count
}

func (f *finder) take(s kconfig.Setting) {
	member := s.Option.Choice != nil && s.Text == "y"
	f.taken = append(f.taken, s)
	if member {
		f.takenMember[s.Option.Choice] = s.Option
	}
	f.visit()
	f.taken = f.taken[:len(f.taken)-1]
	if member {
		delete(f.takenMember, s.Option.Choice)
	}
}

// key names the set that is taken, whatever its order.
func (f *finder) key() string {
	lines := make([]string, len(f.taken))
	for i, s := range f.taken {
		lines[i] = s.Option.Name + "=" + s.Text
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (f *finder) reached() bool { return isValue(f.trial.State(f.goal.Option), f.goal) }

func isValue(s kconfig.State, wanted kconfig.Setting) bool {
	switch wanted.Option.Type {
	case kconfig.Bool:
		return s.On == (wanted.Text == "y")
	case kconfig.String:
		return s.Text == wanted.Text
	}
	return s.HasValue && s.Text == wanted.Text
}

// remark keeps the attempt that comes nearest.
func (f *finder) remark(faults int) {
	now := attempt{reached: f.reached(), faults: faults}
	if best := f.nearest; best != nil && (best.reached && !now.reached || best.reached == now.reached && best.faults <= now.faults) {
		return
	}
	now.settings = slices.Clone(f.taken)
	f.nearest = &now
}

// tidied is the nearest attempt with lines added that repeat the value of bools which can no longer have the one that a layer
// assigns, so that only what cannot be mended is left to tell.
func (f *finder) tidied() []kconfig.Setting {
	settings := f.nearest.settings
	for range deepest {
		f.trial.Resolve(settings)
		added := false
		for _, fault := range f.trial.Faults() {
			o := fault.Option
			if f.before[fault] || fault.Kind != kconfig.FaultNoEffect || o.Type != kconfig.Bool ||
				slices.ContainsFunc(settings, func(s kconfig.Setting) bool { return s.Option == o }) {
				continue
			}
			text := "n"
			if f.trial.State(o).On {
				text = "y"
			}
			settings = append(slices.Clone(settings), kconfig.Setting{Option: o, Text: text})
			added = true
		}
		if !added {
			break
		}
	}
	if f.trial.Resolve(settings); !f.reached() {
		return f.nearest.settings
	}
	return settings
}

func (f *finder) solved() {
	made := solution{settings: slices.Clone(f.taken)}
	for _, o := range f.trial.Changed() {
		if o != f.goal.Option {
			made.changed = append(made.changed, o)
		}
	}
	f.inOrder(made.settings)
	made.lines = f.key()
	f.solutions = append(f.solutions, made)
}

// inOrder sorts as a reader wants it: in the order of the tree, the option that is asked for at the end.
func (f *finder) inOrder(settings []kconfig.Setting) {
	place := func(s kconfig.Setting) int {
		if s.Option == f.goal.Option {
			return len(f.tree.Options())
		}
		return s.Option.Index()
	}
	slices.SortFunc(settings, func(a, b kconfig.Setting) int { return cmp.Compare(place(a), place(b)) })
}

// goalWays gives the ways to the value that is asked for.
func (f *finder) goalWays() ways {
	o := f.goal.Option
	if o.Type == kconfig.Bool {
		return f.flip(condition{on: o})
	}
	if o.Planned != "" || f.neverInRange(o, f.goal.Text) || f.goal.Text != "" && !o.IsUnset(f.goal.Text) && !o.Matches(f.goal.Text) {
		return nil
	}
	s := f.trial.State(o)
	values := []string{f.goal.Text}
	switch {
	case s.Assigned && s.AssignedText == f.goal.Text:
		return f.flip(condition{visible: o}).union(f.changeDefault(o, values))
	case s.Assigned && !f.lax(o) && !f.trial.CountsAsUnset(o, s.AssignedText):
		return f.direct(o, f.goal.Text)
	}
	all := f.direct(o, f.goal.Text).union(f.changeDefault(o, values))
	if !s.HasValue {
		all = all.union(f.flip(condition{visible: o})) // a number that only a range gives counts where it is visible
	}
	return all
}

// mend gives the ways to do away with a fault.
func (f *finder) mend(fault kconfig.Fault) ways {
	o := fault.Option
	switch fault.Kind {
	case kconfig.FaultNoEffect:
		return f.mendNoEffect(o)
	case kconfig.FaultPattern:
		return f.changeValue(o, nil, o.Matches).union(f.flip(condition{visible: o}))
	case kconfig.FaultConstraint:
		c := fault.Constraint
		return f.flipExpr(c.Condition).union(f.breakAny(f.constraintConditions(c)))
	}
	// What is required cannot be invented, only be no longer required.
	if c := fault.Choice; c != nil {
		all := f.breakRequired(c.Required).union(f.flip(condition{offered: c})).union(f.flipFirst(f.memberCases(c)))
		for _, member := range c.Members {
			all = all.union(f.direct(member, "y"))
		}
		return all
	}
	return f.breakRequired(o.Required).union(f.flip(condition{visible: o})).union(f.changeDefault(o, nil))
}

func (f *finder) breakRequired(conditions []kconfig.Condition) ways {
	var holding []ways
	for _, c := range conditions {
		if f.trial.Holds(c.If) {
			holding = append(holding, f.flipExpr(c.If))
		}
	}
	return fewest(holding)
}

// mendNoEffect is about an option that does not have the value that is assigned to it.
func (f *finder) mendNoEffect(o *kconfig.Option) ways {
	s := f.trial.State(o)
	if o.Type == kconfig.Bool {
		now := "n"
		if s.On {
			now = "y"
		}
		all := f.direct(o, now).union(f.flip(condition{on: o}))
		if o.Choice != nil && s.AssignedText == "y" {
			for _, other := range o.Choice.Members {
				if other != o {
					all = all.union(f.direct(other, "y")) // then the other is chosen, and this one says nothing
				}
			}
		}
		return all
	}
	var all ways
	if s.Visible {
		all = f.changeRange(o, []string{s.AssignedText})
		for _, text := range f.valuesFor(o, []string{s.Text}) {
			all = all.union(f.direct(o, text))
		}
		return all.union(f.flip(condition{visible: o}))
	}
	all = f.flip(condition{visible: o}).union(f.changeDefault(o, []string{s.AssignedText}))
	switch {
	case o.Secret && s.Text != "": // a line would show it
	case s.Text != "", o.Type == kconfig.String:
		all = all.union(f.direct(o, s.Text)) // what it has anyway
	}
	return all
}
