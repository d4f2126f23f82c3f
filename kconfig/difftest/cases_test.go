package difftest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/cloudgen/cloudgen/kconfig"
)

// kept is a case with Kconfiglib's answer.
type kept struct {
	Kconfig  string  `json:"kconfig"`
	HCL      string  `json:"hcl"`
	Fragment string  `json:"fragment"`
	Answer   *answer `json:"answer"`
}

// The cases that were kept: counterexamples of the past, and some trees of every kind.
func TestKeptCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no cases")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var c kept
			if err := json.Unmarshal(data, &c); err != nil {
				t.Fatal(err)
			}
			layer, diags := kconfig.ParseOverlay("fragment.conf", []byte(c.Fragment))
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			for _, difference := range compare(c.HCL, layer, c.Answer) {
				t.Error(difference)
			}
		})
	}
}

// The generator gives the same tree for a seed, and trees that load without a finding.
func TestGeneratedTreesLoad(t *testing.T) {
	for seed := uint64(1); seed <= 300; seed++ {
		m := generate(seed)
		if again := generate(seed); m.hcl() != again.hcl() || m.kconfig() != again.kconfig() || m.fragment() != again.fragment() {
			t.Fatalf("seed %d gives two trees", seed)
		}
		layer, diags := kconfig.ParseOverlay("overlay.hcl", []byte(m.overlay()))
		if diags.HasErrors() {
			t.Fatalf("seed %d: %v", seed, diags)
		}
		for _, difference := range compare(m.hcl(), layer, &answer{}) {
			if len(difference) > 8 && difference[:8] == "the tree" {
				t.Fatalf("seed %d: %s\n%s", seed, difference, m.hcl())
			}
		}
	}
}
