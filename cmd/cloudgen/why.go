package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/why"
)

// explain answers `why NAME`: where an option's value comes from and what is in the way of another; and `why NAME=VALUE`: the
// smallest edit that gives the value. Without an overlay it is about base.hcl alone.
func explain(_ context.Context, call *invocation) int {
	c, r := resolve(&call.flags), &report{}
	if c.resolved == nil {
		return call.finish(c, r, exitInput, nil)
	}
	if len(call.overlays)+len(call.sets) == 0 {
		c.diagnostics = nil
	}
	name, value, wanted := strings.Cut(call.words[0], "=")
	var answer interface{ WriteText(io.Writer) error }
	status := exitDone
	var err error
	if wanted {
		r.Edit, err = why.FindEdit(c.resolved, name, value, why.Effort)
		if answer = r.Edit; r.Edit != nil && (r.Edit.Outcome == why.OutcomeImpossible || r.Edit.Outcome == why.OutcomeUnknown) {
			status = exitInput
		}
	} else if r.Choice = why.ExplainChoice(c.resolved, name); r.Choice != nil {
		answer = r.Choice
	} else {
		r.Explanation, err = why.Explain(c.resolved, name)
		answer = r.Explanation
	}
	if err != nil {
		if unknown, ok := errors.AsType[*why.UnknownName](err); ok && unknown.Like == "" && unknown.Omitted == "" {
			err = fmt.Errorf("%w; `cloudgen config list` names all options", err)
		}
		return call.finishAnswer(c, r, exitInput, err)
	}
	c.showPlaces(answer)
	if !call.json {
		var text bytes.Buffer
		if err := answer.WriteText(&text); err != nil {
			return exitEnvironment
		}
		if _, err := call.stdout.Write(text.Bytes()); err != nil {
			fmt.Fprintf(call.stderr, "cloudgen: %v\n", err)
			return exitEnvironment
		}
	}
	return call.finishAnswer(c, r, status, nil)
}

// finishAnswer ends like finish, but only counts the errors of the configuration in text: the question was about one option.
func (call *invocation) finishAnswer(c *configuration, r *report, status int, err error) int {
	if call.json {
		return call.finish(c, r, status, err)
	}
	count := 0
	for _, d := range c.diagnostics {
		if d.Severity == kconfig.Error {
			count++
		}
	}
	if count > 0 {
		fmt.Fprintf(call.stderr, "cloudgen: the configuration has errors (%d); `cloudgen check` shows them\n", count)
	}
	return call.finish(nil, r, status, err)
}
