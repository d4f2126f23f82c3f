package kconfig

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func loadTree(t testing.TB, text string) *Tree {
	t.Helper()
	tree, diags := LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(text)}}, "Kconfig.hcl")
	if len(diags) > 0 {
		var b strings.Builder
		diags.WriteText(&b, tree.Sources())
		t.Fatal(b.String())
	}
	return tree
}

func overlay(t testing.TB, name, text string) *Layer {
	t.Helper()
	layer, diags := ParseOverlay(name, []byte(text))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return layer
}

// TestValues checks values, given as .config lines without the prefix, and the kinds
// of their reasons.
func TestValues(t *testing.T) {
	cases := []struct {
		name   string
		tree   string
		layers []string
		want   string // NAME=value, or !NAME for an option without a value
		kinds  string // NAME:kind
		errors []Code
	}{
		{name: "first default whose condition holds", tree: `
			option "A" {
				type = bool
				default = y
			}
			option "N" {
				type = int
				default { 
					value = 1
					if = !A
				}
				default = 2
				default {
					value = 3
					if = A
				}
			}
			option "M" {
				type = int
				default {
					value = 3
					if = A
				}
				default = 2
			}`, want: "A=y N=2 M=3", kinds: "A:default N:default M:default"},
		{name: "definitions add up in parse order", tree: `
			option "N" {
				type = int
				default {
					value = 1
					if = N2 == 5
				}
			}
			option "N2" {
				type = int
				default = 4
			}
			option "N" {
				default = 7
			}`, want: "N=7"},
		{name: "select goes before the user and ignores dependencies", tree: `
			option "A" {
				type = bool
				prompt = "A"
				select "B" { 
					if = C == y
				}
			}
			option "C" {
				type = bool
				prompt = "C"
			}
			option "B" {
				type = bool
				prompt = "B"
			}`, layers: []string{"A = y\nC = y"}, want: "A=y B=y C=y", kinds: "A:layer B:select"},
		{name: "imply yields to the user and needs dependencies", tree: `
			option "A" {
				type = bool
				prompt = "A"
				imply = [B, C, D]
			}
			option "B" {
				type = bool
				prompt = "B"
			}
			option "C" {
				type = bool
				prompt = "C"
			}
			option "D" {
				type = bool
				prompt = "D"
				depends_on = !A
			}`, layers: []string{"A = y\nB = n"}, want: "A=y B=n C=y !D", kinds: "B:layer C:imply D:unset"},
		{name: "a default outside the range moves into it", tree: `
			option "N" {
				type = int
				default = 100
				range {
					min = 1
					max = 5
					if = n
				}
				range = [2, MAX]
			}
			option "MAX" {
				type = int
				default = 9
			}
			option "H" {
				type = hex
				range = ["0x10", "0xFF"]
			}`, want: "N=9 MAX=9 !H", kinds: "N:default"},
		{name: "an int without default and assignment has no value", tree: intN2, want: "!N"},
		{name: "values keep one form", tree: "option \"N\" {\n type = int\n prompt = \"N\"\n}\n" + hexH, layers: []string{"N = -007\nH = \"0X00fF\""}, want: "N=-7 H=0xff"},
		{name: "a choice falls on the first visible default, then member", tree: `
			option "OFF" {
				type = bool
				prompt = "OFF"
			}
			choice "C" {
				prompt = "C"
				default {
					value = C3
					if = OFF
				}
				default = C2
				option "C1" {
					type = bool
					prompt = "C1"
				}
				option "C2" {
					type = bool
					prompt = "C2"
					depends_on = OFF
				}
				option "C3" {
					type = bool
					prompt = "C3"
				}
			}`, want: "C1=y !C2 C3=n", kinds: "C1:choice C2:unset C3:choice"},
		{name: "a later layer chooses another member", tree: choiceC, layers: []string{"A = y", "B = y"}, want: "A=n B=y", kinds: "A:choice B:layer"},
		{name: "a member is taken back", tree: choiceC, layers: []string{"B = y", "B = n"}, want: "A=y B=n"},
		{name: "an optional choice may be off", tree: "choice \"C\" {\n prompt = \"C\"\n optional = true\n default = A\n option \"A\" {\n type = bool\n prompt = \"A\"\n }\n}", want: "!A", kinds: "A:unset"},
		{name: "an optional choice taken back", tree: "choice \"C\" {\n prompt = \"C\"\n optional = true\n default = A\n option \"A\" {\n type = bool\n prompt = \"A\"\n }\n}", layers: []string{"A = y", "A = n"}, want: "!A"},
		{name: "a choice in two places", tree: `
			choice "C" {
				prompt = "C"
				option "A" {
					type = bool
					prompt = "A"
				}
			}
			menu "M" {
				depends_on = n
				choice "C" {
					default = B
					group {
						depends_on = y
						option "B" {
							type = bool
							prompt = "B"
						}
					}
				}
			}`, layers: []string{"B = y"}, want: "A=n B=y"},
		{name: "a planned option is off whatever its default", tree: `
			menu "M" {
				planned = "later"
				option "X" {
					type = bool
					prompt = "X"
					default = y
				}
				option "N" {
					type = int
					prompt = "N"
					default = 5
				}
			}
			option "S" {
				type = bool
				default = y
				select = [X]
			}`, layers: []string{"X = n"}, want: "X=n !N S=y", kinds: "X:planned"},
		{name: "a required option's unset value falls to the default", tree: `
			option "S" {
				type = string
				prompt = "S"
				required = true
				default = "localhost"
			}
			option "N" {
				type = int
				prompt = "N"
				required = S != ""
				default = 42
			}`, layers: []string{"S = \"\"\nN = -1"}, want: `S="localhost" N=42`, kinds: "S:default N:default"},
		{name: "an old name leads on", tree: stringS + "option \"OLD\" {\n renamed_to = OLDER\n renamed_values = { y = \"yes\" }\n}\noption \"OLDER\" {\n renamed_to = S\n}", layers: []string{"OLD = y"}, want: `S="yes"`},
		{name: "no effect is fine where the value is the same", tree: "option \"X\" {\n type = bool\n prompt = \"X\"\n depends_on = n\n}\noption \"Y\" {\n type = int\n default = 5\n}", layers: []string{"X = n\nY = 5"}, want: "!X Y=5"},
		{name: "an assignment that did not count is not hidden by a later one of another option", tree: boolX + "option \"Z\" {\n type = bool\n prompt = \"Z\"\n depends_on = X\n}", layers: []string{"Z = y"}, want: "X=n !Z", errors: []Code{CodeNoEffect}},
		{name: "the last layer decides what is judged", tree: intN, layers: []string{"N = 99", "N = 5"}, want: "N=5"},
		{name: "unmet dependencies in an earlier layer are met by a later one", tree: boolX + "option \"Z\" {\n type = bool\n prompt = \"Z\"\n depends_on = X\n}", layers: []string{"Z = y", "X = y"}, want: "X=y Z=y"},
		{name: "two strings compare as text, else numbers count", tree: `
			option "S" {
				type = string
				default = "10"
			}
			option "T" {
				type = string
				default = "9"
			}
			option "N" {
				type = int
				default = 9
			}
			option "H" {
				type = hex
				default = "0x9"
			}
			option "S_LESS_T" {
				type = bool
				default = S < T
			}
			option "S_LESS_N" {
				type = bool
				default = S < N
			}
			option "N_IS_H" {
				type = bool
				default = N == H && H == 9 && N == "0x9"
			}
			option "S_MORE_LITERAL" {
				type = bool
				default = S > "9"
			}
			option "B" {
				type = bool
				default = N_IS_H == y && N_IS_H != n && N_IS_H >= S_LESS_N && S == "10"
			}`, want: "S_LESS_T=y !S_LESS_N N_IS_H=y S_MORE_LITERAL=y B=y"},
		{name: "a value that is absent compares as empty text", tree: intN2 + "option \"B\" {\n type = bool\n default = N == \"\" && N < 5\n}", want: "B=y"},
		{name: "visible_if hides and leaves defaults alone", tree: `
			menu "M" {
				visible_if = n
				option "X" {
					type = bool
					prompt = "X"
					default = y
				}
			}`, layers: []string{"X = y"}, want: "X=y", kinds: "X:default"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tree := loadTree(t, c.tree)
			var layers []*Layer
			for i, text := range c.layers {
				layers = append(layers, overlay(t, "layer"+string(rune('1'+i))+".hcl", text))
			}
			config, diags := tree.Resolve(layers...)
			var errors []Code
			for _, d := range diags {
				if d.Severity == Error {
					errors = append(errors, d.Code)
				}
			}
			if !slices.Equal(errors, c.errors) {
				t.Errorf("errors %v, want %v: %v", errors, c.errors, diags)
			}
			for word := range strings.FieldsSeq(c.want) {
				if name, absent := strings.CutPrefix(word, "!"); absent {
					if v, ok := config.Value(name); !ok || v.HasValue {
						t.Errorf("%s has the value %q, want none", name, v.Text)
					}
					continue
				}
				if !bytes.Contains(append([]byte("\n"), config.DotConfig()...), []byte("\nCONFIG_"+word+"\n")) {
					t.Errorf("want %s in\n%s", word, config.DotConfig())
				}
			}
			for word := range strings.FieldsSeq(c.kinds) {
				name, kind, _ := strings.Cut(word, ":")
				v, _ := config.Value(name)
				if v.Reason.Kind != kind {
					t.Errorf("the reason for %s is %s (%s), want %s", name, v.Reason.Kind, v.Reason.Text, kind)
				}
				if v.Reason.Text == "" || v.Reason.Range.Filename == "" {
					t.Errorf("the reason for %s is incomplete: %+v", name, v.Reason)
				}
			}
		})
	}
}

