// Package fragment turns .conf fragments into overlays and back, with their comments in place. What one side cannot say stays as a comment that
// gives the reason, so that nothing is lost without a word.
package fragment

import (
	"slices"

	"github.com/cloudgen/cloudgen/kconfig"
)

// fate is what becomes of an assignment.
type fate int

const (
	taken   fate = iota // it is a value of an option
	unknown             // no option has the name
	omitted             // the SDK has the option, the tree does not
	wrong               // it is no value of its option
	again               // a later one for the same option counts, or for another member of its choice
)

// reading is an assignment and what the tree makes of it.
type reading struct {
	kconfig.Assignment
	fate   fate
	option *kconfig.Option // nil where the tree has none
	text   string          // canonical value, where it is taken
	reason string          // of what is omitted or wrong, in a few words
}

// read judges each assignment of the layers by itself: whether it takes effect depends on the layers around, which are not at hand. The
// readings are in the order of the layers.
func read(tree *kconfig.Tree, layers []*kconfig.Layer) ([][]reading, kconfig.Diagnostics) {
	config, diags := tree.Resolve(layers...)
	all := make([][]reading, len(layers))
	for i, layer := range layers {
		for _, a := range layer.Assignments {
			all[i] = append(all[i], judge(tree, config, a))
		}
	}
	overrule(all)
	return all, ofAssignments(diags)
}

// ofAssignments keeps what concerns an assignment by itself. That a feature is not built yet is no fault of the text, so it only warns.
func ofAssignments(diags kconfig.Diagnostics) kconfig.Diagnostics {
	var kept kconfig.Diagnostics
	for _, d := range diags {
		switch d.Code {
		case kconfig.CodePlanned:
			d.Severity = kconfig.Warning
			d.Fix = ""
		case kconfig.CodeUnknownOption, kconfig.CodeWrongType, kconfig.CodeTwoMembers, kconfig.CodeRenamed, kconfig.CodeOmitted:
		default:
			continue
		}
		kept = append(kept, d)
	}
	kept.Sort()
	return kept
}

func judge(tree *kconfig.Tree, config *kconfig.Config, a kconfig.Assignment) reading {
	o, value, _ := tree.LookUp(a.Name, a.Value)
	if o == nil {
		if found := tree.Omission(a.Name); found != nil {
			return reading{Assignment: a, fate: omitted, reason: found.Reason}
		}
		return reading{Assignment: a, fate: unknown}
	}
	r := reading{Assignment: a, option: o}
	resolved, _ := config.Value(o.Name)
	for _, one := range resolved.History {
		if one.Range == a.Range {
			r.text = one.Value
			return r
		}
	}
	// Only values of what is not built yet are refused without being wrong.
	if o.Type == kconfig.String {
		r.text = value
	} else {
		var problem, meant string
		if r.text, problem, meant = o.Parse(value); problem != "" {
			r.text = meant // hex digits without 0x
		}
	}
	if o.Planned == "" || r.text == "" && o.Type != kconfig.String {
		r.fate, r.reason = wrong, "no value of "+o.Type.String()+" options"
	}
	return r
}

// overrule finds what a later assignment replaces: of an option, or of a choice's member that an earlier layer chose.
func overrule(all [][]reading) {
	last := map[*kconfig.Option]*reading{}
	chosen := map[*kconfig.Choice]*reading{}
	for i := range all {
		inLayer := map[*kconfig.Choice]bool{} // two members in one layer are an error, and both stay to be seen
		for j := range all[i] {
			r := &all[i][j]
			if r.fate != taken {
				continue
			}
			if before := last[r.option]; before != nil {
				before.fate = again
			}
			last[r.option] = r
			c := r.option.Choice
			if c == nil || r.text != "y" {
				continue
			}
			if before := chosen[c]; before != nil && !inLayer[c] {
				before.fate = again
			}
			chosen[c], inLayer[c] = r, true
		}
	}
}

// has says whether a kind of finding is among the diagnostics.
func has(diags kconfig.Diagnostics, codes ...kconfig.Code) bool {
	return slices.ContainsFunc(diags, func(d kconfig.Diagnostic) bool { return slices.Contains(codes, d.Code) })
}
