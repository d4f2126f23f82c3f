package coap_test

import (
	"testing"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
)

// Requests over a link in memory between two Conns, both sides counted.
func BenchmarkRequest(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"small", 16}, {"1KiB", 1024}, {"64KiB in blocks", 64 << 10}} {
		b.Run(size.name, func(b *testing.B) {
			link, peer := coaptest.Pipe(coaptest.Impairments{})
			config := coap.Config{BlockTransfer: true, BlockSize: 1024}
			server := coap.NewConn(peer, config, serve(func(*coap.Request) coap.Response {
				return coap.Response{Message: coap.Message{Code: coap.Changed}}
			}), nil)
			client := coap.NewConn(link, config, nil, nil)
			message := request(coap.POST, "dp", body(size.bytes, 0))
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Do(b.Context(), message); err != nil {
					b.Fatal(err)
				}
			}
			client.Close()
			server.Close()
		})
	}
}

// The peer's part alone: one datagram in, one out.
func BenchmarkServe(b *testing.B) {
	link, peer := coaptest.Pipe(coaptest.Impairments{})
	server := coap.NewConn(peer, coap.Config{}, serve(func(*coap.Request) coap.Response {
		return coap.Response{Message: coap.Message{Code: coap.Changed}}
	}), nil)
	datagram := []byte("\x44\x03\x00\x00abcd\xb13\x010\xffpayload")
	buffer := make([]byte, 100)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		datagram[2], datagram[3] = byte(i>>8), byte(i)
		if _, err := link.Write(datagram); err != nil {
			b.Fatal(err)
		}
		if _, err := link.Read(buffer); err != nil {
			b.Fatal(err)
		}
	}
	server.Close()
	link.Close()
}
