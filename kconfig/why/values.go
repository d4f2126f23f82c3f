package why

import (
	"slices"
	"strconv"

	"github.com/cloudgen/cloudgen/kconfig"
)

// flipRelation gives the ways to change the outcome of a comparison: one of its options must take another value.
func (f *finder) flipRelation(e *kconfig.Expr) ways {
	options := e.Options()
	want := !f.trial.Holds(e)
	var all ways
	for _, o := range options {
		if o.Type == kconfig.Bool {
			all = all.union(f.flip(condition{on: o}))
			continue
		}
		var accept func(string) bool
		if len(options) == 1 {
			accept = func(text string) bool { return f.compareWith(e, o, text) == want }
		}
		all = all.union(f.changeValue(o, f.turningPoints(e, o, want), accept))
	}
	return all
}

// changeValue gives the ways to give an option that is no bool another value. Assigned to it are the values of interest and
// those at which conditions of the tree turn, as far as accept, if any, takes them.
func (f *finder) changeValue(o *kconfig.Option, interesting []string, accept func(string) bool) ways {
	if o.Planned != "" {
		return nil
	}
	s := f.trial.State(o)
	var all ways
	if !f.isTaken(o) {
		for _, text := range f.valuesFor(o, interesting) {
			if s.HasValue && text == s.Text || accept != nil && !accept(text) || s.Assigned && s.AssignedText == text {
				continue
			}
			all = all.union(f.direct(o, text))
		}
	}
	if s.Assigned && s.HasValue && s.AssignedText == s.Text && s.Visible && !f.lax(o) {
		return all // with any other value, what is assigned now would be an error
	}
	if s.Assigned {
		all = all.union(f.flip(condition{visible: o}))
	}
	return all.union(f.changeDefault(o, interesting))
}

// changeDefault gives the ways to change the value that an option has by its defaults and ranges.
func (f *finder) changeDefault(o *kconfig.Option, interesting []string) ways {
	s := f.trial.State(o)
	all := f.flipFirst(f.defaultCases(o))
	if s.Default != nil && s.Default.Value.Option != nil {
		all = all.union(f.changeValue(s.Default.Value.Option, interesting, nil))
	}
	return all.union(f.changeRange(o, interesting))
}

func (f *finder) changeRange(o *kconfig.Option, interesting []string) ways {
	all := f.flipFirst(f.rangeCases(o))
	if b := f.trial.State(o).Bounds; b != nil {
		for _, bound := range []*kconfig.Expr{b.Min, b.Max} {
			if bound.Option != nil {
				all = all.union(f.changeValue(bound.Option, interesting, nil))
			}
		}
	}
	return all
}

// neverInRange says whether a number is outside of every range that can be in force where the option counts.
func (f *finder) neverInRange(o *kconfig.Option, text string) bool {
	if o.Type != kconfig.Int && o.Type != kconfig.Hex || len(o.Definitions) != 1 {
		return false
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		return false
	}
	for i := range o.Definitions[0].Ranges {
		b := &o.Definitions[0].Ranges[i]
		low, lowOK := literalNumber(b.Min)
		high, highOK := literalNumber(b.Max)
		if !lowOK || !highOK || low <= n && n <= high {
			return false
		}
		if b.If == nil {
			return true // the ranges behind it are never reached
		}
	}
	return false
}

func literalNumber(e *kconfig.Expr) (int64, bool) {
	if !e.IsLiteral() {
		return 0, false
	}
	n, err := strconv.ParseInt(e.Text, 0, 64)
	return n, err == nil
}

// valuesFor gives the values that may be worth assigning, each a valid text of the option.
func (f *finder) valuesFor(o *kconfig.Option, interesting []string) []string {
	if o.Secret {
		return nil
	}
	var values []string
	add := func(text string) {
		canonical, problem, _ := o.Parse(text)
		if o.Type == kconfig.String {
			canonical = text
		}
		if problem == "" && o.Matches(canonical) && !slices.Contains(values, canonical) {
			values = append(values, canonical)
		}
	}
	number := func(n int64) {
		if o.Type != kconfig.Hex || n >= 0 {
			add(formatNumber(o.Type, n))
		}
	}
	literals := f.literalsOf(o)
	for _, e := range f.relations[o] {
		interesting = append(interesting[:len(interesting):len(interesting)], f.turningPoints(e, o, !f.trial.Holds(e))...)
	}
	for _, text := range interesting {
		if n, err := strconv.ParseInt(text, 0, 64); err == nil && o.Type != kconfig.String {
			number(n)
		} else {
			add(text)
		}
	}
	for _, text := range literals {
		add(text)
	}
	if f.lends(o) {
		add(f.goal.Text)
	}
	if s := f.trial.State(o); s.Bounds != nil {
		number(s.Low)
		number(s.High)
	}
	for _, r := range f.remainders[o] {
		for _, text := range values[:len(values):len(values)] {
			n, _ := strconv.ParseInt(text, 0, 64)
			below := n - ((n-r.rest)%r.divisor+r.divisor)%r.divisor
			for _, n := range []int64{below, below + r.divisor} {
				number(n)
				number(n - 1)
				number(n + 1)
			}
		}
	}
	return values
}

