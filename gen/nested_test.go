package gen

import (
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/kconfig"
)

// run builds what is generated, and gives what the firmware prints and its exit status.
func run(t *testing.T, made *plan.Plan, dir string, arguments ...string) (string, int) {
	t.Helper()
	t.Setenv("GOPROXY", "off")
	binaries, err := Build(t.Context(), dir, made, nil)
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), binaries[0].Path, arguments...).CombinedOutput()
	if failed, is := errors.AsType[*exec.ExitError](err); is {
		return string(output), failed.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(output), 0
}

// TestNestedSlots fills slots of the module, of what goes into them, of the application and of what gives the program its function. It builds
// and runs what comes of it.
func TestNestedSlots(t *testing.T) {
	tests := []struct {
		overlay, prints string
		status          int
		packages        string // of parts
	}{
		{"ONE = y\nCHEST = y\nIRON = y\nRED = y\nBLUE = y\n", "chest\ndrum 5 with iron of hematite, blue, red\nthe application has iron of hematite\nsun blue red\n", 0, "blue chest drum iron red sun"},
		{"ONE = y\nIRON = y\n", "drum 5 with iron of hematite\nthe application has iron of hematite\nsun\n", 0, "drum iron sun"},
		{"ONE = y\nDRUM = n\n", "sun\n", 0, "sun"},
		{"ONE = y\nIRON = y\nORE = \"\"\n", "runtime/tracker: runtime/part/iron: ORE is empty\n", 1, "drum iron sun"},
	}
	for i, test := range tests {
		sources := slotted(t, "nested")
		config := fakeConfig(t, sources, test.overlay)
		made, diags, err := Plan(config, sources, Settings{Name: "nested"})
		if err != nil || diags.HasErrors() {
			t.Fatal(diags, err)
		}
		files, err := Files(made, config, sources)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			golden := map[string]string{}
			for _, file := range files {
				if slices.Contains([]string{"config.go", "module.go", "cmd/firmware/main.go"}, file.Path) {
					golden[goldenName(file.Path)] = string(file.Data)
				}
			}
			compareFolder(t, filepath.Join("testdata", "nested"), golden)
		}
		var parts []string
		for _, each := range made.Runtime.Packages {
			if part, is := strings.CutPrefix(each, "runtime/part/"); is {
				parts = append(parts, part)
			}
		}
		if got := strings.Join(parts, " "); got != test.packages {
			t.Errorf("%q: packages %s, want %s", test.overlay, got, test.packages)
		}
		dir := t.TempDir()
		put(t, dir, files)
		goCommand(t, dir, "vet", "./...")
		if printed, status := run(t, made, dir); printed != test.prints || status != test.status {
			t.Errorf("%q: it prints\n%s\nand ends with %d", test.overlay, printed, status)
		}
	}
}

// TestNestedSlotsRefused has a component that would have to be made before itself, and two for one place below.
func TestNestedSlotsRefused(t *testing.T) {
	tests := []struct {
		name, overlay string
		replace       []string
		want          string
	}{
		{
			"itself", "ONE = y\n", []string{"component \"target\" {\n  if = DRUM", "component \"mark\" {\n  if = DRUM\n}\ncomponent \"target\" {\n  if = DRUM"},
			"runtime/part/drum/Kconfig.hcl:1:11: error[E072]: the component runtime/part/drum goes into its own slot \"mark\"",
		},
		{
			"in a circle", "ONE = y\nRED = y\n", []string{"package red\n\ntype Config struct{}", "package red\n\ntype Config struct {\n\tTarget *int `slot:\"target\"`\n}"},
			"runtime/part/drum/Kconfig.hcl:1:11: error[E072]: the component runtime/part/drum goes into the slot \"target\" of runtime/part/red, which is made for a slot of its own",
		},
		{
			"two below", "ONE = y\nIRON = y\n", []string{"component \"mark\" {\n  if = RED\n}", "component \"key\" {\n  if = MODULE\n}"},
			"runtime/part/red/Kconfig.hcl:1:11: error[E071]: 2 components are switched on for key, and one is possible: IRON, MODULE hold",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sources := slotted(t, "nested", test.replace...)
			made, diags, err := Plan(fakeConfig(t, sources, test.overlay), sources, Settings{Name: "nested"})
			if err != nil {
				t.Fatal(err)
			}
			if made != nil || !slices.ContainsFunc(diags, func(d kconfig.Diagnostic) bool { return d.String() == test.want }) {
				t.Errorf("got\n%v\nwant\n%s", diags, test.want)
			}
		})
	}
}
