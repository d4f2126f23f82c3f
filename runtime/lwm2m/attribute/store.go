package attribute

import (
	"maps"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Config sizes a Store.
type Config struct {
	Max int // attributes kept, of all servers and paths together (LWM2M_NUM_ATTR), from 1
}

// Store keeps the attributes of each server and path. They exist without any observation, and are dropped when what they stand at is deleted,
// when a server's account goes, and at bootstrap. A Store belongs to one goroutine.
type Store struct {
	max   int
	count int
	sets  map[key]Set
}

type key struct {
	ssid uint16
	path lwm2m.Path
}

// NewStore makes an empty store.
func NewStore(config Config) *Store {
	return &Store{max: config.Max, sets: map[key]Set{}}
}

// Write applies a server's change at a path, whole or not at all. kind is the type of the resource at or above the path. The error is an
// *lwm2m.Error: 4.00 as Validate says, 5.00 if the store is full. The caller has made sure that the path exists.
func (s *Store) Write(ssid uint16, path lwm2m.Path, kind lwm2m.Type, change Change) error {
	at := key{ssid: ssid, path: path}
	before := s.sets[at]
	after := change.Merge(before)
	if err := after.Validate(path.Level(), kind); err != nil {
		return err
	}
	count := s.count - before.Count() + after.Count()
	if count > s.max && count > s.count {
		return lwm2m.Errorf(lwm2m.StatusInternalServerError, "attributes: no room at %v: %d are kept at most (LWM2M_NUM_ATTR)", path, s.max)
	}
	s.count = count
	if after == (Set{}) {
		delete(s.sets, at)
	} else {
		s.sets[at] = after
	}
	return nil
}

// Own gives what a server has set at the path itself.
func (s *Store) Own(ssid uint16, path lwm2m.Path) Set { return s.sets[key{ssid: ssid, path: path}] }

// Inherited gives each attribute from the lowest path at or above the given one that has it.
func (s *Store) Inherited(ssid uint16, path lwm2m.Path) Set {
	var all Set
	for level := path.Level(); level >= lwm2m.LevelObject; level-- {
		own := s.Own(ssid, path.Up(level))
		inherit(&all.PMin, own.PMin)
		inherit(&all.PMax, own.PMax)
		inherit(&all.EPMin, own.EPMin)
		inherit(&all.EPMax, own.EPMax)
		inherit(&all.GT, own.GT)
		inherit(&all.LT, own.LT)
		inherit(&all.ST, own.ST)
	}
	return all
}

func inherit[T uint32 | float64](to *Optional[T], from Optional[T]) {
	if !to.Given {
		*to = from
	}
}

// Effective gives what holds for an observation of the path: what is set at it, else above it, else the server's defaults in seconds (/1/x/2 and
// /1/x/3). PMin is always given. PMax and EPMax are given only where they limit something: a pmax of 0 is none, and where inheritance
// leaves a pmax below pmin or an epmax not above epmin, that maximum does not hold.
func (s *Store) Effective(ssid uint16, path lwm2m.Path, defaultPMin, defaultPMax uint32) Set {
	all := s.Inherited(ssid, path)
	inherit(&all.PMin, Some(defaultPMin))
	inherit(&all.PMax, Some(defaultPMax))
	if all.PMax.Value == 0 || all.PMax.Value < all.PMin.Value {
		all.PMax = Optional[uint32]{}
	}
	if all.EPMin.Given && all.EPMax.Value <= all.EPMin.Value {
		all.EPMax = Optional[uint32]{}
	}
	return all
}

// Discover gives what a Discover of exactly the path shows: what is set at it, and for a resource also the pmin and pmax that it inherits.
func (s *Store) Discover(ssid uint16, path lwm2m.Path) Set {
	own := s.Own(ssid, path)
	if path.Level() == lwm2m.LevelResource {
		all := s.Inherited(ssid, path)
		own.PMin, own.PMax = all.PMin, all.PMax
	}
	return own
}

// Remove drops what all servers have set at the path and below it.
func (s *Store) Remove(path lwm2m.Path) {
	s.drop(func(at key) bool { return path.Contains(at.path) })
}

// Clear drops what one server has set.
func (s *Store) Clear(ssid uint16) {
	s.drop(func(at key) bool { return at.ssid == ssid })
}

// ClearAll drops everything.
func (s *Store) ClearAll() {
	s.drop(func(key) bool { return true })
}

func (s *Store) drop(is func(key) bool) {
	maps.DeleteFunc(s.sets, func(at key, set Set) bool {
		if !is(at) {
			return false
		}
		s.count -= set.Count()
		return true
	})
}

// Prune drops what stands at paths for which exists is false.
func (s *Store) Prune(exists func(path lwm2m.Path) bool) {
	s.drop(func(at key) bool { return !exists(at.path) })
}
