//go:build real

package leshan

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
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

// values are values by path, or below the path of the request: "1" is resource 1 of the instance.
type values map[string]string

// full gives the values with whole paths.
func (v values) full(path string) map[string]string {
	whole := make(map[string]string, len(v))
	for at, text := range v {
		if !strings.HasPrefix(at, "/") {
			at = path + "/" + at
		}
		whole[at] = text
	}
	return whole
}

// ask sends a request by way of Leshan. Fields are those of the front's /request; formats of none are left out.
func (c *client) ask(op, path string, fields map[string]any) response {
	c.t.Helper()
	fields = maps.Clone(fields)
	if fields == nil {
		fields = make(map[string]any)
	}
	for name, field := range fields {
		if field == none {
			delete(fields, name)
		}
	}
	fields["endpoint"], fields["op"] = c.endpoint, op
	if path != "" {
		fields["path"] = path
	}
	var r response
	c.server.post(c.t, "/request", fields, &r)
	return r
}

func (c *client) read(path string, accept int) response {
	c.t.Helper()
	return c.ask("read", path, map[string]any{"accept": accept})
}

func (c *client) discover(path string) response {
	c.t.Helper()
	return c.ask("discover", path, nil)
}

// replace writes one value with PUT.
func (c *client) replace(path string, format int, text string) response {
	c.t.Helper()
	return c.ask("replace", path, map[string]any{"format": format, "values": map[string]string{path: text}})
}

// put and post write several values at and below an instance or a resource.
func (c *client) put(path string, format int, v values) response {
	c.t.Helper()
	return c.ask("replace", path, map[string]any{"format": format, "values": v.full(path)})
}

func (c *client) post(path string, format int, v values) response {
	c.t.Helper()
	return c.ask("update", path, map[string]any{"format": format, "values": v.full(path)})
}

func (c *client) execute(path string) response {
	c.t.Helper()
	return c.ask("execute", path, nil)
}

// create makes the instance that the values name.
func (c *client) create(object string, format int, v values) response {
	c.t.Helper()
	return c.ask("create", object, map[string]any{"format": format, "values": v.full(object)})
}

func (c *client) delete(path string) response {
	c.t.Helper()
	return c.ask("delete", path, nil)
}

// attributes sends Write-Attributes, each as in the query.
func (c *client) attributes(path string, attributes ...string) response {
	c.t.Helper()
	return c.ask("write-attributes", path, map[string]any{"attributes": attributes})
}

func (c *client) observe(path string, accept int) response {
	c.t.Helper()
	return c.ask("observe", path, map[string]any{"accept": accept})
}

func (c *client) observeComposite(format int, paths ...string) response {
	c.t.Helper()
	return c.ask("observe-composite", "", map[string]any{"format": format, "accept": format, "paths": paths})
}

func (c *client) readComposite(format int, paths ...string) response {
	c.t.Helper()
	return c.ask("read-composite", "", map[string]any{"format": format, "accept": format, "paths": paths})
}

func (c *client) writeComposite(format int, v values) response {
	c.t.Helper()
	return c.ask("write-composite", "", map[string]any{"format": format, "values": map[string]string(v)})
}

// cancel cancels an observation by a request.
func (c *client) cancel(observation string) response {
	c.t.Helper()
	return c.ask("cancel", "", map[string]any{"observation": observation})
}

// forget drops an observation at the server, which answers the next notification with Reset.
func (c *client) forget(observation string) {
	c.t.Helper()
	c.ask("cancel-passively", "", map[string]any{"observation": observation})
}

// rawRequest is a request as it is on the wire, for what Leshan refuses to send.
type rawRequest struct {
	Endpoint string   `json:"endpoint"`
	Method   string   `json:"method"`
	Path     string   `json:"path"`
	Query    []string `json:"query,omitempty"`
	Accept   *int     `json:"accept,omitempty"`
	Format   *int     `json:"format,omitempty"`
	Payload  string   `json:"payload,omitempty"` // hexadecimal
}

func (c *client) raw(request rawRequest) response {
	c.t.Helper()
	request.Endpoint = c.endpoint
	var r response
	c.server.post(c.t, "/coap", request, &r)
	return r
}

// Checks.

