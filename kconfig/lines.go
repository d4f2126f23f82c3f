package kconfig

// OverlayLine writes an assignment as overlays have it: NAME = value. The text is a value of the option as Value.Text has it.
func (o *Option) OverlayLine(text string) string { return edit{o, text}.write(overlaySyntax) }

// FragmentLine writes an assignment as fragments have it: CONFIG_NAME=value.
func (o *Option) FragmentLine(text string) string { return edit{o, text}.write(fragmentSyntax) }

// OverlayText writes a value of the type as overlays have it.
func (t Type) OverlayText(text string) string { return overlayText(t, text) }

// Shown writes the value for people: a string in quotation marks, absent where there is none, and <secret> for a secret that has one.
func (v Value) Shown() string {
	if !v.HasValue {
		return "absent"
	}
	return shown(v.Option, v.Text)
}
