package agnss

// Data are kinds of assistance that are not of one satellite, as bits.
type Data uint8

// The kinds.
const (
	DataUTC Data = 1 << iota
	DataKlobuchar
	DataNeQuick
	DataTime // system time and time of week
	DataLocation
	DataIntegrity
	DataGGTO

	allData = DataUTC | DataKlobuchar | DataNeQuick | DataTime | DataLocation | DataIntegrity
)

// Has tells whether all of the given kinds are in d.
func (d Data) Has(kinds Data) bool { return d&kinds == kinds }

// Satellites are those of one system, by kind of orbit. Bit n is the n-th satellite of the system: GPS 1+n, QZSS 193+n, Galileo 1+n.
type Satellites struct {
	Used        bool // the receiver uses this system: integrity is asked for it too
	Ephemerides uint64
	Almanacs    uint64
}

// Need is what a receiver lacks, or what it was given.
type Need struct {
	Data    Data
	GPS     Satellites
	QZSS    Satellites
	Galileo Satellites
}

// Everything is the need of a receiver that has nothing. Where predictions supply the orbits of GPS (pgps), those are not in it. Galileo is
// not either: a receiver that uses it says so itself.
func Everything(pgps, qzss bool) Need {
	need := Need{Data: allData, GPS: Satellites{Used: true}}
	if !pgps {
		need.GPS.Ephemerides, need.GPS.Almanacs = all(GPS), all(GPS)
	}
	if qzss {
		need.QZSS = Satellites{Used: true, Ephemerides: all(QZSS), Almanacs: all(QZSS)}
	}
	return need
}

func all(system System) uint64 {
	first, last := system.Satellites()
	return 1<<(last-first+1) - 1
}

// Empty tells that nothing is needed.
func (n Need) Empty() bool {
	return n.Data == 0 && n.GPS.none() && n.QZSS.none() && n.Galileo.none()
}

func (s Satellites) none() bool { return s.Ephemerides == 0 && s.Almanacs == 0 }

// Without is the need that remains when something was given.
func (n Need) Without(given Need) Need {
	n.Data &^= given.Data
	n.GPS = n.GPS.without(given.GPS)
	n.QZSS = n.QZSS.without(given.QZSS)
	n.Galileo = n.Galileo.without(given.Galileo)
	return n
}

func (s Satellites) without(given Satellites) Satellites {
	s.Ephemerides &^= given.Ephemerides
	s.Almanacs &^= given.Almanacs
	return s
}

// With is both together.
func (n Need) With(other Need) Need {
	n.Data |= other.Data
	n.GPS = n.GPS.with(other.GPS)
	n.QZSS = n.QZSS.with(other.QZSS)
	n.Galileo = n.Galileo.with(other.Galileo)
	return n
}

func (s Satellites) with(other Satellites) Satellites {
	return Satellites{Used: s.Used || other.Used, Ephemerides: s.Ephemerides | other.Ephemerides, Almanacs: s.Almanacs | other.Almanacs}
}

// Types gives the types to ask the cloud for, in the SDK's order.
func (n Need) Types() []Type {
	var types []Type
	add := func(wanted bool, more ...Type) {
		if wanted {
			types = append(types, more...)
		}
	}
	integrity := n.Data.Has(DataIntegrity)
	add(n.Data.Has(DataUTC), TypeUTC)
	add(n.GPS.Ephemerides != 0, TypeEphemeris)
	add(n.GPS.Almanacs != 0, TypeAlmanac)
	add(integrity, TypeIntegrity)
	add(n.QZSS.Ephemerides != 0, TypeQZSSEphemeris)
	add(n.QZSS.Almanacs != 0, TypeQZSSAlmanac)
	add(integrity && n.QZSS.Used, TypeQZSSIntegrity)
	add(n.Galileo.Ephemerides != 0, TypeGalileoEphemeris)
	add(n.Galileo.Almanacs != 0, TypeGalileoAlmanac)
	add(integrity && n.Galileo.Used, TypeGalileoIntegrity)
	add(n.Data.Has(DataKlobuchar), TypeKlobuchar)
	add(n.Data.Has(DataNeQuick), TypeNeQuick)
	add(n.Data.Has(DataTime), TypeTOW, TypeClock)
	add(n.Data.Has(DataLocation), TypeLocation)
	add(n.Data.Has(DataGGTO), TypeGGTO)
	return types
}

// system gives the place of a system's satellites.
func (n *Need) system(system System) *Satellites {
	switch system {
	case QZSS:
		return &n.QZSS
	case Galileo:
		return &n.Galileo
	}
	return &n.GPS
}
