// Package build turns a generated module into static binaries with the Go toolchain. The build is hermetic: of the host only the places
// where Go finds and keeps things count, so the same sources give the same bytes everywhere.
package build

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/cloudgen/cloudgen/gen/fault"
	"github.com/cloudgen/cloudgen/gen/folder"
)

// binFolder is where binaries go, below the output folder.
const binFolder = "bin"

// flags make a binary stripped, without the paths of the host and with no id of the build: the same bytes from any folder. On amd64 the linker
// would begin functions at multiples of 32 bytes: with 16, as on arm64, a firmware is 0.9 % smaller.
func (t Target) flags() []string {
	linker := "-ldflags=-s -w -buildid="
	if t.Arch == "amd64" {
		linker += " -funcalign=16"
	}
	return []string{"-trimpath", "-buildvcs=false", linker}
}

// Request is what Run builds.
type Request struct {
	Dir      string    // output folder: holds the packages, gets bin/
	Programs []Program // what to build, for each target
	Targets  []Target  // none: for the host, under the program's name alone
	// Whole tells that all sources are in Dir or pinned by its go.mod, so that a binary whose sources have not changed is not built again.
	Whole     bool
	GoVersion string // least version of Go that the sources need, as 1.26.0; "" for any
	// Explain says in one line what the generator was about where a compiler found a fault, or "". It may be nil.
	Explain func(file string, line int) string
}

// Program is one main package.
type Program struct {
	Name    string // of the binary
	Package string // folder of the main package, relative to Dir, as cmd/firmware
}

// Binary is one result of Run.
type Binary struct {
	Program string   `json:"program"`
	Target  string   `json:"target"`
	Path    string   `json:"path"` // Dir/bin/…
	Size    int64    `json:"size"` // bytes
	SHA256  string   `json:"sha256"`
	Built   bool     `json:"built"`   // false: nothing had changed
	Modules []string `json:"modules"` // PATH@VERSION of what is linked in, sorted; without the main module
}

// Run builds every program for every target, several at a time. With an error no binary is replaced but those that were built well.
// Failures are *fault.Environment; one of the compiler wraps *CompileError, a missing Go ErrNoGo.
func Run(ctx context.Context, request Request) ([]Binary, error) {
	bin := filepath.Join(request.Dir, binFolder)
	if err := makeBin(bin); err != nil {
		return nil, &fault.Environment{Problem: "cannot make " + bin, Err: err, Fix: "Make it a writable folder, or choose another output folder with -o."}
	}
	locked, err := os.Open(bin)
	if err != nil {
		return nil, &fault.Environment{Problem: "cannot open " + bin, Err: err}
	}
	defer locked.Close()
	if err := folder.Lock(locked); err != nil {
		return nil, &fault.Environment{Problem: "another cloudgen is building in " + bin, Err: err, Fix: "Wait for it to end."}
	}
	sources := ""
	if request.Whole {
		if sources, err = hashSources(request.Dir); err != nil {
			return nil, &fault.Environment{Problem: "cannot read the sources in " + request.Dir, Err: err}
		}
	}
	jobs := plan(request, bin, sources)
	tools, missing := findGo(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if missing == nil {
		missing = tools.demand(request.GoVersion)
	}
	binaries := make([]Binary, len(jobs))
	failures := make([]error, len(jobs))
	slots := make(chan struct{}, max(1, runtime.NumCPU()/2)) // go build itself uses all processors in its long parts
	var running sync.WaitGroup
	for i, each := range jobs {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			binaries[i], failures[i] = each.do(ctx, tools, missing)
		})
	}
	running.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if failed := errors.Join(failures...); missing != nil && failed != nil {
		return nil, missing // once is enough
	} else if failed != nil {
		return nil, failed
	}
	return binaries, nil
}

// makeBin makes the folder of the binaries. A symbolic link in its place could lead anywhere.
func makeBin(bin string) error {
	err := os.Mkdir(bin, 0o755)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(bin)
	if err == nil && !info.IsDir() {
		err = errors.New("it is there and is not a folder")
	}
	return err
}

// job is one program for one target.
type job struct {
	request Request
	program Program
	target  Target
	binary  string // path
	inputs  string // hash; "" when it cannot be known
}

