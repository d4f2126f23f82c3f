package kconfig

import (
	"strings"
	"testing"
	"testing/fstest"
)

const levelTemplate = `option "$(module)_LEVEL" {
  type    = int
  prompt  = "Level of the $(text)"
  default = 2
  range   = [0, 4]
}
`

func TestTemplate(t *testing.T) {
	files := fstest.MapFS{
		"Kconfig.hcl": {Data: []byte(`source "level.hcl" {
  variables = { module = "A", text = "first part" }
}
source "level.hcl" {
  variables = { module = "B", text = "second part" }
}
`)},
		"level.hcl": {Data: []byte(levelTemplate)},
	}
	tree, diags := LoadTree(files, "Kconfig.hcl")
	if len(diags) > 0 {
		t.Fatal(render(t, diags, tree.Sources()))
	}
	for name, prompt := range map[string]string{"A_LEVEL": "Level of the first part", "B_LEVEL": "Level of the second part"} {
		if o := tree.Option(name); o == nil || o.Prompt != prompt {
			t.Errorf("%s: %+v, want the prompt %q", name, o, prompt)
		}
	}
	layer, _ := ParseOverlay("overlay.hcl", []byte("B_LEVEL = 9\n"))
	config, found := tree.Resolve(layer)
	text := render(t, found, config.Sources())
	if !strings.Contains(text, "level.hcl with module=B, text=second part:5:13") {
		t.Errorf("the finding does not name the template with its values:\n%s", text)
	}
}

func TestTemplateFaults(t *testing.T) {
	for name, test := range map[string]struct {
		root, template string
		code           Code
	}{
		"no object":            {`source "t.hcl" { variables = "A" }`, levelTemplate, CodePropertyValue},
		"value with a quote":   {`source "t.hcl" { variables = { module = "A\"B" } }`, levelTemplate, CodePropertyValue},
		"the same one twice":   {"source \"t.hcl\" { variables = { module = \"A\", text = \"t\" } }\nsource \"t.hcl\" { variables = { module = \"A\", text = \"t\" } }", levelTemplate, CodeSource},
		"a template of itself": {`source "t.hcl" { variables = { module = "A" } }`, `source "t.hcl" { variables = { module = "$(module)A" } }`, CodeUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			tree, diags := LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(test.root)}, "t.hcl": {Data: []byte(test.template)}}, "Kconfig.hcl")
			for _, d := range diags {
				if d.Code == test.code {
					return
				}
			}
			t.Errorf("no %s:\n%s", test.code, render(t, diags, tree.Sources()))
		})
	}
}
