package kconfig

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// Large inputs, in shapes that make parsers recurse or work
// over and over, end soon. A minute is far more than any of them needs.
func TestHostileInputEnds(t *testing.T) {
	tree := loadTree(t, fuzzTree)
	fill := func(piece string) string { return strings.Repeat(piece, MaxFileSize/4/len(piece)) }
	for name, text := range map[string]string{
		"brackets":        strings.Repeat("[", 100_000),
		"values":          "X = " + strings.Repeat("(", 100_000),
		"prefixes":        "X = " + fill("!"),
		"minuses":         "X = " + fill("- "),
		"conditionals":    "X = " + fill("y?"),
		"splats":          "X = Y" + fill("[*]"),
		"splats hidden":   "X = Y" + fill("[/**/*]"),
		"indexes":         "X = Y" + fill("[0]"),
		"attributes":      "X = Y" + fill(".a"),
		"conjunction":     "X = Y" + fill("&&Y"),
		"comparisons":     "X = Y" + fill("==Y"),
		"sum":             "X = 1" + fill("-1"),
		"strings":         "X = " + fill("\"a\""),
		"interpolations":  "X = \"" + fill("${\""),
		"dollars":         "X = \"" + fill("$") + "\"",
		"heredocs":        fill("X = <<E\nE\n"),
		"heredoc":         "X = <<E\n" + fill("E E\n"),
		"comments":        fill("/**/"),
		"blocks":          fill("a {}\n"),
		"block labels":    "a " + fill("\"b\" "),
		"unknown names":   fill("NAME_THAT_NOBODY_KNOWS_\n"),
		"repeated":        fill("X = y\n"),
		"long line":       "S = \"" + fill("ä") + "\"",
		"noise":           fill("\x01\x02}{!"),
		"long name":       fill("N") + " = y",
		"numbers":         "N = " + fill("9"),
		"exponent":        "N = 1e999999999",
		"negative number": "N = -1e999999999",
	} {
		t.Run(name, func(t *testing.T) {
			started := time.Now()
			for _, file := range []string{"overlay.hcl", "overlay.conf"} {
				layer, diags := ParseOverlay(file, []byte(text))
				config, found := tree.Resolve(layer)
				exercise(t, config, append(diags, found...))
				if !diags.HasErrors() && !found.HasErrors() && name != "comments" {
					t.Errorf("%s: no error", file)
				}
			}
			loaded, diags := LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(text)}}, "Kconfig.hcl")
			config, found := loaded.Resolve()
			exercise(t, config, append(diags, found...))
			if took := time.Since(started); took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
}

// Trees that explanations could get lost in.
func TestHostileTreesEnd(t *testing.T) {
	var wide, deep, chain strings.Builder
	const n = 1000
	for i := range n {
		name := "O" + strings.Repeat("x", i%7) + "_" + formatNumber(int64(i), Int)
		wide.WriteString("option \"" + name + "\" {\n type = bool\n prompt = \"p\"\n depends_on = Z && (y")
		for range 20 {
			wide.WriteString(" && Z || Y && !Z")
		}
		wide.WriteString(")\n}\n")
		deep.WriteString("option \"" + name + "\" {\n type = bool\n prompt = \"p\"\n depends_on = !Y\n")
		for j := range min(i, 10) {
			deep.WriteString(" select \"D_" + formatNumber(int64(j), Int) + "\" {\n if = Z\n }\n")
		}
		deep.WriteString("}\n")
		chain.WriteString("option \"C" + formatNumber(int64(i), Int) + "\" {\n type = bool\n prompt = \"p\"\n depends_on = C" + formatNumber(int64(i+1), Int) + "\n}\n")
	}
	for i := range 20 {
		deep.WriteString("option \"D_" + formatNumber(int64(i), Int) + "\" {\n type = bool\n}\n")
	}
	chain.WriteString("option \"C" + formatNumber(n, Int) + "\" {\n type = bool\n prompt = \"p\"\n}\n")
	rest := "option \"Z\" {\n type = bool\n prompt = \"Z\"\n}\noption \"Y\" {\n type = bool\n prompt = \"Y\"\n}\n"
	for name, text := range map[string]string{"wide": wide.String() + rest, "deep": deep.String() + rest, "chain": chain.String()} {
		t.Run(name, func(t *testing.T) {
			tree := loadTree(t, text)
			var all strings.Builder
			for _, o := range tree.Options() {
				if o.Prompt != "" {
					all.WriteString(o.Name + " = y\n")
				}
			}
			first := strings.SplitN(all.String(), "\n", 2)
			for _, lines := range []string{all.String(), first[0], first[1]} {
				config, diags := tree.Resolve(overlay(t, "o.hcl", lines))
				exercise(t, config, diags)
			}
		})
	}
}
