// Package scripted is the simulated modem to which happens what a script in the data directory says: networks that come and go, cells, a drive,
// updates that fail. docs/modem.md has the language.
package scripted

import (
	"errors"
	"io/fs"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
)

// Open makes a modem with the script in the data directory, if there is one. The error says what is wrong with the script.
func Open(dataDir string) (modem.Modem, error) {
	script, err := Read(dataDir)
	if err != nil {
		return nil, err
	}
	return sim.New(sim.Options{DataDir: dataDir, Script: &script}), nil
}

// Read gives the script in the data directory; sim.Calm where there is none. The error names the line that is wrong, and why.
func Read(dataDir string) (sim.Script, error) {
	folder := durable.Open(dataDir)
	content, err := folder.Read(sim.ScriptFile)
	if errors.Is(err, fs.ErrNotExist) {
		return sim.Calm(), nil
	}
	if err != nil {
		return sim.Script{}, errorf("simulated modem: read the script: %w", err)
	}
	script, err := Parse(string(content))
	if err != nil {
		return sim.Script{}, errorf("simulated modem: %s:%w", folder.Path(sim.ScriptFile), err)
	}
	return script, nil
}
