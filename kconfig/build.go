package kconfig

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// builder turns parsed files into a tree: first every block in source order,
// then link connects the names.
type builder struct {
	tree   *Tree
	loader *loader
	diags  Diagnostics

	truths    []*Expr // leaves that stand where a condition is asked for
	relations []*Expr
	sums      []*Expr // arithmetic
	names     []*Expr // all leaves that are names
	facts     map[*Option]*optionFacts
}

// optionFacts remembers where the single-valued properties of an option come from.
type optionFacts struct {
	typed                                           *hcl.Range
	unit, effect, warning, origin, pattern, planned *hcl.Range
}

// context is where a block stands.
type context struct {
	scope  *scope
	menu   *Menu
	choice *Choice
	group  bool // in a choice: inside of a group
}

func newBuilder(l *loader) *builder {
	return &builder{
		tree: &Tree{
			byName:      map[string]*Option{},
			choiceNamed: map[string]*Choice{},
			aliasNamed:  map[string]*Alias{},
			sources:     Sources{},
		},
		loader: l,
		facts:  map[*Option]*optionFacts{},
	}
}

// collect gives all findings in their order.
func (b *builder) collect() Diagnostics {
	b.diags.Sort()
	return b.diags
}

// file adds a file's blocks to the tree.
func (b *builder) file(name string, from *hcl.Range, in context) {
	f := b.loader.files[name]
	if f.err != nil {
		d := b.diags.add(CodeUnreadable, from, "%s cannot be read: %v", name, plainError(f.err))
		if from == nil {
			d.Subject = &hcl.Range{Filename: name}
		}
		return
	}
	if f.used {
		d := b.diags.add(CodeSource, from, "%s is already part of the tree", name)
		d.Detail = "A file belongs to one place; a file that sources itself, directly or through others, has no end."
		d.Fix = "source it once"
		if f.sourcedAt != nil {
			d.relate(*f.sourcedAt, "it is sourced here")
		}
		return
	}
	f.used, f.sourcedAt = true, from
	b.tree.sources[name] = f.source
	b.diags = append(b.diags, f.diags...)
	if f.body == nil {
		return
	}
	for _, attribute := range sortedAttributes(f.body) {
		b.unknownProperty(attribute, "a tree file", nil)
	}
	b.blocks(f, f.body, in)
	f.body, f.includes = nil, nil // syntax trees of large files need much memory
}

