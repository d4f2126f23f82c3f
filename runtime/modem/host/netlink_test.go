package host

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// attribute encodes one.
func attribute(kind uint16, value ...byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(attrSize+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, value...)
	return append(b, make([]byte, aligned(len(b))-len(b))...)
}

func number(kind uint16, value uint32) []byte {
	return attribute(kind, binary.NativeEndian.AppendUint32(nil, value)...)
}

func hop(flags byte, ifIndex uint32) []byte {
	b := binary.NativeEndian.AppendUint16(nil, hopSize+8)
	b = append(b, flags, 0)
	b = binary.NativeEndian.AppendUint32(b, ifIndex)
	return append(b, attribute(5, 10, 0, 0, 2)...) // RTA_GATEWAY
}

// sample is a route as the kernel tells it.
type sample struct {
	family, prefix, table, kind byte
	flags                       uint32
	attributes                  [][]byte
}

func (s sample) body() []byte {
	b := []byte{s.family, s.prefix, 0, 0, s.table, 0, 0, s.kind}
	b = binary.NativeEndian.AppendUint32(b, s.flags)
	for _, a := range s.attributes {
		b = append(b, a...)
	}
	return b
}

func encode(kind, flags uint16, sequence uint32, body []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(headerSize+len(body)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, flags)
	b = binary.NativeEndian.AppendUint32(b, sequence)
	b = binary.NativeEndian.AppendUint32(b, 0)
	b = append(b, body...)
	return append(b, make([]byte, aligned(len(b))-len(b))...)
}

func TestReadRoute(t *testing.T) {
	with := func(attributes ...[]byte) [][]byte { return attributes }
	for name, c := range map[string]struct {
		sample sample
		want   route
		ok     bool
	}{
		"IPv4":                {sample{familyIPv4, 0, tableMain, unicast, 0, with(number(attrTable, tableMain), attribute(5, 10, 0, 0, 1), number(attrInterface, 3))}, route{familyIPv4, 3, 0}, true},
		"with a metric":       {sample{familyIPv6, 0, tableMain, unicast, 0, with(number(attrMetric, 1024), number(attrInterface, 2))}, route{familyIPv6, 2, 1024}, true},
		"table default":       {sample{familyIPv4, 0, tableDefault, unicast, 0, with(number(attrInterface, 2))}, route{familyIPv4, 2, 0}, true},
		"of a VRF":            {sample{familyIPv4, 0, 252, unicast, 0, with(number(attrTable, 1000), number(attrInterface, 2))}, route{}, false},
		"to a network":        {sample{familyIPv4, 24, tableMain, unicast, 0, with(number(attrInterface, 2))}, route{}, false},
		"unreachable":         {sample{familyIPv6, 0, tableMain, 7, 0, with(number(attrInterface, 1))}, route{}, false},
		"without carrier":     {sample{familyIPv4, 0, tableMain, unicast, hopLinkDown, with(number(attrInterface, 2))}, route{}, false},
		"dead":                {sample{familyIPv4, 0, tableMain, unicast, hopDead, with(number(attrInterface, 2))}, route{}, false},
		"no interface":        {sample{familyIPv4, 0, tableMain, unicast, 0, nil}, route{}, false},
		"two hops":            {sample{familyIPv4, 0, tableMain, unicast, 0, with(attribute(attrHops, append(hop(hopLinkDown, 4), hop(0, 5)...)...))}, route{familyIPv4, 5, 0}, true},
		"two hops, both down": {sample{familyIPv4, 0, tableMain, unicast, 0, with(attribute(attrHops, append(hop(hopLinkDown, 4), hop(hopDead, 5)...)...))}, route{}, false},
	} {
		got, ok, err := readRoute(c.sample.body())
		if err != nil || ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %+v, %v, %v", name, got, ok, err)
		}
	}
}

