// Package listing finds options of a configuration by name and by what they are.
package listing

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/minimal"
)

// Filter says which options are wanted: those that meet all of it. The zero Filter takes every option.
type Filter struct {
	Names   []string // patterns with *, ? and [a-z], with or without CONFIG_, in any case; one of them has to match
	Type    string   // bool, int, hex or string; "" for any
	Origin  string   // as sdk or cloudgen; "" for any
	Planned bool     // not built yet
	Changed bool     // only what differs from what it would be if no layer set it
}

// Option is an option with its value.
type Option struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Value  string `json:"value"` // as kconfig.Value.Shown has it
	Prompt string `json:"prompt"`
	Origin string `json:"origin"`
	Secret bool   `json:"secret,omitempty"`
}

// Select lists the options that meet the filter, by name. The error is about the filter. With Changed, the configuration must be without errors.
func Select(config *kconfig.Config, filter Filter) ([]Option, error) {
	if err := check(config.Tree(), &filter); err != nil {
		return nil, err
	}
	var changed map[string]bool
	if filter.Changed {
		settings, err := minimal.Settings(config, 0)
		if err != nil {
			return nil, err
		}
		changed = map[string]bool{}
		for _, one := range settings {
			changed[one.Option.Name] = true
		}
	}
	found := []Option{}
	for _, v := range config.Values() {
		o := v.Option
		if filter.takes(o) && (!filter.Changed || changed[o.Name]) {
			found = append(found, Option{Name: o.Name, Type: o.Type.String(), Value: v.Shown(), Prompt: o.Prompt, Origin: o.Origin, Secret: o.Secret})
		}
	}
	return found, nil
}

func (f *Filter) takes(o *kconfig.Option) bool {
	return (f.Type == "" || f.Type == o.Type.String()) && (f.Origin == "" || f.Origin == o.Origin) && (!f.Planned || o.Planned != "") && f.named(o.Name)
}

func (f *Filter) named(name string) bool {
	return len(f.Names) == 0 || slices.ContainsFunc(f.Names, func(pattern string) bool {
		match, _ := path.Match(pattern, name)
		return match
	})
}

// check brings the patterns into the form of names, and refuses what nothing can meet.
func check(tree *kconfig.Tree, filter *Filter) error {
	var types, origins []string
	for _, t := range []kconfig.Type{kconfig.Bool, kconfig.Int, kconfig.Hex, kconfig.String} {
		types = append(types, t.String())
	}
	for _, o := range tree.Options() {
		if !slices.Contains(origins, o.Origin) {
			origins = append(origins, o.Origin)
		}
	}
	if filter.Type != "" && !slices.Contains(types, filter.Type) {
		return fmt.Errorf("no option has the type %q; types are: %s", filter.Type, strings.Join(types, ", "))
	}
	if filter.Origin != "" && !slices.Contains(origins, filter.Origin) {
		slices.Sort(origins)
		return fmt.Errorf("no option comes from %q; origins are: %s", filter.Origin, strings.Join(origins, ", "))
	}
	filter.Names = slices.Clone(filter.Names)
	for i, text := range filter.Names {
		pattern := strings.TrimPrefix(strings.ToUpper(text), "CONFIG_")
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("%q is no pattern of names: a [ is not closed, or a \\ ends it", text)
		}
		if !strings.ContainsAny(pattern, `*?[\`) && tree.Option(pattern) == nil {
			return fmt.Errorf("no option is named %s; *%s* finds names that contain it", text, pattern)
		}
		filter.Names[i] = pattern
	}
	return nil
}
