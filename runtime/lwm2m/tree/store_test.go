package tree

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

func TestStore(t *testing.T) {
	w := newWorld(t)
	must(t, w.Set(item("/3/0/9", lwm2m.Integer(50)), item("/1/0/1", lwm2m.Integer(300)), item("/3/0/6/2", lwm2m.Integer(3))))
	equal(t, "changes", w.tookChanges(), "[/3/0/6/2 /3/0/9]") // 300 is what it was
	equal(t, "structures", w.structures, 0)
	equal(t, "children of /", w.Children(at("/")), "[0 1 3 5 16]")
	equal(t, "children of /3", w.Children(at("/3")), "[0]")
	equal(t, "children of /3/0", w.Children(at("/3/0")), "[0 4 6 9]")
	equal(t, "children of /3/0/6", w.Children(at("/3/0/6")), "[0 2 4]")
	equal(t, "children of /5/0", w.Children(at("/5/0")), "[0 1 3]")
	equal(t, "children of /3/0/9", w.Children(at("/3/0/9")), "[]")
	equal(t, "children of /9", w.Children(at("/9")), "[]")
	for path, want := range map[string]string{
		"/3/0/9": "50 true", "/3/0/6": " false", "/3/0/6/4": "5 true", "/3/0/6/3": " false", "/3/0/4": " false", "/3/0": " false", "/9/9/9": " false", "/0/0/10": "1 true",
	} {
		value, found := w.Get(at(path))
		equal(t, path, strings.TrimSpace(value.String())+" "+map[bool]string{true: "true", false: "false"}[found], want)
	}

	must(t, w.Unset(at("/3/0/9"), at("/3/0/6/2"), at("/3/0/13")))
	equal(t, "changes of unset", w.tookChanges(), "[/3/0/6/2 /3/0/9]")
	must(t, w.Unset(at("/3/0/6")))
	equal(t, "changes of unset", w.tookChanges(), "[/3/0/6 /3/0/6/0 /3/0/6/4]")
	must(t, w.Set(lwm2m.Item{Path: at("/3/0/6")}))
	equal(t, "children of /3/0", w.Children(at("/3/0")), "[0 4 6]")

	must(t, w.Create(at("/16/5"), item("/16/5/3", lwm2m.Float(1))))
	equal(t, "structures", w.structures, 1)
	must(t, w.Delete(at("/16/5")))
	equal(t, "structures", w.structures, 2)
}

func TestStoreRefuses(t *testing.T) {
	w := newWorld(t)
	before := w.dump()
	w.changes, w.structures = nil, 0
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"unknown object", w.Set(item("/9/0/1", lwm2m.Integer(1))), "/9/0"},
		{"unknown instance", w.Set(item("/3/1/9", lwm2m.Integer(1))), "/3/1"},
		{"unknown resource", w.Set(item("/3/0/99", lwm2m.Integer(1))), "/3/0/99"},
		{"type", w.Set(item("/3/0/1", lwm2m.String("x")), item("/3/0/9", lwm2m.String("x"))), "String"},
		{"range", w.Set(item("/3/0/1", lwm2m.String("x")), item("/3/0/9", lwm2m.Integer(101))), "0..100"},
		{"length", w.Set(item("/3/0/14", lwm2m.String("+02:00:"))), "0..6"},
		{"UTF-8", w.Set(item("/3/0/1", lwm2m.String("\xff"))), "UTF-8"},
		{"single as multiple", w.Set(item("/3/0/9/1", lwm2m.Integer(1))), "single"},
		{"multiple as single", w.Set(item("/3/0/6", lwm2m.Integer(1))), "multiple"},
		{"no resource", w.Set(item("/3/0", lwm2m.Integer(1))), "/3/0"},
		{"no value", w.Set(item("/3/0/9", lwm2m.Value{})), "type"},
		{"exists", w.Create(at("/3/0")), "/3/0"},
		{"second of a single", w.Create(at("/3/1")), "/3/1"},
		{"elsewhere", w.Create(at("/16/9"), item("/16/8/3", lwm2m.Float(1))), "/16/8/3"},
		{"no instance path", w.Create(at("/16")), "/16"},
		{"no such object", w.Create(at("/17/0")), "/17/0"},
		{"nothing to delete", w.Delete(at("/16/9")), "/16/9"},
		{"object deleted", w.Delete(at("/16")), "/16"},
		{"mandatory unset", w.Unset(at("/1/0/1")), "mandatory"},
		{"unknown unset", w.Unset(at("/1/0/99")), "/1/0/99"},
		{"instance unset", w.Unset(at("/1/0")), "/1/0"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want something with %q", c.name, c.err, c.want)
		}
	}
	equal(t, "content", w.dump(), before)
	equal(t, "changes", w.tookChanges(), "[]")
	equal(t, "structures", w.structures, 0)
}

