package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/gen/outside"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/kconfig"
)

const (
	treeRoot    = "runtime/Kconfig.hcl"
	overlayDir  = "overlays"
	baseOverlay = "base.hcl"
	// shippedPrefix stands before the names of shipped overlays in diagnostics, so that they are not taken for files at hand.
	shippedPrefix = "<cloudgen>/"
)

// configuration is what the flags -overlay, -set and -tree come to.
type configuration struct {
	name        string          // of the variant: the first overlay without "overlay-" and extension
	files       *outside.Joined // our sources, and users' modules
	resolved    *kconfig.Config // nil where a layer could not be read
	diagnostics kconfig.Diagnostics
	sources     kconfig.Sources // texts that diagnostics quote from
	planned     *plan.Plan      // nil before plan, and where there is none
}

// resolve reads the option tree and all layers, and resolves them.
func resolve(f *flags) *configuration {
	files, tree, diagnostics := loadTree(f)
	return resolveTree(files, tree, diagnostics, f)
}

// baseLayers is how many layers stand before those that the flags name.
const baseLayers = 1

// resolveTree reads all layers and resolves them. It takes over the diagnostics of loading the tree.
func resolveTree(files *outside.Joined, tree *kconfig.Tree, diagnostics kconfig.Diagnostics, f *flags) *configuration {
	c := &configuration{files: files, diagnostics: diagnostics, sources: maps.Clone(tree.Sources())}
	if len(f.overlays) > 0 {
		c.name = variantName(f.overlays[0])
	}

	var layers []*kconfig.Layer
	add := func(layer *kconfig.Layer, diagnostics kconfig.Diagnostics) {
		layers = append(layers, layer)
		c.diagnostics = append(c.diagnostics, diagnostics...)
		if layer != nil {
			c.sources[layer.Name] = layer.Source
		}
	}
	add(shippedOverlay(files, baseOverlay))
	for _, overlay := range f.overlays {
		add(readOverlay(files, overlay))
	}
	if len(f.sets) > 0 {
		add(kconfig.ParseSet(f.sets))
	}

	// What a broken file would have set is not known, so to resolve the rest would only give misleading findings.
	if !c.diagnostics.HasErrors() {
		c.resolved, diagnostics = tree.Resolve(layers...)
		c.diagnostics = append(c.diagnostics, diagnostics...)
		c.sources = c.resolved.Sources()
	}
	c.diagnostics = withoutNobodysMistakes(c.diagnostics, tree, layers)
	c.diagnostics.Sort()
	return c
}

// withoutNobodysMistakes leaves out what the user of shipped overlays cannot do anything about: notes on them, that base.hcl, which is there
// always, says something without effect, and that another one does because a layer of the user's turned off what it needs. What has no effect among
// shipped overlays alone is told: the user has put together what does not go together.
func withoutNobodysMistakes(all kconfig.Diagnostics, tree *kconfig.Tree, layers []*kconfig.Layer) kconfig.Diagnostics {
	var alone kconfig.Diagnostics // of the shipped layers
	if slices.ContainsFunc(all, func(d kconfig.Diagnostic) bool { return d.Code == kconfig.CodeNoEffect && isShipped(d) }) {
		shipped := slices.DeleteFunc(slices.Clone(layers), func(layer *kconfig.Layer) bool { return !strings.HasPrefix(layer.Name, shippedPrefix) })
		_, alone = tree.Resolve(shipped...)
	}
	return slices.DeleteFunc(all, func(d kconfig.Diagnostic) bool {
		switch {
		case !isShipped(d):
			return false
		case d.Severity == kconfig.Note:
			return true
		case d.Code != kconfig.CodeNoEffect:
			return false
		}
		return d.Subject.Filename == shippedPrefix+baseOverlay ||
			!slices.ContainsFunc(alone, func(other kconfig.Diagnostic) bool {
				return other.Code == d.Code && other.Subject != nil && *other.Subject == *d.Subject
			})
	})
}

func isShipped(d kconfig.Diagnostic) bool {
	return d.Subject != nil && strings.HasPrefix(d.Subject.Filename, shippedPrefix)
}

// readOverlay reads a path that exists, else the shipped overlay of that name.
func readOverlay(files fs.FS, overlay string) (*kconfig.Layer, kconfig.Diagnostics) {
	source, err := readBounded(overlay)
	if errors.Is(err, fs.ErrNotExist) && path.Base(overlay) == overlay {
		if name, found := shippedName(files, overlay); found {
			return shippedOverlay(files, name)
		}
	}
	if err != nil {
		return nil, unreadable(files, overlay, err)
	}
	return kconfig.ParseOverlay(overlay, source)
}

// readBounded reads a file up to just over the size that the engine takes: it refuses the rest with its own words.
func readBounded(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, kconfig.MaxFileSize+1))
}

func shippedOverlay(files fs.FS, name string) (*kconfig.Layer, kconfig.Diagnostics) {
	source, err := fs.ReadFile(files, path.Join(overlayDir, name))
	if err != nil {
		return nil, unreadable(files, name, err)
	}
	return kconfig.ParseOverlay(shippedPrefix+name, source)
}

// shippedName gives the file name of a shipped overlay, which may be named as overlay-aws.hcl, overlay-aws or aws.
func shippedName(files fs.FS, name string) (string, bool) {
	for _, candidate := range []string{name, name + ".hcl", "overlay-" + name + ".hcl"} {
		if _, err := fs.Stat(files, path.Join(overlayDir, candidate)); err == nil && candidate != baseOverlay {
			return candidate, true
		}
	}
	return "", false
}

// unreadableFile is the finding about a file that has to be there.
func unreadableFile(name string, err error) kconfig.Diagnostics {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return kconfig.Diagnostics{{
		Code: kconfig.CodeUnreadable, Severity: kconfig.Error,
		Summary: fmt.Sprintf("cannot read %s: %v", name, err),
	}}
}

func unreadable(files fs.FS, overlay string, err error) kconfig.Diagnostics {
	d := unreadableFile("the overlay "+overlay, err)[0]
	if errors.Is(err, fs.ErrNotExist) {
		entries, _ := fs.ReadDir(files, overlayDir) // embedded: it is there
		var names []string
		for _, entry := range entries {
			if entry.Name() != baseOverlay {
				names = append(names, entry.Name())
			}
		}
		d.Detail = "There is no such file, and no overlay of that name is shipped."
		d.Fix = "give the path of an overlay, or one of these: " + strings.Join(names, ", ")
	}
	return kconfig.Diagnostics{d}
}

func variantName(overlay string) string {
	base := filepath.Base(overlay)
	return strings.TrimPrefix(strings.TrimSuffix(base, filepath.Ext(base)), "overlay-")
}
