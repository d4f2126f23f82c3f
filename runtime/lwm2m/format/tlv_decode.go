package format

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// decodeTLV reads what stands in TLV below the collector's base. It goes four levels down and no deeper.
func (c *collector) decodeTLV(payload []byte) error {
	switch c.base.Level() {
	case lwm2m.LevelObject:
		return eachTLV(payload, func(t tlv) error {
			if t.kind != tlvInstance {
				return badRequest("%s: TLV: object instances were expected around the resources", c.base)
			}
			return c.tlvResources(c.base.Child(t.id), t.value)
		})
	case lwm2m.LevelInstance:
		if len(payload) == 0 || payload[0]&tlvKindMask != tlvInstance {
			return c.tlvResources(c.base, payload)
		}
		t, err := c.onlyTLV(payload)
		if err != nil {
			return err
		}
		if t.id != c.base.Instance() {
			return badRequest("%s: TLV: the object instance has the id %d", c.base, t.id)
		}
		return c.tlvResources(c.base, t.value)
	}
	t, err := c.onlyTLV(payload)
	if err != nil {
		return err
	}
	if c.base.Level() == lwm2m.LevelResource {
		if t.id != c.base.Resource() {
			return badRequest("%s: TLV: the resource has the id %d", c.base, t.id)
		}
		return c.tlvResource(c.base.Up(lwm2m.LevelInstance), t)
	}
	if t.kind == tlvMultiple {
		if t.id != c.base.Resource() {
			return badRequest("%s: TLV: the resource has the id %d", c.base, t.id)
		}
		if t, err = c.onlyTLV(t.value); err != nil {
			return err
		}
	}
	if t.kind != tlvResourceInstance || t.id != c.base.ResourceInstance() {
		return badRequest("%s: TLV: the resource instance was expected, and nothing else", c.base)
	}
	return c.tlvValue(c.base, t.value)
}

// decodeTLVInstance reads the payload of a Create: one object instance, or resources without one, which are given the instance 0.
func (c *collector) decodeTLVInstance(payload []byte) (id uint16, hasID bool, err error) {
	if len(payload) == 0 || payload[0]&tlvKindMask != tlvInstance {
		return 0, false, c.tlvResources(c.base.Child(0), payload)
	}
	t, err := c.onlyTLV(payload)
	if err != nil {
		return 0, false, err
	}
	return t.id, true, c.tlvResources(c.base.Child(t.id), t.value)
}

func eachTLV(payload []byte, element func(tlv) error) error {
	for len(payload) > 0 {
		t, rest, err := readTLV(payload)
		if err != nil {
			return err
		}
		if err := element(t); err != nil {
			return err
		}
		payload = rest
	}
	return nil
}

func (c *collector) onlyTLV(payload []byte) (tlv, error) {
	if len(payload) == 0 {
		return tlv{}, badRequest("%s: TLV: there is no value", c.base)
	}
	t, rest, err := readTLV(payload)
	if err == nil && len(rest) > 0 {
		err = badRequest("%s: TLV: one element was expected", c.base)
	}
	return t, err
}

func (c *collector) tlvResources(instance lwm2m.Path, payload []byte) error {
	return eachTLV(payload, func(t tlv) error { return c.tlvResource(instance, t) })
}

func (c *collector) tlvResource(instance lwm2m.Path, t tlv) error {
	path := instance.Child(t.id)
	switch t.kind {
	case tlvResource:
		return c.tlvValue(path, t.value)
	case tlvMultiple:
		// Also without values it has to be a multiple one.
		if resource, err := c.resource(path.Child(0)); err != nil || resource == nil {
			return err
		}
		return eachTLV(t.value, func(t tlv) error {
			if t.kind != tlvResourceInstance {
				return badRequest("%s: TLV: resource instances were expected", path)
			}
			return c.tlvValue(path.Child(t.id), t.value)
		})
	}
	return badRequest("%s: TLV: resources were expected", instance)
}

func (c *collector) tlvValue(path lwm2m.Path, value []byte) error {
	return c.add(path, time.Time{}, func(resource *lwm2m.Resource) (raw, error) { return tlvRaw(path, resource.Type, value) })
}

// tlvRaw gives the bytes of a value their meaning.
func tlvRaw(path lwm2m.Path, kind lwm2m.Type, value []byte) (r raw, err error) {
	switch kind {
	case lwm2m.TypeString, lwm2m.TypeCorelnk:
		r.kind, r.text = rawText, string(value)
	case lwm2m.TypeOpaque, lwm2m.TypeNone:
		r.kind, r.data = rawData, value
	case lwm2m.TypeBoolean:
		if len(value) != 1 || value[0] > 1 {
			return r, badRequest("%s: TLV: a Boolean is one byte, 0 or 1", path)
		}
		r.kind, r.yes = rawBoolean, value[0] == 1
	case lwm2m.TypeObjlnk:
		if len(value) != 4 {
			return r, badRequest("%s: TLV: an Objlnk has 4 bytes, not %d", path, len(value))
		}
		r.kind, r.text = rawLink, lwm2m.Objlnk(binary.BigEndian.Uint16(value), binary.BigEndian.Uint16(value[2:])).String()
	case lwm2m.TypeFloat:
		r.kind, r.number.isFloat = rawNumber, true
		switch len(value) {
		case 4:
			r.number.float = float64(math.Float32frombits(binary.BigEndian.Uint32(value)))
		case 8:
			r.number.float = math.Float64frombits(binary.BigEndian.Uint64(value))
		default:
			return r, badRequest("%s: TLV: a Float has 4 or 8 bytes, not %d", path, len(value))
		}
	default:
		err = r.tlvInteger(path, kind, value)
	}
	return r, err
}

func (r *raw) tlvInteger(path lwm2m.Path, kind lwm2m.Type, value []byte) error {
	switch len(value) {
	case 1, 2, 4, 8:
	default:
		return badRequest("%s: TLV: a number has 1, 2, 4 or 8 bytes, not %d", path, len(value))
	}
	var bits uint64
	for _, b := range value {
		bits = bits<<8 | uint64(b)
	}
	r.kind = rawNumber
	if kind == lwm2m.TypeUnsigned {
		r.number = whole(false, bits)
		return nil
	}
	unused := 64 - 8*len(value)
	r.number = signed(int64(bits<<unused) >> unused)
	return nil
}
