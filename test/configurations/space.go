// Package configurations makes configurations of the shipped option tree, for the test that every valid one builds.
package configurations

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
)

// A factor is what a user may choose: an option, or the member of a choice. Its levels are the lines of an overlay that choose.
type factor struct {
	name   string
	levels []string
	needs  *need // without which no level of it is taken; nil for nothing
}

// A need is a level of another factor.
type need struct{ factor, level int }

// texts are candidates for options that are strings; the engine refuses those that do not fit.
var texts = []string{"a.example.com", "device-1", "192.0.2.1"}

// factors lists what can be assigned and is built, in the order of the tree.
func factors(tree *kconfig.Tree) []factor {
	var all []factor
	seen := map[*kconfig.Choice]bool{}
	for _, o := range tree.Options() {
		switch {
		case o.Prompt == "" || o.Planned != "":
		case o.Choice != nil && !seen[o.Choice]:
			seen[o.Choice] = true
			f := factor{name: o.Choice.Name}
			for _, member := range o.Choice.Members {
				if member.Planned == "" {
					f.levels = append(f.levels, member.OverlayLine("y"))
				}
			}
			all = append(all, f)
		case o.Choice == nil:
			f := factor{name: o.Name}
			for _, value := range valuesOf(o) {
				f.levels = append(f.levels, o.OverlayLine(value))
			}
			all = append(all, f)
		}
	}
	return slices.DeleteFunc(all, func(f factor) bool { return len(f.levels) == 0 })
}

// valuesOf gives both values of a bool, the ends of a number's ranges with a value between them, and some texts.
func valuesOf(o *kconfig.Option) []string {
	switch o.Type {
	case kconfig.Bool:
		return []string{"y", "n"}
	case kconfig.String:
		return texts
	}
	values := []string{}
	for _, definition := range o.Definitions {
		for _, bounds := range definition.Ranges {
			values = append(values, bounds.Min.String(), bounds.Max.String())
		}
	}
	if len(values) == 0 {
		values = []string{"0", "1", "2147483647"}
	}
	values = append(values, "17")
	numbers := slices.DeleteFunc(values, func(v string) bool { // a bound may be an option
		_, err := strconv.ParseInt(strings.Trim(v, `"`), 0, 64)
		return err != nil
	})
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// pair is one level of each of two factors.
type pair struct{ a, aLevel, b, bLevel int }

// attempts is how often a pair is tried before it counts as impossible.
const attempts = 6

// open are the pairs that have not met yet, in a table: a row and a column for each level of each factor.
type open struct {
	first []int // the first row of each factor
	rows  int
	met   []bool
}

func newOpen(all []factor) *open {
	o := &open{}
	for _, f := range all {
		o.first = append(o.first, o.rows)
		o.rows += len(f.levels)
	}
	o.met = make([]bool, o.rows*o.rows)
	return o
}

func (o *open) at(p pair) int { return (o.first[p.a]+p.aLevel)*o.rows + o.first[p.b] + p.bLevel }

// has tells whether a pair, in whatever order its factors are, has not met yet.
func (o *open) has(p pair) bool { return !o.met[o.at(p)] }

func (o *open) strike(p pair) {
	o.met[o.at(p)], o.met[o.at(pair{p.b, p.bLevel, p.a, p.aLevel})] = true, true
}

// pairs makes choices of a level for every factor until each two levels of different factors have met, as far as valid says they can:
// it gives the choice that the engine takes, with −1 for a factor that has to be left alone. Each is handed to use. It ends early when there are enough.
func pairs(all []factor, random *rand.Rand, valid func(choice []int) []int, use func(choice []int), enough func() bool) (covered, impossible, unmet int) {
	left := newOpen(all)
	var queue []pair
	for a := range all {
		for b := a + 1; b < len(all); b++ {
			for i := range all[a].levels {
				for j := range all[b].levels {
					queue = append(queue, pair{a, i, b, j})
				}
			}
		}
	}
	random.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	for _, first := range queue {
		if !left.has(first) {
			continue
		}
		if enough() {
			unmet++
			continue
		}
		var choice []int
		for range attempts { // what else is chosen may be in the way of the pair, or what it needs may be missing
			choice = valid(greedy(all, first, left, random))
			if choice != nil && choice[first.a] == first.aLevel && choice[first.b] == first.bLevel {
				break
			}
			choice = nil
		}
		if choice == nil {
			left.strike(first)
			impossible++
			continue
		}
		covered += left.strikeAll(choice)
		use(choice)
	}
	return covered, impossible, unmet
}

// greedy fills up a choice that has the pair with levels that cover much.
func greedy(all []factor, first pair, left *open, random *rand.Rand) []int {
	choice := make([]int, len(all))
	for i := range choice {
		choice[i] = -1
	}
	for _, f := range []int{first.a, first.b} {
		if needs := all[f].needs; needs != nil {
			choice[needs.factor] = needs.level
		}
	}
	choice[first.a], choice[first.b] = first.aLevel, first.bLevel
	for _, f := range random.Perm(len(all)) {
		if choice[f] >= 0 {
			continue
		}
		best, most := random.IntN(len(all[f].levels)), -1
		for _, level := range random.Perm(len(all[f].levels)) {
			gain := 0
			for other, otherLevel := range choice {
				if otherLevel >= 0 && left.has(pair{f, level, other, otherLevel}) {
					gain++
				}
			}
			if gain > most {
				best, most = level, gain
			}
		}
		choice[f] = best
	}
	return choice
}

// strikeAll takes out what a choice covers.
func (o *open) strikeAll(choice []int) (covered int) {
	for a, aLevel := range choice {
		for b := a + 1; b < len(choice) && aLevel >= 0; b++ {
			if p := (pair{a, aLevel, b, choice[b]}); choice[b] >= 0 && o.has(p) {
				o.strike(p)
				covered++
			}
		}
	}
	return covered
}
