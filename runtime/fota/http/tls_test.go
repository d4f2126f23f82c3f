package http_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/credentials/credentialstest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

// Whom the device trusts, and what it tells when it does not. Tag 1 has a CA alone, tag 2 another one with a certificate of ours, tag 3 nothing.
func TestTLS(t *testing.T) {
	ca, device := credentialstest.NewAuthority(t, "CA of files"), credentialstest.NewAuthority(t, "CA of devices")
	dir := t.TempDir()
	credentialstest.WriteFile(t, dir, 1, "ca.pem", credentialstest.CertificatePEM(ca.Certificate))
	credentialstest.WriteTag(t, dir, 2, device, device.Issue(t, credentialstest.Request{Name: "device"}))
	good := credentialstest.Request{Hosts: []string{"files.example"}}
	expired := credentialstest.Request{Hosts: []string{"files.example"}, NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(0, 0, -1)}
	image := file{content: imageOf(3000), etag: `"v1"`}
	for name, test := range map[string]struct {
		authority *credentialstest.Authority
		request   credentialstest.Request
		change    func(*tls.Config)
		tags      []int
		cause     fota.Cause // 0: it is downloaded
		says      string
		tries     int // connections
	}{
		"good":                           {ca, good, nil, []int{1}, 0, "", 1},
		"second tag":                     {ca, good, nil, []int{2, 1}, 0, "", 1},
		"asks for a certificate":         {ca, good, func(c *tls.Config) { c.ClientAuth = tls.RequireAndVerifyClientCert }, []int{1, 2}, 0, "", 1},
		"asks for one that is not there": {ca, good, func(c *tls.Config) { c.ClientAuth = tls.RequireAndVerifyClientCert }, []int{1}, fota.CauseConnectFailed, "ends TLS", 1},
		"the same by TLS 1.2":            {ca, good, func(c *tls.Config) { c.ClientAuth, c.MaxVersion = tls.RequireAndVerifyClientCert, tls.VersionTLS12 }, []int{1}, fota.CauseConnectFailed, "ends the TLS handshake", 1},
		"wrong CA":                       {device, good, nil, []int{1}, fota.CauseConnectFailed, `issued by "CN=CA of devices"; expected one that comes from a CA certificate of security tag 1`, 1},
		"expired":                        {ca, expired, nil, []int{1}, fota.CauseConnectFailed, "is valid from", 1},
		"wrong name":                     {ca, credentialstest.Request{Hosts: []string{"other.example"}}, nil, []int{1, 2}, fota.CauseConnectFailed, `is for other.example; expected "files.example"`, 1},
		"no name":                        {ca, credentialstest.Request{Name: "files.example"}, nil, []int{1}, fota.CauseConnectFailed, "without any host name", 1},
		"too old a version":              {ca, good, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 }, []int{1}, fota.CauseConnectFailed, "the server ends the TLS handshake", 1},
		"tag that is missing":            {ca, good, nil, []int{3}, fota.CauseInvalidConfiguration, "security tag 3 cannot be used", 0},
	} {
		t.Run(name, func(t *testing.T) {
			pair := test.authority.Issue(t, test.request)
			config := device.Server(pair)
			config.ClientAuth = tls.VerifyClientCertIfGiven
			if test.change != nil {
				test.change(config)
			}
			s := &server{TB: t, answer: func(_ int, r request) reply { return image.answer(r) }}
			var names sync.Map
			config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				names.Store(hello.ServerName, true)
				return nil, nil
			}
			client, err := http.New(ranged, http.Platform{Credentials: credentials.Open(dir), Dial: func(_ context.Context, _, address string) (net.Conn, error) {
				s.dialled = append(s.dialled, address)
				client, ours := loopback(t)
				s.running.Go(func() { s.serve(tls.Server(ours, config)) })
				return client, nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			into := &taker{}
			err = client.Fetch(t.Context(), fota.Request{URL: parse(t, "https://files.example/image.bin"), Tags: test.tags}, into)
			s.running.Wait()
			last := fota.Event{Kind: fota.EventFinished}
			if err != nil {
				e, is := err.(*fota.Error) //nolint:errorlint // that is what the contract says
				if !is {
					t.Fatal(err)
				}
				last = fota.Event{Kind: fota.EventError, Err: e}
			}
			check(t, last, test.cause, test.says, true)
			if test.cause == 0 && into.bytes != 3000 {
				t.Errorf("%d bytes", into.bytes)
			}
			if len(s.dialled) != test.tries || len(s.dialled) > 0 && s.dialled[0] != "files.example:443" {
				t.Errorf("connected to %v", s.dialled)
			}
			if test.tries > 0 {
				if _, told := names.Load("files.example"); !told {
					t.Error("the server name was not told")
				}
			}
		})
	}
}

// A server that does not speak TLS, and one that says nothing.
func TestNoTLS(t *testing.T) {
	dir := t.TempDir()
	credentialstest.WriteFile(t, dir, 1, "ca.pem", credentialstest.CertificatePEM(credentialstest.NewAuthority(t, "CA").Certificate))
	for says, talk := range map[string]func(net.Conn){
		"does not speak TLS":      func(conn net.Conn) { readAnd(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") },
		"TLS cannot be agreed on": func(conn net.Conn) { readAnd(conn, "") },
	} {
		config := ranged
		if says == "TLS cannot be agreed on" {
			config.Timeout = 200 * time.Millisecond // nothing comes, however long it is waited for
		}
		var running sync.WaitGroup
		client, err := http.New(config, http.Platform{Credentials: credentials.Open(dir), Dial: func(context.Context, string, string) (net.Conn, error) {
			client, ours := loopback(t)
			running.Go(func() { talk(ours) })
			return client, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		err = client.Fetch(t.Context(), fota.Request{URL: parse(t, "https://files.example/image.bin"), Tags: []int{1}}, &taker{})
		running.Wait()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// loopback gives both ends of a TCP connection. In memory, both ends of a failed handshake would wait for the other one to read an alert.
func loopback(t *testing.T) (client, server net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// readAnd reads until the other end closes, and answers what comes first.
func readAnd(conn net.Conn, answer string) {
	defer conn.Close()
	buffer := make([]byte, 4096)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if n > 0 && answer != "" {
			_, _ = bytes.NewBufferString(answer).WriteTo(conn)
			answer = ""
		}
	}
}
