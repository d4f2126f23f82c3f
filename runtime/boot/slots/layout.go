package slots

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

// A slot's file is the image turned round, so that the system can run it in place: the payload, which is the program; then the header; then
// the TLVs; then 16 bytes that say where the header is. Programs do not mind what comes after them.
const (
	footerMagic = "cgslot1\n"
	footerSize  = int64(len(footerMagic) + 8)
)

// footer is the end of a slot's file.
func footer(payload uint32) []byte {
	return binary.LittleEndian.AppendUint64([]byte(footerMagic), uint64(payload))
}

// turned reads a slot's file as the image that it was made of.
type turned struct {
	file    durable.Reader
	payload int64 // bytes, and where the header is
	header  int64 // bytes
	size    int64 // of the image, in bytes
}

// turn finds out how a slot's file is laid out. The error is a *image.Refusal, or the file's.
func turn(file durable.Reader) (*turned, error) {
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	size -= footerSize
	if size < image.HeaderSize {
		return nil, &image.Refusal{Reason: image.Truncated, Text: "the slot's file is too short; install the image again"}
	}
	end := make([]byte, footerSize)
	if err := readFull(file, end, size); err != nil {
		return nil, err
	}
	payload := binary.LittleEndian.Uint64(end[len(footerMagic):])
	if string(end[:len(footerMagic)]) != footerMagic || payload > uint64(size-image.HeaderSize) {
		return nil, &image.Refusal{Reason: image.Truncated, Text: "the slot's file has not the end that it was written with; install the image again"}
	}
	start := make([]byte, image.HeaderSize)
	if err := readFull(file, start, int64(payload)); err != nil {
		return nil, err
	}
	header, err := image.ParseHeader(start)
	if err != nil {
		return nil, err
	}
	if uint64(header.PayloadSize) != payload || int64(payload)+int64(header.Size) > size {
		return nil, &image.Refusal{Reason: image.Malformed, Text: "the slot's file is not laid out as its header says; install the image again"}
	}
	return &turned{file: file, payload: int64(payload), header: int64(header.Size), size: size}, nil
}

func readFull(from io.ReaderAt, into []byte, at int64) error {
	n, err := from.ReadAt(into, at)
	if n == len(into) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// image gives the image from its first byte to its last.
func (t *turned) image() io.Reader {
	return io.MultiReader(
		io.NewSectionReader(t.file, t.payload, t.header),
		io.NewSectionReader(t.file, 0, t.payload),
		io.NewSectionReader(t.file, t.payload+t.header, t.size-t.payload-t.header),
	)
}
