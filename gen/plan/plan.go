// Package plan decides what is generated: which packages of the runtime, put together how, with which values, as which files. A Plan is
// plain data; what it says does not depend on the host, the folder or the time.
package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/gen/modules"
)

// PackageName is the name of the generated package.
const PackageName = "cloudmodule"

// Carried is where the runtime's packages go, below the output folder.
const Carried = ThirdParty + "/cloudgen"

// Plan is all that emitting and building need to know.
type Plan struct {
	Name      string `json:"name"`      // of the variant
	Inside    bool   `json:"inside"`    // the output is packages of a surrounding module
	Module    string `json:"module"`    // path of the module that the output is, or is part of
	Package   string `json:"package"`   // import path of the package cloudmodule
	GoVersion string `json:"goVersion"` // least version of Go, as 1.26.0
	Version   string `json:"version"`   // of the application, with the build's marks; "" when no option gives one
	Marks     []Mark `json:"marks"`     // of the build, sorted by name

	CloudModule Component  `json:"cloudModule"`
	Backend     Component  `json:"backend"`
	Application *Component `json:"application"` // nil when there is none
	Firmware    Firmware   `json:"firmware"`
	Bootloader  *Component `json:"bootloader,omitempty"` // nil when there is none
	Programs    []Program  `json:"programs"`

	Provision []Provision `json:"provision,omitempty"` // secrets that go to files, sorted by path

	Runtime  Runtime              `json:"runtime"`
	Trees    []Tree               `json:"trees,omitempty"` // users' modules, sorted by path
	Requires modules.Requirements `json:"requires"`        // modules of others that the runtime needs
	Files    []File               `json:"files"`           // sorted by path
}

// Mark says that the build took values of a marked kind, and for which options.
type Mark struct {
	Name    string   `json:"name"`
	Options []string `json:"options"`
}

// Provision is the file of a secret option's value. The value itself is not part of a plan.
type Provision struct {
	Option string `json:"option"`
	Path   string `json:"path"`
	Note   string `json:"note,omitempty"` // what whoever gets the file has to know
}

// Package is how a Go package is called.
type Package struct {
	Dir    string `json:"dir"`    // folder in the sources: cloudgen's, or the import path in a user's module
	Import string `json:"import"` // path
	Name   string `json:"name"`   // of its package clause
}

// Component is a package that the configuration switches on.
type Component struct {
	Package
	Slot       string   `json:"slot"`
	If         string   `json:"if"`                   // what switches it on
	Type       string   `json:"type,omitempty"`       // what its New makes a pointer to
	Implements []string `json:"implements,omitempty"` // interfaces of the cloud module's package, sorted as declared
	Packaging  []File   `json:"packaging,omitempty"`  // files that it offers
	Config     Literal  `json:"config,omitzero"`      // none where a slot of the default program is filled by a package without one
	Slots      []Slot   `json:"slots,omitempty"`      // the fields of its Config that take other components; empty ones are left out
}

// Slot is a field of a component's Config, and the components whose New makes what it takes; or a field of the default program and the
// component whose Open it takes.
type Slot struct {
	Name       string      `json:"name"`
	Field      string      `json:"field"`
	Many       bool        `json:"many"`       // the field is a slice
	Components []Component `json:"components"` // sorted by import path; one where it is no slice
}

// Literal is a struct literal.
type Literal struct {
	Package Package `json:"package"`
	Type    string  `json:"type"`
	Fields  []Field `json:"fields"` // in the order of the type; those without a value are left out
}

// Field is one field of a Literal: a value of an option, or a nested literal.
type Field struct {
	Name    string    `json:"name"`
	Option  string    `json:"option,omitempty"`
	Kind    bind.Kind `json:"kind"`
	Value   string    `json:"value,omitempty"`  // true or false, a number as its option writes it, or text
	Values  []string  `json:"values,omitempty"` // of bind.Keys
	Unit    string    `json:"unit,omitempty"`   // of a number: ms, s, min or h
	Marked  bool      `json:"marked,omitempty"` // Value is the plan's Version
	Literal *Literal  `json:"literal,omitempty"`
}

// Firmware is the package that the default program is made of.
type Firmware struct {
	Package
	ApplicationField string `json:"applicationField"` // of its type Program: takes the application's Config; "" when there is no application
	Slots            []Slot `json:"slots,omitempty"`  // fields of its type Program that take the function Open of a component
}

