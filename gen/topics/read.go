package topics

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"

	"github.com/cloudgen/cloudgen/gen/source"
)

// Of reads what a backend declares. It is data in its sources, each function one return of a slice literal with literals in it:
//
//	func Topics() []Topic { return []Topic{ {Name, Up or Down, QoS, Option, …}, … } }
//	func Substitutions() []Substitution { return []Substitution{ {Option, Old, New}, … } }
//	func Rules() []Rule { return []Rule{ {…}, … } }
//
// A package without one of them has none; one of another form is an error.
func Of(sources *source.Tree, dir string) (*Table, error) {
	in, err := sources.Package(dir)
	if err != nil {
		return nil, err
	}
	r := &reader{sources: sources, in: in}
	table := &Table{}
	if table.Topics, err = r.topics(); err != nil {
		return nil, err
	}
	if table.Substitutions, err = r.substitutions(); err != nil {
		return nil, err
	}
	table.Rules, err = r.rules()
	return table, err
}

type reader struct {
	sources *source.Tree
	in      *source.Package
}

func (r *reader) fail(at ast.Node, format string, arguments ...any) error {
	return fmt.Errorf("%s: %s: it is read as data, see gen/topics", r.sources.Position(at.Pos()), fmt.Sprintf(format, arguments...))
}

// rows gives the elements of the slice literal that is all that a function returns; none where there is no such function.
func (r *reader) rows(function, what string) ([]*ast.CompositeLit, error) {
	declared, has, err := r.in.Func(function)
	if err != nil || !has {
		return nil, err
	}
	var literal *ast.CompositeLit
	if body := declared.Node.Body; body != nil && len(body.List) == 1 {
		if back, is := body.List[0].(*ast.ReturnStmt); is && len(back.Results) == 1 {
			literal, _ = back.Results[0].(*ast.CompositeLit)
		}
	}
	if literal == nil {
		return nil, r.fail(declared.Node, "%s is not one return of a slice literal", function)
	}
	rows := make([]*ast.CompositeLit, len(literal.Elts))
	for i, each := range literal.Elts {
		row, is := each.(*ast.CompositeLit)
		if !is {
			return nil, r.fail(each, "a %s is not a literal", what)
		}
		rows[i] = row
	}
	return rows, nil
}

func (r *reader) topics() ([]Topic, error) {
	rows, err := r.rows("Topics", "topic")
	if err != nil {
		return nil, err
	}
	topics := []Topic{}
	for _, row := range rows {
		if len(row.Elts) < 4 {
			return nil, r.fail(row, "a topic is not a literal of name, direction, QoS, option")
		}
		name, isName := text(row.Elts[0])
		option, isOption := text(row.Elts[3])
		direction, isDirection := row.Elts[1].(*ast.Ident)
		if !isName || !isOption || !isDirection || direction.Name != "Up" && direction.Name != "Down" {
			return nil, r.fail(row, "a topic has other elements than name, Up or Down, QoS, option")
		}
		topics = append(topics, Topic{Name: name, Up: direction.Name == "Up", Option: option})
	}
	return topics, nil
}

func (r *reader) substitutions() ([]Substitution, error) {
	rows, err := r.rows("Substitutions", "substitution")
	if err != nil {
		return nil, err
	}
	var list []Substitution
	for _, row := range rows {
		var texts []string
		for _, each := range row.Elts {
			if value, is := text(each); is {
				texts = append(texts, value)
			}
		}
		if len(texts) != 3 || len(row.Elts) != 3 {
			return nil, r.fail(row, "a substitution is not a literal of option, old, new")
		}
		list = append(list, Substitution{Option: texts[0], Old: texts[1], New: texts[2]})
	}
	return list, nil
}

func (r *reader) rules() ([]Rule, error) {
	rows, err := r.rows("Rules", "rule")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	fields, err := r.fields("Rule")
	if err != nil {
		return nil, err
	}
	var list []Rule
	for _, row := range rows {
		if len(row.Elts) != len(fields) {
			return nil, r.fail(row, "a rule is not a literal of all fields of Rule, without their names")
		}
		rule := Rule{}
		for i, each := range row.Elts {
			if value, is := text(each); is {
				rule[fields[i]] = value
			} else if value, is := number(each); is {
				rule[fields[i]] = value
			} else {
				return nil, r.fail(each, "%s of a rule is neither a text nor a number", fields[i])
			}
		}
		list = append(list, rule)
	}
	return list, nil
}

// fields gives the names of the fields of a struct.
func (r *reader) fields(of string) ([]string, error) {
	declared, has, err := r.in.Type(of)
	if err != nil {
		return nil, err
	}
	if !has {
		return nil, fmt.Errorf("%s has no type %s: it is read as data, see gen/topics", r.in.Dir, of)
	}
	structure, is := declared.Node.Type.(*ast.StructType)
	if !is {
		return nil, r.fail(declared.Node, "%s is no struct", of)
	}
	var names []string
	for _, field := range structure.Fields.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names, nil
}

func text(e ast.Expr) (string, bool) {
	literal, is := e.(*ast.BasicLit)
	if !is || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}

func number(e ast.Expr) (int64, bool) {
	literal, is := e.(*ast.BasicLit)
	if !is || literal.Kind != token.INT {
		return 0, false
	}
	value, err := strconv.ParseInt(literal.Value, 0, 64)
	return value, err == nil
}
