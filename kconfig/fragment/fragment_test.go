package fragment

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/internal/randomtree"
	"github.com/cloudgen/cloudgen/kconfig/internal/shippedtree"
)

const treeText = `
option "X" {
	type = bool
	prompt = "X"
}
option "N" {
	type = int
	prompt = "N"
	range = [0, 13]
}
option "H" {
	type = hex
	prompt = "H"
}
option "S" {
	type = string
	prompt = "S"
}
option "OWN" {
	type = int
	prompt = "Ours"
	origin = "cloudgen"
}
option "LATER" {
	type = bool
	prompt = "Later"
	planned = "the moon"
}
option "LATER_TEXT" {
	type = string
	prompt = "Later"
	planned = "the moon"
}
option "OLD" {
	renamed_to = S
	renamed_values = { y = "new" }
}
choice "C" {
	prompt = "C"
	optional = true
	option "A" {
		type = bool
		prompt = "A"
	}
	option "B" {
		type = bool
		prompt = "B"
	}
}
omitted "Go has no heap pools" {
	names = ["HEAP_*"]
}
`

func testTree(t testing.TB) *kconfig.Tree {
	t.Helper()
	tree, diags := kconfig.LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(treeText)}}, "Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return tree
}

// codes gives severities and codes of findings with their lines.
func codes(diags kconfig.Diagnostics) string {
	var found []string
	for _, d := range diags {
		found = append(found, d.String()[:strings.Index(d.String(), "]")+1])
	}
	return strings.Join(found, " ")
}

func TestToOverlay(t *testing.T) {
	const fragment = "\ufeff# Our gateway.\r\n" + `
CONFIG_X=y
  # indented
CONFIG_H=1F
CONFIG_S="a \"b\" ${c} \\"
# CONFIG_A is not set

CONFIG_N=5
CONFIG_N=6
CONFIG_OLD=y
CONFIG_LATER=y
CONFIG_LATER_TEXT="soon"
CONFIG_HEAP_MEM_POOL_SIZE=4096
# CONFIG_HEAP_LISTENER is not set
CONFIG_UNKNOWN="why"
# CONFIG_UNKNOWN_TOO is not set
CONFIG_N=many
CONFIG X=y
CONFIG_S=bare # words
`
	const want = `# Our gateway.

X = y
# indented
H = "0x1f"
# S = "a \"b\" $${c} \\" (assigned again below)
A = n

# N = 5 (assigned again below)
N = 6
S = "new"
LATER = y
LATER_TEXT = "soon"
# CONFIG_HEAP_MEM_POOL_SIZE=4096 (left out: Go has no heap pools)
# CONFIG_HEAP_LISTENER is not set (left out: Go has no heap pools)
# CONFIG_UNKNOWN="why" (unknown: no option has this name)
# CONFIG_UNKNOWN_TOO is not set (unknown: no option has this name)
# CONFIG_N=many (no value of int options)
# CONFIG X=y (not CONFIG_NAME=value)
# CONFIG_S=bare # words (no value of string options)
`
	text, diags, err := ToOverlay(testTree(t), "team.conf", []byte(fragment))
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	const found = "team.conf:16:1: error[E040] team.conf:17:3: error[E040] team.conf:18:10: error[E041] team.conf:19:1: error[E004] team.conf:20:10: error[E041] " +
		"team.conf:10:1: warning[W003] team.conf:11:1: warning[W001] team.conf:12:1: warning[E049] team.conf:13:1: warning[E049] team.conf:14:1: warning[W005] " +
		"team.conf:15:3: warning[W005] team.conf:18:1: warning[W003] team.conf:20:1: warning[W003]"
	if got := codes(diags); got != found {
		t.Errorf("found\n%s\nwant\n%s", got, found)
	}
}

func TestToOverlayRefuses(t *testing.T) {
	if _, _, err := ToOverlay(testTree(t), "team.hcl", []byte("X = y\n")); !errors.Is(err, ErrNotFragment) {
		t.Error(err)
	}
	if text, diags, err := ToOverlay(testTree(t), "team.conf", []byte("CONFIG_X=y\x00\n")); text != nil || codes(diags) != "team.conf:1:11: error[E005]" || err != nil {
		t.Error(text, diags, err)
	}
}

