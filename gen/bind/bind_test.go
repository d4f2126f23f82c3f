package bind

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
)

// options is the tree of the tests; each line of a test's Config stands against it.
const options = `
option "SWITCH" {
  type   = bool
  prompt = "p"
}
option "COUNT" {
  type   = int
  prompt = "p"
}
option "MASK" {
  type   = hex
  prompt = "p"
}
option "NAME" {
  type   = string
  prompt = "p"
}
option "DELAY" {
  type   = int
  prompt = "p"
  unit   = "s"
}
option "SHARE" {
  type   = int
  prompt = "p"
  unit   = "percent"
}
option "KEY" {
  type   = string
  prompt = "p"
  secret = true
}
choice "SOURCE" {
  prompt = "p"
  option "SOURCE_A" {
    type   = bool
    prompt = "p"
  }
  option "SOURCE_B" {
    type   = bool
    prompt = "p"
  }
}
`

// all binds every option, so that a test adds one line and sees what is wrong with that.
const all = `package one

import (
	"time"

	"example.test/fake/two"
)

type Kind string

type Config struct {
	Switch bool          ` + "`kconfig:\"SWITCH\"`" + `
	Count  uint16        ` + "`kconfig:\"COUNT\"`" + `
	Mask   Address       ` + "`kconfig:\"MASK\"`" + `
	Name   string        ` + "`json:\"name\" kconfig:\"NAME,marked\"`" + `
	Delay  time.Duration ` + "`kconfig:\"DELAY,unit=s\"`" + `
	Delay2 int           ` + "`kconfig:\"DELAY,unit=s\"`" + `
	Share  int           ` + "`kconfig:\"SHARE\"`" + `
	Source Kind          ` + "`kconfig:\"SOURCE\"`" + `
	Free   string
	Other  two.Config
	Time   time.Time
	LINE
}

type Address uint64
`

