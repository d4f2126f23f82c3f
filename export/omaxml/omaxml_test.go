package omaxml

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

var update = flag.Bool("update", false, "write the golden file")

var lamp = lwm2m.Definition{
	ID: 40000, Name: "Lamp <1> & more", URN: "urn:oma:lwm2m:x:40000", Version: "1.0", Multiple: true, Description: "It shines.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "On", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeBoolean},
		{ID: 1, Name: "Level", Operations: lwm2m.R, Type: lwm2m.TypeUnsigned, Range: "0..100", Units: "%", Description: "Brightness."},
		{ID: 2, Name: "Blink", Operations: lwm2m.E},
		{ID: 3, Name: "Colours", Operations: lwm2m.W, Multiple: true, Type: lwm2m.TypeString},
		{ID: 4, Name: "Key", Type: lwm2m.TypeOpaque},
	},
}

func TestDocument(t *testing.T) {
	got, err := Document(&lamp)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/lamp.xml"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("got\n%s", got)
	}
	followsSchema(t, got)
	if !IsPrivate(&lamp) {
		t.Error("40000 is in no registry")
	}
	if IsPrivate(&lwm2m.Definition{ID: 10256}) {
		t.Error("10256 is registered")
	}
}

func TestSeveralObjects(t *testing.T) {
	got, err := Document(&lamp, &lamp)
	if err != nil {
		t.Fatal(err)
	}
	followsSchema(t, got)
	if n := strings.Count(string(got), "<ObjectID>"); n != 2 {
		t.Errorf("%d objects", n)
	}
}

func TestRefused(t *testing.T) {
	empty, control, invalid := lamp, lamp, lamp
	empty.Resources = nil
	control.Name = "a\x00b"
	invalid.Description = "\xff"
	for name, definitions := range map[string][]*lwm2m.Definition{"no object": nil, "no resources": {&empty}, "control character": {&control}, "not UTF-8": {&invalid}} {
		if got, err := Document(definitions...); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// order are the elements of LWM2M-v1_1.xsd by the one around them, in their order; all have to be there, Object and Item once or more.
var order = map[string][]string{
	"LWM2M":     {"Object"},
	"Object":    {"Name", "Description1", "ObjectID", "ObjectURN", "LWM2MVersion", "ObjectVersion", "MultipleInstances", "Mandatory", "Resources", "Description2"},
	"Resources": {"Item"},
	"Item":      {"Name", "Operations", "MultipleInstances", "Mandatory", "Type", "RangeEnumeration", "Units", "Description"},
}

// values are those that the schema lets an element have.
var values = map[string][]string{
	"MultipleInstances": {"Multiple", "Single"},
	"Mandatory":         {"Mandatory", "Optional"},
	"Operations":        {"R", "W", "RW", "E", ""},
	"Type":              {"String", "Integer", "Float", "Boolean", "Opaque", "Time", "Objlnk", "Unsigned Integer", "Corelnk", ""},
}

func followsSchema(t *testing.T, text []byte) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(string(text)))
	type level struct {
		name  string
		inner []string
		text  string
	}
	stack := []level{{}}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		top := &stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			top.inner = append(top.inner, token.Name.Local)
			stack = append(stack, level{name: token.Name.Local})
		case xml.CharData:
			top.text += string(token)
		case xml.EndElement:
			inner := top.inner
			if top.name == "LWM2M" || top.name == "Resources" {
				inner = slices.Compact(inner)
			}
			if !slices.Equal(inner, order[top.name]) {
				t.Errorf("%s holds %q, want %q", top.name, inner, order[top.name])
			}
			if allowed := values[top.name]; allowed != nil && !slices.Contains(allowed, top.text) {
				t.Errorf("%s is %q", top.name, top.text)
			}
			stack = stack[:len(stack)-1]
		}
	}
	if !slices.Equal(stack[0].inner, []string{"LWM2M"}) {
		t.Errorf("the document holds %q", stack[0].inner)
	}
}
