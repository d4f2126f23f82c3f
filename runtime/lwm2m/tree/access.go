package tree

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Right is what a server wants to do, with the bits of the ACL of object 2 (OMA Core 1.1.1, E.3).
type Right uint8

// The rights.
const (
	RightRead    Right = 1 << iota // Read, Observe, Write-Attributes, Discover
	RightWrite                     // Write
	RightExecute                   // Execute
	RightDelete                    // Delete
	RightCreate                    // Create, asked for the object
)

// Access says what servers may do. Without one every server may do everything.
type Access interface {
	// Allowed tells whether the server may do it with the instance; for RightCreate with the object. The tree is locked during the call: what is
	// looked up in it has to go through the view.
	Allowed(ssid uint16, right Right, path lwm2m.Path, view View) bool
}

// View reads a tree that is locked by its caller. It is good for the time of the call that it was given to.
type View struct{ tree *Tree }

// Get is Tree.Get.
func (v View) Get(path lwm2m.Path) (lwm2m.Value, bool) { return v.tree.get(path) }

// Children is Tree.Children.
func (v View) Children(path lwm2m.Path) []uint16 { return v.tree.children(path) }

// SetAccess sets who says what servers may do; nil lets everything be done.
func (t *Tree) SetAccess(access Access) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.access = access
}

// Hidden tells whether an object is out of reach of every server but the bootstrap one: Security, OSCORE, COSE (OMA Core 1.1.1, 6.3; E.1).
func Hidden(object uint16) bool { return object == 0 || object == 21 || object == 23 }

// allowed asks the access, which is nil for none. The lock is held.
func (t *Tree) allowed(ssid uint16, right Right, path lwm2m.Path) bool {
	return t.access == nil || t.access.Allowed(ssid, right, path, View{tree: t})
}

// target is what a path names, as far down as the path goes.
type target struct {
	object   *object
	values   values
	resource *lwm2m.Resource
}

// resolve finds what a server's path names, in the order in which the refusals come: hidden 4.01, not there 4.04, no right 4.01. A resource is there
// if the definition has it; whether it has a value is up to the caller. Only from the instance on a right is asked for. The lock is held.
func (t *Tree) resolve(ssid uint16, right Right, path lwm2m.Path) (target, error) {
	if path.Level() >= lwm2m.LevelObject && Hidden(path.Object()) {
		return target{}, lwm2m.Errorf(lwm2m.StatusUnauthorized, "%v: the object is for the bootstrap server alone", path)
	}
	found, err := t.find(path)
	if err != nil {
		return target{}, err
	}
	if path.Level() >= lwm2m.LevelInstance && !t.allowed(ssid, right, path.Up(lwm2m.LevelInstance)) {
		return target{}, lwm2m.Errorf(lwm2m.StatusUnauthorized, "%v: server %d has not the right", path, ssid)
	}
	return found, nil
}

// find is resolve without a server. The error has 4.04.
func (t *Tree) find(path lwm2m.Path) (found target, err error) {
	if missing := t.lookUp(path, &found); missing != "" {
		return target{}, lwm2m.Errorf(lwm2m.StatusNotFound, "%v: there is no such %s", path, missing)
	}
	return found, nil
}

// lookUp fills in what there is, and says what is missing.
func (t *Tree) lookUp(path lwm2m.Path, found *target) (missing string) {
	var is bool
	if path.Level() == lwm2m.LevelRoot {
		return ""
	}
	if found.object, is = t.objects[path.Object()]; !is {
		return "object"
	}
	if path.Level() == lwm2m.LevelObject {
		return ""
	}
	if found.values, is = found.object.instances[path.Instance()]; !is {
		return "instance"
	}
	if path.Level() == lwm2m.LevelInstance {
		return ""
	}
	if found.resource, is = found.object.definition.Resource(path.Resource()); !is {
		return "resource"
	}
	if path.Level() == lwm2m.LevelResourceInstance && !found.resource.Multiple {
		return "resource instance"
	}
	return ""
}
