package lwm2m

import (
	"context"
	"net"
	"testing"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/coap/dtls"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client/secure"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
)

// The benchmarks run the client and the lab's server in one process over UDP on loopback, so that what a client alone could do is more. An
// operation is one exchange; ops/s is per second of this machine, with as many cores as -cpu says. One exchange is under way at a time, as CoAP
// wants it (NSTART is 1).

// securities are the ways that a benchmark runs.
var securities = []string{"NoSec", "PSK"}

// onLoopback registers a device at a server by UDP.
func onLoopback(b *testing.B, security string) *connected {
	b.Helper()
	listen := func() net.PacketConn {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		return conn
	}
	plain, secured := listen(), listen()
	lab, err := server.Start(server.Config{Plain: plain, Secure: secured})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := lab.Close(); err != nil {
			b.Error(err)
		}
	})
	w := &world{t: b, server: lab, log: newLog()}
	w.log.hush()
	d := w.newDevice()
	d.config.QueueMode, d.target = false, newFlash()
	account := noSec(1)
	account.URI = "coap://" + plain.LocalAddr().String()
	if security == "PSK" {
		account = d.psk(1)
		account.URI = "coaps://" + secured.LocalAddr().String()
	}
	d.loopback(account)
	known, err := lab.Await(within(b, time.Minute), d.endpoint)
	if err != nil {
		b.Fatal(err)
	}
	return &connected{device: d, Device: known}
}

// loopback runs the client on sockets of the system, without the log.
func (d *device) loopback(account security.Account) {
	d.t.Helper()
	dialer, err := secure.New(secure.Config{DTLS: dtls.Config{ConnectionID: true}})
	if err != nil {
		d.t.Fatal(err)
	}
	registered := make(chan struct{}, 1)
	d.running, err = client.New(d.config, client.Options{
		Endpoint: d.endpoint, Accounts: []security.Account{account}, Objects: d.objects(), Program: d.program, Secure: dialer,
		Events: func(e client.Event) {
			if e.Kind == client.Registered {
				registered <- struct{}{}
			}
		},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.running.Tree().Set(d.values()...); err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.running.Run(ctx) }()
	d.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			d.t.Error(err)
		}
	})
	d.running.Start()
	select {
	case <-registered:
	case <-time.After(time.Minute):
		d.t.Fatal("not registered within a minute")
	}
}

// perSecond reports what one operation means in operations per second.
func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func BenchmarkRead(b *testing.B) {
	for _, security := range securities {
		for _, path := range []string{"/3/0/9", "/3/0"} {
			b.Run(security+path, func(b *testing.B) {
				c := onLoopback(b, security)
				ctx := context.Background()
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.Read(ctx, path, server.Accept(format.TLV)); err != nil {
						b.Fatal(err)
					}
				}
				perSecond(b)
			})
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, security := range securities {
		b.Run(security, func(b *testing.B) {
			c := onLoopback(b, security)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Write(ctx, "/3/0/14", format.Text, "+02:00"); err != nil {
					b.Fatal(err)
				}
			}
			perSecond(b)
		})
	}
}

// BenchmarkNotification: one value changes, and the next changes when the server has the notification.
func BenchmarkNotification(b *testing.B) {
	for _, security := range securities {
		b.Run(security, func(b *testing.B) {
			c := onLoopback(b, security)
			ctx := context.Background()
			o, err := c.Observe(ctx, "/3/0/9")
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			level := int64(0)
			for b.Loop() {
				level = (level + 1) % 100
				c.set("/3/0/9", lwm2m.Integer(level))
				if n, err := o.Next(ctx); err != nil || n.Value("/3/0/9") != level {
					b.Fatal(n, err)
				}
			}
			perSecond(b)
		})
	}
}

// BenchmarkSend: one value by Send.
func BenchmarkSend(b *testing.B) {
	for _, security := range securities {
		b.Run(security, func(b *testing.B) {
			c := onLoopback(b, security)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if err := c.client().Send(ctx, at("/3/0/9")); err != nil {
					b.Fatal(err)
				}
			}
			perSecond(b)
		})
	}
}

// BenchmarkPush pushes 2 MiB. Its floor is what as many exchanges of one block take, of which some are measured before each push. The ratio of
// the two is reported as x-floor. TestPushTime looks at the same where the network takes the time.
func BenchmarkPush(b *testing.B) {
	const size, block, some = 2 << 20, 1024, 256
	for _, security := range securities {
		b.Run(security, func(b *testing.B) {
			c := onLoopback(b, security)
			ctx := context.Background()
			image := newImage("2.0.0", size)
			var floor time.Duration
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				if err := c.PushFirmware(ctx, []byte{0}); err != nil { // forgets the one before
					b.Fatal(err)
				}
				begun := time.Now()
				for range some {
					if err := c.Write(ctx, "/19/0/0/0", format.Opaque, server.Raw(image[:block])); err != nil {
						b.Fatal(err)
					}
				}
				floor += time.Since(begun) * (size / block / some)
				b.StartTimer()
				if err := c.PushFirmware(ctx, image); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(floor), "x-floor")
		})
	}
}
