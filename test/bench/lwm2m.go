package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
)

// lwm2mBenchmarks are the packages whose benchmarks docs/performance.md states, and which of them.
var lwm2mBenchmarks = []struct{ title, folder, pattern string }{
	{"LwM2M against the local server over loopback (one client, requests one after the other)", "./test/lwm2m", "."},
	{"LwM2M payloads: 12 values, encoded into a buffer that has room, and decoded", "./runtime/lwm2m/format", "."},
	{"CoAP endpoint, both ends in one process", "./runtime/coap", "."},
	{"Observations: a change with 100 observations", "./runtime/lwm2m/reporting", "."},
}

// result is a line of `go test -bench`.
var result = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

// lwm2m runs the benchmarks of the LwM2M client and prints what they say.
func (b *bench) lwm2m(ctx context.Context) error {
	for _, each := range lwm2mBenchmarks {
		output, err := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", each.pattern, "-benchmem", each.folder).CombinedOutput()
		if err != nil {
			return fmt.Errorf("benchmarks of %s: %w\n%s", each.folder, err, output)
		}
		fmt.Printf("\n### %s\n\n| | measured |\n|---|---|\n", each.title)
		for line := range strings.Lines(string(output)) {
			if match := result.FindStringSubmatch(strings.TrimSpace(line)); match != nil {
				fmt.Printf("| %s | %s |\n", match[1], strings.Join(strings.Fields(match[2]), " "))
			}
		}
		fmt.Println()
	}
	fmt.Printf("Go ran with %d processors.\n", runtime.GOMAXPROCS(0))
	return nil
}
