package reference

import (
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
)

// typeOf gives the type with the unit of its values.
func typeOf(o *kconfig.Option) string {
	if o.Unit == "" {
		return o.Type.String()
	}
	return o.Type.String() + ", in " + escape(o.Unit)
}

// defaults lists the defaults in the order in which they are tried.
func defaults(o *kconfig.Option) string {
	var values []string
	for _, d := range o.Definitions {
		for _, one := range d.Defaults {
			text := one.Value.String()
			if o.Type == kconfig.Hex {
				text = strings.Trim(text, `"`)
			}
			if o.Secret {
				values = append(values, "(not shown)"+when(inDefinition(o, d, one.If))+marked(one.Mark))
				continue
			}
			values = append(values, code(text)+when(inDefinition(o, d, one.If))+marked(one.Mark))
		}
	}
	return strings.Join(values, "; ")
}

// provisions lists the files that a secret's value goes to, in the order in which they are tried.
func provisions(o *kconfig.Option) string {
	var texts []string
	for _, one := range o.Provisions {
		texts = append(texts, code(one.File)+" of the security tag "+link(one.Tag.Option)+when(one.If))
	}
	return strings.Join(texts, "; ")
}

func marked(mark string) string {
	if mark == "" {
		return ""
	}
	return " (marks the build: " + escape(mark) + ")"
}

func ranges(o *kconfig.Option) string {
	var values []string
	for _, d := range o.Definitions {
		for _, one := range d.Ranges {
			low, high := strings.Trim(one.Min.String(), `"`), strings.Trim(one.Max.String(), `"`)
			values = append(values, code(low)+" to "+code(high)+when(inDefinition(o, d, one.If)))
		}
	}
	return strings.Join(values, "; ")
}

// inDefinition gives the whole condition of a property. Of an option with one definition, whose dependencies are told anyway, it is its own.
func inDefinition(o *kconfig.Option, d *kconfig.Definition, condition *kconfig.Expr) *kconfig.Expr {
	if len(o.Definitions) == 1 {
		return condition
	}
	return and(dependencies(d.Surroundings(), d.DependsOn), condition)
}

func and(a, b *kconfig.Expr) *kconfig.Expr {
	switch {
	case always(a):
		return b
	case always(b):
		return a
	}
	return &kconfig.Expr{Op: kconfig.OpAnd, Left: a, Right: b}
}

// always says whether a condition is none.
func always(e *kconfig.Expr) bool { return e == nil || e.IsLiteral() && e.Text == "y" }

// dependencies joins what the blocks around demand and a condition; nil where there is none.
func dependencies(around []kconfig.Surrounding, own *kconfig.Expr) *kconfig.Expr {
	var all *kconfig.Expr
	for _, one := range around {
		all = and(all, one.If) // that a member needs its choice goes without saying
	}
	return and(all, own)
}

// alternatives lists a condition of all definitions; one that always holds makes it needless.
func alternatives(o *kconfig.Option, of func(*kconfig.Definition) *kconfig.Expr) string {
	var all []*kconfig.Expr
	for _, d := range o.Definitions {
		if d.Prompt != "" || o.Prompt == "" {
			all = append(all, of(d))
		}
	}
	return either(all)
}

// either lists conditions of which one has to hold.
func either(conditions []*kconfig.Expr) string {
	var texts []string
	for _, one := range conditions {
		if always(one) {
			return ""
		}
		if text := code(one.String()); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, ", or ")
}

func required(conditions []kconfig.Condition) string {
	var all []*kconfig.Expr
	for _, one := range conditions {
		all = append(all, one.If)
	}
	if len(all) == 0 {
		return ""
	}
	if text := either(all); text != "" {
		return "if " + text
	}
	return "always"
}

// targets lists what an option selects or implies.
func targets(o *kconfig.Option, of func(*kconfig.Definition) []*kconfig.Selection) string {
	var texts []string
	for _, d := range o.Definitions {
		for _, s := range of(d) {
			texts = append(texts, link(s.Target)+when(s.If))
		}
	}
	return strings.Join(texts, ", ")
}

// sources lists what selects or implies an option.
func sources(selections []*kconfig.Selection) string {
	var texts []string
	for _, s := range selections {
		texts = append(texts, link(s.By.Option)+when(s.If))
	}
	return strings.Join(texts, ", ")
}

func files(o *kconfig.Option) string {
	var names []string
	for _, d := range o.Definitions {
		if name := code(d.Range.Filename); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func waits(planned string) string {
	if planned == "" {
		return ""
	}
	return "it waits for " + planned
}

func when(condition *kconfig.Expr) string {
	if always(condition) {
		return ""
	}
	return " if " + code(condition.String())
}

func link(o *kconfig.Option) string { return "[" + o.Name + "](#" + Anchor(o.Name) + ")" }

// code writes text as code; one with grave accents needs more of them around.
func code(text string) string {
	if text == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + text + " " + fence
	}
	return fence + text + fence
}

// paragraphs writes a help text, which may have words between grave accents.
func paragraphs(help string) string {
	return strings.ReplaceAll(escape(strings.TrimSpace(help)), "\\`", "`")
}

// escape keeps plain text from being read as Markdown.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "<", `\<`, "*", `\*`, "[", `\[`, "`", "\\`").Replace(text)
}
