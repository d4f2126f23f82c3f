package kconfig

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// syntheticTree makes a tree of about n options in files of 50, with the shape of
// a real one: menus in menus, choices, selects, ranges, help.
func syntheticTree(n int, help bool) fstest.MapFS {
	files := fstest.MapFS{}
	var root strings.Builder
	text := ""
	if help {
		text = "    help = <<-EOT\n      What this option does, in some words, over two lines so that the\n      parser has as much to read as in a real tree.\n    EOT\n"
	}
	for i := 0; i*50 < n; i++ {
		var b strings.Builder
		fmt.Fprintf(&b, "option \"F%d\" {\n  type = bool\n  prompt = \"Feature %d\"\n  default = y\n%s}\n", i, i, text)
		fmt.Fprintf(&b, "menu \"Feature %d\" {\n  depends_on = F%d\n", i, i)
		for j := range 24 {
			fmt.Fprintf(&b, "  option \"F%d_B%d\" {\n    type = bool\n    prompt = \"Part %d\"\n    default {\n      value = y\n      if = F%d && !F%d_HIDDEN\n    }\n    depends_on = F%d || F%d_HIDDEN\n%s  }\n", i, j, j, i, i, i, i, text)
			if j > 0 {
				fmt.Fprintf(&b, "  option \"F%d_N%d\" {\n    type = int\n    prompt = \"Number %d\"\n    default = %d\n    range = [0, 1000]\n    unit = \"s\"\n    depends_on = F%d_B%d\n%s  }\n", i, j, j, j, i, j-1, text)
			}
		}
		fmt.Fprintf(&b, "  option \"F%d_HIDDEN\" {\n    type = bool\n  }\n", i)
		fmt.Fprintf(&b, "  choice \"F%d_MODE\" {\n    prompt = \"Mode\"\n    default = F%d_MODE_A\n    option \"F%d_MODE_A\" {\n      type = bool\n      prompt = \"A\"\n    }\n    option \"F%d_MODE_B\" {\n      type = bool\n      prompt = \"B\"\n      select = [LIBRARY]\n    }\n  }\n}\n", i, i, i, i)
		name := fmt.Sprintf("feature%d/Kconfig.hcl", i)
		files[name] = &fstest.MapFile{Data: []byte(b.String())}
	}
	root.WriteString("option \"LIBRARY\" {\n  type = bool\n}\nsource \"feature*/Kconfig.hcl\" {}\n")
	files["Kconfig.hcl"] = &fstest.MapFile{Data: []byte(root.String())}
	return files
}

const syntheticOverlay = "F1_N3 = 500\nF2_B4 = n\nF3_MODE_B = y\nF0_N1 = 9\n"

func BenchmarkLoadAndResolve(b *testing.B) {
	for _, n := range []int{600, 1000, 16500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			files := syntheticTree(n, n < 5000)
			var size int64
			for _, f := range files {
				size += int64(len(f.Data))
			}
			b.SetBytes(size)
			for b.Loop() {
				tree, diags := LoadTree(files, "Kconfig.hcl")
				layer, more := ParseOverlay("overlay.hcl", []byte(syntheticOverlay))
				_, found := tree.Resolve(layer)
				if len(diags)+len(more)+len(found) > 0 {
					b.Fatal(diags, more, found)
				}
			}
		})
	}
}

func BenchmarkResolve(b *testing.B) {
	for _, n := range []int{600, 2000, 16500, 32000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			tree, diags := LoadTree(syntheticTree(n, false), "Kconfig.hcl")
			if len(diags) > 0 {
				b.Fatal(diags)
			}
			layer, _ := ParseOverlay("overlay.hcl", []byte(syntheticOverlay))
			for b.Loop() {
				if _, found := tree.Resolve(layer); len(found) > 0 {
					b.Fatal(found)
				}
			}
		})
	}
}
