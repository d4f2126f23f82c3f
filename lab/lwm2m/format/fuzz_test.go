package format

import (
	"encoding/json"
	"testing"
)

// Whatever comes: no panic, and paths that are at or below the base and can be read.
func FuzzDecode(f *testing.F) {
	f.Add(uint16(TLV), "/1/0", []byte("\x88\x07\x08\x42\x00\x0e\xd8\x42\x01\x13\x88"))
	f.Add(uint16(TLV), "/1", []byte("\x08\x00\x09\xc1\x00\x01\xc4\x01\x00\x01\x51\x80"))
	f.Add(uint16(SenMLCBOR), "/", []byte("\x82\xa3\x21\x65/1/0/\x00\x611\x02\x18\x3c\xa2\x00\x616\x04\xf5"))
	f.Add(uint16(SenMLJSON), "/3", []byte(`[{"bn":"/3/0/","n":"9","v":80,"t":1700000000}]`))
	f.Add(uint16(JSON), "/3/0", []byte(`{"bn":"/3/0/","e":[{"n":"0","sv":"X"}]}`))
	f.Add(uint16(CBOR), "/3/0/13", []byte("\xc1\x1a\x65\x53\xf1\x00"))
	f.Add(uint16(Text), "/3/0/22/0", []byte("10:0"))
	f.Fuzz(func(t *testing.T, number uint16, base string, payload []byte) {
		items, err := Decode(Format(number), base, payload, known())
		if err != nil {
			return
		}
		path, err := ParsePath(base)
		if err != nil {
			t.Fatalf("read under the path %q", base)
		}
		for _, item := range items {
			p, err := ParsePath(item.Path)
			if err != nil || len(p) < 3 || !path.Contains(p) {
				t.Fatalf("%q at or below %s: %v", item.Path, base, err)
			}
			if _, err := json.Marshal(item); err != nil {
				t.Fatalf("%+v has no JSON: %v", item, err)
			}
		}
	})
}

func FuzzLinks(f *testing.F) {
	f.Add([]byte(`</>;rt="oma.lwm2m";ct="60 110",</1>;ver=1.1,</1/0>`))
	f.Add([]byte(`lwm2m="1.0",</0/0>;ssid=1;uri="coap://h"`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		links, err := ParseLinks(payload)
		if err == nil && len(links) > len(payload) {
			t.Fatalf("%d links in %d bytes", len(links), len(payload))
		}
	})
}
