package format

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// The kinds of TLV, bits 7 and 6 of the first byte.
const (
	tlvInstance         = 0
	tlvResourceInstance = 1
	tlvMultiple         = 2
	tlvResource         = 3
)

// largestTLV is what the 24-bit length can say.
const largestTLV = 1<<24 - 1

type tlv struct {
	kind  byte
	id    uint16
	value []byte
}

// next reads one TLV and gives the bytes after it.
func nextTLV(b []byte) (tlv, []byte, error) {
	header := b[0]
	t := tlv{kind: header >> 6}
	b = b[1:]
	ids, lengths := 1+int(header>>5&1), int(header>>3&3)
	if len(b) < ids+lengths {
		return t, nil, errors.New("TLV header is cut off")
	}
	for _, octet := range b[:ids] {
		t.id = t.id<<8 | uint16(octet)
	}
	length := int(header & 7)
	if lengths > 0 {
		if length != 0 {
			return t, nil, fmt.Errorf("TLV header %#02x: bits 2 to 0 are set beside a length field", header)
		}
		for _, octet := range b[ids : ids+lengths] {
			length = length<<8 | int(octet)
		}
	}
	b = b[ids+lengths:]
	if len(b) < length {
		return t, nil, fmt.Errorf("TLV of %d bytes has %d", length, len(b))
	}
	if t.id == math.MaxUint16 {
		return t, nil, errors.New("TLV with the reserved id 65535")
	}
	t.value = b[:length]
	return t, b[length:], nil
}

func decodeTLV(base Path, payload []byte, types Types) ([]Item, error) {
	items := []Item{}
	for len(payload) > 0 {
		t, rest, err := nextTLV(payload)
		if err != nil {
			return nil, err
		}
		payload = rest
		switch len(base) {
		case 1:
			if t.kind != tlvInstance {
				return nil, errors.New("an object's payload holds object-instance TLVs (reference 10.2)")
			}
			items, err = appendResources(items, Path{base[0], t.id}, t.value, types)
		case 2:
			if t.kind == tlvInstance { // ETS int-203 shows the wrapped form
				if t.id != base[1] {
					return nil, fmt.Errorf("object-instance TLV %d for %v", t.id, base)
				}
				items, err = appendResources(items, base, t.value, types)
				break
			}
			items, err = appendResource(items, base, t, types)
		case 3:
			if t.id != base[2] || t.kind != tlvResource && t.kind != tlvMultiple {
				return nil, fmt.Errorf("TLV of kind %d with id %d for the resource %v (reference 10.2)", t.kind, t.id, base)
			}
			items, err = appendResource(items, base[:2], t, types)
		case 4:
			if t.kind == tlvMultiple && t.id == base[2] {
				if items, err = appendResource(items, base[:2], t, types); err == nil && (len(items) != 1 || items[0].Path != base.String()) {
					err = fmt.Errorf("the multiple-resource TLV does not hold just the resource instance %v (reference 10.2)", base)
				}
				break
			}
			if t.kind != tlvResourceInstance || t.id != base[3] {
				return nil, fmt.Errorf("TLV of kind %d with id %d for the resource instance %v (reference 10.2)", t.kind, t.id, base)
			}
			items, err = appendValue(items, base, t.value, types)
		default:
			return nil, errors.New("TLV has no form for several objects")
		}
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

func appendResources(items []Item, instance Path, payload []byte, types Types) ([]Item, error) {
	for len(payload) > 0 {
		t, rest, err := nextTLV(payload)
		if err != nil {
			return nil, err
		}
		payload = rest
		if items, err = appendResource(items, instance, t, types); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func appendResource(items []Item, instance Path, t tlv, types Types) ([]Item, error) {
	path := Path{instance[0], instance[1], t.id}
	switch t.kind {
	case tlvResource:
		return appendValue(items, path, t.value, types)
	case tlvMultiple:
		if len(t.value) == 0 {
			return append(items, Item{Path: path.String(), Value: Empty{}}), nil
		}
		for inner := t.value; len(inner) > 0; {
			value, rest, err := nextTLV(inner)
			if err != nil {
				return nil, err
			}
			inner = rest
			if value.kind != tlvResourceInstance {
				return nil, fmt.Errorf("%v: a multiple resource holds resource-instance TLVs, not kind %d", path, value.kind)
			}
			if items, err = appendValue(items, Path{path[0], path[1], path[2], value.id}, value.value, types); err != nil {
				return nil, err
			}
		}
		return items, nil
	}
	return nil, fmt.Errorf("TLV of kind %d where a resource belongs (%v)", t.kind, path)
}

func appendValue(items []Item, path Path, b []byte, types Types) ([]Item, error) {
	value, err := tlvValue(b, typeOf(types, path))
	if err != nil {
		return nil, fmt.Errorf("%v: %w", path, err)
	}
	return append(items, Item{Path: path.String(), Value: value}), nil
}

func tlvValue(b []byte, t Type) (any, error) {
	switch t {
	case Integer, Time, Unsigned:
		var unsigned uint64
		for _, octet := range b {
			unsigned = unsigned<<8 | uint64(octet)
		}
		if len(b) != 1 && len(b) != 2 && len(b) != 4 && len(b) != 8 {
			return nil, fmt.Errorf("an integer of %d bytes: 1, 2, 4 or 8 (reference 10.2)", len(b))
		}
		if t == Unsigned {
			return unsigned, nil
		}
		shift := 64 - 8*len(b)
		return int64(unsigned<<shift) >> shift, nil
	case Float:
		switch len(b) {
		case 4:
			return float64(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
		case 8:
			return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
		}
		return nil, fmt.Errorf("a float of %d bytes: 4 or 8 (reference 10.2)", len(b))
	case Boolean:
		if len(b) != 1 || b[0] > 1 {
			return nil, fmt.Errorf("a boolean of % x: 00 or 01 (reference 10.2)", b)
		}
		return b[0] == 1, nil
	case String, CoreLink:
		if !utf8.Valid(b) {
			return nil, errors.New("not UTF-8")
		}
		return string(b), nil
	case OpaqueBytes:
		return append([]byte{}, b...), nil
	case ObjectLink:
		if len(b) != 4 {
			return nil, fmt.Errorf("an object link of %d bytes: 4 (reference 10.2)", len(b))
		}
		return Link{binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])}, nil
	}
	return append(Untyped{}, b...), nil
}

// appendTLV writes one TLV in its shortest form.
func appendTLV(dst []byte, kind byte, id uint16, value []byte) ([]byte, error) {
	if len(value) > largestTLV {
		return nil, fmt.Errorf("%d bytes do not fit a TLV", len(value))
	}
	header := kind << 6
	if id > math.MaxUint8 {
		header |= 1 << 5
	}
	var length []byte
	switch n := len(value); {
	case n < 8:
		header |= byte(n)
	case n <= math.MaxUint8:
		length = []byte{byte(n)}
	case n <= math.MaxUint16:
		length = []byte{byte(n >> 8), byte(n)}
	default:
		length = []byte{byte(n >> 16), byte(n >> 8), byte(n)}
	}
	header |= byte(len(length)) << 3
	dst = append(dst, header)
	if id > math.MaxUint8 {
		dst = append(dst, byte(id>>8))
	}
	dst = append(dst, byte(id))
	return append(append(dst, length...), value...), nil
}

func tlvBytes(value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		return []byte(v), nil
	case []byte:
		return v, nil
	case Untyped:
		return v, nil
	case bool:
		if v {
			return []byte{1}, nil
		}
		return []byte{0}, nil
	case float64:
		if float64(float32(v)) == v {
			return binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(v))), nil
		}
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(v)), nil
	case int64:
		full := binary.BigEndian.AppendUint64(nil, uint64(v))
		for _, width := range []int{1, 2, 4} {
			if limit := int64(1) << (8*width - 1); v >= -limit && v < limit {
				return full[8-width:], nil
			}
		}
		return full, nil
	case uint64:
		full := binary.BigEndian.AppendUint64(nil, v)
		for _, width := range []int{1, 2, 4} {
			if v < 1<<(8*width) {
				return full[8-width:], nil
			}
		}
		return full, nil
	case Link:
		return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, v.Object), v.Instance), nil
	}
	return nil, fmt.Errorf("a %T has no form in TLV", value)
}

