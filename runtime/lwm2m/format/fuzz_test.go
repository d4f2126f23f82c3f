package format_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
)

// roundTrip: what is read can be written in the same format, and then reads the same; nothing else can come back than items and paths that fit.
func roundTrip(t *testing.T, f format.Format, base lwm2m.Path, payload []byte) {
	codec := everything()
	got, err := codec.Decode(f, base, payload, defs)
	if err != nil {
		if status := statusOf(err); status == 0 || status == lwm2m.StatusInternalServerError {
			t.Fatalf("%v %s %q: %v", f, base, payload, err)
		}
		return
	}
	written, err := codec.Append(nil, f, base, got, defs)
	if err != nil {
		t.Fatalf("%v %s %q: %v, %v", f, base, payload, got, err)
	}
	again, err := codec.Decode(f, base, written, defs)
	if err != nil || !sameItems(again, got) {
		t.Fatalf("%v %s %q gave %v, written as %q that gave %v, %v", f, base, payload, got, written, again, err)
	}
	for _, i := range got {
		if !base.Contains(i.Path) || i.Value.IsZero() {
			t.Fatalf("%v below %s", i, base)
		}
	}
}

// bases are what payloads are decoded for.
var bases = []string{"/", "/1", "/3", "/3/0", "/16", "/500", "/500/0", "/500/0/2", "/500/0/3", "/500/0/4", "/500/0/12", "/500/0/12/0", "/3303", "/500/0/1", "/500/0/5", "/500/0/6",
	"/500/0/7", "/500/0/8", "/500/0/9", "/500/0/65534"}

func seed(f *testing.F, which format.Format) {
	index := func(base string) byte {
		for i, b := range bases {
			if b == base {
				return byte(i)
			}
		}
		return 6
	}
	for _, v := range bothWays {
		if v.format == which && len(v.payload) < 1000 {
			f.Add(index(v.base), []byte(v.payload))
		}
	}
	for _, v := range onlyRead {
		if v.format == which {
			f.Add(index(v.base), []byte(v.payload))
		}
	}
	for _, v := range refused {
		if v.format == which {
			f.Add(index(v.base), []byte(v.payload))
		}
	}
}

func fuzz(f *testing.F, which format.Format, more func(t *testing.T, payload []byte)) {
	seed(f, which)
	f.Fuzz(func(t *testing.T, base byte, payload []byte) {
		roundTrip(t, which, path(bases[int(base)%len(bases)]), payload)
		if more != nil {
			more(t, payload)
		}
	})
}

// create: a payload for a Create reads, once the instance has its id, as a Write to the object.
func create(which format.Format) func(*testing.T, []byte) {
	return func(t *testing.T, payload []byte) {
		codec := everything()
		id, hasID, got, err := codec.DecodeCreate(which, kinds, payload, defs)
		if err != nil {
			return
		}
		for _, i := range got {
			if i.Path.Instance() != id {
				t.Fatalf("%q: %v beside the id %d", payload, i, id)
			}
		}
		if whole, err := codec.Decode(which, path("/500"), payload, defs); err == nil && hasID && !sameItems(whole, got) {
			t.Fatalf("%q: %v as a Create, %v as a Write", payload, got, whole)
		}
	}
}

func paths(which format.Format) func(*testing.T, []byte) {
	return func(t *testing.T, payload []byte) {
		if _, err := everything().DecodePaths(which, payload); err != nil && statusOf(err) != lwm2m.StatusBadRequest {
			t.Fatal(err)
		}
	}
}

func FuzzText(f *testing.F)       { fuzz(f, format.Text, nil) }
func FuzzOpaque(f *testing.F)     { fuzz(f, format.Opaque, nil) }
func FuzzLinkFormat(f *testing.F) { fuzz(f, format.LinkFormat, nil) }
func FuzzTLV(f *testing.F)        { fuzz(f, format.TLV, create(format.TLV)) }
func FuzzJSON(f *testing.F)       { fuzz(f, format.JSON, create(format.JSON)) }

func FuzzSenMLJSON(f *testing.F) {
	fuzz(f, format.SenMLJSON, func(t *testing.T, payload []byte) {
		create(format.SenMLJSON)(t, payload)
		paths(format.SenMLJSON)(t, payload)
	})
}

func FuzzCBOR(f *testing.F) {
	fuzz(f, format.CBOR, func(t *testing.T, payload []byte) {
		// What is taken is a CBOR data item, and for a Float the number that another reader finds.
		got, err := everything().Decode(format.CBOR, path("/500/0/4"), payload, defs)
		if err != nil {
			return
		}
		wellFormed(t, payload)
		var number float64
		if cbor.Unmarshal(payload, &number) == nil && math.Float64bits(number) != math.Float64bits(got[0].Value.Float()) {
			t.Fatalf("%x: %v, not %v", payload, got[0].Value, number)
		}
	})
}

