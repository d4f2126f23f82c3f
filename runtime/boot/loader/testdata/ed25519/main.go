// A bootloader with keys of Ed25519, to be measured.
package main

import (
	"os"

	"github.com/cloudgen/cloudgen/runtime/boot/image/edkey"
	"github.com/cloudgen/cloudgen/runtime/boot/loader"
)

func main() {
	keys, err := edkey.New(edkey.Config{PublicKeys: []string{"MCowBQYDK2VwAyEAO2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik="}}) // of the seed of 32 zeros
	if err != nil {
		os.Exit(1)
	}
	os.Exit(loader.Main(os.Args[1:], loader.Config{Keys: keys, Factory: os.Getenv("FACTORY")}))
}
