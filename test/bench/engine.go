package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// kconfiglib is what the engine is measured against: the same tree and assignments, every value computed.
const kconfiglib = `
import os, sys
os.chdir(sys.argv[1])
os.environ["srctree"] = sys.argv[1]
import kconfiglib
tree = kconfiglib.Kconfig("Kconfig", warn=False)
tree.load_config("fragment.conf")
assert sum(1 for symbol in tree.unique_defined_syms if symbol.str_value is not None) > 1000
`

// engine compares the option engine with Kconfiglib on a tree of a kernel's size, and looks at how it grows.
func (b *bench) engine(ctx context.Context) error {
	python, err := pythonWithKconfiglib()
	if err != nil {
		return err
	}
	tool := filepath.Join(b.dir, "kernel")
	if output, err := exec.CommandContext(ctx, "go", "build", "-o", tool, "./test/bench/kernel").CombinedOutput(); err != nil {
		return fmt.Errorf("building ./test/bench/kernel: %w\n%s", err, output)
	}
	const kernel, small, large = 16500, 2000, 32000
	took := map[int]outcome{}
	for _, options := range []int{small, kernel, large} {
		tree := filepath.Join(b.dir, "tree", strconv.Itoa(options))
		if output, err := exec.CommandContext(ctx, tool, "-write", tree, "-options", strconv.Itoa(options)).CombinedOutput(); err != nil {
			return fmt.Errorf("writing the tree: %w\n%s", err, output)
		}
		if took[options], err = processes(ctx, tool, "-resolve", tree); err != nil {
			return err
		}
	}
	theirs, err := processes(ctx, python, "-I", "-c", kconfiglib, filepath.Join(b.dir, "tree", strconv.Itoa(kernel)))
	if err != nil {
		return err
	}
	ours := took[kernel]
	inner := map[int]timing{}
	for options, each := range took {
		var t timing
		if err := json.Unmarshal(each.output, &t); err != nil {
			return err
		}
		inner[options] = t
	}
	growth := (inner[large].Load / inner[large].Options) / (inner[small].Load / inner[small].Options)
	table(fmt.Sprintf("Option engine, synthetic tree of %d options (whole processes, median of %d)", kernel, repeats),
		row{"load, resolve, 12 times resolve again: wall time", milliseconds(ours.wall), ""},
		row{"Kconfiglib 14.1.0, load and compute every value: wall time", milliseconds(theirs.wall), ""},
		row{"ratio", fmt.Sprintf("%.2f", float64(ours.wall)/float64(theirs.wall)), "1"},
		row{"peak memory", megabytes(ours.peak), ""},
		row{"Kconfiglib's peak memory", megabytes(theirs.peak), ""},
		row{"resolve again after one change", fmt.Sprintf("%.1f ms", inner[kernel].Again), "5 ms"},
		row{fmt.Sprintf("load and resolve once, time for each option: %d options to %d", large, small), fmt.Sprintf("%.2f", growth), "1.20"},
	)
	return nil
}

// timing is what the program says of itself.
type timing struct {
	Options float64 `json:"options"`
	Load    float64 `json:"load_ms"`
	Again   float64 `json:"again_ms"`
}

// outcome is what a whole process took.
type outcome struct {
	wall   time.Duration
	peak   int64 // bytes
	output []byte
}

// processes runs a program several times and gives the median of its runs by wall time.
func processes(ctx context.Context, program string, args ...string) (outcome, error) {
	var all []outcome
	for range repeats {
		command := exec.CommandContext(ctx, program, args...)
		command.Stderr = os.Stderr
		start := time.Now()
		output, err := command.Output()
		if err != nil {
			return outcome{}, fmt.Errorf("%s: %w", program, err)
		}
		usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			return outcome{}, fmt.Errorf("%s: no resource usage on this system", program)
		}
		all = append(all, outcome{wall: time.Since(start), peak: usage.Maxrss * 1024, output: output})
	}
	slices.SortFunc(all, func(a, b outcome) int { return int(a.wall - b.wall) })
	return all[len(all)/2], nil
}

// pythonWithKconfiglib finds the interpreter that the comparison test uses.
func pythonWithKconfiglib() (string, error) {
	if python := os.Getenv("CLOUDGEN_KCONFIGLIB"); python != "" {
		return python, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	python := filepath.Join(cache, "cloudgen", "kconfiglib-14.1.0", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return "", fmt.Errorf("no Kconfiglib: %w; `make real` installs it", err)
	}
	return python, nil
}
