package pki

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string, at time.Time) *Authority {
	t.Helper()
	authority, err := Open(dir, at)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func device(t *testing.T, authority *Authority, at time.Time) (dir string, certificate tls.Certificate) {
	t.Helper()
	dir, err := authority.Device(42, "lab-device", at)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err = tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return dir, certificate
}

func content(t *testing.T, elements ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "lab")
	authority := open(t, dir, now)
	deviceDir, certificate := device(t, authority, now)
	if want := filepath.Join(dir, "42"); deviceDir != want {
		t.Errorf("device folder %s, want %s", deviceDir, want)
	}
	for path, mode := range map[string]os.FileMode{"ca-key.pem": 0o600, "ca.pem": 0o644, "42/ca.pem": 0o644, "42/cert.pem": 0o644, "42/key.pem": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Error(err)
			continue
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), mode)
		}
	}
	if content(t, dir, "ca.pem") != content(t, dir, "42", "ca.pem") {
		t.Error("ca.pem and 42/ca.pem differ")
	}
	if strings.Contains(content(t, dir, "ca.pem"), "PRIVATE") {
		t.Error("ca.pem holds the private key")
	}
	if certificate.Leaf.Subject.CommonName != "lab-device" {
		t.Errorf("common name %q", certificate.Leaf.Subject.CommonName)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 3 {
		t.Errorf("left over files: %v", entries)
	}
}

func TestKeptWhileGood(t *testing.T) {
	dir := t.TempDir()
	_, first := device(t, open(t, dir, now), now)
	authority := open(t, dir, now.AddDate(1, 0, 0))
	_, second := device(t, authority, now.AddDate(1, 0, 0))
	if !slices.Equal(first.Certificate[0], second.Certificate[0]) {
		t.Error("the device's certificate was made anew within its lifetime")
	}
	if len(authority.Notes()) != 0 {
		t.Errorf("notes %q", authority.Notes())
	}
}

// Whatever is wrong with stored files, the next start repairs it and says what it did; the result always works.
func TestMadeAnew(t *testing.T) {
	damage := func(path, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(path string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, path)); err != nil {
				t.Fatal(err)
			}
		}
	}
	other := t.TempDir()
	device(t, open(t, other, now), now)
	cases := map[string]struct {
		damage       func(*testing.T, string)
		at           time.Time
		newAuthority bool
		newDevice    bool
		note         string
	}{
		"authority is noise":      {damage: damage("ca-key.pem", "noise"), newAuthority: true, newDevice: true, note: "new certificate authority"},
		"authority is empty":      {damage: damage("ca-key.pem", ""), newAuthority: true, newDevice: true, note: "new certificate authority"},
		"authority is a device":   {damage: damage("ca-key.pem", content(t, other, "42", "cert.pem")+content(t, other, "42", "key.pem")), newAuthority: true, newDevice: true, note: "not that of an authority"},
		"authority of another":    {damage: damage("ca-key.pem", content(t, other, "ca-key.pem")), newAuthority: true, newDevice: true, note: "new device credentials"},
		"authority is gone":       {damage: remove("ca-key.pem"), newAuthority: true, newDevice: true, note: "new device credentials"},
		"authority runs out":      {at: now.Add(authorityLifetime), newAuthority: true, newDevice: true, note: "valid only until"},
		"authority of the future": {at: now.AddDate(-1, 0, 0), newAuthority: true, newDevice: true, note: "is the clock right?"},
		"ca.pem is noise":         {damage: damage("ca.pem", "noise")},
		"device's ca is gone":     {damage: remove("42/ca.pem")},
		"device runs out":         {at: now.Add(deviceLifetime), newDevice: true, note: "valid only until"},
		"device's key is gone":    {damage: remove("42/key.pem"), newDevice: true},
		"device's cert is gone":   {damage: remove("42/cert.pem"), newDevice: true},
		"device's key of another": {damage: damage("42/key.pem", content(t, other, "42", "key.pem")), newDevice: true, note: "new device credentials"},
		"device's key is noise":   {damage: damage("42/key.pem", "noise"), newDevice: true, note: "new device credentials"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			before := open(t, dir, now)
			_, deviceBefore := device(t, before, now)
			if c.damage != nil {
				c.damage(t, dir)
			}
			at := now
			if !c.at.IsZero() {
				at = c.at
			}
			after := open(t, dir, at)
			_, deviceAfter := device(t, after, at)
			if is := !after.Certificate().Equal(before.Certificate()); is != c.newAuthority {
				t.Errorf("new authority: %v, want %v", is, c.newAuthority)
			}
			if is := !slices.Equal(deviceBefore.Certificate[0], deviceAfter.Certificate[0]); is != c.newDevice {
				t.Errorf("new device certificate: %v, want %v", is, c.newDevice)
			}
			if notes := strings.Join(after.Notes(), "\n"); c.note == "" && notes != "" || !strings.Contains(notes, c.note) {
				t.Errorf("notes %q, want %q", notes, c.note)
			}
			handshake(t, after, deviceAfter, "localhost", at)
			if again := open(t, dir, at); !again.Certificate().Equal(after.Certificate()) {
				t.Error("made anew again")
			}
		})
	}
}

