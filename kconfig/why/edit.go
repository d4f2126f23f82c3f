package why

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
)

// Effort bounds a search: how many times it may compute all values of the tree.
const Effort = 4000

// Edit is the answer to "what gives NAME this value?".
type Edit struct {
	Name    string  `json:"name"`
	Asked   string  `json:"asked,omitempty"` // the name in the question, if another: an old name or a choice
	Value   string  `json:"value"`           // as .config has it; <secret> for a secret
	Now     *string `json:"now"`             // the value without the edit; nil if absent
	Outcome string  `json:"outcome"`         // one of the constants below

	Lines   []string `json:"lines,omitempty"`   // of an overlay; added as the last one they give the value
	Changes []Change `json:"changes,omitempty"` // options without a line that take another value by it
	Reasons []Reason `json:"reasons,omitempty"` // why there is no edit
	Nearest []string `json:"nearest,omitempty"` // without an edit: the lines that the reasons are about

	// Fewer lines that give the value once the options in Missing, which are then required, have values that only the user
	// can know; empty if there are none.
	Open    []string `json:"open,omitempty"`
	Missing []string `json:"missing,omitempty"`

	Tried int `json:"tried"` // how many sets of assignments were resolved

	option *kconfig.Option
}

// The outcomes of a search.
const (
	OutcomeAlready    = "already"    // the option has the value
	OutcomeEdit       = "edit"       // the lines give it; no smaller edit does
	OutcomeImpossible = "impossible" // no assignments give it
	OutcomeUnknown    = "unknown"    // the search ended before it found an edit, or that there is none
)

// Change is an option that takes another value; nil stands for none.
type Change struct {
	Name string  `json:"name"`
	From *string `json:"from"`
	To   *string `json:"to"`

	option *kconfig.Option
}

// Reason is a fact that is in the way, with its place if it has one.
type Reason struct {
	Text  string `json:"text"`
	Place *Place `json:"place,omitempty"`
}

// FindEdit searches for the smallest set of assignments that, as a last layer of the configuration, gives an option a value without
// a new error. Of several with the same number of assignments it takes the one that changes the fewest other values. The name
// may have the prefix CONFIG_, be an old name, or a choice with the name of a member as value.
// What it gives has been resolved again. effort is Effort, or less. A name that does not exist is an *UnknownName.
func FindEdit(config *kconfig.Config, name, value string, effort int) (*Edit, error) {
	tree := config.Tree()
	name = strings.TrimPrefix(name, "CONFIG_")
	edit := &Edit{}
	if c := tree.Choice(name); c != nil && tree.Option(name) == nil {
		member := tree.Option(strings.TrimPrefix(value, "CONFIG_"))
		if member == nil || member.Choice != c {
			edit.Name, edit.Value, edit.Outcome, edit.Now = name, value, OutcomeImpossible, nil
			if now := config.Selected(name); now != "" {
				edit.Now = &now
			}
			edit.because(place(c.Range()), "%s is a choice, and %s is none of its members; they are %s", name, value, list(memberNames(c)))
			return edit, nil
		}
		edit.Asked, name, value = name, member.Name, "y"
	}
	o, mapped, alias := tree.LookUp(name, value)
	if o == nil {
		return nil, unknownName(tree, name)
	}
	if alias != nil {
		edit.Asked, value = alias.Name, mapped
	}
	edit.Name, edit.option = o.Name, o
	edit.Now = valueOrNil(config, o)
	text, problem, fix := o.Parse(value)
	edit.Value = plain(o, value)
	if problem != "" {
		edit.Outcome = OutcomeImpossible
		if fix != "" && !o.Secret {
			problem += " Did you mean " + fix + "?"
		}
		edit.because(place(o.Range()), "%s is %s, and this is no value of it. %s", o.Name, article(o.Type.String()), problem)
		return edit, nil
	}
	edit.Value = plain(o, text)
	edit.find(config, kconfig.Setting{Option: o, Text: text}, min(effort, Effort))
	return edit, nil
}

