package tree

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

func TestRead(t *testing.T) {
	w := newWorld(t)
	w.device.live[at("/3/0/9")] = lwm2m.Integer(77)
	w.device.live[at("/3/0/6/4")] = lwm2m.Integer(6)
	w.device.live[at("/3/0/6/5")] = lwm2m.Integer(7) // is not in the store: it is not there
	for path, want := range map[string]string{
		"/3":       "/3/0/0=Acme /3/0/6/0=1 /3/0/6/4=6 /3/0/9=77",
		"/3/0":     "/3/0/0=Acme /3/0/6/0=1 /3/0/6/4=6 /3/0/9=77",
		"/3/0/6":   "/3/0/6/0=1 /3/0/6/4=6",
		"/3/0/6/4": "/3/0/6/4=6",
		"/3/0/9":   "/3/0/9=77",
		"/1/0":     "/1/0/0=1 /1/0/1=300 /1/0/7=U",
		"/5":       "/5/0/1= /5/0/3=0",
		"/16":      "/16/1/0/0=a /16/1/0/7=b",
	} {
		items, err := w.Read(1, at(path))
		if got := show(items); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", path, got, err, want)
		}
		again, found := w.AppendReadable(items[:1:1], 1, at(path))
		if got := show(again[1:]); !found || got != want {
			t.Errorf("append %s: %s %v, want %s", path, got, found, want)
		}
	}
	for path, want := range map[string]string{
		"/": "4.05", "/0": "4.01", "/0/0/0": "4.01", "/9": "4.04", "/3/1": "4.04", "/3/0/1": "4.04", "/3/0/6/5": "4.04", "/3/0/0/0": "4.04", "/3/0/4": "4.05",
		"/3/0/5": "4.04", "/5/0/0": "4.05", "/1/0/13": "4.05", "/16/1/2": "4.04", "/16/1/2/0": "4.04",
	} {
		_, err := w.Read(1, at(path))
		equal(t, path, statusOf(t, err), want)
		if items, found := w.AppendReadable(nil, 1, at(path)); path != "/" && (found || len(items) > 0) {
			t.Errorf("append %s: %s", path, show(items))
		}
	}
	for path, want := range map[string]string{
		"/": "4.05", "/0": "4.01", "/9": "4.04", "/3/0/1": "4.04", "/3/0/6/5": "4.04", "/3/0/4": "", "/5/0/0": "", "/3/0/6/4": "", "/3": "", "/1/0/13": "",
	} {
		equal(t, "check "+path, statusOf(t, w.Check(1, at(path))), want)
	}
	items, found := w.AppendReadable(nil, 1, at("/"))
	equal(t, "append /", fmt.Sprint(len(items), found), "11 true")
	must(t, w.Set(lwm2m.Item{Path: at("/16/1/2")}))
	items, err := w.Read(1, at("/16/1/2"))
	equal(t, "a multiple resource without instances", fmt.Sprint(len(items), err), "0 <nil>")

	w.device.live[at("/3/0/9")] = lwm2m.String("77")
	_, err = w.Read(1, at("/3"))
	equal(t, "a value of a wrong type from a Reader", statusOf(t, err), "5.00")
	if value, found := w.Get(at("/3/0/9")); found {
		t.Errorf("get: %v", value)
	}
}

