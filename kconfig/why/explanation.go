// Package why answers questions about a resolved configuration: why an option has its value, and what would give it another.
package why

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/cloudgen/cloudgen/kconfig"
)

// Explanation is all that there is to know about one option in one configuration.
type Explanation struct {
	Name     string   `json:"name"`
	Asked    string   `json:"asked,omitempty"` // the old name in the question
	Type     string   `json:"type"`
	Value    string   `json:"value"` // as .config has it; <secret> for a secret
	HasValue bool     `json:"has_value"`
	Visible  bool     `json:"visible"` // an assignment can take effect
	Prompt   string   `json:"prompt,omitempty"`
	Help     string   `json:"help,omitempty"` // its first line
	Unit     string   `json:"unit,omitempty"`
	Pattern  string   `json:"pattern,omitempty"`
	Origin   string   `json:"origin"`
	Range    *Bounds  `json:"range,omitempty"` // in force
	Required bool     `json:"required,omitempty"`
	Effect   string   `json:"effect,omitempty"`
	Warning  string   `json:"warning,omitempty"`
	Planned  string   `json:"planned,omitempty"`
	OldNames []string `json:"old_names,omitempty"`

	Reason     Origin       `json:"reason"`
	Layers     []Say        `json:"layers,omitempty"`
	Defaults   []Default    `json:"defaults,omitempty"`
	SelectedBy []Selection  `json:"selected_by,omitempty"`
	ImpliedBy  []Selection  `json:"implied_by,omitempty"`
	Choice     *Choice      `json:"choice,omitempty"` // that it is a member of
	Definition []Definition `json:"definitions"`

	option *kconfig.Option
}

// Place is where something stands.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