func TestAddRefuses(t *testing.T) {
	resource := func(resources ...lwm2m.Resource) *fixture {
		return &fixture{definition: lwm2m.Definition{ID: 9, Name: "Bad", Resources: resources}}
	}
	tree := New()
	must(t, tree.Add(&fixture{definition: lwm2m.Definition{ID: 8}}))
	failing := resource()
	failing.attach = func(lwm2m.Store) error { return errors.New("no memory") }
	for name, o := range map[string]*fixture{
		"twice":            {definition: lwm2m.Definition{ID: 8}},
		"no id":            {definition: lwm2m.Definition{ID: lwm2m.MaxID}},
		"order":            resource(lwm2m.Resource{ID: 1, Type: lwm2m.TypeString}, lwm2m.Resource{ID: 1, Type: lwm2m.TypeString}),
		"resource id":      resource(lwm2m.Resource{ID: lwm2m.MaxID, Type: lwm2m.TypeString}),
		"typed executable": resource(lwm2m.Resource{ID: 1, Type: lwm2m.TypeString, Operations: lwm2m.E}),
		"no type":          resource(lwm2m.Resource{ID: 1, Operations: lwm2m.R}),
		"many executables": resource(lwm2m.Resource{ID: 1, Operations: lwm2m.E, Multiple: true}),
		"range":            resource(lwm2m.Resource{ID: 1, Type: lwm2m.TypeInteger, Range: "1-5"}),
		"range of floats":  resource(lwm2m.Resource{ID: 1, Type: lwm2m.TypeFloat, Range: "1..5,x"}),
		"attach":           failing,
	} {
		if err := tree.Add(o); err == nil {
			t.Errorf("%s: it was added", name)
		}
	}
	equal(t, "objects", tree.Children(at("/")), "[8]")
}

// Subscribers may use the tree, and see the changes in order.
func TestSubscribersMayWrite(t *testing.T) {
	w := newWorld(t)
	var seen []int64
	w.OnChange(func(paths []lwm2m.Path) {
		if !sortedPaths(paths) {
			t.Errorf("%v are not in order", paths)
		}
		value, _ := w.Get(at("/3/0/9"))
		seen = append(seen, value.Int())
		if value.Int() < 5 {
			must(t, w.Set(item("/3/0/9", lwm2m.Integer(value.Int()+1))))
		}
	})
	must(t, w.Set(item("/3/0/9", lwm2m.Integer(1))))
	equal(t, "seen", seen, "[1 2 3 4 5]")
}

func TestConcurrentUse(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	told := map[lwm2m.Path]bool{}
	w.Tree.onChange = nil
	w.OnChange(func(paths []lwm2m.Path) {
		mu.Lock()
		defer mu.Unlock()
		for _, path := range paths {
			told[path] = true
		}
	})
	var group sync.WaitGroup
	for i := range uint16(8) {
		group.Go(func() {
			for n := range int64(50) {
				must(t, w.Set(lwm2m.Item{Path: lwm2m.NewPath(3, 0, 6, i), Value: lwm2m.Integer(n % 8)}))
				w.Children(at("/3/0/6"))
				_, err := w.Read(1, at("/3"))
				must(t, err)
			}
		})
	}
	group.Wait()
	for i := range uint16(8) {
		if !told[lwm2m.NewPath(3, 0, 6, i)] {
			t.Errorf("nobody was told of instance %d", i)
		}
	}
}

