package image_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

// zeros is an endless payload.
type zeros struct{}

func (zeros) Read(piece []byte) (int, error) {
	clear(piece)
	return len(piece), nil
}

// An image that is made into a verifier takes the same memory whatever its size, on both sides together.
func TestConstantMemory(t *testing.T) {
	signer := edSigner(t, 1)
	allocated := func(size int64) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		verifier := image.NewVerifier(allowing(signer), io.Discard)
		if err := image.Write(verifier, io.LimitReader(zeros{}, size), size, full(), signer); err != nil {
			t.Fatal(err)
		}
		if _, err := verifier.Finish(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := allocated(1<<10), allocated(64<<20)
	if large > small+64<<10 || large > 256<<10 {
		t.Errorf("%d bytes for 1 KiB, %d for 64 MiB", small, large)
	}
}
