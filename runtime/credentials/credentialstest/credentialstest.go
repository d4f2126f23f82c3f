// Package credentialstest makes certificates, keys and security tags for tests. Everything is made when the test runs; the clock of the
// machine must be right.
package credentialstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Authority is a CA.
type Authority struct {
	Certificate *x509.Certificate
	key         crypto.Signer
}

// NewAuthority makes a CA that is valid for a year around now.
func NewAuthority(t testing.TB, name string) *Authority {
	t.Helper()
	key := NewKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().AddDate(0, -6, 0), NotAfter: time.Now().AddDate(0, 6, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	return &Authority{Certificate: sign(t, template, template, key.Public(), key), key: key}
}

// Request says what a certificate is to be like. The zero value of each member gives something ordinary.
type Request struct {
	Name                string   // common name
	Hosts               []string // DNS names and addresses
	NotBefore, NotAfter time.Time
	Key                 crypto.Signer // a new P-256 key
}

// Pair is a certificate with its key.
type Pair struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// Issue makes a certificate for servers and clients.
func (a *Authority) Issue(t testing.TB, r Request) Pair {
	t.Helper()
	if r.Key == nil {
		r.Key = NewKey(t)
	}
	if r.NotBefore.IsZero() {
		r.NotBefore = time.Now().AddDate(0, -1, 0)
	}
	if r.NotAfter.IsZero() {
		r.NotAfter = time.Now().AddDate(0, 1, 0)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: r.Name}, NotBefore: r.NotBefore, NotAfter: r.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, host := range r.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return Pair{Certificate: sign(t, template, a.Certificate, r.Key.Public(), a.key), Key: r.Key}
}

func sign(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// Server gives the TLS configuration of a server with a pair that demands a certificate of the authority from its clients.
func (a *Authority) Server(pair Pair) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate)
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{pair.Certificate.Raw}, PrivateKey: pair.Key}},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    pool,
	}
}

// NewKey makes a P-256 key.
func NewKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// CertificatePEM encodes certificates, one after another.
func CertificatePEM(certificates ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certificates {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// KeyPEM encodes a key as PKCS #8.
func KeyPEM(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// WriteTag writes ca.pem, cert.pem and key.pem of a security tag.
func WriteTag(t testing.TB, dir string, tag int, authority *Authority, pair Pair) {
	t.Helper()
	WriteFile(t, dir, tag, "ca.pem", CertificatePEM(authority.Certificate))
	WriteFile(t, dir, tag, "cert.pem", CertificatePEM(pair.Certificate))
	WriteFile(t, dir, tag, "key.pem", KeyPEM(t, pair.Key))
}

// WriteFile writes one file of a security tag, readable by its owner only, and gives its path.
func WriteFile(t testing.TB, dir string, tag int, name string, content []byte) string {
	t.Helper()
	folder := filepath.Join(dir, strconv.Itoa(tag))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
