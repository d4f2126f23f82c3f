// Command bench measures what docs/performance.md states and prints it as Markdown. Everything is measured in one run, so that ratios
// hold on any machine. It needs Go and cached modules.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
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

func main() {
	if err := measure(context.Background()); err != nil {
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

func measure(ctx context.Context) error {
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
	for _, part := range []func(context.Context) error{b.speed, b.engine, b.size, b.memory, b.lwm2m} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) build(ctx context.Context) error {
	flags := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}
	programs := map[string]string{b.cloudgen: "./cmd/cloudgen"}
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
	slices.Sort(all)
	return all[len(all)/2], nil
}

func (b *bench) speed(ctx context.Context) error {
	output := filepath.Join(b.dir, "aws")
	resolve, err := b.median(ctx, func(int) []string { return []string{"check", "-overlay", overlay} })
	if err != nil {
		return err
	}
	generate, err := b.median(ctx, func(i int) []string {
		return []string{"-overlay", overlay, "-no-build", "-o", filepath.Join(b.dir, "fresh", strconv.Itoa(i))}
	})
	if err != nil {
		return err
	}
	cold, err := b.run(ctx, []string{"GOCACHE=" + filepath.Join(b.dir, "cache")}, "-overlay", overlay, "-o", filepath.Join(b.dir, "cold"))
	if err != nil {
		return err
	}
	first, err := b.run(ctx, nil, "-overlay", overlay, "-o", output)
	if err != nil {
		return err
	}
	warm, err := b.median(ctx, func(int) []string { return []string{"-overlay", overlay, "-o", output} })
	if err != nil {
		return err
	}
	table("Speed (whole processes, median of "+strconv.Itoa(repeats)+" where repeated)",
		row{"load and resolve, all diagnostics (`check`)", milliseconds(resolve), "60 ms"},
		row{"resolve and generate into a new folder (`-no-build`)", milliseconds(generate), "100 ms"},
		row{"nothing changed, build included", milliseconds(warm), "1000 ms"},
		row{"generate and build, packages cached", milliseconds(first), ""},
		row{"generate and build, cold Go cache (once)", milliseconds(cold), ""},
	)
	return nil
}

// size compares the size of each firmware with its floor program's, and looks for what it may not link.
func (b *bench) size(ctx context.Context) error {
	var rows []row
	for _, v := range variants {
		if _, err := b.run(ctx, nil, "-overlay", "overlay-"+v.name+".hcl", "-o", b.output(v)); err != nil {
			return err
		}
		floor, err := os.Stat(b.floor(v))
		if err != nil {
			return err
		}
		firmware, err := os.Stat(b.firmware(v))
		if err != nil {
			return err
		}
		if err := b.linksNothingForbidden(ctx, v); err != nil {
			return err
		}
		rows = append(rows,
			row{v.title + ": floor program", megabytes(floor.Size()), ""},
			row{v.title + ": firmware", megabytes(firmware.Size()), ""},
			row{v.title + ": ratio", ratio(firmware.Size(), floor.Size()), "1.15"},
		)
	}
	table("Size, linux/"+runtime.GOARCH, rows...)
	for _, v := range variants {
		fmt.Printf("Not linked by the %s firmware: %s.\n", v.title, strings.Join(append(v.forbidden, v.packages...), ", "))
	}
	return nil
}

func (b *bench) linksNothingForbidden(ctx context.Context, v variant) error {
	linked, err := exec.CommandContext(ctx, "go", "version", "-m", b.firmware(v)).Output()
	if err != nil {
		return err
	}
	for _, module := range v.forbidden {
		if bytes.Contains(linked, []byte(module)) {
			return fmt.Errorf("the %s firmware links %s", v.title, module)
		}
	}
	list := exec.CommandContext(ctx, "go", "list", "-deps", "./cmd/firmware")
	list.Dir = b.output(v)
	packages, err := list.Output()
	if err != nil {
		return err
	}
	for _, each := range v.packages {
		if slices.Contains(strings.Split(string(packages), "\n"), each) {
			return fmt.Errorf("the %s firmware links the package %s", v.title, each)
		}
	}
	return nil
}

// memory compares the resident memory of both programs once they are connected and idle.
func (b *bench) memory(ctx context.Context) error {
	var rows []row
	for _, v := range variants {
		floor, firmware, err := b.residents(ctx, v)
		if err != nil {
			return err
		}
		rows = append(rows,
			row{v.title + ": floor program", megabytes(floor), ""},
			row{v.title + ": firmware", megabytes(firmware), ""},
			row{v.title + ": ratio", ratio(firmware, floor), "1.25"},
		)
	}
	table("Resident memory, connected and idle for 5 s (VmRSS, median of 5 starts)", rows...)
	return nil
}

func (b *bench) residents(ctx context.Context, v variant) (floor, firmware int64, err error) {
	service, err := lab.Serve(ctx, v.name, lab.ServeOptions{Dir: filepath.Join(b.dir, "lab-"+v.name), Listen: "localhost:0"})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	tag := filepath.Join(service.CredentialsDir(), v.tag)
	args := []string{"-endpoint", service.FirmwareEndpoint()}
	if v.name == "aws" {
		args = append(args, "-credentials", tag)
	} else {
		key, err := os.ReadFile(filepath.Join(tag, "psk"))
		if err != nil {
			return 0, 0, err
		}
		args = append(args, "-key", strings.TrimSpace(string(key)))
	}
	if floor, err = idle(ctx, `connected`, b.floor(v), args...); err != nil {
		return 0, 0, err
	}
	firmware, err = idle(ctx, `CLOUD_EVT_CONNECTED`, b.firmware(v), "-endpoint", service.FirmwareEndpoint(),
		"-credentials", service.CredentialsDir(), "-data", filepath.Join(b.dir, "data-"+v.name))
	return floor, firmware, err
}

// idle starts a program several times, waits until it says that it is connected and has had time to come to rest, and gives the median
// of its resident memory in bytes.
func idle(ctx context.Context, connected, program string, args ...string) (int64, error) {
	var all []int64
	for range 5 {
		resident, err := idleOnce(ctx, connected, program, args...)
		if err != nil {
			return 0, err
		}
		all = append(all, resident)
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

func idleOnce(ctx context.Context, connected, program string, args ...string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	log, err := command.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := command.Start(); err != nil {
		return 0, err
	}
	var draining sync.WaitGroup
	defer func() {
		cancel()
		draining.Wait()
		_ = command.Wait() // killed on purpose
	}()
	scanner := bufio.NewScanner(log)
	for {
		if !scanner.Scan() {
			return 0, fmt.Errorf("%s ended before it was connected", program)
		}
		if strings.Contains(scanner.Text(), connected) {
			break
		}
	}
	draining.Go(func() { _, _ = io.Copy(io.Discard, log) })
	time.Sleep(5 * time.Second) // to come to rest: this is a measurement, not a test
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", command.Process.Pid))
	if err != nil {
		return 0, err
	}
	match := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if match == nil {
		return 0, fmt.Errorf("no VmRSS in the status of %s", program)
	}
	kilobytes, err := strconv.ParseInt(string(match[1]), 10, 64)
	return kilobytes * 1024, err
}

type row struct{ what, figure, bound string }

func table(title string, rows ...row) {
	fmt.Printf("\n### %s\n\n| | measured | at most |\n|---|---|---|\n", title)
	for _, r := range rows {
		fmt.Printf("| %s | %s | %s |\n", r.what, r.figure, r.bound)
	}
	fmt.Println()
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.2f MB", float64(bytes)/1e6) }

func ratio(a, b int64) string { return fmt.Sprintf("%.3f", float64(a)/float64(b)) }

// processorName is what Linux calls the processor.
func processorName() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "an unknown processor"
	}
	match := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(info)
	if match == nil {
		return "an unnamed processor"
	}
	return string(match[1])
}
