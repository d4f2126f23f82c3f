package credentials

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/credentials/credentialstest"
)

const tag = 42

func mustKey[K any](key K, err error) K {
	if err != nil {
		panic(err)
	}
	return key
}

func pemBlock(blockType string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der})
}

func TestKeyForms(t *testing.T) {
	authority := credentialstest.NewAuthority(t, "Test CA")
	ec := credentialstest.NewKey(t)
	rsaKey := mustKey(rsa.GenerateKey(rand.Reader, 2048))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1 := mustKey(x509.MarshalECPrivateKey(ec))
	parameters := pemBlock("EC PARAMETERS", []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07})
	for name, c := range map[string]struct {
		key  crypto.Signer
		file []byte
	}{
		"EC PKCS8 PEM":         {ec, credentialstest.KeyPEM(t, ec)},
		"EC PKCS8 DER":         {ec, mustKey(x509.MarshalPKCS8PrivateKey(ec))},
		"EC SEC1 PEM":          {ec, pemBlock("EC PRIVATE KEY", sec1)},
		"EC SEC1 after curve":  {ec, append(parameters, pemBlock("EC PRIVATE KEY", sec1)...)},
		"EC SEC1 DER":          {ec, sec1},
		"RSA PKCS8 PEM":        {rsaKey, credentialstest.KeyPEM(t, rsaKey)},
		"RSA PKCS1 PEM":        {rsaKey, pemBlock("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))},
		"RSA PKCS1 DER":        {rsaKey, x509.MarshalPKCS1PrivateKey(rsaKey)},
		"RSA PKCS8 DER":        {rsaKey, mustKey(x509.MarshalPKCS8PrivateKey(rsaKey))},
		"Ed25519 PKCS8 DER":    {ed, mustKey(x509.MarshalPKCS8PrivateKey(ed))},
		"Ed25519 PKCS8 PEM":    {ed, credentialstest.KeyPEM(t, ed)},
		"text in front of PEM": {ec, append([]byte("Key of the device\r\n"), credentialstest.KeyPEM(t, ec)...)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			pair := authority.Issue(t, credentialstest.Request{Name: "device", Key: c.key})
			credentialstest.WriteTag(t, dir, tag, authority, pair)
			credentialstest.WriteFile(t, dir, tag, "key.pem", c.file)
			got, err := Open(dir).TLS(tag)
			if err != nil {
				t.Fatal(err)
			}
			signer, ok := got.Certificate.PrivateKey.(crypto.Signer)
			if !ok || !signer.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(c.key.Public()) {
				t.Errorf("key is %T, not the one written", got.Certificate.PrivateKey)
			}
			if !got.Certificate.Leaf.Equal(pair.Certificate) || !got.Authorities[0].Equal(authority.Certificate) {
				t.Error("certificates are not those written")
			}
		})
	}
}

func TestCertificateForms(t *testing.T) {
	authority, other := credentialstest.NewAuthority(t, "First"), credentialstest.NewAuthority(t, "Second")
	for name, file := range map[string][]byte{
		"PEM": credentialstest.CertificatePEM(authority.Certificate, other.Certificate),
		"DER": append(append([]byte(nil), authority.Certificate.Raw...), other.Certificate.Raw...),
	} {
		dir := t.TempDir()
		credentialstest.WriteFile(t, dir, tag, "ca.pem", file)
		got, err := Open(dir).Authorities(tag)
		if err != nil || len(got) != 2 || !got[1].Equal(other.Certificate) {
			t.Errorf("%s: %d certificates, %v", name, len(got), err)
		}
	}
}

