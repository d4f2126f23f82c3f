// Package keys reads files of public keys, for options that name one: PEM (RFC 7468), one or more blocks PUBLIC KEY.
package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxSize is the most bytes that a file may have.
const MaxSize = 1 << 20

// The algorithms that tags may ask for.
const (
	Ed25519   = "ed25519"
	ECDSAP256 = "ecdsa-p256"
)

// Algorithms lists those that tags may ask for.
func Algorithms() []string { return []string{Ed25519, ECDSAP256} }

// Key is one public key.
type Key struct {
	Algorithm string // one of Algorithms, or another's name for people
	Info      []byte // its SubjectPublicKeyInfo in DER
}

// ErrPrivate is about a file with a private key in it. It says nothing else of the file, so that nothing of the key gets out.
var ErrPrivate = errors.New("it holds a private key")

const begin = "-----BEGIN "

// Parse gives the keys of a file in their order, each once. An error is one clause about the file.
func Parse(text []byte) ([]Key, error) {
	switch {
	case len(text) > MaxSize:
		return nil, fmt.Errorf("it has more than %d bytes", MaxSize)
	case holdsPrivate(text):
		return nil, ErrPrivate
	case !bytes.Contains(text, []byte(begin)):
		return nil, errors.New("it is no PEM file: there is no line -----BEGIN PUBLIC KEY----- in it")
	}
	begun := bytes.Count(text, []byte(begin))
	var found []Key
	blocks := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		blocks++
		if block.Type != "PUBLIC KEY" {
			return nil, fmt.Errorf("its block %d is %q and not PUBLIC KEY", blocks, block.Type)
		}
		key, err := parse(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("its block %d is no public key: %w", blocks, err)
		}
		if !slices.ContainsFunc(found, func(other Key) bool { return bytes.Equal(other.Info, key.Info) }) {
			found = append(found, key)
		}
	}
	if blocks != begun { // pem.Decode passes over what is broken
		return nil, fmt.Errorf("it begins %d PEM blocks, and %d of them can be read", begun, blocks)
	}
	return found, nil
}

// holdsPrivate looks at the labels alone, also of blocks that are cut or broken.
func holdsPrivate(text []byte) bool {
	for rest := text; ; {
		_, after, is := bytes.Cut(rest, []byte(begin))
		if !is {
			return false
		}
		label, _, _ := bytes.Cut(after, []byte("\n"))
		if bytes.Contains(label, []byte("PRIVATE")) {
			return true
		}
		rest = after
	}
}

// parse reads a SubjectPublicKeyInfo. It writes it anew: what a key is called in the output does not depend on how a tool writes it.
func parse(der []byte) (Key, error) {
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return Key{}, err
	}
	info, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return Key{}, err
	}
	key := Key{Algorithm: strings.TrimPrefix(fmt.Sprintf("%T", public), "*"), Info: info}
	switch typed := public.(type) {
	case ed25519.PublicKey:
		key.Algorithm = Ed25519
	case *ecdsa.PublicKey:
		key.Algorithm = "ecdsa on " + typed.Curve.Params().Name
		if typed.Curve == elliptic.P256() {
			key.Algorithm = ECDSAP256
		}
	default:
		key.Algorithm, _, _ = strings.Cut(key.Algorithm, ".")
	}
	return key, nil
}
