package agnss

import (
	"bytes"
	"encoding/binary"
)

// encode is the inverse of Parse, made from the tables of the format, for properties. The fields of the record types stand in their order
// on the wire, so they are written as they are.
func encode(m *Message) []byte {
	out := []byte{version}
	out = group(out, TypeUTC, one(m.UTC))
	out = group(out, TypeKlobuchar, one(m.Klobuchar))
	out = group(out, TypeNeQuick, one(m.NeQuick))
	if m.Time != nil {
		out = group(out, TypeClock, []wireClock{{m.Time.Day, m.Time.Second, m.Time.Millisecond, [8]byte{}}})
		var tows []wireTOW
		for n, tow := range m.Time.TOW {
			if m.Time.SVMask&(1<<n) != 0 {
				tows = append(tows, wireTOW{uint8(n + 1), tow})
			}
		}
		out = group(out, TypeTOW, tows)
	}
	out = group(out, TypeLocation, one(m.Location))
	out = group(out, TypeIntegrity, one(m.Integrity.GPS))
	out = group(out, TypeQZSSIntegrity, one(m.Integrity.QZSS))
	out = group(out, TypeGalileoIntegrity, one(m.Integrity.Galileo))
	out = group(out, TypeGGTO, one(m.GGTO))
	for _, e := range m.Ephemerides {
		out = group(out, pick(e.System(), TypeEphemeris, TypeQZSSEphemeris), []Ephemeris{e})
	}
	for _, a := range m.Almanacs {
		out = group(out, pick(a.System(), TypeAlmanac, TypeQZSSAlmanac), []Almanac{a})
	}
	out = group(out, TypeGalileoEphemeris, m.GalileoEphemerides)
	return group(out, TypeGalileoAlmanac, m.GalileoAlmanacs)
}

type wireClock struct {
	Day         uint16
	Second      uint32
	Millisecond uint16
	Rest        [8]byte
}

type wireTOW struct {
	SV uint8
	TOW
}

func one[T any](value *T) []T {
	if value == nil {
		return nil
	}
	return []T{*value}
}

func pick(system System, gps, qzss Type) Type {
	if system == QZSS {
		return qzss
	}
	return gps
}

func group[T any](out []byte, t Type, records []T) []byte {
	if len(records) == 0 {
		return out
	}
	out = append(out, byte(t), byte(len(records)), 0)
	var body bytes.Buffer
	if err := binary.Write(&body, binary.LittleEndian, records); err != nil {
		panic(err) // a record type that is not of fixed size
	}
	return append(out, body.Bytes()...)
}
