package difftest

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/cloudgen/cloudgen/kconfig"
)

// generator makes one model. It first lays out blocks and symbols with their ranks, then fills in the conditions.
type generator struct {
	random  *rand.Rand
	symbols []*symbol
	choices []*choice
}

// generate makes the model of a seed: the same one on every machine.
func generate(seed uint64) *model {
	g := &generator{random: rand.New(rand.NewPCG(seed, 0x6b636f6e666967))}
	m := &model{}
	size := 3 + g.random.IntN(30)
	for len(g.symbols) < size {
		m.body = append(m.body, g.layOut(0))
	}
	m.body = append(m.body, g.again()...)
	g.random.Shuffle(len(m.body), func(i, j int) {
		if g.chance(30) {
			m.body[i], m.body[j] = m.body[j], m.body[i]
		}
	})
	g.settleTypes(m.body, map[*symbol]bool{}, map[*choice]bool{})
	for _, b := range m.body {
		g.fill(b, nil)
	}
	m.assignments = g.assign()
	return m
}

func (g *generator) chance(percent int) bool { return g.random.IntN(100) < percent }

func pick[T any](g *generator, from ...T) T { return from[g.random.IntN(len(from))] }

// layOut makes a block with all in it.
func (g *generator) layOut(depth int) *block {
	switch n := g.random.IntN(100); {
	case n < 12 && depth < 4:
		return g.container(&block{menu: true}, depth)
	case n < 22 && depth < 4:
		return g.container(&block{group: true}, depth)
	case n < 36:
		return g.choiceBlock()
	}
	return g.definition(g.newSymbol(pick(g, kconfig.Bool, kconfig.Bool, kconfig.Bool, kconfig.Int, kconfig.Hex, kconfig.String), g.newRank()))
}

func (g *generator) container(b *block, depth int) *block {
	for range 1 + g.random.IntN(4) {
		b.body = append(b.body, g.layOut(depth+1))
	}
	return b
}

// newRank is near the place in the text, so that references lead both back and ahead.
func (g *generator) newRank() int { return (len(g.symbols)+g.random.IntN(12))*100 + g.random.IntN(100) }

func (g *generator) newSymbol(kind kconfig.Type, rank int) *symbol {
	s := &symbol{name: fmt.Sprintf("%s%d", kind.String()[:1], len(g.symbols)), kind: kind, rank: rank}
	s.name = string(s.name[0]-'a'+'A') + s.name[1:]
	g.symbols = append(g.symbols, s)
	return s
}

func (g *generator) definition(s *symbol) *block { return &block{symbol: s, prompt: g.chance(75)} }

func (g *generator) choiceBlock() *block {
	c := &choice{name: fmt.Sprintf("C%d", len(g.choices)), rank: g.newRank(), optional: g.chance(30)}
	g.choices = append(g.choices, c)
	b := &block{choice: c, prompt: true}
	g.members(b, 1+g.random.IntN(4))
	return b
}

// members adds new members to a choice block, some of them in groups.
func (g *generator) members(b *block, count int) {
	to := &b.body
	for range count {
		if g.chance(15) {
			group := &block{group: true}
			b.body = append(b.body, group)
			to = &group.body
		} else if g.chance(30) {
			to = &b.body
		}
		s := g.newSymbol(kconfig.Bool, b.choice.rank)
		s.choice = b.choice
		b.choice.members = append(b.choice.members, s)
		*to = append(*to, &block{symbol: s, prompt: true})
	}
}

// again defines some symbols and choices a second time, at the top.
func (g *generator) again() []*block {
	var more []*block
	for _, s := range g.symbols {
		if s.choice == nil && g.chance(15) {
			d := g.definition(s)
			if g.chance(30) {
				more = append(more, &block{group: true, body: []*block{d}})
			} else {
				more = append(more, d)
			}
		}
	}
	for _, c := range g.choices {
		if g.chance(20) {
			b := &block{choice: c, prompt: g.chance(50)}
			g.members(b, g.random.IntN(3))
			more = append(more, b)
		}
	}
	return more
}