func plainError(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

var blockNames = []string{"option", "choice", "menu", "group", "comment", "source", "component", "constraint", "omitted"}

func (b *builder) blocks(f *file, body *hclsyntax.Body, in context) {
	for _, block := range body.Blocks {
		if in.choice != nil && (block.Type == "menu" || block.Type == "choice" || block.Type == "component" || block.Type == "constraint" || block.Type == "source" || block.Type == "omitted") {
			d := b.diags.add(CodeMisplaced, &block.TypeRange, "%s cannot stand in a choice", article(block.Type))
			d.Detail = "A choice holds options, groups and comments."
			continue
		}
		switch block.Type {
		case "option":
			b.option(block, in)
		case "choice":
			b.choice(f, block, in)
		case "menu":
			b.menu(f, block, in)
		case "group":
			b.group(f, block, in)
		case "comment":
			b.comment(block, in)
		case "source":
			b.source(f, block, in)
		case "component":
			b.component(f, block, in)
		case "constraint":
			b.constraint(block, in)
		case "omitted":
			b.omitted(block)
		default:
			if in.choice != nil && block.Type == "default" && !in.group {
				continue // the choice has read it
			}
			b.unknownBlock(block, blockNames)
		}
	}
}

func (b *builder) newScope(s scope) *scope {
	s.index = len(b.tree.scopes)
	made := &s
	b.tree.scopes = append(b.tree.scopes, made)
	if s.inside != nil && s.choice == nil {
		s.inside.scopes = append(s.inside.scopes, made)
	}
	return made
}

func (b *builder) menu(f *file, block *hclsyntax.Block, in context) {
	title, at := b.label(block, "a title")
	menu := &Menu{Title: title, Parent: in.menu, Range: at}
	if in.menu != nil {
		in.menu.Menus = append(in.menu.Menus, menu)
	} else {
		b.tree.menus = append(b.tree.menus, menu)
	}
	in.menu = menu
	b.scoped(f, block, in, "a menu")
}

func (b *builder) group(f *file, block *hclsyntax.Block, in context) {
	b.noLabels(block)
	in.group = true
	b.scoped(f, block, in, "a group")
}

// scoped reads a block whose conditions hold for all in it.
func (b *builder) scoped(f *file, block *hclsyntax.Block, in context, what string) {
	s := scope{parent: in.scope, outer: in.scope, inside: in.choice, place: block.TypeRange}
	if in.scope != nil {
		s.planned = in.scope.planned
	}
	for _, attribute := range sortedAttributes(block.Body) {
		switch attribute.Name {
		case "depends_on":
			s.dependsOn = b.condition(attribute.Expr)
		case "visible_if":
			s.visibleIf = b.condition(attribute.Expr)
		case "planned":
			s.planned = b.text(attribute)
		default:
			b.unknownProperty(attribute, what, []string{"depends_on", "visible_if", "planned"})
		}
	}
	in.scope = b.newScope(s)
	b.blocks(f, block.Body, in)
}

func (b *builder) comment(block *hclsyntax.Block, in context) {
	text, at := b.label(block, "its text")
	comment := Comment{Text: text, Range: at}
	for _, attribute := range sortedAttributes(block.Body) {
		switch attribute.Name {
		case "depends_on":
			comment.DependsOn = b.condition(attribute.Expr)
		default:
			b.unknownProperty(attribute, "a comment", []string{"depends_on"})
		}
	}
	b.noBlocks(block)
	if in.menu != nil {
		in.menu.Comments = append(in.menu.Comments, comment)
	}
}

func (b *builder) source(f *file, block *hclsyntax.Block, in context) {
	pattern, at := b.label(block, "the path of a file")
	optional := false
	for _, attribute := range sortedAttributes(block.Body) {
		switch attribute.Name {
		case "optional":
			optional = b.yes(attribute)
		case "variables":
			if _, err := variablesOf(block); err != nil {
				r := attribute.Expr.Range()
				d := b.diags.add(CodePropertyValue, &r, "variables: %v", err)
				d.Fix = `variables = { name = "value" }`
			}
		default:
			b.unknownProperty(attribute, "a source block", []string{"optional", "variables"})
		}
	}
	b.noBlocks(block)
	names, ok := f.includes[block]
	if !ok {
		return
	}
	if len(names) == 0 && !optional {
		d := b.diags.add(CodeSource, &at, "no file matches %s", quote(pattern))
		d.Detail = "Looked for " + path.Join(path.Dir(f.name), pattern) + "."
		d.Fix = "correct the path, or add: optional = true"
	}
	for _, name := range names {
		b.file(name, &at, in)
	}
}

func (b *builder) component(f *file, block *hclsyntax.Block, in context) {
	slot, at := b.label(block, "the slot of the program that it fills")
	c := &Component{Slot: slot, Dir: path.Dir(f.name), Range: at, scope: in.scope}
	for _, attribute := range sortedAttributes(block.Body) {
		switch attribute.Name {
		case "if":
			c.If = b.condition(attribute.Expr)
		case "implements":
			c.Implements = b.texts(attribute)
		case "packaging":
			c.Packaging = b.pairs(attribute)
		default:
			b.unknownProperty(attribute, "a component", []string{"if", "implements", "packaging"})
		}
	}
	b.noBlocks(block)
	if slot == "" && len(block.Labels) == 1 {
		b.diags.add(CodeComponent, &at, "a component needs the name of a slot")
	}
	b.tree.components = append(b.tree.components, c)
}

func (b *builder) constraint(block *hclsyntax.Block, in context) {
	message, at := b.label(block, "the sentence that tells the rule")
	c := &Constraint{Message: message, Range: at, scope: in.scope}
	for _, attribute := range sortedAttributes(block.Body) {
		switch attribute.Name {
		case "condition":
			c.Condition = b.condition(attribute.Expr)
		case "depends_on":
			c.DependsOn = b.condition(attribute.Expr)
		case "fix":
			c.Fix = b.text(attribute)
		default:
			b.unknownProperty(attribute, "a constraint", []string{"condition", "depends_on", "fix"})
		}
	}
	b.noBlocks(block)
	if _, ok := block.Body.Attributes["condition"]; !ok {
		b.missing(block.TypeRange, "this constraint has no condition", "condition = …")
		return
	}
	b.tree.constraints = append(b.tree.constraints, c)
}

// omitted adds names that the SDK has and this tree does not.
func (b *builder) omitted(block *hclsyntax.Block) {
	reason, at := b.label(block, "the reason why the options are left out")
	o := &Omitted{Reason: reason, Range: at}
	for _, attribute := range sortedAttributes(block.Body) {
		switch attribute.Name {
		case "names":
			o.Names = b.texts(attribute)
			for _, name := range o.Names {
				if _, err := path.Match(name, ""); err != nil || name == "" {
					b.wrongValue(attribute, "a list of names, with the wildcards *, ? and [A-Z]", `["SPI", "SPI_*"]`)
				}
			}
		default:
			b.unknownProperty(attribute, "an omitted block", []string{"names"})
		}
	}
	b.noBlocks(block)
	if len(o.Names) == 0 {
		b.missing(block.TypeRange, "this block names no options", `names = ["NAME"]`)
	}
	b.tree.omitted = append(b.tree.omitted, o)
}

// label gives the one label that a block must have.
func (b *builder) label(block *hclsyntax.Block, what string) (string, hcl.Range) {
	if len(block.Labels) == 1 {
		return block.Labels[0], block.LabelRanges[0]
	}
	if len(block.Labels) == 0 {
		b.missing(block.TypeRange, article(block.Type)+" needs "+what, block.Type+` "…" { … }`)
		return "", block.TypeRange
	}
	d := b.diags.add(CodePropertyValue, &block.LabelRanges[1], "%s has one label", article(block.Type))
	d.Fix = "leave this one out"
	return block.Labels[0], block.LabelRanges[0]
}

func (b *builder) noLabels(block *hclsyntax.Block) {
	if len(block.Labels) > 0 {
		d := b.diags.add(CodePropertyValue, &block.LabelRanges[0], "%s has no label", article(block.Type))
		d.Fix = "leave it out; for a title, use a menu"
	}
}

func (b *builder) noBlocks(block *hclsyntax.Block) {
	for _, inner := range block.Body.Blocks {
		b.unknownBlock(inner, nil)
	}
}

func (b *builder) missing(at hcl.Range, summary, fix string) {
	d := b.diags.add(CodeMissingProperty, &at, "%s", summary)
	d.Fix = "add: " + fix
}

func (b *builder) unknownProperty(attribute *hclsyntax.Attribute, what string, known []string) {
	d := b.diags.add(CodeUnknownProperty, &attribute.NameRange, "%s has no property %s", what, attribute.Name)
	if like := nearest(attribute.Name, known); like != "" {
		d.Fix = "write " + like
	} else if len(known) > 0 {
		d.Detail = "It has " + list(known) + "."
	}
}

func (b *builder) unknownBlock(block *hclsyntax.Block, known []string) {
	d := b.diags.add(CodeUnknownProperty, &block.TypeRange, "%s block cannot stand here", article(block.Type))
	if like := nearest(block.Type, known); like != "" {
		d.Fix = "write " + like
	} else if len(known) > 0 {
		d.Detail = "Known here are " + list(known) + "."
	}
}

// checkName says whether a name is one that .config files can hold.
func (b *builder) checkName(name string, at hcl.Range) bool {
	if isName(name) {
		return true
	}
	d := b.diags.add(CodeName, &at, "%s is not a name", quote(name))
	d.Detail = "Names consist of ASCII letters, digits and underscores, do not begin with a digit and are not y, n, true, false or null."
	return false
}

func isName(name string) bool {
	for i, c := range []byte(name) {
		switch {
		case c == '_', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', i > 0 && '0' <= c && c <= '9':
		default:
			return false
		}
	}
	switch name {
	case "", "y", "n", "m", "true", "false", "null":
		return false
	}
	return true
}

// article puts a or an before a word.
func article(word string) string {
	if word != "" && strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

func lowerFirst(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(r)) + text[size:]
}
