// Command kernel measures the option engine on a tree with the shape of a kernel's, against Kconfiglib on the same tree:
//
//	kernel -write DIR -options N   writes the tree in both languages, and an assignment of some of its options in both
//	kernel -resolve DIR            loads it, resolves it, resolves it again after one change, and prints what that took as JSON
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/kconfig"
)

func main() {
	folder := flag.String("write", "", "folder to write the tree to")
	options := flag.Int("options", 16500, "how many options")
	from := flag.String("resolve", "", "folder to resolve the tree of")
	flag.Parse()
	debug.SetGCPercent(400) // as cmd/cloudgen
	var err error
	switch {
	case *folder != "":
		err = write(*folder, *options)
	case *from != "":
		err = resolve(*from)
	default:
		err = fmt.Errorf("give -write or -resolve")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kernel:", err)
		os.Exit(1)
	}
}

// perFile is how many options one file holds: a subsystem of menus four deep.
const perFile = 51

func write(folder string, options int) error {
	var ours, theirs strings.Builder
	theirs.WriteString("mainmenu \"kernel\"\n\n")
	for i := range options / perFile {
		hcl, kconfig := subsystem(i)
		name := fmt.Sprintf("subsystem%d", i)
		if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name, "Kconfig.hcl"), []byte(hcl), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name, "Kconfig"), []byte(kconfig), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&ours, "source \"%s/Kconfig.hcl\" {}\n", name)
		fmt.Fprintf(&theirs, "source \"%s/Kconfig\"\n", name)
	}
	var overlay, fragment strings.Builder
	for i := 0; i < options/perFile; i += 7 {
		fmt.Fprintf(&overlay, "S%d_N3 = %d\nS%d_B4 = n\n", i, i%900, i)
		fmt.Fprintf(&fragment, "CONFIG_S%d_N3=%d\n# CONFIG_S%d_B4 is not set\n", i, i%900, i)
	}
	for name, text := range map[string]string{
		"Kconfig.hcl": ours.String(), "Kconfig": theirs.String(), "overlay.hcl": overlay.String(), "fragment.conf": fragment.String(),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// subsystem is the same options in both languages.
func subsystem(i int) (hcl, kconfig string) {
	var h, k strings.Builder
	fmt.Fprintf(&h, "option \"S%d\" {\n  type = bool\n  prompt = \"Subsystem %d\"\n  default = y\n}\n", i, i)
	fmt.Fprintf(&k, "config S%d\n\tbool \"Subsystem %d\"\n\tdefault y\n\n", i, i)
	fmt.Fprintf(&h, "option \"S%d_LIBRARY\" {\n  type = bool\n}\n", i)
	fmt.Fprintf(&k, "config S%d_LIBRARY\n\tbool\n\n", i)
	numbers := 0
	for depth := range 4 {
		fmt.Fprintf(&h, "menu \"Level %d\" {\n  depends_on = %s\n", depth, parent(i, depth))
		fmt.Fprintf(&k, "menu \"Level %d\"\n\tdepends on %s\n\n", depth, parent(i, depth))
		for j := range 6 {
			b := depth*6 + j
			fmt.Fprintf(&h, "option \"S%d_B%d\" {\n  type = bool\n  prompt = \"Part %d\"\n  default {\n    value = y\n    if = S%d\n  }\n", i, b, b, i)
			fmt.Fprintf(&k, "config S%d_B%d\n\tbool \"Part %d\"\n\tdefault y if S%d\n", i, b, b, i)
			if j == 5 {
				fmt.Fprintf(&h, "  select = [S%d_LIBRARY]\n", i/8*8) // as a kernel's drivers share a library of their kind
				fmt.Fprintf(&k, "\tselect S%d_LIBRARY\n", i/8*8)
			}
			h.WriteString("}\n")
			k.WriteString("\n")
			fmt.Fprintf(&h, "option \"S%d_N%d\" {\n  type = int\n  prompt = \"Number %d\"\n  default = %d\n  range = [0, 1000]\n  depends_on = S%d_B%d\n}\n", i, numbers, numbers, numbers, i, b)
			fmt.Fprintf(&k, "config S%d_N%d\n\tint \"Number %d\"\n\tdefault %d\n\trange 0 1000\n\tdepends on S%d_B%d\n\n", i, numbers, numbers, numbers, i, b)
			numbers++
		}
	}
	fmt.Fprintf(&h, "option \"S%d_LAST\" {\n  type = bool\n  prompt = \"Last\"\n  depends_on = S%d_B1 && !S%d_B2\n}\n", i, i, i)
	fmt.Fprintf(&k, "config S%d_LAST\n\tbool \"Last\"\n\tdepends on S%d_B1 && !S%d_B2\n\n", i, i, i)
	for range 4 {
		h.WriteString("}\n")
		k.WriteString("endmenu\n\n")
	}
	return h.String(), k.String()
}

// parent is what a menu depends on.
func parent(i, depth int) string {
	if depth == 0 {
		return fmt.Sprintf("S%d", i)
	}
	return fmt.Sprintf("S%d_B%d", i, depth*6-1)
}

func resolve(folder string) error {
	start := time.Now()
	tree, diagnostics := kconfig.LoadTree(os.DirFS(folder), "Kconfig.hcl")
	text, err := os.ReadFile(filepath.Join(folder, "overlay.hcl"))
	if err != nil {
		return err
	}
	layer, more := kconfig.ParseOverlay("overlay.hcl", text)
	diagnostics = append(diagnostics, more...)
	config, more := tree.Resolve(layer)
	diagnostics = append(diagnostics, more...)
	if diagnostics.HasErrors() {
		return diagnostics.Err()
	}
	whole := time.Since(start)

	change, diagnostics := kconfig.ParseSet([]string{"S1_B2=n"})
	if diagnostics.HasErrors() {
		return diagnostics.Err()
	}
	var again []time.Duration
	for range 11 {
		start = time.Now()
		tree.Resolve(layer, change)
		again = append(again, time.Since(start))
	}
	slices.Sort(again)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"options": len(config.Values()), "load_ms": float64(whole.Microseconds()) / 1e3, "again_ms": float64(again[len(again)/2].Microseconds()) / 1e3,
	})
}
