package plan

import (
	"io/fs"
	"strings"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/kconfig"
)

// unread warns of options that a layer has set and that change nothing in this build: what they are bound to is not part of it, and no expression and no
// template refers to them. What a shipped layer sets, whose name begins with ours, need not concern each build.
func (m *maker) unread(result *Plan, ours string) error {
	read := map[string]bool{}
	for _, each := range result.Components() {
		options(&each.Config, read)
	}
	for _, each := range result.Files {
		template, offered := each.From.Packaging()
		switch {
		case offered:
		case each.From.IsTemplate():
			template = string(each.From)
		default:
			continue
		}
		text, err := fs.ReadFile(m.sources.FS(), template)
		if err != nil {
			return err
		}
		for _, option := range bind.TemplateOptions(text) {
			read[option] = true
		}
	}
	tree := m.config.Tree()
	for _, value := range m.config.Values() {
		choice := value.Option.Choice
		if value.Reason.Kind != "layer" || ours != "" && strings.HasPrefix(value.Reason.Range.Filename, ours) || changes(value.Option, read) || tree.Refers(value.Option.Name) || choice != nil && tree.Refers(choice.Name) {
			continue
		}
		found := m.fail(CodeUnread, "%s = %s changes nothing: no part of this build reads it", value.Option.Name, value.Text)
		found.Subject = &value.Reason.Range
		found.Fix = "leave it out, or switch on what it is for"
	}
	return nil
}

// changes tells of an option whether it has an effect as far as its own definition and what is read say so.
func changes(option *kconfig.Option, read map[string]bool) bool {
	return read[option.Name] || option.Choice != nil && read[option.Choice.Name] || option.Effect != "" || len(option.Provisions) > 0 || bind.Selects(option)
}

// options adds those that a literal has values of.
func options(of *Literal, names map[string]bool) {
	for _, field := range of.Fields {
		if field.Literal != nil {
			options(field.Literal, names)
		} else {
			names[field.Option] = true
		}
	}
}
