package dtls_test

import (
	"context"
	"net"
	"testing"

	pion "github.com/pion/dtls/v3"

	"github.com/cloudgen/cloudgen/runtime/coap/dtls"
)

// only is a socket of which no more is known than that it is a net.Conn.
type only struct{ net.Conn }

// All sockets of a Dialer, those of Rebind too, come from the function that it was made with.
func TestSocketsOfAnotherKind(t *testing.T) {
	s := start(t, pion.WithConnectionIDGenerator(pion.RandomCIDGenerator(8)))
	var opened []string
	d := dtls.NewOver(dtls.Config{ConnectionID: true}, func(ctx context.Context, address string) (net.Conn, error) {
		opened = append(opened, address)
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "udp", address)
		return only{conn}, err
	})
	conn := dial(t, d, s.target())
	for range 2 {
		echo(t, conn, "hello")
		if err := conn.Rebind(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if len(opened) != 3 || opened[0] != s.address || opened[2] != s.address {
		t.Errorf("opened %q", opened)
	}
}
