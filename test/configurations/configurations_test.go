package configurations

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen"
	"github.com/cloudgen/cloudgen/gen/modules"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/gen/write"
	"github.com/cloudgen/cloudgen/kconfig"
)

var (
	seed   = flag.Uint64("seed", 1, "seed of the configurations")
	builds = flag.Int("builds", 2, "how many of the configurations are really built")
	most   = flag.Int("most", 40, "how many configurations each variant gets; 0: as many as it takes until each two levels have met")
	update = flag.Bool("update", false, "rewrite testdata/planned.txt")
)

// variants are the shipped overlays that can be built.
var variants = []string{"overlay-aws.hcl", "overlay-lwm2m.hcl"}

// variant is a shipped overlay under test.
type variant struct {
	tree   *kconfig.Tree
	layers []*kconfig.Layer
}

func load(t *testing.T, overlay string) variant {
	t.Helper()
	v := variant{}
	var diags kconfig.Diagnostics
	v.tree, diags = kconfig.LoadTree(cloudgen.Sources(), "runtime/Kconfig.hcl")
	for _, name := range []string{"base.hcl", overlay} {
		text, err := fs.ReadFile(cloudgen.Sources(), "overlays/"+name)
		if err != nil {
			t.Fatal(err)
		}
		layer, more := kconfig.ParseOverlay(name, text)
		v.layers, diags = append(v.layers, layer), append(diags, more...)
	}
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	return v
}

// readSources reads the packages of the runtime once for all plans.
var readSources = sync.OnceValues(func() (*source.Tree, error) { return source.Open(cloudgen.Sources()) })

// resolve adds lines as a last layer and plans. The diagnostics are those of both.
func (v variant) resolve(t *testing.T, lines []string, inside *plan.Inside) (*kconfig.Config, *plan.Plan, kconfig.Diagnostics) {
	t.Helper()
	layer, diags := kconfig.ParseOverlay("generated.hcl", []byte(strings.Join(lines, "\n")+"\n"))
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	config, diags := v.tree.Resolve(append(slices.Clone(v.layers), layer)...)
	// As in the command: base.hcl is there always, so what it says without effect is nobody's mistake.
	diags = slices.DeleteFunc(diags, func(d kconfig.Diagnostic) bool {
		return d.Code == kconfig.CodeNoEffect && d.Subject != nil && d.Subject.Filename == "base.hcl"
	})
	if diags.HasErrors() {
		return config, nil, diags
	}
	sources, err := readSources()
	if err != nil {
		t.Fatal(err)
	}
	table, err := modules.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	made, more, err := plan.Make(config, sources, table, plan.Settings{Name: "generated", Inside: inside}) // gen.Plan, less the reading
	if err != nil {
		t.Fatal(err)
	}
	return config, made, append(diags, more...)
}

// inside puts the output into this module, whose packages are type-checked already.
var inside = &plan.Inside{Module: "github.com/cloudgen/cloudgen", Package: "github.com/cloudgen/cloudgen/generated"}

// Valid configurations resolve, are planned, emitted and type-checked; some are built. They are chosen so that as many as possible of the pairs of levels meet
// in each; -most 0 goes on until all have.
func TestEveryValidConfiguration(t *testing.T) {
	for _, overlay := range variants {
		t.Run(overlay, func(t *testing.T) { everyValidConfiguration(t, load(t, overlay)) })
	}
}

func everyValidConfiguration(t *testing.T, v variant) {
	all, unreachable := v.connect(t, v.possible(t, factors(v.tree)))
	checker := newChecker(t)
	refused, configurations, built := 0, 0, 0
	lines := func(choice []int) (lines []string, which []int) {
		for i, level := range choice {
			if level >= 0 {
				lines, which = append(lines, all[i].levels[level]), append(which, i)
			}
		}
		return lines, which
	}
	// valid drops what the engine refuses, by its place, until the rest resolves.
	valid := func(choice []int) []int {
		choice = slices.Clone(choice)
		for {
			text, which := lines(choice)
			_, _, diags := v.resolve(t, text, inside)
			if !diags.HasErrors() {
				return choice
			}
			dropped := false
			for _, d := range diags {
				if d.Severity == kconfig.Error && inGenerated(d) {
					choice[which[d.Subject.Start.Line-1]] = -1
					dropped = true
					refused++
				}
			}
			if !dropped {
				return nil // as without any backend: no line is wrong by itself
			}
		}
	}
	use := func(choice []int) {
		configurations++
		text, _ := lines(choice)
		config, made, _ := v.resolve(t, text, inside)
		if err := checker.check(made, emitted(t, made, config)); err != nil {
			t.Errorf("%v\nwith\n%s", err, strings.Join(text, "\n"))
		}
		if built < *builds && configurations%7 == 1 {
			built++
			build(t, v, text)
		}
	}
	enough := func() bool { return *most > 0 && configurations >= *most }
	covered, impossible, left := pairs(all, rand.New(rand.NewPCG(*seed, 0)), valid, use, enough)
	t.Logf("seed %d: %d factors, %d configurations, %d pairs covered, %d impossible, %d not met, %d assignments refused, %d built; not in this variant: %v",
		*seed, len(all), configurations, covered, impossible, left, refused, built, unreachable)
	if configurations < 10 || covered < 20*impossible || covered < 2*left || built < *builds {
		t.Errorf("too few configurations are valid for this test to mean something")
	}
}

