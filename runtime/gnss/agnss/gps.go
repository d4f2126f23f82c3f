package agnss

import (
	"encoding/binary"
	"fmt"
	"time"
)

var le = binary.LittleEndian

// UTC are the parameters that tie UTC to GPS time.
type UTC struct {
	A1        int32 // 2^-50 s/s
	A0        int32 // 2^-30 s
	TOT       uint8 // 4096 s of the week, 0 to 147
	WNT       uint8 // week of TOT, low 8 bits
	DeltaTLS  int8  // leap seconds now
	WNLSF     uint8 // week of the next or last change of the leap seconds, low 8 bits
	DN        int8  // day of that week; see LeapSeconds
	DeltaTLSF int8  // leap seconds after that change
}

func readUTC(b []byte) UTC {
	_ = b[13]
	return UTC{A1: int32(le.Uint32(b)), A0: int32(le.Uint32(b[4:])), TOT: b[8], WNT: b[9], DeltaTLS: int8(b[10]), WNLSF: b[11], DN: int8(b[12]), DeltaTLSF: int8(b[13])}
}

// The leap seconds that are believed: there were 18 from 2017 to this code, and they change by one in years.
const minLeap, maxLeap = 10, 30

func (u *UTC) check() error {
	switch {
	case u.TOT > 147:
		return fmt.Errorf("%w: reference time %d, at most 147", ErrOutOfRange, u.TOT)
	case u.DeltaTLS < minLeap || u.DeltaTLS > maxLeap || u.DeltaTLSF < minLeap || u.DeltaTLSF > maxLeap:
		return fmt.Errorf("%w: leap seconds %d, then %d, believed are %d to %d", ErrOutOfRange, u.DeltaTLS, u.DeltaTLSF, minLeap, maxLeap)
	}
	return nil
}

// LeapSeconds gives the leap seconds at a moment within 127 weeks of the parameters.
func (u *UTC) LeapSeconds(at GPSTime) int {
	if u.DeltaTLS == u.DeltaTLSF || at < u.LeapChange(at) {
		return int(u.DeltaTLS)
	}
	return int(u.DeltaTLSF)
}

// LeapChange gives the first moment at which DeltaTLSF holds, given one within 127 weeks of it. It says nothing where the leap seconds do not
// change: DeltaTLS and DeltaTLSF are the same.
//
// The GPS signal counts the days of the week from 1, at whose end the change is; nRF Cloud has been seen to count from 0. Leap seconds
// change at the end of a month, which tells the two apart.
func (u *UTC) LeapChange(near GPSTime) GPSTime {
	sunday := GPSTime(near.FullWeek(int(u.WNLSF), 256)) * Week
	change := sunday.Add(int(u.DN) * Day) // in UTC for now
	if next := change.Add(Day); next.UTC(0).Day() == 1 {
		change = next
	}
	return change.Add(int(u.DeltaTLS))
}

// Ephemeris is the exact orbit of a GPS or QZSS satellite for some hours.
type Ephemeris struct {
	SV          uint8  // GPS 1 to 32, QZSS 193 to 202
	Health      uint8  // 6 bits, 0 is healthy
	IODC        uint16 // issue of the clock data, 10 bits; the low 8 are the issue of the ephemeris
	TOC         uint16 // 16 s of the week, 0 to 37799
	AF2         int8   // 2^-55 s/s²
	AF1         int16  // 2^-43 s/s
	AF0         int32  // 2^-31 s
	TGD         int8   // 2^-31 s
	URA         uint8  // index, 0 to 15
	FitInterval uint8  // 0: 4 h, 1: longer
	TOE         uint16 // 16 s of the week, 0 to 37799
	W           int32  // 2^-31 semicircles
	DeltaN      int16  // 2^-43 semicircles/s
	M0          int32  // 2^-31 semicircles
	OmegaDot    int32  // 2^-43 semicircles/s
	E           uint32 // 2^-33
	IDot        int16  // 2^-43 semicircles/s
	SqrtA       uint32 // 2^-19 m^½
	I0          int32  // 2^-31 semicircles
	Omega0      int32  // 2^-31 semicircles
	CRS         int16  // 2^-5 m
	CIS         int16  // 2^-29 rad
	CUS         int16  // 2^-29 rad
	CRC         int16  // 2^-5 m
	CIC         int16  // 2^-29 rad
	CUC         int16  // 2^-29 rad
}

