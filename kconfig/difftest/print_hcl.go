package difftest

import (
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
)

// hcl writes the model as a Kconfig.hcl file.
func (m *model) hcl() string {
	p := &printer{}
	for _, b := range m.body {
		p.hclBlock(b)
	}
	return p.String()
}

func (p *printer) hclBlock(b *block) {
	switch {
	case b.symbol != nil:
		p.line("option %s {", quote(b.symbol.name))
	case b.choice != nil:
		p.line("choice %s {", quote(b.choice.name))
	case b.menu:
		p.line(`menu "Menu" {`)
	default:
		p.line("group {")
	}
	p.depth++
	if b.typed && b.symbol != nil {
		p.line("type = %s", b.symbol.kind)
	}
	if b.prompt {
		p.line(`prompt = "Prompt"`)
	}
	p.hclCondition("prompt_if", b.promptIf)
	p.hclCondition("depends_on", b.dependsOn)
	p.hclCondition("visible_if", b.visibleIf)
	if b.firstHere && b.choice.optional {
		p.line("optional = true")
	}
	for i, d := range b.defaults {
		if d.condition == nil && i == len(b.defaults)-1 {
			p.line("default = %s", d.value.hcl())
			continue
		}
		p.line("default {")
		p.depth++
		p.line("value = %s", d.value.hcl())
		p.hclCondition("if", d.condition)
		p.depth--
		p.line("}")
	}
	for i, r := range b.ranges {
		if r.condition == nil && i == len(b.ranges)-1 {
			p.line("range = [%s, %s]", r.low.hcl(), r.high.hcl())
			continue
		}
		p.line("range {")
		p.depth++
		p.line("min = %s", r.low.hcl())
		p.line("max = %s", r.high.hcl())
		p.hclCondition("if", r.condition)
		p.depth--
		p.line("}")
	}
	p.hclSelections("select", b.selects)
	p.hclSelections("imply", b.implies)
	for _, inner := range b.body {
		p.hclBlock(inner)
	}
	p.depth--
	p.line("}")
}

func (p *printer) hclCondition(name string, e *expression) {
	if e != nil {
		p.line("%s = %s", name, e.hcl())
	}
}

func (p *printer) hclSelections(verb string, selections []selection) {
	var plain []string
	for _, s := range selections {
		if s.condition == nil {
			plain = append(plain, s.target.name)
			continue
		}
		p.line("%s %s {", verb, quote(s.target.name))
		p.depth++
		p.hclCondition("if", s.condition)
		p.depth--
		p.line("}")
	}
	if plain != nil {
		p.line("%s = [%s]", verb, strings.Join(plain, ", "))
	}
}

func (e *expression) hcl() string {
	switch {
	case e.symbol != nil:
		return e.symbol.name
	case e.operator == "" && e.kind == text:
		return quote(e.literal)
	case e.operator == "":
		return e.literal
	case e.operator == "!":
		return "!(" + e.left.hcl() + ")"
	}
	return "(" + e.left.hcl() + " " + e.operator + " " + e.right.hcl() + ")"
}

func literalOf(kind kconfig.Type, value string) *expression {
	switch kind {
	case kconfig.Bool:
		return &expression{literal: value, kind: word}
	case kconfig.Int:
		return &expression{literal: value, kind: number}
	case kconfig.Hex:
		return &expression{literal: value, kind: text} // hex values are quoted in HCL
	}
	return &expression{literal: value, kind: text}
}
