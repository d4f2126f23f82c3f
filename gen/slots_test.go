package gen

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/gen/outside"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
)

// slotted gives the fake with what lies over it in testdata/NAME.txtar, after replacing text that occurs once.
func slotted(t *testing.T, name string, replace ...string) fs.FS {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	sources := fake(t).(fstest.MapFS)
	for _, file := range archive.Files {
		if name, more := strings.CutSuffix(file.Name, ".more"); more {
			sources[name] = &fstest.MapFile{Data: append(slices.Clone(sources[name].Data), file.Data...)}
		} else {
			sources[file.Name] = &fstest.MapFile{Data: file.Data}
		}
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

// backendOf generates, and gives backend.go and the plan.
func backendOf(t *testing.T, sources fs.FS, overlay string) (string, *plan.Plan) {
	t.Helper()
	config := fakeConfig(t, sources, overlay)
	made, diags, err := Plan(config, sources, Settings{Name: "slots"})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	files, err := Files(made, config, sources)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file.Path == "backend.go" {
			return string(file.Data), made
		}
	}
	t.Fatal("there is no backend.go")
	return "", nil
}

// TestSlots fills all slots of a backend, and builds.
func TestSlots(t *testing.T) {
	sources := slotted(t, "slots")
	config := fakeConfig(t, sources, "TWO = y\nALPHA = y\nBETA = y\nWAX = y\n")
	made, diags, err := Plan(config, sources, Settings{Name: "slots"})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	files, err := Files(made, config, sources)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file.Path == "backend.go" {
			compareFolder(t, filepath.Join("testdata", "slots"), map[string]string{"backend.go.golden": string(file.Data)})
		}
	}
	dir := t.TempDir()
	put(t, dir, files)
	t.Setenv("GOPROXY", "off")
	if _, err := Build(t.Context(), dir, made, nil); err != nil {
		t.Fatal(err)
	}
	goCommand(t, dir, "vet", "./...")
	if got := made.Explain("third_party/cloudgen/runtime/part/wax/wax.go"); !strings.Contains(got, `"seal", switched on by WAX`) {
		t.Errorf("a fault in a part is explained as %q", got)
	}
}

// TestWhatIsOffIsNotLinked has a slot with nothing in it, and parts that are on for a backend that was not chosen.
func TestWhatIsOffIsNotLinked(t *testing.T) {
	for overlay, want := range map[string]string{
		"TWO = y\n":                      "runtime/part",
		"TWO = y\nLEAD = y\n":            "runtime/part runtime/part/lead",
		"ONE = y\nALPHA = y\nLEAD = y\n": "",
		"ONE = y\nLEAD = y\nWAX = y\n":   "",
		"TWO = y\nBETA = y\nALPHA = y\n": "runtime/part runtime/part/beta runtime/part/zeta",
	} {
		text, made := backendOf(t, slotted(t, "slots"), overlay)
		var parts []string
		for _, each := range made.Runtime.Packages {
			if strings.HasPrefix(each, "runtime/part") {
				parts = append(parts, each)
			}
		}
		if got := strings.Join(parts, " "); got != want {
			t.Errorf("%q: packages %s, want %s", overlay, got, want)
		}
		if filled := strings.Contains(text, "part1"); filled != (strings.Count(want, "/") > 1) {
			t.Errorf("%q:\n%s", overlay, text)
		}
	}
}

// TestUsersPart puts a part of a user's module into a slot.
func TestUsersPart(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module example.com/parts\n\ngo 1.26.0\n\nrequire example.test/fake/v3 v3.1.0\n",
		"Kconfig.hcl": "option \"MY_PART\" {\n  type   = bool\n  prompt = \"My part\"\n  default = y\n}\n\ncomponent \"part\" {\n  if = MY_PART\n}\n",
		"mine.go":     "package parts\n\ntype Config struct{}\n\ntype Mine struct{}\n\nfunc (*Mine) Name() string { return \"mine\" }\n\nfunc New(Config) (*Mine, error) { return &Mine{}, nil }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, diags := outside.Open(dir)
	if tree == nil {
		t.Fatal(diags)
	}
	joined, diags := outside.Join(slotted(t, "slots"), tree)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	options, diags := kconfig.LoadTree(joined, append([]string{"runtime/Kconfig.hcl"}, joined.Roots()...)...)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	layer, _ := kconfig.ParseOverlay("overlay.hcl", []byte("TWO = y\nALPHA = y\n"))
	config, diags := options.Resolve(layer)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	made, diags, err := Plan(config, joined, Settings{Name: "mine", Trees: joined.Dirs()})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	if len(made.Trees) != 1 || made.Trees[0].Dir != "third_party/parts" {
		t.Errorf("trees %+v", made.Trees)
	}
	files, err := Files(made, config, joined)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	put(t, out, files)
	t.Setenv("GOPROXY", "off")
	if _, err := Build(t.Context(), out, made, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "backend.go"))
	if err != nil || !strings.Contains(string(text), `fmt.Errorf("example.com/parts: %w", err)`) {
		t.Errorf("%s %v", text, err)
	}
}

