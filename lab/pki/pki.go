// Package pki makes the certificates of a local cloud: a certificate authority, certificates for its servers, and credentials for its
// devices in the folder layout that the firmware reads.
//
//	DIR/ca-key.pem          the authority: its certificate and private key, mode 0600
//	DIR/ca.pem              the authority's certificate alone, for clients
//	DIR/<tag>/ca.pem        what a device needs: the authority's certificate,
//	DIR/<tag>/cert.pem      its own certificate
//	DIR/<tag>/key.pem       and its private key, mode 0600
//
// A folder that exists is reused: what is in it stays as long as it is valid. Every file is replaced as a whole, so that a power cut
// leaves either the old or the new one. All keys are ECDSA P-256, which the AWS IoT, Azure IoT and nRF Cloud services accept.
package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cloudgen/cloudgen/lab/internal/replace"
)

const (
	authorityLifetime = 10 * 365 * 24 * time.Hour
	deviceLifetime    = 5 * 365 * 24 * time.Hour
	serverLifetime    = 397 * 24 * time.Hour // what browsers and some device stacks accept at most
	// clockSkew is how far behind a device's clock may be for a fresh certificate to be valid on it.
	clockSkew = time.Hour
	// renewBefore is how long before its end a stored certificate is made anew: a lab that is started now runs longer than a day at most rarely.
	renewBefore = 7 * 24 * time.Hour

	authorityFile = "ca-key.pem"
	caFile        = "ca.pem"
	certFile      = "cert.pem"
	keyFile       = "key.pem"
)

// Authority is the certificate authority of one lab. It is safe for concurrent use.
type Authority struct {
	dir         string
	certificate *x509.Certificate
	key         crypto.Signer
	encoded     []byte // certificate, PEM
	notes       []string
}

// Open reads the authority of the folder, or makes one there: where none exists, and where the one that exists cannot be used any more
// (Notes then says why). The folder is made if needed.
func Open(dir string, now time.Time) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of the lab's certificates: %w", err)
	}
	path := filepath.Join(dir, authorityFile)
	a := &Authority{dir: dir}
	switch err := a.load(path, now); {
	case err == nil:
	case errors.Is(err, os.ErrNotExist):
		if err := a.create(path, now); err != nil {
			return nil, err
		}
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("reading the lab's certificate authority: %w", err)
	default:
		a.notes = append(a.notes, fmt.Sprintf("made a new certificate authority, because the one in %s cannot be used: %v", path, err))
		if err := a.create(path, now); err != nil {
			return nil, err
		}
	}
	return a, writeIfChanged(filepath.Join(dir, caFile), a.encoded, 0o644)
}

// Notes says what was made anew although it existed, and why: for the log.
func (a *Authority) Notes() []string { return slices.Clone(a.notes) }

// Certificate gives the authority's own certificate.
func (a *Authority) Certificate() *x509.Certificate { return a.certificate }

