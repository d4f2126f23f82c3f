package aws

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// handover is a listener of connections that another server has accepted and whose TLS handshake is done: net/http serves no protocol of ALPN
// but its own.
type handover struct {
	address net.Addr
	queue   chan net.Conn
	closed  chan struct{}
	closing sync.Once
}

func newHandover(address net.Addr) *handover {
	return &handover{address: address, queue: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept gives the next connection: net.Listener.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case conn := <-h.queue:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept: net.Listener.
func (h *handover) Close() error {
	h.closing.Do(func() { close(h.closed) })
	return nil
}

// Addr gives the address of the port: net.Listener.
func (h *handover) Addr() net.Addr { return h.address }

// take hands a connection over and returns when it is closed.
func (h *handover) take(conn *tls.Conn) {
	handed := &handedConn{Conn: conn, state: conn.ConnectionState(), done: make(chan struct{})}
	select {
	case h.queue <- handed:
		<-handed.done
	case <-h.closed:
	}
}

// handedConn hides from net/http that it is TLS.
type handedConn struct {
	net.Conn
	state tls.ConnectionState
	done  chan struct{}
	once  sync.Once
}

func (c *handedConn) Close() error {
	c.once.Do(func() { close(c.done) })
	return c.Conn.Close()
}

// handedKey is the context's key of the connection.
type handedKey struct{}

func handedContext(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, handedKey{}, conn)
}

// withTLS gives requests of such connections the state of their TLS.
func withTLS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, ok := r.Context().Value(handedKey{}).(*handedConn); ok {
			r.TLS = &conn.state
		}
		next.ServeHTTP(w, r)
	})
}
