package format

import (
	"encoding/base64"
	"strconv"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// senMLNamer decides record by record how a path is divided into base name and name. The base name is an instance with a slash behind it, as
// /3/0/, when more of that instance follows (a multiple resource, if the payload is for that); else the whole path. A series of one path so
// carries its name once.
type senMLNamer struct {
	level  int // of base names that more follow
	prefix lwm2m.Path
	whole  bool // prefix is a whole name
	given  bool
}

func newSenMLNamer(base lwm2m.Path) senMLNamer {
	return senMLNamer{level: min(max(base.Level(), lwm2m.LevelInstance), lwm2m.LevelResource)}
}

// next gives how the first item is to be named: whether the record has a base name, and how many ids of the path are the name; 0: no name.
func (n *senMLNamer) next(items []lwm2m.Item) (hasBase bool, ids int) {
	path := items[0].Path
	if n.given && n.whole && n.prefix == path {
		return false, 0
	}
	if n.given && !n.whole && n.prefix.Contains(path) {
		return false, path.Level() - n.prefix.Level()
	}
	n.given, n.whole = true, true
	n.prefix = path.Up(min(n.level, path.Level()-1))
	if len(items) > 1 && items[1].Path != path && n.prefix.Contains(items[1].Path) {
		n.whole = false
		return true, path.Level() - n.prefix.Level()
	}
	n.prefix = path
	return true, 0
}

// appendBase writes the base name that next has decided on.
func (n *senMLNamer) appendBase(dst []byte) []byte {
	dst = n.prefix.Append(dst)
	if !n.whole {
		dst = append(dst, '/')
	}
	return dst
}

// appendName writes the last ids of a path.
func appendName(dst []byte, path lwm2m.Path, ids int) []byte {
	id := path.Resource()
	if ids == 2 {
		dst = strconv.AppendUint(dst, uint64(id), 10)
		dst = append(dst, '/')
	}
	if path.Level() == lwm2m.LevelResourceInstance {
		id = path.ResourceInstance()
	}
	return strconv.AppendUint(dst, uint64(id), 10)
}

func nameLength(path lwm2m.Path, ids int) int {
	length := decimals(path.Resource())
	if path.Level() == lwm2m.LevelResourceInstance {
		if ids == 1 {
			return decimals(path.ResourceInstance())
		}
		length += 1 + decimals(path.ResourceInstance())
	}
	return length
}

// senMLClock decides how a time is divided into base time and time. The base time is the first one, in whole seconds.
type senMLClock struct{ base int64 }

// next gives the base time to write, if hasBase, and the time relative to it in milliseconds; 0: no time.
func (c *senMLClock) next(at time.Time) (base int64, hasBase bool, ms int64) {
	switch {
	case at.IsZero():
		hasBase = c.base != 0
		c.base = 0
		return 0, hasBase, 0
	case c.base == 0:
		c.base = at.Unix()
		hasBase = true
	}
	return c.base, hasBase, at.UnixMilli() - c.base*1000
}

func appendSenMLJSON(dst []byte, base lwm2m.Path, items []lwm2m.Item) []byte {
	namer, clock := newSenMLNamer(base), senMLClock{}
	dst = append(dst, '[')
	for i := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		hasBase, ids := namer.next(items[i:])
		if hasBase {
			dst = append(dst, `"bn":"`...)
			dst = namer.appendBase(dst)
			dst = append(dst, `",`...)
		}
		baseTime, hasBaseTime, ms := clock.next(items[i].Time)
		if hasBaseTime {
			dst = append(dst, `"bt":`...)
			dst = strconv.AppendInt(dst, baseTime, 10)
			dst = append(dst, ',')
		}
		if ids > 0 {
			dst = append(dst, `"n":"`...)
			dst = appendName(dst, items[i].Path, ids)
			dst = append(dst, `",`...)
		}
		if ms != 0 {
			dst = append(dst, `"t":`...)
			dst = appendSeconds(dst, ms)
			dst = append(dst, ',')
		}
		dst = appendSenMLValue(dst, items[i].Value)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendSeconds writes milliseconds as a decimal number of seconds.
func appendSeconds(dst []byte, ms int64) []byte {
	if ms < 0 {
		dst = append(dst, '-')
		ms = -ms
	}
	dst = strconv.AppendInt(dst, ms/1000, 10)
	if ms %= 1000; ms != 0 {
		dst = append(dst, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	return dst
}

func appendSenMLValue(dst []byte, value lwm2m.Value) []byte {
	switch value.Type() {
	case lwm2m.TypeString, lwm2m.TypeCorelnk:
		return appendJSONString(append(dst, `"vs":`...), value.Text())
	case lwm2m.TypeBoolean:
		return strconv.AppendBool(append(dst, `"vb":`...), value.Bool())
	case lwm2m.TypeOpaque:
		dst = appendBase64(append(dst, `"vd":"`...), base64.RawURLEncoding, value.Text())
		return append(dst, '"')
	case lwm2m.TypeObjlnk:
		dst = appendLink(append(dst, `"vlo":"`...), value)
		return append(dst, '"')
	}
	return appendText(append(dst, `"v":`...), Text, value) // a number: it is written as in plain text
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func appendJSONString(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(text) {
		switch b := text[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '"')
}

func appendSenMLCBOR(dst []byte, base lwm2m.Path, items []lwm2m.Item) []byte {
	namer, clock := newSenMLNamer(base), senMLClock{}
	dst = appendCBORHead(dst, majorArray, uint64(len(items)))
	for i := range items {
		hasBase, ids := namer.next(items[i:])
		baseTime, hasBaseTime, ms := clock.next(items[i].Time)
		head := len(dst)
		dst = append(dst, majorMap<<5|1) // the value; others are counted as they come
		if hasBase {
			dst[head]++
			dst = append(dst, 0x21)
			dst = appendCBORHead(dst, majorText, uint64(namer.baseLength()))
			dst = namer.appendBase(dst)
		}
		if hasBaseTime {
			dst[head]++
			dst = appendCBORInteger(append(dst, 0x22), baseTime)
		}
		if ids > 0 {
			dst[head]++
			dst = append(dst, 0x00)
			dst = appendCBORHead(dst, majorText, uint64(nameLength(items[i].Path, ids)))
			dst = appendName(dst, items[i].Path, ids)
		}
		if ms != 0 {
			dst[head]++
			dst = append(dst, 0x06)
			if ms%1000 == 0 {
				dst = appendCBORInteger(dst, ms/1000)
			} else {
				dst = appendCBORFloat(dst, float64(ms)/1000)
			}
		}
		switch items[i].Value.Type() {
		case lwm2m.TypeString, lwm2m.TypeCorelnk:
			dst = append(dst, 0x03)
		case lwm2m.TypeBoolean:
			dst = append(dst, 0x04)
		case lwm2m.TypeOpaque:
			dst = append(dst, 0x08)
		case lwm2m.TypeObjlnk:
			dst = append(dst, "\x63vlo"...) // a text, not a number
		default:
			dst = append(dst, 0x02)
		}
		dst = appendCBORValue(dst, items[i].Value)
	}
	return dst
}

func (n *senMLNamer) baseLength() int {
	var scratch [24]byte
	return len(n.appendBase(scratch[:0]))
}

// appendJSON writes the JSON of version 1.0. Elements' times are absolute, for there is no base time.
func appendJSON(dst []byte, base lwm2m.Path, items []lwm2m.Item) []byte {
	prefix := base.Up(min(base.Level(), lwm2m.LevelInstance))
	dst = append(dst, `{"bn":"`...)
	dst = prefix.Append(dst)
	dst = append(dst, `/","e":[`...)
	for i := range items {
		item := &items[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"n":"`...)
		if prefix.Level() == lwm2m.LevelObject {
			dst = strconv.AppendUint(dst, uint64(item.Path.Instance()), 10)
			dst = append(dst, '/')
		}
		dst = appendName(dst, item.Path, item.Path.Level()-lwm2m.LevelInstance)
		dst = append(dst, `",`...)
		if !item.Time.IsZero() {
			dst = append(dst, `"t":`...)
			dst = appendSeconds(dst, item.Time.UnixMilli())
			dst = append(dst, ',')
		}
		switch item.Value.Type() {
		case lwm2m.TypeString, lwm2m.TypeCorelnk:
			dst = appendJSONString(append(dst, `"sv":`...), item.Value.Text())
		case lwm2m.TypeBoolean:
			dst = strconv.AppendBool(append(dst, `"bv":`...), item.Value.Bool())
		case lwm2m.TypeOpaque:
			dst = appendBase64(append(dst, `"sv":"`...), base64.StdEncoding, item.Value.Text())
			dst = append(dst, '"')
		case lwm2m.TypeObjlnk:
			dst = appendLink(append(dst, `"ov":"`...), item.Value)
			dst = append(dst, '"')
		default:
			dst = appendText(append(dst, `"v":`...), Text, item.Value)
		}
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}
