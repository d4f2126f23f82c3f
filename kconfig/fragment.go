package kconfig

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// parseFragment reads a Kconfig fragment: lines CONFIG_NAME=value and
// "# CONFIG_NAME is not set", blank lines and comments.
func parseFragment(layer *Layer) Diagnostics {
	var diags Diagnostics
	if d := checkText(layer.Name, layer.Source); d != nil {
		return Diagnostics{*d}
	}
	offset, number := 0, 0
	source := bytes.TrimPrefix(layer.Source, []byte("\xef\xbb\xbf"))
	offset = len(layer.Source) - len(source)
	complaints := 0
	for line := range bytes.Lines(source) {
		number++
		text := string(bytes.TrimRight(line, "\r\n"))
		f := fragmentLine{layer: layer, text: text, offset: offset, number: number}
		offset += len(line)
		a, d := f.parse()
		switch {
		case d != nil && complaints < maxSyntaxErrors:
			complaints++
			diags = append(diags, *d)
		case a != nil:
			layer.Assignments = append(layer.Assignments, *a)
		}
	}
	diags = append(diags, layer.repeated(CodeRepeatedInConf)...)
	diags.Sort()
	return diags
}

// fragmentLine is one line of a fragment without its end.
type fragmentLine struct {
	layer  *Layer
	text   string
	offset int // in the file, bytes
	number int // from 1
}

func (f *fragmentLine) at(from, to int) hcl.Range {
	position := func(i int) hcl.Pos {
		return hcl.Pos{Line: f.number, Column: utf8.RuneCountInString(f.text[:i]) + 1, Byte: f.offset + i}
	}
	return hcl.Range{Filename: f.layer.Name, Start: position(from), End: position(to)}
}

// parse gives the assignment of the line, a complaint, or neither for blank lines and comments.
func (f *fragmentLine) parse() (*Assignment, *Diagnostic) {
	text := strings.TrimRight(f.text, " \t")
	body := strings.TrimLeft(text, " \t")
	indent := len(text) - len(body)
	if body == "" {
		return nil, nil
	}
	if body[0] == '#' {
		return f.unset(indent, body), nil
	}
	equals := strings.IndexByte(body, '=')
	name, ok := strings.CutPrefix(body[:max(equals, 0)], prefix)
	if equals < 0 || !ok || !isFragmentNameText(name) {
		at := f.at(indent, len(text))
		d := &Diagnostic{Code: CodeSyntax, Summary: "this line is not CONFIG_NAME=value", Subject: &at,
			Detail: "A fragment has one assignment a line; comments begin with #."}
		if _, _, ok := strings.Cut(body, "="); ok {
			d.Fix = "write CONFIG_NAME=value, with the prefix CONFIG_ and without blanks around the = sign"
		}
		return nil, d
	}
	value := body[equals+1:]
	a := &Assignment{
		Name: name, Value: value, Layer: f.layer.Name, kind: rawLiteral, fragment: true,
		Range: f.at(indent, len(text)), nameRange: f.at(indent, indent+equals), valueRange: f.at(indent+equals+1, len(text)),
	}
	if strings.HasPrefix(value, `"`) {
		unquoted, ok := unquoteFragment(value)
		if !ok {
			at := a.valueRange
			return nil, &Diagnostic{Code: CodeSyntax, Summary: "this string is not closed, or text follows it", Subject: &at,
				Detail: `A string ends at the next ", and \ stands before a " or \ that belongs to it.`}
		}
		a.Value, a.kind = unquoted, stringLiteral
	}
	return a, nil
}

// unset reads "# CONFIG_NAME is not set"; any other comment gives nil.
func (f *fragmentLine) unset(indent int, body string) *Assignment {
	name, ok := strings.CutPrefix(body, "# "+prefix)
	if !ok {
		return nil
	}
	name, ok = strings.CutSuffix(name, " is not set")
	if !ok || !isFragmentNameText(name) {
		return nil
	}
	at := f.at(indent, indent+len(body))
	begin := indent + len("# ")
	return &Assignment{
		Name: name, Value: "n", Layer: f.layer.Name, kind: unsetLine, fragment: true,
		Range: at, nameRange: f.at(begin, begin+len(prefix)+len(name)), valueRange: at,
	}
}

func isFragmentNameText(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// unquoteFragment reads a string in quotation marks as .config files have it: \
// takes the next character as it is.
func unquoteFragment(text string) (string, bool) {
	if len(text) < 2 || text[0] != '"' {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), i == len(text)-1
		case '\\':
			i++
			if i == len(text) {
				return "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", false
}
