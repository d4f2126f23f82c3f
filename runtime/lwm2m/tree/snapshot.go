package tree

import (
	"maps"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Snapshot is the state of some objects at one time. It holds secrets where the objects do.
type Snapshot struct {
	objects map[uint16]map[uint16]values
}

// Snapshot keeps the state of the objects, of those that the tree holds. It costs little: lists of values are not copied.
func (t *Tree) Snapshot(objects ...uint16) Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Snapshot{objects: map[uint16]map[uint16]values{}}
	for _, id := range objects {
		if o, found := t.objects[id]; found {
			s.objects[id] = maps.Clone(o.instances)
		}
	}
	return s
}

// Restore brings the objects of a snapshot back to its state: instances that were made since then go. Subscribers are told what is different.
func (t *Tree) Restore(s Snapshot) {
	t.mu.Lock()
	for _, id := range ascending(s.objects) {
		if _, found := t.objects[id]; found {
			structured := t.commit(t.replacing(id, s.objects[id]))
			t.structured = t.structured || structured
		}
	}
	t.mu.Unlock()
	t.tell()
}

// replacing gives the changes that make the instances of an object exactly those given. The lock is held.
func (t *Tree) replacing(id uint16, next map[uint16]values) []change {
	var changes []change
	for _, instance := range t.objects[id].ids() {
		if _, stays := next[instance]; !stays {
			changes = append(changes, change{instance: lwm2m.NewPath(id, instance), gone: true})
		}
	}
	for _, instance := range ascending(next) {
		changes = append(changes, change{instance: lwm2m.NewPath(id, instance), values: next[instance]})
	}
	return changes
}

// Export gives all values that are kept of some objects, the secret ones too, ascending. An instance without values is not among them.
func (t *Tree) Export(objects ...uint16) []lwm2m.Item {
	t.mu.Lock()
	defer t.mu.Unlock()
	var items []lwm2m.Item
	for _, id := range sorted(slices.Clone(objects)) {
		o, found := t.objects[id]
		if !found {
			continue
		}
		for _, instance := range o.ids() {
			for _, each := range o.instances[instance] {
				if !each.value.IsZero() {
					items = append(items, lwm2m.Item{Path: each.path, Value: each.value})
				}
			}
		}
	}
	return items
}

// Import makes the instances of some objects exactly those that the items are of, all or nothing: it takes what Export has given. An error says which item
// does not fit the definitions, or belongs to none of the objects.
func (t *Tree) Import(items []lwm2m.Item, objects ...uint16) error {
	return annotate("import", t.local(func() ([]change, error) {
		next := map[uint16]map[uint16]values{}
		for _, id := range objects {
			if _, found := t.objects[id]; !found {
				return nil, errorf("there is no object %d", id)
			}
			next[id] = map[uint16]values{}
		}
		for _, item := range items {
			if item.Path.Level() < lwm2m.LevelResource || next[item.Path.Object()] == nil {
				return nil, errorf("%v is no resource of the objects %v", item.Path, objects)
			}
			instance := item.Path.Up(lwm2m.LevelInstance)
			o := t.objects[instance.Object()]
			all, begun := next[instance.Object()][instance.Instance()]
			if !begun {
				all = o.fresh(instance)
			}
			all, err := o.set(all, instance, []lwm2m.Item{item})
			if err != nil {
				return nil, err
			}
			next[instance.Object()][instance.Instance()] = all
		}
		var changes []change
		for _, id := range objects {
			changes = append(changes, t.replacing(id, next[id])...)
		}
		return changes, nil
	}))
}
