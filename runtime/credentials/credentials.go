// Package credentials reads keys and certificates from security tags: folders DIR/TAG with ca.pem, cert.pem and key.pem, or psk_id
// and psk.
//
// Nothing is kept: each use reads the files anew, so that credentials can be exchanged while the device runs. Every error is an *Error,
// which names the file, what is wrong with it and what to do. No error and no value's String shows a secret.
package credentials

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"strconv"
	"time"
)

// The names of the files of a security tag.
const (
	caFile   = "ca.pem"
	certFile = "cert.pem"
	keyFile  = "key.pem"
)

// Store gives the credentials below one folder. It may be used from any goroutine.
type Store struct {
	dir  string
	keys KeyProvider // nil: all keys are files
	now  func() time.Time
}

// Open gives the store of a folder. That the folder is missing shows when a tag is read.
func Open(dir string) *Store { return OpenWithKeys(dir, nil) }

// OpenWithKeys is Open where private keys may be kept elsewhere than in files. keys is asked for each connection; nil: all keys are files.
func OpenWithKeys(dir string, keys KeyProvider) *Store {
	return &Store{dir: dir, keys: keys, now: time.Now}
}

// Tag is what a TLS connection needs of a security tag.
type Tag struct {
	Authorities []*x509.Certificate // ca.pem: whom the peer's certificate may come from; at least one
	Certificate tls.Certificate     // cert.pem, leaf first, with key.pem as crypto.Signer
}

// TLS gives authorities, certificate and key of a tag. The certificate is valid now and belongs to the key.
func (s *Store) TLS(tag int) (Tag, error) {
	authorities, err := s.Authorities(tag)
	if err != nil {
		return Tag{}, err
	}
	certificate, err := s.certificate(tag)
	if err != nil {
		return Tag{}, err
	}
	return Tag{Authorities: authorities, Certificate: certificate}, nil
}

// Authorities gives the certificates of a tag's ca.pem, for a peer that does not ask for a certificate of ours and for a second tag.
// Expired ones are left out; when none is left, that is the error.
func (s *Store) Authorities(tag int) ([]*x509.Certificate, error) {
	path, data, err := s.read(tag, caFile, KindCertificate)
	if err != nil {
		return nil, err
	}
	all, err := decodeCertificates(path, data)
	if err != nil {
		return nil, err
	}
	now := s.now()
	valid := make([]*x509.Certificate, 0, len(all))
	for _, c := range all {
		if !now.Before(c.NotBefore) && !now.After(c.NotAfter) {
			valid = append(valid, c)
		}
	}
	if len(valid) == 0 {
		return nil, validityError(path, "CA certificate", all[0], now)
	}
	return valid, nil
}

// certificate gives the device's certificate with its key. One that is exchanged while it is read may come with the other's key: then both are
// read once more.
func (s *Store) certificate(tag int) (tls.Certificate, error) {
	for again := true; ; again = false {
		certPath, certData, err := s.read(tag, certFile, KindCertificate)
		if err != nil {
			return tls.Certificate{}, err
		}
		chain, err := decodeCertificates(certPath, certData)
		if err != nil {
			return tls.Certificate{}, err
		}
		keyPath, key, err := s.privateKey(tag)
		if err != nil {
			return tls.Certificate{}, err
		}
		if err := matchKey(certPath, keyPath, chain, key); err != nil {
			if again {
				continue
			}
			return tls.Certificate{}, err
		}
		if now := s.now(); now.Before(chain[0].NotBefore) || now.After(chain[0].NotAfter) {
			return tls.Certificate{}, validityError(certPath, "certificate", chain[0], now)
		}
		raw := make([][]byte, len(chain))
		for i, c := range chain {
			raw[i] = c.Raw
		}
		return tls.Certificate{Certificate: raw, PrivateKey: key, Leaf: chain[0]}, nil
	}
}

// privateKey gives a tag's key and where it comes from.
func (s *Store) privateKey(tag int) (path string, key crypto.Signer, err error) {
	if key, err = s.providedKey(tag); key != nil || err != nil {
		return s.path(tag, keyFile), key, err
	}
	path, content, err := s.read(tag, keyFile, KindPrivateKey)
	if err != nil {
		return path, nil, err
	}
	defer clear(content)
	key, err = decodePrivateKey(path, content)
	return path, key, err
}

func (s *Store) path(tag int, name string) string {
	return filepath.Join(s.dir, strconv.Itoa(tag), name)
}
