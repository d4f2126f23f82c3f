package format

import (
	"encoding/binary"
	"math"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// The kinds of a TLV, bits 7 and 6 of its first byte (Core 1.1.1, 7.4.3).
const (
	tlvInstance         = 0x00
	tlvResourceInstance = 0x40
	tlvMultiple         = 0x80
	tlvResource         = 0xc0
)

const (
	tlvKindMask   = 0xc0
	tlvWideID     = 0x20
	tlvLengthMask = 0x18 // how many bytes of length follow; none: the length is in the three bits below
	tlvMaxLength  = 1<<24 - 1
)

// appendTLV writes items in path order, in what the path has around them: object instances below an object, resources below an instance.
func appendTLV(dst []byte, base lwm2m.Path, items []lwm2m.Item, defs Definitions) ([]byte, error) {
	for i := range items {
		if n := tlvValueLength(items[i].Value); n > tlvMaxLength {
			return dst, lwm2m.Errorf(lwm2m.StatusInternalServerError, "%s: %d bytes are too long for TLV", items[i].Path, n)
		}
	}
	switch base.Level() {
	case lwm2m.LevelObject:
		for len(items) > 0 {
			group, rest := splitAt(items, lwm2m.LevelInstance)
			length := tlvResourcesLength(group)
			if length > tlvMaxLength {
				return dst, lwm2m.Errorf(lwm2m.StatusInternalServerError, "%s: %d bytes are too long for TLV", group[0].Path, length)
			}
			dst = appendTLVHead(dst, tlvInstance, group[0].Path.Instance(), length)
			dst = appendTLVResources(dst, group)
			items = rest
		}
	case lwm2m.LevelResource:
		if len(items) == 0 {
			if resource, found := resourceOf(defs, base); !found || !resource.Multiple {
				return dst, lwm2m.Errorf(lwm2m.StatusInternalServerError, "%s has no value: nothing can be sent", base)
			}
			return appendTLVHead(dst, tlvMultiple, base.Resource(), 0), nil
		}
		fallthrough
	case lwm2m.LevelInstance:
		if length := tlvResourcesLength(items); length > tlvMaxLength {
			return dst, lwm2m.Errorf(lwm2m.StatusInternalServerError, "%s: %d bytes are too long for TLV", base, length)
		}
		dst = appendTLVResources(dst, items)
	case lwm2m.LevelResourceInstance:
		if len(items) == 0 {
			return dst, lwm2m.Errorf(lwm2m.StatusInternalServerError, "%s has no value: nothing can be sent", base)
		}
		dst = appendTLVValue(dst, tlvResourceInstance, base.ResourceInstance(), items[0].Value)
	}
	return dst, nil
}

func resourceOf(defs Definitions, path lwm2m.Path) (*lwm2m.Resource, bool) {
	definition, found := defs.Definition(path.Object())
	if !found {
		return nil, false
	}
	return definition.Resource(path.Resource())
}

// splitAt divides items behind those that share the first one's path down to a level.
func splitAt(items []lwm2m.Item, level int) (group, rest []lwm2m.Item) {
	prefix := items[0].Path.Up(level)
	n := 1
	for n < len(items) && prefix.Contains(items[n].Path) {
		n++
	}
	return items[:n], items[n:]
}

func appendTLVResources(dst []byte, items []lwm2m.Item) []byte {
	for len(items) > 0 {
		group, rest := splitAt(items, lwm2m.LevelResource)
		first := group[0].Path
		if first.Level() == lwm2m.LevelResource {
			dst = appendTLVValue(dst, tlvResource, first.Resource(), group[0].Value)
		} else {
			dst = appendTLVHead(dst, tlvMultiple, first.Resource(), tlvInstancesLength(group))
			for i := range group {
				dst = appendTLVValue(dst, tlvResourceInstance, group[i].Path.ResourceInstance(), group[i].Value)
			}
		}
		items = rest
	}
	return dst
}

// tlvResourcesLength is what appendTLVResources adds.
func tlvResourcesLength(items []lwm2m.Item) int {
	length := 0
	for len(items) > 0 {
		group, rest := splitAt(items, lwm2m.LevelResource)
		var n int
		if group[0].Path.Level() == lwm2m.LevelResource {
			n = tlvValueLength(group[0].Value)
		} else {
			n = tlvInstancesLength(group)
		}
		length += tlvHeadLength(group[0].Path.Resource(), n) + n
		items = rest
	}
	return length
}

func tlvInstancesLength(group []lwm2m.Item) int {
	length := 0
	for i := range group {
		n := tlvValueLength(group[i].Value)
		length += tlvHeadLength(group[i].Path.ResourceInstance(), n) + n
	}
	return length
}

func tlvHeadLength(id uint16, length int) int {
	n := 2
	if id > math.MaxUint8 {
		n++
	}
	switch {
	case length < 8:
	case length <= math.MaxUint8:
		n++
	case length <= math.MaxUint16:
		n += 2
	default:
		n += 3
	}
	return n
}

func appendTLVHead(dst []byte, kind byte, id uint16, length int) []byte {
	at := len(dst)
	dst = append(dst, kind)
	if id > math.MaxUint8 {
		dst[at] |= tlvWideID
		dst = append(dst, byte(id>>8))
	}
	dst = append(dst, byte(id))
	switch {
	case length < 8:
		dst[at] |= byte(length)
		return dst
	case length <= math.MaxUint8:
		dst[at] |= 1 << 3
		return append(dst, byte(length))
	case length <= math.MaxUint16:
		dst[at] |= 2 << 3
		return append(dst, byte(length>>8), byte(length))
	}
	dst[at] |= 3 << 3
	return append(dst, byte(length>>16), byte(length>>8), byte(length))
}

func appendTLVValue(dst []byte, kind byte, id uint16, value lwm2m.Value) []byte {
	width := tlvValueLength(value)
	dst = appendTLVHead(dst, kind, id, width)
	var bits uint64
	switch value.Type() {
	case lwm2m.TypeString, lwm2m.TypeCorelnk:
		return append(dst, value.Text()...)
	case lwm2m.TypeOpaque:
		return append(dst, value.Text()...)
	case lwm2m.TypeFloat:
		if bits = math.Float64bits(value.Float()); width == 4 {
			bits = uint64(math.Float32bits(float32(value.Float())))
		}
	case lwm2m.TypeObjlnk:
		object, instance := value.Link()
		bits = uint64(object)<<16 | uint64(instance)
	default:
		bits = value.Uint() // of a Boolean too
	}
	for shift := (width - 1) * 8; shift >= 0; shift -= 8 {
		dst = append(dst, byte(bits>>shift))
	}
	return dst
}

func tlvValueLength(value lwm2m.Value) int {
	switch value.Type() {
	case lwm2m.TypeInteger, lwm2m.TypeTime:
		switch n := value.Int(); {
		case n == int64(int8(n)):
			return 1
		case n == int64(int16(n)):
			return 2
		case n == int64(int32(n)):
			return 4
		}
		return 8
	case lwm2m.TypeUnsigned:
		switch n := value.Uint(); {
		case n <= math.MaxUint8:
			return 1
		case n <= math.MaxUint16:
			return 2
		case n <= math.MaxUint32:
			return 4
		}
		return 8
	case lwm2m.TypeFloat:
		if f := value.Float(); float64(float32(f)) == f {
			return 4
		}
		return 8
	case lwm2m.TypeBoolean:
		return 1
	case lwm2m.TypeObjlnk:
		return 4
	case lwm2m.TypeOpaque:
		return len(value.Text())
	}
	return len(value.Text())
}

// tlv is one element as it was read; its value is a part of the payload.
type tlv struct {
	kind  byte
	id    uint16
	value []byte
}

func readTLV(payload []byte) (t tlv, rest []byte, err error) {
	first := payload[0]
	t.kind = first & tlvKindMask
	idWidth, lengthWidth := 1, int(first&tlvLengthMask>>3)
	if first&tlvWideID != 0 {
		idWidth = 2
	}
	if len(payload) < 1+idWidth+lengthWidth {
		return tlv{}, nil, badRequest("TLV: the payload ends within an element")
	}
	var wide [8]byte
	copy(wide[4-idWidth:4], payload[1:])
	copy(wide[8-lengthWidth:], payload[1+idWidth:1+idWidth+lengthWidth])
	id, length := binary.BigEndian.Uint32(wide[:4]), int(binary.BigEndian.Uint32(wide[4:]))
	if lengthWidth == 0 {
		length = int(first & 7)
	} else if first&7 != 0 {
		return tlv{}, nil, badRequest("TLV: an element of id %d has two lengths", id)
	}
	if id == lwm2m.MaxID {
		return tlv{}, nil, badRequest("TLV: %d is no id", id)
	}
	rest = payload[1+idWidth+lengthWidth:]
	if length > len(rest) {
		return tlv{}, nil, badRequest("TLV: the element of id %d is to have %d bytes, but %d are left", id, length, len(rest))
	}
	t.id, t.value = uint16(id), rest[:length]
	return t, rest[length:], nil
}
