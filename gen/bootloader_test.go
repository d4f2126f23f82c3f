package gen

import (
	"errors"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cloudgen/cloudgen/gen/build"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/write"
	"github.com/cloudgen/cloudgen/kconfig"
)

// timeouts are the options that the unit takes.
const timeouts = `option "BOOT_CONFIRM_TIMEOUT_SECONDS" {
  type    = int
  prompt  = "p"
  default = 600
}
option "BOOT_STOP_TIMEOUT_SECONDS" {
  type    = int
  prompt  = "p"
  default = 60
}
option "BOOT_FACTORY_IMAGE" {
  type   = string
  prompt = "p"
}
`

// booted gives the fake of testdata/nested.txtar with a bootloader that has a slot, after replacing text of that.
func booted(t *testing.T, old, replacement string) fs.FS {
	t.Helper()
	sources := slotted(t, "nested", "source \"part/*/Kconfig.hcl\" {}\n", "source \"part/*/Kconfig.hcl\" {}\nsource \"boot/Kconfig.hcl\" {}\noption \"BOOT\" {\n  type = bool\n  prompt = \"Bootloader\"\n}\n"+timeouts).(fstest.MapFS)
	sources["runtime/boot/Kconfig.hcl"] = &fstest.MapFile{Data: []byte("component \"bootloader\" {\n  if = BOOT\n}\n")}
	text := `//go:build unix

package boot

import (
	"strings"

	"example.test/fake/v3/runtime/part"
)

type Config struct {
	Depth int        ` + "`kconfig:\"DRUM_DEPTH\"`" + `
	Key   part.Named ` + "`slot:\"key\"`" + `
}

func Main(arguments []string, c Config) int {
	println(c.Key.Name(), c.Depth, strings.Join(arguments, " "))
	return 7
}
`
	if !strings.Contains(text, old) {
		t.Fatalf("there is no %q", old)
	}
	sources["runtime/boot/boot.go"] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, replacement, 1))}
	return sources
}

// TestBootloader generates a second program, builds both for two targets and runs it.
func TestBootloader(t *testing.T) {
	sources := booted(t, "", "")
	config := fakeConfig(t, sources, "ONE = y\nBOOT = y\nIRON = y\n")
	made, diags, err := Plan(config, sources, Settings{Name: "nested"})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	if !slices.Equal(made.Programs, []plan.Program{{Name: "firmware", Dir: "cmd/firmware"}, {Name: "bootloader", Dir: "cmd/bootloader"}}) {
		t.Errorf("programs %v", made.Programs)
	}
	files, err := Files(made, config, sources)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(files, func(file write.File) bool { return file.Path == "cmd/bootloader/main.go" })
	compareFolder(t, filepath.Join("testdata", "bootloader"), map[string]string{"main.go.golden": string(files[at].Data)})
	dir := t.TempDir()
	put(t, dir, files)
	goCommand(t, dir, "vet", "./...")
	t.Setenv("GOPROXY", "off")
	binaries, err := Build(t.Context(), dir, made, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(binaries) != 2 || binaries[1].Path != filepath.Join(dir, "bin", "bootloader") {
		t.Fatalf("built are %+v", binaries)
	}
	output, err := exec.CommandContext(t.Context(), binaries[1].Path, "-data", "x").CombinedOutput()
	if failed, is := errors.AsType[*exec.ExitError](err); !is || failed.ExitCode() != 7 || string(output) != "iron of hematite 5 -data x\n" {
		t.Errorf("it prints %q and ends with %v", output, err)
	}
	targets := []build.Target{{OS: "linux", Arch: "arm", Variant: "7"}}
	if binaries, err = Build(t.Context(), dir, made, targets); err != nil || filepath.Base(binaries[1].Path) != "bootloader-linux-arm7" {
		t.Errorf("%+v, %v", binaries, err)
	}
	if got := made.Explain("third_party/cloudgen/runtime/boot/boot.go"); !strings.Contains(got, `"bootloader", switched on by BOOT`) {
		t.Errorf("a fault in it is explained as %q", got)
	}
}

// TestNoBootloader has it off: nothing of it is in the output.
func TestNoBootloader(t *testing.T) {
	sources := booted(t, "", "")
	config := fakeConfig(t, sources, "ONE = y\n")
	made, diags, err := Plan(config, sources, Settings{Name: "nested"})
	if err != nil || diags.HasErrors() {
		t.Fatal(diags, err)
	}
	for _, file := range made.Files {
		if strings.Contains(file.Path, "boot") {
			t.Errorf("%s is in the output", file.Path)
		}
	}
	if made.Bootloader != nil || len(made.Programs) != 1 {
		t.Errorf("%+v", made.Programs)
	}
}

func TestBootloaderRefused(t *testing.T) {
	const wanted = "runtime/boot/Kconfig.hcl:1:11: error[E072]: the package runtime/boot has no function Main as a bootloader has it → func Main(args []string, config Config) int"
	for _, replace := range [][2]string{
		{"func Main(", "func Run("}, {"arguments []string, c Config", "c Config, arguments []string"}, {"c Config) int", "c Config) error"}, {"c Config) int", "c Config, more int) int"},
	} {
		sources := booted(t, replace[0], replace[1])
		made, diags, err := Plan(fakeConfig(t, sources, "ONE = y\nBOOT = y\nIRON = y\n"), sources, Settings{Name: "nested"})
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(diags, func(d kconfig.Diagnostic) bool { return d.Severity == kconfig.Error })
		if made != nil || at < 0 || diags[at].String()+" → "+diags[at].Fix != wanted {
			t.Errorf("%q: %v", replace[1], diags)
		}
	}
}
