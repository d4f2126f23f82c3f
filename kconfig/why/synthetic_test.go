package why

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cloudgen/cloudgen/kconfig"
)

// syntheticFeatures makes n features of 20 options each: menus in menus, so that the innermost option needs five others; a choice whose
// members select what the conditions ask for, a number that a condition compares.
func syntheticFeatures(n int) fstest.MapFS {
	files := fstest.MapFS{}
	var root strings.Builder
	for i := range n {
		var b strings.Builder
		f := fmt.Sprintf("F%d", i)
		for level := range 6 {
			fmt.Fprintf(&b, "menu \"level %d\" {\n", level)
			if level > 0 {
				fmt.Fprintf(&b, "depends_on = %s_L%d\n", f, level-1)
			}
			fmt.Fprintf(&b, "option \"%s_L%d\" {\n type = bool\n prompt = \"level\"\n}\n", f, level)
			fmt.Fprintf(&b, "option \"%s_N%d\" {\n type = int\n prompt = \"number\"\n range = [0, 100]\n default = %d\n}\n", f, level, level)
		}
		fmt.Fprintf(&b, "option \"%s_DEEP\" {\n type = bool\n prompt = \"deep\"\n depends_on = (%s_N2 > 50 || %s_LIBRARY) && !%s_OFF\n}\n", f, f, f, f)
		b.WriteString(strings.Repeat("}\n", 6))
		fmt.Fprintf(&b, "option \"%s_OFF\" {\n type = bool\n prompt = \"off\"\n default = %s_MODE_A\n}\n", f, f)
		fmt.Fprintf(&b, "option \"%s_LIBRARY\" {\n type = bool\n}\n", f)
		fmt.Fprintf(&b, "choice \"%s_MODE\" {\n prompt = \"mode\"\n", f)
		for _, member := range []string{"A", "B", "C"} {
			fmt.Fprintf(&b, "option \"%s_MODE_%s\" {\n type = bool\n prompt = %q\n", f, member, member)
			if member == "B" {
				fmt.Fprintf(&b, "select = [%s_LIBRARY]\n", f)
			}
			b.WriteString("}\n")
		}
		b.WriteString("}\n")
		fmt.Fprintf(&b, "option \"%s_SUM\" {\n type = int\n default {\n value = 7\n if = %s_DEEP\n }\n default = %s_N0\n}\n", f, f, f)
		fmt.Fprintf(&b, "option \"%s_LATE\" {\n type = bool\n prompt = \"late\"\n depends_on = %s_SUM == 7\n}\n", f, f)
		name := fmt.Sprintf("f%03d/Kconfig.hcl", i)
		files[name] = &fstest.MapFile{Data: []byte(b.String())}
		fmt.Fprintf(&root, "source %q {}\n", name)
	}
	files["Kconfig.hcl"] = &fstest.MapFile{Data: []byte(root.String())}
	return files
}

func resolveSynthetic(t testing.TB, features int) *kconfig.Config {
	t.Helper()
	tree, diags := kconfig.LoadTree(syntheticFeatures(features), "Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	config, diags := tree.Resolve()
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return config
}

// TestSynthetic asks for values deep in a tree of 1,000 options: the lines are counted by hand.
func TestSynthetic(t *testing.T) {
	config := resolveSynthetic(t, 50)
	if n := len(config.Tree().Options()); n != 1000 {
		t.Fatalf("the tree has %d options", n)
	}
	cases := []struct {
		goal  string
		lines int
	}{
		{"F7_L0=y", 1},
		{"F7_L5=y", 6},
		{"F7_N5=42", 6},     // five levels, itself
		{"F7_LIBRARY=y", 1}, // mode B
		{"F7_DEEP=y", 7},    // five levels, mode B, which also turns OFF off, itself
		{"F7_SUM=7", 1},     // by its default, which is N0
		{"F7_LATE=y", 2},
		{"F7_MODE_A=n", 1},
		{"F7_OFF=n", 1},
	}
	for _, c := range cases {
		name, value, _ := strings.Cut(c.goal, "=")
		edit, err := FindEdit(config, name, value, Effort)
		if err != nil {
			t.Fatal(err)
		}
		if edit.Outcome != OutcomeEdit || len(edit.Lines) != c.lines {
			t.Errorf("%s: %s, %q, %d lines wanted: %v", c.goal, edit.Outcome, edit.Lines, c.lines, edit.Reasons)
			continue
		}
		checkEdit(t, config, edit)
		if edit.Tried > 200 {
			t.Errorf("%s took %d tries", c.goal, edit.Tried)
		}
	}
	for _, o := range config.Tree().Options()[:40] {
		for _, value := range map[kconfig.Type][]string{kconfig.Bool: {"y", "n"}, kconfig.Int: {"0", "7", "100", "101"}}[o.Type] {
			edit, err := FindEdit(config, o.Name, value, Effort)
			switch {
			case err != nil:
				t.Fatal(err)
			case edit.Outcome == OutcomeEdit:
				checkEdit(t, config, edit)
			case edit.Outcome == OutcomeUnknown:
				t.Errorf("%s = %s: the search gave up after %d tries", o.Name, value, edit.Tried)
			case edit.Outcome == OutcomeImpossible && value != "101" && o.Prompt != "":
				t.Errorf("%s = %s: %v", o.Name, value, edit.Reasons)
			}
		}
	}
}

// TestSpeed holds a question about a tree of 1,000 options to what the shipped tree may take from loading to diagnostics, with room for a busy
// machine: the best of some runs counts, of more if all were slow.
func TestSpeed(t *testing.T) {
	config := resolveSynthetic(t, 50)
	const limit = 60 * time.Millisecond
	for _, goal := range []string{"F7_DEEP", "F49_LATE"} {
		best := time.Hour
		for n := 0; n < 5 || n < 200 && best > limit; n++ {
			begin := time.Now()
			if _, err := FindEdit(config, goal, "y", Effort); err != nil {
				t.Fatal(err)
			}
			if _, err := Explain(config, goal); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(begin))
		}
		t.Log(goal, best)
		if best > limit {
			t.Errorf("%s: %v, more than %v", goal, best, limit)
		}
	}
}

func BenchmarkWhy(b *testing.B) {
	for _, features := range []int{50, 825} {
		b.Run(fmt.Sprint(features*20), func(b *testing.B) {
			config := resolveSynthetic(b, features)
			b.Run("NAME", func(b *testing.B) {
				for b.Loop() {
					if _, err := Explain(config, "F7_DEEP"); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("NAME=VALUE", func(b *testing.B) {
				for b.Loop() {
					if _, err := FindEdit(config, "F7_DEEP", "y", Effort); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
