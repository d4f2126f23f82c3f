package kconfig

import (
	"regexp"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// provisionFile is what a file of a security tag may be called on any file system.
var provisionFile = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)

// provision adds one provision block to an option.
func (b *builder) provision(o *Option, block *hclsyntax.Block) {
	b.noLabels(block)
	made := &Provision{Range: block.TypeRange}
	for _, a := range sortedAttributes(block.Body) {
		switch a.Name {
		case "tag":
			if made.Tag = b.leaf(a, "the name of the option that holds the security tag", "SEC_TAG"); made.Tag != nil {
				b.names = append(b.names, made.Tag)
			}
		case "file":
			if made.File = b.text(a); !provisionFile.MatchString(made.File) {
				b.wrongValue(a, "the name of a file", `"psk"`)
			}
		case "if":
			made.If = b.condition(a.Expr)
		case "note":
			made.Note = b.text(a)
		default:
			b.unknownProperty(a, "a provision", []string{"tag", "file", "if", "note"})
		}
	}
	b.noBlocks(block)
	for _, name := range []string{"tag", "file"} {
		if _, ok := block.Body.Attributes[name]; !ok {
			b.missing(block.TypeRange, "this provision has no "+name, name+" = …")
			return
		}
	}
	if made.Tag != nil {
		o.Provisions = append(o.Provisions, made)
	}
}

// linkProvisions sees that what goes to files are secrets, and that a tag is a number.
func (b *builder) linkProvisions(o *Option) {
	for _, p := range o.Provisions {
		if !o.Secret || o.Type != String {
			d := b.diags.add(CodeMisplaced, &p.Range, "%s is not a secret string, and only these go to a file of a security tag", o.Name)
			d.Detail = "All other values are compiled in."
			d.Fix = "add secret = true, or leave provision out"
		}
		if tag := p.Tag.Option; tag != nil && tag.Type != Int {
			d := b.diags.add(CodeOperandType, &p.Tag.Range, "%s is %s and cannot be a security tag, which is a number", tag.Name, tag.Type.article())
			d.relate(tag.Range(), "defined here")
		}
	}
}

// Provisioned is a secret with a value, and the file that it goes to.
type Provisioned struct {
	Option *Option
	Tag    int64 // security tag; -1 where its option has no value
	By     *Provision
}

// Provisioned gives the secrets that have a value and a place, in parse order. The value itself is asked for with Value.
func (c *Config) Provisioned() []Provisioned {
	var found []Provisioned
	for _, o := range c.tree.options {
		if s := &c.evaluation.states[o.index]; !s.hasValue || s.text == "" {
			continue
		}
		for _, p := range o.Provisions {
			if !c.evaluation.truth(p.If) {
				continue
			}
			made := Provisioned{Option: o, Tag: -1, By: p}
			if tag := &c.evaluation.states[p.Tag.Option.index]; tag.hasValue && tag.number >= 0 {
				made.Tag = tag.number
			}
			found = append(found, made)
			break
		}
	}
	return found
}
