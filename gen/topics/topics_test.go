package topics

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
)

func TestTopicsThatAreNoData(t *testing.T) {
	const rule = "type Rule struct {\n\tName string\n\tQoS byte\n}; "
	for name, c := range map[string]struct{ body, want string }{
		"none":      {"func Other() {}", ""},
		"computed":  {"func Topics() []Topic { t := []Topic{}; return t }", "Topics is not one return of a slice literal"},
		"a call":    {"func Topics() []Topic { return make([]Topic, 0) }", "Topics is not one return of a slice literal"},
		"a name":    {"func Topics() []Topic { return []Topic{{name, Up, 1, \"\"}} }", "a topic has other elements"},
		"direction": {"func Topics() []Topic { return []Topic{{\"a\", Aside, 1, \"\"}} }", "a topic has other elements"},
		"short":     {"func Topics() []Topic { return []Topic{{\"a\", Up}} }", "a topic is not a literal"},
		"variable":  {"func Topics() []Topic { return []Topic{one} }", "a topic is not a literal"},

		"substitutions computed":       {"func Substitutions() []S { return more() }", "Substitutions is not one return of a slice literal"},
		"a substitution with a name":   {"func Substitutions() []S { return []S{{\"A\", old, \"c\"}} }", "a substitution is not a literal of option, old, new"},
		"a substitution with a fourth": {"func Substitutions() []S { return []S{{\"A\", \"b\", \"c\", \"d\"}} }", "a substitution is not a literal of option, old, new"},

		"rules without type":   {"func Rules() []Rule { return []Rule{{\"a\"}} }", "b has no type Rule"},
		"rule is no struct":    {"type Rule int; func Rules() []Rule { return []Rule{{\"a\"}} }", "Rule is no struct"},
		"a rule without field": {rule + "func Rules() []Rule { return []Rule{{\"a\"}} }", "a rule is not a literal of all fields of Rule"},
		"a rule with a name":   {rule + "func Rules() []Rule { return []Rule{{\"a\", one}} }", "QoS of a rule is neither a text nor a number"},
	} {
		t.Run(name, func(t *testing.T) {
			sources, err := source.Open(fstest.MapFS{
				"go.mod": {Data: []byte("module example.test/m\n\ngo 1.26.0\n")},
				"b/b.go": {Data: []byte("package b\n\n" + c.body + "\n")},
			})
			if err != nil {
				t.Fatal(err)
			}
			found, err := Of(sources, "b")
			if c.want == "" {
				if err != nil || len(found.Topics)+len(found.Substitutions)+len(found.Rules) > 0 {
					t.Errorf("%v, %v", found, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "b/b.go:") && name != "rules without type" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

const declared = `package b

type Rule struct {
	Name, Option string
	QoS          byte
}

func Topics() []Topic {
	return []Topic{
		{"{id}/a", Up, 1, ""},
		{"s/{id}/x/get", Up, 1, "MORE", other},
		{"{PLACE}", Up, 0, ""},
		{"s/{id}/x/got", Down, 1, ""},
	}
}

func Substitutions() []Substitution {
	return []Substitution{{"SHADE", "s/{id}/x/", "s/{id}/y/{SHADE}/"}, {"PLACE", "nowhere", "{NOBODY}"}}
}

func Rules() []Rule { return []Rule{{"r", "MORE", 1}, {"always", "", 0}} }
`

// configured resolves options that the names of topics have.
func configured(t *testing.T, overlay string) *kconfig.Config {
	t.Helper()
	tree, diags := kconfig.LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte("option \"MORE\" {\n  type = bool\n  prompt = \"More\"\n}\n" +
		"option \"SHADE\" {\n  type = string\n  prompt = \"Shade\"\n}\noption \"PLACE\" {\n  type = string\n  prompt = \"Place\"\n  default = \"home\"\n}\n")}}, "Kconfig.hcl")
	layer, found := kconfig.ParseOverlay("o.hcl", []byte(overlay))
	config, resolved := tree.Resolve(layer)
	if all := append(append(diags, found...), resolved...); all.HasErrors() {
		t.Fatal(all.Err())
	}
	return config
}

func table(t *testing.T, text string) *Table {
	t.Helper()
	sources, err := source.Open(fstest.MapFS{"go.mod": {Data: []byte("module example.test/m\n\ngo 1.26.0\n")}, "b/b.go": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	read, err := Of(sources, "b")
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func names(l List) string {
	var all []string
	for _, each := range l {
		all = append(all, each.Name)
	}
	return strings.Join(all, " ")
}

func TestNames(t *testing.T) {
	read := table(t, declared)
	for overlay, want := range map[string]string{
		"":                           "ID/a home s/ID/x/got",
		"MORE = y\n":                 "ID/a s/ID/x/get home s/ID/x/got",
		"MORE = y\nSHADE = \"{id}\"": "ID/a s/ID/y/<id>/get home s/ID/y/<id>/got",
		"PLACE = \"\"\n":             "ID/a  s/ID/x/got",
	} {
		used, err := read.In(configured(t, overlay), "ID", strings.NewReplacer("{", "<", "}", ">").Replace)
		if err != nil || names(used) != want {
			t.Errorf("%q gives %s, %v, want %s", overlay, names(used), err, want)
		}
	}
	used, err := read.In(configured(t, "MORE = y\n"), "{id}", nil)
	if err != nil || names(used.Up()) != "{id}/a s/{id}/x/get home" || names(used.Down()) != "s/{id}/x/got" || names(used.Of("MORE")) != "s/{id}/x/get" {
		t.Errorf("%v, %v", used, err)
	}
}

func TestRules(t *testing.T) {
	read := table(t, declared)
	always := Rule{"Name": "always", "Option": "", "QoS": int64(0)}
	for overlay, want := range map[string][]Rule{"": {always}, "MORE = y\n": {{"Name": "r", "Option": "MORE", "QoS": int64(1)}, always}} {
		if used, err := read.RulesIn(configured(t, overlay)); err != nil || !reflect.DeepEqual(used, want) {
			t.Errorf("%q gives %v, %v, want %v", overlay, used, err, want)
		}
	}
}

// TestOptionsThatAreNotThere names them, with the row that has them.
func TestOptionsThatAreNotThere(t *testing.T) {
	config := configured(t, "")
	for _, broken := range []Table{
		{Topics: []Topic{{Name: "a", Option: "GONE"}}},
		{Topics: []Topic{{Name: "a/{GONE}"}}},
		{Topics: []Topic{{Name: "a"}}, Substitutions: []Substitution{{Option: "GONE"}}},
	} {
		if _, err := broken.In(config, "", nil); err == nil || !strings.HasPrefix(err.Error(), "the topic a") || !strings.HasSuffix(err.Error(), "its option GONE is not in the tree") {
			t.Errorf("%+v: %v", broken, err)
		}
	}
	if _, err := (&Table{Topics: []Topic{{Name: "a/{odd"}}}).In(config, "", nil); err == nil || err.Error() != "the topic a/{odd: a { of it has no }" {
		t.Error(err)
	}
	if _, err := (&Table{Rules: []Rule{{"Option": "GONE"}}}).RulesIn(config); err == nil || !strings.Contains(err.Error(), "its option GONE is not in the tree") {
		t.Error(err)
	}
}

func TestBelow(t *testing.T) {
	for given, want := range map[string]string{
		"x s/a/get/ok s/a/get/no y": "x s/a/get/* y",
		"s/a/get/ok x s/a/set":      "s/a/* x",
		"s/a/get s/a/get/ok":        "s/a/*",
		"s/a/get/ok s/a/get/ok/cfg": "s/a/get/*",
		"s/a/get/ok x":              "s/a/get/ok x",
		"s/ab/c s/b":                "s/ab/c s/b",
		"":                          "",
	} {
		var list List
		for _, name := range strings.Fields(given) {
			list = append(list, Topic{Name: name, Up: name[0] == 's'})
		}
		short := list.Below("s/a/")
		if got := names(short); got != want || strings.Contains(fmt.Sprint(short), "subscribe s/") {
			t.Errorf("%s below s/a/: %s, want %s", given, got, want)
		}
	}
}