func sources(t *testing.T, line string) (*kconfig.Tree, *source.Tree) {
	t.Helper()
	fsys := fstest.MapFS{
		"go.mod":             {Data: []byte("module example.test/fake\n\ngo 1.26.0\n")},
		"run/Kconfig.hcl":    {Data: []byte(options + "option \"INNER\" {\n  type = int\n  prompt = \"p\"\n}\n")},
		"run/one/config.go":  {Data: []byte(strings.Replace(all, "LINE", line, 1))},
		"run/one/one.go":     {Data: []byte("package one\n")},
		"two/config.go":      {Data: []byte("package two\n\ntype Config struct {\n\tInner int `kconfig:\"INNER\"`\n}\n")},
		"run/lazy/lazy.go":   {Data: []byte("package lazy\n\ntype Config = int\n")},
		"run/none/nobody.go": {Data: []byte("package none\n")},
	}
	tree, diags := kconfig.LoadTree(fsys, "run/Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	opened, err := source.Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tree, opened
}

func TestReadFindsEveryBoundField(t *testing.T) {
	_, opened := sources(t, "")
	in, err := opened.Package("run/one")
	if err != nil {
		t.Fatal(err)
	}
	read, diags, err := Read(opened, in, "Config")
	if err != nil || len(diags) > 0 {
		t.Fatal(diags, err)
	}
	var got []string
	for _, field := range read.Fields {
		got = append(got, fmt.Sprintln(field.Name, field.Kind, field.Bits, field.Signed, field.GoType, field.Option, field.Unit, field.Marked, field.Range.Start.Line))
	}
	want := []string{
		"Switch bool 0 false bool SWITCH  false 12\n",
		"Count integer 16 false uint16 COUNT  false 13\n",
		"Mask integer 64 false Address MASK  false 14\n",
		"Name string 0 false string NAME  true 15\n",
		"Delay duration 0 false time.Duration DELAY s false 16\n",
		"Delay2 integer 32 true int DELAY s false 17\n",
		"Share integer 32 true int SHARE  false 18\n",
		"Source string 0 false Kind SOURCE  false 19\n",
		"Other struct 0 false two.Config   false 21\n",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
	for _, missing := range []string{"Missing", "Address", "Kind"} {
		if read, _, err := Read(opened, in, missing); read != nil || err != nil {
			t.Errorf("%s: %v, %v", missing, read, err)
		}
	}
}

func TestCheckTree(t *testing.T) {
	tests := []struct {
		line string // of Config
		want string // a diagnostic, or ""
	}{
		{"", ""},
		{"X bool `kconfig:\"\"`", ""}, // no tag at all
		{"X bool `kconfig:\",unit=s\"`", "run/one/config.go:23:2: error[E060]: the tag of Config.X names no option"},
		{"X bool `kconfig:\"SWITHC\"`", "run/one/config.go:23:2: error[E061]: Config.X is bound to SWITHC, which is not in the option tree"},
		{"X int `kconfig:\"SWITCH\"`", "run/one/config.go:23:2: error[E062]: Config.X has the type int: it cannot hold SWITCH, which is of type bool"},
		{"X string `kconfig:\"COUNT\"`", "run/one/config.go:23:2: error[E062]: Config.X has the type string: it cannot hold COUNT, which is of type int"},
		{"X int `kconfig:\"NAME\"`", "run/one/config.go:23:2: error[E062]: Config.X has the type int: it cannot hold NAME, which is of type string"},
		{"X bool `kconfig:\"SOURCE\"`", "run/one/config.go:23:2: error[E062]: Config.X has the type bool: the choice SOURCE needs a string type, which takes the name of the selected member"},
		{"X Kind `kconfig:\"SOURCE,marked\"`", "run/one/config.go:23:2: error[E060]: Config.X is bound to the choice SOURCE: unit and marked make no sense there"},
		{"X int `kconfig:\"COUNT,marked\"`", "run/one/config.go:23:2: error[E060]: Config.X is marked and has the type int: only a version, which is text, can carry marks"},
		{"X time.Duration `kconfig:\"DELAY\"`", "run/one/config.go:23:2: error[E063]: Config.X has the unit none, and DELAY has s"},
		{"X time.Duration `kconfig:\"DELAY,unit=ms\"`", "run/one/config.go:23:2: error[E063]: Config.X has the unit ms, and DELAY has s"},
		{"X time.Duration `kconfig:\"COUNT,unit=s\"`", "run/one/config.go:23:2: error[E063]: Config.X has the unit s, and COUNT has none"},
		{"X time.Duration `kconfig:\"SHARE\"`", "run/one/config.go:23:2: error[E063]: Config.X has the unit none, and SHARE has percent"},
		{"X time.Duration `kconfig:\"MASK,unit=s\"`", "run/one/config.go:23:2: error[E062]: Config.X has the type time.Duration: it cannot hold MASK, which is of type hex"},
		{"X int `kconfig:\"DELAY\"`", "run/one/config.go:23:2: error[E063]: Config.X has the unit none, and DELAY has s"},
		{"X int `kconfig:\"COUNT,unit=days\"`", "run/one/config.go:23:2: error[E060]: the tag of Config.X has the unit \"days\": ms, s, min and h are possible"},
		{"X int `kconfig:\"COUNT,sometimes\"`", "run/one/config.go:23:2: error[E060]: the tag of Config.X has the word \"sometimes\": unit=…, marked and key=… are possible"},
		{"x int `kconfig:\"COUNT\"`", "run/one/config.go:23:2: error[E060]: Config.x is bound to COUNT and not exported: generated code cannot set it"},
		{"X, Y int `kconfig:\"COUNT\"`", "run/one/config.go:23:2: error[E060]: one tag stands for several fields of Config: give each field its own line"},
		{"X *int `kconfig:\"COUNT\"`", "run/one/config.go:23:2: error[E060]: Config.X has the type *int, to which no option can be bound: bool, integer, string and time.Duration are possible"},
		{"X []string `kconfig:\"NAME\"`", "run/one/config.go:23:2: error[E060]: Config.X has the type []string: key=ALGORITHM goes with []string, and that with nothing else"},
		{"X []string `kconfig:\"NAME,key=ed25519\"`", ""},
		{"X string `kconfig:\"NAME,key=ed25519\"`", "run/one/config.go:23:2: error[E060]: Config.X has the type string: key=ALGORITHM goes with []string, and that with nothing else"},
		{"X []string `kconfig:\"NAME,key=rsa\"`", "run/one/config.go:23:2: error[E060]: the tag of Config.X has the algorithm \"rsa\": ed25519 and ecdsa-p256 are possible"},
		{"X []string `kconfig:\"COUNT,key=ed25519\"`", "run/one/config.go:23:2: error[E062]: Config.X has the type []string: it cannot hold COUNT, which is of type int"},
		{"X []string `kconfig:\"SOURCE,key=ed25519\"`", "run/one/config.go:23:2: error[E062]: Config.X has the type []string: the choice SOURCE needs a string type, which takes the name of the selected member"},
		{"X []string `kconfig:\"NAME,key=ed25519,marked\"`", "run/one/config.go:23:2: error[E060]: Config.X is marked and has the type []string: only a version, which is text, can carry marks"},
		{"X []int `kconfig:\"NAME,key=ed25519\"`", "run/one/config.go:23:2: error[E060]: Config.X has the type []int: key=ALGORITHM goes with []string, and that with nothing else"},
		{"X time.Month `kconfig:\"COUNT\"`", "run/one/config.go:23:2: error[E060]: Config.X has the type time.Month, to which no option can be bound: bool, integer, string and time.Duration are possible"},
		{"X two.Config `kconfig:\"COUNT\"`", "run/one/config.go:23:2: error[E060]: Config.X has the type two.Config, to which no option can be bound: bool, integer, string and time.Duration are possible"},
		{"X string `kconfig:\"KEY\"`", "run/one/config.go:23:2: error[E065]: Config.X is bound to the secret option KEY: its value would be compiled in"},
	}
	for _, test := range tests {
		tree, opened := sources(t, test.line)
		diags, err := CheckTree(tree, opened, "run")
		if err != nil {
			t.Fatal(err)
		}
		// INNER is bound outside of run and KEY must not be bound at all: both are found each time.
		var got []string
		for _, each := range diags {
			if each.Code != CodeUnbound {
				got = append(got, each.String())
			}
		}
		if strings.Join(got, "\n") != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.line, strings.Join(got, "\n"), test.want)
		}
	}
}

