package agnss

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"math"
	"reflect"
	"testing"
	"time"
)

func mustParse(t testing.TB, payload []byte) *Message {
	t.Helper()
	m, err := Parse(payload)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func sum(b []byte) string {
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

// closeTo compares with the digits that the vectors give.
func closeTo(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-5*math.Abs(want) {
		t.Errorf("%s: %.12g, want %.12g", what, got, want)
	}
}

func TestVectorMessage(t *testing.T) {
	payload := unhex(t, vectorMessage)
	if len(payload) != 124 || sum(payload) != vectorMessageSum {
		t.Fatalf("the vector has been changed: %d bytes, %s", len(payload), sum(payload))
	}
	m := mustParse(t, payload)
	equal(t, "clock", m.Time.Clock, Clock{Day: 17000, Second: 43200, Millisecond: 250})
	equal(t, "clock's day", m.Time.Time().UTC(0).Format(time.DateTime), "2026-07-23 12:00:00")
	equal(t, "mask of TOW", m.Time.SVMask, uint32(0x40))
	equal(t, "TOW 7", m.Time.TOW[6], TOW{TLM: 0x2a5c, Flags: 1})
	equal(t, "TOW 9", m.Time.TOW[8], TOW{})
	equal(t, "UTC", *m.UTC, UTC{A1: 5, A0: -2, TOT: 98, WNT: 124, DeltaTLS: 18, WNLSF: 137, DN: 7, DeltaTLSF: 18})
	equal(t, "Klobuchar", *m.Klobuchar, Klobuchar{Alpha: [4]int8{19, 3, -2, -1}, Beta: [4]int8{63, 10, -3, -4}})
	equal(t, "NeQuick", *m.NeQuick, NeQuick{AI0: 550, AI1: 155, AI2: 412, StormValid: 0x1f})
	equal(t, "location", *m.Location, Location{Latitude: 5911172, Longitude: -484210, Altitude: -12, SemiMajor: 40, SemiMinor: 30, Orientation: 45, AltitudeUncertainty: 255, Confidence: 68})
	closeTo(t, "latitude", m.Location.LatitudeDegrees(), 63.419995)
	closeTo(t, "longitude", m.Location.LongitudeDegrees(), -10.390019)
	major, minor, ok := m.Location.Uncertainty()
	closeTo(t, "major", major, 442.59256)
	closeTo(t, "minor", minor, 164.49402)
	if _, vertical := m.Location.VerticalUncertainty(); !ok || vertical {
		t.Error("uncertainties: which are given")
	}
	equal(t, "GPS integrity", *m.Integrity.GPS, uint32(0x1001))
	equal(t, "excluded GPS", excluded(m, GPS), []int{1, 13})
	equal(t, "excluded QZSS", excluded(m, QZSS), []int{193, 197, 198})
	equal(t, "excluded Galileo", excluded(m, Galileo), []int{1, 14, 33})
	equal(t, "GGTO", *m.GGTO, GGTO{A0: 52, A1: -52, T0G: 27000, WN: 1401})
	equal(t, "GGTO's time", m.GGTO.Reference(), GPSTime(2425*Week+432000))
	closeTo(t, "GGTO's offset", m.GGTO.Offset(m.GGTO.Reference().Add(1000)), 52*math.Pow(2, -35)-52000*math.Pow(2, -51))
	if len(m.Unusable) != 0 {
		t.Error(m.Unusable)
	}

	alpha, beta := m.Klobuchar.Coefficients()
	closeTo(t, "alpha 0", alpha[0], 19*math.Pow(2, -30))
	closeTo(t, "alpha 3", alpha[3], -math.Pow(2, -24))
	closeTo(t, "beta 1", beta[1], 10*16384)
	ai := m.NeQuick.Coefficients()
	for n, want := range []float64{137.5, 0.60546875, 0.012573242} {
		closeTo(t, "ai", ai[n], want)
	}
}

func excluded(m *Message, system System) []int {
	var list []int
	for sv := range 256 {
		if m.Integrity.Excludes(system, uint8(sv)) {
			list = append(list, sv)
		}
	}
	return list
}

func TestVectorOrbits(t *testing.T) {
	payload := unhex(t, vectorOrbits)
	if len(payload) != 210 || sum(payload) != vectorOrbitsSum {
		t.Fatalf("the vector has been changed: %d bytes, %s", len(payload), sum(payload))
	}
	m := mustParse(t, payload)
	e := m.Ephemerides[0]
	equal(t, "ephemeris", e, Ephemeris{
		SV: 7, IODC: 421, TOC: 28350, AF1: -31, AF0: -123456, TGD: -12, URA: 1, TOE: 28350, W: -987654321, DeltaN: 12345, M0: 1234567890, OmegaDot: -22334,
		E: 98765432, IDot: -321, SqrtA: 2702000000, I0: 655555555, Omega0: -1500000000, CRS: -1234, CIS: 55, CUS: 4321, CRC: 6789, CIC: -77, CUC: -2345,
	})
	orbit := e.Orbit()
	for _, value := range []struct {
		name      string
		got, want float64
	}{
		{"toe", float64(orbit.TOE), 453600}, {"toc", float64(orbit.TOC), 453600}, {"af2", orbit.AF2, 0}, {"af1", orbit.AF1, -3.52429197e-12}, {"af0", orbit.AF0, -5.74886799e-05},
		{"tgd", orbit.GroupDelay, -5.58793545e-09}, {"w", orbit.W, -0.45991238253}, {"delta_n", orbit.DeltaN, 1.40346401e-09}, {"m0", orbit.M0, 0.5748904729},
		{"omega_dot", orbit.OmegaDot, -2.53908183e-09}, {"e", orbit.E, 0.011497809552}, {"idot", orbit.IDot, -3.64934749e-11}, {"sqrt_a", orbit.SqrtA, 5153.656005859375},
		{"i0", orbit.I0, 0.30526684364}, {"omega0", orbit.Omega0, -0.69849193096}, {"crs", orbit.CRS, -38.5625}, {"crc", orbit.CRC, 212.15625},
		{"cis", orbit.CIS, 1.02445e-07}, {"cus", orbit.CUS, 8.04849e-06}, {"cic", orbit.CIC, -1.43424e-07}, {"cuc", orbit.CUC, -4.36790e-06},
	} {
		closeTo(t, value.name, value.got, value.want)
	}

	a := m.Almanacs[0]
	equal(t, "almanac", a, Almanac{SV: 7, WN: 122, TOA: 61, IODA: 2, E: 7777, DeltaI: 2500, OmegaDot: -696, SqrtA: 10554321, Omega0: -4000000, W: 3456789, M0: -7654321, AF0: -99, AF1: -3})
	almanac := a.Orbit()
	for _, value := range []struct {
		name      string
		got, want float64
	}{
		{"toa", float64(almanac.TOA), 249856}, {"e", almanac.E, 0.00370836}, {"i", almanac.Inclination, 0.30476837}, {"omega_dot", almanac.OmegaDot, -2.53203e-09},
		{"sqrt_a", almanac.SqrtA, 5153.477051}, {"omega0", almanac.Omega0, -0.4768372}, {"w", almanac.W, 0.4120814}, {"m0", almanac.M0, -0.9124662},
		{"af0", almanac.AF0, -9.44138e-05}, {"af1", almanac.AF1, -1.09139e-11},
	} {
		closeTo(t, value.name, value.got, value.want)
	}

	g := m.GalileoEphemerides[0]
	equal(t, "Galileo ephemeris", g, GalileoEphemeris{
		SV: 33, TOC: 7930, AF2: -1, AF1: -345, AF0: 456789, BGD: -20, SISA: 107, TOE: 7930, W: -111111111, DeltaN: 7300, M0: -2000000000, OmegaDot: -15500, E: 1234567,
		IDot: -99, SqrtA: 2852500000, I0: 668000000, Omega0: 1700000000, CRS: 999, CIS: -12, CUS: 3210, CRC: 6543, CIC: 34, CUC: -567,
	})
	galileo := g.Orbit()
	for _, value := range []struct {
		name      string
		got, want float64
	}{
		{"toe", float64(galileo.TOE), 475800}, {"af1", galileo.AF1, -4.90274e-12}, {"af0", galileo.AF0, 2.65886e-05}, {"bgd", galileo.GroupDelay, -4.65661e-09},
		{"e", galileo.E, 1.437225e-04}, {"sqrt_a", galileo.SqrtA, 5440.711975}, {"i0", galileo.I0, 0.3110617},
	} {
		closeTo(t, value.name, value.got, value.want)
	}

	ga := m.GalileoAlmanacs[0]
	equal(t, "Galileo almanac", ga, GalileoAlmanac{SV: 33, WN: 1, TOA: 788, IODA: 4, E: 10, DeltaI: -40, OmegaDot: -555, SqrtA: 8, Omega0: 12345, W: -23456, M0: 31000, AF0: -77, AF1: -1})
	galileoAlmanac := ga.Orbit()
	for _, value := range []struct {
		name      string
		got, want float64
	}{
		{"toa", float64(galileoAlmanac.TOA), 472800}, {"i", galileoAlmanac.Inclination, 56.0/180 - 0.00244141}, {"omega_dot", galileoAlmanac.OmegaDot, -6.46105e-08},
		{"sqrt_a", galileoAlmanac.SqrtA, 5440.603828}, {"omega0", galileoAlmanac.Omega0, 0.3767395}, {"w", galileoAlmanac.W, -0.7158203}, {"m0", galileoAlmanac.M0, 0.9460449},
	} {
		closeTo(t, value.name, value.got, value.want)
	}
}

// TestSampleRecords holds to what the records of a message that nRF Cloud sent in July 2026 are known to say.
func TestSampleRecords(t *testing.T) {
	m := mustParse(t, unhex(t, `01
		07 01 00 54 42 45 ac 00 00 00 00 00 00 00 00 00 00 00 00
		01 01 00 0a 00 00 00 01 00 00 00 0f 7a 12 89 06 12
		06 01 00 01 79 01 01
		08 01 00 73 93 58 00 31 3b 0f 00 00 00 3a 3a 00 ff 44
		09 01 00 00 10 00 00
		0d 01 00 31 03 00 00
		11 01 00 01 20 ab 80 04 00 00 00`))
	equal(t, "clock", m.Time.Time().UTC(0).Format(time.DateTime), "2026-07-03 12:15:01")
	equal(t, "TOW comes after the clock and counts", m.Time.SVMask, uint32(1))
	equal(t, "UTC", *m.UTC, UTC{A1: 10, A0: 1, TOT: 15, WNT: 122, DeltaTLS: 18, WNLSF: 137, DN: 6, DeltaTLSF: 18})
	equal(t, "week of UTC", m.Time.Time().FullWeek(int(m.UTC.WNT), 256), 2426)
	closeTo(t, "latitude", m.Location.LatitudeDegrees(), 62.280)
	closeTo(t, "longitude", m.Location.LongitudeDegrees(), 21.419)
	major, _, _ := m.Location.Uncertainty()
	if major < 2400 || major > 2600 {
		t.Errorf("uncertainty %g m", major)
	}
	equal(t, "excluded GPS", excluded(m, GPS), []int{13})
	equal(t, "excluded QZSS", excluded(m, QZSS), []int{193, 197, 198, 201, 202})
	equal(t, "excluded Galileo", excluded(m, Galileo), []int{1, 14, 17, 18, 20, 22, 24, 32, 35})
}

func TestFormatErrors(t *testing.T) {
	for _, test := range []struct {
		name, message string
		want          error
		offset        int
	}{
		{"nothing", "", ErrEmpty, 0},
		{"version", "02", ErrVersion, 0},
		{"one byte of a header", "01 04", ErrTruncated, 1},
		{"two bytes of a header", "01 04 01", ErrTruncated, 1},
		{"a record cut short", "01 04 01 00 13 03", ErrTruncated, 1},
		{"type 18", "01 12 01 00", ErrUnknownType, 1},
		{"type 255", "01 ff 00 00", ErrUnknownType, 1},
		{"type 10", "01 0a 01 00", ErrReservedType, 1},
		{"type 10 without records", "01 0a 00 00", ErrReservedType, 1},
		{"type 0", "01 00 01 00", ErrReservedType, 1},
		{"a byte too many", "01 04 01 00 13 03 fe ff 3f 0a fd fc 01", ErrTruncated, 12},
		{"second group cut short", "01 04 00 00 05 01 00 26", ErrTruncated, 4},
		{"two UTC sets", "01 01 02 00", ErrTooMany, 1},
		{"two groups of one Klobuchar", "01 04 01 00 13 03 fe ff 3f 0a fd fc 04 01 00 13 03 fe ff 3f 0a fd fc", ErrTooMany, 12},
		{"more satellites than there are", "01 02 21 00", ErrTooMany, 1},
		{"65535 records", "01 06 ff ff", ErrTooMany, 1},
		{"a clock of 12 bytes", "01 07 01 00 54 42 45 ac 00 00 00 00 00 00 00 00 04 01 00 13 03 fe ff 3f 0a fd fc", ErrTooMany, 20},
		{"JSON without a code", `7b 7d`, ErrNotBinary, -1},
		{"half of JSON", `7b 22`, ErrNotBinary, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := Parse(unhex(t, test.message))
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if format, ok := errors.AsType[*FormatError](err); test.offset >= 0 && (!ok || format.Offset != test.offset) {
				t.Errorf("%v: want offset %d", err, test.offset)
			}
			if (m != nil) != errors.Is(err, ErrUnknownType) {
				t.Errorf("message %v with %v", m, err)
			}
		})
	}
	if _, err := Parse(append([]byte{1}, make([]byte, MaxSize)...)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	if _, err := ParseGroups(make([]byte, MaxSize+1)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func TestGoodMessages(t *testing.T) {
	if m := mustParse(t, []byte{1}); !reflect.DeepEqual(m, &Message{}) {
		t.Errorf("no elements: %+v", m)
	}
	mustParse(t, unhex(t, "01 04 00 00"))
	if m := mustParse(t, unhex(t, "01 04 00 00 05 01 00 26 02 9b 00 9c 01 00 1f")); m.NeQuick == nil || m.Klobuchar != nil {
		t.Errorf("a group without records, then NeQuick: %+v", m)
	}
	if m := mustParse(t, unhex(t, "01 06 01 00 00 01 00 01")); m.Time != nil || len(m.Unusable) != 0 {
		t.Errorf("TOW of satellite 0: %+v", m)
	}
	if m := mustParse(t, unhex(t, "01 06 01 00 01 79 01 01")); m.Time != nil {
		t.Errorf("TOW without a clock: %+v", m)
	}
}

func TestCloudError(t *testing.T) {
	_, err := Parse([]byte(`{"appId":"AGNSS","messageType":"DATA","err":42200}`))
	if refusal, ok := errors.AsType[*CloudError](err); !ok || refusal.Code != 42200 {
		t.Errorf("%v", err)
	}
	for _, code := range []int{40000, 40001, 40102, 40103, 40410, 40499, 41600, 42200, 50010} {
		if text := (&CloudError{code}).Error(); text == (&CloudError{}).Error() || (&CloudError{code}).meaning() == "unknown code" {
			t.Error(text)
		}
	}
}

// TestUnknownTypeKeepsWhatWasBefore is for the day when the cloud sends something new.
func TestUnknownTypeKeepsWhatWasBefore(t *testing.T) {
	m, err := Parse(append(unhex(t, vectorMessage), 18, 1, 0, 1, 2, 3))
	if format, ok := errors.AsType[*FormatError](err); !ok || !errors.Is(err, ErrUnknownType) || format.Offset != 124 || format.Type != 18 {
		t.Fatal(err)
	}
	equal(t, "message", m, mustParse(t, unhex(t, vectorMessage)))
}

func TestUnusableRecords(t *testing.T) {
	ephemeris := func(change func(b []byte)) []byte {
		b := unhex(t, vectorEphemeris)
		change(b)
		return b
	}
	with := func(t *testing.T, record string, at int, bytes ...byte) []byte {
		b := unhex(t, record)
		copy(b[at:], bytes)
		return b
	}
	for _, test := range []struct {
		name   string
		t      Type
		record []byte
		want   error
	}{
		{"GPS 0", TypeEphemeris, ephemeris(func(b []byte) { b[0] = 0 }), ErrOutOfRange},
		{"GPS 33", TypeEphemeris, ephemeris(func(b []byte) { b[0] = 33 }), ErrOutOfRange},
		{"QZSS 192", TypeQZSSEphemeris, ephemeris(func(b []byte) { b[0] = 192 }), ErrOutOfRange},
		{"QZSS 203", TypeQZSSEphemeris, ephemeris(func(b []byte) { b[0] = 203 }), ErrOutOfRange},
		{"QZSS among GPS", TypeEphemeris, ephemeris(func(b []byte) { b[0] = 193 }), ErrOutOfRange},
		{"toe", TypeEphemeris, ephemeris(func(b []byte) { le.PutUint16(b[16:], 37800) }), ErrOutOfRange},
		{"toc", TypeEphemeris, ephemeris(func(b []byte) { le.PutUint16(b[4:], 37800) }), ErrOutOfRange},
		{"e", TypeEphemeris, ephemeris(func(b []byte) { le.PutUint32(b[32:], maxEccentricity) }), ErrOutOfRange},
		{"Galileo 37", TypeGalileoEphemeris, with(t, vectorGalileoEphemeris, 0, 37), ErrOutOfRange},
		{"Galileo toe", TypeGalileoEphemeris, with(t, vectorGalileoEphemeris, 15, 0x60, 0x27), ErrOutOfRange},
		{"Galileo e", TypeGalileoEphemeris, with(t, vectorGalileoEphemeris, 31, 0, 0, 0, 0x70), ErrOutOfRange},
		{"Galileo toa", TypeGalileoAlmanac, with(t, vectorGalileoAlmanac, 2, 0xf0, 0x03), ErrOutOfRange},
		{"Galileo almanac 0", TypeGalileoAlmanac, with(t, vectorGalileoAlmanac, 0, 0), ErrOutOfRange},
		{"toa", TypeAlmanac, with(t, vectorAlmanac, 2, 148), ErrOutOfRange},
		{"second of the day", TypeClock, unhex(t, "54 42 80 51 01 00 00 00 00 00 00 00 00 00 00 00"), ErrOutOfRange},
		{"millisecond", TypeClock, unhex(t, "54 42 00 00 00 00 e8 03 00 00 00 00 00 00 00 00"), ErrOutOfRange},
		{"tot", TypeUTC, unhex(t, "0a 00 00 00 01 00 00 00 94 7a 12 89 06 12"), ErrOutOfRange},
		{"no leap seconds", TypeUTC, unhex(t, "0a 00 00 00 01 00 00 00 0f 7a 00 89 06 12"), ErrOutOfRange},
		{"minus one leap second", TypeUTC, unhex(t, "0a 00 00 00 01 00 00 00 0f 7a 12 89 06 ff"), ErrOutOfRange},
		{"beyond the pole", TypeLocation, unhex(t, "01 00 80 00 31 3b 0f 00 00 00 3a 3a 00 ff 44"), ErrOutOfRange},
		{"longitude", TypeLocation, unhex(t, "73 93 58 00 ff ff 7f ff 00 00 3a 3a 00 ff 44"), ErrOutOfRange},
		{"uncertainty", TypeLocation, unhex(t, "73 93 58 00 31 3b 0f 00 00 00 80 3a 00 ff 44"), ErrOutOfRange},
		{"orientation", TypeLocation, unhex(t, "73 93 58 00 31 3b 0f 00 00 00 3a 3a b4 ff 44"), ErrOutOfRange},
		{"GGTO", TypeGGTO, unhex(t, "34 00 cc ff a8 93 79 05"), ErrOutOfRange},
	} {
		t.Run(test.name, func(t *testing.T) {
			message := append([]byte{1, byte(test.t), 1, 0}, test.record...)
			m := mustParse(t, append(message, unhex(t, "04 01 00 13 03 fe ff 3f 0a fd fc")...))
			if len(m.Unusable) != 1 || !errors.Is(m.Unusable[0], test.want) || m.Unusable[0].Offset != 4 || m.Unusable[0].Type != test.t {
				t.Fatalf("%v", m.Unusable)
			}
			rest := *m
			rest.Unusable, rest.Klobuchar = nil, nil
			rest.Ephemerides, rest.Almanacs, rest.GalileoEphemerides, rest.GalileoAlmanacs = nil, nil, nil, nil
			if m.Klobuchar == nil || !reflect.DeepEqual(rest, Message{}) || len(m.Ephemerides)+len(m.Almanacs)+len(m.GalileoEphemerides)+len(m.GalileoAlmanacs) > 0 {
				t.Errorf("the record was not left out, or its neighbour was: %+v", m)
			}
		})
	}
}

func TestSecondRecordOfASatelliteIsLeftOut(t *testing.T) {
	first, second := unhex(t, vectorEphemeris), unhex(t, vectorEphemeris)
	second[2]++
	m := mustParse(t, append(append([]byte{1, 2, 2, 0}, first...), second...))
	if len(m.Ephemerides) != 1 || m.Ephemerides[0].IODC != 421 || len(m.Unusable) != 1 || !errors.Is(m.Unusable[0], ErrDuplicate) || m.Unusable[0].Offset != 4+62 || m.Unusable[0].SV != 7 {
		t.Errorf("%+v", m)
	}
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	for want, err := range map[string]error{
		"A-GNSS message, offset 0: the message is empty":                                   &FormatError{Err: ErrEmpty},
		"A-GNSS message, offset 9, type 18: unknown element type":                          &FormatError{Offset: 9, Type: 18, Err: ErrUnknownType},
		"A-GNSS message, offset 66, GPS ephemeris of satellite 7: " + ErrDuplicate.Error(): &FormatError{Offset: 66, Type: TypeEphemeris, SV: 7, Err: ErrDuplicate},
		"the receiver refuses GPS ephemeris of satellite 7: invalid argument":              &InjectError{Element: "GPS ephemeris", SV: 7, Err: fs.ErrInvalid},
		"the receiver refuses location: invalid argument":                                  &InjectError{Element: "location", Err: fs.ErrInvalid},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}

func TestParseGroupsIsParseWithoutTheVersion(t *testing.T) {
	payload := unhex(t, vectorOrbits)
	m, err := ParseGroups(payload[1:])
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "message", m, mustParse(t, payload))
}

func TestConfidenceAbove100IsNone(t *testing.T) {
	m := mustParse(t, unhex(t, "01 08 01 00 73 93 58 00 31 3b 0f 00 00 00 3a 3a 00 ff 65"))
	equal(t, "confidence", m.Location.Confidence, uint8(0))
}

// TestQZSSAlmanac: 193 and others are on inclined orbits, 199 stands still.
func TestQZSSAlmanac(t *testing.T) {
	inclined, still := Almanac{SV: 194, E: 32797, DeltaI: -16337}, Almanac{SV: 199, E: 32797, DeltaI: -16337}
	closeTo(t, "e of 194", inclined.Orbit().E, 0.06+32797*math.Pow(2, -21))
	closeTo(t, "i of 194", inclined.Orbit().Inclination, 0.25-16337*math.Pow(2, -19))
	closeTo(t, "e of 199", still.Orbit().E, 32797*math.Pow(2, -21))
	closeTo(t, "i of 199", still.Orbit().Inclination, -16337*math.Pow(2, -19))
}

func TestGroupsInSeveralParts(t *testing.T) {
	message := []byte{1}
	for _, sv := range []byte{3, 1, 32} {
		record := unhex(t, vectorEphemeris)
		record[0] = sv
		message = append(append(message, 2, 1, 0), record...)
	}
	m := mustParse(t, message)
	if len(m.Ephemerides) != 3 || m.Ephemerides[0].SV != 3 || m.Ephemerides[2].SV != 32 {
		t.Errorf("%+v", m.Ephemerides)
	}
}

func TestEveryPrefixIsRefusedOrWhole(t *testing.T) {
	for _, vector := range []string{vectorMessage, vectorOrbits} {
		whole := unhex(t, vector)
		good := 0
		for n := range whole {
			m, err := Parse(bytes.Clone(whole[:n]))
			switch {
			case err == nil:
				good++
			case m != nil:
				t.Errorf("%d bytes: a message with %v", n, err)
			}
		}
		if good == 0 || good > 12 {
			t.Errorf("%d prefixes end between groups", good)
		}
	}
}
