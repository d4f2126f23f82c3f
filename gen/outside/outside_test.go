package outside

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/kconfig"
)

// modules writes files into a new folder, which becomes the current one.
func modules(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, given ...string) []*Tree {
	t.Helper()
	var trees []*Tree
	for _, each := range given {
		tree, diags := Open(each)
		if tree == nil {
			t.Fatal(diags)
		}
		trees = append(trees, tree)
	}
	return trees
}

var base = fstest.MapFS{
	"go.mod":              {Data: []byte("module example.test/base\n\ngo 1.26.0\n")},
	"runtime/Kconfig.hcl": {Data: []byte("option \"BASE\" {\n  type = bool\n}\n")},
}

// TestJoined has two trees in one module, and one in a module whose path begins with that of the other.
func TestJoined(t *testing.T) {
	const goMod = "\n\ngo 1.26.0\n"
	modules(t, map[string]string{
		"one/go.mod": "module example.com/a" + goMod, "one/options/Kconfig.hcl": "source \"*/Kconfig.hcl\" {}\n", "one/options/deep/Kconfig.hcl": "option \"DEEP\" {\n  type = bool\n}\n",
		"one/more/Kconfig.hcl": "", "two/go.mod": "module example.com/a/b" + goMod, "two/Kconfig.hcl": "option \"TWO\" {\n  type = int\n}\n",
	})
	joined, diags := Join(base, open(t, "one/options", "./one/more", "two")...)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if got, want := joined.Modules(), []string{"example.com/a", "example.com/a/b"}; !slices.Equal(got, want) {
		t.Errorf("modules %v", got)
	}
	if got, want := joined.Roots(), []string{"example.com/a/options/Kconfig.hcl", "example.com/a/more/Kconfig.hcl", "example.com/a/b/Kconfig.hcl"}; !slices.Equal(got, want) {
		t.Errorf("roots %v", got)
	}
	tree, found := kconfig.LoadTree(joined, append([]string{"runtime/Kconfig.hcl"}, joined.Roots()...)...)
	if found.HasErrors() {
		t.Fatal(found)
	}
	if got, want := tree.Option("DEEP").File(), "example.com/a/options/deep/Kconfig.hcl"; got != want {
		t.Errorf("DEEP is in %s", got)
	}
	for name, want := range map[string]string{
		"example.com/a/options/deep/Kconfig.hcl": "one/options/deep/Kconfig.hcl",
		"example.com/a/more/x.go":                "one/more/x.go",
		"example.com/a/internal/x.go":            "one/internal/x.go",
		"example.com/a/b/x.go":                   "two/x.go",
		"example.com/a/go.mod":                   "one/go.mod",
		"example.com/another/x.go":               "example.com/another/x.go",
		"runtime/Kconfig.hcl":                    "runtime/Kconfig.hcl",
	} {
		if got := joined.Shown(name); got != filepath.FromSlash(want) {
			t.Errorf("%s is shown as %s, want %s", name, got, want)
		}
	}
}

// TestGivenFromWithin names the folder as one does who stands in it or below.
func TestGivenFromWithin(t *testing.T) {
	modules(t, map[string]string{"go.mod": "module example.com/a/v2\n\ngo 1.26.0\n", "options/Kconfig.hcl": ""})
	t.Chdir("options")
	for given, want := range map[string]string{".": "x.hcl", "../options": "../options/x.hcl"} {
		joined, diags := Join(base, open(t, given)...)
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		if got := joined.Shown("example.com/a/v2/options/x.hcl"); got != filepath.FromSlash(want) {
			t.Errorf("%s: shown as %s, want %s", given, got, want)
		}
		if got := filepath.ToSlash(joined.Shown("example.com/a/v2/go.mod")); got != "../go.mod" {
			t.Errorf("%s: go.mod is shown as %s", given, got)
		}
	}
}

// TestStaysInside tries to get out of a tree by path and by symbolic link.
func TestStaysInside(t *testing.T) {
	modules(t, map[string]string{"mine/go.mod": "module example.com/mine\n\ngo 1.26.0\n", "mine/tree/Kconfig.hcl": "", "mine/other.hcl": "", "secret.hcl": "secret"})
	if err := os.Symlink("../../secret.hcl", "mine/tree/link.hcl"); err != nil {
		t.Fatal(err)
	}
	joined, diags := Join(base, open(t, "mine/tree")...)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if text, err := fs.ReadFile(joined, "example.com/mine/tree/link.hcl"); err == nil {
		t.Errorf("a link led out of the module, to %q", text)
	}
	if _, err := fs.ReadFile(joined, "example.com/mine/../secret.hcl"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a path with .. gives %v", err)
	}
	for pattern, fits := range map[string]bool{
		"example.com/mine/tree/sub/Kconfig.hcl": true, "example.com/mine/other.hcl": false, "runtime/Kconfig.hcl": false, "example.com/mine/tree2/x.hcl": false,
	} {
		if err := joined.MaySource("example.com/mine/tree/Kconfig.hcl", pattern); (err == nil) != fits {
			t.Errorf("%s: %v", pattern, err)
		}
	}
	if err := joined.MaySource("runtime/Kconfig.hcl", "runtime/x/Kconfig.hcl"); err != nil {
		t.Errorf("base may not source its own: %v", err)
	}
}

// TestPipe has a pipe in the place of a file: reading it would never end.
func TestPipe(t *testing.T) {
	modules(t, map[string]string{"mine/go.mod": "module example.com/mine\n\ngo 1.26.0\n", "mine/Kconfig.hcl": "source \"pipe.hcl\" {}\n"})
	if err := syscall.Mkfifo("mine/pipe.hcl", 0o644); err != nil {
		t.Fatal(err)
	}
	joined, diags := Join(base, open(t, "mine")...)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if _, diags := kconfig.LoadTree(joined, joined.Roots()...); !diags.HasErrors() {
		t.Error("the pipe was taken")
	}
}

// TestModulePaths has modules that cannot stand beside the base.
func TestModulePaths(t *testing.T) {
	for modulePath, says := range map[string]string{
		"example.test":          "is the beginning of that of example.test/base",
		"example.test/base":     "its options are part of cloudgen",
		"runtime/x":             "begins with runtime, which cloudgen uses itself",
		"cloudmodule.local/aws": "which cloudgen has generated",
	} {
		modules(t, map[string]string{"go.mod": "module " + modulePath + "\n\ngo 1.26.0\n", "Kconfig.hcl": ""})
		_, diags := Join(base, open(t, ".")...)
		if len(diags) != 1 || !strings.Contains(diags[0].Summary, says) {
			t.Errorf("%s: %v", modulePath, diags)
		}
	}
}

// TestThroughLink opens a tree by a symbolic link, which leads to the module that the folder is really in.
func TestThroughLink(t *testing.T) {
	modules(t, map[string]string{"real/go.mod": "module example.com/real\n\ngo 1.26.0\n", "real/tree/Kconfig.hcl": ""})
	if err := os.Symlink("real/tree", "link"); err != nil {
		t.Fatal(err)
	}
	trees := open(t, "link")
	if trees[0].Module != "example.com/real" || trees[0].Dir != "example.com/real/tree" {
		t.Errorf("opened %+v", trees[0])
	}
	_, diags := Join(base, append(trees, open(t, "real/tree")...)...)
	if len(diags) != 1 || !strings.Contains(diags[0].Summary, "the same folder is given as -tree link") {
		t.Errorf("the same folder twice: %v", diags)
	}
}
