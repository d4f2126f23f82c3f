package plan

import (
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/kconfig"
)

// literal takes the values of a bound struct from the configuration.
func (m *maker) literal(bound *bind.Struct) Literal {
	result := Literal{Package: nameOf(bound.Package), Type: bound.Name, Fields: []Field{}}
	for _, each := range bound.Fields {
		if each.Kind == bind.Nested {
			if nested := m.literal(each.Struct); len(nested.Fields) > 0 {
				result.Fields = append(result.Fields, Field{Name: each.Name, Kind: each.Kind, Literal: &nested})
			}
			continue
		}
		if field, has := m.field(each); has {
			result.Fields = append(result.Fields, field)
		}
	}
	return result
}

// field takes one value. An option without a value leaves its field at the zero value.
func (m *maker) field(bound bind.Field) (Field, bool) {
	result := Field{Name: bound.Name, Option: bound.Option, Kind: bound.Kind, Unit: bound.Unit, Marked: bound.Marked}
	if m.config.Tree().Option(bound.Option) == nil { // a choice
		result.Value = m.config.Selected(bound.Option)
		return result, result.Value != ""
	}
	value, _ := m.config.Value(bound.Option)
	if !value.HasValue {
		return Field{}, false
	}
	if bound.Kind == bind.Keys {
		result.Values = m.keys(value, bound)
		return result, len(result.Values) > 0
	}
	result.Value = value.Text
	switch bound.Kind {
	case bind.Bool:
		result.Value = strconv.FormatBool(value.Bool)
	case bind.Integer, bind.Duration:
		if !fits(value.Int, bound) {
			m.tooBig(value, bound)
		}
	}
	if bound.Marked {
		result.Value = withMarks(value.Text, m.config.Marks())
		if m.version == "" {
			m.version = result.Value
		}
	}
	return result, true
}

func (m *maker) tooBig(value kconfig.Value, bound bind.Field) {
	found := m.fail(CodeValueTooBig, "%s = %s does not fit the field %s of type %s", bound.Option, value.Text, bound.Name, bound.GoType)
	if value.Reason.Range.Filename != "" {
		found.Subject = &value.Reason.Range
	}
	found.Related = []kconfig.Related{{Message: "the field that is bound to it", Range: bound.Range}}
}

// lengths are the units of time.
var lengths = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "min": time.Minute, "h": time.Hour}

func fits(value int64, bound bind.Field) bool {
	if bound.Kind == bind.Duration {
		most := int64(1<<63-1) / int64(lengths[bound.Unit])
		return value <= most && value >= -most
	}
	if !bound.Signed {
		return value >= 0 && (bound.Bits == 64 || value < 1<<bound.Bits)
	}
	most := int64(1)<<(bound.Bits-1) - 1
	return value <= most && value >= -most-1
}

// withMarks appends marks to a version as build metadata (semver.org, 10).
func withMarks(version string, marks []kconfig.Mark) string {
	separator := "+"
	if strings.Contains(version, "+") {
		separator = "."
	}
	for _, each := range marks {
		version += separator + each.Name
		separator = "."
	}
	return version
}
