package bind

import (
	"go/ast"
	"regexp"

	"github.com/hashicorp/hcl/v2"

	"github.com/cloudgen/cloudgen/gen/source"
)

// Slot is a field that takes what the components of a slot make:
//
//	Objects []lwm.Object `slot:"object"` // any number of them
//	Secure  lwm.Dialer   `slot:"secure"` // one, or the zero value
//
// Its type, or that of its elements, is an interface or a pointer.
type Slot struct {
	Name  string // of the slot
	Field string
	Many  bool      // the field is a slice
	Range hcl.Range // of the field's name
}

var slotName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// slot reads a field with a slot tag.
func (r *reader) slot(into *Struct, declared source.Declared[*ast.TypeSpec], field *ast.Field, name string, bound bool, depth int) error {
	at := into.Range
	if len(field.Names) > 0 {
		at = r.rangeOf(field.Names[0])
	}
	wrong := func(format string, arguments ...any) error {
		r.diags = append(r.diags, diagnostic(CodeTag, at, format, arguments...))
		return nil
	}
	switch {
	case len(field.Names) != 1:
		return wrong("a field of %s with the slot %q has no name of its own: give it one, on its own line", into.Name, name)
	case depth > 0:
		return wrong("%s.%s is a slot, and %s is nested in another struct: slots are fields of a component's Config itself", into.Name, field.Names[0].Name, into.Name)
	}
	made := Slot{Name: name, Field: field.Names[0].Name, Range: at}
	element := field.Type
	if list, is := element.(*ast.ArrayType); is && list.Len == nil {
		made.Many, element = true, list.Elt
	}
	fits, err := r.takesPart(declared.Package, declared.File, element, 0)
	switch {
	case err != nil:
		return err
	case bound:
		return wrong("%s.%s has the tags kconfig and slot: a field takes the value of an option or a component, not both", into.Name, made.Field)
	case !slotName.MatchString(name):
		return wrong("the slot %q of %s.%s is no name: small letters and digits are, with - between them", name, into.Name, made.Field)
	case !field.Names[0].IsExported():
		return wrong("%s.%s is a slot and not exported: generated code cannot set it", into.Name, made.Field)
	case !fits:
		return wrong("%s.%s has the type %s, which no component fits: an interface, a pointer, or a slice of these does", into.Name, made.Field, typeText(field.Type))
	}
	for _, other := range into.Slots {
		if other.Name == name {
			return wrong("%s.%s and %s are both the slot %q", into.Name, made.Field, other.Field, name)
		}
	}
	into.Slots = append(into.Slots, made)
	return nil
}

// takesPart tells whether a pointer can be a value of a type, as far as the sources show: what is of the standard library or another
// module is left to the compiler.
func (r *reader) takesPart(in *source.Package, file *ast.File, expression ast.Expr, depth int) (bool, error) {
	if depth > maxDepth {
		return false, nil
	}
	var name string
	switch typed := expression.(type) {
	case *ast.StarExpr, *ast.InterfaceType:
		return true, nil
	case *ast.Ident:
		name = typed.Name
	case *ast.SelectorExpr:
		qualifier, is := typed.X.(*ast.Ident)
		if !is {
			return false, nil
		}
		dir, ours := r.tree.DirOf(r.tree.Import(file, qualifier.Name))
		if !ours {
			return true, nil
		}
		imported, err := r.tree.Package(dir)
		if err != nil {
			return false, err
		}
		in, name = imported, typed.Sel.Name
	default:
		return false, nil
	}
	declared, is, err := in.Type(name)
	if err != nil || !is {
		return name == "any", err
	}
	return r.takesPart(declared.Package, declared.File, declared.Node.Type, depth+1)
}
