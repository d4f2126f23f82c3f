package edkey_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image/edkey"
)

func TestSet(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(der)
	set, err := edkey.New(edkey.Config{PublicKeys: []string{text, text}})
	if err != nil || len(set.Keys()) != 2 {
		t.Fatal(set, err)
	}
	digest := [32]byte{1, 2, 3}
	if !set.Keys()[1].Verify(&digest, ed25519.Sign(private, digest[:])) {
		t.Error("its signature is not taken")
	}
	for _, wrong := range []string{"", "!", text[:len(text)-4], base64.StdEncoding.EncodeToString(append([]byte{0x31}, der[1:]...))} {
		if _, err := edkey.New(edkey.Config{PublicKeys: []string{wrong}}); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