// settleTypes lets the first definition in the text give the type; later ones may repeat it.
func (g *generator) settleTypes(body []*block, typed map[*symbol]bool, begun map[*choice]bool) {
	for _, b := range body {
		if b.symbol != nil {
			b.typed = !typed[b.symbol] || g.chance(50)
			typed[b.symbol] = true
		}
		if b.choice != nil {
			b.firstHere = !begun[b.choice]
			begun[b.choice] = true
		}
		g.settleTypes(b.body, typed, begun)
	}
}

// lowest is the least rank in a block, which bounds what its conditions may name.
func (b *block) lowest() int {
	switch {
	case b.symbol != nil:
		return b.symbol.rank
	case b.choice != nil:
		return b.choice.rank
	}
	least := 1 << 30
	for _, inner := range b.body {
		least = min(least, inner.lowest())
	}
	return least
}

func (g *generator) fill(b *block, in *choice) {
	limit := b.lowest()
	if in != nil {
		limit = min(limit, in.rank)
	}
	if b.group || g.chance(35) {
		b.dependsOn = g.condition(limit, 2)
	}
	if b.menu && g.chance(35) {
		b.visibleIf = g.condition(limit, 2)
	}
	if b.prompt {
		b.promptIf = g.maybe(limit, 25)
	}
	if b.choice != nil {
		in = b.choice
		for range g.random.IntN(3) {
			if len(b.choice.members) > 0 {
				b.defaults = append(b.defaults, defaultValue{&expression{symbol: pick(g, b.choice.members...)}, g.maybe(limit, 60)})
			}
		}
	}
	for _, inner := range b.body {
		g.fill(inner, in)
	}
	if b.symbol != nil {
		g.fillSymbol(b, limit)
	}
}

func (g *generator) fillSymbol(b *block, limit int) {
	s := b.symbol
	if s.choice == nil {
		for range g.random.IntN(3) {
			b.defaults = append(b.defaults, defaultValue{g.valueOf(s.kind, limit), g.maybe(limit, 60)})
		}
	}
	if s.kind == kconfig.Int || s.kind == kconfig.Hex {
		for range g.random.IntN(3) {
			b.ranges = append(b.ranges, g.bounds(s.kind, limit))
		}
	}
	if s.kind != kconfig.Bool {
		return
	}
	for range g.random.IntN(3) {
		if target := g.target(s.rank); target != nil {
			made := selection{target, g.maybeBelow(limit, target.rank, 40)}
			if g.chance(50) {
				b.selects = append(b.selects, made)
			} else {
				b.implies = append(b.implies, made)
			}
		}
	}
}

// target is a bool of higher rank that is no member of a choice.
func (g *generator) target(above int) *symbol {
	for range 8 {
		if s := pick(g, g.symbols...); s.kind == kconfig.Bool && s.choice == nil && s.rank > above {
			return s
		}
	}
	return nil
}

func (g *generator) bounds(kind kconfig.Type, limit int) bounds {
	low, high := g.random.IntN(12)-3, g.random.IntN(20)
	if low > high {
		low, high = high, low
	}
	if kind == kconfig.Hex {
		low = max(low, 0)
	}
	r := bounds{literalOf(kind, formatInt(kind, low)), literalOf(kind, formatInt(kind, high)), g.maybe(limit, 50)}
	if g.chance(20) {
		if s := g.below(limit, kind); s != nil {
			r.low = &expression{symbol: s}
		}
	}
	if g.chance(20) {
		if s := g.below(limit, kind); s != nil {
			r.high = &expression{symbol: s}
		}
	}
	return r
}

func formatInt(kind kconfig.Type, value int) string {
	if kind == kconfig.Hex {
		return fmt.Sprintf("0x%x", value)
	}
	return strconv.Itoa(value)
}

