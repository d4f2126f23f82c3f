package lwm2m

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/cloudgen/cloudgen/lab/internal/replace"
)

// Key is a pre-shared key. It is text only in the state file.
type Key []byte

// MarshalText gives the key in hex: encoding.TextMarshaler.
func (k Key) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, k), nil }

// UnmarshalText reads hex: encoding.TextUnmarshaler.
func (k *Key) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil {
		return errors.New("a key is written in hex") // without the text, which is secret
	}
	*k = b
	return nil
}

// String hides the key.
func (k Key) String() string { return fmt.Sprintf("(key of %d bytes)", len(k)) }

// Format hides the key from all verbs: fmt.Formatter.
func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }

// Credential is one entry of the PSK store.
type Credential struct {
	Endpoint string `json:"endpoint"`
	Identity string `json:"identity"`
	Key      Key    `json:"key,omitempty"`
}

// Bounds of keys and identities: reference 13.1.
const (
	longestIdentity = 128
	longestKey      = 64
	mostCredentials = 1 << 16
)

func (c Credential) check() error {
	switch {
	case c.Endpoint == "":
		return errors.New("a credential needs an endpoint")
	case c.Identity == "" || len(c.Identity) > longestIdentity:
		return fmt.Errorf("a PSK identity has 1 to %d bytes, not %d", longestIdentity, len(c.Identity))
	case len(c.Key) == 0 || len(c.Key) > longestKey:
		return fmt.Errorf("a PSK has 1 to %d bytes, not %d", longestKey, len(c.Key))
	}
	return nil
}

// state is what survives a restart.
type state struct {
	Credentials []Credential             `json:"credentials"`
	Bootstrap   map[string]BootstrapPlan `json:"bootstrap,omitempty"`
}

// Store keeps the PSK store and the plans of the bootstrap server in one file. Its methods may be called from any goroutine.
type Store struct {
	path string

	mu    sync.Mutex
	state state
}

// OpenStore opens a state file, which need not exist; "" keeps the state in memory.
func OpenStore(path string) (*Store, error) {
	s := &Store{path: path, state: state{Bootstrap: map[string]BootstrapPlan{}}}
	if path == "" {
		return s, nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(content, &s.state); err != nil {
		return nil, fmt.Errorf("the lab's state %s: %w; delete it to begin anew", path, err)
	}
	for _, c := range s.state.Credentials {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("the lab's state %s: %q: %w; delete it to begin anew", path, c.Identity, err)
		}
	}
	if s.state.Bootstrap == nil {
		s.state.Bootstrap = map[string]BootstrapPlan{}
	}
	return s, nil
}

// change makes a change and saves it; what cannot be saved is not changed.
func (s *Store) change(f func(*state) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := state{Credentials: slices.Clone(s.state.Credentials), Bootstrap: map[string]BootstrapPlan{}}
	for name, plan := range s.state.Bootstrap {
		next.Bootstrap[name] = plan
	}
	if err := f(&next); err != nil {
		return err
	}
	if s.path != "" {
		content, err := json.MarshalIndent(next, "", "  ")
		if err != nil {
			return err
		}
		if err := replace.File(s.path, append(content, '\n'), 0o600); err != nil {
			return err
		}
	}
	s.state = next
	return nil
}

// Add puts a credential into the store, in place of what it has for the identity or for the endpoint.
func (s *Store) Add(c Credential) error {
	if err := c.check(); err != nil {
		return err
	}
	return s.change(func(next *state) error {
		next.Credentials = slices.DeleteFunc(next.Credentials, func(old Credential) bool { return old.Identity == c.Identity || old.Endpoint == c.Endpoint })
		if len(next.Credentials) >= mostCredentials {
			return fmt.Errorf("the PSK store is full: %d credentials", mostCredentials)
		}
		next.Credentials = append(next.Credentials, c)
		return nil
	})
}

// Remove takes a credential out; it is no error if there is none.
func (s *Store) Remove(identity string) error {
	return s.change(func(next *state) error {
		next.Credentials = slices.DeleteFunc(next.Credentials, func(old Credential) bool { return old.Identity == identity })
		return nil
	})
}

// List gives all credentials in the order in which they came.
func (s *Store) List() []Credential {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.state.Credentials)
}

// ByIdentity finds a credential.
func (s *Store) ByIdentity(identity string) (Credential, bool) {
	return s.find(func(c Credential) bool { return c.Identity == identity })
}

// ByEndpoint finds a credential.
func (s *Store) ByEndpoint(endpoint string) (Credential, bool) {
	return s.find(func(c Credential) bool { return c.Endpoint == endpoint })
}

func (s *Store) find(match func(Credential) bool) (Credential, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.state.Credentials, match)
	if i < 0 {
		return Credential{}, false
	}
	return s.state.Credentials[i], true
}

// SetPlan sets what the bootstrap server does with an endpoint; AnyEndpoint is for those without a plan of their own.
func (s *Store) SetPlan(endpoint string, plan BootstrapPlan) error {
	if err := plan.check(); err != nil {
		return err
	}
	return s.change(func(next *state) error {
		next.Bootstrap[endpoint] = plan
		return nil
	})
}

// RemovePlan removes a plan; it is no error if there is none.
func (s *Store) RemovePlan(endpoint string) error {
	return s.change(func(next *state) error {
		delete(next.Bootstrap, endpoint)
		return nil
	})
}

// Plan gives the plan for an endpoint, or that for AnyEndpoint.
func (s *Store) Plan(endpoint string) (BootstrapPlan, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	plan, ok := s.state.Bootstrap[endpoint]
	if !ok {
		plan, ok = s.state.Bootstrap[AnyEndpoint]
	}
	return plan, ok
}
