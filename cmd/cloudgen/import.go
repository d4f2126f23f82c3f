package main

import (
	"context"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/fragment"
)

// importFragment prints a .conf fragment as an overlay. What cannot be an assignment is a comment in it; the findings name it, and make the
// status that of wrong input unless it is only left out.
func importFragment(_ context.Context, call *invocation) int {
	name := call.words[0]
	files := cloudgen.Sources()
	c, r := &configuration{sources: kconfig.Sources{}}, &report{}
	source, err := readBounded(name)
	if err != nil {
		c.diagnostics = unreadableFile(name, err)
		return call.finish(c, r, exitInput, nil)
	}
	tree, diagnostics := kconfig.LoadTree(files, treeRoot)
	overlay, found, err := fragment.ToOverlay(tree, name, source)
	if err != nil {
		return call.finish(nil, r, exitInput, err)
	}
	for file, text := range tree.Sources() {
		c.sources[file] = text
	}
	c.sources[name] = tree.Redact(&kconfig.Layer{Name: name, Source: source})
	c.diagnostics = append(diagnostics, found...)
	c.diagnostics.Sort()
	r.Overlay = string(overlay)
	return call.finishWith(c, r, overlay)
}
