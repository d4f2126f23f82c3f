// Package gen generates: a resolved configuration becomes a plan, the plan files, the files an output folder, the folder binaries. It
// knows no cloud: which packages there are, and which options they take, it learns from the sources that it is given.
package gen

import (
	"context"
	"fmt"
	"io/fs"

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
	return plan.Make(config, tree, table, settings)
}

// Files makes the content of every file of a plan, sorted by path. It writes nothing.
func Files(p *plan.Plan, config *kconfig.Config, sources fs.FS) ([]write.File, error) {
	files := make([]write.File, len(p.Files))
	for i, each := range p.Files {
		data, err := content(p, each, config, sources)
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

func content(p *plan.Plan, file plan.File, config *kconfig.Config, sources fs.FS) ([]byte, error) {
	switch {
	case file.From == plan.Emitted:
		return emit.Go(p, file.Path)
	case file.From == plan.Resolved && file.Path == ".config":
		return config.DotConfig(), nil
	case file.From == plan.Resolved:
		return config.JSON()
	case file.From.IsTemplate():
		return fill(p, file, string(file.From), config, sources)
	}
	if template, is := file.From.Packaging(); is {
		return fill(p, file, template, config, sources)
	}
	if option, secret := file.From.Secret(); secret {
		value, _ := config.Value(option)
		return []byte(value.Text + "\n"), nil
	}
	return fs.ReadFile(sources, string(file.From))
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
