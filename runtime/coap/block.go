package coap

import "math/bits"

// block is the value of a Block1 or Block2 option (RFC 7959, 2.2).
type block struct {
	num  uint32 // below 1<<20
	more bool
	szx  uint8 // 0 to 6; 7 is reserved
}

const maxBlockNumber = 1<<20 - 1

func (b block) size() int   { return 16 << b.szx }
func (b block) offset() int { return int(b.num) * b.size() }

func (b block) value() uint32 {
	value := b.num<<4 | uint32(b.szx)
	if b.more {
		value |= 8
	}
	return value
}

// blockOf reads a block option. valid is false for the reserved size.
func blockOf(options Options, id OptionID) (b block, found, valid bool) {
	value, found := options.Uint(id)
	if !found {
		return block{}, false, true
	}
	b = block{num: value >> 4, more: value&8 != 0, szx: uint8(value & 7)}
	return b, true, b.szx != 7 && b.num <= maxBlockNumber
}

// szxOf gives the largest size exponent whose block is not longer than some bytes, of at least 16.
func szxOf(size int) uint8 {
	return uint8(min(max(bits.Len(uint(size))-5, 0), 6))
}
