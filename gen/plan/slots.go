package plan

import (
	"cmp"
	"fmt"
	"go/ast"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/kconfig"
)

// knownSlots refuses components for slots that no backend has, chosen or not: of those that are switched on, and of all of users' trees.
func (m *maker) knownSlots(trees []string) error {
	fixed, asked := m.fixedSlots(), m.config.Components()
	for _, each := range m.config.Tree().Components() {
		below := func(dir string) bool { return each.Dir == dir || strings.HasPrefix(each.Dir, dir+"/") }
		if slices.ContainsFunc(trees, below) && !slices.Contains(asked, each) {
			asked = append(asked, each)
		}
	}
	asked = slices.DeleteFunc(asked, func(each *kconfig.Component) bool { return slices.Contains(fixed, each.Slot) })
	if len(asked) == 0 {
		return nil
	}
	known := fixed
	for _, each := range m.config.Tree().Components() {
		if each.Slot != slotBackend {
			continue
		}
		names, sound, err := m.slotsOf(each)
		if err != nil {
			return err
		}
		if !sound {
			return nil
		}
		known = append(known, names...)
	}
	for _, each := range asked {
		if slices.Contains(known, each.Slot) {
			continue
		}
		found := m.fail(CodeSlot, "there is no slot %q: %s are", each.Slot, enumerate(known))
		found.Subject = &each.Range
		found.Fix = fmt.Sprintf("name one of them, or give a backend's Config a field with the tag `slot:%q`", each.Slot)
	}
	return nil
}

// slotsOf gives the names of the slots that a backend has, unless there is something wrong with it that is told of elsewhere.
func (m *maker) slotsOf(backend *kconfig.Component) (names []string, sound bool, err error) {
	in, err := m.sources.Package(backend.Dir)
	if err != nil && m.isOutside(backend.Dir) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	bound, diags, err := bind.Read(m.sources, in, "Config")
	if err != nil && m.isOutside(backend.Dir) {
		return nil, false, nil
	}
	if err != nil || bound == nil || len(diags) > 0 {
		return nil, false, err
	}
	for _, each := range bound.Slots {
		names = append(names, each.Name)
	}
	return names, true, nil
}

// enumerate writes names as a, b and c.
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	names = slices.Compact(names)
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// misplacedSlot tells of slots in a Config that is not a backend's.
func (m *maker) misplacedSlot(bound *bind.Struct) {
	for _, each := range bound.Slots {
		m.fail(CodeComponent, "%s.%s is the slot %q, and only a backend has slots", bound.Name, each.Field, each.Name).Subject = &each.Range
	}
}

// fillSlots reads the components that go into the slots of the chosen backend. Those for other backends are no part of the program.
func (m *maker) fillSlots(backend *Component, on map[string][]*kconfig.Component) error {
	if m.diags.HasErrors() {
		return nil
	}
	in, err := m.sources.Package(backend.Dir)
	if err != nil {
		return err
	}
	bound, _, err := bind.Read(m.sources, in, "Config")
	if err != nil {
		return err
	}
	for _, slot := range bound.Slots {
		components := on[slot.Name]
		if len(components) == 0 {
			continue
		}
		if !slot.Many && len(components) > 1 {
			m.only(on, slot.Name)
			continue
		}
		made := Slot{Name: slot.Name, Field: slot.Field, Many: slot.Many}
		for _, each := range components {
			component, err := m.part(each)
			if err != nil {
				return err
			}
			made.Components = append(made.Components, component)
		}
		slices.SortFunc(made.Components, func(a, b Component) int { return cmp.Compare(a.Import, b.Import) })
		m.twice(made, components)
		backend.Slots = append(backend.Slots, made)
	}
	return nil
}

// part reads a component for a slot of a backend: its New takes its Config alone.
func (m *maker) part(from *kconfig.Component) (Component, error) {
	made, err := m.component(from, "New")
	if err != nil || made.Type == "" {
		return made, err
	}
	in, err := m.sources.Package(from.Dir)
	if err != nil {
		return made, err
	}
	function, _, err := in.Func("New")
	if err != nil {
		return made, err
	}
	parameters := function.Node.Type.Params.List
	fits := len(parameters) == 1 && len(parameters[0].Names) < 2
	if fits {
		_, fits = parameters[0].Type.(*ast.Ident)
	}
	if !fits {
		found := m.fail(CodeComponent, "New of the package %s does not take a Config of its own alone", in.Dir)
		found.Subject = &from.Range
		found.Related = []kconfig.Related{{Message: "the function", Range: *rangeOf(m.sources.Position(function.Node.Name.Pos()), len("New"))}}
	}
	return made, nil
}

// twice refuses a package that two blocks put into one slot.
func (m *maker) twice(slot Slot, components []*kconfig.Component) {
	for i, each := range components {
		if first := slices.IndexFunc(components, func(other *kconfig.Component) bool { return other.Dir == each.Dir }); first < i {
			found := m.fail(CodeSlotTaken, "the package %s is put into the slot %q twice", each.Dir, slot.Name)
			found.Subject = &each.Range
			found.Related = []kconfig.Related{{Message: "the other time", Range: components[first].Range}}
			found.Fix = "keep one component block, with a condition that covers both"
		}
	}
}
