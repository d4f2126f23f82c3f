// Package topics reads the MQTT topics that a backend declares as data.
package topics

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"

	"github.com/cloudgen/cloudgen/gen/source"
)

// Topic is an MQTT topic that a backend uses.
type Topic struct {
	Name   string // {id} stands for the client id
	Up     bool   // the device publishes; else it subscribes
	Option string // that switches it on; "" for always
}

func (t Topic) String() string {
	if t.Up {
		return "publish " + t.Name
	}
	return "subscribe " + t.Name
}

// Of reads the topics that a backend declares. They are data in its sources:
//
//	func Topics() []Topic { return []Topic{ {Name, Up or Down, QoS, Option, …}, … } }
//
// with literals for the strings. A package without a function Topics has none; one of another form is an error.
func Of(sources *source.Tree, dir string) ([]Topic, error) {
	in, err := sources.Package(dir)
	if err != nil {
		return nil, err
	}
	function, has, err := in.Func("Topics")
	if err != nil || !has {
		return nil, err
	}
	fail := func(at ast.Node, problem string) ([]Topic, error) {
		return nil, fmt.Errorf("%s: %s: it is read as data, see gen/topics", sources.Position(at.Pos()), problem)
	}
	rows := table(function.Node)
	if rows == nil {
		return fail(function.Node, "Topics is not one return of a slice literal")
	}
	topics := []Topic{}
	for _, each := range rows.Elts {
		row, is := each.(*ast.CompositeLit)
		if !is || len(row.Elts) < 4 {
			return fail(each, "a topic is not a literal of name, direction, QoS, option")
		}
		name, isName := text(row.Elts[0])
		option, isOption := text(row.Elts[3])
		direction, isDirection := row.Elts[1].(*ast.Ident)
		if !isName || !isOption || !isDirection || direction.Name != "Up" && direction.Name != "Down" {
			return fail(row, "a topic has other elements than name, Up or Down, QoS, option")
		}
		topics = append(topics, Topic{Name: name, Up: direction.Name == "Up", Option: option})
	}
	return topics, nil
}

// table gives the slice literal that is all that a function returns.
func table(function *ast.FuncDecl) *ast.CompositeLit {
	if function.Body == nil || len(function.Body.List) != 1 {
		return nil
	}
	back, is := function.Body.List[0].(*ast.ReturnStmt)
	if !is || len(back.Results) != 1 {
		return nil
	}
	literal, _ := back.Results[0].(*ast.CompositeLit)
	return literal
}

func text(e ast.Expr) (string, bool) {
	literal, is := e.(*ast.BasicLit)
	if !is || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}
