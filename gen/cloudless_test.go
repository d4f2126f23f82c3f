package gen

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen"
)

// TestKnowsNoCloud looks for names of backends, and of the options that they bring, in the generator's code and templates.
func TestKnowsNoCloud(t *testing.T) {
	tree, diags := loadTree()
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	folders, err := fs.Glob(cloudgen.Sources(), "runtime/backend/*")
	if err != nil || len(folders) == 0 {
		t.Fatal(folders, err)
	}
	var words []string
	for _, folder := range folders {
		words = append(words, path.Base(folder))
	}
	for _, option := range tree.Options() {
		if strings.HasPrefix(option.File(), "runtime/backend/") {
			words = append(words, option.Name)
		}
	}
	forbidden := regexp.MustCompile(`(?i)\b(` + strings.Join(words, "|") + `)\b`)
	for _, dir := range []string{".", "../templates"} {
		err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return fs.SkipDir
			case entry.IsDir(), strings.HasSuffix(name, "_test.go"): // tests may look at the shipped overlays
				return nil
			}
			text, err := fs.ReadFile(os.DirFS(dir), name)
			if found := forbidden.Find(text); found != nil {
				t.Errorf("%s/%s names %s", dir, name, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
