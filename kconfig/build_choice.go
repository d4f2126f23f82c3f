package kconfig

import (
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

var choiceProperties = []string{"prompt", "prompt_if", "optional", "default", "depends_on", "required", "planned", "help"}

// choice adds one choice block. The same name in another place adds members.
func (b *builder) choice(f *file, block *hclsyntax.Block, in context) {
	name, at := b.label(block, "a name")
	if len(block.Labels) == 0 || !b.checkName(name, at) {
		return
	}
	c := b.tree.choiceNamed[name]
	if c == nil {
		c = &Choice{Name: name, index: len(b.tree.choices)}
		c.mode = b.newScope(scope{choice: c, inside: c, place: at})
		b.tree.choices = append(b.tree.choices, c)
		b.tree.choiceNamed[name] = c
		if in.menu != nil {
			in.menu.Choices = append(in.menu.Choices, c)
		}
	}
	d := &ChoiceDefinition{Range: at, Menu: in.menu, scope: in.scope}
	c.Definitions = append(c.Definitions, d)
	inner := scope{parent: c.mode, outer: in.scope, inside: c, place: at}
	if in.scope != nil {
		inner.planned = in.scope.planned
	}
	first := len(c.Defaults)
	for _, p := range properties(block.Body) {
		if p.attribute == nil {
			if p.block.Type == "default" {
				b.choiceDefault(c, p.block)
			}
			continue
		}
		a := p.attribute
		switch a.Name {
		case "prompt":
			d.Prompt = b.text(a)
			if c.Prompt == "" {
				c.Prompt = d.Prompt
			}
		case "prompt_if":
			d.PromptIf = b.condition(a.Expr)
		case "depends_on":
			d.DependsOn = b.condition(a.Expr)
		case "optional":
			c.Optional = b.yes(a) || c.Optional
		case "required":
			if condition, ok := b.required(a); ok {
				c.Required = append(c.Required, condition)
			}
		case "default":
			if member := b.leaf(a, "the name of a member", "MEMBER"); member != nil {
				c.Defaults = append(c.Defaults, ChoiceDefault{Name: member.Text, Range: member.Range})
			}
		case "planned":
			inner.planned = b.text(a)
			c.Planned = inner.planned
		case "help":
			if text := b.text(a); c.Help == "" {
				c.Help = text
			}
		default:
			b.unknownProperty(a, "a choice", choiceProperties)
		}
	}
	for i := first; i < len(c.Defaults); i++ {
		c.Defaults[i].scope, c.Defaults[i].dep = in.scope, d.DependsOn
	}
	in.scope = b.newScope(inner)
	in.choice = c
	in.group = false
	b.blocks(f, block.Body, in)
}

func (b *builder) choiceDefault(c *Choice, block *hclsyntax.Block) {
	b.noLabels(block)
	made := ChoiceDefault{Range: block.TypeRange}
	for _, a := range sortedAttributes(block.Body) {
		switch a.Name {
		case "value":
			if member := b.leaf(a, "the name of a member", "MEMBER"); member != nil {
				made.Name, made.Range = member.Text, member.Range
			}
		case "if":
			made.If = b.condition(a.Expr)
		case "mark":
			made.Mark = b.text(a)
		default:
			b.unknownProperty(a, "a default", []string{"value", "if", "mark"})
		}
	}
	b.noBlocks(block)
	if _, ok := block.Body.Attributes["value"]; !ok {
		b.missing(block.TypeRange, "this default has no value", "value = …")
	}
	if made.Name != "" {
		c.Defaults = append(c.Defaults, made)
	}
}

// member makes an option a member of a choice.
func (b *builder) member(c *Choice, o *Option, d *Definition) {
	if o.Choice != nil && o.Choice != c {
		e := b.diags.add(CodeChoice, &d.Range, "%s is already a member of the choice %s", o.Name, o.Choice.Name)
		e.relate(o.Choice.Range(), "that choice")
		return
	}
	o.Choice = c
	if !slices.Contains(c.Members, o) {
		c.Members = append(c.Members, o)
	}
}