func (p *Place) String() string {
	switch {
	case p == nil:
		return ""
	case p.Line == 0:
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

func place(r hcl.Range) *Place {
	if r.Filename == "" {
		return nil
	}
	return &Place{r.Filename, r.Start.Line, r.Start.Column}
}

// Origin says where a value comes from: Kind and By as in kconfig.Reason.
type Origin struct {
	Kind  string `json:"kind"`
	By    string `json:"by,omitempty"`
	Text  string `json:"text"`
	Place *Place `json:"place,omitempty"`
}

// Bounds is the range in force.
type Bounds struct {
	Min   string `json:"min"`
	Max   string `json:"max"`
	Text  string `json:"text,omitempty"` // as the tree has it, where a bound is an option or there is a condition
	Place *Place `json:"place"`
}

// Say is one layer's assignment.
type Say struct {
	Layer   string `json:"layer"`
	Value   string `json:"value"`
	As      string `json:"as,omitempty"` // the old name, if it was used
	Won     bool   `json:"won"`
	Ignored string `json:"ignored,omitempty"` // why it does not count
	Place   *Place `json:"place"`
}

// Default is one default of the option.
type Default struct {
	Value   string `json:"value"`
	If      string `json:"if,omitempty"`
	InForce bool   `json:"in_force"` // the first whose conditions hold; assignments, selects and implies go before it
	Mark    string `json:"mark,omitempty"`
	Place   *Place `json:"place"`
}

// Selection is one select or imply of the option.
type Selection struct {
	By     string `json:"by"`
	Value  string `json:"value"` // of the option that selects
	If     string `json:"if,omitempty"`
	Holds  bool   `json:"holds"` // the condition
	Active bool   `json:"active"`
	Place  *Place `json:"place"`
}

// Definition is one option block with what must hold for it.
type Definition struct {
	Place *Place `json:"place"`
	Holds bool   `json:"holds"`
	Needs []Part `json:"needs,omitempty"`
}

// Choice is what a choice falls on.
type Choice struct {
	Name     string   `json:"name"`
	Prompt   string   `json:"prompt,omitempty"`
	Optional bool     `json:"optional,omitempty"`
	Selected string   `json:"selected"` // "" if no member is y
	Reason   string   `json:"reason"`
	At       *Place   `json:"at,omitempty"` // of the reason
	Place    *Place   `json:"place"`
	Members  []Member `json:"members"`
	Needs    []Part   `json:"needs,omitempty"` // of the choice itself, where they do not all hold
}

// Member is one option of a choice.
type Member struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Visible bool   `json:"visible"`
	Planned string `json:"planned,omitempty"`
}

// UnknownName is a name that no option has.
type UnknownName struct {
	Name    string
	Like    string // what was probably meant; "" if nothing is near
	Omitted string // why the tree leaves the SDK's option of that name out; "" if it is none
	Place   *Place // where it is left out
}

func (u *UnknownName) Error() string {
	switch {
	case u.Omitted != "":
		return fmt.Sprintf("%s means nothing here: %s (%s)", u.Name, u.Omitted, u.Place)
	case u.Like != "":
		return fmt.Sprintf("no option is named %s; did you mean %s?", u.Name, u.Like)
	}
	return "no option is named " + u.Name
}

func unknownName(tree *kconfig.Tree, name string) *UnknownName {
	if omitted := tree.Omission(name); omitted != nil {
		return &UnknownName{Name: name, Omitted: omitted.Reason, Place: place(omitted.Range)}
	}
	return &UnknownName{Name: name, Like: tree.Nearest(name)}
}

// Explain tells all about an option. The name may have the prefix CONFIG_ or be an old name. A name that
// does not exist is an *UnknownName.
func Explain(config *kconfig.Config, name string) (*Explanation, error) {
	tree := config.Tree()
	name = strings.TrimPrefix(name, "CONFIG_")
	o, _, alias := tree.LookUp(name, "")
	if o == nil {
		return nil, unknownName(tree, name)
	}
	v, _ := config.Value(o.Name)
	x := &explainer{config: config, trial: config.Trial(), shown: map[*kconfig.Option]bool{}}
	e := &Explanation{
		Name: o.Name, Type: o.Type.String(), Visible: v.Visible, Prompt: o.Prompt, Help: firstLine(o.Help), Unit: o.Unit, Pattern: o.Pattern,
		Origin: o.Origin, Effect: o.Effect, Warning: o.Warning, Planned: o.Planned, option: o,
		Reason: Origin{v.Reason.Kind, v.Reason.By, v.Reason.Text, place(v.Reason.Range)},
		Range:  x.bounds(o),
	}
	e.Value, e.HasValue = valueOf(config, o)
	if alias != nil {
		e.Asked = alias.Name
	}
	for _, c := range o.Required {
		e.Required = e.Required || o.Type != kconfig.Bool && config.Holds(c.If)
	}
	for _, a := range tree.Aliases() {
		if a.Option == o {
			e.OldNames = append(e.OldNames, a.Name)
		}
	}
	for i, a := range v.History {
		say := Say{Layer: a.Layer, Value: plain(o, a.Value), Ignored: a.Ignored, Place: place(a.Range)}
		if a.Name != o.Name {
			say.As = a.Name
		}
		say.Won = i == len(v.History)-1 && v.Reason.Kind == kconfig.ReasonLayer
		e.Layers = append(e.Layers, say)
	}
	e.Defaults = x.defaults(o)
	e.SelectedBy = x.selections(o.SelectedBy, false)
	e.ImpliedBy = x.selections(o.ImpliedBy, !x.trial.State(o).Met)
	if o.Choice != nil {
		e.Choice = x.choice(o.Choice)
	}
	for _, d := range o.Definitions {
		needs := x.needs(d)
		e.Definition = append(e.Definition, Definition{Place: place(d.Range), Holds: !slices.ContainsFunc(needs, lacks), Needs: needs})
	}
	return e, nil
}

// ExplainChoice tells on what a choice falls and why; nil if there is no such choice.
func ExplainChoice(config *kconfig.Config, name string) *Choice {
	c := config.Tree().Choice(strings.TrimPrefix(name, "CONFIG_"))
	if c == nil {
		return nil
	}
	x := &explainer{config: config, trial: config.Trial(), shown: map[*kconfig.Option]bool{}}
	return x.choice(c)
}

// explainer answers from one configuration.
type explainer struct {
	config *kconfig.Config
	trial  *kconfig.Trial
	shown  map[*kconfig.Option]bool // what it needs has been told
}

func (x *explainer) bounds(o *kconfig.Option) *Bounds {
	s := x.trial.State(o)
	if s.Bounds == nil {
		return nil
	}
	b := &Bounds{Min: formatNumber(o.Type, s.Low), Max: formatNumber(o.Type, s.High), Place: place(s.Bounds.Range)}
	if s.Bounds.Min.Option != nil || s.Bounds.Max.Option != nil {
		b.Text = s.Bounds.Min.String() + " to " + s.Bounds.Max.String()
	}
	if s.Bounds.If != nil {
		b.Text = strings.TrimSpace(b.Text + " if " + s.Bounds.If.String())
	}
	return b
}

func (x *explainer) defaults(o *kconfig.Option) []Default {
	var all []Default
	s := x.trial.State(o)
	inForce := s.Default
	if inForce == nil && s.Assigned && s.Visible {
		inForce = x.firstDefault(o)
	}
	for _, d := range o.Definitions {
		for i := range d.Defaults {
			one := &d.Defaults[i]
			made := Default{Value: one.Value.String(), Mark: one.Mark, InForce: one == inForce, Place: place(one.Range)}
			if o.Secret {
				made.Value = plain(o, made.Value)
			}
			if one.If != nil {
				made.If = one.If.String()
			}
			all = append(all, made)
		}
	}
	return all
}

// firstDefault is the default that an assignment goes before.
func (x *explainer) firstDefault(o *kconfig.Option) *kconfig.Default {
	for _, d := range o.Definitions {
		if !x.counts(d) {
			continue
		}
		for i := range d.Defaults {
			if x.config.Holds(d.Defaults[i].If) {
				return &d.Defaults[i]
			}
		}
	}
	return nil
}

// counts says whether a definition's dependencies hold.
func (x *explainer) counts(d *kconfig.Definition) bool {
	for _, s := range d.Surroundings() {
		if s.Choice != nil && !x.trial.Choice(s.Choice).On || !x.config.Holds(s.If) {
			return false
		}
	}
	return x.config.Holds(d.DependsOn)
}

// selections tells about selects or implies; idle says that none of them has an effect.
func (x *explainer) selections(all []*kconfig.Selection, idle bool) []Selection {
	var made []Selection
	for _, s := range all {
		one := Selection{By: s.By.Option.Name, Holds: x.config.Holds(s.If), Active: x.trial.Active(s) && !idle, Place: place(s.Range)}
		one.Value, _ = valueOf(x.config, s.By.Option)
		if s.If != nil {
			one.If = s.If.String()
		}
		made = append(made, one)
	}
	return made
}

func (x *explainer) choice(c *kconfig.Choice) *Choice {
	s := x.trial.Choice(c)
	made := &Choice{Name: c.Name, Prompt: c.Prompt, Optional: c.Optional, Place: place(c.Range())}
	for _, m := range c.Members {
		member := Member{Name: m.Name, Planned: m.Planned, Visible: x.trial.State(m).Visible}
		member.Value, _ = valueOf(x.config, m)
		made.Members = append(made.Members, member)
	}
	switch {
	case s.Selected != nil:
		made.Selected = s.Selected.Name
		v, _ := x.config.Value(s.Selected.Name)
		made.Reason, made.At = v.Reason.Text, place(v.Reason.Range)
	case !s.Visible:
		made.Reason = "its dependencies are not met"
		made.Needs = x.choiceNeeds(c)
	case !s.On:
		made.Reason = "it is optional, and no layer chooses a member"
	default:
		made.Reason = "no member is available"
	}
	return made
}

// valueOf gives an option's value as .config has it.
func valueOf(config *kconfig.Config, o *kconfig.Option) (text string, ok bool) {
	v, _ := config.Value(o.Name)
	if !v.HasValue {
		return "", false
	}
	return plain(o, v.Text), true
}

// plain hides the values of secrets.
func plain(o *kconfig.Option, text string) string {
	if o.Secret {
		return o.Show(text)
	}
	return text
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}

func memberNames(c *kconfig.Choice) []string {
	names := make([]string, len(c.Members))
	for i, o := range c.Members {
		names[i] = o.Name
	}
	return names
}

func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func article(word string) string {
	if word == "int" {
		return "an " + word
	}
	return "a " + word
}
