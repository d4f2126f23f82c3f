package format

import (
	"errors"
	"fmt"
	"strings"
)

// Attribute is one attribute of a link; Value is "" where it has none.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// CoreLinkItem is one link of a link-format document (RFC 6690): a line of Register or Discover.
type CoreLinkItem struct {
	Target     string      `json:"target"`
	Attributes []Attribute `json:"attributes,omitempty"`
}

// Attribute gives the value of an attribute.
func (l CoreLinkItem) Attribute(name string) (string, bool) {
	for _, a := range l.Attributes {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// mostLinks bounds a document.
const mostLinks = 1 << 14

// ParseLinks reads a link-format document. A document that starts with attributes outside a link, as Bootstrap-Discover of LwM2M 1.0 does, gives
// them in a link with the target "".
func ParseLinks(payload []byte) ([]CoreLinkItem, error) {
	links := []CoreLinkItem{}
	rest := string(payload)
	for rest != "" {
		if len(links) == mostLinks {
			return nil, fmt.Errorf("more than %d links", mostLinks)
		}
		var link CoreLinkItem
		if strings.HasPrefix(rest, "<") {
			target, after, ok := strings.Cut(rest[1:], ">")
			if !ok {
				return nil, fmt.Errorf("the target %q has no > (RFC 6690 section 2)", rest)
			}
			link.Target, rest = target, after
		} else if len(links) == 0 && strings.HasPrefix(rest, "lwm2m=") {
			rest = ";" + rest
		} else {
			return nil, fmt.Errorf("%q is no link: it begins with < (RFC 6690 section 2)", rest)
		}
		for strings.HasPrefix(rest, ";") {
			var attribute Attribute
			var err error
			attribute, rest, err = nextAttribute(rest[1:])
			if err != nil {
				return nil, err
			}
			link.Attributes = append(link.Attributes, attribute)
		}
		links = append(links, link)
		if rest == "" {
			break
		}
		after, ok := strings.CutPrefix(rest, ",")
		if !ok || after == "" {
			return nil, fmt.Errorf("%q after a link: a comma and a further link belong there (RFC 6690 section 2)", rest)
		}
		rest = strings.TrimLeft(after, " ")
	}
	return links, nil
}

func nextAttribute(text string) (Attribute, string, error) {
	end := strings.IndexAny(text, "=;,")
	if end < 0 {
		end = len(text)
	}
	attribute := Attribute{Name: text[:end]}
	rest := text[end:]
	if attribute.Name == "" || strings.ContainsAny(attribute.Name, " \"<>") {
		return attribute, "", fmt.Errorf("%q is no name of an attribute (RFC 6690 section 2)", attribute.Name)
	}
	value, ok := strings.CutPrefix(rest, "=")
	if !ok {
		return attribute, rest, nil
	}
	if !strings.HasPrefix(value, `"`) {
		end = strings.IndexAny(value, ";,")
		if end < 0 {
			end = len(value)
		}
		attribute.Value = value[:end]
		if strings.ContainsAny(attribute.Value, `"`) {
			return attribute, "", fmt.Errorf("a quote inside %q", attribute.Value)
		}
		return attribute, value[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
			if i < len(value) {
				b.WriteByte(value[i])
			}
		case '"':
			attribute.Value = b.String()
			return attribute, value[i+1:], nil
		default:
			b.WriteByte(value[i])
		}
	}
	return attribute, "", errors.New("a quoted value has no end (RFC 6690 section 2)")
}
