package modules

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/cloudgen/cloudgen/gen/source"
)

var update = flag.Bool("update", false, "write table.json")

// TestTableIsFresh makes the table anew. For each package of another module that the runtime imports, it lets `go mod tidy` find the lines
// of a module that imports that package alone.
func TestTableIsFresh(t *testing.T) {
	opened, err := source.Open(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	folders, err := opened.Folders("runtime")
	if err != nil {
		t.Fatal(err)
	}
	_, external, err := opened.Closure(folders...)
	if err != nil {
		t.Fatal(err)
	}
	table := Table{}
	for _, imported := range external {
		table[imported] = tidy(t, imported)
	}
	var fresh bytes.Buffer
	encoder := json.NewEncoder(&fresh)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(table); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("table.json", fresh.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(fresh.Bytes(), embedded) {
		t.Errorf("table.json is stale: run `go generate ./gen/modules`. It should be\n%s", &fresh)
	}
	if _, err := pinned(t).Requirements(table, external); err != nil {
		t.Error(err)
	}
}

func pinned(t *testing.T) *Pinned {
	t.Helper()
	read, err := Pin(file(t, "../../go.mod"), file(t, "../../go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// tidy gives the lines of a module that imports one package.
func tidy(t *testing.T, imported string) Entry {
	t.Helper()
	dir := t.TempDir()
	goMod, err := modfile.Parse("go.mod", file(t, "../../go.mod"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := goMod.AddModuleStmt("example.test/tidy"); err != nil {
		t.Fatal(err)
	}
	text, err := goMod.Format()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"go.mod":  text,
		"go.sum":  file(t, "../../go.sum"),
		"tidy.go": []byte("package tidy\n\nimport _ \"" + imported + "\"\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	goCommand(t, dir, "mod", "tidy")
	linked := strings.Fields(goCommand(t, dir, "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", imported))
	tidied, err := modfile.Parse("go.mod", file(t, filepath.Join(dir, "go.mod")), nil)
	if err != nil {
		t.Fatal(err)
	}
	var entry Entry
	for _, each := range tidied.Require {
		if !slices.Contains(linked, each.Mod.Path) {
			// Tidy may choose the version of a module that only the tests of the package need. No program links it, so its line of go.mod is
			// left out: whether tidy wants it depends on what else the program imports.
			continue
		}
		entry.Requires = append(entry.Requires, each.Mod.Path+" "+each.Mod.Version)
	}
	for line := range strings.Lines(string(file(t, filepath.Join(dir, "go.sum")))) {
		fields := strings.Fields(line)
		entry.Sums = append(entry.Sums, fields[0]+" "+fields[1])
	}
	slices.Sort(entry.Requires)
	slices.Sort(entry.Sums)
	return entry
}

func goCommand(t *testing.T, dir string, arguments ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", arguments...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	var failure strings.Builder
	cmd.Stderr = &failure
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, &failure)
	}
	return string(output)
}

const (
	goMod = "module example.test/own\n\ngo 1.26.0\n\nrequire (\n\texample.test/a v1.0.0\n\texample.test/a/sub v1.5.0\n\texample.test/b v1.2.0\n\texample.test/unused v1.0.0\n)\n"
	goSum = "example.test/a v1.0.0 h1:1\nexample.test/a v1.0.0/go.mod h1:2\nexample.test/a/sub v1.5.0 h1:3\nexample.test/a/sub v1.5.0/go.mod h1:4\n" +
		"example.test/b v1.2.0 h1:5\nexample.test/b v1.2.0/go.mod h1:6\nexample.test/b v1.0.0/go.mod h1:7\nexample.test/unused v1.0.0 h1:8\n"
)

var small = Table{
	"example.test/a/x": {
		Requires: []string{"example.test/a v1.0.0", "example.test/b v1.2.0"},
		Sums:     []string{"example.test/a v1.0.0", "example.test/a v1.0.0/go.mod", "example.test/b v1.2.0", "example.test/b v1.2.0/go.mod", "example.test/b v1.0.0/go.mod"},
	},
	"example.test/a/sub/y": {
		Requires: []string{"example.test/a v1.0.0", "example.test/a/sub v1.5.0"},
		Sums:     []string{"example.test/a v1.0.0", "example.test/a v1.0.0/go.mod", "example.test/a/sub v1.5.0", "example.test/a/sub v1.5.0/go.mod"},
	},
}

func TestRequirements(t *testing.T) {
	tests := []struct {
		packages []string
		modules  []Module
		sums     []string
	}{
		{nil, nil, nil},
		{
			[]string{"example.test/a/x"},
			[]Module{{"example.test/a", "v1.0.0", true}, {"example.test/b", "v1.2.0", false}},
			[]string{"example.test/a v1.0.0 h1:1", "example.test/a v1.0.0/go.mod h1:2", "example.test/b v1.0.0/go.mod h1:7", "example.test/b v1.2.0 h1:5", "example.test/b v1.2.0/go.mod h1:6"},
		},
		{
			[]string{"example.test/a/sub/y"},
			[]Module{{"example.test/a", "v1.0.0", false}, {"example.test/a/sub", "v1.5.0", true}},
			[]string{"example.test/a v1.0.0 h1:1", "example.test/a v1.0.0/go.mod h1:2", "example.test/a/sub v1.5.0 h1:3", "example.test/a/sub v1.5.0/go.mod h1:4"},
		},
		{
			[]string{"example.test/a/sub/y", "example.test/a/x"},
			[]Module{{"example.test/a", "v1.0.0", true}, {"example.test/a/sub", "v1.5.0", true}, {"example.test/b", "v1.2.0", false}},
			nil,
		},
	}
	pinned, err := Pin([]byte(goMod), []byte(goSum))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		got, err := pinned.Requirements(small, test.packages)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Modules, test.modules) {
			t.Errorf("%v: modules %v, want %v", test.packages, got.Modules, test.modules)
		}
		if test.sums != nil && !slices.Equal(got.Sums, test.sums) {
			t.Errorf("%v: sums %q, want %q", test.packages, got.Sums, test.sums)
		}
	}
}

func TestStaleTableIsFound(t *testing.T) {
	tests := map[string]struct{ goMod, goSum, imported string }{
		"unknown package": {goMod, goSum, "example.test/a/z"},
		"other version":   {strings.Replace(goMod, "b v1.2.0", "b v1.3.0", 1), goSum, "example.test/a/x"},
		"missing module":  {strings.Replace(goMod, "\texample.test/b v1.2.0\n", "", 1), goSum, "example.test/a/x"},
		"missing sum":     {goMod, strings.Replace(goSum, "example.test/b v1.0.0/go.mod h1:7\n", "", 1), "example.test/a/x"},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		test := tests[name]
		pinned, err := Pin([]byte(test.goMod), []byte(test.goSum))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pinned.Requirements(small, []string{test.imported}); err == nil || !strings.Contains(err.Error(), "go generate ./gen/modules") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPinRefusesNoise(t *testing.T) {
	if _, err := Pin([]byte("what"), nil); err == nil {
		t.Error("go.mod was taken")
	}
	if _, err := Pin([]byte(goMod), []byte("one two\n")); err == nil {
		t.Error("go.sum was taken")
	}
}
