// Package modules knows which lines of go.mod and go.sum a generated program needs. That follows from the sources of the modules, which
// cloudgen does not carry; so the answer is kept in a table, one entry for each package of another module that the runtime imports.
// `go generate ./gen/modules` makes it anew with `go mod tidy`, and a test finds it stale.
package modules

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

//go:generate go test . -run ^TestTableIsFresh$ -update

//go:embed table.json
var embedded []byte

// Table says what each package of another module drags in.
type Table map[string]Entry

// Entry is what one imported package needs.
type Entry struct {
	Requires []string `json:"requires"` // PATH VERSION of the modules that hold it and what it imports, sorted
	Sums     []string `json:"sums"`     // PATH VERSION or PATH VERSION/go.mod: the lines of go.sum, sorted
}

// Shipped gives the embedded table.
func Shipped() (Table, error) {
	table := Table{}
	if err := json.Unmarshal(embedded, &table); err != nil {
		return nil, fmt.Errorf("gen/modules/table.json: %w", err)
	}
	return table, nil
}

// Module is one line of a go.mod.
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Direct  bool   `json:"direct"` // the runtime imports it itself
}

// Requirements are lines of go.mod and go.sum.
type Requirements struct {
	Modules []Module `json:"modules"` // sorted by path
	Sums    []string `json:"sums"`    // whole lines of go.sum, sorted
}

// Pinned is what cloudgen itself is tested with: its go.mod and go.sum.
type Pinned struct {
	versions map[string]string // of modules, by path
	sums     map[string]string // whole lines of go.sum, by PATH VERSION
}

// Pin reads cloudgen's go.mod and go.sum.
func Pin(goMod, goSum []byte) (*Pinned, error) {
	parsed, err := modfile.Parse("go.mod", goMod, nil)
	if err != nil {
		return nil, err
	}
	pinned := &Pinned{versions: map[string]string{}, sums: map[string]string{}}
	for _, each := range parsed.Require {
		pinned.versions[each.Mod.Path] = each.Mod.Version
	}
	for line := range strings.Lines(string(goSum)) {
		line = strings.TrimSpace(line)
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("go.sum: %q is not a path, a version and a hash", line)
		}
		pinned.sums[fields[0]+" "+fields[1]] = line
	}
	return pinned, nil
}

// GoVersion gives the go line of a go.mod.
func GoVersion(goMod []byte) (string, error) {
	parsed, err := modfile.ParseLax("go.mod", goMod, nil)
	if err != nil {
		return "", err
	}
	if parsed.Go == nil {
		return "", errors.New("go.mod: it needs a go line")
	}
	return parsed.Go.Version, nil
}

// Requirements gives the lines that a program needs which imports the given packages of other modules.
func (p *Pinned) Requirements(table Table, packages []string) (Requirements, error) {
	const stale = "run `go generate ./gen/modules`"
	found := map[string]Module{}
	sums := map[string]bool{}
	for _, imported := range packages {
		entry, known := table[imported]
		if !known {
			return Requirements{}, fmt.Errorf("the runtime imports %s, which gen/modules/table.json does not know: %s", imported, stale)
		}
		holder := ""
		for _, each := range entry.Requires {
			path, version, _ := strings.Cut(each, " ")
			if p.versions[path] != version {
				return Requirements{}, fmt.Errorf("gen/modules/table.json has %s, and go.mod %q: %s", each, p.versions[path], stale)
			}
			required := found[path]
			required.Path, required.Version = path, version
			found[path] = required
			if (imported == path || strings.HasPrefix(imported, path+"/")) && len(path) > len(holder) {
				holder = path
			}
		}
		direct := found[holder]
		direct.Direct = true
		found[holder] = direct
		for _, each := range entry.Sums {
			line := p.sums[each]
			if line == "" {
				return Requirements{}, fmt.Errorf("go.sum has no line for %s, which gen/modules/table.json names: %s", each, stale)
			}
			sums[line] = true
		}
	}
	result := Requirements{Modules: slices.AppendSeq([]Module{}, maps.Values(found)), Sums: slices.AppendSeq([]string{}, maps.Keys(sums))}
	slices.SortFunc(result.Modules, func(a, b Module) int { return strings.Compare(a.Path, b.Path) })
	sortSums(result.Sums)
	return result, nil
}

// sortSums sorts lines of go.sum as the go command does.
func sortSums(lines []string) {
	key := func(line string) module.Version {
		fields := strings.Fields(line)
		return module.Version{Path: fields[0], Version: fields[1]}
	}
	slices.SortFunc(lines, func(a, b string) int {
		one, other := key(a), key(b)
		list := []module.Version{one, other}
		switch module.Sort(list); {
		case one == other:
			return strings.Compare(a, b)
		case list[0] == one:
			return -1
		}
		return 1
	})
}
