package management

import (
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
)

const (
	tlv       = " ct=11542"
	senmlJSON = " ct=110"
)

// Every refusal has its code (reference, section 7), and changes nothing.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ name, line, payload, want string }{
		{"hidden object read", "GET /0", "", "4.01"},
		{"hidden instance", "GET /0/0", "", "4.01"},
		{"hidden resource", "GET /0/0/5", "", "4.01"},
		{"hidden discovered", "GET /0 accept=40", "", "4.01"},
		{"hidden attributes", "PUT /0/0?pmin=1", "", "4.01"},
		{"hidden observed", "GET /0/0/0 observe=0", "", "4.01"},
		{"hidden written", "PUT /0/0/0 ct=0", "x", "4.01"},
		{"hidden created", "POST /0" + tlv, "", "4.01"},
		{"hidden executed", "POST /0/0/1", "", "4.01"},
		{"hidden deleted", "DELETE /0/1", "", "4.01"},
		{"hidden and not there", "GET /21/0/1", "", "4.01"},
		{"unknown object", "GET /9", "", "4.04"},
		{"unknown instance", "GET /3/1", "", "4.04"},
		{"unknown resource", "GET /3/0/99", "", "4.04"},
		{"absent resource", "GET /3/0/2", "", "4.04"},
		{"absent instance of a resource", "GET /3/0/6/9", "", "4.04"},
		{"instance of a single resource", "GET /3/0/0/0", "", "4.04"},
		{"write to what is not there", "PUT /3/1/14 ct=0", "x", "4.04"},
		{"write an absent one that is read-only", "PUT /3/0/2 ct=0", "x", "4.04"},
		{"execute what is not there", "POST /3/0/5", "", "4.04"},
		{"delete what is not there", "DELETE /16/3", "", "4.04"},
		{"create of an unknown object", "POST /9" + tlv, "", "4.04"},
		{"attributes of what is not there", "PUT /3/0/2?pmin=1", "", "4.04"},
		{"not numeric", "GET /3/x", "", "4.04"},
		{"out of range", "GET /3/65535", "", "4.04"},
		{"far out of range", "GET /3/99999999999999999999", "", "4.04"},
		{"too deep", "GET /3/0/7/0/1", "", "4.04"},
		{"empty segment inside", "GET /3//0", "", "4.04"},
		{"bootstrap finish of another", "POST /bs", "", "4.04"},
		{"read executable", "GET /3/0/4", "", "4.05"},
		{"read write-only", "GET /5/0/0", "", "4.05"},
		{"observe executable", "GET /3/0/4 observe=0", "", "4.05"},
		{"read root", "GET /", "", "4.05"},
		{"write read-only", "PUT /3/0/0 ct=0", "x", "4.05"},
		{"write read-only, bad payload", "PUT /3/0/16" + tlv, "\xff", "4.05"},
		{"write executable", "PUT /3/0/4 ct=0", "x", "4.05"},
		{"write Short Server ID", "PUT /1/0/0 ct=0", "5", "4.05"},
		{"write read-only in instance", "POST /3/0" + tlv, "\xC1\x00x", "4.05"},
		{"execute non-executable", "POST /3/0/0", "", "4.05"},
		{"write object", "PUT /3" + tlv, "", "4.05"},
		{"delete object", "DELETE /3", "", "4.05"},
		{"delete root", "DELETE /", "", "4.05"},
		{"delete resource", "DELETE /3/0/0", "", "4.05"},
		{"delete resource instance", "DELETE /3/0/6/0", "", "4.05"},
		{"post at level 4", "POST /3/0/6/0", "", "4.05"},
		{"create of a single one that is there", "POST /3" + tlv, "", "4.05"},
		{"create not possible", "POST /1" + tlv, "", "4.05"},
		{"delete /3/0", "DELETE /3/0", "", "4.05"},
		{"delete /1/0", "DELETE /1/0", "", "4.05"},
		{"create at root", "POST /", "", "4.00"},
		{"create without mandatory", "POST /16" + senmlJSON, `[{"n":"/16/3/3","v":1}]`, "4.00"},
		{"create with read-only", "POST /16" + senmlJSON, `[{"n":"/16/3/0/0","vs":"a"},{"n":"/16/3/4","v":1}]`, "4.00"},
		{"create of two", "POST /16" + senmlJSON, `[{"n":"/16/3/0/0","vs":"a"},{"n":"/16/4/0/0","vs":"a"}]`, "4.00"},
		{"bootstrap-only resource", "GET /1/0/13", "", "4.05"},
		{"bootstrap-only resource written", "PUT /1/0/13 ct=0", "1", "4.05"},
		{"bootstrap-only and absent", "GET /1/0/14", "", "4.04"},
		{"unknown format", "PUT /3/0/14 ct=9999", "x", "4.15"},
		{"format that does not fit an option", "PUT /3/0/14 ct=4294967295", "x", "4.15"},
		{"unknown accept", "GET /3/0/0 accept=9999", "", "4.06"},
		{"text of an instance", "GET /3/0 accept=0", "", "4.06"},
		{"opaque of a text", "GET /3/0/0 accept=42", "", "4.06"},
		{"text of a multiple resource", "GET /3/0/6 accept=0", "", "4.06"},
		{"observe in a format that is none", "GET /3/0 observe=0 accept=0", "", "4.06"},
		{"text for an instance", "PUT /3/0 ct=0", "x", "4.00"},
		{"does not parse", "POST /3/0" + senmlJSON, "[{", "4.00"},
		{"wrong type", "PUT /1/0/1 ct=0", "abc", "4.00"},
		{"range", "PUT /3/0/14 ct=0", "+02:00:00", "4.00"},
		{"id of another", "PUT /3/0/14" + tlv, "\xC1\x0Dx", "4.00"},
		{"single for multiple", "POST /3/0" + tlv, "\xC1\x06\x01", "4.00"},
		{"multiple for single", "POST /3/0" + tlv, "\x83\x0E\x41\x00x", "4.00"},
		{"replace without mandatory", "PUT /1/0" + tlv, "\xC1\x01\x3C", "4.00"},
		{"composite in another format", "FETCH / ct=0", "/3/0/0", "4.15"},
		{"composite without format", "FETCH /", `[{"n":"/3/0/0"}]`, "4.15"},
		{"composite write in TLV", "iPATCH /" + tlv, "", "4.15"},
		{"composite accept", "FETCH / ct=110 accept=0", `[{"n":"/3/0/0"}]`, "4.06"},
		{"composite write accept", "iPATCH / ct=110 accept=0", `[{"n":"/1/0/1","v":1}]`, "4.06"},
		{"composite elsewhere", "FETCH /3 ct=110", `[{"n":"/3/0/0"}]`, "4.05"},
		{"composite write elsewhere", "iPATCH /3 ct=110", `[]`, "4.05"},
		{"composite of too many", "FETCH / ct=110", `[{"n":"/1"},{"n":"/2"},{"n":"/3"},{"n":"/4"},{"n":"/5"}]`, "4.13"},
		{"composite write of nothing there", "iPATCH / ct=110", `[{"n":"/1/0/1","v":1},{"n":"/16/0/3","v":1}]`, "4.04"},
		{"composite write of read-only", "iPATCH / ct=110", `[{"n":"/1/0/1","v":1},{"n":"/3/0/0","vs":"x"}]`, "4.05"},
		{"composite write of hidden", "iPATCH / ct=110", `[{"n":"/1/0/1","v":1},{"n":"/0/0/0","vs":"x"}]`, "4.01"},
		{"composite write of a wrong type", "iPATCH / ct=110", `[{"n":"/1/0/1","v":1},{"n":"/1/0/6","v":1}]`, "4.00"},
		{"attribute unknown", "PUT /3/0?foo=1", "", "4.00"},
		{"attribute no number", "PUT /3/0?pmin=x", "", "4.00"},
		{"attribute order", "PUT /3/0?pmin=5&pmax=4", "", "4.00"},
		{"attribute of a text", "PUT /3/0/0?gt=1", "", "4.00"},
		{"attribute of an instance", "PUT /3/0?gt=1", "", "4.00"},
		{"attribute read-only", "PUT /3/0?ver=1", "", "4.00"},
		{"no attribute", "PUT /3/0", "", "4.00"},
		{"attribute of the root", "PUT /?pmin=1", "", "4.05"},
		{"arguments", "POST /3/0/4", "a", "4.00"},
		{"arguments in another format", "POST /3/0/4" + tlv, "", "4.15"},
		{"critical option", "GET /3/0/0 critical=1", "", "4.02"},
		{"If-None-Match", "PUT /3/0/16 none=", "x", "4.12"},
		{"If-Match with a tag", "PUT /3/0/14 match=5 ct=0", "x", "4.12"},
		{"If-Match of nothing", "PUT /3/0/14 match= ct=0", "x", "4.12"},
		{"PATCH", "PATCH /3/0 ct=110", "[]", "4.05"},
		{"no method", "HEAD /3/0", "", "4.05"},
		{"discover root", "GET / accept=40", "", "4.05"},
		{"discover resource instance", "GET /3/0/6/0 accept=40", "", "4.05"},
		{"discover what is absent", "GET /3/0/2 accept=40", "", "4.04"},
	} {
		f := newFixture(t)
		before := f.content()
		if head, _ := f.do(server, c.line, c.payload); head != c.want {
			t.Errorf("%s: %s %q: %s, want %s", c.name, c.line, c.payload, head, c.want)
		}
		if after := f.content(); after != before {
			t.Errorf("%s: %s was refused and left\n%s", c.name, c.line, after)
		}
		if took := f.took(); took != "" {
			t.Errorf("%s: %s was refused and led to %s", c.name, c.line, took)
		}
	}
}