const intN2 = "option \"N\" {\n type = int\n prompt = \"N\"\n}\n"

func TestHistoryNamesEveryLayer(t *testing.T) {
	tree := loadTree(t, "option \"S\" {\n type = string\n prompt = \"S\"\n required = true\n default = \"localhost\"\n}\n"+choiceC)
	config, diags := tree.Resolve(
		overlay(t, "dir/base.hcl", "A = y\nS = \"one\""),
		overlay(t, "dir/two.conf", "CONFIG_B=y\nCONFIG_S=\"\"\n"))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	s, _ := config.Value("CONFIG_S")
	if len(s.History) != 2 || s.History[0].Layer != "dir/base.hcl" || s.History[1].Layer != "dir/two.conf" {
		t.Fatalf("history %+v", s.History)
	}
	if s.Text != "localhost" || s.Reason.Kind != ReasonDefault {
		t.Errorf("S is %q by %s", s.Text, s.Reason.Kind)
	}
	if s.History[0].Ignored != "" || s.History[1].Ignored == "" {
		t.Errorf("only the last assignment is ignored: %+v", s.History)
	}
	if got := s.History[1].Range.String(); got != "dir/two.conf:2,1-12" {
		t.Errorf("range %s", got)
	}
	a, _ := config.Value("A")
	if a.History[0].Ignored == "" {
		t.Error("A was overridden by B, and the history does not say so")
	}
	if config.Selected("C") != "B" {
		t.Errorf("selected %q", config.Selected("C"))
	}
}

