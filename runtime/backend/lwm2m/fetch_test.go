package lwm2m

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/credentials/credentialstest"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// full is a writer that takes nothing.
type full struct{}

var errFull = errors.New("no room")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestFetch(t *testing.T) {
	config := shipped()
	config.DownloadTag = secTag + 5
	run(t, config, func(r *rig) {
		p := &program{backend: r.Backend}
		fetch := func(uri string) error { return p.Fetch(context.Background(), uri, &bytes.Buffer{}) }
		target := func(want string) {
			t.Helper()
			r.server.set(func() {
				last := r.server.targets[len(r.server.targets)-1]
				if got := last.Address + " " + string(last.Identity) + " " + last.ServerName; got != want {
					t.Errorf("fetched from %s, want %s", got, want)
				}
			})
		}
		r.server.set(func() { r.server.answer = func(string) coap.Code { return coap.Content } })
		if err := fetch("coaps://images.example:5685/a%20b/c?x=1&y=%26"); err != nil {
			t.Error(err)
		}
		r.server.expect("GET /a b/c?x=1&y=&")
		target("images.example:5685 " + endpoint + " images.example") // the tag has no key: that of the server
		credentialstest.WriteFile(t, r.dir, config.DownloadTag, "psk_id", []byte("images"))
		credentialstest.WriteFile(t, r.dir, config.DownloadTag, "psk", []byte(key))
		if err := fetch("coaps://images.example:5685"); err != nil {
			t.Error(err)
		}
		r.server.expect("GET /")
		target("images.example:5685 images images.example")

		for _, test := range []struct {
			uri    string
			answer coap.Code
			refuse error
			want   lwm2m.FetchCause
			says   string
		}{
			{"http://images.example:80/a", 0, nil, lwm2m.FetchUnsupported, "http"},
			{"coaps://a b/", 0, nil, lwm2m.FetchInvalid, "invalid"},
			{"coaps://images.example:5684/a", coap.NotFound, nil, lwm2m.FetchInvalid, "4.04"},
			{"coaps://images.example:5684/a", 0, &net.DNSError{Err: "no such host"}, lwm2m.FetchInvalid, "no such host"},
			{"coaps://images.example:5684/a", 0, context.DeadlineExceeded, lwm2m.FetchLost, "deadline"},
		} {
			r.server.set(func() {
				r.server.answer, r.server.refuse = func(string) coap.Code { return test.answer }, test.refuse
			})
			err := fetch(test.uri)
			if fault, is := errors.AsType[*lwm2m.FetchError](err); !is || fault.Cause != test.want || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: %v, want %d with %q", test.uri, err, test.want, test.says)
			}
		}
		r.server.set(func() { r.server.refuse, r.server.silent, r.server.answer = nil, true, nil })
		if fault, is := errors.AsType[*lwm2m.FetchError](fetch("coaps://images.example:5684/a")); !is || fault.Cause != lwm2m.FetchLost {
			t.Errorf("a silent server: %v", fault)
		}
	})
}

// What the target of an image says comes back as it is: it is not the network's fault.
func TestFetchIntoAFullTarget(t *testing.T) {
	i := &fetched{Writer: full{}}
	if _, err := i.Write([]byte{1}); !errors.Is(err, errFull) || !errors.Is(i.err, errFull) {
		t.Errorf("%v, %v", err, i.err)
	}
}

func TestFetchWithoutKey(t *testing.T) {
	config := shipped()
	config.Server = "coap://server.example"
	backend, err := New(config, deviceOf(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := backend.imageKey(); err == nil {
		t.Error("there is a key before Init")
	}
	backend.enter(endpoint, nil)
	if _, _, err := backend.imageKey(); err == nil || !strings.Contains(err.Error(), "LWM2M_CLIENT_UTILS_DOWNLOADER_SEC_TAG") {
		t.Error(err)
	}
	p := &program{backend: backend}
	if fault, is := errors.AsType[*lwm2m.FetchError](p.Fetch(context.Background(), "coaps://images.example:5684", nil)); !is || fault.Cause != lwm2m.FetchUnsupported {
		t.Errorf("without DTLS: %v", fault)
	}
}
