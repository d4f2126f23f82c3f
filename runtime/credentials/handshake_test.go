package credentials

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/credentials/credentialstest"
)

// element is a secure element: it has keys and shows only what they sign.
type element struct {
	keys   map[int]crypto.Signer
	fault  error
	before func() // called when a key is asked for
	signed atomic.Int32
}

func (e *element) PrivateKey(tag int) (crypto.Signer, error) {
	if e.before != nil {
		e.before()
	}
	if e.fault != nil {
		return nil, e.fault
	}
	key, ok := e.keys[tag]
	if !ok {
		return nil, fmt.Errorf("slot %d: %w", tag, fs.ErrNotExist)
	}
	if key == nil {
		return nil, nil
	}
	return hidden{key, e}, nil
}

type hidden struct {
	key     crypto.Signer
	element *element
}

func (h hidden) Public() crypto.PublicKey { return h.key.Public() }

func (h hidden) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	h.element.signed.Add(1)
	return h.key.Sign(random, digest, options)
}

// shake connects a client with the credentials of a tag to a server that demands a certificate, and gives the name in the one that it saw.
func shake(t *testing.T, store *Store, authority *credentialstest.Authority, version uint16) (string, error) {
	t.Helper()
	credentials, err := store.TLS(tag)
	if err != nil {
		return "", err
	}
	serverConfig := authority.Server(authority.Issue(t, credentialstest.Request{Name: "server", Hosts: []string{"localhost"}}))
	serverConfig.MaxVersion = version
	pool := x509.NewCertPool()
	for _, c := range credentials.Authorities {
		pool.AddCert(c)
	}
	a, b := net.Pipe()
	client := tls.Client(a, &tls.Config{ServerName: "localhost", RootCAs: pool, Certificates: []tls.Certificate{credentials.Certificate}})
	server := tls.Server(b, serverConfig)
	defer a.Close()
	defer b.Close()
	ended := make(chan error, 1)
	go func() {
		err := client.HandshakeContext(t.Context())
		if err == nil {
			_, err = io.Copy(io.Discard, client) // with TLS 1.3 the server's verdict comes after the handshake
		}
		ended <- err
	}()
	err = server.HandshakeContext(t.Context())
	var name string
	if certificates := server.ConnectionState().PeerCertificates; len(certificates) > 0 {
		name = certificates[0].Subject.CommonName
	}
	if closeErr := server.Close(); err == nil {
		err = closeErr
	}
	if clientErr := <-ended; err == nil {
		err = clientErr
	}
	return name, err
}

func TestHandshakes(t *testing.T) {
	authority := credentialstest.NewAuthority(t, "Test CA")
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"EC": credentialstest.NewKey(t), "RSA": mustKey(rsa.GenerateKey(rand.Reader, 2048)), "Ed25519": ed} {
		dir := t.TempDir()
		credentialstest.WriteTag(t, dir, tag, authority, authority.Issue(t, credentialstest.Request{Name: name, Key: key}))
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			if got, err := shake(t, Open(dir), authority, version); err != nil || got != name {
				t.Errorf("%s, %s: %q, %v", name, tls.VersionName(version), got, err)
			}
		}
		// The same with a key that the device never sees.
		must(t, os.Remove(filepath.Join(dir, "42", "key.pem")))
		keeper := &element{keys: map[int]crypto.Signer{tag: key}}
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			if got, err := shake(t, OpenWithKeys(dir, keeper), authority, version); err != nil || got != name {
				t.Errorf("%s in a secure element, %s: %q, %v", name, tls.VersionName(version), got, err)
			}
		}
		if n := keeper.signed.Load(); n != 2 {
			t.Errorf("%s: the secure element has signed %d times", name, n)
		}
	}
}

// TestRotationWithoutRestart exchanges key and certificate, also for ones of another authority, under a store in use.
func TestRotationWithoutRestart(t *testing.T) {
	dir := t.TempDir()
	store := Open(dir)
	for _, name := range []string{"first", "second"} {
		authority := credentialstest.NewAuthority(t, name+" CA")
		credentialstest.WriteTag(t, dir, tag, authority, authority.Issue(t, credentialstest.Request{Name: name}))
		if got, err := shake(t, store, authority, tls.VersionTLS13); err != nil || got != name {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestRotationWhileItIsRead(t *testing.T) {
	authority := credentialstest.NewAuthority(t, "Test CA")
	before, after := authority.Issue(t, credentialstest.Request{Name: "before"}), authority.Issue(t, credentialstest.Request{Name: "after"})
	dir := t.TempDir()
	credentialstest.WriteTag(t, dir, tag, authority, before)
	exchanges := 0
	store := OpenWithKeys(dir, &element{before: func() { // the certificate has been read, the key not yet
		exchanges++
		credentialstest.WriteTag(t, dir, tag, authority, after)
	}})
	got, err := store.TLS(tag)
	if err != nil || got.Certificate.Leaf.Subject.CommonName != "after" || exchanges != 2 {
		t.Errorf("%v, %v, read %d times", got.Certificate.Leaf, err, exchanges)
	}
}

func TestKeyProvider(t *testing.T) {
	authority := credentialstest.NewAuthority(t, "Test CA")
	pair := authority.Issue(t, credentialstest.Request{Name: "device"})
	dir := t.TempDir()
	credentialstest.WriteTag(t, dir, tag, authority, pair)

	if got, err := OpenWithKeys(dir, &element{}).TLS(tag); err != nil || got.Certificate.PrivateKey == nil {
		t.Errorf("a provider without this key, and a file: %v", err)
	}
	broken := errors.New("no answer on the bus")
	for name, c := range map[string]struct {
		provider *element
		says     string
	}{
		"broken":        {&element{fault: broken}, "no answer on the bus"},
		"nothing":       {&element{keys: map[int]crypto.Signer{tag: nil}}, "neither the key nor an error"},
		"another key":   {&element{keys: map[int]crypto.Signer{tag: credentialstest.NewKey(t)}}, "does not belong to the certificate"},
		"unknown kind":  {&element{keys: map[int]crypto.Signer{tag: strange{"?"}}}, "a public key of type string"},
		"short RSA key": {&element{keys: map[int]crypto.Signer{tag: strange{&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 511), E: 65537}}}}, "an RSA key of 512 bits"},
	} {
		_, err := OpenWithKeys(dir, c.provider).TLS(tag)
		fault, ok := errors.AsType[*Error](err)
		if !ok || fault.Kind != KindPrivateKey || fault.Fix == "" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenWithKeys(dir, &element{fault: broken}).TLS(tag); !errors.Is(err, broken) {
		t.Errorf("%v does not wrap its cause", err)
	}
}

// strange is a key that shows what it is given.
type strange struct{ public crypto.PublicKey }

func (s strange) Public() crypto.PublicKey { return s.public }

func (strange) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("this key does not sign")
}
