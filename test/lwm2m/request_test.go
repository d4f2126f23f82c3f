package lwm2m

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

// Content-Formats.
const (
	text      = 0
	link      = 40
	opaque    = 42
	cbor      = 60
	senmlJSON = 110
	senmlCBOR = 112
	tlv       = 11542
	oldJSON   = 11543
	none      = -1 // no option Accept
)

// values are values by path, or below the path of the request: "1" is resource 1 of the instance. They are text; bytes are in hexadecimal.
type values map[string]string

// response is the answer of a device.
type response struct {
	t        testing.TB
	code     int
	format   int
	values   values
	links    []string
	location string
	failure  error // there is no answer, or it cannot be read
}

func (c *connected) response(content *server.Content, success coap.Code, err error) response {
	r := response{t: c.t, code: codeOf(success), format: none, values: make(values)}
	if refused, is := errors.AsType[*server.CodeError](err); is {
		r.code = codeOf(refused.Code)
		return r
	}
	r.failure = err
	if content != nil {
		r.code, r.format = codeOf(content.Code), int(content.Format)
		for _, item := range content.Items {
			r.values[item.Path] = textOf(item.Value)
		}
	}
	return r
}

func codeOf(code coap.Code) int { return int(code>>5)*100 + int(code&31) }

func textOf(value any) string {
	switch v := value.(type) {
	case []byte:
		return hex.EncodeToString(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case format.Empty:
		return "{}"
	}
	return fmt.Sprint(value)
}

// items gives values with whole paths, in order, typed as the server's definitions say.
func (c *connected) items(path string, v values) []format.Item {
	c.t.Helper()
	return c.world.items(path, v)
}

func (w *world) items(path string, v values) []format.Item {
	w.t.Helper()
	var items []format.Item
	for at, value := range v {
		if !strings.HasPrefix(at, "/") {
			at = strings.TrimSuffix(path, "/") + "/" + at
		}
		items = append(items, format.Item{Path: at, Value: w.typed(at, value)})
	}
	slices.SortFunc(items, func(a, b format.Item) int {
		pathOfA, _ := format.ParsePath(a.Path)
		pathOfB, _ := format.ParsePath(b.Path)
		return slices.Compare(pathOfA, pathOfB)
	})
	return items
}

func (w *world) typed(path, value string) any {
	w.t.Helper()
	parsed, err := format.ParsePath(path)
	if err != nil || len(parsed) < 3 {
		w.t.Fatalf("%s is no path of a value", path)
	}
	var typed any
	switch w.server.Definitions().Type(parsed[0], parsed[2]) {
	case format.Integer, format.Time:
		typed, err = strconv.ParseInt(value, 10, 64)
	case format.Unsigned:
		typed, err = strconv.ParseUint(value, 10, 64)
	case format.Float:
		typed, err = strconv.ParseFloat(value, 64)
	case format.Boolean:
		typed, err = strconv.ParseBool(value)
	case format.OpaqueBytes:
		typed, err = hex.DecodeString(value)
	case format.ObjectLink:
		typed, err = format.ParseLink(value)
	default:
		typed = value
	}
	if err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
	return typed
}

func accepting(accept int) []server.Option {
	if accept == none {
		return nil
	}
	return []server.Option{server.Accept(format.Format(accept))}
}

func (c *connected) read(path string, accept int) response {
	c.t.Helper()
	content, err := c.Read(within(c.t, patience), path, accepting(accept)...)
	return c.response(content, 0, err)
}

func (c *connected) discover(path string) response {
	c.t.Helper()
	links, err := c.Discover(within(c.t, patience), path)
	r := c.response(nil, coap.Content, err)
	r.format = link // the lab looks
	for _, each := range links {
		r.links = append(r.links, linkText(each))
	}
	return r
}

func linkText(item format.CoreLinkItem) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<%s>", item.Target)
	for _, attribute := range item.Attributes {
		b.WriteString(";" + attribute.Name)
		if attribute.Value != "" {
			b.WriteString("=" + attribute.Value)
		}
	}
	return b.String()
}

// replace writes one value with PUT.
func (c *connected) replace(path string, f int, value string) response {
	c.t.Helper()
	return c.put(path, f, values{path: value})
}

// put and post write several values at and below an instance or a resource.
func (c *connected) put(path string, f int, v values) response {
	c.t.Helper()
	return c.response(nil, coap.Changed, c.Write(within(c.t, time.Hour), path, format.Format(f), c.items(path, v)))
}

func (c *connected) post(path string, f int, v values) response {
	c.t.Helper()
	return c.response(nil, coap.Changed, c.WritePartial(within(c.t, patience), path, format.Format(f), c.items(path, v)))
}

func (c *connected) execute(path string) response {
	c.t.Helper()
	return c.response(nil, coap.Changed, c.Execute(within(c.t, patience), path, ""))
}

// create makes the instance that the values name.
func (c *connected) create(object string, f int, v values) response {
	c.t.Helper()
	location, err := c.Create(within(c.t, patience), object, format.Format(f), c.items(object, v))
	r := c.response(nil, coap.Created, err)
	r.location = location
	return r
}

func (c *connected) delete(path string) response {
	c.t.Helper()
	return c.response(nil, coap.Deleted, c.Delete(within(c.t, patience), path))
}

