package why

import "github.com/cloudgen/cloudgen/kconfig"

// A case is a list of conditions that all must hold. What follows gives the cases of a relation of the tree, in the order in
// which the engine looks at them. They depend on the tree alone and are kept.

func (f *finder) keep(of any, kind int, make func() [][]condition) [][]condition {
	key := remembered{of, kind}
	found, ok := f.cases[key]
	if !ok {
		found = make()
		f.cases[key] = found
	}
	return found
}

const (
	caseMet = iota
	caseVisible
	caseOffered
	caseDefault
	caseRange
	caseMember
	caseDefinition
	caseConstraint
)

func surroundings(all []kconfig.Surrounding) []condition {
	conditions := make([]condition, len(all), len(all)+4)
	for i, one := range all {
		if conditions[i].expr = one.If; one.Choice != nil {
			conditions[i].choice = one.Choice
		}
	}
	return conditions
}

func with(conditions []condition, exprs ...*kconfig.Expr) []condition {
	conditions = conditions[:len(conditions):len(conditions)]
	for _, e := range exprs {
		if e != nil {
			conditions = append(conditions, condition{expr: e})
		}
	}
	return conditions
}

// definition gives what a definition needs to count.
func (f *finder) definition(d *kconfig.Definition) []condition {
	return f.keep(d, caseDefinition, func() [][]condition {
		return [][]condition{with(surroundings(d.Surroundings()), d.DependsOn)}
	})[0]
}

func (f *finder) metCases(o *kconfig.Option) [][]condition {
	return f.keep(o, caseMet, func() [][]condition {
		var cases [][]condition
		for _, d := range o.Definitions {
			cases = append(cases, f.definition(d))
		}
		return cases
	})
}

func (f *finder) visibleCases(o *kconfig.Option) [][]condition {
	return f.keep(o, caseVisible, func() [][]condition {
		var cases [][]condition
		for _, d := range o.Definitions {
			if d.Prompt == "" {
				continue
			}
			one := with(f.definition(d), d.PromptIf)
			cases = append(cases, append(one[:len(one):len(one)], surroundings(d.Visibility())...))
		}
		return cases
	})
}

func (f *finder) offeredCases(c *kconfig.Choice) [][]condition {
	return f.keep(c, caseOffered, func() [][]condition {
		var cases [][]condition
		for _, d := range c.Definitions {
			if d.Prompt == "" {
				continue
			}
			one := with(surroundings(d.Surroundings()), d.DependsOn, d.PromptIf)
			cases = append(cases, append(one, surroundings(d.Visibility())...))
		}
		return cases
	})
}

// defaultCases gives the conditions of all defaults; defaultValues their values.
func (f *finder) defaultCases(o *kconfig.Option) [][]condition {
	return f.keep(o, caseDefault, func() [][]condition {
		var cases [][]condition
		for _, d := range o.Definitions {
			for i := range d.Defaults {
				cases = append(cases, with(f.definition(d), d.Defaults[i].If))
			}
		}
		return cases
	})
}

func (f *finder) defaultValues(o *kconfig.Option) []*kconfig.Expr {
	var values []*kconfig.Expr
	for _, d := range o.Definitions {
		for i := range d.Defaults {
			values = append(values, d.Defaults[i].Value)
		}
	}
	return values
}

func (f *finder) rangeCases(o *kconfig.Option) [][]condition {
	return f.keep(o, caseRange, func() [][]condition {
		var cases [][]condition
		for _, d := range o.Definitions {
			for i := range d.Ranges {
				cases = append(cases, with(f.definition(d), d.Ranges[i].If))
			}
		}
		return cases
	})
}

// memberCases gives what decides about a choice that no layer decides: its defaults, then its members.
func (f *finder) memberCases(c *kconfig.Choice) [][]condition {
	return f.keep(c, caseMember, func() [][]condition {
		var cases [][]condition
		for i := range c.Defaults {
			d := &c.Defaults[i]
			if d.Member != nil {
				one := with(surroundings(d.Surroundings()), d.If)
				cases = append(cases, append(one, condition{visible: d.Member}))
			}
		}
		for _, member := range c.Members {
			cases = append(cases, []condition{{visible: member}})
		}
		return cases
	})
}

func (f *finder) constraintConditions(c *kconfig.Constraint) []condition {
	return f.keep(c, caseConstraint, func() [][]condition {
		return [][]condition{with(surroundings(c.Surroundings()), c.DependsOn)}
	})[0]
}

// selectionConditions gives what puts a select or imply in force. The slice is the caller's.
func (f *finder) selectionConditions(s *kconfig.Selection) []condition {
	conditions := []condition{{on: s.By.Option}}
	conditions = append(conditions, f.definition(s.By)...)
	if s.If != nil {
		conditions = append(conditions, condition{expr: s.If})
	}
	return conditions
}
