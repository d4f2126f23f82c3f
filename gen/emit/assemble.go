package emit

import (
	"cmp"
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/cloudgen/cloudgen/gen/plan"
)

// assembly emits into a function the statements that make what goes into the slots of Configs, the innermost first.
type assembly struct {
	plan   *plan.Plan
	into   *jen.Group
	failed func(dir string) []jen.Code // what the function does with an err of the component in dir
	parts  int
	begun  bool
}

// returned gives err back from a function, behind other results.
func returned(results ...jen.Code) func(dir string) []jen.Code {
	return func(dir string) []jen.Code {
		return []jen.Code{jen.Return(append(results, jen.Qual("fmt", "Errorf").Call(jen.Lit(dir+": %w"), jen.Err()))...)}
	}
}

// ended prints err and ends a program.
func ended(dir string) []jen.Code {
	return []jen.Code{
		jen.List(jen.Id("_"), jen.Id("_")).Op("=").Qual("os", "Stderr").Dot("WriteString").Call(jen.Lit(dir + ": ").Op("+").Err().Dot("Error").Call().Op("+").Lit("\n")),
		jen.Qual("os", "Exit").Call(jen.Lit(1)),
	}
}

// config emits what the slots of a component take, and gives its Config: as a literal, or as the variable config where a slot takes several.
func (a *assembly) config(of plan.Component) *jen.Statement {
	return a.filled(of, "", func() string { return "config" })
}

// opened is config for one of several components of a function.
func (a *assembly) opened(of plan.Component) *jen.Statement {
	return a.filled(of, "", func() string {
		a.parts++
		return fmt.Sprintf("config%d", a.parts)
	})
}

// filled is config; name gives the variable, once all that stands before it is emitted.
func (a *assembly) filled(of plan.Component, owner string, name func() string) *jen.Statement {
	var lone []jen.Code
	var many []func(config string) jen.Code
	for _, slot := range of.Slots {
		var parts []jen.Code
		for _, each := range slot.Components {
			parts = append(parts, a.part(slot.Name, owner, each))
		}
		if !slot.Many {
			lone = append(lone, line(slot.Field, parts[0], ""))
			continue
		}
		many = append(many, func(config string) jen.Code {
			field := func() *jen.Statement { return jen.Id(config).Dot(slot.Field) }
			return field().Op("=").Append(append([]jen.Code{field()}, parts...)...)
		})
	}
	value := literal(a.plan, of.Config, lone...)
	if len(many) == 0 {
		return value
	}
	a.separate()
	variable := name()
	a.into.Id(variable).Op(":=").Add(value)
	for _, each := range many {
		a.into.Add(each(variable))
	}
	return jen.Id(variable)
}

// part emits the making of a component, and gives its variable. owner is the folder of the component whose slot it is for; "" for that of the
// function.
func (a *assembly) part(slot, owner string, each plan.Component) jen.Code {
	next := func(what string) string { return fmt.Sprintf("%s%d", what, a.parts+1) }
	config := a.filled(each, each.Dir, func() string { return next("config") })
	a.separate()
	text := "The slot " + slot
	if owner != "" {
		text += " of " + owner
	}
	part := next("part")
	a.parts++
	a.into.Comment(text + ": " + cmp.Or(each.If, "always") + ".")
	a.into.List(jen.Id(part), jen.Err()).Op(":=").Qual(each.Import, "New").Call(config)
	a.into.If(jen.Err().Op("!=").Nil()).Block(a.failed(each.Dir)...)
	return jen.Id(part)
}

// separate puts an empty line between what is emitted before and what comes.
func (a *assembly) separate() {
	if a.begun {
		a.into.Line()
	}
	a.begun = true
}

// called emits the call of a component's configFunction where that may fail, and gives what it gives.
func (a *assembly) called(of *plan.Component, function, variable string) jen.Code {
	if len(of.Slots) == 0 {
		return jen.Id(function).Call()
	}
	a.separate()
	a.into.List(jen.Id(variable), jen.Err()).Op(":=").Id(function).Call()
	a.into.If(jen.Err().Op("!=").Nil()).Block(a.failed(of.Dir)...)
	return jen.Id(variable)
}

// configFunction writes a function that gives the Config of a component, and an error where it has slots to fill.
func configFunction(p *plan.Plan, file *jen.File, name string, of plan.Component) {
	function := file.Func().Id(name).Params()
	if len(of.Slots) == 0 {
		function.Add(typeOf(of.Config)).Block(jen.Return(literal(p, of.Config)))
		return
	}
	function.Params(typeOf(of.Config), jen.Error()).BlockFunc(func(group *jen.Group) {
		making := assembly{plan: p, into: group, failed: returned(typeOf(of.Config).Values())}
		config := making.config(of)
		making.separate()
		group.Return(config, jen.Nil())
	})
}
