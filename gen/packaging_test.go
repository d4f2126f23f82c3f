package gen

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/write"
	"github.com/cloudgen/cloudgen/kconfig"
)

// declarations are what the fake's backend declares for templates.
const declarations = `type Rule struct{ Name, Option string }

func Topics() []any { return []any{
	Row{"{id}/up", Up, 1, ""},
	Row{"{id}/down", Down, 1, "TWO_TOO"},
	Row{"x/{id}/{HOST}/a", Down, 1, ""},
	Row{"x/{id}/b", Down, 1, ""},
} }

func Substitutions() []any { return []any{Row{"TEXT", "x/{id}", "y/{id}"}} }

func Rules() []any { return []any{Row{"always", ""}, Row{"sometimes", "TWO_TOO"}} }
`

// offering gives the fake with a backend that offers files, made of templates.
func offering(t *testing.T, packaging string, templates map[string]string) fstest.MapFS {
	t.Helper()
	sources := fake(t, "  implements = [\"Reporter\"]\n", "  implements = [\"Reporter\"]\n  packaging  = "+packaging+"\n",
		"type Driver struct{}", "type Driver struct{}\n\n"+declarations).(fstest.MapFS)
	for name, text := range templates {
		sources["runtime/backend/one/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return sources
}

// TestPackaging fills in templates that a component offers.
func TestPackaging(t *testing.T) {
	sources := offering(t, `{ "acme/policy.json" = "files/policy.json.tmpl", "acme/name" = "name.tmpl" }`, map[string]string{
		"files/policy.json.tmpl": "{{range topics}}{{json .Name}} {{.Up}}\n{{end}}{{option \"HOST\"}} {{on \"ONE\"}} {{on \"TWO\"}} {{sum (option \"LONG\") 4}}\n",
		"name.tmpl":              "{{.Name}} {{.Component.Import}} {{range .Component.Config.Fields}}{{.Name}}={{.Value}} {{end}}\n",
	})
	config := fakeConfig(t, sources, "ONE = y\n")
	made, diags, err := Plan(config, sources, Settings{Name: "offers"})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	files, err := Files(made, config, sources)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"packaging/acme/policy.json": "\"{id}/up\" true\n\"y/{id}/localhost/a\" false\n\"y/{id}/b\" false\nlocalhost true false 40\n",
		"packaging/acme/name":        "offers example.test/fake/v3/runtime/backend/one Host=localhost Other= \n",
	} {
		at := slices.IndexFunc(files, func(file write.File) bool { return file.Path == name })
		if at < 0 || string(files[at].Data) != want {
			t.Errorf("%s: %v", name, files[max(at, 0)])
		}
	}
	at := slices.IndexFunc(files, func(file write.File) bool { return file.Path == "README.md" })
	if !strings.Contains(string(files[at].Data), "\n| `packaging/acme/name` | of the component for backend |\n") {
		t.Errorf("%s", files[at].Data)
	}
}

// filled gives the one file that a backend offers, made of a template, and what is wrong with the plan.
func filled(t *testing.T, text string) (string, string) {
	t.Helper()
	sources := offering(t, `{ "x" = "x.tmpl" }`, map[string]string{"x.tmpl": text})
	config := fakeConfig(t, sources, "ONE = y\n")
	made, diags, err := Plan(config, sources, Settings{Name: "offers"})
	switch {
	case err != nil:
		return "", err.Error()
	case made == nil:
		return "", diags.Err().Error()
	}
	files, err := Files(made, config, sources)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(files, func(file write.File) bool { return file.Path == "packaging/x" })
	readme := files[slices.IndexFunc(files, func(file write.File) bool { return file.Path == "README.md" })]
	if strings.Contains(string(readme.Data), "packaging/x") != (at >= 0) {
		t.Errorf("the README of the output: %s", readme.Data)
	}
	if at < 0 {
		return "no file", ""
	}
	return string(files[at].Data), ""
}

// TestTemplateFunctions holds what templates may call.
func TestTemplateFunctions(t *testing.T) {
	const letters = `{{define "letters"}}{{.}} {{end}}`
	for text, want := range map[string]string{
		`{{range topics "ID" "host" "?"}}{{.Name}} {{end}}`:                             "ID/up y/ID/local?/a y/ID/b ",
		`{{range (topics "ID").Up}}{{.Name}} {{end}}`:                                   "ID/up ",
		`{{range (topics "ID").Down.Below "y/"}}{{.Name}} {{end}}`:                      "y/ID/* ",
		`{{range (topics).Of "TWO_TOO"}}{{.Name}}{{end}}none`:                           "none",
		`{{range rules}}{{.Name}} {{.Option}};{{end}}`:                                  "always ;",
		`{{replace "a" "b" "banana"}} {{json "<a>&\""}}`:                                `bbnbnb "<a>&\""`,
		letters + `{{fit 3 "letters" "abcd" "a b c" "x"}}|{{fit 1 "letters" "üü" "ü"}}`: "a b c |ü ",
		" {{/* nothing */}}\n{{if on \"TWO\"}}x{{end}}\n":                               "no file",
	} {
		got, wrong := filled(t, text)
		if got != want || wrong != "" {
			t.Errorf("%s gives %q, %s, want %q", text, got, wrong, want)
		}
	}
}

func TestTemplateFunctionsRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{{define "d"}}{{.}}{{end}}{{fit 2 "d" "abcde" "ab c"}}`: "error[E072]: packaging/x: its shortest form has 3 characters without white space, and at most 2 are taken",
		`{{fit 2 "d"}}`:                "there is nothing to choose from",
		`{{fit 2 "gone" "a"}}`:         "no template \"gone\"",
		`{{topics "ID" "a"}}`:          "\"a\" is to be replaced, and by what is not said",
		`{{option (printf "NOBODY")}}`: "there is no option NOBODY",
		`{{sum "x"}}`:                  "invalid syntax",
		`{{if}}`:                       "missing value for if",
	} {
		if _, wrong := filled(t, text); !strings.Contains(wrong, want) {
			t.Errorf("%s: %s, want %s", text, wrong, want)
		}
	}
}

func TestPackagingRefused(t *testing.T) {
	for packaging, want := range map[string]string{
		`{ "../x" = "a.tmpl" }`:                       "offers the file \"../x\": its path is one below packaging/",
		`{ "." = "a.tmpl" }`:                          "offers the file \".\"",
		`{ "x" = "../two/a.tmpl" }`:                   "made of \"../two/a.tmpl\": that is no file beside its Kconfig.hcl",
		`{ "x" = "one.go" }`:                          "whose name ends in .tmpl",
		`{ "x" = "missing.tmpl" }`:                    "offers x, and its template cannot be read",
		`{ "x" = "unknown.tmpl" }`:                    "runtime/backend/one/unknown.tmpl asks for the option NOBODY, which is not in the tree",
		`{ "systemd/offers.service" = "plain.tmpl" }`: "offers the file packaging/systemd/offers.service, which is there already",
	} {
		sources := offering(t, packaging, map[string]string{"unknown.tmpl": "{{option \"NOBODY\"}}", "plain.tmpl": "x"})
		made, diags, err := Plan(fakeConfig(t, sources, "ONE = y\n"), sources, Settings{Name: "offers"})
		if err != nil {
			t.Fatal(err)
		}
		if made != nil || !has(diags, plan.CodeComponent) || !strings.Contains(diags.Err().Error(), want) {
			t.Errorf("%s: %v", packaging, diags)
		}
	}
}

// TestPackagingProperty has texts in braces only.
func TestPackagingProperty(t *testing.T) {
	for _, packaging := range []string{`["a"]`, `{ a = y }`, `{ "a" = 1 }`, `{ "a" = "b", "a" = "c" }`, `"a"`} {
		_, diags := kconfig.LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte("component \"c\" {\n  packaging = " + packaging + "\n}\n")}}, "Kconfig.hcl")
		if !has(diags, kconfig.CodePropertyValue) {
			t.Errorf("%s: %v", packaging, diags)
		}
	}
}

// units gives the unit of every shipped variant, with and without what some options say, and that of the fake, which has no bootloader.
func units(t *testing.T) map[string]string {
	t.Helper()
	units := map[string]string{}
	ofUnit := func(file write.File) bool { return strings.HasSuffix(file.Path, ".service") }
	for _, name := range shipped(t) {
		for _, set := range [][]string{nil, {"BOOT_CONFIRM_TIMEOUT_SECONDS=0", "WATCHDOG_APPLICATION=n"}} {
			_, files := generate(t, resolve(t, name, set...), Settings{Name: name})
			units[name+" "+strings.Join(set, " ")] = string(files[slices.IndexFunc(files, ofUnit)].Data)
		}
	}
	sources := fake(t)
	config := fakeConfig(t, sources, "ONE = y\n")
	made, _, err := Plan(config, sources, Settings{Name: "fake"})
	if err != nil {
		t.Fatal(err)
	}
	files, err := Files(made, config, sources)
	if err != nil {
		t.Fatal(err)
	}
	units["fake"] = string(files[slices.IndexFunc(files, ofUnit)].Data)
	return units
}

// TestUnits looks at what depends on the bootloader and on options.
func TestUnits(t *testing.T) {
	for name, text := range units(t) {
		has := func(line string) bool { return strings.Contains(text, "\n"+line+"\n") }
		boot, quiet := name != "fake", strings.Contains(name, "=n")
		if !has("Type=notify") || has("NotifyAccess=all") != boot || has("KillMode=mixed") != boot || has("Restart=always") != boot || has("TimeoutStopSec=75") != boot ||
			has("TimeoutStartSec=780") != (boot && !quiet) || has("TimeoutStartSec=infinity") != quiet || has("WatchdogSec=60") != (boot && !quiet) {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}
