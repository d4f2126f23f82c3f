// Package effects tells what a configuration comes to in the output, as far as the plan and the backend's sources say it as data, and how
// that of two configurations differs.
package effects

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/gen/topics"
	"github.com/cloudgen/cloudgen/kconfig"
)

// Effects is what one configuration comes to. All lists are sorted.
type Effects struct {
	Components []string // folders of what is switched on
	Programs   []string // binaries
	Packages   []string // folders of the runtime, and import paths of a user's packages, that are linked in
	Modules    []string // of others, with their versions
	Endpoints  []string // hosts and ports, as NAME = value
	Topics     []string // with who publishes; of a backend that declares them, see package topics
	Files      []string // of the output, less the sources of the packages
	fields     map[string]field
}

// field is one value that the generated code passes on.
type field struct {
	component string
	option    string
	value     string
}

// Of tells the effects of a configuration that has a plan. The error is about the sources.
func Of(config *kconfig.Config, p *plan.Plan, sources *source.Tree) (*Effects, error) {
	e := &Effects{Packages: slices.Clone(p.Runtime.Packages), fields: map[string]field{}}
	for _, each := range p.Components() {
		e.Components = append(e.Components, each.Dir)
		at := each.Name
		if each.Type != "" && each.Dir != p.CloudModule.Dir && each.Dir != p.Backend.Dir {
			at = each.Dir // of components in slots several may have one name
		}
		e.literal(each.Dir, at+"."+each.Config.Type, &each.Config)
	}
	for _, tree := range p.Trees {
		e.Packages = append(e.Packages, tree.Packages...)
	}
	for _, each := range p.Programs {
		e.Programs = append(e.Programs, each.Name)
	}
	for _, each := range p.Required().Modules {
		e.Modules = append(e.Modules, each.Path+" "+each.Version)
	}
	for _, each := range p.Files {
		if !strings.HasPrefix(each.Path, plan.ThirdParty+"/") {
			e.Files = append(e.Files, each.Path)
		}
	}
	table, err := topics.Of(sources, p.Backend.Dir)
	if err != nil {
		return nil, err
	}
	used, err := table.In(config, "{id}", nil)
	if err != nil {
		return nil, err
	}
	for _, each := range used {
		e.Topics = append(e.Topics, each.String())
	}
	for _, list := range []*[]string{&e.Components, &e.Programs, &e.Packages, &e.Modules, &e.Endpoints, &e.Topics, &e.Files} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return e, nil
}

// literal collects the fields of a component's literal under their path: backend.Config.Transport.KeepAlive.
func (e *Effects) literal(component, at string, l *plan.Literal) {
	for _, f := range l.Fields {
		name := at + "." + f.Name
		if f.Kind == bind.Nested {
			e.literal(component, name, f.Literal)
			continue
		}
		value := cmp.Or(f.Value, strings.Join(f.Values, " "))
		if f.Kind == bind.Text {
			value = `"` + value + `"`
		}
		if isEndpoint(f.Name) {
			e.Endpoints = append(e.Endpoints, f.Option+" = "+value)
		}
		if f.Unit != "" {
			value += " " + f.Unit
		}
		e.fields[name] = field{component, f.Option, value}
	}
}

// isEndpoint goes by the name of the Go field: there is no other data that tells a port from any other number.
func isEndpoint(name string) bool {
	return strings.HasSuffix(name, "Port") || strings.HasSuffix(name, "Host") || strings.HasSuffix(name, "HostName")
}

// Difference is how the effects of two configurations differ.
type Difference struct {
	Components Change  `json:"components"`
	Programs   Change  `json:"programs"`
	Packages   Change  `json:"packages"`
	Modules    Change  `json:"modules"`
	Endpoints  Change  `json:"endpoints"`
	Topics     Change  `json:"topics"`
	Files      Change  `json:"files"`
	Fields     []Field `json:"fields"` // of components that both have
}

// Change is what one list gained and lost, sorted.
type Change struct {
	Gained []string `json:"gained"`
	Lost   []string `json:"lost"`
}

// Field is a value that generated code passes on, and that differs.
type Field struct {
	Path   string `json:"path"` // as backend.Config.Transport.KeepAlive
	Option string `json:"option"`
	Before string `json:"before"` // "" for the zero value of the field
	After  string `json:"after"`
}

// Between compares the effects of two configurations.
func Between(before, after *Effects) Difference {
	return Difference{
		Components: change(before.Components, after.Components),
		Programs:   change(before.Programs, after.Programs),
		Packages:   change(before.Packages, after.Packages),
		Modules:    change(before.Modules, after.Modules),
		Endpoints:  change(before.Endpoints, after.Endpoints),
		Topics:     change(before.Topics, after.Topics),
		Files:      change(before.Files, after.Files),
		Fields:     changedFields(before, after),
	}
}

func change(before, after []string) Change {
	return Change{Gained: missing(before, after), Lost: missing(after, before)}
}

// missing gives what the first list lacks of the second.
func missing(from, of []string) []string {
	found := []string{}
	for _, each := range of {
		if _, has := slices.BinarySearch(from, each); !has {
			found = append(found, each)
		}
	}
	return found
}

func changedFields(before, after *Effects) []Field {
	names := slices.Collect(maps.Keys(before.fields))
	for name := range after.fields {
		if _, both := before.fields[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	changed := []Field{}
	for _, name := range names {
		a, b := before.fields[name], after.fields[name]
		component := cmp.Or(a.component, b.component)
		if a.value == b.value || !slices.Contains(before.Components, component) || !slices.Contains(after.Components, component) {
			continue
		}
		changed = append(changed, Field{Path: name, Option: cmp.Or(a.option, b.option), Before: a.value, After: b.value})
	}
	return changed
}
