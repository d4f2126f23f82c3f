package plan

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/kconfig"
)

// packagingDir holds what helps to bring the programs to devices and accounts.
const packagingDir = "packaging"

// packaging checks the files that a component offers: their paths, and their templates as far as they can be read.
func (m *maker) packaging(from *kconfig.Component) []File {
	var files []File
	fail := func(format string, arguments ...any) {
		m.fail(CodeComponent, format, arguments...).Subject = &from.Range
	}
	for _, each := range from.Packaging {
		template := path.Join(from.Dir, each.Value)
		switch {
		case !fs.ValidPath(each.Name) || each.Name == ".":
			fail("%s offers the file %q: its path is one below packaging/, with single slashes", from.Dir, each.Name)
			continue
		case !fs.ValidPath(each.Value) || !strings.HasSuffix(each.Value, ofTemplate):
			fail("%s offers %s, made of %q: that is no file beside its Kconfig.hcl or below whose name ends in %s", from.Dir, each.Name, each.Value, ofTemplate)
			continue
		}
		text, err := fs.ReadFile(m.sources.FS(), template)
		if err != nil {
			fail("%s offers %s, and its template cannot be read: %s", from.Dir, each.Name, m.cause(path.Dir(template), err))
			continue
		}
		for _, option := range bind.TemplateOptions(text) {
			if m.config.Tree().Option(option) == nil {
				fail("the template %s asks for the option %s, which is not in the tree", template, option)
			}
		}
		files = append(files, File{Path: path.Join(packagingDir, each.Name), From: Source(ofPackaging + template)})
	}
	return files
}

// offered adds the files of components. One that is part of several slots offers them once.
func (m *maker) offered(result *Plan) {
	for _, component := range result.Components() {
		for _, file := range component.Packaging {
			at := slices.IndexFunc(result.Files, func(other File) bool { return other.Path == file.Path })
			switch {
			case at < 0:
				result.Files = append(result.Files, file)
			case result.Files[at].From != file.From:
				m.fail(CodeComponent, "%s offers the file %s, which is there already", component.Dir, file.Path)
			}
		}
	}
}

// LeaveOut takes a file that components offer out of the plan.
func (p *Plan) LeaveOut(file File) {
	is := func(each File) bool { return each == file }
	p.Files = slices.DeleteFunc(p.Files, is)
	for _, each := range []*Component{&p.CloudModule, &p.Backend, p.Application, p.Bootloader} {
		if each != nil {
			each.leaveOut(is)
		}
	}
	leaveOut(p.Firmware.Slots, is)
}

func (c *Component) leaveOut(is func(File) bool) {
	c.Packaging = slices.DeleteFunc(c.Packaging, is)
	leaveOut(c.Slots, is)
}

func leaveOut(slots []Slot, is func(File) bool) {
	for _, slot := range slots {
		for i := range slot.Components {
			slot.Components[i].leaveOut(is)
		}
	}
}
