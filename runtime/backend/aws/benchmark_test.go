package aws

import (
	"context"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/codec/tracker"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
)

var benchUpdate = data.Update{
	Network:     &data.Network{Band: 20, Mode: "LTE-M", RSRP: -97, AreaCode: 4660, MCCMNC: 24202, CellID: 1234567, IP: "10.0.0.7", Taken: taken},
	Fix:         &data.Fix{Latitude: 63.5, Longitude: 10.5, Accuracy: 9.5, Altitude: 120, Speed: 1.5, Heading: 180, HeadingAccuracy: 5, Taken: taken},
	Environment: &data.Environment{Temperature: 23.8, Humidity: 50.5, Pressure: 101.3, AirQuality: 42, Taken: taken},
	Battery:     &data.Battery{Percent: 87, Taken: taken},
}

// BenchmarkReport takes samples from their values to the acknowledgement, at QoS 1.
func BenchmarkReport(b *testing.B) {
	backend, err := New(plain(shipped), module.Device{
		ID: func(context.Context) (string, error) { return thing, nil }, Endpoint: mqtttest.Acknowledger(b),
	})
	if err != nil {
		b.Fatal(err)
	}
	slots := make(chan struct{}, mqtttest.InFlight)
	ended := make(chan struct{})
	left := b.N
	backend.Bind(func(r data.Received) {
		if _, is := r.(data.Acknowledged); is {
			<-slots
			if left--; left == 0 {
				close(ended)
			}
		}
	})
	if err := backend.Init(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	if _, err := backend.Connect(b.Context()); err != nil {
		b.Fatal(err)
	}
	mqtttest.Measured(b, func() {
		for i := range b.N {
			slots <- struct{}{}
			if err := backend.Report(b.Context(), benchUpdate, module.Delivery{ID: uint16(i%60000 + 1), Acknowledged: true}); err != nil {
				b.Fatal(err)
			}
		}
		<-ended
	})
	if err := backend.Uninit(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkReportBare is paho alone with the finished document, to compare with.
func BenchmarkReportBare(b *testing.B) {
	document := append(tracker.AppendUpdate(newReport(), benchUpdate), "}}"...)
	mqtttest.Bare(b, mqtttest.Acknowledger(b), prefix+"update", document)
}

// TestReportAllocations: from values to the finished document there is one allocation, the document.
func TestReportAllocations(t *testing.T) {
	b := &Backend{requests: requests{prefix: "ABCDEFGH"}}
	var kept []byte // as the transport does
	if got := testing.AllocsPerRun(100, func() {
		document := append(tracker.AppendUpdate(newReport(), benchUpdate), '}')
		document = b.finishReport(document, 4294967295, false)
		kept = document
	}); got != 1 {
		t.Errorf("%v allocations for %d bytes", got, len(kept))
	}
}
