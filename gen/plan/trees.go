package plan

import (
	"errors"
	"fmt"
	"go/build"
	"go/scanner"
	"go/token"
	goversion "go/version"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/mod/module"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/gen/modules"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
)

// runtimeFolder holds all that a device runs: what programs, and users' packages, may import of cloudgen.
const runtimeFolder = "runtime"

// ThirdParty is where carried modules go, below the output folder.
const ThirdParty = "third_party"

// Tree is a user's module as the output needs it.
type Tree struct {
	Module    string               `json:"module"`    // path
	GoVersion string               `json:"goVersion"` // its go line
	Version   string               `json:"version"`   // that stands in go.mod beside a replace line
	Dir       string               `json:"dir"`       // where the output holds it; "" when a surrounding module is or requires it
	Packages  []string             `json:"packages"`  // import paths of what is needed, sorted
	Requires  modules.Requirements `json:"requires"`  // modules of others, from its own go.mod
}

// Required gives all lines of go.mod and go.sum about modules of others: the runtime's, and those of users' modules.
func (p *Plan) Required() modules.Requirements {
	all := []modules.Requirements{p.Requires}
	for _, each := range p.Trees {
		all = append(all, each.Requires)
	}
	return modules.Merge(all...)
}

// TreeIn gives the user's module that the output holds in a folder; nil where there is none.
func (p *Plan) TreeIn(dir string) *Tree {
	for i := range p.Trees {
		if p.Trees[i].Dir != "" && p.Trees[i].Dir == dir {
			return &p.Trees[i]
		}
	}
	return nil
}

// isOutside tells whether a folder is of a user's module.
func (m *maker) isOutside(dir string) bool { return m.sources.ModuleOf(dir) != m.sources.Module() }

// trees checks users' trees: their tags against the options and their options against the tags, whether they are switched on or not.
func (m *maker) trees(dirs []string) {
	for _, dir := range dirs {
		diags, err := bind.CheckFolder(m.config.Tree(), m.sources, dir)
		m.diags = append(m.diags, diags...)
		if err != nil {
			m.blame(dir, err, nil)
		}
	}
}

// sound tells whether a component's package and all that it imports can be part of the output, when it is of a user's module.
func (m *maker) sound(from *kconfig.Component) bool {
	if !m.isOutside(from.Dir) {
		return true
	}
	in, err := m.sources.Package(from.Dir)
	if err != nil {
		m.blame(from.Dir, err, &from.Range)
		return false
	}
	before := len(m.diags)
	if in.Name == "main" {
		m.fail(CodeComponent, "%s is a program: a component's package is one that can be imported", in.Path).Subject = &from.Range
	}
	if !importable(in.Path, m.inside) {
		found := m.fail(CodeComponent, "%s is internal to its module: the generated code cannot import it", in.Path)
		found.Subject, found.Fix = &from.Range, "move the package out of the folder named internal; what it imports may stay there"
	}
	m.imports(in, map[string]bool{})
	return len(m.diags) == before
}

// imports checks what a user's package imports, and what that imports.
func (m *maker) imports(by *source.Package, seen map[string]bool) {
	if seen[by.Dir] {
		return
	}
	seen[by.Dir] = true
	for _, imported := range by.Imports {
		dir, is := m.sources.DirOf(imported)
		if !is || !m.allowed(by, imported) {
			continue
		}
		read, err := m.sources.Package(dir)
		switch {
		case err != nil:
			found := m.fail(CodeTree, "%s imports %s, which cannot be read: %s", by.Path, imported, m.cause(dir, err))
			found.Subject = rangeOf(by.PlaceOfImport(imported), len(imported)+2)
		case m.isOutside(dir):
			m.imports(read, seen)
		}
	}
}

// allowed refuses imports of cloudgen's own workings: they are no part of a device.
func (m *maker) allowed(by *source.Package, imported string) bool {
	dir, is := m.sources.DirOf(imported)
	if !is || m.isOutside(dir) || strings.HasPrefix(dir, runtimeFolder+"/") {
		return true
	}
	found := m.fail(CodeTree, "%s imports %s, which no device runs", by.Path, imported)
	found.Subject = rangeOf(by.PlaceOfImport(imported), len(imported)+2)
	found.Fix = "import only packages below " + path.Join(m.sources.Module(), runtimeFolder)
	return false
}

// importable tells whether the output may import a package, as far as folders named internal are concerned.
func importable(importPath string, inside *Inside) bool {
	elements := strings.Split(importPath, "/")
	for i, element := range elements {
		if element != "internal" {
			continue
		}
		above := strings.Join(elements[:i], "/")
		if inside == nil || (inside.Package != above && !strings.HasPrefix(inside.Package, above+"/")) {
			return false
		}
	}
	return true
}

// literalTypes refuses nested structs whose types the generated code cannot name.
func (m *maker) literalTypes(bound *bind.Struct) {
	for _, each := range bound.Fields {
		if each.Kind != bind.Nested {
			continue
		}
		if in := each.Struct.Package; m.isOutside(in.Dir) && !importable(in.Path, m.inside) {
			found := m.fail(CodeTree, "%s.%s has options, and its type is of the package %s, which is internal to its module: the generated code cannot name it", bound.Name, each.Name, in.Path)
			found.Subject, found.Fix = &each.Range, "move the type out of the folder named internal"
		} else {
			m.literalTypes(each.Struct)
		}
	}
}

