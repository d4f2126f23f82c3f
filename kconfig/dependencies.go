package kconfig

// Dependencies lists what has to hold for the definition to count: the conditions of the blocks around it from the outside in, then its
// own. That a member needs its choice is not among them.
func (d *Definition) Dependencies() []*Expr {
	return appendCondition(d.scope.dependencies(), d.DependsOn)
}

// ShownIf lists the conditions of the menus around, from the outside in, without which the definition's prompt is not offered.
func (d *Definition) ShownIf() []*Expr { return d.scope.shownIf() }

// Dependencies lists what has to hold for the block to count: the conditions of the blocks around it from the outside in, then its own.
func (d *ChoiceDefinition) Dependencies() []*Expr {
	return appendCondition(d.scope.dependencies(), d.DependsOn)
}

// ShownIf lists the conditions of the menus around, from the outside in, without which the choice is not offered.
func (d *ChoiceDefinition) ShownIf() []*Expr { return d.scope.shownIf() }

func (s *scope) dependencies() []*Expr {
	if s == nil || s.choice != nil {
		return nil
	}
	return appendCondition(s.parent.dependencies(), s.dependsOn)
}

func (s *scope) shownIf() []*Expr {
	if s == nil {
		return nil
	}
	return appendCondition(s.outer.shownIf(), s.visibleIf)
}

func appendCondition(all []*Expr, one *Expr) []*Expr {
	if one == nil {
		return all
	}
	return append(all, one)
}
