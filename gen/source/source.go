// Package source reads Go packages from a file system, without a Go toolchain: their files as Linux builds them, what they import, and
// the types that they declare.
package source

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/modfile"
)

// architectures are those of Linux that differ in which files Go takes. A file that any of them takes is part of a package.
var architectures = []string{"amd64", "386", "arm", "arm64", "loong64", "mips", "mipsle", "mips64", "mips64le", "ppc64le", "riscv64", "s390x"}

// Tree is a Go module in a file system, and modules of others beside it, whose folders have their import paths for names. It may be used by
// several goroutines.
type Tree struct {
	fsys   fs.FS
	module string
	others []string // paths of the other modules, longest first
	goLine string
	files  *token.FileSet // knows the positions of every syntax tree, under slash paths in fsys

	mutex    sync.Mutex
	packages map[string]*Package
}

// WithModules is a file system that holds modules of others too, each below its path.
type WithModules interface {
	fs.FS
	Modules() []string // their paths
}

// Open reads go.mod at the root of fsys, which may be a WithModules.
func Open(fsys fs.FS) (*Tree, error) {
	text, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, err
	}
	parsed, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return nil, err
	}
	if parsed.Module == nil || parsed.Go == nil {
		return nil, errors.New("go.mod: it needs a module and a go line")
	}
	tree := &Tree{fsys: fsys, module: parsed.Module.Mod.Path, goLine: parsed.Go.Version, files: token.NewFileSet(), packages: map[string]*Package{}}
	if with, is := fsys.(WithModules); is {
		tree.others = slices.Clone(with.Modules())
		slices.SortFunc(tree.others, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	}
	return tree, nil
}

// Module is the path of the module.
func (t *Tree) Module() string { return t.module }

// GoVersion is the least version of Go that the module asks for, as 1.26.0.
func (t *Tree) GoVersion() string { return t.goLine }

// FS is where the module is.
func (t *Tree) FS() fs.FS { return t.fsys }

// Position gives file and line of a place in a syntax tree.
func (t *Tree) Position(place token.Pos) token.Position { return t.files.Position(place) }

// ErrNoFiles is about a folder whose Go files are all for other systems than Linux, or left out by build constraints.
var ErrNoFiles = errors.New("no Go files for Linux")

// Package is one package as Linux builds it, without its tests.
type Package struct {
	Dir     string   // slash path in the module
	Path    string   // import path
	Name    string   // of the package clause
	Files   []string // names in Dir of all files that the build reads, sorted
	Imports []string // import paths, sorted, without duplicates

	tree    *Tree
	goFiles []string
	parse   func() ([]*ast.File, error)
}

// Package reads the package in a folder of the module.
func (t *Tree) Package(dir string) (*Package, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if known := t.packages[dir]; known != nil {
		return known, nil
	}
	read, err := t.read(dir)
	if err != nil {
		return nil, err
	}
	t.packages[dir] = read
	return read, nil
}

// DirOf gives the folder of an import path; false when no module of the tree holds it.
func (t *Tree) DirOf(importPath string) (string, bool) {
	if t.ModuleOf(importPath) != t.module {
		return importPath, true
	}
	if importPath == t.module {
		return ".", true
	}
	return strings.CutPrefix(importPath, t.module+"/")
}

// ModuleOf gives the path of the module that a folder is of.
func (t *Tree) ModuleOf(dir string) string {
	for _, each := range t.others {
		if dir == each || strings.HasPrefix(dir, each+"/") {
			return each
		}
	}
	return t.module
}

// IsStandard tells whether an import path is of the standard library: no other has a first element without a dot.
func IsStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func (t *Tree) read(dir string) (*Package, error) {
	result := &Package{Dir: dir, Path: path.Join(t.module, dir), tree: t}
	if dir == "." {
		result.Path = t.module
	} else if t.ModuleOf(dir) != t.module {
		result.Path = dir
	}
	for _, architecture := range architectures {
		found, err := t.context(architecture).ImportDir(path.Join("/", dir), 0)
		if _, none := errors.AsType[*build.NoGoError](err); none && len(found.IgnoredGoFiles) > 0 {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		result.Name = found.Name
		result.goFiles = append(result.goFiles, found.GoFiles...)
		result.Files = append(result.Files, slices.Concat(found.GoFiles, found.SFiles, found.HFiles, found.SysoFiles)...)
		result.Imports = append(result.Imports, found.Imports...)
		for _, pattern := range found.EmbedPatterns {
			files, err := t.embedded(dir, pattern)
			if err != nil {
				return nil, err
			}
			result.Files = append(result.Files, files...)
		}
		if len(found.IgnoredGoFiles)+len(found.IgnoredOtherFiles) == 0 {
			break // nothing depends on the architecture
		}
	}
	if len(result.goFiles) == 0 {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoFiles)
	}
	for _, list := range []*[]string{&result.goFiles, &result.Files, &result.Imports} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	result.parse = sync.OnceValues(result.parseFiles)
	return result, nil
}