func TestReadComposite(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ paths, want string }{
		{"/3/0/0 /1/0/1", "/1/0/1=300 /3/0/0=Acme"},
		{"/3/0/0 /3 /3/0/0", "/3/0/0=Acme /3/0/6/0=1 /3/0/6/4=5"},
		{"/9 /3/0/4 /0 /0/0/0 /3/0/99 /3/7", ""},
		{"/ /3", "/1/0/0=1 /1/0/1=300 /1/0/7=U /3/0/0=Acme /3/0/6/0=1 /3/0/6/4=5 /5/0/1= /5/0/3=0 /16/1/0/0=a /16/1/0/7=b"},
	} {
		var paths []lwm2m.Path
		for _, each := range strings.Fields(c.paths) {
			paths = append(paths, at(each))
		}
		equal(t, c.paths, show(w.ReadComposite(1, paths)), c.want)
	}
}

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		name, path string
		mode       Mode
		items      []lwm2m.Item
		want       string // status, or what is below the path then
		written    string
	}{
		{"update", "/1/0", Update, []lwm2m.Item{item("/1/0/1", lwm2m.Integer(5))}, "/1/0/0=1 /1/0/1=5 /1/0/7=U", "check /1/0/1=5; written /1/0/1=5"},
		{"update adds", "/1/0", Update, []lwm2m.Item{item("/1/0/2", lwm2m.Integer(5))}, "/1/0/0=1 /1/0/1=300 /1/0/2=5 /1/0/7=U", "check /1/0/2=5; written /1/0/2=5"},
		{"update with nothing", "/1/0", Update, nil, "/1/0/0=1 /1/0/1=300 /1/0/7=U", ""},
		{"replace takes away", "/3/0", Replace, nil, "/3/0/0=Acme /3/0/6/0=1 /3/0/6/4=5", ""},
		{"replace without mandatory", "/1/0", Replace, []lwm2m.Item{item("/1/0/1", lwm2m.Integer(5))}, "4.00", ""},
		{"replace clears multiple", "/16/1", Replace, []lwm2m.Item{item("/16/1/0/3", lwm2m.String("c"))}, "/16/1/0/3=c", "check /16/1/0/3=c; written /16/1/0/3=c"},
		{"update keeps multiple", "/16/1", Update, []lwm2m.Item{item("/16/1/0/7", lwm2m.String("c"))}, "/16/1/0/0=a /16/1/0/7=c", "check /16/1/0/7=c; written /16/1/0/7=c"},
		{"multiple is replaced", "/16/1/0", Replace, []lwm2m.Item{item("/16/1/0/3", lwm2m.String("c"))}, "/16/1/0/3=c", "check /16/1/0/3=c; written /16/1/0/3=c"},
		{"multiple is emptied", "/16/1/0", Replace, nil, "", ""},
		{"multiple is emptied otherwise", "/16/1/0", Replace, []lwm2m.Item{{Path: at("/16/1/0")}}, "", ""},
		{"new resource instance", "/16/1/0/4", Replace, []lwm2m.Item{item("/16/1/0/4", lwm2m.String("c"))}, "/16/1/0/4=c", "check /16/1/0/4=c; written /16/1/0/4=c"},
		{"absent resource", "/16/1/3", Replace, []lwm2m.Item{item("/16/1/3", lwm2m.Float(10))}, "/16/1/3=10", "check /16/1/3=10; written /16/1/3=10"},
		{"write-only", "/16/1/4", Replace, []lwm2m.Item{item("/16/1/4", lwm2m.String("x"))}, "4.05", "check /16/1/4=x; written /16/1/4=x"},
		{"same value", "/1/0/1", Replace, []lwm2m.Item{item("/1/0/1", lwm2m.Integer(300))}, "/1/0/1=300", "check /1/0/1=300; written /1/0/1=300"},
		{"several of one path: the last counts", "/1/0", Update, []lwm2m.Item{item("/1/0/1", lwm2m.Integer(5)), item("/1/0/1", lwm2m.Integer(6))},
			"/1/0/0=1 /1/0/1=6 /1/0/7=U", "check /1/0/1=5 /1/0/1=6; written /1/0/1=5 /1/0/1=6"},
		{"type", "/1/0/1", Replace, []lwm2m.Item{item("/1/0/1", lwm2m.String("x"))}, "4.00", ""},
		{"range", "/16/1/3", Replace, []lwm2m.Item{item("/16/1/3", lwm2m.Float(3))}, "4.00", ""},
		{"another path", "/1/0/1", Replace, []lwm2m.Item{item("/1/0/2", lwm2m.Integer(3))}, "4.00", ""},
		{"another instance", "/16/1", Update, []lwm2m.Item{item("/16/2/3", lwm2m.Float(1))}, "4.00", ""},
		{"outside of multiple", "/16/1/0", Replace, []lwm2m.Item{item("/16/1/3", lwm2m.Float(1))}, "4.00", ""},
		{"no value", "/1/0/1", Replace, nil, "4.00", ""},
		{"two values", "/1/0/1", Replace, []lwm2m.Item{item("/1/0/1", lwm2m.Integer(3)), item("/1/0/1", lwm2m.Integer(3))}, "4.00", ""},
		{"single for multiple", "/16/1", Update, []lwm2m.Item{item("/16/1/0", lwm2m.String("x"))}, "4.00", ""},
		{"instance itself", "/16/1", Update, []lwm2m.Item{item("/16/1", lwm2m.String("x"))}, "4.00", ""},
		{"unknown resource", "/16/1", Update, []lwm2m.Item{item("/16/1/99", lwm2m.String("x"))}, "4.04", ""},
		{"read-only in instance", "/1/0", Update, []lwm2m.Item{item("/1/0/0", lwm2m.Integer(3))}, "4.05", ""},
		{"absent read-only in instance", "/3/0", Update, []lwm2m.Item{item("/3/0/1", lwm2m.String("x"))}, "4.04", ""},
		{"executable", "/3/0/4", Replace, []lwm2m.Item{{Path: at("/3/0/4")}}, "4.05", ""},
	} {
		w := newWorld(t)
		before := w.dump()
		w.changes = nil
		after, err := w.Write(1, at(c.path), c.mode, c.items)
		got := statusOf(t, err)
		if err == nil {
			var items []lwm2m.Item
			items, err = w.Read(1, at(c.path))
			got = show(items) + statusOf(t, err)
		} else if w.dump() != before || len(w.changes) > 0 {
			t.Errorf("%s: it was refused and left %s %v", c.name, w.dump(), w.changes)
		}
		equal(t, c.name, got, c.want)
		run(after)
		equal(t, c.name+" led to", strings.Join(slices.Concat(w.server.log, w.portfolio.log, w.device.log), "; "), c.written)
	}
}

