package mqtt

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// flushTimeout bounds how long Close waits for what is still to be sent, DISCONNECT above all.
	flushTimeout = 2 * time.Second
	// lingerTimeout bounds how long Close waits for the broker to close after DISCONNECT. Closing with unread input would reset the
	// connection, and the broker might lose DISCONNECT and publish the last will.
	lingerTimeout = time.Second
	// outMark is the number of waiting bytes above which Publish waits.
	outMark = 64 << 10
	// outLimit is the number of waiting bytes at which the peer is given up: it sends but reads nothing, so acknowledgements pile up.
	outLimit = 1 << 20
)

// link stands between paho and the network as the net.Conn that paho uses. Reading, it hands over whole, checked packets; writing, it
// takes everything at once and a goroutine of its own sends it, so that no goroutine of paho ever waits for the network.
type link struct {
	conn        net.Conn // TLS, or raw itself
	raw         net.Conn
	sendTimeout time.Duration // 0: none
	started     time.Time
	lastSent    atomic.Int64 // since started, as time.Duration
	onPing      func()       // PINGRESP came; called from paho's reading goroutine

	in      packetReader
	pending []byte // of the packet that is being handed over

	wake    chan struct{} // there is something to send
	space   chan struct{} // out has fallen below outMark
	closing chan struct{} // closed by Close and fail
	read    chan struct{} // closed when reading has ended
	done    chan struct{} // closed when the goroutine has ended and the network connection is closed

	mu          sync.Mutex
	out, spare  []byte
	orderly     bool // the next Close is ours
	closed      bool
	cause       error          // why the link ended, if not by Close
	subscribing map[uint16]int // number of filters of each SUBSCRIBE without SUBACK
	refused     map[uint64]refusal
	published   uint64 // PUBLISH packets handed over
	acceptance  *acceptance
}

// refusal is a PUBLISH whose payload was too large.
type refusal struct {
	topic string
	size  int
}

// acceptance is what CONNACK said (MQTT 3.1.1, 3.2.2).
type acceptance struct {
	sessionPresent bool
	code           byte
}

func newLink(conn, raw net.Conn, payloadMax int, sendTimeout time.Duration, onPing func()) *link {
	l := &link{
		conn: conn, raw: raw, sendTimeout: sendTimeout, started: time.Now(), onPing: onPing,
		in:   packetReader{in: bufio.NewReader(conn), payloadMax: payloadMax},
		wake: make(chan struct{}, 1), space: make(chan struct{}, 1),
		closing: make(chan struct{}), read: make(chan struct{}), done: make(chan struct{}),
		subscribing: make(map[uint16]int), refused: make(map[uint64]refusal),
	}
	go l.send()
	return l
}

// Read hands bytes of one packet to paho. It is called by one goroutine at a time.
func (l *link) Read(p []byte) (int, error) {
	for len(l.pending) == 0 {
		next, err := l.in.next()
		if err == nil {
			err = l.admit(next)
		}
		if err != nil {
			return 0, l.readEnded(err)
		}
		if !l.isClosing() { // what comes after Close is read past, see lingerTimeout
			l.pending = next.raw
		}
	}
	n := copy(p, l.pending)
	l.pending = l.pending[n:]
	return n, nil
}

// admit checks what cannot be checked by looking at a packet alone.
func (l *link) admit(p packet) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if (l.acceptance == nil) != (p.kind == typeConnack) {
		return malformed("CONNACK comes first and only once, not type %d", p.kind)
	}
	switch p.kind {
	case typeConnack:
		l.acceptance = &acceptance{sessionPresent: p.body[0]&1 != 0, code: p.body[1]}
		if p.body[0] > 1 {
			return malformed("CONNACK with flags %#x", p.body[0])
		}
		if p.body[1] != 0 { // paho takes return codes above 5 for success
			return errRefused
		}
	case typeSuback:
		// paho indexes the filters by the return codes and would panic on a surplus one.
		id := binary.BigEndian.Uint16(p.body)
		if filters, known := l.subscribing[id]; !known || filters != len(p.body)-2 {
			return malformed("SUBACK with %d return codes for a request of %d", len(p.body)-2, filters)
		}
		delete(l.subscribing, id)
	case typePublish:
		if p.tooLarge > 0 {
			l.refused[l.published] = refusal{topic: p.topic, size: p.tooLarge}
		}
		l.published++
	case typePingresp:
		if !l.closed {
			l.onPing()
		}
	}
	return nil
}

// refusal tells whether the n-th PUBLISH had a payload that was too large.
func (l *link) refusal(n uint64) (refusal, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, found := l.refused[n]
	delete(l.refused, n)
	return r, found
}

// readEnded gives the error that paho is to see: net.ErrClosed, which it takes silently, after Close; else the cause, which makes it
// report the loss.
func (l *link) readEnded(err error) error {
	if l.isClosing() {
		err = net.ErrClosed
	} else {
		l.fail(lossOf(err))
	}
	select {
	case <-l.read:
	default:
		close(l.read)
	}
	if cause := l.failure(); cause != nil {
		return cause
	}
	return err
}