func encodeTLV(base Path, items []element) ([]byte, error) {
	switch {
	case len(base) == 0:
		return nil, errors.New("TLV has no form for several objects")
	case len(base) == 1 && len(items) > 0 && items[0].path[1] == NoID:
		return encodeTLVLevel(items, 2)
	case len(base) == 4:
		return encodeTLVLevel(items, 3)
	}
	return encodeTLVLevel(items, min(len(base), 2))
}

// encodeTLVLevel writes the items by their ids at a level: 1 instances, 2 resources, 3 resource instances.
func encodeTLVLevel(items []element, level int) ([]byte, error) {
	var dst []byte
	for len(items) > 0 {
		id := items[0].path[level]
		n := 1
		for n < len(items) && items[n].path[level] == id {
			n++
		}
		group := items[:n]
		items = items[n:]
		var content []byte
		var err error
		kind := byte(tlvResourceInstance)
		_, empty := group[0].value.(Empty)
		switch {
		case level == 1:
			kind = tlvInstance
			content, err = encodeTLVLevel(group, 2)
		case level == 2 && empty:
			kind = tlvMultiple
		case level == 2 && len(group[0].path) == 4:
			kind = tlvMultiple
			content, err = encodeTLVLevel(group, 3)
		default:
			if level == 2 {
				kind = tlvResource
			}
			if n != 1 {
				return nil, fmt.Errorf("%v stands there %d times", group[0].path, n)
			}
			content, err = tlvBytes(group[0].value)
		}
		if err != nil {
			return nil, fmt.Errorf("%v: %w", group[0].path, err)
		}
		if dst, err = appendTLV(dst, kind, id, content); err != nil {
			return nil, err
		}
	}
	return dst, nil
}
