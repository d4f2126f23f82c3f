package gen

import (
	"bytes"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen/build"
	"github.com/cloudgen/cloudgen/gen/fault"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/write"
)

func put(t *testing.T, dir string, files []write.File) write.Report {
	t.Helper()
	report, err := Write(t.Context(), dir, files)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// goCommand runs go in a folder, with no network.
func goCommand(t *testing.T, dir string, arguments ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", arguments...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("go %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return string(output)
}

// TestOutputIsAModuleOfItsOwn builds every shipped variant twice, in two folders, without a network, and compares.
func TestOutputIsAModuleOfItsOwn(t *testing.T) {
	for _, name := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			made, files := generate(t, resolve(t, name), Settings{Name: name})
			t.Setenv("GOPROXY", "off")
			var sums []string
			for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "another", "place")} {
				put(t, dir, files)
				binaries, err := Build(t.Context(), dir, made, nil)
				if err != nil {
					t.Fatal(err)
				}
				sum := ""
				for _, each := range binaries {
					sum += each.SHA256
					if dir != filepath.Dir(filepath.Dir(each.Path)) {
						t.Errorf("the binary is %s", each.Path)
					}
					checkLinked(t, made, each)
				}
				sums = append(sums, sum)
				checkPackages(t, dir, made)
				if output := goCommand(t, dir, "mod", "tidy", "-diff"); output != "" {
					t.Errorf("go.mod or go.sum has other lines than it needs:\n%s", output)
				}
				goCommand(t, dir, "vet", "./...")
				if report := put(t, dir, files); len(report.Written)+len(report.Removed) > 0 {
					t.Errorf("writing the same again: %+v", report)
				}
				again, err := Build(t.Context(), dir, made, nil)
				if err != nil || slices.ContainsFunc(again, func(each build.Binary) bool { return each.Built }) {
					t.Errorf("building the same again: %+v, %v", again, err)
				}
			}
			if sums[0] != sums[1] {
				t.Error("two folders gave two binaries")
			}
		})
	}
}

