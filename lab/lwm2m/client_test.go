package lwm2m

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/dtls/v3"
	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/packetnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a server on a network in memory.
type world struct {
	t       *testing.T
	network *packetnet.Network
	server  *Server
	events  *Subscription
}

// run runs a test under virtual time against a new server.
func run(t *testing.T, change func(*Config), test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, network: &packetnet.Network{}}
		config := Config{DeviceKey: []byte("0123456789abcdef"), BootstrapKey: []byte("fedcba9876543210")}
		for _, socket := range []struct {
			address string
			put     *net.PacketConn
		}{
			{"server:5684", &config.Secure}, {"server:5683", &config.Plain}, {"server:5784", &config.BootstrapSecure}, {"server:5783", &config.BootstrapPlain},
		} {
			conn, err := w.network.Listen(socket.address)
			if err != nil {
				t.Fatal(err)
			}
			*socket.put = conn
		}
		if change != nil {
			change(&config)
		}
		var err error
		w.server, err = Start(config)
		if err != nil {
			t.Fatal(err)
		}
		w.events = w.server.Subscribe()
		defer func() {
			if err := w.server.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(t, w)
	})
}

// client is a scripted client.
type client struct {
	w       *world
	conn    net.Conn
	session *coap.Session
	reading sync.WaitGroup

	mu       sync.Mutex
	answer   func(*coap.Message) coap.Response
	requests []coap.Message
}

// plain makes a client without security.
func (w *world) plain(address string, answer func(*coap.Message) coap.Response) *client {
	w.t.Helper()
	conn, err := w.network.Dial(address)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.on(conn, answer)
}

// packetConn is a PacketConn of which pion wants one that is not a Conn too.
type packetConn struct{ net.PacketConn }

// secure makes a client with DTLS.
func (w *world) secure(address, identity string, key []byte, answer func(*coap.Message) coap.Response) (*client, error) {
	w.t.Helper()
	socket, err := w.network.Listen("")
	if err != nil {
		w.t.Fatal(err)
	}
	conn, err := dtls.ClientWithOptions(packetConn{socket}, packetnet.Address(address), dtls.WithPSK(func([]byte) ([]byte, error) { return key, nil }),
		dtls.WithPSKIdentityHint([]byte(identity)), dtls.WithCipherSuites(dtls.TLS_PSK_WITH_AES_128_CCM_8),
		dtls.WithConnectionIDGenerator(dtls.OnlySendCIDGenerator()))
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return w.on(conn, answer), nil
}

func (w *world) on(conn net.Conn, answer func(*coap.Message) coap.Response) *client {
	c := &client{w: w, conn: conn, answer: answer}
	session, err := coap.NewSession(coap.Config{}, coap.Hooks{
		Send: func(datagram []byte) error {
			_, err := conn.Write(datagram)
			return err
		},
		Serve: func(m *coap.Message) coap.Response {
			c.mu.Lock()
			c.requests = append(c.requests, *m)
			answer := c.answer
			c.mu.Unlock()
			if answer == nil {
				return coap.Refuse(coap.NotFound)
			}
			return answer(m)
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	c.session = session
	c.reading.Go(func() {
		buffer := make([]byte, 8192)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			session.Receive(buffer[:n])
		}
	})
	return c
}

func (c *client) close() {
	c.session.Close()
	if err := c.conn.Close(); err != nil {
		c.w.t.Error(err)
	}
	c.reading.Wait()
}

// request sends a request and wants an answer.
func (c *client) request(code coap.Code, path, query string, contentFormat int, payload string) *coap.Message {
	c.w.t.Helper()
	m := coap.Message{Code: code, Payload: []byte(payload)}
	m.SetPath(path)
	if query != "" {
		m.AddString(coap.URIQuery, strings.Split(query, "&")...)
	}
	if contentFormat >= 0 {
		m.AddUint(coap.ContentFormat, uint32(contentFormat))
	}
	answer, err := c.session.Do(c.w.t.Context(), m, coap.Options{})
	if err != nil {
		c.w.t.Fatalf("%v %s: %v", code, path, err)
	}
	return answer
}

const someObjects = `</>;rt="oma.lwm2m";ct="60 110 112",</1>;ver=1.1,</1/0>,</3/0>,</5/0>,</16>`

// register registers and gives the location.
func (c *client) register(query string) string {
	c.w.t.Helper()
	answer := c.request(coap.Post, "/rd", query, 40, someObjects)
	if answer.Code != coap.Created {
		c.w.t.Fatalf("Register %s: %v %s", query, answer.Code, answer.Payload)
	}
	return "/" + strings.Join(answer.Strings(coap.LocationPath), "/")
}

func (w *world) want(kind Kind) Event {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Hour)
	defer cancel()
	event, err := w.events.Next(ctx, Of(kind, ""))
	if err != nil {
		w.t.Fatalf("no event %q: %v", kind, err)
	}
	return event
}
