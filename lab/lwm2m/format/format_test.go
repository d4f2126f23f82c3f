package format

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// types is a set of definitions for tests: those of the reference's examples.
type types map[[2]uint16]Type

func (t types) Type(object, resource uint16) Type { return t[[2]uint16{object, resource}] }

func known() types {
	return types{
		{1, 0}: Integer, {1, 1}: Integer, {1, 2}: Integer, {1, 3}: Integer, {1, 6}: Boolean, {1, 7}: String, {3, 0}: String, {3, 6}: Integer, {3, 7}: Integer,
		{3, 9}: Integer, {3, 13}: Time, {3, 14}: String, {3, 15}: String, {3, 22}: ObjectLink, {5, 0}: OpaqueBytes, {3303, 5700}: Float, {16, 0}: String,
		{7, 3}: Unsigned, {4, 99}: CoreLink, {3, 4}: None,
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The examples of reference 10, both ways.
func TestExamples(t *testing.T) {
	tests := []struct {
		format Format
		base   string
		hex    string
		items  []Item
		oneWay bool // our encoder writes it otherwise
	}{
		{TLV, "/1/0", "C1 02 65", []Item{{Path: "/1/0/2", Value: int64(101)}}, false},
		{TLV, "/1/0", "C2 03 03 F2", []Item{{Path: "/1/0/3", Value: int64(1010)}}, false},
		{TLV, "/1/0/1", "C4 01 00 01 51 80", []Item{{Path: "/1/0/1", Value: int64(86400)}}, false},
		{TLV, "/1/0", "C1 06 01", []Item{{Path: "/1/0/6", Value: true}}, false},
		{TLV, "/3/0", "C4 0D 65 53 F1 00", []Item{{Path: "/3/0/13", Value: int64(1700000000)}}, false},
		{TLV, "/3/0", "C6 0E 2B 30 32 3A 30 30", []Item{{Path: "/3/0/14", Value: "+02:00"}}, false},
		{TLV, "/3/0", "C8 0F 0C 45 75 72 6F 70 65 2F 50 61 72 69 73", []Item{{Path: "/3/0/15", Value: "Europe/Paris"}}, false},
		{TLV, "/3303/0", "E4 16 44 42 12 00 00", []Item{{Path: "/3303/0/5700", Value: 36.5}}, false},
		{TLV, "/3303/0", "E8 16 44 08 40 42 4C CC CC CC CC CD", []Item{{Path: "/3303/0/5700", Value: 36.6}}, false},
		{TLV, "/3/0", "C4 16 00 04 00 00", []Item{{Path: "/3/0/22", Value: Link{4, 0}}}, false},
		{TLV, "/3/0", "86 06 41 00 01 41 01 05", []Item{{Path: "/3/0/6/0", Value: int64(1)}, {Path: "/3/0/6/1", Value: int64(5)}}, false},
		{TLV, "/3/0/7", "88 07 08 42 00 0E D8 42 01 13 88", []Item{{Path: "/3/0/7/0", Value: int64(3800)}, {Path: "/3/0/7/1", Value: int64(5000)}}, false},
		{TLV, "/1", "08 00 09 C1 00 01 C4 01 00 01 51 80", []Item{{Path: "/1/0/0", Value: int64(1)}, {Path: "/1/0/1", Value: int64(86400)}}, false},
		{TLV, "/16", "08 01 08 86 00 41 00 61 41 01 62", []Item{{Path: "/16/1/0/0", Value: "a"}, {Path: "/16/1/0/1", Value: "b"}}, false},
		{TLV, "/16/0/0", "80 00", []Item{{Path: "/16/0/0", Value: Empty{}}}, false},
		{TLV, "/3/0/7/1", "42 01 13 88", []Item{{Path: "/3/0/7/1", Value: int64(5000)}}, false},
		{TLV, "/3/0/7/1", "84 07 42 01 13 88", []Item{{Path: "/3/0/7/1", Value: int64(5000)}}, true},
		{TLV, "/1/0", "08 00 03 C1 02 65", []Item{{Path: "/1/0/2", Value: int64(101)}}, true},
		{TLV, "/1/0", "08 01 03 C1 02 65", nil, true},
		{TLV, "/1/0", "03 00 C1 02 65", []Item{{Path: "/1/0/2", Value: int64(101)}}, true},
		{TLV, "/7/0", "C1 03 FF", []Item{{Path: "/7/0/3", Value: uint64(255)}}, false},
		{TLV, "/3/0", "C2 09 00 FF", []Item{{Path: "/3/0/9", Value: int64(255)}}, false},
		{TLV, "/3/0", "C1 09 FF", []Item{{Path: "/3/0/9", Value: int64(-1)}}, false},
		{TLV, "/99/0", "C2 09 00 FF", []Item{{Path: "/99/0/9", Value: Untyped{0, 255}}}, false},
		{TLV, "/3/0", "", []Item{}, false},
		{SenMLCBOR, "/", "83 A3 21 61 2F 00 65 31 2F 30 2F 32 02 18 65 A2 00 65 31 2F 30 2F 36 04 F5 A2 00 66 33 2F 30 2F 31 33 02 00",
			[]Item{{Path: "/1/0/2", Value: int64(101)}, {Path: "/1/0/6", Value: true}, {Path: "/3/0/13", Value: int64(0)}}, true},
		{SenMLCBOR, "/3/0/22", "81 A2 00 69 2F 33 2F 30 2F 32 32 2F 30 63 76 6C 6F 63 34 3A 30", []Item{{Path: "/3/0/22/0", Value: Link{4, 0}}}, false},
		{SenMLCBOR, "/19", "81 A2 00 69 2F 31 39 2F 30 2F 30 2F 30 08 43 01 02 03", []Item{{Path: "/19/0/0/0", Value: []byte{1, 2, 3}}}, false},
		{SenMLCBOR, "/", "81 A3 21 6C 2F 33 33 30 33 2F 30 2F 35 37 30 30 22 1A 65 53 F1 00 02 FB 40 35 80 00 00 00 00 00",
			[]Item{{Path: "/3303/0/5700", Value: 21.5, Time: time.Unix(1700000000, 0).UTC()}}, true},
		{SenMLCBOR, "/3/0", "80", []Item{}, false},
		{SenMLCBOR, "/3303", "81 A2 00 6C 2F 33 33 30 33 2F 30 2F 35 37 30 30 02 C4 82 20 18 D7", []Item{{Path: "/3303/0/5700", Value: 21.5}}, true},
		{SenMLCBOR, "/1/0", "9F BF 21 65 2F 31 2F 30 2F 00 61 31 02 F9 55 00 FF FF", []Item{{Path: "/1/0/1", Value: int64(80)}}, true}, // indefinite, half float
		{CBOR, "/1/0/1", "1A 00 01 51 80", []Item{{Path: "/1/0/1", Value: int64(86400)}}, false},
		{CBOR, "/3/0/13", "C1 1A 65 53 F1 00", []Item{{Path: "/3/0/13", Value: int64(1700000000)}}, true},
		{CBOR, "/3/0/22/0", "63 34 3A 30", []Item{{Path: "/3/0/22/0", Value: Link{4, 0}}}, false},
	}
	for _, test := range tests {
		items, err := Decode(test.format, test.base, unhex(t, test.hex), known())
		if test.items == nil {
			if err == nil {
				t.Errorf("%v %s %s: read as %v", test.format, test.base, test.hex, items)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(items, test.items) {
			t.Errorf("%v %s %s: %v, %v", test.format, test.base, test.hex, items, err)
		}
		if test.oneWay {
			continue
		}
		got, err := Encode(test.format, test.base, test.items)
		if err != nil || !reflect.DeepEqual(got, unhex(t, test.hex)) && len(got)+len(test.hex) > 0 {
			t.Errorf("%v %s: % X, %v; want %s", test.format, test.base, got, err, test.hex)
		}
	}
}

func TestTexts(t *testing.T) {
	tests := []struct {
		format  Format
		base    string
		payload string
		items   []Item // nil: refused
	}{
		{Text, "/1/0/1", "60", []Item{{Path: "/1/0/1", Value: int64(60)}}},
		{Text, "/1/0/1", "+60", nil}, {Text, "/1/0/1", " 60", nil}, {Text, "/1/0/1", "", nil}, {Text, "/1/0/1", "1e2", nil}, {Text, "/1/0", "1", nil},
		{Text, "/3303/0/5700", "1e2", []Item{{Path: "/3303/0/5700", Value: 100.0}}},
		{Text, "/3303/0/5700", "NaN", nil}, {Text, "/3303/0/5700", "", nil},
		{Text, "/1/0/6", "1", []Item{{Path: "/1/0/6", Value: true}}}, {Text, "/1/0/6", "true", nil},
		{Text, "/5/0/0", "AQID", []Item{{Path: "/5/0/0", Value: []byte{1, 2, 3}}}}, {Text, "/5/0/0", "AQI", nil},
		{Text, "/3/0/22/0", "10:0", []Item{{Path: "/3/0/22/0", Value: Link{10, 0}}}}, {Text, "/3/0/22/0", "10", nil},
		{Text, "/7/0/3", "18446744073709551615", []Item{{Path: "/7/0/3", Value: uint64(math.MaxUint64)}}}, {Text, "/7/0/3", "-1", nil},
		{Text, "/99/0/1", "any", []Item{{Path: "/99/0/1", Value: "any"}}}, {Text, "/3/0/0", "\xff", nil},
		{Opaque, "/5/0/0", "x", []Item{{Path: "/5/0/0", Value: []byte("x")}}}, {Opaque, "/3/0/0", "x", nil},
		{SenMLJSON, "/", `[{"bn":"/1/0/","n":"1","v":60},{"n":"6","vb":true}]`, []Item{{Path: "/1/0/1", Value: int64(60)}, {Path: "/1/0/6", Value: true}}},
		{SenMLJSON, "/3/0", `[{"bn":"/3/0/7","n":"/0","v":9007199254740993}]`, []Item{{Path: "/3/0/7/0", Value: int64(9007199254740993)}}},
		{SenMLJSON, "/3/0", `[{"n":"/3/0/9","v":8e1,"bver":10,"u":"%"}]`, []Item{{Path: "/3/0/9", Value: int64(80)}}},
		{SenMLJSON, "/5", `[{"n":"/5/0/0","vd":"AQI"}]`, []Item{{Path: "/5/0/0", Value: []byte{1, 2}}}},
		{SenMLJSON, "/5", `[{"n":"/5/0/0","vd":"AQI="}]`, nil}, {SenMLJSON, "/3", `[{"n":"/3/0/9","v":8.5}]`, nil}, {SenMLJSON, "/3", `[{"n":"/1/0/1","v":8}]`, nil},
		{SenMLJSON, "/3", `[{"n":"/3/0/9","v":8,"vs":"x"}]`, nil}, {SenMLJSON, "/3", `[{"n":"/3/0/9","x_":8,"v":1}]`, nil}, {SenMLJSON, "/3", `[{"n":"/3/0/9","v":"8"}]`, nil},
		{SenMLJSON, "/3", `{"n":"/3/0/9","v":8}`, nil}, {SenMLJSON, "/3", `null`, nil}, {SenMLJSON, "/3", `[] x`, nil}, {SenMLJSON, "/3", `[{"n":"/3/0/9","t":5,"v":8}]`, nil},
		{SenMLJSON, "/3", `[{"n":"3/0/9","v":8}]`, nil}, {SenMLJSON, "/3", `[{"n":"/3/0","v":8}]`, nil}, {SenMLJSON, "/3", `[{"n":"/3/0/65535","v":8}]`, nil},
		{SenMLJSON, "/3", `[{"n":"/3/0/9","v":1e999}]`, nil}, {SenMLJSON, "/3", `[{"n":"/3/0/9","vb":true}]`, nil}, {SenMLJSON, "/3", `[{"n":"/3/0/09","v":1}]`, nil},
		{JSON, "/3/0", `{"bn":"/3/0/","e":[{"n":"0","sv":"X"},{"n":"9","v":80},{"n":"6/0","v":1}]}`,
			[]Item{{Path: "/3/0/0", Value: "X"}, {Path: "/3/0/9", Value: int64(80)}, {Path: "/3/0/6/0", Value: int64(1)}}},
		{JSON, "/3/0", `[]`, nil}, {JSON, "/3/0", `{}`, nil}, {LinkFormat, "/3/0", `</3>`, nil}, {Format(99), "/3/0", ``, nil},
	}
	for _, test := range tests {
		items, err := Decode(test.format, test.base, []byte(test.payload), known())
		if (test.items == nil) != (err != nil) || err == nil && !reflect.DeepEqual(items, test.items) {
			t.Errorf("%v %s %q: %#v, %v", test.format, test.base, test.payload, items, err)
		}
	}
	for _, bad := range []string{"C1", "C1 02", "C9 02 01 05", "C3 02 01 02 03", "C0 02", "E1 FF FF 01", "03 00", "41 00 01", "86 06 C1 00 01", "FF"} {
		if items, err := Decode(TLV, "/1/0", unhex(t, bad), known()); err == nil {
			t.Errorf("TLV %s: %v", bad, items)
		}
	}
	for _, bad := range []string{"", "A0", "81 A2 00 61 31 02 01", "81 A1 02 01", "81 A3 00 66 2F 33 2F 30 2F 39 02 01 03 61 78", "81 A2 00 66 2F 33 2F 30 2F 39 03 01", "80 00"} {
		if items, err := Decode(SenMLCBOR, "/3", unhex(t, bad), known()); err == nil {
			t.Errorf("SenML CBOR %s: %v", bad, items)
		}
	}
}

// What we write in any format is read back as it was.
func TestRoundTrip(t *testing.T) {
	items := []Item{
		{Path: "/3/0/0", Value: "x\"<é"}, {Path: "/3/0/6/0", Value: int64(math.MinInt64)}, {Path: "/3/0/6/1", Value: int64(math.MaxInt64)}, {Path: "/3/0/22/7", Value: Link{65535, 65535}},
		{Path: "/3/1/0", Value: ""},
	}
	for _, f := range []Format{TLV, SenMLJSON, SenMLCBOR, JSON} {
		payload, err := Encode(f, "/3", items)
		if err != nil {
			t.Errorf("%v: %v", f, err)
			continue
		}
		got, err := Decode(f, "/3", payload, known())
		if err != nil || !reflect.DeepEqual(got, items) {
			t.Errorf("%v: %v, %v", f, got, err)
		}
	}
	for _, item := range append(items[:4:4], Item{Path: "/5/0/0", Value: []byte{0, 255}}, Item{Path: "/3303/0/5700", Value: 1.0 / 3}, Item{Path: "/1/0/6", Value: false}) {
		for _, f := range []Format{Text, CBOR, TLV, SenMLJSON, SenMLCBOR} {
			payload, err := Encode(f, item.Path, []Item{item})
			if err != nil {
				t.Errorf("%v %v: %v", f, item, err)
				continue
			}
			got, err := Decode(f, item.Path, payload, known())
			if err != nil || !reflect.DeepEqual(got, []Item{item}) {
				t.Errorf("%v: %v, %v; want %v", f, got, err, item)
			}
		}
	}
	text, err := json.Marshal(append(items, Item{Path: "/1/0/1", Value: Untyped{1}, Time: time.Unix(1, 0).UTC()}, Item{Path: "/1/0/2", Value: Empty{}}, Item{Path: "/1/0/3", Value: []byte{9}}))
	if err != nil {
		t.Fatal(err)
	}
	var back []Item
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back[:5], items) || len(back) != 8 {
		t.Errorf("%s: %v, %v", text, back, err)
	}
}

func TestCreateWithoutID(t *testing.T) {
	got, err := Encode(TLV, "/16", []Item{{Path: "/16/65535/0/0", Value: "a"}})
	if err != nil || hex.EncodeToString(got) != "8300410061" {
		t.Errorf("% X, %v", got, err)
	}
}

func TestFit(t *testing.T) {
	got := Fit([]Item{{Path: "/3303/0/5700", Value: 20}, {Path: "/7/0/3", Value: 20}, {Path: "/1/0/1", Value: 2.5}, {Path: "/1/0/1", Value: 60.0}}, known())
	for i, want := range []any{20.0, uint64(20), 2.5, int64(60)} {
		if got[i].Value != want {
			t.Errorf("%d: %T %v, want %T", i, got[i].Value, got[i].Value, want)
		}
	}
}

func TestLinks(t *testing.T) {
	links, err := ParseLinks([]byte(`</>;rt="oma.lwm2m";ct="60 110",</1>;ver=1.1,</1/0>, </3/0/7>;dim=2;pmin,<x>;t="a\"b,;"`))
	want := []CoreLinkItem{
		{"/", []Attribute{{"rt", "oma.lwm2m"}, {"ct", "60 110"}}}, {"/1", []Attribute{{"ver", "1.1"}}}, {"/1/0", nil}, {"/3/0/7", []Attribute{{"dim", "2"}, {"pmin", ""}}},
		{"x", []Attribute{{"t", `a"b,;`}}},
	}
	if err != nil || !reflect.DeepEqual(links, want) {
		t.Errorf("%+v, %v", links, err)
	}
	if links, err := ParseLinks([]byte(`lwm2m="1.0",</0/0>;ssid=1`)); err != nil || len(links) != 2 {
		t.Errorf("%+v, %v", links, err)
	}
	for _, bad := range []string{"</1", "/1", "</1>,", "</1>x", `</1>;a="b`, "</1>;", "</1>;=1", `</1>;a=b"c`} {
		if links, err := ParseLinks([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, links)
		}
	}
}

func TestPaths(t *testing.T) {
	for _, f := range []Format{SenMLJSON, SenMLCBOR} {
		got, err := EncodePaths(f, []string{"/3/0/0", "/1/0/1"})
		want := `[{"n":"/3/0/0"},{"n":"/1/0/1"}]`
		if f == SenMLCBOR {
			want = string(unhex(t, "82 A1 00 66 2F 33 2F 30 2F 30 A1 00 66 2F 31 2F 30 2F 31"))
		}
		if err != nil || string(got) != want {
			t.Errorf("%v: %q, %v", f, got, err)
		}
	}
	for _, bad := range []string{"", "3", "//", "/3/", "/a", "/-1", "/65535", "/65536", "/1/2/3/4/5", "/01"} {
		if path, err := ParsePath(bad); err == nil {
			t.Errorf("%q: %v", bad, path)
		}
	}
	for _, name := range []string{"text", "link-format", "opaque", "cbor", "senml-json", "senml-cbor", "tlv", "json", "99"} {
		if f, err := Parse(name); err != nil || f.String() != name {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
}
