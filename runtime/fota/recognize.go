package fota

import (
	"bytes"
	"fmt"
	"strings"
)

// Type is a kind of image, or a set of them: each is one bit.
type Type uint8

// The kinds, with the values of the SDK's dfu_target.
const (
	TypeMCUboot    Type = 1   // firmware
	TypeModemDelta Type = 2   // patch of the modem's firmware
	TypeFullModem  Type = 4   // the modem's whole firmware
	TypeSMP        Type = 8   // firmware of a second controller; looks like TypeMCUboot, and is only taken where it is asked for by name
	TypeCustom     Type = 128 // anything else, where there is a target for it
)

// RecognizedSize is how many bytes of an image are needed to tell its type.
const RecognizedSize = 32

// Recognize tells the type of an image by its beginning; 0: none that is known, or fewer than RecognizedSize bytes.
func Recognize(beginning []byte) Type {
	switch {
	case len(beginning) < RecognizedSize:
		return 0
	case bytes.HasPrefix(beginning, []byte{0x3d, 0xb8, 0xf3, 0x96}): // the magic of MCUboot's header
		return TypeMCUboot
	case bytes.HasPrefix(beginning[4:], []byte{0x6d, 0x65, 0x44, 0x75}): // "meDu"
		return TypeModemDelta
	case bytes.HasPrefix(beginning, []byte{0xd2, 0x84}): // CBOR tag 18 (COSE_Sign1), array of 4
		return TypeFullModem
	}
	return 0
}

// String gives the SDK's names, joined by |.
func (t Type) String() string {
	var names []string
	for _, each := range []struct {
		bit  Type
		name string
	}{
		{TypeMCUboot, "MCUBOOT"}, {TypeModemDelta, "MODEM_DELTA"}, {TypeFullModem, "FULL_MODEM"}, {TypeSMP, "SMP"}, {TypeCustom, "CUSTOM"},
	} {
		if t&each.bit != 0 {
			names = append(names, "DFU_TARGET_IMAGE_TYPE_"+each.name)
			t &^= each.bit
		}
	}
	switch {
	case t != 0:
		names = append(names, fmt.Sprintf("%#x", uint8(t)))
	case names == nil:
		return "DFU_TARGET_IMAGE_TYPE_NONE"
	}
	return strings.Join(names, "|")
}
