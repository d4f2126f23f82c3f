package plan

import (
	"fmt"
	"go/ast"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/gen/modules"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
)

// The slots of the generated program. The default program and the Configs of components have further ones, which the tags of their fields name:
// see program.go and slots.go.
const (
	slotModule      = "module"      // exactly one
	slotBackend     = "backend"     // exactly one
	slotApplication = "application" // at most one
	slotBootloader  = "bootloader"  // at most one: a program of its own
)

// firmwareDir is the folder of the package that the default program is made of.
const firmwareDir = "runtime/firmware"

// ownModules is the path below which the modules of the output are: nothing can be fetched from there.
const ownModules = "cloudmodule.local"

// Settings is what a plan depends on beside the configuration.
type Settings struct {
	Name   string   // of the variant
	Inside *Inside  // nil: the output is a module of its own
	Trees  []string // folders of users' trees in the sources
	Ours   string   // what the names of shipped layers begin with, which may set what a build does not read; "": there are none
}

// Inside is the module around the output.
type Inside struct {
	Module  string // path
	Package string // import path of the output folder
}

// Make makes the plan for a resolved configuration. The sources are cloudgen's, with users' modules beside them. The diagnostics hold what is wrong with the configuration or with the components, and
// what is worth knowing; the plan is nil when there is an error among them. The error is about cloudgen's own sources.
func Make(config *kconfig.Config, sources *source.Tree, table modules.Table, settings Settings) (*Plan, kconfig.Diagnostics, error) {
	m := &maker{config: config, sources: sources, on: map[string][]*kconfig.Component{}, keyFiles: map[wantedKeys][]string{}}
	made, err := m.make(table, settings)
	m.diags.Sort()
	if err != nil || m.diags.HasErrors() {
		made = nil
	}
	return made, m.diags, err
}

type maker struct {
	config  *kconfig.Config
	sources *source.Tree
	inside  *Inside
	on      map[string][]*kconfig.Component // that are switched on, by slot
	within  []string                        // folders of the components that are being read, each for a slot of the one before it
	diags   kconfig.Diagnostics
	version string

	keyFiles map[wantedKeys][]string // that have been read

	cloudModule  string // import path
	program      source.Declared[*ast.TypeSpec]
	programSlots []programSlot
}

func (m *maker) fail(code kconfig.Code, format string, arguments ...any) *kconfig.Diagnostic {
	m.diags = append(m.diags, kconfig.Diagnostic{Code: code, Severity: code.Severity(), Summary: fmt.Sprintf(format, arguments...)})
	return &m.diags[len(m.diags)-1]
}

func (m *maker) make(table modules.Table, settings Settings) (*Plan, error) {
	result := &Plan{Marks: []Mark{}, Requires: modules.Requirements{Modules: []modules.Module{}, Sums: []string{}}, Name: settings.Name, GoVersion: m.sources.GoVersion(), Runtime: Runtime{Module: m.sources.Module(), GoVersion: m.sources.GoVersion()}}
	m.inside = settings.Inside
	m.name(result, settings)
	m.marks(result)
	m.trees(settings.Trees)

	for _, each := range m.config.Components() {
		m.on[each.Slot] = append(m.on[each.Slot], each)
	}
	if err := m.readProgram(); err != nil {
		return nil, err
	}
	if err := m.knownSlots(settings.Trees); err != nil {
		return nil, err
	}
	cloudModule := m.only(slotModule)
	backend := m.only(slotBackend)
	var application *kconfig.Component
	if len(m.on[slotApplication]) > 0 {
		application = m.only(slotApplication)
	}
	if cloudModule == nil || backend == nil || m.diags.HasErrors() {
		return nil, nil
	}
	if err := m.components(result, cloudModule, backend, application); err != nil {
		return nil, err
	}
	if err := m.fillProgram(&result.Firmware); err != nil {
		return nil, err
	}
	if err := m.bootloader(result); err != nil {
		return nil, err
	}
	result.Version = m.version
	m.provision(result)
	if m.diags.HasErrors() {
		return nil, nil
	}
	if err := m.firmware(result, application); err != nil {
		return nil, err
	}
	if m.diags.HasErrors() {
		return nil, nil
	}
	if err := m.files(result, table); err != nil || m.diags.HasErrors() {
		return nil, err
	}
	return result, m.unread(result, settings.Ours)
}

