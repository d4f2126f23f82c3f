package broker_test

import (
	"testing"

	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
)

// Whatever bytes a client sends, before or after its CONNECT, the broker goes on serving the others.
func FuzzConnection(f *testing.F) {
	const connect = "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01f"
	const connect5 = "\x10\x0e\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01f"
	f.Add([]byte(connect))
	f.Add([]byte(connect5 + "\x30\x09\x00\x03a/b\x03\x23\x00\x01x"))            // topic alias
	f.Add([]byte(connect5 + "\x30\x06\x00\x00\x03\x23\x00\x01"))                // alias alone
	f.Add([]byte(connect + "\x82\x08\x00\x01\x00\x03a/#\x01"))                  // SUBSCRIBE
	f.Add([]byte(connect + "\x82\x02\x00\x01"))                                 // to nothing
	f.Add([]byte(connect + "\x30\x05\x00\x03a/b"))                              // PUBLISH
	f.Add([]byte(connect + "\x34\x07\x00\x03a/b\x00\x07"))                      // QoS 2
	f.Add([]byte(connect + "\x36\x07\x00\x03a/b\x00\x07"))                      // QoS 3
	f.Add([]byte(connect + "\x40\x02\x00\x00\x50\x02\x00\x01\x62\x02\x00\x01")) // acknowledgements of nothing
	f.Add([]byte(connect + "\xa2\x07\x00\x01\x00\x03a/b"))                      // UNSUBSCRIBE
	f.Add([]byte(connect + connect))
	f.Add([]byte(connect5 + "\xf0\x02\x18\x00\xe0\x02\x04\x00")) // AUTH, DISCONNECT with will
	f.Add([]byte("\x10\x80\x80\x80\x80\x80\x80\x00"))
	f.Add([]byte("\x10\x16\x00\x04MQTT\x04\xee\x00\x05\x00\x01f\x00\x01w\x00\x00\x00\x01u\x00\x00"))
	var b bench
	b.open(f, rules{}, broker.Limits{Packet: 4 << 10}, nil)
	f.Fuzz(func(t *testing.T, bytes []byte) {
		client, err := rawmqtt.Dial(t.Context(), b.Address(), b.client)
		check(t, err)
		defer client.Close()
		if err := client.WriteRaw(bytes); err != nil {
			return // closed before everything was sent
		}
		other, err := rawmqtt.Dial(t.Context(), b.Address(), b.client)
		check(t, err)
		defer other.Close()
		code, _, err := other.Connect(rawmqtt.Session{ID: "an id that no mutation finds"})
		if err != nil || code != 0 {
			t.Fatalf("another client cannot connect: %d, %v", code, err)
		}
		quiet(t, other)
	})
}
