package main

import (
	"context"

	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/fragment"
)

// exportConf prints overlays as one .conf fragment.
func exportConf(_ context.Context, call *invocation) int {
	if len(call.overlays)+len(call.sets) == 0 {
		return call.usageError("give at least one -overlay")
	}
	files, tree, diagnostics := loadTree(&call.flags)
	c, r := &configuration{files: files, diagnostics: diagnostics, sources: kconfig.Sources{}}, &report{}
	for file, text := range tree.Sources() {
		c.sources[file] = text
	}
	var layers []*kconfig.Layer
	add := func(layer *kconfig.Layer, found kconfig.Diagnostics) {
		c.diagnostics = append(c.diagnostics, found...)
		if layer != nil {
			layers = append(layers, layer)
			c.sources[layer.Name] = tree.Redact(layer)
		}
	}
	for _, overlay := range call.overlays {
		add(readOverlay(files, overlay))
	}
	add(kconfig.ParseSet(call.sets))
	if c.diagnostics.HasErrors() {
		c.diagnostics.Sort()
		return call.finish(c, r, exitInput, nil)
	}
	text, notes, found := fragment.FromLayers(tree, layers)
	c.diagnostics = withoutNobodysMistakes(append(c.diagnostics, found...), tree, layers)
	c.diagnostics.Sort()
	r.Fragment, r.Notes = string(text), notes
	return call.finishWith(c, r, text)
}