func plan(request Request, bin, sources string) []job {
	targets, suffix := request.Targets, Target.suffix
	if len(targets) == 0 {
		targets, suffix = []Target{Host()}, func(Target) string { return "" }
	}
	var jobs []job
	seen := map[string]bool{}
	for _, program := range request.Programs {
		for _, target := range targets {
			each := job{request: request, program: program, target: target, binary: filepath.Join(bin, program.Name+suffix(target))}
			if seen[each.binary] {
				continue
			}
			seen[each.binary] = true
			if sources != "" {
				inputs := strings.Join(append(append([]string{sources, program.Package}, target.environment()...), target.flags()...), "\x00")
				sum := sha256.Sum256([]byte(inputs))
				each.inputs = hex.EncodeToString(sum[:])
			}
			jobs = append(jobs, each)
		}
	}
	return jobs
}

// beside is the path of a file that belongs to the binary.
func (j job) beside(ending string) string {
	return filepath.Join(filepath.Dir(j.binary), "."+filepath.Base(j.binary)+ending)
}

// do builds, or finds that nothing has changed. Without tools it can only do the latter: missing says why.
func (j job) do(ctx context.Context, tools *toolchain, missing error) (Binary, error) {
	if j.upToDate(tools) {
		return j.result(false)
	}
	if missing != nil {
		return Binary{}, missing
	}
	fresh := j.beside(".new")
	arguments := append([]string{"build"}, j.target.flags()...)
	if j.request.Whole {
		arguments = append(arguments, "-mod=readonly") // the surrounding module of other output may have a vendor folder
	}
	arguments = append(arguments, "-o", filepath.Join(binFolder, filepath.Base(fresh)), "./"+j.program.Package)
	output, err := run(tools.cmd(ctx, j.request.Dir, j.target, arguments...))
	if err != nil {
		_ = os.Remove(fresh) // may not be there
		if ctx.Err() != nil {
			return Binary{}, ctx.Err()
		}
		return Binary{}, j.explain(output, err)
	}
	if err := j.install(fresh, tools); err != nil {
		return Binary{}, &fault.Environment{Problem: "cannot write " + j.binary, Err: err, Fix: "Make room or make the folder writable, and run again."}
	}
	return j.result(true)
}

// upToDate tells whether the binary is there, as it was built, from the same sources with the same Go. Where there is no Go, the one that
// built it will do.
func (j job) upToDate(tools *toolchain) bool {
	last, is := readRecord(j.beside(".json"))
	if !is || j.inputs == "" || last.Inputs != j.inputs || (tools != nil && last.Go != tools.version) {
		return false
	}
	sum, err := hashFile(j.binary)
	return err == nil && sum == last.SHA256
}

// install puts the fresh binary into its place. The record goes last: without it the binary is built again.
func (j job) install(fresh string, tools *toolchain) error {
	sum, err := hashFile(fresh)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(fresh, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := install(fresh, j.binary); err != nil {
		return err
	}
	_ = os.Remove(j.beside(".log")) // of an earlier failure
	if j.inputs == "" {
		return nil
	}
	return record{Inputs: j.inputs, Go: tools.version, SHA256: sum}.write(j.beside(".json"))
}

func (j job) result(fresh bool) (Binary, error) {
	failed := func(err error) (Binary, error) {
		return Binary{}, &fault.Environment{Problem: "cannot read " + j.binary, Err: err}
	}
	info, err := os.Stat(j.binary)
	if err != nil {
		return failed(err)
	}
	sum, err := hashFile(j.binary)
	if err != nil {
		return failed(err)
	}
	linked, err := buildinfo.ReadFile(j.binary)
	if err != nil {
		return failed(err)
	}
	binary := Binary{Program: j.program.Name, Target: j.target.String(), Path: j.binary, Size: info.Size(), SHA256: sum, Built: fresh}
	for _, module := range linked.Deps {
		binary.Modules = append(binary.Modules, module.Path+"@"+module.Version)
	}
	return binary, nil
}

// Packages lists the import paths of what a program of the request links for a target, sorted by Go.
func Packages(ctx context.Context, dir string, program Program, target Target) ([]string, error) {
	tools, err := findGo(ctx)
	if err != nil {
		return nil, err
	}
	cmd := tools.cmd(ctx, dir, target, "list", "-deps", "-f", "{{.ImportPath}}", "./"+program.Package)
	output, err := run(cmd)
	if err != nil {
		return nil, &fault.Environment{Problem: fmt.Sprintf("cannot list the packages of %s in %s", program.Package, dir), Err: fmt.Errorf("%w: %s", err, firstLine(output))}
	}
	return strings.Fields(string(output)), nil
}
