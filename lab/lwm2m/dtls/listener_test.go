package dtls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/dtls/v3"
	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/lab/packetnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// only is a PacketConn and nothing more.
type only struct{ net.PacketConn }

// movable is a client's socket that can change its address under a living session.
type movable struct {
	network *packetnet.Network
	mu      sync.Mutex
	conn    *packetnet.Conn
}

func (m *movable) current() *packetnet.Conn {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.conn
}

func (m *movable) move(t *testing.T) {
	t.Helper()
	next, err := m.network.Listen("")
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	old := m.conn
	m.conn = next
	m.mu.Unlock()
	if err := old.Close(); err != nil {
		t.Error(err)
	}
}

func (m *movable) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		conn := m.current()
		n, from, err := conn.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) && conn != m.current() {
			continue
		}
		return n, from, err
	}
}
func (m *movable) WriteTo(b []byte, to net.Addr) (int, error) { return m.current().WriteTo(b, to) }
func (m *movable) Close() error                               { return m.current().Close() }
func (m *movable) LocalAddr() net.Addr                        { return m.current().LocalAddr() }
func (m *movable) SetDeadline(t time.Time) error              { return m.current().SetDeadline(t) }
func (m *movable) SetReadDeadline(t time.Time) error          { return m.current().SetReadDeadline(t) }
func (m *movable) SetWriteDeadline(time.Time) error           { return nil }

// echo answers each datagram with itself.
type echo struct {
	mu       sync.Mutex
	sessions []*Session
	ended    int
	failed   []error
}

func (e *echo) config() Config {
	return Config{
		CIDLength: 6,
		Key: func(identity []byte) ([]byte, error) {
			if string(identity) == "device" {
				return []byte("key"), nil
			}
			return nil, ErrUnknownIdentity
		},
		Accept: func(s *Session) (func([]byte), func(error)) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.sessions = append(e.sessions, s)
			return func(b []byte) { _ = s.Send(b) }, func(error) {
				e.mu.Lock()
				defer e.mu.Unlock()
				e.ended++
			}
		},
		Failed: func(_ net.Addr, _ []byte, cause error) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.failed = append(e.failed, cause)
		},
	}
}