func TestUnboundOptionIsFound(t *testing.T) {
	fsys := fstest.MapFS{
		"go.mod":        {Data: []byte("module example.test/fake\n\ngo 1.26.0\n")},
		"run/config.go": {Data: []byte("package run\n\ntype Config struct {\n\tBound bool `kconfig:\"BOUND\"`\n\tMode string `kconfig:\"MODE\"`\n}\n")},
		"run/Kconfig.hcl": {Data: []byte(`
option "BOUND" {
  type       = bool
  prompt     = "p"
  depends_on = REFERRED
}
option "REFERRED" {
  type   = bool
  prompt = "p"
}
option "LOST" {
  type    = bool
  prompt  = "p"
  default = !LOST_TOO
}
option "LOST_TOO" {
  type   = bool
  prompt = "p"
}
option "SELECTS" {
  type   = bool
  prompt = "p"
  select = [BOUND]
}
option "WITHOUT" {
  type   = bool
  prompt = "p"
  effect = "none"
}
option "LATER" {
  type    = bool
  prompt  = "p"
  planned = "later"
}
choice "MODE" {
  prompt = "p"
  option "MODE_A" {
    type   = bool
    prompt = "p"
  }
}
`)},
	}
	tree, diags := kconfig.LoadTree(fsys, "run/Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	opened, err := source.Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	diags, err = CheckTree(tree, opened, "run")
	if err != nil {
		t.Fatal(err)
	}
	if len(diags) != 1 || diags[0].String() != "run/Kconfig.hcl:11:8: error[E064]: LOST changes nothing: no Config field is bound to it, and no expression refers to it" {
		t.Errorf("got %v", diags)
	}
}

func TestTypesThatGoRoundEndTheReading(t *testing.T) {
	fsys := fstest.MapFS{
		"go.mod":   {Data: []byte("module example.test/fake\n\ngo 1.26.0\n")},
		"run/x.go": {Data: []byte("package run\n\ntype Config struct {\n\tX A `kconfig:\"X\"`\n\tY Config\n}\n\ntype A B\n\ntype B A\n")},
	}
	opened, err := source.Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	in, err := opened.Package("run")
	if err != nil {
		t.Fatal(err)
	}
	if _, diags, err := Read(opened, in, "Config"); err != nil || len(diags) == 0 {
		t.Errorf("%v, %v", diags, err)
	}
}

// TestShippedTree holds the options of the runtime and its Config structs together.
func TestShippedTree(t *testing.T) {
	fsys := os.DirFS("../..")
	tree, diags := kconfig.LoadTree(fsys, "runtime/Kconfig.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	opened, err := source.Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	diags, err = CheckTree(tree, opened, "runtime")
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range diags {
		t.Error(each.String(), each.Fix)
	}
}

// FuzzRead reads any text as a Go source: sources out of the tree are somebody's.
func FuzzRead(f *testing.F) {
	f.Add("type Config struct {\n\tX int `kconfig:\"COUNT,unit=s\"`\n}\n")
	f.Add("type Config struct { Config; *Config }")
	f.Add("type ( Config = C; C struct { X, Y C `kconfig:\",\"` } )")
	f.Add("type Config[T any] struct { X T `kconfig:\"A\"` }")
	f.Fuzz(func(t *testing.T, text string) {
		fsys := fstest.MapFS{
			"go.mod":   {Data: []byte("module example.test/fake\n\ngo 1.26.0\n")},
			"run/x.go": {Data: []byte("package run\n\n" + text)},
		}
		opened, err := source.Open(fsys)
		if err != nil {
			t.Fatal(err)
		}
		in, err := opened.Package("run")
		if err != nil {
			return
		}
		if read, _, err := Read(opened, in, "Config"); err == nil && read != nil {
			read.Options()
		}
	})
}
