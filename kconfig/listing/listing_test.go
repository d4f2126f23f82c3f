package listing

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/kconfig"
)

const tree = `
option "CLOUD_A" {
	type = bool
	prompt = "A cloud"
}
option "CLOUD_B" {
	type = int
	prompt = "Tries"
	default = 3
}
option "OWN" {
	type = string
	prompt = "Ours"
	default = "x"
	origin = "cloudgen"
}
option "LATER" {
	type = bool
	prompt = "Later"
	planned = "the moon"
}
option "KEY" {
	type = string
	prompt = "Key"
	secret = true
}
option "HIDDEN" {
	type = hex
	depends_on = CLOUD_A
	default = "0x10"
}
`

func TestSelect(t *testing.T) {
	loaded, diags := kconfig.LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(tree)}}, "Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	layer, diags := kconfig.ParseOverlay("a.hcl", []byte("CLOUD_B = 3\nOWN = \"y\"\nKEY = \"hush\"\n"))
	config, more := loaded.Resolve(layer)
	if append(diags, more...).HasErrors() {
		t.Fatal(diags, more)
	}
	cases := []struct {
		name   string
		filter Filter
		want   string // NAME=value, or an error
	}{
		{"all", Filter{}, `CLOUD_A=n CLOUD_B=3 HIDDEN=absent KEY=<secret> LATER=n OWN="y"`},
		{"pattern", Filter{Names: []string{"cloud_*"}}, "CLOUD_A=n CLOUD_B=3"},
		{"prefix and several", Filter{Names: []string{"CONFIG_OWN", "?ATER"}}, `LATER=n OWN="y"`},
		{"type", Filter{Type: "bool"}, "CLOUD_A=n LATER=n"},
		{"type and pattern", Filter{Type: "bool", Names: []string{"*A*"}}, "CLOUD_A=n LATER=n"},
		{"origin", Filter{Origin: "cloudgen"}, `OWN="y"`},
		{"planned", Filter{Planned: true}, "LATER=n"},
		{"changed", Filter{Changed: true}, `KEY=<secret> OWN="y"`},
		{"nothing", Filter{Planned: true, Type: "hex"}, ""},
		{"no such type", Filter{Type: "tristate"}, `no option has the type "tristate"; types are: bool, int, hex, string`},
		{"no such origin", Filter{Origin: "me"}, `no option comes from "me"; origins are: cloudgen, sdk`},
		{"no such name", Filter{Names: []string{"cloud"}}, "no option is named cloud; *CLOUD* finds names that contain it"},
		{"no pattern", Filter{Names: []string{"[a"}}, `"[a" is no pattern of names: a [ is not closed, or a \ ends it`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			found, err := Select(config, c.filter)
			var parts []string
			for _, o := range found {
				parts = append(parts, o.Name+"="+o.Value)
			}
			got := strings.Join(parts, " ")
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
