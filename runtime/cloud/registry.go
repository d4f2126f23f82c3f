package cloud

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Registry finds backends by name (CLOUD_BACKEND_DEFINE, cloud_get_binding). The zero value is empty and ready to use. There is no
// registry at package level: who wants one makes it.
type Registry struct {
	mu       sync.RWMutex
	backends map[string]Backend
}

// Define adds a backend under a name (CLOUD_BACKEND_DEFINE). A name that is taken or empty is an error, and so is no backend.
func (r *Registry) Define(name string, backend Backend) error {
	switch {
	case name == "":
		return errors.New("define a cloud backend: its name is empty")
	case backend == nil:
		return errorf("define cloud backend %q: there is none", name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.backends[name]; taken {
		return errorf("define cloud backend %q: the name is taken", name)
	}
	if r.backends == nil {
		r.backends = make(map[string]Backend)
	}
	r.backends[name] = backend
	return nil
}

// Binding gives the backend that was defined under a name (cloud_get_binding). The error names the ones that exist.
func (r *Registry) Binding(name string) (Backend, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	backend, found := r.backends[name]
	if !found && len(r.backends) == 0 {
		return nil, errorf("no cloud backend %q: none is defined", name)
	}
	if !found {
		names := make([]string, 0, len(r.backends))
		for n := range r.backends {
			names = append(names, n)
		}
		slices.Sort(names)
		return nil, errorf("no cloud backend %q; defined are: %s", name, strings.Join(names, ", "))
	}
	return backend, nil
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
