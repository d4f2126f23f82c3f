package kconfig

import (
	"encoding/json"
	"io"
	"testing"
	"testing/fstest"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const fuzzTree = boolX + intN + hexH + stringS + choiceC + secretTree + `
menu "M" {
	depends_on = X && N > 3
	visible_if = S != "off"
	option "Z" {
		type = bool
		prompt = "Z"
		select = [W]
	}
	option "W" {
		type = bool
	}
	option "R" {
		type = int
		prompt = "R"
		required = !Z
		range = [N, 20]
		warning = "mind it"
	}
	option "E" {
		type = string
		prompt = "E"
		effect = "nothing"
		pattern = "^a"
	}
}
option "P" {
	type = bool
	prompt = "P"
	planned = "later"
}
constraint "rule" {
	condition = N * 2 - R < 30
}
omitted "no heap" {
	names = ["HEAP_*"]
}
`

// exercise renders everything that can come of a resolution and checks what always holds.
func exercise(t *testing.T, config *Config, diags Diagnostics) {
	t.Helper()
	sources := config.Sources()
	if err := diags.WriteText(io.Discard, sources); err != nil {
		t.Fatal(err)
	}
	if err := diags.WriteText(io.Discard, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(diags); err != nil {
		t.Fatal(err)
	}
	if _, err := config.JSON(); err != nil {
		t.Fatal(err)
	}
	for _, d := range diags {
		if d.Code.Meaning() == "" || d.Summary == "" || d.Severity != d.Code.Severity() {
			t.Fatalf("incomplete finding %+v", d)
		}
		if d.Subject == nil {
			continue
		}
		if text, ok := sources[d.Subject.Filename]; ok && (d.Subject.Start.Byte < 0 || d.Subject.End.Byte > len(text) || d.Subject.Start.Byte > d.Subject.End.Byte) {
			t.Fatalf("range %v outside of %d bytes: %s", d.Subject, len(text), d.Summary)
		}
	}
	for _, v := range config.Values() {
		if v.Reason.Kind == "" {
			t.Fatalf("%s has no reason", v.Option.Name)
		}
		config.Blockers(v.Option.Name)
	}
	config.Components()
	config.Marks()
}

// readBack checks that a valid configuration survives its .config.
func readBack(t *testing.T, tree *Tree, config *Config, diags Diagnostics) {
	t.Helper()
	if diags.HasErrors() {
		return
	}
	for _, o := range tree.Options() {
		if o.Secret && config.history[o.index] != nil {
			return // a .config does not have its value
		}
	}
	layer, found := ParseOverlay(".config", config.DotConfig())
	if found.HasErrors() {
		t.Fatalf("%v in\n%s", found, config.DotConfig())
	}
	again, found := tree.Resolve(layer)
	if got, want := string(again.DotConfig()), string(config.DotConfig()); got != want {
		t.Fatalf("%s\nbecame\n%s\n%v", want, got, found)
	}
}

func FuzzOverlay(f *testing.F) {
	tree := loadTree(f, fuzzTree)
	for _, finding := range findings {
		if finding.hcl != "" && len(finding.hcl) < 1000 {
			plain, _ := unmark("", finding.hcl)
			f.Add([]byte(plain))
		}
	}
	f.Add([]byte("X = y\nN = 7\nS = \"a\"\nB = y\nZ = y\nH = \"0x1F\"\nR = 9\nE = \"ab\"\nPSK = \"00ff\"\n"))
	f.Add([]byte("\xef\xbb\xbfX = y\r\nS = \"$${a}%%{b}\\u00e9\\\\\\\"\"\r\n"))
	f.Add([]byte("S = <<-EOT\n  a ] } { [\n  EOT\nX = y # ]\n/* ( */ N = -1"))
	f.Fuzz(func(t *testing.T, source []byte) {
		layer, diags := ParseOverlay("overlay.hcl", source)
		config, found := tree.Resolve(layer)
		diags = append(diags, found...)
		exercise(t, config, diags)
		readBack(t, tree, config, diags)
	})
}

func FuzzConf(f *testing.F) {
	tree := loadTree(f, fuzzTree)
	for _, finding := range findings {
		if finding.conf != "" && len(finding.conf) < 1000 {
			plain, _ := unmark("", finding.conf)
			f.Add([]byte(plain))
		}
	}
	f.Add([]byte("# a\nCONFIG_X=y\n# CONFIG_P is not set\r\nCONFIG_S=\"a\\\"\\\\\"\nCONFIG_H=ff\nCONFIG_R=9\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		layer, diags := ParseOverlay("fragment.conf", source)
		config, found := tree.Resolve(layer)
		diags = append(diags, found...)
		exercise(t, config, diags)
		readBack(t, tree, config, diags)
	})
}

func FuzzTree(f *testing.F) {
	for _, finding := range findings {
		if finding.tree != "" {
			plain, _ := unmark("", finding.tree)
			f.Add([]byte(plain))
		}
	}
	f.Add([]byte(fuzzTree))
	f.Add(syntheticTree(50, true)["feature0/Kconfig.hcl"].Data)
	f.Fuzz(func(t *testing.T, source []byte) {
		tree, diags := LoadTree(fstest.MapFS{
			"Kconfig.hcl":     {Data: source},
			"a/b/Kconfig.hcl": {Data: []byte("source \"../../Kconfig.hcl\" {}\nsource \"*.hcl\" {}\n" + boolX)},
		}, "Kconfig.hcl")
		layer, more := ParseOverlay("o.conf", []byte("CONFIG_X=y\nCONFIG_N=3\nCONFIG_S=\"a\"\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_Z=y\n"))
		config, found := tree.Resolve(layer)
		hasErrors := diags.HasErrors()
		diags = append(append(diags, more...), found...)
		exercise(t, config, diags)
		if !hasErrors {
			readBack(t, tree, config, diags)
		}
	})
}

func FuzzExpression(f *testing.F) {
	for _, text := range []string{
		"X && (Z || !W)", "N >= 5", "S == \"a\" || H < \"0x20\"", "!!!X", "N - 3 * 2 % (N + 1) != 4", "A == y && B != n", "S < N", "5 == 5", "\"\" == S", "N == H", "X || ",
		"-9223372036854775808 == N * N", "1e3 == N", "[X]", "X.y", "f(X)", "X[0]", "\"${X}\"",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		source := fuzzTree + "option \"TESTED\" {\n type = bool\n depends_on = (" + text + "\n)\n}\noption \"PLAIN\" {\n type = bool\n prompt = \"P\"\n default = TESTED\n}\n"
		tree, diags := LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(source)}}, "Kconfig.hcl")
		layer, _ := ParseOverlay("o.hcl", []byte("X = y\nN = 5\nS = \"7\"\nH = \"0x7\"\n"))
		config, found := tree.Resolve(layer)
		exercise(t, config, append(diags, found...))
		if diags.HasErrors() || tree.Option("TESTED") == nil {
			return
		}
		// What an expression prints means the same.
		e := tree.Option("TESTED").Definitions[0].DependsOn
		again, diags := LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(fuzzTree + "option \"TESTED\" {\n type = bool\n depends_on = " + hclText(e) + "\n}\n")}}, "Kconfig.hcl")
		if diags.HasErrors() {
			t.Fatalf("%s became %s: %v", text, e, diags)
		}
		second, _ := again.Resolve(layer)
		if config.Holds(e) != second.Holds(again.Option("TESTED").Definitions[0].DependsOn) {
			t.Fatalf("%s means something else than %s", e, text)
		}
	})
}

