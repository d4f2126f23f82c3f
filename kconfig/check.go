package kconfig

import (
	"fmt"
	"slices"
	"strings"
)

// shown is a value in a message; secrets stay secret.
func shown(o *Option, text string) string {
	switch {
	case o.Secret:
		return secretText
	case o.Type == String:
		return quote(text)
	}
	return text
}

const secretText = "<secret>"

func (r *resolver) unknown(a *Assignment) {
	at := a.nameRange
	if omitted := r.tree.Omission(a.Name); omitted != nil {
		d := r.diags.add(CodeOmitted, &at, "%s means nothing here: %s", a.Name, omitted.Reason)
		d.relate(omitted.Range, "left out of the tree here")
		d.Fix = "remove this assignment"
		return
	}
	d := r.diags.add(CodeUnknownOption, &at, "no option is named %s", a.Name)
	if c := r.tree.choiceNamed[a.Name]; c != nil {
		d.Detail = "It is a choice; assign y to one of its members: " + list(memberNames(c)) + "."
		d.relate(c.Range(), "the choice")
		return
	}
	if like := r.suggest(a.Name); like != "" {
		d.Fix = "write " + like
		if o, _, _ := r.tree.lookUp(like, ""); o != nil {
			d.relate(o.Range(), "%s is defined here", o.Name)
		}
	} else {
		d.Fix = "remove this assignment; `cloudgen config list` names all options"
	}
}

func (r *resolver) renamed(a *Assignment, alias *Alias, o *Option, value string) {
	at := a.nameRange
	d := r.diags.add(CodeRenamed, &at, "%s is the old name of %s", a.Name, o.Name)
	d.relate(alias.Range, "renamed here")
	d.Fix = "write " + o.Name
	if parsed := parseValue(o.Type, value, rawLiteral); parsed.problem == "" && !o.Secret {
		d.Fix = "write " + edit{o, parsed.text}.write(a.syntax())
	}
	if value != a.Value {
		// What the map gives is text that has the form of the new type.
		a.Value, a.kind, a.fragment = value, rawLiteral, false
	}
}

// twoNames complains where a layer assigns an option under two names. Twice under one
// name is for the layer's reader to find.
func (r *resolver) twoNames(layer *Layer, a *Assignment, o *Option) {
	history := r.history[o.index]
	if len(history) == 0 {
		return
	}
	last := &history[len(history)-1]
	if last.Layer != layer.Name || last.Name == a.Name {
		return
	}
	code := CodeRepeated
	if a.fragment {
		code = CodeRepeatedInConf
	}
	at := a.nameRange
	d := r.diags.add(code, &at, "%s is assigned twice in one layer, as %s and as %s", o.Name, last.Name, a.Name)
	d.relate(last.nameRange, "the first time")
	d.Fix = "keep one of them"
}

func (r *resolver) wrongType(a *Assignment, o *Option, parsed parsedValue) {
	at := a.valueRange
	d := r.diags.add(CodeWrongType, &at, "%s is %s, and this is no value of it", o.Name, o.Type.article())
	d.Detail = parsed.problem
	if parsed.fix != "" && !o.Secret {
		d.Fix = "write " + edit{o, parsed.fix}.write(a.syntax())
	}
	d.relate(o.Range(), "%s is defined here", o.Name)
}

func (r *resolver) planned(a *Assignment, o *Option) {
	at := a.Range
	d := r.diags.add(CodePlanned, &at, "%s is not built yet", o.Name)
	d.Detail = "It waits for: " + o.Planned + "."
	d.relate(o.Range(), "defined here")
	d.Fix = "remove this assignment"
}

func (r *resolver) effect(a *Assignment, o *Option) {
	at := a.nameRange
	d := r.diags.add(CodeEffect, &at, "%s changes nothing here", o.Name)
	d.Detail = upperFirst(o.Effect) + "."
	d.relate(o.Range(), "defined here")
}

