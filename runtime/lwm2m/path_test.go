package lwm2m_test

import (
	"slices"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// TestPathParts asks each path for its ids: one that it has not is MaxID.
func TestPathParts(t *testing.T) {
	const none = lwm2m.MaxID
	for text, want := range map[string][5]int{
		"/":                       {0, none, none, none, none},
		"/0":                      {1, 0, none, none, none},
		"/3/0":                    {2, 3, 0, none, none},
		"/3/0/7":                  {3, 3, 0, 7, none},
		"/0/0/0/0":                {4, 0, 0, 0, 0},
		"/65534/65534/65534/1":    {4, 65534, 65534, 65534, 1},
		"/65534/65534/65534":      {3, 65534, 65534, 65534, none},
		"/1/65534/65534/65534":    {4, 1, 65534, 65534, 65534},
		"/32768/32767/255/256":    {4, 32768, 32767, 255, 256},
		"/65533/65533/65533/6553": {4, 65533, 65533, 65533, 6553},
	} {
		p, err := lwm2m.ParsePath(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := [5]int{p.Level(), int(p.Object()), int(p.Instance()), int(p.Resource()), int(p.ResourceInstance())}
		if got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
		if p.String() != text {
			t.Errorf("%s is written as %s", text, p)
		}
		if p.Up(p.Level()) != p || !p.Contains(p) {
			t.Errorf("%s does not contain itself", text)
		}
		for level := range p.Level() {
			up := p.Up(level)
			if up.Level() != level || !up.Contains(p) || p.Contains(up) || up.Compare(p) >= 0 || p.Compare(up) <= 0 {
				t.Errorf("%s is not what contains %s", up, text)
			}
		}
	}
}

// TestPathOrder sorts paths as the protocol lists them.
func TestPathOrder(t *testing.T) {
	want := []string{"/", "/0", "/0/0", "/0/0/0", "/0/0/0/0", "/0/0/0/1", "/0/0/1", "/0/1", "/1", "/1/0/7", "/3", "/3/0", "/3/0/65534", "/3/1", "/65534"}
	var paths []lwm2m.Path
	for _, text := range slices.Backward(want) {
		p, err := lwm2m.ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	slices.SortFunc(paths, lwm2m.Path.Compare)
	for i, p := range paths {
		if p.String() != want[i] {
			t.Errorf("%d is %s, want %s", i, p, want[i])
		}
	}
	if a, b := lwm2m.NewPath(3, 0), lwm2m.NewPath(3, 1, 0); a.Contains(b) || b.Contains(a) {
		t.Errorf("%s and %s contain each other", a, b)
	}
}

// TestPathMistakes asks for paths that cannot be.
func TestPathMistakes(t *testing.T) {
	for name, mistake := range map[string]func(){
		"five ids":          func() { lwm2m.NewPath(1, 2, 3, 4, 5) },
		"an id of none":     func() { lwm2m.NewPath(lwm2m.MaxID) },
		"a child of four":   func() { lwm2m.NewPath(1, 2, 3, 4).Child(5) },
		"a child of no id":  func() { lwm2m.NewPath(1).Child(lwm2m.MaxID) },
		"none, in the last": func() { lwm2m.NewPath(1, 2, 3, lwm2m.MaxID) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			mistake()
		}()
	}
	for _, text := range []string{"/65535", "/1/2/3/4/5", "/-1", "/+1", "/01", "//1", "/1//2", "/x", "/99999"} {
		if p, err := lwm2m.ParsePath(text); err == nil {
			t.Errorf("%s is read as %s", text, p)
		}
	}
}