func TestOperations(t *testing.T) {
	for _, c := range []struct{ name, line, payload, head, body, led string }{
		{"read text", "GET /3/0/0 accept=0", "", "2.05 ct=0", "Acme", ""},
		{"read with a slash at the end", "GET /3/0/0/ accept=0", "", "2.05 ct=0", "Acme", ""},
		{"read with host", "GET /3/0/0 accept=0 host=1 elective=1", "", "2.05 ct=0", "Acme", ""},
		{"read without accept", "GET /3/0/0", "", "2.05 ct=112", "\x81\xA2\x21\x66/3/0/0\x03\x64Acme", ""},
		{"read multiple", "GET /3/0/6 accept=11542", "", "2.05 ct=11542", "\x86\x06\x41\x00\x01\x41\x01\x05", ""},
		{"read resource instance", "GET /3/0/6/1 accept=0", "", "2.05 ct=0", "5", ""},
		{"read object without instances", "GET /16 accept=110", "", "2.05 ct=110", "[]", ""},
		{"read object without instances", "GET /16 accept=11542", "", "2.05 ct=11542", "", ""},
		{"write text", "PUT /3/0/14 ct=0", "+02:00", "2.04", "", "written /3/0/14=+02:00"},
		{"write without format", "PUT /3/0/14", "+02:00", "2.04", "", "written /3/0/14=+02:00"},
		{"write nothing", "PUT /3/0/14 ct=0", "", "2.04", "", "written /3/0/14="},
		{"update", "POST /1/0" + tlv, "\xC1\x01\x3C", "2.04", "", "written /1/0/1=60"},
		{"replace", "PUT /1/0" + tlv, "\xC1\x01\x3C\xC1\x06\x00", "2.04", "", "written /1/0/1=60; written /1/0/6=false"},
		{"If-Match", "PUT /1/0/1 match= ct=0", "5", "2.04", "", "written /1/0/1=5"},
		{"If-None-Match", "PUT /3/0/14 none= ct=0", "x", "2.04", "", "written /3/0/14=x"},
		{"execute", "POST /3/0/4", "0,1='42'", "2.04", "", "execute /3/0/4 [{0  false} {1 42 true}]; executed"},
		{"execute with format", "POST /3/0/4 ct=0", "", "2.04", "", "execute /3/0/4 []; executed"},
		{"create with id", "POST /16" + senmlJSON, `[{"n":"/16/3/0/0","vs":"a"}]`, "2.01 /16 /3", "", "written /16/3/0/0=a"},
		{"create with id in TLV", "POST /16" + tlv, "\x08\x01\x05\x83\x00\x41\x00a", "2.01 /16 /1", "", "written /16/1/0/0=a"},
		{"create without id", "POST /16" + tlv, "\x83\x00\x41\x00a", "2.01 /16 /0", "", "written /16/0/0/0=a"},
		{"observe", "GET /3/0/0 observe=0 accept=0", "", "2.05 observe=7 ct=0", "Acme", `observe 101 "t" [/3/0/0] 0 false`},
		{"observe object", "GET /3 observe=0 accept=11542", "", "2.05 observe=7 ct=11542", "", `observe 101 "t" [/3] 11542 false`},
		{"cancel", "GET /3/0/0 observe=1 accept=0", "", "2.05 ct=0", "Acme", `cancel 101 "t" [/3/0/0]`},
		{"another observe value", "GET /3/0/0 observe=9 accept=0", "", "2.05 ct=0", "Acme", ""},
		{"composite", "FETCH / ct=110", `[{"n":"/3/0/0"},{"n":"/9/9"},{"n":"/0/0/0"},{"n":"/3/0/4"}]`, "2.05 ct=110", `[{"bn":"/3/0/0","vs":"Acme"}]`, ""},
		{"composite of nothing", "FETCH / ct=110 accept=112", `[{"n":"/9"}]`, "2.05 ct=112", "\x80", ""},
		{"composite observe", "FETCH / ct=110 observe=0", `[{"n":"/3/0/1"},{"n":"/9"}]`, "2.05 observe=7 ct=110", `[{"bn":"/3/0/1","vs":"T1"}]`, `observe 101 "t" [/3/0/1 /9] 110 true`},
		{"composite cancel", "FETCH / ct=110 observe=1", `[{"n":"/3/0/1"}]`, "2.05 ct=110", `[{"bn":"/3/0/1","vs":"T1"}]`, `cancel 101 "t" [/3/0/1]`},
		{"composite write", "iPATCH / ct=110", `[{"bn":"/1/0/","n":"1","v":60},{"n":"6","vb":false}]`, "2.04", "", "written /1/0/1=60; written /1/0/6=false"},
		{"attributes", "PUT /3/0/7?gt=6&lt=1&st=1", "", "2.04", "", "attributes 101 /3/0/7"},
		{"package in TLV", "PUT /5/0/0" + tlv, "\xC3\x00abc", "2.04", "", "upload /5/0/0 3; uploaded 3"},
		{"package in text", "PUT /5/0/0 ct=0", "YWJj", "2.04", "", "upload /5/0/0 3; uploaded 3"},
	} {
		f := newFixture(t)
		head, body := f.do(server, c.line, c.payload)
		if head != c.head || body != c.body && c.body != "" {
			t.Errorf("%s: %s %q: %s %q, want %s %q", c.name, c.line, c.payload, head, body, c.head, c.body)
		}
		if took := f.took(); took != c.led {
			t.Errorf("%s: %s led to %s, want %s", c.name, c.line, took, c.led)
		}
	}
}

