package host

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The parts of netlink(7) and rtnetlink(7) that are needed. Numbers are in the machine's byte order.
const (
	headerSize = 16 // nlmsghdr: length, type, flags, sequence, port
	routeSize  = 12 // rtmsg
	hopSize    = 8  // rtnexthop
	attrSize   = 4  // rtattr

	typeError      = 2 // NLMSG_ERROR
	typeDone       = 3 // NLMSG_DONE
	typeNewLink    = 16
	typeDelLink    = 17
	typeNewAddress = 20
	typeDelAddress = 21
	typeNewRoute   = 24
	typeDelRoute   = 25
	typeGetRoute   = 26
	typeNewNextHop = 104
	typeDelNextHop = 105

	flagRequest     = 0x1
	flagInterrupted = 0x10  // the table changed while it was dumped
	flagDump        = 0x300 // NLM_F_ROOT, NLM_F_MATCH

	familyIPv4 = 2
	familyIPv6 = 10

	unicast = 1 // RTN_UNICAST

	tableDefault = 253
	tableMain    = 254

	hopDead     = 1  // RTNH_F_DEAD
	hopLinkDown = 16 // RTNH_F_LINKDOWN
	cloned      = 0x200

	attrInterface = 4  // RTA_OIF
	attrMetric    = 6  // RTA_PRIORITY
	attrHops      = 9  // RTA_MULTIPATH
	attrTable     = 15 // RTA_TABLE
)

var errMalformed = errors.New("malformed netlink message")

// message is one netlink message. body is a part of the datagram.
type message struct {
	kind     uint16
	flags    uint16
	sequence uint32
	body     []byte
}

// next takes the first message off a datagram.
func next(datagram []byte) (m message, rest []byte, err error) {
	if len(datagram) < headerSize {
		return message{}, nil, fmt.Errorf("%w: %d bytes", errMalformed, len(datagram))
	}
	size := uint64(binary.NativeEndian.Uint32(datagram))
	if size < headerSize || size > uint64(len(datagram)) {
		return message{}, nil, fmt.Errorf("%w: it says %d bytes of %d", errMalformed, size, len(datagram))
	}
	m = message{
		kind: binary.NativeEndian.Uint16(datagram[4:]), flags: binary.NativeEndian.Uint16(datagram[6:]), sequence: binary.NativeEndian.Uint32(datagram[8:]),
		body: datagram[headerSize:size],
	}
	return m, datagram[min(aligned(int(size)), len(datagram)):], nil
}

func aligned(size int) int { return (size + 3) &^ 3 }

// relevant tells whether a datagram of notifications may change the default route. IPv4 routes that go with their interface, address or next hop
// go without a notification of their own. What cannot be read is taken for relevant.
func relevant(datagram []byte) bool {
	for len(datagram) > 0 {
		m, rest, err := next(datagram)
		if err != nil {
			return true
		}
		switch m.kind {
		case typeNewRoute, typeDelRoute:
			if len(m.body) < 2 || m.body[1] == 0 { // the prefix's length
				return true
			}
		case typeNewLink, typeDelLink, typeNewAddress, typeDelAddress, typeNewNextHop, typeDelNextHop, typeError:
			return true
		}
		datagram = rest
	}
	return false
}

// route is a default route that works.
type route struct {
	family  uint8
	ifIndex int
	metric  uint32
}

// readRoute reads the body of a RTM_NEWROUTE. ok is false for one that is no default route in the tables that everything uses, or cannot be
// used now.
func readRoute(body []byte) (r route, ok bool, err error) {
	if len(body) < routeSize {
		return route{}, false, fmt.Errorf("%w: a route of %d bytes", errMalformed, len(body))
	}
	r.family = body[0]
	table := uint32(body[4])
	flags := binary.NativeEndian.Uint32(body[8:])
	ok = body[1] == 0 && body[7] == unicast && flags&(hopDead|hopLinkDown|cloned) == 0
	err = attributes(body[routeSize:], func(kind uint16, value []byte) error {
		switch {
		case kind == attrHops:
			hop, err := firstHop(value)
			if r.ifIndex == 0 {
				r.ifIndex = hop
			}
			return err
		case kind != attrInterface && kind != attrMetric && kind != attrTable:
			return nil
		case len(value) != 4:
			return fmt.Errorf("%w: attribute %d of %d bytes", errMalformed, kind, len(value))
		}
		number := binary.NativeEndian.Uint32(value)
		switch kind {
		case attrInterface:
			r.ifIndex = int(int32(number))
		case attrMetric:
			r.metric = number
		case attrTable:
			table = number
		}
		return nil
	})
	if err != nil {
		return route{}, false, err
	}
	return r, ok && r.ifIndex > 0 && (table == tableMain || table == tableDefault), nil
}

