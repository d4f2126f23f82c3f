package tree

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Mode tells the two ways of writing an instance apart.
type Mode uint8

// The modes (OMA Core 1.1.1, 6.3.3).
const (
	Replace Mode = iota // PUT: what is not given goes
	Update              // POST: what is not given stays
)

// CheckWrite tells whether a server may write at a path, before the payload is looked at: nil, or the *lwm2m.Error with which Write would refuse any
// values: 4.01, 4.04, or 4.05 for the root, an object, and a resource that cannot be written.
func (t *Tree) CheckWrite(ssid uint16, path lwm2m.Path) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.writable(ssid, path)
	return err
}

// writable is CheckWrite; the lock is held.
func (t *Tree) writable(ssid uint16, path lwm2m.Path) (target, error) {
	at, err := t.resolve(ssid, RightWrite, path)
	switch {
	case err != nil:
		return target{}, err
	case path.Level() < lwm2m.LevelInstance:
		return target{}, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: only instances and resources can be written", path)
	case path.Level() == lwm2m.LevelInstance:
		return at, nil
	}
	return at, at.mayWrite(path)
}

// mayWrite refuses to write a resource that has not the operation: 4.05, 4.04 if it is not there.
func (at target) mayWrite(path lwm2m.Path) error {
	switch {
	case at.resource.Operations.Can(lwm2m.W):
		return nil
	case !at.object.present(at.values, at.resource, path.Up(lwm2m.LevelResource)):
		return lwm2m.Errorf(lwm2m.StatusNotFound, "%v (%s): it has no value", path, at.resource.Name)
	}
	return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v (%s): it cannot be written", path, at.resource.Name)
}

// Write does a server's Write at an instance, a resource or a resource instance, whole or not at all. mode matters for an instance, and for a
// multiple resource of it: Replace takes away the writable resources that are not given, Update keeps them. A resource always gets exactly what is
// given. A value without type at a multiple resource says that it has no instances.
//
// after is what has to wait until the response was sent (lwm2m.Writer, what an upload has led to), nil for nothing. The error is an *lwm2m.Error: those
// of CheckWrite, 4.00 for values that do not belong to the path or do not fit the definition and for a mandatory resource that Replace would take
// away, 5.00 for want of room, and what the object refuses with. So it is with the other operations.
func (t *Tree) Write(ssid uint16, path lwm2m.Path, mode Mode, items []lwm2m.Item) (after func(), err error) {
	return t.transact(func(d *draft) error {
		at, err := t.writable(ssid, path)
		if err != nil {
			return err
		}
		c := d.open(path.Up(lwm2m.LevelInstance))
		switch {
		case path.Level() == lwm2m.LevelInstance:
			if mode == Replace {
				at.object.clear(c, func(resource *lwm2m.Resource) bool { return resource.Operations.Can(lwm2m.W) })
			}
			if err := d.writeInstance(at, path, items); err != nil {
				return err
			}
			return at.object.complete(d, path, items)
		case path.Level() == lwm2m.LevelResource && at.resource.Multiple:
			c.values = c.values.cut(path).put(path, lwm2m.Value{})
		case len(items) != 1 || items[0].Path != path:
			return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: it takes one value, %d were given", path, len(items))
		}
		for _, item := range items {
			if !path.Contains(item.Path) {
				return outsideOf(path, item.Path)
			}
			if err := d.put(at.object, at.resource, item); err != nil {
				return err
			}
		}
		return nil
	})
}

func outsideOf(path, other lwm2m.Path) error {
	return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: the value of %v was given", path, other)
}

// clear takes away the resources of an instance for which the function is true.
func (o *object) clear(c *change, which func(*lwm2m.Resource) bool) {
	for i := range o.definition.Resources {
		if resource := &o.definition.Resources[i]; resource.Operations != lwm2m.E && which(resource) {
			c.values = c.values.cut(c.instance.Child(resource.ID))
		}
	}
}

// complete refuses an instance that would lack a mandatory resource that servers can write.
func (o *object) complete(d *draft, instance lwm2m.Path, items []lwm2m.Item) error {
	next := d.open(instance).values
	for i := range o.definition.Resources {
		resource := &o.definition.Resources[i]
		path := instance.Child(resource.ID)
		if !resource.Mandatory || resource.Operations != lwm2m.RW || next.has(path) {
			continue
		}
		if _, found, _ := o.live(nil, resource, path); !found {
			return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v (%s): it is mandatory and is not among the %d values given", path, resource.Name, len(items))
		}
	}
	return nil
}

// writeInstance puts the values of resources of an instance into the draft.
func (d *draft) writeInstance(at target, instance lwm2m.Path, items []lwm2m.Item) error {
	for _, item := range items {
		if item.Path.Level() < lwm2m.LevelResource || !instance.Contains(item.Path) {
			return outsideOf(instance, item.Path)
		}
		var found bool
		if at.resource, found = at.object.definition.Resource(item.Path.Resource()); !found {
			return lwm2m.Errorf(lwm2m.StatusNotFound, "%v: there is no such resource", item.Path)
		}
		if err := at.mayWrite(item.Path); err != nil {
			return err
		}
		if err := d.put(at.object, at.resource, item); err != nil {
			return err
		}
	}
	return nil
}

// WriteComposite does a server's Write-Composite, whole or not at all. The items are of resources and resource instances; instances of objects are
// not made by it. The first item that is refused decides the error.
func (t *Tree) WriteComposite(ssid uint16, items []lwm2m.Item) (after func(), err error) {
	return t.transact(func(d *draft) error {
		for _, item := range items {
			if item.Path.Level() < lwm2m.LevelResource {
				return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: a composite write names resources", item.Path)
			}
			at, err := t.writable(ssid, item.Path)
			if err != nil {
				return err
			}
			if err := d.put(at.object, at.resource, item); err != nil {
				return err
			}
		}
		return nil
	})
}

// Upload begins to hand a large value of a resource over as it comes, where the object is an lwm2m.Uploader and the resource a single Opaque one. streams is
// false if it is not: then the value is collected and written as others are. size is what the server has announced, -1 for nothing. The
// error is that of CheckWrite, or what the object refuses with.
func (t *Tree) Upload(ssid uint16, path lwm2m.Path, size int64) (upload lwm2m.Upload, streams bool, err error) {
	t.mu.Lock()
	at, err := t.writable(ssid, path)
	t.mu.Unlock()
	if err != nil {
		return nil, false, err
	}
	if path.Level() != lwm2m.LevelResource || at.object.uploader == nil || at.resource.Type != lwm2m.TypeOpaque || at.resource.Multiple {
		return nil, false, nil
	}
	upload, err = at.object.uploader.Upload(path, size)
	if err != nil {
		return nil, true, refusal(err)
	}
	return upload, true, nil
}
