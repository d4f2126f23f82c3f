package gen

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/gen/outside"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/kconfig"
)

// mycloud is a user's module for the small runtime of testdata/fake.txtar, by path.
var mycloud = map[string]string{
	"go.mod":  "module example.com/mycloud/v2\n\ngo 1.25.0\n\nrequire example.test/fake/v3 v3.1.0\n",
	"LICENSE": "free\n",
	"options/Kconfig.hcl": `option "MY_CLOUD" {
  type   = bool
  prompt = "My cloud"
}

option "MY_WAIT" {
  type       = int
  prompt     = "Time to wait"
  default    = 5
  unit       = "s"
  depends_on = MY_CLOUD
}

source "*/Kconfig.hcl" {}
`,
	"options/driver/Kconfig.hcl": "component \"backend\" {\n  if         = MY_CLOUD\n  implements = [\"Reporter\"]\n}\n",
	"options/driver/driver.go": `package mine

import (
	"time"

	"example.com/mycloud/v2/frame"
	"example.test/fake/v3/runtime/module"
	wire "example.test/fake/v3/runtime/wire/v3"
)

type Config struct {
	Wait  time.Duration ` + "`kconfig:\"MY_WAIT,unit=s\"`" + `
	Wire  wire.Config // of the runtime
	Frame frame.Config
}

type Backend struct{}

func (*Backend) Do()     {}
func (*Backend) Report() {}

func New(Config, module.Device) (*Backend, error) { return &Backend{}, nil }
`,
	"options/driver/driver_test.go": "package mine\n",
	"frame/frame.go":                "package frame\n\ntype Config struct {\n\tSeconds int `kconfig:\"MY_WAIT,unit=s\"`\n}\n",
	"unused/unused.go":              "package unused\n",
}

// withTree puts a user's module, with some files replaced, beside the fake, and resolves an overlay.
func withTree(t *testing.T, overlay string, replace map[string]string) (*outside.Joined, *kconfig.Config) {
	t.Helper()
	under := fake(t)
	dir := t.TempDir()
	for name, text := range mycloud {
		if other, is := replace[name]; is {
			text = other
		}
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, diags := outside.Open(filepath.Join(dir, "options"))
	if tree == nil {
		t.Fatal(diags)
	}
	joined, diags := outside.Join(under, tree)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	options, diags := kconfig.LoadTree(joined, append([]string{"runtime/Kconfig.hcl"}, joined.Roots()...)...)
	layer, found := kconfig.ParseOverlay("overlay.hcl", []byte(overlay))
	if diags = append(diags, found...); diags.HasErrors() {
		t.Fatal(diags)
	}
	config, found := options.Resolve(layer)
	if found.HasErrors() {
		t.Fatal(found)
	}
	return joined, config
}

// TestUsersBackend generates with a user's backend, whose Config nests structs of its own module and of the runtime, and builds.
func TestUsersBackend(t *testing.T) {
	joined, config := withTree(t, "MY_CLOUD = y\n", nil)
	made, diags, err := Plan(config, joined, Settings{Name: "mine", Trees: joined.Dirs()})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	if len(made.Trees) != 1 {
		t.Fatalf("trees %+v", made.Trees)
	}
	tree := made.Trees[0]
	if tree.Version != "v2.0.0" || tree.Dir != "third_party/mycloud" || tree.GoVersion != "1.25.0" || made.GoVersion != "1.26.0" {
		t.Errorf("tree %+v, Go %s", tree, made.GoVersion)
	}
	if got := strings.Join(tree.Packages, " "); got != "example.com/mycloud/v2/frame example.com/mycloud/v2/options/driver" {
		t.Errorf("packages %s", got)
	}
	files, err := Files(made, config, joined)
	if err != nil {
		t.Fatal(err)
	}
	var carried []string
	for _, file := range files {
		if inside, is := strings.CutPrefix(file.Path, tree.Dir+"/"); is {
			carried = append(carried, inside)
		}
		if file.Path == "backend.go" {
			for _, want := range []string{"Wait: 5 * time.Second", "Seconds: 5,", "Inner: wire.Local{"} {
				if !strings.Contains(strings.Join(strings.Fields(string(file.Data)), " "), want) {
					t.Errorf("backend.go lacks %q:\n%s", want, file.Data)
				}
			}
		}
	}
	if got := strings.Join(carried, " "); got != "LICENSE frame/frame.go go.mod options/driver/driver.go" {
		t.Errorf("carried files: %s", got)
	}
	dir := t.TempDir()
	put(t, dir, files)
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOTOOLCHAIN", "local")
	goCommand(t, dir, "vet", "./...")
	if output := goCommand(t, dir, "mod", "tidy", "-diff"); output != "" {
		t.Errorf("go.mod or go.sum has other lines than it needs:\n%s", output)
	}
	if got := made.Explain("third_party/mycloud/frame/frame.go"); !strings.Contains(got, "example.com/mycloud/v2/frame") {
		t.Errorf("a compiler's fault in a copy is explained by %q", got)
	}
}

// TestUsersGo has a module that asks for a newer Go than the runtime.
func TestUsersGo(t *testing.T) {
	joined, config := withTree(t, "MY_CLOUD = y\n", map[string]string{"go.mod": strings.Replace(mycloud["go.mod"], "1.25.0", "1.97.1", 1)})
	made, diags, err := Plan(config, joined, Settings{Name: "mine", Trees: joined.Dirs()})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	if made.GoVersion != "1.97.1" || made.Trees[0].GoVersion != "1.97.1" || made.Runtime.GoVersion != "1.26.0" {
		t.Errorf("Go %s, of the user %s, of the runtime %s", made.GoVersion, made.Trees[0].GoVersion, made.Runtime.GoVersion)
	}
}

// TestUsersTreeThatIsNotUsed leaves the user's backend off: nothing of the module is in the output.
func TestUsersTreeThatIsNotUsed(t *testing.T) {
	joined, config := withTree(t, "ONE = y\n", nil)
	made, diags, err := Plan(config, joined, Settings{Name: "one", Trees: joined.Dirs()})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	if len(made.Trees) != 0 || made.GoVersion != "1.26.0" {
		t.Errorf("trees %+v, Go %s", made.Trees, made.GoVersion)
	}
}

// TestUsersBindings breaks the bindings between a user's options and structs, each way.
func TestUsersBindings(t *testing.T) {
	options := mycloud["options/Kconfig.hcl"]
	driver := mycloud["options/driver/driver.go"]
	tests := []struct {
		name, overlay, file, text string
		want                      string // the first error
	}{
		{
			"a tag of nothing", "MY_CLOUD = y\n", "options/driver/driver.go", strings.Replace(driver, `"MY_WAIT,unit=s"`, `"MY_WEIGHT,unit=s"`, 1),
			"driver.go:12:2: error[E061]: Config.Wait is bound to MY_WEIGHT, which is not in the option tree",
		},
		{
			"another unit", "MY_CLOUD = y\n", "frame/frame.go", strings.Replace(mycloud["frame/frame.go"], "unit=s", "unit=ms", 1),
			"frame.go:4:2: error[E063]: Config.Seconds has the unit ms, and MY_WAIT has s",
		},
		{
			"an option that nothing reads", "MY_CLOUD = y\n", "options/Kconfig.hcl", options + "\noption \"LOST\" {\n  type = bool\n}\n",
			"Kconfig.hcl:16:8: error[E064]: LOST changes nothing: no Config field is bound to it, and no expression refers to it",
		},
		{
			"switched off", "ONE = y\n", "options/driver/driver.go", strings.Replace(driver, `"MY_WAIT,unit=s"`, `"MY_WEIGHT,unit=s"`, 1),
			"driver.go:12:2: error[E061]: Config.Wait is bound to MY_WEIGHT, which is not in the option tree",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			joined, config := withTree(t, test.overlay, map[string]string{test.file: test.text})
			made, diags, err := Plan(config, joined, Settings{Name: "mine", Trees: joined.Dirs()})
			if err != nil {
				t.Fatal(err)
			}
			if made != nil || len(diags) == 0 || !strings.HasSuffix(diags[0].String(), test.want) {
				t.Errorf("got %v\nwant %s", diags, test.want)
			}
		})
	}
}

