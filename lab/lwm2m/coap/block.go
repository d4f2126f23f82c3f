package coap

import (
	"crypto/sha256"
	"fmt"
)

// block is the value of a Block1 or Block2 option: RFC 7959 section 2.2.
type block struct {
	number uint32
	more   bool
	size   int // 16 to 1024
}

func (b block) value() uint32 {
	szx := uint32(0)
	for size := b.size; size > 16; size >>= 1 {
		szx++
	}
	v := b.number<<4 | szx
	if b.more {
		v |= 8
	}
	return v
}

// blockOf reads a block option. ok is false where it is absent; the error is for one that cannot be read.
func blockOf(m *Message, id OptionID) (b block, ok bool, err error) {
	raw, found := m.Bytes(id)
	if !found {
		return block{}, false, nil
	}
	value, valid := m.Uint(id)
	if !valid || len(raw) > 3 || value&7 == 7 {
		return block{}, true, fmt.Errorf("block option % x is not valid (RFC 7959 section 2.2)", raw)
	}
	return block{number: value >> 4, more: value&8 != 0, size: 16 << (value & 7)}, true, nil
}

// setBlock puts a block option in place of the one there is.
func setBlock(m *Message, id OptionID, b block) {
	m.remove(id)
	m.AddUint(id, b.value())
}

// slice gives the part of a response that a request asks for. Slices are cut from the whole each time: what a Handler answers to the same
// GET must not change while a peer fetches it, or the entity tag tells it to start again.
func slice(request, response *Message, blockSize int) *Message {
	asked, ok, err := blockOf(request, Block2)
	if err != nil {
		return &Message{Code: BadRequest, Payload: []byte(err.Error())}
	}
	if !ok || !response.Code.Success() {
		asked.number = 0
	}
	size := blockSize
	if ok {
		size = min(size, asked.size)
	}
	if !response.Code.Success() || (len(response.Payload) <= size && !ok) || len(response.Payload) == 0 {
		return response
	}
	// A peer that asked in larger blocks than ours gets block 0 in ours and counts on from there.
	offset := int(asked.number) * size
	if offset > 0 && offset >= len(response.Payload) {
		return &Message{Code: BadRequest, Payload: []byte("block beyond the end of the representation")}
	}
	end := min(offset+size, len(response.Payload))
	part := *response
	part.Options = append([]Option(nil), response.Options...)
	part.Payload = response.Payload[offset:end]
	if _, tagged := part.Bytes(ETag); !tagged {
		sum := sha256.Sum256(response.Payload)
		part.Add(ETag, sum[:8])
	}
	if asked.number == 0 {
		part.AddUint(Size2, uint32(len(response.Payload)))
	}
	setBlock(&part, Block2, block{number: asked.number, more: end < len(response.Payload), size: size})
	return &part
}
