package kconfig

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// sortedAttributes gives the attributes of a body in source order.
func sortedAttributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	attributes := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, attribute := range body.Attributes {
		attributes = append(attributes, attribute)
	}
	slices.SortFunc(attributes, func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.SrcRange.Start.Byte, b.SrcRange.Start.Byte)
	})
	return attributes
}

func (b *builder) wrongValue(attribute *hclsyntax.Attribute, wanted, example string) {
	at := attribute.Expr.Range()
	d := b.diags.add(CodePropertyValue, &at, "%s must be %s", attribute.Name, wanted)
	d.Fix = "for example: " + attribute.Name + " = " + example
}

// text reads a property that is a string.
func (b *builder) text(attribute *hclsyntax.Attribute) string {
	value, ok := stringOf(attribute.Expr)
	if !ok {
		b.wrongValue(attribute, "a string", `"…"`)
	}
	return value
}

// texts reads a property that is a list of strings.
func (b *builder) texts(attribute *hclsyntax.Attribute) []string {
	tuple, ok := attribute.Expr.(*hclsyntax.TupleConsExpr)
	if !ok {
		b.wrongValue(attribute, "a list of strings", `["…"]`)
		return nil
	}
	values := make([]string, 0, len(tuple.Exprs))
	for _, one := range tuple.Exprs {
		value, ok := stringOf(one)
		if !ok {
			b.wrongValue(attribute, "a list of strings", `["…"]`)
			return nil
		}
		values = append(values, value)
	}
	return values
}

// pairs reads a property that is { "name" = "value", … }. The pairs are sorted by name.
func (b *builder) pairs(attribute *hclsyntax.Attribute) []Pair {
	const wanted, example = "texts in braces", `{ "name" = "value" }`
	object, ok := attribute.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		b.wrongValue(attribute, wanted, example)
		return nil
	}
	var pairs []Pair
	for _, item := range object.Items {
		key := item.KeyExpr
		if wrapped, is := key.(*hclsyntax.ObjectConsKeyExpr); is {
			key = wrapped.Wrapped
		}
		name, isName := stringOf(key)
		value, isValue := stringOf(item.ValueExpr)
		if !isName || !isValue || slices.ContainsFunc(pairs, func(other Pair) bool { return other.Name == name }) {
			b.wrongValue(attribute, wanted+", each name once", example)
			return nil
		}
		pairs = append(pairs, Pair{name, value})
	}
	slices.SortFunc(pairs, func(a, b Pair) int { return cmp.Compare(a.Name, b.Name) })
	return pairs
}

// yes reads a property that is true or false.
func (b *builder) yes(attribute *hclsyntax.Attribute) bool {
	value, ok := boolOf(attribute.Expr)
	if !ok {
		b.wrongValue(attribute, "true or false", "true")
	}
	return value
}

// leaf makes a leaf for a property that names one option.
func (b *builder) leaf(attribute *hclsyntax.Attribute, what, example string) *Expr {
	name, ok := nameOf(attribute.Expr)
	if !ok {
		b.wrongValue(attribute, what, example)
		return nil
	}
	return &Expr{Text: name, Range: attribute.Expr.Range()}
}

// leaves makes leaves for a property that names one option or a list of them.
func (b *builder) leaves(attribute *hclsyntax.Attribute) []*Expr {
	tuple, ok := attribute.Expr.(*hclsyntax.TupleConsExpr)
	if !ok {
		if one := b.leaf(attribute, "a list of option names", "[NAME]"); one != nil {
			return []*Expr{one}
		}
		return nil
	}
	var found []*Expr
	for _, one := range tuple.Exprs {
		name, ok := nameOf(one)
		if !ok {
			at := one.Range()
			d := b.diags.add(CodePropertyValue, &at, "%s must be a list of option names", attribute.Name)
			d.Fix = "for example: " + attribute.Name + " = [NAME]"
			continue
		}
		found = append(found, &Expr{Text: name, Range: one.Range()})
	}
	return found
}

// nameOf reads an expression that is one bare name.
func nameOf(e hclsyntax.Expression) (string, bool) {
	traversal, ok := e.(*hclsyntax.ScopeTraversalExpr)
	if !ok || len(traversal.Traversal) != 1 {
		return "", false
	}
	return traversal.Traversal.RootName(), true
}

// boolOf reads y, n, true and false.
func boolOf(e hclsyntax.Expression) (value, ok bool) {
	if name, ok := nameOf(e); ok {
		return name == "y", name == "y" || name == "n"
	}
	if literal, ok := e.(*hclsyntax.LiteralValueExpr); ok && literal.Val.Type() == cty.Bool && literal.Val.IsKnown() && !literal.Val.IsNull() {
		return literal.Val.True(), true
	}
	return false, false
}

// stringOf reads a quoted string or a heredoc. The scan before parsing has
// refused strings with expressions in them.
func stringOf(e hclsyntax.Expression) (string, bool) {
	template, ok := e.(*hclsyntax.TemplateExpr)
	if !ok {
		return "", false
	}
	if len(template.Parts) == 1 {
		return literalString(template.Parts[0])
	}
	var text strings.Builder
	for _, part := range template.Parts {
		value, ok := literalString(part)
		if !ok {
			return "", false
		}
		text.WriteString(value)
	}
	return text.String(), true
}

func literalString(e hclsyntax.Expression) (string, bool) {
	literal, ok := e.(*hclsyntax.LiteralValueExpr)
	if !ok || literal.Val.Type() != cty.String || literal.Val.IsNull() || !literal.Val.IsKnown() {
		return "", false
	}
	return literal.Val.AsString(), true
}

// numberOf reads a whole number with an optional minus.
func numberOf(e hclsyntax.Expression) (value int64, ok bool) {
	negative := false
	if unary, isUnary := e.(*hclsyntax.UnaryOpExpr); isUnary && unary.Op == hclsyntax.OpNegate {
		e, negative = unary.Val, true
	}
	literal, isLiteral := e.(*hclsyntax.LiteralValueExpr)
	if !isLiteral || literal.Val.Type() != cty.Number || literal.Val.IsNull() || !literal.Val.IsKnown() {
		return 0, false
	}
	float := literal.Val.AsBigFloat()
	if !float.IsInt() {
		return 0, false
	}
	if float.MinPrec() > 64 {
		return 0, false
	}
	if negative {
		float = float.Neg(float)
	}
	number, accuracy := float.Int64()
	return number, accuracy == 0
}
