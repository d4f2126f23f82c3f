package modules

import (
	"errors"
	"strings"
	"testing"
)

const othersMod = `module example.com/mine

go 1.26.0

require (
	example.org/a v1.2.0
	example.org/a/sub v0.1.0 // indirect
	example.org/held v1.0.0
)

replace example.org/held => ../held
`

const othersSum = `example.org/a v1.2.0 h1:a
example.org/a v1.2.0/go.mod h1:amod
example.org/a/sub v0.1.0/go.mod h1:submod
example.org/other v1.0.0 h1:other
`

func held(path string) bool { return path == "example.org/held" }

func TestOthers(t *testing.T) {
	got, err := Others([]byte(othersMod), []byte(othersSum), []string{"example.org/a/x"}, held)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Modules) != 2 || got.Modules[0] != (Module{"example.org/a", "v1.2.0", true}) || got.Modules[1] != (Module{"example.org/a/sub", "v0.1.0", false}) {
		t.Errorf("modules %+v", got.Modules)
	}
	if sums := strings.Join(got.Sums, "\n"); sums != "example.org/a v1.2.0 h1:a\nexample.org/a v1.2.0/go.mod h1:amod\nexample.org/a/sub v0.1.0/go.mod h1:submod" {
		t.Errorf("sums\n%s", sums)
	}
	if none, err := Others([]byte("no go.mod"), nil, nil, held); err != nil || len(none.Modules)+len(none.Sums) != 0 {
		t.Errorf("without imports: %+v, %v", none, err)
	}
}

func TestOthersRefuses(t *testing.T) {
	tests := []struct{ mod, sum, imported, want string }{
		{"nonsense", othersSum, "example.org/a", "unknown directive"},
		{strings.Replace(othersMod, "go 1.26.0", "go 1.16", 1), othersSum, "example.org/a", "a Go before 1.17"},
		{strings.Replace(othersMod, "go 1.26.0", "", 1), othersSum, "example.org/a", "a Go before 1.17"},
		{othersMod, "a b\n", "example.org/a", "is not a path, a version and a hash"},
		{othersMod, strings.Replace(othersSum, "example.org/a v1.2.0/go.mod h1:amod\n", "", 1), "example.org/a", "no line for the go.mod of example.org/a v1.2.0"},
		{othersMod, strings.Replace(othersSum, "example.org/a v1.2.0 h1:a\n", "", 1), "example.org/a", "no line for example.org/a v1.2.0"},
		{othersMod, othersSum, "example.org/a/sub/x", "no line for example.org/a/sub v0.1.0"},
		{othersMod, othersSum, "example.org/ab", "requires no module that holds example.org/ab"},
		{othersMod + "replace example.org/a v1.2.0 => example.org/fork v1.2.1\n", othersSum, "example.org/a", "replaces example.org/a, which its packages may need, by example.org/fork"},
	}
	for _, test := range tests {
		_, err := Others([]byte(test.mod), []byte(test.sum), []string{test.imported}, held)
		wrong, is := errors.AsType[*Problem](err)
		if !is || !strings.Contains(wrong.What, test.want) || wrong.Fix == "" {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
	}
	if _, err := Others([]byte(othersMod+"replace example.org/a v1.1.0 => ../a\n"), []byte(othersSum), []string{"example.org/a"}, held); err != nil {
		t.Errorf("a replace of another version: %v", err)
	}
}

func TestMergeTakesTheHighest(t *testing.T) {
	one := Requirements{Modules: []Module{{"a", "v1.9.0", false}, {"b", "v1.0.0", true}}, Sums: []string{"a v1.9.0 h1:x"}}
	two := Requirements{Modules: []Module{{"a", "v1.10.0", true}, {"c", "v0.1.0", false}}, Sums: []string{"a v1.10.0 h1:y", "a v1.9.0 h1:x"}}
	for _, merged := range []Requirements{Merge(one, two), Merge(two, one)} {
		if len(merged.Modules) != 3 || merged.Modules[0] != (Module{"a", "v1.10.0", true}) || strings.Join(merged.Sums, ",") != "a v1.9.0 h1:x,a v1.10.0 h1:y" {
			t.Errorf("merged %+v", merged)
		}
	}
}
