package gen

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/gen/outside"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
)

const diagnosticsPage = "../docs/diagnostics-generator.md"

const diagnosticsIntroduction = `# Diagnostics of the generator

What cloudgen says about tags, components and plans; [diagnostics.md](diagnostics.md) has the codes of option trees, overlays and fragments.
The examples are checked by a test, which also writes this page (` + "`go test ./gen -update`" + `). Those with a go.mod are complete; the
others lie over the small runtime of gen/testdata/fake.txtar.
`

// example is one of testdata/diagnostics: files that provoke the code that names it.
type example struct {
	code    string
	archive *txtar.Archive
}

// found gives all findings about an example, and the texts that they quote from.
func (e example) found(t *testing.T) (kconfig.Diagnostics, kconfig.Sources) {
	t.Helper()
	var name string
	var overlay []byte
	files := fstest.MapFS{}
	for _, file := range e.archive.Files {
		if path.Ext(file.Name) == ".hcl" && !strings.Contains(file.Name, "/") {
			name, overlay = file.Name, file.Data
			continue
		}
		files[file.Name] = &fstest.MapFile{Data: file.Data}
	}
	var fsys fs.FS = files
	complete := files["go.mod"] != nil
	if !complete {
		under := fake(t).(fstest.MapFS)
		maps.Copy(under, files)
		fsys = under
	}
	joined := e.join(t, fsys)
	fsys = joined
	tree, diags := kconfig.LoadTree(fsys, append([]string{"runtime/Kconfig.hcl"}, joined.Roots()...)...)
	texts := maps.Clone(tree.Sources())
	for file, entry := range files {
		texts[file] = entry.Data
	}
	if complete {
		sources, err := source.Open(fsys)
		if err != nil {
			t.Fatal(err)
		}
		wrong, err := bind.CheckTree(tree, sources, "runtime")
		if err != nil {
			t.Fatal(err)
		}
		return append(diags, wrong...), texts
	}
	layer, found := kconfig.ParseOverlay(name, overlay)
	texts[name] = overlay
	config, resolved := tree.Resolve(layer)
	if diags = append(append(diags, found...), resolved...); diags.HasErrors() {
		t.Fatal(diags)
	}
	_, found, err := Plan(config, fsys, Settings{Name: strings.TrimSuffix(name, ".hcl"), Trees: joined.Dirs()})
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range found { // the command shows users' files so
		if each.Subject != nil {
			each.Subject.Filename = joined.Shown(each.Subject.Filename)
		}
	}
	return append(diags, found...), texts
}

// join brings the module in the folder mycloud of an example beside the sources, if there is one.
func (e example) join(t *testing.T, under fs.FS) *outside.Joined {
	var trees []*outside.Tree
	if slices.ContainsFunc(e.archive.Files, func(file txtar.File) bool { return file.Name == "mycloud/go.mod" }) {
		t.Chdir(t.TempDir())
		for _, file := range e.archive.Files {
			if err := os.MkdirAll(path.Dir(file.Name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file.Name, file.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		tree, diags := outside.Open("mycloud")
		if tree == nil {
			t.Fatal(diags)
		}
		trees = append(trees, tree)
	}
	joined, diags := outside.Join(under, trees...)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return joined
}

// write writes the section of the page, or says what else came of the example.
func (e example) write(t *testing.T, page *bytes.Buffer, meaning string) {
	diags, texts := e.found(t)
	said := false
	fmt.Fprintf(page, "\n## %s\n\n%s%s. %s\n", e.code, strings.ToUpper(meaning[:1]), meaning[1:], strings.TrimSpace(string(e.archive.Comment)))
	for _, file := range e.archive.Files {
		fmt.Fprintf(page, "\n`%s`:\n\n```\n%s```\n", file.Name, file.Data)
	}
	for _, d := range diags {
		if string(d.Code) != e.code {
			if d.Code != "W010" { // the small runtime marks its builds
				t.Errorf("besides it comes: %s", d)
			}
			continue
		}
		said = true
		page.WriteString("\n```\n")
		if err := (kconfig.Diagnostics{d}).WriteText(page, texts); err != nil {
			t.Fatal(err)
		}
		page.WriteString("```\n")
	}
	if !said {
		t.Errorf("the example does not provoke it: %v", diags)
	}
}

// TestDiagnosticsPage provokes every code of the generator and compares the page with what comes out.
func TestDiagnosticsPage(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^\s*Code\w+\s+kconfig\.Code = "(\w+)" // (.*)$`)
	page := bytes.NewBufferString(diagnosticsIntroduction)
	codes := map[string]bool{}
	for _, file := range []string{"bind/codes.go", "plan/codes.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range declared.FindAllStringSubmatch(string(text), -1) {
			code, meaning := match[1], match[2]
			codes[code] = true
			t.Run(code, func(t *testing.T) {
				archive, err := txtar.ParseFile("testdata/diagnostics/" + code + ".txtar")
				if err != nil {
					t.Fatal(err)
				}
				example{code, archive}.write(t, page, meaning)
			})
		}
		if want := strings.Count(string(text), `= "`); want != len(declared.FindAllString(string(text), -1)) {
			t.Errorf("%s: not every code has its meaning behind it", file)
		}
	}
	entries, err := os.ReadDir("testdata/diagnostics")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(codes) {
		t.Errorf("%d examples for %d codes", len(entries), len(codes))
	}
	if *update {
		if err := os.WriteFile(diagnosticsPage, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(diagnosticsPage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, page.Bytes()) {
		t.Errorf("%s is stale: go test ./gen -update", diagnosticsPage)
	}
}
