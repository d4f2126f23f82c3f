// Package bind connects options with the fields of Go structs. A field names its option in a tag,
//
//	KeepAlive time.Duration `kconfig:"MQTT_KEEPALIVE,unit=s"`
//
// and this package reads the tags from source, with no Go toolchain, and checks them against the option tree both ways.
//
// The tag is `kconfig:"NAME[,unit=ms|s|min|h][,marked][,key=ALGORITHM]"`. A bool option fits a bool; an int or hex option any integer type, or
// time.Duration where it has a unit of time; a string option a string type; a choice a string type, which takes the name of the selected
// member. An option with a unit of time names it in the tag, also for an integer field. marked is for a version: it gets the build's marks
// appended. key is for a []string and a string option that names a file: the field takes the public keys in it, each as the base64 of its
// SubjectPublicKeyInfo in DER, all of the algorithm ed25519 or ecdsa-p256. A field without a tag whose type is a struct with bound fields nests.
//
// A field of a component's Config with the tag `slot:"NAME"` takes what other components make: see Slot.
package bind

import (
	"fmt"
	"go/ast"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/cloudgen/cloudgen/gen/keys"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
)

// Kind is what a field can hold.
type Kind string

// The kinds of fields.
const (
	Bool     Kind = "bool"
	Integer  Kind = "integer"
	Duration Kind = "duration" // time.Duration
	Text     Kind = "string"
	Keys     Kind = "keys"   // []string: the public keys in the file that the option names
	Nested   Kind = "struct" // Field.Struct
)

// Struct is a struct type and its bound fields.
type Struct struct {
	Package *source.Package
	Name    string
	Fields  []Field // in source order: those with a tag, and nested structs that have some
	Slots   []Slot  // in source order; a nested struct has none
	Range   hcl.Range
}

// Field is one field of a Struct.
type Field struct {
	Name   string
	Kind   Kind
	Bits   int  // Integer: size
	Signed bool // Integer
	GoType string
	Struct *Struct // Nested

	Option string // name of an option or a choice; "" for Nested
	Unit   string // ms, s, min, h or ""
	Marked bool
	Key    string    // Keys: their algorithm
	Range  hcl.Range // of the field's name
}

// maxDepth bounds how deep types are followed: sources may be anybody's, and a type can be defined by itself.
const maxDepth = 16

// Read reads a struct type of a package. A type that is not there, or not a struct, gives nil.
func Read(tree *source.Tree, in *source.Package, name string) (*Struct, kconfig.Diagnostics, error) {
	reader := reader{tree: tree}
	found, err := reader.read(in, name, 0)
	return found, reader.diags, err
}

type reader struct {
	tree  *source.Tree
	diags kconfig.Diagnostics
}

func (r *reader) read(in *source.Package, name string, depth int) (*Struct, error) {
	declared, is, err := in.Type(name)
	if err != nil || !is {
		return nil, err
	}
	body, is := declared.Node.Type.(*ast.StructType)
	if !is || declared.Node.TypeParams != nil {
		return nil, nil
	}
	result := &Struct{Package: in, Name: name, Range: r.rangeOf(declared.Node.Name)}
	for _, field := range body.Fields.List {
		if err := r.field(result, declared, field, depth); err != nil {
			return nil, err
		}
	}
	return result, nil
}

func (r *reader) field(into *Struct, declared source.Declared[*ast.TypeSpec], field *ast.Field, depth int) error {
	tag, slot := "", ""
	if field.Tag != nil {
		if text, err := strconv.Unquote(field.Tag.Value); err == nil {
			tag, slot = reflect.StructTag(text).Get("kconfig"), reflect.StructTag(text).Get("slot")
		}
	}
	if slot != "" {
		return r.slot(into, declared, field, slot, tag != "", depth)
	}
	kind, err := r.kindOf(declared.Package, declared.File, field.Type, depth)
	if err != nil {
		return err
	}
	names := field.Names
	if len(names) == 0 { // embedded
		if name := lastName(field.Type); name != nil {
			names = []*ast.Ident{name}
		}
	}
	if tag != "" && len(names) > 1 {
		r.diags = append(r.diags, diagnostic(CodeTag, r.rangeOf(names[0]), "one tag stands for several fields of %s: give each field its own line", into.Name))
		return nil
	}
	for _, name := range names {
		kind.Name, kind.Range, kind.GoType = name.Name, r.rangeOf(name), typeText(field.Type)
		switch {
		case tag != "":
			r.tagged(into, kind, tag)
		case kind.Kind == Nested && name.IsExported() && len(kind.Struct.Fields) > 0:
			into.Fields = append(into.Fields, kind)
		}
	}
	return nil
}

