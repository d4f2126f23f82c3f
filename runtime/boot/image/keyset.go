package image

import (
	"encoding/base64"
	"errors"
	"strings"
)

// KeySet is the public keys of a program, as packages edkey and eckey make them of the options.
type KeySet interface {
	Keys() []Key
}

// ReadKeys reads public keys of one algorithm, each the base64 of a SubjectPublicKeyInfo: prefix is what all of them begin with, and of makes a key
// of the size bytes behind it.
func ReadKeys(texts []string, prefix string, size int, of func(raw []byte) (Key, error)) ([]Key, error) {
	var keys []Key
	for _, each := range texts {
		der, err := base64.StdEncoding.DecodeString(each)
		raw, fits := strings.CutPrefix(string(der), prefix)
		if err != nil || !fits || len(raw) != size {
			return nil, errors.New("BOOT_SIGNATURE_KEY_FILE: " + each + " is no public key of the type that BOOT_SIGNATURE_TYPE names")
		}
		key, err := of([]byte(raw))
		if err != nil {
			return nil, errors.New("BOOT_SIGNATURE_KEY_FILE: " + each + ": " + err.Error())
		}
		keys = append(keys, key)
	}
	return keys, nil
}
