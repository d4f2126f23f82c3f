package filetarget

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
)

const elfMagic = "\x7fELF"

// machine is what an ELF file is made for (System V ABI, ELF header): e_ident's class and data encoding, and e_machine.
type machine struct {
	class byte // 1: 32 bits, 2: 64 bits
	data  byte // 1: little-endian, 2: big-endian
	kind  uint16
}

func (m machine) order() binary.ByteOrder {
	if m.data == 2 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// String gives the machine as its numbers in the header.
func (m machine) String() string {
	return fmt.Sprintf("machine %d, class %d, encoding %d", m.kind, m.class, m.data)
}

// readMachine reads the beginning of an ELF file.
func readMachine(content io.ReaderAt) (machine, error) {
	var head [20]byte
	if _, err := content.ReadAt(head[:], 0); err != nil {
		return machine{}, errorf("%w: no ELF executable: %w", firmware.ErrUnsupported, err)
	}
	m := machine{class: head[4], data: head[5]}
	if string(head[:4]) != elfMagic || m.class < 1 || m.class > 2 || m.data < 1 || m.data > 2 {
		return machine{}, errorf("%w: no ELF executable", firmware.ErrUnsupported)
	}
	m.kind = m.order().Uint16(head[18:])
	return m, nil
}

// table says where numbers stand that tell what parts a file has.
type table struct {
	name                 string
	at, size, count      int // in the header: offset of the table, size of an entry, number of entries
	least                int // size of an entry
	kind, offset, length int // in an entry
}

// The tables of segments and sections, by class (System V ABI, program header and section header).
var (
	headers = [...]int{1: 52, 2: 64} // bytes
	tables  = [...][2]table{
		1: {{"segment", 28, 42, 44, 32, 0, 4, 16}, {"section", 32, 46, 48, 40, 4, 16, 20}},
		2: {{"segment", 32, 54, 56, 56, 0, 8, 32}, {"section", 40, 58, 60, 64, 4, 24, 32}},
	}
)

// number reads an offset or a length, of which the class says how wide it is.
func (m machine) number(from []byte) uint64 {
	if m.class == 2 {
		return m.order().Uint64(from)
	}
	return uint64(m.order().Uint32(from))
}

// readELF tells whether an ELF file of a size is whole: its segments and its sections lie within it. Linkers put the headers at the end or, as
// Go's does, at the beginning, so that the headers alone do not say it.
func readELF(content io.ReaderAt, size int64) (machine, error) {
	m, err := readMachine(content)
	if err != nil {
		return machine{}, err
	}
	head := make([]byte, headers[m.class])
	if _, err := content.ReadAt(head, 0); err != nil {
		return machine{}, errorf("%w: it ends within its header: %w", firmware.ErrIntegrity, err)
	}
	for _, each := range tables[m.class] {
		if err := each.check(m, head, content, uint64(size)); err != nil {
			return machine{}, err
		}
	}
	return m, nil
}

func (t table) check(m machine, head []byte, content io.ReaderAt, size uint64) error {
	at, entry := m.number(head[t.at:]), int(m.order().Uint16(head[t.size:]))
	count := int(m.order().Uint16(head[t.count:]))
	if count > 0 && entry < t.least {
		return errorf("%w: its %s headers have %d bytes", firmware.ErrIntegrity, t.name, entry)
	}
	header := make([]byte, t.least)
	for i := range count {
		from := at + uint64(i*entry)
		if beyond(from, uint64(t.least), size) {
			return errorf("%w: it is %d bytes long, and has a %s header at %d", firmware.ErrIntegrity, size, t.name, from)
		}
		if _, err := content.ReadAt(header, int64(from)); err != nil {
			return errorf("%w: %s header %d: %w", firmware.ErrIntegrity, t.name, i, err)
		}
		// Of kind 0 there is nothing, and of kind 8, a section of zeros, nothing in the file.
		if kind := m.order().Uint32(header[t.kind:]); kind == 0 || kind == 8 {
			continue
		}
		offset, length := m.number(header[t.offset:]), m.number(header[t.length:])
		if beyond(offset, length, size) {
			return errorf("%w: it is %d bytes long, and its %s %d has %d bytes from %d on", firmware.ErrIntegrity, size, t.name, i, length, offset)
		}
	}
	return nil
}

// beyond tells whether a part of a file does not lie within its size.
func beyond(offset, length, size uint64) bool { return offset > size || length > size-offset }
