package kconfig

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Op is the kind of an expression's node.
type Op uint8

// The kinds of expressions. Relations compare two operands; And, Or and Not
// combine truth values; arithmetic stands in relations only; OpValue is a leaf.
const (
	OpValue Op = iota
	OpAnd
	OpOr
	OpNot
	OpEqual
	OpUnequal
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
	OpAdd
	OpSubtract
	OpMultiply
	OpRemainder
)

var opText = [...]string{OpAnd: "&&", OpOr: "||", OpNot: "!", OpEqual: "==", OpUnequal: "!=", OpLess: "<", OpLessEqual: "<=", OpGreater: ">", OpGreaterEqual: ">=",
	OpAdd: "+", OpSubtract: "-", OpMultiply: "*", OpRemainder: "%"}

func (o Op) String() string { return opText[o] }

func (o Op) isRelation() bool { return OpEqual <= o && o <= OpGreaterEqual }

func (o Op) isArithmetic() bool { return o >= OpAdd }

// Expr is a condition over options: a leaf (an option or a literal), or an
// operation on one (Not) or two operands. A nil *Expr is true.
type Expr struct {
	Op          Op
	Left, Right *Expr
	Option      *Option // of a leaf; nil for a literal or a name that is not defined
	Text        string  // of a leaf: the option's name or the literal's text
	Range       hcl.Range

	literal literalKind // of a leaf
	number  number      // of a literal in a relation
}

// literalKind says how a literal was written.
type literalKind uint8

const (
	notLiteral literalKind = iota // a name
	boolLiteral
	numberLiteral
	stringLiteral
	rawLiteral // text without a known kind, from -set and fragments
	unsetLine  // "# CONFIG_X is not set"
)

// String writes the expression in the tree's syntax, with as few brackets as it needs.
func (e *Expr) String() string {
	var b strings.Builder
	e.write(&b, 0)
	return b.String()
}

func (e *Expr) precedence() int {
	switch {
	case e.Op == OpOr:
		return 1
	case e.Op == OpAnd:
		return 2
	case e.Op.isRelation():
		return 3
	case e.Op == OpAdd, e.Op == OpSubtract:
		return 4
	case e.Op.isArithmetic():
		return 5
	case e.Op == OpNot:
		return 6
	}
	return 7
}

func (e *Expr) write(b *strings.Builder, outer int) {
	if e == nil {
		b.WriteString("y")
		return
	}
	own := e.precedence()
	if own < outer {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch e.Op {
	case OpValue:
		if e.literal == stringLiteral {
			b.WriteString(quote(e.Text))
		} else {
			b.WriteString(e.Text)
		}
	case OpNot:
		b.WriteByte('!')
		e.Left.write(b, own)
	default:
		e.Left.write(b, own)
		b.WriteString(" " + opText[e.Op] + " ")
		e.Right.write(b, own+1)
	}
}

// walk calls f for every leaf, left to right.
func (e *Expr) walk(f func(*Expr)) {
	for e != nil {
		if e.Op == OpValue {
			f(e)
			return
		}
		if e.Right == nil {
			e = e.Left
			continue
		}
		// Chains of && and || lean to the left and may be long.
		e.Left.walk(f)
		e = e.Right
	}
}

// conjuncts splits at &&, left to right.
func (e *Expr) conjuncts() []*Expr {
	if e == nil {
		return nil
	}
	if e.Op == OpAnd {
		return append(e.Left.conjuncts(), e.Right.conjuncts()...)
	}
	return []*Expr{e}
}

// disjuncts splits at ||, left to right.
func (e *Expr) disjuncts() []*Expr {
	if e.Op == OpOr {
		return append(e.Left.disjuncts(), e.Right.disjuncts()...)
	}
	return []*Expr{e}
}

// quote writes a string as Kconfig and HCL both read it.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
