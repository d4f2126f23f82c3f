package gen

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"testing"

	"github.com/cloudgen/cloudgen"
)

// TestLabKeys derives the lab's keys from the sentence that everybody has: so whoever has cloudgen can sign for builds with the lab's defaults,
// and nobody can take them for secrets.
func TestLabKeys(t *testing.T) {
	seed := sha256.Sum256([]byte("cloudgen lab image key"))
	onCurve, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:]) // it is below the order of the curve
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"lab-ed25519.pub.pem": ed25519.NewKeyFromSeed(seed[:]), "lab-ecdsa-p256.pub.pem": onCurve} {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		want := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		name = "runtime/boot/" + name
		got, err := fs.ReadFile(cloudgen.Sources(), name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not the lab's key: %v\n%s", name, err, want)
		}
	}
}
