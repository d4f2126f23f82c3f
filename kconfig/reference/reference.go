// Package reference writes the option reference: one Markdown page about a tree, with a heading for each option whose anchor is the option's
// name in lower case. Places are files without lines, so that the page changes only when an option does.
package reference

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/cloudgen/cloudgen/kconfig"
)

// Markdown writes the page. The introduction stands below its title.
func Markdown(tree *kconfig.Tree, introduction string) []byte {
	w := &writer{tree: tree}
	sections := group(tree)
	fmt.Fprintf(w, "# Options\n\n%s\n\n", introduction)
	for _, s := range sections {
		fmt.Fprintf(w, "* [%s](#%s)\n", escape(s.title), Anchor(s.title))
	}
	for _, s := range sections {
		w.section(s)
	}
	w.rules()
	w.oldNames()
	return w.Bytes()
}

// Anchor gives the anchor that Markdown viewers make of a heading: lower case, without punctuation, with - for blanks.
func Anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// section is what the menus of one title hold.
type section struct {
	title   string
	menus   []*kconfig.Menu
	entries []entry
}

// entry is an option, or a choice with its members.
type entry struct {
	option *kconfig.Option
	choice *kconfig.Choice
}

// group sorts options into sections, in the order of the menus. An option stands where it has a prompt for the first time.
func group(tree *kconfig.Tree) []*section {
	outside := &section{title: path(nil)}
	sections := []*section{outside}
	byTitle := map[string]*section{outside.title: outside}
	eachMenu(tree.Menus(), func(menu *kconfig.Menu) {
		title := path(menu)
		s := byTitle[title]
		if s == nil {
			s = &section{title: title}
			byTitle[title] = s
			sections = append(sections, s)
		}
		s.menus = append(s.menus, menu)
	})
	choices := map[*kconfig.Choice]bool{}
	for _, o := range tree.Options() {
		menu := definition(o).Menu
		if o.Choice != nil {
			menu = o.Choice.Definitions[0].Menu
		}
		s := byTitle[path(menu)]
		switch c := o.Choice; {
		case c == nil:
			s.entries = append(s.entries, entry{option: o})
		case !choices[c]:
			choices[c] = true
			s.entries = append(s.entries, entry{choice: c})
		}
	}
	return slices.DeleteFunc(sections, func(s *section) bool { return len(s.entries) == 0 })
}

func eachMenu(menus []*kconfig.Menu, visit func(*kconfig.Menu)) {
	for _, menu := range menus {
		visit(menu)
		eachMenu(menu.Menus, visit)
	}
}

// definition is the first one that has a prompt, or the first one.
func definition(o *kconfig.Option) *kconfig.Definition {
	for _, d := range o.Definitions {
		if d.Prompt != "" {
			return d
		}
	}
	return o.Definitions[0]
}

// path names a menu with those around it.
func path(menu *kconfig.Menu) string {
	switch {
	case menu == nil:
		return "Outside of menus"
	case menu.Parent == nil:
		return "Menu: " + menu.Title // options may be named like menus, and their anchors have no prefix
	}
	return path(menu.Parent) + ": " + menu.Title
}

type writer struct {
	bytes.Buffer
	tree *kconfig.Tree
}

func (w *writer) section(s *section) {
	fmt.Fprintf(w, "\n## %s\n", escape(s.title))
	for _, menu := range s.menus {
		for _, comment := range menu.Comments {
			fmt.Fprintf(w, "\n%s%s\n", escape(comment.Text), when(comment.DependsOn))
		}
	}
	for _, e := range s.entries {
		if e.choice == nil {
			w.option(e.option)
			continue
		}
		w.choice(e.choice)
		for _, member := range e.choice.Members {
			w.option(member)
		}
	}
}

// item writes a line of an option's list; nothing where there is no text.
func (w *writer) item(title, text string) {
	if text != "" {
		fmt.Fprintf(w, "* %s: %s\n", title, text)
	}
}

