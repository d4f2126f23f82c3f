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

// knownSlots refuses components for slots that nothing has, chosen or not: of those that are switched on, and of all of users' trees.
func (m *maker) knownSlots(trees []string) error {
	known, asked := m.fixedSlots(), m.config.Components()
	for _, each := range m.config.Tree().Components() {
		below := func(dir string) bool { return each.Dir == dir || strings.HasPrefix(each.Dir, dir+"/") }
		if slices.ContainsFunc(trees, below) && !slices.Contains(asked, each) {
			asked = append(asked, each)
		}
	}
	// What is switched on is read in any case, and mostly has all the slots; to read the rest as well takes longer than all else.
	for _, of := range m.config.Components() {
		names, sound, err := m.slotsOf(of)
		if err != nil || !sound {
			return err
		}
		asked = slices.DeleteFunc(asked, func(each *kconfig.Component) bool {
			return slices.Contains(known, each.Slot) || slices.Contains(names, each.Slot)
		})
	}
	if len(asked) == 0 {
		return nil
	}
	for _, each := range m.config.Tree().Components() {
		names, sound, err := m.slotsOf(each)
		if err != nil {
			return err
		}
		if !sound {
			return nil
		}
		for _, name := range names {
			if !slices.Contains(known, name) {
				known = append(known, name)
			}
		}
	}
	for _, each := range asked {
		if slices.Contains(known, each.Slot) {
			continue
		}
		found := m.fail(CodeSlot, "there is no slot %q: %s are", each.Slot, enumerate(known))
		found.Subject = &each.Range
		found.Fix = fmt.Sprintf("name one of them, or give the Config of a component a field with the tag `slot:%q`", each.Slot)
	}
	return nil
}

// slotsOf gives the names of the slots that a component has, unless there is something wrong with it that is told of elsewhere.
func (m *maker) slotsOf(component *kconfig.Component) (names []string, sound bool, err error) {
	in, err := m.sources.Package(component.Dir)
	if err != nil && m.isOutside(component.Dir) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	bound, diags, err := bind.Read(m.sources, in, "Config")
	if err != nil && m.isOutside(component.Dir) {
		return nil, false, nil
	}
	if err != nil || len(diags) > 0 {
		return nil, false, err
	}
	if bound == nil { // of those for slots of the default program some have none
		return nil, component.Slot != slotBackend, nil
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

// fillSlots reads the components that go into the slots of a component's Config. Those for slots of what is not switched on are no part of
// the program.
func (m *maker) fillSlots(of *kconfig.Component, bound *bind.Struct) ([]Slot, error) {
	if len(bound.Slots) == 0 {
		return nil, nil
	}
	m.within = append(m.within, of.Dir)
	defer func() { m.within = m.within[:len(m.within)-1] }()
	var filled []Slot
	for _, slot := range bound.Slots {
		components := m.on[slot.Name]
		if len(components) == 0 {
			continue
		}
		if !slot.Many && len(components) > 1 {
			m.only(slot.Name)
			continue
		}
		made := Slot{Name: slot.Name, Field: slot.Field, Many: slot.Many}
		for _, each := range components {
			if slices.Contains(m.within, each.Dir) {
				m.endless(of, each, slot)
				continue
			}
			component, err := m.part(each)
			if err != nil {
				return nil, err
			}
			made.Components = append(made.Components, component)
		}
		slices.SortFunc(made.Components, func(a, b Component) int { return cmp.Compare(a.Import, b.Import) })
		m.twice(made, components)
		filled = append(filled, made)
	}
	return filled, nil
}

// endless tells of a component that would have to be made before itself.
func (m *maker) endless(of, component *kconfig.Component, slot bind.Slot) {
	found := m.fail(CodeComponent, "the component %s goes into the slot %q of %s, which is made for a slot of its own", component.Dir, slot.Name, of.Dir)
	if component.Dir == of.Dir {
		found.Summary = fmt.Sprintf("the component %s goes into its own slot %q", component.Dir, slot.Name)
	}
	found.Subject = &component.Range
	found.Related = []kconfig.Related{{Message: "the field of the slot", Range: slot.Range}}
}

// part reads a component for a slot of another: its New takes its Config alone.
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
