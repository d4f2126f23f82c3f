package dtls

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// packet is one datagram and where it came from.
type packet struct {
	data []byte
	from net.Addr
}

// linkBacklog is how many datagrams may wait for a session. What comes beyond is lost, as in a socket's buffer.
const linkBacklog = 256

// link is what one session has in place of a socket of its own.
type link struct {
	listener *Listener
	packets  chan packet
	closed   chan struct{}
	muted    atomic.Bool // nothing is sent any more
	unknown  atomic.Bool // the identity of the handshake is not known: its alert is unknown_psk_identity

	mu       sync.Mutex
	isClosed bool
	deadline time.Time
	changed  chan struct{} // closed when the deadline changes
}

func newLink(listener *Listener) *link {
	return &link{listener: listener, packets: make(chan packet, linkBacklog), closed: make(chan struct{}), changed: make(chan struct{})}
}

func (l *link) deliver(p packet) {
	select {
	case l.packets <- p:
	default:
	}
}

// ReadFrom gives the next datagram: net.PacketConn.
func (l *link) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		l.mu.Lock()
		deadline, changed := l.deadline, l.changed
		l.mu.Unlock()
		var expired <-chan time.Time
		var timer *time.Timer
		if !deadline.IsZero() {
			left := time.Until(deadline)
			if left <= 0 {
				return 0, nil, os.ErrDeadlineExceeded
			}
			timer = time.NewTimer(left)
			expired = timer.C
		}
		stop := func() {
			if timer != nil {
				timer.Stop()
			}
		}
		select {
		case p := <-l.packets:
			stop()
			return copy(b, p.data), p.from, nil
		case <-l.closed:
			stop()
			return 0, nil, net.ErrClosed
		case <-changed:
			stop()
		case <-expired:
			return 0, nil, os.ErrDeadlineExceeded
		}
	}
}

// A plaintext fatal alert as it leaves the handshake.
const (
	recordAlert          = 21
	alertInternalError   = 80
	alertUnknownIdentity = 115 // unknown_psk_identity, RFC 4279 section 2
)

// WriteTo sends a datagram on the listener's socket: net.PacketConn.
func (l *link) WriteTo(b []byte, to net.Addr) (int, error) {
	if l.muted.Load() {
		return len(b), nil
	}
	if l.unknown.Load() && len(b) == 15 && b[0] == recordAlert && b[14] == alertInternalError {
		// pion has no way to choose the alert for an identity that is not known.
		b = append([]byte(nil), b...)
		b[14] = alertUnknownIdentity
	}
	return l.listener.socket.WriteTo(b, to)
}

// Close ends reads: net.PacketConn. The listener's socket stays open.
func (l *link) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.isClosed {
		l.isClosed = true
		close(l.closed)
	}
	return nil
}

// LocalAddr gives the socket's address: net.PacketConn.
func (l *link) LocalAddr() net.Addr { return l.listener.socket.LocalAddr() }

// SetReadDeadline bounds reads, also those that wait: net.PacketConn.
func (l *link) SetReadDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = t
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// SetWriteDeadline does nothing, because writes of datagrams do not wait: net.PacketConn.
func (l *link) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline bounds reads: net.PacketConn.
func (l *link) SetDeadline(t time.Time) error { return l.SetReadDeadline(t) }
