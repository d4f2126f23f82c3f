package fragment

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudgen/cloudgen/kconfig"
)

// ErrNotFragment is the error for a file whose name is not that of a fragment.
var ErrNotFragment = errors.New("not the name of a fragment: it ends in .conf, .config or defconfig")

// ToOverlay writes a fragment as an overlay, line by line. Old names become new ones; what is no assignment of one of our options stays as a
// comment. The diagnostics name those lines; the text is complete all the same, and nil only where the bytes are no text.
func ToOverlay(tree *kconfig.Tree, name string, source []byte) ([]byte, kconfig.Diagnostics, error) {
	layer, diags := kconfig.ParseOverlay(name, source)
	if !layer.IsFragment() {
		return nil, nil, fmt.Errorf("%s: %w", name, ErrNotFragment)
	}
	if has(diags, kconfig.CodeTooLarge, kconfig.CodeNotText) {
		return nil, diags, nil
	}
	readings, found := read(tree, []*kconfig.Layer{layer})
	diags = append(diags, found...)
	diags.Sort()

	at := map[int]reading{} // by line
	for _, r := range readings[0] {
		at[r.Range.Start.Line] = r
	}
	b := bytes.NewBuffer([]byte{}) // an empty text is not nil
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(source), "\ufeff")) {
		number++
		text := plain(line)
		r, assigns := at[number]
		switch {
		case assigns:
			b.WriteString(r.overlayLine(text))
		case text == "" || text[0] == '#':
			b.WriteString(text)
		default:
			b.WriteString("# " + text + " (not CONFIG_NAME=value)")
		}
		b.WriteByte('\n')
	}
	return b.Bytes(), diags, nil
}

// overlayLine writes an assignment that a fragment has as the given text.
func (r *reading) overlayLine(text string) string {
	switch r.fate {
	case taken:
		return r.option.OverlayLine(r.text)
	case again:
		return "# " + r.option.OverlayLine(r.text) + " (assigned again below)"
	case unknown:
		return comment(text) + " (unknown: no option has this name)"
	case omitted:
		return comment(text) + " (left out: " + r.reason + ")"
	}
	return comment(text) + " (" + r.reason + ")"
}

// comment makes a line a comment unless it is one, as "# CONFIG_X is not set" is.
func comment(text string) string {
	if strings.HasPrefix(text, "#") {
		return text
	}
	return "# " + text
}

// plain gives a line without its end and the blanks around it, and without line breaks of other kinds, which HCL would see.
func plain(line string) string {
	return strings.TrimSpace(strings.NewReplacer("\r", " ", "\n", " ").Replace(line))
}
