package tree

import (
	"slices"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// values are those of one instance, ascending by path. A multiple resource and an executable one stand in it with an entry of their own that has
// no value. A list that stands in the tree is never changed; put and cut work on copies.
type values []entry

type entry struct {
	_     incomparable
	path  lwm2m.Path
	value lwm2m.Value
}

func (v values) search(path lwm2m.Path) (int, bool) {
	return slices.BinarySearchFunc(v, path, func(e entry, path lwm2m.Path) int { return e.path.Compare(path) })
}

// has tells whether there is an entry of exactly the path.
func (v values) has(path lwm2m.Path) bool {
	_, found := v.search(path)
	return found
}

// get gives the value at exactly the path.
func (v values) get(path lwm2m.Path) (lwm2m.Value, bool) {
	i, found := v.search(path)
	if !found || v[i].value.IsZero() {
		return lwm2m.Value{}, false
	}
	return v[i].value, true
}

// below gives the entries at the path and below it.
func (v values) below(path lwm2m.Path) values {
	from, _ := v.search(path)
	to := from
	for to < len(v) && path.Contains(v[to].path) {
		to++
	}
	return v[from:to]
}

// instances gives the entries of the instances of a multiple resource.
func (v values) instances(resource lwm2m.Path) values {
	all := v.below(resource)
	if len(all) > 0 && all[0].path == resource {
		all = all[1:]
	}
	return all
}

// put sets the value at a path; with that of a resource instance the resource comes into being.
func (v values) put(path lwm2m.Path, value lwm2m.Value) values {
	if path.Level() == lwm2m.LevelResourceInstance {
		if resource := path.Up(lwm2m.LevelResource); !v.has(resource) {
			v = v.put(resource, lwm2m.Value{})
		}
	}
	i, found := v.search(path)
	if found {
		v[i].value = value
		return v
	}
	v = append(v, entry{})
	copy(v[i+1:], v[i:])
	v[i] = entry{path: path, value: value}
	return v
}

// cut removes what stands at a path and below it.
func (v values) cut(path lwm2m.Path) values {
	from, _ := v.search(path)
	return slices.Delete(v, from, from+len(v.below(path)))
}

// entrySize is about what an entry takes up beside the content of its value.
const entrySize = 48

// size gives the bytes that values take up.
func (v values) size() int {
	n := len(v) * entrySize
	for _, each := range v {
		n += len(each.value.Text())
	}
	return n
}

// growth gives the bytes by which changes make the values of the tree larger. The lock is held.
func (t *Tree) growth(changes []change) int {
	n := 0
	for _, c := range changes {
		n -= t.objects[c.instance.Object()].instances[c.instance.Instance()].size()
		if !c.gone {
			n += c.values.size()
		}
	}
	return n
}

// difference gives the paths that came, went or changed from old to new, ascending.
func difference(old, new values) []lwm2m.Path {
	var paths []lwm2m.Path
	for len(old) > 0 || len(new) > 0 {
		var order int
		switch {
		case len(old) == 0:
			order = 1
		case len(new) == 0:
			order = -1
		default:
			order = old[0].path.Compare(new[0].path)
		}
		switch {
		case order < 0:
			paths = append(paths, old[0].path)
			old = old[1:]
		case order > 0:
			paths = append(paths, new[0].path)
			new = new[1:]
		default:
			if !old[0].value.Equal(new[0].value) {
				paths = append(paths, old[0].path)
			}
			old, new = old[1:], new[1:]
		}
	}
	return paths
}

// change is one instance's next state.
type change struct {
	instance lwm2m.Path
	values   values
	gone     bool
}

// commit puts changes into the tree, and queues the paths of what is different now for the subscribers. It tells whether instances came or went;
// the caller queues that. The lock is held.
func (t *Tree) commit(changes []change) (structured bool) {
	t.size += t.growth(changes)
	var changed []lwm2m.Path
	for _, c := range changes {
		o := t.objects[c.instance.Object()]
		old, existed := o.instances[c.instance.Instance()]
		if existed == c.gone {
			structured = true
			changed = append(changed, c.instance)
		}
		changed = append(changed, difference(old, c.values)...)
		if c.gone {
			delete(o.instances, c.instance.Instance())
		} else {
			o.instances[c.instance.Instance()] = c.values
		}
	}
	lwm2m.SortPaths(changed)
	t.changed = union(t.changed, changed)
	return structured
}

// union puts ascending paths into ascending paths.
func union(into, paths []lwm2m.Path) []lwm2m.Path {
	all := append(slices.Clip(into), paths...)
	lwm2m.SortPaths(all)
	return slices.Compact(all)
}

// incomparable stands in structs that nobody compares, for which the compiler makes no function then.
type incomparable [0]func()
