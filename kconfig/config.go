package kconfig

import (
	"cmp"
	"slices"
	"strings"
)

// Config is a resolved configuration. It does not change and may be used by several
// goroutines.
type Config struct {
	tree       *Tree
	evaluation *evaluation
	history    [][]Assignment
	layers     []*Layer
}

// Tree gives the tree that was resolved.
func (c *Config) Tree() *Tree { return c.tree }

// Layers gives the layers that were resolved, in their order.
func (c *Config) Layers() []*Layer { return c.layers }

// Value gives what an option resolved to; false if there is no such option. Old
// names lead to the option that they stand for.
func (c *Config) Value(name string) (Value, bool) {
	o, _, _ := c.tree.lookUp(strings.TrimPrefix(name, prefix), "")
	if o == nil {
		return Value{}, false
	}
	return c.value(o), true
}

// Bool says whether a bool option is y; false also if there is no such option.
func (c *Config) Bool(name string) bool {
	o := c.tree.byName[name]
	return o != nil && c.evaluation.states[o.index].on
}

func (c *Config) value(o *Option) Value {
	s := &c.evaluation.states[o.index]
	v := Value{
		Option:   o,
		HasValue: s.hasValue,
		Visible:  s.visible,
		History:  slices.Clone(c.history[o.index]),
		Reason:   c.reason(o),
	}
	if o.Type == Bool {
		v.Bool = s.on
	}
	if s.hasValue {
		v.Text = s.text
		v.Int = s.number
	}
	return v
}

// Values gives all options, sorted by name.
func (c *Config) Values() []Value {
	values := make([]Value, len(c.tree.options))
	for i, o := range c.tree.options {
		values[i] = c.value(o)
	}
	slices.SortFunc(values, func(a, b Value) int { return cmp.Compare(a.Option.Name, b.Option.Name) })
	return values
}

// Selected names the member of a choice that is y; "" if none is, or there is no
// such choice.
func (c *Config) Selected(choice string) string {
	found := c.tree.choiceNamed[choice]
	if found == nil {
		return ""
	}
	if member := c.evaluation.choices[found.index].selected; member != nil {
		return member.Name
	}
	return ""
}

// Components gives the components that are switched on, in parse order.
func (c *Config) Components() []*Component {
	var on []*Component
	for _, one := range c.tree.components {
		if c.evaluation.inScope(one.scope) && c.evaluation.truth(one.If) {
			on = append(on, one)
		}
	}
	return on
}

// Holds evaluates a condition of the tree with the values of this configuration.
func (c *Config) Holds(e *Expr) bool { return c.evaluation.truth(e) }

// Marks lists the marks of the build, sorted by name, each with the options that took a marked default.
func (c *Config) Marks() []Mark {
	byName := map[string][]string{}
	for _, o := range c.tree.options {
		s := &c.evaluation.states[o.index]
		if s.cause == causeDefault && s.from != nil && s.from.Mark != "" && s.hasValue {
			byName[s.from.Mark] = append(byName[s.from.Mark], o.Name)
		}
	}
	for _, choice := range c.tree.choices {
		s := &c.evaluation.choices[choice.index]
		if s.byDefault != nil && s.byDefault.Mark != "" {
			byName[s.byDefault.Mark] = append(byName[s.byDefault.Mark], s.selected.Name)
		}
	}
	var marks []Mark
	for _, name := range sortedKeys(byName) {
		slices.Sort(byName[name])
		marks = append(marks, Mark{Name: name, Options: byName[name]})
	}
	return marks
}
