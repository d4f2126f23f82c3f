package kconfig

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Refers tells whether any expression of the tree's files, a select or an imply refers to a name. Within an option's own blocks its name does not count.
// The first call reads the files once more.
func (t *Tree) Refers(name string) bool {
	t.readReferences.Do(func() {
		t.references = map[string]bool{}
		for file, text := range t.sources {
			if !strings.HasSuffix(file, ".hcl") {
				continue
			}
			parsed, diags := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
			if diags.HasErrors() {
				continue // LoadTree has said so
			}
			if body, is := parsed.Body.(*hclsyntax.Body); is {
				collectReferences(body, "", t.references)
			}
		}
	})
	return t.references[name]
}

func collectReferences(body *hclsyntax.Body, inside string, names map[string]bool) {
	for _, attribute := range body.Attributes {
		for _, variable := range attribute.Expr.Variables() {
			if name := variable.RootName(); name != inside {
				names[name] = true
			}
		}
	}
	for _, block := range body.Blocks {
		within := inside
		if block.Type == "option" && len(block.Labels) == 1 {
			within = block.Labels[0]
		}
		for _, label := range block.Labels {
			if block.Type == "select" || block.Type == "imply" {
				names[label] = true
			}
		}
		collectReferences(block.Body, within, names)
	}
}
