package tree

import (
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

func benchmarkTree(b *testing.B) *Tree {
	definition := lwm2m.Definition{ID: 3303, Name: "Temperature", Multiple: true}
	var items []lwm2m.Item
	for id := range uint16(20) {
		definition.Resources = append(definition.Resources, lwm2m.Resource{ID: id, Operations: lwm2m.R, Type: lwm2m.TypeFloat, Range: "-40..85"})
		items = append(items, lwm2m.Item{Path: lwm2m.NewPath(3303, 0, id), Value: lwm2m.Float(1)})
	}
	tree := New()
	if err := tree.Add(lwm2m.Values{Of: &definition, Instances: 1, Initial: func(uint16) []lwm2m.Item { return items }}); err != nil {
		b.Fatal(err)
	}
	return tree
}

func BenchmarkSet(b *testing.B) {
	tree := benchmarkTree(b)
	path, n := lwm2m.NewPath(3303, 0, 7), 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		if err := tree.Set(lwm2m.Item{Path: path, Value: lwm2m.Float(float64(n % 80))}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendReadable(b *testing.B) {
	tree := benchmarkTree(b)
	path := lwm2m.NewPath(3303, 0)
	var items []lwm2m.Item
	b.ReportAllocs()
	for b.Loop() {
		var found bool
		if items, found = tree.AppendReadable(items[:0], 1, path); !found || len(items) != 20 {
			b.Fatal(len(items), found)
		}
	}
}
