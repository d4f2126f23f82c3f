package modemimage

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

// maxWrapper is the longest wrapper of a full modem image, in bytes (nRF Connect SDK, lib/fmfu_fdev).
const maxWrapper = 1024

// check looks at a whole image before the modem gets it. Whether Nordic has signed it only the modem can tell.
func (t *Target) check(image io.ReaderAt, kind fota.Type, size int64) error {
	if kind != fota.TypeFullModem || t.config.SkipPrevalidation {
		return nil
	}
	head := make([]byte, min(size, maxWrapper))
	if _, err := image.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	m, err := parseManifest(head)
	if err != nil {
		return fmt.Errorf("%w: %w", fota.ErrRefused, err)
	}
	if total := int64(m.wrapper) + m.blob; total != size {
		return fmt.Errorf("%w: the modem image has %d bytes, and its segments end at %d", fota.ErrRefused, size, total)
	}
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{io.NewSectionReader(image, int64(m.wrapper), m.blob)}, make([]byte, 64<<10)); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), m.hash) {
		return fmt.Errorf("%w: the modem image is damaged: its segments have another hash than its manifest says", fota.ErrRefused)
	}
	return nil
}

// manifest is what the wrapper of a full modem image says: COSE_Sign1 (RFC 9052, 4.2) around version, compatibility, hash and segments.
type manifest struct {
	wrapper int   // bytes before the first segment
	blob    int64 // bytes of all segments
	hash    []byte
}

// parseManifest reads the wrapper that an image begins with.
func parseManifest(head []byte) (manifest, error) {
	var m manifest
	outer := cbor{rest: head}
	outer.want(cborTag, 18)
	outer.want(cborArray, 4)
	outer.text(cborBytes) // the algorithm: the modem knows which it takes
	outer.want(cborMap, 0)
	payload := cbor{rest: outer.text(cborBytes)}
	outer.text(cborBytes) // the signature
	m.wrapper = len(head) - len(outer.rest)
	payload.want(cborArray, 4)
	payload.number(cborUnsigned) // version
	payload.number(cborUnsigned) // compatibility
	m.hash = payload.text(cborBytes)
	segments := cbor{rest: payload.text(cborBytes)}
	for n := segments.number(cborArray); n > 0 && !segments.bad; n -= min(n, 2) {
		segments.number(cborUnsigned) // its address
		length := segments.number(cborUnsigned)
		if length > 1<<32 {
			segments.bad = true
		}
		m.blob += int64(length)
		if n == 1 {
			segments.bad = true
		}
	}
	if outer.bad || payload.bad || segments.bad || len(m.hash) != sha256.Size || len(payload.rest)+len(segments.rest) > 0 {
		return manifest{}, errors.New("the modem image has no manifest that can be read")
	}
	return m, nil
}

// The major types of CBOR that a wrapper has (RFC 8949, 3.1).
const (
	cborUnsigned = 0
	cborBytes    = 2
	cborArray    = 4
	cborMap      = 5
	cborTag      = 6
)

// cbor reads items of definite length, one after the other. After one that is not what was asked for it is bad, and gives nothing more.
type cbor struct {
	rest []byte
	bad  bool
}

// number reads the head of an item of a major type, and gives its argument.
func (c *cbor) number(major byte) uint64 {
	if c.bad || len(c.rest) == 0 || c.rest[0]>>5 != major {
		c.bad = true
		return 0
	}
	info := c.rest[0] & 31
	c.rest = c.rest[1:]
	if info < 24 {
		return uint64(info)
	}
	size := 1 << (info - 24)
	if info > 27 || len(c.rest) < size {
		c.bad = true
		return 0
	}
	var value uint64
	for _, each := range c.rest[:size] {
		value = value<<8 | uint64(each)
	}
	c.rest = c.rest[size:]
	return value
}

// want reads the head of an item whose argument is known.
func (c *cbor) want(major byte, value uint64) {
	if c.number(major) != value {
		c.bad = true
	}
}

// text reads a byte string.
func (c *cbor) text(major byte) []byte {
	length := c.number(major)
	if c.bad || length > uint64(len(c.rest)) {
		c.bad = true
		return nil
	}
	text := c.rest[:length]
	c.rest = c.rest[length:]
	return text
}
