package tree

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// fresh gives the values that an instance has from the start: its executable resources.
func (o *object) fresh(instance lwm2m.Path) values {
	var all values
	for _, resource := range o.definition.Resources {
		if resource.Operations == lwm2m.E && o.executor != nil {
			all = append(all, entry{path: instance.Child(resource.ID)})
		}
	}
	return all
}

// Create makes an instance with its first values: those given and the executable resources of the object. It is an error if the object is not
// known, if the instance exists, if an object with a single instance would have another than 0, or if a value does not fit the definition.
func (t *Tree) Create(instance lwm2m.Path, items ...lwm2m.Item) error {
	err := t.local(func() ([]change, error) {
		o, err := t.creatable(instance)
		if err != nil {
			return nil, err
		}
		next, err := o.set(o.fresh(instance), instance, items)
		return []change{{instance: instance, values: next}}, err
	})
	return annotate("create", err)
}

// creatable tells whether there may be a new instance of the path, and of which object.
func (t *Tree) creatable(instance lwm2m.Path) (*object, error) {
	if instance.Level() != lwm2m.LevelInstance {
		return nil, errorf("%v is no path of an instance", instance)
	}
	o, found := t.objects[instance.Object()]
	if !found {
		return nil, errorf("%v: there is no such object", instance)
	}
	if _, exists := o.instances[instance.Instance()]; exists {
		return nil, errorf("%v: there is one already", instance)
	}
	if !o.definition.Multiple && instance.Instance() != 0 {
		return nil, errorf("%v: the object has one instance, which is 0", instance)
	}
	return o, nil
}

// set puts the client's own values into those of an instance, which are the function's to change.
func (o *object) set(next values, instance lwm2m.Path, items []lwm2m.Item) (values, error) {
	for _, item := range items {
		if item.Path.Level() < lwm2m.LevelResource || !instance.Contains(item.Path) {
			return nil, errorf("%v is no resource of %v", item.Path, instance)
		}
		resource, found := o.definition.Resource(item.Path.Resource())
		if !found {
			return nil, errorf("%v: the definition has no such resource", item.Path)
		}
		if err := check(resource, item); err != nil {
			return nil, err
		}
		if !item.Value.IsZero() || !next.has(item.Path) {
			next = next.put(item.Path, item.Value)
		}
	}
	return next, nil
}

// Delete removes an instance. It is an error if there is none.
func (t *Tree) Delete(instance lwm2m.Path) error {
	err := t.local(func() ([]change, error) {
		if instance.Level() != lwm2m.LevelInstance {
			return nil, errorf("%v is no path of an instance", instance)
		}
		if _, err := t.find(instance); err != nil {
			return nil, err
		}
		return []change{{instance: instance, gone: true}}, nil
	})
	return annotate("delete", err)
}

// Set sets values of instances that exist, all or none. A value without type brings a multiple resource into being that has no instances, or an
// executable resource. It is an error if an instance is not there, or if a value does not fit the definition.
func (t *Tree) Set(items ...lwm2m.Item) error {
	return annotate("set", t.edit(paths(items), func(o *object, next values, i int) (values, error) {
		return o.set(next, items[i].Path.Up(lwm2m.LevelInstance), items[i:i+1])
	}))
}

// Unset removes optional resources and instances of multiple ones, all or none; what is not there is no error. It is an error to unset a mandatory
// resource, or what is no resource of the definition.
func (t *Tree) Unset(paths ...lwm2m.Path) error {
	return annotate("unset", t.edit(paths, func(o *object, next values, i int) (values, error) {
		path := paths[i]
		resource, found := o.definition.Resource(path.Resource())
		switch {
		case !found:
			return nil, errorf("%v: the definition has no such resource", path)
		case path.Level() == lwm2m.LevelResource && resource.Mandatory:
			return nil, errorf("%v (%s) is mandatory", path, resource.Name)
		}
		return next.cut(path), nil
	}))
}

func paths(items []lwm2m.Item) []lwm2m.Path {
	all := make([]lwm2m.Path, len(items))
	for i, item := range items {
		all[i] = item.Path
	}
	return all
}

// edit changes the instances of some resources: f is called for each path with the values of its instance, which are its to change.
func (t *Tree) edit(paths []lwm2m.Path, f func(o *object, next values, i int) (values, error)) error {
	return t.local(func() ([]change, error) { return t.edited(paths, f) })
}

func (t *Tree) edited(paths []lwm2m.Path, f func(o *object, next values, i int) (values, error)) ([]change, error) {
	d := draft{tree: t}
	for i, path := range paths {
		if path.Level() < lwm2m.LevelResource {
			return nil, errorf("%v is no path of a resource", path)
		}
		instance := path.Up(lwm2m.LevelInstance)
		at, err := t.find(instance)
		if err != nil {
			return nil, err
		}
		c := d.open(instance)
		if c.values, err = f(at.object, c.values, i); err != nil {
			return nil, err
		}
	}
	return d.changes, nil
}

// local does what the client's own code asks for.
func (t *Tree) local(work func() ([]change, error)) error {
	t.mu.Lock()
	changes, err := work()
	if err == nil {
		structured := t.commit(changes)
		t.structured = t.structured || structured
	}
	t.mu.Unlock()
	if err != nil {
		return err
	}
	t.tell()
	return nil
}

// annotate says in an error of the client's own code what failed.
func annotate(what string, err error) error {
	if err == nil {
		return nil
	}
	return errorf("%s: %w", what, err)
}

// Get gives the value of a resource or resource instance, live where the object has a Reader. Bootstrap-only and write-only ones are given too.
func (t *Tree) Get(path lwm2m.Path) (lwm2m.Value, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.get(path)
}

func (t *Tree) get(path lwm2m.Path) (lwm2m.Value, bool) {
	at, err := t.find(path)
	if err != nil || path.Level() < lwm2m.LevelResource || at.resource.Operations == lwm2m.E {
		return lwm2m.Value{}, false
	}
	if at.resource.Multiple && (path.Level() == lwm2m.LevelResource || !at.values.has(path)) {
		return lwm2m.Value{}, false
	}
	value, found, err := at.object.live(at.values, at.resource, path)
	return value, found && err == nil
}

// Children gives the ids one level below a path that exist, ascending.
func (t *Tree) Children(path lwm2m.Path) []uint16 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.children(path)
}

func (t *Tree) children(path lwm2m.Path) []uint16 {
	at, err := t.find(path)
	if err != nil {
		return nil
	}
	var all []uint16
	switch path.Level() {
	case lwm2m.LevelRoot:
		return ascending(t.objects)
	case lwm2m.LevelObject:
		return at.object.ids()
	case lwm2m.LevelInstance:
		for i := range at.object.definition.Resources {
			resource := &at.object.definition.Resources[i]
			if at.object.present(at.values, resource, path.Child(resource.ID)) {
				all = append(all, resource.ID)
			}
		}
	case lwm2m.LevelResource:
		for _, each := range at.values.instances(path) {
			all = append(all, each.path.ResourceInstance())
		}
	}
	return all
}
