package gen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"text/template"

	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/gen/topics"
	"github.com/cloudgen/cloudgen/kconfig"
)

// fill fills in a template: with the plan, or in the folder of a user's module with what the plan says of it. The template of a component
// has that as .Component as well. See functions for what templates may call.
func fill(p *plan.Plan, file plan.File, name string, config *kconfig.Config, sources fs.FS) ([]byte, error) {
	text, err := fs.ReadFile(sources, name)
	if err != nil {
		return nil, err
	}
	var values any = p
	dir := p.Backend.Dir
	if tree := p.TreeIn(path.Dir(file.Path)); tree != nil {
		values = struct {
			*plan.Tree
			Runtime plan.Runtime
		}{tree, p.Runtime}
	} else if component := p.PackagingOf(file); component != nil {
		dir = component.Dir
		values = struct {
			*plan.Plan
			Component *plan.Component
		}{p, component}
	}
	parsed, err := template.New(path.Base(name)).Option("missingkey=error").Funcs(functions(config, sources, dir)).Parse(string(text))
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
//	topics              those of the component's package, or of the backend's, as far as they are on: Name and Up; see package topics
func functions(config *kconfig.Config, sources fs.FS, dir string) template.FuncMap {
	return template.FuncMap{
		"option": func(name string) (string, error) {
			value, is := config.Value(name)
			if !is {
				return "", fmt.Errorf("there is no option %s", name)
			}
			return value.Text, nil
		},
		"on":  config.Bool,
		"sum": sum,
		"json": func(value any) (string, error) {
			text, err := json.Marshal(value)
			return string(text), err
		},
		"topics": func() ([]topics.Topic, error) {
			tree, err := source.Open(sources)
			if err != nil {
				return nil, err
			}
			all, err := topics.Of(tree, dir)
			return slices.DeleteFunc(all, func(each topics.Topic) bool { return each.Option != "" && !config.Bool(each.Option) }), err
		},
	}
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
