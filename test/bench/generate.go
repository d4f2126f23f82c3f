package main

import (
	"context"
	"path/filepath"
	"strconv"
)

// generate measures the generator: whole processes of cloudgen.
func (b *bench) generate(ctx context.Context) error {
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
