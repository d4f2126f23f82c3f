package kconfig

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// finding is one case of the table: inputs that lead to one finding with one code, whose
// range is what stands between « and ».
type finding struct {
	name  string
	code  Code
	tree  string // Kconfig.hcl
	other string // other.hcl, for trees of two files
	hcl   string // overlay.hcl
	later string // later.hcl, a layer after it
	conf  string // fragment.conf
	set   []string
	also  []Code // findings that cannot be avoided
}

var findings = []finding{
	// Files.
	{name: "sourced file is missing its folder", code: CodeSource, tree: `source «"none/*.hcl"» {}`},
	{name: "path leaves the tree", code: CodeSource, tree: `source «"../x.hcl"» {}`},
	{name: "path is no pattern", code: CodeSource, tree: `source «"[.hcl"» {}`},
	{name: "file sources itself", code: CodeSource, tree: `source «"Kconfig.hcl"» {}`},
	{name: "file sourced twice", code: CodeSource, tree: "source \"other.hcl\" {}\nsource «\"other.hcl\"» {}", other: "# empty"},
	{name: "sourced thing is a folder", code: CodeUnreadable, tree: `source «"folder*"» {}`},
	{name: "brackets too deep", code: CodeTooDeep, hcl: "X = " + strings.Repeat("[", MaxNesting) + "«[»" + strings.Repeat("]", MaxNesting+1)},
	{name: "prefix operators too deep", code: CodeTooDeep, hcl: "X = " + strings.Repeat("!", MaxNesting) + "«!»y"},
	{name: "too large", code: CodeTooLarge, hcl: "«»" + strings.Repeat("# a comment\n", MaxFileSize/12+1)},
	{name: "too large fragment", code: CodeTooLarge, conf: "«»" + strings.Repeat("# a comment\n", MaxFileSize/12+1)},
	{name: "string of many lines", code: CodeTooLarge, hcl: "X = <<E\n" + strings.Repeat("a\n", 1000) + "«b»\nE\n"},
	{name: "not HCL", code: CodeSyntax, hcl: "X y«\n»"},
	{name: "unclosed comment", code: CodeSyntax, hcl: "X = y\n«/*» [[[\n"},
	{name: "bracket without a partner", code: CodeSyntax, hcl: "X = y\n«]»\n"},
	{name: "brackets crossed", code: CodeSyntax, hcl: "X = [(«]»)\n"},
	{name: "conditional operator", code: CodeSyntax, hcl: "X = y «?» 1 : 2\n"},
	{name: "splat", code: CodeSyntax, hcl: "X = Y[«*»]\n"},
	{name: "block in an overlay", code: CodeSyntax, hcl: "«option» \"X\" {}\n"},
	{name: "value that is none", code: CodeSyntax, hcl: "X = «[1]»\n"},
	{name: "fraction", code: CodeSyntax, hcl: "X = «1.5»\n"},
	{name: "number of more than 64 bits", code: CodeSyntax, hcl: "X = «9223372036854775808»\n"},
	{name: "malformed fragment line", code: CodeSyntax, conf: "«CONFIG_X = y»\n"},
	{name: "unclosed string in a fragment", code: CodeSyntax, conf: "CONFIG_X=«\"abc»\n"},
	{name: "text after a string in a fragment", code: CodeSyntax, conf: "CONFIG_X=«\"abc\" # why»\n"},
	{name: "-set without a value", code: CodeSyntax, set: []string{"«X»"}},
	{name: "NUL", code: CodeNotText, hcl: "X = \"«\x00»\"\n"},
	{name: "not UTF-8", code: CodeNotText, hcl: "X = \"ä«\xff»\"\n"},
	{name: "not UTF-8 in a fragment", code: CodeNotText, conf: "CONFIG_X=\"«\xff»\"\n"},
	{name: "interpolation", code: CodeInterpolation, hcl: "X = \"a«${»X}\"\n"},
	{name: "interpolation in a heredoc", code: CodeInterpolation, hcl: "X = <<A\na«%{»X}\nA\n"},
	{name: "assigned twice", code: CodeRepeated, tree: boolX, hcl: "X = y\n«X» = n\n"},
	{name: "assigned twice with prefix", code: CodeRepeated, tree: boolX, hcl: "X = y\n«CONFIG_X» = y\n"},
	{name: "assigned under two names", code: CodeRepeated, tree: boolX + "option \"OLD\" {\n renamed_to = X\n}\n", hcl: "X = y\n«OLD» = n\n", also: []Code{CodeRenamed}},
	{name: "-set twice", code: CodeRepeated, tree: boolX, set: []string{"X=y", "«X»=y"}},

	// Trees.
	{name: "unknown block", code: CodeUnknownProperty, tree: "«options» \"X\" {}"},
	{name: "unknown property", code: CodeUnknownProperty, tree: "option \"X\" {\n  type = bool\n  «defaults» = y\n}"},
	{name: "property at the top", code: CodeUnknownProperty, tree: "«x» = 1"},
	{name: "unknown property of a default", code: CodeUnknownProperty, tree: "option \"X\" {\n  type = bool\n  default {\n value = y\n «iff» = y\n}\n}"},
	{name: "type that is none", code: CodePropertyValue, tree: `option "X" {
  type = «tristate»
}`, also: []Code{CodeMissingProperty}},
	{name: "prompt that is no string", code: CodePropertyValue, tree: "option \"X\" {\n type = bool\n prompt = «5»\n}"},
	{name: "range of three", code: CodePropertyValue, tree: "option \"X\" {\n type = int\n range = «[1, 2, 3]»\n}"},
	{name: "function in an expression", code: CodePropertyValue, tree: "option \"X\" {\n type = bool\n depends_on = «max(1, 2)»\n}"},
	{name: "two labels", code: CodePropertyValue, tree: "option \"X\" «\"Y\"» {\n type = bool\n}"},
	{name: "no type", code: CodeMissingProperty, tree: "option «\"X\"» {\n}"},
	{name: "no label", code: CodeMissingProperty, tree: "«option» {\n type = bool\n}"},
	{name: "default without a value", code: CodeMissingProperty, tree: "option \"X\" {\n type = bool\n «default» {\n}\n}"},
	{name: "choice without a prompt", code: CodeMissingProperty, tree: "choice «\"C\"» {\n option \"X\" {\n type = bool\n prompt = \"X\"\n }\n}"},
	{name: "member without a prompt", code: CodeMissingProperty, tree: "choice \"C\" {\n prompt = \"C\"\n option «\"X\"» {\n type = bool\n }\n}"},
	{name: "types clash", code: CodeTypeClash, tree: "option \"X\" {\n type = bool\n}\noption \"X\" {\n type = «int»\n}"},
	{name: "types clash between files", code: CodeTypeClash, tree: "option \"X\" {\n type = bool\n}\nsource \"other.hcl\" {}", other: "option \"X\" {\n type = «int»\n}"},
	{name: "dependency on nothing", code: CodeUndefinedName, tree: "option \"X\" {\n type = bool\n depends_on = !«Y»\n}"},
	{name: "relation to nothing", code: CodeUndefinedName, tree: "option \"X\" {\n type = bool\n depends_on = «Y» == \"a\"\n}"},
	{name: "select of nothing", code: CodeUndefinedName, tree: "option \"X_FACTOR\" {\n type = bool\n select = [«X_FACTER»]\n}"},
	{name: "depends on itself", code: CodeLoop, tree: "option \"X\" {\n type = bool\n depends_on = «X»\n}"},
	{name: "loop of three", code: CodeLoop, tree: "option \"X\" {\n type = bool\n depends_on = «Y»\n}\noption \"Y\" {\n type = bool\n default = Z\n}\noption \"Z\" {\n type = bool\n}\noption \"W\" {\n type = bool\n default = X\n select = [Z]\n}"},
	{name: "loop through a choice", code: CodeLoop, tree: choiceC + "option \"Z\" {\n type = bool\n depends_on = A\n}\nchoice \"C\" {\n depends_on = y\n prompt_if = «Z»\n prompt = \"C\"\n}", also: []Code{}},
	{name: "int in a condition", code: CodeOperandType, tree: intN + "option \"X\" {\n type = bool\n depends_on = «N»\n}"},
	{name: "string in a condition", code: CodeOperandType, tree: "option \"X\" {\n type = bool\n default = «\"y\"»\n}"},
	{name: "bool compared with a number", code: CodeOperandType, tree: boolX + "option \"Z\" {\n type = bool\n depends_on = «X == 1»\n}"},
	{name: "int compared with text", code: CodeOperandType, tree: intN + "option \"X\" {\n type = bool\n depends_on = «N == \"many\"»\n}"},
	{name: "bool compared with an int", code: CodeOperandType, tree: intN + boolX + "option \"Z\" {\n type = bool\n depends_on = «N == X»\n}"},
	{name: "condition compared", code: CodeOperandType, tree: boolX + "option \"Z\" {\n type = bool\n depends_on = («X && X») == y\n}"},
	{name: "arithmetic with a bool", code: CodeOperandType, tree: intN + boolX + "constraint \"rule\" {\n condition = N < «X» + 1\n}"},
	{name: "default that does not fit", code: CodeDefault, tree: "option \"X\" {\n type = int\n default = «\"5\"»\n}"},
	{name: "hex default without quotation marks", code: CodeDefault, tree: "option \"X\" {\n type = hex\n default = «16»\n}"},
	{name: "default from another type", code: CodeDefault, tree: intN + "option \"X\" {\n type = hex\n default = «N»\n}"},
	{name: "expression as an int's default", code: CodeDefault, tree: intN + "option \"X\" {\n type = int\n default = «N == 5»\n}"},
	{name: "empty range", code: CodeDefault, tree: "option \"X\" {\n type = int\n range = «[5, 4]»\n}"},
	{name: "select by an int", code: CodeSelect, tree: boolX + "option \"Z\" {\n type = int\n select = [«X»]\n}"},
	{name: "select of an int", code: CodeSelect, tree: intN + "option \"Z\" {\n type = bool\n select «\"N\"» {\n if = Z == n\n}\n}"},
	{name: "imply of a member", code: CodeSelect, tree: choiceC + "option \"Z\" {\n type = bool\n imply = [«A»]\n}"},
	{name: "default that is no member", code: CodeChoice, tree: boolX + "choice \"C\" {\n prompt = \"C\"\n default = «X»\n option \"A\" {\n type = bool\n prompt = \"A\"\n }\n}"},
	{name: "member with a default", code: CodeChoice, tree: "choice \"C\" {\n prompt = \"C\"\n option \"A\" {\n type = bool\n prompt = \"A\"\n default = «y»\n }\n}"},
	{name: "member of two choices", code: CodeChoice, tree: choiceC + "choice \"D\" {\n prompt = \"D\"\n option «\"A\"» {\n type = bool\n prompt = \"A\"\n }\n}",
		also: []Code{CodeChoice, CodeChoice}},
	{name: "member that is an int", code: CodeChoice, tree: "choice \"C\" {\n prompt = \"C\"\n option «\"A\"» {\n type = int\n prompt = \"A\"\n }\n}"},
	{name: "choice of none", code: CodeChoice, tree: "choice «\"C\"» {\n prompt = \"C\"\n}"},
	{name: "member with a prompt outside", code: CodeChoice, tree: choiceC + "option «\"A\"» {\n prompt = \"A again\"\n}"},
	{name: "name with a dash", code: CodeName, tree: "option «\"A-B\"» {\n type = bool\n}"},
	{name: "name that is a keyword", code: CodeName, tree: "option «\"y\"» {\n type = bool\n}"},
	{name: "pattern that is none", code: CodePattern, tree: "option \"X\" {\n type = string\n pattern = «\"(\"»\n}"},
	{name: "renamed to nothing", code: CodeRename, tree: boolX + "option \"OLD\" {\n renamed_to = «Z»\n}"},
	{name: "renamed in a circle", code: CodeRename, tree: "option \"OLD\" {\n renamed_to = «OLD»\n}"},
	{name: "renamed and defined", code: CodeRename, tree: boolX + "option \"Z\" {\n type = bool\n}\noption «\"Z\"» {\n renamed_to = X\n}"},
	{name: "unit redefined", code: CodeRedefinition, tree: "option \"X\" {\n type = int\n unit = \"s\"\n}\noption \"X\" {\n unit = «\"ms\"»\n}"},
	{name: "prompt_if without a prompt", code: CodeMisplaced, tree: "option \"X\" {\n type = bool\n prompt_if = «y»\n}"},
	{name: "provision of what is no secret", code: CodeMisplaced, tree: intN + "option \"S\" {\n type = string\n «provision» {\n tag = N\n file = \"psk\"\n}\n}"},
	{name: "provision of a number", code: CodeMisplaced, tree: intN + "option \"M\" {\n type = int\n secret = true\n «provision» {\n tag = N\n file = \"psk\"\n}\n}"},
	{name: "tag that is no number", code: CodeOperandType, tree: "option \"S\" {\n type = string\n secret = true\n provision {\n tag = «S»\n file = \"psk\"\n}\n}"},
	{name: "tag that is not defined", code: CodeUndefinedName, tree: "option \"S\" {\n type = string\n secret = true\n provision {\n tag = «NONE»\n file = \"psk\"\n}\n}"},
	{name: "file with a folder", code: CodePropertyValue, tree: intN + "option \"S\" {\n type = string\n secret = true\n provision {\n tag = N\n file = «\"../psk\"»\n}\n}"},
	{name: "provision without a file", code: CodeMissingProperty, tree: intN + "option \"S\" {\n type = string\n secret = true\n «provision» {\n tag = N\n}\n}"},
	{name: "range of a string", code: CodeMisplaced, tree: "option \"X\" {\n type = string\n range = «[1, 2]»\n}"},
	{name: "required bool", code: CodeMisplaced, tree: "option \"X\" {\n type = bool\n required = «true»\n}"},
	{name: "menu in a choice", code: CodeMisplaced, tree: "choice \"C\" {\n prompt = \"C\"\n «menu» \"M\" {\n }\n option \"A\" {\n type = bool\n prompt = \"A\"\n }\n}"},
	{name: "component without a slot", code: CodeComponent, tree: "component «\"\"» {\n}"},

	// Assignments.
	{name: "unknown option", code: CodeUnknownOption, tree: "option \"CLOUD_CONNECT_RETRIES\" {\n type = int\n prompt = \"R\"\n}", hcl: "«CLOUD_CONECT_RETRIES» = 5\n"},
	{name: "unknown in a fragment", code: CodeUnknownOption, tree: boolX, conf: "«CONFIG_NOTHING_LIKE_IT»=y\n"},
	{name: "choice assigned", code: CodeUnknownOption, tree: choiceC, hcl: "«C» = \"A\"\n"},
	{name: "bool as a string", code: CodeWrongType, tree: boolX, hcl: "X = «\"y\"»\n"},
	{name: "bool as m", code: CodeWrongType, tree: boolX, hcl: "X = «m»\n"},
	{name: "int as a string", code: CodeWrongType, tree: intN, hcl: "N = «\"5\"»\n"},
	{name: "int as a word", code: CodeWrongType, tree: intN, set: []string{"N=«many»"}},
	{name: "string without quotation marks", code: CodeWrongType, tree: stringS, hcl: "S = «abc»\n"},
	{name: "string without quotation marks in a fragment", code: CodeWrongType, tree: stringS, conf: "CONFIG_S=«abc»\n"},
	{name: "string of two lines", code: CodeWrongType, tree: stringS, hcl: "S = «\"a\\nb\"»\n"},
	{name: "hex as a number", code: CodeWrongType, tree: hexH, hcl: "H = «4096»\n"},
	{name: "hex without 0x", code: CodeWrongType, tree: hexH, hcl: "H = «\"1000\"»\n"},
	{name: "hex in quotation marks in a fragment", code: CodeWrongType, tree: hexH, conf: "CONFIG_H=«\"0x1000\"»\n"},
	{name: "string is not set", code: CodeWrongType, tree: stringS, conf: "«# CONFIG_S is not set»\n"},
	{name: "out of range", code: CodeOutOfRange, tree: intN, hcl: "N = «14»\n"},
	{name: "below the range", code: CodeOutOfRange, tree: intN, hcl: "N = «-1»\n"},
	{name: "out of a range with an option", code: CodeOutOfRange, tree: intN + "option \"M\" {\n type = int\n prompt = \"M\"\n range = [0, N]\n}", hcl: "M = «11»\n"},
	{name: "pattern", code: CodePatternMismatch, tree: "option \"S\" {\n type = string\n prompt = \"S\"\n pattern = \"^[a-z]+$\"\n}", hcl: "S = «\"A\"»\n"},
	{name: "pattern of a default", code: CodePatternMismatch, tree: "option \"S\" {\n type = string\n prompt = \"S\"\n pattern = \"^[a-z]+$\"\n default = «\"A\"»\n}"},
	{name: "dependency off", code: CodeNoEffect, tree: boolX + "option \"Z\" {\n type = int\n prompt = \"Z\"\n depends_on = X\n}", hcl: "«Z» = 5\n"},
	{name: "menu's dependency off", code: CodeNoEffect, tree: boolX + stringS + "menu \"M\" {\n depends_on = X && S == \"a\"\n option \"Z\" {\n type = bool\n prompt = \"Z\"\n }\n}", hcl: "«Z» = y\n"},
	{name: "menu hidden", code: CodeNoEffect, tree: boolX + "menu \"M\" {\n visible_if = X\n option \"Z\" {\n type = bool\n prompt = \"Z\"\n }\n}", hcl: "«Z» = y\n"},
	{name: "prompt hidden", code: CodeNoEffect, tree: boolX + "option \"Z\" {\n type = bool\n prompt = \"Z\"\n prompt_if = !X || X == n\n }\n", hcl: "X = y\n«Z» = y\n"},
	{name: "either of two", code: CodeNoEffect, tree: boolX + intN + "option \"Z\" {\n type = bool\n prompt = \"Z\"\n depends_on = X || N > 11\n }\n", hcl: "«Z» = y\n"},
	{name: "choice off", code: CodeNoEffect, tree: boolX + "choice \"C\" {\n prompt = \"C\"\n depends_on = X\n option \"A\" {\n type = bool\n prompt = \"A\"\n }\n}", hcl: "«A» = y\n"},
	{name: "dependency of a dependency", code: CodeNoEffect, tree: boolX + "option \"Y\" {\n type = bool\n prompt = \"Y\"\n depends_on = X\n}\noption \"Z\" {\n type = bool\n prompt = \"Z\"\n depends_on = Y\n}", conf: "«CONFIG_Z»=y\n"},
	{name: "no prompt", code: CodeNoPrompt, tree: boolX + "option \"Z\" {\n type = bool\n}\noption \"W\" {\n type = bool\n prompt = \"W\"\n select = [Z]\n}", hcl: "«Z» = y\n"},
	{name: "selected", code: CodeSelected, tree: boolX + "option \"Z\" {\n type = bool\n prompt = \"Z\"\n select = [X]\n}", hcl: "«X» = n\nZ = y\n"},
	{name: "two members", code: CodeTwoMembers, tree: choiceC, hcl: "A = y\n«B» = y\n"},
	{name: "choice falls on it", code: CodeChoiceNeedsOne, tree: choiceC, hcl: "«A» = n\n"},
	{name: "planned", code: CodePlanned, tree: "option \"X\" {\n type = bool\n prompt = \"X\"\n planned = \"the moon\"\n}", hcl: "«X = y»\n"},
	{name: "required", code: CodeRequired, tree: "option \"S\" {\n type = string\n prompt = \"Host name\"\n required = true\n}\noption \"T\" {\n type = int\n prompt = \"Tag\"\n required = S == \"\"\n default = -1\n}", hcl: "S = \"\"\n"},
	{name: "required choice", code: CodeRequired, tree: "choice \"C\" {\n prompt = \"Service\"\n optional = true\n required = true\n option \"A\" {\n type = bool\n prompt = \"A\"\n }\n}"},
	{name: "constraint", code: CodeConstraint, tree: intN + "option \"M\" {\n type = int\n prompt = \"M\"\n default = 9\n}\nconstraint «\"M must be even, and below N by 2 at least\"» {\n condition = M % 2 == 0 && M <= N - 2\n}", hcl: "N = 8\n"},

	// Warnings and notes.
	{name: "old name", code: CodeRenamed, tree: stringS + "option \"OLD\" {\n renamed_to = S\n renamed_values = { y = \"x\" }\n}", hcl: "«OLD» = y\n"},
	{name: "select with unmet dependencies", code: CodeSelectUnmet, tree: boolX + "option \"Z\" {\n type = bool\n depends_on = X\n}\noption \"W\" {\n type = bool\n prompt = \"W\"\n default = y\n select = [«Z»]\n}"},
	{name: "assigned twice in a fragment", code: CodeRepeatedInConf, tree: boolX, conf: "CONFIG_X=y\n«CONFIG_X»=n\n"},
	{name: "caution", code: CodeCaution, tree: "option \"S\" {\n type = string\n prompt = \"S\"\n warning = \"a binary with it is for one device\"\n}", hcl: "«S» = \"a\"\n"},
	{name: "omitted", code: CodeOmitted, tree: "omitted \"Go has no heap pools\" {\n names = [\"HEAP_*\"]\n}", conf: "«CONFIG_HEAP_MEM_POOL_SIZE»=4096\n"},
	{name: "effect", code: CodeEffect, tree: "option \"X\" {\n type = int\n prompt = \"X\"\n effect = \"a goroutine's stack grows by itself\"\n}", hcl: "«X» = 5\n"},
}

