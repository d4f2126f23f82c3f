package format

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// UnknownResources says that a payload names resources that the objects' definitions do not have. Everything else of the payload is right and was
// decoded. As an *lwm2m.Error it is 4.04.
type UnknownResources struct {
	Paths []lwm2m.Path // each once
}

func (e *UnknownResources) Error() string { return e.status().Error() }

// Unwrap gives the *lwm2m.Error.
func (e *UnknownResources) Unwrap() error { return e.status() }

func (e *UnknownResources) status() error {
	var names strings.Builder
	for i, path := range e.Paths[:min(len(e.Paths), 8)] {
		if i > 0 {
			names.WriteString(", ")
		}
		names.WriteString(path.String())
	}
	if len(e.Paths) > 8 {
		names.WriteString(" and more")
	}
	return lwm2m.Errorf(lwm2m.StatusNotFound, "%s: the object has no such resource", &names)
}

// collector checks paths and values as they are found in a payload, and keeps them.
type collector struct {
	defs       Definitions
	base       lwm2m.Path
	limit      int
	definition *lwm2m.Definition // that of the last path
	items      []lwm2m.Item
	unknown    []lwm2m.Path
}

// resource gives the definition of the resource of a path. It is nil where the object has no such resource, which finish will report.
func (c *collector) resource(path lwm2m.Path) (*lwm2m.Resource, error) {
	if c.definition == nil || c.definition.ID != path.Object() {
		definition, found := c.defs.Definition(path.Object())
		if !found {
			return nil, lwm2m.Errorf(lwm2m.StatusNotFound, "%s: there is no such object", path)
		}
		c.definition = definition
	}
	resource, found := c.definition.Resource(path.Resource())
	if !found {
		path = path.Up(lwm2m.LevelResource)
		if len(c.unknown) == 0 || c.unknown[len(c.unknown)-1] != path {
			if err := c.room(); err != nil {
				return nil, err
			}
			c.unknown = append(c.unknown, path)
		}
		return nil, nil
	}
	switch {
	case path.Level() == lwm2m.LevelResource && resource.Multiple:
		return nil, badRequest("%s: a single value was given, but the resource is multiple", path)
	case path.Level() == lwm2m.LevelResourceInstance && !resource.Multiple:
		return nil, badRequest("%s: the resource is not multiple, and has no instances", path)
	}
	return resource, nil
}

func (c *collector) room() error {
	if len(c.items)+len(c.unknown) >= c.limit {
		return badRequest("%s: the payload has more than %d values", c.base, c.limit)
	}
	return nil
}

// add takes the value of a path as it stands in the payload.
func (c *collector) add(path lwm2m.Path, at time.Time, value func(*lwm2m.Resource) (raw, error)) error {
	if path.Level() < lwm2m.LevelResource {
		return badRequest("%s: only resources have values", path)
	}
	if !c.base.Contains(path) {
		return badRequest("%s lies outside of %s, for which the payload is", path, c.base)
	}
	resource, err := c.resource(path)
	if err != nil || resource == nil {
		return err
	}
	if err := c.room(); err != nil {
		return err
	}
	found, err := value(resource)
	if err != nil {
		return err
	}
	typed, err := found.typed(path, resource)
	if err != nil {
		return err
	}
	c.items = append(c.items, lwm2m.Item{Path: path, Value: typed, Time: at})
	return nil
}

// finish gives the items in order.
func (c *collector) finish() ([]lwm2m.Item, error) {
	lwm2m.SortItems(c.items)
	for i := range c.items[:max(len(c.items)-1, 0)] {
		if one, next := &c.items[i], &c.items[i+1]; one.Path == next.Path && one.Time.Equal(next.Time) {
			return nil, badRequest("%s: the payload has two values for it", c.items[i].Path)
		}
	}
	if len(c.unknown) == 0 {
		return c.items, nil
	}
	lwm2m.SortPaths(c.unknown)
	return c.items, &UnknownResources{Paths: slices.Compact(c.unknown)}
}

//go:noinline // a call is smaller, and no error is urgent
func badRequest(format string, arguments ...any) error {
	return lwm2m.Errorf(lwm2m.StatusBadRequest, format, arguments...)
}

// isUnknown tells whether all of a payload was decoded but for what is unknown.
func isUnknown(err error) bool {
	_, is := errors.AsType[*UnknownResources](err)
	return is
}
