package difftest

// kconfig writes the model as a Kconfig file.
func (m *model) kconfig() string {
	p := &printer{}
	for _, b := range m.body {
		p.kconfigBlock(b)
	}
	return p.String()
}

func (p *printer) kconfigBlock(b *block) {
	switch {
	case b.symbol != nil:
		p.line("config %s", b.symbol.name)
		p.depth++
		if b.typed {
			p.line("%s", b.symbol.kind)
		}
		p.kconfigProperties(b)
		p.depth--
		return
	case b.choice != nil:
		p.line("choice %s", b.choice.name)
		p.depth++
		p.line("bool")
		p.kconfigProperties(b)
		if b.firstHere && b.choice.optional {
			p.line("optional")
		}
		p.depth--
		p.kconfigBody(b)
		p.line("endchoice")
	case b.menu:
		p.line(`menu "Menu"`)
		p.depth++
		p.kconfigCondition("depends on", b.dependsOn)
		p.kconfigCondition("visible if", b.visibleIf)
		p.depth--
		p.kconfigBody(b)
		p.line("endmenu")
	default:
		condition := "y"
		if b.dependsOn != nil {
			condition = b.dependsOn.kconfig()
		}
		p.line("if %s", condition)
		p.kconfigBody(b)
		p.line("endif")
	}
}

func (p *printer) kconfigBody(b *block) {
	p.depth++
	for _, inner := range b.body {
		p.kconfigBlock(inner)
	}
	p.depth--
}

func (p *printer) kconfigProperties(b *block) {
	if b.prompt {
		p.line(`prompt "Prompt"%s`, onlyIf(b.promptIf))
	}
	p.kconfigCondition("depends on", b.dependsOn)
	for _, d := range b.defaults {
		p.line("default %s%s", d.value.kconfig(), onlyIf(d.condition))
	}
	for _, r := range b.ranges {
		p.line("range %s %s%s", r.low.kconfig(), r.high.kconfig(), onlyIf(r.condition))
	}
	for _, s := range b.selects {
		p.line("select %s%s", s.target.name, onlyIf(s.condition))
	}
	for _, s := range b.implies {
		p.line("imply %s%s", s.target.name, onlyIf(s.condition))
	}
}

func (p *printer) kconfigCondition(name string, e *expression) {
	if e != nil {
		p.line("%s %s", name, e.kconfig())
	}
}

func onlyIf(e *expression) string {
	if e == nil {
		return ""
	}
	return " if " + e.kconfig()
}

func (e *expression) kconfig() string {
	switch {
	case e.symbol != nil:
		return e.symbol.name
	case e.operator == "" && e.kind == word:
		return e.literal
	case e.operator == "":
		return quote(e.literal)
	case e.operator == "!":
		return "!(" + e.left.kconfig() + ")"
	}
	operator := e.operator
	if operator == "==" {
		operator = "="
	}
	return "(" + e.left.kconfig() + " " + operator + " " + e.right.kconfig() + ")"
}
