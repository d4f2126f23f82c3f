package mqtt

import (
	"net"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// acknowledger answers CONNECT and every PUBLISH of QoS 1 until the connection ends.
func acknowledger(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	b.Cleanup(func() { _ = listener.Close(); <-ended })
	go func() {
		defer close(ended)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			packet, err := packets.ReadPacket(conn)
			if err != nil {
				return
			}
			var answer packets.ControlPacket
			switch p := packet.(type) {
			case *packets.ConnectPacket:
				answer = packets.NewControlPacket(packets.Connack)
			case *packets.PublishPacket:
				puback := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
				puback.MessageID = p.MessageID
				answer = puback
			default: // DISCONNECT
				return
			}
			if answer.Write(conn) != nil {
				return
			}
		}
	}()
	return listener.Addr().String()
}

// Both benchmarks publish with QoS 1 and keep up to inFlight messages unacknowledged.
const inFlight = 20

var benchPayload = make([]byte, 200)

func BenchmarkPublish(b *testing.B) {
	target, err := NewTarget(plainConfig, "", acknowledger(b))
	if err != nil {
		b.Fatal(err)
	}
	c, err := Connect(b.Context(), plainConfig, target)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	slots := make(chan struct{}, inFlight)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range b.N {
			if _, ok := c.Next(); !ok {
				return
			}
			<-slots
		}
	}()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		slots <- struct{}{}
		if err := c.Publish(b.Context(), Publication{ID: uint16(i%60000 + 1), Topic: "bench/topic", QoS: 1, Payload: benchPayload}); err != nil {
			b.Fatal(err)
		}
	}
	<-ended
	b.StopTimer()
}

// BenchmarkPublishBare is paho alone, to compare with.
func BenchmarkPublishBare(b *testing.B) {
	options := paho.NewClientOptions().AddBroker("tcp://" + acknowledger(b)).SetClientID("bench").SetAutoReconnect(false).SetWriteTimeout(time.Minute)
	client := paho.NewClient(options)
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		b.Fatal(token.Error())
	}
	defer client.Disconnect(1000)
	tokens := make(chan paho.Token, inFlight)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range b.N {
			(<-tokens).Wait()
		}
	}()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		tokens <- client.Publish("bench/topic", 1, false, benchPayload)
	}
	<-ended
	b.StopTimer()
}
