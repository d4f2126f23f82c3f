package agnss

import (
	"fmt"
	"time"
)

// GalileoEphemeris is the exact orbit of a Galileo satellite for some hours. The message has neither its health nor its issue of data.
type GalileoEphemeris struct {
	SV       uint8  // 1 to 36
	TOC      uint16 // 60 s of the week, 0 to 10079
	AF2      int8   // 2^-59 s/s²
	AF1      int32  // 2^-46 s/s
	AF0      int32  // 2^-34 s
	BGD      int16  // 2^-32 s
	SISA     uint8  // index of the signal's accuracy, 0 to 255
	TOE      uint16 // 60 s of the week, 0 to 10079
	W        int32  // 2^-31 semicircles
	DeltaN   int16  // 2^-43 semicircles/s
	M0       int32  // 2^-31 semicircles
	OmegaDot int32  // 2^-43 semicircles/s
	E        uint32 // 2^-33
	IDot     int16  // 2^-43 semicircles/s
	SqrtA    uint32 // 2^-19 m^½
	I0       int32  // 2^-31 semicircles
	Omega0   int32  // 2^-31 semicircles
	CRS      int16  // 2^-5 m
	CIS      int16  // 2^-29 rad
	CUS      int16  // 2^-29 rad
	CRC      int16  // 2^-5 m
	CIC      int16  // 2^-29 rad
	CUC      int16  // 2^-29 rad
}

func readGalileoEphemeris(b []byte) GalileoEphemeris {
	_ = b[60]
	return GalileoEphemeris{
		SV: b[0], TOC: le.Uint16(b[1:]), AF2: int8(b[3]), AF1: int32(le.Uint32(b[4:])), AF0: int32(le.Uint32(b[8:])), BGD: int16(le.Uint16(b[12:])), SISA: b[14],
		TOE: le.Uint16(b[15:]), W: int32(le.Uint32(b[17:])), DeltaN: int16(le.Uint16(b[21:])), M0: int32(le.Uint32(b[23:])), OmegaDot: int32(le.Uint32(b[27:])),
		E: le.Uint32(b[31:]), IDot: int16(le.Uint16(b[35:])), SqrtA: le.Uint32(b[37:]), I0: int32(le.Uint32(b[41:])), Omega0: int32(le.Uint32(b[45:])),
		CRS: int16(le.Uint16(b[49:])), CIS: int16(le.Uint16(b[51:])), CUS: int16(le.Uint16(b[53:])), CRC: int16(le.Uint16(b[55:])), CIC: int16(le.Uint16(b[57:])), CUC: int16(le.Uint16(b[59:])),
	}
}

// Empty tells that the record holds no orbit.
func (e *GalileoEphemeris) Empty() bool { return e.SqrtA == 0 }

func (e *GalileoEphemeris) check() error {
	switch {
	case e.TOE > 10079 || e.TOC > 10079:
		return fmt.Errorf("%w: times %d and %d, at most 10079", ErrOutOfRange, e.TOE, e.TOC)
	case e.E >= maxEccentricity:
		return fmt.Errorf("%w: eccentricity %g, below 0.2", ErrOutOfRange, scale(e.E, -33))
	}
	return nil
}

// Valid tells whether the ephemeris is good for a fix at a moment: within 2 h of its time, as for GPS.
func (e *GalileoEphemeris) Valid(at GPSTime) bool {
	return !e.Empty() && near(at, int(e.TOE)*60, 2*time.Hour)
}

// GalileoAlmanac is the rough orbit of a Galileo satellite for some weeks.
type GalileoAlmanac struct {
	SV       uint8  // 1 to 36
	WN       uint8  // week, low bits: 2 in the signal
	TOA      uint16 // 600 s of the week, 0 to 1007
	IODA     uint8  // issue of the data, 4 bits
	E        uint16 // 2^-16
	DeltaI   int16  // 2^-14 semicircles, from 56°
	OmegaDot int16  // 2^-33 semicircles/s
	Health   uint8  // 0 is healthy
	SqrtA    int16  // 2^-9 m^½, from the square root of 29600000 m
	Omega0   int16  // 2^-15 semicircles
	W        int16  // 2^-15 semicircles
	M0       int16  // 2^-15 semicircles
	AF0      int16  // 2^-19 s
	AF1      int16  // 2^-38 s/s
}

func readGalileoAlmanac(b []byte) GalileoAlmanac {
	_ = b[23]
	return GalileoAlmanac{
		SV: b[0], WN: b[1], TOA: le.Uint16(b[2:]), IODA: b[4], E: le.Uint16(b[5:]), DeltaI: int16(le.Uint16(b[7:])), OmegaDot: int16(le.Uint16(b[9:])), Health: b[11],
		SqrtA: int16(le.Uint16(b[12:])), Omega0: int16(le.Uint16(b[14:])), W: int16(le.Uint16(b[16:])), M0: int16(le.Uint16(b[18:])), AF0: int16(le.Uint16(b[20:])), AF1: int16(le.Uint16(b[22:])),
	}
}

// Empty tells that the record holds no orbit: all of it but the satellite is zero.
func (a *GalileoAlmanac) Empty() bool { return *a == GalileoAlmanac{SV: a.SV} }

func (a *GalileoAlmanac) check() error {
	if a.TOA > 1007 {
		return fmt.Errorf("%w: time %d, at most 1007", ErrOutOfRange, a.TOA)
	}
	return nil
}

// GGTO is the offset between GPS and Galileo system time.
type GGTO struct {
	A0  int16  // 2^-35 s
	A1  int16  // 2^-51 s/s
	T0G uint16 // 16 s of the week, 0 to 37799
	WN  uint16 // Galileo week: GPS week less 1024
}

func readGGTO(b []byte) GGTO {
	_ = b[7]
	return GGTO{A0: int16(le.Uint16(b)), A1: int16(le.Uint16(b[2:])), T0G: le.Uint16(b[4:]), WN: le.Uint16(b[6:])}
}

func (g *GGTO) check() error {
	if g.T0G > 37799 {
		return fmt.Errorf("%w: time %d, at most 37799", ErrOutOfRange, g.T0G)
	}
	return nil
}

// Reference is the moment that A0 is given for.
func (g *GGTO) Reference() GPSTime { return GPSTime(int(g.WN)+1024)*Week + GPSTime(g.T0G)*16 }

// Offset is Galileo less GPS system time at a moment, in seconds.
func (g *GGTO) Offset(at GPSTime) float64 {
	return scale(g.A0, -35) + scale(g.A1, -51)*float64(at-g.Reference())
}
