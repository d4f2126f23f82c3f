package lwm2m

import (
	"cmp"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// MaxID is the id that stands for none: it names no object, instance or resource.
const MaxID = 65535

// Path names the root, an object, an object instance, a resource or a resource instance. The zero value is the root. Paths can be compared.
type Path struct {
	// Four ids, the first one in the highest bits, each as itself plus 1; 0 is none. So it fits into a register, and the order of paths is that
	// of the numbers.
	ids uint64
}

// The levels of a path.
const (
	LevelRoot = iota
	LevelObject
	LevelInstance
	LevelResource
	LevelResourceInstance
)

const (
	maxLevel = LevelResourceInstance
	idBits   = 16
)

// NewPath makes a path of up to four ids, each below MaxID. More ids are a mistake of the program, and panic.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func NewPath(ids ...uint16) Path {
	var p Path
	for _, id := range ids {
		p = p.Child(id)
	}
	return p
}

// ParsePath reads a path as /3/0/7/1, "/" for the root. The leading slash may be missing; one at the end is let pass.
func ParsePath(text string) (Path, error) {
	rest := strings.TrimPrefix(text, "/")
	rest = strings.TrimSuffix(rest, "/")
	if rest == "" {
		return Path{}, nil
	}
	return ParseSegments(strings.Split(rest, "/"))
}

// ParseSegments reads a path of which each id stands by itself, as in the Uri-Path options of CoAP. An empty segment at the end is let pass.
func ParseSegments(segments []string) (Path, error) {
	if n := len(segments); n > 0 && segments[n-1] == "" {
		segments = segments[:n-1]
	}
	if len(segments) > maxLevel {
		return Path{}, fmt.Errorf("path /%s: at most %d ids are possible", strings.Join(segments, "/"), maxLevel)
	}
	var p Path
	for _, segment := range segments {
		id, err := strconv.ParseUint(segment, 10, 16)
		if err != nil || id == MaxID || segment[0] == '+' || len(segment) > 1 && segment[0] == '0' {
			return Path{}, fmt.Errorf("path /%s: %q is not an id: 0 to %d are", strings.Join(segments, "/"), segment, MaxID-1)
		}
		p = p.Child(uint16(id))
	}
	return p, nil
}

// Level is the number of ids: LevelRoot to LevelResourceInstance.
func (p Path) Level() int { return maxLevel - bits.TrailingZeros64(p.ids)/idBits }

// id is the one at an index, MaxID if there is none.
func (p Path) id(index int) uint16 { return uint16(p.ids>>(idBits*(maxLevel-1-index))) - 1 }

// Object is the first id; MaxID for the root.
func (p Path) Object() uint16 { return p.id(0) }

// Instance is the second id; MaxID above LevelInstance.
func (p Path) Instance() uint16 { return p.id(1) }

// Resource is the third id; MaxID above LevelResource.
func (p Path) Resource() uint16 { return p.id(2) }

// ResourceInstance is the fourth id; MaxID above LevelResourceInstance.
func (p Path) ResourceInstance() uint16 { return p.id(3) }

// Child is the path with one more id, below MaxID. A path of four has no children; asking for one is a mistake of the program, and panics.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func (p Path) Child(id uint16) Path {
	level := p.Level()
	if level == maxLevel || id == MaxID {
		panic("lwm2m: " + p.String() + " has no child " + strconv.Itoa(int(id)))
	}
	return Path{p.ids | (uint64(id)+1)<<(idBits*(maxLevel-1-level))}
}

// Up is the path of the first ids only; level is at most the path's own.
func (p Path) Up(level int) Path { return Path{p.ids &^ (1<<(idBits*uint(maxLevel-level)) - 1)} }

// Contains tells whether other is p or lies below it.
func (p Path) Contains(other Path) bool { return other.Up(p.Level()) == p }

// Compare orders paths as the protocol lists them: by ids, what contains before what is contained.
func (p Path) Compare(other Path) int { return cmp.Compare(p.ids, other.ids) }

// Append adds the path's text to dst: / for the root, else as /3/0.
func (p Path) Append(dst []byte) []byte {
	if p == (Path{}) {
		return append(dst, '/')
	}
	for i := range p.Level() {
		dst = append(dst, '/')
		dst = strconv.AppendUint(dst, uint64(p.id(i)), 10)
	}
	return dst
}

// String gives the path as /3/0/7/1, the root as /.
func (p Path) String() string { return string(p.Append(nil)) }
