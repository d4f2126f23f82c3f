package why

import (
	"fmt"
	"io"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
)

// WriteText prints the explanation as a person reads it.
func (e *Explanation) WriteText(w io.Writer) error {
	t := &text{}
	if e.Asked != "" {
		t.line(0, "%s is the old name of %s.", e.Asked, e.Name)
	}
	show := func(value string) string { return quoted(e.option, value) }
	if e.HasValue {
		t.line(0, "%s = %s", e.Name, show(e.Value))
	} else {
		t.line(0, "%s is absent", e.Name)
	}
	kind := e.Type
	if e.Unit != "" {
		kind += ", in " + e.Unit
	}
	if e.Origin != "sdk" {
		kind += ", not an option of the SDK"
	}
	if e.Prompt == "" {
		t.line(1, "%s; it has no prompt, so no layer can assign it", kind)
	} else {
		t.line(1, "%s: %s", kind, e.Prompt)
	}
	t.textLine(1, e.Help)
	if b := e.Range; b != nil {
		line := fmt.Sprintf("range %s to %s", b.Min, b.Max)
		if b.Text != "" {
			line += " (" + b.Text + ")"
		}
		t.line(1, "%s, %s", line, b.Place)
	}
	if e.Pattern != "" {
		t.line(1, "a value must match %s", e.Pattern)
	}
	if e.Required {
		t.line(1, "a value is required")
	}
	t.labelled(1, "no effect here: ", e.Effect)
	t.labelled(1, "note: ", e.Warning)
	t.labelled(1, "not built yet, it waits for: ", e.Planned)
	if len(e.OldNames) > 0 {
		t.line(1, "old names: %s", list(e.OldNames))
	}

	t.heading("Why")
	if e.Reason.Kind != kconfig.ReasonLayer {
		t.line(1, "%s%s", e.Reason.Text, at(e.Reason.Place))
	}
	for i := len(e.Layers) - 1; i >= 0; i-- {
		say := e.Layers[i]
		line := fmt.Sprintf("%s says %s", say.Place, show(say.Value))
		if say.As != "" {
			line += " (as " + say.As + ")"
		}
		switch {
		case say.Won:
			line += "; this counts"
		case say.Ignored != "":
			line += "; " + say.Ignored
		case i < len(e.Layers)-1:
			line += "; a later layer goes before it"
		case e.HasValue && say.Value == e.Value:
			line += ", which it is anyway"
		default:
			line += "; it has no effect"
		}
		t.line(1, "%s", line)
	}
	t.defaults(e)
	t.selections("Selected by", "selects", e.SelectedBy)
	t.selections("Implied by", "implies", e.ImpliedBy)
	if e.Choice != nil {
		t.heading("Choice")
		t.choice(e.Choice)
	}
	for _, d := range e.Definition {
		if len(d.Needs) == 0 {
			continue
		}
		if d.Holds {
			t.heading("Needs (all of it holds), " + d.Place.String())
		} else {
			t.heading("Needs, " + d.Place.String())
		}
		t.parts(1, d.Needs)
	}
	t.heading("Defined at")
	for _, d := range e.Definition {
		t.line(1, "%s", d.Place)
	}
	return t.flush(w)
}

// WriteText prints on what the choice falls.
func (c *Choice) WriteText(w io.Writer) error {
	t := &text{}
	t.choice(c)
	return t.flush(w)
}

// WriteText prints the edit, or why there is none.
func (e *Edit) WriteText(w io.Writer) error {
	t := &text{}
	if e.Asked != "" {
		t.line(0, "# %s is %s here.", e.Asked, e.Name)
	}
	value := quoted(e.option, e.Value)
	switch e.Outcome {
	case OutcomeAlready:
		t.line(0, "%s is %s already.", e.Name, value)
	case OutcomeEdit:
		t.open(e)
		for _, line := range e.Lines {
			t.line(0, "%s", line)
		}
		if e.option.Secret && e.Value != "" {
			t.line(0, "# Write the secret in the place of the dots.")
		}
		t.changes(e.Changes)
	case OutcomeUnknown:
		t.line(0, "No edit was found that gives %s = %s.", e.Name, value)
		t.reasons(e)
	default:
		if len(e.Open) == 0 {
			t.line(0, "No assignments give %s = %s.", e.Name, value)
		} else {
			t.line(0, "%s = %s needs values that only you know.", e.Name, value)
		}
		t.reasons(e)
	}
	return t.flush(w)
}

// mostChanges bounds how many other options are named.
const mostChanges = 12

func (t *text) changes(all []Change) {
	if len(all) == 0 {
		t.line(0, "# Nothing else changes its value.")
		return
	}
	t.line(0, "# Other values that change by it:")
	for i, c := range all {
		if i == mostChanges {
			t.line(0, "#   and %d more", len(all)-i)
			break
		}
		t.line(0, "#   %s: %s -> %s", c.Name, c.show(c.From), c.show(c.To))
	}
}

