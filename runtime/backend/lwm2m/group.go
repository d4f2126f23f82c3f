package lwm2m

import (
	"slices"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// group is one kind of data on its way to the server: what is set, and which paths are sent for it. Resources that the client does not have
// are left out of both when it is delivered.
type group struct {
	instance lwm2m.Path // that the methods below work on
	values   []lwm2m.Item
	send     []lwm2m.Path
}

// The methods below are not inlined: an item is large, and there are a hundred calls.

// to turns to an instance.
//
//go:noinline
func (g *group) to(object, instance uint16) { g.instance = lwm2m.NewPath(object, instance) }

//go:noinline
func (g *group) set(resource uint16, value lwm2m.Value) {
	g.values = append(g.values, lwm2m.Item{Path: g.instance.Child(resource), Value: value})
}

// element sets one instance of a multiple resource.
//
//go:noinline
func (g *group) element(resource, id uint16, value lwm2m.Value) {
	g.values = append(g.values, lwm2m.Item{Path: g.instance.Child(resource).Child(id), Value: value})
}

//go:noinline
func (g *group) text(resource uint16, text string) { g.set(resource, lwm2m.String(text)) }

//go:noinline
func (g *group) integer(resource uint16, number int) { g.set(resource, lwm2m.Integer(int64(number))) }

//go:noinline
func (g *group) number(resource uint16, number float64) { g.set(resource, lwm2m.Float(number)) }

//go:noinline
func (g *group) boolean(resource uint16, is bool) { g.set(resource, lwm2m.Boolean(is)) }

//go:noinline
func (g *group) time(resource uint16, at time.Time) { g.set(resource, lwm2m.Time(at)) }

// report has resources sent.
//
//go:noinline
func (g *group) report(resources ...uint16) {
	for _, resource := range resources {
		g.send = append(g.send, g.instance.Child(resource))
	}
}

// reportInstance has the whole instance sent.
func (g *group) reportInstance() { g.send = append(g.send, g.instance) }

// possible gives what of a group the client has. The group itself is not changed: it may be delivered again.
func (r *running) possible(g group) group {
	var some group
	for i := range g.values {
		if r.has(g.values[i].Path) {
			some.values = append(some.values, g.values[i])
		}
	}
	for _, path := range g.send {
		if r.has(path) {
			some.send = append(some.send, path)
		}
	}
	return some
}

// set sets what of a group the client has an object for, with such a resource.
func (r *running) set(g group) error { return r.client.Tree().Set(r.possible(g).values...) }

// has tells whether the client has the object, the instance and, by its definition, the resource of a path.
func (r *running) has(path lwm2m.Path) bool {
	definition, found := r.client.Tree().Definition(path.Object())
	if !found {
		return false
	}
	if path.Level() >= lwm2m.LevelInstance && !slices.Contains(r.client.Tree().Children(path.Up(lwm2m.LevelObject)), path.Instance()) {
		return false
	}
	if path.Level() >= lwm2m.LevelResource {
		_, found = definition.Resource(path.Resource())
	}
	return found
}
