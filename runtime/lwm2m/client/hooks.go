package client

import (
	"sync"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// hooks are functions of the program that follow what servers do to objects that are not its own.
type hooks struct {
	mu       sync.Mutex
	executed map[lwm2m.Path][]func(arguments []lwm2m.Argument)
	written  []writtenHook
}

type writtenHook struct {
	below lwm2m.Path
	call  func(values []lwm2m.Item)
}

// OnExecute adds a function that is called after a server has executed a resource and the answer was sent. It must not block.
func (c *Client) OnExecute(path lwm2m.Path, call func(arguments []lwm2m.Argument)) {
	h := &c.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.executed == nil {
		h.executed = map[lwm2m.Path][]func([]lwm2m.Argument){}
	}
	h.executed[path] = append(h.executed[path], call)
}

// OnWritten adds a function that is called after a server, or the bootstrap server, has written resources at or below a path and the answer was
// sent, with what was written, also where it was the same as before. What an lwm2m.Uploader takes is not among it. It must not block.
func (c *Client) OnWritten(below lwm2m.Path, call func(values []lwm2m.Item)) {
	h := &c.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	h.written = append(h.written, writtenHook{below, call})
}

func (h *hooks) tellExecuted(path lwm2m.Path, arguments []lwm2m.Argument) {
	h.mu.Lock()
	calls := h.executed[path]
	h.mu.Unlock()
	for _, call := range calls {
		call(arguments)
	}
}

func (h *hooks) tellWritten(values []lwm2m.Item) {
	h.mu.Lock()
	all := h.written
	h.mu.Unlock()
	for _, hook := range all {
		var below []lwm2m.Item
		for _, each := range values {
			if hook.below.Contains(each.Path) {
				below = append(below, each)
			}
		}
		if len(below) > 0 {
			hook.call(below)
		}
	}
}

// wrap gives an object that does what the given one does, and tells the hooks. Which of the interfaces Executor, Creator and Uploader an object
// has means something to the tree, so the wrapped one has the same.
func (h *hooks) wrap(object lwm2m.Object) lwm2m.Object {
	base := hooked{Object: object, hooks: h}
	executor, executes := object.(lwm2m.Executor)
	creator, creates := object.(lwm2m.Creator)
	uploader, uploads := object.(lwm2m.Uploader)
	run := executing{executor, h}
	switch {
	case executes && creates && uploads:
		return struct {
			hooked
			executing
			lwm2m.Creator
			lwm2m.Uploader
		}{base, run, creator, uploader}
	case executes && creates:
		return struct {
			hooked
			executing
			lwm2m.Creator
		}{base, run, creator}
	case executes && uploads:
		return struct {
			hooked
			executing
			lwm2m.Uploader
		}{base, run, uploader}
	case creates && uploads:
		return struct {
			hooked
			lwm2m.Creator
			lwm2m.Uploader
		}{base, creator, uploader}
	case executes:
		return struct {
			hooked
			executing
		}{base, run}
	case creates:
		return struct {
			hooked
			lwm2m.Creator
		}{base, creator}
	case uploads:
		return struct {
			hooked
			lwm2m.Uploader
		}{base, uploader}
	}
	return base
}

// hooked is an object with those interfaces that every object may have.
type hooked struct {
	lwm2m.Object
	hooks *hooks
}

func (o hooked) Read(path lwm2m.Path) (lwm2m.Value, bool) {
	if reader, is := o.Object.(lwm2m.Reader); is {
		return reader.Read(path)
	}
	return lwm2m.Value{}, false
}

func (o hooked) Check(values []lwm2m.Item) error {
	if checker, is := o.Object.(lwm2m.Checker); is {
		return checker.Check(values)
	}
	return nil
}

func (o hooked) Written(values []lwm2m.Item) {
	if writer, is := o.Object.(lwm2m.Writer); is {
		writer.Written(values)
	}
	o.hooks.tellWritten(values)
}

type executing struct {
	lwm2m.Executor
	hooks *hooks
}

func (o executing) Execute(path lwm2m.Path, arguments []lwm2m.Argument) (func(), error) {
	after, err := o.Executor.Execute(path, arguments)
	if err != nil {
		return nil, err
	}
	return func() {
		if after != nil {
			after()
		}
		o.hooks.tellExecuted(path, arguments)
	}, nil
}
