package kconfig

import (
	"bytes"
	"regexp"
	"slices"
)

// assignmentLine finds what may be an assignment in text that need not be well-formed.
var assignmentLine = regexp.MustCompile(`(?m)(?:^|-set )[ \t]*(?:CONFIG_)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=([^\r\n]*)`)

// Redact gives a layer's text with every value of a secret option, and of a name that is close to one,
// replaced by asterisks of the same length. Snippets are taken from it.
func (t *Tree) Redact(layer *Layer) []byte {
	text := slices.Clone(layer.Source)
	secrets := t.secretNames()
	if len(secrets) == 0 {
		return text
	}
	for _, a := range layer.Assignments {
		if t.isSecret(a.Name, secrets) {
			blot(text, a.valueRange.Start.Byte, a.valueRange.End.Byte)
		}
	}
	for _, found := range assignmentLine.FindAllSubmatchIndex(layer.Source, -1) {
		if t.isSecret(string(layer.Source[found[2]:found[3]]), secrets) {
			blot(text, found[4], found[5])
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

// blot overwrites all but line ends. Characters of several bytes become several
// asterisks; ranges further on in the line keep their bytes.
func blot(text []byte, from, to int) {
	from, to = max(from, 0), min(to, len(text))
	if from >= to {
		return
	}
	part := text[from:to]
	for i, c := range part {
		if c != '\n' && c != '\r' && !bytes.ContainsRune([]byte(" \t"), rune(c)) {
			part[i] = '*'
		}
	}
}
