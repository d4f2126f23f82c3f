package agnss

import (
	"fmt"
	"math"
	"time"
)

// Klobuchar are the parameters of the ionosphere that GPS sends.
type Klobuchar struct {
	Alpha [4]int8 // 2^-30 s, 2^-27 s/semicircle, 2^-24 s/semicircle², 2^-24 s/semicircle³
	Beta  [4]int8 // 2^11 s, 2^14 s/semicircle, 2^16 s/semicircle², 2^16 s/semicircle³
}

func readKlobuchar(b []byte) (k Klobuchar) {
	_ = b[7]
	for i := range 4 {
		k.Alpha[i], k.Beta[i] = int8(b[i]), int8(b[4+i])
	}
	return k
}

// Coefficients gives the parameters in the units of s and semicircles.
func (k *Klobuchar) Coefficients() (alpha, beta [4]float64) {
	for i, exponent := range [4]int{-30, -27, -24, -24} {
		alpha[i] = scale(k.Alpha[i], exponent)
	}
	for i, exponent := range [4]int{11, 14, 16, 16} {
		beta[i] = scale(k.Beta[i], exponent)
	}
	return alpha, beta
}

// NeQuick are the parameters of the ionosphere that Galileo sends.
type NeQuick struct {
	AI0        int16 // 2^-2 solar flux units
	AI1        int16 // 2^-8 solar flux units/degree
	AI2        int16 // 2^-15 solar flux units/degree²
	Storm      uint8 // bit n-1: storm in region n, 1 to 5
	StormValid uint8 // bits of Storm that hold
}

func readNeQuick(b []byte) NeQuick {
	_ = b[7]
	return NeQuick{AI0: int16(le.Uint16(b)), AI1: int16(le.Uint16(b[2:])), AI2: int16(le.Uint16(b[4:])), Storm: b[6], StormValid: b[7]}
}

// Coefficients gives the effective ionisation level's coefficients in solar flux units and degrees.
func (n *NeQuick) Coefficients() [3]float64 {
	return [3]float64{scale(n.AI0, -2), scale(n.AI1, -8), scale(n.AI2, -15)}
}

// TOW helps a receiver to find the time of week in the signal of one GPS satellite.
type TOW struct {
	TLM   uint16 // low 14 bits: telemetry message; top 2: reserved, integrity status
	Flags uint8  // bit 0: anti-spoof, bit 1: alert
}

// Clock is the GPS system time at the moment when the message was made.
type Clock struct {
	Day         uint16 // since 1980-01-06, without leap seconds
	Second      uint32 // of the day, 0 to 86399
	Millisecond uint16 // 0 to 999
}

func readClock(b []byte) Clock {
	return Clock{Day: le.Uint16(b), Second: le.Uint32(b[2:]), Millisecond: le.Uint16(b[6:])} // a mask, see SystemTime, and padding follow
}

func (c *Clock) check() error {
	if c.Second >= Day || c.Millisecond > 999 {
		return fmt.Errorf("%w: second %d of the day, millisecond %d", ErrOutOfRange, c.Second, c.Millisecond)
	}
	return nil
}

// Time is the clock's time in whole seconds.
func (c *Clock) Time() GPSTime { return NewGPSTime(int(c.Day), int(c.Second)) }

// Add is what the clock shows a while later. Parts of a millisecond are dropped.
func (c *Clock) Add(d time.Duration) Clock {
	milliseconds := int64(c.Time())*1000 + int64(c.Millisecond) + d.Milliseconds()
	return clockAt(milliseconds)
}

// ClockAt is the clock of a moment, given the leap seconds that hold then.
func ClockAt(now time.Time, leapSeconds int) Clock {
	return clockAt(int64(FromUTC(now, leapSeconds))*1000 + int64(now.Nanosecond())/int64(time.Millisecond))
}

