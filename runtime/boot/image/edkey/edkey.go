// Package edkey verifies images that are signed with Ed25519.
package edkey

import (
	"crypto/ed25519"
	"crypto/sha256"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

// Size is the length of a public key, in bytes.
const Size = ed25519.PublicKeySize

// prefix is what stands before the key in its SubjectPublicKeyInfo (RFC 8410, 4).
const prefix = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"

// Key is a public key of Ed25519.
type Key struct {
	public [Size]byte
	hash   [32]byte
}

// Of makes a key of its 32 bytes (RFC 8032, 5.1.5). Any are accepted: bytes that are no point verify nothing.
func Of(public [Size]byte) *Key {
	return &Key{public: public, hash: sha256.Sum256(append([]byte(prefix), public[:]...))}
}

// Hash is the SHA-256 of the key's SubjectPublicKeyInfo.
func (k *Key) Hash() [32]byte { return k.hash }

// Signs is the type of TLVs with signatures of Ed25519.
func (k *Key) Signs() image.Type { return image.TypeEd25519 }

// Verify tells whether the 64 bytes are the signature of this key over the digest: as MCUboot does it, the message is the digest.
func (k *Key) Verify(digest *[32]byte, signature []byte) bool {
	return ed25519.Verify(k.public[:], digest[:], signature)
}
