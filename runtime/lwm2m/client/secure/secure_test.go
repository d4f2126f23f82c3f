package secure_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client/secure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server that answers the first message with a fatal alert: unknown_psk_identity.
func TestAlert(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 2048)
		for {
			_, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			alert := []byte{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 115}
			if _, err := server.WriteTo(alert, from); err != nil {
				return
			}
		}
	}()
	dialer, err := secure.New(secure.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	link, err := dialer.Dial(ctx, client.Target{Address: server.LocalAddr().String(), Identity: []byte("me"), Key: []byte("key")})
	if alert, is := errors.AsType[*client.AlertError](err); !is || alert.Code != 115 {
		t.Errorf("got %v, %v", link, err)
	}
	dialer.FlushSessionCache()
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	<-done
}
