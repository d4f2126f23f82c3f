package image_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

func sha(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}

// pad makes a slot of this size of an image, with a trailer.
func pad(made []byte, size int, trailer []byte) []byte {
	padded := append(slices.Clone(made), bytes.Repeat([]byte{0xff}, size-len(made))...)
	copy(padded[size-len(trailer):], trailer)
	return padded
}

// trailer gives a trailer from the swap size to the end.
func trailer(align int, swapSize uint32, swap, copyDone, ok byte) []byte {
	field := func(bytes ...byte) []byte { return pad(bytes, align, nil) }
	end := field(byte(swapSize), byte(swapSize>>8), byte(swapSize>>16), byte(swapSize>>24))
	end = append(append(append(end, field(swap)...), field(copyDone)...), field(ok)...)
	magic := []byte("\x77\xc2\x95\xf3\x60\xd2\xef\x7f\x35\x52\x50\x0f\x2c\xb6\x79\x80")
	if align > 8 {
		magic = append([]byte{byte(align), 0}, "\x2d\xe1\x5d\x29\x41\x0b\x8d\x77\x67\x9c\x11\x0f\x1f\x8a"...)
	}
	return append(append(end, bytes.Repeat([]byte{0xff}, max(16, align)-16)...), magic...)
}

func TestTrailers(t *testing.T) {
	long := trailer(32, 1<<31, 0x13, 1, 1)
	for name, each := range map[string]struct {
		end  []byte
		want *image.Trailer
		fine bool
	}{
		"none":                 {bytes.Repeat([]byte{0xff}, 160), nil, true},
		"fresh":                {trailer(8, 1<<32-1, 0xff, 0xff, 0xff), &image.Trailer{Align: 8}, true},
		"confirmed":            {trailer(8, 1<<32-1, 0xff, 0xff, 1), &image.Trailer{Align: 8, Confirmed: true}, true},
		"all, 16":              {trailer(16, 4711, 0x24, 1, 1), &image.Trailer{Align: 16, Confirmed: true, CopyDone: true, Swap: image.SwapRevert, Image: 2, SwapSize: 4711}, true},
		"all, 32":              {long, &image.Trailer{Align: 32, Confirmed: true, CopyDone: true, Swap: image.SwapPerm, Image: 1, SwapSize: 1 << 31}, true},
		"without swap size":    {trailer(8, 1<<32-1, 2, 0xff, 0xff)[8:], &image.Trailer{Align: 8, Swap: image.SwapTest}, true},
		"nothing but magic":    {trailer(8, 0, 2, 0xff, 0xff)[32:], nil, false},
		"no magic":             {append(bytes.Repeat([]byte{0xff}, 159), 0), nil, false},
		"short":                {[]byte{1}, nil, false},
		"swap type 1":          {trailer(8, 0, 1, 0xff, 0xff), nil, false},
		"swap type 5":          {trailer(8, 0, 5, 0xff, 0xff), nil, false},
		"flag 2":               {trailer(8, 0, 2, 2, 0xff), nil, false},
		"flag 0":               {trailer(8, 0, 2, 0xff, 0), nil, false},
		"magic's gap":          {put(140, 0)(slices.Clone(long)), nil, false},
		"before the trailer":   {append([]byte{0}, trailer(8, 0, 2, 0xff, 0xff)...), nil, false},
		"after the image's ok": {put(len(long)-60, 0)(slices.Clone(long)), nil, false},
		"after the swap type":  {put(33, 0)(slices.Clone(long)), nil, false},
		"after the swap size":  {put(5, 0)(slices.Clone(long)), nil, false},
		"alignment 8 told":     {put(144, 8)(slices.Clone(long)), nil, false},
		"alignment 4 told":     {append(bytes.Repeat([]byte{0xff}, 144), append([]byte{4, 0}, long[146:]...)...), nil, false},
		"alignment 64 told":    {put(144, 64)(slices.Clone(long)), nil, false},
	} {
		got, err := image.ParseTrailer(each.end)
		if each.fine != (err == nil) || !each.fine && !errors.Is(err, image.TrailingGarbage) || (got == nil) != (each.want == nil) || got != nil && *got != *each.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Padding is taken where it is allowed, in pieces of any size, and every byte of it is looked at.
func TestPadding(t *testing.T) {
	signer := edSigner(t, 1)
	made := makeImage(t, count(100), full(), signer)
	policy := allowing(signer)
	policy.Padded = true
	last := trailer(8, 1<<32-1, 2, 0xff, 0xff)
	for _, size := range []int{len(made) + len(last), len(made) + 200, 5000} {
		padded := pad(made, size, last)
		for _, piece := range []int{1, 13, 159, 160, 161, 5000} {
			verifier := image.NewVerifier(policy, nil)
			for each := range slices.Chunk(padded, piece) {
				if n, err := verifier.Write(each); n != len(each) || err != nil {
					t.Fatalf("slot of %d in pieces of %d: %v", size, piece, err)
				}
			}
			info, err := verifier.Finish()
			if err != nil || info.Trailer == nil || info.Trailer.Swap != image.SwapTest || info.Size != int64(len(made)) {
				t.Fatalf("slot of %d in pieces of %d: %+v, %v", size, piece, info, err)
			}
		}
		// A changed byte is refused, or it changes what the trailer says, which no signature covers.
		told := 0
		for at := range padded {
			changed := slices.Clone(padded)
			changed[at] ^= 0xfe
			info, err := image.Verify(iotest.HalfReader(bytes.NewReader(changed)), policy)
			if _, inPieces := image.Verify(iotest.OneByteReader(bytes.NewReader(changed)), policy); (err == nil) != (inPieces == nil) {
				t.Fatalf("slot of %d, byte %d changed: %v; in pieces: %v", size, at, err, inPieces)
			}
			if err == nil && info.Trailer != nil && *info.Trailer != (image.Trailer{Align: 8, Swap: image.SwapTest}) {
				told++
				continue
			}
			if _, is := errors.AsType[image.Reason](err); !is {
				t.Fatalf("slot of %d, byte %d changed: %+v, %v", size, at, info, err)
			}
		}
		if told > 6 { // image OK, copy done, 4 bytes of swap size
			t.Errorf("%d bytes of the trailer may be changed", told)
		}
	}
	erased := pad(made, 4000, nil)
	info, err := image.Verify(bytes.NewReader(erased), policy)
	if err != nil || info.Trailer != nil {
		t.Errorf("padding alone: %+v, %v", info, err)
	}
	policy.MaxSize = 3999
	if _, err := image.Verify(bytes.NewReader(erased), policy); !errors.Is(err, image.TooLarge) {
		t.Errorf("padding over the slot's end: %v", err)
	}
}
