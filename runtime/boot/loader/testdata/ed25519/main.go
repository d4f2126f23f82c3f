// A bootloader with keys of Ed25519, to be measured.
package main

import (
	"os"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/edkey"
	"github.com/cloudgen/cloudgen/runtime/boot/loader"
)

func main() {
	os.Exit(loader.Main(os.Args[1:], loader.Config{
		// The public key of the seed of 32 zeros.
		Policy:  image.Policy{Keys: []image.Key{edkey.New([edkey.Size]byte([]byte("\x3b\x6a\x27\xbc\xce\xb6\xa4\x2d\x62\xa3\xa8\xd0\x2a\x6f\x0d\x73\x65\x32\x15\x77\x1d\xe2\x43\xa6\x3a\xc0\x48\xa1\x8b\x59\xda\x29")))}},
		Factory: os.Getenv("FACTORY"),
	}))
}
