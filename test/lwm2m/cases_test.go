package lwm2m

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestSameCases: every case that runs against Leshan runs here too, under the same name.
func TestSameCases(t *testing.T) {
	here := testsIn(t, ".")
	for name := range testsIn(t, filepath.Join("..", "leshan")) {
		if !here[name] {
			t.Errorf("%s is in test/leshan only", name)
		}
	}
	if len(here) < 80 {
		t.Errorf("%d cases", len(here))
	}
}

// testsIn gives the names of the cases in a folder's tests.
func testsIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^func (TestETS_int_\w+)\(`)
	names := make(map[string]bool)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range declared.FindAllStringSubmatch(string(source), -1) {
			names[match[1]] = true
		}
	}
	return names
}
