package agnss

import (
	"errors"
	"fmt"
)

// Message is the content of one message: what is absent is nil. It refers to nothing of the bytes that it was read from.
type Message struct {
	UTC       *UTC
	Klobuchar *Klobuchar
	NeQuick   *NeQuick
	Time      *SystemTime
	Location  *Location
	GGTO      *GGTO

	Ephemerides        []Ephemeris // GPS and QZSS, one a satellite, in the order of the message
	Almanacs           []Almanac   // GPS and QZSS, one a satellite
	GalileoEphemerides []GalileoEphemeris
	GalileoAlmanacs    []GalileoAlmanac
	Integrity          Integrity

	// Unusable are records that were left out because a value is impossible. They do not harm the others: each record stands for itself.
	Unusable []*FormatError
}

// SystemTime is the clock with what helps to find the time of week in the satellites' signals.
type SystemTime struct {
	Clock
	// SVMask has bit n-1 set where TOW[n-1] holds something for GPS satellite n. It is made of the records: the mask that the message has beside
	// the clock has been seen empty where there were records.
	SVMask uint32
	TOW    [lastGPS]TOW
}

// Integrity tells which satellites must not be used.
type Integrity struct {
	GPS     *uint32 // bit n-1: GPS satellite n; nil: the message does not say
	QZSS    *uint32 // bit n: satellite 193+n
	Galileo *uint64 // bit n-1: Galileo satellite n
}

// Excludes tells whether a satellite must not be used.
func (i *Integrity) Excludes(system System, sv uint8) bool {
	if !system.has(sv) {
		return false
	}
	var mask uint64
	switch {
	case system == GPS && i.GPS != nil:
		mask = uint64(*i.GPS)
	case system == QZSS && i.QZSS != nil:
		mask = uint64(*i.QZSS)
	case system == Galileo && i.Galileo != nil:
		mask = *i.Galileo
	}
	return mask&system.bit(sv) != 0
}

// MaxSize is the most that Parse takes, in bytes. A message with all records of all satellites has about 7000.
const MaxSize = 16 << 10

const (
	version    = 1
	headerSize = 3
)

// Parse reads a message and checks all of it. Errors are *FormatError; *CloudError where nRF Cloud refused to give data; ErrNotBinary where it
// sent other JSON.
//
// The message is nil with an error but in one case: with ErrUnknownType it holds the groups before the unknown one, whose size nobody
// knows, and may be used. So devices go on when the cloud appends something new.
func Parse(payload []byte) (*Message, error) {
	switch {
	case len(payload) == 0:
		return nil, &FormatError{Err: ErrEmpty}
	case len(payload) > MaxSize:
		return nil, &FormatError{Err: fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(payload), MaxSize)}
	case payload[0] == '{':
		return nil, ParseCloudError(payload)
	case payload[0] != version:
		return nil, &FormatError{Err: fmt.Errorf("%w: %d, known is %d", ErrVersion, payload[0], version)}
	}
	return parse(payload, 1)
}

// ParseGroups is Parse of groups without the version byte before them, as a prediction has them.
func ParseGroups(groups []byte) (*Message, error) {
	if len(groups) > MaxSize {
		return nil, &FormatError{Err: fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(groups), MaxSize)}
	}
	return parse(groups, 0)
}

// parser reads the groups of one message.
type parser struct {
	message *Message
	storage *storage
	payload []byte
	counts  [typeEnd]int    // records so far
	seen    [typeEnd]uint64 // satellites so far, as bits of their system
	clock   bool
}

// storage has room for the single records beside their message: one allocation for all.
type storage struct {
	message   Message
	utc       UTC
	klobuchar Klobuchar
	neQuick   NeQuick
	time      SystemTime
	location  Location
	ggto      GGTO
	gps, qzss uint32
	galileo   uint64
}

func parse(payload []byte, offset int) (*Message, error) {
	s := &storage{}
	p := parser{message: &s.message, storage: s, payload: payload}
	for offset < len(payload) {
		next, err := p.group(offset)
		if err != nil {
			if errors.Is(err, ErrUnknownType) {
				return p.finish(), err
			}
			return nil, err
		}
		offset = next
	}
	return p.finish(), nil
}

func (p *parser) finish() *Message {
	if p.clock { // time of week without the time is of no use
		p.message.Time = &p.storage.time
	}
	return p.message
}

// group reads one group and gives the offset of the next.
func (p *parser) group(offset int) (int, *FormatError) {
	rest := p.payload[offset:]
	if len(rest) < headerSize {
		return 0, &FormatError{Offset: offset, Err: fmt.Errorf("%w: %d of the %d bytes of a group's header", ErrTruncated, len(rest), headerSize)}
	}
	t, count := Type(rest[0]), int(le.Uint16(rest[1:]))
	fail := func(err error) (int, *FormatError) { return 0, &FormatError{Offset: offset, Type: t, Err: err} }
	switch {
	case t == 0 || t == typeReserved:
		return fail(ErrReservedType)
	case t >= typeEnd:
		return fail(ErrUnknownType)
	}
	layout := layouts[t]
	if p.counts[t] += count; p.counts[t] > layout.max {
		return fail(fmt.Errorf("%w: %d, at most %d", ErrTooMany, p.counts[t], layout.max))
	}
	if size := headerSize + count*layout.size; len(rest) < size {
		return fail(fmt.Errorf("%w: %d records need %d bytes, %d are left", ErrTruncated, count, size-headerSize, len(rest)-headerSize))
	}
	p.reserve(t, count)
	offset += headerSize
	for range count {
		if err := p.record(t, p.payload[offset:offset+layout.size]); err != nil {
			p.message.Unusable = append(p.message.Unusable, &FormatError{Offset: offset, Type: t, SV: svOf(t, p.payload[offset]), Err: err})
		}
		offset += layout.size
	}
	return offset, nil
}

