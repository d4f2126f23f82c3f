package kconfig

import (
	"path"
	"regexp"
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// Type is the type of an option.
type Type int

// The types of options. Int and Hex are 64-bit signed numbers that differ in
// how they are written; a hex value is never negative.
const (
	Bool Type = iota
	Int
	Hex
	String
)

var typeText = [...]string{Bool: "bool", Int: "int", Hex: "hex", String: "string"}

// String gives the keyword of the language.
func (t Type) String() string { return typeText[t] }

func (t Type) isNumber() bool { return t == Int || t == Hex }

// article is for messages: "an int", "a bool".
func (t Type) article() string {
	if t == Int {
		return "an int"
	}
	return "a " + t.String()
}

// Tree is a set of options with their relations, as the Kconfig.hcl files define
// it. It does not change once loaded and may be used by several goroutines.
type Tree struct {
	options     []*Option
	byName      map[string]*Option
	choices     []*Choice
	choiceNamed map[string]*Choice
	aliases     []*Alias
	aliasNamed  map[string]*Alias
	components  []*Component
	menus       []*Menu
	constraints []*Constraint
	omitted     []*Omitted
	sources     Sources
	scopes      []*scope
	definitions int // how many there are; each has an index

	order []node // what to evaluate, dependencies first

	readReferences sync.Once
	references     map[string]bool // see Refers
}

// Options lists all options in the order of their first definition.
func (t *Tree) Options() []*Option { return t.options }

// Option finds an option by name, without CONFIG_; nil if there is none.
func (t *Tree) Option(name string) *Option { return t.byName[name] }

// Choices lists the choices in the order of their first definition.
func (t *Tree) Choices() []*Choice { return t.choices }

// Choice finds a choice by name; nil if there is none.
func (t *Tree) Choice(name string) *Choice { return t.choiceNamed[name] }

// Aliases lists the old names of options (renamed_to) in parse order.
func (t *Tree) Aliases() []*Alias { return t.aliases }

// Components lists the components in parse order.
func (t *Tree) Components() []*Component { return t.components }

// Menus lists the top-level menus in parse order.
func (t *Tree) Menus() []*Menu { return t.menus }

// Constraints lists the rules between options in parse order.
func (t *Tree) Constraints() []*Constraint { return t.constraints }

// Omitted lists what the SDK has and the tree leaves out, in parse order.
func (t *Tree) Omitted() []*Omitted { return t.omitted }

// Omission finds the entry that a name belongs to; nil if there is none.
func (t *Tree) Omission(name string) *Omitted {
	for _, o := range t.omitted {
		for _, pattern := range o.Names {
			if match, err := path.Match(pattern, name); err == nil && match {
				return o
			}
		}
	}
	return nil
}

// Sources gives the text of the files that the tree was loaded from.
func (t *Tree) Sources() Sources { return t.sources }

// Option is one option with all that its definitions say.
type Option struct {
	Name    string
	Type    Type
	Prompt  string // of the first definition that has one; "" means that it cannot be assigned
	Help    string // of the first definition that has one
	Unit    string // for documentation and bindings: s, ms, bytes, …
	Effect  string // why it has no effect in a Go program; "" if it has one
	Warning string // what to know when it is set; "" for nothing
	Origin  string // "sdk", or who else brings the option
	Pattern string // regular expression that a set value must match; "" for none
	Planned string // what it waits for; "" when it is built
	Secret  bool

	Provisions []*Provision // where a secret's value goes; the first whose condition holds counts

	Choice      *Choice // of which it is a member; nil if of none
	Definitions []*Definition
	Required    []Condition // the option must have a value where one of these holds

	SelectedBy []*Selection
	ImpliedBy  []*Selection

	index    int
	pattern  *regexp.Regexp
	required bool
}

// Range is the place of the first definition's name.
func (o *Option) Range() hcl.Range { return o.Definitions[0].Range }

// File is the path of the file of the first definition.
func (o *Option) File() string { return o.Definitions[0].Range.Filename }

// isSetTo says whether the text counts as a value of a required option.
func (o *Option) isUnsetText(text string) bool {
	switch o.Type {
	case String:
		return text == ""
	case Int:
		return text == "" || text == "-1"
	}
	return text == ""
}

// Definition is one option block. An option may have several; their properties
// add up in parse order.
type Definition struct {
	Option    *Option
	Range     hcl.Range // of the name
	Block     hcl.Range // of the whole block
	Prompt    string
	PromptIf  *Expr
	DependsOn *Expr
	Defaults  []Default
	Ranges    []Bounds
	Selects   []*Selection
	Implies   []*Selection
	Menu      *Menu // nil outside of any menu

	scope *scope // of the block around it
	index int
}

// Condition is an expression with its place; a nil If always holds.
type Condition struct {
	If    *Expr
	Range hcl.Range
}

// Default is one default of an option. Value is an expression over options for a bool; else a
// literal or one option.
type Default struct {
	Value *Expr
	If    *Expr
	Mark  string
	Range hcl.Range
}

// Provision says where the value of a secret goes: to a file of a security tag, never into a program.
type Provision struct {
	Tag   *Expr  // an int option
	File  string // name in the tag's folder
	If    *Expr
	Note  string // what whoever gets the file has to know; "" for nothing
	Range hcl.Range
}

// Bounds is one range of an int or hex option; both bounds belong to it. Each is
// a literal or an option of the same type.
type Bounds struct {
	Min, Max *Expr
	If       *Expr
	Range    hcl.Range
}

// Selection is one select or imply.
type Selection struct {
	By     *Definition
	Target *Option // nil if Name is not defined
	Name   string
	If     *Expr
	Range  hcl.Range
}

// Choice is a set of bool options of which at most one is y.
type Choice struct {
	Name        string
	Prompt      string
	Help        string
	Optional    bool
	Members     []*Option
	Definitions []*ChoiceDefinition
	Defaults    []ChoiceDefault
	Required    []Condition // a member must be y where one of these holds
	Planned     string

	index  int
	mode   *scope   // holds where the choice is on; the parent of its blocks' scopes
	scopes []*scope // all inside its blocks, parents first
}

// Range is the place of the first definition's name.
func (c *Choice) Range() hcl.Range { return c.Definitions[0].Range }

// ChoiceDefinition is one choice block.
type ChoiceDefinition struct {
	Range     hcl.Range
	Prompt    string
	PromptIf  *Expr
	DependsOn *Expr
	Menu      *Menu

	scope *scope
}

// ChoiceDefault is one default of a choice.
type ChoiceDefault struct {
	Member *Option // nil if Name is not a member
	Name   string
	If     *Expr
	Mark   string
	Range  hcl.Range

	scope *scope // of the block
	dep   *Expr
}

// Alias is the old name of an option.
type Alias struct {
	Name   string
	To     string
	Values map[string]string // old text → new text; a value that is missing stays as it is
	Help   string
	Option *Option // nil if To leads nowhere
	Range  hcl.Range

	toRange hcl.Range
}

// Component is a package that the configuration switches on.
type Component struct {
	Slot       string   // what the generated program uses it for
	Dir        string   // folder of the Kconfig.hcl, slash path in the tree's file system
	If         *Expr    // nil: always
	Implements []string // interfaces that its type satisfies
	Packaging  []Pair   // files that it offers: path below the output's packaging folder, and template beside the Kconfig.hcl; sorted
	Range      hcl.Range

	scope *scope
}

// Pair is one entry of a property { "name" = "value" }.
type Pair struct{ Name, Value string }

// Menu is a titled group, for documentation.
type Menu struct {
	Title    string
	Parent   *Menu
	Menus    []*Menu
	Options  []*Option // first definitions only
	Choices  []*Choice
	Comments []Comment
	Range    hcl.Range
}

// Comment is a text that is shown in a menu.
type Comment struct {
	Text      string
	DependsOn *Expr
	Range     hcl.Range
}

// Constraint is a rule between options that every configuration must keep.
type Constraint struct {
	Message   string
	Condition *Expr
	DependsOn *Expr
	Fix       string
	Range     hcl.Range

	scope *scope
}

// Omitted is a set of SDK options that the tree knows by name only: they can mean nothing in
// a Go program. Assigning one is no error, and a warning says why it does nothing.
type Omitted struct {
	Names  []string // with the wildcards *, ? and [A-Z]
	Reason string
	Range  hcl.Range
}

// scope is a block whose conditions hold for all in it.
type scope struct {
	parent    *scope // where depends_on comes from
	outer     *scope // where visible_if comes from; the same but in a choice's blocks
	dependsOn *Expr
	visibleIf *Expr
	choice    *Choice // set in a choice's mode: the scope holds where the choice is on
	inside    *Choice // the choice that it belongs to, if any
	planned   string
	place     hcl.Range
	index     int
}

// node is one step of the evaluation; exactly one field is set.
type node struct {
	option *Option
	choice *Choice
	scope  *scope
}
