package kconfig

import "testing"

func TestLinesReadBack(t *testing.T) {
	for _, text := range []string{"", "a", `"`, `\`, `\"`, "${", "$${", "$$$${x}", "%{", "%%%{", "$%{", "$", "$$", "a $", "ü", "{$", "# x"} {
		o := &Option{Name: "S", Type: String}
		for name, line := range map[string]string{"a.hcl": o.OverlayLine(text), "a.conf": o.FragmentLine(text)} {
			layer, diags := ParseOverlay(name, []byte(line+"\n"))
			if len(diags) > 0 || len(layer.Assignments) != 1 || layer.Assignments[0].Value != text {
				t.Errorf("%q becomes %s: %v, %+v", text, line, diags, layer.Assignments)
			}
		}
	}
	for want, o := range map[string]*Option{"B = y": {Name: "B", Type: Bool}, "N = -5": {Name: "N", Type: Int}, `H = "0x1f"`: {Name: "H", Type: Hex}} {
		text := map[Type]string{Bool: "y", Int: "-5", Hex: "0x1f"}[o.Type]
		if got := o.OverlayLine(text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
