package mqtt

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// FuzzPackets holds that whatever a broker sends, every packet handed on is one that paho decodes, of bounded size, and that the reader
// gives the same whether the bytes come at once or one by one.
func FuzzPackets(f *testing.F) {
	f.Add([]byte{0x20, 2, 0, 0, 0xd0, 0, 0x90, 3, 0, 1, 0x80})
	f.Add([]byte{0x32, 9, 0, 3, 'a', '/', 'b', 0, 7, 'x', 'y', 0x40, 2, 0, 7})
	f.Add(append([]byte{0x30, 0x90, 1, 0, 1, 'a'}, make([]byte, 141)...))
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff})
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		const payloadMax = 64
		whole := packetReader{in: bufio.NewReader(bytes.NewReader(stream)), payloadMax: payloadMax}
		trickle := packetReader{in: bufio.NewReaderSize(iotest.OneByteReader(bytes.NewReader(stream)), 16), payloadMax: payloadMax}
		for {
			p, err := whole.next()
			again, errAgain := trickle.next()
			if (err == nil) != (errAgain == nil) || !bytes.Equal(p.raw, again.raw) {
				t.Fatalf("at once %x, %v; one by one %x, %v", p.raw, err, again.raw, errAgain)
			}
			if err != nil {
				var protocol *protocolError
				if !errors.As(err, &protocol) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("error %v", err)
				}
				return
			}
			decoded, err := packets.ReadPacket(bytes.NewReader(p.raw))
			if err != nil {
				t.Fatalf("paho refuses %x: %v", p.raw, err)
			}
			if publish, ok := decoded.(*packets.PublishPacket); ok {
				if len(publish.Payload) > payloadMax || p.tooLarge > 0 && (len(publish.Payload) > 0 || p.tooLarge <= payloadMax || p.topic != publish.TopicName) {
					t.Fatalf("%d bytes of payload, too large: %d", len(publish.Payload), p.tooLarge)
				}
			} else if len(p.raw) > 5+2+maxSubackCodes {
				t.Fatalf("a packet of %d bytes", len(p.raw))
			}
		}
	})
}

// FuzzSubscribedFilters holds our reading of SUBSCRIBE against paho's writing of it.
func FuzzSubscribedFilters(f *testing.F) {
	f.Add(uint16(1), "a/b", uint8(3), []byte{})
	f.Add(uint16(65535), string(make([]byte, 200)), uint8(8), []byte{0x82, 5, 0, 1, 0, 9, 'a'})
	f.Fuzz(func(t *testing.T, id uint16, topic string, count uint8, raw []byte) {
		subscribedFilters(raw)
		if len(topic) > maxString {
			return
		}
		p := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
		p.MessageID = id
		for i := range count % 16 {
			p.Topics, p.Qoss = append(p.Topics, topic), append(p.Qoss, i%2)
		}
		var wire bytes.Buffer
		if err := p.Write(&wire); err != nil {
			t.Fatal(err)
		}
		gotID, filters, ok := subscribedFilters(wire.Bytes())
		if !ok || gotID != id || filters != int(count%16) {
			t.Fatalf("id %d, %d filters, %v; want %d and %d", gotID, filters, ok, id, count%16)
		}
	})
}