func FuzzSenMLCBOR(f *testing.F) {
	fuzz(f, format.SenMLCBOR, func(t *testing.T, payload []byte) {
		create(format.SenMLCBOR)(t, payload)
		paths(format.SenMLCBOR)(t, payload)
		if _, err := everything().Decode(format.SenMLCBOR, path("/"), payload, defs); err == nil {
			wellFormed(t, payload)
		}
	})
}

func wellFormed(t *testing.T, payload []byte) {
	if err := cbor.Wellformed(payload); err != nil {
		t.Fatalf("%x was taken: %v", payload, err)
	}
}

// senML is a record as another reader sees it.
type senML struct {
	BaseName string   `cbor:"-2,keyasint,omitempty"`
	BaseTime int64    `cbor:"-3,keyasint,omitempty"`
	Name     string   `cbor:"0,keyasint,omitempty"`
	Value    any      `cbor:"2,keyasint,omitempty"`
	Text     *string  `cbor:"3,keyasint,omitempty"`
	Boolean  *bool    `cbor:"4,keyasint,omitempty"`
	Time     *float64 `cbor:"6,keyasint,omitempty"`
	Data     *[]byte  `cbor:"8,keyasint,omitempty"`
	Link     *string  `cbor:"vlo,omitempty"`
}

func TestSenMLCBORAgreesWithAnotherReader(t *testing.T) {
	for _, v := range bothWays {
		if v.format != format.SenMLCBOR && v.format != format.SenMLJSON {
			continue
		}
		payload, err := everything().Append(nil, format.SenMLCBOR, path(v.base), v.items, defs)
		if err != nil {
			t.Fatal(err)
		}
		var records []senML
		if err := cbor.Unmarshal(payload, &records); err != nil || len(records) != len(v.items) {
			t.Errorf("%x: %v, %v", payload, records, err)
			continue
		}
		base, baseTime := "", int64(0)
		for i, r := range records {
			want := v.items[i]
			if r.BaseName != "" {
				base = r.BaseName
			}
			if r.BaseTime != 0 {
				baseTime = r.BaseTime
			}
			at := float64(baseTime)
			if r.Time != nil {
				at += *r.Time
			}
			if base+r.Name != want.Path.String() || !want.Time.IsZero() && int64(at) != want.Time.Unix() {
				t.Errorf("%x: record %d is %s at %v, not %v", payload, i, base+r.Name, at, want)
			}
			var agrees bool
			switch want.Value.Type() {
			case lwm2m.TypeString, lwm2m.TypeCorelnk:
				agrees = r.Text != nil && *r.Text == want.Value.Text()
			case lwm2m.TypeBoolean:
				agrees = r.Boolean != nil && *r.Boolean == want.Value.Bool()
			case lwm2m.TypeOpaque:
				agrees = r.Data != nil && bytes.Equal(*r.Data, want.Value.Bytes())
			case lwm2m.TypeObjlnk:
				agrees = r.Link != nil && *r.Link == want.Value.String()
			case lwm2m.TypeFloat:
				agrees = r.Value == want.Value.Float()
			case lwm2m.TypeUnsigned:
				agrees = r.Value == want.Value.Uint()
			default:
				if n := want.Value.Int(); n < 0 {
					agrees = r.Value == n
				} else {
					agrees = r.Value == uint64(n)
				}
			}
			if !agrees {
				t.Errorf("%x: record %d has %+v, not %v", payload, i, r, want)
			}
		}
	}
}

// TestCBORValuesAgreeWithAnotherWriter: as CBOR has one shortest form, it must be the same one; floats are written in 64 bits.
func TestCBORValuesAgreeWithAnotherWriter(t *testing.T) {
	numbers := []int64{0, 1, 23, 24, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64, -1, -24, -25, -256, -257, math.MinInt64}
	for _, n := range numbers {
		agree(t, lwm2m.TypeInteger, lwm2m.Integer(n), n)
		agree(t, lwm2m.TypeTime, lwm2m.Seconds(n), n)
		agree(t, lwm2m.TypeUnsigned, lwm2m.Unsigned(uint64(n)), uint64(n))
	}
	for _, n := range []float64{0, math.Copysign(0, -1), 1.5, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		agree(t, lwm2m.TypeFloat, lwm2m.Float(n), n)
	}
	for _, n := range []int{0, 23, 24, 255, 256, 65535, 65536} {
		text := bytes.Repeat([]byte{'x'}, n)
		agree(t, lwm2m.TypeString, lwm2m.String(string(text)), string(text))
		agree(t, lwm2m.TypeOpaque, lwm2m.Opaque(text), text)
	}
	agree(t, lwm2m.TypeObjlnk, lwm2m.Objlnk(65535, 12), "65535:12")
	agree(t, lwm2m.TypeBoolean, lwm2m.Boolean(false), false)
}

func agree(t *testing.T, kind lwm2m.Type, value lwm2m.Value, plain any) {
	t.Helper()
	where := path("/500/0").Child(uint16(kind))
	got, err := everything().Append(nil, format.CBOR, where, items{{Path: where, Value: value}}, defs)
	if err != nil {
		t.Fatal(err)
	}
	want, err := cbor.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%v: %.80x, not %.80x", value.Type(), got, want)
	}
}
