package tree

import (
	"slices"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// live gives the value of a single resource or of an instance of a multiple one: the Reader's, else the one that is kept. An error is the
// Reader's mistake and has 5.00. The lock is held.
func (o *object) live(kept values, resource *lwm2m.Resource, path lwm2m.Path) (lwm2m.Value, bool, error) {
	if o.reader != nil {
		if value, found := o.reader.Read(path); found {
			if value.Type() != resource.Type {
				return lwm2m.Value{}, false, lwm2m.Errorf(lwm2m.StatusInternalServerError, "%v (%s): its object gave a value of the type %v, it is of the type %v",
					path, resource.Name, value.Type(), resource.Type)
			}
			return value, true, nil
		}
	}
	value, found := kept.get(path)
	return value, found, nil
}

// present tells whether a resource is there: it has a value, or is executable or write-only. The lock is held.
func (o *object) present(kept values, resource *lwm2m.Resource, path lwm2m.Path) bool {
	if resource.Operations == lwm2m.W || kept.has(path) {
		return true
	}
	if resource.Multiple || resource.Operations == lwm2m.E {
		return false
	}
	_, found, _ := o.live(kept, resource, path)
	return found
}

// collect adds the values of a resource, or of one instance of it, to items. The lock is held.
func (o *object) collect(items []lwm2m.Item, kept values, resource *lwm2m.Resource, path lwm2m.Path) ([]lwm2m.Item, error) {
	if resource.Multiple && path.Level() == lwm2m.LevelResource {
		for _, each := range kept.instances(path) {
			var err error
			if items, err = o.collect(items, kept, resource, each.path); err != nil {
				return nil, err
			}
		}
		return items, nil
	}
	if resource.Multiple && !kept.has(path) {
		return items, nil
	}
	value, found, err := o.live(kept, resource, path)
	if found {
		items = append(items, lwm2m.Item{Path: path, Value: value})
	}
	return items, err
}

// collectInstance adds the values of all resources with the operations, or with none where bootstrap is set. The lock is held.
func (o *object) collectInstance(items []lwm2m.Item, instance lwm2m.Path, bootstrap bool) ([]lwm2m.Item, error) {
	kept := o.instances[instance.Instance()]
	for i := range o.definition.Resources {
		resource := &o.definition.Resources[i]
		if !resource.Operations.Can(lwm2m.R) && (!bootstrap || resource.Operations != 0) {
			continue
		}
		var err error
		if items, err = o.collect(items, kept, resource, instance.Child(resource.ID)); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// Read gives a server what it may read at and below the path, ascending. From the instance up that is what is readable and has a value; an
// object without instances gives nothing. Of a resource it is the value, or the instances of a multiple one. The error is an *lwm2m.Error: 4.01 for a
// hidden object or for want of the right, 4.04 for what is not there, 4.05 for the root and for a resource that cannot be read.
func (t *Tree) Read(ssid uint16, path lwm2m.Path) ([]lwm2m.Item, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if path.Level() == lwm2m.LevelRoot {
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "the root cannot be read as a whole")
	}
	return t.read(nil, ssid, path)
}

// read is Read for every path but the root. It adds to items, which come back as they were with an error. The lock is held.
func (t *Tree) read(items []lwm2m.Item, ssid uint16, path lwm2m.Path) ([]lwm2m.Item, error) {
	more, err := t.appendRead(items, ssid, path)
	if err != nil {
		return items, err
	}
	return more, nil
}

func (t *Tree) appendRead(items []lwm2m.Item, ssid uint16, path lwm2m.Path) ([]lwm2m.Item, error) {
	at, err := t.resolve(ssid, RightRead, path)
	if err != nil {
		return nil, err
	}
	o := at.object
	switch path.Level() {
	case lwm2m.LevelObject:
		for _, id := range o.ids() {
			instance := path.Child(id)
			if !t.allowed(ssid, RightRead, instance) {
				continue
			}
			if items, err = o.collectInstance(items, instance, false); err != nil {
				return nil, err
			}
		}
		return items, nil
	case lwm2m.LevelInstance:
		return o.collectInstance(items, path, false)
	}
	if !o.present(at.values, at.resource, path.Up(lwm2m.LevelResource)) {
		return nil, noValue(path, at.resource)
	}
	if !at.resource.Operations.Can(lwm2m.R) {
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v (%s): it cannot be read", path, at.resource.Name)
	}
	more, err := o.collect(items, at.values, at.resource, path)
	if err == nil && len(more) == len(items) && (path.Level() == lwm2m.LevelResourceInstance || !at.resource.Multiple) {
		err = noValue(path, at.resource)
	}
	return more, err
}

func noValue(path lwm2m.Path, resource *lwm2m.Resource) error {
	return lwm2m.Errorf(lwm2m.StatusNotFound, "%v (%s): it has no value", path, resource.Name)
}

// ReadComposite gives a server what it may read at and below any of the paths, ascending and each once. What is not there or cannot be read is
// left out. The root stands for every object that is not hidden.
func (t *Tree) ReadComposite(ssid uint16, paths []lwm2m.Path) []lwm2m.Item {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.readComposite(nil, ssid, paths)
}

// readComposite is ReadComposite, and adds to items. The lock is held.
func (t *Tree) readComposite(items []lwm2m.Item, ssid uint16, paths []lwm2m.Path) []lwm2m.Item {
	for _, path := range outermost(paths) {
		within := []lwm2m.Path{path}
		if path.Level() == lwm2m.LevelRoot {
			within = nil
			for _, id := range ascending(t.objects) {
				within = append(within, lwm2m.NewPath(id))
			}
		}
		for _, each := range within {
			// Whatever is refused is left out (Core 1.1.1, 6.3.8).
			items, _ = t.read(items, ssid, each)
		}
	}
	return items
}

// outermost gives the paths ascending, without those that lie below others or stand there twice.
func outermost(paths []lwm2m.Path) []lwm2m.Path {
	sorted := slices.Clone(paths)
	lwm2m.SortPaths(sorted)
	var all []lwm2m.Path
	for _, path := range sorted {
		if len(all) == 0 || !all[len(all)-1].Contains(path) {
			all = append(all, path)
		}
	}
	return all
}

// Check tells whether a server may observe, discover or set attributes at a path: nil, or what Read would refuse it with but for resources that are
// there and cannot be read. The root is refused with 4.05.
func (t *Tree) Check(ssid uint16, path lwm2m.Path) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.check(ssid, path)
	return err
}

// check is Check; the lock is held.
func (t *Tree) check(ssid uint16, path lwm2m.Path) (target, error) {
	if path.Level() == lwm2m.LevelRoot {
		return target{}, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "this cannot be done with the root")
	}
	at, err := t.resolve(ssid, RightRead, path)
	if err != nil {
		return target{}, err
	}
	if !t.exists(path) {
		return target{}, lwm2m.Errorf(lwm2m.StatusNotFound, "%v: it has no value", path)
	}
	return at, nil
}

// Exists tells whether there is an object, an instance, a resource or a resource instance of the path. The root is there always. A resource is
// there if it has a value or is executable or write-only.
func (t *Tree) Exists(path lwm2m.Path) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.exists(path)
}

func (t *Tree) exists(path lwm2m.Path) bool {
	at, err := t.find(path)
	switch {
	case err != nil:
		return false
	case path.Level() < lwm2m.LevelResource:
		return true
	case path.Level() == lwm2m.LevelResource:
		return at.object.present(at.values, at.resource, path)
	}
	return at.values.has(path)
}

// ids gives the ids of the instances, ascending.
func (o *object) ids() []uint16 { return ascending(o.instances) }
