package dtls

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// socket is a socket to one server whose local end can be exchanged. It is what pion reads and writes.
type socket struct {
	open        Open
	remote      net.Addr
	established atomic.Bool // the handshake is over
	identified  atomic.Bool // a record with a Connection ID was sent

	mu           sync.Mutex
	current      net.Conn
	closed       chan struct{}
	readDeadline time.Time
	last         error // of the socket, not counting its end
}

func newSocket(ctx context.Context, open Open, address string) (*socket, error) {
	conn, err := open(ctx, address)
	if err != nil {
		return nil, err
	}
	return &socket{open: open, remote: conn.RemoteAddr(), current: conn, closed: make(chan struct{})}, nil
}

// openUDP gives a connected socket: the kernel lets only the server's datagrams in, and tells what ICMP says about ours.
func openUDP(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, "udp", address)
}

func (s *socket) rebind(ctx context.Context) error {
	fresh, err := s.open(ctx, s.remote.String())
	if err != nil {
		return errorf("dtls: %w", err)
	}
	s.mu.Lock()
	select {
	case <-s.closed:
		s.mu.Unlock()
		_ = fresh.Close()
		return net.ErrClosed
	default:
	}
	old := s.current
	s.current = fresh
	err = fresh.SetReadDeadline(s.readDeadline)
	s.mu.Unlock()
	_ = old.Close() // wakes a reader, which goes on with the new one
	return err
}

func (s *socket) conn() net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// passing notes an error and tells whether it is one to go on after.
func (s *socket) passing(conn net.Conn, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return false
	default:
	}
	if conn != s.current {
		return true // it was exchanged
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		return false
	}
	s.last = err
	return true
}

// trouble gives the last error of the socket, as a refused connection.
func (s *socket) trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// ReadFrom gives the next datagram that is fit for pion. Errors of the network are passed over, with a short pause: what they are about is lost.
func (s *socket) ReadFrom(buffer []byte) (int, net.Addr, error) {
	for {
		conn := s.conn()
		n, err := conn.Read(buffer)
		if err == nil {
			if s.established.Load() && !fit(buffer[:n]) {
				continue
			}
			return n, s.remote, nil
		}
		if !s.passing(conn, err) {
			return 0, nil, err
		}
		if conn != s.conn() {
			continue
		}
		pause := time.NewTimer(20 * time.Millisecond)
		select {
		case <-pause.C:
		case <-s.closed:
			pause.Stop()
		}
	}
}

// WriteTo sends a datagram to the server, whatever the address. During the handshake an error of the network counts as a loss: pion would
// give up, though the next copy may arrive.
func (s *socket) WriteTo(datagram []byte, _ net.Addr) (int, error) {
	if !s.identified.Load() && identified(datagram) {
		s.identified.Store(true)
	}
	for {
		conn := s.conn()
		n, err := conn.Write(datagram)
		switch {
		case err == nil || !s.passing(conn, err):
			return n, err
		case conn != s.conn(): // exchanged meanwhile
		case !s.established.Load():
			return len(datagram), nil
		default:
			return n, err
		}
	}
}

func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return nil
	default:
	}
	close(s.closed)
	return s.current.Close()
}

func (s *socket) LocalAddr() net.Addr { return s.conn().LocalAddr() }

func (s *socket) SetDeadline(t time.Time) error {
	return joined(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

func (s *socket) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readDeadline = t
	return s.current.SetReadDeadline(t)
}

func (s *socket) SetWriteDeadline(t time.Time) error { return s.conn().SetWriteDeadline(t) }
