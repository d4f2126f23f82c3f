package fota

import (
	"bytes"
	"testing"
)

// What decodes must encode to the same bytes, and can be used: nothing of it lies outside of the image.
func FuzzRecord(f *testing.F) {
	good := record{key: keyOf(Job{URL: "https://files.example/x"}), version: Version{Size: 1000, Validator: `e"a=b"`}, kind: TypeMCUboot, offset: 512}
	f.Add(good.encode())
	good.key = keyOf(Job{ID: "job 7"})
	f.Add(good.encode())
	f.Add(good.encode()[:60])
	f.Add(bytes.Replace(good.encode(), []byte("offset=512"), []byte("offset=1001"), 1))
	f.Add(bytes.Replace(good.encode(), []byte("offset=512"), []byte("offset=512\noffset=0"), 1))
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, content []byte) {
		r, ok := decodeRecord(content)
		if !ok {
			return
		}
		if r.offset <= 0 || r.offset > r.version.Size || r.key == "" || r.kind == 0 || r.version.Validator == "" {
			t.Errorf("%+v cannot be used", r)
		}
		again, ok := decodeRecord(r.encode())
		if !ok || again != r {
			t.Errorf("%+v became %+v", r, again)
		}
	})
}

// A record that is torn anywhere, or whose bytes are zeros, is none.
func TestTornRecords(t *testing.T) {
	whole := record{key: keyOf(Job{URL: "https://files.example/x"}), version: Version{Size: 12345, Validator: `e"v1"`}, kind: TypeMCUboot, offset: 1234}.encode()
	for n := range len(whole) {
		// A number that lost its end reads as a smaller one; without the last line end it is the same one.
		if r, ok := decodeRecord(whole[:n]); ok && r.offset > 1234 {
			t.Errorf("%q gives %+v", whole[:n], r)
		}
	}
	if _, ok := decodeRecord(make([]byte, len(whole))); ok {
		t.Error("zeros are a record")
	}
}
