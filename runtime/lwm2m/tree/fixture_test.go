package tree

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// fixture is an object of a definition, with hooks that tests look at.
type fixture struct {
	definition lwm2m.Definition
	store      lwm2m.Store
	attach     func(store lwm2m.Store) error
}

func (f *fixture) Definition() *lwm2m.Definition { return &f.definition }

func (f *fixture) Attach(store lwm2m.Store) error {
	f.store = store
	if f.attach == nil {
		return nil
	}
	return f.attach(store)
}

// active is a fixture with every hook.
type active struct {
	fixture
	live    map[lwm2m.Path]lwm2m.Value
	refuse  error // by Check, CheckCreate, CheckDelete, Execute and Upload
	log     []string
	uploads map[lwm2m.Path][]byte
}

func (a *active) note(format string, arguments ...any) {
	a.log = append(a.log, fmt.Sprintf(format, arguments...))
}

func (a *active) took() string {
	text := strings.Join(a.log, "; ")
	a.log = nil
	return text
}

func (a *active) Read(path lwm2m.Path) (lwm2m.Value, bool) {
	value, found := a.live[path]
	return value, found
}

func (a *active) Check(items []lwm2m.Item) error {
	a.note("check %s", show(items))
	return a.refuse
}

func (a *active) Written(items []lwm2m.Item) { a.note("written %s", show(items)) }

func (a *active) Execute(path lwm2m.Path, arguments []lwm2m.Argument) (func(), error) {
	a.note("execute %v %v", path, arguments)
	return func() { a.note("after execute") }, a.refuse
}

// creating is an active one that servers may make instances of.
type creating struct{ active }

func (c *creating) CheckCreate(instance lwm2m.Path, items []lwm2m.Item) error {
	c.note("create %v %s", instance, show(items))
	return c.refuse
}

func (c *creating) CheckDelete(instance lwm2m.Path) error {
	c.note("delete %v", instance)
	return c.refuse
}

// uploading is an active one that takes large values.
type uploading struct{ active }

func (u *uploading) Upload(path lwm2m.Path, size int64) (lwm2m.Upload, error) {
	u.note("upload %v %d", path, size)
	return &upload{owner: u, path: path}, u.refuse
}

type upload struct {
	owner *uploading
	path  lwm2m.Path
	all   []byte
}

func (u *upload) Write(part []byte) (int, error) {
	u.all = append(u.all, part...)
	return len(part), nil
}

func (u *upload) Commit() (func(), error) {
	u.owner.uploads[u.path] = u.all
	return func() { u.owner.note("after upload") }, nil
}

func (u *upload) Abort(error) {}

func show(items []lwm2m.Item) string {
	var all []string
	for _, item := range items {
		all = append(all, fmt.Sprintf("%v=%v", item.Path, item.Value))
	}
	return strings.Join(all, " ")
}

func at(text string) lwm2m.Path {
	path, err := lwm2m.ParsePath(text)
	if err != nil {
		panic(err)
	}
	return path
}

func item(path string, value lwm2m.Value) lwm2m.Item { return lwm2m.Item{Path: at(path), Value: value} }

