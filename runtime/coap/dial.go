package coap

import (
	"context"
	"net"
)

// DialUDP opens a link without security (NoSec) to HOST:PORT. Nothing is sent: a peer that is not there shows later, or not at all. ctx
// bounds the look-up of the name. The link's local address stays the same for its life.
func DialUDP(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	link, err := dialer.DialContext(ctx, "udp", address)
	if err != nil {
		return nil, errorf("coap: %w", err)
	}
	return link, nil
}
