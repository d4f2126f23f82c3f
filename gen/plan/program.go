package plan

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
)

// opener is the function that a component for a slot of the default program has: of its package, or of its Config where it has one.
const opener = "Open"

// programSlot is a field of the default program that takes a function of a component:
//
//	Modem   func(dataDir string) (modem.Modem, error) `slot:"modem"`             // exactly one
//	Locator func(modem.Modem) (Locator, error)        `slot:"location,optional"` // at most one
type programSlot struct {
	name, field string
	optional    bool
	function    *ast.FuncType
	file        *ast.File
}

// readProgram reads the package that the default program is made of. An error is about cloudgen's own sources.
func (m *maker) readProgram() error {
	in, err := m.sources.Package(firmwareDir)
	if err != nil {
		return err
	}
	declared, is, err := in.Type("Program")
	if err != nil {
		return err
	}
	var body *ast.StructType
	if is {
		body, is = declared.Node.Type.(*ast.StructType)
	}
	if !is {
		return fmt.Errorf("%s has no struct type Program", in.Path)
	}
	m.program = declared
	for _, field := range body.Fields.List {
		if field.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(field.Tag.Value)
		if err != nil {
			return err
		}
		name, tagged := reflect.StructTag(tag).Lookup("slot")
		if !tagged {
			continue
		}
		function, is := field.Type.(*ast.FuncType)
		if !is || len(field.Names) != 1 {
			return fmt.Errorf("the slot %q of the type Program of %s is not one field with a function's type", name, in.Path)
		}
		name, word, worded := strings.Cut(name, ",")
		if worded && word != "optional" {
			return fmt.Errorf("the slot %q of the type Program of %s has the word %q: optional is possible", name, in.Path, word)
		}
		m.programSlots = append(m.programSlots, programSlot{name, field.Names[0].Name, worded, function, declared.File})
	}
	return nil
}

// fixedSlots are those that every generated program has.
func (m *maker) fixedSlots() []string {
	names := []string{slotModule, slotBackend, slotApplication, slotBootloader}
	for _, each := range m.programSlots {
		names = append(names, each.name)
	}
	return names
}

// fillProgram reads the components that give their functions to the default program.
func (m *maker) fillProgram(firmware *Firmware) error {
	for _, slot := range m.programSlots {
		if slot.optional && len(m.on[slot.name]) == 0 {
			continue
		}
		from := m.only(slot.name)
		if from == nil {
			continue
		}
		made, err := m.opening(from, slot)
		if err != nil {
			return err
		}
		firmware.Slots = append(firmware.Slots, Slot{Name: slot.name, Field: slot.field, Components: []Component{made}})
	}
	return nil
}

// starter is the function that a component for the bootloader has: the whole program, without its flags' parsing or anything else around it.
const starter = "Main"

// bootloader reads the component of the program that starts the firmware, if one is on.
func (m *maker) bootloader(result *Plan) error {
	if len(m.on[slotBootloader]) == 0 {
		return nil
	}
	from := m.only(slotBootloader)
	if from == nil {
		return nil
	}
	made, err := m.component(from, "")
	if err != nil || m.diags.HasErrors() {
		return err
	}
	in, err := m.sources.Package(from.Dir)
	if err != nil {
		return err
	}
	function, has, err := in.Func(starter)
	if err != nil {
		return err
	}
	if !has || !slices.Equal(written(function.Node.Type.Params), []string{"[]string", "Config"}) || !slices.Equal(written(function.Node.Type.Results), []string{"int"}) {
		found := m.fail(CodeComponent, "the package %s has no function %s as a bootloader has it", in.Dir, starter)
		found.Subject, found.Fix = &from.Range, "func "+starter+"(args []string, config Config) int"
		if has {
			found.Related = []kconfig.Related{{Message: "the function", Range: *rangeOf(m.sources.Position(function.Node.Name.Pos()), len(starter))}}
		}
	}
	result.Bootloader = &made
	return nil
}