// want fails the test unless the answer has this code.
func (r response) want(t testing.TB, code int) response {
	t.Helper()
	if r.Failure != "" || r.Code != code {
		t.Fatalf("answer %s, want %d.%02d", r, code/100, code%100)
	}
	return r
}

// in fails the test unless the payload has this format.
func (r response) in(t testing.TB, format int) response {
	t.Helper()
	if r.Format == nil || *r.Format != format {
		t.Fatalf("answer %s, want format %d", r, format)
	}
	return r
}

// at gives a value, which must be there.
func (r response) at(t testing.TB, path string) string {
	t.Helper()
	v, ok := r.Values[path]
	if !ok {
		t.Fatalf("answer %s: no %s", r, path)
	}
	return v.Text
}

// has fails the test unless these values are there.
func (r response) has(t testing.TB, wanted values) response {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(wanted)) {
		if got := r.at(t, path); got != wanted[path] {
			t.Errorf("%s is %q, want %q", path, got, wanted[path])
		}
	}
	return r
}

// holds fails the test unless there is a value at or below each of the paths.
func (r response) holds(t testing.TB, paths ...string) response {
	t.Helper()
	for _, path := range paths {
		if len(r.below(path)) == 0 {
			t.Errorf("answer %s: nothing at %s", r, path)
		}
	}
	return r
}

// below gives the paths of values at and below a path, sorted.
func (r response) below(path string) []string {
	var found []string
	for at := range r.Values {
		if at == path || path == "/" || strings.HasPrefix(at, path+"/") {
			found = append(found, at)
		}
	}
	slices.Sort(found)
	return found
}

// link gives the link of a path as the client has written it.
func (r response) link(t testing.TB, path string) string {
	t.Helper()
	for _, link := range r.Links {
		if link == "<"+path+">" || strings.HasPrefix(link, "<"+path+">;") {
			return link
		}
	}
	t.Fatalf("no link of %s in %q", path, r.Links)
	return ""
}

// targets gives the paths of the links.
func (r response) targets() []string {
	var all []string
	for _, link := range r.Links {
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
	if r.Failure != "" {
		return "none: " + r.Failure
	}
	return fmt.Sprintf("%s %s %v %q", r.message, r.Error, r.Values, r.Links)
}

func (m message) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d.%02d mid=%d token=%s", cmp.Or(m.Type, "?"), m.Code/100, m.Code%100, m.Mid, m.Token)
	for name, option := range map[string]string{"path": m.Path, "query": m.Query, "location": m.Location, "block1": m.Block1, "block2": m.Block2} {
		if option != "" && option != "/" {
			fmt.Fprintf(&b, " %s=%s", name, option)
		}
	}
	for name, option := range map[string]*int{"format": m.Format, "accept": m.Accept, "observe": m.Observe} {
		if option != nil {
			fmt.Fprintf(&b, " %s=%d", name, *option)
		}
	}
	if payload, err := hex.DecodeString(m.Payload); err == nil && len(payload) > 0 {
		fmt.Fprintf(&b, " %d bytes: %.200q", len(payload), payload)
	}
	return b.String()
}

func (e event) String() string {
	head := fmt.Sprintf("%6d %10.3fs %s", e.N, float64(e.At%1e9)/1e6, e.Kind)
	switch e.Kind {
	case "coap":
		return fmt.Sprintf("%s %s %s %s", head, e.Direction, e.Peer, e.message)
	case "notification", "bs-answer":
		return fmt.Sprintf("%s %s %s%s %v %s", head, e.Observation, e.Op, e.Path, e.Paths, e.Response)
	case "registered", "updated":
		return fmt.Sprintf("%s %+v", head, e.Registration)
	default:
		return fmt.Sprintf("%s %s %s suite=%s cid=%s resumed=%v identity=%s %v", head, e.Peer, e.Error, e.Suite, e.CID, e.Resumed, e.Identity, e.Parts)
	}
}

// Codes of requests, as in event.Code.
const (
	get    = 1
	post   = 2
	put    = 3
	del    = 4
	fetch  = 5
	iPatch = 7
)

// compact drops blanks of a payload, which are there for the reader.
func (r rawRequest) compact() rawRequest {
	r.Payload = strings.ReplaceAll(r.Payload, " ", "")
	return r
}

func hexOf(text string) string { return hex.EncodeToString([]byte(text)) }
