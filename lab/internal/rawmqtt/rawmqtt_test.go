package rawmqtt

import (
	"bufio"
	"bytes"
	"testing"
)

// What the client reads it could have written: for a PUBLISH that it accepts, writing it again gives a packet with the same content.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x32\x09\x00\x03a/b\x00\x07hi"), byte(4))
	f.Add([]byte("\x32\x0a\x00\x03a/b\x00\x07\x00hi"), byte(5))
	f.Add([]byte("\x90\x04\x00\x01\x01\x80"), byte(4))
	f.Add([]byte("\x20\x02\x00\x00"), byte(4))
	f.Add([]byte("\x40\x02\x00\x07"), byte(4))
	f.Add([]byte("\xe0\x01\x8e"), byte(5))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff"), byte(4))
	f.Add([]byte("\x30\x02\xff\xff"), byte(4))
	f.Fuzz(func(t *testing.T, b []byte, version byte) {
		first, err := decode(bufio.NewReader(bytes.NewReader(b)), version)
		if err != nil || first.Type != Publish || first.QoS > 2 {
			return
		}
		var sent bytes.Buffer
		client := Client{conn: nopConn{Writer: &sent}, version: version, Patience: 1}
		if err := client.Publish(first.Topic, string(first.Payload), first.QoS, first.ID); err != nil {
			t.Fatal(err)
		}
		second, err := decode(bufio.NewReader(&sent), version)
		if err != nil || second.Topic != first.Topic || second.ID != first.ID || !bytes.Equal(second.Payload, first.Payload) {
			t.Errorf("read %+v, wrote it, read %+v, %v", first, second, err)
		}
	})
}
