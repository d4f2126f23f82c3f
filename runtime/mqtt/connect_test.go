package mqtt

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/credentials/credentialstest"
	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
)

func TestHandshake(t *testing.T) {
	s := newSecured(t)
	s.server.NextProtos = []string{"other", "x-test-mqtt"}
	s.config.KeepAlive, s.config.CleanSession = 1177*time.Second, false
	s.config.LastWill, s.config.LastWillTopic, s.config.LastWillMessage = true, "will/topic", `{"lastwill": "offline"}`
	peer := s.listen(t)
	s.target.ALPN, s.target.Username, s.target.Password = []string{"x-test-mqtt"}, "user", "pass word"
	result := start(t.Context(), s.config, s.target)
	conn := peer.Accept()
	state := conn.TLS()
	if state.ServerName != "broker.example" || state.NegotiatedProtocol != "x-test-mqtt" || state.Version < tls.VersionTLS12 ||
		len(state.PeerCertificates) != 1 || state.PeerCertificates[0].Subject.CommonName != "device-1" {
		t.Errorf("server name %q, protocol %q, version %x, certificates %v", state.ServerName, state.NegotiatedProtocol, state.Version, state.PeerCertificates)
	}
	connect := conn.Connect()
	if connect.ProtocolName != "MQTT" || connect.ProtocolVersion != 4 || connect.ClientIdentifier != "device-1" || connect.CleanSession ||
		connect.Keepalive != 1177 || connect.Username != "user" || string(connect.Password) != "pass word" {
		t.Errorf("CONNECT is %v", connect)
	}
	if !connect.WillFlag || connect.WillTopic != "will/topic" || string(connect.WillMessage) != `{"lastwill": "offline"}` || connect.WillQos != 0 || connect.WillRetain {
		t.Errorf("last will of CONNECT is %v", connect)
	}
	conn.Connack(0, true)
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	if !got.connection.SessionPresent() {
		t.Error("the session is not taken for present")
	}
	closed := make(chan struct{})
	go func() { got.connection.Close(); close(closed) }()
	conn.Disconnect()
	conn.Ended()
	conn.Close()
	<-closed
	if err := got.connection.Err(); !errors.Is(err, ErrClosed) {
		t.Errorf("ended by %v", err)
	}
}

func TestTLSWithoutCertificate(t *testing.T) {
	s := newSecured(t)
	s.server.ClientAuth = tls.NoClientCert
	peer := s.listen(t)
	s.target.Certificate = false
	s.target.Host = "127.0.0.1" // an address as name is checked too
	result := start(t.Context(), s.config, s.target)
	conn := peer.Accept()
	conn.Connect()
	conn.Connack(0, false)
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	conn.Close()
	got.connection.Close()
}

func TestSecondaryTag(t *testing.T) {
	s := newSecured(t)
	other := credentialstest.NewAuthority(t, "Next CA")
	s.server.Certificates = other.Server(other.Issue(t, credentialstest.Request{Name: "server", Hosts: []string{"broker.example"}})).Certificates
	credentialstest.WriteFile(t, s.dir, 7, "ca.pem", credentialstest.CertificatePEM(other.Certificate))
	s.config.SecondarySecTag = 7
	peer := s.listen(t)
	result := start(t.Context(), s.config, s.target)
	conn := peer.Accept()
	conn.Connect()
	conn.Connack(0, false)
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	conn.Close()
	got.connection.Close()
}

// TestLastWill: each quality, retained or not, as the options say.
func TestLastWill(t *testing.T) {
	for qos := range 2 {
		for _, retain := range []bool{false, true} {
			config := plainConfig
			config.LastWill, config.LastWillTopic, config.LastWillMessage, config.LastWillQoS, config.LastWillRetain = true, "will", "gone", qos, retain
			peer := mqtttest.Listen(t, nil)
			result := start(t.Context(), config, targetOf(t, config, peer))
			conn := peer.Accept()
			if got := conn.Connect(); !got.WillFlag || int(got.WillQos) != qos || got.WillRetain != retain || got.WillTopic != "will" || string(got.WillMessage) != "gone" {
				t.Errorf("quality %d, retained %v: %v", qos, retain, got)
			}
			conn.Connack(0, false)
			got := <-result
			if got.err != nil {
				t.Fatal(got.err)
			}
			conn.Close()
			got.connection.Close()
		}
	}
}

