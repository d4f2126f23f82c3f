package gen

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen/fault"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/kconfig"
)

// fake gives the sources of testdata/fake.txtar with the shipped templates, after replacing text: pairs of old and new, each of which
// occurs once.
func fake(t *testing.T, replace ...string) fs.FS {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/fake.txtar")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for _, file := range archive.Files {
		fsys[file.Name] = &fstest.MapFile{Data: file.Data}
	}
	for i := 0; i < len(replace); i += 2 {
		count := 0
		for _, file := range fsys {
			count += strings.Count(string(file.Data), replace[i])
			file.Data = []byte(strings.Replace(string(file.Data), replace[i], replace[i+1], 1))
		}
		if count != 1 {
			t.Fatalf("%q occurs %d times", replace[i], count)
		}
	}
	templates, err := fs.Glob(cloudgen.Sources(), "templates/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range templates {
		text, err := fs.ReadFile(cloudgen.Sources(), name)
		if err != nil {
			t.Fatal(err)
		}
		fsys[name] = &fstest.MapFile{Data: text}
	}
	return fsys
}

func fakeConfig(t *testing.T, sources fs.FS, overlay string) *kconfig.Config {
	t.Helper()
	tree, diags := kconfig.LoadTree(sources, "runtime/Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	layer, diags := kconfig.ParseOverlay("overlay.hcl", []byte(overlay))
	config, resolved := tree.Resolve(layer)
	if diags = append(diags, resolved...); diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	return config
}

// TestTraps builds the fake with all that can go wrong in emitted code.
func TestTraps(t *testing.T) {
	sources := fake(t)
	config := fakeConfig(t, sources, "ONE = y\n")
	made, diags, err := Plan(config, sources, Settings{Name: "fake.v3"})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	files, err := Files(made, config, sources)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden := map[string]string{"plan.json": string(text) + "\n"}
	for _, file := range files {
		if !strings.HasPrefix(file.Path, plan.Carried+"/runtime") {
			golden[goldenName(file.Path)] = string(file.Data)
		}
	}
	compareFolder(t, filepath.Join("testdata", "fake"), golden)

	dir := t.TempDir()
	put(t, dir, files)
	t.Setenv("GOPROXY", "off")
	binaries, err := Build(t.Context(), dir, made, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(binaries) != 1 || !binaries[0].Built {
		t.Errorf("built %+v", binaries)
	}
	goCommand(t, dir, "vet", "./...")
	if output := goCommand(t, dir, "mod", "tidy", "-diff"); output != "" {
		t.Errorf("go.mod or go.sum has other lines than it needs:\n%s", output)
	}
}

// TestWithoutApplication leaves the application out: the program is then the cloud module alone.
func TestWithoutApplication(t *testing.T) {
	sources := fake(t, "component \"application\" {\n  if = MODULE", "component \"application\" {\n  if = LEVEL_HIGH")
	config := fakeConfig(t, sources, "ONE = y\n")
	made, diags, err := Plan(config, sources, Settings{Name: "fake"})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	if made.Application != nil || made.Version != "" {
		t.Errorf("application %+v, version %q", made.Application, made.Version)
	}
	files, err := Files(made, config, sources)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put(t, dir, files)
	goCommand(t, dir, "vet", "./...")
}

// TestCompilerFaultIsPlaced breaks a carried file and a generated one behind the generator's back.
func TestCompilerFaultIsPlaced(t *testing.T) {
	sources := fake(t)
	config := fakeConfig(t, sources, "ONE = y\n")
	made, diags, err := Plan(config, sources, Settings{Name: "fake"})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	files, err := Files(made, config, sources)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ file, old, broken, says string }{
		{"config.go", "Long:  36 * time.Hour,", "Long:  missing * time.Hour,", "config.go:29: undefined: missing\n      Long:  missing * time.Hour, // LONG\n      generated; the option is named behind the value"},
		{plan.Carried + "/runtime/backend/one/one.go", "type Driver struct{}", "type Driver missing", "undefined: missing\n      type Driver missing\n      in the component for \"backend\", switched on by ONE"},
		{plan.Carried + "/runtime/wire/options/options.go", "int8", "missing", "in the runtime that cloudgen carries"},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, files)
			name := filepath.Join(dir, test.file)
			text, err := os.ReadFile(name)
			if err != nil || strings.Count(string(text), test.old) != 1 {
				t.Fatal(string(text), err)
			}
			if err := os.WriteFile(name, []byte(strings.Replace(string(text), test.old, test.broken, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = Build(t.Context(), dir, made, nil)
			if !fault.IsEnvironment(err) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v\nwithout %s", err, test.says)
			}
		})
	}
}

