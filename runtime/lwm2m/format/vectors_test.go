package format_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
)

func unhex(text string) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func at(seconds int64, i lwm2m.Item) lwm2m.Item {
	i.Time = time.Unix(seconds, 0)
	return i
}

type items = []lwm2m.Item

// bothWays are payloads that are written so and read so.
var bothWays = []struct {
	format  format.Format
	base    string
	items   items
	payload string
}{
	// Plain text.
	{format.Text, "/1/0/1", items{item("/1/0/1", lwm2m.Integer(-86400))}, "-86400"},
	{format.Text, "/500/0/3", items{item("/500/0/3", lwm2m.Unsigned(math.MaxUint64))}, "18446744073709551615"},
	{format.Text, "/500/0/2", items{item("/500/0/2", lwm2m.Integer(math.MinInt64))}, "-9223372036854775808"},
	{format.Text, "/3303/0/5700", items{item("/3303/0/5700", lwm2m.Float(36.6))}, "36.6"},
	{format.Text, "/3303/0/5700", items{item("/3303/0/5700", lwm2m.Float(1e300))}, "1e+300"},
	{format.Text, "/1/0/6", items{item("/1/0/6", lwm2m.Boolean(true))}, "1"},
	{format.Text, "/1/0/6", items{item("/1/0/6", lwm2m.Boolean(false))}, "0"},
	{format.Text, "/3/0/14", items{item("/3/0/14", lwm2m.String("+02:00"))}, "+02:00"},
	{format.Text, "/3/0/14", items{item("/3/0/14", lwm2m.String(""))}, ""},
	{format.Text, "/3/0/13", items{item("/3/0/13", lwm2m.Seconds(1700000000))}, "1700000000"},
	{format.Text, "/19/0/0/0", items{item("/19/0/0/0", lwm2m.Opaque([]byte{1, 2, 3, 4}))}, "AQIDBA=="},
	{format.Text, "/3/0/22", items{item("/3/0/22", lwm2m.Objlnk(10, 0))}, "10:0"},
	{format.Text, "/3/0/22", items{item("/3/0/22", lwm2m.Objlnk(65535, 65535))}, "65535:65535"},
	{format.Text, "/500/0/9", items{item("/500/0/9", lwm2m.Corelnk("</3>;ver=1.1"))}, "</3>;ver=1.1"},
	{format.LinkFormat, "/500/0/9", items{item("/500/0/9", lwm2m.Corelnk("</3>,</4/0>"))}, "</3>,</4/0>"},
	{format.Opaque, "/500/0/6", items{item("/500/0/6", lwm2m.Opaque([]byte{0, 255}))}, "\x00\xff"},

	// CBOR.
	{format.CBOR, "/1/0/1", items{item("/1/0/1", lwm2m.Integer(86400))}, unhex("1A 00 01 51 80")},
	{format.CBOR, "/1/0/1", items{item("/1/0/1", lwm2m.Integer(-1))}, unhex("20")},
	{format.CBOR, "/500/0/2", items{item("/500/0/2", lwm2m.Integer(math.MinInt64))}, unhex("3B 7F FF FF FF FF FF FF FF")},
	{format.CBOR, "/500/0/3", items{item("/500/0/3", lwm2m.Unsigned(math.MaxUint64))}, unhex("1B FF FF FF FF FF FF FF FF")},
	{format.CBOR, "/3/0/13", items{item("/3/0/13", lwm2m.Seconds(1700000000))}, unhex("1A 65 53 F1 00")},
	{format.CBOR, "/3/0/22", items{item("/3/0/22", lwm2m.Objlnk(4, 0))}, unhex("63 34 3A 30")},
	{format.CBOR, "/1/0/6", items{item("/1/0/6", lwm2m.Boolean(true))}, unhex("F5")},
	{format.CBOR, "/500/0/6", items{item("/500/0/6", lwm2m.Opaque([]byte{1, 2, 3}))}, unhex("43 01 02 03")},

	// TLV: the reference's table.
	{format.TLV, "/1/0/2", items{item("/1/0/2", lwm2m.Integer(101))}, unhex("C1 02 65")},
	{format.TLV, "/1/0/3", items{item("/1/0/3", lwm2m.Integer(1010))}, unhex("C2 03 03 F2")},
	{format.TLV, "/1/0/1", items{item("/1/0/1", lwm2m.Integer(86400))}, unhex("C4 01 00 01 51 80")},
	{format.TLV, "/1/0/6", items{item("/1/0/6", lwm2m.Boolean(true))}, unhex("C1 06 01")},
	{format.TLV, "/3/0/13", items{item("/3/0/13", lwm2m.Seconds(1700000000))}, unhex("C4 0D 65 53 F1 00")},
	{format.TLV, "/3/0/14", items{item("/3/0/14", lwm2m.String("+02:00"))}, unhex("C6 0E 2B 30 32 3A 30 30")},
	{format.TLV, "/3/0/15", items{item("/3/0/15", lwm2m.String("Europe/Paris"))}, unhex("C8 0F 0C 45 75 72 6F 70 65 2F 50 61 72 69 73")},
	{format.TLV, "/3303/0/5700", items{item("/3303/0/5700", lwm2m.Float(36.5))}, unhex("E4 16 44 42 12 00 00")},
	{format.TLV, "/3303/0/5700", items{item("/3303/0/5700", lwm2m.Float(36.6))}, unhex("E8 16 44 08 40 42 4C CC CC CC CC CD")},
	{format.TLV, "/3/0/22", items{item("/3/0/22", lwm2m.Objlnk(4, 0))}, unhex("C4 16 00 04 00 00")},
	{format.TLV, "/3/0/6", items{item("/3/0/6/0", lwm2m.Integer(1)), item("/3/0/6/1", lwm2m.Integer(5))}, unhex("86 06 41 00 01 41 01 05")},
	{format.TLV, "/3/0/7", items{item("/3/0/7/0", lwm2m.Integer(3800)), item("/3/0/7/1", lwm2m.Integer(5000))},
		unhex("88 07 08 42 00 0E D8 42 01 13 88")},
	{format.TLV, "/500/0/6", items{item("/500/0/6", lwm2m.Opaque(make([]byte, 300)))}, unhex("D0 06 01 2C") + string(make([]byte, 300))},
	{format.TLV, "/500/0/6", items{item("/500/0/6", lwm2m.Opaque(make([]byte, 70000)))}, unhex("D8 06 01 11 70") + string(make([]byte, 70000))},
	{format.TLV, "/1", items{item("/1/0/0", lwm2m.Integer(1)), item("/1/0/1", lwm2m.Integer(86400))}, unhex("08 00 09 C1 00 01 C4 01 00 01 51 80")},
	{format.TLV, "/16", items{item("/16/1/0/0", lwm2m.String("a")), item("/16/1/0/1", lwm2m.String("b"))}, unhex("08 01 08 86 00 41 00 61 41 01 62")},
	{format.TLV, "/3/0/7/1", items{item("/3/0/7/1", lwm2m.Integer(5000))}, unhex("42 01 13 88")},
	{format.TLV, "/3/0/7", nil, unhex("80 07")},
	{format.TLV, "/1/0", nil, ""},
	{format.TLV, "/1", nil, ""},
	{format.TLV, "/500/0/3", items{item("/500/0/3", lwm2m.Unsigned(255))}, unhex("C1 03 FF")},
	{format.TLV, "/500/0/2", items{item("/500/0/2", lwm2m.Integer(255))}, unhex("C2 02 00 FF")},
	{format.TLV, "/500/0/65534", items{item("/500/0/65534", lwm2m.Opaque([]byte{}))}, unhex("E0 FF FE")},
	{format.TLV, "/1", items{item("/1/0/1", lwm2m.Integer(1)), item("/1/300/1", lwm2m.Integer(2))}, unhex("03 00 C1 01 01 23 01 2C C1 01 02")},

	// SenML JSON.
	{format.SenMLJSON, "/", items{at(1700000000, item("/3303/0/5700", lwm2m.Float(21.5)))}, `[{"bn":"/3303/0/5700","bt":1700000000,"v":21.5}]`},
	{format.SenMLJSON, "/", items{item("/1/0/1", lwm2m.Integer(60)), item("/1/0/6", lwm2m.Boolean(true))},
		`[{"bn":"/1/0/","n":"1","v":60},{"n":"6","vb":true}]`},
	{format.SenMLJSON, "/3", nil, `[]`},
	{format.SenMLJSON, "/3/0/0", items{item("/3/0/0", lwm2m.String("a\"\\\n\x1fé\u2028"))}, `[{"bn":"/3/0/0","vs":"a\"\\\u000a\u001fé` + "\u2028" + `"}]`},
	{format.SenMLJSON, "/3/0/7", items{item("/3/0/7/0", lwm2m.Integer(3800)), item("/3/0/7/1", lwm2m.Integer(5000))},
		`[{"bn":"/3/0/7/","n":"0","v":3800},{"n":"1","v":5000}]`},
	{format.SenMLJSON, "/3/0", items{item("/3/0/0", lwm2m.String("X")), item("/3/0/7/0", lwm2m.Integer(3800)), item("/3/0/22", lwm2m.Objlnk(10, 0))},
		`[{"bn":"/3/0/","n":"0","vs":"X"},{"n":"7/0","v":3800},{"n":"22","vlo":"10:0"}]`},
	{format.SenMLJSON, "/19/0/0/0", items{item("/19/0/0/0", lwm2m.Opaque([]byte{0xfb, 0xff, 1, 2}))}, `[{"bn":"/19/0/0/0","vd":"-_8BAg"}]`},
	{format.SenMLJSON, "/500/0", items{item("/500/0/2", lwm2m.Integer(math.MinInt64)), item("/500/0/3", lwm2m.Unsigned(math.MaxUint64))},
		`[{"bn":"/500/0/","n":"2","v":-9223372036854775808},{"n":"3","v":18446744073709551615}]`},
	{format.SenMLJSON, "/", items{at(1700000000, item("/3303/0/5700", lwm2m.Float(21.5))), at(1700000060, item("/3303/0/5700", lwm2m.Float(22))),
		item("/3303/0/5701", lwm2m.String("Cel"))},
		`[{"bn":"/3303/0/5700","bt":1700000000,"v":21.5},{"t":60,"v":22},{"bn":"/3303/0/5701","bt":0,"vs":"Cel"}]`},
	{format.SenMLJSON, "/3303", items{at(1700000000, item("/3303/0/5700", lwm2m.Float(1))),
		{Path: path("/3303/1/5700"), Value: lwm2m.Float(2), Time: time.UnixMilli(1699999997750)}},
		`[{"bn":"/3303/0/5700","bt":1700000000,"v":1},{"bn":"/3303/1/5700","t":-2.250,"v":2}]`},

	// SenML CBOR.
	{format.SenMLCBOR, "/", items{at(1700000000, item("/3303/0/5700", lwm2m.Float(21.5)))},
		unhex("81 A3 21 6C 2F 33 33 30 33 2F 30 2F 35 37 30 30 22 1A 65 53 F1 00 02 FB 40 35 80 00 00 00 00 00")},
	{format.SenMLCBOR, "/", items{item("/1/0/1", lwm2m.Integer(60)), item("/1/0/6", lwm2m.Boolean(true))},
		unhex("82 A3 21 65 2F 31 2F 30 2F 00 61 31 02 18 3C A2 00 61 36 04 F5")},
	{format.SenMLCBOR, "/3", nil, "\x80"},
	{format.SenMLCBOR, "/19/0/0", items{item("/19/0/0/0", lwm2m.Opaque([]byte{1, 2, 3}))}, unhex("81 A2 21 69 2F 31 39 2F 30 2F 30 2F 30 08 43 01 02 03")},
	{format.SenMLCBOR, "/3/0/22", items{item("/3/0/22", lwm2m.Objlnk(4, 0))}, unhex("81 A2 21 67 2F 33 2F 30 2F 32 32 63 76 6C 6F 63 34 3A 30")},

	// The JSON of version 1.0.
	{format.JSON, "/3/0", items{item("/3/0/0", lwm2m.String("X")), item("/3/0/6/0", lwm2m.Integer(1)), item("/3/0/9", lwm2m.Integer(80))},
		`{"bn":"/3/0/","e":[{"n":"0","sv":"X"},{"n":"6/0","v":1},{"n":"9","v":80}]}`},
	{format.JSON, "/3/0/22", items{item("/3/0/22", lwm2m.Objlnk(10, 0))}, `{"bn":"/3/0/","e":[{"n":"22","ov":"10:0"}]}`},
	{format.JSON, "/1", items{item("/1/0/6", lwm2m.Boolean(true)), at(1700000000, item("/1/1/1", lwm2m.Integer(5)))},
		`{"bn":"/1/","e":[{"n":"0/6","bv":true},{"n":"1/1","t":1700000000,"v":5}]}`},
	{format.JSON, "/500/0/6", items{item("/500/0/6", lwm2m.Opaque([]byte{0xfb, 0xff, 1, 2}))}, `{"bn":"/500/0/","e":[{"n":"6","sv":"+/8BAg=="}]}`},
	{format.JSON, "/3", nil, `{"bn":"/3/","e":[]}`},
}

