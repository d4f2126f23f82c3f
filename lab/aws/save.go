package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/replace"
)

// saved is what the state file holds: all of it, so that no part can be older than another.
type saved struct {
	Format   int             `json:"format"` // 1
	Ahead    time.Duration   `json:"clockAhead,omitempty"`
	Registry json.RawMessage `json:"registry,omitempty"`
	Shadows  json.RawMessage `json:"shadows,omitempty"`
	Jobs     json.RawMessage `json:"jobs,omitempty"`
	Broker   broker.State    `json:"broker"`
}

const stateFormat = 1

// load reads the state file; none is an empty state.
func load(path string) (saved, error) {
	var s saved
	if path == "" {
		return s, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("reading the state of the local cloud: %w", err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s is no state of the local cloud: %w; delete it to begin anew", path, err)
	}
	if s.Format != stateFormat || s.Ahead < 0 || s.Ahead > longestAhead {
		return s, fmt.Errorf("%s has format %d and a clock ahead by %v, which this version does not know; delete it to begin anew", path, s.Format, s.Ahead)
	}
	return s, nil
}

func (c *Cloud) restore(s saved) error {
	if len(s.Registry) > 0 {
		r, err := registry.Restore(c.account, s.Registry)
		if err != nil {
			return err
		}
		c.identity.registry = r
	}
	if len(s.Shadows) > 0 {
		if err := c.shadows.Restore(s.Shadows); err != nil {
			return err
		}
	}
	if len(s.Jobs) > 0 {
		return c.jobs.Restore(s.Jobs)
	}
	return nil
}

// encode gives the content of the state file.
func (c *Cloud) encode() ([]byte, error) {
	<-c.ready
	return c.encodeWith(c.broker.Snapshot())
}

func (c *Cloud) encodeWith(state broker.State) ([]byte, error) {
	s := saved{Format: stateFormat, Ahead: c.clock.Ahead(), Broker: state}
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs [3]error
	s.Shadows, errs[0] = c.shadows.Snapshot()
	s.Jobs, errs[1] = c.jobs.Snapshot()
	errs[2] = c.identity.read(func(r *registry.Registry) (err error) {
		s.Registry, err = r.Snapshot()
		return err
	})
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

// saver writes the state file a moment after something has changed.
type saver struct {
	path   string
	encode func() ([]byte, error)
	dirty  chan struct{}
	mu     sync.Mutex // held while the file is written
}

// saveAfter is how long changes are collected.
const saveAfter = 200 * time.Millisecond

func newSaver(path string, encode func() ([]byte, error)) *saver {
	return &saver{path: path, encode: encode, dirty: make(chan struct{}, 1)}
}

func (s *saver) changed() {
	select {
	case s.dirty <- struct{}{}:
	default: // it is known already
	}
}

// run writes until the context ends.
func (s *saver) run(ctx context.Context, failed func(error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.dirty:
		}
		if s.path == "" {
			continue
		}
		timer := time.NewTimer(saveAfter)
		select {
		case <-ctx.Done():
			timer.Stop()
			return // last writes
		case <-timer.C:
		}
		if err := s.save(s.encode); err != nil {
			failed(err)
		}
	}
}

// last writes for the last time.
func (s *saver) last(encode func() ([]byte, error)) error {
	if s.path == "" {
		return nil
	}
	return s.save(encode)
}

func (s *saver) save(encode func() ([]byte, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, err := encode()
	if err == nil {
		err = replace.File(s.path, content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("the state of the local cloud was not saved: %w", err)
	}
	return nil
}
