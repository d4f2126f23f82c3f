package gen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"text/template"
	"unicode"

	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/gen/topics"
	"github.com/cloudgen/cloudgen/kconfig"
)

// filler fills in templates for one plan. It is for one goroutine.
type filler struct {
	plan    *plan.Plan
	config  *kconfig.Config
	sources fs.FS
	tree    *source.Tree // nil: not opened yet
	tables  map[string]*topics.Table
}

func newFiller(p *plan.Plan, config *kconfig.Config, sources fs.FS) *filler {
	return &filler{plan: p, config: config, sources: sources, tables: map[string]*topics.Table{}}
}

// fill fills in a template: with the plan, or in the folder of a user's module with what the plan says of it. The template of a component
// has that as .Component as well. See functions for what templates may call.
func (f *filler) fill(file plan.File, name string) ([]byte, error) {
	text, err := fs.ReadFile(f.sources, name)
	if err != nil {
		return nil, err
	}
	var values any = f.plan
	dir := f.plan.Backend.Dir
	if tree := f.plan.TreeIn(path.Dir(file.Path)); tree != nil {
		values = struct {
			*plan.Tree
			Runtime plan.Runtime
		}{tree, f.plan.Runtime}
	} else if component := f.plan.PackagingOf(file); component != nil {
		dir = component.Dir
		values = struct {
			*plan.Plan
			Component *plan.Component
		}{f.plan, component}
	}
	made := template.New(path.Base(name)).Option("missingkey=error")
	parsed, err := made.Funcs(f.functions(dir)).Funcs(template.FuncMap{"fit": fit(made)}).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var filled bytes.Buffer
	err = parsed.Execute(&filled, values)
	return filled.Bytes(), err
}

// functions are what templates may call:
//
//	option "NAME"       the value of an option, as it stands in .config; "" when it has none
//	on "NAME"           whether a bool option is y
//	sum A B …           of whole numbers, as text or not
//	json VALUE          as JSON, in one line
//	replace OLD NEW TEXT
//	topics ID OLD NEW … those of the component's package, or of the backend's, as far as they are on: see package topics, List. ID takes the place of
//	                    {id}, which stays without it; in the values of options that stand in names NEW takes the place of each OLD
//	rules               what the package declares with them that an account needs, as far as it is on: see package topics, Rule
//	fit LIMIT NAME A B …
//	                    the first of the texts that the template NAME gives for A, for B … that has at most so many characters without
//	                    white space
func (f *filler) functions(dir string) template.FuncMap {
	return template.FuncMap{
		"option": func(name string) (string, error) {
			value, is := f.config.Value(name)
			if !is {
				return "", fmt.Errorf("there is no option %s", name)
			}
			return value.Text, nil
		},
		"on":   f.config.Bool,
		"sum":  sum,
		"json": inLine,
		"replace": func(old, with, text string) string {
			return strings.ReplaceAll(text, old, with)
		},
		"topics": func(names ...string) (topics.List, error) {
			id := "{id}"
			if len(names) > 0 {
				id, names = names[0], names[1:]
			}
			if len(names)%2 > 0 {
				return nil, fmt.Errorf("%q is to be replaced, and by what is not said", names[len(names)-1])
			}
			table, err := f.table(dir)
			if err != nil {
				return nil, err
			}
			return table.In(f.config, id, strings.NewReplacer(names...).Replace)
		},
		"rules": func() ([]topics.Rule, error) {
			table, err := f.table(dir)
			if err != nil {
				return nil, err
			}
			return table.RulesIn(f.config)
		},
	}
}

// table reads what a package declares, once.
func (f *filler) table(dir string) (*topics.Table, error) {
	if known := f.tables[dir]; known != nil {
		return known, nil
	}
	if f.tree == nil {
		tree, err := source.Open(f.sources)
		if err != nil {
			return nil, err
		}
		f.tree = tree
	}
	table, err := topics.Of(f.tree, dir)
	if err != nil {
		return nil, err
	}
	f.tables[dir] = table
	return table, nil
}

// inLine writes JSON as it is meant for people: what HTML would need is not escaped.
func inLine(value any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

func sum(numbers ...any) (int64, error) {
	var total int64
	for _, each := range numbers {
		n, err := strconv.ParseInt(fmt.Sprint(each), 10, 64)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// fit is the function of this name for the templates of a set.
func fit(set *template.Template) func(limit int, name string, values ...any) (string, error) {
	return func(limit int, name string, values ...any) (string, error) {
		shortest := -1
		for _, value := range values {
			var filled strings.Builder
			if err := set.ExecuteTemplate(&filled, name, value); err != nil {
				return "", err
			}
			size := 0
			for _, each := range filled.String() {
				if !unicode.IsSpace(each) {
					size++
				}
			}
			if size <= limit {
				return filled.String(), nil
			}
			if shortest < 0 || size < shortest {
				shortest = size
			}
		}
		if shortest < 0 {
			return "", errors.New("there is nothing to choose from")
		}
		return "", &TooLongError{Size: shortest, Limit: limit}
	}
}

// TooLongError says that no form of a file, or of a part of it, is short enough for whom it is for.
type TooLongError struct {
	Size  int // characters of the shortest form, without white space
	Limit int
	file  string // of the output; "": not known
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("its shortest form has %d characters without white space, and at most %d are taken", e.Size, e.Limit)
}