func (r *resolver) twoMembers(c *Choice, o *Option, a *Assignment, first chosen) {
	at := a.nameRange
	d := r.diags.add(CodeTwoMembers, &at, "%s and %s exclude each other", first.member.Name, o.Name)
	d.Detail = fmt.Sprintf("Both are members of the choice %s (%s), and this layer turns on both.", c.Name, c.Prompt)
	d.relate(first.at, "turned on here").relate(c.Range(), "the choice")
	d.Fix = "keep one of them"
}

// check judges the values that came out.
func (r *resolver) check() {
	for _, o := range r.tree.options {
		if user := &r.evaluation.users[o.index]; user.set {
			r.checkAssigned(o, user)
		}
		r.checkPattern(o)
		r.checkSelected(o)
		r.checkCaution(o)
	}
	r.checkRequired()
	r.checkConstraints()
}

// checkAssigned sees that the last assignment to an option takes effect.
func (r *resolver) checkAssigned(o *Option, user *userValue) {
	v := r.evaluation
	s := &v.states[o.index]
	a := &r.history[o.index][user.index]
	if o.Planned != "" {
		return // only the value that it has anyway got this far
	}
	if c := o.Choice; c != nil && user.on {
		// Another layer, or a later line, chose another member; the last one wins.
		if chosen := v.choices[c.index].user; chosen != nil && chosen != o {
			a.Ignored = fmt.Sprintf("%s was chosen later, and only one member of %s is y", chosen.Name, c.Name)
			return
		}
	}
	if s.visible && o.Type != Bool && v.countsAsUnset(o, user.text) {
		a.Ignored = fmt.Sprintf("%s is required, and %s counts as not assigned", o.Name, shown(o, user.text))
		return
	}
	if r.agrees(o, s, user) {
		return
	}
	switch {
	case !s.visible:
		r.noEffect(o, a, s)
	case o.Choice != nil:
		r.memberStaysOn(o, a)
	case o.Type == Bool && s.selected:
		r.overridden(o, a, s)
	case s.bounds.rule != nil:
		r.outOfRange(o, a, user, s)
	}
}

// agrees says whether the option has the value that was assigned.
func (r *resolver) agrees(o *Option, s *state, user *userValue) bool {
	switch o.Type {
	case Bool:
		return s.on == user.on
	case String:
		return s.text == user.text
	}
	return s.text != "" && s.number == user.number
}

func (r *resolver) noEffect(o *Option, a *Assignment, s *state) {
	at := a.nameRange
	if o.Prompt == "" {
		d := r.diags.add(CodeNoPrompt, &at, "%s cannot be assigned; its value is %s", o.Name, r.evaluation.valueOf(o))
		d.Detail = upperFirst(r.evaluation.reason(o).Text) + ". It has no prompt: other options and defaults decide it."
		d.relate(o.Range(), "defined here")
		d.Fix = "remove this assignment"
		if names := selecting(o); len(names) > 0 {
			d.Fix += "; to turn it on, turn on what selects it: " + list(names)
		}
		return
	}
	reasons := r.explainer.blockers(o)
	summary := "its dependencies are not met"
	if len(reasons) > 0 {
		summary = reasons[0].text
	}
	d := r.diags.add(CodeNoEffect, &at, "%s has no effect: %s", o.Name, summary)
	var lines []string
	var fixes []edit
	plain := true
	for i, reason := range reasons {
		if i > 0 {
			lines = append(lines, "Besides, "+reason.text+".")
		}
		d.relate(reason.at, "%s", reason.what)
		fixes = addEdits(fixes, reason.fix)
		plain = plain && reason.fix != nil
	}
	if s.hasValue {
		lines = append(lines, fmt.Sprintf("Its value stays %s.", r.evaluation.valueOf(o)))
	}
	d.Detail = strings.Join(lines, "\n")
	d.relate(o.Range(), "%s is defined here", o.Name)
	d.Fix = "remove this assignment"
	if plain && len(fixes) > 0 {
		d.Fix = "add " + writeEdits(fixes, a.syntax(), " and ") + "; or remove this assignment"
	}
}

