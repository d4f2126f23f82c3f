// A bootloader with keys of Ed25519 and of ECDSA, to be measured.
package main

import (
	"os"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/eckey"
	"github.com/cloudgen/cloudgen/runtime/boot/image/edkey"
	"github.com/cloudgen/cloudgen/runtime/boot/loader"
)

func main() {
	key, err := eckey.New([eckey.Size]byte{4})
	if err == nil {
		os.Exit(1) // it is no point
	}
	os.Exit(loader.Main(os.Args[1:], loader.Config{Policy: image.Policy{Keys: []image.Key{edkey.New([edkey.Size]byte{}), key}}}))
}