func (e *Edit) because(at *Place, format string, arguments ...any) {
	e.Reasons = append(e.Reasons, Reason{Text: fmt.Sprintf(format, arguments...), Place: at})
}

func (e *Edit) find(config *kconfig.Config, goal kconfig.Setting, effort int) {
	f := newFinder(config, goal, effort)
	if f.reached() {
		e.Outcome = OutcomeAlready
		return
	}
	result := f.search()
	e.findOpen(config, goal, f)
	e.Tried += f.trial.Tried()
	for _, one := range f.solutions {
		resolved, news := verify(config, one.settings)
		if len(news) > 0 || !hasValue(resolved, goal) {
			continue // the engine has the last word
		}
		e.Outcome, e.Lines = OutcomeEdit, linesOf(one.settings)
		for _, o := range one.changed {
			if slices.ContainsFunc(one.settings, func(s kconfig.Setting) bool { return s.Option == o }) {
				continue
			}
			e.Changes = append(e.Changes, Change{o.Name, valueOrNil(config, o), valueOrNil(resolved, o), o})
		}
		return
	}
	e.Outcome = OutcomeImpossible
	if result != impossible {
		e.Outcome = OutcomeUnknown
		if f.effort > 0 {
			e.because(nil, "no edit of up to %d assignments gives it; larger ones were not looked for", deepest)
		} else {
			e.because(nil, "no edit of fewer than %d assignments gives it; the search ended after %d tries, so there may be a larger one", f.limit, e.Tried)
		}
	}
	e.explain(config, f, goal)
}

// findOpen looks for fewer lines than the search found that leave it to the user to give a value to what is then required.
func (e *Edit) findOpen(config *kconfig.Config, goal kconfig.Setting, strict *finder) {
	if !strict.missed {
		return
	}
	f := newFinder(config, goal, strict.effort)
	f.open = true
	most := deepest
	if len(strict.solutions) > 0 {
		most = len(strict.solutions[0].settings) - 1
	}
	result := f.searchUpTo(most)
	e.Tried += f.trial.Tried()
	if result != found {
		return
	}
	f.trial.Resolve(f.solutions[0].settings)
	for _, fault := range f.trial.Faults() {
		if fault.Kind == kconfig.FaultRequired && fault.Option != nil && !f.before[fault] {
			e.Missing = append(e.Missing, fault.Option.Name)
		}
	}
	if slices.Contains(e.Missing, goal.Option.Name) {
		e.Missing = nil // the value that is asked for is none
		return
	}
	e.Open = linesOf(f.solutions[0].settings)
}

// verify resolves the layers with an overlay of the settings behind them, from its text on, and gives the errors that are new.
func verify(config *kconfig.Config, settings []kconfig.Setting) (*kconfig.Config, kconfig.Diagnostics) {
	var text strings.Builder
	for _, s := range settings {
		text.WriteString(s.Option.OverlayLine(s.Text) + "\n")
	}
	layer, diagnostics := kconfig.ParseOverlay(editName, []byte(text.String()))
	_, before := config.Tree().Resolve(config.Layers()...)
	known := map[string]bool{}
	for _, d := range before {
		for _, key := range keys(d) {
			known[key] = true
		}
	}
	resolved, after := config.Tree().Resolve(append(config.Layers()[:len(config.Layers()):len(config.Layers())], layer)...)
	for _, d := range after {
		fresh := false
		for _, key := range keys(d) {
			fresh = fresh || !known[key]
		}
		if d.Severity == kconfig.Error && fresh {
			diagnostics = append(diagnostics, d)
		}
	}
	return resolved, diagnostics
}

// keys tells findings apart. The one about required options is about each of them.
func keys(d kconfig.Diagnostic) []string {
	if d.Subject != nil {
		return []string{fmt.Sprint(d.Code, d.Subject)}
	}
	all := []string{string(d.Code)}
	for _, related := range d.Related {
		all = append(all, string(d.Code)+related.Message)
	}
	return all
}

