//go:build real

package gen

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestUnitsForSystemd has systemd look at the units.
func TestUnitsForSystemd(t *testing.T) {
	program := regexp.MustCompile(`(?m)^ExecStart=\S+`)
	for name, text := range units(t) {
		file := filepath.Join(t.TempDir(), "cloud.service")
		if err := os.WriteFile(file, []byte(program.ReplaceAllString(text, "ExecStart=/bin/true")), 0o644); err != nil {
			t.Fatal(err)
		}
		if output, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", file).CombinedOutput(); err != nil || len(output) > 0 {
			t.Errorf("%s: %v\n%s", name, err, output)
		}
	}
}
