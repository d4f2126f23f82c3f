package credentials

import (
	"crypto"
	"errors"
	"fmt"
	"io/fs"
)

// KeyProvider gives private keys that are not files: those of a secure element, a TPM, a PKCS #11 token. Certificates stay files.
type KeyProvider interface {
	// PrivateKey gives the key of a security tag; an error that wraps fs.ErrNotExist says that there is none, and key.pem counts. It is asked
	// before each connection and should answer within a second.
	//
	// The public key must be *ecdsa.PublicKey, *rsa.PublicKey or ed25519.PublicKey. Sign is called from any goroutine while a connection is
	// made. For TLS it is given a digest and its hash, or of Ed25519 the message and hash 0; of RSA also *rsa.PSSOptions, which TLS 1.3 demands.
	PrivateKey(tag int) (crypto.Signer, error)
}

// providedKey gives a tag's key from the provider; nil where that has none.
func (s *Store) providedKey(tag int) (crypto.Signer, error) {
	if s.keys == nil {
		return nil, nil
	}
	key, err := s.keys.PrivateKey(tag)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	fail := func(problem, fix string) (crypto.Signer, error) {
		return nil, &Error{Kind: KindPrivateKey, Path: fmt.Sprintf("the key of security tag %d", tag), Problem: problem, Fix: fix, Err: err}
	}
	switch {
	case err != nil:
		return fail("its keeper does not give it", "see to the secure element, or provision the key in it")
	case key == nil:
		return fail("its keeper gives neither the key nor an error", "correct the KeyProvider")
	}
	if problem, fix := unusable(key.Public()); problem != "" {
		return fail(problem, fix)
	}
	return key, nil
}
