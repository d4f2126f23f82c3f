package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
	"github.com/cloudgen/cloudgen/lab/pki"
)

// A client that knows nothing but what Service tells connects, and its conversation is on the stream of events.
func TestServe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lab")
	for _, listen := range []string{"localhost:0", "127.0.0.1:0", ":0"} { // the second and third reuse the folder
		var mu sync.Mutex
		var events []Event
		service, err := Serve(t.Context(), "aws", ServeOptions{Dir: dir, Listen: listen, Events: func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, e)
		}})
		if err != nil {
			t.Fatal(err)
		}
		endpoint, err := url.Parse(service.Endpoints()[0])
		if err != nil {
			t.Fatal(err)
		}
		if endpoint.Scheme != "mqtts" || endpoint.Host != service.FirmwareEndpoint() || endpoint.Hostname() != "localhost" {
			t.Errorf("endpoints %q, firmware %s", service.Endpoints(), service.FirmwareEndpoint())
		}
		tag := filepath.Join(service.CredentialsDir(), "42")
		certificate, err := tls.LoadX509KeyPair(filepath.Join(tag, "cert.pem"), filepath.Join(tag, "key.pem"))
		if err != nil {
			t.Fatal(err)
		}
		ca, err := os.ReadFile(filepath.Join(tag, "ca.pem"))
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(ca)
		client, err := rawmqtt.Dial(t.Context(), endpoint.Host, &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := client.Connect(rawmqtt.Session{ID: "device"}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Subscribe(1, 1, "$aws/things/device/shadow/update/delta"); err != nil {
			t.Fatal(err)
		}
		if _, err := service.(*AWS).Cloud().UpdateShadow("device", "", []byte(`{"state":{"desired":{"a":1}}}`)); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Expect(rawmqtt.Publish); err != nil {
			t.Fatal(err)
		}
		if err := client.Disconnect(); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Read(); err == nil {
			t.Error("the connection is still open")
		}
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
		if err := service.Close(); err != nil {
			t.Fatal(err)
		}
		var kinds []broker.Kind
		for _, e := range events {
			if e.Kind != string(broker.Listening) && e.Kind != string(broker.Notice) {
				kinds = append(kinds, broker.Kind(e.Kind))
			}
		}
		want := []broker.Kind{broker.Connected, broker.Subscribed, broker.Sent, broker.Disconnected, broker.Stopped}
		if !slices.Equal(kinds, want) {
			t.Errorf("listening on %s: events %v, want %v", listen, kinds, want)
		}
	}
}

func TestServeRefuses(t *testing.T) {
	occupied, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer occupied.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := map[string]struct {
		ctx     context.Context
		cloud   string
		options ServeOptions
		want    string
	}{
		"unknown cloud":  {t.Context(), "azure", ServeOptions{Dir: t.TempDir()}, `no local cloud "azure" yet; there is: aws, lwm2m`},
		"no folder":      {t.Context(), "aws", ServeOptions{}, "needs a folder"},
		"folder is file": {t.Context(), "aws", ServeOptions{Dir: file}, file},
		"bad address":    {t.Context(), "aws", ServeOptions{Dir: t.TempDir(), Listen: "8883"}, "write HOST:PORT"},
		"bad tag":        {t.Context(), "aws", ServeOptions{Dir: t.TempDir(), Tag: -5}, "-5"},
		"taken port":     {t.Context(), "aws", ServeOptions{Dir: t.TempDir(), Listen: occupied.Addr().String()}, occupied.Addr().String()},
		"ended":          {ended, "aws", ServeOptions{Dir: t.TempDir()}, "canceled"},
	}
	for name, test := range tests {
		service, err := Serve(test.ctx, test.cloud, test.options)
		if err == nil {
			t.Errorf("%s: served", name)
			if err := service.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

// What was repaired in the folder is on the screen.
func TestServeTellsRepairs(t *testing.T) {
	dir := t.TempDir()
	authority, err := pki.Open(dir, time.Now().AddDate(-20, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Device(7, "old", time.Now().AddDate(-20, 0, 0)); err != nil {
		t.Fatal(err)
	}
	var notices []string
	service, err := Serve(t.Context(), "aws", ServeOptions{Dir: dir, Listen: "localhost:0", Tag: 7, Events: func(e Event) {
		if e.Kind == string(broker.Notice) {
			notices = append(notices, e.Detail)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	if len(notices) != 2 || !strings.Contains(notices[0], "new certificate authority") || !strings.Contains(notices[1], "new device credentials") {
		t.Errorf("notices %q", notices)
	}
}

func TestReachable(t *testing.T) {
	for address, want := range map[string]string{
		"localhost:1": "localhost:1", "127.0.0.1:1": "localhost:1", "[::1]:1": "localhost:1", ":1": "localhost:1", "0.0.0.0:1": "localhost:1", "[::]:1": "localhost:1",
		"lab.example:1": "lab.example:1", "192.0.2.7:1": "192.0.2.7:1",
	} {
		if got, err := reachable(address); got != want || err != nil {
			t.Errorf("%s: %s, %v; want %s", address, got, err, want)
		}
	}
}