func (w *writer) option(o *kconfig.Option) {
	fmt.Fprintf(w, "\n### %s\n\n", o.Name)
	if o.Prompt != "" {
		fmt.Fprintf(w, "%s\n\n", escape(o.Prompt))
	}
	w.item("type", typeOf(o))
	if o.Choice != nil {
		w.item("member of", fmt.Sprintf("[%s](#%s)", o.Choice.Name, Anchor(choiceHeading(o.Choice))))
	}
	w.item("default", defaults(o))
	w.item("range", ranges(o))
	w.item("depends on", alternatives(o, func(d *kconfig.Definition) *kconfig.Expr { return dependencies(d.Surroundings(), d.DependsOn) }))
	w.item("offered if", alternatives(o, func(d *kconfig.Definition) *kconfig.Expr { return dependencies(d.Visibility(), d.PromptIf) }))
	w.item("required", required(o.Required))
	w.item("form", code(o.Pattern))
	w.item("selects", targets(o, func(d *kconfig.Definition) []*kconfig.Selection { return d.Selects }))
	w.item("implies", targets(o, func(d *kconfig.Definition) []*kconfig.Selection { return d.Implies }))
	w.item("selected by", sources(o.SelectedBy))
	w.item("implied by", sources(o.ImpliedBy))
	w.item("not built yet", escape(waits(o.Planned)))
	w.item("no effect", escape(o.Effect))
	w.item("mind", escape(o.Warning))
	if o.Secret {
		w.item("secret", "its value is in no generated code, report or log")
	}
	w.item("goes to", provisions(o))
	if o.Origin != "sdk" {
		w.item("origin", o.Origin+"; the application of the SDK does not have it")
	}
	w.item("defined in", files(o))
	if o.Help != "" {
		fmt.Fprintf(w, "\n%s\n", paragraphs(o.Help))
	}
}

func choiceHeading(c *kconfig.Choice) string { return c.Name + " (choice)" }

func (w *writer) choice(c *kconfig.Choice) {
	fmt.Fprintf(w, "\n### %s\n\n%s\n\n", choiceHeading(c), escape(c.Prompt))
	kind := "one member is y"
	if c.Optional {
		kind = "at most one member is y"
	}
	w.item("type", "choice, "+kind)
	var members, values []string
	for _, member := range c.Members {
		members = append(members, link(member))
	}
	w.item("members", strings.Join(members, ", "))
	for _, d := range c.Defaults {
		condition := d.If
		if len(c.Definitions) > 1 { // of one alone, its dependencies are told anyway
			condition = dependencies(d.Surroundings(), d.If)
		}
		values = append(values, "`"+d.Name+"`"+when(condition)+marked(d.Mark))
	}
	w.item("default", strings.Join(values, "; "))
	var depends, offered []*kconfig.Expr
	for _, d := range c.Definitions {
		if d.Prompt != "" {
			depends = append(depends, dependencies(d.Surroundings(), d.DependsOn))
			offered = append(offered, dependencies(d.Visibility(), d.PromptIf))
		}
	}
	w.item("depends on", either(depends))
	w.item("offered if", either(offered))
	w.item("required", required(c.Required))
	w.item("not built yet", escape(waits(c.Planned)))
	if c.Help != "" {
		fmt.Fprintf(w, "\n%s\n", paragraphs(c.Help))
	}
}

func (w *writer) rules() {
	if len(w.tree.Constraints()) == 0 {
		return
	}
	w.WriteString("\n## Rules between options\n\n")
	for _, c := range w.tree.Constraints() {
		fmt.Fprintf(w, "* %s: %s%s\n", escape(c.Message), code(c.Condition.String()), when(dependencies(c.Surroundings(), c.DependsOn)))
	}
}

func (w *writer) oldNames() {
	if len(w.tree.Aliases()) == 0 {
		return
	}
	w.WriteString("\n## Old names\n\n")
	for _, a := range w.tree.Aliases() {
		fmt.Fprintf(w, "* `%s` is now %s", a.Name, link(a.Option))
		var values []string
		for old := range a.Values {
			values = append(values, fmt.Sprintf("`%s` is `%s`", old, a.Values[old]))
		}
		slices.Sort(values)
		if len(values) > 0 {
			fmt.Fprintf(w, "; %s", strings.Join(values, ", "))
		}
		w.WriteString("\n")
	}
}
