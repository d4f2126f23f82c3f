package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/listing"
)

// configList prints options. Without an overlay their values are those of base.hcl alone, for which nothing has to be complete.
func configList(_ context.Context, call *invocation) int {
	c, r := resolve(&call.flags), &report{}
	if len(call.overlays)+len(call.sets) == 0 {
		c.diagnostics = kconfig.Diagnostics{}
	}
	if c.diagnostics.HasErrors() {
		return call.finish(c, r, exitInput, nil)
	}
	filter := listing.Filter{Names: call.words, Type: call.ofType, Origin: call.origin, Planned: call.planned, Changed: call.changed}
	var err error
	if r.Options, err = listing.Select(c.resolved, filter); err != nil {
		return call.finish(c, r, exitInput, err)
	}
	return call.finishWith(c, r, optionLines(r.Options))
}

// optionLines writes one line for each option, in columns.
func optionLines(options []listing.Option) []byte {
	var name, value int
	for _, o := range options {
		name = max(name, len(o.Name))
		value = max(value, min(len(o.Value), widestValue))
	}
	var b bytes.Buffer
	for _, o := range options {
		prompt := o.Prompt
		if prompt == "" {
			prompt = "(cannot be assigned)"
		}
		fmt.Fprintf(&b, "%-*s  %-6s  %-*s  %s\n", name, o.Name, o.Type, value, o.Value, prompt)
	}
	return b.Bytes()
}

// widestValue keeps a long string from moving the prompts of all lines, in bytes.
const widestValue = 24