// context lets go/build, which knows build constraints, read from the file system.
func (t *Tree) context(architecture string) *build.Context {
	inside := func(name string) string {
		name = strings.TrimPrefix(path.Clean(name), "/")
		if name == "" {
			return "."
		}
		return name
	}
	context := build.Default
	context.GOOS, context.GOARCH, context.CgoEnabled = "linux", architecture, false
	context.GOROOT, context.GOPATH, context.BuildTags, context.ToolTags = "", "", nil, nil
	context.JoinPath = path.Join
	context.SplitPathList = func(list string) []string { return strings.Split(list, ":") }
	context.IsAbsPath = path.IsAbs
	context.HasSubdir = func(string, string) (string, bool) { return "", false }
	context.IsDir = func(name string) bool {
		info, err := fs.Stat(t.fsys, inside(name))
		return err == nil && info.IsDir()
	}
	context.ReadDir = func(name string) ([]fs.FileInfo, error) {
		entries, err := fs.ReadDir(t.fsys, inside(name))
		if err != nil {
			return nil, err
		}
		var infos []fs.FileInfo
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil {
				return nil, err
			}
			infos = append(infos, info)
		}
		return infos, nil
	}
	context.OpenFile = func(name string) (io.ReadCloser, error) { return t.fsys.Open(inside(name)) }
	return &context
}