// TestPlanRefuses changes the sources or the overlay of the fake so that one thing is wrong.
func TestPlanRefuses(t *testing.T) {
	tests := []struct {
		name    string
		overlay string
		replace []string
		name_   string // of the variant
		want    string // the first diagnostic; its fix behind →
	}{
		{name: "no backend", overlay: "", want: "error[E070]: no backend is switched on: none of ONE, TWO || TWO_TOO holds → ONE = y"},
		{name: "no module", overlay: "ONE = y\nMODULE = n\n", want: "error[E070]: no module is switched on: MODULE does not hold → MODULE = y"},
		{name: "two backends", overlay: "ONE = y\nTWO_TOO = y\n", want: "runtime/backend/two/Kconfig.hcl:1:11: error[E071]: 2 components are switched on for backend, and one is possible: ONE, TWO || TWO_TOO hold → "},
		{
			name: "unknown slot", overlay: "ONE = y\n", replace: []string{`component "application"`, `component "decoration"`},
			want: `runtime/tracker/Kconfig.hcl:1:11: error[E076]: there is no slot "decoration": module, backend, application and bootloader are → name one of them, or give the Config of a component a field with the tag ` + "`slot:\"decoration\"`",
		},
		{
			name: "no Config", overlay: "TWO = y\n", replace: []string{"package two\n\nimport \"example.test/fake/v3/runtime/module\"\n\ntype Config struct{}", "package two\n\nimport \"example.test/fake/v3/runtime/module\"\n\ntype Config int"},
			want: "runtime/backend/two/Kconfig.hcl:1:11: error[E072]: the package runtime/backend/two has no struct type Config → ",
		},
		{
			name: "no constructor", overlay: "TWO = y\n", replace: []string{"func New(Config, module.Device) (*Backend, error)", "func Make(Config, module.Device) (*Backend, error)"},
			want: "runtime/backend/two/Kconfig.hcl:1:11: error[E072]: the package runtime/backend/two has no function New that gives a pointer to one of its types, and an error → ",
		},
		{
			name: "another constructor", overlay: "TWO = y\n", replace: []string{"func New(Config, module.Device) (*Backend, error) { return &Backend{}, nil }", "func New(Config, module.Device) *Backend { return nil }"},
			want: "runtime/backend/two/Kconfig.hcl:1:11: error[E072]: the package runtime/backend/two has no function New that gives a pointer to one of its types, and an error → ",
		},
		{
			name: "no such interface", overlay: "ONE = y\n", replace: []string{`implements = ["Reporter"]`, `implements = ["Reporter", "Device"]`},
			want: `runtime/backend/one/Kconfig.hcl:1:11: error[E072]: runtime/backend/one implements "Device", and runtime/module has no such interface → `,
		},
		{
			name: "too small", overlay: "ONE = y\nSMALL = -129\n",
			want: "overlay.hcl:2:1: error[E073]: SMALL = -129 does not fit the field Small of type int8 → ",
		},
		{
			name: "too large", overlay: "ONE = y\nADDRESS = \"0x100000000\"\n",
			want: "overlay.hcl:2:1: error[E073]: ADDRESS = 0x100000000 does not fit the field Address of type uint32 → ",
		},
		{
			name: "too long", overlay: "ONE = y\nLONG = 2562048\n",
			want: "overlay.hcl:2:1: error[E073]: LONG = 2562048 does not fit the field Long of type time.Duration → ",
		},
		{
			name: "a tag of nothing", overlay: "ONE = y\n", replace: []string{`kconfig:"TEXT"`, `kconfig:"TEXTS"`},
			want: "runtime/wire/v3/wire.go:13:2: error[E061]: Local.Text is bound to TEXTS, which is not in the option tree → ",
		},
		{name: "a name that is none", overlay: "ONE = y\n", name_: "my variant", want: `error[E074]: "my variant" cannot be the name of a variant: it becomes part of a module path → rename the first overlay: letters, digits, - . _ and ~ are possible`},
		{name: "a name with folders", overlay: "ONE = y\n", name_: "a/b", want: `error[E074]: "a/b" cannot be the name of a variant: it becomes part of a module path → rename the first overlay: letters, digits, - . _ and ~ are possible`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.name_ == "" {
				test.name_ = "fake"
			}
			sources := fake(t, test.replace...)
			made, diags, err := Plan(fakeConfig(t, sources, test.overlay), sources, Settings{Name: test.name_})
			if err != nil {
				t.Fatal(err)
			}
			if made != nil || len(diags) == 0 {
				t.Fatalf("was not refused: %v", diags)
			}
			if got := diags[0].String() + " → " + diags[0].Fix; got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestMarkedBuildSaysSo(t *testing.T) {
	sources := fake(t)
	for overlay, want := range map[string]string{
		"ONE = y\n":                               "1.2.3+desk",
		"ONE = y\nVERSION = \"1+x\"\n":            "1+x.desk",
		"ONE = y\nHOST = \"host.example\"\n":      "1.2.3",
		"ONE = y\nVERSION = \"\"\nHOST = \"h\"\n": "",
	} {
		made, diags, err := Plan(fakeConfig(t, sources, overlay), sources, Settings{Name: "fake"})
		if err != nil || diags.HasErrors() {
			t.Fatal(diags, err)
		}
		if made.Version != want {
			t.Errorf("%q: the version is %q, want %q", overlay, made.Version, want)
		}
		if marked := strings.Contains(want, "desk"); has(diags, plan.CodeMarked) != marked || (len(made.Marks) > 0) != marked {
			t.Errorf("%q: %v", overlay, diags)
		}
	}
}

// TestBrokenSourcesAreAnError has sources that do not parse, or lack what every program needs.
func TestBrokenSourcesAreAnError(t *testing.T) {
	for _, replace := range [][]string{
		{"type Options struct {", "type Options struct"},
		{"type Program struct {", "type Programme struct {"},
		{"\tTrack tracker.Config\n", "\tTrack int\n"},
		{"package wire\n\nimport \"time\"", "package wire\n\nimport \"time\"\nimport _ \"example.test/unknown\""},
	} {
		sources := fake(t, replace...)
		if _, _, err := Plan(fakeConfig(t, sources, "ONE = y\n"), sources, Settings{Name: "fake"}); err == nil {
			t.Errorf("%q was taken", replace[1])
		}
	}
}