// Pool gives a pool that holds only this authority.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Server makes a certificate for a server that clients reach under the hosts (names or IP addresses). localhost, 127.0.0.1 and ::1 are
// always among them. It lives in memory only: clients trust the authority, not this certificate.
func (a *Authority) Server(hosts []string, now time.Time) (tls.Certificate, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "cloudgen lab server"},
		NotBefore:   now.Add(-clockSkew),
		NotAfter:    now.Add(serverLifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range append([]string{"localhost", "127.0.0.1", "::1"}, hosts...) {
		switch ip := net.ParseIP(host); {
		case host == "", ip != nil && ip.IsUnspecified():
		case ip != nil:
			if !slices.ContainsFunc(template.IPAddresses, ip.Equal) {
				template.IPAddresses = append(template.IPAddresses, ip)
			}
		case !slices.Contains(template.DNSNames, host):
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	certificate, key, err := a.issue(template)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making the lab's server certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key, Leaf: certificate}, nil
}

// Device makes sure that the folder DIR/<tag> holds credentials with which a device of the given name (the certificate's common name) can
// connect, and gives that folder. Credentials that are there and good stay.
func (a *Authority) Device(tag int, name string, now time.Time) (string, error) {
	if tag < 0 || tag > 2147483647 {
		return "", fmt.Errorf("security tag %d: it has to be 0 to 2147483647", tag)
	}
	dir := filepath.Join(a.dir, fmt.Sprint(tag))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the folder of the device's credentials: %w", err)
	}
	if err := writeIfChanged(filepath.Join(dir, caFile), a.encoded, 0o644); err != nil {
		return "", err
	}
	switch err := a.checkDevice(dir, now); {
	case err == nil:
		return dir, nil
	case errors.Is(err, os.ErrPermission):
		return "", fmt.Errorf("reading the device's credentials: %w", err)
	case !errors.Is(err, os.ErrNotExist):
		a.notes = append(a.notes, fmt.Sprintf("made new device credentials, because those in %s cannot be used: %v", dir, err))
	}
	certificate, key, err := a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		NotBefore:   now.Add(-clockSkew),
		NotAfter:    now.Add(deviceLifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return "", fmt.Errorf("making the device's certificate: %w", err)
	}
	encodedKey, err := encodeKey(key)
	if err != nil {
		return "", err
	}
	// The key goes first. A power cut between the two leaves a pair that does not match; the next start sees that and makes both anew.
	if err := replace.File(filepath.Join(dir, keyFile), encodedKey, 0o600); err != nil {
		return "", err
	}
	return dir, replace.File(filepath.Join(dir, certFile), encodeCertificate(certificate), 0o644)
}

// Issue makes a certificate for a device that has its key already.
func (a *Authority) Issue(public crypto.PublicKey, name string, now time.Time) (*x509.Certificate, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		NotBefore:   now.Add(-clockSkew),
		NotAfter:    now.Add(deviceLifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if template.NotAfter.After(a.certificate.NotAfter) {
		template.NotAfter = a.certificate.NotAfter
	}
	certificate, err := signKey(template, public, a.certificate, a.key)
	if err != nil {
		return nil, fmt.Errorf("issuing a certificate: %w", err)
	}
	return certificate, nil
}

// load reads the authority; its error says why it cannot be used.
func (a *Authority) load(path string, now time.Time) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(content, content)
	if err != nil {
		return err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return fmt.Errorf("its key is a %T, not an ECDSA key", pair.PrivateKey)
	}
	if !pair.Leaf.IsCA {
		return errors.New("its certificate is not that of an authority")
	}
	if err := checkPeriod(pair.Leaf, now); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	a.certificate, a.key, a.encoded = pair.Leaf, key, encodeCertificate(pair.Leaf)
	return nil
}

func (a *Authority) create(path string, now time.Time) error {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "cloudgen lab authority", Organization: []string{"for local tests only"}},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(authorityLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	certificate, key, err := sign(template, nil, nil)
	if err != nil {
		return fmt.Errorf("making the lab's certificate authority: %w", err)
	}
	encodedKey, err := encodeKey(key)
	if err != nil {
		return err
	}
	a.certificate, a.key, a.encoded = certificate, key, encodeCertificate(certificate)
	// Both in one file: they cannot get out of step, whenever the power fails and however many labs start at once.
	return replace.File(path, slices.Concat(a.encoded, encodedKey), 0o600)
}

// checkDevice says why the credentials in the folder cannot be used with this authority.
func (a *Authority) checkDevice(dir string, now time.Time) error {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, certFile), filepath.Join(dir, keyFile))
	if err != nil {
		return err
	}
	if err := checkPeriod(pair.Leaf, now); err != nil {
		return err
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return err
	}
	return os.Chmod(filepath.Join(dir, keyFile), 0o600)
}

func (a *Authority) issue(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	if template.NotAfter.After(a.certificate.NotAfter) {
		template.NotAfter = a.certificate.NotAfter
	}
	return sign(template, a.certificate, a.key)
}

// sign makes a key and a certificate for it; without an issuer the certificate signs itself.
func sign(template, issuer *x509.Certificate, issuerKey crypto.Signer) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if issuer == nil {
		issuer, issuerKey = template, key
	}
	certificate, err := signKey(template, key.Public(), issuer, issuerKey)
	return certificate, key, err
}

func signKey(template *x509.Certificate, public crypto.PublicKey, issuer *x509.Certificate, issuerKey crypto.Signer) (*x509.Certificate, error) {
	// 63 bits: some device stacks still read serial numbers into a signed 64-bit integer.
	var err error
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63)); err != nil {
		return nil, err
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, issuer, public, issuerKey)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}

func checkPeriod(certificate *x509.Certificate, now time.Time) error {
	switch {
	case now.Before(certificate.NotBefore):
		return fmt.Errorf("it is valid from %s on, and now is %s: is the clock right?", certificate.NotBefore.Format(time.RFC3339), now.Format(time.RFC3339))
	case now.Add(renewBefore).After(certificate.NotAfter):
		return fmt.Errorf("it is valid only until %s", certificate.NotAfter.Format(time.RFC3339))
	}
	return nil
}

// Fingerprint gives the SHA-256 of a certificate in lower-case hex: what AWS IoT calls the certificate id.
func Fingerprint(certificate *x509.Certificate) string {
	return fmt.Sprintf("%x", sha256.Sum256(certificate.Raw))
}

func encodeCertificate(certificate *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), nil
}

func writeIfChanged(path string, content []byte, mode os.FileMode) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	return replace.File(path, content, mode)
}
