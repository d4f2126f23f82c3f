package image_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

// BenchmarkVerify compares the verification of 16 MiB with plain SHA-256 over them, as readers of a file would do both.
func BenchmarkVerify(b *testing.B) {
	payload, made := make([]byte, 16<<20), []byte(nil)
	for name, signer := range map[string]image.Signer{"ed25519": edSigner(b, 1), "ecdsa-p256": ecSigner(b, 1)} {
		made = makeImage(b, payload, full(), signer)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(made)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := image.Verify(bytes.NewReader(made), allowing(signer)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(int64(len(made)))
		for b.Loop() {
			if _, err := io.CopyBuffer(struct{ io.Writer }{sha256.New()}, struct{ io.Reader }{bytes.NewReader(made)}, make([]byte, 64<<10)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
