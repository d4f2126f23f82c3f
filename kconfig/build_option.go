package kconfig

import (
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

var optionProperties = []string{
	"type", "prompt", "prompt_if", "default", "range", "depends_on", "select", "imply", "required", "pattern", "secret",
	"unit", "effect", "warning", "origin", "planned", "renamed_to", "renamed_values", "help",
}

// property is an attribute or an inner block of an option, for reading both in
// source order.
type property struct {
	attribute *hclsyntax.Attribute
	block     *hclsyntax.Block
	at        int
}

func properties(body *hclsyntax.Body) []property {
	found := make([]property, 0, len(body.Attributes)+len(body.Blocks))
	for _, attribute := range body.Attributes {
		found = append(found, property{attribute: attribute, at: attribute.SrcRange.Start.Byte})
	}
	for _, block := range body.Blocks {
		found = append(found, property{block: block, at: block.TypeRange.Start.Byte})
	}
	slices.SortFunc(found, func(a, b property) int { return cmp.Compare(a.at, b.at) })
	return found
}

// option adds one option block to the tree.
func (b *builder) option(block *hclsyntax.Block, in context) {
	name, at := b.label(block, "a name")
	if len(block.Labels) == 0 || !b.checkName(name, at) {
		return
	}
	if _, renamed := block.Body.Attributes["renamed_to"]; renamed {
		b.alias(block, name, at)
		return
	}
	o := b.tree.byName[name]
	if o == nil {
		o = &Option{Name: name, index: len(b.tree.options)}
		b.tree.byName[name] = o
		b.tree.options = append(b.tree.options, o)
		b.facts[o] = &optionFacts{}
		if in.menu != nil {
			in.menu.Options = append(in.menu.Options, o)
		}
	}
	d := &Definition{
		Option: o, Range: at, Block: hcl.RangeBetween(block.TypeRange, block.CloseBraceRange),
		Menu: in.menu, scope: in.scope, index: b.tree.definitions,
	}
	b.tree.definitions++
	o.Definitions = append(o.Definitions, d)
	if in.scope != nil && in.scope.planned != "" && o.Planned == "" {
		o.Planned = in.scope.planned
	}
	for _, p := range properties(block.Body) {
		if p.block != nil {
			b.optionBlock(d, p.block)
		} else {
			b.optionAttribute(d, p.attribute)
		}
	}
	if d.PromptIf != nil && d.Prompt == "" {
		b.diags.add(CodeMisplaced, &d.PromptIf.Range, "prompt_if without a prompt").Fix = "add a prompt, or leave prompt_if out"
	}
	if in.choice != nil {
		b.member(in.choice, o, d)
	}
}

func (b *builder) optionAttribute(d *Definition, a *hclsyntax.Attribute) {
	o, facts := d.Option, b.facts[d.Option]
	switch a.Name {
	case "type":
		b.optionType(o, a)
	case "prompt":
		d.Prompt = b.text(a)
		if o.Prompt == "" {
			o.Prompt = d.Prompt
		}
		if _, ok := stringOf(a.Expr); ok && d.Prompt == "" {
			at := a.Expr.Range()
			b.diags.add(CodePropertyValue, &at, "the prompt is empty").Fix = "say in a few words what the option does, or leave prompt out"
		}
	case "prompt_if":
		d.PromptIf = b.condition(a.Expr)
	case "depends_on":
		d.DependsOn = b.condition(a.Expr)
	case "default":
		if value := b.expression(a.Expr); value != nil {
			d.Defaults = append(d.Defaults, Default{Value: value, Range: a.Expr.Range()})
		}
	case "range":
		tuple, ok := a.Expr.(*hclsyntax.TupleConsExpr)
		if !ok || len(tuple.Exprs) != 2 {
			b.wrongValue(a, "a list of two bounds", "[0, 13]")
			return
		}
		low, high := b.expression(tuple.Exprs[0]), b.expression(tuple.Exprs[1])
		if low != nil && high != nil {
			d.Ranges = append(d.Ranges, Bounds{Min: low, Max: high, Range: a.Expr.Range()})
		}
	case "select":
		for _, target := range b.leaves(a) {
			d.Selects = append(d.Selects, &Selection{By: d, Name: target.Text, Range: target.Range})
		}
	case "imply":
		for _, target := range b.leaves(a) {
			d.Implies = append(d.Implies, &Selection{By: d, Name: target.Text, Range: target.Range})
		}
	case "required":
		if c, ok := b.required(a); ok {
			o.Required = append(o.Required, c)
		}
	case "secret":
		o.Secret = b.yes(a) || o.Secret
	case "help":
		if text := b.text(a); o.Help == "" {
			o.Help = text
		}
	case "pattern":
		b.once(o, a, &o.Pattern, &facts.pattern)
	case "unit":
		b.once(o, a, &o.Unit, &facts.unit)
	case "effect":
		b.once(o, a, &o.Effect, &facts.effect)
	case "warning":
		b.once(o, a, &o.Warning, &facts.warning)
	case "origin":
		b.once(o, a, &o.Origin, &facts.origin)
	case "planned":
		if facts.planned == nil {
			o.Planned = "" // the option's own text goes before a menu's
		}
		b.once(o, a, &o.Planned, &facts.planned)
	default:
		b.unknownProperty(a, "an option", optionProperties)
	}
}

// required reads true, false or a condition.
func (b *builder) required(a *hclsyntax.Attribute) (Condition, bool) {
	if value, ok := boolOf(a.Expr); ok && !value {
		return Condition{}, false
	}
	condition := b.condition(a.Expr)
	return Condition{If: condition, Range: a.Expr.Range()}, condition != nil
}

// once sets a property that an option has once for all its definitions.
func (b *builder) once(o *Option, a *hclsyntax.Attribute, to *string, from **hcl.Range) {
	text := b.text(a)
	at := a.Expr.Range()
	if *from == nil {
		*to, *from = text, &at
		return
	}
	if *to != text {
		d := b.diags.add(CodeRedefinition, &at, "%s of %s is already %s", a.Name, o.Name, quote(*to))
		d.relate(**from, "set here")
		d.Fix = "keep one of them"
	}
}

func (b *builder) optionType(o *Option, a *hclsyntax.Attribute) {
	name, _ := nameOf(a.Expr)
	t := slices.Index(typeText[:], name)
	at := a.Expr.Range()
	if t < 0 {
		d := b.diags.add(CodePropertyValue, &at, "type must be bool, int, hex or string")
		if name == "tristate" {
			d.Detail = "There are no modules, so nothing can be m."
			d.Fix = "write bool"
		} else if text, ok := stringOf(a.Expr); ok && slices.Contains(typeText[:], text) {
			d.Fix = "write " + text + " without quotation marks"
		}
		return
	}
	facts := b.facts[o]
	if facts.typed == nil {
		o.Type, facts.typed = Type(t), &at
		return
	}
	if o.Type != Type(t) {
		d := b.diags.add(CodeTypeClash, &at, "%s is %s here and %s elsewhere", o.Name, Type(t).article(), o.Type.article())
		d.relate(*facts.typed, "its first type")
		d.Fix = "make both the same"
	}
}

func (b *builder) optionBlock(d *Definition, block *hclsyntax.Block) {
	switch block.Type {
	case "default":
		b.noLabels(block)
		made := Default{Range: block.TypeRange}
		for _, a := range sortedAttributes(block.Body) {
			switch a.Name {
			case "value":
				made.Value, made.Range = b.expression(a.Expr), a.Expr.Range()
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
		if made.Value != nil {
			d.Defaults = append(d.Defaults, made)
		}
	case "range":
		b.noLabels(block)
		made := Bounds{Range: block.TypeRange}
		for _, a := range sortedAttributes(block.Body) {
			switch a.Name {
			case "min":
				made.Min = b.expression(a.Expr)
			case "max":
				made.Max = b.expression(a.Expr)
			case "if":
				made.If = b.condition(a.Expr)
			default:
				b.unknownProperty(a, "a range", []string{"min", "max", "if"})
			}
		}
		b.noBlocks(block)
		for _, name := range []string{"min", "max"} {
			if _, ok := block.Body.Attributes[name]; !ok {
				b.missing(block.TypeRange, "this range has no "+name, name+" = …")
			}
		}
		if made.Min != nil && made.Max != nil {
			d.Ranges = append(d.Ranges, made)
		}
	case "select", "imply":
		target, at := b.label(block, "the name of an option")
		if len(block.Labels) == 0 {
			return
		}
		made := &Selection{By: d, Name: target, Range: at}
		for _, a := range sortedAttributes(block.Body) {
			if a.Name == "if" {
				made.If = b.condition(a.Expr)
			} else {
				b.unknownProperty(a, "a "+block.Type, []string{"if"})
			}
		}
		b.noBlocks(block)
		if block.Type == "select" {
			d.Selects = append(d.Selects, made)
		} else {
			d.Implies = append(d.Implies, made)
		}
	case "provision":
		b.provision(d.Option, block)
	default:
		b.unknownBlock(block, []string{"default", "range", "select", "imply", "provision"})
	}
}

// alias adds the old name of an option.
func (b *builder) alias(block *hclsyntax.Block, name string, at hcl.Range) {
	made := &Alias{Name: name, Range: at}
	for _, a := range sortedAttributes(block.Body) {
		switch a.Name {
		case "renamed_to":
			if leaf := b.leaf(a, "the name of an option", "NEW_NAME"); leaf != nil {
				made.To, made.toRange = leaf.Text, leaf.Range
			}
		case "renamed_values":
			made.Values = b.valueMap(a)
		case "help":
			made.Help = b.text(a)
		case "type", "origin", "prompt":
			// What the old option was; nothing depends on it.
		default:
			d := b.diags.add(CodeMisplaced, &a.NameRange, "a renamed option has no %s", a.Name)
			d.Detail = "Only the name and its values lead on to the new option, which has all other properties."
			d.Fix = "leave it out"
		}
	}
	b.noBlocks(block)
	if first := b.tree.aliasNamed[name]; first != nil {
		d := b.diags.add(CodeRename, &at, "%s is renamed twice", name)
		d.relate(first.Range, "the first time")
		return
	}
	b.tree.aliases = append(b.tree.aliases, made)
	b.tree.aliasNamed[name] = made
}

// valueMap reads { old = new } with values as overlays write them.
func (b *builder) valueMap(a *hclsyntax.Attribute) map[string]string {
	object, ok := a.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		b.wrongValue(a, "a map of old to new values", `{ y = "x" }`)
		return nil
	}
	values := map[string]string{}
	for _, item := range object.Items {
		key := item.KeyExpr
		if wrapped, ok := key.(*hclsyntax.ObjectConsKeyExpr); ok {
			key = wrapped.Wrapped
		}
		from, to := mappedText(key), mappedText(item.ValueExpr)
		if from == nil || to == nil {
			b.wrongValue(a, "a map of old to new values", `{ y = "x" }`)
			return nil
		}
		values[*from] = *to
	}
	return values
}

func mappedText(e hclsyntax.Expression) *string {
	if truth, ok := boolOf(e); ok {
		text := boolText(truth)
		return &text
	}
	if text, ok := nameOf(e); ok {
		return &text
	}
	if text, ok := stringOf(e); ok {
		return &text
	}
	if value, ok := numberOf(e); ok {
		text := formatNumber(value, Int)
		return &text
	}
	return nil
}
