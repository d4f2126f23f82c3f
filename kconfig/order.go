package kconfig

import "github.com/hashicorp/hcl/v2"

// edge says that one step of the evaluation needs another.
type edge struct {
	to   node
	at   hcl.Range
	from string // what needs it
	name string // what is needed
}

// sort finds an order in which every option is evaluated after what it depends
// on, and complains about loops.
//
// The members of a choice decide together, so a choice is one step with all its members
// and the blocks inside it.
func (b *builder) sort() {
	t := b.tree
	s := &sorter{
		tree:   t,
		states: make([]visit, len(t.options)+len(t.choices)+len(t.scopes)),
	}
	t.order = make([]node, 0, len(s.states))
	for _, o := range t.options {
		s.visit(nodeOf(o))
	}
	for _, c := range t.choices {
		s.visit(node{choice: c})
	}
	for _, scope := range t.scopes {
		s.visit(nodeOfScope(scope))
	}
	for _, loop := range s.loops {
		b.reportLoop(loop)
	}
}

func nodeOf(o *Option) node {
	if o.Choice != nil {
		return node{choice: o.Choice}
	}
	return node{option: o}
}

func nodeOfScope(s *scope) node {
	if s.inside != nil {
		return node{choice: s.inside}
	}
	return node{scope: s}
}

// visit is the state of a depth-first search.
type visit struct {
	begun, done bool
	position    int // in the path, while begun and not done
}

type sorter struct {
	tree   *Tree
	states []visit
	path   []step
	loops  [][]edge
}

// step is a node on the path of the search and the edge that left it.
type step struct {
	node node
	edge edge
}

func (s *sorter) state(n node) *visit {
	switch {
	case n.option != nil:
		return &s.states[n.option.index]
	case n.choice != nil:
		return &s.states[len(s.tree.options)+n.choice.index]
	}
	return &s.states[len(s.tree.options)+len(s.tree.choices)+n.scope.index]
}

func (s *sorter) visit(n node) {
	state := s.state(n)
	if state.begun {
		return
	}
	state.begun = true
	state.position = len(s.path)
	s.path = append(s.path, step{node: n})
	s.edges(n, func(e edge) {
		s.path[state.position].edge = e
		next := s.state(e.to)
		if next.begun && !next.done {
			var loop []edge
			for _, step := range s.path[next.position:] {
				loop = append(loop, step.edge)
			}
			s.loops = append(s.loops, loop)
			return
		}
		s.visit(e.to)
	})
	s.path = s.path[:state.position]
	state.done = true
	s.tree.order = append(s.tree.order, n)
}

// edges calls f for all that a step of the evaluation needs, in source order.
func (s *sorter) edges(n node, f func(edge)) {
	switch {
	case n.scope != nil:
		s.scopeEdges(n.scope, f)
	case n.choice != nil:
		s.choiceEdges(n.choice, f)
	default:
		s.optionEdges(n.option, f)
	}
}

func expressionEdges(from string, e *Expr, f func(edge)) {
	e.walk(func(leaf *Expr) {
		if leaf.Option != nil {
			f(edge{to: nodeOf(leaf.Option), at: leaf.Range, from: from, name: leaf.Option.Name})
		}
	})
}

func (s *sorter) scopeEdges(sc *scope, f func(edge)) {
	outside := func(other *scope) {
		if other != nil && (other.inside == nil || other.inside != sc.inside) {
			f(edge{to: nodeOfScope(other), at: sc.place, from: "this block", name: "the block around it"})
		}
	}
	outside(sc.parent)
	if sc.outer != sc.parent {
		outside(sc.outer)
	}
	expressionEdges("this block", sc.dependsOn, f)
	expressionEdges("this block", sc.visibleIf, f)
}

func (s *sorter) choiceEdges(c *Choice, f func(edge)) {
	name := "the choice " + c.Name
	for _, d := range c.Definitions {
		if d.scope != nil {
			f(edge{to: nodeOfScope(d.scope), at: d.Range, from: name, name: "the block around it"})
		}
		expressionEdges(name, d.PromptIf, f)
		expressionEdges(name, d.DependsOn, f)
	}
	for i := range c.Defaults {
		expressionEdges(name, c.Defaults[i].If, f)
	}
	for i := range c.Required {
		expressionEdges(name, c.Required[i].If, f)
	}
	for _, inner := range c.scopes {
		s.scopeEdges(inner, f)
	}
	for _, o := range c.Members {
		for _, d := range o.Definitions {
			if d.scope != nil && d.scope.inside != c {
				f(edge{to: nodeOfScope(d.scope), at: d.Range, from: o.Name, name: "the block around it"})
			}
			expressionEdges(o.Name, d.PromptIf, f)
			expressionEdges(o.Name, d.DependsOn, f)
		}
	}
}

func (s *sorter) optionEdges(o *Option, f func(edge)) {
	for _, d := range o.Definitions {
		if d.scope != nil {
			f(edge{to: nodeOfScope(d.scope), at: d.Range, from: o.Name, name: "the block around it"})
		}
		expressionEdges(o.Name, d.PromptIf, f)
		expressionEdges(o.Name, d.DependsOn, f)
		for i := range d.Defaults {
			expressionEdges(o.Name, d.Defaults[i].Value, f)
			expressionEdges(o.Name, d.Defaults[i].If, f)
		}
		for i := range d.Ranges {
			expressionEdges(o.Name, d.Ranges[i].Min, f)
			expressionEdges(o.Name, d.Ranges[i].Max, f)
			expressionEdges(o.Name, d.Ranges[i].If, f)
		}
	}
	for i := range o.Required {
		expressionEdges(o.Name, o.Required[i].If, f)
	}
	for _, selections := range [][]*Selection{o.SelectedBy, o.ImpliedBy} {
		for _, selection := range selections {
			by := selection.By.Option
			f(edge{to: nodeOf(by), at: selection.Range, from: o.Name, name: by.Name})
			expressionEdges(o.Name, selection.If, f)
		}
	}
}

// reportLoop names every step of a loop with its place.
func (b *builder) reportLoop(loop []edge) {
	first := loop[0]
	d := b.diags.add(CodeLoop, &first.at, "a loop of dependencies: %s needs %s", first.from, first.name)
	if len(loop) == 1 {
		d.Summary = "a loop of dependencies: " + first.from + " depends on itself"
		if first.from != first.name {
			d.Detail = first.name + " belongs to the same choice; the members of a choice decide together."
		}
	}
	for _, e := range loop[1:] {
		d.relate(e.at, "%s needs %s", e.from, e.name)
	}
	d.Fix = "remove one of these relations"
}
