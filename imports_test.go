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

// importRules are the rules of ARCHITECTURE.md. Folders and imports are prefixes: a rule holds in its folder, "" is everywhere, but not in the one
// excepted.
var importRules = []struct {
	folder, except string
	denied         []string
	reason         string
}{
	{"runtime/", "", []string{"github.com/hashicorp/hcl", "github.com/zclconf/go-cty", "github.com/dave/jennifer", "text/template", "html/template"}, "the firmware stays small and reads no options"},
	{"runtime/", "", []string{self + "kconfig", self + "gen", self + "lab"}, "the runtime does not know the generator or the lab"},
	{"lab/", "", []string{self + "runtime"}, "device and lab must not share bugs"},
	{"kconfig/", "", []string{self + "gen", self + "runtime", self + "lab"}, "the engine knows no cloud and no generator"},
	{"gen/", "", []string{self + "runtime", self + "lab"}, "the generator reads the runtime as sources"},
	{"", "runtime/mqtt/", []string{"github.com/eclipse/paho.mqtt.golang"}, "one package imports the MQTT client"},
	{"runtime/", "runtime/coap/", []string{"github.com/plgd-dev/go-coap"}, "one package imports the CoAP codec"},
	{"runtime/", "runtime/coap/dtls/", []string{"github.com/pion"}, "one package imports DTLS"},
	{"runtime/coap/", "", []string{self + "runtime/lwm2m", self + "runtime/backend", self + "runtime/module", self + "runtime/credentials", self + "runtime/durable"}, "the CoAP stack stands alone"},
	{"runtime/lwm2m/", "", []string{self + "runtime/backend", self + "runtime/module", self + "runtime/cloud", self + "runtime/data", self + "runtime/modem", self + "runtime/credentials", self + "runtime/durable"}, "the LwM2M client stands alone, on the CoAP stack"},
	{"runtime/boot/", "", []string{"net/http", "crypto/tls", self + "runtime/coap", self + "runtime/mqtt", self + "runtime/module"}, "the bootloader has no network"},
	{"", "gen/emit/", []string{"github.com/dave/jennifer"}, "one package writes Go code"},
	{"", "lab/", []string{"github.com/mochi-mqtt/server"}, "only the lab has a broker"},
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
		if !strings.HasPrefix(file, rule.folder) || rule.except != "" && strings.HasPrefix(file, rule.except) || strings.HasPrefix(file, "test/bench/floor/") {
			continue // the floor programs are what the firmware is measured against, no part of the product
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