const (
	boolX   = "option \"X\" {\n type = bool\n prompt = \"X\"\n}\n"
	intN    = "option \"N\" {\n type = int\n prompt = \"N\"\n range = [0, 13]\n default = 10\n}\n"
	hexH    = "option \"H\" {\n type = hex\n prompt = \"H\"\n}\n"
	stringS = "option \"S\" {\n type = string\n prompt = \"S\"\n}\n"
	choiceC = "choice \"C\" {\n prompt = \"C\"\n option \"A\" {\n type = bool\n prompt = \"A\"\n }\n option \"B\" {\n type = bool\n prompt = \"B\"\n }\n}\n"
)

// unmark takes « and » out of a text and gives what they enclose as a place.
func unmark(file, text string) (string, string) {
	before, rest, ok := strings.Cut(text, "«")
	if !ok {
		return text, ""
	}
	marked, after, _ := strings.Cut(rest, "»")
	plain := before + marked + after
	at := rangeAt(file, []byte(plain), len(before), len(marked))
	return plain, at.String()
}

// run resolves a case and gives everything found.
func (f *finding) run() (diags Diagnostics, sources Sources, wanted string) {
	files := fstest.MapFS{"folder": {Mode: fs.ModeDir}}
	sources = Sources{}
	text := func(file, text string) []byte {
		plain, at := unmark(file, text)
		if at != "" {
			wanted = at
		}
		return []byte(plain)
	}
	files["Kconfig.hcl"] = &fstest.MapFile{Data: text("Kconfig.hcl", f.tree)}
	if f.other != "" {
		files["other.hcl"] = &fstest.MapFile{Data: text("other.hcl", f.other)}
	}
	tree, diags := LoadTree(files, "Kconfig.hcl")
	maps.Copy(sources, tree.Sources())
	var layers []*Layer
	add := func(layer *Layer, found Diagnostics) {
		layers = append(layers, layer)
		diags = append(diags, found...)
	}
	if f.hcl != "" {
		add(ParseOverlay("overlay.hcl", text("overlay.hcl", f.hcl)))
	}
	if f.later != "" {
		add(ParseOverlay("later.hcl", text("later.hcl", f.later)))
	}
	if f.conf != "" {
		add(ParseOverlay("fragment.conf", text("fragment.conf", f.conf)))
	}
	if f.set != nil {
		arguments := slices.Clone(f.set)
		for i, argument := range arguments {
			plain, at := unmark("-set", argument)
			arguments[i] = plain
			if at != "" {
				begin := strings.Index(argument, "«")
				marked := strings.Index(argument, "»") - begin - len("«")
				wanted = fmt.Sprintf("-set:%d,%d-%d", i+1, begin+6, begin+6+marked)
			}
		}
		add(ParseSet(arguments))
	}
	config, found := tree.Resolve(layers...)
	if !diags.HasErrors() {
		diags = append(diags, found...)
	}
	maps.Copy(sources, config.Sources())
	diags.Sort()
	return diags, sources, wanted
}

