package shell

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// word is a part of a line.
type word struct {
	text  string // without quotes
	start int    // where it begins in the line
}

// split cuts a line at its blanks. Quotes, single or double, keep blanks together and may stand anywhere in a word; a backslash takes the next
// character as it is, except in single quotes.
func split(line string) ([]word, error) {
	var words []word
	var text strings.Builder
	in, quote, start := false, byte(0), 0
	for i := 0; i < len(line); i++ {
		c := line[i]
		blank := c == ' ' || c == '\t'
		if !in && !blank {
			in, start = true, i
		}
		switch {
		case c == '\\' && quote != '\'':
			if i++; i == len(line) {
				return nil, fmt.Errorf("%w: nothing stands behind the backslash at the end", EINVAL)
			}
			text.WriteByte(line[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			text.WriteByte(c)
		case c == '"' || c == '\'':
			quote = c
		case !blank:
			text.WriteByte(c)
		case in:
			words = append(words, word{text.String(), start})
			text.Reset()
			in = false
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("%w: a quote is not closed", EINVAL)
	}
	if in {
		words = append(words, word{text.String(), start})
	}
	return words, nil
}

// printable gives a text as it can stand in one line: as it is, or quoted if it has control characters, is no UTF-8, or begins with a quote.
func printable(text string) string {
	odd := func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, odd) || strings.HasPrefix(text, `"`) {
		return quoted(text)
	}
	return text
}

func quoted(text string) string { return strconv.Quote(text) }
