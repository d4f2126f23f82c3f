package gen

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/write"
	"github.com/cloudgen/cloudgen/kconfig"
)

var update = flag.Bool("update", false, "write the golden files")

// loadTree loads the shipped option tree, once for all tests.
var loadTree = sync.OnceValues(func() (*kconfig.Tree, kconfig.Diagnostics) {
	return kconfig.LoadTree(cloudgen.Sources(), "runtime/Kconfig.hcl")
})

// variants finds the overlays that make a variant by themselves. The others add to one of these, or need what is not built yet.
var variants = sync.OnceValues(func() (names []string, err error) {
	overlays, err := fs.Glob(cloudgen.Sources(), "overlays/overlay-*.hcl")
	if err != nil {
		return nil, err
	}
	for _, each := range overlays {
		name := strings.TrimSuffix(strings.TrimPrefix(each, "overlays/overlay-"), ".hcl")
		config, diags, err := tryResolve(name)
		if err != nil {
			return nil, err
		}
		if !diags.HasErrors() {
			if _, diags, err = Plan(config, cloudgen.Sources(), Settings{Name: name}); err != nil {
				return nil, err
			}
		}
		switch {
		case !diags.HasErrors():
			names = append(names, name)
		case has(diags, kconfig.CodePlanned), has(diags, plan.CodeSlotEmpty):
		default:
			return nil, fmt.Errorf("%s: %w", each, diags.Err())
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no overlay makes a variant")
	}
	return names, nil
})

func shipped(t *testing.T) []string {
	t.Helper()
	names, err := variants()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func has(diags kconfig.Diagnostics, code kconfig.Code) bool {
	return slices.ContainsFunc(diags, func(each kconfig.Diagnostic) bool { return each.Code == code })
}

// tryResolve resolves a shipped overlay, and assignments in the form of -set.
func tryResolve(name string, set ...string) (*kconfig.Config, kconfig.Diagnostics, error) {
	tree, diags := loadTree()
	if diags.HasErrors() {
		return nil, nil, diags.Err()
	}
	diags = slices.Clone(diags)
	var layers []*kconfig.Layer
	for _, overlay := range []string{"base.hcl", "overlay-" + name + ".hcl"} {
		text, err := fs.ReadFile(cloudgen.Sources(), "overlays/"+overlay)
		if err != nil {
			return nil, nil, err
		}
		layer, found := kconfig.ParseOverlay(overlay, text)
		layers, diags = append(layers, layer), append(diags, found...)
	}
	layer, found := kconfig.ParseSet(set)
	config, resolved := tree.Resolve(append(layers, layer)...)
	return config, append(append(diags, found...), resolved...), nil
}

func resolve(t *testing.T, name string, set ...string) *kconfig.Config {
	t.Helper()
	config, diags, err := tryResolve(name, set...)
	if err != nil {
		t.Fatal(err)
	}
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	return config
}

func generate(t *testing.T, config *kconfig.Config, settings Settings) (*plan.Plan, []write.File) {
	t.Helper()
	made, diags, err := Plan(config, cloudgen.Sources(), settings)
	if err != nil {
		t.Fatal(err)
	}
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	files, err := Files(made, config, cloudgen.Sources())
	if err != nil {
		t.Fatal(err)
	}
	return made, files
}

// TestGolden compares what is generated for every shipped overlay with testdata/golden/NAME: the plan, and all files but the copies of the
// runtime's sources and resolved.json, which kconfig's tests hold and which changes with every line of the tree.
func TestGolden(t *testing.T) {
	names := shipped(t)
	committed, err := filepath.Glob("testdata/golden/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range committed {
		if !slices.Contains(names, filepath.Base(dir)) {
			t.Errorf("%s: no shipped overlay makes this variant any more", dir)
		}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			made, files := generate(t, resolve(t, name), Settings{Name: name})
			text, err := json.MarshalIndent(withoutCopies(made), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{"plan.json": string(text) + "\n"}
			sources := map[string]plan.Source{}
			for _, each := range made.Files {
				sources[each.Path] = each.From
			}
			for _, file := range files {
				from := sources[file.Path]
				if _, offered := from.Packaging(); offered || from == plan.Emitted || file.Path == ".config" || from.IsTemplate() {
					got[goldenName(file.Path)] = string(file.Data)
				}
			}
			compareFolder(t, filepath.Join("testdata", "golden", name), got)
		})
	}
}

// goldenName keeps the go command from taking golden files for parts of a module, and git from obeying them.
func goldenName(name string) string {
	folder, base := path.Split(name)
	return folder + strings.TrimPrefix(base, ".") + ".golden"
}

// withoutCopies shortens the plan to what the generator decided: which files a package has shows in its folder.
func withoutCopies(p *plan.Plan) *plan.Plan {
	short := *p
	short.Files = nil
	for _, each := range p.Files {
		if !strings.HasSuffix(string(each.From), ".go") {
			short.Files = append(short.Files, each)
		}
	}
	return &short
}

func compareFolder(t *testing.T, dir string, got map[string]string) {
	t.Helper()
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for name, text := range got {
			name = filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	want := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		relative, relErr := filepath.Rel(dir, name)
		if relErr != nil {
			return relErr
		}
		want[filepath.ToSlash(relative)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range got {
		if old, is := want[name]; !is {
			t.Errorf("%s is new; go test ./gen -update writes it, look at the difference then", name)
		} else if old != text {
			t.Errorf("%s is not as before; go test ./gen -update writes it, look at the difference then. It is now\n%s", name, text)
		}
	}
	for name := range want {
		if _, is := got[name]; !is {
			t.Errorf("%s is not generated any more", name)
		}
	}
}

func TestGeneratedGoIsFormatted(t *testing.T) {
	for _, name := range shipped(t) {
		_, files := generate(t, resolve(t, name), Settings{Name: name})
		for _, file := range files {
			if !strings.HasSuffix(file.Path, ".go") {
				continue
			}
			formatted, err := format.Source(file.Data)
			if err != nil {
				t.Error(file.Path, err)
			} else if string(formatted) != string(file.Data) {
				t.Errorf("%s is not as gofmt wants it", file.Path)
			}
		}
	}
}
