package format

import (
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Decode reads the payload of a Write to base: an object (as the bootstrap server writes it, with any number of instances), an instance, a
// resource or a resource instance; or of a Write-Composite, where base is the root. It gives the values in path order, those of one path in the
// order of their times. Nothing of them is shared with the payload.
//
// The error is an *lwm2m.Error: 4.15 where the format is off, or not one for several objects where base is the root; 4.04 for an unknown object;
// 4.05 for a value of an executable resource; 4.00 for anything else that is wrong: the payload, a type, a range, a path outside of base, a path
// twice. With an *UnknownResources error, and no other, the items are all the others.
//
// Times in payloads are absolute: one relative to now (below 2^28 s, RFC 8428, 4.5.3) is refused, unless it is zero, which is an item without
// a time. Fractions of a millisecond are cut off.
func (c *Codec) Decode(f Format, base lwm2m.Path, payload []byte, defs Definitions) ([]lwm2m.Item, error) {
	f = f.registered()
	if err := c.canDecode(f, base); err != nil {
		return nil, err
	}
	collector := collector{defs: defs, base: base, limit: c.recordLimit(f)}
	var err error
	switch f {
	case TLV:
		err = collector.decodeTLV(payload)
	case SenMLCBOR, SenMLJSON, JSON:
		var records []record
		if records, err = c.records(f, base, payload); err == nil {
			err = collector.addRecords(f, records)
		}
	default:
		err = collector.decodeSingle(f, payload)
	}
	if err != nil {
		return nil, err
	}
	return collector.finish()
}

// DecodeCreate reads the payload of a Create on an object. Where it names the new instance, that is the id, and hasID is true; else the items are
// as of an instance 0, and the caller moves them. Errors are those of Decode; several instances are 4.00.
//
// In TLV the resources without an object instance around them have no id. In SenML and JSON names are then one level short, as /16/0 for resource 0;
// that is only seen where at least one of them is a single resource, for /16/0/1 alone is resource 1 of instance 0.
func (c *Codec) DecodeCreate(f Format, object uint16, payload []byte, defs Definitions) (id uint16, hasID bool, items []lwm2m.Item, err error) {
	f = f.registered()
	base := lwm2m.NewPath(object)
	if err := c.canDecode(f, base); err != nil {
		return 0, false, nil, err
	}
	collector := collector{defs: defs, base: base, limit: c.recordLimit(f)}
	if f == TLV {
		id, hasID, err = collector.decodeTLVInstance(payload)
	} else {
		var records []record
		if records, err = c.records(f, base, payload); err == nil {
			if id, hasID, err = instanceOf(base, records); err == nil {
				err = collector.addRecords(f, records)
			}
		}
	}
	if err != nil {
		return 0, false, nil, err
	}
	if items, err = collector.finish(); err != nil && !isUnknown(err) {
		return 0, false, nil, err
	}
	return id, hasID, items, err
}

// DecodePaths reads the payload of a Read-Composite or Observe-Composite: paths of any level, in their order, and as often as they are there.
func (c *Codec) DecodePaths(f Format, payload []byte) ([]lwm2m.Path, error) {
	f = f.registered()
	root := lwm2m.NewPath()
	if err := c.canDecode(f, root); err != nil {
		return nil, err
	}
	records, err := c.records(f, root, payload)
	if err != nil {
		return nil, err
	}
	var paths []lwm2m.Path
	for _, r := range records {
		if r.value.kind != rawNone {
			return nil, badRequest("%s: a list of paths has no values", r.path)
		}
		paths = append(paths, r.path)
	}
	return paths, nil
}

func (c *Codec) canDecode(f Format, base lwm2m.Path) error {
	switch {
	case !c.Supports(f):
		return lwm2m.Errorf(lwm2m.StatusUnsupportedContentFormat, "%s: %v is not supported", base, f)
	case base.Level() == lwm2m.LevelRoot && !f.isComposite():
		return lwm2m.Errorf(lwm2m.StatusUnsupportedContentFormat, "%v cannot hold what belongs to several objects", f)
	case base.Level() < lwm2m.LevelResource && f.isSingle():
		return badRequest("%s: %v holds one value only", base, f)
	}
	return nil
}

// records reads the records of a format that consists of them.
func (c *Codec) records(f Format, base lwm2m.Path, payload []byte) ([]record, error) {
	reader := recordReader{format: f, limit: c.recordLimit(f)}
	switch f {
	case SenMLCBOR:
		return reader.readCBOR(payload)
	case SenMLJSON:
		return reader.readSenMLJSON(payload)
	}
	return reader.readJSON(base, payload)
}

// addRecords takes what records say. One without name and value only carries a base on.
func (c *collector) addRecords(f Format, records []record) error {
	for i := range records {
		r := &records[i]
		if r.value.kind == rawNone {
			if r.isBaseOnly {
				continue
			}
			return badRequest("%s: the record has no value", r.path)
		}
		err := c.add(r.path, r.at, func(resource *lwm2m.Resource) (raw, error) {
			if f == JSON && resource.Type == lwm2m.TypeOpaque {
				return r.value.fromBase64(r.path)
			}
			return r.value, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// instanceOf finds the one instance that records are of. Where their names lack its id, they are given 0.
func instanceOf(base lwm2m.Path, records []record) (id uint16, hasID bool, err error) {
	short := false
	for i := range records {
		r := &records[i]
		if r.isBaseOnly {
			continue
		}
		if !base.Contains(r.path) || r.path.Level() < lwm2m.LevelInstance {
			return 0, false, badRequest("%s is no resource of %s, for which the payload is", r.path, base)
		}
		short = short || r.path.Level() == lwm2m.LevelInstance
		if !hasID {
			id, hasID = r.path.Instance(), true
		}
	}
	for i := range records {
		r := &records[i]
		switch {
		case r.isBaseOnly:
		case !short && r.path.Instance() != id:
			return 0, false, badRequest("%s: an instance of id %d is created already: one at a time is possible", r.path, id)
		case short && r.path.Level() == lwm2m.LevelInstance:
			r.path = base.Child(0).Child(r.path.Instance())
		case short && r.path.Level() == lwm2m.LevelResource:
			r.path = base.Child(0).Child(r.path.Instance()).Child(r.path.Resource())
		case short:
			return 0, false, badRequest("%s has an instance id, but other records have none", r.path)
		}
	}
	if short {
		return 0, false, nil
	}
	return id, hasID, nil
}
