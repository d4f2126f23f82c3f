package gen

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen/outside"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/write"
	"github.com/cloudgen/cloudgen/kconfig"
)

// clocked gives the fake with a slot of the default program and two components for it, after replacing text that occurs once.
func clocked(t *testing.T, replace ...string) fs.FS {
	t.Helper()
	sources := fake(t, "\tTrack tracker.Config\n", "\tTrack tracker.Config\n\tClock func(zone string) (clock.Clock, error) `slot:\"clock\"`\n",
		"import (\n\t\"example.test/fake/v3/runtime/module\"\n\t\"example.test/fake/v3/runtime/tracker\"", "import (\n\t\"example.test/fake/v3/runtime/clock\"\n\t\"example.test/fake/v3/runtime/module\"\n\t\"example.test/fake/v3/runtime/tracker\"",
		"source \"module/Kconfig.hcl\" {}\n", `source "module/Kconfig.hcl" {}
source "clock/*/Kconfig.hcl" {}
choice "CLOCK" {
  prompt  = "Clock"
  default = QUARTZ
  option "QUARTZ" {
    type   = bool
    prompt = "Quartz"
  }
  option "SUN" {
    type   = bool
    prompt = "Sundial"
  }
  option "NO_CLOCK" {
    type   = bool
    prompt = "None"
  }
}
option "LATITUDE" {
  type    = int
  prompt  = "Latitude"
  default = 48
}
`).(fstest.MapFS)
	for name, text := range map[string]string{
		"clock.go":           "package clock\n\ntype Clock interface{ Now() int }\n",
		"quartz/Kconfig.hcl": "component \"clock\" {\n  if = QUARTZ\n}\n",
		"quartz/quartz.go": "package quartz\n\nimport \"example.test/fake/v3/runtime/clock\"\n\ntype Quartz struct{}\n\nfunc (Quartz) Now() int { return 1 }\n\n" +
			"func Open(zone string) (clock.Clock, error) { return Quartz{}, nil }\n",
		"sun/Kconfig.hcl": "component \"clock\" {\n  if = SUN\n}\n",
		"sun/sun.go": "package sun\n\nimport time \"example.test/fake/v3/runtime/clock\"\n\ntype Config struct {\n\tLatitude int `kconfig:\"LATITUDE\"`\n}\n\n" +
			"func (c Config) Now() int { return c.Latitude }\n\nfunc (c Config) Open(string) (time.Clock, error) { return c, nil }\n",
	} {
		sources["runtime/clock/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	for i := 0; i < len(replace); i += 2 {
		count := 0
		for _, file := range sources {
			count += strings.Count(string(file.Data), replace[i])
			file.Data = []byte(strings.Replace(string(file.Data), replace[i], replace[i+1], 1))
		}
		if count != 1 {
			t.Fatalf("%q occurs %d times", replace[i], count)
		}
	}
	return sources
}

// TestSlotOfTheProgram fills it with a function of a package, and with one of a Config; what is off is not carried.
func TestSlotOfTheProgram(t *testing.T) {
	for overlay, want := range map[string]struct{ line, carried, not string }{
		"ONE = y\n":          {"Clock: quartz.Open, // QUARTZ\n", "runtime/clock/quartz", "runtime/clock/sun"},
		"ONE = y\nSUN = y\n": {"Clock: sun.Config{\n\t\t\tLatitude: 48, // LATITUDE\n\t\t}.Open, // SUN\n", "runtime/clock/sun", "runtime/clock/quartz"},
	} {
		sources := clocked(t)
		config := fakeConfig(t, sources, overlay)
		made, diags, err := Plan(config, sources, Settings{Name: "clocks"})
		if err != nil || diags.HasErrors() {
			t.Fatal(diags, err)
		}
		files, err := Files(made, config, sources)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(files, func(file write.File) bool { return file.Path == "cmd/firmware/main.go" })
		if text := string(files[at].Data); !strings.Contains(text, want.line) {
			t.Errorf("%q:\n%s\nwithout %s", overlay, text, want.line)
		}
		if !slices.Contains(made.Runtime.Packages, want.carried) || slices.Contains(made.Runtime.Packages, want.not) {
			t.Errorf("%q: packages %v", overlay, made.Runtime.Packages)
		}
		dir := t.TempDir()
		put(t, dir, files)
		goCommand(t, dir, "vet", "./...")
	}
}

// TestOptionalSlotOfTheProgram may stay empty, and takes no more than one.
func TestOptionalSlotOfTheProgram(t *testing.T) {
	for overlay, want := range map[string]string{"ONE = y\n": "Clock: quartz.Open, // QUARTZ\n", "ONE = y\nNO_CLOCK = y\n": ""} {
		sources := clocked(t, "`slot:\"clock\"`", "`slot:\"clock,optional\"`")
		config := fakeConfig(t, sources, overlay)
		made, diags, err := Plan(config, sources, Settings{Name: "clocks"})
		if err != nil || diags.HasErrors() {
			t.Fatal(diags, err)
		}
		files, err := Files(made, config, sources)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(files, func(file write.File) bool { return file.Path == "cmd/firmware/main.go" })
		if text := string(files[at].Data); !strings.Contains(text, want) || strings.Contains(text, "Clock") != (want != "") {
			t.Errorf("%q:\n%s", overlay, text)
		}
		dir := t.TempDir()
		put(t, dir, files)
		goCommand(t, dir, "vet", "./...")
	}
	sources := clocked(t, "`slot:\"clock\"`", "`slot:\"clock,optional\"`", "if = SUN", "if = MODULE")
	if made, diags, err := Plan(fakeConfig(t, sources, "ONE = y\n"), sources, Settings{Name: "clocks"}); made != nil || err != nil || !has(diags, plan.CodeSlotTaken) {
		t.Errorf("two for one: %v, %v", diags, err)
	}
	sources = clocked(t, "`slot:\"clock\"`", "`slot:\"clock,always\"`")
	if _, _, err := Plan(fakeConfig(t, sources, "ONE = y\n"), sources, Settings{Name: "clocks"}); err == nil || !strings.Contains(err.Error(), `the word "always"`) {
		t.Errorf("another word: %v", err)
	}
}

// TestSlotOfTheProgramRefused changes one thing so that it is wrong.
func TestSlotOfTheProgramRefused(t *testing.T) {
	const open = "func Open(zone string) (clock.Clock, error) {"
	tests := []struct {
		name, overlay string
		replace       []string
		want          string
	}{
		{"none", "ONE = y\nNO_CLOCK = y\n", nil, "error[E070]: no clock is switched on: none of QUARTZ, SUN holds → QUARTZ = y"},
		{
			"two", "ONE = y\n", []string{"if = SUN", "if = MODULE"},
			"runtime/clock/sun/Kconfig.hcl:1:11: error[E071]: 2 components are switched on for clock, and one is possible: QUARTZ, MODULE hold → MODULE = n",
		},
		{
			"no function", "ONE = y\n", []string{open, "func Make(zone string) (clock.Clock, error) {"},
			"runtime/clock/quartz/Kconfig.hcl:1:11: error[E072]: the package runtime/clock/quartz has no function Open → func Open(zone string) (clock.Clock, error)",
		},
		{
			"no method", "ONE = y\nSUN = y\n", []string{"func (c Config) Open(string)", "func (c *Config) Open(string)"},
			"runtime/clock/sun/Kconfig.hcl:1:11: error[E072]: the package runtime/clock/sun has no method Open of its Config → func (c Config) Open(zone string) (clock.Clock, error)",
		},
		{
			"another argument", "ONE = y\n", []string{open, "func Open(zone int) (clock.Clock, error) {"},
			"runtime/clock/quartz/Kconfig.hcl:1:11: error[E072]: Open of the package runtime/clock/quartz does not fit the field Clock of the default program → func Open(zone string) (clock.Clock, error)",
		},
		{
			"an argument more", "ONE = y\n", []string{open, "func Open(zone, more string) (clock.Clock, error) {"},
			"runtime/clock/quartz/Kconfig.hcl:1:11: error[E072]: Open of the package runtime/clock/quartz does not fit the field Clock of the default program → func Open(zone string) (clock.Clock, error)",
		},
		{
			"another result", "ONE = y\nSUN = y\n", []string{"Open(string) (time.Clock, error)", "Open(string) (time.Clocks, error)"},
			"runtime/clock/sun/Kconfig.hcl:1:11: error[E072]: Open of the package runtime/clock/sun does not fit the field Clock of the default program → func (c Config) Open(zone string) (clock.Clock, error)",
		},
		{
			"a slot of another name", "ONE = y\n", []string{"component \"clock\" {\n  if = QUARTZ", "component \"clocks\" {\n  if = QUARTZ"},
			"runtime/clock/quartz/Kconfig.hcl:1:11: error[E076]: there is no slot \"clocks\": module, backend, application, bootloader and clock are → name one of them, or give the Config of a component a field with the tag `slot:\"clocks\"`",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sources := clocked(t, test.replace...)
			made, diags, err := Plan(fakeConfig(t, sources, test.overlay), sources, Settings{Name: "clocks"})
			if err != nil {
				t.Fatal(err)
			}
			if made != nil {
				t.Fatal("was not refused")
			}
			found := slices.IndexFunc(diags, func(d kconfig.Diagnostic) bool { return d.Severity == kconfig.Error && d.Code != plan.CodeMarked })
			if got := diags[found].String() + " → " + diags[found].Fix; got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
	for _, field := range []string{"func(zone string) (clock.Clock, error) `slot:\"clock\"`", "Clock func(zone"} {
		wrong := map[string]string{"func(zone string) (clock.Clock, error) `slot:\"clock\"`": "clock.Clock `slot:\"clock\"`", "Clock func(zone": "Clock, Other func(zone"}[field]
		sources := clocked(t, field, wrong)
		if _, _, err := Plan(fakeConfig(t, sources, "ONE = y\n"), sources, Settings{Name: "clocks"}); err == nil || !strings.Contains(err.Error(), `the slot "clock" of the type Program`) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// TestDocumentedAdapter puts a user's modem adapter into the firmware, with the lines of docs/modem.md.
func TestDocumentedAdapter(t *testing.T) {
	page, err := os.ReadFile("../docs/modem.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```\nchoice \"MODEM_ADAPTER\"")
	options, _, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatal("docs/modem.md has no options of an adapter")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module example.com/radio\n\ngo 1.26.0\n\nrequire github.com/cloudgen/cloudgen v0.0.0\n",
		"Kconfig.hcl": "choice \"MODEM_ADAPTER\"" + options,
		"radio.go":    "package radio\n\nimport \"github.com/cloudgen/cloudgen/runtime/modem\"\n\nfunc Open(dataDir string) (modem.Modem, error) { return nil, nil }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, diags := outside.Open(dir)
	if tree == nil {
		t.Fatal(diags)
	}
	joined, diags := outside.Join(cloudgen.Sources(), tree)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	all, diags := kconfig.LoadTree(joined, append([]string{"runtime/Kconfig.hcl"}, joined.Roots()...)...)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	layer, _ := kconfig.ParseOverlay("overlay.hcl", []byte("AWS_IOT = y\nMY_MODEM = y\n"))
	config, diags := all.Resolve(layer)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	made, diags, err := Plan(config, joined, Settings{Name: "radio", Trees: joined.Dirs()})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	if slices.ContainsFunc(made.Runtime.Packages, func(each string) bool { return strings.HasPrefix(each, "runtime/modem/") }) {
		t.Errorf("another adapter is carried: %v", made.Runtime.Packages)
	}
	files, err := Files(made, config, joined)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(files, func(file write.File) bool { return file.Path == "cmd/firmware/main.go" })
	if text := string(files[at].Data); !strings.Contains(text, "radio.Open, // MY_MODEM\n") {
		t.Error(text)
	}
}