func (r *reader) tagged(into *Struct, field Field, tag string) {
	parts := strings.Split(tag, ",")
	field.Option = parts[0]
	wrong := func(format string, arguments ...any) {
		r.diags = append(r.diags, diagnostic(CodeTag, field.Range, format, arguments...))
	}
	if field.Option == "" {
		wrong("the tag of %s.%s names no option", into.Name, field.Name)
		return
	}
	for _, part := range parts[1:] {
		unit, isUnit := strings.CutPrefix(part, "unit=")
		key, isKey := strings.CutPrefix(part, "key=")
		switch {
		case isUnit && units[unit] != "":
			field.Unit = unit
		case isUnit:
			wrong("the tag of %s.%s has the unit %q: ms, s, min and h are possible", into.Name, field.Name, unit)
			return
		case part == "marked":
			field.Marked = true
		case isKey && slices.Contains(keys.Algorithms(), key):
			field.Key = key
		case isKey:
			wrong("the tag of %s.%s has the algorithm %q: %s are possible", into.Name, field.Name, key, strings.Join(keys.Algorithms(), " and "))
			return
		default:
			wrong("the tag of %s.%s has the word %q: unit=…, marked and key=… are possible", into.Name, field.Name, part)
			return
		}
	}
	switch {
	case !token.IsExported(field.Name):
		wrong("%s.%s is bound to %s and not exported: generated code cannot set it", into.Name, field.Name, field.Option)
	case (field.Kind == Keys) != (field.Key != ""):
		wrong("%s.%s has the type %s: key=ALGORITHM goes with []string, and that with nothing else", into.Name, field.Name, field.GoType)
	case field.Kind == "" || field.Kind == Nested:
		wrong("%s.%s has the type %s, to which no option can be bound: bool, integer, string and time.Duration are possible", into.Name, field.Name, field.GoType)
	default:
		into.Fields = append(into.Fields, field)
	}
}

// basics are the basic types by name.
var basics = map[string]Field{
	"bool": {Kind: Bool}, "string": {Kind: Text},
	"int": {Kind: Integer, Bits: 32, Signed: true}, "uint": {Kind: Integer, Bits: 32}, // 32 bits on arm and mips
	"int8": {Kind: Integer, Bits: 8, Signed: true}, "uint8": {Kind: Integer, Bits: 8}, "byte": {Kind: Integer, Bits: 8},
	"int16": {Kind: Integer, Bits: 16, Signed: true}, "uint16": {Kind: Integer, Bits: 16},
	"int32": {Kind: Integer, Bits: 32, Signed: true}, "uint32": {Kind: Integer, Bits: 32}, "rune": {Kind: Integer, Bits: 32, Signed: true},
	"int64": {Kind: Integer, Bits: 64, Signed: true}, "uint64": {Kind: Integer, Bits: 64},
}

// kindOf finds what a type expression comes to. Types that cannot be bound, and those of other modules, have no kind.
func (r *reader) kindOf(in *source.Package, file *ast.File, expression ast.Expr, depth int) (Field, error) {
	if depth > maxDepth {
		return Field{}, nil
	}
	switch typed := expression.(type) {
	case *ast.ArrayType:
		if element, is := typed.Elt.(*ast.Ident); is && typed.Len == nil && element.Name == "string" {
			return Field{Kind: Keys}, nil
		}
	case *ast.Ident:
		return r.named(in, typed.Name, depth)
	case *ast.SelectorExpr:
		qualifier, is := typed.X.(*ast.Ident)
		if !is {
			return Field{}, nil
		}
		importPath := r.tree.Import(file, qualifier.Name)
		if importPath == "time" && typed.Sel.Name == "Duration" {
			return Field{Kind: Duration}, nil
		}
		dir, ours := r.tree.DirOf(importPath)
		if !ours {
			return Field{}, nil
		}
		imported, err := r.tree.Package(dir)
		if err != nil {
			return Field{}, err
		}
		return r.named(imported, typed.Sel.Name, depth)
	}
	return Field{}, nil
}

func (r *reader) named(in *source.Package, name string, depth int) (Field, error) {
	declared, is, err := in.Type(name)
	if err != nil {
		return Field{}, err
	}
	if !is {
		return basics[name], nil
	}
	if _, is := declared.Node.Type.(*ast.StructType); is {
		nested, err := r.read(in, name, depth+1)
		if err != nil || nested == nil {
			return Field{}, err
		}
		return Field{Kind: Nested, Struct: nested}, nil
	}
	return r.kindOf(declared.Package, declared.File, declared.Node.Type, depth+1)
}

func (r *reader) rangeOf(name *ast.Ident) hcl.Range {
	start := r.tree.Position(name.Pos())
	return hcl.Range{
		Filename: start.Filename,
		Start:    hcl.Pos{Line: start.Line, Column: start.Column, Byte: start.Offset},
		End:      hcl.Pos{Line: start.Line, Column: start.Column + len(name.Name), Byte: start.Offset + len(name.Name)},
	}
}

func lastName(expression ast.Expr) *ast.Ident {
	switch typed := expression.(type) {
	case *ast.Ident:
		return typed
	case *ast.SelectorExpr:
		return typed.Sel
	}
	return nil
}

func typeText(expression ast.Expr) string {
	switch typed := expression.(type) {
	case *ast.Ident:
		return typed.Name
	case *ast.SelectorExpr:
		return typeText(typed.X) + "." + typed.Sel.Name
	case *ast.StarExpr:
		return "*" + typeText(typed.X)
	case *ast.ArrayType:
		return "[]" + typeText(typed.Elt)
	}
	return fmt.Sprintf("%T", expression)[len("*ast."):]
}

func diagnostic(code kconfig.Code, at hcl.Range, format string, arguments ...any) kconfig.Diagnostic {
	return kconfig.Diagnostic{Code: code, Severity: code.Severity(), Summary: fmt.Sprintf(format, arguments...), Subject: &at}
}
