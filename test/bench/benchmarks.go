package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// result is what one benchmark of a package says.
type result struct {
	name    string  // without Benchmark and the number of processors
	figures string  // as they stand there
	nsPerOp float64 // the first of them
}

// metric gives one of the figures by its unit.
func (r result) metric(unit string) (float64, error) {
	fields := strings.Fields(r.figures)
	if i := slices.Index(fields, unit); i > 0 {
		return strconv.ParseFloat(fields[i-1], 64)
	}
	return 0, fmt.Errorf("benchmark %s reports no %s: %s", r.name, unit, r.figures)
}

// resultLine is a line of `go test -bench`.
var resultLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(([\d.]+) ns/op.*)$`)

// benchmarks runs those of a package that a pattern names.
func benchmarks(ctx context.Context, folder, pattern string) ([]result, error) {
	output, err := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", pattern, "-benchmem", folder).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("benchmarks of %s: %w\n%s", folder, err, output)
	}
	var all []result
	for line := range strings.Lines(string(output)) {
		match := resultLine.FindStringSubmatch(strings.TrimSpace(line))
		if match == nil {
			continue
		}
		ns, err := strconv.ParseFloat(match[3], 64)
		if err != nil {
			return nil, err
		}
		all = append(all, result{match[1], strings.Join(strings.Fields(match[2]), " "), ns})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("benchmarks of %s: none is named %s", folder, pattern)
	}
	return all, nil
}
