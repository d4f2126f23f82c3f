package tree

import (
	"maps"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Objects and resources that the bootstrap's rules name (OMA Core 1.1.1, E.1).
const (
	objectSecurity      = 0
	objectServer        = 1
	objectAccessControl = 2
	objectOSCORE        = 21

	securityIsBootstrap = 1
	securityOSCORE      = 17
)

// configured tells whether the bootstrap server makes and deletes the instances of an object even though other servers cannot.
func (o *object) configured() bool {
	id := o.definition.ID
	return id == objectSecurity || id == objectServer || id == objectAccessControl || id == objectOSCORE || o.creator != nil
}

// BootstrapWrite does a Bootstrap-Write at an object, an instance or a resource, whole or not at all. Operations and rights do not matter. Of an object
// each instance that values are given for is written, the others stay. An instance is made if it does not exist; of one that exists everything goes that
// is not given, but what no server can write. A resource gets exactly what is given; its instance is made too.
//
// Resources that the definitions do not have are to be left out by the caller. The error is an *lwm2m.Error: 4.00 for values that do not fit,
// for a second bootstrap account, and for another instance than 0 of an object that has one; 4.04 for an object that is not there; 4.05 for the root,
// a resource instance, an executable resource, and for a new instance of an object that is made by the client alone; 5.00 for want of room.
func (t *Tree) BootstrapWrite(path lwm2m.Path, items []lwm2m.Item) (after func(), err error) {
	return t.transact(func(d *draft) error {
		if path.Level() == lwm2m.LevelRoot || path.Level() == lwm2m.LevelResourceInstance {
			return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: the bootstrap server writes objects, instances and resources", path)
		}
		o, found := t.objects[path.Object()]
		if !found {
			return lwm2m.Errorf(lwm2m.StatusNotFound, "%v: there is no such object", path)
		}
		if path.Level() >= lwm2m.LevelInstance {
			if err := d.provide(o, path.Up(lwm2m.LevelInstance), path.Level() == lwm2m.LevelInstance); err != nil {
				return err
			}
		}
		if path.Level() == lwm2m.LevelResource {
			resource, found := o.definition.Resource(path.Resource())
			if !found {
				return lwm2m.Errorf(lwm2m.StatusNotFound, "%v: there is no such resource", path)
			}
			if c := d.open(path.Up(lwm2m.LevelInstance)); resource.Multiple {
				c.values = c.values.cut(path).put(path, lwm2m.Value{})
			} else if len(items) != 1 {
				return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: it takes one value, %d were given", path, len(items))
			}
		}
		for _, item := range items {
			if err := d.bootstrapPut(o, path, item); err != nil {
				return err
			}
		}
		return d.oneBootstrapAccount()
	})
}

// bootstrapPut puts one value of a Bootstrap-Write into the draft.
func (d *draft) bootstrapPut(o *object, path lwm2m.Path, item lwm2m.Item) error {
	if item.Path.Level() < lwm2m.LevelResource || !path.Contains(item.Path) {
		return outsideOf(path, item.Path)
	}
	resource, found := o.definition.Resource(item.Path.Resource())
	switch {
	case !found:
		return lwm2m.Errorf(lwm2m.StatusNotFound, "%v: there is no such resource", item.Path)
	case resource.Operations == lwm2m.E:
		return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v (%s): it cannot be written", item.Path, resource.Name)
	}
	if err := d.provide(o, item.Path.Up(lwm2m.LevelInstance), path.Level() == lwm2m.LevelObject); err != nil {
		return err
	}
	return d.put(o, resource, item)
}

// provide opens an instance that the bootstrap server writes, once; replace takes its values away.
func (d *draft) provide(o *object, instance lwm2m.Path, replace bool) error {
	if slices.ContainsFunc(d.changes, func(c change) bool { return c.instance == instance }) {
		return nil
	}
	if _, exists := o.instances[instance.Instance()]; !exists {
		made := 0
		for _, c := range d.changes {
			if _, existed := o.instances[c.instance.Instance()]; !existed {
				made++
			}
		}
		switch {
		case !o.definition.Multiple && instance.Instance() != 0:
			return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: the object has one instance, which is 0", instance)
		case !o.configured():
			return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v (%s): the client alone makes instances of it", instance, o.definition.Name)
		case len(o.instances)+made >= o.limit:
			return lwm2m.Errorf(lwm2m.StatusInternalServerError, "%v (%s): no room: it can have %d instances", instance, o.definition.Name, o.limit)
		}
	}
	c := d.open(instance)
	if replace {
		o.clear(c, func(resource *lwm2m.Resource) bool { return resource.Operations != lwm2m.R })
	}
	return nil
}

// oneBootstrapAccount refuses a second bootstrap account.
func (d *draft) oneBootstrapAccount() error {
	security, found := d.tree.objects[objectSecurity]
	if !found {
		return nil
	}
	next := maps.Clone(security.instances)
	for _, c := range d.changes {
		if c.instance.Object() == objectSecurity {
			next[c.instance.Instance()] = c.values
		}
	}
	count := 0
	for id, all := range next {
		if isBootstrapAccount(id, all) {
			count++
		}
	}
	if count > 1 {
		return lwm2m.Errorf(lwm2m.StatusBadRequest, "there can be one bootstrap account only")
	}
	return nil
}

func isBootstrapAccount(id uint16, all values) bool {
	value, found := all.get(lwm2m.NewPath(objectSecurity, id, securityIsBootstrap))
	return found && value.Bool()
}

// protected tells whether the bootstrap server cannot delete an instance: the bootstrap account, its OSCORE parameters, and what the
// client alone makes, as /3/0. The lock is held.
func (t *Tree) protected(instance lwm2m.Path) bool {
	if !t.objects[instance.Object()].configured() {
		return true
	}
	if instance.Object() != objectSecurity && instance.Object() != objectOSCORE {
		return false
	}
	security, found := t.objects[objectSecurity]
	if !found {
		return false
	}
	for id, all := range security.instances {
		if !isBootstrapAccount(id, all) {
			continue
		}
		account := lwm2m.NewPath(objectSecurity, id)
		if account == instance {
			return true
		}
		if link, has := all.get(account.Child(securityOSCORE)); has {
			object, of := link.Link()
			if object == instance.Object() && of == instance.Instance() {
				return true
			}
		}
	}
	return false
}

// BootstrapDelete does a Bootstrap-Delete at the root, an object or an instance. At the root and at an object it deletes what can be deleted, which may be
// nothing; the bootstrap account, its OSCORE parameters, and instances that the client alone makes, as /3/0, stay. An instance that is not there counts as
// deleted (RFC 7252, 5.8.4). The error is an *lwm2m.Error: 4.04 for an object that is not there, 4.05 for an instance that stays, and for resources.
func (t *Tree) BootstrapDelete(path lwm2m.Path) (after func(), err error) {
	return t.transact(func(d *draft) error {
		if path.Level() > lwm2m.LevelInstance {
			return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: the bootstrap server deletes objects and instances", path)
		}
		if path.Level() == lwm2m.LevelRoot {
			for _, id := range ascending(t.objects) {
				d.removeAll(t.objects[id])
			}
			return nil
		}
		o, found := t.objects[path.Object()]
		if !found {
			return lwm2m.Errorf(lwm2m.StatusNotFound, "%v: there is no such object", path)
		}
		if path.Level() == lwm2m.LevelObject {
			d.removeAll(o)
			return nil
		}
		if _, exists := o.instances[path.Instance()]; !exists {
			return nil
		}
		if t.protected(path) {
			return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v (%s): it cannot be deleted", path, o.definition.Name)
		}
		d.changes = append(d.changes, change{instance: path, gone: true})
		return nil
	})
}

// removeAll takes away the instances of an object that are not protected.
func (d *draft) removeAll(o *object) {
	for _, id := range o.ids() {
		if instance := lwm2m.NewPath(o.definition.ID, id); !d.tree.protected(instance) {
			d.changes = append(d.changes, change{instance: instance, gone: true})
		}
	}
}

// BootstrapRead does a Bootstrap-Read at /1, /2 or an instance of these. What no other server can read is given too. The error is an *lwm2m.Error:
// 4.01 for hidden objects, whose secrets stay in the client, 4.04 for what is not there, 4.05 for the root, other objects and resources.
func (t *Tree) BootstrapRead(path lwm2m.Path) ([]lwm2m.Item, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	level := path.Level()
	switch {
	case level >= lwm2m.LevelObject && Hidden(path.Object()):
		return nil, lwm2m.Errorf(lwm2m.StatusUnauthorized, "%v: the object cannot be read", path)
	case level == lwm2m.LevelRoot || level > lwm2m.LevelInstance:
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: the bootstrap server reads objects and instances", path)
	}
	at, err := t.find(path)
	switch {
	case err != nil:
		return nil, err
	case path.Object() != objectServer && path.Object() != objectAccessControl:
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: the bootstrap server reads the objects 1 and 2 only", path)
	case level == lwm2m.LevelInstance:
		return at.object.collectInstance(nil, path, true)
	}
	var items []lwm2m.Item
	for _, id := range at.object.ids() {
		if items, err = at.object.collectInstance(items, path.Child(id), true); err != nil {
			return nil, err
		}
	}
	return items, nil
}
