// Package tree holds the objects of an LwM2M client and their values, and does on them what servers ask for: reading, writing, creating,
// deleting and executing with the rules of OMA Core 1.1.1, 6.3, and the bootstrap server's operations with those of 6.1. Whatever writes is
// checked as a whole before any of it is applied.
//
// The values of an instance are an ordered list that is never changed once it stands in the tree: a write makes a new list and puts it in
// place of the old one. So a failed write has nothing to undo, and what a write has changed is the difference of two lists.
package tree

import (
	"slices"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Limits of what servers may make. What the client's own code makes is not counted against them.
const (
	DefaultMaxInstances  = 256 // instances of an object; see Tree.Limit
	MaxResourceInstances = 256 // instances of a multiple resource
	// MaxBytes is how much all values may take up together, those of the client too. Beyond it servers can only make them less.
	MaxBytes = 1 << 20
)

// Tree holds the objects of a client. All its methods may be called from any goroutine, those for servers (Read to WriteComposite and the
// Bootstrap ones) from one at a time. It starts no goroutine.
type Tree struct {
	mu      mutex
	objects map[uint16]*object
	size    int // bytes of all values
	access  Access

	onChange    []func(paths []lwm2m.Path)
	onStructure []func()
	onWritten   []func(values []lwm2m.Item)
	onExecuted  []func(path lwm2m.Path, arguments []lwm2m.Argument)
	changed     []lwm2m.Path // not yet told, ascending, each once
	structured  bool         // not yet told
	telling     bool         // a goroutine is telling and will tell what is added meanwhile
}

// mutex is a sync.Mutex whose methods are calls: inlined at sixty places they are larger than what some of these do.
type mutex struct{ of sync.Mutex }

//go:noinline
func (m *mutex) Lock() { m.of.Lock() }

//go:noinline
func (m *mutex) Unlock() { m.of.Unlock() }

// object is one object: its definition, what it does itself, and its instances.
type object struct {
	definition *lwm2m.Definition
	limit      int // instances that servers may bring it to
	instances  map[uint16]values

	reader   lwm2m.Reader
	checker  lwm2m.Checker
	writer   lwm2m.Writer
	executor lwm2m.Executor
	creator  lwm2m.Creator
	uploader lwm2m.Uploader
}

var _ lwm2m.Store = (*Tree)(nil)

// New makes a tree without objects.
func New() *Tree { return &Tree{objects: map[uint16]*object{}} }

// Add puts an object into the tree and attaches it. The definition lists what the object supports: a resource that it does not support is left
// out. Executable resources exist in every instance of an object that is an lwm2m.Executor, until they are unset; writable ones come into
// being when they are written. An error says what is wrong with the definition, or is that of Attach; the object is not in the tree then.
func (t *Tree) Add(o lwm2m.Object) error {
	definition := o.Definition()
	if err := checkDefinition(definition); err != nil {
		return errorf("object %d (%s): %w", definition.ID, definition.Name, err)
	}
	added := &object{definition: definition, limit: DefaultMaxInstances, instances: map[uint16]values{}}
	if !definition.Multiple {
		added.limit = 1
	}
	added.reader, _ = o.(lwm2m.Reader)
	added.checker, _ = o.(lwm2m.Checker)
	added.writer, _ = o.(lwm2m.Writer)
	added.executor, _ = o.(lwm2m.Executor)
	added.creator, _ = o.(lwm2m.Creator)
	added.uploader, _ = o.(lwm2m.Uploader)

	t.mu.Lock()
	_, exists := t.objects[definition.ID]
	if !exists {
		t.objects[definition.ID] = added
		t.structured = true
	}
	t.mu.Unlock()
	if exists {
		return errorf("object %d (%s): there is one of this id already", definition.ID, definition.Name)
	}
	if err := o.Attach(t); err != nil {
		t.mu.Lock()
		for _, each := range added.instances {
			t.size -= each.size()
		}
		delete(t.objects, definition.ID)
		t.mu.Unlock()
		return errorf("object %d (%s): %w", definition.ID, definition.Name, err)
	}
	t.tell()
	return nil
}

// Definition gives the definition of an object that the tree holds.
func (t *Tree) Definition(id uint16) (*lwm2m.Definition, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, found := t.objects[id]
	if !found {
		return nil, false
	}
	return o.definition, true
}

// Limit says how many instances servers may bring an object to; it is DefaultMaxInstances before. An object that the tree does not hold is left
// alone.
func (t *Tree) Limit(object uint16, instances int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o, found := t.objects[object]; found {
		o.limit = instances
	}
}

// OnChange adds a function that is called after values have changed, with the paths of the resources and resource instances that came, went
// or have another value now, ascending; for an instance that came or went also its own path. It is called without any lock held, one call after
// the other, from the goroutine of one that changed something; changes that come during a call are told together afterwards. paths is
// the function's to keep.
func (t *Tree) OnChange(f func(paths []lwm2m.Path)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onChange = append(t.onChange, f)
}

// OnStructure adds a function that is called after objects or instances came or went: then servers need the new object list. It is called like
// those of OnChange. Where a server has caused it, it is called with what follows the response.
func (t *Tree) OnStructure(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onStructure = append(t.onStructure, f)
}

// OnWritten adds a function that is called after a server, or the bootstrap server, has written, once the response was sent and after the
// object's lwm2m.Writer, if it is one, with the same values. What an lwm2m.Uploader takes is not among them.
func (t *Tree) OnWritten(f func(values []lwm2m.Item)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onWritten = append(t.onWritten, f)
}

// OnExecuted adds a function that is called after a server has executed a resource, once the response was sent.
func (t *Tree) OnExecuted(f func(path lwm2m.Path, arguments []lwm2m.Argument)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onExecuted = append(t.onExecuted, f)
}

// tell calls the subscribers with what is pending.
func (t *Tree) tell() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.telling {
		return
	}
	t.telling = true
	for len(t.changed) > 0 || t.structured {
		changed, structured := t.changed, t.structured
		t.changed, t.structured = nil, false
		onChange, onStructure := slices.Clip(t.onChange), slices.Clip(t.onStructure)
		t.mu.Unlock()
		if len(changed) > 0 {
			for _, f := range onChange {
				f(slices.Clone(changed))
			}
		}
		if structured {
			for _, f := range onStructure {
				f()
			}
		}
		t.mu.Lock()
	}
	t.telling = false
}

// tellStructure is tell for a change of the structure that was held back until the response was sent.
func (t *Tree) tellStructure() {
	t.mu.Lock()
	t.structured = true
	t.mu.Unlock()
	t.tell()
}