func TestFindings(t *testing.T) {
	seen := map[Code]bool{}
	var golden strings.Builder
	for _, f := range findings {
		diags, sources, wanted := f.run()
		seen[f.code] = true
		var codes []Code
		at := ""
		for _, d := range diags {
			codes = append(codes, d.Code)
			if d.Code == f.code && d.Subject != nil && (at == "" || d.Subject.String() == wanted) {
				at = d.Subject.String()
			}
			if d.Severity != d.Code.Severity() {
				t.Errorf("%s: severity %s for %s", f.name, d.Severity, d.Code)
			}
		}
		slices.Sort(codes)
		want := append(slices.Clone(f.also), f.code)
		slices.Sort(want)
		if !slices.Equal(codes, want) {
			t.Errorf("%s: found %v, want %v\n%s", f.name, codes, want, render(t, diags, sources))
			continue
		}
		if at != wanted {
			t.Errorf("%s: the range is %s, want %s\n%s", f.name, at, wanted, render(t, diags, sources))
		}
		fmt.Fprintf(&golden, "## %s\n%s\n", f.name, render(t, diags, sources))
	}
	for _, code := range Codes() {
		if !seen[code] {
			t.Errorf("no case for %s: %s", code, code.Meaning())
		}
	}
	checkGolden(t, "findings.txt", golden.String())
}

