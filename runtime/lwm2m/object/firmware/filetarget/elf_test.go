package filetarget

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
)

// elf makes a file with a segment, a section of zeros and a section, in this order: header, segment header, content, section headers.
func elf(m machine) []byte {
	order := m.order()
	length, segment, section := headers[m.class], tables[m.class][0], tables[m.class][1]
	content := length + segment.least
	names := content + 10
	file := make([]byte, names+3*section.least)
	copy(file, elfMagic)
	file[4], file[5] = m.class, m.data
	order.PutUint16(file[18:], m.kind)
	number := func(at int, value int) {
		if m.class == 2 {
			order.PutUint64(file[at:], uint64(value))
		} else {
			order.PutUint32(file[at:], uint32(value))
		}
	}
	number(segment.at, length)
	order.PutUint16(file[segment.size:], uint16(segment.least))
	order.PutUint16(file[segment.count:], 1)
	order.PutUint32(file[length+segment.kind:], 1)
	number(length+segment.offset, content)
	number(length+segment.length, 10)
	number(section.at, names)
	order.PutUint16(file[section.size:], uint16(section.least))
	order.PutUint16(file[section.count:], 3)
	for i, kind := range []uint32{0, 8, 1} { // none, zeros, content
		at := names + i*section.least
		order.PutUint32(file[at+section.kind:], kind)
		number(at+section.offset, content)
		number(at+section.length, 10)
		if kind == 8 {
			number(at+section.length, 1<<30)
		}
	}
	return file
}

func TestReadELF(t *testing.T) {
	for _, m := range []machine{{1, 1, 40}, {1, 2, 8}, {2, 1, 62}, {2, 2, 21}} {
		whole := elf(m)
		got, err := readELF(bytes.NewReader(whole), int64(len(whole)))
		if err != nil || got != m {
			t.Errorf("%v: %v, %v", m, got, err)
		}
		for size := range whole {
			_, err := readELF(bytes.NewReader(whole[:size]), int64(size))
			want := firmware.ErrIntegrity
			if size < 20 {
				want = firmware.ErrUnsupported
			}
			if !errors.Is(err, want) {
				t.Fatalf("%v, first %d of %d bytes: %v", m, size, len(whole), err)
			}
		}
		small := bytes.Clone(whole)
		m.order().PutUint16(small[tables[m.class][1].size:], 1)
		if _, err := readELF(bytes.NewReader(small), int64(len(small))); !errors.Is(err, firmware.ErrIntegrity) {
			t.Errorf("%v, section headers of a byte: %v", m, err)
		}
	}
}

// The program of this test is as Go's linker makes them, and what is cut off at its end is missed.
func TestReadELFOfAProgram(t *testing.T) {
	whole := testProgram(t)
	if _, err := readELF(bytes.NewReader(whole), int64(len(whole))); err != nil {
		t.Error(err)
	}
	for _, size := range []int{len(whole) - 1000, len(whole) / 2, 100_000, 64, 30} {
		if _, err := readELF(bytes.NewReader(whole[:size]), int64(size)); !errors.Is(err, firmware.ErrIntegrity) {
			t.Errorf("%d bytes of %d: %v", size, len(whole), err)
		}
	}
}

// testProgram gives the program of this test.
func testProgram(t *testing.T) []byte {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

func FuzzReadELF(f *testing.F) {
	f.Add([]byte(elfMagic))
	f.Add([]byte("#!/bin/sh\nexit 0\n"))
	f.Add(elf(machine{1, 1, 40}))
	f.Add(elf(machine{2, 2, 21}))
	most := elf(machine{2, 1, 62})
	binary.LittleEndian.PutUint64(most[40:], 1<<64-1)
	binary.LittleEndian.PutUint16(most[58:], 1<<16-1)
	binary.LittleEndian.PutUint16(most[60:], 1<<16-1)
	f.Add(most)
	f.Fuzz(func(t *testing.T, content []byte) {
		_, err := readELF(bytes.NewReader(content), int64(len(content)))
		if err != nil && !errors.Is(err, firmware.ErrIntegrity) && !errors.Is(err, firmware.ErrUnsupported) {
			t.Errorf("%v", err)
		}
	})
}