func TestVectors(t *testing.T) {
	codec := everything()
	for _, v := range bothWays {
		t.Run(fmt.Sprintf("%v %s %.40q", v.format, v.base, v.payload), func(t *testing.T) {
			payload, err := codec.Append([]byte("before"), v.format, path(v.base), v.items, defs)
			if err != nil || string(payload) != "before"+v.payload {
				t.Errorf("Append: %.200q, %v", payload, err)
			}
			got, err := codec.Decode(v.format, path(v.base), []byte(v.payload), defs)
			if err != nil || !sameItems(got, v.items) {
				t.Errorf("Decode: %.200v, %v", got, err)
			}
		})
	}
}

// onlyRead are payloads of others, or forms that are not written here.
var onlyRead = []struct {
	format  format.Format
	base    string
	payload string
	items   items
}{
	{1541, "/1/0/1", "5", items{item("/1/0/1", lwm2m.Integer(5))}},
	{1542, "/1/0/2", unhex("C1 02 65"), items{item("/1/0/2", lwm2m.Integer(101))}},
	{1543, "/1/0", `{"bn":"/1/0/","e":[{"n":"2","v":101}]}`, items{item("/1/0/2", lwm2m.Integer(101))}},
	{format.Text, "/1/0/1", "-0", items{item("/1/0/1", lwm2m.Integer(0))}},
	{format.Text, "/3303/0/5700", "-1.5E-3", items{item("/3303/0/5700", lwm2m.Float(-0.0015))}},
	{format.Text, "/3303/0/5700", "7", items{item("/3303/0/5700", lwm2m.Float(7))}},

	{format.CBOR, "/3/0/13", unhex("C1 1A 65 53 F1 00"), items{item("/3/0/13", lwm2m.Seconds(1700000000))}},
	{format.CBOR, "/3/0/13", unhex("C0 74") + "2023-11-14T22:13:20Z", items{item("/3/0/13", lwm2m.Seconds(1700000000))}},
	{format.CBOR, "/3303/0/5700", unhex("F9 3C 00"), items{item("/3303/0/5700", lwm2m.Float(1))}},
	{format.CBOR, "/3303/0/5700", unhex("F9 00 01"), items{item("/3303/0/5700", lwm2m.Float(math.Ldexp(1, -24)))}},
	{format.CBOR, "/3303/0/5700", unhex("FA 42 12 00 00"), items{item("/3303/0/5700", lwm2m.Float(36.5))}},
	{format.CBOR, "/3303/0/5700", unhex("C4 82 21 19 6A B3"), items{item("/3303/0/5700", lwm2m.Float(273.15))}},
	{format.CBOR, "/3303/0/5700", unhex("3B FF FF FF FF FF FF FF FF"), items{item("/3303/0/5700", lwm2m.Float(-(1 << 64)))}},
	{format.CBOR, "/1/0/1", unhex("F9 3C 00"), items{item("/1/0/1", lwm2m.Integer(1))}},
	{format.CBOR, "/1/0/1", unhex("C4 82 20 19 01 F4"), items{item("/1/0/1", lwm2m.Integer(50))}},
	{format.CBOR, "/1/0/1", unhex("C4 9F 02 05 FF"), items{item("/1/0/1", lwm2m.Integer(500))}},
	{format.CBOR, "/500/0/2", unhex("FB C3 E0 00 00 00 00 00 00"), items{item("/500/0/2", lwm2m.Integer(math.MinInt64))}},
	{format.CBOR, "/3/0/0", unhex("7F 61 61 60 62 62 63 FF"), items{item("/3/0/0", lwm2m.String("abc"))}},
	{format.CBOR, "/500/0/6", unhex("5F 41 01 42 02 03 FF"), items{item("/500/0/6", lwm2m.Opaque([]byte{1, 2, 3}))}},
	{format.CBOR, "/1/0/1", unhex("1B 00 00 00 00 00 00 00 05"), items{item("/1/0/1", lwm2m.Integer(5))}},

	{format.TLV, "/1/0", unhex("08 00 09 C1 00 01 C4 01 00 01 51 80"), items{item("/1/0/0", lwm2m.Integer(1)), item("/1/0/1", lwm2m.Integer(86400))}},
	{format.TLV, "/3/0/7/1", unhex("84 07 42 01 13 88"), items{item("/3/0/7/1", lwm2m.Integer(5000))}},
	{format.TLV, "/1/0/1", unhex("C8 01 08 00 00 00 00 00 00 00 05"), items{item("/1/0/1", lwm2m.Integer(5))}},
	{format.TLV, "/1/0/1", unhex("F0 00 01 00 01 FB"), items{item("/1/0/1", lwm2m.Integer(-5))}},
	{format.TLV, "/3303/0/5700", unhex("E8 16 44 08 40 42 40 00 00 00 00 00"), items{item("/3303/0/5700", lwm2m.Float(36.5))}},
	{format.TLV, "/1", unhex("06 01 C1 01 01 C1 06 01 03 00 C1 01 02"), items{item("/1/0/1", lwm2m.Integer(2)), item("/1/1/1", lwm2m.Integer(1)),
		item("/1/1/6", lwm2m.Boolean(true))}},

	{format.SenMLCBOR, "/", unhex("83 A3 21 61 2F 00 65 31 2F 30 2F 32 02 18 65 A2 00 65 31 2F 30 2F 36 04 F5 A2 00 66 33 2F 30 2F 31 33 02 00"),
		items{item("/1/0/2", lwm2m.Integer(101)), item("/1/0/6", lwm2m.Boolean(true)), item("/3/0/13", lwm2m.Seconds(0))}},
	{format.SenMLCBOR, "/3/0/22", unhex("81 A2 00 67 2F 33 2F 30 2F 32 32 63 76 6C 6F 63 34 3A 30"), items{item("/3/0/22", lwm2m.Objlnk(4, 0))}},
	{format.SenMLCBOR, "/19/0/0/0", unhex("81 A2 00 69 2F 31 39 2F 30 2F 30 2F 30 08 43 01 02 03"), items{item("/19/0/0/0", lwm2m.Opaque([]byte{1, 2, 3}))}},
	{format.SenMLCBOR, "/1/0", unhex("9F BF 21 7F 63 2F 31 2F 62 30 2F FF 00 61 31 02 F9 3C 00 FF FF"), items{item("/1/0/1", lwm2m.Integer(1))}},
	{format.SenMLCBOR, "/1/0", unhex("81 A4 00 66 2F 31 2F 30 2F 31 02 05 01 61 73 18 63 F6"), items{item("/1/0/1", lwm2m.Integer(5))}},
	{format.SenMLCBOR, "/1/0/1", unhex("9F FF"), nil},

	{format.SenMLJSON, "/1/0/1", ` [ {"n" : "/1/0/1", "v" : 6e1 } ] `, items{item("/1/0/1", lwm2m.Integer(60))}},
	{format.SenMLJSON, "/1/0/1", `[{"n":"/1/0/1","v":60.000}]`, items{item("/1/0/1", lwm2m.Integer(60))}},
	{format.SenMLJSON, "/500/0/2", `[{"n":"/500/0/2","v":9.007199254740993e15}]`, items{item("/500/0/2", lwm2m.Integer(9007199254740993))}},
	{format.SenMLJSON, "/500/0/2", `[{"n":"/500/0/2","v":-0}]`, items{item("/500/0/2", lwm2m.Integer(0))}},
	{format.SenMLJSON, "/500/0/4", `[{"n":"/500/0/4","v":-0}]`, items{item("/500/0/4", lwm2m.Float(math.Copysign(0, -1)))}},
	{format.SenMLJSON, "/500/0/4", `[{"n":"/500/0/4","v":123456789012345678901234567890}]`, items{item("/500/0/4", lwm2m.Float(123456789012345678901234567890))}},
	{format.SenMLJSON, "/500/0/6", `[{"n":"/500/0/6","vd":"-_8BAg=="}]`, items{item("/500/0/6", lwm2m.Opaque([]byte{0xfb, 0xff, 1, 2}))}},
	{format.SenMLJSON, "/3", `[{"bn":"/3/0/"},{"n":"7/0","v":1,"u":"mV","bv":0},{"bn":"/3/0/9","v":2}]`,
		items{item("/3/0/7/0", lwm2m.Integer(1)), item("/3/0/9", lwm2m.Integer(2))}},
	{format.SenMLJSON, "/3/0/9", `[{"bn":"/3/0/9","bt":1700000000,"v":2,"t":1.5},{"bt":1700000100,"v":3},{"bt":5,"t":-5,"v":4}]`, items{
		item("/3/0/9", lwm2m.Integer(4)),
		{Path: path("/3/0/9"), Value: lwm2m.Integer(2), Time: time.UnixMilli(1700000001500)},
		at(1700000100, item("/3/0/9", lwm2m.Integer(3)))}},
	{format.SenMLJSON, "/3/0/0", `[{"n":"/3/0/0","vs":"\u00e9\ud83d\ude00"}]`, items{item("/3/0/0", lwm2m.String("é😀"))}},

	{format.SenMLJSON, "/3/0/0", `[{"n":"/3/0/0","vs":"\\ud800"}]`, items{item("/3/0/0", lwm2m.String(`\ud800`))}},
	{format.SenMLJSON, "/3/0/9", `[{"n":"/3/0/9","v":1,"t":1700000000.0019}]`,
		items{{Path: path("/3/0/9"), Value: lwm2m.Integer(1), Time: time.UnixMilli(1700000000001)}}},
	{format.SenMLCBOR, "/3/0/9", "\x81\xa3\x00\x66/3/0/9\x06\xfb\x41\xd9\x54\xfc\x40\x00\x10\x62\x02\x01",
		items{{Path: path("/3/0/9"), Value: lwm2m.Integer(1), Time: time.UnixMilli(1700000000001)}}},
	{format.JSON, "/3/0", `{"e":[{"n":"9","v":80}]}`, items{item("/3/0/9", lwm2m.Integer(80))}},
	{format.JSON, "/3/0/9", `{"e":[{"n":"","v":80}]}`, items{item("/3/0/9", lwm2m.Integer(80))}},
	{format.JSON, "/3/0/9", `{"e":[{"v":80,"t":-1}],"bt":1700000001,"bn":"/3/0/9"}`, items{at(1700000000, item("/3/0/9", lwm2m.Integer(80)))}},
}

