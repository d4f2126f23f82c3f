package management

import (
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// FuzzServe serves three requests after each other, whatever they are, as two servers and as the bootstrap server. Each has an answer, with an error
// nothing has changed, and what there is stays bounded.
func FuzzServe(f *testing.F) {
	for _, seed := range []struct {
		method         byte
		path, query    string
		content, other uint16
		flags          byte
		payload        string
	}{
		{1, "3/0/0", "", 0, 40, 0, ""},
		{1, "3", "", 0, 40, 2, ""},
		{3, "3/0/7", "pmin=1&gt=2.5", 0, 0, 0, ""},
		{3, "1/0", "", 11542, 0, 1, "\xC1\x01\x3C\xC1\x06\x00"},
		{2, "16", "", 110, 0, 1, `[{"n":"/16/3/0/0","vs":"a"}]`},
		{2, "16", "", 11542, 0, 1, "\x83\x00\x41\x00a"},
		{2, "3/0/4", "", 0, 0, 1, "0,1='x'"},
		{4, "16/3", "", 0, 0, 0, ""},
		{5, "", "", 112, 110, 5, "\x82\xA1\x00\x66/3/0/0\xA1\x00\x66/1/0/1"},
		{7, "", "", 110, 0, 1, `[{"bn":"/1/0/","n":"1","v":60}]`},
		{3, "0", "", 11542, 0, 0x21, "\x08\x03\x03\xC1\x0A\x07"},
		{4, "", "", 0, 0, 0x20, ""},
		{2, "bs", "", 0, 0, 0x20, ""},
		{1, "0/0/65535/1/2", "", 0, 0, 0, ""},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.content, seed.other, seed.flags, []byte(seed.payload))
	}
	f.Fuzz(func(t *testing.T, method byte, path, query string, content, accept uint16, flags byte, payload []byte) {
		world := newFixture(t)
		world.OpenBootstrap()
		r := &coap.Request{Confirmable: true, Token: payload[:min(len(payload), 8)]}
		r.Code = coap.Code(method & 0x1f)
		for segment := range strings.SplitSeq(path, "/") {
			r.Options.AddString(coap.URIPath, segment)
		}
		if query != "" {
			for each := range strings.SplitSeq(query, "&") {
				r.Options.AddString(coap.URIQuery, each)
			}
		}
		if flags&1 != 0 {
			r.Options.SetUint(coap.ContentFormat, uint32(content))
		}
		if flags&2 != 0 {
			r.Options.SetUint(coap.Accept, uint32(accept))
		}
		if flags&4 != 0 {
			r.Options.SetUint(coap.Observe, uint32(flags>>6))
		}
		if flags&8 != 0 {
			r.Options.AddString(coap.IfMatch, query)
		}
		if flags&16 != 0 {
			r.Options.SetUint(coap.OptionID(content), uint32(accept))
		}
		r.Payload = payload
		peers := []Peer{server, bootstrap, other}
		if flags&32 != 0 {
			peers = []Peer{bootstrap, server, other}
		}
		for _, peer := range peers {
			before := world.content()
			if upload := world.Stream(peer, r); upload != nil {
				if upload.Write(payload) == nil {
					upload.Commit()
				}
				world.log = nil
			}
			response := world.Serve(peer, r)
			if class := response.Code >> 5; class != 2 && class != 4 && class != 5 {
				t.Fatalf("answered with %v", response.Code)
			}
			if !response.Code.IsSuccess() {
				if response.Payload != nil || response.After != nil && response.Code != coap.NotAcceptable {
					t.Fatalf("%v with a payload or an effect", response.Code)
				}
				if after := world.content(); after != before {
					t.Fatalf("%v left\n%s\nof\n%s", response.Code, after, before)
				}
			}
			if response.After != nil {
				response.After()
			}
			// Nothing that is for the bootstrap server alone is ever seen.
			if peer != bootstrap && strings.Contains(string(response.Payload), "example:568") {
				t.Fatalf("an account is shown: %q", response.Payload)
			}
		}
		if n := len(world.values.Export(0, 1, 3, 5, 16)); n > 2*len(payload)+64 {
			t.Fatalf("%d values of %d bytes", n, len(payload))
		}
	})
}

// A flood of requests fills no more than the limits.
func TestFloods(t *testing.T) {
	f := newFixture(t)
	f.values.Limit(16, 5)
	count := map[string]int{}
	for i := range 300 {
		id := lwm2m.NewPath(16, uint16(i)).String()
		head, _ := f.do(server, "POST /16"+senmlJSON, `[{"n":"`+id+`/0/0","vs":"a"}]`)
		count["create "+head[:4]]++
		head, _ = f.do(server, "PUT /16/0/0/"+lwm2m.NewPath(uint16(i)).String()[1:]+" ct=0", "x")
		count["instance "+head]++
		head, _ = f.do(Peer{SSID: uint16(i + 1)}, "PUT /3?pmin=1", "")
		count["attribute "+head]++
	}
	for what, want := range map[string]int{"create 2.01": 5, "create 5.00": 295, "instance 2.04": 256, "instance 5.00": 44, "attribute 2.04": 20, "attribute 5.00": 280} {
		if count[what] != want {
			t.Errorf("%s: %d times, want %d", what, count[what], want)
		}
	}
}