// attributes sends Write-Attributes, each as in the query.
func (c *connected) attributes(path string, attributes ...string) response {
	c.t.Helper()
	return c.response(nil, coap.Changed, c.WriteAttributes(within(c.t, patience), path, attributes...))
}

func composite(f int) []server.Option {
	return []server.Option{server.In(format.Format(f)), server.Accept(format.Format(f))}
}

func (c *connected) readComposite(f int, paths ...string) response {
	c.t.Helper()
	content, err := c.ReadComposite(within(c.t, patience), paths, composite(f)...)
	return c.response(content, 0, err)
}

func (c *connected) writeComposite(f int, v values) response {
	c.t.Helper()
	return c.response(nil, coap.Changed, c.WriteComposite(within(c.t, patience), format.Format(f), c.items("/", v)))
}

// raw sends a request that the lab's operations do not make: code, options and payload are the packet's.
func (c *connected) raw(path string, p packet) response {
	c.t.Helper()
	request := coap.Message{Code: coap.Code(p.code), Payload: p.payload}
	for _, each := range p.options {
		request.Add(coap.OptionID(each.number), []byte(each.value))
	}
	answer, err := c.Do(within(c.t, patience), path, request)
	r := c.response(nil, 0, err)
	if answer != nil {
		r.code = codeOf(answer.Code)
	}
	return r
}

// observation is one with its first answer.
type observation struct {
	*server.Observation
	c *connected
	response
	begun time.Time
}

// notification is one of an observation.
type notification struct {
	server.Notification
	response
}

func (c *connected) observed(o *server.Observation, err error) *observation {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	return &observation{o, c, c.response(o.First(), 0, nil), time.Now()}
}

func (c *connected) observe(path string, accept int) *observation {
	c.t.Helper()
	return c.observed(c.Observe(within(c.t, patience), path, accepting(accept)...))
}

func (c *connected) observeComposite(f int, paths ...string) *observation {
	c.t.Helper()
	return c.observed(c.ObserveComposite(within(c.t, patience), paths, composite(f)...))
}

// next waits for the next notification.
func (o *observation) next() notification {
	o.t.Helper()
	n, err := o.Next(within(o.t, patience))
	if err == nil {
		err = n.Err
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return notification{n, o.c.response(&n.Content, 0, nil)}
}

// quiet checks that no notification comes for a time.
func (o *observation) quiet(d time.Duration) {
	o.t.Helper()
	pass(d)
	select {
	case n, open := <-o.Notifications():
		o.t.Errorf("a notification: %+v (%v)", n, open)
	default:
	}
}

func (o *observation) cancel() response {
	o.t.Helper()
	return o.c.response(nil, coap.Content, o.Cancel(within(o.t, patience)))
}

// Checks.

// want fails the test unless the answer has this code.
func (r response) want(code int) response {
	r.t.Helper()
	if r.failure != nil || r.code != code {
		r.t.Fatalf("answer %s, want %d.%02d", r, code/100, code%100)
	}
	return r
}

// in fails the test unless the payload has this format.
func (r response) in(f int) response {
	r.t.Helper()
	if r.format != f {
		r.t.Fatalf("answer %s, want format %d", r, f)
	}
	return r
}

// at gives a value, which must be there.
func (r response) at(path string) string {
	r.t.Helper()
	v, ok := r.values[path]
	if !ok {
		r.t.Fatalf("answer %s: no %s", r, path)
	}
	return v
}

// has fails the test unless these values are there.
func (r response) has(wanted values) response {
	r.t.Helper()
	for _, path := range slices.Sorted(maps.Keys(wanted)) {
		if got := r.at(path); got != wanted[path] {
			r.t.Errorf("%s is %q, want %q", path, got, wanted[path])
		}
	}
	return r
}

// holds fails the test unless there is a value at or below each of the paths.
func (r response) holds(paths ...string) response {
	r.t.Helper()
	for _, path := range paths {
		if len(r.below(path)) == 0 {
			r.t.Errorf("answer %s: nothing at %s", r, path)
		}
	}
	return r
}

// below gives the paths of values at and below a path, sorted.
func (r response) below(path string) []string {
	var found []string
	for at := range r.values {
		if at == path || path == "/" || strings.HasPrefix(at, path+"/") {
			found = append(found, at)
		}
	}
	slices.Sort(found)
	return found
}

// link gives the link of a path.
func (r response) link(path string) string {
	r.t.Helper()
	for _, link := range r.links {
		if link == "<"+path+">" || strings.HasPrefix(link, "<"+path+">;") {
			return link
		}
	}
	r.t.Fatalf("no link of %s in %q", path, r.links)
	return ""
}

// targets gives the paths of the links.
func (r response) targets() []string {
	var all []string
	for _, link := range r.links {
		target, _, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
		all = append(all, target)
	}
	return all
}

// attribute tells whether a link has this attribute.
func attribute(link, wanted string) bool {
	return slices.Contains(strings.Split(link, ";")[1:], wanted)
}

func (r response) String() string {
	if r.failure != nil {
		return "none: " + r.failure.Error()
	}
	return fmt.Sprintf("%d.%02d format %d %v %q", r.code/100, r.code%100, r.format, r.values, r.links)
}

func hexOf(text string) string { return hex.EncodeToString([]byte(text)) }
