package kconfig

import (
	"bytes"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// Limits of every input. hcl's parser recurses with the nesting of its input
// and overflows the stack at about 10⁵ levels, so they are checked before it
// sees the text.
const (
	MaxFileSize = 1 << 20 // bytes
	MaxNesting  = 64      // open brackets, or prefix operators in a row

	// maxPieces bounds the lines of a string, a $ or % counting as one: hcl's parser puts
	// a string together piece by piece and copies what it has each time.
	maxPieces = 1000
)

// prescan refuses text that hcl's parser must not see: too large, not UTF-8,
// nested too deep, with template sequences (our language has none) or with
// constructs that make the parser recurse without brackets. What it accepts has
// at most MaxNesting levels in hcl's reading. It reads text the way hcl's scanner does, so brackets in
// strings, heredocs and comments do not count.
func prescan(filename string, source []byte) *Diagnostic {
	if d := checkText(filename, source); d != nil {
		return d
	}
	s := scanner{filename: filename, source: source}
	return s.run()
}

// checkText holds for every format: size and encoding.
func checkText(filename string, source []byte) *Diagnostic {
	if len(source) > MaxFileSize {
		return &Diagnostic{
			Code:    CodeTooLarge,
			Summary: "this file is larger than 1 MiB",
			Detail:  "Option trees and overlays are small text files; this is probably another kind of file.",
			Subject: &hcl.Range{Filename: filename, Start: hcl.InitialPos, End: hcl.InitialPos},
		}
	}
	if i := bytes.IndexByte(source, 0); i >= 0 {
		return &Diagnostic{Code: CodeNotText, Summary: "this file contains a NUL byte", Fix: "save it as UTF-8 text",
			Subject: rangeAt(filename, source, i, 1)}
	}
	if !utf8.Valid(source) {
		at := 0
		for at < len(source) {
			r, size := utf8.DecodeRune(source[at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		return &Diagnostic{Code: CodeNotText, Summary: "this file is not UTF-8 text", Fix: "save it as UTF-8 text",
			Subject: rangeAt(filename, source, at, 1)}
	}
	return nil
}

// rangeAt makes a range of n bytes at a byte offset; columns count characters
// from 1.
func rangeAt(filename string, source []byte, offset, n int) *hcl.Range {
	start := positionAt(source, offset)
	end := positionAt(source, min(offset+n, len(source)))
	return &hcl.Range{Filename: filename, Start: start, End: end}
}

func positionAt(source []byte, offset int) hcl.Pos {
	line := bytes.Count(source[:offset], []byte{'\n'}) + 1
	begin := bytes.LastIndexByte(source[:offset], '\n') + 1
	text := bytes.TrimPrefix(source[begin:offset], []byte("\xef\xbb\xbf"))
	return hcl.Pos{Line: line, Column: utf8.RuneCount(text) + 1, Byte: offset}
}

// scanner walks over HCL text.
type scanner struct {
	filename string
	source   []byte
	at       int
	open     []int // offsets of the open brackets
	prefixes int   // prefix operators in a row
	pieces   int   // of the string that the scanner is in
	last     byte  // the last byte that is neither white space nor comment
}

func (s *scanner) fail(code Code, offset, n int, summary, detail string) *Diagnostic {
	return &Diagnostic{Code: code, Summary: summary, Detail: detail, Subject: rangeAt(s.filename, s.source, offset, n)}
}

func (s *scanner) run() *Diagnostic {
	for s.at < len(s.source) {
		c := s.source[s.at]
		prefixes := s.prefixes
		s.prefixes = 0
		switch c {
		case ' ', '\t', '\r', '\n':
			s.prefixes = prefixes
		case '#':
			s.prefixes = prefixes
			s.skipLine()
			continue
		case '/':
			if s.follows("//") {
				s.prefixes = prefixes
				s.skipLine()
				continue
			}
			if s.follows("/*") {
				end := bytes.Index(s.source[s.at+2:], []byte("*/"))
				if end < 0 {
					return s.fail(CodeSyntax, s.at, 2, "this comment is never closed", "It begins with /* and needs a */.")
				}
				s.prefixes = prefixes
				s.at += 2 + end + 2
				continue
			}
		case '"':
			if d := s.skipString(); d != nil {
				return d
			}
			s.last = c
			continue
		case '<':
			if s.follows("<<") {
				if d, skipped := s.skipHeredoc(); d != nil {
					return d
				} else if skipped {
					s.last = c
					continue
				}
			}
		case '(', '[', '{':
			if len(s.open) == MaxNesting {
				return s.fail(CodeTooDeep, s.at, 1, "brackets are nested deeper than 64", "No option tree or overlay needs that.")
			}
			s.open = append(s.open, s.at)
		case ')', ']', '}':
			if d := s.closeBracket(c); d != nil {
				return d
			}
		case '!', '-':
			s.prefixes = prefixes + 1
			if s.prefixes > MaxNesting {
				return s.fail(CodeTooDeep, s.at, 1, "more than 64 prefix operators in a row", "")
			}
		case '?':
			return s.fail(CodeSyntax, s.at, 1, "the language has no conditional operator", "Write several defaults with conditions instead.")
		case '*':
			if s.last == '[' || s.last == '.' {
				return s.fail(CodeSyntax, s.at, 1, "the language has no splat operator", "")
			}
		}
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			s.last = c
		}
		s.at++
	}
	return nil
}

func (s *scanner) follows(text string) bool {
	return bytes.HasPrefix(s.source[s.at:], []byte(text))
}

func (s *scanner) skipLine() {
	end := bytes.IndexByte(s.source[s.at:], '\n')
	if end < 0 {
		s.at = len(s.source)
		return
	}
	s.at += end
}

func (s *scanner) closeBracket(c byte) *Diagnostic {
	if len(s.open) == 0 {
		return s.fail(CodeSyntax, s.at, 1, "this "+string(c)+" closes nothing", "")
	}
	opener := s.open[len(s.open)-1]
	if pair := string(s.source[opener]) + string(c); pair != "()" && pair != "[]" && pair != "{}" {
		d := s.fail(CodeSyntax, s.at, 1, "this "+string(c)+" does not match the bracket before it", "")
		return d.relate(*rangeAt(s.filename, s.source, opener, 1), "the bracket that is open")
	}
	s.open = s.open[:len(s.open)-1]
	return nil
}

// skipString passes over a quoted string. A line break does not end it in hcl's
// scanner; hcl's parser complains about that later.
func (s *scanner) skipString() *Diagnostic {
	s.at++
	s.pieces = 0
	for s.at < len(s.source) {
		switch c := s.source[s.at]; c {
		case '\n':
			if d := s.piece(); d != nil {
				return d
			}
			s.at++
		case '"':
			s.at++
			return nil
		case '\\':
			s.at++
			if s.at < len(s.source) && s.source[s.at] != '\n' && s.source[s.at] != '\r' {
				_, size := utf8.DecodeRune(s.source[s.at:])
				s.at += size
			}
		case '$', '%':
			if d := s.templateSequence(c); d != nil {
				return d
			}
		default:
			s.at++
		}
	}
	return nil
}

// piece counts a part of a string.
func (s *scanner) piece() *Diagnostic {
	if s.pieces++; s.pieces <= maxPieces {
		return nil
	}
	return s.fail(CodeTooLarge, s.at, 1, "this string has more than 1000 lines", "Each $ and % counts as a line, too.")
}

// templateSequence stands on a $ or % in a string. "$${" is the escape of "${";
// anything else that ends in ${ would start an expression.
func (s *scanner) templateSequence(c byte) *Diagnostic {
	begin := s.at
	for s.at < len(s.source) && s.source[s.at] == c {
		if d := s.piece(); d != nil {
			return d
		}
		s.at++
	}
	run := s.at - begin
	if run != 2 && s.at < len(s.source) && s.source[s.at] == '{' {
		mark := string(c)
		d := s.fail(CodeInterpolation, s.at-1, 2, "strings have no "+mark+"{ sequences here", "Values are plain text; nothing is put into them.")
		d.Fix = "write " + mark + mark + "{ for the characters " + mark + "{"
		return d
	}
	return nil
}

// skipHeredoc passes over <<MARKER … MARKER, if that is what stands here.
func (s *scanner) skipHeredoc() (d *Diagnostic, skipped bool) {
	i := s.at + 2
	if i < len(s.source) && s.source[i] == '-' {
		i++
	}
	begin := i
	for i < len(s.source) && isMarkerByte(s.source[i], i > begin) {
		i++
	}
	marker := s.source[begin:i]
	if i < len(s.source) && s.source[i] >= utf8.RuneSelf {
		return s.fail(CodeSyntax, s.at, i-s.at, "the marker of a heredoc may hold only ASCII letters, digits, _ and -", ""), false
	}
	if i < len(s.source) && s.source[i] == '\r' {
		i++
	}
	if len(marker) == 0 || i >= len(s.source) || s.source[i] != '\n' {
		return nil, false
	}
	s.at = i + 1
	s.pieces = 0
	for s.at < len(s.source) {
		end := bytes.IndexByte(s.source[s.at:], '\n')
		if end < 0 {
			end = len(s.source)
		} else {
			end += s.at
		}
		if end < len(s.source) && bytes.Equal(bytes.TrimSpace(s.source[s.at:end]), marker) {
			s.at = end
			return nil, true
		}
		if d := s.piece(); d != nil {
			return d, false
		}
		for s.at < end {
			if c := s.source[s.at]; c == '$' || c == '%' {
				if d := s.templateSequence(c); d != nil {
					return d, false
				}
				continue
			}
			s.at++
		}
		if s.at < len(s.source) {
			s.at++
		}
	}
	return nil, true
}

func isMarkerByte(c byte, inside bool) bool {
	switch {
	case c == '_', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return true
	case c == '-', '0' <= c && c <= '9':
		return inside
	}
	return false
}
