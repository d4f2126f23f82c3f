package examples

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/kconfig"
)

var update = flag.Bool("update", false, "rewrite the lists of packages")

// overlays are those that examples.go generates from, by the name of the folder.
var overlays = map[string]string{"aws": "overlay-aws.hcl", "lwm2m": "overlay-lwm2m.hcl"}

// forbidden are packages that a variant must not link: what its configuration leaves out is not in the binary.
var forbidden = map[string][]string{
	"aws": {
		"github.com/plgd-dev/go-coap", "github.com/pion/", "github.com/hashicorp/hcl", "github.com/zclconf/go-cty", "github.com/dave/jennifer",
		"github.com/mochi-mqtt/", "text/template", "html/template", "github.com/cloudgen/cloudgen/kconfig", "github.com/cloudgen/cloudgen/lab",
	},
	"lwm2m": {
		"github.com/eclipse/", "github.com/gorilla/", "net/http", "github.com/hashicorp/hcl", "github.com/zclconf/go-cty", "github.com/dave/jennifer",
		"github.com/mochi-mqtt/", "text/template", "html/template", "github.com/cloudgen/cloudgen/kconfig", "github.com/cloudgen/cloudgen/lab",
	},
}

// What is committed is what the generator writes now.
func TestExamplesAreFresh(t *testing.T) {
	sources := cloudgen.Sources()
	for name, overlay := range overlays {
		tree, diagnostics := kconfig.LoadTree(sources, "runtime/Kconfig.hcl")
		var layers []*kconfig.Layer
		for _, layer := range []string{"base.hcl", overlay} {
			text, err := fs.ReadFile(sources, "overlays/"+layer)
			if err != nil {
				t.Fatal(err)
			}
			parsed, more := kconfig.ParseOverlay(layer, text)
			layers, diagnostics = append(layers, parsed), append(diagnostics, more...)
		}
		config, more := tree.Resolve(layers...)
		if diagnostics = append(diagnostics, more...); diagnostics.HasErrors() {
			t.Fatal(diagnostics.Err())
		}
		inside := &plan.Inside{Module: "github.com/cloudgen/cloudgen", Package: "github.com/cloudgen/cloudgen/examples/" + name}
		planned, _, err := gen.Plan(config, sources, gen.Settings{Name: name, Inside: inside})
		if err != nil {
			t.Fatal(err)
		}
		files, err := gen.Files(planned, config, sources)
		if err != nil {
			t.Fatal(err)
		}
		secret := map[string]bool{} // what is in provision/ is not committed
		for _, file := range planned.Files {
			_, secret[file.Path] = file.From.Secret()
		}
		for _, file := range files {
			if secret[file.Path] {
				continue
			}
			committed, err := os.ReadFile(filepath.Join(name, filepath.FromSlash(file.Path)))
			if err != nil || !bytes.Equal(committed, file.Data) {
				t.Errorf("examples/%s/%s is stale (%v): run `go generate ./examples`", name, file.Path, err)
			}
		}
	}
}

// The packages that a firmware links are a committed list, so that the cost of an import shows in the diff that adds it.
func TestPackages(t *testing.T) {
	for name := range overlays {
		command := exec.Command("go", "list", "-deps", "./"+name+"/cmd/firmware")
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
		linked, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, prefix := range forbidden[name] {
			for _, linkedPackage := range strings.Fields(string(linked)) {
				if strings.HasPrefix(linkedPackage, prefix) {
					t.Errorf("the firmware of %s links %s", name, linkedPackage)
				}
			}
		}
		golden := filepath.Join("testdata", name+".packages.txt")
		ours := foreign(linked)
		if *update {
			if err := os.WriteFile(golden, ours, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		committed, err := os.ReadFile(golden)
		if err != nil || !bytes.Equal(committed, ours) {
			t.Errorf("the firmware of %s links other packages than %s says (%v): run `go test ./examples -update` and look at the diff", name, golden, err)
		}
	}
}

// foreign gives the packages outside of the standard library, whose inner ones change with each version of Go.
func foreign(linked []byte) []byte {
	var list bytes.Buffer
	for _, name := range strings.Fields(string(linked)) {
		if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ".") {
			list.WriteString(name + "\n")
		}
	}
	return list.Bytes()
}