func TestResourceInstancesAreLimited(t *testing.T) {
	w := newWorld(t)
	var items []lwm2m.Item
	for id := range uint16(MaxResourceInstances + 1) {
		items = append(items, lwm2m.Item{Path: lwm2m.NewPath(16, 1, 0, id), Value: lwm2m.String("x")})
	}
	_, err := w.Write(1, at("/16/1/0"), Replace, items)
	equal(t, "one too many", statusOf(t, err), "5.00")
	_, err = w.Write(1, at("/16/1/0"), Replace, items[:MaxResourceInstances])
	equal(t, "the most", statusOf(t, err), "")
	_, err = w.Write(1, items[MaxResourceInstances].Path, Replace, items[MaxResourceInstances:])
	equal(t, "one more", statusOf(t, err), "5.00")
}

func TestCreateAndDeleteInstance(t *testing.T) {
	w := newWorld(t)
	identity := func(instance string) []lwm2m.Item {
		return []lwm2m.Item{item("/16/"+instance+"/0/0", lwm2m.String("n"))}
	}
	for _, c := range []struct {
		name, path string
		items      []lwm2m.Item
		want       string
	}{
		{"with id", "/16", identity("5"), "/16/5"},
		{"path of the instance", "/16/0", identity("0"), "/16/0"},
		{"in use", "/16", identity("5"), "4.00"},
		{"in use", "/16/1", nil, "4.00"},
		{"without mandatory", "/16", nil, "4.00"},
		{"without mandatory", "/16/9", []lwm2m.Item{item("/16/9/3", lwm2m.Float(1))}, "4.00"},
		{"of two instances", "/16", append(identity("8"), identity("9")...), "4.00"},
		{"another object", "/16", []lwm2m.Item{item("/3/9/14", lwm2m.String(""))}, "4.00"},
		{"read-only", "/16", append(identity("8"), item("/16/8/2/0", lwm2m.Opaque(nil))), "4.00"},
		{"unknown resource", "/16", append(identity("8"), item("/16/8/99", lwm2m.Opaque(nil))), "4.04"},
		{"type", "/16", append(identity("8"), item("/16/8/3", lwm2m.String(""))), "4.00"},
		{"root", "/", nil, "4.00"},
		{"hidden", "/0", nil, "4.01"},
		{"unknown", "/9", nil, "4.04"},
		{"single", "/3", nil, "4.05"},
		{"not to be created", "/1", nil, "4.05"},
	} {
		before := w.dump()
		w.structures = 0
		instance, after, err := w.CreateInstance(1, at(c.path), c.items)
		if err != nil {
			equal(t, c.name, statusOf(t, err), c.want)
			equal(t, c.name+" left", w.dump(), before)
			continue
		}
		equal(t, c.name, instance, c.want)
		equal(t, c.name+": structures before", w.structures, 0)
		run(after)
		equal(t, c.name+": structures after", w.structures, 1)
	}
	equal(t, "executable of a new instance", w.Exists(at("/16/5/1")), true)
	equal(t, "log", w.portfolio.took(), "check /16/5/0/0=n; create /16/5 /16/5/0/0=n; check /16/5/0/0=n; written /16/5/0/0=n; "+
		"check /16/0/0/0=n; create /16/0 /16/0/0/0=n; check /16/0/0/0=n; written /16/0/0/0=n")
	free, _ := w.FreeInstance(16)
	equal(t, "free", free, "/16/2")
	w.Limit(16, 3)
	_, _, err := w.CreateInstance(1, at("/16"), identity("8"))
	equal(t, "beyond the limit", statusOf(t, err), "5.00")

	for path, want := range map[string]string{
		"/": "4.05", "/0/0": "4.01", "/9/0": "4.04", "/16": "4.05", "/16/7": "4.04", "/3/0": "4.05", "/1/0": "4.05", "/16/5/0": "4.05", "/16/5/3": "4.04", "/16/5/0/0": "4.05",
	} {
		_, err := w.DeleteInstance(1, at(path))
		equal(t, "delete "+path, statusOf(t, err), want)
	}
	w.portfolio.refuse = errors.New("it is in use")
	_, err = w.DeleteInstance(1, at("/16/5"))
	equal(t, "refused", statusOf(t, err), "5.00")
	w.portfolio.refuse = nil
	w.structures = 0
	after, err := w.DeleteInstance(1, at("/16/5"))
	must(t, err)
	equal(t, "structures before", w.structures, 0)
	run(after)
	equal(t, "structures after", w.structures, 1)
	equal(t, "is there", w.Exists(at("/16/5")), false)
}

