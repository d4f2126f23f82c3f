// Package eckey verifies images that are signed with ECDSA on the curve P-256.
package eckey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

// Size is the length of a public key, in bytes: 04, then the two coordinates.
const Size = 65

// prefix is what stands before the point in the SubjectPublicKeyInfo (RFC 5480, 2).
const prefix = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"

// Key is a public key on P-256.
type Key struct {
	public *ecdsa.PublicKey
	hash   [32]byte
}

// Of makes a key of its point in uncompressed form (SEC 1, 2.3.3). It is an error that the point is not on the curve.
func Of(point [Size]byte) (*Key, error) {
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point[:])
	if err != nil {
		return nil, err
	}
	return &Key{public: public, hash: sha256.Sum256(append([]byte(prefix), point[:]...))}, nil
}

// Hash is the SHA-256 of the key's SubjectPublicKeyInfo.
func (k *Key) Hash() [32]byte { return k.hash }

// Signs is the type of TLVs with signatures of ECDSA.
func (k *Key) Signs() image.Type { return image.TypeECDSA }

// Verify tells whether this is a signature of this key over the digest, in ASN.1 DER and with nothing after it: those that imgtool pads
// for MCUboot before 1.5 (--pad-sig) are not.
func (k *Key) Verify(digest *[32]byte, signature []byte) bool {
	return ecdsa.VerifyASN1(k.public, digest[:], signature)
}
