package tree

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// CheckCreate tells whether a server may create an instance of an object, before the payload is looked at: nil, or an *lwm2m.Error: 4.00 for the
// root, 4.01, 4.04, 4.05 for an object of which servers cannot create instances or whose single instance is there, 5.00 for want of room.
func (t *Tree) CheckCreate(ssid uint16, path lwm2m.Path) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.creator(ssid, path)
	return err
}

// creator is CheckCreate; the lock is held.
func (t *Tree) creator(ssid uint16, path lwm2m.Path) (*object, error) {
	switch {
	case path.Level() == lwm2m.LevelRoot:
		return nil, lwm2m.Errorf(lwm2m.StatusBadRequest, "nothing can be created at the root")
	case path.Level() > lwm2m.LevelInstance:
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: only instances can be created", path)
	}
	path = path.Up(lwm2m.LevelObject)
	at, err := t.resolve(ssid, RightCreate, path)
	o := at.object
	switch {
	case err != nil:
		return nil, err
	case !t.allowed(ssid, RightCreate, path):
		return nil, lwm2m.Errorf(lwm2m.StatusUnauthorized, "%v: server %d has not the right to create", path, ssid)
	case o.creator == nil:
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v (%s): servers cannot create instances of it", path, o.definition.Name)
	case !o.definition.Multiple && len(o.instances) > 0:
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v (%s): its one instance exists", path, o.definition.Name)
	}
	return o, o.room(path)
}

// room refuses one instance more than the limit.
func (o *object) room(path lwm2m.Path) error {
	if len(o.instances) >= o.limit {
		return lwm2m.Errorf(lwm2m.StatusInternalServerError, "%v (%s): no room: it can have %d instances", path, o.definition.Name, o.limit)
	}
	return nil
}

// FreeInstance gives the lowest instance of an object that does not exist. It is false if the object is not known or has them all.
func (t *Tree) FreeInstance(object uint16) (lwm2m.Path, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, found := t.objects[object]
	if !found {
		return lwm2m.Path{}, false
	}
	for id := range uint16(lwm2m.MaxID) {
		if _, exists := o.instances[id]; !exists {
			return lwm2m.NewPath(object, id), true
		}
	}
	return lwm2m.Path{}, false
}

// CreateInstance does a server's Create of an instance with its values, whole or not at all. The path is that of the instance, or of the object: then
// the values say which instance it is, and without any it is the lowest free one. The error is as with Write; an instance that exists, values of several
// instances, a resource that cannot be written, and want of a mandatory one that can be, give 4.00.
func (t *Tree) CreateInstance(ssid uint16, path lwm2m.Path, items []lwm2m.Item) (instance lwm2m.Path, after func(), err error) {
	after, err = t.transact(func(d *draft) error {
		o, err := t.creator(ssid, path)
		if err != nil {
			return err
		}
		if instance, err = o.newInstance(path, items); err != nil {
			return err
		}
		d.open(instance)
		d.create = instance
		for _, item := range items {
			if err := d.initial(o, instance, item); err != nil {
				return err
			}
		}
		return o.complete(d, instance, items)
	})
	return instance, after, err
}

// newInstance finds out which instance is to be created.
func (o *object) newInstance(path lwm2m.Path, items []lwm2m.Item) (lwm2m.Path, error) {
	if path.Level() == lwm2m.LevelObject {
		var id uint16
		for _, exists := o.instances[id]; exists; _, exists = o.instances[id] {
			id++
		}
		path = path.Child(id)
		if len(items) > 0 && items[0].Path.Level() >= lwm2m.LevelInstance && items[0].Path.Object() == path.Object() {
			path = items[0].Path.Up(lwm2m.LevelInstance)
		}
	}
	if _, exists := o.instances[path.Instance()]; exists {
		return lwm2m.Path{}, lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: there is one already", path)
	}
	if !o.definition.Multiple && path.Instance() != 0 {
		return lwm2m.Path{}, lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: the object has one instance, which is 0", path)
	}
	return path, nil
}

// initial puts a value of a new instance into the draft.
func (d *draft) initial(o *object, instance lwm2m.Path, item lwm2m.Item) error {
	if item.Path == instance {
		return nil
	}
	if !instance.Contains(item.Path) {
		return outsideOf(instance, item.Path)
	}
	resource, found := o.definition.Resource(item.Path.Resource())
	switch {
	case !found:
		return lwm2m.Errorf(lwm2m.StatusNotFound, "%v: there is no such resource", item.Path)
	case !resource.Operations.Can(lwm2m.W):
		return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v (%s): it cannot be written", item.Path, resource.Name)
	}
	return d.put(o, resource, item)
}

// DeleteInstance does a server's Delete of an instance. The error is an *lwm2m.Error: 4.01, 4.04, 4.05 for everything but an instance and for those that
// servers cannot delete, and what the object refuses with.
func (t *Tree) DeleteInstance(ssid uint16, path lwm2m.Path) (after func(), err error) {
	return t.transact(func(d *draft) error {
		at, err := t.resolve(ssid, RightDelete, path)
		switch {
		case err != nil:
			return err
		case path.Level() > lwm2m.LevelInstance && !t.exists(path):
			return lwm2m.Errorf(lwm2m.StatusNotFound, "%v: it has no value", path)
		case path.Level() != lwm2m.LevelInstance:
			return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: only instances can be deleted", path)
		case at.object.creator == nil:
			return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v (%s): servers cannot delete it", path, at.object.definition.Name)
		}
		d.changes = append(d.changes, change{instance: path, gone: true})
		d.remove = append(d.remove, path)
		return nil
	})
}
