package aws_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/api"
	"github.com/cloudgen/cloudgen/lab/aws/files"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
	"github.com/cloudgen/cloudgen/lab/pki"
)

// site is a bench with the second port, the control interface and the file host.
type site struct {
	*bench
	second  string
	control http.Handler
	host    *files.Host
}

func newSite(t *testing.T) *site { return newSiteWith(t, func(*aws.Config) {}) }

func newSiteWith(t *testing.T, change func(*aws.Config)) *site {
	t.Helper()
	s := &site{bench: startWith(t, change)}
	var err error
	s.host, err = files.Open(files.Config{
		Dir: t.TempDir(), Secret: []byte("secret"), Now: s.Clock().Now, Observe: func(a files.Access) { s.Downloaded(a) },
	})
	check(t, err)
	t.Cleanup(func() { check(t, s.host.Close()) })
	_, err = s.host.PutBytes("app.bin", []byte("0123456789"))
	check(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "localhost:0")
	check(t, err)
	s.second = listener.Addr().String()
	check(t, s.ServeALPN(listener, s.server, api.Data(s.Cloud)))
	s.control = api.Control(api.Config{
		Cloud: s.Cloud, Files: s.host, FileHost: "https://localhost:1", Stream: api.NewStream(), Authority: s.bench.authority,
		Endpoints: api.Endpoints{Data: s.second, Jobs: s.second},
	})
	return s
}

// do makes a request of the control interface.
func (s *site) do(method, path, body string, header ...string) (int, string) {
	s.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.control.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

// must is do that has to succeed.
func (s *site) must(method, path, body string, header ...string) string {
	s.Helper()
	status, answer := s.do(method, path, body, header...)
	if status != http.StatusOK {
		s.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	return answer
}

// fetch makes a request of the file host.
func (s *site) fetch(method, url string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, url, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.host.ServeHTTP(w, r)
	return w
}

func (s *site) presigned(key string) string {
	s.Helper()
	url, err := s.host.Presign("https://files.example", key, time.Hour)
	check(s.T, err)
	return url
}

// https makes a request of the second port.
func (s *site) https(config *tls.Config, method, path, body string, header ...string) (int, string) {
	s.Helper()
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
	r, err := http.NewRequestWithContext(s.Context(), method, "https://"+s.second+path, strings.NewReader(body))
	check(s.T, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := (&http.Client{Transport: transport}).Do(r)
	check(s.T, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(s.T, err)
	return response.StatusCode, string(text)
}

// handshake tries one, with a change to what the device does, and leaves the reason to the events.
func (s *site) handshake(address string, change func(*tls.Config)) {
	s.Helper()
	config := s.tls.Clone()
	change(config)
	ctx, cancel := context.WithTimeout(s.Context(), 30*time.Second)
	defer cancel()
	client, err := rawmqtt.Dial(ctx, address, config)
	if err != nil {
		return
	}
	_, _, err = client.Connect(rawmqtt.Session{ID: "refused"}) // TLS 1.3 tells a client only when it reads
	_ = client.Close()
	if err == nil {
		s.Error("connected")
	}
}

// device makes a certificate of an authority, or of none, and is not registered.
func (s *site) device(authority *pki.Authority, name string) tls.Certificate {
	s.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(s.T, err)
	certificate, err := authority.Issue(key.Public(), name, time.Now())
	check(s.T, err)
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key, Leaf: certificate}
}

func pemOf(raw []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
}

// ownAuthority makes an authority that is not the lab's.
func (s *site) ownAuthority() (authority *pki.Authority, certificate string) {
	s.Helper()
	authority, err := pki.Open(s.TempDir(), time.Now())
	check(s.T, err)
	return authority, pemOf(authority.Certificate().Raw)
}

// trust registers an authority with automatic registration, and a template if there is one.
func (s *site) trust(certificate, template string) {
	s.Helper()
	check(s.T, s.Registry(func(r *registry.Registry, now time.Time) error {
		_, err := r.RegisterCACertificate(registry.CARegistration{PEM: certificate, SNIOnly: true, Active: true, AutoRegistration: true, Template: template}, now)
		return err
	}))
}

// restrict gives the device a policy with these statements only.
func (s *site) restrict(statements string) {
	s.Helper()
	check(s.T, s.Registry(func(r *registry.Registry, now time.Time) error {
		_, err := r.CreatePolicyVersion(aws.FirstPolicy, `{"Version":"2012-10-17","Statement":[`+statements+`]}`, true, now)
		return err
	}))
}

func allow(action, resource string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":%q}`, action, resource)
}

// session tries a CONNECT.
func (s *site) session(session rawmqtt.Session) *rawmqtt.Client {
	s.Helper()
	s.clock.advance(time.Second)
	client := s.dial()
	_, _, _ = client.Connect(session) // the events say what came of it
	return client
}

func (s *site) dial() *rawmqtt.Client {
	s.Helper()
	client, err := rawmqtt.Dial(s.Context(), s.Broker().Address(), s.tls)
	check(s.T, err)
	s.Cleanup(func() { _ = client.Close() })
	return client
}

// five is a client of MQTT 5.
func (s *site) five(id string) *rawmqtt.Client {
	s.Helper()
	return s.session(rawmqtt.Session{ID: id, Version: 5, KeepAlive: 60})
}

// expiredCertificate is one whose time is over.
func (s *site) expiredCertificate() tls.Certificate {
	s.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(s.T, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "old"}, NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(s.T, err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}
