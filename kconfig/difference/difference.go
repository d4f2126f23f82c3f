// Package difference compares two configurations of one tree.
package difference

import (
	"cmp"
	"slices"

	"github.com/cloudgen/cloudgen/kconfig"
)

// Value is an option that has another value on each side. What is shown is as kconfig.Value.Shown has it: <secret> on both sides where two
// secrets differ.
type Value struct {
	Option string `json:"option"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Values lists the options whose values differ, by name.
func Values(before, after *kconfig.Config) []Value {
	found := []Value{}
	for _, o := range before.Differing(after) {
		a, _ := before.Value(o.Name)
		b, _ := after.Value(o.Name)
		found = append(found, Value{Option: o.Name, Before: a.Shown(), After: b.Shown()})
	}
	slices.SortFunc(found, func(a, b Value) int { return cmp.Compare(a.Option, b.Option) })
	return found
}
