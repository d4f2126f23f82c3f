package outside

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/cloudgen/cloudgen/kconfig"
)

// generated is the first element of the module paths of what cloudgen writes.
const generated = "cloudmodule.local"

// Joined is cloudgen's sources with users' modules beside them, each below its module path. It implements kconfig.Guard and is what
// source.Open wants of a file system with several modules.
type Joined struct {
	base   fs.FS
	trees  []*Tree // in the order given
	mounts []mount // longest path first
}

type mount struct {
	module string
	files  fs.FS
}

// Join puts trees beside base, a module with a go.mod. The findings say which tree cannot be there, and why.
func Join(base fs.FS, trees ...*Tree) (*Joined, kconfig.Diagnostics) {
	joined := &Joined{base: base}
	if len(trees) == 0 {
		return joined, nil
	}
	var diags kconfig.Diagnostics
	fail := func(tree *Tree, problem, fix string) {
		diags = append(diags, kconfig.Diagnostic{
			Code: kconfig.CodeUnreadable, Severity: kconfig.Error, Summary: "-tree " + tree.Given + ": " + problem, Fix: fix,
		})
	}
	own := ""
	if text, err := fs.ReadFile(base, "go.mod"); err == nil {
		own = modfile.ModulePath(text)
	}
	for _, tree := range trees {
		if problem, fix := tree.conflict(base, own, generated); problem != "" {
			fail(tree, problem, fix)
			continue
		}
		if i := slices.IndexFunc(joined.trees, func(other *Tree) bool { return other.Dir == tree.Dir }); i >= 0 && joined.trees[i].root == tree.root {
			fail(tree, "the same folder is given as -tree "+joined.trees[i].Given, "give it once")
			continue
		}
		if i := slices.IndexFunc(joined.trees, func(other *Tree) bool { return other.Module == tree.Module }); i >= 0 {
			if joined.trees[i].root != tree.root {
				fail(tree, fmt.Sprintf("the module %s is also at %s, the one of -tree %s", tree.Module, joined.trees[i].root, joined.trees[i].Given), "give one of them another module path")
				continue
			}
		} else {
			joined.mounts = append(joined.mounts, mount{tree.Module, onDisk{tree.root}})
		}
		joined.trees = append(joined.trees, tree)
	}
	slices.SortFunc(joined.mounts, func(a, b mount) int { return strings.Compare(b.module, a.module) }) // a longer path with the same beginning comes first
	return joined, diags
}

// Open opens a file of base or, below a module path, of that module.
func (j *Joined) Open(name string) (fs.File, error) {
	for _, each := range j.mounts {
		if rest, is := below(name, each.module); is {
			return each.files.Open(rest)
		}
	}
	return j.base.Open(name)
}

// Modules gives the paths of the modules beside base, sorted.
func (j *Joined) Modules() []string {
	var paths []string
	for _, each := range j.mounts {
		paths = append(paths, each.module)
	}
	slices.Sort(paths)
	return paths
}

// Dirs gives the folders of the trees, in the order given.
func (j *Joined) Dirs() []string {
	var dirs []string
	for _, each := range j.trees {
		dirs = append(dirs, each.Dir)
	}
	return dirs
}

// Roots gives the files that the trees begin with, in the order given: for kconfig.LoadTree, behind base's own.
func (j *Joined) Roots() []string {
	var files []string
	for _, each := range j.trees {
		files = append(files, path.Join(each.Dir, RootFile))
	}
	return files
}

// MaySource keeps the files of a tree within its folder: the rest of the disk is not the user's tree, and what it names would not be there
// for others.
func (j *Joined) MaySource(from, pattern string) error {
	tree := ""
	for _, each := range j.trees {
		if _, is := below(from, each.Dir); is && len(each.Dir) > len(tree) {
			tree = each.Dir
		}
	}
	if tree == "" {
		return nil // ours
	}
	if _, is := below(pattern, tree); !is {
		return errors.New("the path leaves the folder of -tree")
	}
	return nil
}

// Shown gives the name of a file as the user knows it: below the folder that was given for its module. Names of base stay as they are.
func (j *Joined) Shown(name string) string {
	for _, mounted := range j.mounts {
		if _, is := below(name, mounted.module); is {
			return j.shownIn(mounted.module, name)
		}
	}
	return name
}

func (j *Joined) shownIn(module, name string) string {
	var nearest *Tree // the innermost folder that holds the file; else any of its module
	holds := false
	for _, each := range j.trees {
		if each.Module != module {
			continue
		}
		_, in := below(name, each.Dir)
		if nearest == nil || (in && (!holds || len(each.Dir) > len(nearest.Dir))) {
			nearest, holds = each, in
		}
	}
	shown, _ := nearest.shown(name)
	return shown
}