// open begins an edit. It tells first of fewer lines, which need values that only the user knows.
func (t *text) open(e *Edit) {
	if len(e.Open) == 0 {
		t.line(0, "# Add to the last overlay:")
		return
	}
	t.line(0, "# With values of your own for %s, this is enough:", list(e.Missing))
	for _, line := range e.Open {
		t.line(0, "#   %s", line)
	}
	t.line(0, "# Without them, add to the last overlay:")
}

func (t *text) reasons(e *Edit) {
	if len(e.Open) > 0 {
		t.line(0, "These lines do, together with values of your own for %s:", list(e.Missing))
		for _, line := range e.Open {
			t.line(2, "%s", line)
		}
		return
	}
	if len(e.Nearest) > 0 {
		t.line(0, "Nearest to it come these lines:")
		for _, line := range e.Nearest {
			t.line(2, "%s", line)
		}
		t.line(0, "but then:")
	}
	for _, r := range e.Reasons {
		t.line(1, "%s%s", r.Text, at(r.Place))
	}
}

// text collects lines.
type text struct{ b strings.Builder }

func (t *text) line(indent int, format string, arguments ...any) {
	t.b.WriteString(strings.Repeat("  ", indent))
	fmt.Fprintf(&t.b, format, arguments...)
	t.b.WriteByte('\n')
}

func (t *text) textLine(indent int, line string) {
	if line != "" {
		t.line(indent, "%s", line)
	}
}

func (t *text) labelled(indent int, label, line string) {
	if line != "" {
		t.line(indent, "%s%s", label, line)
	}
}

func (t *text) heading(line string) { t.b.WriteString("\n" + line + "\n") }

func (t *text) flush(w io.Writer) error {
	_, err := io.WriteString(w, t.b.String())
	return err
}

func (t *text) defaults(e *Explanation) {
	if len(e.Defaults) == 0 {
		return
	}
	t.heading("Defaults")
	for _, d := range e.Defaults {
		line := d.Value
		if d.If != "" {
			line += " if " + d.If
		}
		switch {
		case d.InForce && e.Reason.Kind == kconfig.ReasonDefault:
			line += "  (in force)"
		case d.InForce:
			line += "  (would be in force)"
		}
		if d.Mark != "" {
			line += "  (marks the build: " + d.Mark + ")"
		}
		t.line(1, "%s%s", line, at(d.Place))
	}
}

func (t *text) selections(heading, verb string, all []Selection) {
	if len(all) == 0 {
		return
	}
	t.heading(heading)
	for _, s := range all {
		line := fmt.Sprintf("%s, which is %s", s.By, orAbsent(s.Value))
		if s.If != "" {
			line += fmt.Sprintf(", if %s, which is %s", s.If, yesNo(s.Holds))
		}
		if s.Active {
			line += ": it " + verb + " it"
		}
		t.line(1, "%s%s", line, at(s.Place))
	}
}

func (t *text) choice(c *Choice) {
	if c.Selected != "" {
		t.line(1, "%s (%s) falls on %s", c.Name, c.Prompt, c.Selected)
	} else {
		t.line(1, "%s (%s) falls on no member", c.Name, c.Prompt)
	}
	t.line(1, "%s%s", c.Reason, at(c.At))
	t.parts(2, c.Needs)
	for _, m := range c.Members {
		line := m.Name + " = " + orAbsent(m.Value)
		switch {
		case m.Planned != "":
			line += ", not built yet: " + m.Planned
		case c.Selected == "" && c.Optional && len(c.Needs) == 0:
			line = m.Name
		case !m.Visible && m.Value == "":
			line += ", not available"
		}
		t.line(2, "%s", line)
	}
}

// parts prints conditions with their values; what is in the way is marked.
func (t *text) parts(indent int, all []Part) {
	for _, p := range all {
		value := p.Value
		if value == "" {
			value = yesNo(p.Holds)
		}
		mark := "  "
		if lacks(p) {
			mark = "✗ "
		}
		line := fmt.Sprintf("%s%s is %s", mark, p.Text, value)
		if lacks(p) && !p.Wanted {
			line += ", and must not be"
		}
		if p.Note != "" {
			line += ": " + p.Note
		}
		t.line(indent, "%s%s", line, at(p.Place))
		t.parts(indent+1, p.Parts)
	}
}

func at(p *Place) string {
	if p == nil {
		return ""
	}
	return "  [" + p.String() + "]"
}

func yesNo(holds bool) string {
	if holds {
		return "y"
	}
	return "n"
}

func orAbsent(value string) string {
	if value == "" {
		return "absent"
	}
	return value
}

func (c *Change) show(value *string) string {
	if value == nil {
		return "absent"
	}
	return quoted(c.option, *value)
}

// quoted writes the value of a string with its quotation marks.
func quoted(o *kconfig.Option, value string) string {
	if o != nil && o.Type == kconfig.String && !o.Secret {
		return o.Show(value)
	}
	return value
}