func TestDelete(t *testing.T) {
	f := newFixture(t)
	f.do(server, "POST /16"+senmlJSON, `[{"n":"/16/3/0/0","vs":"a"}]`)
	f.do(server, "PUT /16/3/0?pmin=5", "")
	f.do(server, "PUT /16?pmin=6", "")
	if head, _ := f.do(server, "POST /16"+senmlJSON, `[{"n":"/16/3/0/0","vs":"a"}]`); head != "4.00" {
		t.Errorf("create of an id in use: %s", head)
	}
	if head, _ := f.do(server, "DELETE /16/3", ""); head != "2.02" {
		t.Errorf("delete: %s", head)
	}
	f.do(server, "POST /16"+senmlJSON, `[{"n":"/16/3/0/0","vs":"a"}]`)
	if _, body := f.do(server, "GET /16 accept=40", ""); body != "</16>;pmin=6,</16/3>,</16/3/0>;dim=1" {
		t.Errorf("discover: %s", body)
	}
}

func TestWhatObjectsRefuse(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{{errBusy, "5.03"}, {errDisk, "5.00"}, {lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "not now"), "4.05"}} {
		f := newFixture(t)
		f.do(server, "POST /16"+senmlJSON, `[{"n":"/16/3/0/0","vs":"a"}]`)
		before := f.content()
		f.device.refuse, f.portfolio.refuse, f.firmware.refuse, f.observer.refuse = c.err, c.err, c.err, c.err
		for _, line := range []string{"PUT /3/0/14 ct=0", "POST /3/0/4", "PUT /5/0/0 ct=42", "DELETE /16/3", "POST /16" + tlv, "GET /3 observe=0", "iPATCH / ct=110"} {
			payload := map[string]string{"POST /16" + tlv: "\x83\x00\x41\x00a", "iPATCH / ct=110": `[{"n":"/1/0/1","v":60},{"n":"/3/0/14","vs":"x"}]`}[line]
			if head, _ := f.do(server, line, payload); head != c.want {
				t.Errorf("%s with %v: %s, want %s", line, c.err, head, c.want)
			}
		}
		if f.content() != before {
			t.Errorf("%v left\n%s", c.err, f.content())
		}
	}
}