func TestExecute(t *testing.T) {
	w := newWorld(t)
	after, err := w.Execute(1, at("/3/0/4"), []lwm2m.Argument{{Digit: 1}})
	must(t, err)
	equal(t, "log", w.device.took(), "execute /3/0/4 [{1  false}]")
	run(after)
	equal(t, "log", w.device.took(), "after execute")
	for path, want := range map[string]string{
		"/": "4.05", "/3": "4.05", "/3/0": "4.05", "/3/0/0": "4.05", "/3/0/1": "4.04", "/3/0/5": "4.04", "/3/0/6/0": "4.05", "/3/0/6/9": "4.04", "/0/0/1": "4.01", "/9/0/1": "4.04",
	} {
		_, err := w.Execute(1, at(path), nil)
		equal(t, path, statusOf(t, err), want)
	}
	must(t, w.Set(lwm2m.Item{Path: at("/3/0/5")}))
	_, err = w.Execute(1, at("/3/0/5"), nil)
	equal(t, "/3/0/5 when it is there", statusOf(t, err), "")
}

func TestParseArguments(t *testing.T) {
	for text, want := range map[string]string{
		"": "[]", "5": "[{5  false}]", "0,1='42'": "[{0  false} {1 42 true}]", "2=''": "[{2  true}]", "3='a, b=1',4": "[{3 a, b=1 true} {4  false}]", "1='é'": "[{1 é true}]",
		"0,1,2,3,4,5,6,7,8,9": "[{0  false} {1  false} {2  false} {3  false} {4  false} {5  false} {6  false} {7  false} {8  false} {9  false}]",
	} {
		got, err := ParseArguments(text)
		must(t, err)
		equal(t, text, got, want)
	}
	for _, text := range []string{",", "a", "10", "1,", ",1", "1=", "1=2", "1='", "1='a", "1='a'b", "1 ,2", "1,1", "1='a','b'", "-1", "1='\x01'", "1='\xff'", " "} {
		_, err := ParseArguments(text)
		equal(t, text, statusOf(t, err), "4.00")
	}
}

