package mqtttest

import (
	"bufio"
	"net"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// Acknowledger starts a peer that answers CONNECT, SUBSCRIBE and every PUBLISH of QoS 1 of one connection until that ends, and gives its
// address. It does no more than it must, so that benchmarks measure the client.
func Acknowledger(b testing.TB) string {
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
		acknowledge(conn)
	}()
	return listener.Addr().String()
}

func acknowledge(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		packet, err := packets.ReadPacket(in)
		if err != nil {
			return
		}
		var answer packets.ControlPacket
		switch p := packet.(type) {
		case *packets.ConnectPacket:
			answer = packets.NewControlPacket(packets.Connack)
		case *packets.SubscribePacket:
			suback := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
			suback.MessageID, suback.ReturnCodes = p.MessageID, p.Qoss
			answer = suback
		case *packets.PublishPacket:
			if p.Qos == 0 {
				continue
			}
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
}

// InFlight is the number of messages that benchmarks keep unacknowledged.
const InFlight = 20

// Bare publishes b.N messages of QoS 1 with paho alone, on which package mqtt is built, and keeps up to InFlight of them unacknowledged.
func Bare(b *testing.B, address, topic string, payload []byte) {
	b.Helper()
	options := paho.NewClientOptions().AddBroker("tcp://" + address).SetClientID("bench").SetAutoReconnect(false).SetWriteTimeout(time.Minute)
	client := paho.NewClient(options)
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		b.Fatal(token.Error())
	}
	defer client.Disconnect(1000)
	tokens := make(chan paho.Token, InFlight)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range b.N {
			(<-tokens).Wait()
		}
	}()
	Measured(b, func() {
		for range b.N {
			tokens <- client.Publish(topic, 1, false, payload)
		}
		<-ended
	})
}
