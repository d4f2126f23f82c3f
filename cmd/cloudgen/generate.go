package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"

	"github.com/cloudgen/cloudgen/gen"
	"github.com/cloudgen/cloudgen/gen/build"
	"github.com/cloudgen/cloudgen/gen/fault"
)

// modulePath is the module that the runtime is part of.
const modulePath = "github.com/cloudgen/cloudgen"

// check resolves the options and shows what is wrong; it also plans, since a configuration without a plan is wrong too.
func check(_ context.Context, call *invocation) int {
	if len(call.overlays) == 0 {
		return call.usageError("give at least one -overlay")
	}
	c := resolve(&call.flags)
	status, err := c.plan(nil)
	return call.finish(c, &report{}, status, err)
}

func generate(ctx context.Context, call *invocation) int {
	if len(call.overlays) == 0 {
		return call.usageError("give at least one -overlay")
	}
	var targets []build.Target
	for _, text := range call.targets {
		target, err := build.ParseTarget(text)
		if err != nil {
			return call.usageError("%v", err)
		}
		targets = append(targets, target)
	}
	c := resolve(&call.flags)
	r := &report{Output: call.output}
	if r.Output == "" {
		r.Output = filepath.Join("build", c.name)
	}
	status, err := c.generate(ctx, r, call.inside)
	if err == nil && status == exitDone && !call.noBuild {
		r.Binaries, err = gen.Build(ctx, r.Output, r.Plan, targets)
		status = statusOf(err)
	}
	if err == nil && status == exitDone && !call.json {
		call.summarize(r)
	}
	return call.finish(c, r, status, err)
}

// generate writes the output folder that the report names, and tells in the report what it did.
func (c *configuration) generate(ctx context.Context, r *report, inside bool) (status int, err error) {
	settings := gen.Settings{Name: c.name}
	if inside {
		if settings.Inside, err = gen.Surrounding(r.Output, modulePath, releasedVersion()); err != nil {
			return statusOf(err), err
		}
	}
	if status, err := c.plan(&settings); status != exitDone {
		return status, err
	}
	r.Plan = c.planned
	if inside {
		for _, tree := range r.Plan.Trees {
			if _, err := gen.Surrounding(r.Output, tree.Module, ""); err != nil {
				return statusOf(err), err
			}
		}
	}
	files, err := gen.Files(r.Plan, c.resolved, c.files)
	if err != nil {
		return exitEnvironment, err
	}
	written, err := gen.Write(ctx, r.Output, files)
	if err != nil {
		return statusOf(err), err
	}
	r.Files = &written
	return exitDone, nil
}

// plan makes the plan of a configuration that resolves; settings may be nil.
func (c *configuration) plan(settings *gen.Settings) (status int, err error) {
	if c.diagnostics.HasErrors() {
		return exitInput, nil
	}
	if settings == nil {
		settings = &gen.Settings{Name: c.name}
	}
	settings.Trees, settings.Ours = c.files.Dirs(), shippedPrefix
	planned, diagnostics, err := gen.Plan(c.resolved, c.files, *settings)
	if err != nil {
		return exitEnvironment, err // our own sources: nothing that an edit of the overlay mends
	}
	c.planned = planned
	c.diagnostics = append(c.diagnostics, diagnostics...)
	c.diagnostics.Sort()
	if c.diagnostics.HasErrors() {
		return exitInput, nil
	}
	return exitDone, nil
}

// summarize says in a line or two what a successful run did.
func (call *invocation) summarize(r *report) {
	fmt.Fprintf(call.stdout, "%s: %d files written, %d removed, %d unchanged\n", r.Output, len(r.Files.Written), len(r.Files.Removed), len(r.Files.Unchanged))
	for _, each := range r.Plan.Provision {
		fmt.Fprintf(call.stdout, "%s: the secret %s", filepath.Join(r.Output, filepath.FromSlash(each.Path)), each.Option)
		if each.Note != "" {
			fmt.Fprintf(call.stdout, ". %s", each.Note)
		}
		fmt.Fprintln(call.stdout)
	}
	for _, binary := range r.Binaries {
		state := "unchanged"
		if binary.Built {
			state = "built"
		}
		fmt.Fprintf(call.stdout, "%s: %s, %.2f MB, %s\n", binary.Path, binary.Target, float64(binary.Size)/1e6, state)
	}
}

// statusOf tells a failure of the environment from one of the input.
func statusOf(err error) int {
	if err == nil {
		return exitDone
	}
	if _, environment := errors.AsType[*fault.Environment](err); environment || errors.Is(err, context.Canceled) {
		return exitEnvironment
	}
	return exitInput
}

func version(_ context.Context, call *invocation) int {
	v := releasedVersion()
	if v == "" {
		v = "(development)"
	}
	fmt.Fprintln(call.stdout, "cloudgen", v)
	return exitDone
}

// releasedVersion is the version that `go install` recorded; "" for a build from a checkout.
func releasedVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}
