package modules

import (
	"fmt"
	goversion "go/version"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// Problem is why the lines of a user's module cannot be told from its go.mod and go.sum.
type Problem struct {
	What string
	Fix  string
}

// Error tells both on a line each.
func (p *Problem) Error() string { return p.What + "\n" + p.Fix }

// pruned is the version of Go from which on go.mod lists every module that any package of the module needs, directly or not.
const pruned = "go1.17"

// Others gives the lines that packages of a user's module need which import the given packages of other modules, from its own go.mod and
// go.sum; without tells of modules that the output holds itself. Where there is such an import these are all its requirements: which ones
// a single import needs shows only in the sources of the modules it leads to, and those may not be here, nor may they be fetched. All of
// them are enough: a tidy go.mod is closed under what its packages need (https://go.dev/ref/mod#graph-pruning). An error is a *Problem.
func Others(goMod, goSum []byte, packages []string, without func(path string) bool) (Requirements, error) {
	result := Requirements{Modules: []Module{}, Sums: []string{}}
	if len(packages) == 0 {
		return result, nil
	}
	parsed, err := modfile.Parse("go.mod", goMod, nil)
	if err != nil {
		return result, &Problem{err.Error(), "mend the go.mod"}
	}
	const tidy = "run `go mod tidy` in the module"
	if parsed.Go == nil || goversion.Compare("go"+parsed.Go.Version, pruned) < 0 {
		return result, &Problem{"the go.mod is for a Go before 1.17, and does not list all modules that its packages need", "run `go mod tidy -go=1.26` in the module"}
	}
	pinned, err := Pin(goMod, goSum)
	if err != nil {
		return result, &Problem{err.Error(), tidy}
	}
	found := map[string]*Module{}
	for _, each := range parsed.Require {
		path, version := each.Mod.Path, each.Mod.Version
		if without(path) {
			continue
		}
		for _, replace := range parsed.Replace {
			if replace.Old.Path == path && (replace.Old.Version == "" || replace.Old.Version == version) {
				return result, &Problem{
					fmt.Sprintf("the go.mod replaces %s, which its packages may need, by %s: a replace line does not count for who uses the module", path, replace.New.Path),
					"require a version of " + path + " that can be fetched",
				}
			}
		}
		line, has := pinned.sums[path+" "+version+"/go.mod"]
		if !has {
			return result, &Problem{fmt.Sprintf("the go.sum has no line for the go.mod of %s %s", path, version), tidy}
		}
		result.Sums = append(result.Sums, line)
		if line, has := pinned.sums[path+" "+version]; has { // a module of which no package is needed has none
			result.Sums = append(result.Sums, line)
		}
		found[path] = &Module{Path: path, Version: version}
	}
	for _, imported := range packages {
		holder := ""
		for path := range found {
			if (imported == path || strings.HasPrefix(imported, path+"/")) && len(path) > len(holder) {
				holder = path
			}
		}
		if holder == "" {
			return result, &Problem{"the go.mod requires no module that holds " + imported, tidy}
		}
		if _, has := pinned.sums[holder+" "+found[holder].Version]; !has {
			return result, &Problem{fmt.Sprintf("the go.sum has no line for %s %s", holder, found[holder].Version), tidy}
		}
		found[holder].Direct = true
	}
	for _, each := range found {
		result.Modules = append(result.Modules, *each)
	}
	slices.SortFunc(result.Modules, func(a, b Module) int { return strings.Compare(a.Path, b.Path) })
	sortSums(result.Sums)
	return result, nil
}

// Merge puts requirements together: of a module that several name, the highest version counts, as for Go.
func Merge(all ...Requirements) Requirements {
	result := Requirements{Modules: []Module{}, Sums: []string{}}
	for _, each := range all {
		for _, required := range each.Modules {
			at := slices.IndexFunc(result.Modules, func(known Module) bool { return known.Path == required.Path })
			if at < 0 {
				result.Modules = append(result.Modules, required)
				continue
			}
			known := &result.Modules[at]
			known.Direct = known.Direct || required.Direct
			if semver.Compare(required.Version, known.Version) > 0 {
				known.Version = required.Version
			}
		}
		result.Sums = append(result.Sums, each.Sums...)
	}
	slices.SortFunc(result.Modules, func(a, b Module) int { return strings.Compare(a.Path, b.Path) })
	sortSums(result.Sums)
	result.Sums = slices.Compact(result.Sums)
	return result
}
