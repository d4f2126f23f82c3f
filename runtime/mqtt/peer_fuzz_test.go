package mqtt

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// FuzzPeer holds that a broker which sends anything at all, with a subscription and a publication of ours on the way, neither panics
// paho nor hangs the connection.
func FuzzPeer(f *testing.F) {
	f.Add([]byte{0x90, 3, 0, 1, 1, 0x40, 2, 0, 2, 0xd0, 0})
	f.Add([]byte{0x90, 3, 0, 2, 1, 0x40, 2, 0, 1, 0xb0, 2, 0, 1})
	f.Add([]byte{0x90, 4, 0, 1, 1, 1})
	f.Add([]byte{0x50, 2, 0, 2, 0x62, 2, 0, 2, 0x70, 2, 0, 2})
	f.Add([]byte{0x34, 6, 0, 1, 'a', 0, 9, 'x', 0x62, 2, 0, 9, 0x3a, 5, 0, 1, 'a', 0, 7})
	f.Fuzz(func(t *testing.T, stream []byte) {
		near, far := net.Pipe()
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			if _, err := packets.ReadPacket(far); err != nil {
				return
			}
			written := make(chan struct{})
			go func() {
				defer close(written)
				_, _ = far.Write(append([]byte{0x20, 2, 0, 0}, stream...))
			}()
			seen := 0
			for seen < 2 { // SUBSCRIBE and PUBLISH, so that the stream can answer them
				if _, err := packets.ReadPacket(far); err != nil {
					break
				}
				seen++
			}
			go func() { _, _ = io.Copy(io.Discard, far) }()
			<-written
			_ = far.Close()
		}()
		config := plainConfig
		config.PayloadMax = 16
		c, err := open(context.Background(), config, Target{Host: "pipe", Port: 1}, near, near)
		if err != nil {
			_ = far.Close()
			<-drained
			return
		}
		subscribed := make(chan struct{})
		go func() {
			defer close(subscribed)
			_, _ = c.Subscribe(context.Background(), []Filter{{Topic: "a", QoS: 1}})
		}()
		published := make(chan struct{})
		go func() {
			defer close(published)
			_ = c.Publish(context.Background(), Publication{ID: 7, Topic: "b", QoS: 1})
		}()
		for {
			event, ok := c.Next()
			if !ok {
				break
			}
			if event.Kind == EventMessage && len(event.Message.Payload) > config.PayloadMax || event.Kind == EventAcknowledged && event.ID != 7 {
				t.Errorf("event %+v", event)
			}
		}
		c.Close()
		<-subscribed
		<-published
		_ = far.Close()
		<-drained
	})
}
