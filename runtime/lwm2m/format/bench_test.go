package format_test

import (
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
)

// device is an instance with values of all types, as in a Read of the object.
func device() items {
	return items{
		item("/500/0/1", lwm2m.String("Europe/Paris \"x\"")), item("/500/0/2", lwm2m.Integer(-86400)), item("/500/0/3", lwm2m.Unsigned(1<<63)),
		item("/500/0/4", lwm2m.Float(36.6)), item("/500/0/5", lwm2m.Boolean(true)), item("/500/0/6", lwm2m.Opaque([]byte("0123456789abcdef"))),
		item("/500/0/7", lwm2m.Seconds(1700000000)), item("/500/0/8", lwm2m.Objlnk(10, 0)), item("/500/0/9", lwm2m.Corelnk("</3>,</4/0>")),
		item("/500/0/12/0", lwm2m.Integer(3800)), item("/500/0/12/300", lwm2m.Integer(5000)), item("/500/1/4", lwm2m.Float(36.5)),
	}
}

// history is a time series, as in a Send.
func history() items {
	var series items
	for i := range int64(20) {
		series = append(series, lwm2m.Item{Path: path("/3303/0/5700"), Value: lwm2m.Float(20 + float64(i)/8), Time: time.UnixMilli(1700000000500 + i*60000)})
	}
	return append(series, at(1700000000, item("/3303/1/5700", lwm2m.Float(1))), item("/3303/1/5701", lwm2m.String("Cel")))
}

var measured = []struct {
	name   string
	format format.Format
	base   string
	items  func() items
}{
	{"SenMLCBOR/object", format.SenMLCBOR, "/500", device},
	{"SenMLCBOR/history", format.SenMLCBOR, "/", history},
	{"SenMLJSON/object", format.SenMLJSON, "/500", device},
	{"SenMLJSON/history", format.SenMLJSON, "/", history},
	{"TLV/object", format.TLV, "/500", device},
	{"JSON/object", format.JSON, "/500", device},
	{"CBOR/value", format.CBOR, "/500/0/4", func() items { return device()[3:4] }},
	{"Text/value", format.Text, "/500/0/4", func() items { return device()[3:4] }},
	{"Opaque/value", format.Opaque, "/500/0/6", func() items { return device()[5:6] }},
	{"LinkFormat/value", format.LinkFormat, "/500/0/9", func() items { return device()[8:9] }},
}

func TestAppendDoesNotAllocate(t *testing.T) {
	codec := everything()
	dst := make([]byte, 0, 4096)
	for _, m := range measured {
		values, base := m.items(), path(m.base)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := codec.Append(dst, m.format, base, values, defs); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", m.name, n)
		}
	}
}

func TestMeasuredPayloadsReadTheSame(t *testing.T) {
	codec := everything()
	for _, m := range measured {
		payload, err := codec.Append(nil, m.format, path(m.base), m.items(), defs)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := codec.Decode(m.format, path(m.base), payload, defs); err != nil || !sameItems(got, m.items()) {
			t.Errorf("%s: %q: %v, %v", m.name, payload, got, err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	codec := everything()
	dst := make([]byte, 0, 4096)
	for _, m := range measured {
		values, base := m.items(), path(m.base)
		b.Run(m.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Append(dst, m.format, base, values, defs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	codec := everything()
	for _, m := range measured {
		base := path(m.base)
		payload, err := codec.Append(nil, m.format, base, m.items(), defs)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(m.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				if _, err := codec.Decode(m.format, base, payload, defs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
