package build

import "testing"

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"linux/arm/7", "linux/amd64", "windows/amd64", "//", "linux/mipsle/softfloat"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, err := ParseTarget(text)
		if err == nil && target.String() != text {
			t.Errorf("%q became %q", text, target)
		}
	})
}
