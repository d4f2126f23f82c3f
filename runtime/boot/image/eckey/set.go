package eckey

import "github.com/cloudgen/cloudgen/runtime/boot/image"

// Config is what the options say: the public keys, each as the base64 of its SubjectPublicKeyInfo.
type Config struct {
	PublicKeys []string `kconfig:"BOOT_SIGNATURE_KEY_FILE,key=ecdsa-p256"`
}

// Set is the keys of a program.
type Set struct{ keys []image.Key }

// New reads the keys.
func New(config Config) (*Set, error) {
	keys, err := image.ReadKeys(config.PublicKeys, prefix, Size, func(raw []byte) (image.Key, error) { return Of([Size]byte(raw)) })
	if err != nil {
		return nil, err
	}
	return &Set{keys}, nil
}

// Keys implements image.KeySet.
func (s *Set) Keys() []image.Key { return s.keys }
