package format_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
)

// statusOf is 0 where there is no *lwm2m.Error.
func statusOf(err error) lwm2m.Status {
	if refusal, is := errors.AsType[*lwm2m.Error](err); is {
		return refusal.Status
	}
	return 0
}

var refused = []struct {
	format  format.Format
	base    string
	payload string
}{
	{format.Text, "/1/0/1", ""}, {format.Text, "/1/0/1", " 5"}, {format.Text, "/1/0/1", "5\x00"}, {format.Text, "/1/0/1", "+5"}, {format.Text, "/1/0/1", "5e1"},
	{format.Text, "/1/0/1", "5.0"}, {format.Text, "/1/0/1", "9223372036854775808"}, {format.Text, "/1/0/1", "0x5"}, {format.Text, "/1/0/1", "-"},
	{format.Text, "/1/0/1", "--5"}, {format.Text, "/1/0/1", "1_000"}, {format.Text, "/500/0/3", "-1"}, {format.Text, "/500/0/3", "18446744073709551616"},
	{format.Text, "/3303/0/5700", "NaN"}, {format.Text, "/3303/0/5700", "Inf"}, {format.Text, "/3303/0/5700", "1e999"}, {format.Text, "/3303/0/5700", ".5"},
	{format.Text, "/3303/0/5700", "5."}, {format.Text, "/3303/0/5700", "1e"}, {format.Text, "/3303/0/5700", "1e+"}, {format.Text, "/3303/0/5700", "1.2.3"},
	{format.Text, "/1/0/6", "true"}, {format.Text, "/1/0/6", "2"}, {format.Text, "/1/0/6", "01"}, {format.Text, "/3/0/0", "\xff"},
	{format.Text, "/500/0/6", "AQ="}, {format.Text, "/500/0/6", "AQ"}, {format.Text, "/500/0/6", "AQID\nBA=="}, {format.Text, "/500/0/6", "AR=="},
	{format.Text, "/3/0/22", "10"}, {format.Text, "/3/0/22", "10:"}, {format.Text, "/3/0/22", "1:65536"}, {format.Text, "/3/0/22", "1:2:3"},
	{format.Text, "/3/0/22", "+1:2"}, {format.Text, "/3/0/22", "01:2"}, {format.Text, "/500/0/9", "<"}, {format.Text, "/3/0", "5"}, {format.Text, "/3", "5"},
	{format.Text, "/3/0/7", "5"}, {format.Text, "/3/0/9/0", "5"}, {format.Opaque, "/3/0/0", "x"}, {format.LinkFormat, "/3/0/0", "</1>"},

	{format.CBOR, "/1/0/1", ""}, {format.CBOR, "/1/0/1", "\x05\x05"}, {format.CBOR, "/1/0/1", "\x1a\x00"}, {format.CBOR, "/1/0/1", "\x61\x35"},
	{format.CBOR, "/1/0/1", "\xf5"}, {format.CBOR, "/1/0/1", "\xf6"}, {format.CBOR, "/1/0/1", "\x81\x05"}, {format.CBOR, "/1/0/1", "\xf9\x3e\x00"},
	{format.CBOR, "/1/0/1", "\xc1\x05"}, {format.CBOR, "/1/0/1", "\x1b\x80\x00\x00\x00\x00\x00\x00\x00"}, {format.CBOR, "/1/0/1", "\xc4\x82\x20\x05"},
	{format.CBOR, "/1/0/1", "\xc4\x82\x1a\x7f\xff\xff\xff\x05"}, {format.CBOR, "/1/0/1", "\xc4\x81\x05"}, {format.CBOR, "/1/0/1", "\xc4\x83\x01\x02\x03"},
	{format.CBOR, "/1/0/1", "\xc4\x05"}, {format.CBOR, "/1/0/1", "\xc2\x41\x05"}, {format.CBOR, "/1/0/1", "\x1c"}, {format.CBOR, "/1/0/1", "\x1f"},
	{format.CBOR, "/1/0/1", "\xff"}, {format.CBOR, "/1/0/1", "\xdf\x05"}, {format.CBOR, "/1/0/1", "\xf8\x14"}, {format.CBOR, "/1/0/1", "\xe0"},
	{format.CBOR, "/3303/0/5700", "\xf9\x7c\x00"}, {format.CBOR, "/3303/0/5700", "\xf9\x7e\x00"}, {format.CBOR, "/3303/0/5700", "\xfa\x7f\x80\x00\x00"},
	{format.CBOR, "/3/0/0", "\x61\xff"}, {format.CBOR, "/3/0/0", "\x7f\x61"}, {format.CBOR, "/3/0/0", "\x7f\x41a\xff"}, {format.CBOR, "/3/0/0", "\x7f\x7f\x61a\xff\xff"},
	{format.CBOR, "/3/0/0", "\x7b\xff\xff\xff\xff\xff\xff\xff\xff"}, {format.CBOR, "/3/0/0", "\x41a"}, {format.CBOR, "/3/0/13", "\xc0\x61x"},
	{format.CBOR, "/3/0/13", "\xc0\x05"}, {format.CBOR, "/3/0/13", "\xc1"}, {format.CBOR, "/500/0/3", "\x20"}, {format.CBOR, "/3/0/22", "\x61\x34"},

	{format.TLV, "/1/0/1", ""}, {format.TLV, "/1/0/1", unhex("C1 02 05")}, {format.TLV, "/1/0/1", unhex("C1 01 05 C1 01 06")}, {format.TLV, "/1/0/1", unhex("C3 01 01 02 03")},
	{format.TLV, "/1/0/1", unhex("C0 01")}, {format.TLV, "/1/0/1", unhex("C5 01 01 02 03 04 05")}, {format.TLV, "/1/0/1", unhex("C1")}, {format.TLV, "/1/0/1", unhex("C2 01 05")},
	{format.TLV, "/1/0/1", unhex("C9 01 01 05")}, {format.TLV, "/1/0/1", unhex("D8 01 FF FF FF 05")}, {format.TLV, "/1/0/1", unhex("41 01 05")},
	{format.TLV, "/1/0/1", unhex("83 01 41 00 05")}, {format.TLV, "/1/0/1", unhex("03 00 C1 01 05")}, {format.TLV, "/1/0/6", unhex("C1 06 02")},
	{format.TLV, "/1/0/6", unhex("C2 06 00 01")}, {format.TLV, "/1/0/6", unhex("C0 06")}, {format.TLV, "/3/0/0", unhex("C1 00 FF")},
	{format.TLV, "/3/0/7", unhex("C1 07 05")}, {format.TLV, "/3/0/7", unhex("83 07 C1 00 05")}, {format.TLV, "/3/0/7", unhex("86 07 41 00 05 41 00 05")},
	{format.TLV, "/3/0/9", unhex("80 09")}, {format.TLV, "/3/0/7/1", unhex("41 02 05")}, {format.TLV, "/3/0/7/1", unhex("C1 01 05")},
	{format.TLV, "/3/0/7/1", unhex("83 06 41 01 05")}, {format.TLV, "/3/0/7/1", unhex("86 07 41 01 05 41 02 05")}, {format.TLV, "/3/0/7/1", unhex("80 07")},
	{format.TLV, "/1/0", unhex("03 01 C1 01 05")}, {format.TLV, "/1/0", unhex("03 00 C1 01 05 03 00 C1 02 05")}, {format.TLV, "/1/0", unhex("C1 01 05 03 00 C1 02 05")},
	{format.TLV, "/1/0", unhex("41 01 05")}, {format.TLV, "/1/0", unhex("C1 01 05 C1 01 06")}, {format.TLV, "/1", unhex("C1 01 05")},
	{format.TLV, "/1", unhex("03 00 03 00 05")}, {format.TLV, "/1", unhex("03 00 C1 01 05 03 00 C1 01 05")}, {format.TLV, "/1", unhex("23 FF FF C1 01 05")},
	{format.TLV, "/1/0", unhex("E1 FF FF 05")}, {format.TLV, "/3303/0/5700", unhex("E1 16 44 05")}, {format.TLV, "/3303/0/5700", unhex("E4 16 44 7F 80 00 00")},
	{format.TLV, "/3/0/22", unhex("C2 16 00 01")},

	{format.SenMLJSON, "/1/0", ``}, {format.SenMLJSON, "/1/0", `[`}, {format.SenMLJSON, "/1/0", `{}`}, {format.SenMLJSON, "/1/0", `[[]]`}, {format.SenMLJSON, "/1/0", `[{}]`},
	{format.SenMLJSON, "/1/0", `[]x`}, {format.SenMLJSON, "/1/0", `[][]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5},]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,}]`},
	{format.SenMLJSON, "/1/0", `[{"n":"/1/0/1"}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":"5"}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","vs":"5"}]`},
	{format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"v":6}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","n":"/1/0/1","v":5}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"vs":"5"}]`},
	{format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"x":1,"x":1}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"x_":1}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"x":{}}]`},
	{format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"u":[1]}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":null}]`}, {format.SenMLJSON, "/1/0", `[{"n":5,"v":5}]`},
	{format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5.5}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":1e30}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":1e99999999999999999999}]`},
	{format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":1.0000000000000000000000001}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":NaN}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":05}]`},
	{format.SenMLJSON, "/1/0", `[{"n":"/1/1/1","v":5}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0","v":5}]`}, {format.SenMLJSON, "/1/0", `[{"n":"1","v":5}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1/0","v":5}]`},
	{format.SenMLJSON, "/3/0", `[{"n":"/3/0/7","v":5}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5},{"n":"/1/0/1","v":5}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"t":60}]`},
	{format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"t":-60}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"t":1e15}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"bt":1e300,"t":-1e300}]`},
	{format.SenMLJSON, "/500/0", `[{"n":"/500/0/4","v":1e999}]`}, {format.SenMLJSON, "/500/0", `[{"n":"/500/0/6","vd":"+/8="}]`}, {format.SenMLJSON, "/500/0", `[{"n":"/500/0/6","vd":"A"}]`},
	{format.SenMLJSON, "/500/0", `[{"n":"/500/0/8","vlo":1}]`}, {format.SenMLJSON, "/500/0", `[{"n":"/500/0/8","vlo":"1"}]`}, {format.SenMLJSON, "/500/0", `[{"n":"/500/0/8","vs":"1:2"}]`},
	{format.SenMLJSON, "/500/0", "[{\"n\":\"/500/0/1\",\"vs\":\"\xff\"}]"}, {format.SenMLJSON, "/500/0", "[{\"n\":\"/500/0/1\",\"vs\":\"\n\"}]"},
	{format.SenMLJSON, "/500/0", `[{"n":"/500/0/1","vs":"\ud800"}]`}, {format.SenMLJSON, "/500/0", `[{"n":"/500/0/1","vs":"\udc00\ud800"}]`},
	{format.SenMLJSON, "/500/0", `[{"n":"/500/0/1","vs":"\ud800\n"}]`}, {format.SenMLJSON, "/500/0", `[{"n":"/500/0/1","vs":"\\\ud800\u0041"}]`},
	{format.SenMLJSON, "/500/0", `[{"n":"/500/0/1","vs":"\ud8`}, {format.SenMLJSON, "/500/0", `[{"n":"/500/0/1","vs":"\`},
	{format.SenMLJSON, "/", `[{"n":"/","v":1}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/0","v":0}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/0","v":65535}]`},

	{format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"bt":253402300799,"t":1}]`}, {format.SenMLJSON, "/1/0", `[{"n":"/1/0/1","v":5,"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"o":1,"p":1,"q":1,"r":1}]`},
	{format.SenMLCBOR, "/1/0", "\x81\xa3\x00\x66/1/0/1\x06\xf9\x7e\x00\x02\x05"}, {format.CBOR, "/1/0/1", "\xc4"}, {format.CBOR, "/1/0/1", "\xc4\x82"},
	{format.SenMLCBOR, "/1/0", ""}, {format.SenMLCBOR, "/1/0", "\xa0"}, {format.SenMLCBOR, "/1/0", "\x81"}, {format.SenMLCBOR, "/1/0", "\x81\x80"}, {format.SenMLCBOR, "/1/0", "\x80\x80"},
	{format.SenMLCBOR, "/1/0", "\x81\xa1\x80\x05"}, {format.SenMLCBOR, "/1/0", "\x81\xa2\x00\x66/1/0/1\x02\x80"}, {format.SenMLCBOR, "/1/0", "\x81\xa3\x00\x66/1/0/1\x02\x05\x02\x05"},
	{format.SenMLCBOR, "/1/0", "\x81\xa3\x00\x66/1/0/1\x02\x05\x18\x63\xa0"}, {format.SenMLCBOR, "/1/0", "\x81\xa3\x00\x66/1/0/1\x02\x05\x62x_\x05"},
	{format.SenMLCBOR, "/1/0", "\x81\xa2\x00\x66/1/0/1\x02\xc1\x05"}, {format.SenMLCBOR, "/1/0", "\x81\xa2\x00\x66/1/0/1\x02\xff"}, {format.SenMLCBOR, "/1/0", "\x9f"},
	{format.SenMLCBOR, "/1/0", "\x81\xbf\x00\x66/1/0/1\x02\x05"}, {format.SenMLCBOR, "/1/0", "\x81\xbf\x00\xff"}, {format.SenMLCBOR, "/1/0", "\x81\xa2\x00\x46/1/0/1\x02\x05"},
	{format.SenMLCBOR, "/1/0", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff"}, {format.SenMLCBOR, "/1/0", "\x81\xbb\xff\xff\xff\xff\xff\xff\xff\xff"},
	{format.SenMLCBOR, "/500/0", "\x81\xa2\x00\x68/500/0/6\x08\x41"}, {format.SenMLCBOR, "/500/0", "\x81\xa2\x00\x68/500/0/6\x08\x61a"},

	{format.JSON, "/3/0", `[]`}, {format.JSON, "/3/0", `{}`}, {format.JSON, "/3/0", `{"e":{}}`}, {format.JSON, "/3/0", `{"e":[{"n":"9"}]}`}, {format.JSON, "/3/0", `{"e":[],"e":[]}`},
	{format.JSON, "/3/0", `{"bn":5,"e":[]}`}, {format.JSON, "/3/0", `{"bt":"x","e":[]}`}, {format.JSON, "/3/0", `{"bn":"/3/0","e":[{"n":"9","v":1}]}`},
	{format.JSON, "/3/0", `{"e":[{"n":"9","v":1,"v":1}]}`}, {format.JSON, "/3/0", `{"e":[]} x`}, {format.JSON, "/3/0", `{"e":[{"n":"9","v":101}]}`},
	{format.JSON, "/500/0", `{"e":[{"n":"6","sv":"AQ"}]}`}, {format.JSON, "/500/0", `{"e":[{"n":"6","v":1}]}`},
}

