package format_test

import (
	"slices"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
)

type definitions map[uint16]*lwm2m.Definition

func (d definitions) Definition(object uint16) (*lwm2m.Definition, bool) {
	definition, found := d[object]
	return definition, found
}

func resource(id uint16, kind lwm2m.Type) lwm2m.Resource {
	return lwm2m.Resource{ID: id, Operations: lwm2m.RW, Type: kind}
}

func multiple(id uint16, kind lwm2m.Type) lwm2m.Resource {
	return lwm2m.Resource{ID: id, Operations: lwm2m.RW, Type: kind, Multiple: true}
}

func ranged(id uint16, kind lwm2m.Type, limits string) lwm2m.Resource {
	return lwm2m.Resource{ID: id, Operations: lwm2m.RW, Type: kind, Range: limits}
}

// kinds is an object with a single resource of each type at 0 to 9, and a multiple one at 10 to 19. That of no type is executable.
const kinds = 500

var defs = func() definitions {
	d := definitions{
		1: {ID: 1, Resources: []lwm2m.Resource{ranged(0, lwm2m.TypeInteger, "1..65534"), resource(1, lwm2m.TypeInteger), resource(2, lwm2m.TypeInteger),
			resource(3, lwm2m.TypeInteger), resource(6, lwm2m.TypeBoolean)}},
		3: {ID: 3, Resources: []lwm2m.Resource{resource(0, lwm2m.TypeString), multiple(6, lwm2m.TypeInteger), multiple(7, lwm2m.TypeInteger),
			ranged(9, lwm2m.TypeInteger, "0..100"), resource(13, lwm2m.TypeTime), resource(14, lwm2m.TypeString), resource(15, lwm2m.TypeString),
			resource(22, lwm2m.TypeObjlnk)}},
		16:    {ID: 16, Multiple: true, Resources: []lwm2m.Resource{multiple(0, lwm2m.TypeString), resource(3, lwm2m.TypeInteger)}},
		19:    {ID: 19, Multiple: true, Resources: []lwm2m.Resource{multiple(0, lwm2m.TypeOpaque), resource(1, lwm2m.TypeInteger)}},
		3303:  {ID: 3303, Multiple: true, Resources: []lwm2m.Resource{resource(5700, lwm2m.TypeFloat), resource(5701, lwm2m.TypeString)}},
		kinds: {ID: kinds, Multiple: true},
	}
	for i := range uint16(10) {
		d[kinds].Resources = append(d[kinds].Resources, resource(i, lwm2m.Type(i)))
	}
	for i := range uint16(10) {
		d[kinds].Resources = append(d[kinds].Resources, multiple(10+i, lwm2m.Type(i)))
	}
	d[kinds].Resources = append(d[kinds].Resources, resource(65534, lwm2m.TypeOpaque))
	return d
}()

func everything() *format.Codec {
	return format.New(format.Config{TLV: true, JSON: true, SenMLJSON: true, CBOR: true, SenMLCBOR: true, Records: 1000})
}

func path(text string) lwm2m.Path {
	p, err := lwm2m.ParsePath(text)
	if err != nil {
		panic(err)
	}
	return p
}

func item(where string, value lwm2m.Value) lwm2m.Item {
	return lwm2m.Item{Path: path(where), Value: value}
}

func sameItems(a, b []lwm2m.Item) bool {
	return slices.EqualFunc(a, b, func(a, b lwm2m.Item) bool {
		return a.Path == b.Path && a.Value.Equal(b.Value) && a.Time.Equal(b.Time)
	})
}