func selecting(o *Option) []string {
	var names []string
	for _, s := range o.SelectedBy {
		if by := s.By.Option; (by.Prompt != "" || by.Choice != nil) && !slices.Contains(names, by.Name) {
			names = append(names, by.Name)
		}
	}
	return names
}

// memberStaysOn is about a member that is assigned n while the choice falls on it.
func (r *resolver) memberStaysOn(o *Option, a *Assignment) {
	c := o.Choice
	at := a.nameRange
	d := r.diags.add(CodeChoiceNeedsOne, &at, "%s stays y: the choice %s falls on it", o.Name, c.Name)
	d.Detail = upperFirst(r.evaluation.reason(o).Text) + "."
	d.relate(c.Range(), "the choice")
	d.Fix = "turn on another member instead: "
	var others []string
	for _, member := range c.Members {
		if member != o && r.evaluation.states[member.index].visible {
			others = append(others, edit{member, "y"}.write(a.syntax()))
		}
	}
	if len(others) == 0 {
		d.Fix = "remove this assignment"
		return
	}
	d.Fix += strings.Join(others, " or ")
}

func (r *resolver) overridden(o *Option, a *Assignment, s *state) {
	at := a.nameRange
	by := r.evaluation.active(o.SelectedBy)
	d := r.diags.add(CodeSelected, &at, "%s stays y: %s selects it", o.Name, by.By.Option.Name)
	d.relate(by.Range, "selected here").relate(o.Range(), "%s is defined here", o.Name)
	d.Fix = "remove this assignment"
	if off := r.explainer.turnOff(by.By.Option); off != nil {
		d.Fix += ", or add " + writeEdits(off, a.syntax(), " and ")
	}
}

func (r *resolver) outOfRange(o *Option, a *Assignment, user *userValue, s *state) {
	at := a.valueRange
	low, high := formatNumber(s.bounds.low, o.Type), formatNumber(s.bounds.high, o.Type)
	d := r.diags.add(CodeOutOfRange, &at, "%s = %s is out of range: %s to %s", o.Name, shown(o, user.text), low, high)
	for _, bound := range []*Expr{s.bounds.rule.Min, s.bounds.rule.Max} {
		if bound.Option != nil {
			d.Detail += fmt.Sprintf("%s is %s. ", bound.Text, r.evaluation.valueOf(bound.Option))
		}
	}
	d.Detail = strings.TrimSpace(d.Detail)
	d.relate(s.bounds.rule.Range, "the range")
	nearest := high
	if user.number < s.bounds.low {
		nearest = low
	}
	if s.bounds.low <= s.bounds.high {
		d.Fix = "write " + edit{o, nearest}.write(a.syntax())
	}
}

// checkPattern holds values of assignments and of defaults to the option's pattern.
func (r *resolver) checkPattern(o *Option) {
	s := &r.evaluation.states[o.index]
	if o.pattern == nil || !s.hasValue || s.text == "" || o.isUnsetText(s.text) && o.required || o.pattern.MatchString(s.text) {
		return
	}
	at := o.Range()
	if s.cause == causeLayer {
		at = r.history[o.index][r.evaluation.users[o.index].index].valueRange
	} else if s.from != nil {
		at = s.from.Range
	}
	d := r.diags.add(CodePatternMismatch, &at, "%s does not have the form that it must have", o.Name)
	d.Detail = "It is " + shown(o, s.text) + " and must match " + o.Pattern + "."
	if at != o.Range() {
		d.relate(o.Range(), "%s is defined here", o.Name)
	}
}

// checkSelected warns where a select turns on what its dependencies forbid.
func (r *resolver) checkSelected(o *Option) {
	s := &r.evaluation.states[o.index]
	if !s.selected || s.met {
		return
	}
	by := r.evaluation.active(o.SelectedBy)
	at := by.Range
	d := r.diags.add(CodeSelectUnmet, &at, "%s selects %s, whose dependencies are not met", by.By.Option.Name, o.Name)
	for i, reason := range r.explainer.unmet(o) {
		if i > 0 {
			d.Detail += "\n"
		}
		d.Detail += upperFirst(reason.text) + "."
		d.relate(reason.at, "%s", reason.what)
	}
	d.Fix = "let the select have the same condition, or make " + by.By.Option.Name + " depend on it"
}