func (m *maker) name(result *Plan, settings Settings) {
	if settings.Inside != nil {
		result.Inside, result.Module, result.Package = true, settings.Inside.Module, settings.Inside.Package
		return
	}
	result.Module = path.Join(ownModules, settings.Name)
	result.Package = result.Module
	result.Runtime.Dir, result.Runtime.Version = Carried, placeholder(result.Runtime.Module)
	err := module.CheckImportPath(result.Module)
	if err != nil || settings.Name == "" || strings.Contains(settings.Name, "/") {
		m.fail(CodeName, "%q cannot be the name of a variant: it becomes part of a module path", settings.Name).Fix = "rename the first overlay: letters, digits, - . _ and ~ are possible"
	}
}

func (m *maker) marks(result *Plan) {
	for _, each := range m.config.Marks() {
		result.Marks = append(result.Marks, Mark{Name: each.Name, Options: each.Options})
		found := m.fail(CodeMarked, "%s defaults are in use for %s: the version carries +%s", each.Name, strings.Join(each.Options, ", "), each.Name)
		found.Fix = "set them in an overlay"
	}
}

// only gives the one component of a slot that is switched on.
func (m *maker) only(slot string) *kconfig.Component {
	on := m.on[slot]
	switch len(on) {
	case 1:
		return on[0]
	case 0:
		var switches []string
		for _, each := range m.config.Tree().Components() {
			if each.Slot != slot || each.If == nil {
				continue
			}
			text := each.If.String()
			if option := m.config.Tree().Option(text); option != nil && option.Planned != "" {
				continue
			}
			switches = append(switches, text)
		}
		found := m.fail(CodeSlotEmpty, "no %s is switched on: %s", slot, noneOf(switches))
		if len(switches) > 0 {
			found.Fix = m.assign(switches[0], "y")
		}
	default:
		var switches []string
		for _, each := range on {
			switches = append(switches, conditionOf(each))
		}
		found := m.fail(CodeSlotTaken, "%d components are switched on for %s, and one is possible: %s hold", len(on), slot, strings.Join(switches, ", "))
		found.Subject = &on[1].Range
		found.Related = []kconfig.Related{{Message: "the other one", Range: on[0].Range}}
		found.Fix = m.assign(switches[1], "n")
	}
	return nil
}

// conditionOf gives what switches a component on; y for one that always is.
func conditionOf(component *kconfig.Component) string {
	if component.If == nil {
		return "y"
	}
	return component.If.String()
}

// assign gives the line of an overlay that sets a condition, when it is one option.
func (m *maker) assign(condition, value string) string {
	if m.config.Tree().Option(condition) == nil {
		return ""
	}
	return condition + " = " + value
}

func noneOf(switches []string) string {
	switch len(switches) {
	case 0:
		return "the tree has none"
	case 1:
		return switches[0] + " does not hold"
	}
	return "none of " + strings.Join(switches, ", ") + " holds"
}

func (m *maker) components(result *Plan, cloudModule, backend, application *kconfig.Component) error {
	var err error
	if result.CloudModule, err = m.component(cloudModule, "New"); err != nil {
		return err
	}
	m.cloudModule = result.CloudModule.Import
	if result.Backend, err = m.component(backend, "New"); err != nil {
		return err
	}
	if err := m.interfaces(result, backend); err != nil {
		return err
	}
	if application != nil {
		made, err := m.component(application, "")
		if err != nil {
			return err
		}
		result.Application = &made
	}
	return nil
}

// component reads a component's package: its Config, what goes into the slots of that and, where the slot has a constructor, that.
func (m *maker) component(from *kconfig.Component, constructor string) (Component, error) {
	if !m.sound(from) {
		return Component{}, nil
	}
	in, err := m.sources.Package(from.Dir)
	if err != nil {
		return Component{}, err
	}
	result := Component{Package: nameOf(in), Slot: from.Slot, Implements: from.Implements}
	if from.If != nil {
		result.If = from.If.String()
	}
	bound, diags, err := bind.Read(m.sources, in, "Config")
	if err != nil {
		return Component{}, err
	}
	if !m.isOutside(in.Dir) { // those of users' trees have been found
		m.diags = append(m.diags, diags...)
	}
	if bound == nil {
		m.fail(CodeComponent, "the package %s has no struct type Config", in.Dir).Subject = &from.Range
		return result, nil
	}
	if !m.isOutside(in.Dir) { // those of users' trees have been checked
		m.diags = append(m.diags, bind.Check(m.config.Tree(), bound)...)
	}
	m.literalTypes(bound)
	if m.diags.HasErrors() {
		return result, nil
	}
	result.Config = m.literal(bound)
	result.Packaging = m.packaging(from)
	if result.Slots, err = m.fillSlots(from, bound); err != nil || m.diags.HasErrors() {
		return result, err
	}
	if constructor != "" {
		if result.Type, err = m.made(in, constructor); err != nil {
			return Component{}, err
		}
		if result.Type == "" {
			m.fail(CodeComponent, "the package %s has no function %s that gives a pointer to one of its types, and an error", in.Dir, constructor).Subject = &from.Range
		} else if from.Slot == slotBackend {
			err = m.takesDevice(in, constructor, from)
		}
	}
	return result, err
}

