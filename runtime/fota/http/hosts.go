package http

import (
	"fmt"
	"strings"
)

// Hosts are patterns of host names. In a pattern * stands for any characters, also dots: *.example.com is for a.example.com and a.b.example.com, and
// not for example.com. Capital and small letters are the same.
type Hosts []string

// ParseHosts reads patterns with blanks or commas between them.
func ParseHosts(text string) (Hosts, error) {
	hosts := Hosts(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }))
	for _, each := range hosts {
		if !isHost(strings.ReplaceAll(each, "*", "x")) {
			return nil, fmt.Errorf("%q is no host name, and no pattern of them like *.example.com: scheme, port and path are left out", each)
		}
	}
	return hosts, nil
}

// Allows tells whether a host name fits one of the patterns.
func (h Hosts) Allows(host string) bool {
	for _, each := range h {
		if fits(strings.ToLower(each), strings.ToLower(host)) {
			return true
		}
	}
	return false
}

// fits goes through the pattern once: what is between two stars is looked for as early as possible.
func fits(pattern, host string) bool {
	first, rest, stars := strings.Cut(pattern, "*")
	if !stars {
		return pattern == host
	}
	host, begins := strings.CutPrefix(host, first)
	if !begins {
		return false
	}
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(host, part)
		}
		_, left, found := strings.Cut(host, part)
		if !found {
			return false
		}
		host, rest = left, after
	}
}
