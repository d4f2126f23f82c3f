package main

import (
	"context"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/cloudgen/cloudgen/kconfig/minimal"
)

// configSaveMin prints an overlay that can take the place of those given: base.hcl stays beneath it.
func configSaveMin(_ context.Context, call *invocation) int {
	if len(call.overlays) == 0 {
		return call.usageError("give at least one -overlay")
	}
	c, r := resolve(&call.flags), &report{}
	if c.diagnostics.HasErrors() {
		return call.finish(c, r, exitInput, nil)
	}
	settings, err := minimal.Settings(c.resolved, baseLayers)
	if err != nil {
		return call.finish(c, r, exitInput, err)
	}
	overlay := minimal.Overlay("The least that gives the configuration of "+call.layerNames()+".", settings)
	r.Overlay = string(overlay)
	for _, one := range settings {
		if one.Option.Secret {
			r.Notes = append(r.Notes, one.Option.Name+" is secret and stays out: keep it in an overlay of its own")
		}
	}
	return call.finishWith(c, r, overlay)
}

// layerNames names the overlays for a comment.
func (call *invocation) layerNames() string {
	var names []string
	for _, overlay := range call.overlays {
		names = append(names, filepath.Base(overlay))
	}
	if len(call.sets) > 0 {
		names = append(names, "-set")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.Join(names, ", "))
}
