package fragment

import (
	"testing"

	"github.com/cloudgen/cloudgen/kconfig"
)

// valuesOf resolves one layer without regard to errors.
func valuesOf(tree *kconfig.Tree, layer *kconfig.Layer) *kconfig.Config {
	config, _ := tree.Resolve(layer)
	return config
}

// FuzzImport: what a fragment becomes is an overlay that says the same, whatever is wrong with the fragment.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		"", "CONFIG_X=y\n", "# CONFIG_A is not set\nCONFIG_B=y", "CONFIG_S=\"a\\\"${b}\"\r\n# why\r", "CONFIG_H=1f\nCONFIG_N=14\nCONFIG_OLD=y\n",
		"CONFIG_HEAP_X=1\nCONFIG_LATER=y\nCONFIG_NO=1\nnonsense\n", "\ufeffCONFIG_N=007\nCONFIG_N=x\nCONFIG_N=+8\n", "# CONFIG_N is not set\n# a\rb\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		tree := testTree(t)
		text, diags, err := ToOverlay(tree, "a.conf", source)
		if err != nil {
			t.Fatal(err)
		}
		if text == nil {
			if !diags.HasErrors() {
				t.Fatal("no text, and nobody says why")
			}
			return
		}
		if len(text) > kconfig.MaxFileSize {
			return // the reasons made it too large
		}
		overlay, found := kconfig.ParseOverlay("a.hcl", text)
		if found.HasErrors() {
			t.Fatalf("%v\n%q becomes\n%s", found, source, text)
		}
		if has(diags, kconfig.CodeTwoMembers) {
			return
		}
		fragment, _ := kconfig.ParseOverlay("a.conf", source)
		if differ := valuesOf(tree, fragment).Differing(valuesOf(tree, overlay)); len(differ) > 0 {
			t.Fatalf("%s differs: %q becomes\n%s", differ[0].Name, source, text)
		}
	})
}

// FuzzExport: what an overlay becomes is a fragment that says the same.
func FuzzExport(f *testing.F) {
	for _, seed := range []string{
		"", "X = y # why\n", "/* a\n * b\n */ X = y /* c */\nN = 5\n", "// CONFIG_X is not set\nS = \"$${x}\\\\\"\n", "H = \"0x1F\"\nA = y\n",
		"HEAP_A = \"0x5\"\nHEAP_B = \"x\\\"\"\nHEAP_C = true\nHEAP_D = -5\n", "S = <<-A\nA\n", "X = (\n# in\ny)\n", "LATER = n\nLATER_TEXT = \"\"\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		tree := testTree(t)
		overlay, diags := kconfig.ParseOverlay("a.hcl", source)
		if diags.HasErrors() {
			return
		}
		text, notes, diags := FromLayers(tree, []*kconfig.Layer{overlay})
		if text == nil {
			if !diags.HasErrors() {
				t.Fatal("no text, and nobody says why")
			}
			return
		}
		if len(text) > kconfig.MaxFileSize {
			return
		}
		fragment, found := kconfig.ParseOverlay("a.conf", text)
		if found.HasErrors() {
			t.Fatalf("%v\n%q becomes\n%s", found, source, text)
		}
		if len(notes) > 0 {
			return
		}
		if differ := valuesOf(tree, overlay).Differing(valuesOf(tree, fragment)); len(differ) > 0 {
			t.Fatalf("%s differs: %q becomes\n%s", differ[0].Name, source, text)
		}
	})
}
