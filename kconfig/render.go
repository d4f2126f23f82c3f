package kconfig

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// Sources maps the file name of a range to the file's text, for snippets. A
// file that is missing is shown by its place alone.
type Sources map[string][]byte

// longestSnippet bounds the width of a quoted source line, in characters. The
// part around the range is shown.
const longestSnippet = 160

// WriteText prints the findings as a person reads them: place, severity, code and
// summary, the line with carets below the range, the reason, other places, the fix.
func (d Diagnostics) WriteText(w io.Writer, sources Sources) error {
	var b bytes.Buffer
	for i := range d {
		if i > 0 {
			b.WriteByte('\n')
		}
		d[i].writeText(&b, sources)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (d *Diagnostic) writeText(b *bytes.Buffer, sources Sources) {
	if d.Subject != nil {
		fmt.Fprintf(b, "%s: ", place(*d.Subject))
	}
	fmt.Fprintf(b, "%s[%s]: %s\n", d.Severity, d.Code, printable(d.Summary))
	if d.Subject != nil {
		writeSnippet(b, *d.Subject, sources)
	}
	if d.Detail != "" {
		for line := range strings.SplitSeq(d.Detail, "\n") {
			fmt.Fprintf(b, "  %s\n", printable(line))
		}
	}
	for _, related := range d.Related {
		fmt.Fprintf(b, "  %s: %s\n", place(related.Range), printable(related.Message))
		writeSnippet(b, related.Range, sources)
	}
	if d.Fix != "" {
		for i, line := range strings.Split(d.Fix, "\n") {
			lead := "  fix: "
			if i > 0 {
				lead = "       "
			}
			fmt.Fprintf(b, "%s%s\n", lead, printable(line))
		}
	}
}

func writeSnippet(b *bytes.Buffer, r hcl.Range, sources Sources) {
	source, ok := sources[r.Filename]
	if !ok || r.Start.Byte < 0 || r.Start.Byte > len(source) || r.Start.Line == 0 {
		return
	}
	start := bytes.LastIndexByte(source[:r.Start.Byte], '\n') + 1
	end := len(source)
	if i := bytes.IndexByte(source[r.Start.Byte:], '\n'); i >= 0 {
		end = r.Start.Byte + i
	}
	stop := min(max(r.End.Byte, r.Start.Byte), end)

	before, marked, after := source[start:r.Start.Byte], source[r.Start.Byte:stop], source[stop:end]
	before = bytes.TrimPrefix(before, []byte("\xef\xbb\xbf"))
	lead, tail := "", ""
	if n := utf8.RuneCount(before); n > longestSnippet/2 {
		before, lead = dropRunes(before, n-longestSnippet/2), "…"
	}
	if utf8.RuneCount(marked) > longestSnippet {
		marked, after, tail = takeRunes(marked, longestSnippet), nil, "…"
	} else if room := longestSnippet - utf8.RuneCount(before) - utf8.RuneCount(marked); utf8.RuneCount(after) > max(room, 0) {
		after, tail = takeRunes(after, max(room, 0)), "…"
	}
	left := lead + showLine(before)
	middle := showLine(marked)
	line := strings.TrimRight(left+middle+showLine(after)+tail, " ")
	number := fmt.Sprint(r.Start.Line)
	fmt.Fprintf(b, "  %s | %s\n", number, line)
	carets := max(1, utf8.RuneCountInString(middle))
	fmt.Fprintf(b, "  %s | %s%s\n", strings.Repeat(" ", len(number)),
		strings.Repeat(" ", utf8.RuneCountInString(left)), strings.Repeat("^", carets))
}

func dropRunes(text []byte, n int) []byte {
	for ; n > 0 && len(text) > 0; n-- {
		_, size := utf8.DecodeRune(text)
		text = text[size:]
	}
	return text
}

func takeRunes(text []byte, n int) []byte {
	return text[:len(text)-len(dropRunes(text, n))]
}

// showLine makes source text safe for a terminal: a tab becomes two blanks, anything
// that is not printable a replacement mark.
func showLine(text []byte) string {
	return printable(strings.ReplaceAll(strings.TrimSuffix(string(text), "\r"), "\t", "  "))
}

// printable replaces what could confuse a terminal or a reader.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}
