package main

import (
	"context"
	"fmt"
	"strings"
)

// verify compares the verification of an image of 16 MiB with plain SHA-256 over the same bytes. Each run has all benchmarks of the package in turn.
func (b *bench) verify(ctx context.Context) error {
	const runs = 5
	times := map[string][]float64{}
	for range runs {
		results, err := benchmarks(ctx, "./runtime/boot/image", "^BenchmarkVerify$")
		if err != nil {
			return err
		}
		for _, r := range results {
			name := strings.TrimPrefix(r.name, "Verify/")
			times[name] = append(times[name], r.nsPerOp)
		}
	}
	var rows []row
	sums := times["sha256"]
	for _, each := range []struct{ name, title string }{{"sha256", "SHA-256 alone"}, {"ed25519", "Ed25519"}, {"ecdsa-p256", "ECDSA P-256"}} {
		all := times[each.name]
		if len(all) != runs {
			return fmt.Errorf("%d results of BenchmarkVerify/%s, want %d", len(all), each.name, runs)
		}
		rows = append(rows, row{each.title, fmt.Sprintf("%.1f ms", median(all)/1e6), ""})
		if each.name != "sha256" {
			rows = append(rows, row{each.title + ": ratio", quotient(median(all), median(sums)), "about 1"})
		}
	}
	table(fmt.Sprintf("Verification of an image of 16 MiB (`BenchmarkVerify` of runtime/boot/image, median of %d runs)", runs), rows...)
	return nil
}