func TestUpload(t *testing.T) {
	w := newWorld(t)
	after, err := w.Write(1, at("/5/0/0"), Replace, []lwm2m.Item{item("/5/0/0", lwm2m.Opaque([]byte("abc")))})
	must(t, err)
	equal(t, "log", w.firmware.took(), "upload /5/0/0 3")
	run(after)
	equal(t, "log", w.firmware.took(), "after upload")
	equal(t, "taken", string(w.firmware.uploads[at("/5/0/0")]), "abc")
	if value, found := w.Get(at("/5/0/0")); found {
		t.Errorf("it is in the store too: %v", value)
	}
	upload, streams, err := w.Upload(1, at("/5/0/0"), 7)
	must(t, err)
	equal(t, "streams", streams, true)
	_, err = upload.Write([]byte("x"))
	must(t, err)
	for path, want := range map[string]string{"/5/0/1": "", "/5/0/3": "4.05", "/5/0": "", "/5/1/0": "4.04", "/0/0/5": "4.01", "/5": "4.05"} {
		_, streams, err := w.Upload(1, at(path), -1)
		equal(t, path, fmt.Sprint(streams, statusOf(t, err)), "false"+want)
	}
	w.firmware.took()
	w.firmware.refuse = errors.New("no room")
	_, streams, err = w.Upload(1, at("/5/0/0"), -1)
	equal(t, "refused", fmt.Sprint(streams, statusOf(t, err)), "true5.00")
	before := w.dump()
	_, err = w.Write(1, at("/5/0"), Update, []lwm2m.Item{item("/5/0/0", lwm2m.Opaque(nil)), item("/5/0/1", lwm2m.String("x"))})
	equal(t, "refused", statusOf(t, err), "5.00")
	equal(t, "left", w.dump(), before)
}

// guard is an Access after the bits of a table.
type guard map[string]Right

func (g guard) Allowed(ssid uint16, right Right, path lwm2m.Path, view View) bool {
	if _, found := view.Get(at("/1/0/0")); !found || len(view.Children(at("/3/0/6"))) == 0 {
		return false
	}
	return g[fmt.Sprint(ssid, path)]&right != 0
}

func TestAccess(t *testing.T) {
	w := newWorld(t)
	must(t, w.Create(at("/16/2"), item("/16/2/0/0", lwm2m.String("z"))))
	w.SetAccess(guard{"1 /3/0": RightRead | RightExecute, "1 /16/1": RightWrite | RightDelete, "1 /16/2": RightRead, "1 /16": RightCreate})
	refused := func(what string, err error, want string) {
		t.Helper()
		equal(t, what, statusOf(t, err), want)
	}
	_, err := w.Read(1, at("/3/0"))
	refused("read", err, "")
	_, err = w.Read(2, at("/3/0"))
	refused("read of another", err, "4.01")
	_, err = w.Read(2, at("/3/0/99"))
	refused("read of another of nothing", err, "4.04")
	items, err := w.Read(1, at("/16"))
	equal(t, "of an object", fmt.Sprint(show(items), " ", err), "/16/2/0/0=z <nil>")
	items, err = w.Read(2, at("/16"))
	equal(t, "of an object for another", fmt.Sprint(show(items), " ", err), " <nil>")
	nodes, err := w.Discover(1, at("/16"))
	equal(t, "discover", fmt.Sprint(nodes, err), "[{/16 false 0} {/16/2 false 0} {/16/2/0 true 1} {/16/2/1 false 0} {/16/2/4 false 0}] <nil>")
	equal(t, "composite", show(w.ReadComposite(1, []lwm2m.Path{at("/1"), at("/16")})), "/16/2/0/0=z")
	refused("write", w.CheckWrite(1, at("/16/1/3")), "")
	refused("write", w.CheckWrite(1, at("/16/2/3")), "4.01")
	refused("right before operation", w.CheckWrite(2, at("/3/0/0")), "4.01")
	refused("execute", w.CheckExecute(1, at("/3/0/4")), "")
	refused("execute", w.CheckExecute(2, at("/3/0/4")), "4.01")
	refused("create", w.CheckCreate(1, at("/16")), "")
	refused("create", w.CheckCreate(2, at("/16")), "4.01")
	_, err = w.DeleteInstance(1, at("/16/2"))
	refused("delete", err, "4.01")
	_, err = w.DeleteInstance(1, at("/16/1"))
	refused("delete", err, "")
	_, err = w.WriteComposite(2, []lwm2m.Item{item("/1/0/1", lwm2m.Integer(1))})
	refused("composite write", err, "4.01")
	after, err := w.BootstrapWrite(at("/1/0/1"), []lwm2m.Item{item("/1/0/1", lwm2m.Integer(1))})
	refused("bootstrap", err, "")
	run(after)
	w.SetAccess(nil)
	_, err = w.Read(2, at("/3/0"))
	refused("without access", err, "")
}

