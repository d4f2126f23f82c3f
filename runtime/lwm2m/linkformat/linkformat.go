// Package linkformat writes and reads the CoRE link-format (RFC 6690): what Register, Update and Discover carry, and the value of a Corelnk
// resource.
package linkformat

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Link is one target and what is said of it.
type Link struct {
	Target     string // what stands between < and >: visible ASCII
	Attributes []Attribute
}

// Attribute is one ;name=value behind a link. Without a value, and not Quoted, it is the name alone, as obs.
type Attribute struct {
	Name   string
	Value  string // as it is meant: neither quotes nor escapes
	Quoted bool   // Value is written in quotes, and may hold anything but control characters
}

// Limits of what Parse takes.
const (
	MaxLinks      = 4096 // links of one text
	MaxAttributes = 32   // attributes of one link
)

// Get gives the value of the first attribute of the name.
func (l Link) Get(name string) (value string, found bool) {
	for _, a := range l.Attributes {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// Append adds links to dst, separated by commas. What cannot be written is an error, and dst comes back as it was.
func Append(dst []byte, links ...Link) ([]byte, error) {
	start := len(dst)
	for i, link := range links {
		if err := check(link); err != nil {
			return dst[:start], errorf("link %d: %w", i+1, err)
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '<')
		dst = append(dst, link.Target...)
		dst = append(dst, '>')
		for _, a := range link.Attributes {
			dst = append(dst, ';')
			dst = append(dst, a.Name...)
			if a.Quoted {
				dst = appendQuoted(append(dst, '='), a.Value)
			} else if a.Value != "" {
				dst = append(append(dst, '='), a.Value...)
			}
		}
	}
	return dst, nil
}

func appendQuoted(dst []byte, value string) []byte {
	dst = append(dst, '"')
	for i := range len(value) {
		if value[i] == '"' || value[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, value[i])
	}
	return append(dst, '"')
}

func check(link Link) error {
	if n := span(link.Target, isTarget); n < len(link.Target) {
		return errorf("target %q: byte %d cannot stand in a link", link.Target, n)
	}
	for _, a := range link.Attributes {
		if nameLength(a.Name) != len(a.Name) || a.Name == "" {
			return errorf("%q is not the name of an attribute", a.Name)
		}
		if a.Quoted {
			if n := span(a.Value, isQuotable); n < len(a.Value) || !utf8.ValidString(a.Value) {
				return errorf("attribute %s: %q has a control character or is not UTF-8", a.Name, a.Value)
			}
		} else if n := span(a.Value, isToken); n < len(a.Value) {
			return errorf("attribute %s: %q has to be quoted", a.Name, a.Value)
		}
	}
	return nil
}

// Parse reads a text of links, strictly: no blanks between the parts (RFC 6690, 2), no empty links. An empty text has none. The links hold
// parts of text.
func Parse(text string) ([]Link, error) {
	if text == "" {
		return nil, nil
	}
	var links []Link
	for at := 0; ; at++ { // over the comma
		link, next, err := parseLink(text, at)
		if err != nil {
			return nil, err
		}
		if len(links) == MaxLinks {
			return nil, errorf("link-format: more than %d links", MaxLinks)
		}
		links = append(links, link)
		if next == len(text) {
			return links, nil
		}
		if text[next] != ',' {
			return nil, errorf("link-format: byte %d: %q where a comma, a semicolon or the end was expected", next, text[next])
		}
		at = next
	}
}

func parseLink(text string, at int) (link Link, next int, err error) {
	if at == len(text) || text[at] != '<' {
		return Link{}, 0, errorf("link-format: byte %d: a link begins with <", at)
	}
	at++
	n := span(text[at:], isTarget)
	link.Target = text[at : at+n]
	at += n
	if at == len(text) || text[at] != '>' {
		return Link{}, 0, errorf("link-format: byte %d: > was expected behind the target", at)
	}
	at++
	for at < len(text) && text[at] == ';' {
		var a Attribute
		if a, at, err = parseAttribute(text, at+1); err != nil {
			return Link{}, 0, err
		}
		if len(link.Attributes) == MaxAttributes {
			return Link{}, 0, errorf("link-format: <%s> has more than %d attributes", link.Target, MaxAttributes)
		}
		link.Attributes = append(link.Attributes, a)
	}
	return link, at, nil
}

func parseAttribute(text string, at int) (a Attribute, next int, err error) {
	n := nameLength(text[at:])
	if n == 0 {
		return a, 0, errorf("link-format: byte %d: the name of an attribute was expected", at)
	}
	a.Name = text[at : at+n]
	at += n
	if at == len(text) || text[at] != '=' {
		return a, at, nil
	}
	at++
	if at < len(text) && text[at] == '"' {
		a.Quoted = true
		a.Value, at, err = parseQuoted(text, at+1)
		return a, at, err
	}
	n = span(text[at:], isToken)
	if n == 0 {
		return a, 0, errorf("link-format: byte %d: attribute %s has = but no value", at, a.Name)
	}
	a.Value = text[at : at+n]
	return a, at + n, nil
}

// parseQuoted reads from behind the opening quote to behind the closing one.
func parseQuoted(text string, at int) (value string, next int, err error) {
	end, escaped := at, false
	for ; ; end++ {
		if end == len(text) {
			return "", 0, errorf("link-format: byte %d: the closing quote is missing", end)
		}
		if text[end] == '\\' {
			escaped = true
			end++
			if end == len(text) {
				return "", 0, errorf("link-format: byte %d: the closing quote is missing", end)
			}
		} else if text[end] == '"' {
			break
		}
		if !isQuotable(text[end]) {
			return "", 0, errorf("link-format: byte %d: control characters cannot be quoted", end)
		}
	}
	value = text[at:end]
	if escaped {
		value = unescape(value)
	}
	if !utf8.ValidString(value) {
		return "", 0, errorf("link-format: byte %d: the quoted value is not UTF-8", at)
	}
	return value, end + 1, nil
}

func unescape(quoted string) string {
	var plain strings.Builder
	plain.Grow(len(quoted))
	for i := 0; i < len(quoted); i++ {
		if quoted[i] == '\\' {
			i++ // parseQuoted saw a byte behind each
		}
		plain.WriteByte(quoted[i])
	}
	return plain.String()
}

// span counts the bytes from the beginning of which is holds.
func span(text string, is func(byte) bool) int {
	for i := range len(text) {
		if !is(text[i]) {
			return i
		}
	}
	return len(text)
}

// nameLength is that of the attribute's name with which text begins; an asterisk can only be its last (RFC 5987).
func nameLength(text string) int {
	n := span(text, isName)
	if n > 0 && n < len(text) && text[n] == '*' {
		n++
	}
	return n
}

func isVisible(b byte) bool { return b > ' ' && b < 0x7f }

func isTarget(b byte) bool { return isVisible(b) && b != '<' && b != '>' && b != '"' }

func isQuotable(b byte) bool { return b >= ' ' && b != 0x7f }

func isToken(b byte) bool { return isVisible(b) && b != '"' && b != ',' && b != ';' && b != '\\' }

func isName(b byte) bool {
	switch {
	case b >= '0' && b <= '9', b >= 'A' && b <= 'Z', b >= 'a' && b <= 'z':
		return true
	}
	return strings.IndexByte("!#$&+-.^_`|~", b) >= 0
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