func TestMarksAndComponents(t *testing.T) {
	tree, diags := LoadTree(fstest.MapFS{
		"runtime/Kconfig.hcl": {Data: []byte("source \"*/Kconfig.hcl\" {}\n" + boolX)},
		"runtime/aws/Kconfig.hcl": {Data: []byte(`
			menu "AWS" {
				depends_on = X
				component "backend" {
					if = TAG == 42
					implements = ["Reporter", "Batcher"]
					packaging = { "b/policy.json" = "policy.json.tmpl", "a" = "x.tmpl" }
				}
				option "TAG" {
					type = int
					prompt = "Tag"
					default {
						value = 42
						mark = "lab"
					}
				}
			}
			component "log" {}`)},
	}, "runtime/Kconfig.hcl")
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	on, _ := tree.Resolve(overlay(t, "o.hcl", "X = y"))
	components := on.Components()
	if len(components) != 2 || components[0].Dir != "runtime/aws" || components[0].Slot != "backend" || len(components[0].Implements) != 2 ||
		!slices.Equal(components[0].Packaging, []Pair{{"a", "x.tmpl"}, {"b/policy.json", "policy.json.tmpl"}}) {
		t.Errorf("components %+v", components)
	}
	if marks := on.Marks(); len(marks) != 1 || marks[0].Name != "lab" || !slices.Equal(marks[0].Options, []string{"TAG"}) {
		t.Errorf("marks %+v", marks)
	}
	off, _ := tree.Resolve()
	if components := off.Components(); len(components) != 1 || components[0].Slot != "log" {
		t.Errorf("components %+v", components)
	}
	set, _ := tree.Resolve(overlay(t, "o.hcl", "X = y\nTAG = 42"))
	if marks := set.Marks(); len(marks) != 0 {
		t.Errorf("an assigned value is marked: %+v", marks)
	}
}