func dial(t *testing.T, socket net.PacketConn, store dtls.SessionStore, key string) (*dtls.Conn, error) {
	t.Helper()
	options := []dtls.ClientOption{
		dtls.WithPSK(func([]byte) ([]byte, error) { return []byte(key), nil }), dtls.WithPSKIdentityHint([]byte("device")),
		dtls.WithCipherSuites(dtls.TLS_PSK_WITH_AES_128_CCM_8), dtls.WithConnectionIDGenerator(dtls.OnlySendCIDGenerator()),
	}
	if store != nil {
		options = append(options, dtls.WithSessionStore(store), dtls.WithServerName("server"))
	}
	conn, err := dtls.ClientWithOptions(socket, packetnet.Address("server:1"), options...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func pingPong(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if err := exchange(conn, text); err != nil {
		t.Fatal(err)
	}
}

// retried is pingPong for the first datagram from a new address. Its answer may be lost: pion hands data to the server's reader before it takes
// the new address over, so an answer that is faster than that goes to the old one.
func retried(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	err := exchange(conn, text)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		err = exchange(conn, text)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func exchange(conn net.Conn, text string) error {
	if _, err := conn.Write([]byte(text)); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	b := make([]byte, 100)
	n, err := conn.Read(b)
	if err != nil {
		return err
	}
	if string(b[:n]) != text {
		return fmt.Errorf("%q comes back as %q", text, b[:n])
	}
	return nil
}

func serve(t *testing.T, test func(t *testing.T, network *packetnet.Network, e *echo)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := &packetnet.Network{}
		socket, err := network.Listen("server:1")
		if err != nil {
			t.Fatal(err)
		}
		e := &echo{}
		listener := Serve(socket, e.config())
		test(t, network, e)
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		if e.ended != len(e.sessions) {
			t.Errorf("%d of %d sessions were told their end", e.ended, len(e.sessions))
		}
		if n := len(listener.byCID) + len(listener.byAddress) + len(listener.pending); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

// The client's address changes in the middle of a session: RFC 9146 section 6.
func TestAddressChange(t *testing.T) {
	serve(t, func(t *testing.T, network *packetnet.Network, e *echo) {
		first, err := network.Listen("")
		if err != nil {
			t.Fatal(err)
		}
		socket := &movable{network: network, conn: first}
		conn, err := dial(t, socket, nil, "key")
		if err != nil {
			t.Fatal(err)
		}
		pingPong(t, conn, "before")
		s := e.sessions[0]
		before := s.Remote().String()
		if !s.ConnectionID() || string(s.Identity()) != "device" {
			t.Errorf("session %+v", s)
		}
		for range 3 {
			socket.move(t)
			retried(t, conn, "after")
			if s.Remote().String() == before || s.Remote().String() != socket.LocalAddr().String() {
				t.Errorf("the server still thinks of %v", s.Remote())
			}
		}
		if len(e.sessions) != 1 {
			t.Errorf("%d sessions", len(e.sessions))
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if e.ended != 1 {
			t.Error("the server did not see the close_notify")
		}
	})
}

// A client that restarts on the same port gets a new session, and the old one lives until that is complete.
func TestNewHandshakeFromTheSameAddress(t *testing.T) {
	serve(t, func(t *testing.T, network *packetnet.Network, e *echo) {
		socket, err := network.Listen("client:1")
		if err != nil {
			t.Fatal(err)
		}
		old, err := dial(t, only{socket}, nil, "key")
		if err != nil {
			t.Fatal(err)
		}
		pingPong(t, old, "old")
		if err := socket.Close(); err != nil { // without a word
			t.Fatal(err)
		}
		_ = old.Close()
		// A stranger's attempt does not end it.
		if socket, err = network.Listen("client:1"); err != nil {
			t.Fatal(err)
		}
		if _, err := dial(t, only{socket}, nil, "wrong"); err == nil {
			t.Error("a wrong key is accepted")
		}
		synctest.Wait()
		if e.ended != 0 {
			t.Error("the old session ended by a failed handshake")
		}
		time.Sleep(2 * handshakeTimeout)
		if socket, err = network.Listen("client:1"); err != nil {
			t.Fatal(err)
		}
		fresh, err := dial(t, only{socket}, nil, "key")
		if err != nil {
			t.Fatal(err)
		}
		pingPong(t, fresh, "new")
		synctest.Wait()
		if len(e.sessions) != 2 || e.ended != 1 {
			t.Errorf("%d sessions, %d ended", len(e.sessions), e.ended)
		}
		if err := fresh.Close(); err != nil {
			t.Error(err)
		}
	})
}

// memory is a client's session store.
type memory map[string]dtls.Session

func (m memory) Set(key []byte, s dtls.Session) error {
	m[string(key)] = s
	return nil
}
func (m memory) Get(key []byte) (dtls.Session, error) { return m[string(key)], nil }
func (m memory) Del(key []byte) error {
	delete(m, string(key))
	return nil
}

// Resumption keeps the identity; Forget makes it impossible.
func TestResumption(t *testing.T) {
	serve(t, func(t *testing.T, network *packetnet.Network, e *echo) {
		store := memory{}
		var flights int
		network.SetFate(func(from, _ packetnet.Address, datagram []byte) packetnet.Fate {
			if from != "server:1" && datagram[0] == recordHandshake {
				flights++
			}
			return packetnet.Fate{0}
		})
		var counts []int
		for round := range 3 {
			flights = 0
			socket, err := network.Listen("")
			if err != nil {
				t.Fatal(err)
			}
			conn, err := dial(t, only{socket}, store, "key")
			if err != nil {
				t.Fatal(err)
			}
			pingPong(t, conn, "hello")
			counts = append(counts, flights)
			if got := string(e.sessions[round].Identity()); got != "device" {
				t.Errorf("identity %q", got)
			}
			if round == 1 {
				e.sessions[round].Forget()
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
		if counts[1] >= counts[0] || counts[2] < counts[0] {
			t.Errorf("handshake datagrams of the client: %v; the second is resumed, the third is not", counts)
		}
	})
}

// Floods of first flights and junk take a bounded number of sessions.
func TestFlood(t *testing.T) {
	serve(t, func(t *testing.T, network *packetnet.Network, e *echo) {
		hello := append([]byte{recordHandshake, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, typeClientHello}, make([]byte, 39)...)
		for range 3 * mostHandshakes {
			socket, err := network.Listen("")
			if err != nil {
				t.Fatal(err)
			}
			for _, datagram := range [][]byte{hello, {recordCID, 0xfe, 0xfd}, append([]byte{recordCID}, make([]byte, 40)...), {}, hello[:13]} {
				if _, err := socket.WriteTo(datagram, packetnet.Address("server:1")); err != nil {
					t.Fatal(err)
				}
			}
			if err := socket.Close(); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		time.Sleep(2 * handshakeTimeout)
		synctest.Wait()
		if len(e.sessions) != 0 || len(e.failed) == 0 || len(e.failed) > mostHandshakes {
			t.Errorf("%d sessions, %d failed", len(e.sessions), len(e.failed))
		}
	})
}
