// Package keyfile reads and writes keys of images as PEM files, and signs with them. The files are those of imgtool and of OpenSSL.
package keyfile

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/eckey"
	"github.com/cloudgen/cloudgen/runtime/boot/image/edkey"
)

// Type is a kind of key.
type Type string

// The kinds of keys that images are signed with. The names are imgtool's.
const (
	Ed25519   Type = "ed25519"
	ECDSAP256 Type = "ecdsa-p256"
)

// Types lists the kinds.
func Types() []Type { return []Type{Ed25519, ECDSAP256} }

// TypeOf gives the kind of a public or a private key; the error says that images are not signed with this one.
func TypeOf(key any) (Type, error) {
	if signer, is := key.(crypto.Signer); is {
		key = signer.Public()
	}
	switch public := key.(type) {
	case ed25519.PublicKey:
		return Ed25519, nil
	case *ecdsa.PublicKey:
		if public.Curve == elliptic.P256() {
			return ECDSAP256, nil
		}
		return "", fmt.Errorf("it is an ECDSA key on %s; images are signed with P-256 or Ed25519", public.Curve.Params().Name)
	}
	return "", fmt.Errorf("images are signed with ECDSA P-256 or Ed25519, not with a key of the kind %s", strings.TrimPrefix(fmt.Sprintf("%T", key), "*"))
}

// Generate makes a private key.
func Generate(of Type) (crypto.Signer, error) {
	switch of {
	case Ed25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return nil, fmt.Errorf("there is no kind of key %q: it is ed25519 or ecdsa-p256", string(of))
}

const (
	privateLabel = "PRIVATE KEY"
	publicLabel  = "PUBLIC KEY"
)

// EncodePrivate gives a private key as PKCS #8 in PEM.
func EncodePrivate(private crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateLabel, Bytes: der}), nil
}

// EncodePublic gives a public key as SubjectPublicKeyInfo in PEM.
func EncodePublic(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: publicLabel, Bytes: der}), nil
}

// ParsePrivate reads a private key of one of the kinds from PEM: PKCS #8, or SEC 1 as older OpenSSLs write it. Encrypted ones are refused.
func ParsePrivate(text []byte) (crypto.Signer, error) {
	block, err := only(text, "EC PARAMETERS")
	if err != nil {
		return nil, err
	}
	var key any
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, errors.New("the key is encrypted; decrypt it with: openssl pkey -in K.pem -out PLAIN.pem")
	case block.Type == privateLabel:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case block.Type == "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case block.Type == publicLabel:
		return nil, errors.New("it is a public key; signing needs the private one")
	default:
		return nil, fmt.Errorf("it holds %q; signing needs a %q", block.Type, privateLabel)
	}
	if err != nil {
		return nil, err
	}
	if _, err := TypeOf(key); err != nil {
		return nil, err
	}
	return key.(crypto.Signer), nil // TypeOf knows only these
}

// ParsePublic reads a public key of one of the kinds from PEM. A private key is refused: it has no place where public ones are wanted.
func ParsePublic(text []byte) (image.Key, error) {
	block, err := only(text, "")
	if err != nil {
		return nil, err
	}
	if block.Type != publicLabel {
		return nil, fmt.Errorf("it holds %q; wanted is a %q", block.Type, publicLabel)
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return Public(public)
}

// only gives the one PEM block of a text; blocks of the type beside do not count.
func only(text []byte, beside string) (*pem.Block, error) {
	var found *pem.Block
	for {
		block, rest := pem.Decode(text)
		switch {
		case block == nil && found == nil:
			return nil, errors.New("it holds no key in PEM")
		case block == nil:
			if len(bytes.TrimSpace(rest)) > 0 {
				return nil, errors.New("there is something after the key that is not PEM")
			}
			return found, nil
		case block.Type == beside:
		case found != nil:
			return nil, errors.New("it holds more than one key")
		default:
			found = block
		}
		text = rest
	}
}

// Public gives the key that verifies, of a crypto.PublicKey.
func Public(public crypto.PublicKey) (image.Key, error) {
	raw, err := Raw(public)
	if err != nil {
		return nil, err
	}
	if len(raw) == edkey.Size {
		return edkey.Of([edkey.Size]byte(raw)), nil
	}
	return eckey.Of([eckey.Size]byte(raw))
}

// Raw gives the bytes of a public key that a program carries: 32 for edkey.Of, 65 for eckey.Of.
func Raw(public crypto.PublicKey) ([]byte, error) {
	if _, err := TypeOf(public); err != nil {
		return nil, err
	}
	if curve, is := public.(*ecdsa.PublicKey); is {
		return curve.Bytes()
	}
	raw := public.(ed25519.PublicKey)
	if len(raw) != edkey.Size {
		return nil, fmt.Errorf("a public key of Ed25519 has 32 bytes, not %d", len(raw))
	}
	return raw, nil
}

// signer signs images.
type signer struct {
	image.Key
	private crypto.Signer
}

// Signer makes a signer of images of a private key, which may be one that lies elsewhere.
func Signer(private crypto.Signer) (image.Signer, error) {
	key, err := Public(private.Public())
	if err != nil {
		return nil, err
	}
	return signer{key, private}, nil
}

// Sign signs a digest.
func (s signer) Sign(digest *[32]byte) ([]byte, error) {
	how := crypto.Hash(0) // Ed25519: the digest is the message
	if s.Signs() == image.TypeECDSA {
		how = crypto.SHA256
	}
	signature, err := s.private.Sign(rand.Reader, digest[:], how)
	if err != nil {
		return nil, err
	}
	if !s.Verify(digest, signature) {
		return nil, errors.New("the signature that was made does not verify: the private key is not that of the public one")
	}
	return signature, nil
}
