package slots

import (
	"bytes"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
)

var states = []State{
	{},
	{Active: A},
	State{Active: B, Last: Result{Outcome: Refused, Digest: Digest{1, 2}, Reason: "a reason, with spaces "}}.stage(Digest{0xab}, "id").mark().try().try(),
	State{Active: A}.stage(Digest{}, "").end(Reverted, "line\nbreak \xff\x00"),
	State{}.stage(Digest{9}, "x").confirm(),
}

func TestStateIsReadBack(t *testing.T) {
	for _, each := range states {
		got, err := decodeState(each.encode())
		if err != nil || got != each {
			t.Errorf("%+v is read as %+v, %v", each, got, err)
		}
		for i := range each.encode() {
			spoiled := each.encode()
			spoiled[i] ^= 0x04
			if got, err := decodeState(spoiled); err == nil {
				t.Errorf("byte %d is wrong, and it is read as %+v", i, got)
			}
		}
	}
}

// FuzzState wants what is read to be what is written.
func FuzzState(f *testing.F) {
	for _, each := range states {
		f.Add(each.encode())
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if s, err := decodeState(content); err == nil && !bytes.Equal(s.encode(), content) {
			t.Errorf("%q is read as %+v", content, s)
		}
	})
}

// FuzzProgress wants what is read to be what is written, and in order.
func FuzzProgress(f *testing.F) {
	f.Add(progress{id: "https://example.com/image?x=\"1\"\n", size: 1 << 20, offset: 4096, header: 32, payload: 1 << 19}.encode())
	f.Add(progress{id: "", size: -1, offset: 32, header: 32, payload: 1}.encode())
	f.Fuzz(func(t *testing.T, content []byte) {
		p, ok := parseProgress(content)
		if ok && (!bytes.Equal(p.encode(), content) || p.offset < int64(p.header)) {
			t.Errorf("%q is read as %+v", content, p)
		}
	})
}

// FuzzLayout wants a slot's file of any content to be read without a panic, and what passes to be the image.
func FuzzLayout(f *testing.F) {
	header := image.Header{Size: 32, PayloadSize: 4}
	f.Add(append(append(header.Append([]byte("prog")), 0x07, 0x69, 4, 0), footer(4)...))
	f.Add(footer(0))
	f.Fuzz(func(t *testing.T, content []byte) {
		disk := durabletest.New()
		folder := durable.OpenOn(disk, "/")
		if err := folder.Write("a", content[:min(len(content), durable.MaxSize)]); err != nil {
			t.Fatal(err)
		}
		s, err := Open(folder, Config{}, None)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(A); err == nil {
			t.Error("it passes without a key")
		}
		if version, err := s.Version(A); err == nil && !bytes.Contains(content, version.Append(nil)) {
			t.Errorf("version %v", version)
		}
	})
}
