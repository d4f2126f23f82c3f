// Package topics reads the MQTT topics that a backend declares as data, and what else about a cloud's side it declares with them.
package topics

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
)

// idPlaceholder, in braces, stands for the client id.
const idPlaceholder = "id"

// Topic is an MQTT topic that a backend uses.
type Topic struct {
	Name   string // {id} stands for the client id, {OPTION} for the value of an option; a level + for any
	Up     bool   // the device publishes; else it subscribes
	Option string // that switches it on; "" for always
}

func (t Topic) String() string {
	if t.Up {
		return "publish " + t.Name
	}
	return "subscribe " + t.Name
}

// Substitution says how an option of type string changes names: where it has a value that is not empty, New takes the place of Old.
type Substitution struct {
	Option string
	Old    string // literal part of a name
	New    string // as a name
}

// Rule is what an account needs beside the device: the fields as the backend's type Rule names them, of type string or int64.
type Rule map[string]any

// ruleOption is the field of a Rule with the option that makes the device need it; "" for always.
const ruleOption = "Option"

// Table is what a backend declares.
type Table struct {
	Topics        []Topic
	Substitutions []Substitution // in the order in which they are made
	Rules         []Rule
}

// In gives the topics that a configuration uses, with their names filled in: id in place of {id}, and in place of {OPTION} its value, as
// literal writes it; nil: as it is. The error is about an option that is not in the tree.
func (t *Table) In(config *kconfig.Config, id string, literal func(string) string) (List, error) {
	if literal == nil {
		literal = func(text string) string { return text }
	}
	used := List{}
	for _, each := range t.Topics {
		is, err := on(config, each.Option)
		if err != nil {
			return nil, fmt.Errorf("the topic %s: %w", each.Name, err)
		}
		if !is {
			continue
		}
		if each.Name, err = t.fill(each.Name, config, id, literal); err != nil {
			return nil, fmt.Errorf("the topic %s: %w", each.Name, err)
		}
		used = append(used, each)
	}
	return used, nil
}

// RulesIn gives the rules that a configuration needs.
func (t *Table) RulesIn(config *kconfig.Config) ([]Rule, error) {
	used := []Rule{}
	for _, each := range t.Rules {
		option, _ := each[ruleOption].(string)
		is, err := on(config, option)
		if err != nil {
			return nil, fmt.Errorf("the rule %v: %w", each, err)
		}
		if is {
			used = append(used, each)
		}
	}
	return used, nil
}

func on(config *kconfig.Config, option string) (bool, error) {
	if option == "" {
		return true, nil
	}
	value, err := valueOf(config, option)
	return value.Bool, err
}

func valueOf(config *kconfig.Config, option string) (kconfig.Value, error) {
	value, is := config.Value(option)
	if !is {
		return value, fmt.Errorf("its option %s is not in the tree", option)
	}
	return value, nil
}

// fill makes the substitutions and fills in what stands in braces. What is filled in is not looked at again.
func (t *Table) fill(name string, config *kconfig.Config, id string, literal func(string) string) (string, error) {
	for _, each := range t.Substitutions {
		value, err := valueOf(config, each.Option)
		if err != nil {
			return name, err
		}
		if value.Text != "" {
			name = strings.Replace(name, each.Old, each.New, 1)
		}
	}
	var filled strings.Builder
	for rest := name; ; {
		before, inside, opened := strings.Cut(rest, "{")
		placeholder, after, closed := strings.Cut(inside, "}")
		filled.WriteString(before)
		if !opened {
			return filled.String(), nil
		}
		if !closed {
			return name, errors.New("a { of it has no }")
		}
		if placeholder == idPlaceholder {
			filled.WriteString(id)
		} else {
			value, err := valueOf(config, placeholder)
			if err != nil {
				return name, err
			}
			filled.WriteString(literal(value.Text))
		}
		rest = after
	}
}

// List is topics, in the order in which they are declared.
type List []Topic

// Up gives those on which the device publishes.
func (l List) Up() List { return l.where(func(each Topic) bool { return each.Up }) }

// Down gives those that the device subscribes to.
func (l List) Down() List { return l.where(func(each Topic) bool { return !each.Up }) }

// Of gives those that an option switches on.
func (l List) Of(option string) List {
	return l.where(func(each Topic) bool { return each.Option == option })
}

func (l List) where(is func(Topic) bool) List {
	return slices.DeleteFunc(slices.Clone(l), func(each Topic) bool { return !is(each) })
}

// Below puts one name in place of those that begin with a prefix, where there are several: the levels that all of them have, and * for what
// comes behind, one level or more. The topic has its direction from the first of them, and no option.
func (l List) Below(prefix string) List {
	var common []string
	first, many := -1, false
	for i, each := range l {
		levels, is := strings.Split(each.Name, "/"), strings.HasPrefix(each.Name, prefix)
		switch {
		case !is:
			continue
		case first < 0:
			first, common = i, levels
		default:
			many = true
		}
		same := 0
		for same < min(len(common), len(levels)-1) && common[same] == levels[same] {
			same++
		}
		common = common[:same]
	}
	if !many {
		return l
	}
	short := List{}
	for i, each := range l {
		if i == first {
			short = append(short, Topic{Name: strings.Join(common, "/") + "/*", Up: each.Up})
		} else if !strings.HasPrefix(each.Name, prefix) {
			short = append(short, each)
		}
	}
	return short
}
