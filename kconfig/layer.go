package kconfig

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Layer is one source of assignments: an overlay, a fragment or the -set flags.
type Layer struct {
	Name        string
	Assignments []Assignment
	Source      []byte // the text, for snippets
}

// Assignment is one statement of a layer about one option.
type Assignment struct {
	Name  string // as the layer has it, without CONFIG_
	Value string // Kconfig text: y, n, 42, 0x15000, or the string itself
	Range hcl.Range
	Layer string

	// Ignored says why the assignment does not count although nothing is wrong with
	// it; "" if it counts.
	Ignored string

	kind       literalKind
	fragment   bool // from a .conf file, where hex values may lack the 0x
	nameRange  hcl.Range
	valueRange hcl.Range
}

// prefix is what names carry in .config files.
const prefix = "CONFIG_"

// ParseOverlay reads a layer: a fragment if the name ends in .conf, or is .config
// like a file that this program writes, else HCL. The layer is never nil.
func ParseOverlay(name string, source []byte) (*Layer, Diagnostics) {
	layer := &Layer{Name: name, Source: source}
	if isFragmentName(name) {
		return layer, parseFragment(layer)
	}
	body, diags := parseHCL(name, source)
	if body == nil {
		return layer, diags
	}
	for i, block := range body.Blocks {
		if i == 0 && diags.HasErrors() || i == maxSyntaxErrors {
			break // what hcl takes for a block may be a broken assignment
		}
		d := diags.add(CodeSyntax, &block.TypeRange, "an overlay has no blocks")
		d.Detail = "It consists of lines NAME = value."
		if block.Type == "option" && len(block.Labels) == 1 {
			d.Fix = "write " + block.Labels[0] + " = …"
		}
	}
	for i := range diags {
		d := &diags[i]
		switch d.Summary {
		case "invalid block definition", "argument or block definition required":
			d.Summary = "this line is not NAME = value"
			d.Detail = "An overlay consists of such lines and comments that begin with #."
		case "attribute redefined":
			d.Code, d.Summary = CodeRepeated, "an option is assigned twice in one layer"
			d.Detail = ""
			d.Fix = "keep one of them"
			if first := body.Attributes[string(d.Subject.SliceBytes(source))]; first != nil {
				d.Summary = first.Name + " is assigned twice in one layer"
				d.relate(first.NameRange, "the first time")
			}
		}
	}
	for _, attribute := range sortedAttributes(body) {
		if a, ok := overlayAssignment(attribute, &diags); ok {
			a.Layer = name
			layer.Assignments = append(layer.Assignments, a)
		}
	}
	diags = append(diags, layer.repeated(CodeRepeated)...)
	diags.Sort()
	return layer, diags
}

func isFragmentName(name string) bool {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	return strings.HasSuffix(base, ".conf") || strings.HasSuffix(base, ".config") || base == "defconfig" || strings.HasSuffix(base, "_defconfig")
}

// overlayAssignment reads one NAME = value.
func overlayAssignment(attribute *hclsyntax.Attribute, diags *Diagnostics) (Assignment, bool) {
	a := Assignment{
		Name:       strings.TrimPrefix(attribute.Name, prefix),
		Range:      attribute.SrcRange,
		nameRange:  attribute.NameRange,
		valueRange: attribute.Expr.Range(),
	}
	if truth, ok := boolOf(attribute.Expr); ok {
		a.Value, a.kind = boolText(truth), boolLiteral
	} else if text, ok := stringOf(attribute.Expr); ok {
		a.Value, a.kind = text, stringLiteral
	} else if value, ok := numberOf(attribute.Expr); ok {
		a.Value, a.kind = formatNumber(value, Int), numberLiteral
	} else if name, ok := nameOf(attribute.Expr); ok {
		a.Value, a.kind = name, notLiteral // the type check names the fix
	} else {
		d := diags.add(CodeSyntax, &a.valueRange, "%s is not assigned a value", attribute.Name)
		d.Detail = `A value is y, n, a whole number of at most 64 bits, or text in quotation marks; hex values are quoted, like "0x15000".`
		return a, false
	}
	return a, true
}

// repeated complains about options that the layer assigns more than once.
func (l *Layer) repeated(code Code) Diagnostics {
	var diags Diagnostics
	first := map[string]*Assignment{}
	for i := range l.Assignments {
		a := &l.Assignments[i]
		earlier := first[a.Name]
		first[a.Name] = a
		if earlier == nil || code == CodeRepeatedInConf && earlier.Value == a.Value {
			continue
		}
		d := diags.add(code, &a.nameRange, "%s is assigned twice in one layer", a.Name)
		d.relate(earlier.nameRange, "the first time")
		d.Fix = "keep one of them"
		if code == CodeRepeatedInConf {
			d.Detail = "The last one counts."
		}
	}
	return diags
}

// setLayerName names the layer of the -set flags.
const setLayerName = "-set"

// ParseSet reads the arguments of -set flags, NAME=VALUE each, as one layer.
// Places in it are columns of "-set NAME=VALUE".
func ParseSet(arguments []string) (*Layer, Diagnostics) {
	layer := &Layer{Name: setLayerName}
	var diags Diagnostics
	var source strings.Builder
	for i, argument := range arguments {
		const flag = "-set "
		begin := source.Len() + len(flag)
		source.WriteString(flag + strings.ReplaceAll(argument, "\n", " ") + "\n")
		at := func(from, to int) hcl.Range {
			position := func(offset int) hcl.Pos {
				return hcl.Pos{Line: i + 1, Column: len(flag) + 1 + len([]rune(argument[:offset])), Byte: begin + offset}
			}
			return hcl.Range{Filename: layer.Name, Start: position(from), End: position(to)}
		}
		whole := at(0, len(argument))
		name, value, ok := strings.Cut(argument, "=")
		trimmed := strings.TrimPrefix(name, prefix)
		if !ok || !isName(trimmed) {
			d := diags.add(CodeSyntax, &whole, "-set needs NAME=VALUE")
			d.Fix = "for example: -set CLOUD_CONNECT_RETRIES=5"
			continue
		}
		a := Assignment{
			Name: trimmed, Value: value, Layer: layer.Name, kind: rawLiteral,
			Range: whole, nameRange: at(0, len(name)), valueRange: at(len(name)+1, len(argument)),
		}
		if text, ok := unquoteFragment(value); ok {
			a.Value, a.kind = text, stringLiteral
		}
		layer.Assignments = append(layer.Assignments, a)
	}
	layer.Source = []byte(source.String())
	if len(layer.Source) > MaxFileSize {
		return &Layer{Name: layer.Name}, Diagnostics{{Code: CodeTooLarge, Summary: fmt.Sprintf("-set takes at most %d bytes", MaxFileSize), Subject: &hcl.Range{Filename: layer.Name}}}
	}
	diags = append(diags, layer.repeated(CodeRepeated)...)
	diags.Sort()
	return layer, diags
}
