package mqtt

import (
	"context"
	"crypto/tls"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/credentials/credentialstest"
	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secTag = 42

// plainConfig is a configuration without TLS; tests change what they are about.
var plainConfig = Config{KeepAlive: 60 * time.Second, CleanSession: true, SecTag: secTag, SecondarySecTag: -1,
	SendTimeout: true, SendTimeoutTime: 60 * time.Second, PayloadMax: 4096}

func targetOf(t *testing.T, config Config, peer *mqtttest.Peer) Target {
	t.Helper()
	target, err := NewTarget(config, "", peer.Address())
	if err != nil {
		t.Fatal(err)
	}
	target.ClientID = "device-1"
	return target
}

// attempt is a call of Connect that runs beside the test, which plays the peer.
type attempt struct {
	connection *Connection
	err        error
}

func start(ctx context.Context, config Config, target Target) <-chan attempt {
	result := make(chan attempt, 1)
	go func() {
		c, err := Connect(ctx, config, target)
		result <- attempt{c, err}
	}()
	return result
}

// connected gives both ends of a connection without TLS.
func connected(t *testing.T, config Config) (*Connection, *mqtttest.Conn) {
	t.Helper()
	peer := mqtttest.Listen(t, nil)
	result := start(t.Context(), config, targetOf(t, config, peer))
	conn := peer.Accept()
	conn.Connect()
	conn.Connack(0, false)
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	t.Cleanup(func() {
		conn.Close() // else Close waits for the peer to do so
		got.connection.Close()
	})
	return got.connection, conn
}

// next takes the next event and fails when the connection has ended.
func next(t *testing.T, c *Connection) Event {
	t.Helper()
	event, ok := c.Next()
	if !ok {
		t.Fatalf("the connection has ended: %v", c.Err())
	}
	return event
}

// secured is a server with TLS and a client's security tag that fit each other. Tests break one thing.
type secured struct {
	authority *credentialstest.Authority
	server    *tls.Config
	dir       string
	config    Config
	target    Target // Credentials and certificate
}

func newSecured(t *testing.T) *secured {
	t.Helper()
	authority := credentialstest.NewAuthority(t, "Test CA")
	s := &secured{authority: authority, dir: t.TempDir(), config: plainConfig,
		server: authority.Server(authority.Issue(t, credentialstest.Request{Name: "server", Hosts: []string{"127.0.0.1", "broker.example"}}))}
	credentialstest.WriteTag(t, s.dir, secTag, authority, authority.Issue(t, credentialstest.Request{Name: "device-1"}))
	s.config.TLS = true
	s.target = Target{ClientID: "device-1", Credentials: credentials.Open(s.dir), Certificate: true}
	return s
}

// listen starts the server and aims the target at it, under the name broker.example.
func (s *secured) listen(t *testing.T) *mqtttest.Peer {
	t.Helper()
	peer := mqtttest.Listen(t, s.server)
	at := netip.MustParseAddrPort(peer.Address())
	s.target.Host, s.target.Port, s.target.Address = "broker.example", int(at.Port()), at.Addr()
	return peer
}
