package cloudgen_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
)

const self = "github.com/cloudgen/cloudgen/"

// importRules are the rules of ARCHITECTURE.md. Folders and imports are prefixes; "only" turns a rule round: the import is allowed in
// this folder alone.
var importRules = []struct {
	folder string
	only   bool
	denied []string
	reason string
}{
	{"runtime/", false, []string{"github.com/hashicorp/hcl", "github.com/zclconf/go-cty", "github.com/dave/jennifer", "text/template", "html/template"}, "the firmware stays small and reads no options"},
	{"runtime/", false, []string{self + "kconfig", self + "gen", self + "lab"}, "the runtime does not know the generator or the lab"},
	{"lab/", false, []string{self + "runtime"}, "device and lab must not share bugs"},
	{"kconfig/", false, []string{self + "gen", self + "runtime", self + "lab"}, "the engine knows no cloud and no generator"},
	{"gen/", false, []string{self + "runtime", self + "lab"}, "the generator reads the runtime as sources"},
	{"runtime/mqtt/", true, []string{"github.com/eclipse/paho.mqtt.golang"}, "one package imports the MQTT client"},
	{"gen/emit/", true, []string{"github.com/dave/jennifer"}, "one package writes Go code"},
	{"lab/", true, []string{"github.com/mochi-mqtt/server"}, "only the lab has a broker"},
}

func TestImportRules(t *testing.T) {
	files := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || name == "build") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			checkImport(t, name, imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("saw only %d Go files: run this test from the repository's root", files)
	}
}

func checkImport(t *testing.T, file, imported string) {
	t.Helper()
	for _, rule := range importRules {
		if strings.HasPrefix(file, rule.folder) == rule.only || strings.HasPrefix(file, "test/bench/floor/") {
			continue // the floor program is what the firmware is measured against, no part of the product
		}
		for _, denied := range rule.denied {
			if imported == denied || strings.HasPrefix(imported, strings.TrimSuffix(denied, "/")+"/") {
				t.Errorf("%s imports %s: %s", file, imported, rule.reason)
			}
		}
	}
	// A backend never sees another one.
	if rest, ok := strings.CutPrefix(file, "runtime/backend/"); ok {
		own := self + "runtime/backend/" + strings.SplitN(rest, "/", 2)[0]
		if strings.HasPrefix(imported, self+"runtime/backend/") && imported != own && !strings.HasPrefix(imported, own+"/") {
			t.Errorf("%s imports %s: a backend never sees another", file, imported)
		}
	}
}
