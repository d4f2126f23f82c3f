package kconfig

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// named finds the name that a line begins with, in text that need not be well-formed.
// Its groups: CONFIG_ or -set, the name, blanks and =.
var named = regexp.MustCompile(`^(?:\xef\xbb\xbf)?[ \t]*(-set CONFIG_|-set |CONFIG_)?([A-Za-z_][A-Za-z0-9_]*)([ \t]+=)?`)

// Redact gives a layer's text with every value of a secret option, and of a name that
// is close to one, replaced by asterisks of the same length. Snippets are taken from it. As the
// text may be broken, it goes by lines: what follows a secret's name, up to the next
// line that assigns something else, is the secret.
func (t *Tree) Redact(layer *Layer) []byte {
	text := slices.Clone(layer.Source)
	secrets := t.secretNames()
	if len(secrets) == 0 {
		return text
	}
	hidden := map[string]bool{}
	inSecret := false
	at := 0
	for line := range bytes.Lines(layer.Source) {
		from := at
		at += len(line)
		if found := named.FindSubmatchIndex(line); found != nil {
			name := string(line[found[4]:found[5]])
			_, isOption := t.byName[name]
			// A line of base64 looks like a name and may end in =.
			if certain := isOption || found[2] >= 0 || found[6] >= 0; certain || !inSecret {
				secret, seen := hidden[name]
				if !seen {
					secret = t.isSecret(name, secrets)
					hidden[name] = secret
				}
				inSecret = secret
				from += found[5]
			}
		}
		if inSecret {
			blot(text[from:at])
		}
	}
	return text
}

func (t *Tree) secretNames() []string {
	var names []string
	for _, o := range t.options {
		if o.Secret {
			names = append(names, o.Name)
		}
	}
	for _, a := range t.aliases {
		if a.Option != nil && a.Option.Secret {
			names = append(names, a.Name)
		}
	}
	return names
}

func (t *Tree) isSecret(name string, secrets []string) bool {
	if o := t.byName[name]; o != nil {
		return o.Secret
	}
	return slices.Contains(secrets, name) || nearest(name, secrets) != ""
}

// blot overwrites all but white space and the = sign. Characters of several bytes
// become several asterisks, so that ranges keep their bytes.
func blot(text []byte) {
	for i, c := range text {
		if !strings.ContainsRune(" \t\r\n=", rune(c)) {
			text[i] = '*'
		}
	}
}