// embedded gives the files that a pattern of go:embed takes.
func (t *Tree) embedded(dir, pattern string) ([]string, error) {
	pattern, all := strings.CutPrefix(pattern, "all:")
	matches, err := fs.Glob(t.fsys, path.Join(dir, pattern))
	if err == nil && len(matches) == 0 {
		err = errors.New("no file matches it")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: embedding %s: %w", dir, pattern, err)
	}
	var files []string
	for _, match := range matches {
		err := fs.WalkDir(t.fsys, match, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case name != match && !all && strings.ContainsAny(entry.Name()[:1], "._"):
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			case !entry.IsDir():
				files = append(files, strings.TrimPrefix(name, dir+"/"))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (p *Package) parseFiles() ([]*ast.File, error) {
	parsed := make([]*ast.File, len(p.goFiles))
	failures := make([]error, len(p.goFiles))
	var running sync.WaitGroup
	for i, name := range p.goFiles {
		running.Go(func() {
			name := path.Join(p.Dir, name)
			text, err := fs.ReadFile(p.tree.fsys, name)
			if err == nil {
				parsed[i], err = parser.ParseFile(p.tree.files, name, text, parser.SkipObjectResolution)
			}
			failures[i] = err
		})
	}
	running.Wait()
	return parsed, errors.Join(failures...)
}

// Declared is a declaration and the file that it stands in, whose imports give its names their meaning.
type Declared[T ast.Node] struct {
	Package *Package
	File    *ast.File
	Node    T
}

// Type finds a type that the package declares; false when there is none.
func (p *Package) Type(name string) (Declared[*ast.TypeSpec], bool, error) {
	files, err := p.parse()
	if err != nil {
		return Declared[*ast.TypeSpec]{}, false, err
	}
	for _, file := range files {
		for _, declaration := range file.Decls {
			general, is := declaration.(*ast.GenDecl)
			if !is {
				continue
			}
			for _, each := range general.Specs {
				if spec, is := each.(*ast.TypeSpec); is && spec.Name.Name == name {
					return Declared[*ast.TypeSpec]{p, file, spec}, true, nil
				}
			}
		}
	}
	return Declared[*ast.TypeSpec]{}, false, nil
}

// Func finds a function, not a method, that the package declares; false when there is none.
func (p *Package) Func(name string) (Declared[*ast.FuncDecl], bool, error) {
	files, err := p.parse()
	if err != nil {
		return Declared[*ast.FuncDecl]{}, false, err
	}
	for _, file := range files {
		for _, declaration := range file.Decls {
			if function, is := declaration.(*ast.FuncDecl); is && function.Recv == nil && function.Name.Name == name {
				return Declared[*ast.FuncDecl]{p, file, function}, true, nil
			}
		}
	}
	return Declared[*ast.FuncDecl]{}, false, nil
}

// Method finds a method that the package declares for a type, not for pointers to it; false when there is none.
func (p *Package) Method(of, name string) (Declared[*ast.FuncDecl], bool, error) {
	files, err := p.parse()
	if err != nil {
		return Declared[*ast.FuncDecl]{}, false, err
	}
	for _, file := range files {
		for _, declaration := range file.Decls {
			function, is := declaration.(*ast.FuncDecl)
			if !is || function.Recv == nil || function.Name.Name != name || len(function.Recv.List) != 1 {
				continue
			}
			if receiver, is := function.Recv.List[0].Type.(*ast.Ident); is && receiver.Name == of {
				return Declared[*ast.FuncDecl]{p, file, function}, true, nil
			}
		}
	}
	return Declared[*ast.FuncDecl]{}, false, nil
}

// Import gives the import path that a name stands for in a file; "" when the file imports nothing under it.
func (t *Tree) Import(file *ast.File, name string) string {
	for _, each := range file.Imports {
		importPath, err := strconv.Unquote(each.Path.Value)
		if err != nil {
			continue
		}
		if each.Name != nil {
			if each.Name.Name == name {
				return importPath
			}
			continue
		}
		if dir, ours := t.DirOf(importPath); ours {
			if imported, err := t.Package(dir); err == nil && imported.Name == name {
				return importPath
			}
			continue
		}
		if path.Base(importPath) == name {
			return importPath
		}
	}
	return ""
}

// PlaceOfImport gives the place of an import in the package's files; the zero Position where there is none.
func (p *Package) PlaceOfImport(importPath string) token.Position {
	files, err := p.parse()
	if err != nil {
		return token.Position{}
	}
	for _, file := range files {
		for _, each := range file.Imports {
			if text, err := strconv.Unquote(each.Path.Value); err == nil && text == importPath {
				return p.tree.Position(each.Path.Pos())
			}
		}
	}
	return token.Position{}
}

// Closure gives the packages of the tree's modules that those in dirs need, themselves included, and the import paths of all further modules
// that they need; both sorted. The standard library is left out.
func (t *Tree) Closure(dirs ...string) (own []*Package, external []string, err error) {
	seen := map[string]bool{}
	others := map[string]bool{}
	waiting := slices.Clone(dirs)
	for len(waiting) > 0 {
		dir := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if seen[dir] {
			continue
		}
		seen[dir] = true
		read, err := t.Package(dir)
		if err != nil {
			return nil, nil, err
		}
		own = append(own, read)
		for _, imported := range read.Imports {
			if inside, ours := t.DirOf(imported); ours {
				waiting = append(waiting, inside)
			} else if !IsStandard(imported) {
				others[imported] = true
			}
		}
	}
	slices.SortFunc(own, func(a, b *Package) int { return strings.Compare(a.Dir, b.Dir) })
	for each := range others {
		external = append(external, each)
	}
	slices.Sort(external)
	return own, external, nil
}

// isNoFolder tells whether what is below a folder is no part of its module.
func (t *Tree) isNoFolder(name, base string) bool {
	if base == "testdata" || base == "vendor" || strings.ContainsAny(base[:1], "._") {
		return true
	}
	_, err := fs.Stat(t.fsys, path.Join(name, "go.mod"))
	return err == nil
}

// Folders gives the folders below dir that hold Go files of its module, sorted; testdata is left out.
func (t *Tree) Folders(dir string) ([]string, error) {
	var folders []string
	err := fs.WalkDir(t.fsys, dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != dir && t.isNoFolder(name, entry.Name()) {
			return fs.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !slices.Contains(folders, path.Dir(name)) {
			folders = append(folders, path.Dir(name))
		}
		return nil
	})
	slices.Sort(folders)
	return folders, err
}
