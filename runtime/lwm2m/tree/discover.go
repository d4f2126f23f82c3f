package tree

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Node is one line of what a Discover lists.
type Node struct {
	Path      lwm2m.Path
	Multiple  bool // a multiple resource
	Instances int  // of a multiple resource
}

// Discover lists what there is at a path and below it, for a server, in the order of the paths: of an object its instances and their resources,
// of an instance its resources, of a resource its instances. Executable and write-only resources are listed too. The error is an *lwm2m.Error: 4.01, 4.04, 4.05
// for the root and for a resource instance.
func (t *Tree) Discover(ssid uint16, path lwm2m.Path) ([]Node, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, err := t.check(ssid, path)
	if err != nil {
		return nil, err
	}
	switch path.Level() {
	case lwm2m.LevelObject:
		nodes := []Node{{Path: path}}
		for _, id := range at.object.ids() {
			if instance := path.Child(id); t.allowed(ssid, RightRead, instance) {
				nodes = at.object.list(nodes, instance)
			}
		}
		return nodes, nil
	case lwm2m.LevelInstance:
		return at.object.list(nil, path), nil
	case lwm2m.LevelResource:
		instances := at.values.instances(path)
		nodes := []Node{{Path: path, Multiple: at.resource.Multiple, Instances: len(instances)}}
		for _, each := range instances {
			nodes = append(nodes, Node{Path: each.path})
		}
		return nodes, nil
	}
	return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: a resource instance cannot be discovered", path)
}

// list adds an instance and its resources. The lock is held.
func (o *object) list(nodes []Node, instance lwm2m.Path) []Node {
	kept := o.instances[instance.Instance()]
	nodes = append(nodes, Node{Path: instance})
	for i := range o.definition.Resources {
		resource := &o.definition.Resources[i]
		path := instance.Child(resource.ID)
		if !o.present(kept, resource, path) {
			continue
		}
		node := Node{Path: path, Multiple: resource.Multiple}
		if resource.Multiple {
			node.Instances = len(kept.instances(path))
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// Listing is an object and the ids of its instances, ascending.
type Listing struct {
	Definition *lwm2m.Definition
	Instances  []uint16
}

// Listings gives all objects with their instances, ascending, the hidden ones too.
func (t *Tree) Listings() []Listing {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Listing
	for _, id := range ascending(t.objects) {
		o := t.objects[id]
		all = append(all, Listing{Definition: o.definition, Instances: o.ids()})
	}
	return all
}

// AppendReadable adds to dst what a server may read at and below a path, as Read gives it, and tells whether there was something to read: false if
// the path is not there, cannot be read, or the server has not the right. The root stands for every object that is not hidden. For reporting.
func (t *Tree) AppendReadable(dst []lwm2m.Item, ssid uint16, path lwm2m.Path) (items []lwm2m.Item, found bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if path.Level() == lwm2m.LevelRoot {
		return t.readComposite(dst, ssid, []lwm2m.Path{path}), true
	}
	items, err := t.read(dst, ssid, path)
	return items, err == nil
}
