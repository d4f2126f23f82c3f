package main

import (
	"context"
	"fmt"
	"runtime"
)

// lwm2mBenchmarks are the packages whose benchmarks docs/performance.md states, and which of them.
var lwm2mBenchmarks = []struct{ title, folder, pattern string }{
	{"LwM2M against the local server over loopback (one client, requests one after the other)", "./test/lwm2m", "."},
	{"LwM2M payloads: 12 values, encoded into a buffer that has room, and decoded", "./runtime/lwm2m/format", "."},
	{"CoAP endpoint, both ends in one process", "./runtime/coap", "."},
	{"Observations: a change with 100 observations", "./runtime/lwm2m/reporting", "."},
}

// lwm2m runs the benchmarks of the LwM2M client and prints what they say.
func (b *bench) lwm2m(ctx context.Context) error {
	for _, each := range lwm2mBenchmarks {
		results, err := benchmarks(ctx, each.folder, each.pattern)
		if err != nil {
			return err
		}
		fmt.Printf("\n### %s\n\n| | measured |\n|---|---|\n", each.title)
		for _, r := range results {
			fmt.Printf("| %s | %s |\n", r.name, r.figures)
		}
		fmt.Println()
	}
	fmt.Printf("Go ran with %d processors.\n", runtime.GOMAXPROCS(0))
	return nil
}
