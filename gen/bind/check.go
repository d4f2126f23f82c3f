package bind

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
)

// units are the units of time, and the constants of package time that they are.
var units = map[string]string{"ms": "Millisecond", "s": "Second", "min": "Minute", "h": "Hour"}

// UnitConstant gives the constant of package time for a unit of a tag, as Second for s; "" for another unit.
func UnitConstant(unit string) string { return units[unit] }

// Check compares the tags of a struct, and of those nested in it, with the options that they name.
func Check(options *kconfig.Tree, bound *Struct) kconfig.Diagnostics {
	var diags kconfig.Diagnostics
	for _, field := range bound.Fields {
		if field.Kind == Nested {
			diags = append(diags, Check(options, field.Struct)...)
			continue
		}
		if wrong := checkField(options, bound, field); wrong != nil {
			diags = append(diags, *wrong)
		}
	}
	return diags
}

func checkField(options *kconfig.Tree, of *Struct, field Field) *kconfig.Diagnostic {
	fail := func(code kconfig.Code, defined *hcl.Range, format string, arguments ...any) *kconfig.Diagnostic {
		result := diagnostic(code, field.Range, format, arguments...)
		if defined != nil {
			result.Related = []kconfig.Related{{Message: field.Option + " is defined here", Range: *defined}}
		}
		return &result
	}
	what := of.Name + "." + field.Name
	option := options.Option(field.Option)
	if option == nil {
		choice := options.Choice(field.Option)
		switch {
		case choice == nil:
			return fail(CodeUnknown, nil, "%s is bound to %s, which is not in the option tree", what, field.Option)
		case field.Kind != Text:
			place := choice.Range()
			return fail(CodeType, &place, "%s has the type %s: the choice %s needs a string type, which takes the name of the selected member", what, field.GoType, field.Option)
		case field.Unit != "" || field.Marked:
			place := choice.Range()
			return fail(CodeTag, &place, "%s is bound to the choice %s: unit and marked make no sense there", what, field.Option)
		}
		return nil
	}
	place := option.Range()
	if option.Secret {
		result := fail(CodeSecret, &place, "%s is bound to the secret option %s: its value would be compiled in", what, field.Option)
		result.Fix = "read it from the credentials folder at run time"
		return result
	}
	if !fits(option.Type, field.Kind) {
		result := fail(CodeType, &place, "%s has the type %s: it cannot hold %s, which is of type %s", what, field.GoType, field.Option, option.Type)
		result.Fix = "make the field one of: " + typesFor[option.Type]
		return result
	}
	if field.Marked && field.Kind != Text {
		return fail(CodeTag, &place, "%s is marked and has the type %s: only a version, which is text, can carry marks", what, field.GoType)
	}
	wanted := option.Unit
	if units[wanted] == "" {
		wanted = "" // percent, bytes and their like are not written in tags
	}
	if field.Unit != wanted || (field.Kind == Duration && wanted == "") {
		result := fail(CodeUnit, &place, "%s has the unit %s, and %s has %s", what, orNone(field.Unit), field.Option, orNone(option.Unit))
		if wanted != "" {
			result.Fix = fmt.Sprintf("write `kconfig:\"%s,unit=%s\"`", field.Option, wanted)
		} else if field.Kind == Duration {
			result.Fix = "give the option a unit of time in its Kconfig.hcl, or make the field an integer"
		}
		return result
	}
	return nil
}

func orNone(unit string) string {
	if unit == "" {
		return "none"
	}
	return unit
}

var typesFor = map[kconfig.Type]string{
	kconfig.Bool: "bool", kconfig.String: "a string type, []string for a file of public keys", kconfig.Int: "an integer type, time.Duration", kconfig.Hex: "an integer type",
}

func fits(option kconfig.Type, field Kind) bool {
	switch field {
	case Bool:
		return option == kconfig.Bool
	case Text, Keys:
		return option == kconfig.String
	case Integer:
		return option == kconfig.Int || option == kconfig.Hex
	case Duration:
		return option == kconfig.Int
	}
	return false
}

