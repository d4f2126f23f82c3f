package modemimage

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

// wrapped is the full modem image of reference gnss-and-fota.md D.8: two segments of 8 and 4 bytes, a signature of zeros.
func wrapped(t testing.TB) []byte {
	t.Helper()
	head, err := hex.DecodeString(strings.ReplaceAll("d28444a1013824a0582f840101582098096977 34ae2c13433c150836249665"+
		"0805ecbb206ffe908ec4022f0bbbaa49498400081a0005000004590100", " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	whole := append(head, make([]byte, 256)...)
	return append(append(whole, bytes.Repeat([]byte{0xaa}, 8)...), bytes.Repeat([]byte{0xbb}, 4)...)
}

func TestFullModemImage(t *testing.T) {
	target := &Target{}
	whole := wrapped(t)
	if len(whole) != 328 {
		t.Fatalf("%d bytes", len(whole))
	}
	if m, err := parseManifest(whole); err != nil || m.wrapper != 316 || m.blob != 12 {
		t.Errorf("%+v, %v", m, err)
	}
	check := func(image []byte) error {
		return target.check(bytes.NewReader(image), fota.TypeFullModem, int64(len(image)))
	}
	if err := check(whole); err != nil {
		t.Error(err)
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1
		// Algorithm, version, compatibility, addresses and signature are for the modem to judge.
		err := check(damaged)
		if hashed := i >= 15 && i < 47 || i >= 316; hashed && !errors.Is(err, fota.ErrRefused) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	for _, n := range []int{0, 1, 50, 316, 327} {
		if err := check(whole[:n]); !errors.Is(err, fota.ErrRefused) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if err := check(append(bytes.Clone(whole), 0)); !errors.Is(err, fota.ErrRefused) {
		t.Errorf("a byte more: %v", err)
	}
	target.config.SkipPrevalidation = true
	if err := check(whole[:50]); err != nil {
		t.Errorf("without the check: %v", err)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add(wrapped(f))
	f.Add([]byte{0xd2, 0x84, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0xd2, 0x84, 0x40, 0xa0, 0x47, 0x84, 0, 0, 0x40, 0x9b, 0x7f, 0xff})
	f.Fuzz(func(t *testing.T, head []byte) {
		m, err := parseManifest(head)
		if err == nil && (m.wrapper > len(head) || m.blob < 0 || len(m.hash) != 32) {
			t.Errorf("%+v of %d bytes", m, len(head))
		}
	})
}
