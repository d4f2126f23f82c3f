package shadow

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The names that things and shadows may have (API reference, UpdateThingShadow). Names of shadows that begin with $ are the service's own.
const (
	nameMarks          = ":_-"
	maximumThingName   = 128
	maximumShadowName  = 64
	maximumSnapshotted = 1 << 62 // a version beyond is damage
)

// Valid tells whether a thing and a shadow can have these names.
func (n Name) Valid() bool {
	return n.Thing != "" && isName(n.Thing, maximumThingName, nameMarks) && isName(n.Shadow, maximumShadowName, nameMarks+"$")
}

func isName(text string, limit int, marks string) bool {
	return len(text) <= limit && !strings.ContainsFunc(text, func(r rune) bool {
		letter, digit := ('a' <= r && r <= 'z') || ('A' <= r && r <= 'Z'), '0' <= r && r <= '9'
		return !letter && !digit && !strings.ContainsRune(marks, r)
	})
}

// The content of a snapshot.
type (
	savedStore struct {
		Shadows []savedShadow `json:"shadows"`
		Deleted []savedShadow `json:"deleted"` // their versions, which go on for 48 hours
	}
	savedShadow struct {
		Thing    string        `json:"thing"`
		Shadow   string        `json:"shadow,omitempty"` // "": the classic one
		Version  int64         `json:"version"`
		Desired  *savedSection `json:"desired,omitempty"` // nil: there is none, which is not the same as an empty one
		Reported *savedSection `json:"reported,omitempty"`
		Deleted  time.Time     `json:"deleted,omitzero"`
	}
	savedSection struct {
		State    json.RawMessage `json:"state"`
		Metadata json.RawMessage `json:"metadata"`
	}
)

// Snapshot gives all shadows, and the versions of those that were deleted lately, as JSON, for Restore.
func (s *Store) Snapshot() ([]byte, error) {
	saved := savedStore{Shadows: []savedShadow{}, Deleted: []savedShadow{}}
	for name, d := range s.documents {
		saved.Shadows = append(saved.Shadows, savedShadow{
			Thing: name.Thing, Shadow: name.Shadow, Version: d.version, Desired: d.desired.save(), Reported: d.reported.save(),
		})
	}
	for name, t := range s.tombstones {
		saved.Deleted = append(saved.Deleted, savedShadow{Thing: name.Thing, Shadow: name.Shadow, Version: t.version, Deleted: t.deleted})
	}
	for _, list := range [][]savedShadow{saved.Shadows, saved.Deleted} {
		slices.SortFunc(list, func(a, b savedShadow) int {
			return cmp.Or(cmp.Compare(a.Thing, b.Thing), cmp.Compare(a.Shadow, b.Shadow))
		})
	}
	return json.Marshal(saved)
}

func (s section) save() *savedSection {
	if s.state == nil {
		return nil
	}
	return &savedSection{State: encode(s.state), Metadata: encode(s.metadata)}
}

// Restore puts what Snapshot gave in the place of all shadows. If it is not whole, the error says what is wrong, and nothing changes.
func (s *Store) Restore(data []byte) error {
	var saved savedStore
	if err := json.Unmarshal(data, &saved); err != nil {
		return fmt.Errorf("restoring shadows: %w", err)
	}
	fresh := Store{documents: map[Name]document{}, tombstones: map[Name]tombstone{}}
	for i, x := range slices.Concat(saved.Shadows, saved.Deleted) {
		name := Name{Thing: x.Thing, Shadow: x.Shadow}
		_, there := fresh.documents[name]
		_, deleted := fresh.tombstones[name]
		switch {
		case !name.Valid() || x.Version < 1 || x.Version > maximumSnapshotted:
			return fmt.Errorf("restoring shadows: %q, version %d: no shadow has such a name or version", name.text(), x.Version)
		case there || deleted:
			return fmt.Errorf("restoring shadows: %q is there twice", name.text())
		case i >= len(saved.Shadows):
			fresh.tombstones[name] = tombstone{version: x.Version, deleted: x.Deleted}
			continue
		}
		d := document{version: x.Version}
		for section, saved := range map[*section]*savedSection{&d.desired: x.Desired, &d.reported: x.Reported} {
			if err := section.restore(saved); err != nil {
				return fmt.Errorf("restoring shadows: %q: %w", name.text(), err)
			}
		}
		if d.size() > maximumState {
			return fmt.Errorf("restoring shadows: %q has more than %d bytes", name.text(), maximumState)
		}
		fresh.documents[name] = d
	}
	*s = fresh
	return nil
}

func (s *section) restore(saved *savedSection) error {
	if saved == nil {
		return nil
	}
	state, rejected := decodeObject(saved.State)
	if rejected != nil {
		return fmt.Errorf("state: %s", rejected.text)
	}
	if depth(state) > maximumDepth || !valid(state, false) {
		return errors.New("the state is none that a shadow can have")
	}
	meta, rejected := decodeObject(saved.Metadata)
	if rejected != nil {
		return fmt.Errorf("metadata: %s", rejected.text)
	}
	restored, err := restoreMetadata(state, meta)
	if err != nil {
		return err
	}
	s.state = state
	s.metadata, _ = restored.(object)
	return nil
}

// restoreMetadata makes metadata of what was decoded: leaves where the state has values. The two have to have one shape.
func restoreMetadata(state, meta any) (any, error) {
	mismatch := errors.New("the metadata does not fit the state")
	switch state := state.(type) {
	case object:
		saved, ok := meta.(object)
		if !ok || len(saved) != len(state) {
			return nil, mismatch
		}
		restored := object{}
		for name, value := range state {
			var err error
			if restored[name], err = restoreMetadata(value, saved[name]); err != nil {
				return nil, err
			}
		}
		return restored, nil
	case []any:
		saved, ok := meta.([]any)
		if !ok || len(saved) != len(state) {
			return nil, mismatch
		}
		restored := make([]any, len(state))
		for i, value := range state {
			var err error
			if restored[i], err = restoreMetadata(value, saved[i]); err != nil {
				return nil, err
			}
		}
		return restored, nil
	case nil:
		return nil, errors.New("the state holds a null")
	}
	saved, ok := meta.(object)
	number, isNumber := saved["timestamp"].(json.Number)
	timestamp, err := number.Int64()
	if !ok || !isNumber || err != nil || len(saved) != 1 {
		return nil, mismatch
	}
	return leaf{Timestamp: timestamp}, nil
}