// TestFaults breaks a sound tag in one place each.
func TestFaults(t *testing.T) {
	authority := credentialstest.NewAuthority(t, "Test CA")
	day := func(n int) time.Time { return time.Now().AddDate(0, 0, n) }
	pair := authority.Issue(t, credentialstest.Request{Name: "device"})
	other := authority.Issue(t, credentialstest.Request{Name: "other"})
	weak := mustKey(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	write := func(name string, content []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) { credentialstest.WriteFile(t, dir, tag, name, content) }
	}
	mode := func(name string, mode os.FileMode) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Chmod(dir+"/42/"+name, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	key := credentialstest.KeyPEM(t, pair.Key)
	legacy := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte{1, 2, 3},
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}})
	for name, c := range map[string]struct {
		breakIt func(*testing.T, string)
		kind    Kind
		file    string
		says    []string
	}{
		"key missing":        {func(t *testing.T, dir string) { must(t, os.Remove(dir+"/42/key.pem")) }, KindPrivateKey, "key.pem", []string{"missing", "provision security tag 42"}},
		"cert missing":       {func(t *testing.T, dir string) { must(t, os.Remove(dir+"/42/cert.pem")) }, KindCertificate, "cert.pem", []string{"missing"}},
		"ca missing":         {func(t *testing.T, dir string) { must(t, os.Remove(dir+"/42/ca.pem")) }, KindCertificate, "ca.pem", []string{"missing"}},
		"key world-readable": {mode("key.pem", 0o644), KindPrivateKey, "key.pem", []string{"mode 0644", "chmod o= "}},
		"key world-writable": {mode("key.pem", 0o602), KindPrivateKey, "key.pem", []string{"mode 0602"}},
		"key encrypted":      {write("key.pem", pemBlock("ENCRYPTED PRIVATE KEY", []byte{1, 2, 3})), KindPrivateKey, "key.pem", []string{"encrypted", "openssl"}},
		"key encrypted old":  {write("key.pem", legacy), KindPrivateKey, "key.pem", []string{"encrypted"}},
		"key encrypted DER":  {write("key.pem", mustKey(hex.DecodeString("3013300b06092a864886f70d01050d040400010203"))), KindPrivateKey, "key.pem", []string{"encrypted"}},
		"key of other cert":  {write("key.pem", credentialstest.KeyPEM(t, other.Key)), KindPrivateKey, "key.pem", []string{"does not belong", "CN=device"}},
		"key is cert":        {write("key.pem", credentialstest.CertificatePEM(pair.Certificate)), KindPrivateKey, "key.pem", []string{`"CERTIFICATE"`, "mixed up"}},
		"two keys":           {write("key.pem", append(append([]byte(nil), key...), key...)), KindPrivateKey, "key.pem", []string{"more than one"}},
		"key empty":          {write("key.pem", nil), KindPrivateKey, "key.pem", []string{"empty"}},
		"key torn":           {write("key.pem", key[:len(key)/2]), KindPrivateKey, "key.pem", []string{"damaged PEM"}},
		"key noise":          {write("key.pem", []byte("hello")), KindPrivateKey, "key.pem", []string{"no private key"}},
		"key on P-224":       {write("key.pem", mustKey(x509.MarshalECPrivateKey(weak))), KindPrivateKey, "key.pem", []string{"P-224"}},
		"key huge":           {write("key.pem", make([]byte, maxFileSize+1)), KindPrivateKey, "key.pem", []string{"larger than"}},
		"cert is key":        {write("cert.pem", key), KindCertificate, "cert.pem", []string{"private key where a certificate belongs"}},
		"cert torn":          {write("cert.pem", credentialstest.CertificatePEM(pair.Certificate)[:100]), KindCertificate, "cert.pem", []string{"damaged PEM"}},
		"chain torn": {write("cert.pem", append(credentialstest.CertificatePEM(pair.Certificate), credentialstest.CertificatePEM(authority.Certificate)[:100]...)),
			KindCertificate, "cert.pem", []string{"damaged PEM after"}},
		"chain upside down": {write("cert.pem", credentialstest.CertificatePEM(authority.Certificate, pair.Certificate)), KindCertificate, "cert.pem", []string{"number 2", "put it first"}},
		"cert noise":        {write("cert.pem", []byte{0x30, 0x03, 1, 2, 3}), KindCertificate, "cert.pem", []string{"neither PEM nor DER"}},
		"cert expired": {func(t *testing.T, dir string) {
			credentialstest.WriteTag(t, dir, tag, authority, authority.Issue(t, credentialstest.Request{Name: "old", NotBefore: day(-30), NotAfter: day(-3)}))
		}, KindCertificateMisc, "cert.pem", []string{"valid until " + day(-3).UTC().Format(time.DateOnly), "clock says " + day(0).UTC().Format(time.DateOnly)}},
		"cert of tomorrow": {func(t *testing.T, dir string) {
			credentialstest.WriteTag(t, dir, tag, authority, authority.Issue(t, credentialstest.Request{Name: "new", NotBefore: day(3)}))
		}, KindCertificateMisc, "cert.pem", []string{"valid from " + day(3).UTC().Format(time.DateOnly)}},
		"ca expired": {func(t *testing.T, dir string) {
			old := authority.Issue(t, credentialstest.Request{Name: "old", NotBefore: day(-30), NotAfter: day(-3)})
			credentialstest.WriteFile(t, dir, tag, "ca.pem", credentialstest.CertificatePEM(old.Certificate))
		}, KindCertificateMisc, "ca.pem", []string{"valid until"}},
		"a pipe": {func(t *testing.T, dir string) {
			must(t, os.Remove(dir+"/42/key.pem"))
			must(t, syscall.Mkfifo(dir+"/42/key.pem", 0o600))
		}, KindPrivateKey, "key.pem", []string{"not a regular file"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			credentialstest.WriteTag(t, dir, tag, authority, pair)
			c.breakIt(t, dir)
			_, err := Open(dir).TLS(tag)
			var fault *Error
			if !errors.As(err, &fault) {
				t.Fatalf("error is %v", err)
			}
			if fault.Kind != c.kind || fault.Path != dir+"/42/"+c.file {
				t.Errorf("kind %d at %s, want %d at %s", fault.Kind, fault.Path, c.kind, c.file)
			}
			for _, words := range c.says {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q does not say %q", err, words)
				}
			}
			if fault.Fix == "" {
				t.Errorf("%q does not say what to do", err)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNegativeTag(t *testing.T) {
	if _, err := Open(t.TempDir()).TLS(-1); err == nil || !strings.Contains(err.Error(), "-1 is not a security tag") {
		t.Errorf("error is %v", err)
	}
}

func TestExpiredAuthorityAmongValidOnes(t *testing.T) {
	dir := t.TempDir()
	authority := credentialstest.NewAuthority(t, "Test CA")
	old := authority.Issue(t, credentialstest.Request{Name: "old", NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(0, 0, -1)})
	credentialstest.WriteFile(t, dir, tag, "ca.pem", credentialstest.CertificatePEM(old.Certificate, authority.Certificate))
	got, err := Open(dir).Authorities(tag)
	if err != nil || len(got) != 1 || !got[0].Equal(authority.Certificate) {
		t.Errorf("%d authorities, %v", len(got), err)
	}
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	authority := credentialstest.NewAuthority(t, "Test CA")
	store := Open(dir)
	for _, name := range []string{"first", "second"} {
		credentialstest.WriteTag(t, dir, tag, authority, authority.Issue(t, credentialstest.Request{Name: name}))
		got, err := store.TLS(tag)
		if err != nil || got.Certificate.Leaf.Subject.CommonName != name {
			t.Errorf("%s: %v, %v", name, got.Certificate.Leaf.Subject, err)
		}
	}
}

func TestPSK(t *testing.T) {
	for name, c := range map[string]struct {
		id, psk string
		key     []byte
		says    string
	}{
		"plain":          {"device-1", "00ff10", []byte{0, 0xff, 0x10}, ""},
		"newlines":       {"device-1\r\n", " 00FF10\n", []byte{0, 0xff, 0x10}, ""},
		"odd digits":     {"device-1", "00f", nil, "even number"},
		"not hex":        {"device-1", "secret!!", nil, "hexadecimal"},
		"prefix":         {"device-1", "0x00ff", nil, "without 0x"},
		"blank key":      {"device-1", " \n", nil, "holds no key"},
		"long key":       {"device-1", strings.Repeat("00", 65), nil, "longer than 64"},
		"blank id":       {" \n", "00", nil, "holds no identity"},
		"long id":        {strings.Repeat("x", 129), "00", nil, "at most 128"},
		"id not in UTF8": {"\xff\xfe", "00", nil, "not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			credentialstest.WriteFile(t, dir, tag, "psk_id", []byte(c.id))
			credentialstest.WriteFile(t, dir, tag, "psk", []byte(c.psk))
			got, err := Open(dir).PSK(tag, "")
			if c.says == "" {
				if err != nil || got.Identity != "device-1" || string(got.Key) != string(c.key) {
					t.Errorf("%q %x, %v", got.Identity, got.Key, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v does not say %q", err, c.says)
			}
			if strings.Contains(err.Error(), "secret!!") {
				t.Errorf("%v shows the key", err)
			}
		})
	}
	t.Run("identity of the caller", func(t *testing.T) {
		dir := t.TempDir()
		credentialstest.WriteFile(t, dir, tag, "psk", []byte("00ff"))
		if got, err := Open(dir).PSK(tag, "urn:imei:1"); err != nil || got.Identity != "urn:imei:1" {
			t.Errorf("%q, %v", got.Identity, err)
		}
		if _, err := Open(dir).PSK(tag, ""); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "psk_id: missing; provision") {
			t.Errorf("without an identity: %v", err)
		}
		credentialstest.WriteFile(t, dir, tag, "psk_id", []byte("device-1"))
		if got, err := Open(dir).PSK(tag, "urn:imei:1"); err != nil || got.Identity != "device-1" {
			t.Errorf("with psk_id: %q, %v", got.Identity, err)
		}
	})
	t.Run("readable by others", func(t *testing.T) {
		dir := t.TempDir()
		credentialstest.WriteFile(t, dir, tag, "psk_id", []byte("device-1"))
		must(t, os.Chmod(credentialstest.WriteFile(t, dir, tag, "psk", []byte("00")), 0o604))
		if _, err := Open(dir).PSK(tag, ""); err == nil || !strings.Contains(err.Error(), "mode 0604") {
			t.Errorf("error is %v", err)
		}
	})
}

func TestSecretsAreNotPrinted(t *testing.T) {
	key := PreSharedKey{Identity: "device-1", Key: []byte{0xde, 0xad}}
	encoded, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v", key), fmt.Sprintf("%+v", key), fmt.Sprintf("%#v", key), string(encoded)} {
		if strings.Contains(text, "dead") || strings.Contains(text, "222") || strings.Contains(text, "3q0") || !strings.Contains(text, "device-1") {
			t.Errorf("shows %q", text)
		}
	}
}

func FuzzPrivateKey(f *testing.F) {
	key := mustKey(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	f.Add(mustKey(x509.MarshalPKCS8PrivateKey(key)))
	f.Add(pemBlock("EC PRIVATE KEY", mustKey(x509.MarshalECPrivateKey(key))))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := decodePrivateKey("key.pem", data)
		if (key == nil) == (err == nil) {
			t.Fatalf("key %v, error %v", key, err)
		}
		if fault := new(Error); err != nil && (!errors.As(err, &fault) || fault.Kind != KindPrivateKey || fault.Fix == "") {
			t.Fatalf("error %v", err)
		}
	})
}

func FuzzCertificates(f *testing.F) {
	authority := credentialstest.NewAuthority(f, "Test CA")
	f.Add(credentialstest.CertificatePEM(authority.Certificate))
	f.Add(authority.Certificate.Raw)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		certificates, err := decodeCertificates("cert.pem", data)
		if (len(certificates) == 0) == (err == nil) {
			t.Fatalf("%d certificates, error %v", len(certificates), err)
		}
	})
}

func FuzzPSK(f *testing.F) {
	f.Add([]byte("00ff"))
	f.Add([]byte(" \n0"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if key, err := decodePSK("psk", data); err == nil && (len(key) == 0 || len(key) > maxKey) {
			t.Fatalf("key of %d bytes", len(key))
		}
		if id, err := decodeIdentity("psk_id", data); err == nil && (id == "" || len(id) > maxIdentity) {
			t.Fatalf("identity of %d bytes", len(id))
		}
	})
}
