package why

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cloudgen/cloudgen/kconfig"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata/*.txtar")

// TestAnswers asks the questions of testdata/*.txtar: the files *.hcl of an archive are the tree and the layers in their order, every other
// name is a question, with the answer as its text.
func TestAnswers(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives:", err)
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) { checkAnswers(t, name) })
	}
}

func checkAnswers(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var tree *kconfig.Tree
	var layers []*kconfig.Layer
	var config *kconfig.Config
	for i := range archive.Files {
		file := &archive.Files[i]
		switch {
		case file.Name == "Kconfig.hcl":
			var diags kconfig.Diagnostics
			if tree, diags = kconfig.LoadTree(fstest.MapFS{file.Name: {Data: file.Data}}, file.Name); diags.HasErrors() {
				t.Fatal(diags)
			}
		case strings.HasSuffix(file.Name, ".hcl"):
			layer, diags := kconfig.ParseOverlay(file.Name, file.Data)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			layers = append(layers, layer)
		default:
			if config == nil {
				config, _ = tree.Resolve(layers...)
			}
			got := answer(t, config, file.Name)
			if *update {
				file.Data = []byte(got)
			} else if got != string(file.Data) {
				t.Errorf("%s: it says\n%s\nand not\n%s", file.Name, got, file.Data)
			}
		}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// answer gives the text of an answer, and sees that the JSON form has the same facts and no secret.
func answer(t *testing.T, config *kconfig.Config, question string) string {
	t.Helper()
	var text bytes.Buffer
	var made any
	name, value, wanted := strings.Cut(question, "=")
	if wanted {
		edit, err := FindEdit(config, name, value, Effort)
		if err != nil {
			return err.Error() + "\n"
		}
		if made = edit; edit.WriteText(&text) != nil {
			t.Fatal("a buffer refuses text")
		}
	} else if choice := ExplainChoice(config, name); choice != nil {
		if made = choice; choice.WriteText(&text) != nil {
			t.Fatal("a buffer refuses text")
		}
	} else {
		explanation, err := Explain(config, name)
		if err != nil {
			return err.Error() + "\n"
		}
		if made = explanation; explanation.WriteText(&text) != nil {
			t.Fatal("a buffer refuses text")
		}
	}
	document, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []string{text.String(), string(document)} {
		if strings.Contains(one, "hunter2") {
			t.Errorf("%s: a secret is shown: %s", question, one)
		}
	}
	return text.String()
}

// TestAnswersAsData reads the JSON form as a script does.
func TestAnswersAsData(t *testing.T) {
	config, _ := resolveText(t, `
		option "A" {
			type = bool
			prompt = "A"
		}
		option "B" {
			type = int
			prompt = "B"
			depends_on = A
			default = 3
		}`, "A = y", "A = n")
	read := func(made any, err error) map[string]any {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		document, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		var data map[string]any
		if err := json.Unmarshal(document, &data); err != nil {
			t.Fatal(err)
		}
		return data
	}
	a := read(Explain(config, "A"))
	layers, _ := a["layers"].([]any)
	if len(layers) != 2 || a["value"] != "n" || layers[1].(map[string]any)["won"] != true || layers[0].(map[string]any)["won"] != false {
		t.Errorf("%v", a)
	}
	b := read(FindEdit(config, "B", "5", Effort))
	lines, _ := b["lines"].([]any)
	if b["outcome"] != OutcomeEdit || len(lines) != 2 || lines[0] != "A = y" || lines[1] != "B = 5" || b["now"] != nil {
		t.Errorf("%v", b)
	}
}

// TestEffort lets a search end before it is done: it says so.
func TestEffort(t *testing.T) {
	config := resolveSynthetic(t, 1)
	edit, err := FindEdit(config, "F0_DEEP", "y", 3)
	if err != nil {
		t.Fatal(err)
	}
	if edit.Outcome != OutcomeUnknown || len(edit.Lines) > 0 || len(edit.Reasons) == 0 || !strings.Contains(edit.Reasons[0].Text, "the search ended after") {
		t.Errorf("%+v", edit)
	}
}

// TestErrorsOfTheConfiguration asks while something else is wrong: that stays as it is, and nothing is added to it.
func TestErrorsOfTheConfiguration(t *testing.T) {
	config, valid := resolveText(t, `
		option "A" {
			type = bool
			prompt = "A"
		}
		option "B" {
			type = int
			prompt = "B"
			depends_on = A
		}
		option "C" {
			type = int
			prompt = "C"
			range = [0, 9]
		}
		option "D" {
			type = bool
			prompt = "D"
			depends_on = C < 5
		}`, "B = 5\nC = 12\n")
	if valid {
		t.Fatal("the layer has no errors")
	}
	for goal, want := range map[string]string{"B=5": "A = y", "D=y": "D = y", "C=7": "C = 7"} {
		name, value, _ := strings.Cut(goal, "=")
		edit, err := FindEdit(config, name, value, Effort)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(edit.Lines, "; "); got != want {
			t.Errorf("%s: %q, not %q: %v", goal, got, want, edit.Reasons)
		}
	}
}