func TestDecodeRefuses(t *testing.T) {
	codec := everything()
	for _, v := range refused {
		got, err := codec.Decode(v.format, path(v.base), []byte(v.payload), defs)
		if statusOf(err) != lwm2m.StatusBadRequest || got != nil {
			t.Errorf("%v %s %q: %v, %v", v.format, v.base, v.payload, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "%!") {
			t.Errorf("%q: the error is garbled: %v", v.payload, err)
		}
	}
}

func TestStatuses(t *testing.T) {
	some := format.New(format.Config{SenMLCBOR: true})
	for _, f := range []format.Format{format.CBOR, format.SenMLJSON, format.TLV, format.JSON, 1542, 320, 65535} {
		if _, err := some.Decode(f, path("/1/0/1"), nil, defs); statusOf(err) != lwm2m.StatusUnsupportedContentFormat {
			t.Errorf("Decode, %v: %v", f, err)
		}
		if _, err := some.Append(nil, f, path("/1/0/1"), items{item("/1/0/1", lwm2m.Integer(1))}, defs); statusOf(err) != lwm2m.StatusNotAcceptable {
			t.Errorf("Append, %v: %v", f, err)
		}
	}
	codec := everything()
	for _, f := range []format.Format{format.Text, format.Opaque, format.LinkFormat, format.CBOR, format.TLV, format.JSON} {
		if _, err := codec.Decode(f, path("/"), nil, defs); statusOf(err) != lwm2m.StatusUnsupportedContentFormat {
			t.Errorf("Decode of the root, %v: %v", f, err)
		}
		if _, err := codec.Append(nil, f, path("/"), nil, defs); statusOf(err) != lwm2m.StatusNotAcceptable {
			t.Errorf("Append of the root, %v: %v", f, err)
		}
	}
	for payload, status := range map[string]lwm2m.Status{
		`[{"n":"/77/0/1","v":5}]`:       lwm2m.StatusNotFound,
		`[{"n":"/1/0/77","v":5}]`:       lwm2m.StatusNotFound,
		`[{"n":"/500/0/0","v":5}]`:      lwm2m.StatusMethodNotAllowed,
		`[{"n":"/500/0/10/0","vs":""}]`: lwm2m.StatusMethodNotAllowed,
	} {
		if _, err := codec.Decode(format.SenMLJSON, path("/"), []byte(payload), defs); statusOf(err) != status {
			t.Errorf("%s: %v", payload, err)
		}
	}
}

func TestUnknownResourcesAreReportedBesideTheOthers(t *testing.T) {
	codec := everything()
	want := items{item("/1/0/1", lwm2m.Integer(5))}
	for f, payload := range map[format.Format]string{
		format.TLV:       unhex("C1 50 01 86 4D 41 00 01 41 01 02 C1 01 05 C1 50 02"),
		format.SenMLJSON: `[{"n":"/1/0/80","vs":"x"},{"n":"/1/0/77/0","v":1},{"n":"/1/0/1","v":5},{"n":"/1/0/77/1","v":2}]`,
	} {
		got, err := codec.Decode(f, path("/1/0"), []byte(payload), defs)
		unknown, is := errors.AsType[*format.UnknownResources](err)
		if !is || !sameItems(got, want) || !slices.Equal(unknown.Paths, []lwm2m.Path{path("/1/0/77"), path("/1/0/80")}) {
			t.Errorf("%v: %v, %v", f, got, err)
		}
		if statusOf(err) != lwm2m.StatusNotFound || !strings.Contains(err.Error(), "/1/0/77, /1/0/80") {
			t.Errorf("%v: %v", f, err)
		}
	}
	if _, err := codec.Decode(format.TLV, path("/1/0"), []byte(unhex("C1 50 01 C1 01 05 C1 01 06")), defs); statusOf(err) != lwm2m.StatusBadRequest {
		t.Errorf("another fault beside it: %v", err)
	}
}

func TestAppendRefuses(t *testing.T) {
	codec := everything()
	one := lwm2m.Integer(1)
	late := item("/1/0/1", one)
	late.Time = time.Unix(5, 0)
	for _, v := range []struct {
		format format.Format
		base   string
		items  items
		status lwm2m.Status
	}{
		{format.Text, "/1/0", items{item("/1/0/1", one)}, lwm2m.StatusNotAcceptable},
		{format.Text, "/1/0/1", nil, lwm2m.StatusNotAcceptable},
		{format.Text, "/3/0/7", items{item("/3/0/7/0", one)}, lwm2m.StatusNotAcceptable},
		{format.Opaque, "/1/0/1", items{item("/1/0/1", one)}, lwm2m.StatusNotAcceptable},
		{format.LinkFormat, "/1/0/1", items{item("/1/0/1", one)}, lwm2m.StatusNotAcceptable},
		{format.TLV, "/1/0/1", items{at(1700000000, item("/1/0/1", one)), at(1700000001, item("/1/0/1", one))}, lwm2m.StatusNotAcceptable},
		{format.SenMLJSON, "/3303", items{item("/3303/0/5700", lwm2m.Float(math.NaN()))}, lwm2m.StatusInternalServerError},
		{format.JSON, "/3303", items{item("/3303/0/5700", lwm2m.Float(math.Inf(-1)))}, lwm2m.StatusInternalServerError},
		{format.Text, "/3303/0/5700", items{item("/3303/0/5700", lwm2m.Float(math.Inf(1)))}, lwm2m.StatusInternalServerError},
		{format.TLV, "/3/0", items{item("/3/0/0", lwm2m.String("\xff"))}, lwm2m.StatusInternalServerError},
		{format.TLV, "/3/0", items{item("/3/0/0", lwm2m.Value{})}, lwm2m.StatusInternalServerError},
		{format.TLV, "/3/0", items{item("/3/1/0", one)}, lwm2m.StatusInternalServerError},
		{format.TLV, "/3", items{item("/3/0", one)}, lwm2m.StatusInternalServerError},
		{format.TLV, "/1/0", items{item("/1/0/2", one), item("/1/0/1", one)}, lwm2m.StatusInternalServerError},
		{format.TLV, "/1/0", items{item("/1/0/1", one), item("/1/0/1/0", one)}, lwm2m.StatusInternalServerError},
		{format.TLV, "/1/0/1", nil, lwm2m.StatusInternalServerError},
		{format.TLV, "/1/0/1/0", nil, lwm2m.StatusInternalServerError},
		{format.TLV, "/500/0/6", items{item("/500/0/6", lwm2m.Opaque(make([]byte, 1<<24)))}, lwm2m.StatusInternalServerError},
		{format.TLV, "/500/0/16", items{item("/500/0/16/0", lwm2m.Opaque(make([]byte, 1<<23))), item("/500/0/16/1", lwm2m.Opaque(make([]byte, 1<<23)))},
			lwm2m.StatusInternalServerError},
		{format.SenMLCBOR, "/1", items{late}, lwm2m.StatusInternalServerError},
	} {
		if payload, err := codec.Append([]byte("x"), v.format, path(v.base), v.items, defs); statusOf(err) != v.status || string(payload) != "x" {
			t.Errorf("%v %s %.60v: %.40q, %v", v.format, v.base, v.items, payload, err)
		}
	}
}

func TestRecordLimit(t *testing.T) {
	codec := format.New(format.Config{SenMLCBOR: true, SenMLJSON: true, TLV: true, JSON: true, Records: 2})
	three := items{item("/1/0/1", lwm2m.Integer(1)), item("/1/0/2", lwm2m.Integer(2)), item("/1/0/3", lwm2m.Integer(3))}
	if _, err := codec.Append(nil, format.SenMLCBOR, path("/1"), three, defs); statusOf(err) != lwm2m.StatusNotAcceptable {
		t.Error(err)
	}
	payload, err := everything().Append(nil, format.SenMLCBOR, path("/1"), three, defs)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := codec.Decode(format.SenMLCBOR, path("/1"), payload, defs); statusOf(err) != lwm2m.StatusBadRequest {
		t.Error(err)
	}
	if f, err := codec.Choose(0, false, format.None, path("/1"), three); f != format.SenMLJSON || err != nil {
		t.Errorf("%v, %v", f, err)
	}
	if _, err := codec.Append(nil, format.SenMLCBOR, path("/1"), three[:2], defs); err != nil {
		t.Error(err)
	}
}

// TestHostilePayloads: what is large or nests ends quickly, and takes little memory.
func TestHostilePayloads(t *testing.T) {
	const n = 1 << 20
	codec := everything()
	for _, v := range []struct {
		name    string
		format  format.Format
		payload string
	}{
		{"nested arrays", format.SenMLJSON, strings.Repeat("[", n)},
		{"nested objects", format.SenMLJSON, "[" + strings.Repeat(`{"n":`, n/5)},
		{"nested below a label", format.SenMLJSON, `[{"n":` + strings.Repeat("[", n)},
		{"empty records", format.SenMLJSON, "[" + strings.Repeat("{},", n/3)},
		{"records of a base only", format.SenMLJSON, "[" + strings.Repeat(`{"bn":"/1/0/1"},`, n/16)},
		{"unknown labels", format.SenMLJSON, `[{` + strings.Repeat(`"a":1,`, n/6)},
		{"a long name", format.SenMLJSON, `[{"n":"` + strings.Repeat("/1", n/2) + `"}]`},
		{"a long number", format.SenMLJSON, `[{"n":"/1/0/1","v":` + strings.Repeat("9", n) + `}]`},
		{"nested elements", format.JSON, `{"e":` + strings.Repeat("[", n)},
		{"members", format.JSON, `{` + strings.Repeat(`"x":1,`, n/6)},
		{"nested arrays", format.SenMLCBOR, strings.Repeat("\x81", n)},
		{"nested endless arrays", format.SenMLCBOR, strings.Repeat("\x9f", n)},
		{"nested maps", format.SenMLCBOR, "\x81" + strings.Repeat("\xa1\x00", n/2)},
		{"nested tags", format.SenMLCBOR, "\x81\xa1\x02" + strings.Repeat("\xc4", n)},
		{"endless records", format.SenMLCBOR, "\x9f" + strings.Repeat("\xa1\x21\x66/1/0/1", n/9)},
		{"an endless text", format.SenMLCBOR, "\x81\xa1\x00\x7f" + strings.Repeat("\x60", n)},
		{"a huge array", format.SenMLCBOR, "\x9b\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"a huge text", format.SenMLCBOR, "\x81\xa1\x00\x7b\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"a long fraction", format.SenMLCBOR, "\x81\xa1\x02\xc4\x9f" + strings.Repeat("\x01", n)},
		{"instances", format.TLV, strings.Repeat("\x03\x00\xc1\x01\x05", n/5)},
		{"unknown resources", format.TLV, "\x18\x00\x0f\xff\xff" + strings.Repeat("\xc0\x50\xc0\x51", n/4)[:0x0fffff]},
	} {
		t.Run(fmt.Sprintf("%v %s", v.format, v.name), func(t *testing.T) {
			var before, after runtime.MemStats
			payload := []byte(v.payload)
			runtime.ReadMemStats(&before)
			_, err := codec.Decode(v.format, path("/1"), payload, defs)
			runtime.ReadMemStats(&after)
			if statusOf(err) != lwm2m.StatusBadRequest {
				t.Error(err)
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 32*n {
				t.Errorf("%d bytes were allocated", taken)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestCheckRange(t *testing.T) {
	for _, v := range []struct {
		limits string
		value  lwm2m.Value
		want   lwm2m.Status
	}{
		{"", lwm2m.Integer(math.MinInt64), 0},
		{"0..100", lwm2m.Integer(0), 0}, {"0..100", lwm2m.Integer(100), 0}, {"0..100", lwm2m.Integer(101), lwm2m.StatusBadRequest}, {"0..100", lwm2m.Integer(-1), lwm2m.StatusBadRequest},
		{"-5..", lwm2m.Integer(math.MaxInt64), 0}, {"-5..", lwm2m.Integer(-6), lwm2m.StatusBadRequest}, {"..-5", lwm2m.Integer(-5), 0},
		{"0, 2..3, 7", lwm2m.Integer(7), 0}, {"0, 2..3, 7", lwm2m.Integer(1), lwm2m.StatusBadRequest}, {" 1 .. 2 ", lwm2m.Integer(2), 0},
		{"0..18446744073709551615", lwm2m.Unsigned(math.MaxUint64), 0}, {"..18446744073709551614", lwm2m.Unsigned(math.MaxUint64), lwm2m.StatusBadRequest},
		{"0..1", lwm2m.Float(0.5), 0}, {"-0.5..0.5", lwm2m.Float(0.75), lwm2m.StatusBadRequest},
		{"0..3", lwm2m.String("abc"), 0}, {"0..3", lwm2m.String("éé"), lwm2m.StatusBadRequest}, {"1..", lwm2m.Opaque(nil), lwm2m.StatusBadRequest},
		{"0..3", lwm2m.Seconds(3), 0}, {"0..1", lwm2m.Boolean(true), 0},
		{"zero to one", lwm2m.Integer(0), lwm2m.StatusInternalServerError}, {"1,,2", lwm2m.Integer(5), lwm2m.StatusInternalServerError},
		{"..", lwm2m.Integer(5), lwm2m.StatusInternalServerError}, {"0-5", lwm2m.Integer(5), lwm2m.StatusInternalServerError},
	} {
		r := ranged(5, v.value.Type(), v.limits)
		if err := format.CheckRange(&r, v.value); statusOf(err) != v.want {
			t.Errorf("%q, %v: %v", v.limits, v.value, err)
		}
	}
	_, err := everything().Decode(format.Text, path("/3/0/9"), []byte("101"), defs)
	if err == nil || !strings.Contains(err.Error(), "/3/0/9") || !strings.Contains(err.Error(), "0..100") {
		t.Errorf("the error names neither path nor range: %v", err)
	}
}

func TestChoose(t *testing.T) {
	all, none := everything(), format.New(format.Config{})
	single := items{item("/1/0/1", lwm2m.Integer(1))}
	for _, v := range []struct {
		codec     *format.Codec
		accept    format.Format
		asked     bool
		preferred format.Format
		base      string
		items     items
		want      format.Format
		status    lwm2m.Status
	}{
		{all, 0, false, format.None, "/1/0/1", single, format.SenMLCBOR, 0},
		{all, 0, false, format.TLV, "/1/0/1", single, format.TLV, 0},
		{all, 0, false, format.Text, "/1/0/1", single, format.Text, 0},
		{all, 0, false, format.Text, "/1/0", single, format.SenMLCBOR, 0},
		{all, 0, false, format.TLV, "/", single, format.SenMLCBOR, 0},
		{format.New(format.Config{TLV: true, CBOR: true}), 0, false, format.None, "/1", single, format.TLV, 0},
		{format.New(format.Config{CBOR: true}), 0, false, format.None, "/1/0/1", single, format.CBOR, 0},
		{none, 0, false, format.None, "/1/0/1", single, format.Text, 0},
		{none, 0, false, format.None, "/1/0", single, format.None, lwm2m.StatusNotAcceptable},
		{none, format.TLV, true, format.None, "/1/0/1", single, format.TLV, lwm2m.StatusNotAcceptable},
		{all, format.JSON, true, format.None, "/1/0/1", single, format.JSON, 0},
		{all, format.Text, true, format.None, "/1/0", single, format.Text, lwm2m.StatusNotAcceptable},
		{all, format.Text, true, format.SenMLCBOR, "/1/0/1", single, format.Text, 0},
		{all, 1542, true, format.None, "/1/0/1", single, format.TLV, 0},
		{all, 11544, true, format.None, "/1/0/1", single, 11544, lwm2m.StatusNotAcceptable},
	} {
		got, err := v.codec.Choose(v.accept, v.asked, v.preferred, path(v.base), v.items)
		if statusOf(err) != v.status || err == nil && got != v.want {
			t.Errorf("accept %v (%v), preferred %v, %s: %v, %v", v.accept, v.asked, v.preferred, v.base, got, err)
		}
	}
}

func TestFormatNames(t *testing.T) {
	for f, want := range map[format.Format]string{format.SenMLCBOR: "SenML CBOR (112)", format.None: "none", 320: "content format 320"} {
		if got := f.String(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
