package gen

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/gen/plan"
)

// keys are options with secrets that go to files.
const keys = `option "TAG" {
  type    = int
  prompt  = "Tag"
  default = 42
}
option "OTHER" {
  type    = int
  prompt  = "Other tag"
  default = 43
}
option "BOOT" {
  type   = bool
  prompt = "Bootstrap"
}
option "KEY" {
  type   = string
  prompt = "Key"
  secret = true
  provision {
    tag  = OTHER
    file = "psk"
    if   = BOOT
  }
  provision {
    tag  = TAG
    file = "psk"
    note = "One for each device."
  }
}
option "MORE" {
  type   = string
  prompt = "Another key"
  secret = true
  provision {
    tag  = OTHER
    file = "psk"
  }
}
`

// TestProvision writes secrets to files of the output that nobody else may read, and nowhere else.
func TestProvision(t *testing.T) {
	const secret = "5ec4e75ec4e75ec4e7"
	for overlay, want := range map[string]string{
		"ONE = y\n":                                                      "",
		"ONE = y\nKEY = \"\"\n":                                          "",
		"ONE = y\nKEY = \"" + secret + "\"\n":                            "provision/42/psk",
		"ONE = y\nKEY = \"" + secret + "\"\nTAG = 7\n":                   "provision/7/psk",
		"ONE = y\nKEY = \"" + secret + "\"\nBOOT = y\n":                  "provision/43/psk",
		"ONE = y\nKEY = \"" + secret + "\"\nMORE = \"" + secret + "\"\n": "provision/42/psk provision/43/psk",
	} {
		sources := fake(t, "option \"TWO_TOO\" {", keys+"option \"TWO_TOO\" {")
		config := fakeConfig(t, sources, overlay)
		made, diags, err := Plan(config, sources, Settings{Name: "keys"})
		if err != nil || diags.HasErrors() {
			t.Fatal(diags, err)
		}
		files, err := Files(made, config, sources)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := Write(t.Context(), dir, files); err != nil {
			t.Fatal(err)
		}
		var found []string
		err = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			short, err := filepath.Rel(dir, name)
			if err != nil {
				return err
			}
			short = filepath.ToSlash(short)
			inside := strings.HasPrefix(short, "provision")
			if info, err := entry.Info(); err != nil || inside && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has the mode %v, %v", short, info.Mode(), err)
			}
			if entry.IsDir() {
				return nil
			}
			text, err := os.ReadFile(name)
			switch {
			case err != nil:
				return err
			case inside:
				found = append(found, short)
				if string(text) != secret+"\n" {
					t.Errorf("%s holds %q", short, text)
				}
			case bytes.Contains(text, []byte(secret)):
				t.Errorf("%s shows the secret", short)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(found, " "); got != want {
			t.Errorf("%q: %s, want %s", overlay, got, want)
		}
		if text, err := json.Marshal(made); err != nil || bytes.Contains(text, []byte(secret)) {
			t.Errorf("the plan shows the secret: %s, %v", text, err)
		}
		readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
		if err != nil || strings.Contains(string(readme), "provision/") != (want != "") {
			t.Errorf("%q: %v\n%s", overlay, err, readme)
		}
		if noted := strings.Contains(string(readme), "One for each device."); noted != (strings.Contains(want, "42") || strings.Contains(want, "7")) {
			t.Errorf("%q: the note is in the README: %v", overlay, noted)
		}
	}
}

// TestProvisionRefused has secrets without a place, and two in one.
func TestProvisionRefused(t *testing.T) {
	for overlay, want := range map[string]string{
		"ONE = y\nKEY = \"00\"\nTAG = -1\n":                "KEY has a value that goes to a security tag, and TAG has none",
		"ONE = y\nKEY = \"00\"\nMORE = \"00\"\nBOOT = y\n": "KEY and MORE both go to the file psk of the security tag 43",
	} {
		sources := fake(t, "option \"TWO_TOO\" {", keys+"option \"TWO_TOO\" {")
		made, diags, err := Plan(fakeConfig(t, sources, overlay), sources, Settings{Name: "keys"})
		if err != nil {
			t.Fatal(err)
		}
		if made != nil || !has(diags, plan.CodeProvision) || !strings.Contains(diags.Err().Error(), want) {
			t.Errorf("%q: %v", overlay, diags)
		}
	}
}
