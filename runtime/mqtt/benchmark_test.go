package mqtt

import (
	"testing"

	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
)

// Both benchmarks publish with QoS 1 and keep up to mqtttest.InFlight messages unacknowledged.
var benchPayload = make([]byte, 200)

func BenchmarkPublish(b *testing.B) {
	target, err := NewTarget(plainConfig, "", mqtttest.Acknowledger(b))
	if err != nil {
		b.Fatal(err)
	}
	c, err := Connect(b.Context(), plainConfig, target)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	slots := make(chan struct{}, mqtttest.InFlight)
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
	mqtttest.Measured(b, func() {
		for i := range b.N {
			slots <- struct{}{}
			if err := c.Publish(b.Context(), Publication{ID: uint16(i%60000 + 1), Topic: "bench/topic", QoS: 1, Payload: benchPayload}); err != nil {
				b.Fatal(err)
			}
		}
		<-ended
	})
}

// BenchmarkPublishBare is paho alone, to compare with.
func BenchmarkPublishBare(b *testing.B) {
	mqtttest.Bare(b, mqtttest.Acknowledger(b), "bench/topic", benchPayload)
}
