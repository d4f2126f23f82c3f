package image

import (
	"crypto/sha256"
	"errors"
	"io"
	"math"
)

// Description is what an image is to say of itself. Claims go into its protected area.
type Description struct {
	Version     Version
	HeaderSize  int // bytes; 0 is HeaderSize
	LoadAddress uint32
	Flags       Flags
	Claims
	Extra []TLV // more for the protected area, of vendors' types; appended last
}

// Signer is a Key that signs. Package keyfile makes one of a crypto.Signer, so that the private key may lie in a secure element.
type Signer interface {
	Key
	// Sign signs an image's digest.
	Sign(digest *[32]byte) ([]byte, error)
}

// Write makes an image of a payload of size bytes and writes it. Without a signer (nil) the image has its digest only: no device takes it.
// It reads the payload once and holds 64 KiB of it. The error tells what in the description does not fit the format, that the payload has
// another size, or what a reader, a writer or the signer said; the image is unfinished then.
func Write(to io.Writer, payload io.Reader, size int64, d Description, signer Signer) error {
	protected, err := d.protected()
	if err != nil {
		return err
	}
	header, err := d.header(size, len(protected))
	if err != nil {
		return err
	}
	sum := sha256.New()
	both := io.MultiWriter(to, sum)
	if _, err := both.Write(append(header.Append(nil), make([]byte, int(header.Size)-HeaderSize)...)); err != nil {
		return err
	}
	copied, err := io.CopyBuffer(both, io.LimitReader(payload, size), make([]byte, bufferSize))
	if err != nil {
		return err
	}
	if copied < size {
		return errors.New("the payload ends after " + number(uint64(copied)) + " bytes and was to have " + number(uint64(size)))
	}
	if _, err := io.ReadFull(payload, make([]byte, 1)); err != io.EOF {
		return errors.Join(errors.New("the payload goes on after the "+number(uint64(size))+" bytes that it was to have"), err)
	}
	if _, err := both.Write(protected); err != nil {
		return err
	}
	var digest [32]byte
	sum.Sum(digest[:0])
	plain := []TLV{{TypeSHA256, digest[:]}}
	if signer != nil {
		signature, err := signer.Sign(&digest)
		if err != nil {
			return err
		}
		key := signer.Hash()
		plain = append(plain, TLV{TypeKeyHash, key[:]}, TLV{signer.Signs(), signature})
	}
	area, err := appendArea(nil, magicPlain, plain)
	if err != nil {
		return err
	}
	_, err = to.Write(area)
	return err
}

// header makes the header of an image.
func (d *Description) header(size int64, protected int) (Header, error) {
	headerSize := d.HeaderSize
	if headerSize == 0 {
		headerSize = HeaderSize
	}
	switch {
	case headerSize < HeaderSize || headerSize > MaxHeaderSize:
		return Header{}, errors.New("the size of an image's header is between 32 and 65535 bytes")
	case size <= 0:
		return Header{}, errors.New("the payload is empty")
	case size > math.MaxUint32:
		return Header{}, errors.New("the payload has " + number(uint64(size)) + " bytes; an image holds at most 4294967295")
	}
	return Header{LoadAddress: d.LoadAddress, Size: uint16(headerSize), ProtectedSize: uint16(protected), PayloadSize: uint32(size), Flags: d.Flags, Version: d.Version}, nil
}

// protected makes the protected area, which is empty when nothing is claimed.
func (d *Description) protected() ([]byte, error) {
	all := append(d.tlvs(), d.Extra...)
	if _, err := parseClaims(all); err != nil {
		if refusal, is := errors.AsType[*Refusal](err); is {
			return nil, errors.New("there would be no such image: " + refusal.Text)
		}
		return nil, err
	}
	if len(all) == 0 {
		return nil, nil
	}
	return appendArea(nil, magicProtected, all)
}

// appendArea appends an area of TLVs with the 4 bytes before them.
func appendArea(dst []byte, areaMagic uint16, all []TLV) ([]byte, error) {
	size := infoSize
	for _, each := range all {
		if len(each.Value) > math.MaxUint16 {
			return nil, errors.New("TLV " + hex(uint64(each.Type)) + " has " + number(uint64(len(each.Value))) + " bytes; it holds at most 65535")
		}
		size += tlvHeaderSize + len(each.Value)
	}
	if size > math.MaxUint16 {
		return nil, errors.New("the TLVs have " + number(uint64(size)) + " bytes together; an area holds at most 65535")
	}
	dst = append(dst, byte(areaMagic), byte(areaMagic>>8), byte(size), byte(size>>8))
	for _, each := range all {
		dst = each.Append(dst)
	}
	return dst, nil
}
