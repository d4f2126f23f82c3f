package kconfig

import "strings"

// OverlayLine writes an assignment as overlays have it: NAME = value. The text is a value of the option as Value.Text has it.
func (o *Option) OverlayLine(text string) string { return o.Name + " = " + o.Type.OverlayText(text) }

// FragmentLine writes an assignment as fragments have it: CONFIG_NAME=value.
func (o *Option) FragmentLine(text string) string { return edit{o, text}.write(fragmentSyntax) }

// OverlayText writes a value of the type as overlays have it.
func (t Type) OverlayText(text string) string {
	if t == String {
		return quoteOverlay(text)
	}
	return overlayText(t, text)
}

// quoteOverlay writes a string that may contain any ${ and %{. Of several $ before a {, all but the last are written by number, since only
// two of them have a meaning.
func quoteOverlay(text string) string {
	quoted := quote(text)
	var b strings.Builder
	for i := 0; i < len(quoted); {
		c := quoted[i]
		if c != '$' && c != '%' {
			b.WriteByte(c)
			i++
			continue
		}
		run := len(quoted[i:]) - len(strings.TrimLeft(quoted[i:], string(c)))
		if i += run; quoted[i] != '{' { // a quotation mark stands at the end
			b.WriteString(strings.Repeat(string(c), run))
			continue
		}
		escape := map[byte]string{'$': `\u0024`, '%': `\u0025`}[c]
		b.WriteString(strings.Repeat(escape, run-1) + string(c) + string(c))
	}
	return b.String()
}

// Shown writes the value for people: a string in quotation marks, absent where there is none, and <secret> for a secret that has one.
func (v Value) Shown() string {
	if !v.HasValue {
		return "absent"
	}
	return shown(v.Option, v.Text)
}

// IsFragment says whether the layer is a .conf fragment.
func (l *Layer) IsFragment() bool { return isFragmentName(l.Name) }

// IsFlags says whether the layer is that of the -set flags.
func (l *Layer) IsFlags() bool { return l.Name == setLayerName }