// remainder is what a condition wants of an option: n % divisor is compared with rest.
type remainder struct{ divisor, rest int64 }

// remainderOf reads OPTION % divisor compared with rest.
func remainderOf(e *kconfig.Expr) (o *kconfig.Option, r remainder, ok bool) {
	left, right := e.Left, e.Right
	if left.Op != kconfig.OpRemainder {
		left, right = right, left
	}
	if left.Op != kconfig.OpRemainder || left.Left.Option == nil {
		return nil, r, false
	}
	divisor, ok := literalNumber(left.Right)
	rest, restOK := literalNumber(right)
	const largest = 1 << 31
	if !ok || !restOK || divisor < 2 || divisor > largest || rest < 0 || rest >= divisor {
		return nil, r, false
	}
	return left.Left.Option, remainder{divisor, rest}, true
}

// lends says whether the option that is asked for may take its value or a bound from this one, directly or through others.
func (f *finder) lends(o *kconfig.Option) bool {
	if f.lenders == nil {
		f.lenders = map[*kconfig.Option]bool{}
		var add func(o *kconfig.Option)
		add = func(o *kconfig.Option) {
			if f.lenders[o] {
				return
			}
			f.lenders[o] = true
			for _, from := range lendersOf(o) {
				add(from)
			}
		}
		add(f.goal.Option)
	}
	return f.lenders[o]
}

func formatNumber(t kconfig.Type, n int64) string {
	if t == kconfig.Hex {
		return "0x" + strconv.FormatInt(n, 16)
	}
	return strconv.FormatInt(n, 10)
}

// turningPoints gives the values of an option around which a relation turns while the other options stay as they are.
func (f *finder) turningPoints(e *kconfig.Expr, o *kconfig.Option, want bool) []string {
	if o.Type == kconfig.String {
		points := []string{""}
		for _, side := range []*kconfig.Expr{e.Left, e.Right} {
			if side.Option != o {
				points = append(points, f.trial.Text(side))
			}
		}
		return points
	}
	var points []string
	near := func(n int64) {
		for _, d := range []int64{0, -1, 1} {
			if p := n + d; (d <= 0 || p > n) && (d >= 0 || p < n) {
				points = append(points, strconv.FormatInt(p, 10))
			}
		}
	}
	difference := func(x int64) (int64, bool) {
		l, lok := f.numberWith(e.Left, o, x)
		r, rok := f.numberWith(e.Right, o, x)
		if !lok || !rok {
			return 0, false
		}
		return kconfig.Compute(kconfig.OpSubtract, l, r)
	}
	if at0, ok := difference(0); ok {
		if at1, ok := difference(1); ok && at1 != at0 {
			near(-at0 / (at1 - at0))
		}
	}
	if !e.Left.IsArithmetic() && !e.Right.IsArithmetic() {
		return points
	}
	// A remainder turns again and again: take what is nearest on either side.
	now := f.trial.State(o).Number
	for _, step := range []int64{1, -1} {
		for x, n := now+step, 0; n < nearby; x, n = x+step, n+1 {
			if f.compareNumber(e, o, x) == want {
				near(x)
				break
			}
		}
	}
	return points
}

// nearby bounds the search for a value next to the present one.
const nearby = 200

// numberWith computes an operand with another value for one option.
func (f *finder) numberWith(e *kconfig.Expr, o *kconfig.Option, x int64) (int64, bool) {
	if e.Option == o {
		return x, true
	}
	if !e.IsArithmetic() {
		return f.trial.Number(e)
	}
	l, lok := f.numberWith(e.Left, o, x)
	r, rok := f.numberWith(e.Right, o, x)
	if !lok || !rok {
		return 0, false
	}
	return kconfig.Compute(e.Op, l, r)
}

// compareWith gives the outcome of a comparison with another value for one option that is no bool.
func (f *finder) compareWith(e *kconfig.Expr, o *kconfig.Option, text string) bool {
	if o.Type != kconfig.String {
		if n, err := strconv.ParseInt(text, 0, 64); err == nil {
			return f.compareNumber(e, o, n)
		}
		return false
	}
	return true // the verdict is that of the engine, which resolves it
}

func (f *finder) compareNumber(e *kconfig.Expr, o *kconfig.Option, x int64) bool {
	l, lok := f.numberWith(e.Left, o, x)
	r, rok := f.numberWith(e.Right, o, x)
	if !lok || !rok {
		return true // a comparison of texts: the engine decides
	}
	switch e.Op {
	case kconfig.OpEqual:
		return l == r
	case kconfig.OpUnequal:
		return l != r
	case kconfig.OpLess:
		return l < r
	case kconfig.OpLessEqual:
		return l <= r
	case kconfig.OpGreater:
		return l > r
	}
	return l >= r
}