// TestDocumentedFindings keeps docs/diagnostics.md: a section for each code, with an example that this test runs.
func TestDocumentedFindings(t *testing.T) {
	var page strings.Builder
	page.WriteString(`# Diagnostics

What cloudgen says about option trees, overlays and fragments, one section for each code. E is an error: nothing is generated. W is a
warning and N a note: they only inform. A code keeps its meaning for ever. The examples are checked by a test, which also writes this page
(` + "`go test ./kconfig -update`" + `).

An option's place in the examples is a small tree, Kconfig.hcl; with the shipped tree the same messages name its files.
`)
	for _, code := range Codes() {
		fmt.Fprintf(&page, "\n## %s\n\n%s%s.\n", code, strings.ToUpper(code.Meaning()[:1]), code.Meaning()[1:])
		i := slices.IndexFunc(findings, func(f finding) bool { return f.code == code })
		f := findings[i]
		for _, input := range []struct {
			file string
			text *string
		}{{"Kconfig.hcl", &f.tree}, {"other.hcl", &f.other}, {"overlay.hcl", &f.hcl}, {"fragment.conf", &f.conf}} {
			*input.text, _ = unmark("", *input.text)
			if *input.text == "" {
				continue
			}
			if strings.HasSuffix(input.file, ".hcl") && len(*input.text) < 1000 && code != CodeNotText {
				*input.text = indented(*input.text)
			}
			if shown := strings.TrimSpace(*input.text); len(shown) < 1000 && code != CodeNotText {
				fmt.Fprintf(&page, "\n`%s`:\n\n```\n%s\n```\n", input.file, shown)
			}
		}
		diags, sources, _ := f.run()
		if !slices.ContainsFunc(diags, func(d Diagnostic) bool { return d.Code == code }) {
			t.Errorf("the example for %s gives %v", code, diags)
		}
		fmt.Fprintf(&page, "\n```\n%s```\n", render(t, diags, sources))
	}
	checkGolden(t, "../../docs/diagnostics.md", page.String())
}

