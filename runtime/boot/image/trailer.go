package image

import "encoding/binary"

// Swap is what MCUboot is asked to do with a slot at the next boot.
type Swap uint8

// What a trailer may ask for.
const (
	SwapUnset  Swap = 0
	SwapTest   Swap = 2 // run it once, and go back unless it is confirmed
	SwapPerm   Swap = 3 // run it from now on
	SwapRevert Swap = 4
)

// Trailer is what MCUboot keeps at the end of a slot. We write none: our slots are files, and their state is kept apart from them. It is read
// from images that were padded to a whole slot.
type Trailer struct {
	Align     int  // of writes, in bytes: 8, 16 or 32
	Confirmed bool // image OK
	CopyDone  bool
	Swap      Swap
	Image     uint8  // number of the image that the swap is of
	SwapSize  uint32 // 0 when unset
}

const (
	erased         = 0xff
	flagSet        = 0x01
	trailerMagic   = "\x77\xc2\x95\xf3\x60\xd2\xef\x7f\x35\x52\x50\x0f\x2c\xb6\x79\x80"
	trailerAligned = "\x2d\xe1\x5d\x29\x41\x0b\x8d\x77\x67\x9c\x11\x0f\x1f\x8a" // after two bytes of alignment, where that is not 8

	// longestTrailer is the size of a trailer with alignment 32, from the swap size to the end.
	longestTrailer = 32 + 4*32
)

// ParseTrailer reads the trailer at the end of a slot from its last bytes: as many as there are up to 160. What lies before the trailer in
// them must be erased, as the unused bytes in it. A nil Trailer without an error: all is erased, there is no trailer.
func ParseTrailer(end []byte) (*Trailer, error) {
	if isErased(end) {
		return nil, nil
	}
	align := trailerAlign(end)
	if align == 0 {
		return nil, refuse(TrailingGarbage, "what comes after it is neither padding nor MCUboot's trailer")
	}
	magicSize := max(len(trailerMagic), align)
	if len(end) < magicSize+3*align {
		return nil, refuse(TrailingGarbage, "after it there is no room for MCUboot's trailer, and yet its magic")
	}
	if !isErased(end[len(end)-magicSize : len(end)-len(trailerMagic)]) {
		return nil, refuse(TrailingGarbage, "MCUboot's trailer has bytes where it has none")
	}
	rest := end[:len(end)-magicSize]
	t := &Trailer{Align: align}
	var err error
	field := func() (value []byte) {
		value, rest = rest[len(rest)-align:], rest[:len(rest)-align]
		return value
	}
	if t.Confirmed, err = parseFlag(field(), "image OK"); err != nil {
		return nil, err
	}
	if t.CopyDone, err = parseFlag(field(), "copy done"); err != nil {
		return nil, err
	}
	if swap := field(); !isErased(swap) {
		t.Swap, t.Image = Swap(swap[0]&0x0f), swap[0]>>4
		if t.Swap < SwapTest || t.Swap > SwapRevert || !isErased(swap[1:]) {
			return nil, refuse(TrailingGarbage, "the swap type in MCUboot's trailer is ", hex(uint64(swap[0])))
		}
	}
	if len(rest) >= align {
		if size := field(); !isErased(size) {
			t.SwapSize = binary.LittleEndian.Uint32(size)
			if !isErased(size[4:]) {
				return nil, refuse(TrailingGarbage, "the swap size in MCUboot's trailer is not 4 bytes")
			}
		}
	}
	if !isErased(rest) {
		return nil, refuse(TrailingGarbage, "there is something between it and MCUboot's trailer")
	}
	return t, nil
}

// trailerAlign tells by its magic how the trailer is aligned; 0: it has no magic.
func trailerAlign(end []byte) int {
	if len(end) < len(trailerMagic) {
		return 0
	}
	last := end[len(end)-len(trailerMagic):]
	if string(last) == trailerMagic {
		return 8
	}
	if align := int(binary.LittleEndian.Uint16(last)); string(last[2:]) == trailerAligned && (align == 16 || align == 32) {
		return align
	}
	return 0
}

func parseFlag(field []byte, name string) (bool, error) {
	if isErased(field) {
		return false, nil
	}
	if field[0] != flagSet || !isErased(field[1:]) {
		return false, refuse(TrailingGarbage, "the flag ", name, " in MCUboot's trailer is neither set nor unset")
	}
	return true, nil
}

func isErased(bytes []byte) bool {
	for _, each := range bytes {
		if each != erased {
			return false
		}
	}
	return true
}