// TestSlotsRefused changes one thing of the slots so that it is wrong.
func TestSlotsRefused(t *testing.T) {
	const all = "TWO = y\nALPHA = y\nBETA = y\nWAX = y\n"
	tests := []struct {
		name, overlay string
		replace       []string
		want          string
	}{
		{
			"two for one", "TWO = y\nWAX = y\nLEAD = y\n", nil,
			"runtime/part/wax/Kconfig.hcl:1:11: error[E071]: 2 components are switched on for seal, and one is possible: LEAD, WAX hold → WAX = n",
		},
		{
			"a slot that nothing has", "ONE = y\nBETA = y\n", []string{"component \"part\" {\n  if = BETA", "component \"parts\" {\n  if = BETA"},
			"runtime/part/beta/Kconfig.hcl:1:11: error[E076]: there is no slot \"parts\": module, backend, application, bootloader, part and seal are → name one of them, or give the Config of a component a field with the tag `slot:\"parts\"`",
		},
		{
			"no Config", all, []string{"package beta\n\ntype Config struct{}", "package beta\n\ntype Config int"},
			"runtime/part/beta/Kconfig.hcl:1:11: error[E072]: the package runtime/part/beta has no struct type Config → ",
		},
		{
			"no New", all, []string{"func New(config Config) (*Beta, error)", "func Make(config Config) (*Beta, error)"},
			"runtime/part/beta/Kconfig.hcl:1:11: error[E072]: the package runtime/part/beta has no function New that gives a pointer to one of its types, and an error → ",
		},
		{
			"another New", all, []string{"func New(config Config) (*Beta, error)", "func New(config Config, more int) (*Beta, error)"},
			"runtime/part/beta/Kconfig.hcl:1:11: error[E072]: New of the package runtime/part/beta does not take a Config of its own alone → ",
		},
		{
			"twice", all, []string{"component \"part\" {\n  if = BETA\n}", "component \"part\" {\n  if = BETA\n}\ncomponent \"part\" {\n  if = ALPHA\n}"},
			"runtime/part/beta/Kconfig.hcl:4:11: error[E071]: the package runtime/part/beta is put into the slot \"part\" twice → keep one component block, with a condition that covers both",
		},
		{
			"a type that nothing fits", all, []string{"Seal  part.Seal ", "Seal  part.Config "},
			"runtime/backend/two/two.go:11:2: error[E060]: Config.Seal has the type part.Config, which no component fits: an interface, a pointer, or a slice of these does → ",
		},
		{
			"both tags", all, []string{"`slot:\"seal\"`", "`slot:\"seal\" kconfig:\"HOST\"`"},
			"runtime/backend/two/two.go:11:2: error[E060]: Config.Seal has the tags kconfig and slot: a field takes the value of an option or a component, not both → ",
		},
		{
			"no name", all, []string{"`slot:\"seal\"`", "`slot:\"The seal\"`"},
			"runtime/backend/two/two.go:11:2: error[E060]: the slot \"The seal\" of Config.Seal is no name: small letters and digits are, with - between them → ",
		},
		{
			"not exported", all, []string{"Seal  part.Seal ", "seal  part.Seal "},
			"runtime/backend/two/two.go:11:2: error[E060]: Config.seal is a slot and not exported: generated code cannot set it → ",
		},
		{
			"two fields", all, []string{"Seal  part.Seal   `slot:\"seal\"`", "Seal  part.Seal   `slot:\"part\"`"},
			"runtime/backend/two/two.go:11:2: error[E060]: Config.Seal and Parts are both the slot \"part\" → ",
		},
		{
			"several names", all, []string{"Seal  part.Seal ", "Seal, Other part.Seal "},
			"runtime/backend/two/two.go:11:2: error[E060]: a field of Config with the slot \"seal\" has no name of its own: give it one, on its own line → ",
		},
		{
			"nested", all, []string{"Seal  part.Seal   `slot:\"seal\"`", "Inner Inner\n}\n\ntype Inner struct {\n\tSeal part.Seal `slot:\"seal\"`"},
			"runtime/backend/two/two.go:15:2: error[E060]: Inner.Seal is a slot, and Inner is nested in another struct: slots are fields of a component's Config itself → ",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sources := slotted(t, "slots", test.replace...)
			made, diags, err := Plan(fakeConfig(t, sources, test.overlay), sources, Settings{Name: "slots"})
			if err != nil {
				t.Fatal(err)
			}
			if made != nil || len(diags) == 0 {
				t.Fatalf("was not refused: %v", diags)
			}
			found := slices.IndexFunc(diags, func(d kconfig.Diagnostic) bool { return d.Severity == kconfig.Error })
			if got := diags[found].String() + " → " + diags[found].Fix; got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestShippedComponents looks at every component of the shipped tree, whether it is on or not: its package is there, and its slot.
func TestShippedComponents(t *testing.T) {
	tree, diags := loadTree()
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	sources, err := source.Open(cloudgen.Sources())
	if err != nil {
		t.Fatal(err)
	}
	opened := []string{"modem", "location", "assistance"} // slots of the default program, whose components need no Config
	slots := append([]string{"module", "backend", "application", "bootloader"}, opened...)
	for _, each := range tree.Components() {
		in, err := sources.Package(each.Dir)
		if err != nil {
			t.Error(err)
			continue
		}
		bound, _, err := bind.Read(sources, in, "Config")
		if err == nil && bound == nil && slices.Contains(opened, each.Slot) {
			continue
		}
		if err != nil || bound == nil {
			t.Errorf("%s: no Config: %v", each.Dir, err)
			continue
		}
		for _, slot := range bound.Slots {
			slots = append(slots, slot.Name)
		}
	}
	for _, each := range tree.Components() {
		if !slices.Contains(slots, each.Slot) {
			t.Errorf("%s: nothing has the slot %q", each.Dir, each.Slot)
		}
	}
}