func hasValue(config *kconfig.Config, goal kconfig.Setting) bool {
	v, _ := config.Value(goal.Option.Name)
	switch goal.Option.Type {
	case kconfig.Bool:
		return v.Bool == (goal.Text == "y")
	case kconfig.String:
		return v.Text == goal.Text
	}
	return v.HasValue && v.Text == goal.Text
}

// linesOf writes settings as an overlay takes them. The value of a secret is left to the reader.
func linesOf(settings []kconfig.Setting) []string {
	lines := make([]string, len(settings))
	for i, s := range settings {
		if lines[i] = s.Option.OverlayLine(s.Text); s.Option.Secret && s.Text != "" {
			lines[i] = s.Option.OverlayLine("…")
		}
	}
	return lines
}

// explain gives the facts that are in the way.
func (e *Edit) explain(config *kconfig.Config, f *finder, goal kconfig.Setting) {
	o := goal.Option
	if o.Planned != "" {
		e.because(place(o.Range()), "%s is not built yet. It waits for: %s", o.Name, o.Planned)
		return
	}
	if !o.Matches(goal.Text) && goal.Text != "" {
		e.because(place(o.Range()), "a value of %s must match %s", o.Name, o.Pattern)
		return
	}
	if len(e.Open) > 0 {
		e.because(nil, "%s would have no value", list(e.Missing))
		return
	}
	settings := []kconfig.Setting{goal}
	if f.nearest != nil && f.nearest.reached {
		settings = f.tidied()
	} else if o.Prompt == "" {
		e.explainHidden(config, goal)
		return
	}
	f.inOrder(settings)
	_, news := verify(config, settings)
	e.Nearest = linesOf(settings)
	for _, d := range news {
		text := d.Summary
		if d.Detail != "" {
			text += ". " + strings.ReplaceAll(d.Detail, "\n", " ")
		}
		if d.Code == kconfig.CodeNoEffect && d.Subject.Filename != editName {
			text += "; no later line mends that, so this assignment would have to go"
		}
		e.because(placeOf(d), "%s", text)
	}
	if len(e.Reasons) > 0 {
		return
	}
	v, _ := config.Value(o.Name)
	e.because(place(v.Reason.Range), "%s is %s: %s", o.Name, v.Shown(), v.Reason.Text)
	for _, b := range config.Blockers(o.Name) {
		e.because(place(b.Range), "%s", b.Text)
	}
}

// placeOf gives the place of a finding, or what is behind it where the finding is about a line of the edit itself.
func placeOf(d kconfig.Diagnostic) *Place {
	switch {
	case d.Subject == nil:
		return nil
	case d.Subject.Filename != editName:
		return place(*d.Subject)
	case len(d.Related) > 0:
		return place(d.Related[0].Range)
	}
	return nil
}

// editName names the layer of an edit.
const editName = "this edit"

// explainHidden is about an option without a prompt.
func (e *Edit) explainHidden(config *kconfig.Config, goal kconfig.Setting) {
	o := goal.Option
	e.because(place(o.Range()), "%s has no prompt, so no layer can assign it", o.Name)
	v, _ := config.Value(o.Name)
	e.because(place(v.Reason.Range), "its value is %s: %s", v.Shown(), v.Reason.Text)
	if o.Type != kconfig.Bool || goal.Text != "y" {
		return
	}
	if len(o.SelectedBy) == 0 {
		e.because(nil, "nothing selects it")
	}
	for _, s := range o.SelectedBy {
		by := s.By.Option
		text := by.Name + " selects it"
		if s.If != nil {
			text += " if " + s.If.String()
		}
		switch state, _ := config.Value(by.Name); {
		case by.Planned != "":
			text += ", and is not built yet: " + by.Planned
		default:
			text += ", and is " + state.Shown() + ": " + state.Reason.Text
		}
		e.because(place(s.Range), "%s", text)
	}
}

func valueOrNil(config *kconfig.Config, o *kconfig.Option) *string {
	if text, ok := valueOf(config, o); ok {
		return &text
	}
	return nil
}