// Creators, Executors, Writers and Uploaders may use the store.
func TestHooksMayUseTheStore(t *testing.T) {
	tree := New()
	must(t, tree.Add(&reentrant{}))
	_, after, err := tree.CreateInstance(1, at("/20000"), []lwm2m.Item{item("/20000/5/1", lwm2m.Integer(1))})
	must(t, err)
	run(after)
	after, err = tree.Execute(1, at("/20000/5/2"), nil)
	must(t, err)
	run(after)
	value, _ := tree.Get(at("/20000/5/3"))
	equal(t, "what the hooks have counted", value, 4)
	after, err = tree.DeleteInstance(1, at("/20000/5"))
	must(t, err)
	run(after)
}

type reentrant struct{ store lwm2m.Store }

func (r *reentrant) Definition() *lwm2m.Definition {
	return &lwm2m.Definition{ID: 20000, Name: "Reentrant", Multiple: true, Resources: []lwm2m.Resource{
		{ID: 1, Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeInteger}, {ID: 2, Operations: lwm2m.E}, {ID: 3, Operations: lwm2m.R, Type: lwm2m.TypeInteger},
	}}
}

func (r *reentrant) Attach(store lwm2m.Store) error {
	r.store = store
	return store.Create(at("/20000/0"), item("/20000/0/3", lwm2m.Integer(0)))
}

// count adds one to the resource of instance 0, and tells instance 5 if it is there.
func (r *reentrant) count() error {
	value, _ := r.store.Get(at("/20000/0/3"))
	items := []lwm2m.Item{item("/20000/0/3", lwm2m.Integer(value.Int()+1))}
	if slices.Contains(r.store.Children(at("/20000")), 5) {
		items = append(items, item("/20000/5/3", lwm2m.Integer(value.Int()+1)))
	}
	return r.store.Set(items...)
}

func (r *reentrant) CheckCreate(lwm2m.Path, []lwm2m.Item) error { return r.count() }
func (r *reentrant) CheckDelete(lwm2m.Path) error               { return r.count() }
func (r *reentrant) Written([]lwm2m.Item)                       { _ = r.count() }
func (r *reentrant) Execute(lwm2m.Path, []lwm2m.Argument) (func(), error) {
	return func() { _ = r.count() }, r.count()
}