func TestFromLayers(t *testing.T) {
	const first = `# The gateway.
// In the field.

X = y # needs no more
/* Two
   lines. */
N = 3

# CONFIG_X is not set
CONFIG_H = "0x1f"
A = y
OWN = 7
HEAP_MEM_POOL_SIZE = 4096
HEAP_NAME = "pool"
HEAP_BASE = "0x20"
HEAP_ON = true
`
	const second = "# From the SDK.\r\nCONFIG_B=y\r\n# CONFIG_HEAP_ON is not set\r\n\r\nCONFIG_N=4\r\n"
	const want = `# The gateway.
# In the field.

# needs no more
CONFIG_X=y
# Two
# lines.
# CONFIG_N=3 (assigned again below)

# (comment) CONFIG_X is not set
CONFIG_H=0x1f
# CONFIG_A=y (assigned again below)
# CONFIG_OWN=7 (an option of cloudgen's own)
CONFIG_HEAP_MEM_POOL_SIZE=4096
CONFIG_HEAP_NAME="pool"
CONFIG_HEAP_BASE=0x20
CONFIG_HEAP_ON=y

# From the SDK.
CONFIG_B=y
# CONFIG_HEAP_ON is not set

CONFIG_N=4

CONFIG_S="from a flag"
`
	layers := []*kconfig.Layer{parse(t, "first.hcl", first), parse(t, "second.conf", second)}
	flags, diags := kconfig.ParseSet([]string{"S=from a flag"})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	text, notes, diags := FromLayers(testTree(t), append(layers, flags))
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if want := []string{"OWN is an option of cloudgen's own: it stays out of the fragment"}; !slices.Equal(notes, want) {
		t.Errorf("notes %q", notes)
	}
	if diags.HasErrors() || len(diags) != 5 {
		t.Error(diags)
	}
	text, _, diags = FromLayers(testTree(t), []*kconfig.Layer{parse(t, "a.hcl", "UNKNOWN = 5\n")})
	if text != nil || codes(diags) != "a.hcl:1:1: error[E040]" {
		t.Errorf("%s, %v", text, diags)
	}
}

func parse(t testing.TB, name, text string) *kconfig.Layer {
	t.Helper()
	layer, diags := kconfig.ParseOverlay(name, []byte(text))
	if diags.HasErrors() {
		t.Fatalf("%v\n%s", diags, text)
	}
	return layer
}

// roundTrip exports layers on top of a base, and wants the same values of the fragment and of the overlay that it is imported as. It gives
// false where options of our own stay out.
func roundTrip(t *testing.T, tree *kconfig.Tree, layers []*kconfig.Layer) bool {
	t.Helper()
	config, diags := tree.Resolve(layers...)
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	fragment, notes, diags := FromLayers(tree, layers[1:])
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	if len(notes) > 0 {
		return false
	}
	overlay, diags, err := ToOverlay(tree, "exported.conf", fragment)
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags.Err())
	}
	for name, text := range map[string][]byte{"exported.conf": fragment, "imported.hcl": overlay} {
		got, diags := tree.Resolve(layers[0], parse(t, name, string(text)))
		if diags.HasErrors() {
			t.Fatalf("%v\n%s", diags.Err(), text)
		}
		for _, o := range config.Differing(got) {
			t.Errorf("%s has another value in %s:\n%s", o.Name, name, text)
		}
	}
	return true
}

func TestRoundTripOfShippedOverlays(t *testing.T) {
	const root = "../.."
	tree := shippedtree.Load(t, root)
	for _, variant := range shippedtree.Variants {
		t.Run(strings.Join(variant, "+"), func(t *testing.T) { roundTrip(t, tree, shippedtree.Layers(t, root, variant)) })
	}
}

func TestRoundTripOfRandomOverlays(t *testing.T) {
	whole := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 2))
		tree := randomtree.New(t, r, 5+r.IntN(20))
		layers := randomtree.Layers(t, r, tree, "base.hcl", "one.hcl", "two.conf", "three.hcl")
		if layers != nil && roundTrip(t, tree, layers) {
			whole++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if whole < 100 {
		t.Errorf("only %d overlays without options of our own: the generator does not test much", whole)
	}
}