// indented sets each line in by the brackets that are open before it.
func indented(text string) string {
	var b strings.Builder
	depth := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		closes := 0
		if strings.HasPrefix(line, "}") {
			closes = 1
		}
		if line != "" {
			b.WriteString(strings.Repeat("  ", max(depth-closes, 0)))
		}
		b.WriteString(line + "\n")
		depth += strings.Count(line, "{") - strings.Count(line, "}")
	}
	return b.String()
}

// The examples of the language page load without a finding; overlays in it resolve on the trees before them.
func TestLanguagePage(t *testing.T) {
	page, err := os.ReadFile("../docs/kconfig-language.md")
	if err != nil {
		t.Fatal(err)
	}
	var tree *Tree
	examples := 0
	for i, part := range strings.Split(string(page), "\n```") {
		if i%2 == 0 {
			continue
		}
		kind, text, _ := strings.Cut(part, "\n")
		var diags Diagnostics
		var sources Sources
		switch kind {
		case "hcl tree":
			tree, diags = LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(text)}}, "Kconfig.hcl")
			sources = tree.Sources()
		case "hcl overlay", "conf":
			name := map[string]string{"hcl overlay": "overlay.hcl", "conf": "overlay.conf"}[kind]
			layer, found := ParseOverlay(name, []byte(text))
			config, more := tree.Resolve(layer)
			diags, sources = append(found, more...), config.Sources()
		default:
			continue
		}
		examples++
		diags = slices.DeleteFunc(diags, func(d Diagnostic) bool { return d.Severity == Note })
		if len(diags) > 0 {
			t.Errorf("an example of docs/kconfig-language.md:\n%s\n%s", text, render(t, diags, sources))
		}
	}
	if examples < 5 {
		t.Errorf("only %d examples found", examples)
	}
}

func render(t *testing.T, diags Diagnostics, sources Sources) string {
	t.Helper()
	var b strings.Builder
	if err := diags.WriteText(&b, sources); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range gotLines {
		if i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s differs at line %d:\n got: %s\nwant: %s\n(go test -update rewrites it)", file, i+1, gotLines[i], append(wantLines, make([]string, len(gotLines))...)[i])
		}
	}
	t.Fatalf("%s is longer than what came out", file)
}
