// Package dtls is the lab's DTLS 1.2 server with pre-shared keys: many sessions on one datagram socket, found by Connection ID (RFC 9146) where
// one was negotiated, else by address. The record layer and the handshake are pion's. A client that starts a new handshake from the address of
// a living session keeps that session until the new one is complete (RFC 6347 section 4.2.8).
package dtls

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
)

// ErrUnknownIdentity is what Config.Key returns for an identity that it has no key for. The client gets the alert unknown_psk_identity (115).
var ErrUnknownIdentity = errors.New("no key for this PSK identity")

// Bounds of the memory and of the time that clients can take.
const (
	mostHandshakes   = 64
	mostSessions     = 4096
	mostResumable    = 1024
	handshakeTimeout = 60 * time.Second
	largestDatagram  = 8192
)

// Config is what Listen needs. Key and Accept are required.
type Config struct {
	Key func(identity []byte) ([]byte, error) // called during handshakes, from several goroutines
	// Accept takes a session whose handshake is complete. It gives what receives its datagrams and what is told its end; both are called from the
	// session's goroutine. It must not wait for the session.
	Accept       func(*Session) (receive func(datagram []byte), ended func(cause error))
	Failed       func(remote net.Addr, identity []byte, cause error) // told about handshakes that fail; nil: nobody
	CIDLength    int                                                 // length of our Connection IDs in bytes, 1 to 20; 0: the extension is not answered
	NoResumption bool                                                // sessions cannot be resumed by their id
	MTU          int                                                 // 0: pion's 1200; only handshakes are cut to it
}

// Listener serves one socket.
type Listener struct {
	config  Config
	socket  net.PacketConn
	store   *sessions
	ctx     context.Context // ends handshakes
	cancel  context.CancelFunc
	reading sync.WaitGroup
	running sync.WaitGroup // sessions

	mu        sync.Mutex
	closed    bool
	byCID     map[string]*Session
	byAddress map[string]*Session // established
	pending   map[string]*Session // in a handshake
}

// Session is one DTLS session.
type Session struct {
	listener *Listener
	link     *link
	conn     *dtls.Conn
	cid      string
	identity []byte
	address  string      // from which the handshake came
	usesCID  atomic.Bool // the client has the extension
}

// Serve starts to serve a socket, which may be one in memory; its addresses must be comparable types. It owns the socket from now on. The
// caller closes the listener.
func Serve(socket net.PacketConn, config Config) *Listener {
	l := &Listener{
		config: config, socket: socket, store: &sessions{entries: map[string]dtls.Session{}},
		byCID: map[string]*Session{}, byAddress: map[string]*Session{}, pending: map[string]*Session{},
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.reading.Go(l.read)
	return l
}

// Close ends all sessions and the socket. It returns when nothing of the listener runs any more.
func (l *Listener) Close() error {
	l.mu.Lock()
	l.closed = true
	var all []*Session
	for _, s := range l.byAddress {
		all = append(all, s)
	}
	for _, s := range l.byCID {
		all = append(all, s)
	}
	for _, s := range l.pending {
		all = append(all, s)
	}
	l.mu.Unlock()
	l.cancel()
	for _, s := range all {
		s.Close()
	}
	l.running.Wait() // while the socket still takes their close_notify
	err := l.socket.Close()
	l.reading.Wait()
	return err
}

func (l *Listener) read() {
	buffer := make([]byte, largestDatagram)
	for {
		n, from, err := l.socket.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
			return
		}
		if err != nil || n == 0 {
			continue // an ICMP error of an earlier datagram
		}
		l.route(packet{data: append([]byte(nil), buffer[:n]...), from: from})
	}
}

// Record layer: RFC 6347 section 4.1 and RFC 9146 section 4.
const (
	recordHandshake = 22
	recordCID       = 25
	headerLength    = 13
	typeClientHello = 1
)

// route hands a datagram to the sessions that it may belong to. What belongs to no session is dropped silently, as RFC 6347 section 4.1.2.7 has it.
func (l *Listener) route(p packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(p.data) < headerLength {
		return
	}
	if p.data[0] == recordCID {
		if end := 11 + l.config.CIDLength; len(p.data) > end {
			if s := l.byCID[string(p.data[11:end])]; s != nil {
				s.link.deliver(p)
			}
		}
		return
	}
	address := p.from.String()
	established, pending := l.byAddress[address], l.pending[address]
	epoch := binary.BigEndian.Uint16(p.data[3:])
	hello := p.data[0] == recordHandshake && epoch == 0 && len(p.data) > headerLength && p.data[headerLength] == typeClientHello
	switch {
	case pending != nil:
		pending.link.deliver(p)
		if established != nil && epoch > 0 {
			established.link.deliver(packet{data: append([]byte(nil), p.data...), from: p.from})
		}
	case hello:
		l.begin(p, address)
	case established != nil:
		established.link.deliver(p)
	}
}

// begin starts a handshake. Caller holds mu.
func (l *Listener) begin(first packet, address string) {
	if len(l.pending) >= mostHandshakes || len(l.byAddress) >= mostSessions || len(l.byCID) >= mostSessions {
		return
	}
	s := &Session{listener: l, link: newLink(l), address: address}
	if l.config.CIDLength > 0 {
		cid := make([]byte, l.config.CIDLength)
		if _, err := rand.Read(cid); err != nil {
			return
		}
		s.cid = string(cid)
		l.byCID[s.cid] = s
	}
	l.pending[address] = s
	s.link.deliver(first)
	l.running.Go(func() { s.run(first.from) })
}