// blame makes diagnostics of what is wrong with a user's package in dir or below; at is the component that it is for, or nil.
func (m *maker) blame(dir string, err error, at *hcl.Range) {
	if list, is := errors.AsType[scanner.ErrorList](err); is {
		for _, each := range list {
			m.fail(CodeTree, "this is not Go: %s", each.Msg).Subject = rangeOf(each.Pos, 1)
		}
		return
	}
	text := "a package of a tree cannot be read"
	if at != nil {
		text = "the component's package cannot be read"
	}
	m.fail(CodeTree, "%s: %s", text, m.cause(dir, err)).Subject = at
}

// cause says what is wrong with a package without the names that go/build gives to folders.
func (m *maker) cause(dir string, err error) string {
	if _, missing := fs.Stat(m.sources.FS(), dir); missing != nil {
		return "there is no folder " + dir
	}
	if missing, is := errors.AsType[*build.NoGoError](err); is {
		return "there are no Go files in " + strings.TrimPrefix(missing.Dir, "/")
	}
	return err.Error()
}

func rangeOf(place token.Position, length int) *hcl.Range {
	if place.Filename == "" {
		return nil
	}
	return &hcl.Range{
		Filename: place.Filename,
		Start:    hcl.Pos{Line: place.Line, Column: place.Column, Byte: place.Offset},
		End:      hcl.Pos{Line: place.Line, Column: place.Column + length, Byte: place.Offset + length},
	}
}

// placeholder is the version that stands beside a replace line: it only has to fit the path.
func placeholder(modulePath string) string {
	if _, major, _ := module.SplitPathVersion(modulePath); major != "" {
		return module.PathMajorPrefix(major) + ".0.0"
	}
	return "v0.0.0"
}

// carryTrees adds users' modules as far as packages are of them, and, where the output is a module of its own, their sources.
func (m *maker) carryTrees(result *Plan, packages []*source.Package) error {
	byModule := map[string][]*source.Package{}
	for _, each := range packages {
		if m.isOutside(each.Dir) {
			of := m.sources.ModuleOf(each.Dir)
			byModule[of] = append(byModule[of], each)
		}
	}
	var paths []string
	for each := range byModule {
		paths = append(paths, each)
	}
	slices.Sort(paths)
	taken := map[string]bool{Carried: true}
	for _, modulePath := range paths {
		tree := Tree{Module: modulePath, Version: placeholder(modulePath), Requires: modules.Merge()}
		for _, each := range byModule[modulePath] {
			tree.Packages = append(tree.Packages, each.Path)
		}
		if !result.Inside {
			tree.Dir = freeFolder(modulePath, taken)
			if err := m.carryTree(result, &tree, byModule[modulePath]); err != nil {
				return err
			}
			if goversion.Compare("go"+tree.GoVersion, "go"+result.GoVersion) > 0 {
				result.GoVersion = tree.GoVersion
			}
		}
		result.Trees = append(result.Trees, tree)
	}
	return nil
}

// freeFolder names the folder of a carried module after the last element of its path, without the major version.
func freeFolder(modulePath string, taken map[string]bool) string {
	prefix, _, ok := module.SplitPathVersion(modulePath)
	if !ok {
		prefix = modulePath
	}
	name := path.Join(ThirdParty, strings.ToLower(path.Base(prefix))) // some file systems do not tell cases apart
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", path.Join(ThirdParty, strings.ToLower(path.Base(prefix))), n)
	}
	taken[name] = true
	return name
}

func (m *maker) carryTree(result *Plan, tree *Tree, packages []*source.Package) error {
	for _, each := range packages {
		for _, name := range each.Files {
			from := path.Join(each.Dir, name)
			to := path.Join(tree.Dir, strings.TrimPrefix(from, tree.Module))
			result.Files = append(result.Files, File{Path: to, From: Source(from)})
		}
	}
	if license := path.Join(tree.Module, "LICENSE"); m.has(license) {
		result.Files = append(result.Files, File{Path: path.Join(tree.Dir, "LICENSE"), From: Source(license)})
	}
	result.Files = append(result.Files, File{Path: path.Join(tree.Dir, "go.mod"), From: templates + "tree.go.mod.tmpl"})

	goMod, err := fs.ReadFile(m.sources.FS(), path.Join(tree.Module, "go.mod"))
	if err != nil {
		return err
	}
	goSum, err := fs.ReadFile(m.sources.FS(), path.Join(tree.Module, "go.sum"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if tree.GoVersion, err = modules.GoVersion(goMod); err != nil {
		return err
	}
	imports := m.external(packages)
	// A module that the output holds itself counts as held even when it is only a requirement of a requirement.
	held := func(modulePath string) bool {
		return modulePath == m.sources.Module() || m.isOutside(modulePath)
	}
	tree.Requires, err = modules.Others(goMod, goSum, imports, held)
	if wrong, is := errors.AsType[*modules.Problem](err); is {
		found := m.fail(CodeTree, "the module %s imports %s: %s", tree.Module, strings.Join(imports, ", "), wrong.What)
		found.Subject, found.Fix = &hcl.Range{Filename: path.Join(tree.Module, "go.mod")}, wrong.Fix
		return nil
	}
	return err
}

// external gives what packages import of modules that are not among the sources, sorted.
func (m *maker) external(packages []*source.Package) []string {
	var imports []string
	for _, each := range packages {
		for _, imported := range each.Imports {
			if _, held := m.sources.DirOf(imported); !held && !source.IsStandard(imported) {
				imports = append(imports, imported)
			}
		}
	}
	slices.Sort(imports)
	return slices.Compact(imports)
}

func (m *maker) has(name string) bool {
	info, err := fs.Stat(m.sources.FS(), name)
	return err == nil && info.Mode().IsRegular()
}