const secretTree = `
option "PSK" {
	type = string
	prompt = "Key"
	secret = true
	pattern = "^([0-9a-f]{2})+$"
	required = true
}
option "OLD_PSK" {
	renamed_to = PSK
}
option "LIMITED" {
	type = string
	prompt = "Key that needs another"
	secret = true
	depends_on = n
}
`

// No output of any kind may hold the value of a secret, also when the input is wrong.
func TestSecretsStaySecret(t *testing.T) {
	const secret = "c0ffee00"
	tree := loadTree(t, secretTree)
	for _, text := range []string{
		"PSK = \"c0ffee00\"",
		"CONFIG_PSK = \"c0ffee00\"",
		"PSK = \"c0ffee00x\"", // does not match
		"PSK = \"c0ffee00",    // does not end
		"PSKK = \"c0ffee00\"", // a slip
		"OLD_PSK = \"c0ffee00\"",
		"LIMITED = \"c0ffee00\"",
		"PSK = c0ffee00",
		"PSK = [\"c0ffee00\"]",
		"PSK = <<EOT\nc0ffee00\nEOT\n",
		"PSK = \"c0ffee00\"\nPSK = \"c0ffee00\"",
		"PSK \"c0ffee00\"",
		"PSK = \"-----BEGIN KEY-----\nc0ffee00==\nXc0ffee00=\n\"\nX = y",
	} {
		for _, name := range []string{"overlay.hcl", "overlay.conf"} {
			if name == "overlay.conf" {
				text = strings.ReplaceAll(text, " = ", "=")
				if !strings.HasPrefix(text, "CONFIG_") {
					text = "CONFIG_" + text
				}
			}
			layer, diags := ParseOverlay(name, []byte(text))
			config, found := tree.Resolve(layer)
			diags = append(diags, found...)
			asJSON, err := json.Marshal(diags)
			if err != nil {
				t.Fatal(err)
			}
			resolved, err := config.JSON()
			if err != nil {
				t.Fatal(err)
			}
			for what, out := range map[string]string{
				"text": render(t, diags, config.Sources()), "diagnostics": string(asJSON),
				"resolved.json": string(resolved), ".config": string(config.DotConfig()),
			} {
				if strings.Contains(out, secret) {
					t.Errorf("%s %q: the secret is in the %s:\n%s", name, text, what, out)
				}
			}
		}
	}
	layer, _ := ParseSet([]string{"PSK=c0ffee00", "LIMITED=c0ffee00"})
	config, diags := tree.Resolve(layer)
	if out := render(t, diags, config.Sources()); strings.Contains(out, secret) {
		t.Errorf("the secret is in\n%s", out)
	}
	if v, _ := config.Value("PSK"); v.Text != secret {
		t.Errorf("the value itself is %q", v.Text)
	}
}

// The .config of a configuration, read as a layer, resolves to the same.
func TestDotConfigReadsBack(t *testing.T) {
	for _, f := range findings {
		if f.also != nil || f.code[0] == 'E' {
			continue
		}
		tree, _ := LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(f.tree)}}, "Kconfig.hcl")
		var layers []*Layer
		if f.hcl != "" {
			plain, _ := unmark("", f.hcl)
			layers = append(layers, overlay(t, "overlay.hcl", plain))
		}
		first, _ := tree.Resolve(layers...)
		second, diags := tree.Resolve(overlay(t, ".config", string(first.DotConfig())))
		if diags.HasErrors() {
			t.Errorf("%s: %v", f.name, diags)
		}
		if got, want := string(second.DotConfig()), string(first.DotConfig()); got != want {
			t.Errorf("%s:\n%s\nbecame\n%s", f.name, want, got)
		}
	}
}

