package tree

import (
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

func TestBootstrapWrite(t *testing.T) {
	i, s, o := lwm2m.Integer, lwm2m.String, lwm2m.Opaque
	for _, c := range []struct {
		name, path string
		items      []lwm2m.Item
		want       string // status, or what the object has then
	}{
		{"instance is replaced, but what is read-only", "/1/0", []lwm2m.Item{item("/1/0/1", i(5))}, "/1/0/0=1 /1/0/1=5"},
		{"read-only is written", "/1/0", []lwm2m.Item{item("/1/0/0", i(9)), item("/1/0/13", lwm2m.Unsigned(3))}, "/1/0/0=9 /1/0/13=3"},
		{"new instance", "/1/4", []lwm2m.Item{item("/1/4/0", i(2))}, "/1/0/0=1 /1/0/1=300 /1/0/7=U /1/0/13=2 /1/4/0=2"},
		{"object with two", "/1", []lwm2m.Item{item("/1/0/0", i(3)), item("/1/0/1", i(4)), item("/1/2/0", i(2)), item("/1/2/1", i(1))}, "/1/0/0=3 /1/0/1=4 /1/2/0=2 /1/2/1=1"},
		{"object with nothing", "/1", nil, "/1/0/0=1 /1/0/1=300 /1/0/7=U /1/0/13=2"},
		{"resource", "/1/0/13", []lwm2m.Item{item("/1/0/13", lwm2m.Unsigned(8))}, "/1/0/0=1 /1/0/1=300 /1/0/7=U /1/0/13=8"},
		{"resource of a new instance", "/1/3/0", []lwm2m.Item{item("/1/3/0", i(8))}, "/1/0/0=1 /1/0/1=300 /1/0/7=U /1/0/13=2 /1/3/0=8"},
		{"key", "/0/0/5", []lwm2m.Item{item("/0/0/5", o([]byte{1, 2}))}, "/0/0/0=coap://a /0/0/1=false /0/0/5=2 bytes /0/0/10=1"},
		{"bootstrap account", "/0/3", []lwm2m.Item{item("/0/3/1", lwm2m.Boolean(true))}, "/0/0/0=coap://a /0/0/1=false /0/0/10=1 /0/3/1=true"},
		{"two bootstrap accounts", "/0", []lwm2m.Item{item("/0/3/1", lwm2m.Boolean(true)), item("/0/4/1", lwm2m.Boolean(true))}, "4.00"},
		{"multiple", "/16/1/0", []lwm2m.Item{item("/16/1/0/4", s("x"))}, "/16/1/0/4=x"},
		{"read-only of the device", "/3/0", []lwm2m.Item{item("/3/0/1", s("x"))}, "/3/0/0=Acme /3/0/1=x /3/0/6/0=1 /3/0/6/4=5"},
		{"too many instances", "/16", []lwm2m.Item{item("/16/2/3", lwm2m.Float(1)), item("/16/3/3", lwm2m.Float(1))}, "5.00"},
		{"the client's own", "/3/1", []lwm2m.Item{item("/3/1/14", s(""))}, "4.00"},
		{"root", "/", nil, "4.05"},
		{"resource instance", "/16/1/0/0", []lwm2m.Item{item("/16/1/0/0", s(""))}, "4.05"},
		{"unknown object", "/9", nil, "4.04"},
		{"unknown resource", "/1/0/99", nil, "4.04"},
		{"unknown resource inside", "/1/0", []lwm2m.Item{item("/1/0/99", i(1))}, "4.04"},
		{"executable", "/1/0", []lwm2m.Item{{Path: at("/1/0/8")}}, "4.05"},
		{"no value", "/1/0/1", nil, "4.00"},
		{"elsewhere", "/1/0", []lwm2m.Item{item("/1/1/0", i(1))}, "4.00"},
		{"range", "/1", []lwm2m.Item{item("/1/2/1", i(1)), item("/1/1/0", i(0))}, "4.00"},
	} {
		w := newWorld(t)
		w.Limit(16, 2)
		before := w.dump()
		after, err := w.BootstrapWrite(at(c.path), c.items)
		got := statusOf(t, err)
		if err == nil {
			got = show(w.Export(at(c.path).Object()))
		} else if w.dump() != before {
			t.Errorf("%s: it was refused and left\n%s", c.name, w.dump())
		}
		equal(t, c.name, got, c.want)
		run(after)
	}
	w := newWorld(t)
	must(t, w.Delete(at("/5/0")))
	_, err := w.BootstrapWrite(at("/5/0"), nil)
	equal(t, "an object that is made by the client alone", statusOf(t, err), "4.05")
}

func TestBootstrapDeleteKeepsOSCOREOfTheBootstrapAccount(t *testing.T) {
	w := newWorld(t)
	must(t, w.Add(&fixture{definition: lwm2m.Definition{ID: 21, Name: "OSCORE", Multiple: true, Resources: []lwm2m.Resource{{ID: 0, Type: lwm2m.TypeOpaque}}}}))
	must(t, w.Create(at("/21/0")))
	must(t, w.Create(at("/21/1")))
	must(t, w.Create(at("/0/1"), item("/0/1/1", lwm2m.Boolean(true)), item("/0/1/17", lwm2m.Objlnk(21, 1))))
	for path, want := range map[string]string{"/21/1": "4.05", "/0/1": "4.05", "/3/0": "4.05", "/16/9": "", "/9/0": "4.04", "/1/0/1": "4.05"} {
		_, err := w.BootstrapDelete(at(path))
		equal(t, path, statusOf(t, err), want)
	}
	w.structures = 0
	after, err := w.BootstrapDelete(at("/"))
	must(t, err)
	equal(t, "structures before the answer", w.structures, 0)
	run(after)
	equal(t, "structures", w.structures, 1)
	for object, want := range map[string]string{"/0": "[1]", "/1": "[]", "/3": "[0]", "/5": "[0]", "/16": "[]", "/21": "[1]"} {
		equal(t, object, w.Children(at(object)), want)
	}
	after, err = w.BootstrapDelete(at("/"))
	equal(t, "again", statusOf(t, err), "")
	if after != nil {
		t.Error("deleting nothing has an effect")
	}
}

func TestBootstrapRead(t *testing.T) {
	w := newWorld(t)
	items, err := w.BootstrapRead(at("/1"))
	must(t, err)
	equal(t, "/1", show(items), "/1/0/0=1 /1/0/1=300 /1/0/7=U /1/0/13=2")
	for path, want := range map[string]string{"/": "4.05", "/0": "4.01", "/0/0": "4.01", "/21": "4.01", "/2": "4.04", "/1/9": "4.04", "/1/0/0": "4.05", "/3": "4.05", "/3/0": "4.05"} {
		_, err := w.BootstrapRead(at(path))
		equal(t, path, statusOf(t, err), want)
	}
}