// TestBuildIsInPrograms finds the version of the build in the firmware, and in a program of a user's own that gives itself another version and
// might have shortened what it does not need; the bootloader has none.
func TestBuildIsInPrograms(t *testing.T) {
	name := shipped(t)[0]
	made, files := generate(t, resolve(t, name), Settings{Name: name})
	dir := t.TempDir()
	put(t, dir, files)
	own := filepath.Join(dir, "cmd", "own")
	if err := os.MkdirAll(own, 0o755); err != nil {
		t.Fatal(err)
	}
	text := "package main\n\nimport cloudmodule \"" + made.Package + "\"\n\nfunc main() {\n\t_, err := cloudmodule.New(cloudmodule.Options{Version: \"9.9.9\"})\n\tpanic(err)\n}\n"
	if err := os.WriteFile(filepath.Join(own, "main.go"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	made.Programs = append(slices.Clone(made.Programs), plan.Program{Name: "own", Dir: "cmd/own"})
	t.Setenv("GOPROXY", "off")
	binaries, err := Build(t.Context(), dir, made, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range binaries {
		program, err := os.ReadFile(each.Path)
		if err != nil {
			t.Fatal(err)
		}
		want := 1
		if each.Program == "bootloader" {
			want = 0
		}
		if got := bytes.Count(program, []byte("cloudgen-build:")); got != want || want > 0 && !bytes.Contains(program, []byte("cloudgen-build:"+made.Version+"\n")) {
			t.Errorf("%s has the mark of the build %d times, and its version is %s", each.Program, got, made.Version)
		}
	}
}

// checkLinked compares the modules in the binary with those of the plan.
func checkLinked(t *testing.T, made *plan.Plan, binary build.Binary) {
	t.Helper()
	for _, linked := range binary.Modules {
		known := linked == made.Runtime.Module+"@"+made.Runtime.Version
		for _, each := range made.Requires.Modules {
			known = known || linked == each.Path+"@"+each.Version
		}
		if !known {
			t.Errorf("%s is linked, and not in the plan", linked)
		}
	}
}

// checkPackages compares the runtime's packages in the program with those of the plan: what is written is what is linked.
func checkPackages(t *testing.T, dir string, made *plan.Plan) {
	t.Helper()
	var linked []string
	for _, program := range made.Programs {
		packages, err := build.Packages(t.Context(), dir, build.Program{Name: program.Name, Package: program.Dir}, build.Host())
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range packages {
			if inside, is := strings.CutPrefix(each, made.Runtime.Module+"/"); is {
				linked = append(linked, inside)
			}
			for _, forbidden := range []string{"github.com/hashicorp/", "github.com/zclconf/", "github.com/dave/", "github.com/mochi-mqtt/", "text/template"} {
				if strings.HasPrefix(each, forbidden) {
					t.Errorf("the firmware links %s", each)
				}
			}
		}
	}
	slices.Sort(linked)
	linked = slices.Compact(linked) // several programs share packages
	if !slices.Equal(linked, made.Runtime.Packages) {
		t.Errorf("linked are\n%v\nand planned\n%v", linked, made.Runtime.Packages)
	}
}

func TestOutputCarriesOnlyWhatItNeeds(t *testing.T) {
	for _, name := range shipped(t) {
		_, files := generate(t, resolve(t, name), Settings{Name: name})
		for _, file := range files {
			if strings.HasSuffix(file.Path, "_test.go") || strings.HasSuffix(file.Path, "Kconfig.hcl") || strings.Contains(file.Path, "testdata") {
				t.Errorf("%s: %s is in the output", name, file.Path)
			}
			if bytes.Contains(file.Data, []byte(os.TempDir())) {
				t.Errorf("%s: %s holds the path of a folder of this host", name, file.Path)
			}
		}
	}
}

// TestEmittedCodeTypeChecks checks the emitted package against the runtime in this repository.
func TestEmittedCodeTypeChecks(t *testing.T) {
	for _, name := range shipped(t) {
		made, files := generate(t, resolve(t, name), Settings{Name: name, Inside: &plan.Inside{Module: "github.com/cloudgen/cloudgen", Package: "github.com/cloudgen/cloudgen/examples/" + name}})
		set := token.NewFileSet()
		var parsed []*ast.File
		for _, file := range files {
			if strings.HasSuffix(file.Path, ".go") && !strings.Contains(file.Path, "/") {
				each, err := parser.ParseFile(set, file.Path, file.Data, 0)
				if err != nil {
					t.Fatal(err)
				}
				parsed = append(parsed, each)
			}
		}
		checker := types.Config{Importer: importer.ForCompiler(set, "gc", exportsOf(t, made))}
		checked, err := checker.Check(name, set, parsed, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, exported := range []string{"New", "Options", "Module", "Name", "Version"} {
			if checked.Scope().Lookup(exported) == nil {
				t.Errorf("%s: the package has no %s", name, exported)
			}
		}
	}
}

// exportsOf gives what the compiler wrote about the packages that a plan needs.
func exportsOf(t *testing.T, made *plan.Plan) importer.Lookup {
	t.Helper()
	arguments := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}"}
	for _, each := range made.Runtime.Packages {
		arguments = append(arguments, "./"+each)
	}
	exports := map[string]string{}
	for line := range strings.Lines(goCommand(t, "..", arguments...)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		exports[name] = file
	}
	return func(name string) (io.ReadCloser, error) { return os.Open(exports[name]) }
}

// TestInside generates into a module that requires cloudgen, and builds there.
func TestInside(t *testing.T) {
	root := t.TempDir()
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	goMod := "module example.test/app\n\ngo 1.26.0\n\nrequire github.com/cloudgen/cloudgen v0.0.0\n\nreplace github.com/cloudgen/cloudgen => " + repository + "\n"
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte(goMod), 0o644); err != nil {
		t.Fatal(err)
	}
	name := shipped(t)[0]
	dir := filepath.Join(root, "internal", "cloud")
	inside, err := Surrounding(dir, "github.com/cloudgen/cloudgen", "")
	if err != nil {
		t.Fatal(err)
	}
	made, files := generate(t, resolve(t, name), Settings{Name: name, Inside: inside})
	for _, file := range files {
		if base := filepath.Base(file.Path); base == "go.mod" || base == "go.sum" || strings.HasPrefix(file.Path, plan.Carried) {
			t.Errorf("%s is written into the module of somebody else", file.Path)
		}
	}
	put(t, dir, files)

	// Before the module knows what the packages need, the build says what to do.
	_, err = Build(t.Context(), dir, made, nil)
	if !fault.IsEnvironment(err) || !strings.Contains(err.Error(), "go mod tidy") {
		t.Errorf("got %v", err)
	}
	sums, err := fs.ReadFile(cloudgen.Sources(), "go.sum")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.sum"), sums, 0o644); err != nil {
		t.Fatal(err)
	}
	goCommand(t, root, "mod", "tidy")
	binaries, err := Build(t.Context(), dir, made, nil)
	if err != nil {
		t.Fatal(err)
	}
	if binaries[0].Path != filepath.Join(dir, "bin", "firmware") {
		t.Errorf("the binary is %s", binaries[0].Path)
	}
}

func TestSurrounding(t *testing.T) {
	const runtime = "github.com/cloudgen/cloudgen"
	tests := []struct {
		name, goMod, dir string
		pack             string // import path wanted, or
		says             []string
	}{
		{"requires it", "module example.test/app\nrequire " + runtime + " v1.0.0\n", "internal/cloud", "example.test/app/internal/cloud", nil},
		{"is it", "module " + runtime + "\n", "examples/x", runtime + "/examples/x", nil},
		{"at its root", "module example.test/app\nrequire " + runtime + " v1.0.0\n", ".", "example.test/app", nil},
		{"does not require it", "module example.test/app\n", "cloud", "", []string{"example.test/app", "go get " + runtime + "@v1.2.3", "Nothing was written"}},
		{"requires something like it", "module example.test/app\nrequire " + runtime + "/x v1.0.0\n", "cloud", "", []string{"go get"}},
		{"is broken", "what\n", "cloud", "", []string{"go.mod"}},
		{"is not there", "", "cloud", "", []string{"no go.mod", "go mod init"}},
		{"cannot have such a package", "module example.test/app\nrequire " + runtime + " v1.0.0\n", "my cloud!", "", []string{"my cloud!", "-o"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			if test.goMod != "" {
				if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte(test.goMod), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			found, err := Surrounding(filepath.Join(root, test.dir), runtime, "v1.2.3")
			if test.pack != "" {
				if err != nil || found.Package != test.pack {
					t.Errorf("got %+v, %v", found, err)
				}
				return
			}
			if !fault.IsEnvironment(err) {
				t.Fatalf("got %+v, %v", found, err)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the message does not say %q:\n%v", part, err)
				}
			}
			entries, err := os.ReadDir(root)
			if err != nil || len(entries) > 1 {
				t.Errorf("something was written: %v, %v", entries, err)
			}
		})
	}
}