func attributes(data []byte, take func(kind uint16, value []byte) error) error {
	for len(data) > 0 {
		if len(data) < attrSize {
			return fmt.Errorf("%w: %d bytes after the last attribute", errMalformed, len(data))
		}
		size := int(binary.NativeEndian.Uint16(data))
		if size < attrSize || size > len(data) {
			return fmt.Errorf("%w: an attribute says %d bytes of %d", errMalformed, size, len(data))
		}
		if err := take(binary.NativeEndian.Uint16(data[2:]), data[attrSize:size]); err != nil {
			return err
		}
		data = data[min(aligned(size), len(data)):]
	}
	return nil
}

// firstHop gives the interface of the first hop that works; 0 when none does.
func firstHop(data []byte) (ifIndex int, err error) {
	for len(data) > 0 {
		if len(data) < hopSize {
			return 0, fmt.Errorf("%w: a hop of %d bytes", errMalformed, len(data))
		}
		size := int(binary.NativeEndian.Uint16(data))
		if size < hopSize || size > len(data) {
			return 0, fmt.Errorf("%w: a hop says %d bytes of %d", errMalformed, size, len(data))
		}
		if data[2]&(hopDead|hopLinkDown) == 0 {
			return int(int32(binary.NativeEndian.Uint32(data[4:]))), nil
		}
		data = data[min(aligned(size), len(data)):]
	}
	return 0, nil
}

// dump collects the answer to a request for the routes of one family.
type dump struct {
	family      uint8
	sequence    uint32
	best        route // ifIndex 0: none
	interrupted bool
	done        bool
}

// take reads one datagram of the answer.
func (d *dump) take(datagram []byte) error {
	for len(datagram) > 0 && !d.done {
		m, rest, err := next(datagram)
		if err != nil {
			return err
		}
		datagram = rest
		if m.sequence != d.sequence {
			continue
		}
		d.interrupted = d.interrupted || m.flags&flagInterrupted != 0
		switch m.kind {
		case typeDone:
			d.done = true
			return refusal(m.body)
		case typeError:
			if err := refusal(m.body); err != nil {
				return err
			}
			return fmt.Errorf("%w: an acknowledgement that nobody has asked for", errMalformed)
		case typeNewRoute:
			r, ok, err := readRoute(m.body)
			if err != nil {
				return err
			}
			if ok && r.family == d.family && (d.best.ifIndex == 0 || r.metric < d.best.metric) {
				d.best = r
			}
		}
	}
	return nil
}

// refusalError is the negative of an errno that the kernel has answered with.
type refusalError int32

func (e refusalError) Error() string {
	return fmt.Sprintf("the kernel refuses to tell: error %d", -int32(e))
}

// refusal reads the number that the bodies of NLMSG_ERROR and NLMSG_DONE begin with.
func refusal(body []byte) error {
	if len(body) < 4 {
		return fmt.Errorf("%w: an outcome of %d bytes", errMalformed, len(body))
	}
	if number := int32(binary.NativeEndian.Uint32(body)); number < 0 {
		return refusalError(number)
	}
	return nil
}

// request asks for all routes of a family.
func request(family uint8, sequence uint32) []byte {
	const size = headerSize + routeSize
	b := make([]byte, size)
	binary.NativeEndian.PutUint32(b, size)
	binary.NativeEndian.PutUint16(b[4:], typeGetRoute)
	binary.NativeEndian.PutUint16(b[6:], flagRequest|flagDump)
	binary.NativeEndian.PutUint32(b[8:], sequence)
	b[headerSize] = family
	return b
}