// takesDevice checks the arguments of a backend's constructor as far as they show: what a name of the package itself stands for, the compiler
// finds out.
func (m *maker) takesDevice(in *source.Package, constructor string, from *kconfig.Component) error {
	function, _, err := in.Func(constructor)
	if err != nil {
		return err
	}
	var types []ast.Expr
	for _, field := range function.Node.Type.Params.List {
		for range max(1, len(field.Names)) {
			types = append(types, field.Type)
		}
	}
	fits := len(types) == 2
	if fits {
		_, fits = types[0].(*ast.Ident)
	}
	if fits {
		if device, is := types[1].(*ast.SelectorExpr); is {
			qualifier, plain := device.X.(*ast.Ident)
			fits = plain && device.Sel.Name == "Device" && m.sources.Import(function.File, qualifier.Name) == m.cloudModule
		}
	}
	if !fits {
		found := m.fail(CodeComponent, "%s of the package %s does not take a Config of its own and a Device of %s", constructor, in.Dir, m.cloudModule)
		found.Subject = &from.Range
		found.Related = []kconfig.Related{{Message: "the function", Range: *rangeOf(m.sources.Position(function.Node.Name.Pos()), len(constructor))}}
	}
	return nil
}

func nameOf(in *source.Package) Package { return Package{Dir: in.Dir, Import: in.Path, Name: in.Name} }

// made gives the name of the type that a constructor makes a pointer to: func(…) (*T, error). It is "" for any other function.
func (m *maker) made(in *source.Package, constructor string) (string, error) {
	function, is, err := in.Func(constructor)
	if err != nil || !is {
		return "", err
	}
	results := function.Node.Type.Results
	if results == nil || results.NumFields() != 2 {
		return "", nil
	}
	pointer, is := results.List[0].Type.(*ast.StarExpr)
	if !is {
		return "", nil
	}
	name, is := pointer.X.(*ast.Ident)
	failure, named := results.List[len(results.List)-1].Type.(*ast.Ident)
	if !is || !named || failure.Name != "error" {
		return "", nil
	}
	return name.Name, nil
}

// interfaces checks that what a backend says it implements is there to be implemented. Whether it does, the compiler finds out.
func (m *maker) interfaces(result *Plan, backend *kconfig.Component) error {
	in, err := m.sources.Package(result.CloudModule.Dir)
	if err != nil {
		return err
	}
	for _, name := range backend.Implements {
		declared, is, err := in.Type(name)
		if err != nil {
			return err
		}
		if is {
			_, is = declared.Node.Type.(*ast.InterfaceType)
		}
		if !is {
			m.fail(CodeComponent, "%s implements %q, and %s has no such interface", backend.Dir, name, in.Dir).Subject = &backend.Range
		}
	}
	return nil
}

// firmware finds the field of the program that takes the application's Config.
func (m *maker) firmware(result *Plan, application *kconfig.Component) error {
	in := m.program.Package
	result.Firmware.Package = nameOf(in)
	if result.Application == nil {
		return nil
	}
	result.Firmware.ApplicationField = m.fieldOf(m.program, result.Application.Import)
	if result.Firmware.ApplicationField == "" && m.isOutside(result.Application.Dir) {
		found := m.fail(CodeComponent, "%s cannot be the application of the default program, which has a place for its own alone", result.Application.Import)
		found.Subject, found.Fix = &application.Range, "leave the component out, and write a program of your own that imports the generated package"
		return nil
	}
	if result.Firmware.ApplicationField == "" {
		return fmt.Errorf("the type Program of %s has no field of the type Config of %s", in.Path, result.Application.Import)
	}
	return nil
}