// Write takes whole packets.
func (l *link) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		if l.cause != nil {
			return 0, l.cause
		}
		return 0, net.ErrClosed
	}
	if len(l.out) > outLimit {
		cause := &LostError{Loss: LossSendTimeout, problem: "the broker sends but takes nothing", Err: os.ErrDeadlineExceeded}
		l.closeLocked(cause)
		return 0, cause
	}
	if id, filters, ok := subscribedFilters(p); ok {
		l.subscribing[id] = filters
	}
	l.out = append(l.out, p...)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return len(p), nil
}

// full tells whether Publish has to wait for space.
func (l *link) full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.out) > outMark
}

// send is the goroutine that writes to the network and at last closes the connection.
func (l *link) send() {
	defer close(l.done)
	for closing := false; ; {
		for {
			batch, ok := l.nextBatch()
			if !ok {
				break
			}
			if _, err := l.conn.Write(batch); err != nil {
				l.fail(l.sendError(err))
				_ = l.raw.Close()
				return
			}
			l.lastSent.Store(int64(time.Since(l.started)))
			l.giveBack(batch)
		}
		if closing {
			break
		}
		select {
		case <-l.wake:
		case <-l.closing:
			closing = true
		}
	}
	if l.failure() != nil {
		_ = l.raw.Close()
		return
	}
	l.linger()
	_ = l.conn.Close()
}

// nextBatch takes what is waiting and sets the time that writing it may take.
func (l *link) nextBatch() ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.out) == 0 || l.cause != nil {
		return nil, false
	}
	batch := l.out
	l.out, l.spare = l.spare[:0], nil
	select {
	case l.space <- struct{}{}:
	default:
	}
	switch {
	case l.closed: // Close has set the deadline
	case l.sendTimeout > 0:
		_ = l.conn.SetWriteDeadline(time.Now().Add(l.sendTimeout))
	}
	return batch, true
}

func (l *link) giveBack(batch []byte) {
	const keep = 16 << 10
	if cap(batch) > keep {
		return
	}
	l.mu.Lock()
	l.spare = batch
	l.mu.Unlock()
}

func (l *link) sendError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &LostError{Loss: LossSendTimeout, problem: "the broker took nothing for " + l.sendTimeout.String(), Err: err}
	}
	return lossOf(err)
}

// linger waits until the broker closes, see lingerTimeout.
func (l *link) linger() {
	if tlsConn, ok := l.conn.(*tls.Conn); ok {
		_ = tlsConn.CloseWrite()
	}
	timer := time.NewTimer(lingerTimeout)
	defer timer.Stop()
	select {
	case <-l.read:
	case <-timer.C:
	}
}

// expectClose tells the link that its next Close follows a DISCONNECT.
func (l *link) expectClose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.orderly = true
}

// Close is called by paho. After expectClose it ends the link in an orderly way: what was written is sent, for at most flushTimeout.
// Otherwise paho has given the peer up, and the link ends at once. It does not wait; done tells the end.
func (l *link) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.orderly {
		l.closeLocked(nil)
	} else {
		l.closeLocked(errAbandoned)
	}
	return nil
}

// fail ends the link at once. The first cause counts.
func (l *link) fail(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed && l.cause == nil { // an orderly close has begun, but it cannot be finished
		l.cause = cause
	}
	l.closeLocked(cause)
}

func (l *link) closeLocked(cause error) {
	now := time.Now()
	if cause != nil {
		_ = l.raw.SetDeadline(now) // frees who waits in Read or Write
	}
	if l.closed {
		return
	}
	l.closed, l.cause = true, cause
	if cause == nil {
		_ = l.conn.SetWriteDeadline(now.Add(flushTimeout))
		_ = l.conn.SetReadDeadline(now.Add(flushTimeout + lingerTimeout))
	}
	close(l.closing)
}

func (l *link) isClosing() bool {
	select {
	case <-l.closing:
		return true
	default:
		return false
	}
}

func (l *link) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

// accepted gives what CONNACK said; nil: none came.
func (l *link) accepted() *acceptance {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acceptance
}

// sinceSent tells how long ago something was sent.
func (l *link) sinceSent() time.Duration {
	return time.Since(l.started) - time.Duration(l.lastSent.Load())
}

// LocalAddr is part of net.Conn.
func (l *link) LocalAddr() net.Addr { return l.conn.LocalAddr() }

// RemoteAddr is part of net.Conn.
func (l *link) RemoteAddr() net.Addr { return l.conn.RemoteAddr() }

// SetDeadline does nothing: paho's deadlines would end what Connect's context and the send timeout bound already.
func (l *link) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing, as SetDeadline.
func (l *link) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing, as SetDeadline.
func (l *link) SetWriteDeadline(time.Time) error { return nil }

var _ io.ReadWriteCloser = (*link)(nil)
