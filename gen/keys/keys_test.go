package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
)

func made(t testing.TB, algorithm string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch algorithm {
	case Ed25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case ECDSAP256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(t testing.TB, algorithm string) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(made(t, algorithm).Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func private(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(made(t, Ed25519))
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestParse(t *testing.T) {
	first, second := public(t, Ed25519), public(t, ECDSAP256)
	text := slices.Concat([]byte("the old key\n"), first, []byte("\nand the new one:\r\n"), second, first)
	found, err := Parse(text)
	if err != nil || len(found) != 2 || found[0].Algorithm != Ed25519 || found[1].Algorithm != ECDSAP256 {
		t.Fatal(found, err)
	}
	block, _ := pem.Decode(second)
	if !bytes.Equal(found[1].Info, block.Bytes) {
		t.Error("another key came out")
	}
	for algorithm, want := range map[string]string{"P-384": "ecdsa on P-384", "rsa": "rsa"} {
		if found, err := Parse(public(t, algorithm)); err != nil || found[0].Algorithm != want {
			t.Errorf("%s: %v, %v", algorithm, found, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good, secret := public(t, Ed25519), private(t)
	for name, test := range map[string]struct{ text, want string }{
		"empty":              {"", "no PEM file"},
		"text":               {"no key at all", "no PEM file"},
		"too big":            {strings.Repeat("x", MaxSize) + string(good), "more than 1048576 bytes"},
		"a certificate":      {strings.ReplaceAll(string(good), "PUBLIC KEY", "CERTIFICATE"), `block 1 is "CERTIFICATE"`},
		"no key in it":       {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "block 1 is no public key"},
		"the second is cut":  {string(good) + string(good[:len(good)-30]), "begins 2 PEM blocks, and 1 of them can be read"},
		"private":            {string(secret), ErrPrivate.Error()},
		"private after good": {string(good) + string(secret), ErrPrivate.Error()},
		"private and cut":    {string(secret[:len(secret)-40]), ErrPrivate.Error()},
		"private of OpenSSL": {"-----BEGIN EC PRIVATE KEY-----\nxx", ErrPrivate.Error()},
	} {
		found, err := Parse([]byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) || found != nil {
			t.Errorf("%s: %v, %v", name, found, err)
		}
		if strings.Contains(test.want, "private") && !errors.Is(err, ErrPrivate) {
			t.Errorf("%s: %v is not ErrPrivate", name, err)
		}
	}
}

// FuzzParse has files of anybody: what is taken is one or more keys, and no private one.
func FuzzParse(f *testing.F) {
	good := public(f, Ed25519)
	f.Add(good)
	f.Add(slices.Concat(good, public(f, ECDSAP256)))
	f.Add(private(f))
	f.Add(bytes.Repeat([]byte(begin), 5))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\nProc-Type: 4\n\nAAAA\n-----END PUBLIC KEY-----"))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := Parse(text)
		if err != nil {
			return
		}
		if len(found) == 0 || bytes.Contains(text, []byte("PRIVATE KEY-----")) && bytes.Contains(text, []byte("-----BEGIN PRIVATE")) {
			t.Errorf("%d keys of %q", len(found), text)
		}
		for _, each := range found {
			again, err := Parse(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: each.Info}))
			if err != nil || len(again) != 1 || again[0].Algorithm != each.Algorithm || !bytes.Equal(again[0].Info, each.Info) {
				t.Errorf("a key reads differently the second time: %v, %v", again, err)
			}
		}
	})
}
