package dtls_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/dtls"
	pion "github.com/pion/dtls/v3"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ net.Conn = (*dtls.Conn)(nil)

// server is pion's own, which echoes.
type server struct {
	address  string
	listener net.Listener
	work     sync.WaitGroup

	mu       sync.Mutex
	conns    []*pion.Conn
	sessions map[string]pion.Session
	resumed  int
}

var key = []byte("0123456789abcdef")

func (s *server) Set(id []byte, session pion.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[string(id)] = session
	return nil
}

func (s *server) Get(id []byte) (pion.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, known := s.sessions[string(id)]
	if known {
		s.resumed++
	}
	return session, nil
}

func (s *server) Del(id []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, string(id))
	return nil
}

func start(t *testing.T, options ...pion.ServerOption) *server {
	t.Helper()
	return startWith(t, (*server).echo, options...)
}

func startWith(t *testing.T, serve func(*server, *pion.Conn), options ...pion.ServerOption) *server {
	t.Helper()
	s := &server{sessions: make(map[string]pion.Session)}
	options = append([]pion.ServerOption{
		pion.WithPSK(func(identity []byte) ([]byte, error) {
			if string(identity) != "device" {
				return nil, errors.New("unknown")
			}
			return key, nil
		}),
		pion.WithCipherSuites(
			pion.TLS_PSK_WITH_AES_128_CCM_8, pion.TLS_PSK_WITH_AES_128_CCM, pion.TLS_PSK_WITH_AES_128_GCM_SHA256, pion.TLS_PSK_WITH_AES_128_CBC_SHA256,
		),
		pion.WithSessionStore(s),
	}, options...)
	listener, err := pion.ListenWithOptions("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, options...)
	if err != nil {
		t.Fatal(err)
	}
	s.listener, s.address = listener, listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	s.work.Go(func() {
		for {
			accepted, err := listener.Accept()
			if err != nil {
				return
			}
			conn, is := accepted.(*pion.Conn)
			if !is {
				t.Errorf("accepted %T", accepted)
				return
			}
			s.work.Go(func() {
				defer conn.Close()
				if conn.HandshakeContext(ctx) != nil {
					return
				}
				s.mu.Lock()
				s.conns = append(s.conns, conn)
				s.mu.Unlock()
				serve(s, conn)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		s.mu.Lock()
		for _, each := range s.conns {
			_ = each.Close()
		}
		s.mu.Unlock()
		_ = listener.Close()
		s.work.Wait()
	})
	return s
}

func (s *server) echo(conn *pion.Conn) {
	buffer := make([]byte, 2000)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if _, err := conn.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (s *server) target() dtls.Target {
	return dtls.Target{Address: s.address, Identity: []byte("device"), Key: key, ServerName: "localhost"}
}

func dialer(t *testing.T, config dtls.Config) *dtls.Dialer {
	t.Helper()
	d, err := dtls.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func limit(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func dial(t *testing.T, d *dtls.Dialer, target dtls.Target) *dtls.Conn {
	t.Helper()
	conn, err := d.Dial(limit(t, 20*time.Second), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// echo sends a text until it comes back. pion's server answers the first datagram from a new address to the old one at times: it takes the
// address over after it has given the datagram to its reader.
func echo(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	buffer := make([]byte, 100)
	for range 100 {
		if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		for {
			n, err := conn.Read(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(buffer[:n]) == text { // another one is late
				return
			}
		}
	}
	t.Fatalf("%q does not come back", text)
}

func TestSuites(t *testing.T) {
	for _, number := range []uint16{0, 0xC0A8, 0xC0A4, 0x00A8, 0x00AE} {
		s := start(t)
		target := s.target()
		if number != 0 {
			target.CipherSuites = []uint16{number}
		}
		conn := dial(t, dialer(t, dtls.Config{}), target)
		echo(t, conn, "hello")
		s.mu.Lock()
		state, _ := s.conns[0].ConnectionState()
		s.mu.Unlock()
		if want := cmp.Or(number, 0xC0A8); state.CipherSuiteID != pion.CipherSuiteID(want) {
			t.Errorf("suite %v, want 0x%04X", state.CipherSuiteID, want)
		}
		if conn.HasConnectionID() || !errors.Is(conn.Rebind(t.Context()), dtls.ErrNoConnectionID) {
			t.Error("a Connection ID that nobody asked for")
		}
		if conn.RemoteAddr().String() != s.address || conn.LocalAddr().String() == s.address {
			t.Error(conn.RemoteAddr(), conn.LocalAddr())
		}
	}
}

func TestRefusedTargets(t *testing.T) {
	d := dialer(t, dtls.Config{})
	for want, target := range map[string]dtls.Target{
		"0xC0AE":   {Address: "127.0.0.1:1", Identity: []byte("a"), Key: key, CipherSuites: []uint16{0xC0A8, 0xC0AE}},
		"key":      {Address: "127.0.0.1:1", Identity: []byte("a")},
		"identity": {Address: "127.0.0.1:1", Key: key},
		"address":  {Address: "127.0.0.1", Identity: []byte("a"), Key: key},
	} {
		if _, err := d.Dial(t.Context(), target); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want something about %s", err, want)
		}
	}
}

func TestUnknownIdentity(t *testing.T) {
	s := start(t)
	target := s.target()
	target.Identity = []byte("nobody")
	_, err := dialer(t, dtls.Config{}).Dial(limit(t, 20*time.Second), target)
	if alert, is := errors.AsType[*dtls.AlertError](err); !is || alert.Code != dtls.AlertInternalError { // so pion says it; others 115
		t.Error(err)
	}
}

func TestWrongKey(t *testing.T) {
	s := start(t)
	target := s.target()
	target.Key = []byte("another")
	_, err := dialer(t, dtls.Config{}).Dial(limit(t, 300*time.Millisecond), target) // pion drops what it cannot decrypt
	if timeout, is := errors.AsType[*dtls.TimeoutError](err); !is || !errors.Is(err, context.DeadlineExceeded) || strings.Contains(timeout.Error(), "another\"") {
		t.Error(err)
	}
}

func TestNobodyThere(t *testing.T) {
	empty, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := empty.LocalAddr().String()
	empty.Close()
	for patience := 300 * time.Millisecond; ; patience *= 4 { // in which a busy machine may not get to hear the refusal
		_, err = dialer(t, dtls.Config{}).Dial(limit(t, patience), dtls.Target{Address: address, Identity: []byte("device"), Key: key})
		if _, is := errors.AsType[*dtls.TimeoutError](err); !is || patience > 10*time.Second {
			t.Fatal(err)
		}
		if strings.Contains(err.Error(), "refused") {
			return
		}
	}
}

func TestConnectionID(t *testing.T) {
	s := start(t, pion.WithConnectionIDGenerator(pion.RandomCIDGenerator(6)))
	conn := dial(t, dialer(t, dtls.Config{ConnectionID: true}), s.target())
	if !conn.HasConnectionID() {
		t.Fatal("no connection ID")
	}
	for range 3 {
		before := conn.LocalAddr().String()
		echo(t, conn, "before")
		if err := conn.Rebind(t.Context()); err != nil {
			t.Fatal(err)
		}
		if conn.LocalAddr().String() == before {
			t.Error("the address is the same")
		}
		echo(t, conn, "after")
	}
	// Also with a reader that waits.
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		defer close(read)
		buffer := make([]byte, 100)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			if string(buffer[:n]) == "woken" {
				read <- "woken"
				return
			}
		}
	}()
	if err := conn.Rebind(t.Context()); err != nil {
		t.Fatal(err)
	}
	for woken := false; !woken; {
		if _, err := conn.Write([]byte("woken")); err != nil {
			t.Fatal(err)
		}
		select {
		case text := <-read:
			woken = text == "woken"
			if !woken {
				t.Fatal("the reader ended")
			}
		case <-time.After(100 * time.Millisecond):
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) != 1 {
		t.Errorf("%d sessions", len(s.conns))
	}
	conn.Close()
	if err := conn.Rebind(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

func TestServerWithoutConnectionID(t *testing.T) {
	conn := dial(t, dialer(t, dtls.Config{ConnectionID: true}), start(t).target())
	echo(t, conn, "hello")
	if conn.HasConnectionID() {
		t.Error("a Connection ID that the server does not have")
	}
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resumed
}

func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

func TestResumption(t *testing.T) {
	for _, config := range []dtls.Config{{SessionCaching: true}, {SessionCaching: true, ConnectionID: true}} {
		s := start(t)
		d := dialer(t, config)
		for i, want := range []int{0, 1, 2} {
			conn := dial(t, d, s.target())
			echo(t, conn, "hello")
			conn.Close()
			if s.count() != want || conn.Resumed() != (i > 0) {
				t.Fatalf("link %d: %d resumed, want %d; it says %v", i, s.count(), want, conn.Resumed())
			}
		}
		d.FlushSessionCache()
		fresh := dial(t, d, s.target())
		echo(t, fresh, "hello")
		if s.count() != 2 || fresh.Resumed() {
			t.Error("resumed after a flush")
		}
		s.forget() // then a full handshake follows at once
		refused := dial(t, d, s.target())
		echo(t, refused, "hello")
		if refused.Resumed() {
			t.Error("says that it was resumed though the server had forgotten the session")
		}
		off := dialer(t, dtls.Config{})
		for range 2 {
			echo(t, dial(t, off, s.target()), "hello")
		}
		if s.count() != 2 {
			t.Error("resumed though the option is off")
		}
		target := s.target()
		target.Identity = []byte("nobody")
		if _, err := d.Dial(limit(t, 20*time.Second), target); err == nil {
			t.Error("another identity got in")
		}
	}
}

// A server that gives Connection IDs gets no resumption: see the package's comment.
func TestConnectionIDBeforeResumption(t *testing.T) {
	s := start(t, pion.WithConnectionIDGenerator(pion.RandomCIDGenerator(4)))
	d := dialer(t, dtls.Config{ConnectionID: true, SessionCaching: true})
	for range 3 {
		conn := dial(t, d, s.target())
		if !conn.HasConnectionID() || conn.Rebind(t.Context()) != nil {
			t.Error("no connection ID")
		}
		echo(t, conn, "hello")
	}
	if s.count() != 0 {
		t.Error("resumed")
	}
}

func TestTheServerEndsTheSession(t *testing.T) {
	s := start(t)
	conn := dial(t, dialer(t, dtls.Config{}), s.target())
	echo(t, conn, "hello")
	s.mu.Lock()
	s.conns[0].Close()
	s.mu.Unlock()
	for range 2 {
		_, err := conn.Read(make([]byte, 100))
		if alert, is := errors.AsType[*dtls.AlertError](err); !is || alert.Code != dtls.AlertCloseNotify {
			t.Error(err)
		}
	}
	if _, err := conn.Write([]byte("x")); err == nil || errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// An alert after the handshake reaches Read, and the session is not resumed. The server is provoked by data in clear.
func TestAlertAfterTheHandshake(t *testing.T) {
	s := start(t)
	d := dialer(t, dtls.Config{SessionCaching: true})
	conn := dial(t, d, s.target())
	echo(t, conn, "hello")
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteRaw([]byte("\x17\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x63\x00\x01x")); err != nil {
		t.Fatal(err)
	}
	_, err := conn.Read(make([]byte, 100))
	if alert, is := errors.AsType[*dtls.AlertError](err); !is || alert.Code != 10 || !strings.Contains(err.Error(), "10") { // unexpected_message
		t.Fatal(err)
	}
	echo(t, dial(t, d, s.target()), "hello")
	if s.count() != 0 {
		t.Error("resumed")
	}
}

// Who writes and reads while the socket is exchanged notices nothing.
func TestRebindUnderTraffic(t *testing.T) {
	s := start(t, pion.WithConnectionIDGenerator(pion.RandomCIDGenerator(6)))
	conn := dial(t, dialer(t, dtls.Config{ConnectionID: true}), s.target())
	var work sync.WaitGroup
	stop := make(chan struct{})
	work.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := conn.Write([]byte("traffic")); err != nil {
				t.Error(err)
				return
			}
		}
	})
	work.Go(func() {
		buffer := make([]byte, 100)
		for {
			if _, err := conn.Read(buffer); err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error(err)
				}
				return
			}
		}
	})
	for range 100 {
		if err := conn.Rebind(t.Context()); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	if err := conn.SetReadDeadline(time.Now()); err != nil {
		t.Error(err)
	}
	work.Wait()
	echo(t, conn, "still there")
}

// The whole: CoAP over a link whose address changes and whose session ends.
func TestCoAP(t *testing.T) {
	s := startWith(t, func(_ *server, conn *pion.Conn) {
		peer := coap.NewConn(conn, coap.Config{}, upper{}, nil)
		<-peer.Done()
		peer.Close()
	}, pion.WithConnectionIDGenerator(pion.RandomCIDGenerator(6)))
	link := dial(t, dialer(t, dtls.Config{ConnectionID: true}), s.target())
	conn := coap.NewConn(link, coap.Config{AckTimeout: 100 * time.Millisecond, BlockTransfer: true}, nil, nil)
	defer conn.Close()
	request := coap.Message{Code: coap.POST, Payload: []byte(strings.Repeat("body", 1000))}
	for range 3 {
		response, err := conn.Do(limit(t, 20*time.Second), request)
		if err != nil || string(response.Payload) != strings.Repeat("BODY", 1000) {
			t.Fatal(response.Code, len(response.Payload), err)
		}
		if err := link.Rebind(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Do(limit(t, 20*time.Second), request); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.conns[0].Close()
	s.mu.Unlock()
	<-conn.Done()
	if alert, is := errors.AsType[*dtls.AlertError](conn.Err()); !is || alert.Code != dtls.AlertCloseNotify || !errors.Is(conn.Err(), coap.ErrClosed) {
		t.Error(conn.Err())
	}
}

// upper is a CoAP server that shouts.
type upper struct{}

func (upper) Serve(r *coap.Request) coap.Response {
	return coap.Response{Message: coap.Message{Code: coap.Content, Payload: []byte(strings.ToUpper(string(r.Payload)))}}
}

func TestDeadlineAndClose(t *testing.T) {
	conn := dial(t, dialer(t, dtls.Config{}), start(t).target())
	if err := conn.SetDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 100)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := conn.Read(make([]byte, 100))
		done <- err
	}()
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if _, err := conn.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
