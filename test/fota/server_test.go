//go:build real

package fota

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

// Values of State (/5/0/3) and Update Result (/5/0/5).
const (
	idle       = 0
	downloaded = 2

	initial     = 0
	success     = 1
	damaged     = 5
	unsupported = 6
	failed      = 8
)

// server is the local LwM2M server on this machine.
type server struct {
	*lwm2m.Server
	t       testing.TB
	address string // of coaps
	plain   string // of coap
}

func newServer(t testing.TB) *server {
	t.Helper()
	var sockets [4]net.PacketConn
	for i := range sockets {
		socket, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		sockets[i] = socket
	}
	started, err := lwm2m.Start(lwm2m.Config{
		Secure: sockets[0], Plain: sockets[1], BootstrapSecure: sockets[2], BootstrapPlain: sockets[3], DeviceKey: []byte(deviceKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Close(); err != nil {
			t.Error(err)
		}
	})
	return &server{Server: started, t: t, address: sockets[0].LocalAddr().String(), plain: sockets[1].LocalAddr().String()}
}

// link is a device as the server knows it.
type link struct {
	*lwm2m.Device
	t testing.TB
}

// registration waits for a registration that is not the one of this location, and gives the device and its location.
func (s *server) registration(ctx context.Context, unlike string) (*link, string, error) {
	for {
		for _, each := range s.Registrations() {
			if device, found := s.Device(each.Endpoint); found && each.Location != unlike {
				return &link{device, s.t}, each.Location, nil
			}
		}
		if ctx.Err() != nil {
			return nil, "", fmt.Errorf("there is no new registration: %w", ctx.Err())
		}
		pause()
	}
}

// standing is what a server reads of a device and its update.
type standing struct {
	version       string // /3/0/3; "": it is not known yet
	state, result int64
}

func (s standing) String() string {
	return fmt.Sprintf("version %q, state %d, result %d", s.version, s.state, s.result)
}

func (l *link) standing(ctx context.Context) (s standing, err error) {
	content, err := l.Read(ctx, "/5/0", lwm2m.Accept(format.SenMLCBOR))
	if err != nil {
		return s, err
	}
	for _, item := range content.Items {
		value, is := item.Value.(int64)
		switch {
		case !is:
		case item.Path == "/5/0/3":
			s.state = value
		case item.Path == "/5/0/5":
			s.result = value
		}
	}
	text, err := l.Read(ctx, "/3/0/3", lwm2m.Accept(format.Text))
	if _, refused := errors.AsType[*lwm2m.CodeError](err); refused {
		return s, nil // not filled yet
	}
	if err == nil {
		s.version, _ = text.Items[0].Value.(string)
	}
	return s, err
}

// becomes waits until the server reads this.
func (s *server) becomes(want standing) *link {
	s.t.Helper()
	ctx := within(s.t, patience)
	var last standing
	for {
		l, _, err := s.registration(ctx, "")
		if err == nil {
			asking, cancel := context.WithTimeout(ctx, 2*time.Second)
			last, err = l.standing(asking)
			cancel()
			if err == nil && last == want {
				return l
			}
		}
		if ctx.Err() != nil {
			s.t.Fatalf("the server reads %v (%v), want %v", last, err, want)
		}
		pause()
	}
}

// delivery is how an image comes to a device.
type delivery int

const (
	push delivery = iota
	pullPlain
	pullSecure
)

// deliver has the device download an image.
func (s *server) deliver(ctx context.Context, l *link, content []byte, by delivery) error {
	from := "coap://" + s.plain
	switch by {
	case push:
		return l.PushFirmware(ctx, content)
	case pullSecure:
		from = "coaps://" + s.address
	}
	if err := s.AddImage("image", content); err != nil {
		return err
	}
	if err := l.Write(ctx, "/5/0/1", format.Text, from+"/images/image"); err != nil {
		return err
	}
	for {
		now, err := l.standing(ctx)
		switch {
		case err != nil:
			return err
		case now.state == downloaded:
			return nil
		case now.state == idle:
			return fmt.Errorf("the download has ended: %v", now)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// within is a context that ends after a time.
func within(t testing.TB, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}
