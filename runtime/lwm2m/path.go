package lwm2m

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxID is the id that stands for none: it names no object, instance or resource.
const MaxID = 65535

// Path names the root, an object, an object instance, a resource or a resource instance. The zero value is the root. Paths can be compared.
type Path struct {
	ids   [4]uint16
	depth uint8
}

// The levels of a path.
const (
	LevelRoot = iota
	LevelObject
	LevelInstance
	LevelResource
	LevelResourceInstance
)

// NewPath makes a path of up to four ids, each below MaxID. More ids are a mistake of the program, and panic.
func NewPath(ids ...uint16) Path {
	p := Path{depth: uint8(len(ids))}
	copy(p.ids[:len(ids)], ids)
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
	var p Path
	if len(segments) > len(p.ids) {
		return Path{}, fmt.Errorf("path /%s: at most %d ids are possible", strings.Join(segments, "/"), len(p.ids))
	}
	for _, segment := range segments {
		id, err := strconv.ParseUint(segment, 10, 16)
		if err != nil || id == MaxID || segment[0] == '+' || len(segment) > 1 && segment[0] == '0' {
			return Path{}, fmt.Errorf("path /%s: %q is not an id: 0 to %d are", strings.Join(segments, "/"), segment, MaxID-1)
		}
		p.ids[p.depth] = uint16(id)
		p.depth++
	}
	return p, nil
}

// Level is the number of ids: LevelRoot to LevelResourceInstance.
func (p Path) Level() int { return int(p.depth) }

// Object is the first id; ask only from LevelObject on.
func (p Path) Object() uint16 { return p.ids[0] }

// Instance is the second id; ask only from LevelInstance on.
func (p Path) Instance() uint16 { return p.ids[1] }

// Resource is the third id; ask only from LevelResource on.
func (p Path) Resource() uint16 { return p.ids[2] }

// ResourceInstance is the fourth id; ask only at LevelResourceInstance.
func (p Path) ResourceInstance() uint16 { return p.ids[3] }

// Child is the path with one more id. A path of four has no children; asking for one is a mistake of the program, and panics.
func (p Path) Child(id uint16) Path {
	p.ids[p.depth] = id
	p.depth++
	return p
}

// Up is the path of the first ids only; level is at most the path's own.
func (p Path) Up(level int) Path {
	var up Path
	copy(up.ids[:level], p.ids[:level])
	up.depth = uint8(level)
	return up
}

// Contains tells whether other is p or lies below it.
func (p Path) Contains(other Path) bool {
	return other.depth >= p.depth && other.Up(int(p.depth)) == p
}

// Compare orders paths as the protocol lists them: by ids, what contains before what is contained.
func (p Path) Compare(other Path) int {
	for i := range min(p.depth, other.depth) {
		if p.ids[i] != other.ids[i] {
			return int(p.ids[i]) - int(other.ids[i])
		}
	}
	return int(p.depth) - int(other.depth)
}

// Append adds the path's text to dst: / for the root, else as /3/0.
func (p Path) Append(dst []byte) []byte {
	if p.depth == 0 {
		return append(dst, '/')
	}
	for _, id := range p.ids[:p.depth] {
		dst = append(dst, '/')
		dst = strconv.AppendUint(dst, uint64(id), 10)
	}
	return dst
}

// String gives the path as /3/0/7/1, the root as /.
func (p Path) String() string { return string(p.Append(nil)) }