// Whatever is refused, in any operation with any values, leaves everything as it was; whatever is done is told exactly.
func TestOperationsAreAtomic(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	w := newWorld(t)
	values := []lwm2m.Value{{}, lwm2m.Integer(1), lwm2m.Integer(-7), lwm2m.Integer(300), lwm2m.String("x"), lwm2m.String("\xff"), lwm2m.Float(1), lwm2m.Float(9),
		lwm2m.Boolean(true), lwm2m.Opaque([]byte{1}), lwm2m.Seconds(5), lwm2m.Objlnk(21, 0), lwm2m.Unsigned(4)}
	paths := []string{"/", "/0", "/1", "/3", "/5", "/16", "/9", "/0/0", "/0/1", "/1/0", "/1/1", "/3/0", "/5/0", "/16/1", "/16/2"}
	somewhere := func() lwm2m.Path {
		path := at(paths[random.IntN(len(paths))])
		for random.IntN(3) > 0 && path.Level() < lwm2m.LevelResourceInstance {
			path = path.Child(uint16(random.IntN(18)))
		}
		return path
	}
	below := func(path lwm2m.Path) lwm2m.Item {
		if random.IntN(12) == 0 {
			path = somewhere()
		}
		// Mostly a resource that there is, with a value of its type.
		if definition, found := w.Definition(path.Object()); found && path.Level() >= lwm2m.LevelObject && path.Level() < lwm2m.LevelResource && random.IntN(8) > 0 {
			if path.Level() == lwm2m.LevelObject {
				path = path.Child(uint16(random.IntN(3)))
			}
			path = path.Child(definition.Resources[random.IntN(len(definition.Resources))].ID)
		}
		if definition, found := w.Definition(path.Object()); found && path.Level() >= lwm2m.LevelResource && random.IntN(8) > 0 {
			if resource, found := definition.Resource(path.Resource()); found {
				if resource.Multiple && path.Level() == lwm2m.LevelResource {
					path = path.Child(uint16(random.IntN(3)))
				}
				for _, value := range values {
					if value.Type() == resource.Type && random.IntN(2) == 0 {
						return lwm2m.Item{Path: path, Value: value}
					}
				}
			}
		}
		return lwm2m.Item{Path: path, Value: values[random.IntN(len(values))]}
	}
	done, refused := 0, 0
	for range 10000 {
		path := somewhere()
		items := []lwm2m.Item{}
		for range random.IntN(4) {
			items = append(items, below(path))
		}
		var refuse error
		if random.IntN(5) == 0 {
			refuse = lwm2m.Errorf(lwm2m.StatusServiceUnavailable, "busy")
		}
		w.server.refuse, w.device.refuse, w.portfolio.refuse, w.firmware.refuse, w.security.refuse = refuse, refuse, refuse, refuse, refuse
		before, old := w.dump(), w.Snapshot(0, 1, 3, 5, 16)
		w.changes = nil
		var after func()
		var err error
		switch random.IntN(7) {
		case 0:
			after, err = w.Write(1, path, Replace, items)
		case 1:
			after, err = w.Write(1, path, Update, items)
		case 2:
			_, after, err = w.CreateInstance(1, path, items)
		case 3:
			after, err = w.DeleteInstance(1, path)
		case 4:
			after, err = w.WriteComposite(1, items)
		case 5:
			after, err = w.BootstrapWrite(path, items)
		case 6:
			after, err = w.BootstrapDelete(path)
		}
		if err != nil {
			refused++
			statusOf(t, err)
			if w.dump() != before || len(w.changes) > 0 || after != nil {
				t.Fatalf("%v at %v with %s left\n%s\nof\n%s", err, path, show(items), w.dump(), before)
			}
			continue
		}
		done++
		if (w.dump() != before) != (len(w.changes) > 0) || !sortedPaths(w.changes) {
			t.Fatalf("%v with %s told %v; before\n%s\nafter\n%s", path, show(items), w.changes, before, w.dump())
		}
		w.server.log, w.device.log, w.portfolio.log, w.firmware.log, w.security.log = nil, nil, nil, nil, nil
		run(after)
		if random.IntN(4) > 0 {
			w.Restore(old)
			equal(t, "restored", w.dump(), before)
		}
	}
	if done < 500 || refused < 500 {
		t.Errorf("%d done, %d refused: the operations are not mixed", done, refused)
	}
	t.Logf("%d done, %d refused", done, refused)
}

func FuzzParseArguments(f *testing.F) {
	for _, seed := range []string{"", "5", "0,1='42'", "1='a", "9='',8", "1,1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		arguments, err := ParseArguments(text)
		if err != nil {
			if statusOf(t, err) != "4.00" {
				t.Fatal(err)
			}
			return
		}
		var again []string
		for _, each := range arguments {
			one := fmt.Sprint(each.Digit)
			if each.Given {
				one += "='" + each.Value + "'"
			}
			again = append(again, one)
		}
		if got := strings.Join(again, ","); got != text {
			t.Fatalf("%q was read as %q", text, got)
		}
	})
}
