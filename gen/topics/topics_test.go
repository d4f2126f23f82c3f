package topics

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/gen/source"
)

func TestTopicsThatAreNoData(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"none":      {"func Other() {}", ""},
		"computed":  {"func Topics() []Topic { t := []Topic{}; return t }", "Topics is not one return of a slice literal"},
		"a call":    {"func Topics() []Topic { return make([]Topic, 0) }", "Topics is not one return of a slice literal"},
		"a name":    {"func Topics() []Topic { return []Topic{{name, Up, 1, \"\"}} }", "a topic has other elements"},
		"direction": {"func Topics() []Topic { return []Topic{{\"a\", Aside, 1, \"\"}} }", "a topic has other elements"},
		"short":     {"func Topics() []Topic { return []Topic{{\"a\", Up}} }", "a topic is not a literal"},
	} {
		t.Run(name, func(t *testing.T) {
			sources, err := source.Open(fstest.MapFS{
				"go.mod": {Data: []byte("module example.test/m\n\ngo 1.26.0\n")},
				"b/b.go": {Data: []byte("package b\n\n" + c.body + "\n")},
			})
			if err != nil {
				t.Fatal(err)
			}
			found, err := Of(sources, "b")
			if c.want == "" {
				if err != nil || len(found) > 0 {
					t.Errorf("%v, %v", found, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "b/b.go:3:") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
