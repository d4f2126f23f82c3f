// Package agnss reads nRF Cloud's binary assistance data for satellite receivers (A-GNSS), schema version 1, and hands it to a receiver.
//
// A message is a version byte and groups of records: type (1 byte), count (2 bytes), the records. All numbers are little endian. There is
// no length and no checksum, so Parse reads and checks all of it before Message.Inject gives anything to the receiver. Fields keep the raw
// integers of the message, which are those of the GNSS interface documents (IS-GPS-200, Galileo OS SIS ICD) as a receiver takes them;
// Orbit, AlmanacOrbit and methods scale them.
//
// The package knows no cloud, no transport and no modem. Nothing in it starts a goroutine.
package agnss

import "fmt"

// Type is the type of a group of records.
type Type uint8

// The types.
const (
	TypeUTC              Type = 1  // GPS UTC parameters
	TypeEphemeris        Type = 2  // GPS ephemeris
	TypeAlmanac          Type = 3  // GPS almanac
	TypeKlobuchar        Type = 4  // ionosphere, for GPS and QZSS
	TypeNeQuick          Type = 5  // ionosphere, for Galileo
	TypeTOW              Type = 6  // GPS time of week assistance, by satellite
	TypeClock            Type = 7  // GPS system time
	TypeLocation         Type = 8  // rough position
	TypeIntegrity        Type = 9  // GPS satellites that must not be used
	TypeQZSSAlmanac      Type = 11 // as TypeAlmanac
	TypeQZSSEphemeris    Type = 12 // as TypeEphemeris
	TypeQZSSIntegrity    Type = 13 // QZSS satellites that must not be used
	TypeGalileoAlmanac   Type = 14
	TypeGalileoEphemeris Type = 15
	TypeGGTO             Type = 16 // offset between GPS and Galileo time
	TypeGalileoIntegrity Type = 17 // Galileo satellites that must not be used

	typeReserved Type = 10 // the header of a file of predictions; not in a message
	typeEnd      Type = 18
)

var layouts = [typeEnd]struct {
	name      string
	size, max int // bytes of a record, records of a message
}{
	TypeUTC:              {"GPS UTC parameters", 14, 1},
	TypeEphemeris:        {"GPS ephemeris", 62, 32},
	TypeAlmanac:          {"GPS almanac", 31, 32},
	TypeKlobuchar:        {"Klobuchar ionosphere", 8, 1},
	TypeNeQuick:          {"NeQuick ionosphere", 8, 1},
	TypeTOW:              {"GPS time of week", 4, 32},
	TypeClock:            {"GPS system clock", 16, 1},
	TypeLocation:         {"location", 15, 1},
	TypeIntegrity:        {"GPS integrity", 4, 1},
	typeReserved:         {"prediction header", 0, 0},
	TypeQZSSAlmanac:      {"QZSS almanac", 31, 10},
	TypeQZSSEphemeris:    {"QZSS ephemeris", 62, 10},
	TypeQZSSIntegrity:    {"QZSS integrity", 4, 1},
	TypeGalileoAlmanac:   {"Galileo almanac", 24, 36},
	TypeGalileoEphemeris: {"Galileo ephemeris", 61, 36},
	TypeGGTO:             {"GPS-Galileo time offset", 8, 1},
	TypeGalileoIntegrity: {"Galileo integrity", 8, 1},
}

// String gives the name, as "GPS ephemeris".
func (t Type) String() string {
	if t > 0 && t < typeEnd {
		return layouts[t].name
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// System is a satellite system.
type System uint8

// The systems.
const (
	GPS System = iota
	QZSS
	Galileo
	systems
)

// String gives the name.
func (s System) String() string {
	if s < systems {
		return [...]string{"GPS", "QZSS", "Galileo"}[s]
	}
	return fmt.Sprintf("system %d", uint8(s))
}

// The satellites of each system, as sv_id numbers them.
const (
	firstGPS, lastGPS         = 1, 32
	firstQZSS, lastQZSS       = 193, 202
	firstGalileo, lastGalileo = 1, 36
)

// Satellites gives the ids of the satellites of a system: GPS 1 to 32, QZSS 193 to 202, Galileo 1 to 36.
func (s System) Satellites() (first, last int) {
	switch s {
	case QZSS:
		return firstQZSS, lastQZSS
	case Galileo:
		return firstGalileo, lastGalileo
	}
	return firstGPS, lastGPS
}

// bit is the place of a satellite in the masks of its system.
func (s System) bit(sv uint8) uint64 {
	first, _ := s.Satellites()
	return 1 << (int(sv) - first)
}

func (s System) has(sv uint8) bool {
	first, last := s.Satellites()
	return first <= int(sv) && int(sv) <= last
}