// written gives the types of arguments or results as they stand there.
func written(list *ast.FieldList) []string {
	var all []string
	if list != nil {
		for _, field := range list.List {
			for range max(1, len(field.Names)) {
				all = append(all, types.ExprString(field.Type))
			}
		}
	}
	return all
}

// opening reads a component that has a function for a slot of the default program, and its Config if it has one.
func (m *maker) opening(from *kconfig.Component, slot programSlot) (Component, error) {
	if !m.sound(from) {
		return Component{}, nil
	}
	in, err := m.sources.Package(from.Dir)
	if err != nil {
		return Component{}, err
	}
	made := Component{Package: nameOf(in), Slot: from.Slot}
	if from.If != nil {
		made.If = from.If.String()
	}
	made.Packaging = m.packaging(from)
	bound, _, err := bind.Read(m.sources, in, "Config")
	if err != nil {
		return made, err
	}
	var function source.Declared[*ast.FuncDecl]
	var has bool
	if bound != nil {
		if made, err = m.component(from, ""); err != nil {
			return made, err
		}
		function, has, err = in.Method("Config", opener)
	} else {
		function, has, err = in.Func(opener)
	}
	if err != nil {
		return made, err
	}
	var found *kconfig.Diagnostic
	switch {
	case !has && bound != nil:
		found = m.fail(CodeComponent, "the package %s has no method %s of its Config", in.Dir, opener)
	case !has:
		found = m.fail(CodeComponent, "the package %s has no function %s", in.Dir, opener)
	case !m.sameTypes(function, slot):
		found = m.fail(CodeComponent, "%s of the package %s does not fit the field %s of the default program", opener, in.Dir, slot.field)
		found.Related = []kconfig.Related{
			{Message: "the function", Range: *rangeOf(m.sources.Position(function.Node.Name.Pos()), len(opener))},
			{Message: "what it is to be", Range: *rangeOf(m.sources.Position(slot.function.Pos()), len("func"))},
		}
	}
	if found != nil {
		found.Subject = &from.Range
		found.Fix = wanted(bound != nil, slot)
	}
	return made, nil
}

// wanted writes the function that a slot takes.
func wanted(ofConfig bool, slot programSlot) string {
	receiver := ""
	if ofConfig {
		receiver = "(c Config) "
	}
	return "func " + receiver + opener + strings.TrimPrefix(types.ExprString(slot.function), "func")
}

// sameTypes compares arguments and results as far as they show: what a name of the package itself stands for, the compiler finds out.
func (m *maker) sameTypes(function source.Declared[*ast.FuncDecl], slot programSlot) bool {
	same := func(got, want *ast.FieldList) bool {
		a, b := m.typesOf(got, function.File), m.typesOf(want, slot.file)
		if len(a) != len(b) {
			return false
		}
		for i := range a {
			if a[i] != "" && b[i] != "" && a[i] != b[i] {
				return false
			}
		}
		return true
	}
	return same(function.Node.Type.Params, slot.function.Params) && same(function.Node.Type.Results, slot.function.Results)
}

// typesOf names the types of arguments or results: predeclared ones, and those of other packages by their import paths; "" stands for any other.
func (m *maker) typesOf(list *ast.FieldList, file *ast.File) []string {
	if list == nil {
		return nil
	}
	var names []string
	for _, field := range list.List {
		name := ""
		switch typed := field.Type.(type) {
		case *ast.Ident:
			if strings.ToLower(typed.Name) == typed.Name {
				name = typed.Name
			}
		case *ast.SelectorExpr:
			if qualifier, is := typed.X.(*ast.Ident); is {
				name = m.sources.Import(file, qualifier.Name) + "." + typed.Sel.Name
			}
		}
		for range max(1, len(field.Names)) {
			names = append(names, name)
		}
	}
	return names
}
