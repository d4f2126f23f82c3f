package kconfig

import (
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// condition reads an expression that is true or false. It gives nil after a
// complaint.
func (b *builder) condition(e hclsyntax.Expression) *Expr {
	made := b.expression(e)
	b.markTruths(made)
	return made
}

// markTruths collects the leaves whose truth counts, left to right.
func (b *builder) markTruths(e *Expr) {
	switch {
	case e == nil:
	case e.Op == OpValue:
		b.truths = append(b.truths, e)
	case e.Op.isRelation():
	default:
		b.markTruths(e.Left)
		b.markTruths(e.Right)
	}
}

var operators = map[*hclsyntax.Operation]Op{
	hclsyntax.OpLogicalAnd:         OpAnd,
	hclsyntax.OpLogicalOr:          OpOr,
	hclsyntax.OpEqual:              OpEqual,
	hclsyntax.OpNotEqual:           OpUnequal,
	hclsyntax.OpLessThan:           OpLess,
	hclsyntax.OpLessThanOrEqual:    OpLessEqual,
	hclsyntax.OpGreaterThan:        OpGreater,
	hclsyntax.OpGreaterThanOrEqual: OpGreaterEqual,
	hclsyntax.OpAdd:                OpAdd,
	hclsyntax.OpSubtract:           OpSubtract,
	hclsyntax.OpMultiply:           OpMultiply,
	hclsyntax.OpModulo:             OpRemainder,
}

// expression converts hcl's tree into ours. The limits on its input bound the recursion.
func (b *builder) expression(e hclsyntax.Expression) *Expr {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return b.expression(e.Expression)
	case *hclsyntax.UnaryOpExpr:
		if e.Op == hclsyntax.OpLogicalNot {
			inner := b.expression(e.Val)
			if inner == nil {
				return nil
			}
			return &Expr{Op: OpNot, Left: inner, Range: e.SrcRange}
		}
	case *hclsyntax.BinaryOpExpr:
		op, known := operators[e.Op]
		if !known {
			break
		}
		left, right := b.expression(e.LHS), b.expression(e.RHS)
		if left == nil || right == nil {
			return nil
		}
		made := &Expr{Op: op, Left: left, Right: right, Range: e.SrcRange}
		if op.isRelation() {
			for _, side := range []*Expr{left, right} {
				if side.Op != OpValue && !side.Op.isArithmetic() {
					d := b.diags.add(CodeOperandType, &side.Range, "%s compares options and literals, not conditions", op)
					d.Fix = "combine conditions with && and ||"
					return nil
				}
			}
			b.relations = append(b.relations, made)
		}
		if op.isArithmetic() {
			b.sums = append(b.sums, made)
		}
		return made
	}
	if leaf := b.value(e); leaf != nil {
		return leaf
	}
	at := e.Range()
	d := b.diags.add(CodePropertyValue, &at, "this is not an expression of the language")
	d.Detail = "Expressions consist of option names, literals, brackets and && || ! == != < <= > >=; relations may also calculate with + - * %."
	return nil
}

// value reads a literal or a name; nil if the expression is neither.
func (b *builder) value(e hclsyntax.Expression) *Expr {
	at := e.Range()
	if truth, ok := boolOf(e); ok {
		return &Expr{Text: boolText(truth), literal: boolLiteral, Range: at}
	}
	if name, ok := nameOf(e); ok {
		leaf := &Expr{Text: name, Range: at}
		b.names = append(b.names, leaf)
		return leaf
	}
	if text, ok := stringOf(e); ok {
		return &Expr{Text: text, literal: stringLiteral, Range: at}
	}
	if value, ok := numberOf(e); ok {
		return &Expr{Text: strconv.FormatInt(value, 10), literal: numberLiteral, number: number{value, true}, Range: at}
	}
	return nil
}

func boolText(value bool) string {
	if value {
		return "y"
	}
	return "n"
}
