package build

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/gen/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// module writes a small module with one program.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "go.mod", "module example.test/program\n\ngo 1.26.0\n")
	put(t, dir, "config.go", "package program\n\nconst Text = \"hello\" // GREETING\n")
	put(t, dir, "cmd/firmware/main.go", "package main\n\nimport \"example.test/program\"\n\nfunc main() { println(program.Text) }\n")
	return dir
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func request(dir string, targets ...Target) Request {
	return Request{Dir: dir, Programs: []Program{{Name: "firmware", Package: "cmd/firmware"}}, Targets: targets, Whole: true, GoVersion: "1.26.0"}
}

func build(t *testing.T, request Request) []Binary {
	t.Helper()
	binaries, err := Run(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return binaries
}

func TestBuildIsStaticAndReproducible(t *testing.T) {
	first, second := build(t, request(module(t)))[0], build(t, request(module(t)))[0]
	if first.SHA256 != second.SHA256 {
		t.Error("two folders gave two binaries")
	}
	if filepath.Base(first.Path) != "firmware" || !first.Built || first.Size == 0 {
		t.Errorf("result %+v", first)
	}
	program, err := elf.Open(first.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, segment := range program.Progs {
		if segment.Type == elf.PT_INTERP {
			t.Error("the binary needs a loader")
		}
	}
	if program.Section(".symtab") != nil {
		t.Error("the binary is not stripped")
	}
	data, err := os.ReadFile(first.Path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(filepath.Dir(first.Path))) {
		t.Error("the binary holds the path of its folder")
	}
}

func TestHostSettingsDoNotCount(t *testing.T) {
	want := build(t, request(module(t)))[0].SHA256
	t.Setenv("GOFLAGS", "-tags=other -ldflags=-X=a.b=c")
	t.Setenv("GOAMD64", "v3")
	t.Setenv("GOARCH", "riscv64")
	t.Setenv("CGO_ENABLED", "1")
	t.Setenv("GOWORK", "/nowhere/go.work")
	settings := filepath.Join(t.TempDir(), "env")
	t.Setenv("GOENV", settings)
	if err := os.WriteFile(settings, []byte("GOFLAGS=-race\nGOTOOLCHAIN=go1.99.9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := build(t, request(module(t)))[0].SHA256; got != want {
		t.Error("the host's settings changed the binary")
	}
}

func TestUnchangedIsNotBuiltAgain(t *testing.T) {
	dir := module(t)
	built := build(t, request(dir))[0]
	again := build(t, request(dir))[0]
	if again.Built || again.SHA256 != built.SHA256 || again.Size != built.Size || !slices.Equal(again.Modules, built.Modules) {
		t.Errorf("the second run gave %+v after %+v", again, built)
	}
	t.Run("without Go", func(t *testing.T) {
		t.Setenv("PATH", "")
		if again := build(t, request(dir))[0]; again.Built {
			t.Error("built without Go")
		}
	})
	changes := []struct {
		name string
		do   func()
	}{
		{"a source", func() { put(t, dir, "config.go", "package program\n\nconst Text = \"bye\"\n") }},
		{"the binary", func() { put(t, dir, "bin/firmware", "broken") }},
		{"the record", func() { put(t, dir, "bin/.firmware.json", "broken") }},
		{"an embedded file", func() {
			put(t, dir, "text.go", "package program\n\nimport _ \"embed\"\n\n//go:embed text.txt\nvar File string\n")
			put(t, dir, "text.txt", "one")
			build(t, request(dir))
			put(t, dir, "text.txt", "two")
		}},
	}
	for _, change := range changes {
		change.do()
		if again := build(t, request(dir))[0]; !again.Built {
			t.Errorf("%s was changed, and the program not built again", change.name)
		}
	}
}

func TestSeveralTargets(t *testing.T) {
	dir := module(t)
	var targets []Target
	for _, text := range []string{"linux/amd64", "linux/arm64", "linux/arm/7", "linux/mipsle/softfloat", "linux/riscv64", "linux/arm64"} {
		target, err := ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, target)
	}
	want := []struct {
		name    string
		machine elf.Machine
	}{
		{"firmware-linux-amd64", elf.EM_X86_64}, {"firmware-linux-arm64", elf.EM_AARCH64}, {"firmware-linux-arm7", elf.EM_ARM},
		{"firmware-linux-mipslesoftfloat", elf.EM_MIPS}, {"firmware-linux-riscv64", elf.EM_RISCV},
	}
	binaries := build(t, request(dir, targets...))
	if len(binaries) != len(want) {
		t.Fatalf("%d binaries, want %d", len(binaries), len(want))
	}
	for i, binary := range binaries {
		program, err := elf.Open(binary.Path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(binary.Path) != want[i].name || program.Machine != want[i].machine {
			t.Errorf("%s is for %v, want %+v", binary.Path, program.Machine, want[i])
		}
		if err := program.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	for text, part := range map[string]string{
		"":                    "OS/ARCH",
		"linux":               "OS/ARCH",
		"linux/":              "OS/ARCH",
		"linux/arm/7/hard":    "OS/ARCH",
		"windows/amd64":       "windows",
		"linux/sparc":         "sparc",
		"linux/arm/8":         "5, 6, 7",
		"linux/s390x/z13":     "no variants",
		"linux/amd64/../../x": "OS/ARCH",
	} {
		if _, err := ParseTarget(text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %v, want an error with %q", text, err, part)
		}
	}
}

func TestNoGo(t *testing.T) {
	dir := module(t)
	t.Setenv("PATH", "")
	_, err := Run(t.Context(), request(dir))
	if !fault.IsEnvironment(err) || !errors.Is(err, ErrNoGo) || !strings.Contains(err.Error(), "-no-build") {
		t.Errorf("got %v", err)
	}
}

func TestGoTooOld(t *testing.T) {
	wanted := request(module(t))
	wanted.GoVersion = "9.1.0"
	_, err := Run(t.Context(), wanted)
	if !fault.IsEnvironment(err) || !strings.Contains(err.Error(), "9.1.0") {
		t.Errorf("got %v", err)
	}
}

func TestCompileErrorIsShort(t *testing.T) {
	dir := module(t)
	build(t, request(dir))
	before, err := hashFile(filepath.Join(dir, "bin/firmware"))
	if err != nil {
		t.Fatal(err)
	}
	text := "package program\n\nconst Text = 1 * missing // GREETING\n"
	for i := range 8 {
		text += fmt.Sprintf("var x%d int = \"no\"\n", i)
	}
	put(t, dir, "config.go", text)
	broken := request(dir)
	broken.Explain = func(file string, line int) string { return fmt.Sprintf("explained %s %d", file, line) }
	_, err = Run(t.Context(), broken)
	failure, is := errors.AsType[*CompileError](err)
	if !is || !fault.IsEnvironment(err) {
		t.Fatalf("got %v", err)
	}
	if len(failure.Faults) != shown || failure.More == 0 {
		t.Errorf("%d lines shown, %d more", len(failure.Faults), failure.More)
	}
	first := failure.Faults[0]
	if first.File != "config.go" || first.Line != 3 || first.Source != "const Text = 1 * missing // GREETING" || first.Context != "explained config.go 3" {
		t.Errorf("first %+v", first)
	}
	for _, part := range []string{"firmware for linux/", "config.go:3: undefined: missing", "explained config.go 3", ".firmware.log"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the message does not say %q:\n%v", part, err)
		}
	}
	log, readErr := os.ReadFile(failure.Log)
	if readErr != nil || !bytes.Contains(log, []byte("config.go:11:")) {
		t.Errorf("the log holds %q, %v", log, readErr)
	}
	if after, err := hashFile(filepath.Join(dir, "bin/firmware")); err != nil || after != before {
		t.Errorf("the old binary is gone: %v", err)
	}
}

func TestMissingModuleSaysWhatToDo(t *testing.T) {
	dir := module(t)
	put(t, dir, "go.mod", "module example.test/program\n\ngo 1.26.0\n\nrequire example.test/other v1.0.0\n")
	put(t, dir, "config.go", "package program\n\nimport \"example.test/other\"\n\nconst Text = other.Text\n")
	t.Setenv("GOPROXY", "off")
	_, err := Run(t.Context(), request(dir))
	if !fault.IsEnvironment(err) || !strings.Contains(err.Error(), "Run `go mod tidy`") && !strings.Contains(err.Error(), "GOPROXY") {
		t.Errorf("got %v", err)
	}
}

func TestBinMustBeAFolder(t *testing.T) {
	dir := module(t)
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "bin")); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), request(dir)); !fault.IsEnvironment(err) {
		t.Errorf("got %v", err)
	}
}

// TestCancelEndsTheWholeGroup has a go that starts a child and waits for it. Both hold a pipe open, so its end says that both are gone.
func TestCancelEndsTheWholeGroup(t *testing.T) {
	dir, tools := module(t), t.TempDir()
	pipe := filepath.Join(tools, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, tools, "go", "#!/bin/sh\nif [ \"$1\" = env ]; then echo '{\"GOVERSION\": \"go1.99.0\"}'; exit; fi\nexec 3>"+pipe+"\n/bin/sleep 1000 &\necho started >&3\nwait\n")
	t.Setenv("PATH", tools)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := Run(ctx, request(dir))
		done <- err
	}()
	reader, err := os.Open(pipe)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := reader.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := io.Copy(io.Discard, reader); err != nil {
		t.Error(err)
	}
}

func TestPackages(t *testing.T) {
	list, err := Packages(t.Context(), module(t), Program{Name: "firmware", Package: "cmd/firmware"}, Host())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(list, "example.test/program") || slices.Contains(list, "net/http") {
		t.Errorf("packages %v", list)
	}
}
