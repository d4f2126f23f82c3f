package fragment

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/cloudgen/cloudgen/kconfig"
)

// sdk is the origin of options that fragments may have.
const sdk = "sdk"

// FromLayers writes layers, each of them parsed without errors, as one fragment for the SDK. What a later layer replaces, and options that
// the SDK does not have, stay as comments; the notes name the latter. The text is nil where there are errors among the diagnostics.
func FromLayers(tree *kconfig.Tree, layers []*kconfig.Layer) (text []byte, notes []string, diags kconfig.Diagnostics) {
	readings, diags := read(tree, layers)
	if diags.HasErrors() {
		return nil, nil, diags
	}
	b := bytes.NewBuffer([]byte{}) // an empty text is not nil
	for i, layer := range layers {
		last := 0 // line that is written
		for _, p := range parts(layer, readings[i]) {
			if last > 0 && p.first > last+1 || last == 0 && b.Len() > 0 {
				b.WriteByte('\n')
			}
			last = p.last
			if p.reading == nil {
				writeComment(b, p.comment)
				continue
			}
			b.WriteString(p.reading.fragmentLine(layer) + "\n")
			if o := p.reading.option; o != nil && o.Origin != sdk && p.reading.fate == taken {
				notes = append(notes, fmt.Sprintf("%s is an option of %s's own: it stays out of the fragment", o.Name, o.Origin))
			}
		}
	}
	return b.Bytes(), notes, diags
}

// part is a comment or an assignment of a layer, with its lines.
type part struct {
	first, last int
	comment     string
	reading     *reading
}

// parts gives the comments and assignments of a layer in their order; a comment inside of an assignment or behind it comes before it.
func parts(layer *kconfig.Layer, readings []reading) []part {
	var found []part
	for i := range readings {
		r := &readings[i]
		found = append(found, part{first: r.Range.Start.Line, last: r.Range.End.Line, reading: r})
	}
	switch {
	case layer.IsFlags():
		return found
	case layer.IsFragment():
		found = append(found, fragmentComments(layer.Source, readings)...)
	default:
		found = append(found, overlayComments(layer, readings)...)
	}
	slices.SortStableFunc(found, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.first, b.first), isAssignment(a)-isAssignment(b))
	})
	return found
}

func isAssignment(p part) int {
	if p.reading != nil {
		return 1
	}
	return 0
}

func fragmentComments(source []byte, readings []reading) []part {
	assigns := map[int]bool{}
	for _, r := range readings {
		assigns[r.Range.Start.Line] = true
	}
	var found []part
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(source), "\ufeff")) {
		number++
		if text := plain(line); strings.HasPrefix(text, "#") && !assigns[number] {
			found = append(found, part{first: number, last: number, comment: text})
		}
	}
	return found
}

func overlayComments(layer *kconfig.Layer, readings []reading) []part {
	tokens, _ := hclsyntax.LexConfig(layer.Source, layer.Name, hcl.InitialPos) // it was parsed before
	var found []part
	for _, token := range tokens {
		if token.Type != hclsyntax.TokenComment {
			continue
		}
		text := strings.TrimRight(string(token.Bytes), "\r\n")
		p := part{first: token.Range.Start.Line, last: token.Range.Start.Line + strings.Count(text, "\n"), comment: text}
		for _, r := range readings {
			if r.Range.Start.Line <= p.first && p.first <= r.Range.End.Line {
				p.first, p.last = r.Range.Start.Line, r.Range.Start.Line
			}
		}
		found = append(found, p)
	}
	return found
}

// writeComment writes a comment of any kind as lines that begin with #. None of them may read as "# CONFIG_X is not set".
func writeComment(b *bytes.Buffer, text string) {
	if inner, isBlock := strings.CutPrefix(text, "/*"); isBlock {
		text = strings.TrimSuffix(inner, "*/")
		for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
			writeCommentLine(b, strings.TrimPrefix(strings.TrimSpace(line), "* "))
		}
		return
	}
	text = strings.TrimPrefix(text, "//")
	writeCommentLine(b, strings.TrimPrefix(text, "#"))
}

func writeCommentLine(b *bytes.Buffer, text string) {
	text = strings.TrimRight(strings.ReplaceAll(text, "\r", " "), " \t")
	switch {
	case text == "" || text[0] == '#':
		fmt.Fprintf(b, "#%s\n", text)
	case unset.MatchString(text):
		fmt.Fprintf(b, "# (comment) %s\n", strings.TrimSpace(text))
	case text[0] == ' ' || text[0] == '\t':
		fmt.Fprintf(b, "#%s\n", text)
	default:
		fmt.Fprintf(b, "# %s\n", text)
	}
}

// unset is the text of a comment that a fragment's reader takes for an assignment.
var unset = regexp.MustCompile(`^\s*CONFIG_\w+ is not set\s*$`)

// fragmentLine writes an assignment for the SDK.
func (r *reading) fragmentLine(layer *kconfig.Layer) string {
	switch {
	case r.fate == omitted:
		return r.asWritten(layer)
	case r.fate == again:
		return "# " + r.option.FragmentLine(r.text) + " (assigned again below)"
	case r.option.Origin != sdk:
		return "# " + r.option.FragmentLine(r.text) + " (an option of " + r.option.Origin + "'s own)"
	}
	return r.option.FragmentLine(r.text)
}

// hexText is how overlays write hex values, in quotation marks.
var hexText = regexp.MustCompile(`^0[xX][0-9a-fA-F]+$`)

// asWritten writes an assignment of an option whose type only the SDK knows.
func (r *reading) asWritten(layer *kconfig.Layer) string {
	source := layer.Source
	text := string(source[min(r.Range.Start.Byte, len(source)):min(r.Range.End.Byte, len(source))])
	if layer.IsFragment() {
		return strings.TrimSpace(text)
	}
	_, written, _ := strings.Cut(text, "=")
	quoted := strings.HasPrefix(strings.TrimSpace(written), `"`) && !layer.IsFlags()
	if !quoted || hexText.MatchString(r.Value) {
		return "CONFIG_" + r.Name + "=" + r.Value
	}
	return (&kconfig.Option{Name: r.Name, Type: kconfig.String}).FragmentLine(r.Value)
}
