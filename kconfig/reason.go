package kconfig

import (
	"fmt"
	"path"
)

// reason tells where an option's value comes from.
func (c *Config) reason(o *Option) Reason {
	r := c.evaluation.reason(o)
	if r.Kind == ReasonLayer {
		a := c.history[o.index][c.evaluation.users[o.index].index]
		r.By, r.Range = a.Layer, a.Range
		r.Text = path.Base(a.Layer) + " sets it"
	}
	return r
}

// reason leaves out the layer's place, which the history has.
func (v *evaluation) reason(o *Option) Reason {
	s := &v.states[o.index]
	switch s.cause {
	case causePlanned:
		return Reason{Kind: ReasonPlanned, Range: o.Range(), Text: "it is not built yet: " + o.Planned}
	case causeLayer:
		return Reason{Kind: ReasonLayer}
	case causeSelect:
		by := s.by.By.Option
		return Reason{Kind: ReasonSelect, By: by.Name, Range: s.by.Range, Text: by.Name + " selects it"}
	case causeImply:
		by := s.by.By.Option
		return Reason{Kind: ReasonImply, By: by.Name, Range: s.by.Range, Text: by.Name + " implies it"}
	case causeChoice:
		return v.choiceReason(o, s)
	case causeDefault:
		return v.defaultReason(o, s)
	}
	r := Reason{Kind: ReasonUnset, Range: o.Range(), Text: "nothing sets it, and no default applies"}
	if !s.met || o.Choice != nil {
		r.Text = "its dependencies are not met"
		x := &explainer{evaluation: v}
		if failures := x.unmet(o); len(failures) > 0 {
			r.Text += ": " + failures[0].text
		}
	}
	return r
}

func (v *evaluation) choiceReason(o *Option, s *state) Reason {
	c := &v.choices[o.Choice.index]
	r := Reason{Kind: ReasonChoice, By: o.Choice.Name, Range: o.Choice.Range()}
	switch {
	case !s.on && c.selected == nil:
		r.Text = "the choice has no member that is y"
	case !s.on:
		r.Text = "the choice falls on " + c.selected.Name
	case c.byDefault != nil:
		r.Range = c.byDefault.Range
		r.Text = "it is the default of the choice"
		if c.byDefault.If != nil {
			r.Text += " if " + c.byDefault.If.String()
		}
	default:
		r.Text = "it is the first member of the choice that is available"
	}
	return r
}

func (v *evaluation) defaultReason(o *Option, s *state) Reason {
	r := Reason{Kind: ReasonDefault, Range: o.Range()}
	if s.from != nil {
		r.Range = s.from.Range
		r.Text = "it is the default"
		if s.from.If != nil {
			r.Text += " if " + s.from.If.String()
		}
		if value := s.from.Value; value.literal == notLiteral {
			r.Text += ", taken from " + value.String()
		}
	}
	if b := s.bounds; s.clamped {
		text := fmt.Sprintf("it is the nearest number in the range from %s to %s", formatNumber(b.low, o.Type), formatNumber(b.high, o.Type))
		if s.from == nil {
			r.Range, r.Text = b.rule.Range, text
		} else {
			r.Text += "; " + text
		}
	}
	return r
}
