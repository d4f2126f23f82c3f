package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// size compares the size of each firmware with its floor program's, and looks for what it may not link.
func (b *bench) size(ctx context.Context) error {
	var rows []row
	for _, v := range variants {
		if err := b.generated(ctx, v); err != nil {
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
