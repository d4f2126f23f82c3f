// A bootloader with keys of Ed25519 and of ECDSA, to be measured.
package main

import (
	"os"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/eckey"
	"github.com/cloudgen/cloudgen/runtime/boot/image/edkey"
	"github.com/cloudgen/cloudgen/runtime/boot/loader"
)

type both struct {
	first  *edkey.Set
	second *eckey.Set
}

func (b both) Keys() []image.Key { return append(b.first.Keys(), b.second.Keys()...) }

func main() {
	first, err1 := edkey.New(edkey.Config{})
	second, err2 := eckey.New(eckey.Config{})
	if err1 != nil || err2 != nil {
		os.Exit(1)
	}
	os.Exit(loader.Main(os.Args[1:], loader.Config{Keys: both{first, second}}))
}
