package linkformat_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m/linkformat"
)

type attributes = []linkformat.Attribute

var vectors = []struct {
	text  string
	links []linkformat.Link
}{
	{"", nil},
	{"</16>", []linkformat.Link{{Target: "/16"}}},
	{
		`</>;rt="oma.lwm2m";ct="60 110",</1/0>,</3/0/7>;dim=2;gt=-6.5;obs`,
		[]linkformat.Link{
			{Target: "/", Attributes: attributes{{Name: "rt", Value: "oma.lwm2m", Quoted: true}, {Name: "ct", Value: "60 110", Quoted: true}}},
			{Target: "/1/0"},
			{Target: "/3/0/7", Attributes: attributes{{Name: "dim", Value: "2"}, {Name: "gt", Value: "-6.5"}, {Name: "obs"}}},
		},
	},
	{
		`</>;lwm2m=1.1,</0/0>;uri="coaps://bs.example:5684",</0/1>;ssid=101;uri="coaps://srv.example:5684"`,
		[]linkformat.Link{
			{Target: "/", Attributes: attributes{{Name: "lwm2m", Value: "1.1"}}},
			{Target: "/0/0", Attributes: attributes{{Name: "uri", Value: "coaps://bs.example:5684", Quoted: true}}},
			{Target: "/0/1", Attributes: attributes{{Name: "ssid", Value: "101"}, {Name: "uri", Value: "coaps://srv.example:5684", Quoted: true}}},
		},
	},
	{`<a>;title="say \"x\", \\ and é";e=""`, []linkformat.Link{{Target: "a", Attributes: attributes{
		{Name: "title", Value: `say "x", \ and é`, Quoted: true}, {Name: "e", Quoted: true}}}}},
	{"<>;title*=utf-8'en'x", []linkformat.Link{{Attributes: attributes{{Name: "title*", Value: "utf-8'en'x"}}}}},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		links, err := linkformat.Parse(v.text)
		if err != nil || !reflect.DeepEqual(links, v.links) {
			t.Errorf("Parse(%q) = %+v, %v", v.text, links, err)
		}
		text, err := linkformat.Append([]byte("x"), v.links...)
		if err != nil || string(text) != "x"+v.text {
			t.Errorf("Append(%+v) = %q, %v", v.links, text, err)
		}
	}
}

func TestParseTakesEscapesThatAreNotNeeded(t *testing.T) {
	links, err := linkformat.Parse(`</1>;a="\b\,"`)
	if err != nil || links[0].Attributes[0].Value != "b," {
		t.Errorf("%+v, %v", links, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"/1", "<", "<>,", ",", "</1", "</1> ", " </1>", "</1>, </2>", "</1>;", "</1>;=1", "</1>;a=", "</1>;a=b;;c", "</1>x", "</1 2>", "</\"1>", "<<>>",
		`</1>;a="`, `</1>;a="\`, `</1>;a="x"y`, "</1>;a=\"\n\"", "</1>;a=\"\\\n\"", "</1>;a=\"\xff\"", "</é>", "</1>;é=1", "</1>;a*b=1", "</1>;a=é", "</1>\x00",
		"lwm2m=\"1.0\",</1>",
	} {
		if links, err := linkformat.Parse(text); err == nil {
			t.Errorf("Parse(%q) = %+v", text, links)
		}
	}
}

func TestParseIsBounded(t *testing.T) {
	if _, err := linkformat.Parse(strings.Repeat("<>,", linkformat.MaxLinks-1) + "<>"); err != nil {
		t.Error(err)
	}
	if _, err := linkformat.Parse(strings.Repeat("<>,", linkformat.MaxLinks) + "<>"); err == nil {
		t.Error("too many links were taken")
	}
	if _, err := linkformat.Parse("<>" + strings.Repeat(";a", linkformat.MaxAttributes)); err != nil {
		t.Error(err)
	}
	if _, err := linkformat.Parse("<>" + strings.Repeat(";a", linkformat.MaxAttributes+1)); err == nil {
		t.Error("too many attributes were taken")
	}
}

func TestAppendRefuses(t *testing.T) {
	for _, link := range []linkformat.Link{
		{Target: "a>b"}, {Target: "é"}, {Target: "a b"},
		{Attributes: attributes{{}}},
		{Attributes: attributes{{Name: "a b"}}},
		{Attributes: attributes{{Name: "a", Value: "b c"}}},
		{Attributes: attributes{{Name: "a", Value: "b,c"}}},
		{Attributes: attributes{{Name: "a", Value: "\n", Quoted: true}}},
		{Attributes: attributes{{Name: "a", Value: "\xff", Quoted: true}}},
	} {
		if text, err := linkformat.Append([]byte("x"), linkformat.Link{Target: "/1"}, link); err == nil || string(text) != "x" {
			t.Errorf("Append(%+v) = %q, %v", link, text, err)
		}
	}
}

func TestGet(t *testing.T) {
	link := linkformat.Link{Attributes: attributes{{Name: "dim", Value: "2"}, {Name: "dim", Value: "3"}}}
	if value, found := link.Get("dim"); !found || value != "2" {
		t.Errorf("dim = %q, %v", value, found)
	}
	if _, found := link.Get("ver"); found {
		t.Error("ver was found")
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	links, err := linkformat.Parse(vectors[2].text)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := linkformat.Append(dst, links...); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzParse: what is taken can be written again, and then means the same.
func FuzzParse(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		links, err := linkformat.Parse(text)
		if err != nil {
			return
		}
		written, err := linkformat.Append(nil, links...)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := linkformat.Parse(string(written))
		if err != nil || !reflect.DeepEqual(again, links) {
			t.Fatalf("%q became %q: %+v, %v", text, written, again, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := linkformat.Parse(vectors[2].text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	links, err := linkformat.Parse(vectors[2].text)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := linkformat.Append(dst, links...); err != nil {
			b.Fatal(err)
		}
	}
}