func readEphemeris(b []byte) Ephemeris {
	_ = b[61]
	return Ephemeris{
		SV: b[0], Health: b[1], IODC: le.Uint16(b[2:]), TOC: le.Uint16(b[4:]), AF2: int8(b[6]), AF1: int16(le.Uint16(b[7:])), AF0: int32(le.Uint32(b[9:])),
		TGD: int8(b[13]), URA: b[14], FitInterval: b[15], TOE: le.Uint16(b[16:]), W: int32(le.Uint32(b[18:])), DeltaN: int16(le.Uint16(b[22:])),
		M0: int32(le.Uint32(b[24:])), OmegaDot: int32(le.Uint32(b[28:])), E: le.Uint32(b[32:]), IDot: int16(le.Uint16(b[36:])), SqrtA: le.Uint32(b[38:]),
		I0: int32(le.Uint32(b[42:])), Omega0: int32(le.Uint32(b[46:])), CRS: int16(le.Uint16(b[50:])), CIS: int16(le.Uint16(b[52:])), CUS: int16(le.Uint16(b[54:])),
		CRC: int16(le.Uint16(b[56:])), CIC: int16(le.Uint16(b[58:])), CUC: int16(le.Uint16(b[60:])),
	}
}

// System tells GPS and QZSS apart.
func (e *Ephemeris) System() System { return systemOf(e.SV) }

func systemOf(sv uint8) System {
	if sv > lastGPS {
		return QZSS
	}
	return GPS
}

// Empty tells that the record holds no orbit: predictions have one for each satellite, also for those that have none.
func (e *Ephemeris) Empty() bool { return e.SqrtA == 0 }

// maxEccentricity is 0.2 in units of 2^-33. Two Galileo satellites on orbits that were not meant have 0.17.
const maxEccentricity = 1717986918

func (e *Ephemeris) check() error {
	switch {
	case e.TOE > 37799 || e.TOC > 37799:
		return fmt.Errorf("%w: times %d and %d, at most 37799", ErrOutOfRange, e.TOE, e.TOC)
	case e.E >= maxEccentricity:
		return fmt.Errorf("%w: eccentricity %g, below 0.2", ErrOutOfRange, scale(e.E, -33))
	}
	return nil
}

// Valid tells whether the ephemeris is good for a fix at a moment: within half of the fit interval around its time. The interval is 4 h;
// of a longer one, which the issue of the data would tell, the least, 6 h, is assumed.
func (e *Ephemeris) Valid(at GPSTime) bool {
	half := 2 * time.Hour
	if e.FitInterval != 0 {
		half = 3 * time.Hour
	}
	return !e.Empty() && near(at, int(e.TOE)*16, half)
}

func near(at GPSTime, secondOfWeek int, within time.Duration) bool {
	distance := at.AtSecondOfWeek(secondOfWeek) - at
	return max(distance, -distance) <= GPSTime(within/time.Second)
}

// Almanac is the rough orbit of a GPS or QZSS satellite for some weeks. It tells a receiver which satellites to search for.
type Almanac struct {
	SV       uint8  // as in Ephemeris
	WN       uint8  // week, low 8 bits
	TOA      uint8  // 4096 s of the week, 0 to 147
	IODA     uint8  // issue of the data
	E        uint16 // 2^-21; inclined QZSS orbits: less 0.06
	DeltaI   int16  // 2^-19 semicircles; see AlmanacOrbit.Inclination
	OmegaDot int16  // 2^-38 semicircles/s
	Health   uint8  // 0 is healthy; 0xFF where the satellite is missing
	SqrtA    uint32 // 2^-11 m^½
	Omega0   int32  // 2^-23 semicircles
	W        int32  // 2^-23 semicircles
	M0       int32  // 2^-23 semicircles
	AF0      int16  // 2^-20 s
	AF1      int16  // 2^-38 s/s
}

func readAlmanac(b []byte) Almanac {
	_ = b[30]
	return Almanac{
		SV: b[0], WN: b[1], TOA: b[2], IODA: b[3], E: le.Uint16(b[4:]), DeltaI: int16(le.Uint16(b[6:])), OmegaDot: int16(le.Uint16(b[8:])), Health: b[10],
		SqrtA: le.Uint32(b[11:]), Omega0: int32(le.Uint32(b[15:])), W: int32(le.Uint32(b[19:])), M0: int32(le.Uint32(b[23:])), AF0: int16(le.Uint16(b[27:])), AF1: int16(le.Uint16(b[29:])),
	}
}

// System tells GPS and QZSS apart.
func (a *Almanac) System() System { return systemOf(a.SV) }

// Empty tells that the record holds no orbit, for the satellite is missing.
func (a *Almanac) Empty() bool { return a.SqrtA == 0 }

func (a *Almanac) check() error {
	if a.TOA > 147 {
		return fmt.Errorf("%w: time %d, at most 147", ErrOutOfRange, a.TOA)
	}
	return nil
}

// almanacLife is how far from its time an almanac is good for finding satellites.
const almanacLife = 4 * Week

// Valid tells whether the almanac is good for finding satellites at a moment: within four weeks of its time.
func (a *Almanac) Valid(at GPSTime) bool {
	distance := GPSTime(at.FullWeek(int(a.WN), 256))*Week + GPSTime(a.TOA)*4096 - at
	return !a.Empty() && max(distance, -distance) <= almanacLife
}
