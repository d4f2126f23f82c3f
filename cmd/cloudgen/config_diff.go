package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/gen"
	"github.com/cloudgen/cloudgen/gen/effects"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/difference"
)

// differences is what config diff finds.
type differences struct {
	Values  []difference.Value  `json:"values"`
	Effects *effects.Difference `json:"effects,omitempty"` // nil where a side cannot be generated
}

// configDiff compares two configurations, and what is generated from them.
func configDiff(_ context.Context, call *invocation) int {
	files, tree, diagnostics := loadTree(&call.flags) // one for both sides
	both := &configuration{files: files, sources: kconfig.Sources{}}
	var sides [2]*configuration
	for i, word := range call.words {
		side := &flags{overlays: overlaysOf(word)}
		if len(side.overlays) == 0 {
			return call.usageError("%q names no overlay", word)
		}
		sides[i] = resolveTree(files, tree, slices.Clone(diagnostics), side)
		both.add(sides[i])
	}
	r := &report{}
	if both.diagnostics.HasErrors() {
		return call.finish(both, r, exitInput, nil)
	}
	r.Differences = &differences{Values: difference.Values(sides[0].resolved, sides[1].resolved)}
	effects, status, err := compareEffects(sides, both)
	if err != nil {
		return call.finish(both, r, status, err)
	}
	r.Differences.Effects = effects
	if !call.json {
		if _, err := call.stdout.Write(r.Differences.text()); err != nil {
			return call.finish(both, r, exitEnvironment, err)
		}
	}
	return call.finish(both, r, status, nil)
}

// overlaysOf splits what one side of a comparison names; a path that exists may hold commas.
func overlaysOf(word string) []string {
	if _, err := os.Stat(word); err == nil {
		return []string{word}
	}
	return slices.DeleteFunc(strings.Split(word, ","), func(name string) bool { return name == "" })
}

// add takes over the findings of one side that the other one does not have too.
func (c *configuration) add(side *configuration) {
	for _, d := range side.diagnostics {
		if !slices.ContainsFunc(c.diagnostics, func(one kconfig.Diagnostic) bool { return one.String() == d.String() }) {
			c.diagnostics = append(c.diagnostics, d)
		}
	}
	for name, text := range side.sources {
		c.sources[name] = text
	}
	c.diagnostics.Sort()
}

// compareEffects plans both sides. Where one has no plan, its diagnostics go to both and nothing is compared.
func compareEffects(sides [2]*configuration, both *configuration) (*effects.Difference, int, error) {
	sources, err := source.Open(both.files)
	if err != nil {
		return nil, exitEnvironment, err
	}
	var found [2]*effects.Effects
	result := exitDone
	for i, side := range sides {
		status, err := side.plan(&gen.Settings{Name: "variant"}) // one name for both: it is no difference
		if err != nil {
			return nil, status, err
		}
		if status != exitDone {
			both.add(side)
			result = status
			continue
		}
		if found[i], err = effects.Of(side.resolved, side.planned, sources); err != nil {
			return nil, exitEnvironment, err
		}
	}
	if result != exitDone {
		return nil, result, nil
	}
	d := effects.Between(found[0], found[1])
	return &d, exitDone, nil
}

// text writes the differences for people: changed values as before -> after, lists with + for gained and - for lost.
func (d *differences) text() []byte {
	var b bytes.Buffer
	if len(d.Values) > 0 {
		b.WriteString("options\n")
		width := 0
		for _, v := range d.Values {
			width = max(width, len(v.Option))
		}
		for _, v := range d.Values {
			fmt.Fprintf(&b, "  %-*s  %s -> %s\n", width, v.Option, v.Before, v.After)
		}
	}
	if e := d.Effects; e != nil {
		for _, list := range []struct {
			title string
			effects.Change
		}{
			{"components", e.Components}, {"programs", e.Programs}, {"packages", e.Packages}, {"modules", e.Modules},
			{"hosts and ports", e.Endpoints}, {"topics", e.Topics}, {"files", e.Files},
		} {
			writeChange(&b, list.title, list.Change)
		}
		writeFields(&b, e.Fields)
	} else {
		b.WriteString("what this changes in the output is not known: see the errors\n")
	}
	if b.Len() == 0 {
		b.WriteString("nothing differs\n")
	}
	return b.Bytes()
}

func writeChange(b *bytes.Buffer, title string, change effects.Change) {
	if len(change.Gained)+len(change.Lost) == 0 {
		return
	}
	fmt.Fprintln(b, title)
	for _, one := range change.Lost {
		fmt.Fprintf(b, "  - %s\n", one)
	}
	for _, one := range change.Gained {
		fmt.Fprintf(b, "  + %s\n", one)
	}
}

func writeFields(b *bytes.Buffer, fields []effects.Field) {
	if len(fields) == 0 {
		return
	}
	b.WriteString("values in the generated code\n")
	for _, f := range fields {
		shown := [2]string{f.Before, f.After}
		for i := range shown {
			if shown[i] == "" {
				shown[i] = "absent"
			}
		}
		fmt.Fprintf(b, "  %s (%s)  %s -> %s\n", f.Path, f.Option, shown[0], shown[1])
	}
}
