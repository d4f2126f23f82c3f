package reporting

import (
	"hash/maphash"
	"math"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/attribute"
)

// leaf remembers one value that was sent, in a size that does not depend on it.
type leaf struct {
	path lwm2m.Path
	kind lwm2m.Type
	bits uint64 // the number; of text and bytes a hash
}

func makeLeaf(seed maphash.Seed, item *lwm2m.Item) leaf {
	l := leaf{path: item.Path, kind: item.Value.Type()}
	switch l.kind {
	case lwm2m.TypeInteger, lwm2m.TypeTime:
		l.bits = uint64(item.Value.Int())
	case lwm2m.TypeUnsigned:
		l.bits = item.Value.Uint()
	case lwm2m.TypeFloat:
		l.bits = math.Float64bits(item.Value.Float())
	case lwm2m.TypeBoolean:
		if item.Value.Bool() {
			l.bits = 1
		}
	case lwm2m.TypeObjlnk:
		object, instance := item.Value.Link()
		l.bits = uint64(object)<<16 | uint64(instance)
	case lwm2m.TypeString, lwm2m.TypeCorelnk, lwm2m.TypeOpaque:
		l.bits = maphash.String(seed, item.Value.Text())
	}
	return l
}

func (l leaf) number() float64 {
	switch l.kind {
	case lwm2m.TypeFloat:
		return math.Float64frombits(l.bits)
	case lwm2m.TypeUnsigned:
		return float64(l.bits)
	}
	return float64(int64(l.bits))
}

// differs tells whether the values are a reason to notify, when base was sent last: a value that came, went or has another type always is.
// A number to which conditions apply is one if it meets one of them, every other value if it is another one.
func (m *Machine) differs(base []leaf, items []lwm2m.Item) bool {
	if len(base) != len(items) {
		return true
	}
	for i := range items {
		was, is := base[i], makeLeaf(m.seed, &items[i])
		if was == is {
			continue
		}
		if was.path != is.path || was.kind != is.kind || !is.kind.IsNumeric() {
			return true
		}
		if set := m.attributes.Effective(is.path); !set.HasCondition() || meets(set, was.number(), is.number()) {
			return true
		}
	}
	return false
}

// meets tells whether a change from what was sent last to what is now meets gt, lt or st (OMA Core 1.1.1, table 5.1.2-2). gt and lt are
// crossed in either direction; a value that is equal to the limit has not crossed it.
func meets(set attribute.Set, was, is float64) bool {
	return set.GT.Given && (was > set.GT.Value) != (is > set.GT.Value) ||
		set.LT.Given && (was < set.LT.Value) != (is < set.LT.Value) ||
		set.ST.Given && math.Abs(is-was) >= set.ST.Value
}
