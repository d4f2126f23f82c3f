package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/cloudgen/cloudgen/export/objects"
	"github.com/cloudgen/cloudgen/export/omaxml"
	"github.com/cloudgen/cloudgen/gen/fault"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// exportedObject is one definition that export lwm2m-xml has written.
type exportedObject struct {
	ID      uint16 `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
	File    string `json:"file,omitempty"` // "" where it went to standard output
}

// exportLwM2M writes the OMA's definition files of the objects that a configuration has: of those that no registry has or, with -all, of all.
func exportLwM2M(_ context.Context, call *invocation) int {
	if len(call.overlays) == 0 {
		return call.usageError("give at least one -overlay")
	}
	c, r := resolve(&call.flags), &report{}
	if status, err := c.plan(nil); status != exitDone {
		return call.finish(c, r, status, err)
	}
	definitions, others, err := objects.Of(c.planned)
	if err != nil {
		return call.finish(c, r, exitEnvironment, err) // our own sources
	}
	if len(definitions) == 0 && len(others) == 0 {
		return call.finish(c, r, exitInput, errors.New("the configuration has no LwM2M objects: its backend is "+c.planned.Backend.Dir))
	}
	if !call.all {
		definitions = slices.DeleteFunc(definitions, func(each *lwm2m.Definition) bool { return !omaxml.IsPrivate(each) })
	}
	for _, each := range others {
		r.Notes = append(r.Notes, fmt.Sprintf("the definition of %s is in its Go code, which is not run: write its file with the package %s from a program of yours", each.Import, modulePath+"/export/omaxml"))
	}
	for _, each := range definitions {
		r.Objects = append(r.Objects, exportedObject{ID: each.ID, Name: each.Name, Version: each.Version})
	}
	if len(definitions) == 0 {
		r.Notes = append(r.Notes, "servers know all objects of this configuration from the OMA's registry: -all writes them too")
		return call.finish(c, r, exitDone, nil)
	}
	if call.output == "" {
		text, err := omaxml.Document(definitions...)
		if err != nil {
			return call.finish(c, r, exitEnvironment, err)
		}
		r.Definitions = string(text)
		return call.finishWith(c, r, text)
	}
	for i, each := range definitions {
		text, err := omaxml.Document(each)
		if err != nil {
			return call.finish(c, r, exitEnvironment, err)
		}
		r.Objects[i].File = filepath.Join(call.output, fmt.Sprintf("%d.xml", each.ID))
		if err := replaceFile(r.Objects[i].File, text); err != nil {
			err = &fault.Environment{Problem: "cannot write " + r.Objects[i].File, Err: err, Fix: "Make room or choose another folder with -o."}
			return call.finish(c, r, exitEnvironment, err)
		}
		if !call.json {
			fmt.Fprintf(call.stdout, "%s: %s, version %s\n", r.Objects[i].File, each.Name, each.Version)
		}
	}
	return call.finish(c, r, exitDone, nil)
}
