package agnss

import "math"

type integer interface {
	~int8 | ~int16 | ~int32 | ~uint8 | ~uint16 | ~uint32
}

func scale[T integer](raw T, exponent int) float64 { return math.Ldexp(float64(raw), exponent) }

// Orbit is an ephemeris in physical units. Angles are in semicircles: times π for radians.
type Orbit struct {
	TOE, TOC      int     // reference times, seconds of the week
	AF0, AF1, AF2 float64 // clock: s, s/s, s/s²
	GroupDelay    float64 // s (GPS: TGD, Galileo: BGD)

	SqrtA, E               float64 // m^½; eccentricity
	I0, Omega0, W, M0      float64 // semicircles
	DeltaN, OmegaDot, IDot float64 // semicircles/s
	CRS, CRC               float64 // m
	CIS, CIC, CUS, CUC     float64 // rad
}

// Orbit scales the ephemeris (IS-GPS-200, 20.3.3.4).
func (e *Ephemeris) Orbit() Orbit {
	return Orbit{
		TOE: int(e.TOE) * 16, TOC: int(e.TOC) * 16, AF0: scale(e.AF0, -31), AF1: scale(e.AF1, -43), AF2: scale(e.AF2, -55), GroupDelay: scale(e.TGD, -31),
		SqrtA: scale(e.SqrtA, -19), E: scale(e.E, -33), I0: scale(e.I0, -31), Omega0: scale(e.Omega0, -31), W: scale(e.W, -31), M0: scale(e.M0, -31),
		DeltaN: scale(e.DeltaN, -43), OmegaDot: scale(e.OmegaDot, -43), IDot: scale(e.IDot, -43),
		CRS: scale(e.CRS, -5), CRC: scale(e.CRC, -5), CIS: scale(e.CIS, -29), CIC: scale(e.CIC, -29), CUS: scale(e.CUS, -29), CUC: scale(e.CUC, -29),
	}
}

// Orbit scales the ephemeris (Galileo OS SIS ICD, 5.1.1).
func (e *GalileoEphemeris) Orbit() Orbit {
	return Orbit{
		TOE: int(e.TOE) * 60, TOC: int(e.TOC) * 60, AF0: scale(e.AF0, -34), AF1: scale(e.AF1, -46), AF2: scale(e.AF2, -59), GroupDelay: scale(e.BGD, -32),
		SqrtA: scale(e.SqrtA, -19), E: scale(e.E, -33), I0: scale(e.I0, -31), Omega0: scale(e.Omega0, -31), W: scale(e.W, -31), M0: scale(e.M0, -31),
		DeltaN: scale(e.DeltaN, -43), OmegaDot: scale(e.OmegaDot, -43), IDot: scale(e.IDot, -43),
		CRS: scale(e.CRS, -5), CRC: scale(e.CRC, -5), CIS: scale(e.CIS, -29), CIC: scale(e.CIC, -29), CUS: scale(e.CUS, -29), CUC: scale(e.CUC, -29),
	}
}

// AlmanacOrbit is an almanac in physical units. Angles are in semicircles: times π for radians.
type AlmanacOrbit struct {
	TOA           int     // reference time, seconds of the week
	AF0, AF1      float64 // clock: s, s/s
	SqrtA, E      float64 // m^½; eccentricity
	Inclination   float64 // semicircles
	Omega0, W, M0 float64 // semicircles
	OmegaDot      float64 // semicircles/s
}

// Orbit scales the almanac. The inclination counts from 0.30 semicircles, that of QZSS from 0.25, and the eccentricity of QZSS from 0.06; but
// satellite 199, which is geostationary, has them as they are.
func (a *Almanac) Orbit() AlmanacOrbit {
	inclination, eccentricity := 0.30, 0.0
	switch {
	case a.SV == geostationaryQZSS:
		inclination = 0
	case a.System() == QZSS:
		inclination, eccentricity = 0.25, 0.06
	}
	return AlmanacOrbit{
		TOA: int(a.TOA) * 4096, AF0: scale(a.AF0, -20), AF1: scale(a.AF1, -38), SqrtA: scale(a.SqrtA, -11), E: scale(a.E, -21) + eccentricity,
		Inclination: scale(a.DeltaI, -19) + inclination, Omega0: scale(a.Omega0, -23), W: scale(a.W, -23), M0: scale(a.M0, -23), OmegaDot: scale(a.OmegaDot, -38),
	}
}

const geostationaryQZSS = 199

// Orbit scales the almanac (Galileo OS SIS ICD, 5.1.10).
func (a *GalileoAlmanac) Orbit() AlmanacOrbit {
	return AlmanacOrbit{
		TOA: int(a.TOA) * 600, AF0: scale(a.AF0, -19), AF1: scale(a.AF1, -38), SqrtA: scale(a.SqrtA, -9) + math.Sqrt(29600000), E: scale(a.E, -16),
		Inclination: scale(a.DeltaI, -14) + 56.0/180, Omega0: scale(a.Omega0, -15), W: scale(a.W, -15), M0: scale(a.M0, -15), OmegaDot: scale(a.OmegaDot, -33),
	}
}