// TestDial: a network connection of the caller's, which is given the address that would be connected to.
func TestDial(t *testing.T) {
	near, far := net.Pipe()
	target := Target{Host: "broker.example", Port: 1883, ClientID: "device-1", Dial: func(_ context.Context, address string) (net.Conn, error) {
		if address != "broker.example:1883" {
			t.Errorf("dials %s", address)
		}
		return near, nil
	}}
	result := start(t.Context(), plainConfig, target)
	conn := mqtttest.NewConn(t, far)
	conn.Connect()
	conn.Connack(0, false)
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	conn.Close()
	got.connection.Close()
	target.Dial = func(context.Context, string) (net.Conn, error) { return nil, errors.New("no route") }
	_, err := Connect(t.Context(), plainConfig, target)
	wantFailure(t, err, FailureNetwork, "broker.example:1883 cannot be reached: no route")
}

// TestSessionOfCleanSession: a broker that claims a session although none was asked for is not believed (MQTT 3.1.1, 3.2.2.2).
func TestSessionOfCleanSession(t *testing.T) {
	peer := mqtttest.Listen(t, nil)
	result := start(t.Context(), plainConfig, targetOf(t, plainConfig, peer))
	conn := peer.Accept()
	conn.Connect()
	conn.Connack(0, true)
	got := <-result
	if got.err != nil || got.connection.SessionPresent() {
		t.Fatalf("session present, error %v", got.err)
	}
	conn.Close()
	got.connection.Close()
}

func wantFailure(t *testing.T, err error, failure Failure, says ...string) {
	t.Helper()
	var got *ConnectError
	if !errors.As(err, &got) {
		t.Fatalf("error is %v", err)
	}
	if got.Failure != failure {
		t.Errorf("failure %d, want %d: %v", got.Failure, failure, err)
	}
	for _, words := range says {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%q does not say %q", err, words)
		}
	}
}

func TestRefused(t *testing.T) {
	for code, says := range map[byte]string{
		1: "does not speak MQTT 3.1.1", 2: "client id", 3: "unavailable", 4: "user name or password", 5: "not authorised",
		6: "does not define", 7: "return code 7", 254: "return code 254", 255: "return code 255",
	} {
		peer := mqtttest.Listen(t, nil)
		result := start(t.Context(), plainConfig, targetOf(t, plainConfig, peer))
		conn := peer.Accept()
		conn.Connect()
		conn.Connack(code, false)
		got := <-result
		wantFailure(t, got.err, FailureRefused, says)
		var refused *ConnectError
		if errors.As(got.err, &refused) && refused.Code != code {
			t.Errorf("code %d, want %d", refused.Code, code)
		}
		conn.Ended()
	}
}

// TestBadAnswers: in place of CONNACK comes something else.
func TestBadAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer  []byte
		close   bool
		failure Failure
		says    string
	}{
		"nothing, closed":       {nil, true, FailureClosed, "closed the connection in place of an answer"},
		"half a packet, closed": {[]byte{0x20, 0x02, 0}, true, FailureClosed, "in the middle of a packet"},
		"HTTP":                  {[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), false, FailureProtocol, "broke the MQTT protocol"},
		"long CONNACK":          {[]byte{0x20, 0x03, 0, 0, 0}, false, FailureProtocol, "CONNACK of 3 bytes"},
		"CONNACK flags":         {[]byte{0x21, 0x02, 0, 0}, false, FailureProtocol, "CONNACK with flags 0x1"},
		"acknowledge flags":     {[]byte{0x20, 0x02, 2, 0}, false, FailureProtocol, "CONNACK with flags 0x2"},
		"PUBLISH first":         {[]byte{0x30, 0x03, 0, 1, 'a'}, false, FailureProtocol, "CONNACK comes first"},
		"endless length":        {[]byte{0x20, 0xff, 0xff, 0xff, 0xff, 0x7f}, false, FailureProtocol, "more than four bytes"},
		"huge length":           {[]byte{0x20, 0xff, 0xff, 0xff, 0x7f}, false, FailureProtocol, "CONNACK of 268435455 bytes"},
		"unknown type":          {[]byte{0xf0, 0x00}, false, FailureProtocol, "type 15"},
		"CONNECT":               {[]byte{0x10, 0x00}, false, FailureProtocol, "type 1"},
	} {
		t.Run(name, func(t *testing.T) {
			peer := mqtttest.Listen(t, nil)
			result := start(t.Context(), plainConfig, targetOf(t, plainConfig, peer))
			conn := peer.Accept()
			conn.Connect()
			if len(c.answer) > 0 {
				conn.Write(c.answer...)
			}
			if c.close {
				conn.Close()
			}
			wantFailure(t, (<-result).err, c.failure, c.says)
			if !c.close {
				conn.Ended()
			}
		})
	}
}

