package main

import (
	"encoding/json"
	"fmt"

	"github.com/cloudgen/cloudgen/gen/build"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/gen/write"
	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/listing"
	"github.com/cloudgen/cloudgen/kconfig/why"
)

// report is the one document that -json prints.
type report struct {
	Diagnostics kconfig.Diagnostics `json:"diagnostics"`
	Plan        *plan.Plan          `json:"plan,omitempty"`
	Output      string              `json:"output,omitempty"`
	Files       *write.Report       `json:"files,omitempty"`
	Binaries    []build.Binary      `json:"binaries,omitempty"`
	Config      json.RawMessage     `json:"config,omitempty"`      // as resolved.json
	Overlay     string              `json:"overlay,omitempty"`     // an overlay that was made
	Fragment    string              `json:"fragment,omitempty"`    // a .conf fragment that was made
	Notes       []string            `json:"notes,omitempty"`       // what the result leaves out, and why
	Objects     []exportedObject    `json:"objects,omitempty"`     // LwM2M definitions that were written
	Definitions string              `json:"definitions,omitempty"` // as XML, where they went to no file
	Options     []listing.Option    `json:"options,omitempty"`
	Differences *differences        `json:"differences,omitempty"`
	Explanation *why.Explanation    `json:"explanation,omitempty"` // of one option
	Choice      *why.Choice         `json:"choice,omitempty"`
	Edit        *why.Edit           `json:"edit,omitempty"`
	Key         *generatedKey       `json:"key,omitempty"`   // of keygen
	Image       *signedImage        `json:"image,omitempty"` // of sign
	Error       string              `json:"error,omitempty"` // a failure that is no diagnostic
	Status      int                 `json:"status"`
}

// finish ends an invocation: it prints the report as JSON, or the diagnostics as text, and gives the exit status.
func (call *invocation) finish(c *configuration, r *report, status int, err error) int {
	r.Status = status
	var texts kconfig.Sources
	if c != nil {
		r.Diagnostics, texts = c.shown()
	}
	if r.Diagnostics == nil {
		r.Diagnostics = kconfig.Diagnostics{} // an empty list, not null
	}
	if err != nil {
		r.Error = err.Error()
	}
	if call.json {
		encoder := json.NewEncoder(call.stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(r); err != nil {
			fmt.Fprintf(call.stderr, "cloudgen: cannot write the report: %v\n", err)
			return exitEnvironment
		}
		return status
	}
	if c != nil {
		if err := r.Diagnostics.WriteText(call.stderr, texts); err != nil {
			return exitEnvironment
		}
	}
	for _, note := range r.Notes {
		fmt.Fprintf(call.stderr, "cloudgen: %s\n", note)
	}
	if err != nil {
		fmt.Fprintf(call.stderr, "cloudgen: %v\n", err)
	}
	return status
}

// finishWith ends an invocation that has a result: it prints the result, or with -json the report that holds it too.
func (call *invocation) finishWith(c *configuration, r *report, result []byte) int {
	if !call.json {
		if _, err := call.stdout.Write(result); err != nil {
			return call.finish(c, r, exitEnvironment, err)
		}
	}
	status := exitDone
	if c.diagnostics.HasErrors() {
		status = exitInput
	}
	return call.finish(c, r, status, nil)
}
