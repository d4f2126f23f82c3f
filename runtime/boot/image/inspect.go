package image

import (
	"errors"
	"io"
)

// Inspect reads what an image says of itself, without its payload: header and TLVs. Nothing of it is proven, KeyHash is that of the first
// signature, and Trailer is not read. It is for choosing between slots, and for showing what a file is; Verify decides what runs. The error
// is a *Refusal or the reader's.
func Inspect(from io.ReaderAt, size int64) (*Info, error) {
	var info Info
	read := func(at int64, n int) ([]byte, error) {
		if at+int64(n) > size {
			return nil, refuse(Truncated, "it needs ", number(uint64(at)+uint64(n)), " bytes and has ", number(uint64(size)), "; fetch it again")
		}
		part := make([]byte, n)
		if got, err := from.ReadAt(part, at); got < n {
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		return part, nil
	}
	start, err := read(0, int(min(size, HeaderSize)))
	if err != nil {
		return nil, err
	}
	if info.Header, err = ParseHeader(start); err != nil {
		return nil, err
	}
	at := int64(info.Header.Size) + int64(info.Header.PayloadSize)
	area, err := read(at, int(info.Header.ProtectedSize))
	if err != nil {
		return nil, err
	}
	if err := info.setProtected(area); err != nil {
		return nil, err
	}
	at += int64(len(area))
	start, err = read(at, infoSize)
	if err != nil {
		return nil, err
	}
	plainSize, err := parseInfo(start, magicPlain, "plain")
	if err != nil {
		return nil, err
	}
	if area, err = read(at+infoSize, plainSize-infoSize); err != nil {
		return nil, err
	}
	if info.Plain, err = parseTLVs(area, "plain"); err != nil {
		return nil, err
	}
	sealed, err := parseSeal(info.Plain)
	if err != nil {
		return nil, err
	}
	info.Digest = [32]byte(sealed.digest)
	if len(sealed.signatures) > 0 {
		info.KeyHash = sealed.signatures[0].KeyHash
	}
	info.Size = at + int64(plainSize)
	return &info, nil
}

// Payload gives the payload in an image.
func (h Header) Payload(image io.ReaderAt) *io.SectionReader {
	return io.NewSectionReader(image, int64(h.Size), int64(h.PayloadSize))
}
