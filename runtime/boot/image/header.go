// Package image reads and writes firmware images in MCUboot's format, so that imgtool makes and verifies ours and we verify its.
//
// An image is a header, the payload, a protected area of TLVs (type, length, value) and a plain area of TLVs. A SHA-256 covers all but the
// plain area, which holds that digest and the signatures over it. What may follow, in the dump of a whole slot, is padding and MCUboot's
// trailer. Everything is little endian.
//
// A Verifier takes an image in pieces, in one pass and in constant memory, and refuses it with a *Refusal that has a Reason. Write makes an
// image as a stream. Neither knows a kind of key: packages edkey (Ed25519) and eckey (ECDSA P-256) do, so that a bootloader links
// only what it verifies with. Package keyfile reads keys from PEM files and signs.
package image

import "encoding/binary"

// Sizes and marks of the format (MCUboot, bootutil/image.h).
const (
	// HeaderSize is the least size of a header, in bytes. More is padding that the digest covers.
	HeaderSize = 32
	// MaxHeaderSize is the most that the header's own field can say, in bytes.
	MaxHeaderSize = 1<<16 - 1

	magic          = 0x96f3b83d
	magicOld       = 0x96f3b83c // of images before MCUboot 1.0, whose header is another
	magicProtected = 0x6908
	magicPlain     = 0x6907
	infoSize       = 4 // magic and size before the TLVs of an area
)

// Flags of a header.
type Flags uint32

// The flags that MCUboot knows.
const (
	FlagPIC         Flags = 0x1 // position independent; nothing to us
	FlagAES128      Flags = 0x4
	FlagAES256      Flags = 0x8
	FlagNonBootable Flags = 0x10
	FlagRAMLoad     Flags = 0x20 // Header.LoadAddress is an address in RAM
	FlagROMFixed    Flags = 0x100
	FlagLZMA1       Flags = 0x200
	FlagLZMA2       Flags = 0x400
	FlagARMThumb    Flags = 0x800

	knownFlags = FlagPIC | FlagAES128 | FlagAES256 | FlagNonBootable | FlagRAMLoad | FlagROMFixed | FlagLZMA1 | FlagLZMA2 | FlagARMThumb
)

// Header is the first 32 bytes of an image. The magic is not part of it.
type Header struct {
	LoadAddress   uint32
	Size          uint16 // of the header itself, in bytes: where the payload begins
	ProtectedSize uint16 // of the protected TLV area with its own 4 bytes in front; 0 when there is none
	PayloadSize   uint32 // bytes
	Flags         Flags
	Version       Version
}

// Append appends the 32 bytes of the header.
func (h Header) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, magic)
	dst = binary.LittleEndian.AppendUint32(dst, h.LoadAddress)
	dst = binary.LittleEndian.AppendUint16(dst, h.Size)
	dst = binary.LittleEndian.AppendUint16(dst, h.ProtectedSize)
	dst = binary.LittleEndian.AppendUint32(dst, h.PayloadSize)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(h.Flags))
	dst = h.Version.Append(dst)
	return append(dst, 0, 0, 0, 0)
}

// IsImage tells by the first bytes of a file whether it is an image of this format. Fewer than 32 bytes are none.
func IsImage(start []byte) bool {
	return len(start) >= HeaderSize && binary.LittleEndian.Uint32(start) == magic
}

// ParseHeader reads a header from the first 32 bytes of an image. It refuses what is none, and what cannot be an image that we run:
// NotAnImage, Truncated, Malformed, Unsupported.
func ParseHeader(start []byte) (Header, error) {
	if len(start) < HeaderSize {
		return Header{}, refuse(Truncated, "it ends inside the header")
	}
	switch binary.LittleEndian.Uint32(start) {
	case magic:
	case magicOld:
		return Header{}, refuse(NotAnImage, "it has the format from before MCUboot 1.0; sign it again with a newer tool")
	default:
		return Header{}, refuse(NotAnImage, "it does not begin with MCUboot's magic")
	}
	h := Header{
		LoadAddress:   binary.LittleEndian.Uint32(start[4:]),
		Size:          binary.LittleEndian.Uint16(start[8:]),
		ProtectedSize: binary.LittleEndian.Uint16(start[10:]),
		PayloadSize:   binary.LittleEndian.Uint32(start[12:]),
		Flags:         Flags(binary.LittleEndian.Uint32(start[16:])),
		Version:       parseVersion(start[20:]),
	}
	switch {
	case h.Size < HeaderSize:
		return Header{}, refuse(Malformed, "its header says that it is ", number(uint64(h.Size)), " bytes long; the least is 32")
	case h.ProtectedSize != 0 && h.ProtectedSize < infoSize:
		return Header{}, refuse(Malformed, "its protected TLV area cannot be ", number(uint64(h.ProtectedSize)), " bytes long")
	case h.PayloadSize == 0:
		return Header{}, refuse(Malformed, "it has no payload")
	case h.Flags&(FlagAES128|FlagAES256) != 0:
		return Header{}, refuse(Unsupported, "it is encrypted; sign it without encryption")
	case h.Flags&(FlagLZMA1|FlagLZMA2|FlagARMThumb) != 0:
		return Header{}, refuse(Unsupported, "it is compressed; sign it without compression")
	case h.Flags&FlagNonBootable != 0:
		return Header{}, refuse(Unsupported, "it is marked as not bootable")
	case h.Flags&^knownFlags != 0:
		return Header{}, refuse(Unsupported, "it has the flags ", hex(uint64(h.Flags&^knownFlags)), ", whose meaning is not known here")
	}
	return h, nil
}

// signedSize is how many bytes the digest covers.
func (h Header) signedSize() int64 {
	return int64(h.Size) + int64(h.PayloadSize) + int64(h.ProtectedSize)
}
