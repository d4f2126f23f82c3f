package kconfig

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maxFiles bounds how many files a tree has: templates that source themselves would have no end.
const maxFiles = 5_000

var errTooManyFiles = fmt.Errorf("the tree has more than %d files", maxFiles)

// maxSyntaxErrors bounds what one broken file reports.
const maxSyntaxErrors = 20

// LoadTree reads the option tree that begins at the roots: paths of Kconfig.hcl
// files in fsys. Files are parsed side by side, each once. The tree is never
// nil; with errors it holds what could be understood and must not be generated
// from.
func LoadTree(fsys fs.FS, roots ...string) (*Tree, Diagnostics) {
	l := &loader{
		fsys:  fsys,
		files: map[string]*file{},
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	for _, root := range roots {
		l.want(path.Clean(root))
	}
	l.work.Wait()

	b := newBuilder(l)
	for _, root := range roots {
		b.file(path.Clean(root), nil, context{})
	}
	b.link()
	diags := b.collect()
	return b.tree, diags
}

// file is one parsed Kconfig.hcl.
type file struct {
	name     string
	source   []byte
	body     *hclsyntax.Body // nil if it could not be parsed at all
	includes map[*hclsyntax.Block][]string
	diags    Diagnostics
	err      error // reading failed

	sourcedAt *hcl.Range // where it became part of the tree; nil for a root
	used      bool
}

// loader parses files and what they source, at most one file per processor at a time.
type loader struct {
	fsys  fs.FS
	mutex sync.Mutex
	files map[string]*file
	work  sync.WaitGroup
	slots chan struct{}
}

// want starts to load a file unless that has happened.
func (l *loader) want(name string) { l.wantWith(name, nil) }

// wantWith is want for a template: a file that is part of the tree once for each set of values of its variables. It gives the name that
// the file goes by.
func (l *loader) wantWith(name string, values map[string]string) string {
	known := name
	if len(values) > 0 {
		known += " with " + describe(values)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.files[known] != nil {
		return known
	}
	f := &file{name: known, includes: map[*hclsyntax.Block][]string{}}
	l.files[known] = f
	if len(l.files) > maxFiles {
		f.err = errTooManyFiles
		return known
	}
	l.work.Go(func() {
		l.slots <- struct{}{}
		defer func() { <-l.slots }()
		f.source, f.err = readLimited(l.fsys, name)
		if f.err != nil {
			return
		}
		f.source = substitute(f.source, values)
		f.body, f.diags = parseHCL(known, f.source)
		if f.body != nil {
			l.includes(f, f.body)
		}
	})
	return known
}

// readLimited reads at most one byte more than a file may have.
func readLimited(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxFileSize+1))
}

// parseHCL parses text after the limits are checked. The body is nil if they are
// not kept; with syntax errors it is what hcl could recover.
func parseHCL(name string, source []byte) (*hclsyntax.Body, Diagnostics) {
	if d := prescan(name, source); d != nil {
		d.Severity = d.Code.Severity()
		return nil, Diagnostics{*d}
	}
	parsed, found := hclsyntax.ParseConfig(source, name, hcl.InitialPos)
	var diags Diagnostics
	for i, one := range found {
		if i == maxSyntaxErrors {
			break
		}
		if one.Severity != hcl.DiagError {
			continue
		}
		d := diags.add(CodeSyntax, one.Subject, "%s", lowerFirst(one.Summary))
		d.Detail = one.Detail
	}
	body, _ := parsed.Body.(*hclsyntax.Body)
	return body, diags
}

// includes finds the source blocks of a file and starts to load what they name.
func (l *loader) includes(f *file, body *hclsyntax.Body) {
	for _, block := range body.Blocks {
		switch block.Type {
		case "menu", "group", "choice":
			l.includes(f, block.Body)
		case "source":
			if len(block.Labels) != 1 {
				continue // the builder complains
			}
			names, err := l.glob(f.name, block.Labels[0])
			if err != nil {
				d := f.diags.add(CodeSource, &block.LabelRanges[0], "source %s: %v", quote(block.Labels[0]), err)
				d.Detail = "The path is relative to the folder of this file and may use the wildcards *, ? and [a-z]."
				continue
			}
			values, _ := variablesOf(block) // the builder complains
			for i, name := range names {
				names[i] = l.wantWith(name, values)
			}
			f.includes[block] = names
		}
	}
}

// glob gives the files that a source block names, sorted.
func (l *loader) glob(from, pattern string) ([]string, error) {
	full := path.Join(path.Dir(from), pattern)
	if !fs.ValidPath(full) || path.IsAbs(pattern) {
		return nil, errors.New("the path leaves the tree")
	}
	if guard, is := l.fsys.(Guard); is {
		if err := guard.MaySource(from, full); err != nil {
			return nil, err
		}
	}
	names, err := fs.Glob(l.fsys, full)
	if err != nil {
		return nil, fmt.Errorf("not a valid pattern")
	}
	slices.Sort(names)
	return names, nil
}