func handshake(t *testing.T, authority *Authority, deviceCertificate tls.Certificate, host string, at time.Time) {
	t.Helper()
	serverCertificate, err := authority.Server([]string{"lab.example", "192.0.2.7"}, at)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return at }
	clientEnd, serverEnd := net.Pipe()
	defer clientEnd.Close()
	defer serverEnd.Close()
	server := tls.Server(serverEnd, &tls.Config{
		Certificates: []tls.Certificate{serverCertificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool(), Time: clock,
	})
	client := tls.Client(clientEnd, &tls.Config{ServerName: host, RootCAs: authority.Pool(), Certificates: []tls.Certificate{deviceCertificate}, Time: clock})
	served := make(chan error, 1)
	go func() { served <- server.Handshake() }()
	if err := client.Handshake(); err != nil {
		t.Errorf("client of %s: %v", host, err)
	}
	if err := <-served; err != nil {
		t.Errorf("server %s: %v", host, err)
	}
}

func TestServerNames(t *testing.T) {
	authority := open(t, t.TempDir(), now)
	_, certificate := device(t, authority, now)
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "lab.example", "192.0.2.7"} {
		handshake(t, authority, certificate, host, now)
	}
	server, err := authority.Server([]string{"", "0.0.0.0", "::", "localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(server.Leaf.DNSNames) != 1 || len(server.Leaf.IPAddresses) != 2 {
		t.Errorf("names %v, addresses %v", server.Leaf.DNSNames, server.Leaf.IPAddresses)
	}
	for _, host := range []string{"other.example", "192.0.2.8"} {
		if err := server.Leaf.VerifyHostname(host); err == nil {
			t.Errorf("the certificate is good for %s", host)
		}
	}
}

// A device certificate must not pass for a server, nor the other way around.
func TestPurposes(t *testing.T) {
	authority := open(t, t.TempDir(), now)
	_, deviceCertificate := device(t, authority, now)
	serverCertificate, err := authority.Server(nil, now)
	if err != nil {
		t.Fatal(err)
	}
	for purpose, leaf := range map[x509.ExtKeyUsage]*x509.Certificate{x509.ExtKeyUsageServerAuth: deviceCertificate.Leaf, x509.ExtKeyUsageClientAuth: serverCertificate.Leaf} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: authority.Pool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{purpose}}); err == nil {
			t.Errorf("%s passes for purpose %v", leaf.Subject.CommonName, purpose)
		}
	}
}

func TestUnusableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, now); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("opening a file as a folder: %v", err)
	}
	if _, err := open(t, t.TempDir(), now).Device(-1, "x", now); err == nil || !strings.Contains(err.Error(), "-1") {
		t.Errorf("security tag -1: %v", err)
	}
}