// valueOf makes the value of a default.
func (g *generator) valueOf(kind kconfig.Type, limit int) *expression {
	if kind == kconfig.Bool {
		if g.chance(50) {
			return &expression{literal: pick(g, "y", "y", "n"), kind: word}
		}
		return g.condition(limit, 2)
	}
	if g.chance(25) {
		if s := g.below(limit, kind); s != nil {
			return &expression{symbol: s}
		}
	}
	return literalOf(kind, g.literal(kind))
}

// texts are values of strings: words, and what may or may not be a number.
var texts = []string{"", "a", "b", "10", "10", "9", "9", "1", "010", "0x10", "-3", "+3", "0b11", "0o7", "00", "y", "n", "off", `q"\`, "a b"}

func (g *generator) literal(kind kconfig.Type) string {
	switch kind {
	case kconfig.Bool:
		return pick(g, "y", "n")
	case kconfig.String:
		return pick(g, texts...)
	case kconfig.Hex:
		return formatInt(kind, g.random.IntN(24))
	}
	return formatInt(kind, g.random.IntN(28)-5)
}

// below finds a symbol of a type with a rank lower than the limit, or nil.
func (g *generator) below(limit int, kinds ...kconfig.Type) *symbol {
	for range 12 {
		s := pick(g, g.symbols...)
		for _, kind := range kinds {
			if s.kind == kind && s.rank < limit {
				return s
			}
		}
	}
	return nil
}

func (g *generator) maybe(limit, percent int) *expression {
	if !g.chance(percent) {
		return nil
	}
	return g.condition(limit, 2)
}

func (g *generator) maybeBelow(limit, other, percent int) *expression {
	return g.maybe(min(limit, other), percent)
}

// condition makes an expression over symbols with ranks lower than the limit.
func (g *generator) condition(limit, depth int) *expression {
	if depth > 0 && g.chance(55) {
		operator := pick(g, "&&", "||", "!")
		e := &expression{operator: operator, left: g.condition(limit, depth-1)}
		if operator != "!" {
			e.right = g.condition(limit, depth-1)
		}
		return e
	}
	if g.chance(35) {
		if e := g.relation(limit); e != nil {
			return e
		}
	}
	if s := g.below(limit, kconfig.Bool); s != nil {
		return &expression{symbol: s}
	}
	return &expression{literal: pick(g, "y", "y", "y", "n"), kind: word}
}

// relation compares what both languages compare: bools with bools, the rest with each other and with
// literals, but a number with no literal that is none.
func (g *generator) relation(limit int) *expression {
	left := g.below(limit, kconfig.Bool, kconfig.Int, kconfig.Hex, kconfig.String)
	if left == nil {
		return nil
	}
	e := &expression{operator: pick(g, "==", "!=", "<", "<=", ">", ">="), left: &expression{symbol: left}}
	var right *symbol
	if g.chance(50) {
		switch {
		case left.kind == kconfig.Bool:
			right = g.below(limit, kconfig.Bool)
		case left.kind == kconfig.String && g.chance(50):
			right = g.below(limit, kconfig.String)
		default:
			right = g.below(limit, kconfig.Int, kconfig.Hex, kconfig.String)
		}
	}
	switch {
	case right != nil:
		e.right = &expression{symbol: right}
	case left.kind == kconfig.Int && g.chance(20), left.kind == kconfig.Hex && g.chance(20):
		e.right = literalOf(kconfig.String, pick(g, "", "0x10", "0b11", "00"))
	case left.kind == kconfig.String && g.chance(20):
		e.right = literalOf(kconfig.Int, g.literal(kconfig.Int))
	default:
		e.right = literalOf(left.kind, g.literal(left.kind))
	}
	if g.chance(20) {
		e.left, e.right = e.right, e.left
	}
	return e
}

// assign makes values for some of the symbols, in any order.
func (g *generator) assign() []assignment {
	percent := pick(g, 0, 10, 40, 40, 80)
	var made []assignment
	for _, i := range g.random.Perm(len(g.symbols)) {
		s := g.symbols[i]
		if !g.chance(percent) {
			continue
		}
		made = append(made, assignment{s, g.literal(s.kind)})
	}
	return made
}
