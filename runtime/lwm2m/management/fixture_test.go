package management

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/attribute"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// object is an object of a definition that notes what happens to it.
type object struct {
	lwm2m.Values
	log    *[]string
	refuse error
}

func (o *object) note(format string, arguments ...any) {
	*o.log = append(*o.log, fmt.Sprintf(format, arguments...))
}

func (o *object) Check([]lwm2m.Item) error { return o.refuse }

func (o *object) Written(values []lwm2m.Item) {
	for _, each := range values {
		o.note("written %v=%v", each.Path, each.Value)
	}
}

func (o *object) Execute(path lwm2m.Path, arguments []lwm2m.Argument) (func(), error) {
	if o.refuse != nil {
		return nil, o.refuse
	}
	o.note("execute %v %v", path, arguments)
	return func() { o.note("executed") }, nil
}

type creatable struct{ object }

func (o *creatable) CheckCreate(lwm2m.Path, []lwm2m.Item) error { return o.refuse }
func (o *creatable) CheckDelete(lwm2m.Path) error               { return o.refuse }

type uploadable struct {
	object
	taken []byte
}

func (o *uploadable) Upload(path lwm2m.Path, size int64) (lwm2m.Upload, error) {
	if o.refuse != nil {
		return nil, o.refuse
	}
	o.note("upload %v %d", path, size)
	o.taken = nil
	return o, nil
}

func (o *uploadable) Write(part []byte) (int, error) {
	if o.refuse != nil {
		return 0, o.refuse
	}
	o.taken = append(o.taken, part...)
	return len(part), nil
}

func (o *uploadable) Commit() (func(), error) {
	if o.refuse != nil {
		return nil, o.refuse
	}
	return func() { o.note("uploaded %d", len(o.taken)) }, nil
}

func (o *uploadable) Abort(cause error) { o.note("aborted: %v", cause) }

// watcher is an Observer that notes what it is asked.
type watcher struct {
	log    *[]string
	refuse error
}

func (w *watcher) Observe(peer Peer, token []byte, paths []lwm2m.Path, in format.Format, composite bool) (uint32, error) {
	*w.log = append(*w.log, fmt.Sprintf("observe %d %q %v %d %v", peer.SSID, token, paths, in, composite))
	return 7, w.refuse
}

func (w *watcher) Cancel(peer Peer, token []byte, paths []lwm2m.Path) {
	*w.log = append(*w.log, fmt.Sprintf("cancel %d %q %v", peer.SSID, token, paths))
}

func (w *watcher) AttributesChanged(peer Peer, at lwm2m.Path) {
	*w.log = append(*w.log, fmt.Sprintf("attributes %d %v", peer.SSID, at))
}

