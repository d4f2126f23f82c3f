package tree

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
)

// checkDefinition says what is wrong with an object's definition.
func checkDefinition(definition *lwm2m.Definition) error {
	if definition.ID == lwm2m.MaxID {
		return errorf("the id %d names no object", lwm2m.MaxID)
	}
	for i := range definition.Resources {
		resource := &definition.Resources[i]
		switch {
		case resource.ID == lwm2m.MaxID:
			return errorf("the id %d names no resource", lwm2m.MaxID)
		case i > 0 && definition.Resources[i-1].ID >= resource.ID:
			return errorf("resource %d does not stand in ascending order", resource.ID)
		case resource.Operations.Can(lwm2m.E) != (resource.Type == lwm2m.TypeNone) || resource.Operations&^lwm2m.E != 0 && resource.Operations.Can(lwm2m.E):
			return errorf("resource %d: an executable one has the type none and no other operation", resource.ID)
		case resource.Operations == lwm2m.E && resource.Multiple:
			return errorf("resource %d: an executable one cannot be multiple", resource.ID)
		case resource.Operations == lwm2m.E:
			continue
		}
		err := format.CheckRange(resource, outlier(resource.Type))
		if status(err) == lwm2m.StatusInternalServerError {
			return err
		}
	}
	return nil
}

// outlier gives a value that lies in hardly any range, so that all of a range is read to find that out.
func outlier(kind lwm2m.Type) lwm2m.Value {
	switch kind {
	case lwm2m.TypeInteger:
		return lwm2m.Integer(math.MinInt64)
	case lwm2m.TypeTime:
		return lwm2m.Seconds(math.MinInt64)
	case lwm2m.TypeUnsigned:
		return lwm2m.Unsigned(math.MaxUint64)
	case lwm2m.TypeFloat:
		return lwm2m.Float(math.NaN())
	case lwm2m.TypeCorelnk:
		return lwm2m.Corelnk("")
	case lwm2m.TypeOpaque:
		return lwm2m.Opaque(nil)
	}
	return lwm2m.String("")
}

// check says what is wrong with a value for the resource at its path: shape, type, range, text that is no UTF-8. The error has 4.00.
func check(resource *lwm2m.Resource, item lwm2m.Item) error {
	var wrong string
	whole := item.Path.Level() == lwm2m.LevelResource
	switch {
	case resource.Multiple && whole && item.Value.IsZero():
		return nil // no instances
	case resource.Multiple && whole:
		wrong = "it is a multiple resource, a single value was given"
	case !resource.Multiple && !whole:
		wrong = "it is a single resource, an instance of it was given"
	case item.Value.Type() != resource.Type:
		wrong = fmt.Sprintf("a value of the type %v was given, it is of the type %v", item.Value.Type(), resource.Type)
	case item.Value.IsZero():
		return nil // executable
	case (resource.Type == lwm2m.TypeString || resource.Type == lwm2m.TypeCorelnk) && !utf8.ValidString(item.Value.Text()):
		wrong = "the text is not UTF-8"
	default:
		return format.CheckRange(resource, item.Value)
	}
	return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v (%s): %s", item.Path, resource.Name, wrong)
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