// Options gives the names of all options and choices that a struct and those nested in it are bound to.
func (s *Struct) Options() []string {
	var names []string
	for _, field := range s.Fields {
		if field.Kind == Nested {
			names = append(names, field.Struct.Options()...)
		} else {
			names = append(names, field.Option)
		}
	}
	return names
}

// CheckTree compares the whole option tree with all Config structs below the folder dir of the sources, both ways: every tag names an
// option that fits, and every option changes something. An option does that when a field is bound to it, an expression refers to it, it
// selects or implies others, goes to a file (provision), or its folder says why it changes nothing (effect, planned).
func CheckTree(options *kconfig.Tree, sources *source.Tree, dir string) (kconfig.Diagnostics, error) {
	return checkTree(options, sources, dir, func(*kconfig.Option) bool { return true })
}

// CheckFolder is CheckTree for a tree of somebody else, all of which is below dir: of the options those that it defines first are checked.
func CheckFolder(options *kconfig.Tree, sources *source.Tree, dir string) (kconfig.Diagnostics, error) {
	return checkTree(options, sources, dir, func(option *kconfig.Option) bool { return strings.HasPrefix(option.File(), dir+"/") })
}

func checkTree(options *kconfig.Tree, sources *source.Tree, dir string, counts func(*kconfig.Option) bool) (kconfig.Diagnostics, error) {
	folders, err := sources.Folders(dir)
	if err != nil {
		return nil, err
	}
	var diags kconfig.Diagnostics
	used := map[string]bool{}
	for _, each := range []string{"templates", dir} {
		if err := asked(sources.FS(), each, used); err != nil {
			return nil, err
		}
	}
	for _, folder := range folders {
		in, err := sources.Package(folder)
		if errors.Is(err, source.ErrNoFiles) {
			continue
		}
		if err != nil {
			return nil, err
		}
		bound, wrong, err := Read(sources, in, "Config")
		if err != nil {
			return nil, err
		}
		diags = append(diags, wrong...)
		if bound == nil {
			continue
		}
		for _, each := range Check(options, bound) {
			if !slices.ContainsFunc(diags, func(known kconfig.Diagnostic) bool { return known.String() == each.String() }) {
				diags = append(diags, each) // a struct that nests in two others is checked twice
			}
		}
		for _, name := range bound.Options() {
			used[name] = true
		}
	}
	for _, option := range options.Options() {
		read := func(name string) bool { return used[name] || options.Refers(name) }
		if !counts(option) || read(option.Name) || option.Choice != nil && read(option.Choice.Name) ||
			option.Effect != "" || option.Planned != "" || len(option.Provisions) > 0 || Selects(option) {
			continue
		}
		wrong := diagnostic(CodeUnbound, option.Range(), "%s changes nothing: no Config field is bound to it, and no expression refers to it", option.Name)
		wrong.Fix = fmt.Sprintf("bind a field with `kconfig:\"%s\"`, or say with effect or planned why it changes nothing", option.Name)
		diags = append(diags, wrong)
	}
	diags.Sort()
	return diags, nil
}

// templateOption is how a template asks for an option: its value, or whether it is y.
var templateOption = regexp.MustCompile(`\b(?:option|on) "([A-Za-z0-9_]+)"`)

// TemplateOptions gives the options that a template asks for.
func TemplateOptions(text []byte) []string {
	var names []string
	for _, match := range templateOption.FindAllSubmatch(text, -1) {
		names = append(names, string(match[1]))
	}
	return names
}

// asked adds the options that the templates below a folder ask for.
func asked(files fs.FS, dir string, names map[string]bool) error {
	return fs.WalkDir(files, dir, func(name string, entry fs.DirEntry, err error) error {
		if name == dir && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".tmpl") {
			return err
		}
		text, err := fs.ReadFile(files, name)
		for _, option := range TemplateOptions(text) {
			names[option] = true
		}
		return err
	})
}

// Selects tells whether an option selects or implies others.
func Selects(option *kconfig.Option) bool {
	return slices.ContainsFunc(option.Definitions, func(definition *kconfig.Definition) bool {
		return len(definition.Selects)+len(definition.Implies) > 0
	})
}