func clockAt(milliseconds int64) Clock {
	at := GPSTime(floorDiv(milliseconds, 1000))
	return Clock{Day: uint16(at.Day()), Second: uint32(at.SecondOfDay()), Millisecond: uint16(floorMod(milliseconds, 1000))}
}

// Location is a rough position of the device, that of its cell as a rule.
type Location struct {
	Latitude            int32 // 90/2^23 degrees
	Longitude           int32 // 360/2^24 degrees
	Altitude            int16 // m above the WGS84 ellipsoid
	SemiMajor           uint8 // code of the uncertainty ellipse's half axis, 0 to 127; 255 not given
	SemiMinor           uint8 // likewise
	Orientation         uint8 // of the major axis, degrees from north, 0 to 179
	AltitudeUncertainty uint8 // code, 0 to 127; 255 not given
	Confidence          uint8 // percent; 0 no information
}

func readLocation(b []byte) Location {
	_ = b[14]
	l := Location{
		Latitude: int32(le.Uint32(b)), Longitude: int32(le.Uint32(b[4:])), Altitude: int16(le.Uint16(b[8:])),
		SemiMajor: b[10], SemiMinor: b[11], Orientation: b[12], AltitudeUncertainty: b[13], Confidence: b[14],
	}
	if l.Confidence > 100 {
		l.Confidence = 0
	}
	return l
}

const quarterTurn = 1 << 23 // 90 degrees of latitude, 180 of longitude

func (l *Location) check() error {
	code := func(k uint8) bool { return k <= 127 || k == 255 }
	switch {
	case l.Latitude < -quarterTurn || l.Latitude > quarterTurn || l.Longitude < -quarterTurn || l.Longitude > quarterTurn:
		return fmt.Errorf("%w: latitude %g, longitude %g", ErrOutOfRange, l.LatitudeDegrees(), l.LongitudeDegrees())
	case !code(l.SemiMajor) || !code(l.SemiMinor) || !code(l.AltitudeUncertainty) || l.Orientation > 179:
		return fmt.Errorf("%w: uncertainties %d, %d, %d, orientation %d", ErrOutOfRange, l.SemiMajor, l.SemiMinor, l.AltitudeUncertainty, l.Orientation)
	}
	return nil
}

// NewLocation rounds a position down to what a message can say, without altitude and with all uncertainties not given. Latitude is -90 to 90,
// longitude -180 to 180; what is beyond is taken to the nearest.
func NewLocation(latitude, longitude float64) Location {
	limited := func(value float64) int32 { return int32(max(-quarterTurn, min(quarterTurn, math.Floor(value)))) }
	return Location{
		Latitude: limited(latitude * quarterTurn / 90), Longitude: limited(longitude * quarterTurn / 180),
		SemiMajor: 255, SemiMinor: 255, AltitudeUncertainty: 255,
	}
}

// LatitudeDegrees is -90 to 90.
func (l *Location) LatitudeDegrees() float64 { return float64(l.Latitude) * 90 / quarterTurn }

// LongitudeDegrees is -180 to 180.
func (l *Location) LongitudeDegrees() float64 { return float64(l.Longitude) * 180 / quarterTurn }

// Uncertainty gives the half axes of the uncertainty ellipse in metres; ok is false where they are not given.
func (l *Location) Uncertainty() (major, minor float64, ok bool) {
	if l.SemiMajor > 127 || l.SemiMinor > 127 {
		return 0, 0, false
	}
	return horizontal(l.SemiMajor), horizontal(l.SemiMinor), true
}

// VerticalUncertainty gives the uncertainty of the altitude in metres; ok is false where it is not given.
func (l *Location) VerticalUncertainty() (metres float64, ok bool) {
	if l.AltitudeUncertainty > 127 {
		return 0, false
	}
	return 45 * (math.Pow(1.025, float64(l.AltitudeUncertainty)) - 1), true
}

func horizontal(code uint8) float64 { return 10 * (math.Pow(1.1, float64(code)) - 1) }