// possible takes out the levels that the engine refuses whatever else is chosen: those that a select decides, those out of range or of
// another form, and those without which there is nothing to generate.
func (v variant) possible(t *testing.T, all []factor) []factor {
	t.Helper()
	for i := range all {
		all[i].levels = slices.DeleteFunc(all[i].levels, func(line string) bool {
			_, _, diags := v.resolve(t, []string{line}, inside)
			return slices.ContainsFunc(diags, func(d kconfig.Diagnostic) bool {
				return d.Severity == kconfig.Error && d.Code != kconfig.CodeRequired && !(d.Code == kconfig.CodeNoEffect && inGenerated(d))
			})
		})
	}
	return slices.DeleteFunc(all, func(f factor) bool { return len(f.levels) == 0 })
}

// inGenerated tells whether a finding is about a line that a test has made. One about the overlay's own lines is not mended by leaving a line out.
func inGenerated(d kconfig.Diagnostic) bool {
	return d.Subject != nil && d.Subject.Filename == "generated.hcl"
}

// connect finds what each factor needs that is refused by itself, and takes out those that nothing helps.
func (v variant) connect(t *testing.T, all []factor) (connected []factor, unreachable []string) {
	t.Helper()
	taken := func(lines ...string) bool {
		_, _, diags := v.resolve(t, lines, inside)
		return !diags.HasErrors()
	}
	alone := func(f factor) bool {
		return slices.ContainsFunc(f.levels, func(line string) bool { return taken(line) })
	}
	for _, f := range all {
		if alone(f) {
			connected = append(connected, f)
		}
	}
	// helps finds what makes the engine take a line that it refuses by itself; nil for nothing. Trying all pairs takes long, and the engine
	// says what would help.
	helps := func(line string) *need {
		_, _, diags := v.resolve(t, []string{line}, inside)
		advice := ""
		for _, d := range diags {
			advice += d.Fix + "\n"
		}
		for i, f := range connected {
			if slices.Contains(f.levels, line) || !strings.Contains(advice, f.name) && !slices.ContainsFunc(f.levels, func(other string) bool { return strings.Contains(advice, other) }) {
				continue
			}
			for level, other := range f.levels {
				if taken(other, line) {
					return &need{factor: i, level: level}
				}
			}
		}
		return nil
	}
	kept := make([][]string, len(connected))
	for i, f := range connected {
		for _, line := range f.levels {
			if taken(line) || helps(line) != nil {
				kept[i] = append(kept[i], line)
			}
		}
	}
	for _, f := range all {
		if alone(f) {
			continue
		}
		if f.needs = helps(f.levels[0]); f.needs == nil {
			unreachable = append(unreachable, f.name)
			continue
		}
		connected = append(connected, f)
		kept = append(kept, f.levels)
	}
	for i := range connected { // at the end, for the needs count levels
		if need := connected[i].needs; need != nil {
			need.level = slices.Index(kept[need.factor], connected[need.factor].levels[need.level])
		}
	}
	for i := range connected {
		connected[i].levels = kept[i]
	}
	return connected, unreachable
}

// emitted gives the Go files of a plan.
func emitted(t *testing.T, made *plan.Plan, config *kconfig.Config) []write.File {
	t.Helper()
	files, err := gen.Files(made, config, cloudgen.Sources())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(f write.File) bool { return path.Ext(f.Path) != ".go" || strings.HasPrefix(f.Path, "third_party/") })
}

// build makes the firmware of a configuration and runs it for its help text.
func build(t *testing.T, v variant, lines []string) {
	t.Helper()
	config, made, _ := v.resolve(t, lines, nil)
	files, err := gen.Files(made, config, cloudgen.Sources())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	if _, err := gen.Write(t.Context(), dir, files); err != nil {
		t.Fatal(err)
	}
	binaries, err := gen.Build(t.Context(), dir, made, nil)
	if err != nil {
		t.Errorf("%v\nwith\n%s", err, strings.Join(lines, "\n"))
		return
	}
	if output, err := exec.Command(binaries[0].Path, "-h").CombinedOutput(); err != nil || !bytes.Contains(output, []byte("-credentials")) {
		t.Errorf("firmware -h: %v: %s", err, output)
	}
}