func (s *Session) options(remembered *[]byte) []dtls.ServerOption {
	options := []dtls.ServerOption{
		dtls.WithPSK(func(identity []byte) ([]byte, error) {
			*remembered = append([]byte(nil), identity...)
			key, err := s.listener.config.Key(identity)
			if errors.Is(err, ErrUnknownIdentity) {
				s.link.unknown.Store(true)
			}
			return key, err
		}),
		dtls.WithCipherSuites(dtls.TLS_PSK_WITH_AES_128_CCM_8, dtls.TLS_PSK_WITH_AES_128_CBC_SHA256,
			dtls.TLS_PSK_WITH_AES_128_CCM, dtls.TLS_PSK_WITH_AES_128_GCM_SHA256),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
		dtls.WithMTU(cmp.Or(s.listener.config.MTU, 1200)),
		dtls.WithLoggerFactory(quiet{}),
	}
	if s.cid != "" {
		options = append(options, dtls.WithConnectionIDGenerator(func() []byte {
			s.usesCID.Store(true)
			return []byte(s.cid)
		}))
	}
	if !s.listener.config.NoResumption {
		options = append(options, dtls.WithSessionStore(s.listener.store))
	}
	return options
}

// run is the session's goroutine.
func (s *Session) run(remote net.Addr) {
	l := s.listener
	defer s.remove()
	var identity []byte
	conn, err := dtls.ServerWithOptions(s.link, remote, s.options(&identity)...)
	if err != nil {
		l.failed(remote, nil, err)
		return
	}
	ctx, cancel := context.WithTimeout(l.ctx, handshakeTimeout)
	err = conn.HandshakeContext(ctx)
	cancel()
	if err != nil {
		// pion waits for what it has started only if it is closed.
		err = errors.Join(err, conn.Close())
		l.failed(remote, identity, err)
		return
	}
	if state, ok := conn.ConnectionState(); ok && len(state.IdentityHint) > 0 {
		identity = state.IdentityHint // also of a resumed session
	}
	if !s.establish(conn, identity) {
		_ = conn.Close() // the listener is closing
		return
	}
	receive, ended := l.config.Accept(s)
	buffer := make([]byte, largestDatagram)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			_ = conn.Close() // tells the peer, if it does not know
			ended(err)
			return
		}
		receive(buffer[:n])
	}
}

func (l *Listener) failed(remote net.Addr, identity []byte, cause error) {
	if l.config.Failed != nil && l.ctx.Err() == nil {
		l.config.Failed(remote, identity, cause)
	}
}

// establish puts the session in the place of the one that its address had.
func (s *Session) establish(conn *dtls.Conn, identity []byte) bool {
	l := s.listener
	l.mu.Lock()
	s.conn, s.identity = conn, identity
	old := l.byAddress[s.address]
	if l.pending[s.address] == s {
		delete(l.pending, s.address)
	}
	if !l.closed {
		l.byAddress[s.address] = s
	}
	closed := l.closed
	l.mu.Unlock()
	if old != nil && !closed {
		old.replace()
	}
	return !closed
}

func (s *Session) remove() {
	_ = s.link.Close() // never fails
	l := s.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending[s.address] == s {
		delete(l.pending, s.address)
	}
	if l.byAddress[s.address] == s {
		delete(l.byAddress, s.address)
	}
	if l.byCID[s.cid] == s {
		delete(l.byCID, s.cid)
	}
}

// Identity gives the PSK identity of the client.
func (s *Session) Identity() []byte { return s.identity }

// Remote gives the client's address: that of the newest record, where a Connection ID is in use.
func (s *Session) Remote() net.Addr { return s.conn.RemoteAddr() }

// ConnectionID tells whether the client sends our Connection ID.
func (s *Session) ConnectionID() bool { return s.usesCID.Load() }

// Send sends one datagram of application data.
func (s *Session) Send(datagram []byte) error {
	if _, err := s.conn.Write(datagram); err != nil {
		return fmt.Errorf("writing a DTLS record: %w", err)
	}
	return nil
}

// Close ends the session; the peer gets close_notify if the handshake was complete. It may be called from anywhere.
func (s *Session) Close() {
	s.listener.mu.Lock()
	conn := s.conn
	s.listener.mu.Unlock()
	if conn == nil {
		_ = s.link.Close() // a handshake: never fails
		return
	}
	_ = conn.Close() // a socket that fails cannot be told more
}

// Forget ends the session without a word to the peer, as a server does that has lost its memory. It cannot be resumed.
func (s *Session) Forget() {
	s.listener.store.forget(s.identity)
	s.replace()
}

// replace ends the session without a word.
func (s *Session) replace() {
	s.link.muted.Store(true)
	s.Close()
}

// sessions are what clients may resume: dtls.SessionStore.
type sessions struct {
	mu      sync.Mutex
	entries map[string]dtls.Session
	order   []string
}

func (s *sessions) Set(key []byte, session dtls.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := s.entries[string(key)]; !found {
		s.order = append(s.order, string(key))
	}
	s.entries[string(key)] = session
	for len(s.order) > mostResumable {
		delete(s.entries, s.order[0])
		s.order = s.order[1:]
	}
	return nil
}

func (s *sessions) Get(key []byte) (dtls.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[string(key)], nil
}

func (s *sessions) Del(key []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, string(key))
	return nil
}

func (s *sessions) forget(identity []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, session := range s.entries {
		if string(session.IdentityHint) == string(identity) {
			delete(s.entries, key)
		}
	}
}

// quiet keeps pion from writing to standard error: what matters is told by errors.
type quiet struct{}

func (quiet) NewLogger(string) logging.LeveledLogger { return quiet{} }

func (quiet) Trace(string)          {}
func (quiet) Tracef(string, ...any) {}
func (quiet) Debug(string)          {}
func (quiet) Debugf(string, ...any) {}
func (quiet) Info(string)           {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Warn(string)           {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Error(string)          {}
func (quiet) Errorf(string, ...any) {}
