package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"

	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
)

// labSentence is what the lab's private keys are made of. They are no secret: whoever has cloudgen has them, so that images can be made and tried
// without keys of one's own. The mark +lab in the version of such a build, and sign, keep them out of the field.
const labSentence = "cloudgen lab image key"

// labKey gives the private key that belongs to the public one which a build has with the lab's defaults.
func labKey(of keyfile.Type) (crypto.Signer, error) {
	seed := sha256.Sum256([]byte(labSentence))
	if of == keyfile.Ed25519 {
		return ed25519.NewKeyFromSeed(seed[:]), nil
	}
	return ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
}

// labKeyOf gives the lab's private key that a program verifies with; nil if it does not.
func labKeyOf(program []byte) (crypto.Signer, error) {
	for _, each := range keyfile.Types() {
		private, err := labKey(each)
		if err != nil {
			return nil, err
		}
		if verifiesWith(program, private.Public()) {
			return private, nil
		}
	}
	return nil, nil
}

// hasKeys tells whether a program has public keys that it verifies images with: each begins with its algorithm.
func hasKeys(program []byte) bool {
	return bytes.Contains(program, []byte("MCowBQYDK2VwAyEA")) || bytes.Contains(program, []byte("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"))
}

// verifiesWith tells whether a program has a public key among the texts in it, as the generator writes it there.
func verifiesWith(program []byte, public crypto.PublicKey) bool {
	der, err := x509.MarshalPKIXPublicKey(public)
	return err == nil && bytes.Contains(program, []byte(base64.StdEncoding.EncodeToString(der)))
}