var (
	securityDefinition = lwm2m.Definition{ID: 0, Name: "Security", Version: "1.1", Multiple: true, Mandatory: true, Resources: []lwm2m.Resource{
		{ID: 0, Name: "URI", Mandatory: true, Type: lwm2m.TypeString, Range: "0..255"},
		{ID: 1, Name: "Bootstrap", Mandatory: true, Type: lwm2m.TypeBoolean},
		{ID: 5, Name: "Key", Mandatory: true, Type: lwm2m.TypeOpaque},
		{ID: 10, Name: "SSID", Type: lwm2m.TypeInteger, Range: "1..65534"},
	}}
	serverDefinition = lwm2m.Definition{ID: 1, Name: "Server", Version: "1.1", Multiple: true, Mandatory: true, Resources: []lwm2m.Resource{
		{ID: 0, Name: "SSID", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Range: "1..65534"},
		{ID: 1, Name: "Lifetime", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeInteger},
		{ID: 2, Name: "PMin", Operations: lwm2m.RW, Type: lwm2m.TypeInteger},
		{ID: 6, Name: "Storing", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeBoolean},
		{ID: 8, Name: "Update", Operations: lwm2m.E, Mandatory: true},
		{ID: 13, Name: "Priority", Type: lwm2m.TypeUnsigned},
		{ID: 14, Name: "Delay", Type: lwm2m.TypeUnsigned},
	}}
	deviceDefinition = lwm2m.Definition{ID: 3, Name: "Device", Version: "1.1", Mandatory: true, Resources: []lwm2m.Resource{
		{ID: 0, Name: "Manufacturer", Operations: lwm2m.R, Type: lwm2m.TypeString},
		{ID: 1, Name: "Model", Operations: lwm2m.R, Type: lwm2m.TypeString},
		{ID: 2, Name: "Serial", Operations: lwm2m.R, Type: lwm2m.TypeString},
		{ID: 4, Name: "Reboot", Operations: lwm2m.E, Mandatory: true},
		{ID: 6, Name: "Sources", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeInteger},
		{ID: 7, Name: "Voltage", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeInteger},
		{ID: 11, Name: "Error", Operations: lwm2m.R, Multiple: true, Mandatory: true, Type: lwm2m.TypeInteger},
		{ID: 14, Name: "Offset", Operations: lwm2m.RW, Type: lwm2m.TypeString, Range: "0..6"},
		{ID: 16, Name: "Binding", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeString},
	}}
	firmwareDefinition = lwm2m.Definition{ID: 5, Name: "Firmware", Version: "1.0", Mandatory: false, Resources: []lwm2m.Resource{
		{ID: 0, Name: "Package", Operations: lwm2m.W, Mandatory: true, Type: lwm2m.TypeOpaque},
		{ID: 1, Name: "URI", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeString},
	}}
	portfolioDefinition = lwm2m.Definition{ID: 16, Name: "Portfolio", Version: "1.0", Multiple: true, Resources: []lwm2m.Resource{
		{ID: 0, Name: "Identity", Operations: lwm2m.RW, Multiple: true, Mandatory: true, Type: lwm2m.TypeString},
		{ID: 3, Name: "Weight", Operations: lwm2m.RW, Type: lwm2m.TypeFloat},
		{ID: 4, Name: "Made", Operations: lwm2m.R, Type: lwm2m.TypeTime},
	}}
	connectivityDefinition = lwm2m.Definition{ID: 4, Name: "Connectivity", Version: "1.3", Resources: []lwm2m.Resource{
		{ID: 0, Name: "Bearer", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger},
	}}
)

func values(definition *lwm2m.Definition, instances int, initial ...lwm2m.Item) lwm2m.Values {
	return lwm2m.Values{Of: definition, Instances: instances, Initial: func(instance uint16) []lwm2m.Item {
		var mine []lwm2m.Item
		for _, each := range initial {
			if each.Path.Instance() == instance {
				mine = append(mine, each)
			}
		}
		return mine
	}}
}

// fixture is a server of requests over a tree.
type fixture struct {
	*Server
	t         testing.TB
	values    *tree.Tree
	log       []string
	observer  *watcher
	device    *object
	portfolio *creatable
	firmware  *uploadable
	ended     []error
}

