package packetnet

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &Network{}
		server, err := n.Listen("server:1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Listen("server:1"); err == nil {
			t.Error("an address is given twice")
		}
		client, err := n.Dial("server:1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		length, from, err := server.ReadFrom(b)
		if err != nil || string(b[:length]) != "hello" || from != client.LocalAddr() {
			t.Fatalf("%q from %v: %v", b[:length], from, err)
		}
		stranger, err := n.Dial("server:1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stranger.WriteTo([]byte("junk"), client.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		n.SetFate(func(_, _ Address, datagram []byte) Fate {
			switch datagram[0] {
			case 'l':
				return nil
			case 's':
				return Fate{time.Second}
			}
			return Fate{0, 0}
		})
		for _, text := range []string{"lost", "slow", "twice"} {
			if _, err := server.WriteTo([]byte(text), from); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []string{"twice", "twice", "slow"} {
			length, err := client.Read(b)
			if err != nil || string(b[:length]) != want {
				t.Errorf("%q, %v; want %s", b[:length], err, want)
			}
		}
		if time.Since(start) != time.Second {
			t.Errorf("after %v", time.Since(start))
		}
		if err := client.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() {
			if err := client.SetDeadline(time.Now().Add(time.Second)); err != nil {
				t.Error(err)
			}
		})
		if _, err := client.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if _, err := server.Write(b); err == nil || server.RemoteAddr() != nil {
			t.Error("a connection without other end is written to")
		}
		for _, c := range []*Conn{server, client, stranger} {
			time.AfterFunc(time.Second, func() {
				if err := errors.Join(c.Close(), c.Close()); err != nil {
					t.Error(err)
				}
			})
			if err := c.SetReadDeadline(time.Time{}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(b); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%v", err)
			}
		}
	})
}
