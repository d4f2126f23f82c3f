package minimal

import (
	"os"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/kconfig/internal/shippedtree"
)

const root = "../.."

func TestShippedOverlays(t *testing.T) {
	tree := shippedtree.Load(t, root)
	seen := map[string]bool{}
	for _, variant := range shippedtree.Variants {
		t.Run(strings.Join(variant, "+"), func(t *testing.T) {
			config, diags := tree.Resolve(shippedtree.Layers(t, root, variant)...)
			if diags.HasErrors() {
				t.Fatal(diags.Err())
			}
			if settings := check(t, config, 1); len(settings) == 0 {
				t.Error("the overlay changes nothing")
			}
		})
		for _, name := range variant {
			seen["overlay-"+name+".hcl"] = true
		}
	}
	entries, err := os.ReadDir(root + "/overlays")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if name == "base.hcl" || seen[name] {
			continue
		}
		alone := []string{strings.TrimSuffix(strings.TrimPrefix(name, "overlay-"), ".hcl")}
		if _, diags := tree.Resolve(shippedtree.Layers(t, root, alone)...); !diags.HasErrors() {
			t.Errorf("%s is part of no variant in shippedtree.Variants", name)
		}
	}
}