// literalsOf gives the values at which conditions of the tree turn, and the option's own defaults and bounds.
func (f *finder) literalsOf(o *kconfig.Option) []string {
	if f.literals == nil {
		f.literals, f.remainders, f.relations = collectLiterals(f.tree)
	}
	return f.literals[o]
}

func collectLiterals(tree *kconfig.Tree) (found map[*kconfig.Option][]string, remainders map[*kconfig.Option][]remainder, relations map[*kconfig.Option][]*kconfig.Expr) {
	found, remainders, relations = map[*kconfig.Option][]string{}, map[*kconfig.Option][]remainder{}, map[*kconfig.Option][]*kconfig.Expr{}
	add := func(o *kconfig.Option, text string) {
		if !slices.Contains(found[o], text) {
			found[o] = append(found[o], text)
		}
	}
	seen := map[*kconfig.Expr]bool{}
	var walk func(e *kconfig.Expr)
	walk = func(e *kconfig.Expr) {
		for ; e != nil && !seen[e]; e = e.Left {
			seen[e] = true
			if e.IsRelation() {
				literalsOfRelation(e, add)
				if options := e.Options(); len(options) > 1 {
					for _, o := range options {
						relations[o] = append(relations[o], e)
					}
				}
				if o, r, ok := remainderOf(e); ok && !slices.Contains(remainders[o], r) {
					remainders[o] = append(remainders[o], r)
				}
				return
			}
			walk(e.Right)
		}
	}
	around := func(all []kconfig.Surrounding) {
		for _, one := range all {
			walk(one.If)
		}
	}
	for _, o := range tree.Options() {
		for _, d := range o.Definitions {
			around(d.Surroundings())
			around(d.Visibility())
			walk(d.DependsOn)
			walk(d.PromptIf)
			for i := range d.Defaults {
				walk(d.Defaults[i].If)
				if value := d.Defaults[i].Value; o.Type == kconfig.Bool {
					walk(value)
				} else if value.IsLiteral() {
					add(o, value.Text)
				}
			}
			for i := range d.Ranges {
				walk(d.Ranges[i].If)
				for _, bound := range []*kconfig.Expr{d.Ranges[i].Min, d.Ranges[i].Max} {
					if bound.IsLiteral() {
						add(o, bound.Text)
					}
				}
			}
			for _, s := range d.Selects {
				walk(s.If)
			}
			for _, s := range d.Implies {
				walk(s.If)
			}
		}
		for i := range o.Required {
			walk(o.Required[i].If)
		}
	}
	for _, c := range tree.Choices() {
		for _, d := range c.Definitions {
			around(d.Surroundings())
			around(d.Visibility())
			walk(d.DependsOn)
			walk(d.PromptIf)
		}
		for i := range c.Defaults {
			walk(c.Defaults[i].If)
		}
		for i := range c.Required {
			walk(c.Required[i].If)
		}
	}
	for _, c := range tree.Constraints() {
		around(c.Surroundings())
		walk(c.DependsOn)
		walk(c.Condition)
	}
	// Where a condition turns on a number that comes from another option, it turns on that one's value too.
	for grown := true; grown; {
		grown = false
		for _, o := range tree.Options() {
			for _, from := range lendersOf(o) {
				before := len(found[from])
				for _, text := range found[o] {
					add(from, text)
				}
				grown = grown || len(found[from]) > before
			}
		}
	}
	return found, remainders, relations
}

// lendersOf gives the options that a value or bound of an option that is no bool may come from.
func lendersOf(o *kconfig.Option) []*kconfig.Option {
	if o.Type == kconfig.Bool {
		return nil
	}
	var all []*kconfig.Option
	add := func(e *kconfig.Expr) {
		if e.Option != nil {
			all = append(all, e.Option)
		}
	}
	for _, d := range o.Definitions {
		for i := range d.Defaults {
			add(d.Defaults[i].Value)
		}
		for i := range d.Ranges {
			add(d.Ranges[i].Min)
			add(d.Ranges[i].Max)
		}
	}
	return all
}

// literalsOfRelation gives the values around which a comparison of an option with a literal turns.
func literalsOfRelation(e *kconfig.Expr, add func(*kconfig.Option, string)) {
	for _, sides := range [][2]*kconfig.Expr{{e.Left, e.Right}, {e.Right, e.Left}} {
		o, literal := sides[0].Option, sides[1]
		if o == nil || !literal.IsLiteral() || o.Type == kconfig.Bool {
			continue
		}
		n, err := strconv.ParseInt(literal.Text, 0, 64)
		if o.Type == kconfig.String || err != nil {
			add(o, literal.Text)
			continue
		}
		for _, p := range []int64{n, n - 1, n + 1} {
			if o.Type != kconfig.Hex || p >= 0 {
				add(o, formatNumber(o.Type, p))
			}
		}
	}
}