func (p *parser) reserve(t Type, count int) {
	m := p.message
	switch t {
	case TypeEphemeris, TypeQZSSEphemeris:
		m.Ephemerides = reserve(m.Ephemerides, count)
	case TypeAlmanac, TypeQZSSAlmanac:
		m.Almanacs = reserve(m.Almanacs, count)
	case TypeGalileoEphemeris:
		m.GalileoEphemerides = reserve(m.GalileoEphemerides, count)
	case TypeGalileoAlmanac:
		m.GalileoAlmanacs = reserve(m.GalileoAlmanacs, count)
	}
}

func reserve[T any](list []T, count int) []T {
	if count == 0 || cap(list)-len(list) >= count {
		return list
	}
	larger := make([]T, len(list), len(list)+count)
	copy(larger, list)
	return larger
}

// svOf gives the satellite of a record whose type has one, else 0.
func svOf(t Type, first byte) uint8 {
	if t.perSatellite() {
		return first
	}
	return 0
}

func (t Type) perSatellite() bool {
	switch t {
	case TypeEphemeris, TypeAlmanac, TypeTOW, TypeQZSSAlmanac, TypeQZSSEphemeris, TypeGalileoAlmanac, TypeGalileoEphemeris:
		return true
	}
	return false
}

// System is the satellite system that a type belongs to: that of GPS where it is none's in particular.
func (t Type) System() System {
	switch t {
	case TypeQZSSAlmanac, TypeQZSSEphemeris, TypeQZSSIntegrity:
		return QZSS
	case TypeGalileoAlmanac, TypeGalileoEphemeris, TypeGGTO, TypeGalileoIntegrity:
		return Galileo
	}
	return GPS
}

// record reads one record, of the type's size, into the message. Its error leaves the record out.
func (p *parser) record(t Type, b []byte) error {
	if t.perSatellite() {
		if t == TypeTOW && !GPS.has(b[0]) {
			return nil // filler, as nRF Cloud sends
		}
		if err := p.satellite(t, b[0]); err != nil {
			return err
		}
	}
	m, s := p.message, p.storage
	switch t {
	case TypeUTC:
		s.utc = readUTC(b)
		return keep(&m.UTC, &s.utc, s.utc.check())
	case TypeKlobuchar:
		s.klobuchar = readKlobuchar(b)
		return keep(&m.Klobuchar, &s.klobuchar, nil)
	case TypeNeQuick:
		s.neQuick = readNeQuick(b)
		return keep(&m.NeQuick, &s.neQuick, nil)
	case TypeTOW:
		tow := TOW{TLM: le.Uint16(b[1:]), Flags: b[3]}
		if s.time.TOW[b[0]-1] = tow; tow != (TOW{}) {
			s.time.SVMask |= 1 << (b[0] - 1)
		}
	case TypeClock:
		clock := readClock(b)
		if err := clock.check(); err != nil {
			return err
		}
		s.time.Clock, p.clock = clock, true
	case TypeLocation:
		s.location = readLocation(b)
		return keep(&m.Location, &s.location, s.location.check())
	case TypeIntegrity:
		s.gps = le.Uint32(b)
		return keep(&m.Integrity.GPS, &s.gps, nil)
	case TypeQZSSIntegrity:
		s.qzss = le.Uint32(b)
		return keep(&m.Integrity.QZSS, &s.qzss, nil)
	case TypeGalileoIntegrity:
		s.galileo = le.Uint64(b)
		return keep(&m.Integrity.Galileo, &s.galileo, nil)
	case TypeGGTO:
		s.ggto = readGGTO(b)
		return keep(&m.GGTO, &s.ggto, s.ggto.check())
	case TypeEphemeris, TypeQZSSEphemeris:
		e := readEphemeris(b)
		return add(&m.Ephemerides, e, e.check())
	case TypeAlmanac, TypeQZSSAlmanac:
		a := readAlmanac(b)
		return add(&m.Almanacs, a, a.check())
	case TypeGalileoEphemeris:
		e := readGalileoEphemeris(b)
		return add(&m.GalileoEphemerides, e, e.check())
	case TypeGalileoAlmanac:
		a := readGalileoAlmanac(b)
		return add(&m.GalileoAlmanacs, a, a.check())
	}
	return nil
}

func (p *parser) satellite(t Type, sv uint8) error {
	system := t.System()
	if !system.has(sv) {
		first, last := system.Satellites()
		return fmt.Errorf("%w: %v satellites are %d to %d", ErrOutOfRange, system, first, last)
	}
	bit := system.bit(sv)
	if p.seen[t]&bit != 0 {
		return ErrDuplicate
	}
	p.seen[t] |= bit
	return nil
}

func keep[T any](to **T, value *T, err error) error {
	if err == nil {
		*to = value
	}
	return err
}

func add[T any](list *[]T, value T, err error) error {
	if err == nil {
		*list = append(*list, value)
	}
	return err
}