func TestResolvedJSON(t *testing.T) {
	tree := loadTree(t, boolX+intN+hexH+stringS+choiceC+secretTree+"option \"W\" {\n type = bool\n prompt = \"W\"\n select = [X]\n}\n")
	resolve := func(folder string) []byte {
		config, _ := tree.Resolve(
			overlay(t, folder+"base.hcl", "N = 3\nA = y\nPSK = \"00\""),
			overlay(t, folder+"overlay.conf", "CONFIG_N=4\nCONFIG_B=y\nCONFIG_H=0x1F\nCONFIG_S=\"a\\\"b\"\nCONFIG_W=y\n"))
		out, err := config.JSON()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := resolve("some/folder/")
	if !bytes.Equal(out, resolve("/another/")) {
		t.Error("the bytes depend on the folder")
	}
	checkGolden(t, "resolved.json", string(out))
}

func TestFragments(t *testing.T) {
	layer, diags := ParseOverlay("a.conf", []byte("\xef\xbb\xbf# a comment\r\n\r\nCONFIG_X=y\r\n  # CONFIG_Y is not set  \n# CONFIG_Z is unset\nCONFIG_S=\"a \\\"b\\\\ #c\"\nCONFIG_N=-5"))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	var got []string
	for _, a := range layer.Assignments {
		got = append(got, a.Name+"="+a.Value+"@"+place(a.Range))
	}
	want := []string{"X=y@a.conf:3:1", "Y=n@a.conf:4:3", `S=a "b\ #c@a.conf:6:1`, "N=-5@a.conf:7:1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFragmentHexNeedsNoPrefix(t *testing.T) {
	tree := loadTree(t, hexH)
	config, diags := tree.Resolve(overlay(t, "a.conf", "CONFIG_H=15000\n"))
	if v, _ := config.Value("H"); len(diags) > 0 || v.Int != 0x15000 {
		t.Errorf("%v %v", v, diags)
	}
}

func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		text  string
		base  int
		value int64
		ok    bool
	}{
		{"5", 10, 5, true}, {"-5", 10, -5, true}, {"+5", 10, 5, true}, {"007", 10, 7, true}, {"", 10, 0, false}, {"-", 10, 0, false}, {"--5", 10, 0, false},
		{"0x10", 10, 0, false}, {"0x10", 16, 16, true}, {"0X1f", 16, 31, true}, {"1F", 16, 31, true}, {"-0x10", 16, -16, true}, {"0x", 16, 0, false},
		{"0x10", 0, 16, true}, {"010", 0, 0, false}, {"00", 0, 0, true}, {"0b101", 0, 5, true}, {"0o17", 0, 15, true}, {"0b", 0, 0, false}, {"1_000", 0, 0, false},
		{"9223372036854775807", 10, 9223372036854775807, true}, {"9223372036854775808", 10, 0, false}, {"-9223372036854775808", 10, -9223372036854775808, true},
		{"-9223372036854775809", 10, 0, false}, {"0x-5", 16, 0, false}, {"0x+5", 0, 0, false},
	} {
		if got := parseNumber(c.text, c.base); got.ok != c.ok || got.value != c.value {
			t.Errorf("parseNumber(%q, %d) = %v", c.text, c.base, got)
		}
	}
}

func TestExpressionText(t *testing.T) {
	for _, text := range []string{
		"X && (Y || !Z) && !(X && Y)", "S == \"a\\\"\\\\b\"", "N >= -5 && n", "X || Y && Z", "(X || Y) && Z", "N % 2 == 0", "N - (N - 1) * 2 < (N + 1) % 3",
	} {
		tree := loadTree(t, "option \"X\" {\n type = bool\n}\noption \"Y\" {\n type = bool\n}\noption \"Z\" {\n type = bool\n}\n"+stringS+intN2+"option \"W\" {\n type = bool\n depends_on = "+text+"\n}\n")
		if got := tree.Option("W").Definitions[0].DependsOn.String(); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
}

func TestBlockers(t *testing.T) {
	tree := loadTree(t, boolX+stringS+"menu \"M\" {\n depends_on = X && S == \"a\"\n option \"Z\" {\n type = bool\n prompt = \"Z\"\n }\n}")
	config, _ := tree.Resolve()
	blockers := config.Blockers("Z")
	if len(blockers) != 2 || blockers[0].Fix != "X = y" || blockers[1].Fix != `S = "a"` || blockers[1].Text != `it needs S == "a", and S is ""` {
		t.Errorf("%+v", blockers)
	}
	if config.Blockers("X") != nil || config.Blockers("NONE") != nil {
		t.Error("blockers of what is not blocked")
	}
}

// Findings come in one order, whatever order maps have.
func TestOrderIsStable(t *testing.T) {
	var text strings.Builder
	for i := range 30 {
		text.WriteString("UNKNOWN_" + string(rune('A'+i%26)) + strings.Repeat("X", i) + " = y\n")
	}
	tree := loadTree(t, boolX)
	layer := overlay(t, "o.hcl", text.String())
	_, first := tree.Resolve(layer)
	for range 20 {
		_, again := tree.Resolve(overlay(t, "o.hcl", text.String()))
		if a, b := render(t, first, nil), render(t, again, nil); a != b {
			t.Fatalf("%s\nand\n%s", a, b)
		}
	}
	if len(first) != 30 {
		t.Errorf("%d findings, want all 30", len(first))
	}
}
