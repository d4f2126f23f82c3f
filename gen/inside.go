package gen

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/cloudgen/cloudgen/gen/fault"
	"github.com/cloudgen/cloudgen/gen/plan"
)

// Surrounding finds the module around the output folder dir, which need not be there yet, for output that is to be packages of it. The
// module must be, or require, runtimeModule, the one that the runtime is part of; version is what to require, or "" for the latest. Nothing
// is written. An error is a *fault.Environment.
func Surrounding(dir, runtimeModule, version string) (*plan.Inside, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, &fault.Environment{Problem: "cannot find the folder " + dir, Err: err}
	}
	for root := absolute; ; root = filepath.Dir(root) {
		text, err := os.ReadFile(filepath.Join(root, "go.mod"))
		switch {
		case err == nil:
			return inside(absolute, root, text, runtimeModule, version)
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
			return nil, &fault.Environment{Problem: "cannot read the surrounding module", Err: err}
		case root == filepath.Dir(root):
			return nil, &fault.Environment{
				Problem: "there is no Go module around " + dir, Err: errors.New("no go.mod in it or above it"),
				Fix: "Nothing was written. Run `go mod init` where the module is to begin, or leave -package out: the output is a module of its own then.",
			}
		}
	}
}

func inside(dir, root string, goMod []byte, runtimeModule, version string) (*plan.Inside, error) {
	name := filepath.Join(root, "go.mod")
	parsed, err := modfile.ParseLax(name, goMod, nil)
	if err != nil || parsed.Module == nil {
		return nil, &fault.Environment{Problem: "cannot read " + name, Err: err, Fix: "Nothing was written. Mend it, or leave -package out."}
	}
	if !requires(parsed, runtimeModule) {
		if version == "" {
			version = "latest"
		}
		return nil, &fault.Environment{
			Problem: "the surrounding module " + parsed.Module.Mod.Path + " (" + name + ") does not require " + runtimeModule,
			Fix:     "Nothing was written. Run this in " + root + ", and then cloudgen again:\n\n    go get " + runtimeModule + "@" + version,
		}
	}
	relative, err := filepath.Rel(root, dir)
	if err != nil {
		return nil, &fault.Environment{Problem: "cannot place " + dir + " within " + root, Err: err}
	}
	found := &plan.Inside{Module: parsed.Module.Mod.Path, Package: path.Join(parsed.Module.Mod.Path, filepath.ToSlash(relative))}
	if err := module.CheckImportPath(found.Package); err != nil {
		return nil, &fault.Environment{Problem: dir + " cannot hold a Go package", Err: err, Fix: "Nothing was written. Choose another folder with -o."}
	}
	return found, nil
}

func requires(parsed *modfile.File, runtimeModule string) bool {
	if parsed.Module.Mod.Path == runtimeModule {
		return true
	}
	for _, each := range parsed.Require {
		if each.Mod.Path == runtimeModule {
			return true
		}
	}
	return false
}