// checkCaution passes on an option's warning where a layer turns it on or gives it a value.
func (r *resolver) checkCaution(o *Option) {
	s := &r.evaluation.states[o.index]
	if o.Warning == "" || s.cause != causeLayer || o.Type == Bool && !s.on || o.isUnsetText(s.text) {
		return
	}
	at := r.history[o.index][r.evaluation.users[o.index].index].nameRange
	d := r.diags.add(CodeCaution, &at, "%s: %s", o.Name, o.Warning)
	d.relate(o.Range(), "%s is defined here", o.Name)
}

// checkRequired names all required options without a value in one error.
func (r *resolver) checkRequired() {
	var missing []string
	var d *Diagnostic
	begin := func() {
		if d == nil {
			d = r.diags.add(CodeRequired, nil, "")
		}
	}
	for _, o := range r.tree.options {
		s := &r.evaluation.states[o.index]
		if !s.visible || s.hasValue && !o.isUnsetText(s.text) || !r.evaluation.required(o) {
			continue
		}
		begin()
		missing = append(missing, o.Name)
		d.relate(o.Range(), "%s: %s", o.Name, o.Prompt)
		for _, a := range r.history[o.index] {
			d.relate(a.Range, "%s counts as not assigned", shown(o, a.Value))
		}
		d.Fix = appendLine(d.Fix, o.Name+" = "+example(o))
	}
	for _, c := range r.tree.choices {
		s := &r.evaluation.choices[c.index]
		if !s.visible || s.selected != nil || !r.evaluation.anyHolds(c.Required) {
			continue
		}
		begin()
		missing = append(missing, c.Name)
		d.relate(c.Range(), "%s: %s", c.Name, c.Prompt)
		var members []string
		for _, member := range c.Members {
			if member.Planned == "" {
				members = append(members, member.Name+" = y")
			}
		}
		d.Fix = appendLine(d.Fix, strings.Join(members, ", or "))
	}
	switch len(missing) {
	case 0:
		return
	case 1:
		d.Summary = missing[0] + " is required and has no value"
	default:
		d.Summary = fmt.Sprintf("%d required options have no value: %s", len(missing), list(missing))
	}
	d.Fix = "add to an overlay:\n" + d.Fix
}

func (v *evaluation) anyHolds(conditions []Condition) bool {
	return slices.ContainsFunc(conditions, func(c Condition) bool { return v.truth(c.If) })
}

func appendLine(text, line string) string {
	if text == "" {
		return line
	}
	return text + "\n" + line
}

// example is a value to fill in.
func example(o *Option) string {
	switch o.Type {
	case Int:
		return "…"
	case Hex:
		return `"0x…"`
	}
	return `"…"`
}

func (r *resolver) checkConstraints() {
	v := r.evaluation
	for _, c := range r.tree.constraints {
		if !v.inScope(c.scope) || !v.truth(c.DependsOn) || v.truth(c.Condition) {
			continue
		}
		at := c.Range
		d := r.diags.add(CodeConstraint, &at, "%s", c.Message)
		for _, reason := range r.explainer.explain(c.Condition) {
			d.Detail = appendLine(d.Detail, upperFirst(reason.text)+".")
		}
		seen := map[*Option]bool{}
		c.Condition.walk(func(leaf *Expr) {
			if o := leaf.Option; o != nil && !seen[o] && v.states[o.index].cause == causeLayer {
				seen[o] = true
				d.relate(r.history[o.index][v.users[o.index].index].Range, "%s is set here", o.Name)
			}
		})
		d.Fix = c.Fix
	}
}

func upperFirst(text string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return string(text[0]-'a'+'A') + text[1:]
}
