package agnss

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

// FuzzParse: whatever arrives, there is a message or a typed error, never both but for an unknown type; what is parsed is within its ranges
// and bounds, and is the same when encoded and parsed again; all of it can be injected and scaled.
func FuzzParse(f *testing.F) {
	for _, vector := range []string{vectorMessage, vectorOrbits, "01 04 00 00", "01 06 01 00 00 01 00 01", "01 12 01 00"} {
		f.Add(unhex(f, vector))
	}
	f.Add([]byte(`{"appId":"AGNSS","messageType":"DATA","err":42200}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, err := Parse(payload)
		if err != nil {
			format, ok := errors.AsType[*FormatError](err)
			_, refused := errors.AsType[*CloudError](err)
			if !ok && !refused && !errors.Is(err, ErrNotBinary) || ok && (format.Offset < 0 || format.Offset > len(payload)) || err.Error() == "" {
				t.Fatalf("%v", err)
			}
			if (m != nil) != errors.Is(err, ErrUnknownType) {
				t.Fatalf("message %v with %v", m, err)
			}
			if m == nil {
				return
			}
		}
		checkMessage(t, m)
		again, err := Parse(encode(m))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encode(again), encode(m)) || len(again.Unusable) != 0 {
			t.Fatalf("%+v\nand again\n%+v", m, again)
		}
	})
}

func checkMessage(t *testing.T, m *Message) {
	t.Helper()
	if len(m.Ephemerides) > 42 || len(m.Almanacs) > 42 || len(m.GalileoEphemerides) > 36 || len(m.GalileoAlmanacs) > 36 || len(m.Unusable) > 160 {
		t.Fatal("more records than satellites")
	}
	r := &receiver{}
	if _, err := m.Inject(t.Context(), r, 0); err != nil || len(r.got) > 160 {
		t.Fatal(err, len(r.got))
	}
	finite := func(values ...float64) {
		for _, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatal(v)
			}
		}
	}
	for _, e := range m.Ephemerides {
		o := e.Orbit()
		finite(o.SqrtA, o.AF2, o.CUC)
		if !e.System().has(e.SV) || o.E < 0 || o.E >= 0.2 || o.TOE >= Week || o.TOC >= Week {
			t.Fatalf("%+v", e)
		}
		e.Valid(m.now())
	}
	for _, e := range m.GalileoEphemerides {
		if o := e.Orbit(); !Galileo.has(e.SV) || o.E >= 0.2 || o.TOE >= Week || o.TOC >= Week {
			t.Fatalf("%+v", e)
		}
	}
	for _, a := range m.Almanacs {
		if o := a.Orbit(); o.TOA >= Week || !a.System().has(a.SV) {
			t.Fatalf("%+v", a)
		}
		a.Valid(m.now())
	}
	for _, a := range m.GalileoAlmanacs {
		if o := a.Orbit(); o.TOA >= Week {
			t.Fatalf("%+v", a)
		}
	}
	if m.Location != nil && (math.Abs(m.Location.LatitudeDegrees()) > 90 || math.Abs(m.Location.LongitudeDegrees()) > 180 || m.Location.Confidence > 100) {
		t.Fatalf("%+v", m.Location)
	}
	if m.UTC != nil {
		if leap := m.UTC.LeapSeconds(m.now()); leap < minLeap || leap > maxLeap {
			t.Fatal(leap)
		}
	}
	if m.GGTO != nil {
		finite(m.GGTO.Offset(m.now()))
	}
}

func (m *Message) now() GPSTime {
	if m.Time == nil {
		return 2426 * Week
	}
	return m.Time.Time()
}

func BenchmarkParse(b *testing.B) {
	for _, bench := range []struct {
		name    string
		payload []byte
	}{{"small", unhex(b, vectorMessage)}, {"full", largestMessage(b)}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.payload)))
			for b.Loop() {
				if _, err := Parse(bench.payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// largestMessage has a record of each satellite in each type that has them.
func largestMessage(t testing.TB) []byte {
	out := unhex(t, vectorMessage)
	out = append(out[:59:59], out[70:]...) // without its TOW
	satellites := func(kind Type, system System, record []byte) {
		first, last := system.Satellites()
		out = append(out, byte(kind), byte(last-first+1), 0)
		for sv := first; sv <= last; sv++ {
			record[0] = byte(sv)
			out = append(out, record...)
		}
	}
	satellites(TypeTOW, GPS, []byte{0, 1, 1, 1})
	satellites(TypeEphemeris, GPS, unhex(t, vectorEphemeris))
	satellites(TypeAlmanac, GPS, unhex(t, vectorAlmanac))
	satellites(TypeQZSSEphemeris, QZSS, unhex(t, vectorEphemeris))
	satellites(TypeQZSSAlmanac, QZSS, unhex(t, vectorAlmanac))
	satellites(TypeGalileoEphemeris, Galileo, unhex(t, vectorGalileoEphemeris))
	satellites(TypeGalileoAlmanac, Galileo, unhex(t, vectorGalileoAlmanac))
	return out
}

func TestLargestMessage(t *testing.T) {
	payload := largestMessage(t)
	m := mustParse(t, payload)
	if len(m.Ephemerides) != 42 || len(m.Almanacs) != 42 || len(m.GalileoEphemerides) != 36 || len(m.GalileoAlmanacs) != 36 || m.Time.SVMask != 1<<32-1 || len(m.Unusable) != 0 {
		t.Errorf("%+v", m)
	}
	if len(payload) > MaxSize/2 {
		t.Errorf("%d bytes", len(payload))
	}
	r := &receiver{}
	given, err := m.Inject(t.Context(), r, 0)
	if err != nil || given.GPS.Ephemerides != all(GPS) || given.QZSS.Almanacs != all(QZSS) || given.Galileo.Ephemerides != all(Galileo) {
		t.Errorf("%v, %+v", err, given)
	}
	if allocations := testing.AllocsPerRun(100, func() { mustParse(t, payload) }); allocations > 8 {
		t.Errorf("%g allocations", allocations)
	}
}
