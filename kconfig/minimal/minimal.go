// Package minimal finds the fewest lines of an overlay that give a configuration.
package minimal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
)

// Setting is one line of an overlay.
type Setting struct {
	Option *kconfig.Option
	Text   string // as kconfig.Value.Text has it
}

// Settings gives assignments that resolve, on top of the first layers of the configuration, to the values and the marks of all of its
// layers, in the order of the tree. Without any one of them some value or mark is another. The configuration must be without
// errors. base counts the layers that stay.
func Settings(config *kconfig.Config, base int) ([]Setting, error) {
	settings := candidates(config, base)
	var text strings.Builder
	for _, one := range settings {
		text.WriteString(one.Option.OverlayLine(one.Text) + "\n")
	}
	layer, diags := kconfig.ParseOverlay("minimal.hcl", []byte(text.String()))
	if err := diags.Err(); err != nil {
		return nil, fmt.Errorf("the minimal overlay cannot be read back: %w", err)
	}
	s := &search{config: config, base: config.Layers()[:base], layer: layer, kept: make([]bool, len(settings))}
	for i := range s.kept {
		s.kept[i] = true
	}
	if !s.same() {
		return nil, fmt.Errorf("no overlay on top of %d layers gives the values of this configuration", base)
	}
	// A line may become needless only when another one is gone.
	for s.drop(0, len(settings)) {
	}
	var needed []Setting
	for i, one := range settings {
		if s.kept[i] {
			needed = append(needed, one)
		}
	}
	return needed, nil
}

// Overlay writes settings as an overlay. Values of secrets stay out of it: a comment says so in their place.
func Overlay(header string, settings []Setting) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", header)
	width := 0
	for _, one := range settings {
		if !one.Option.Secret {
			width = max(width, len(one.Option.Name))
		}
	}
	if len(settings) > 0 {
		b.WriteByte('\n')
	}
	for _, one := range settings {
		o := one.Option
		if o.Secret {
			fmt.Fprintf(&b, "# %s is secret: keep it in an overlay of its own\n", o.Name)
			continue
		}
		fmt.Fprintf(&b, "%-*s = %s\n", width, o.Name, o.Type.OverlayText(one.Text))
	}
	return b.Bytes()
}

// candidates gives what the layers after the first ones say, one line for an option: enough for all values, and often too much.
func candidates(config *kconfig.Config, base int) []Setting {
	tree := config.Tree()
	own := map[string]bool{} // layers that stay
	for _, layer := range config.Layers()[:base] {
		own[layer.Name] = true
	}
	var found []Setting
	for _, o := range tree.Options() {
		if c := o.Choice; c != nil {
			if selected := config.Selected(c.Name); selected == o.Name {
				found = append(found, Setting{o, "y"})
				continue
			} else if selected != "" {
				continue
			}
			// An optional choice may be off because a later layer takes a member back.
		}
		v, _ := config.Value(o.Name)
		if last := len(v.History) - 1; last >= 0 && !own[v.History[last].Layer] {
			a := v.History[last]
			if o.Choice != nil && a.Value == "y" {
				continue // it had no effect, and two members in one layer are an error
			}
			found = append(found, Setting{o, a.Value})
		}
	}
	return found
}

// search tries which lines can be left out.
type search struct {
	config *kconfig.Config
	base   []*kconfig.Layer
	layer  *kconfig.Layer
	kept   []bool // by line
}

// drop leaves out what it can of the lines from a to b, many at a time where that is possible, and says whether that was any.
func (s *search) drop(a, b int) bool {
	kept := slices.Clone(s.kept[a:b])
	if !slices.Contains(kept, true) {
		return false
	}
	clear(s.kept[a:b])
	if s.same() {
		return true
	}
	copy(s.kept[a:b], kept)
	if b-a == 1 {
		return false
	}
	middle := (a + b) / 2
	late := s.drop(middle, b) // what is defined later rather follows from what is defined earlier
	return s.drop(a, middle) || late
}

// same says whether the lines that are kept give the configuration.
func (s *search) same() bool {
	trial := &kconfig.Layer{Name: s.layer.Name, Source: s.layer.Source}
	for i, a := range s.layer.Assignments {
		if s.kept[i] {
			trial.Assignments = append(trial.Assignments, a)
		}
	}
	got, diags := s.config.Tree().Resolve(append(slices.Clone(s.base), trial)...)
	return !diags.HasErrors() && len(s.config.Differing(got)) == 0 && slices.EqualFunc(got.Marks(), s.config.Marks(), sameMark)
}

func sameMark(a, b kconfig.Mark) bool { return a.Name == b.Name && slices.Equal(a.Options, b.Options) }