// checker type-checks generated packages against the compiled runtime.
type checker struct {
	fset     *token.FileSet
	compiled types.Importer
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	command := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", "github.com/cloudgen/cloudgen/runtime/...")
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	exports := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var one struct{ ImportPath, Export string }
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}
		exports[one.ImportPath] = one.Export
	}
	fset := token.NewFileSet()
	lookup := func(name string) (io.ReadCloser, error) {
		file, found := exports[name]
		if !found {
			return nil, fmt.Errorf("the generated code imports %s, which is not of the runtime", name)
		}
		return os.Open(file)
	}
	return &checker{fset: fset, compiled: importer.ForCompiler(fset, "gc", lookup)}
}

// generated finds the package under test beside the compiled ones.
type generated struct {
	types.Importer
	cloudmodule *types.Package
}

func (g generated) Import(name string) (*types.Package, error) {
	if g.cloudmodule != nil && name == g.cloudmodule.Path() {
		return g.cloudmodule, nil
	}
	return g.Importer.Import(name)
}

func (c *checker) check(made *plan.Plan, files []write.File) error {
	folders := map[string][]*ast.File{}
	for _, file := range files {
		parsed, err := parser.ParseFile(c.fset, file.Path, file.Data, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folders[path.Dir(file.Path)] = append(folders[path.Dir(file.Path)], parsed)
	}
	within := generated{Importer: c.compiled}
	config := types.Config{Importer: within}
	cloudmodule, err := config.Check(made.Package, c.fset, folders["."], nil)
	if err != nil {
		return err
	}
	within.cloudmodule = cloudmodule
	config.Importer = within
	for _, program := range made.Programs {
		if len(folders[program.Dir]) == 0 {
			return fmt.Errorf("no files in %s", program.Dir)
		}
		if _, err := config.Check(made.Package+"/"+program.Dir, c.fset, folders[program.Dir], nil); err != nil {
			return err
		}
	}
	return nil
}

// An option whose value the generated code takes changes that code; none is read and then forgotten.
func TestBoundOptionsChangeTheCode(t *testing.T) {
	for _, overlay := range variants {
		t.Run(overlay, func(t *testing.T) { boundOptionsChangeTheCode(t, load(t, overlay)) })
	}
}

func boundOptionsChangeTheCode(t *testing.T, v variant) {
	config, made, diags := v.resolve(t, nil, inside)
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	before := emitted(t, made, config)
	tried := 0
	for _, component := range made.Components() {
		for _, name := range optionsOf(component.Config) {
			value, found := config.Value(name)
			if !found || !value.Visible {
				continue // a choice, or an option that another one decides
			}
			changed, refused := false, false
			for _, other := range valuesOf(value.Option) {
				again, planned, diags := v.resolve(t, []string{value.Option.OverlayLine(other)}, inside)
				if now, _ := again.Value(name); diags.HasErrors() || now.Text == value.Text {
					refused = refused || diags.HasErrors()
					continue
				}
				changed = true
				tried++
				if slices.EqualFunc(before, emitted(t, planned, again), func(a, b write.File) bool { return bytes.Equal(a.Data, b.Data) }) {
					t.Errorf("%s = %s changes nothing in the generated code", name, other)
				}
				break
			}
			if !changed && !refused {
				t.Errorf("%s has no other value to try", name)
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d options were tried", tried)
	}
	t.Logf("%d options", tried)
}

func optionsOf(literal plan.Literal) (names []string) {
	for _, field := range literal.Fields {
		if field.Literal != nil {
			names = append(names, optionsOf(*field.Literal)...)
		} else {
			names = append(names, field.Option)
		}
	}
	return names
}

// Every shipped overlay that resolves has a plan; the others are stopped by what is not built yet, and by nothing else.
func TestShippedOverlays(t *testing.T) {
	names, err := fs.Glob(cloudgen.Sources(), "overlays/overlay-*.hcl")
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		v := load(t, path.Base(name))
		_, made, diags := v.resolve(t, nil, inside)
		var codes []string
		planned := false
		for _, d := range diags {
			if d.Severity == kconfig.Error {
				codes = append(codes, string(d.Code))
				planned = planned || d.Code == kconfig.CodePlanned
			}
		}
		slices.Sort(codes)
		codes = slices.Compact(codes)
		t.Logf("%s: planned: %v, stopped by %v", path.Base(name), made != nil, codes)
		if made == nil && !planned && !slices.Equal(codes, []string{"E070"}) { // E070: an overlay on top of another one has no backend
			t.Errorf("%s is stopped by something else than what is not built yet: %v", name, diags.Err())
		}
	}
}

// The options that wait for their feature are counted, so that they can only become fewer.
func TestPlannedOptionsShrink(t *testing.T) {
	v := load(t, "overlay-aws.hcl")
	count := 0
	for _, o := range v.tree.Options() {
		if o.Planned != "" {
			count++
		}
	}
	file := filepath.Join("testdata", "planned.txt")
	if *update {
		if err := os.WriteFile(file, []byte(strconv.Itoa(count)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case count > committed:
		t.Errorf("%d options wait for their feature, %d did before: build what they wait for, or take them out", count, committed)
	case count < committed:
		t.Errorf("%d options wait for their feature, %d did before: run `go test ./test/configurations -update` and commit", count, committed)
	}
}
