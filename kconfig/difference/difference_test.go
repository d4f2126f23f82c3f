package difference

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/kconfig"
)

func TestValues(t *testing.T) {
	tree, diags := kconfig.LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(`
option "X" {
	type = bool
	prompt = "X"
}
option "N" {
	type = int
	prompt = "N"
	default = 3
	depends_on = X
}
option "KEY" {
	type = string
	prompt = "Key"
	secret = true
}
option "A" {
	type = string
	prompt = "A"
	default = "a"
}
`)}}, "Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	config := func(text string) *kconfig.Config {
		layer, diags := kconfig.ParseOverlay("a.hcl", []byte(text))
		config, more := tree.Resolve(layer)
		if append(diags, more...).HasErrors() {
			t.Fatal(diags, more)
		}
		return config
	}
	got := Values(config("KEY = \"one\"\n"), config("X = y\nKEY = \"two\"\nA = \"b\"\n"))
	want := []Value{{"A", `"a"`, `"b"`}, {"KEY", "<secret>", "<secret>"}, {"N", "absent", "3"}, {"X", "n", "y"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Values(config(""), config("A = \"a\"\n")); got == nil || len(got) != 0 {
		t.Errorf("equal values differ: %v", got)
	}
}