func TestDiscover(t *testing.T) {
	f := newFixture(t)
	if err := f.values.Add(values(&connectivityDefinition, 1)); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"PUT /3?pmin=10&pmax=200", "PUT /3/0/7?gt=6&lt=1&st=1", "PUT /3/0/7/1?pmin=20"} {
		if head, _ := f.do(server, line, ""); head != "2.04" {
			t.Fatalf("%s: %s", line, head)
		}
	}
	for _, c := range []struct {
		peer       Peer
		line, want string
	}{
		{server, "/3", "</3>;pmin=10;pmax=200,</3/0>,</3/0/0>,</3/0/1>,</3/0/4>,</3/0/6>;dim=2,</3/0/7>;dim=2;gt=6;lt=1;st=1,</3/0/11>;dim=1,</3/0/16>"},
		{server, "/3/0", "</3/0>,</3/0/0>,</3/0/1>,</3/0/4>,</3/0/6>;dim=2,</3/0/7>;dim=2;gt=6;lt=1;st=1,</3/0/11>;dim=1,</3/0/16>"},
		{server, "/3/0/7", "</3/0/7>;dim=2;pmin=10;pmax=200;gt=6;lt=1;st=1,</3/0/7/0>,</3/0/7/1>;pmin=20"},
		{server, "/3/0/0", "</3/0/0>;pmin=10;pmax=200"},
		{server, "/3/0/4", "</3/0/4>;pmin=10;pmax=200"},
		{other, "/3/0/7", "</3/0/7>;dim=2,</3/0/7/0>,</3/0/7/1>"},
		{server, "/16", "</16>"},
		{server, "/5", "</5>,</5/0>,</5/0/0>,</5/0/1>"},
		{server, "/4", "</4>;ver=1.3,</4/0>"},
	} {
		if head, body := f.do(c.peer, "GET "+c.line+" accept=40", ""); head != "2.05 ct=40" || body != c.want {
			t.Errorf("%s: %s\n%s, want\n%s", c.line, head, body, c.want)
		}
	}
}