// The client's code makes and removes instances while a server does the same: whatever comes out, nothing is half done.
func TestServerAndClientAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	w.Tree.onChange, w.Tree.onStructure = nil, nil
	done := make(chan struct{})
	var group sync.WaitGroup
	for n := range uint16(3) {
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				path := lwm2m.NewPath(16, n)
				if err := w.Create(path, lwm2m.Item{Path: path.Child(3), Value: lwm2m.Float(1)}); err == nil || n != 1 {
					_ = w.Delete(path) // a server may have been faster
				}
			}
		})
	}
	for n := range 500 {
		_, _, err := w.CreateInstance(1, at("/16"), nil)
		if got := statusOf(t, err); got != "4.00" {
			t.Fatalf("create without mandatory: %v", err)
		}
		free, _ := w.FreeInstance(16)
		instance, after, err := w.CreateInstance(1, at("/16"), []lwm2m.Item{{Path: free.Child(0).Child(0), Value: lwm2m.String("x")}})
		run(after)
		if err == nil && n%2 == 0 {
			after, err = w.DeleteInstance(1, instance)
			run(after)
		}
		if got := statusOf(t, err); got != "" && got != "4.00" && got != "4.04" && got != "5.00" {
			t.Fatal(err)
		}
		after, err = w.Write(1, at("/16/1"), Update, []lwm2m.Item{item("/16/1/3", lwm2m.Float(2))})
		run(after)
		if got := statusOf(t, err); got != "" && got != "4.04" {
			t.Fatal(err)
		}
		_, err = w.Read(1, at("/16"))
		must(t, err)
	}
	close(done)
	group.Wait()
}

func TestNaNIsNoChange(t *testing.T) {
	w := newWorld(t)
	must(t, w.Add(&fixture{definition: lwm2m.Definition{ID: 3303, Multiple: true, Resources: []lwm2m.Resource{{ID: 5700, Operations: lwm2m.R, Type: lwm2m.TypeFloat}}}}))
	must(t, w.Create(at("/3303/0"), item("/3303/0/5700", lwm2m.Float(math.NaN()))))
	w.changes = nil
	must(t, w.Set(item("/3303/0/5700", lwm2m.Float(math.NaN()))))
	equal(t, "changes", w.tookChanges(), "[]")
}

func TestSnapshotAndExport(t *testing.T) {
	w := newWorld(t)
	before := w.dump()
	snapshot := w.Snapshot(0, 1, 2)
	exported := w.Export(0, 1, 2)
	equal(t, "export", show(exported), "/0/0/0=coap://a /0/0/1=false /0/0/10=1 /1/0/0=1 /1/0/1=300 /1/0/7=U /1/0/13=2")

	must(t, w.Delete(at("/0/0")))
	must(t, w.Create(at("/0/7")))
	must(t, w.Set(item("/1/0/1", lwm2m.Integer(5)), item("/1/0/2", lwm2m.Integer(5))))
	w.changes, w.structures = nil, 0
	w.Restore(snapshot)
	equal(t, "content", w.dump(), before)
	equal(t, "structures", w.structures, 1)
	equal(t, "changes", w.tookChanges(), "[/0/0 /0/0/0 /0/0/1 /0/0/10 /0/7 /1/0/1 /1/0/2]")

	must(t, w.Create(at("/0/7")))
	must(t, w.Set(item("/1/0/1", lwm2m.Integer(5))))
	must(t, w.Import(exported, 0, 1))
	equal(t, "content", w.dump(), before)
	for _, bad := range [][]lwm2m.Item{{item("/3/0/9", lwm2m.Integer(1))}, {item("/1/0/0", lwm2m.Integer(0))}, {item("/1/0/1", lwm2m.String(""))}, {item("/1/0", lwm2m.String(""))}} {
		if err := w.Import(bad, 0, 1); err == nil {
			t.Errorf("%s was imported", show(bad))
		}
	}
	if err := w.Import(nil, 99); err == nil {
		t.Error("object 99 was imported")
	}
	equal(t, "content", w.dump(), before)
	must(t, w.Import(nil, 0))
	equal(t, "children of /0", w.Children(at("/0")), "[]")
}
