package dtls

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	pion "github.com/pion/dtls/v3"
)

// ErrNoConnectionID tells that a link cannot change its address: the server gave it no Connection ID.
var ErrNoConnectionID = errors.New("dtls: the server gave no connection ID: a new address needs a new session")

// Conn is a link under one DTLS session. One Read and one Write are one datagram each.
type Conn struct {
	session *pion.Conn
	socket  *socket
	alert   lastAlert
	forget  func() // the session, so that it is not resumed
	closed  atomic.Bool
	resumed bool // set before Dial gives the Conn
}

// Resumed tells whether the handshake was an abbreviated one: the server knows the session, and whose it is.
func (c *Conn) Resumed() bool { return c.resumed }

// HasConnectionID tells whether the session outlives a change of the local address.
func (c *Conn) HasConnectionID() bool { return c.socket.identified.Load() }

// Rebind opens a new local socket, under the same session, and closes the old one with what waits in it. The server learns of the new
// address with the next datagram that is written, so write one before waiting for any. After an error the old socket still stands.
func (c *Conn) Rebind(ctx context.Context) error {
	if !c.HasConnectionID() {
		return ErrNoConnectionID
	}
	return c.socket.rebind(ctx)
}

// Read gives one datagram of the server. What does not fit into the buffer is lost. The error is *AlertError when the server ended the
// session, and then always; os.ErrDeadlineExceeded after a deadline; net.ErrClosed after Close. Everything else that the network says
// about earlier datagrams is passed over: a lost datagram has the same meaning.
func (c *Conn) Read(buffer []byte) (int, error) {
	for {
		n, err := c.session.Read(buffer)
		if err == nil {
			return n, nil
		}
		if end := c.ended(err); end != nil {
			return 0, end
		}
	}
}

// ended gives the error that ends a Read or Write; nil: it was a passing one.
func (c *Conn) ended(err error) error {
	timeout, temporary := errors.AsType[*pion.TimeoutError](err)
	switch {
	case c.closed.Load():
		return net.ErrClosed
	case temporary && timeout.Timeout():
		return os.ErrDeadlineExceeded
	case errors.Is(err, io.EOF) || errors.Is(err, pion.ErrConnClosed) || errors.Is(err, net.ErrClosed):
		if alert := c.alert.received.Load(); alert != nil {
			if alert.Code != AlertCloseNotify {
				c.forget() // RFC 5246, 7.2
			}
			return alert
		}
		return io.EOF
	}
	return nil
}

// Write sends one datagram. An error of the socket means that it is lost, not that the session is over; *AlertError, io.EOF, net.ErrClosed
// and os.ErrDeadlineExceeded are as with Read.
func (c *Conn) Write(datagram []byte) (int, error) {
	if _, err := c.session.Write(datagram); err != nil {
		if end := c.ended(err); end != nil {
			return 0, end
		}
		return 0, err
	}
	return len(datagram), nil
}

// Close tells the server (close_notify) and closes the socket.
func (c *Conn) Close() error {
	c.closed.Store(true)
	err := c.session.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// LocalAddr gives the address of the socket in use.
func (c *Conn) LocalAddr() net.Addr { return c.socket.LocalAddr() }

// RemoteAddr gives the server's address, which stays the same.
func (c *Conn) RemoteAddr() net.Addr { return c.socket.remote }

// SetDeadline is that of net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.session.SetDeadline(t) }

// SetReadDeadline is that of net.Conn. It does not touch a Read that waits already.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.session.SetReadDeadline(t) }

// SetWriteDeadline is that of net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.session.SetWriteDeadline(t) }
