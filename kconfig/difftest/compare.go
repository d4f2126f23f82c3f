package difftest

import (
	"encoding/json"
	"fmt"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/kconfig"
)

// answer is what Kconfiglib makes of a tree with assignments.
type answer struct {
	Symbols map[string]reference `json:"symbols"`
	Choices map[string]string    `json:"choices"`
	Error   string               `json:"error,omitempty"`
}

// reference is a symbol in Kconfiglib: its value as text, whether it is visible, and whether a .config file has a line for it.
type reference struct {
	value            string
	visible, written bool
}

func (r *reference) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&r.value, &r.visible, &r.written})
}

func (r reference) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{r.value, r.visible, r.written})
}

// compare resolves the tree with the layer and lists all differences from the answer.
func compare(hcl string, layer *kconfig.Layer, want *answer) []string {
	if want.Error != "" {
		return []string{"Kconfiglib: " + want.Error}
	}
	tree, diags := kconfig.LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(hcl)}}, "Kconfig.hcl")
	if len(diags) > 0 {
		return []string{"the tree does not load: " + diags[0].String()}
	}
	config, _ := tree.Resolve(layer) // assignments that do not take are errors here, and dropped there
	var differences []string
	if got := len(tree.Options()); got != len(want.Symbols) {
		differences = append(differences, fmt.Sprintf("%d options, %d in Kconfiglib", got, len(want.Symbols)))
	}
	for _, o := range tree.Options() {
		got, _ := config.Value(o.Name)
		r, known := want.Symbols[o.Name]
		if !known {
			differences = append(differences, o.Name+" is unknown to Kconfiglib")
			continue
		}
		value := got.Text
		if o.Type == kconfig.Bool && !got.HasValue {
			value = "n"
		}
		// A number without a value is visible in a .config file as "CONFIG_N="; here it is left out.
		written := r.written && (r.value != "" || o.Type == kconfig.String)
		if !written && o.Type != kconfig.Bool {
			r.value = "" // what expressions see; here it is no value of the option
		}
		if value != r.value || got.Visible != r.visible || got.HasValue != written {
			differences = append(differences, fmt.Sprintf("%s is %q (visible %t, has a value %t); in Kconfiglib %q (%t, %t)",
				o.Name, value, got.Visible, got.HasValue, r.value, r.visible, written))
		}
	}
	for _, c := range tree.Choices() {
		if got := config.Selected(c.Name); got != want.Choices[c.Name] {
			differences = append(differences, fmt.Sprintf("choice %s falls on %q; in Kconfiglib on %q", c.Name, got, want.Choices[c.Name]))
		}
	}
	return differences
}