func TestDecodeOnly(t *testing.T) {
	codec := everything()
	for _, v := range onlyRead {
		t.Run(fmt.Sprintf("%v %s %.60q", v.format, v.base, v.payload), func(t *testing.T) {
			payload := []byte(v.payload)
			got, err := codec.Decode(v.format, path(v.base), payload, defs)
			clear(payload) // nothing may be shared with it
			if err != nil || !sameItems(got, v.items) {
				t.Errorf("Decode: %.200v, %v", got, err)
			}
		})
	}
}

func TestDecodePaths(t *testing.T) {
	codec := everything()
	for _, v := range []struct {
		format  format.Format
		payload string
		want    string
	}{
		{format.SenMLJSON, `[{"n":"/3/0/0"},{"n":"/1/0/1"}]`, "[/3/0/0 /1/0/1]"},
		{format.SenMLCBOR, unhex("82 A1 00 66 2F 33 2F 30 2F 30 A1 00 66 2F 31 2F 30 2F 31"), "[/3/0/0 /1/0/1]"},
		{format.SenMLJSON, `[{"n":"/"},{"n":"/3/0/"},{"bn":"/3","n":""},{"n":"/0"},{"n":"/0"}]`, "[/ /3/0 /3 /3/0 /3/0]"},
		{format.SenMLJSON, `[{"bn":"/3/0/"},{"n":"7/1"}]`, "[/3/0 /3/0/7/1]"},
		{format.SenMLJSON, `[]`, "[]"},
	} {
		paths, err := codec.DecodePaths(v.format, []byte(v.payload))
		if err != nil || fmt.Sprint(paths) != v.want {
			t.Errorf("%q: %v, %v", v.payload, paths, err)
		}
	}
	for _, payload := range []string{`[{"n":"/3/0/9","v":1}]`, `[{}]`, `[{"n":"3/0"}]`, `[{"n":"/x"}]`, `[{"n":"/3//0"}]`, `[{"n":"/65535"}]`,
		`[{"n":"/1/2/3/4/5"}]`, `[{"n":"/03"}]`, `{}`, ``, `[{"n":"/` + strings.Repeat("1", 100) + `"}]`} {
		if paths, err := codec.DecodePaths(format.SenMLJSON, []byte(payload)); statusOf(err) != lwm2m.StatusBadRequest {
			t.Errorf("%q: %v, %v", payload, paths, err)
		}
	}
	for _, f := range []format.Format{format.Text, format.TLV, format.JSON, format.LinkFormat, 320, 11544} {
		if _, err := codec.DecodePaths(f, []byte("[]")); statusOf(err) != lwm2m.StatusUnsupportedContentFormat {
			t.Errorf("%v: %v", f, err)
		}
	}
}

