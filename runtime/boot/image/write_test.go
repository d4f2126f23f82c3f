package image_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

type brokenSigner struct {
	image.Signer
	err error
}

func (b brokenSigner) Sign(*[32]byte) ([]byte, error) { return nil, b.err }

// What cannot be made is said, with what is wrong.
func TestWriteErrors(t *testing.T) {
	broken := errors.New("broken")
	describe := func(change func(*image.Description)) image.Description {
		d := full()
		change(&d)
		return d
	}
	for name, each := range map[string]struct {
		payload io.Reader
		size    int64
		d       image.Description
		signer  image.Signer
		text    string
	}{
		"empty":              {bytes.NewReader(nil), 0, full(), nil, "empty"},
		"too long":           {bytes.NewReader(nil), 1 << 32, full(), nil, "4294967295"},
		"shorter than said":  {bytes.NewReader(count(9)), 10, full(), nil, "ends after 9"},
		"longer than said":   {bytes.NewReader(count(11)), 10, full(), nil, "goes on"},
		"broken reader":      {iotest.ErrReader(broken), 10, full(), nil, "broken"},
		"short header":       {bytes.NewReader(count(9)), 9, describe(func(d *image.Description) { d.HeaderSize = 31 }), nil, "header"},
		"long header":        {bytes.NewReader(count(9)), 9, describe(func(d *image.Description) { d.HeaderSize = 65536 }), nil, "header"},
		"board":              {bytes.NewReader(count(9)), 9, describe(func(d *image.Description) { d.Boards = []string{"a\nb"} }), nil, "board"},
		"empty board":        {bytes.NewReader(count(9)), 9, describe(func(d *image.Description) { d.Boards = []string{""} }), nil, "board"},
		"platform":           {bytes.NewReader(count(9)), 9, describe(func(d *image.Description) { d.Platform = strings.Repeat("x", 65) }), nil, "platform"},
		"counter twice":      {bytes.NewReader(count(9)), 9, describe(func(d *image.Description) { d.Extra = []image.TLV{{Type: image.TypeSecurityCounter, Value: count(4)}} }), nil, "counter"},
		"long TLV":           {bytes.NewReader(count(9)), 9, describe(func(d *image.Description) { d.Extra = []image.TLV{{Type: 0xa0, Value: make([]byte, 65536)}} }), nil, "65535"},
		"long area":          {bytes.NewReader(count(9)), 9, describe(func(d *image.Description) { d.Extra = []image.TLV{{Type: 0xa0, Value: make([]byte, 65535)}} }), nil, "65535"},
		"signer":             {bytes.NewReader(count(9)), 9, full(), brokenSigner{edSigner(t, 1), broken}, "broken"},
		"signature as a TLV": {bytes.NewReader(count(9)), 9, describe(func(d *image.Description) { d.Extra = []image.TLV{{Type: image.TypeECDSA}} }), nil, "covers itself"},
	} {
		if err := image.Write(io.Discard, each.payload, each.size, each.d, each.signer); err == nil || !strings.Contains(err.Error(), each.text) {
			t.Errorf("%s: %v; want %q in it", name, err, each.text)
		}
	}
}

// limited is full after some bytes.
type limited struct{ room int }

func (l *limited) Write(piece []byte) (int, error) {
	if len(piece) > l.room {
		return 0, io.ErrShortWrite
	}
	l.room -= len(piece)
	return len(piece), nil
}

// A writer that fails at any byte fails the making.
func TestWriterFull(t *testing.T) {
	signer := edSigner(t, 1)
	size := len(makeImage(t, count(20), full(), signer))
	for room := range size {
		if err := image.Write(&limited{room}, bytes.NewReader(count(20)), 20, full(), signer); !errors.Is(err, io.ErrShortWrite) {
			t.Fatalf("room for %d: %v", room, err)
		}
	}
	if err := image.Write(&limited{size}, bytes.NewReader(count(20)), 20, full(), signer); err != nil {
		t.Error(err)
	}
}

// The same description and payload give the same bytes with Ed25519.
func TestWriteRepeats(t *testing.T) {
	first := makeImage(t, count(99), full(), edSigner(t, 1))
	if !bytes.Equal(first, makeImage(t, count(99), full(), edSigner(t, 1))) {
		t.Error("another image")
	}
	if d := (image.Description{}); !slices.Equal(makeImage(t, count(4), d, nil)[:32], image.Header{Size: 32, PayloadSize: 4}.Append(nil)) {
		t.Error("the least description gives another header")
	}
}
