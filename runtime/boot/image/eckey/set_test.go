package eckey_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image/eckey"
)

func TestSet(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	set, err := eckey.New(eckey.Config{PublicKeys: []string{base64.StdEncoding.EncodeToString(der)}})
	if err != nil || len(set.Keys()) != 1 {
		t.Fatal(set, err)
	}
	digest := [32]byte{1, 2, 3}
	signature, err := ecdsa.SignASN1(rand.Reader, private, digest[:])
	if err != nil || !set.Keys()[0].Verify(&digest, signature) {
		t.Error("its signature is not taken:", err)
	}
	off := append([]byte(nil), der...)
	off[len(off)-1]++
	for _, wrong := range [][]byte{nil, der[:90], off} {
		if _, err := eckey.New(eckey.Config{PublicKeys: []string{base64.StdEncoding.EncodeToString(wrong)}}); err == nil {
			t.Errorf("%x is taken", wrong)
		}
	}
}
