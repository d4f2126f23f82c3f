// Package outside brings trees of users' own modules (-tree DIR) beside cloudgen's sources: a file system in which the files of a user's
// module stand below its module path. These names do not depend on where the module is, so neither does anything that is generated; Shown
// turns them into the paths that the user gave.
package outside

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/cloudgen/cloudgen/kconfig"
)

// RootFile is the file that every tree begins with.
const RootFile = "Kconfig.hcl"

// Tree is a folder of a user's module that holds a Kconfig.hcl.
type Tree struct {
	Given  string // the folder as the user named it
	Module string // path of the module
	Dir    string // the folder in a Joined file system: its import path

	root string // folder of the module, absolute, without symbolic links
	up   string // from Given to root, in slashes
}

// Open finds the tree in a folder, and its module around it. The findings say why there is none.
func Open(given string) (*Tree, kconfig.Diagnostics) {
	fail := func(summary, fix string) (*Tree, kconfig.Diagnostics) {
		return nil, kconfig.Diagnostics{{
			Code: kconfig.CodeUnreadable, Severity: kconfig.Error, Summary: "-tree " + given + ": " + summary, Fix: fix,
			Detail: "It names a folder of a Go module of your own, which holds a " + RootFile + " and the packages that it switches on.",
		}}
	}
	dir, err := filepath.Abs(given)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return fail(plain(err), "")
	}
	switch info, err := os.Stat(dir); {
	case err != nil:
		return fail(plain(err), "")
	case !info.IsDir():
		return fail("this is not a folder", "name the folder that holds the "+RootFile)
	}
	if _, err := os.Stat(filepath.Join(dir, RootFile)); err != nil {
		return fail("the folder has no "+RootFile+" that can be read: "+plain(err), "name the folder that holds it")
	}
	for root := dir; ; root = filepath.Dir(root) {
		text, err := os.ReadFile(filepath.Join(root, "go.mod"))
		switch {
		case err == nil:
			modulePath, problem, fix := readModule(text)
			if problem != "" {
				return fail(filepath.Join(root, "go.mod")+": "+problem, fix)
			}
			below, err := filepath.Rel(root, dir)
			if err != nil {
				return fail(plain(err), "")
			}
			below = filepath.ToSlash(below)
			tree := &Tree{Given: given, Module: modulePath, Dir: path.Join(modulePath, below), root: root, up: "."}
			if below != "." {
				tree.up = strings.Repeat("../", strings.Count(below, "/")+1)
			}
			if err := module.CheckImportPath(tree.Dir); err != nil {
				return fail("the folder cannot hold a Go package: "+err.Error(), "rename it")
			}
			return tree, nil
		case !errors.Is(err, fs.ErrNotExist):
			return fail(plain(err), "")
		case root == filepath.Dir(root):
			return fail("there is no go.mod in it or above it", "run `go mod init` at the root of your module")
		}
	}
}

// readModule gives the path of a module, or what is wrong with its go.mod.
func readModule(text []byte) (modulePath, problem, fix string) {
	parsed, err := modfile.Parse("go.mod", text, nil)
	switch {
	case err != nil:
		return "", err.Error(), ""
	case parsed.Module == nil:
		return "", "it has no module line", "run `go mod init` at the root of your module"
	case parsed.Go == nil:
		return "", "it has no go line", "run `go mod tidy` there"
	}
	modulePath = parsed.Module.Mod.Path
	if err := module.CheckImportPath(modulePath); err != nil {
		return "", err.Error(), "give the module another path"
	}
	return modulePath, "", ""
}

func plain(err error) string {
	if cause, is := errors.AsType[*fs.PathError](err); is {
		err = cause.Err
	}
	return err.Error()
}

// shown gives the path of a file of the module as the user would name it; false for a file of another one.
func (t *Tree) shown(name string) (string, bool) {
	if rest, is := below(name, t.Dir); is {
		return filepath.Join(t.Given, filepath.FromSlash(rest)), true
	}
	if rest, is := below(name, t.Module); is {
		return filepath.Join(t.Given, filepath.FromSlash(t.up), filepath.FromSlash(rest)), true
	}
	return "", false
}

// below gives the rest of a slash path that is in a folder.
func below(name, dir string) (string, bool) {
	if name == dir {
		return ".", true
	}
	return strings.CutPrefix(name, dir+"/")
}

// onDisk is a folder of this host. Symbolic links cannot lead out of it.
type onDisk struct{ root string }

// Open opens a file or folder below the folder. Others, as a pipe, could keep their reader waiting.
func (d onDisk) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	root, err := os.OpenRoot(d.root)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // only read
	info, err := root.Stat(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("it is not a regular file")}
	}
	return root.Open(filepath.FromSlash(name))
}

// conflict says why a module cannot stand beside base and the module own; "" when it can.
func (t *Tree) conflict(base fs.FS, own, reserved string) (problem, fix string) {
	first, _, _ := strings.Cut(t.Module, "/")
	if _, is := below(t.Module, own); is {
		return fmt.Sprintf("the folder is of the module %s: its options are part of cloudgen", t.Module), "leave this -tree out; options of your own live in a module of your own"
	}
	if _, is := below(own, t.Module); is {
		return fmt.Sprintf("the path of the module %s is the beginning of that of %s", t.Module, own), "give the module another path"
	}
	if first == reserved {
		return fmt.Sprintf("the folder is of the module %s, which cloudgen has generated", t.Module), "keep your options and packages in a module of your own"
	}
	if _, err := fs.Stat(base, first); err == nil {
		return fmt.Sprintf("the path of the module %s begins with %s, which cloudgen uses itself", t.Module, first), "give the module a path with a host name, as example.com/" + t.Module
	}
	return "", ""
}
