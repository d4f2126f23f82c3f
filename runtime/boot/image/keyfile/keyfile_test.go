package keyfile_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/eckey"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
)

func must[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// A key that is made, written and read again signs, and its public file verifies.
func TestRoundTrip(t *testing.T) {
	for _, of := range keyfile.Types() {
		made := must[crypto.Signer](t)(keyfile.Generate(of))
		private := must[crypto.Signer](t)(keyfile.ParsePrivate(must[[]byte](t)(keyfile.EncodePrivate(made))))
		if got, err := keyfile.TypeOf(private); got != of || err != nil {
			t.Errorf("%s: %s, %v", of, got, err)
		}
		public := must[image.Key](t)(keyfile.ParsePublic(must[[]byte](t)(keyfile.EncodePublic(made.Public()))))
		signer := must[image.Signer](t)(keyfile.Signer(private))
		if public.Hash() != signer.Hash() || public.Signs() != signer.Signs() {
			t.Errorf("%s: the public key is another", of)
		}
		der := must[[]byte](t)(x509.MarshalPKIXPublicKey(made.Public()))
		if public.Hash() != sha256.Sum256(der) {
			t.Errorf("%s: the hash is not that of the DER form", of)
		}
		digest := [32]byte{1, 2, 3}
		signature := must[[]byte](t)(signer.Sign(&digest))
		if !public.Verify(&digest, signature) {
			t.Errorf("%s: the signature does not verify", of)
		}
		for _, wrong := range [][]byte{nil, signature[1:], append(bytes.Clone(signature), 0), bytes.Repeat([]byte{0}, len(signature))} {
			if public.Verify(&digest, wrong) {
				t.Errorf("%s: %x verifies", of, wrong)
			}
		}
		digest[0]++
		if public.Verify(&digest, signature) {
			t.Errorf("%s: the signature verifies over another digest", of)
		}
	}
	if _, err := keyfile.Generate("rsa"); err == nil || !strings.Contains(err.Error(), "ecdsa-p256") {
		t.Errorf("%v", err)
	}
}

func block(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

// What is no private key of ours is refused with what it is.
func TestRefusedFiles(t *testing.T) {
	bytesOf := must[[]byte](t)
	curve := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	large := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	rsaKey := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	sec1 := block("EC PRIVATE KEY", bytesOf(x509.MarshalECPrivateKey(curve)))
	pkcs8 := bytesOf(keyfile.EncodePrivate(curve))
	public := bytesOf(keyfile.EncodePublic(curve.Public()))
	for _, fine := range [][]byte{sec1, append(block("EC PARAMETERS", []byte{6, 0}), sec1...), append([]byte("a remark before\n"), pkcs8...), append(bytes.Clone(pkcs8), '\n')} {
		if _, err := keyfile.ParsePrivate(fine); err != nil {
			t.Errorf("%s: %v", fine, err)
		}
	}
	for text, file := range map[string][]byte{
		"no key in PEM":      []byte("hello"),
		"EC PARAMETERS only": nil,
		"after the key":      append(bytes.Clone(pkcs8), "more"...),
		"more than one":      append(bytes.Clone(pkcs8), sec1...),
		"encrypted":          block("ENCRYPTED PRIVATE KEY", []byte{1}),
		"is encrypted":       pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte{1}}),
		"public key":         public,
		`"CERTIFICATE"`:      block("CERTIFICATE", []byte{1}),
		"rsa.PublicKey":      bytesOf(keyfile.EncodePrivate(rsaKey)),
		"P-384":              bytesOf(keyfile.EncodePrivate(large)),
		"asn1":               block("PRIVATE KEY", []byte{1, 2}),
	} {
		wanted := text
		if file == nil {
			file, wanted = block("EC PARAMETERS", []byte{6, 0}), "no key"
		}
		if _, err := keyfile.ParsePrivate(file); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, file := range map[string][]byte{
		`"PRIVATE KEY"`: pkcs8,
		"no key":        nil,
		"P-384":         bytesOf(keyfile.EncodePublic(large.Public())),
		"rsa":           bytesOf(keyfile.EncodePublic(rsaKey.Public())),
		"asn1":          block("PUBLIC KEY", []byte{1, 2}),
	} {
		if _, err := keyfile.ParsePublic(file); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("public, %s: %v", text, err)
		}
	}
	if _, err := eckey.Of([eckey.Size]byte{4, 1}); err == nil {
		t.Error("a point beside the curve is taken")
	}
	if _, err := keyfile.Public(ed25519.PublicKey{1}); err == nil {
		t.Error("a short key is taken")
	}
	if _, err := keyfile.Signer(rsaKey); err == nil {
		t.Error("RSA signs")
	}
}

// element is a secure element with another private key than it says, or that fails.
type element struct {
	crypto.Signer
	public crypto.PublicKey
	err    error
}

func (e element) Public() crypto.PublicKey { return e.public }

func (e element) Sign(random io.Reader, digest []byte, how crypto.SignerOpts) ([]byte, error) {
	if e.err != nil {
		return nil, e.err
	}
	return e.Signer.Sign(random, digest, how)
}

// A signature that does not verify is never given out.
func TestWrongElement(t *testing.T) {
	generate := func() crypto.Signer { return must[crypto.Signer](t)(keyfile.Generate(keyfile.ECDSAP256)) }
	inside, outside := generate(), generate()
	wrong := must[image.Signer](t)(keyfile.Signer(element{Signer: inside, public: outside.Public()}))
	if _, err := wrong.Sign(&[32]byte{}); err == nil {
		t.Error("another key's signature is given out")
	}
	locked := errors.New("locked")
	broken := must[image.Signer](t)(keyfile.Signer(element{Signer: inside, public: inside.Public(), err: locked}))
	if _, err := broken.Sign(&[32]byte{}); !errors.Is(err, locked) {
		t.Errorf("%v", err)
	}
}

// FuzzParsePrivate takes any file: it gives a key that signs, or an error.
func FuzzParsePrivate(f *testing.F) {
	for _, of := range keyfile.Types() {
		private, err := keyfile.Generate(of)
		if err != nil {
			f.Fatal(err)
		}
		text, err := keyfile.EncodePrivate(private)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if private, err := keyfile.ParsePrivate(text); err == nil {
			if _, err := keyfile.Signer(private); err != nil {
				t.Fatal(err)
			}
		}
		if key, err := keyfile.ParsePublic(text); (key == nil) == (err == nil) {
			t.Fatalf("%v, %v", key, err)
		}
	})
}
