package image_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

// FuzzVerify takes any bytes: they are refused with a Refusal, or they hold what Inspect says too and may run only because of a signature
// over them. Pieces of any size give the same answer.
func FuzzVerify(f *testing.F) {
	signer := edSigner(f, 1)
	small := makeImage(f, count(16), image.Description{}, signer)
	f.Add(small, uint8(1))
	f.Add(makeImage(f, count(30), full(), signer), uint8(200))
	f.Add(makeImage(f, count(16), full(), nil), uint8(3))
	f.Add(makeImage(f, count(16), image.Description{}, ecSigner(f, 1)), uint8(64))
	f.Add(pad(small, 600, trailer(8, 1<<32-1, 2, 0xff, 0xff)), uint8(77))
	policy := allowing(signer, ecSigner(f, 1))
	policy.Padded = true
	f.Fuzz(func(t *testing.T, data []byte, piece uint8) {
		info, err := judge(data, policy)
		if refusal, is := errors.AsType[*image.Refusal](err); err != nil && (!is || refusal.Reason == 0 || refusal.Text == "") {
			t.Fatalf("no refusal: %v", err)
		}
		verifier := image.NewVerifier(policy, nil)
		size := int(piece) + 1
		for rest := data; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			if _, err := verifier.Write(rest[:min(size, len(rest))]); err != nil {
				break
			}
		}
		if _, again := verifier.Finish(); (err == nil) != (again == nil) || err != nil && again.Error() != err.Error() {
			t.Fatalf("%v; in pieces of %d: %v", err, size, again)
		}
		inspected, inspectErr := image.Inspect(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		if inspectErr != nil || inspected.Digest != info.Digest || inspected.Size != info.Size || inspected.Header != info.Header {
			t.Fatalf("inspected %+v, %v; verified %+v", inspected, inspectErr, info)
		}
		if info.KeyHash != signer.Hash() && info.KeyHash != ecSigner(t, 1).Hash() {
			t.Fatalf("accepted without a key: %+v", info)
		}
	})
}

// FuzzParseTrailer takes the end of any slot.
func FuzzParseTrailer(f *testing.F) {
	f.Add(trailer(8, 1<<32-1, 2, 0xff, 0xff))
	f.Add(trailer(16, 12, 0x24, 1, 1))
	f.Add(trailer(32, 12, 3, 1, 1))
	f.Fuzz(func(t *testing.T, end []byte) {
		got, err := image.ParseTrailer(end)
		if err != nil && (got != nil || !errors.Is(err, image.TrailingGarbage)) {
			t.Fatalf("%+v, %v", got, err)
		}
		if got == nil {
			return
		}
		if got.Align != 8 && got.Align != 16 && got.Align != 32 {
			t.Fatalf("%+v", got)
		}
	})
}

// FuzzVersion takes any text: what is read gives itself back.
func FuzzVersion(f *testing.F) {
	for _, text := range []string{"1.2.3+4", "0.0.0-development+lab", "v255.255.65535", "1.2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := image.ParseVersion(text); err == nil {
			if again, err := image.ParseVersion(v.String()); err != nil || again != v {
				t.Fatalf("%q gave %v, and that %v, %v", text, v, again, err)
			}
			if whole, err := image.FirmwareVersion(text); err != nil || whole != v {
				t.Fatalf("%q is %v, of a firmware %v, %v", text, v, whole, err)
			}
		}
		if v, err := image.FirmwareVersion(text); err == nil {
			if again, err := image.FirmwareVersion(v.String()); err != nil || again != v {
				t.Fatalf("%q gave %v, and that %v, %v", text, v, again, err)
			}
		}
	})
}
