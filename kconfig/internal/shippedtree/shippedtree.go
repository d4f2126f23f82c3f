// Package shippedtree gives the shipped option tree and overlays to tests of what is done with configurations. So that every overlay has a
// configuration, whatever is built already, options that wait for their feature count as built.
package shippedtree

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/kconfig"
)

// planned is the line that keeps an option from being assigned.
var planned = regexp.MustCompile(`(?m)^\s*planned\s*=.*$`)

// Load reads the tree from the repository, whose root is given relative to the test's folder.
func Load(t testing.TB, root string) *kconfig.Tree {
	t.Helper()
	built := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(root), "runtime", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".hcl" {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		built[name] = &fstest.MapFile{Data: planned.ReplaceAll(text, nil)}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tree, diags := kconfig.LoadTree(built, "runtime/Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	return tree
}

// Variants are the shipped overlays, the parts of variants on top of one that they go with. base.hcl comes first.
var Variants = [][]string{
	{"aws"}, {"azure"}, {"nrfcloud"}, {"lwm2m"}, {"nrfcloud", "pgps"}, {"nrfcloud", "full_modem_fota"}, {"aws", "low-power"},
}

// Layers reads base.hcl and the overlays of a variant.
func Layers(t testing.TB, root string, variant []string) []*kconfig.Layer {
	t.Helper()
	names := []string{"base.hcl"}
	for _, name := range variant {
		names = append(names, "overlay-"+name+".hcl")
	}
	var layers []*kconfig.Layer
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, "overlays", name))
		if err != nil {
			t.Fatal(err)
		}
		layer, diags := kconfig.ParseOverlay(name, text)
		if diags.HasErrors() {
			t.Fatal(diags.Err())
		}
		layers = append(layers, layer)
	}
	return layers
}
