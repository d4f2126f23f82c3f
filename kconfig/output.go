package kconfig

import (
	"bytes"
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// DotConfig writes every value as CONFIG_NAME=value, sorted by name, as a .config file that
// ParseOverlay reads again. Options without a value are left out, the values of
// secrets are <secret>.
func (c *Config) DotConfig() []byte {
	var b bytes.Buffer
	for _, o := range c.sorted() {
		s := &c.evaluation.states[o.index]
		if !s.hasValue {
			continue
		}
		b.WriteString(prefix + o.Name + "=")
		switch {
		case o.Secret:
			b.WriteString(secretText)
		case o.Type == String:
			b.WriteString(quote(s.text))
		default:
			b.WriteString(s.text)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func (c *Config) sorted() []*Option {
	options := slices.Clone(c.tree.options)
	slices.SortFunc(options, func(a, b *Option) int { return cmp.Compare(a.Name, b.Name) })
	return options
}

// The JSON form of a configuration.
type jsonConfig struct {
	Layers  []string              `json:"layers"`
	Options map[string]jsonOption `json:"options"`
	Choices map[string]string     `json:"choices,omitempty"`
	Marks   map[string][]string   `json:"marks,omitempty"`
}

type jsonOption struct {
	Type    string     `json:"type"`
	Value   any        `json:"value"` // nil without a value
	Visible bool       `json:"visible"`
	Reason  jsonReason `json:"reason"`
	Layers  []jsonSay  `json:"layers,omitempty"`
}

type jsonReason struct {
	Kind  string     `json:"kind"`
	By    string     `json:"by,omitempty"`
	Place *jsonPlace `json:"place,omitempty"`
	Text  string     `json:"text"`
}

// jsonSay is one layer's assignment to an option.
type jsonSay struct {
	Layer   string    `json:"layer"`
	Value   string    `json:"value"`
	Place   jsonPlace `json:"place"`
	Ignored string    `json:"ignored,omitempty"`
	As      string    `json:"as,omitempty"` // the old name, if it was used
}

type jsonPlace struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// JSON writes resolved.json: every option with value, reason and what each layer
// says. Layers are named without folders, so that the bytes are the same from any
// place; places in the tree are without lines, so that they stay the same when
// something else in the file changes; secrets are <secret>.
func (c *Config) JSON() ([]byte, error) {
	out := jsonConfig{Options: map[string]jsonOption{}, Choices: map[string]string{}, Marks: map[string][]string{}, Layers: []string{}}
	for _, layer := range c.layers {
		out.Layers = append(out.Layers, baseName(layer.Name))
	}
	for _, o := range c.tree.options {
		out.Options[o.Name] = c.jsonOption(o)
	}
	for _, choice := range c.tree.choices {
		out.Choices[choice.Name] = c.Selected(choice.Name)
	}
	for _, mark := range c.Marks() {
		out.Marks[mark.Name] = mark.Options
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (c *Config) jsonOption(o *Option) jsonOption {
	v := c.value(o)
	out := jsonOption{
		Type:    o.Type.String(),
		Visible: v.Visible,
		Reason:  jsonReason{Kind: v.Reason.Kind, By: baseName(v.Reason.By), Text: v.Reason.Text, Place: c.jsonPlace(v.Reason.Range)},
	}
	switch {
	case !v.HasValue:
	case o.Secret:
		out.Value = secretText
	case o.Type == Bool:
		out.Value = v.Bool
	case o.Type == Int:
		out.Value = v.Int
	default:
		out.Value = v.Text
	}
	for _, a := range v.History {
		say := jsonSay{Layer: baseName(a.Layer), Value: a.Value, Ignored: a.Ignored, Place: *c.jsonPlace(a.Range)}
		if o.Secret {
			say.Value = secretText
		}
		if a.Name != o.Name {
			say.As = a.Name
		}
		out.Layers = append(out.Layers, say)
	}
	return out
}

func (c *Config) jsonPlace(r hcl.Range) *jsonPlace {
	if _, inTree := c.tree.sources[r.Filename]; inTree {
		return &jsonPlace{File: r.Filename}
	}
	return &jsonPlace{File: baseName(r.Filename), Line: r.Start.Line, Column: r.Start.Column}
}

func baseName(name string) string {
	if name == "" {
		return ""
	}
	return path.Base(strings.ReplaceAll(name, `\`, "/"))
}

// Sources gives the text of the tree and the layers for snippets, with the values
// that are assigned to secrets blotted out.
func (c *Config) Sources() Sources {
	all := Sources{}
	for name, text := range c.tree.sources {
		all[name] = text
	}
	for _, layer := range c.layers {
		all[layer.Name] = c.tree.Redact(layer)
	}
	return all
}
