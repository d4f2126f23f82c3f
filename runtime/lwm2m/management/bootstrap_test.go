package management

import (
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

func TestBootstrapWindow(t *testing.T) {
	f := newFixture(t)
	before := f.content()
	lines := []string{"GET / accept=40", "GET /1/0", "PUT /1/0/1 ct=0", "DELETE /", "POST /bs", "POST /1/0/8"}
	refused := func() {
		t.Helper()
		for _, line := range lines {
			if head, _ := f.do(bootstrap, line, "5"); head != "4.01" {
				t.Errorf("%s: %s, want 4.01", line, head)
			}
		}
	}
	refused()
	f.OpenBootstrap()
	f.CloseBootstrap()
	refused()
	if f.content() != before {
		t.Errorf("it has changed\n%s", f.content())
	}
	f.OpenBootstrap()
	if head, _ := f.do(bootstrap, "POST /bs", ""); head != "2.04" {
		t.Errorf("finish: %s", head)
	}
	refused()
}

func TestBootstrapDiscover(t *testing.T) {
	f := newFixture(t)
	f.OpenBootstrap()
	for line, want := range map[string]string{
		"/":   `</>;lwm2m=1.1,</0/0>;uri="coaps://bs.example:5684",</0/1>;ssid=101;uri="coaps://srv.example:5684",</1/0>;ssid=101,</3/0>,</5/0>,</16>`,
		"/0":  `</>;lwm2m=1.1,</0/0>;uri="coaps://bs.example:5684",</0/1>;ssid=101;uri="coaps://srv.example:5684"`,
		"/16": `</>;lwm2m=1.1,</16>`,
	} {
		if head, body := f.do(bootstrap, "GET "+line+" accept=40", ""); head != "2.05 ct=40" || body != want {
			t.Errorf("%s: %s\n%s, want\n%s", line, head, body, want)
		}
	}
}

func TestBootstrapOperations(t *testing.T) {
	for _, c := range []struct{ name, line, payload, head, body string }{
		{"discover of nothing", "GET /9 accept=40", "", "4.04", ""},
		{"discover of an instance", "GET /1/0 accept=40", "", "4.05", ""},
		{"read", "GET /1 accept=110", "", "2.05 ct=110", `"v":101`},
		{"read with what no other reads", "GET /1/0 accept=110", "", "2.05 ct=110", `{"n":"13","v":1}`},
		{"read secrets", "GET /0 accept=110", "", "4.01", ""},
		{"read root", "GET / accept=110", "", "4.05", ""},
		{"read another", "GET /3 accept=110", "", "4.05", ""},
		{"read nothing", "GET /1/7", "", "4.04", ""},
		{"read resource", "GET /1/0/0", "", "4.05", ""},
		{"read in an unknown format", "GET /1 accept=9999", "", "4.06", ""},
		{"write object", "PUT /1" + tlv, "\x08\x03\x06\xC1\x00\x05\xC1\x01\x09", "2.04", ""},
		{"write instance", "PUT /1/0" + tlv, "\xC1\x00\x05\xC1\x01\x09", "2.04", ""},
		{"write new instance", "PUT /1/9" + tlv, "\xC1\x00\x05\xC1\x01\x09", "2.04", ""},
		{"write resource", "PUT /1/0/0 ct=0", "5", "2.04", ""},
		{"write unknown resource along", "PUT /1/0" + tlv, "\xC1\x00\x05\xC1\x63\x09", "2.04", ""},
		{"write unknown object", "PUT /9" + tlv, "", "4.04", ""},
		{"write unknown resource", "PUT /1/0/99 ct=0", "5", "4.04", ""},
		{"write second bootstrap account", "PUT /0/2" + tlv, "\xC1\x01\x01", "4.00", ""},
		{"write what does not parse", "PUT /1/0" + tlv, "\xFF", "4.00", ""},
		{"write out of range", "PUT /1/0/0 ct=0", "0", "4.00", ""},
		{"write in an unknown format", "PUT /1/0 ct=9999", "", "4.15", ""},
		{"write executable", "PUT /1/0/8 ct=0", "5", "4.05", ""},
		{"write root", "PUT / ct=110", "[]", "4.05", ""},
		{"write resource instance", "PUT /16/0/0/0 ct=0", "a", "4.05", ""},
		{"write the client's own", "PUT /3/1" + tlv, "\xC1\x0Ex", "4.00", ""},
		{"execute", "POST /1/0/8", "", "4.05", ""},
		{"create", "POST /1" + tlv, "", "4.05", ""},
		{"composite", "FETCH / ct=110", "[]", "4.05", ""},
		{"delete all", "DELETE /", "", "2.02", ""},
		{"delete object", "DELETE /0", "", "2.02", ""},
		{"delete instance", "DELETE /0/1", "", "2.02", ""},
		{"delete what is gone", "DELETE /0/9", "", "2.02", ""},
		{"delete bootstrap account", "DELETE /0/0", "", "4.05", ""},
		{"delete device", "DELETE /3/0", "", "4.05", ""},
		{"delete all of device", "DELETE /3", "", "2.02", ""},
		{"delete resource", "DELETE /1/0/1", "", "4.05", ""},
		{"delete unknown object", "DELETE /9", "", "4.04", ""},
		{"GET /bs", "GET /bs", "", "4.05", ""},
	} {
		f := newFixture(t)
		f.OpenBootstrap()
		before := f.content()
		head, body := f.do(bootstrap, c.line, c.payload)
		if head != c.head || !strings.Contains(body, c.body) {
			t.Errorf("%s: %s: %s %s, want %s %s", c.name, c.line, head, body, c.head, c.body)
		}
		if strings.HasPrefix(head, "4") && f.content() != before {
			t.Errorf("%s: %s was refused and left\n%s", c.name, c.line, f.content())
		}
	}
}

func TestBootstrapDeleteAllKeepsTheAccount(t *testing.T) {
	f := newFixture(t)
	f.OpenBootstrap()
	f.do(server, "POST /16"+senmlJSON, `[{"n":"/16/3/0/0","vs":"a"}]`)
	f.do(bootstrap, "DELETE /", "")
	for path, want := range map[string]bool{"/0/0": true, "/0/1": false, "/1/0": false, "/3/0": true, "/5/0": true, "/16/3": false} {
		if got := f.values.Exists(at(path)); got != want {
			t.Errorf("%s is there: %v, want %v", path, got, want)
		}
	}
}

func TestBootstrapFinish(t *testing.T) {
	f := newFixture(t)
	f.OpenBootstrap()
	f.do(server, "PUT /3?pmin=5", "")
	finish := func(want string, reasons ...string) {
		t.Helper()
		f.ended = nil
		head, _ := f.do(bootstrap, "POST /bs", "")
		if head != want || len(f.ended) != 1 || (f.ended[0] == nil) != (len(reasons) == 0) {
			t.Fatalf("finish: %s %v, want %s", head, f.ended, want)
		}
		for _, reason := range reasons {
			if !strings.Contains(f.ended[0].Error(), reason) {
				t.Errorf("%v, want something with %q", f.ended[0], reason)
			}
		}
	}
	f.do(bootstrap, "DELETE /", "")
	finish("4.06", "no server in object 1")
	for _, line := range []string{"PUT /1/0/0 ct=0", "PUT /1/1/0 ct=0"} {
		f.do(bootstrap, line, "7")
	}
	f.do(bootstrap, "PUT /1/2/1 ct=0", "60")
	finish("4.06", "server 7 has no account", "/1/1: the Short Server ID 7 is that of another server too", "/1/2 has no Short Server ID")
	f.do(bootstrap, "DELETE /1/1", "")
	f.do(bootstrap, "DELETE /1/2", "")
	f.do(bootstrap, "PUT /0/4/10 ct=0", "7")
	finish("4.06", "no URI")
	f.options.CheckAccount = func(instance uint16) error {
		if uri, found := f.values.Get(lwm2m.NewPath(0, instance, 0)); !found || uri.Text() != "coap://x" {
			return errDisk
		}
		return nil
	}
	finish("4.06", "/0/4, of server 7: no space left")
	f.do(bootstrap, "PUT /0/4/0 ct=0", "coap://x")
	finish("2.04")
	if _, body := f.do(Peer{SSID: 7}, "GET /3 accept=40", ""); strings.Contains(body, "pmin") {
		t.Errorf("attributes have survived: %s", body)
	}
}
