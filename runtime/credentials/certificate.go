package credentials

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// decodeCertificates takes PEM (any number of CERTIFICATE blocks, text between them ignored) or DER (certificates one after another).
// The result has at least one.
func decodeCertificates(path string, data []byte) ([]*x509.Certificate, error) {
	fail := func(problem, fix string, err error) ([]*x509.Certificate, error) {
		return nil, &Error{Kind: KindCertificate, Path: path, Problem: problem, Fix: fix, Err: err}
	}
	block, rest := pem.Decode(data)
	if block == nil {
		if bytes.Contains(data, []byte("-----BEGIN")) {
			return fail("damaged PEM: no block from BEGIN to END can be read", "copy the file again, whole", nil)
		}
		certificates, err := x509.ParseCertificates(data)
		if err != nil {
			return fail("neither PEM nor DER", "store the certificate as PEM (-----BEGIN CERTIFICATE-----) or DER", err)
		}
		if len(certificates) == 0 {
			return fail("holds no certificate", "store the certificate as PEM or DER", nil)
		}
		return certificates, nil
	}
	var certificates []*x509.Certificate
	for n := 1; block != nil; n++ {
		switch block.Type {
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return fail(fmt.Sprintf("certificate %d of the file cannot be read", n), "copy the file again, whole", err)
			}
			certificates = append(certificates, c)
		case "TRUSTED CERTIFICATE", "X509 CERTIFICATE":
			return fail(fmt.Sprintf("holds a block of type %q", block.Type), "convert it: openssl x509 -in FILE -out "+path, nil)
		default:
			if isPrivateKeyType(block.Type) {
				return fail("holds a private key where a certificate belongs", "are the files of this security tag mixed up? Remove the key from here", nil)
			}
		}
		block, rest = pem.Decode(rest)
	}
	if bytes.Contains(rest, []byte("-----BEGIN")) {
		return fail("damaged PEM after the certificates read so far", "copy the file again, whole", nil)
	}
	if len(certificates) == 0 {
		return fail("holds no certificate", "store the certificate as PEM (-----BEGIN CERTIFICATE-----) or DER", nil)
	}
	return certificates, nil
}

// matchKey tells whether the first certificate belongs to the key.
func matchKey(certPath, keyPath string, chain []*x509.Certificate, key crypto.Signer) error {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return &Error{Kind: KindPrivateKey, Path: keyPath, Problem: fmt.Sprintf("a key of type %T cannot be compared with the certificate", key), Fix: "use an EC, RSA or Ed25519 key"}
	}
	for i, c := range chain {
		if !public.Equal(c.PublicKey) {
			continue
		}
		if i == 0 {
			return nil
		}
		return &Error{Kind: KindCertificate, Path: certPath, Problem: fmt.Sprintf("the device's own certificate is number %d of the file", i+1),
			Fix: "put it first and those that issued it after it"}
	}
	return &Error{Kind: KindPrivateKey, Path: keyPath, Problem: fmt.Sprintf("the key does not belong to the certificate of %q in %s", chain[0].Subject, certPath),
		Fix: "provision both files of the same pair"}
}
