package reference

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/internal/shippedtree"
)

const tree = `
option "X" {
	type = bool
	prompt = "Switch <it>"
}
menu "Numbers" {
	depends_on = X
	menu "Deep" {
		visible_if = X || Y
		option "N" {
			type = int
			prompt = "Time"
			prompt_if = Y
			unit = "s"
			default {
				value = 5
				if = Y
			}
			default {
				value = 7
				mark = "lab"
			}
			range = [0, 13]
			required = true
			warning = "mind it"
			help = "Say *it* with 'cloudgen why'.\n\nTwice."
		}
	}
	option "H" {
		type = hex
		prompt = "Place"
		default = "0x10"
		origin = "cloudgen"
		effect = "there is no place"
	}
}
option "Y" {
	type = bool
	prompt = "Select"
	select = [Z]
	imply "W" {
		if = X
	}
}
option "Z" {
	type = bool
	default = X
}
option "Z" {
	depends_on = X
	default = y
}
option "W" {
	type = bool
	prompt = "Implied"
	planned = "the moon"
}
option "S" {
	type = string
	prompt = "Text"
	default = "hush"
	pattern = "^[a-z]+$"
	secret = true
	required = X
}
option "OLD" {
	renamed_to = S
	renamed_values = { y = "x" }
}
choice "C" {
	prompt = "Service"
	optional = true
	default = B
	depends_on = X
	help = "Which."
	option "A" {
		type = bool
		prompt = "A"
	}
	option "B" {
		type = bool
		prompt = "B"
		depends_on = Y
	}
}
constraint "N is even" {
	condition = N % 2 == 0
	depends_on = Y
}
`

const want = "# Options\n\nHello.\n\n" + `* [Outside of menus](#outside-of-menus)
* [Menu: Numbers](#menu-numbers)
* [Menu: Numbers: Deep](#menu-numbers-deep)

## Outside of menus

### X

Switch \<it>

* type: bool
* defined in: 'Kconfig.hcl'

### Y

Select

* type: bool
* selects: [Z](#z)
* implies: [W](#w) if 'X'
* defined in: 'Kconfig.hcl'

### Z

* type: bool
* default: 'X'; 'y' if 'X'
* selected by: [Y](#y)
* defined in: 'Kconfig.hcl'

### W

Implied

* type: bool
* implied by: [Y](#y) if 'X'
* not built yet: it waits for the moon
* defined in: 'Kconfig.hcl'

### S

Text

* type: string
* default: (not shown)
* required: if 'X'
* form: '^[a-z]+$'
* secret: its value is in no generated code, report or log
* defined in: 'Kconfig.hcl'

### C (choice)

Service

* type: choice, at most one member is y
* members: [A](#a), [B](#b)
* default: 'B'
* depends on: 'X'

Which.

### A

A

* type: bool
* member of: [C](#c-choice)
* defined in: 'Kconfig.hcl'

### B

B

* type: bool
* member of: [C](#c-choice)
* depends on: 'Y'
* defined in: 'Kconfig.hcl'

## Menu: Numbers

### H

Place

* type: hex
* default: '0x10'
* depends on: 'X'
* no effect: there is no place
* origin: cloudgen; the application of the SDK does not have it
* defined in: 'Kconfig.hcl'

## Menu: Numbers: Deep

### N

Time

* type: int, in s
* default: '5' if 'Y'; '7' (marks the build: lab)
* range: '0' to '13'
* depends on: 'X'
* offered if: '(X || Y) && Y'
* required: always
* mind: mind it
* defined in: 'Kconfig.hcl'

Say \*it\* with 'cloudgen why'.

Twice.

## Rules between options

* N is even: 'N % 2 == 0' if 'Y'

## Old names

* 'OLD' is now [S](#s); 'y' is 'x'
`

func TestMarkdown(t *testing.T) {
	loaded, diags := kconfig.LoadTree(fstest.MapFS{"Kconfig.hcl": {Data: []byte(strings.ReplaceAll(tree, "'", "`"))}}, "Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	got, want := strings.Split(string(Markdown(loaded, "Hello.")), "\n"), strings.Split(strings.ReplaceAll(want, "'", "`"), "\n")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("line %d differs from %q:\n%s", i+1, want[min(i, len(want)-1)], strings.Join(got, "\n"))
		}
	}
}

// TestAnchors holds the page of the shipped tree to its promise: every option has its anchor, no two headings share one, every link leads
// somewhere.
func TestAnchors(t *testing.T) {
	tree := shippedtree.Load(t, "../..")
	page := string(Markdown(tree, ""))
	anchors := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		anchor := Anchor(match[1])
		if anchors[anchor] {
			t.Errorf("two headings have the anchor %q", anchor)
		}
		anchors[anchor] = true
	}
	for _, o := range tree.Options() {
		if !anchors[strings.ToLower(o.Name)] {
			t.Errorf("%s has no heading", o.Name)
		}
	}
	links := regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(page, -1)
	if len(links) < 100 {
		t.Errorf("only %d links", len(links))
	}
	for _, match := range links {
		if !anchors[match[1]] {
			t.Errorf("a link leads to #%s, which is no heading", match[1])
		}
	}
	if strings.Contains(page, "Kconfig.hcl:") {
		t.Error("places have lines, which go stale")
	}
}
