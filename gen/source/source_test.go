package source

import (
	"go.uber.org/goleak"
	"os"
	"slices"
	"testing"
	"testing/fstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func tree(t *testing.T) *Tree {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{
		"go.mod":                  "module example.test/own\n\ngo 1.26.0\n",
		"a/a.go":                  "package a\n\nimport (\n\t\"fmt\"\n\n\tbee \"example.test/own/b\"\n)\n\nvar _ = fmt.Sprint(bee.X)\n",
		"a/a_test.go":             "package a\n\nimport \"example.test/own/onlytests\"\n\nvar _ = onlytests.X\n",
		"a/a_windows.go":          "package a\n\nimport \"example.test/own/onlywindows\"\n\nvar _ = onlywindows.X\n",
		"a/ignored.go":            "//go:build ignore\n\npackage main\n\nimport \"example.test/other/ignored\"\n",
		"b/b.go":                  "package b\n\nimport (\n\t_ \"embed\"\n\n\t\"example.test/other/v3/thing\"\n)\n\n//go:embed data *.txt\nvar X string\n\ntype Mode string\n\nfunc New() thing.T { return thing.T{} }\n",
		"b/arm.go":                "//go:build arm64\n\npackage b\n\nimport _ \"example.test/other/v3/arm\"\n",
		"b/b_arm64.s":             "\n",
		"b/Kconfig.hcl":           "\n",
		"b/data/deep/one.bin":     "\n",
		"b/data/.hidden":          "\n",
		"b/note.txt":              "\n",
		"onlytests/x.go":          "package onlytests\n",
		"onlywindows/x.go":        "package onlywindows\n",
		"b/testdata/skip/skip.go": "package skip\n",
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	opened, err := Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func TestClosureIsWhatLinuxBuilds(t *testing.T) {
	own, external, err := tree(t).Closure("a")
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, each := range own {
		dirs = append(dirs, each.Dir)
	}
	if !slices.Equal(dirs, []string{"a", "b"}) {
		t.Errorf("packages %v", dirs)
	}
	if want := []string{"example.test/other/v3/arm", "example.test/other/v3/thing"}; !slices.Equal(external, want) {
		t.Errorf("other modules' packages %v, want %v", external, want)
	}
	if !slices.Equal(own[0].Files, []string{"a.go"}) {
		t.Errorf("files of a: %v", own[0].Files)
	}
	if want := []string{"arm.go", "b.go", "b_arm64.s", "data/deep/one.bin", "note.txt"}; !slices.Equal(own[1].Files, want) {
		t.Errorf("files of b: %v, want %v", own[1].Files, want)
	}
}

func TestClosureOfNothing(t *testing.T) {
	for _, dir := range []string{"missing", "b/data", "../b"} {
		if _, _, err := tree(t).Closure(dir); err == nil {
			t.Errorf("%s was read", dir)
		}
	}
}

func TestDeclarations(t *testing.T) {
	opened := tree(t)
	read, err := opened.Package("a")
	if err != nil {
		t.Fatal(err)
	}
	files, err := read.parse()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"bee": "example.test/own/b", "b": "", "fmt": "fmt"} {
		if got := opened.Import(files[0], name); got != want {
			t.Errorf("%s stands for %q, want %q", name, got, want)
		}
	}
	b, err := opened.Package("b")
	if err != nil {
		t.Fatal(err)
	}
	if found, is, err := b.Type("Mode"); !is || err != nil || opened.Position(found.Node.Pos()).String() != "b/b.go:12:6" {
		t.Errorf("Mode: %v, %v", is, err)
	}
	if _, is, err := b.Type("New"); is || err != nil {
		t.Errorf("New is a type: %v", err)
	}
	if _, is, err := b.Func("New"); !is || err != nil {
		t.Errorf("New: %v, %v", is, err)
	}
}

func TestFolders(t *testing.T) {
	folders, err := tree(t).Folders(".")
	if err != nil || !slices.Equal(folders, []string{"a", "b", "onlytests", "onlywindows"}) {
		t.Errorf("%v, %v", folders, err)
	}
}

// TestReadsTheRuntime reads what is shipped: every package of it can be read.
func TestReadsTheRuntime(t *testing.T) {
	opened, err := Open(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	folders, err := opened.Folders("runtime")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := opened.Closure(folders...); err != nil {
		t.Error(err)
	}
}