// world is a tree with objects of all kinds.
type world struct {
	*Tree
	security, server, device *active
	firmware                 *uploading
	portfolio                *creating
	changes                  []lwm2m.Path
	structures               int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		Tree: New(),
		security: &active{fixture: fixture{definition: lwm2m.Definition{ID: 0, Name: "Security", Version: "1.1", Multiple: true, Mandatory: true, Resources: []lwm2m.Resource{
			{ID: 0, Name: "URI", Mandatory: true, Type: lwm2m.TypeString, Range: "0..255"},
			{ID: 1, Name: "Bootstrap", Mandatory: true, Type: lwm2m.TypeBoolean},
			{ID: 2, Name: "Mode", Mandatory: true, Type: lwm2m.TypeInteger, Range: "0..4"},
			{ID: 3, Name: "Identity", Mandatory: true, Type: lwm2m.TypeOpaque},
			{ID: 5, Name: "Key", Mandatory: true, Type: lwm2m.TypeOpaque},
			{ID: 10, Name: "SSID", Type: lwm2m.TypeInteger, Range: "1..65534"},
			{ID: 17, Name: "OSCORE", Type: lwm2m.TypeObjlnk},
		}}}},
		server: &active{fixture: fixture{definition: lwm2m.Definition{ID: 1, Name: "Server", Version: "1.1", Multiple: true, Mandatory: true, Resources: []lwm2m.Resource{
			{ID: 0, Name: "SSID", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Range: "1..65534"},
			{ID: 1, Name: "Lifetime", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeInteger},
			{ID: 2, Name: "PMin", Operations: lwm2m.RW, Type: lwm2m.TypeInteger},
			{ID: 7, Name: "Binding", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeString},
			{ID: 8, Name: "Update", Operations: lwm2m.E, Mandatory: true},
			{ID: 13, Name: "Priority", Type: lwm2m.TypeUnsigned},
		}}}},
		device: &active{fixture: fixture{definition: lwm2m.Definition{ID: 3, Name: "Device", Version: "1.1", Mandatory: true, Resources: []lwm2m.Resource{
			{ID: 0, Name: "Manufacturer", Operations: lwm2m.R, Type: lwm2m.TypeString},
			{ID: 1, Name: "Model", Operations: lwm2m.R, Type: lwm2m.TypeString},
			{ID: 4, Name: "Reboot", Operations: lwm2m.E, Mandatory: true},
			{ID: 5, Name: "Reset", Operations: lwm2m.E},
			{ID: 6, Name: "Sources", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeInteger, Range: "0..7"},
			{ID: 9, Name: "Battery", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..100"},
			{ID: 13, Name: "Clock", Operations: lwm2m.RW, Type: lwm2m.TypeTime},
			{ID: 14, Name: "Offset", Operations: lwm2m.RW, Type: lwm2m.TypeString, Range: "0..6"},
		}}}},
		firmware: &uploading{active{uploads: map[lwm2m.Path][]byte{}, fixture: fixture{definition: lwm2m.Definition{ID: 5, Name: "Firmware", Version: "1.0", Resources: []lwm2m.Resource{
			{ID: 0, Name: "Package", Operations: lwm2m.W, Mandatory: true, Type: lwm2m.TypeOpaque},
			{ID: 1, Name: "Package URI", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeString},
			{ID: 3, Name: "State", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger},
		}}}}},
		portfolio: &creating{active{fixture: fixture{definition: lwm2m.Definition{ID: 16, Name: "Portfolio", Version: "1.0", Multiple: true, Resources: []lwm2m.Resource{
			{ID: 0, Name: "Identity", Operations: lwm2m.RW, Multiple: true, Mandatory: true, Type: lwm2m.TypeString},
			{ID: 1, Name: "Get", Operations: lwm2m.E},
			{ID: 2, Name: "Data", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeOpaque},
			{ID: 3, Name: "Weight", Operations: lwm2m.RW, Type: lwm2m.TypeFloat, Range: "-1.5..2.5,10"},
			{ID: 4, Name: "Secret", Operations: lwm2m.W, Type: lwm2m.TypeString},
		}}}}},
	}
	w.device.live = map[lwm2m.Path]lwm2m.Value{}
	w.security.attach = func(store lwm2m.Store) error {
		return store.Create(at("/0/0"), item("/0/0/0", lwm2m.String("coap://a")), item("/0/0/1", lwm2m.Boolean(false)), item("/0/0/10", lwm2m.Integer(1)))
	}
	w.server.attach = func(store lwm2m.Store) error {
		return store.Create(at("/1/0"), item("/1/0/0", lwm2m.Integer(1)), item("/1/0/1", lwm2m.Integer(300)), item("/1/0/7", lwm2m.String("U")),
			item("/1/0/13", lwm2m.Unsigned(2)))
	}
	w.device.attach = func(store lwm2m.Store) error {
		if err := store.Create(at("/3/0"), item("/3/0/0", lwm2m.String("Acme")), item("/3/0/6/0", lwm2m.Integer(1)), item("/3/0/6/4", lwm2m.Integer(5))); err != nil {
			return err
		}
		return store.Unset(at("/3/0/5"))
	}
	w.firmware.attach = func(store lwm2m.Store) error {
		return store.Create(at("/5/0"), item("/5/0/1", lwm2m.String("")), item("/5/0/3", lwm2m.Integer(0)))
	}
	w.portfolio.attach = func(store lwm2m.Store) error {
		return store.Create(at("/16/1"), item("/16/1/0/0", lwm2m.String("a")), item("/16/1/0/7", lwm2m.String("b")))
	}
	for _, o := range []lwm2m.Object{w.security, w.server, w.device, w.firmware, w.portfolio} {
		if err := w.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	w.OnChange(func(paths []lwm2m.Path) { w.changes = append(w.changes, paths...) })
	w.OnStructure(func() { w.structures++ })
	return w
}

// dump gives the whole content, in a form that can be compared.
func (w *world) dump() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, id := range w.children(lwm2m.Path{}) {
		for _, instance := range w.objects[id].ids() {
			all = append(all, lwm2m.NewPath(id, instance).String())
			for _, each := range w.objects[id].instances[instance] {
				all = append(all, fmt.Sprintf("%v=%v %v", each.path, each.value.Type(), each.value))
			}
		}
	}
	return strings.Join(all, "\n")
}

func (w *world) tookChanges() string {
	text := fmt.Sprint(w.changes)
	w.changes = nil
	return text
}

func statusOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	refused, is := errors.AsType[*lwm2m.Error](err)
	if !is {
		t.Errorf("%v is no *lwm2m.Error", err)
		return "?"
	}
	return refused.Status.String()
}

func run(after func()) {
	if after != nil {
		after()
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: %s, want %s", what, g, w)
	}
}

var sortedPaths = func(paths []lwm2m.Path) bool { return slices.IsSortedFunc(paths, lwm2m.Path.Compare) }
