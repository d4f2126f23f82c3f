package credentials

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"strings"
)

const removePassword = "store it without a password: openssl pkey -in FILE -out KEY"

// decodePrivateKey takes one EC, RSA or Ed25519 key as PKCS #8, PKCS #1 or SEC 1, in PEM or DER.
func decodePrivateKey(path string, data []byte) (crypto.Signer, error) {
	fail := func(problem, fix string, err error) (crypto.Signer, error) {
		return nil, &Error{Kind: KindPrivateKey, Path: path, Problem: problem, Fix: fix, Err: err}
	}
	der, found := data, ""
	for rest := data; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return fail("the key is encrypted", removePassword, nil)
		}
		if block.Type == "EC PARAMETERS" { // openssl ecparam writes them before the key, which names its curve itself
			continue
		}
		if !isPrivateKeyType(block.Type) {
			return fail(fmt.Sprintf("holds a block of type %q where a private key belongs", block.Type), "are the files of this security tag mixed up?", nil)
		}
		if found != "" {
			return fail("holds more than one private key", "keep the one that belongs to the certificate", nil)
		}
		der, found = block.Bytes, block.Type
	}
	if found == "" && bytes.Contains(data, []byte("-----BEGIN")) {
		return fail("damaged PEM: no block from BEGIN to END can be read", "copy the file again, whole", nil)
	}
	key, err := parsePrivateKey(der)
	if err != nil {
		if isEncryptedPKCS8(der) {
			return fail("the key is encrypted", removePassword, nil)
		}
		return fail("no private key that can be read", "store it as PKCS #8, PKCS #1 or SEC 1, as PEM or DER", err)
	}
	if problem, fix := unusable(key.Public()); problem != "" {
		return fail(problem, fix, nil)
	}
	return key, nil
}

// leastRSA is the shortest RSA key, in bits, that crypto/rsa signs with.
const leastRSA = 1024

// unusable tells why TLS cannot use a key, and what to do; "": it can.
func unusable(public crypto.PublicKey) (problem, fix string) {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		if public.Curve == elliptic.P224() {
			return "a key on the curve P-224, which TLS does not know", "use P-256, P-384 or P-521"
		}
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < leastRSA {
			return fmt.Sprintf("an RSA key of %d bits, which is too short to be safe", bits), "use 2048 bits, or an EC key"
		}
	case ed25519.PublicKey:
	default:
		return fmt.Sprintf("a public key of type %T", public), "use an EC, RSA or Ed25519 key"
	}
	return "", ""
}

func isPrivateKeyType(blockType string) bool { return strings.HasSuffix(blockType, "PRIVATE KEY") }

func parsePrivateKey(der []byte) (crypto.Signer, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		if rsaKey, rsaErr := x509.ParsePKCS1PrivateKey(der); rsaErr == nil {
			return rsaKey, nil
		}
		if ecKey, ecErr := x509.ParseECPrivateKey(der); ecErr == nil {
			return ecKey, nil
		}
		return nil, err
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return key, nil
	case *ecdsa.PrivateKey:
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, fmt.Errorf("a key of type %T cannot sign", key)
}

// isEncryptedPKCS8 tells whether der has the form of EncryptedPrivateKeyInfo (RFC 5208, section 6).
func isEncryptedPKCS8(der []byte) bool {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	rest, err := asn1.Unmarshal(der, &info)
	return err == nil && len(rest) == 0
}
