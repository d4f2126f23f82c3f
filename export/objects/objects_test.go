package objects

import (
	"reflect"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/kconfig"
)

// TestMakers holds the table of objects against the components of the tree.
func TestMakers(t *testing.T) {
	tree, diags := kconfig.LoadTree(cloudgen.Sources(), "runtime/Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	components := map[string]bool{}
	for _, each := range tree.Components() {
		if each.Slot == Slot {
			components[each.Dir] = true
			if makers[each.Dir] == nil {
				t.Errorf("makers lacks %s", each.Dir)
			}
		}
	}
	for dir := range makers {
		if !components[dir] {
			t.Errorf("makers has %s, which is no component", dir)
		}
	}
}

func TestFillIn(t *testing.T) {
	type word string
	type inner struct{ Small uint8 }
	type config struct {
		On    bool
		Count int32
		Mask  uint64
		Wait  time.Duration
		Word  word
		Inner inner
		Left  int
	}
	var got config
	err := fillIn(reflect.ValueOf(&got).Elem(), plan.Literal{Fields: []plan.Field{
		{Name: "On", Kind: bind.Bool, Value: "true"},
		{Name: "Count", Kind: bind.Integer, Value: "-5"},
		{Name: "Mask", Kind: bind.Integer, Value: "0xffffffffffffffff"},
		{Name: "Wait", Kind: bind.Duration, Value: "90", Unit: "s"},
		{Name: "Word", Kind: bind.Text, Value: "a"},
		{Name: "Inner", Kind: bind.Nested, Literal: &plan.Literal{Fields: []plan.Field{{Name: "Small", Kind: bind.Integer, Value: "7"}}}},
	}})
	if want := (config{On: true, Count: -5, Mask: 1<<64 - 1, Wait: 90 * time.Second, Word: "a", Inner: inner{7}}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, wrong := range []plan.Field{
		{Name: "Missing", Kind: bind.Bool, Value: "true"},
		{Name: "Count", Kind: bind.Integer, Value: "many"},
		{Name: "Mask", Kind: bind.Integer, Value: "-1"},
	} {
		if err := fillIn(reflect.ValueOf(&got).Elem(), plan.Literal{Fields: []plan.Field{wrong}}); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}