// fieldOf gives the name of a struct's field of the type Config of a package; "" when there is none.
func (m *maker) fieldOf(declared source.Declared[*ast.TypeSpec], importPath string) string {
	body, is := declared.Node.Type.(*ast.StructType)
	if !is {
		return ""
	}
	for _, field := range body.Fields.List {
		selector, is := field.Type.(*ast.SelectorExpr)
		if !is || selector.Sel.Name != "Config" || len(field.Names) == 0 {
			continue
		}
		if qualifier, is := selector.X.(*ast.Ident); is && m.sources.Import(declared.File, qualifier.Name) == importPath {
			return field.Names[0].Name
		}
	}
	return ""
}

// emitted are the files that gen/emit makes, beside the programs.
var emitted = []string{"config.go", "backend.go", "module.go"}

// The programs of the output.
const (
	firmwareProgram   = "firmware"
	bootloaderProgram = "bootloader" // where there is a component for it
)

// programs gives the main packages of the output.
func (p *Plan) programs() []Program {
	programs := []Program{{Name: firmwareProgram, Dir: "cmd/" + firmwareProgram}}
	if p.Bootloader != nil {
		programs = append(programs, Program{Name: bootloaderProgram, Dir: "cmd/" + bootloaderProgram})
	}
	return programs
}

// filled says which file of the output each template makes. NAME stands for the plan's name.
var filled = []struct {
	template, path string
	own            bool // only where the output is a module of its own
}{
	{"go.mod.tmpl", "go.mod", true},
	{"go.sum.tmpl", "go.sum", true},
	{"runtime.go.mod.tmpl", Carried + "/go.mod", true},
	{"README.md.tmpl", "README.md", false},
	{"gitignore.tmpl", ".gitignore", false},
	{"systemd.service.tmpl", "packaging/systemd/NAME.service", false},
}

func (m *maker) files(result *Plan, table modules.Table) error {
	roots := []string{result.Firmware.Dir}
	for _, each := range result.Components() {
		roots = append(roots, each.Dir)
	}
	packages, _, err := m.sources.Closure(roots...)
	if err != nil {
		return err
	}
	for _, each := range packages {
		if !m.isOutside(each.Dir) {
			result.Runtime.Packages = append(result.Runtime.Packages, each.Dir)
		}
	}
	result.Programs = result.programs()
	for _, name := range emitted {
		result.Files = append(result.Files, File{Path: name, From: Emitted})
	}
	for _, each := range result.Programs {
		result.Files = append(result.Files, File{Path: each.Dir + "/main.go", From: Emitted})
	}
	for _, name := range []string{".config", "resolved.json"} {
		result.Files = append(result.Files, File{Path: name, From: Resolved})
	}
	for _, each := range filled {
		if !each.own || !result.Inside {
			result.Files = append(result.Files, File{Path: strings.ReplaceAll(each.path, "NAME", result.Name), From: Source(templates + each.template)})
		}
	}
	m.offered(result)
	if err := m.carryTrees(result, packages); err != nil {
		return err
	}
	if !result.Inside {
		if err := m.carry(result, packages, table); err != nil {
			return err
		}
	}
	slices.SortFunc(result.Provision, func(a, b Provision) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(result.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// carry adds the runtime's sources, and what they need of other modules.
func (m *maker) carry(result *Plan, packages []*source.Package, table modules.Table) error {
	var own []*source.Package
	result.Files = append(result.Files, File{Path: Carried + "/LICENSE", From: "LICENSE"})
	for _, each := range packages {
		if m.isOutside(each.Dir) {
			continue
		}
		own = append(own, each)
		for _, name := range each.Files {
			from := path.Join(each.Dir, name)
			result.Files = append(result.Files, File{Path: path.Join(Carried, from), From: Source(from)})
		}
	}
	goMod, err := fs.ReadFile(m.sources.FS(), "go.mod")
	if err != nil {
		return err
	}
	goSum, err := fs.ReadFile(m.sources.FS(), "go.sum")
	if err != nil {
		return err
	}
	pinned, err := modules.Pin(goMod, goSum)
	if err != nil {
		return err
	}
	result.Requires, err = pinned.Requirements(table, m.external(own))
	return err
}