// limited is a context whose time is up when the test says so: a deadline could pass before the connection is as far as the test wants it.
type limited struct {
	context.Context
	up chan struct{}
}

func newLimited(t *testing.T) limited { return limited{t.Context(), make(chan struct{})} }

func (l limited) end() { close(l.up) }

func (l limited) Done() <-chan struct{} { return l.up }

func (l limited) Err() error {
	select {
	case <-l.up:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// TestNoAnswer: the network connection stands, and nothing comes.
func TestNoAnswer(t *testing.T) {
	peer := mqtttest.Listen(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	result := start(ctx, plainConfig, targetOf(t, plainConfig, peer))
	conn := peer.Accept()
	conn.Connect()
	cancel()
	wantFailure(t, (<-result).err, FailureCancelled, "cancelled while waiting for the answer to CONNECT")
	conn.Ended()

	limited := newLimited(t)
	result = start(limited, plainConfig, targetOf(t, plainConfig, peer))
	conn = peer.Accept()
	conn.Connect()
	limited.end()
	wantFailure(t, (<-result).err, FailureTimeout, "the time was up while waiting for the answer to CONNECT")
	conn.Ended()
}

// TestNoTLSAnswer: TCP stands, and the TLS handshake hangs.
func TestNoTLSAnswer(t *testing.T) {
	s := newSecured(t)
	server := s.server
	s.server = nil
	peer := s.listen(t)
	s.server = server
	limited := newLimited(t)
	result := start(limited, s.config, s.target)
	conn := peer.Accept()
	conn.Begun() // with less than a byte of the handshake the client may still be dialling
	limited.end()
	wantFailure(t, (<-result).err, FailureTimeout, "while agreeing on TLS")
	conn.Ended()
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	target, err := NewTarget(plainConfig, "", address)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Connect(t.Context(), plainConfig, target)
	wantFailure(t, err, FailureNetwork, "nothing listens at "+address)
	// RFC 6761 keeps .invalid from ever existing; without a resolver the look-up fails in another way.
	_, err = Connect(t.Context(), plainConfig, Target{Host: "broker.invalid", Port: 1883})
	wantFailure(t, err, FailureDNS, `"broker.invalid"`)
}

// TestTLSFailures breaks one side's certificate in one way each.
func TestTLSFailures(t *testing.T) {
	day := func(n int) time.Time { return time.Now().AddDate(0, 0, n) }
	serverCertificate := func(r credentialstest.Request) func(*testing.T, *secured) {
		return func(t *testing.T, s *secured) {
			s.server.Certificates = s.authority.Server(s.authority.Issue(t, r)).Certificates
		}
	}
	for name, c := range map[string]struct {
		breakIt func(*testing.T, *secured)
		failure Failure
		says    []string
	}{
		"wrong CA": {func(t *testing.T, s *secured) {
			other := credentialstest.NewAuthority(t, "Other CA")
			s.server.Certificates = other.Server(other.Issue(t, credentialstest.Request{Name: "impostor", Hosts: []string{"broker.example"}})).Certificates
		}, FailureServerCertificate, []string{"CN=impostor", `issued by "CN=Other CA"`, "expected one that comes from a CA certificate of security tag 42"}},
		"expired": {serverCertificate(credentialstest.Request{Name: "server", Hosts: []string{"broker.example"}, NotBefore: day(-20), NotAfter: day(-2)}),
			FailureServerValidity, []string{"CN=server", "was valid until " + day(-2).UTC().Format(time.DateOnly), "clock says"}},
		"not yet valid": {serverCertificate(credentialstest.Request{Name: "server", Hosts: []string{"broker.example"}, NotBefore: day(2)}),
			FailureServerValidity, []string{"is valid from " + day(2).UTC().Format(time.DateOnly)}},
		"wrong host": {serverCertificate(credentialstest.Request{Name: "server", Hosts: []string{"a.example", "192.0.2.1"}}),
			FailureServerCertificate, []string{"is for a.example, 192.0.2.1", `expected "broker.example"`}},
		"no host": {serverCertificate(credentialstest.Request{Name: "server"}),
			FailureServerCertificate, []string{"without any host name", `expected "broker.example"`}},
		"server knows another CA": {func(t *testing.T, s *secured) {
			s.server.ClientCAs = credentialstest.NewAuthority(t, "Other CA").Server(credentialstest.Pair{Certificate: s.authority.Certificate}).ClientCAs
		}, FailureClientCertificate, []string{"does not take this device's certificate", "answers"}},
		"same with TLS 1.2": {func(t *testing.T, s *secured) {
			s.server.MaxVersion = tls.VersionTLS12
			s.server.ClientCAs = credentialstest.NewAuthority(t, "Other CA").Server(credentialstest.Pair{Certificate: s.authority.Certificate}).ClientCAs
		}, FailureClientCertificate, []string{"does not take this device's certificate"}},
		"TLS 1.1 only": {func(_ *testing.T, s *secured) {
			s.server.MinVersion, s.server.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}, FailureTLS, []string{"protocol version not supported"}},
		"ALPN unknown": {func(_ *testing.T, s *secured) {
			s.server.NextProtos, s.target.ALPN = []string{"h2"}, []string{"x-test-mqtt"}
		}, FailureTLS, []string{"x-test-mqtt"}},
		"no TLS": {func(_ *testing.T, s *secured) { s.server = nil }, FailureTLS, []string{"does not speak TLS"}},
		"closed within TLS": {func(_ *testing.T, s *secured) {
			s.server.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) { return nil, hello.Conn.Close() }
		}, FailureTLSClosed, []string{"TLS cannot be agreed on", "the broker"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSecured(t)
			c.breakIt(t, s)
			peer := s.listen(t)
			result := start(t.Context(), s.config, s.target)
			conn := peer.Accept()
			if s.server == nil {
				conn.Write([]byte("220 not TLS at all\r\n")...)
			} else if err := conn.Handshake(); err == nil && c.failure != FailureClientCertificate {
				// With TLS 1.3 the client refuses after the server is done.
				conn.Ended()
			}
			conn.Close()
			wantFailure(t, (<-result).err, c.failure, c.says...)
		})
	}
}

// TestCredentialFaults come as they are, before anything is sent.
func TestCredentialFaults(t *testing.T) {
	config := plainConfig
	config.TLS = true
	_, err := Connect(t.Context(), config, Target{Host: "broker.invalid", Port: 8883, Credentials: credentials.Open(t.TempDir()), Certificate: true})
	var fault *credentials.Error
	if !errors.As(err, &fault) || fault.Kind != credentials.KindCertificate {
		t.Errorf("error is %v", err)
	}
}

func TestParameters(t *testing.T) {
	sound := Target{Host: "127.0.0.1", Port: 1}
	for name, c := range map[string]struct {
		config func(*Config)
		target func(*Target)
		says   string
	}{
		"keep-alive too long": {func(c *Config) { c.KeepAlive = 65536 * time.Second }, nil, "MQTT_KEEPALIVE"},
		"keep-alive negative": {func(c *Config) { c.KeepAlive = -time.Second }, nil, "MQTT_KEEPALIVE"},
		"keep-alive fraction": {func(c *Config) { c.KeepAlive = 1500 * time.Millisecond }, nil, "whole seconds"},
		"no payload":          {func(c *Config) { c.PayloadMax = 0 }, nil, "MQTT_HELPER_PAYLOAD_BUFFER_LEN"},
		"no send timeout":     {func(c *Config) { c.SendTimeoutTime = 0 }, nil, "MQTT_HELPER_SEND_TIMEOUT_SEC"},
		"no store":            {func(c *Config) { c.TLS = true }, nil, "credentials store"},
		"will without topic":  {func(c *Config) { c.LastWill = true }, nil, "MQTT_HELPER_LAST_WILL_TOPIC: the topic is empty"},
		"will with wildcard":  {func(c *Config) { c.LastWill, c.LastWillTopic = true, "a/+" }, nil, "wildcard"},
		"will message too big": {func(c *Config) {
			c.LastWill, c.LastWillTopic, c.LastWillMessage = true, "a", strings.Repeat("x", 65536)
		}, nil, "65536 bytes"},
		"will of quality 2":  {func(c *Config) { c.LastWill, c.LastWillTopic, c.LastWillQoS = true, "a", 2 }, nil, "MQTT_HELPER_LAST_WILL_QOS is 2"},
		"client id too long": {nil, func(t *Target) { t.ClientID = strings.Repeat("x", 65536) }, "client id"},
		"no host":            {nil, func(t *Target) { t.Host = "" }, "no broker"},
		"no port":            {nil, func(t *Target) { t.Port = 0 }, "no broker"},
	} {
		config, target := plainConfig, sound
		if c.config != nil {
			c.config(&config)
		}
		if c.target != nil {
			c.target(&target)
		}
		_, err := Connect(t.Context(), config, target)
		t.Run(name, func(t *testing.T) { wantFailure(t, err, FailureParameter, c.says) })
	}
}

func TestNewTarget(t *testing.T) {
	for _, c := range []struct {
		host, endpoint, static string
		port                   int
		dials, name, says      string
	}{
		{"broker.example", "", "", 8883, "broker.example:8883", "broker.example:8883", ""},
		{"broker.example", "", "192.0.2.7", 8883, "192.0.2.7:8883", "broker.example:8883", ""},
		{"broker.example", "", "2001:db8::7", 8883, "[2001:db8::7]:8883", "broker.example:8883", ""},
		{"broker.example", "127.0.0.1:18883", "192.0.2.7", 8883, "127.0.0.1:18883", "127.0.0.1:18883", ""},
		{"", "[::1]:443", "", 0, "[::1]:443", "[::1]:443", ""},
		{"", "", "", 8883, "", "", "host name of the broker is empty"},
		{"broker.example", "", "", 0, "", "", "MQTT_HELPER_PORT = 0"},
		{"broker.example", "", "my.address", 8883, "", "", "MQTT_HELPER_STATIC_IP_ADDRESS"},
		{"", "localhost", "", 0, "", "", "not HOST:PORT"},
		{"", "localhost:mqtt", "", 0, "", "", "port from 1 to 65535"},
		{"", "localhost:70000", "", 0, "", "", "port from 1 to 65535"},
		{"", ":8883", "", 0, "", "", "not HOST:PORT"},
	} {
		got, err := NewTarget(Config{Port: c.port, StaticIPAddress: c.static}, c.host, c.endpoint)
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v: error %v", c, err)
			}
			continue
		}
		if err != nil || got.dialAddress() != c.dials || got.Name() != c.name {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
	}
}

// TestEnvironmentProxy: paho by itself would take the proxies of the environment.
func TestEnvironmentProxy(t *testing.T) {
	for _, name := range []string{"ALL_PROXY", "all_proxy", "HTTPS_PROXY"} {
		t.Setenv(name, "socks5://127.0.0.1:1")
	}
	c, _ := connected(t, plainConfig)
	if c.Err() != nil {
		t.Error(c.Err())
	}
}

// TestNoSecretInErrors holds that a password does not reach an error.
func TestNoSecretInErrors(t *testing.T) {
	peer := mqtttest.Listen(t, nil)
	target := targetOf(t, plainConfig, peer)
	target.Username, target.Password = "user", "hunter2"
	result := start(t.Context(), plainConfig, target)
	conn := peer.Accept()
	if password := conn.Connect().Password; !bytes.Equal(password, []byte("hunter2")) {
		t.Errorf("CONNECT carries the password %q", password)
	}
	conn.Connack(4, false)
	if err := (<-result).err; strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v shows the password", err)
	}
	conn.Ended()
}

func TestTopicRules(t *testing.T) {
	names := []string{"a", "/", "a b/c", "$aws/things/x", strings.Repeat("x", 65535)}
	for _, bad := range []string{"", "a/+", "#", "a\x00b", "\xff", strings.Repeat("x", 65536)} {
		if checkTopicName(bad) == nil {
			t.Errorf("%.20q is taken for a topic", bad)
		}
	}
	for _, bad := range []string{"", "a/b+", "+a", "a/#/b", "a#", "\xff"} {
		if CheckFilter(bad) == nil {
			t.Errorf("%.20q is taken for a filter", bad)
		}
	}
	for _, good := range names {
		if err := checkTopicName(good); err != nil {
			t.Errorf("%.20q: %v", good, err)
		}
	}
	for _, good := range slices.Concat(names, []string{"#", "+", "a/+/b", "a/#", "+/+/#"}) {
		if err := CheckFilter(good); err != nil {
			t.Errorf("%.20q: %v", good, err)
		}
	}
}
