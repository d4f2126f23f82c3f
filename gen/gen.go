// Package gen generates: a resolved configuration becomes a plan, the plan files, the files an output folder, the folder binaries. It
// knows no cloud: which packages there are, and which options they take, it learns from the sources that it is given.
package gen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cloudgen/cloudgen/gen/build"
	"github.com/cloudgen/cloudgen/gen/emit"
	"github.com/cloudgen/cloudgen/gen/modules"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/gen/write"
	"github.com/cloudgen/cloudgen/kconfig"
)

// Settings say what is generated beside the configuration.
type Settings = plan.Settings

// Plan decides what is generated from a resolved configuration and cloudgen's sources, a module with runtime/ and templates/, which users'
// modules may stand beside (package outside). It is nil when
// there is an error among the diagnostics, which also tell what is worth knowing. The error is about the sources themselves.
func Plan(config *kconfig.Config, sources fs.FS, settings Settings) (*plan.Plan, kconfig.Diagnostics, error) {
	tree, err := source.Open(sources)
	if err != nil {
		return nil, nil, err
	}
	table, err := modules.Shipped()
	if err != nil {
		return nil, nil, err
	}
	made, diags, err := plan.Make(config, tree, table, settings)
	if made == nil || err != nil {
		return made, diags, err
	}
	err = leaveOut(made, config, sources)
	if long, is := errors.AsType[*TooLongError](err); is {
		return nil, append(diags, kconfig.Diagnostic{
			Code: plan.CodeComponent, Severity: plan.CodeComponent.Severity(), Summary: fmt.Sprintf("%s: %v", long.file, long),
			Fix: "shorten the names in the options that it is made of",
		}), nil
	}
	return made, diags, err
}

// leaveOut takes those files out of a plan that components offer and that come out empty for this configuration.
func leaveOut(p *plan.Plan, config *kconfig.Config, sources fs.FS) error {
	templates := newFiller(p, config, sources)
	for _, each := range slices.Clone(p.Files) {
		template, offered := each.From.Packaging()
		if !offered {
			continue
		}
		data, err := templates.fill(each, template)
		if long, is := errors.AsType[*TooLongError](err); is {
			long.file = each.Path
		}
		if err != nil {
			return fmt.Errorf("%s: %w", each.Path, err)
		}
		if len(bytes.TrimSpace(data)) == 0 {
			p.LeaveOut(each)
		}
	}
	return nil
}

// Files makes the content of every file of a plan, sorted by path. It writes nothing.
func Files(p *plan.Plan, config *kconfig.Config, sources fs.FS) ([]write.File, error) {
	files := make([]write.File, len(p.Files))
	templates := newFiller(p, config, sources)
	for i, each := range p.Files {
		data, err := content(templates, each)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", each.Path, err)
		}
		files[i] = write.File{Path: each.Path, Data: data}
		if _, secret := each.From.Secret(); secret {
			files[i].Mode = 0o600
		}
	}
	return files, nil
}

func content(f *filler, file plan.File) ([]byte, error) {
	config := f.config
	switch {
	case file.From == plan.Emitted:
		return emit.Go(f.plan, file.Path)
	case file.From == plan.Resolved && file.Path == ".config":
		return config.DotConfig(), nil
	case file.From == plan.Resolved:
		return config.JSON()
	case file.From.IsTemplate():
		return f.fill(file, string(file.From))
	}
	if template, is := file.From.Packaging(); is {
		return f.fill(file, template)
	}
	if option, secret := file.From.Secret(); secret {
		value, _ := config.Value(option)
		return []byte(value.Text + "\n"), nil
	}
	return fs.ReadFile(f.sources, string(file.From))
}

// Write puts the files of a plan into the output folder: see write.Apply.
func Write(ctx context.Context, dir string, files []write.File) (write.Report, error) {
	return write.Apply(ctx, dir, files)
}

// Build builds the programs of a plan in the output folder: see build.Run. Without targets it builds for the host.
func Build(ctx context.Context, dir string, p *plan.Plan, targets []build.Target) ([]build.Binary, error) {
	request := build.Request{
		Dir: dir, Targets: targets, Whole: !p.Inside, GoVersion: p.GoVersion,
		Explain: func(file string, _ int) string { return p.Explain(file) },
	}
	for _, each := range p.Programs {
		request.Programs = append(request.Programs, build.Program{Name: each.Name, Package: each.Dir})
	}
	return build.Run(ctx, request)
}
