package kconfig

import (
	"os"
	"strings"
	"testing"
)

// The tree and the overlays of this repository hold together.
func TestShippedTreeResolves(t *testing.T) {
	tree, diags := LoadTree(os.DirFS(".."), "runtime/Kconfig.hcl")
	if len(diags) > 0 {
		t.Fatal(render(t, diags, tree.Sources()))
	}
	var layers []*Layer
	for _, name := range []string{"base.hcl", "overlay-aws.hcl"} {
		source, err := os.ReadFile("../overlays/" + name)
		if err != nil {
			t.Fatal(err)
		}
		layer, diags := ParseOverlay(name, source)
		if len(diags) > 0 {
			t.Fatal(render(t, diags, Sources{name: source}))
		}
		layers = append(layers, layer)
	}
	config, diags := tree.Resolve(layers...)
	if diags.HasErrors() {
		t.Fatal(render(t, diags, config.Sources()))
	}
	if got := config.Selected("CLOUD_SERVICE"); got != "AWS_IOT" {
		t.Errorf("the service is %q, not AWS_IOT", got)
	}
}

func render(t *testing.T, diags Diagnostics, sources Sources) string {
	t.Helper()
	var b strings.Builder
	if err := diags.WriteText(&b, sources); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
