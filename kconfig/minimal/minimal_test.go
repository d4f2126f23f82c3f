package minimal

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/internal/randomtree"
)

// check holds the minimal overlay of a configuration to its two promises: it gives the same, and nothing in it is needless.
func check(t *testing.T, config *kconfig.Config, base int) []Setting {
	t.Helper()
	settings, err := Settings(config, base)
	if err != nil {
		t.Fatal(err)
	}
	load := func(settings []Setting) (*kconfig.Config, bool) {
		layer, diags := kconfig.ParseOverlay("read-back.hcl", Overlay("a test", settings))
		if len(diags) > 0 {
			t.Fatalf("%v\n%s", diags, Overlay("a test", settings))
		}
		got, diags := config.Tree().Resolve(append(config.Layers()[:base:base], layer)...)
		return got, !diags.HasErrors()
	}
	same := func(got *kconfig.Config) bool {
		if string(got.DotConfig()) != string(config.DotConfig()) {
			return false
		}
		a, b := got.Marks(), config.Marks()
		for i := range a {
			if i >= len(b) || !sameMark(a[i], b[i]) {
				return false
			}
		}
		return len(a) == len(b)
	}
	if got, ok := load(settings); !ok || !same(got) {
		t.Fatalf("the minimal overlay gives another configuration:\n%s", Overlay("a test", settings))
	}
	for i := range settings {
		without := append(settings[:i:i], settings[i+1:]...)
		if got, ok := load(without); ok && same(got) {
			t.Errorf("%s is needless in\n%s", settings[i].Option.Name, Overlay("a test", settings))
		}
	}
	return settings
}

func TestRandomConfigurations(t *testing.T) {
	lines, trees := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		tree := randomtree.New(t, r, 10+r.IntN(30))
		layers := randomtree.Layers(t, r, tree, "base.hcl", "one.hcl", "two.conf", "three.hcl")
		if layers == nil {
			continue
		}
		config, _ := tree.Resolve(layers...)
		lines += len(check(t, config, 1))
		check(t, config, 0)
		trees++
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if trees < 200 || lines < 5*trees {
		t.Errorf("only %d trees and %d lines: the generator does not test much", trees, lines)
	}
}

// resolve resolves overlays on top of a base, all of them without errors.
func resolve(t testing.TB, tree string, overlays ...string) *kconfig.Config {
	t.Helper()
	loaded, diags := kconfig.LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(tree)}}, "Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var layers []*kconfig.Layer
	for i, text := range overlays {
		layer, diags := kconfig.ParseOverlay(string(rune('a'+i))+".hcl", []byte(text))
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		layers = append(layers, layer)
	}
	config, diags := loaded.Resolve(layers...)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return config
}

const tree = `
option "A" {
	type = bool
	prompt = "A"
	select = [B]
}
option "B" {
	type = bool
	prompt = "B"
}
option "N" {
	type = int
	prompt = "N"
	default = 10
}
option "HOST" {
	type = string
	prompt = "Host"
	default {
		value = "localhost"
		mark = "lab"
	}
}
option "KEY" {
	type = string
	prompt = "Key"
	secret = true
}
choice "C" {
	prompt = "C"
	optional = true
	option "C1" {
		type = bool
		prompt = "C1"
	}
	option "C2" {
		type = bool
		prompt = "C2"
	}
}
`

func TestSettings(t *testing.T) {
	cases := []struct {
		name     string
		overlays []string // the first one stays
		want     string
	}{
		{"nothing", []string{"A = y", ""}, ""},
		{"what the base sets too", []string{"N = 5", "N = 5"}, ""},
		{"back to the default", []string{"N = 5", "N = 10"}, "N = 10"},
		{"what is selected", []string{"", "A = y\nB = y"}, "A = y"},
		{"the last one", []string{"", "N = 5", "N = 6"}, "N = 6"},
		{"the default in words lifts the mark", []string{"", "HOST = \"localhost\""}, "HOST = \"localhost\""},
		{"a member", []string{"", "C1 = y", "C2 = y"}, "C2 = y"},
		{"a member instead of the base's", []string{"C1 = y", "C2 = y"}, "C2 = y"},
		{"no member instead of the base's", []string{"C1 = y", "C1 = n"}, "C1 = n"},
		{"old prefix, other order", []string{"", "CONFIG_N = 7\nA = y"}, "A = y\nN = 7"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			settings := check(t, resolve(t, tree, c.overlays...), 1)
			var lines []string
			for _, one := range settings {
				lines = append(lines, one.Option.OverlayLine(one.Text))
			}
			if got := strings.Join(lines, "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestSecretsStayOut(t *testing.T) {
	settings, err := Settings(resolve(t, tree, "", "KEY = \"0a1b\"\nN = 3"), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := "# words\n\nN = 3\n# KEY is secret: keep it in an overlay of its own\n"
	if got := string(Overlay("words", settings)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := string(Overlay("words", nil)); got != "# words\n" {
		t.Errorf("got %q", got)
	}
}

// BenchmarkSettings has a configuration of 2,000 options of which 200 are set to what they are not by default.
func BenchmarkSettings(b *testing.B) {
	var tree, overlay strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&tree, "option \"N%d\" {\ntype = int\nprompt = \"p\"\ndefault = 5\n}\n", i)
		if i%10 == 0 {
			fmt.Fprintf(&overlay, "N%d = 7\n", i)
		}
	}
	config := resolve(b, tree.String(), overlay.String())
	for b.Loop() {
		if settings, err := Settings(config, 0); err != nil || len(settings) != 200 {
			b.Fatal(len(settings), err)
		}
	}
}
