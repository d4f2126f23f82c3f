package why_test

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/why"
)

// finished is the shipped tree as it is going to be when everything that is planned has been built.
func finished(t testing.TB) fs.FS {
	t.Helper()
	planned := regexp.MustCompile(`(?m)^\s*planned\s*=.*$`)
	made := fstest.MapFS{}
	err := fs.WalkDir(cloudgen.Sources(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".hcl" {
			return err
		}
		text, err := fs.ReadFile(cloudgen.Sources(), name)
		made[name] = &fstest.MapFile{Data: planned.ReplaceAll(text, nil)}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// shipped resolves the shipped tree with shipped overlays.
func shipped(t testing.TB, files fs.FS, overlays ...string) *kconfig.Config {
	t.Helper()
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
func TestShipped(t *testing.T) { askAll(t, cloudgen.Sources()) }

// TestFinished asks the same of the tree in which nothing is planned any more, so that all its relations count.
func TestFinished(t *testing.T) { askAll(t, finished(t)) }

func askAll(t *testing.T, files fs.FS) {
	config := shipped(t, files, "base.hcl", "overlay-aws.hcl")
	outcomes := map[string]int{}
	longest := 0
	trial := config.Trial()
	before := len(trial.Faults())
	const sample = 40 // of so many options, one is held to blind trial
	for i, o := range config.Tree().Options() {
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
				checkEdit(t, config, edit, value)
				if len(edit.Lines) == 1 || i%sample != 0 {
					break
				}
				if line := oneLine(config.Tree(), trial, before, o, value); line != "" {
					t.Errorf("%s = %s: %q, but %s does it", o.Name, value, edit.Lines, line)
				}
			case why.OutcomeAlready:
				if o.Type == kconfig.Bool && v.Bool != (value == "y") || o.Type != kconfig.Bool && v.Text != value {
					t.Errorf("%s is %s, not %s", o.Name, v.Shown(), value)
				}
			case why.OutcomeImpossible:
				if len(edit.Reasons) == 0 {
					t.Errorf("%s = %s: no reason", o.Name, value)
				}
				if i%sample != 0 {
					break
				}
				if line := oneLine(config.Tree(), trial, before, o, value); line != "" {
					t.Errorf("%s = %s: %v, but %s does it", o.Name, value, edit.Reasons, line)
				}
			default:
				t.Errorf("%s = %s: the search gave up: %v", o.Name, value, edit.Reasons)
			}
		}
	}
	t.Log(outcomes, "longest:", longest, "sets of assignments tried by hand:", trial.Tried())
	if trial.Tried() < 100 {
		t.Error("nothing was held to it")
	}
	for _, outcome := range []string{why.OutcomeAlready, why.OutcomeEdit, why.OutcomeImpossible} {
		if outcomes[outcome] == 0 {
			t.Errorf("no question ended with %q", outcome)
		}
	}
}

func checkEdit(t *testing.T, config *kconfig.Config, edit *why.Edit, value string) {
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
	if got != value {
		t.Errorf("%q: %s is %q, not %q", edit.Lines, edit.Name, got, value)
	}
}

// oneLine looks, without knowledge of the conditions, for one assignment that gives the value: of each option y, n, or the value that is asked for.
func oneLine(tree *kconfig.Tree, trial *kconfig.Trial, before int, o *kconfig.Option, value string) string {
	text, problem, _ := o.Parse(value)
	if problem != "" || o.Planned != "" {
		return ""
	}
	for _, other := range tree.Options() {
		if other.Prompt == "" || other.Planned != "" {
			continue
		}
		for _, try := range []string{"y", "n", text} {
			canonical, problem, _ := other.Parse(try)
			if problem != "" || other.Type == kconfig.String && try != text {
				continue
			}
			trial.Resolve([]kconfig.Setting{{Option: other, Text: canonical}})
			s := trial.State(o)
			if o.Type == kconfig.Bool && s.On == (text == "y") || o.Type != kconfig.Bool && s.HasValue && s.Text == text {
				if len(trial.Faults()) <= before {
					return other.OverlayLine(canonical)
				}
			}
		}
	}
	return ""
}
