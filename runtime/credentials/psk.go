package credentials

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"unicode/utf8"
)

const (
	pskIDFile = "psk_id"
	pskFile   = "psk"

	// Bounds that every DTLS peer has to keep: RFC 4279, section 5.3.
	maxIdentity = 128
	maxKey      = 64
)

// PreSharedKey is an identity and the key that both ends have.
type PreSharedKey struct {
	Identity string // UTF-8, 1 to 128 bytes
	Key      []byte // 1 to 64 bytes; secret
}

// String hides the key.
func (k PreSharedKey) String() string { return fmt.Sprintf("pre-shared key of %q", k.Identity) }

// GoString hides the key.
func (k PreSharedKey) GoString() string { return k.String() }

// MarshalText hides the key from encoders and structured logs.
func (k PreSharedKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// PSK gives the pre-shared key of a tag: psk_id holds the identity, psk the key as hexadecimal text. White space at both ends of a
// file does not count. Where there is no psk_id, the identity is the one given; "": then that is an error.
func (s *Store) PSK(tag int, identity string) (PreSharedKey, error) {
	idPath, idData, err := s.read(tag, pskIDFile, KindPreSharedKey)
	switch {
	case err == nil:
		if identity, err = decodeIdentity(idPath, idData); err != nil {
			return PreSharedKey{}, err
		}
	case identity == "" || !errors.Is(err, fs.ErrNotExist):
		return PreSharedKey{}, err
	}
	path, data, err := s.read(tag, pskFile, KindPreSharedKey)
	if err != nil {
		return PreSharedKey{}, err
	}
	defer clear(data)
	key, err := decodePSK(path, data)
	if err != nil {
		return PreSharedKey{}, err
	}
	return PreSharedKey{Identity: identity, Key: key}, nil
}

func decodeIdentity(path string, data []byte) (string, error) {
	id := bytes.TrimSpace(data)
	fail := func(problem, fix string) (string, error) {
		return "", &Error{Kind: KindPreSharedKey, Path: path, Problem: problem, Fix: fix}
	}
	switch {
	case len(id) == 0:
		return fail("holds no identity", "write the identity that the server knows into it")
	case len(id) > maxIdentity:
		return fail(fmt.Sprintf("the identity has %d bytes, at most %d are allowed", len(id), maxIdentity), "use a shorter one")
	case !utf8.Valid(id):
		return fail("the identity is not UTF-8", "write it as text")
	}
	return string(id), nil
}

func decodePSK(path string, data []byte) ([]byte, error) {
	text := bytes.TrimSpace(data)
	fail := func(problem, fix string) ([]byte, error) {
		return nil, &Error{Kind: KindPreSharedKey, Path: path, Problem: problem, Fix: fix}
	}
	if len(text) == 0 {
		return fail("holds no key", "write the key into it as hexadecimal digits")
	}
	if hex.DecodedLen(len(text)) > maxKey {
		return fail(fmt.Sprintf("the key is longer than %d bytes", maxKey), "use a shorter one")
	}
	key := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(key, text); err != nil { // the cause would quote a part of the key
		return fail("the key is not an even number of hexadecimal digits", "write it as 0-9 and a-f, two digits a byte, without 0x")
	}
	return key, nil
}
