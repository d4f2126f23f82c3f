package main

import (
	"io/fs"
	"reflect"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen/outside"
	"github.com/cloudgen/cloudgen/kconfig"
	"github.com/cloudgen/cloudgen/kconfig/why"
)

// loadTree reads the shipped option tree and, behind it, those that -tree names. The sources hold the users' modules too.
func loadTree(f *flags) (*outside.Joined, *kconfig.Tree, kconfig.Diagnostics) {
	var trees []*outside.Tree
	var diagnostics kconfig.Diagnostics
	for _, given := range f.trees {
		tree, found := outside.Open(given)
		diagnostics = append(diagnostics, found...)
		if tree != nil {
			trees = append(trees, tree)
		}
	}
	files, found := outside.Join(cloudgen.Sources(), trees...)
	diagnostics = append(diagnostics, found...)
	tree, found := kconfig.LoadTree(files, append([]string{treeRoot}, files.Roots()...)...)
	return files, tree, append(diagnostics, found...)
}

// shown gives the findings and the texts that they quote from with the names of files as the user gave them.
func (c *configuration) shown() (kconfig.Diagnostics, kconfig.Sources) {
	if c.files == nil || len(c.files.Dirs()) == 0 {
		return c.diagnostics, c.sources
	}
	texts := kconfig.Sources{}
	for name, text := range c.sources {
		texts[c.files.Shown(name)] = text
	}
	shown := func(r hcl.Range) hcl.Range {
		name := c.files.Shown(r.Filename)
		if _, has := texts[name]; !has && name != r.Filename { // a Go file of a user
			if text, err := fs.ReadFile(c.files, r.Filename); err == nil {
				texts[name] = text
			}
		}
		r.Filename = name
		return r
	}
	diagnostics := slices.Clone(c.diagnostics)
	for i := range diagnostics {
		d := &diagnostics[i]
		if d.Subject != nil {
			at := shown(*d.Subject)
			d.Subject = &at
		}
		d.Related = slices.Clone(d.Related)
		for k := range d.Related {
			d.Related[k].Range = shown(d.Related[k].Range)
		}
	}
	return diagnostics, texts
}

// showPlaces gives all places in an answer the names of files as the user gave them.
func (c *configuration) showPlaces(answer any) {
	if len(c.files.Dirs()) > 0 {
		eachPlace(reflect.ValueOf(answer), map[*why.Place]bool{}, func(p *why.Place) { p.File = c.files.Shown(p.File) })
	}
}

// eachPlace visits every place in an answer once: exported fields, through pointers and slices.
func eachPlace(v reflect.Value, seen map[*why.Place]bool, visit func(*why.Place)) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if p, is := v.Interface().(*why.Place); is {
			if !seen[p] {
				seen[p] = true
				visit(p)
			}
			return
		}
		eachPlace(v.Elem(), seen, visit)
	case reflect.Slice:
		for i := range v.Len() {
			eachPlace(v.Index(i), seen, visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachPlace(v.Field(i), seen, visit)
			}
		}
	}
}
