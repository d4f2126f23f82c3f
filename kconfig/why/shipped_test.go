package why_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/why"
)

// shipped resolves the shipped tree with shipped overlays.
func shipped(t testing.TB, overlays ...string) *kconfig.Config {
	t.Helper()
	files := cloudgen.Sources()
	tree, diags := kconfig.LoadTree(files, "runtime/Kconfig.hcl")
	var layers []*kconfig.Layer
	for _, name := range overlays {
		text, err := fs.ReadFile(files, "overlays/"+name)
		if err != nil {
			t.Fatal(err)
		}
		layer, more := kconfig.ParseOverlay(name, text)
		layers = append(layers, layer)
		diags = append(diags, more...)
	}
	config, more := tree.Resolve(layers...)
	if diags = append(diags, more...); diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	return config
}

// wanted gives the values of an option worth asking for: for a number the bounds and what lies behind them.
func wanted(tree *kconfig.Tree, o *kconfig.Option) []string {
	if o.Type == kconfig.Bool {
		return []string{"y", "n"}
	}
	var values []string
	add := func(text string) {
		if !slices.Contains(values, text) {
			values = append(values, text)
		}
	}
	for _, d := range o.Definitions {
		for _, one := range d.Defaults {
			if one.Value.IsLiteral() {
				add(one.Value.Text)
			}
		}
		for _, one := range d.Ranges {
			for _, bound := range []*kconfig.Expr{one.Min, one.Max} {
				if bound.IsLiteral() {
					add(bound.Text)
				}
			}
		}
	}
	switch o.Type {
	case kconfig.String:
		add("example.com")
	case kconfig.Int:
		add("7")
		add("-70000")
	default:
		add("0x100")
	}
	return values
}

// TestShipped asks for every value of every option of the shipped tree: each time there is an edit that gives it, or a reason.
func TestShipped(t *testing.T) {
	config := shipped(t, "base.hcl", "overlay-aws.hcl")
	outcomes := map[string]int{}
	longest := 0
	for _, o := range config.Tree().Options() {
		for _, value := range wanted(config.Tree(), o) {
			edit, err := why.FindEdit(config, o.Name, value, why.Effort)
			if err != nil {
				t.Fatal(err)
			}
			outcomes[edit.Outcome]++
			longest = max(longest, len(edit.Lines))
			v, _ := config.Value(o.Name)
			switch edit.Outcome {
			case why.OutcomeEdit:
				checkEdit(t, config, edit)
			case why.OutcomeAlready:
				if o.Type == kconfig.Bool && v.Bool != (value == "y") || o.Type != kconfig.Bool && v.Text != value {
					t.Errorf("%s is %s, not %s", o.Name, v.Shown(), value)
				}
			case why.OutcomeImpossible:
				if len(edit.Reasons) == 0 {
					t.Errorf("%s = %s: no reason", o.Name, value)
				}
				if v.Visible && o.Type == kconfig.Bool && o.Choice == nil && v.Reason.Kind == kconfig.ReasonDefault && len(assigned(config)) == 0 {
					t.Errorf("%s = %s: %v", o.Name, value, edit.Reasons)
				}
			default:
				t.Errorf("%s = %s: the search gave up: %v", o.Name, value, edit.Reasons)
			}
		}
	}
	t.Log(outcomes, "longest:", longest)
	for _, outcome := range []string{why.OutcomeAlready, why.OutcomeEdit, why.OutcomeImpossible} {
		if outcomes[outcome] == 0 {
			t.Errorf("no question ended with %q", outcome)
		}
	}
}

func checkEdit(t *testing.T, config *kconfig.Config, edit *why.Edit) {
	t.Helper()
	layer, diags := kconfig.ParseOverlay("edit.hcl", []byte(strings.Join(edit.Lines, "\n")+"\n"))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	resolved, diags := config.Tree().Resolve(append(slices.Clone(config.Layers()), layer)...)
	if diags.HasErrors() {
		t.Errorf("%q: %v", edit.Lines, diags.Err())
	}
	v, _ := resolved.Value(edit.Name)
	got := v.Text
	if v.Option.Type == kconfig.Bool {
		got = map[bool]string{true: "y", false: "n"}[v.Bool]
	}
	if got != edit.Value {
		t.Errorf("%q: %s is %q, not %q", edit.Lines, edit.Name, got, edit.Value)
	}
}

func assigned(config *kconfig.Config) []string {
	var names []string
	for _, layer := range config.Layers() {
		for _, a := range layer.Assignments {
			names = append(names, fmt.Sprint(a.Name))
		}
	}
	return names
}