func TestMalformedRoutes(t *testing.T) {
	sound := sample{familyIPv4, 0, tableMain, unicast, 0, [][]byte{number(attrInterface, 3), attribute(attrHops, hop(0, 5)...)}}.body()
	for name, body := range map[string][]byte{
		"short":                 sound[:routeSize-1],
		"torn attribute":        sound[:routeSize+6],
		"rest of an attribute":  append(append([]byte(nil), sound...), 1),
		"attribute of length 0": append(append([]byte(nil), sound...), 0, 0, 4, 0),
		"interface of 2 bytes":  append(append([]byte(nil), sound...), attribute(attrInterface, 1, 2)...),
		"torn hop":              append(append([]byte(nil), sound...), attribute(attrHops, 1, 2, 3)...),
		"hop of length 1":       append(append([]byte(nil), sound...), attribute(attrHops, 1, 0, 0, 0, 0, 0, 0, 0)...),
	} {
		if _, _, err := readRoute(body); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDump(t *testing.T) {
	routes := func(samples ...sample) (datagram []byte) {
		for _, s := range samples {
			datagram = append(datagram, encode(typeNewRoute, 0, 7, s.body())...)
		}
		return datagram
	}
	simple := func(family byte, ifIndex, metric uint32) sample {
		return sample{family, 0, tableMain, unicast, 0, [][]byte{number(attrInterface, ifIndex), number(attrMetric, metric)}}
	}
	done := encode(typeDone, 0, 7, make([]byte, 4))

	d := dump{family: familyIPv4, sequence: 7}
	stale := encode(typeNewRoute, 0, 6, simple(familyIPv4, 9, 0).body())
	for _, datagram := range [][]byte{stale, routes(simple(familyIPv4, 2, 600), simple(familyIPv4, 3, 100)), routes(simple(familyIPv6, 4, 1), simple(familyIPv4, 5, 100)), done} {
		if err := d.take(datagram); err != nil {
			t.Fatal(err)
		}
	}
	if !d.done || d.interrupted || d.best != (route{familyIPv4, 3, 100}) {
		t.Errorf("%+v", d)
	}

	d = dump{family: familyIPv4, sequence: 7}
	if err := d.take(append(encode(typeNewRoute, flagInterrupted, 7, simple(familyIPv4, 2, 0).body()), done...)); err != nil || !d.interrupted || !d.done {
		t.Errorf("%+v, %v", d, err)
	}

	const accessDenied = -13
	code := binary.NativeEndian.AppendUint32(nil, 0xffffffff+accessDenied+1)
	for name, datagram := range map[string][]byte{"error": encode(typeError, 0, 7, code), "done": encode(typeDone, 0, 7, code)} {
		d = dump{family: familyIPv4, sequence: 7}
		var refused refusalError
		if err := d.take(datagram); !errors.As(err, &refused) || refused != accessDenied || !strings.Contains(err.Error(), "error 13") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, datagram := range map[string][]byte{
		"short error": encode(typeError, 0, 7, nil), "acknowledgement": encode(typeError, 0, 7, make([]byte, 4)), "short header": done[:10], "torn": done[:18],
		"length 0": make([]byte, headerSize),
	} {
		d = dump{family: familyIPv4, sequence: 7}
		if err := d.take(datagram); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRelevant(t *testing.T) {
	toNetwork := encode(typeNewRoute, 0, 0, sample{familyIPv4, 24, tableMain, unicast, 0, nil}.body())
	for name, c := range map[string]struct {
		datagram []byte
		want     bool
	}{
		"route to a network":   {toNetwork, false},
		"default route":        {append(append([]byte(nil), toNetwork...), encode(typeDelRoute, 0, 0, sample{familyIPv4, 0, tableMain, unicast, 0, nil}.body())...), true},
		"link":                 {encode(typeNewLink, 0, 0, make([]byte, 16)), true},
		"address":              {encode(typeDelAddress, 0, 0, make([]byte, 8)), true},
		"next hop":             {encode(typeDelNextHop, 0, 0, make([]byte, 8)), true},
		"neighbour":            {encode(28, 0, 0, make([]byte, 12)), false},
		"malformed":            {toNetwork[:20], true},
		"route without a body": {encode(typeNewRoute, 0, 0, nil), true},
		"nothing":              {nil, false},
	} {
		if got := relevant(c.datagram); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzNetlink(f *testing.F) {
	f.Add(encode(typeNewRoute, 0, 7, sample{familyIPv4, 0, tableMain, unicast, 0, [][]byte{number(attrInterface, 3), number(attrMetric, 9)}}.body()))
	f.Add(encode(typeNewRoute, 2, 7, sample{familyIPv6, 0, tableMain, unicast, 0, [][]byte{attribute(attrHops, append(hop(hopDead, 4), hop(0, 5)...)...)}}.body()))
	f.Add(append(encode(typeNewLink, 0, 0, make([]byte, 16)), encode(typeDone, 0, 7, make([]byte, 4))...))
	f.Add(encode(typeError, 0, 7, []byte{0xf3, 0xff, 0xff, 0xff}))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		relevant(datagram)
		for _, family := range []uint8{familyIPv4, familyIPv6} {
			d := dump{family: family, sequence: 7}
			if err := d.take(datagram); err != nil {
				continue
			}
			if d.best.ifIndex < 0 || d.best.ifIndex != 0 && d.best.family != family {
				t.Errorf("%+v", d.best)
			}
		}
	})
}
