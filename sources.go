// Package cloudgen carries all that the command needs at run time, so that an installed binary works in an empty folder: the runtime's
// sources with its option tree, the templates, the shipped overlays, and the versions of modules that they are tested with.
package cloudgen

import (
	"embed"
	"io/fs"
)

//go:embed LICENSE go.mod go.sum overlays runtime templates
var sources embed.FS

// Sources is this module as far as generated programs need it, at the paths of the repository. Tests are in it and are written to no output.
func Sources() fs.FS { return sources }
