package tree

import (
	"errors"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// draft is a write that is being worked out, with the tree locked.
type draft struct {
	tree    *Tree
	changes []change     // of the instances that were opened
	given   []lwm2m.Item // what a server has given, to be checked by the objects and told to them; nothing is a resource without instances
	uploads []lwm2m.Item // likewise, for Uploaders
	create  lwm2m.Path   // the instance that a Creator is asked for, the root for none
	remove  []lwm2m.Path // the instances that Creators are asked for
}

// open gives the next state of an instance, to be changed in place. One that does not exist begins with its executable resources.
func (d *draft) open(instance lwm2m.Path) *change {
	for i := range d.changes {
		if d.changes[i].instance == instance {
			return &d.changes[i]
		}
	}
	o := d.tree.objects[instance.Object()]
	next, exists := o.instances[instance.Instance()]
	if exists {
		next = slices.Clone(next)
	} else {
		next = o.fresh(instance)
	}
	d.changes = append(d.changes, change{instance: instance, values: next})
	return &d.changes[len(d.changes)-1]
}

// put puts what a server has given into the draft, after the check against the definition. The instance is open.
func (d *draft) put(o *object, resource *lwm2m.Resource, item lwm2m.Item) error {
	if err := check(resource, item); err != nil {
		return err
	}
	if resource.Type == lwm2m.TypeOpaque && !resource.Multiple && resource.Operations.Can(lwm2m.W) && o.uploader != nil {
		d.uploads = append(d.uploads, item)
		return nil
	}
	d.given = append(d.given, item)
	c := d.open(item.Path.Up(lwm2m.LevelInstance))
	if !item.Value.IsZero() || !c.values.has(item.Path) {
		c.values = c.values.put(item.Path, item.Value)
	}
	if resource.Multiple && len(c.values.instances(item.Path.Up(lwm2m.LevelResource))) > MaxResourceInstances {
		return lwm2m.Errorf(lwm2m.StatusInternalServerError, "%v (%s): no room: it can have %d instances", item.Path, resource.Name, MaxResourceInstances)
	}
	return nil
}

// transact does what a server asks for: it works the draft out, lets the objects refuse it, and puts it into the tree. What has to wait until
// the response was sent is what it returns, nil for nothing.
//
// Creators and Uploaders are asked without the lock, for they may use the store; the draft is worked out a second time then.
func (t *Tree) transact(work func(d *draft) error) (after func(), err error) {
	t.mu.Lock()
	d := draft{tree: t}
	err = d.plan(work)
	if err == nil && d.asksOutside() {
		t.mu.Unlock()
		var effects []func()
		effects, err = d.outside()
		t.mu.Lock()
		if err == nil {
			create := d.create
			d = draft{tree: t}
			if err = d.plan(work); err == nil && d.create != create {
				err = lwm2m.Errorf(lwm2m.StatusInternalServerError, "%v: the client has made an instance at the same time", create)
			}
		}
		if err == nil {
			return t.finish(&d, effects), nil
		}
	}
	if err != nil {
		t.mu.Unlock()
		return nil, err
	}
	return t.finish(&d, nil), nil
}

// plan works the draft out and lets the Checkers look at it.
func (d *draft) plan(work func(d *draft) error) error {
	if err := work(d); err != nil {
		return err
	}
	if more := d.tree.growth(d.changes); more > 0 && d.tree.size+more > MaxBytes {
		return lwm2m.Errorf(lwm2m.StatusInternalServerError, "no room: all values together can have %d bytes", MaxBytes)
	}
	for o, items := range d.byObject() {
		if o.checker == nil {
			continue
		}
		if values := withValue(items); len(values) > 0 {
			if err := o.checker.Check(values); err != nil {
				return refusal(err)
			}
		}
	}
	return nil
}

// withValue leaves out the items that only name a path.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func withValue(items []lwm2m.Item) []lwm2m.Item {
	kept := make([]lwm2m.Item, 0, len(items))
	for i := range items {
		if !items[i].Value.IsZero() {
			kept = append(kept, items[i])
		}
	}
	return kept
}

// byObject gives what the server has given, object by object in ascending order.
func (d *draft) byObject() func(yield func(*object, []lwm2m.Item) bool) {
	return func(yield func(*object, []lwm2m.Item) bool) {
		rest := slices.Clone(d.given)
		lwm2m.SortItems(rest)
		for len(rest) > 0 {
			id := rest[0].Path.Object()
			n := slices.IndexFunc(rest, func(item lwm2m.Item) bool { return item.Path.Object() != id })
			if n < 0 {
				n = len(rest)
			}
			if !yield(d.tree.objects[id], rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

func (d *draft) asksOutside() bool {
	return len(d.uploads) > 0 || d.create.Level() > 0 || len(d.remove) > 0
}

// outside asks the Creators and hands over to the Uploaders. The lock is not held.
func (d *draft) outside() ([]func(), error) {
	if d.create.Level() > 0 {
		if err := d.tree.object(d.create).creator.CheckCreate(d.create, withValue(d.given)); err != nil {
			return nil, refusal(err)
		}
	}
	for _, instance := range d.remove {
		if err := d.tree.object(instance).creator.CheckDelete(instance); err != nil {
			return nil, refusal(err)
		}
	}
	var effects []func()
	for _, item := range d.uploads {
		effect, err := hand(d.tree.object(item.Path).uploader, item)
		if err != nil {
			return nil, refusal(err)
		}
		effects = append(effects, effect)
	}
	return effects, nil
}

// hand gives an Uploader a value that has come as a whole.
func hand(uploader lwm2m.Uploader, item lwm2m.Item) (after func(), err error) {
	upload, err := uploader.Upload(item.Path, int64(len(item.Value.Text())))
	if err != nil {
		return nil, err
	}
	if _, err := upload.Write(item.Value.Bytes()); err != nil {
		return nil, err
	}
	return upload.Commit()
}

// object gives the object of a path that is known to exist.
func (t *Tree) object(path lwm2m.Path) *object {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.objects[path.Object()]
}

// finish puts the draft into the tree, unlocks it and tells the subscribers. It gives what follows the response.
func (t *Tree) finish(d *draft, effects []func()) (after func()) {
	structured := t.commit(d.changes)
	for o, items := range d.byObject() {
		values := withValue(items)
		if len(values) == 0 {
			continue
		}
		if o.writer != nil {
			effects = append(effects, func() { o.writer.Written(values) })
		}
		for _, f := range t.onWritten {
			effects = append(effects, func() { f(values) })
		}
	}
	t.mu.Unlock()
	t.tell()
	if structured {
		effects = append(effects, t.tellStructure)
	}
	return join(effects)
}

// join makes one function of several, of which any may be nil; nil if all are.
func join(effects []func()) func() {
	effects = slices.DeleteFunc(effects, func(f func()) bool { return f == nil })
	if len(effects) == 0 {
		return nil
	}
	return func() {
		for _, f := range effects {
			f()
		}
	}
}

// refusal makes the *lwm2m.Error of what an object has refused: 5.00 if the object has not said another.
func refusal(err error) error {
	if _, is := errors.AsType[*lwm2m.Error](err); is {
		return err
	}
	return lwm2m.Errorf(lwm2m.StatusInternalServerError, "%v", err)
}

// status is that of an *lwm2m.Error, 0 of any other.
func status(err error) lwm2m.Status {
	if refused, is := errors.AsType[*lwm2m.Error](err); is {
		return refused.Status
	}
	return 0
}