func newFixture(t testing.TB) *fixture {
	f := &fixture{t: t, values: tree.New()}
	f.observer = &watcher{log: &f.log}
	i, s := lwm2m.Integer, lwm2m.String
	f.device = &object{log: &f.log, Values: values(&deviceDefinition, 1, item("/3/0/0", s("Acme")), item("/3/0/1", s("T1")), item("/3/0/6/0", i(1)),
		item("/3/0/6/1", i(5)), item("/3/0/7/0", i(3800)), item("/3/0/7/1", i(5000)), item("/3/0/11/0", i(0)), item("/3/0/16", s("U")))}
	f.portfolio = &creatable{object{log: &f.log, Values: values(&portfolioDefinition, 0)}}
	f.firmware = &uploadable{object: object{log: &f.log, Values: values(&firmwareDefinition, 1, item("/5/0/1", s("")))}}
	for _, o := range []lwm2m.Object{
		values(&securityDefinition, 2, item("/0/0/0", s("coaps://bs.example:5684")), item("/0/0/1", lwm2m.Boolean(true)), item("/0/1/0", s("coaps://srv.example:5684")),
			item("/0/1/1", lwm2m.Boolean(false)), item("/0/1/10", i(101))),
		&object{log: &f.log, Values: values(&serverDefinition, 1, item("/1/0/0", i(101)), item("/1/0/1", i(300)), item("/1/0/6", lwm2m.Boolean(true)),
			item("/1/0/13", lwm2m.Unsigned(1)))},
		f.device, f.firmware, f.portfolio,
	} {
		if err := f.values.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	codec := format.New(format.Config{TLV: true, JSON: true, SenMLJSON: true, CBOR: true, SenMLCBOR: true})
	f.Server = New(f.values, codec, attribute.NewStore(attribute.Config{Max: 20}), Options{
		Observer: f.observer, Preferred: format.None, MaxPaths: 4, Finished: func(missing error) { f.ended = append(f.ended, missing) },
	})
	return f
}

func at(text string) lwm2m.Path {
	path, err := lwm2m.ParsePath(text)
	if err != nil {
		panic(err)
	}
	return path
}

func item(path string, value lwm2m.Value) lwm2m.Item { return lwm2m.Item{Path: at(path), Value: value} }

var methods = map[string]coap.Code{"GET": coap.GET, "POST": coap.POST, "PUT": coap.PUT, "DELETE": coap.DELETE, "FETCH": coap.FETCH, "PATCH": coap.PATCH, "iPATCH": coap.IPATCH}

// request makes a request of a line as "PUT /3/0/14?pmin=1 ct=0 accept=110 observe=0", with its payload.
func request(line, payload string) *coap.Request {
	fields := strings.Fields(line)
	r := &coap.Request{Confirmable: true, Token: []byte("t")}
	r.Code = methods[fields[0]]
	if r.Code == 0 {
		r.Code = 0x1f
	}
	path, query, has := strings.Cut(fields[1], "?")
	if path = strings.TrimPrefix(path, "/"); path != "" {
		for segment := range strings.SplitSeq(path, "/") {
			r.Options.AddString(coap.URIPath, segment)
		}
	}
	if has {
		for each := range strings.SplitSeq(query, "&") {
			r.Options.AddString(coap.URIQuery, each)
		}
	}
	for _, field := range fields[2:] {
		name, text, _ := strings.Cut(field, "=")
		var number uint32
		if _, err := fmt.Sscan(text, &number); err != nil && text != "" {
			panic(err)
		}
		id := map[string]coap.OptionID{"ct": coap.ContentFormat, "accept": coap.Accept, "observe": coap.Observe, "match": coap.IfMatch, "none": coap.IfNoneMatch,
			"host": coap.URIHost, "size": coap.Size1, "critical": 65001, "elective": 65002}[name]
		r.Options.SetUint(id, number)
	}
	r.Payload = []byte(payload)
	return r
}

// do serves a request and runs what follows it. It gives the code, Content-Format and the other options, and the payload.
func (f *fixture) do(peer Peer, line, payload string) (head, body string) {
	f.t.Helper()
	response := f.Serve(peer, request(line, payload))
	head = response.Code.String()
	for _, each := range response.Options {
		switch each.ID {
		case coap.ContentFormat:
			number, _ := response.Options.Uint(each.ID)
			head += fmt.Sprintf(" ct=%d", number)
		case coap.Observe:
			number, _ := response.Options.Uint(each.ID)
			head += fmt.Sprintf(" observe=%d", number)
		case coap.LocationPath:
			head += " /" + string(each.Value)
		default:
			head += fmt.Sprintf(" option %d", each.ID)
		}
	}
	if response.After != nil {
		response.After()
	}
	return head, string(response.Payload)
}

func (f *fixture) took() string {
	text := strings.Join(f.log, "; ")
	f.log = nil
	return text
}

// content gives everything that is in the tree.
func (f *fixture) content() string {
	var all []string
	for _, id := range f.values.Children(lwm2m.Path{}) {
		all = append(all, fmt.Sprint(id, f.values.Children(lwm2m.NewPath(id))))
		for _, each := range f.values.Export(id) {
			all = append(all, fmt.Sprintf("%v=%v", each.Path, each.Value))
		}
	}
	return strings.Join(all, "\n")
}

var (
	server    = Peer{SSID: 101}
	other     = Peer{SSID: 102}
	bootstrap = Peer{Bootstrap: true}

	errBusy = lwm2m.Errorf(lwm2m.StatusServiceUnavailable, "busy")
	errDisk = errors.New("no space left")
)