func TestDecodeCreate(t *testing.T) {
	codec := everything()
	type want struct {
		id    uint16
		hasID bool
		items items
	}
	a, b := lwm2m.String("a"), lwm2m.String("b")
	for _, v := range []struct {
		format  format.Format
		payload string
		want
	}{
		{format.TLV, unhex("08 01 08 86 00 41 00 61 41 01 62"), want{1, true, items{item("/16/1/0/0", a), item("/16/1/0/1", b)}}},
		{format.TLV, unhex("86 00 41 00 61 41 01 62 C1 03 05"), want{0, false, items{item("/16/0/0/0", a), item("/16/0/0/1", b), item("/16/0/3", lwm2m.Integer(5))}}},
		{format.TLV, "", want{0, false, nil}},
		{format.TLV, unhex("00 07"), want{7, true, nil}},
		{format.SenMLJSON, `[{"bn":"/16/4/0/","n":"0","vs":"a"}]`, want{4, true, items{item("/16/4/0/0", a)}}},
		{format.SenMLJSON, `[{"bn":"/16/","n":"0/0","vs":"a"},{"n":"3","v":5}]`, want{0, false, items{item("/16/0/0/0", a), item("/16/0/3", lwm2m.Integer(5))}}},
		{format.SenMLJSON, `[{"bn":"/16/2/"},{"n":"3","v":5}]`, want{2, true, items{item("/16/2/3", lwm2m.Integer(5))}}},
		{format.SenMLJSON, `[]`, want{0, false, nil}},
		{format.SenMLCBOR, unhex("81 A2 00 65 2F 31 36 2F 33 02 05"), want{0, false, items{item("/16/0/3", lwm2m.Integer(5))}}},
		{format.JSON, `{"e":[{"n":"3","v":5}]}`, want{0, false, items{item("/16/0/3", lwm2m.Integer(5))}}},
		{format.JSON, `{"bn":"/16/9/","e":[{"n":"3","v":5}]}`, want{9, true, items{item("/16/9/3", lwm2m.Integer(5))}}},
	} {
		id, hasID, got, err := codec.DecodeCreate(v.format, 16, []byte(v.payload), defs)
		if err != nil || id != v.id || hasID != v.hasID || !sameItems(got, v.items) {
			t.Errorf("%v %q: %d, %v, %v, %v", v.format, v.payload, id, hasID, got, err)
		}
	}
	for _, v := range []struct {
		format  format.Format
		payload string
		status  lwm2m.Status
	}{
		{format.TLV, unhex("00 07 00 08"), lwm2m.StatusBadRequest},
		{format.TLV, unhex("00 07 C1 03 05"), lwm2m.StatusBadRequest},
		{format.SenMLJSON, `[{"n":"/16/1/3","v":5},{"n":"/16/2/3","v":5}]`, lwm2m.StatusBadRequest},
		{format.SenMLJSON, `[{"n":"/16/3","v":5},{"n":"/16/0/0/0","vs":"a"}]`, lwm2m.StatusBadRequest},
		{format.SenMLJSON, `[{"n":"/3/0/9","v":5}]`, lwm2m.StatusBadRequest},
		{format.SenMLJSON, `[{"n":"/16","v":5}]`, lwm2m.StatusBadRequest},
		{format.SenMLJSON, `[{"n":"/16/0/4","v":5}]`, lwm2m.StatusNotFound},
		{format.Text, "5", lwm2m.StatusBadRequest},
		{11544, "", lwm2m.StatusUnsupportedContentFormat},
	} {
		if _, _, got, err := codec.DecodeCreate(v.format, 16, []byte(v.payload), defs); statusOf(err) != v.status {
			t.Errorf("%v %q: %v, %v", v.format, v.payload, got, err)
		}
	}
}

func TestSizesAtTheWidthsOfLengths(t *testing.T) {
	codec := everything()
	for _, n := range []int{0, 7, 8, 23, 24, 255, 256, 65535, 65536, 1 << 20} {
		want := items{item("/500/0/6", lwm2m.Opaque(bytes.Repeat([]byte{7}, n))), item("/500/0/16/300", lwm2m.Opaque(make([]byte, n)))}
		for _, f := range []format.Format{format.TLV, format.SenMLCBOR, format.SenMLJSON, format.JSON} {
			payload, err := codec.Append(nil, f, path("/500"), want, defs)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := codec.Decode(f, path("/500"), payload, defs); err != nil || !sameItems(got, want) {
				t.Errorf("%v, %d bytes: %v", f, n, err)
			}
		}
	}
}