func TestObjectList(t *testing.T) {
	f := newFixture(t)
	if err := f.values.Add(values(&connectivityDefinition, 1)); err != nil {
		t.Fatal(err)
	}
	got, err := ObjectList(f.values.Listings(), f.codec)
	plain, plainErr := ObjectList(nil, format.New(format.Config{}))
	if want := `</>;rt="oma.lwm2m";ct=0`; plainErr != nil || string(plain) != want {
		t.Errorf("%s %v, want %s", plain, plainErr, want)
	}
	if want := `</>;rt="oma.lwm2m";ct="60 110 112 11542 11543",</1/0>,</3/0>,</4>;ver=1.3,</4/0>,</5/0>,</16>`; err != nil || string(got) != want {
		t.Errorf("%s %v, want\n%s", got, err, want)
	}
}

func TestStream(t *testing.T) {
	f := newFixture(t)
	for _, line := range []string{"PUT /5/0/0" + tlv, "PUT /5/0/1 ct=42", "POST /5/0/0 ct=42", "PUT /5/0 ct=42", "PUT /5/x/0 ct=42", "PUT /5/0/0 ct=42 critical=1", "PUT /5/0/0 ct=42 none="} {
		if upload := f.Stream(server, request(line, "")); upload != nil {
			t.Errorf("%s is streamed", line)
		}
	}
	if upload := f.Stream(bootstrap, request("PUT /5/0/0 ct=42", "")); upload != nil {
		t.Error("the bootstrap server's write is streamed")
	}
	upload := f.Handler(server).Stream(request("PUT /5/0/0 ct=42 size=6", ""))
	for _, part := range []string{"abc", "def"} {
		if refused := upload.Write([]byte(part)); refused != nil {
			t.Fatalf("%s: %v", part, refused.Code)
		}
	}
	response := upload.Commit()
	if response.Code != coap.Changed || f.took() != "upload /5/0/0 6" {
		t.Errorf("commit: %v", response.Code)
	}
	response.After()
	if f.took() != "uploaded 6" || string(f.firmware.taken) != "abcdef" {
		t.Errorf("taken: %q", f.firmware.taken)
	}

	upload = f.Stream(server, request("PUT /5/0/0 ct=42", ""))
	upload.Abort(errDisk)
	if took := f.took(); took != "upload /5/0/0 -1; aborted: no space left" {
		t.Error(took)
	}
	upload = f.Stream(server, request("PUT /5/0/0 ct=42", ""))
	f.firmware.refuse = errBusy
	if refused := upload.Write([]byte("abc")); refused == nil || refused.Code != coap.ServiceUnavailable {
		t.Errorf("write: %v", refused)
	}
	upload = f.Stream(server, request("PUT /5/0/0 ct=42", ""))
	if refused := upload.Write([]byte("abc")); refused == nil || refused.Code != coap.ServiceUnavailable {
		t.Errorf("write after a refusal: %v", refused)
	}
	if response := upload.Commit(); response.Code != coap.ServiceUnavailable {
		t.Errorf("commit after a refusal: %v", response.Code)
	}
	upload.Abort(errDisk)
	upload = f.Stream(server, request("PUT /3/0/0 ct=42", ""))
	if refused := upload.Write(nil); refused == nil || refused.Code != coap.MethodNotAllowed {
		t.Errorf("read-only: %v", refused)
	}
}

// Effects come after the answer, and only then.
func TestEffectsFollowTheAnswer(t *testing.T) {
	f := newFixture(t)
	response := f.Serve(server, request("POST /3/0/4", ""))
	if took := f.took(); took != "execute /3/0/4 []" {
		t.Error(took)
	}
	response.After()
	if took := f.took(); took != "executed" {
		t.Error(took)
	}
	structures := 0
	f.values.OnStructure(func() { structures++ })
	response = f.Serve(server, request("POST /16"+tlv, "\x83\x00\x41\x00a"))
	if took := f.took(); took != "" || structures != 0 {
		t.Errorf("%s, structure %d", took, structures)
	}
	response.After()
	if took := f.took(); !strings.HasPrefix(took, "written") || structures != 1 {
		t.Errorf("%s, structure %d", took, structures)
	}
}
