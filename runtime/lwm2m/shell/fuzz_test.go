package shell

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzLine holds that any line is answered with lines of which the last one, and only that, begins with "= ".
func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		"lwm2m read 26241/0/1 -u8", "write 26241/0/0 'a \"b\" c'", `write 26241/0/5 -x 00ff`, "exec 26241/0/9 0,1='x'", "create 26241/0/10/1", "delete /26241/0",
		"start ep -b 1", "send 1 2 3", "obs", "help", "read /", `write 26241/0/0 \`, "write 26241/0/7 1:2", "write 26241/0/3 -f 1e300", "\xff\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, _ := newShell(t)
		s.config.MaxLine = 1 << 20
		var out bytes.Buffer
		if err := s.run(t.Context(), strings.NewReader(text), &out); err != nil {
			t.Fatal(err)
		}
		answered := 0
		for each := range strings.Lines(out.String()) {
			if strings.HasPrefix(each, "= ") {
				answered++
			}
		}
		if typed := strings.Count(text, "\n") + 1; answered > typed {
			t.Fatalf("%d answers to %d lines: %q", answered, typed, out.String())
		}
		if out.Len() > 0 && !strings.HasSuffix(out.String(), "\n") {
			t.Fatalf("%q does not end its line", out.String())
		}
	})
}

// FuzzSplit holds that words come back from any line as they were quoted.
func FuzzSplit(f *testing.F) {
	f.Add("a", "b c", `d"e'f\`)
	f.Add("", " ", "\t")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var line string
		for _, each := range []string{a, b, c} {
			line += ` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(each) + `"`
		}
		words, err := split(line)
		if err != nil || len(words) != 3 || words[0].text != a || words[1].text != b || words[2].text != c {
			t.Fatalf("%q: %v, %v", line, words, err)
		}
		if words, err := split(a); err == nil {
			for _, each := range words {
				if each.start >= len(a) {
					t.Fatalf("%q: %v", a, words)
				}
			}
		}
	})
}