// Program is one main package of the output.
type Program struct {
	Name string `json:"name"` // of the binary
	Dir  string `json:"dir"`  // below the output folder; its Go file is main.go
}

// Runtime is cloudgen's own module as the output needs it.
type Runtime struct {
	Module    string   `json:"module"`    // path
	GoVersion string   `json:"goVersion"` // its go line
	Version   string   `json:"version"`   // that stands in go.mod beside a replace line; it only has to fit the path
	Dir       string   `json:"dir"`       // where the output holds it; "" when a surrounding module requires it
	Packages  []string `json:"packages"`  // folders of what is needed, sorted
}

// Source tells what makes a file.
type Source string

// The makers of files. Any other Source is a path in the sources that is copied.
const (
	Emitted     Source = "emit"       // gen/emit
	Resolved    Source = "config"     // the resolved configuration
	templates          = "templates/" // a file of this folder, filled in; ends in .tmpl
	ofTemplate         = ".tmpl"
	ofSecret           = "secret:"    // with the name of the option behind it
	ofPackaging        = "packaging:" // with the path of a component's template behind it
)

// Packaging gives the path of a component's template; false for any other file.
func (s Source) Packaging() (template string, is bool) {
	return strings.CutPrefix(string(s), ofPackaging)
}

// Offer is a file that a component offers.
type Offer struct {
	Path string
	By   string // the slot that the component is for
}

// Offered lists the files that components offer, sorted by path.
func (p *Plan) Offered() []Offer {
	var offers []Offer
	for _, each := range p.Components() {
		for _, file := range each.Packaging {
			if offer := (Offer{file.Path, each.Slot}); !slices.Contains(offers, offer) {
				offers = append(offers, offer)
			}
		}
	}
	slices.SortFunc(offers, func(a, b Offer) int { return strings.Compare(a.Path, b.Path) })
	return offers
}

// PackagingOf gives the component that offers a file.
func (p *Plan) PackagingOf(file File) *Component {
	for _, each := range p.Components() {
		for _, offered := range each.Packaging {
			if offered == file {
				return &each
			}
		}
	}
	return nil
}

// Secret gives the option whose value is the file; false for any other file. Only its owner may read it.
func (s Source) Secret() (option string, is bool) { return strings.CutPrefix(string(s), ofSecret) }

// IsTemplate tells whether the source is a template in cloudgen's sources.
func (s Source) IsTemplate() bool {
	return strings.HasPrefix(string(s), templates) && strings.HasSuffix(string(s), ofTemplate)
}

// File is one file of the output.
type File struct {
	Path string `json:"path"`
	From Source `json:"from"`
}

// Explain says in one line what the generator was about in a file of the output; "" for a file that it did not make.
func (p *Plan) Explain(file string) string {
	if dir, inside := strings.CutPrefix(path.Dir(file), Carried+"/"); inside && p.Runtime.Dir != "" {
		for _, each := range p.Components() {
			if dir == each.Dir {
				return fmt.Sprintf("in the component for %q, switched on by %s", each.Slot, each.If)
			}
		}
		return "in the runtime that cloudgen carries"
	}
	for _, tree := range p.Trees {
		if inside, is := strings.CutPrefix(path.Dir(file)+"/", tree.Dir+"/"); is && tree.Dir != "" {
			return "in a copy of the package " + path.Join(tree.Module, inside) + ", which -tree names: change the original"
		}
	}
	for _, each := range p.Files {
		if each.Path == file && each.From == Emitted {
			return "generated; the option is named behind the value"
		}
	}
	return ""
}

// Components gives those that are part of the programs. One that goes into several slots is there several times.
func (p *Plan) Components() []Component {
	list := append(p.CloudModule.all(), p.Backend.all()...)
	if p.Application != nil {
		list = append(list, p.Application.all()...)
	}
	if p.Bootloader != nil {
		list = append(list, p.Bootloader.all()...)
	}
	for _, slot := range p.Firmware.Slots {
		for _, each := range slot.Components {
			list = append(list, each.all()...)
		}
	}
	return list
}

// all gives a component and those in its slots.
func (c Component) all() []Component {
	list := []Component{c}
	for _, slot := range c.Slots {
		for _, each := range slot.Components {
			list = append(list, each.all()...)
		}
	}
	return list
}
