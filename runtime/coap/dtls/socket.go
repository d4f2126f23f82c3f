package dtls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// socket is a UDP socket to one server whose local end can be exchanged. It is what pion reads and writes.
type socket struct {
	remote      *net.UDPAddr
	established atomic.Bool // the handshake is over
	identified  atomic.Bool // a record with a Connection ID was sent

	mu           sync.Mutex
	current      *net.UDPConn
	closed       chan struct{}
	readDeadline time.Time
	last         error // of the socket, not counting its end
}

func open(ctx context.Context, address string) (*socket, error) {
	conn, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	remote, is := conn.RemoteAddr().(*net.UDPAddr)
	if !is {
		_ = conn.Close()
		return nil, fmt.Errorf("%s has no UDP address", address)
	}
	return &socket{remote: remote, current: conn, closed: make(chan struct{})}, nil
}

// dial gives a connected socket: the kernel lets only the server's datagrams in, and tells what ICMP says about ours.
func dial(ctx context.Context, address string) (*net.UDPConn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", address)
	if err != nil {
		return nil, err
	}
	udp, is := conn.(*net.UDPConn)
	if !is {
		_ = conn.Close()
		return nil, fmt.Errorf("%s gives no UDP socket", address)
	}
	return udp, nil
}

func (s *socket) rebind(ctx context.Context) error {
	fresh, err := dial(ctx, s.remote.String())
	if err != nil {
		return fmt.Errorf("dtls: %w", err)
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

func (s *socket) conn() *net.UDPConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// passing notes an error and tells whether it is one to go on after.
func (s *socket) passing(conn *net.UDPConn, err error) bool {
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
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

func (s *socket) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readDeadline = t
	return s.current.SetReadDeadline(t)
}

func (s *socket) SetWriteDeadline(t time.Time) error { return s.conn().SetWriteDeadline(t) }
