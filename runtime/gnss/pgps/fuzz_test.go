package pgps

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// damaged puts bytes into a file, beginning somewhere, and cuts it off at a length: few bytes say what is worth trying.
func damaged(file []byte, patch []byte, at, length uint16) []byte {
	file = bytes.Clone(file)
	copy(file[int(at)%len(file):], patch)
	if len(file) > int(length) {
		return file[:length]
	}
	return append(file, patch[:min(len(patch), int(length)-len(file))]...)
}

// FuzzDecoder: whatever arrives, in whatever parts, there is no panic, memory is bounded, errors are typed, what is whole can be looked up, and
// a whole set is the file.
func FuzzDecoder(f *testing.F) {
	good := fileBytes(Header{Count: 2, Period: period, Start: start})
	whole := uint16(len(good))
	f.Add([]byte{}, uint16(0), whole, uint16(1500))
	f.Add([]byte{}, uint16(0), uint16(HeaderSize+5), uint16(1))
	f.Add([]byte{1}, uint16(0), whole+1, uint16(700))
	f.Add([]byte{120}, uint16(8), whole, uint16(700))
	f.Add([]byte{5}, uint16(4), whole, uint16(9000))
	f.Add([]byte{2, 33, 0}, uint16(HeaderSize+19), whole, uint16(9000))
	f.Fuzz(func(t *testing.T, patch []byte, at, length, size uint16) {
		file := damaged(good, patch, at, length)
		var d Decoder
		var err error
		for rest := file; len(rest) > 0 && err == nil; {
			n := min(int(size)+1, len(rest))
			err = d.Write(rest[:n])
			rest = rest[n:]
		}
		if format, ok := errors.AsType[*FormatError](err); err != nil && (!ok || format.Offset > len(file)) {
			t.Fatal(err)
		}
		s := d.Set()
		if s.Count*PredictionSize > len(file) || d.Offset() > len(file) || cap(d.body) > MaxSize {
			t.Fatalf("%d predictions of %d bytes", s.Count, len(file))
		}
		for n := range s.Count {
			p, err := s.Prediction(n)
			if err != nil || len(p.Ephemerides) > 32 {
				t.Fatal(err)
			}
			if got, err := s.Index(p.Time); err != nil || got < n || got > n+1 || s.Period >= period && got != n {
				t.Fatalf("prediction %d is found as %d, %v", n, got, err)
			}
		}
		whole, err := ParseSet(file)
		if (err == nil) != (d.err == nil && d.Complete()) || err == nil && !bytes.Equal(whole.Append(nil), file) {
			t.Fatal(err)
		}
		if stored, count, damage := decodeSet(encodeSet(s, max(s.Count, 1))); s.Count > 0 && (damage != nil || count != s.Count || !bytes.Equal(stored.Append(nil), s.Append(nil))) {
			t.Fatal(damage)
		}
	})
}

// FuzzStored: the medium may hold anything.
func FuzzStored(f *testing.F) {
	good := encodeSet(set(f, Header{Count: 2, Period: period, Start: start}), 3)
	whole := uint16(len(good))
	f.Add([]byte{}, uint16(0), whole)
	f.Add([]byte{2}, uint16(4), whole)
	f.Add([]byte{1}, uint16(4), whole)
	f.Add([]byte{255, 255}, uint16(HeaderSize+storedSize+50), whole)
	f.Add([]byte{}, uint16(0), uint16(HeaderSize+storedSize))
	f.Fuzz(func(t *testing.T, patch []byte, at, length uint16) {
		file := damaged(good, patch, at, length)
		s, whole, damage := decodeSet(file)
		if s.Count > whole || whole > MaxPredictions || s.Count > 0 && len(s.body) != s.Count*PredictionSize {
			t.Fatalf("%+v of %d", s.Header, whole)
		}
		for n := range s.Count {
			if _, err := s.Prediction(n); err != nil {
				t.Fatal(err)
			}
		}
		if damage == nil && !bytes.Equal(encodeSet(s, whole), file) {
			t.Fatal("not noticed")
		}
	})
}

func FuzzState(f *testing.F) {
	f.Add([]byte(`{"leap":{"before":17,"after":18,"change":1167264017},"location":{"latitude":5911172,"longitude":-484210,"at":1468814400}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		read, _ := decodeState(file)
		if leap := read.Leap.at(start); leap < 10 || leap > 30 {
			t.Fatal(leap)
		}
		if l := read.Location; l != nil {
			if at := (agnss.Location{Latitude: l.Latitude, Longitude: l.Longitude}); at.LatitudeDegrees() > 90 || at.LongitudeDegrees() < -180 {
				t.Fatal(at)
			}
		}
	})
}

func FuzzParsePlace(f *testing.F) {
	f.Add([]byte(`["pgps.nrfcloud.com","public/15286-79200_15293-64800.bin"]`))
	f.Add([]byte(`{"host":"h","path":"/p"}`))
	f.Add([]byte(`{"err":42200}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		place, err := ParsePlace(document)
		_, refused := errors.AsType[*agnss.CloudError](err)
		if err != nil && !refused && !errors.Is(err, ErrPlace) {
			t.Fatal(err)
		}
		if err == nil && (len(place.Host) > maxHost || len(place.Path) > maxPath || place.Host == "" || place.Path == "" || bytes.ContainsAny([]byte(place.Host+place.Path), "\r\n \x00")) {
			t.Fatalf("%+v", place)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	file := fileBytes(Header{Count: 42, Period: period, Start: start})
	b.Run("set", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(file)))
		for b.Loop() {
			if _, err := ParseSet(file); err != nil {
				b.Fatal(err)
			}
		}
	})
	s := set(b, Header{Count: 42, Period: period, Start: start})
	b.Run("prediction", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(PredictionSize)
		for b.Loop() {
			if _, err := s.Prediction(20); err != nil {
				b.Fatal(err)
			}
		}
	})
	stored := encodeSet(s, 42)
	b.Run("stored", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(stored)))
		for b.Loop() {
			if _, _, err := decodeSet(stored); err != nil {
				b.Fatal(err)
			}
		}
	})
}