// hclText writes an expression with the escapes that HCL strings need.
func hclText(e *Expr) string {
	if e == nil {
		return "y"
	}
	switch {
	case e.Op == OpValue && e.literal == stringLiteral:
		return quoteOverlay(e.Text)
	case e.Op == OpValue:
		return e.Text
	case e.Op == OpNot:
		return "!(" + hclText(e.Left) + ")"
	}
	return "(" + hclText(e.Left) + ") " + e.Op.String() + " (" + hclText(e.Right) + ")"
}

// What the scan before parsing accepts has no more nesting in hcl's reading than
// the limit, and nothing that makes its parser recurse otherwise.
func FuzzPrescan(f *testing.F) {
	for _, finding := range findings {
		for _, text := range []string{finding.hcl, finding.tree} {
			if text != "" && len(text) < 1000 {
				plain, _ := unmark("", text)
				f.Add([]byte(plain))
			}
		}
	}
	f.Add([]byte("a = \"\\\"[\" # [\nb = <<-X\n[[\n X\nc = [<<Y\n]\nY\n]"))
	f.Add([]byte("a = \"$$${\"[\n\"$\"[\"%%\"]]"))
	f.Fuzz(func(t *testing.T, source []byte) {
		if prescan("x.hcl", source) != nil {
			return
		}
		tokens, _ := hclsyntax.LexConfig(source, "x.hcl", hcl.InitialPos)
		depth, prefixes := 0, 0
		for i, token := range tokens {
			switch token.Type {
			case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen:
				depth++
			case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen:
				depth--
			case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
				t.Fatalf("a template sequence at %v got through", token.Range)
			case hclsyntax.TokenQuestion:
				t.Fatalf("a conditional at %v got through", token.Range)
			case hclsyntax.TokenStar:
				if i > 0 && (tokens[i-1].Type == hclsyntax.TokenOBrack || tokens[i-1].Type == hclsyntax.TokenDot) {
					t.Fatalf("a splat at %v got through", token.Range)
				}
			}
			switch token.Type {
			case hclsyntax.TokenBang, hclsyntax.TokenMinus:
				prefixes++
			case hclsyntax.TokenNewline, hclsyntax.TokenComment:
			default:
				prefixes = 0
			}
			if depth > MaxNesting || prefixes > MaxNesting {
				t.Fatalf("depth %d and %d prefixes at %v", depth, prefixes, token.Range)
			}
		}
	})
}