// TestUsersInternalPackages may be part of the user's own module, and of no other.
func TestUsersInternalPackages(t *testing.T) {
	replace := map[string]string{
		"options/driver/driver.go": strings.ReplaceAll(mycloud["options/driver/driver.go"], "v2/frame", "v2/internal/frame"),
	}
	mine := "internal/frame/frame.go"
	mycloudWith := func(t *testing.T) (*outside.Joined, *kconfig.Config) {
		joined, config := withTree(t, "MY_CLOUD = y\n", replace)
		name := filepath.Join(moduleRoot(t, joined), filepath.FromSlash(mine))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(mycloud["frame/frame.go"]), 0o644); err != nil {
			t.Fatal(err)
		}
		return joined, config
	}
	for module, fits := range map[string]bool{"": false, "example.com/app": false, "example.com/mycloud/v2": true} {
		joined, config := mycloudWith(t)
		settings := Settings{Name: "mine", Trees: joined.Dirs()}
		if module != "" {
			settings.Inside = &plan.Inside{Module: module, Package: module + "/cloud"}
		}
		made, diags, err := Plan(config, joined, settings)
		if err != nil {
			t.Fatal(err)
		}
		if (made != nil) != fits || has(diags, plan.CodeTree) == fits {
			t.Errorf("in the module %q: %v", module, diags)
		}
		if made != nil && made.Trees[0].Dir != "" {
			t.Errorf("carried to %s although there is a surrounding module", made.Trees[0].Dir)
		}
	}
}

// moduleRoot gives the folder of the user's module on disk.
func moduleRoot(t *testing.T, joined *outside.Joined) string {
	t.Helper()
	name := joined.Shown("example.com/mycloud/v2/go.mod")
	if _, err := fs.Stat(joined, "example.com/mycloud/v2/go.mod"); err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(name)
}
