package eckey

import (
	"encoding/base64"
	"errors"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

// Config is what the options say: the public keys, each as the base64 of its SubjectPublicKeyInfo.
type Config struct {
	PublicKeys []string `kconfig:"BOOT_SIGNATURE_KEY_FILE,key=ecdsa-p256"`
}

// Set is the keys of a program.
type Set struct{ keys []image.Key }

// New reads the keys.
func New(config Config) (*Set, error) {
	set := &Set{}
	for _, each := range config.PublicKeys {
		der, err := base64.StdEncoding.DecodeString(each)
		if err != nil || len(der) != len(prefix)+Size || string(der[:len(prefix)]) != prefix {
			return nil, errors.New("BOOT_SIGNATURE_KEY_FILE: " + each + " is no public key on P-256")
		}
		key, err := Of([Size]byte(der[len(prefix):]))
		if err != nil {
			return nil, errors.New("BOOT_SIGNATURE_KEY_FILE: " + each + ": " + err.Error())
		}
		set.keys = append(set.keys, key)
	}
	return set, nil
}

// Keys implements image.KeySet.
func (s *Set) Keys() []image.Key { return s.keys }
