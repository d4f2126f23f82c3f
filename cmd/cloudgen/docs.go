package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/reference"
)

//go:generate go run . docs -o ../../docs/options

// referenceFile is the name of the option reference in the folder that -o names.
const referenceFile = "reference.md"

const referenceIntroduction = "All options, as `cloudgen docs` prints them. Names, defaults and rules are those of the nRF Connect SDK; where they are not, [omitted.md](omitted.md) says why. " +
	"Of several defaults or ranges the first one whose condition holds counts. `cloudgen why NAME` says what an option is in a configuration and why."

// docs writes the option reference to standard output, or to a folder.
func docs(_ context.Context, call *invocation) int {
	tree, diagnostics := kconfig.LoadTree(cloudgen.Sources(), treeRoot)
	c, r := &configuration{diagnostics: diagnostics, sources: tree.Sources()}, &report{}
	if diagnostics.HasErrors() {
		return call.finish(c, r, exitEnvironment, nil) // our own sources
	}
	text := reference.Markdown(tree, referenceIntroduction)
	if call.output == "" {
		return call.finishWith(c, r, text)
	}
	if err := replaceFile(filepath.Join(call.output, referenceFile), text); err != nil {
		return call.finish(c, r, exitEnvironment, fmt.Errorf("cannot write the option reference: %w", err))
	}
	return call.finish(c, r, exitDone, nil)
}

// replaceFile writes a file as a whole or not at all. It makes the folder.
func replaceFile(name string, data []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(dir, ".reference-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // gone when it became the file
	defer temporary.Close()
	if _, err := temporary.Write(data); err != nil {
		return err
	}
	if err := temporary.Chmod(0o644); err != nil {
		return err
	}
	if err := temporary.Sync(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), name)
}
