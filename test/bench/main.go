// Command bench measures what docs/performance.md states and prints it as Markdown. Everything is measured in one run, so that ratios
// hold on any machine. It needs Go and cached modules, and what scripts/install-test-deps installs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab"
)

const (
	overlay = "overlay-aws.hcl"
	repeats = 11 // of whole processes; the median counts
)

// variant is a firmware that is measured against its floor program.
type variant struct {
	name      string // of cloud, overlay and floor program
	title     string
	floor     string   // folder of the floor program
	tag       string   // security tag of the device's credentials
	forbidden []string // modules that it may not link
	packages  []string // packages that it may not link
}

var variants = []variant{
	{
		name: "aws", title: "AWS", floor: "mqtt", tag: strconv.Itoa(lab.DefaultTag),
		forbidden: []string{"plgd-dev/go-coap", "pion/", "hashicorp/hcl", "zclconf/go-cty", "dave/jennifer", "mochi-mqtt"},
	},
	{
		name: "lwm2m", title: "LwM2M", floor: "lwm2m", tag: "35724861",
		forbidden: []string{"eclipse/paho", "gorilla/websocket", "hashicorp/hcl", "zclconf/go-cty", "dave/jennifer", "mochi-mqtt"},
		packages:  []string{"net/http"},
	},
}

// parts are what is measured, in the order of docs/performance.md.
var parts = []struct {
	name    string
	measure func(*bench, context.Context) error
}{
	{"generate", (*bench).generate},
	{"engine", (*bench).engine},
	{"size", (*bench).size},
	{"memory", (*bench).memory},
	{"connect", (*bench).connect},
	{"publish", (*bench).publish},
	{"report", (*bench).report},
	{"lab", (*bench).lab},
	{"download", (*bench).download},
	{"verify", (*bench).verify},
	{"boot", (*bench).boot},
	{"lwm2m", (*bench).lwm2m},
}

func main() {
	var names []string
	for _, each := range parts {
		names = append(names, each.name)
	}
	only := flag.String("only", strings.Join(names, ","), "what to measure")
	flag.Parse()
	wanted := strings.Split(*only, ",")
	for _, each := range wanted {
		if !slices.Contains(names, each) {
			fmt.Fprintf(os.Stderr, "bench: -only: there is no part %q; there are %s\n", each, strings.Join(names, ", "))
			os.Exit(2)
		}
	}
	if err := measure(context.Background(), wanted); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run with all that it made.
type bench struct {
	dir      string
	cloudgen string
}

func (b *bench) floor(v variant) string    { return filepath.Join(b.dir, "floor-"+v.name) }
func (b *bench) output(v variant) string   { return filepath.Join(b.dir, v.name) }
func (b *bench) firmware(v variant) string { return filepath.Join(b.output(v), "bin", "firmware") }

// The programs that publish and download.
func (b *bench) program(name string) string { return filepath.Join(b.dir, "program-"+name) }

func measure(ctx context.Context, only []string) error {
	dir, err := os.MkdirTemp("", "cloudgen-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{dir: dir, cloudgen: filepath.Join(dir, "cloudgen")}
	if err := b.build(ctx); err != nil {
		return err
	}
	fmt.Printf("Measured on %s, %d processors, %s, %s/%s.\n", processorName(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, part := range parts {
		if !slices.Contains(only, part.name) {
			continue
		}
		if err := part.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

func (b *bench) build(ctx context.Context) error {
	flags := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}
	programs := map[string]string{
		b.cloudgen:                 "./cmd/cloudgen",
		b.program("publish"):       "./test/bench/publish",
		b.program("floor-publish"): "./test/bench/floor/publish",
		b.program("download"):      "./test/bench/download",
	}
	for _, v := range variants {
		programs[b.floor(v)] = "./test/bench/floor/" + v.floor
	}
	for target, from := range programs {
		command := exec.CommandContext(ctx, "go", append(flags, "-o", target, from)...)
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", from, err, output)
		}
	}
	return nil
}

// generated makes the firmware of a variant, where it is not there yet.
func (b *bench) generated(ctx context.Context, v variant) error {
	_, err := b.run(ctx, nil, "-overlay", "overlay-"+v.name+".hcl", "-o", b.output(v))
	return err
}

// run is one whole process of the command, in an empty folder.
func (b *bench) run(ctx context.Context, environment []string, args ...string) (time.Duration, error) {
	command := exec.CommandContext(ctx, b.cloudgen, args...)
	command.Dir = b.dir
	command.Env = append(os.Environ(), environment...)
	start := time.Now()
	output, err := command.CombinedOutput()
	took := time.Since(start)
	if err != nil {
		return 0, fmt.Errorf("cloudgen %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return took, nil
}

func (b *bench) median(ctx context.Context, args func(i int) []string) (time.Duration, error) {
	var all []time.Duration
	for i := range repeats {
		took, err := b.run(ctx, nil, args(i)...)
		if err != nil {
			return 0, err
		}
		all = append(all, took)
	}
	return median(all), nil
}
