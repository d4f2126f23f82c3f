//go:build real

package leshan

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/dtls"
)

// Handshakes with DTLS servers that we did not write, besides Leshan's.

// suites of LwM2M: number, and OpenSSL's name.
var suites = []struct {
	number uint16
	name   string
}{
	{0xC0A8, "PSK-AES128-CCM8"},
	{0x00AE, "PSK-AES128-CBC-SHA256"},
}

const (
	handshakeIdentity = "device"
	handshakeKey      = "0123456789abcdef"
)

// opensslServer runs OpenSSL's server with one suite, and gives its address.
func opensslServer(t *testing.T, suite string) (*program, string) {
	t.Helper()
	port := strconv.Itoa(freePort(t))
	p := start(t, "", "openssl", "openssl", "s_server", "-dtls1_2", "-accept", "127.0.0.1:"+port, "-nocert", "-quiet", "-cipher", suite+":@SECLEVEL=0",
		"-psk_identity", handshakeIdentity, "-psk", hex.EncodeToString([]byte(handshakeKey)))
	return p, "127.0.0.1:" + port
}

// dial does one handshake, for which 10 s are enough.
func dial(t *testing.T, address string, suite uint16, key string, config dtls.Config) (*dtls.Conn, error) {
	t.Helper()
	dialer, err := dtls.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var only []uint16
	if suite != 0 {
		only = []uint16{suite}
	}
	return dialer.Dial(ctx, dtls.Target{Address: address, Identity: []byte(handshakeIdentity), Key: []byte(key), CipherSuites: only})
}

// reached dials until the server has begun to listen: a refused datagram ends an attempt.
func reached(t *testing.T, address string, suite uint16, config dtls.Config) *dtls.Conn {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(patience); ; <-again.C {
		conn, err := dial(t, address, suite, handshakeKey, config)
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestHandshakeWithOpenSSL(t *testing.T) {
	t.Parallel()
	for _, suite := range suites {
		t.Run(suite.name, func(t *testing.T) {
			t.Parallel()
			server, address := opensslServer(t, suite.name)
			conn := reached(t, address, suite.number, dtls.Config{ConnectionID: true, SessionCaching: true})
			if _, err := io.WriteString(conn, "from the device\n"); err != nil {
				t.Fatal(err)
			}
			for {
				line, err := server.line()
				if err != nil {
					t.Fatal(err)
				}
				if line == "from the device" {
					break
				}
			}
			if err := server.say("from the server"); err != nil {
				t.Fatal(err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			buffer := make([]byte, 100)
			n, err := conn.Read(buffer)
			if err != nil || string(buffer[:n]) != "from the server\n" {
				t.Errorf("received %q, %v", buffer[:n], err)
			}
		})
	}
}

// TestOpenSSLRefuses: an alert, or silence that ends with the context, but no session.
func TestOpenSSLRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		offered uint16
		key     string
	}{
		"wrong key":   {0xC0A8, "another key 1234"},
		"other suite": {0x00AE, handshakeKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, address := opensslServer(t, "PSK-AES128-CCM8")
			reached(t, address, 0xC0A8, dtls.Config{}).Close()
			conn, err := dial(t, address, test.offered, test.key, dtls.Config{})
			if err == nil {
				conn.Close()
				t.Fatal("the handshake succeeds")
			}
			alert, isAlert := errors.AsType[*dtls.AlertError](err)
			_, isTimeout := errors.AsType[*dtls.TimeoutError](err)
			if !isAlert && !isTimeout {
				t.Errorf("%v is neither an alert nor a timeout", err)
			}
			if isAlert && alert.Code == 0 {
				t.Errorf("%v: the alert has no number", err)
			}
		})
	}
}

// deaf is a device that answers nothing.
type deaf struct{}

func (deaf) Serve(*coap.Request) coap.Response {
	return coap.Response{Message: coap.Message{Code: coap.NotFound}}
}

func TestExchangeWithLibcoap(t *testing.T) {
	t.Parallel()
	for _, library := range []string{"openssl", "gnutls"} {
		for _, suite := range suites {
			if library == "openssl" && suite.number == 0x00AE {
				continue // no suite of Debian's libcoap with OpenSSL
			}
			t.Run(fmt.Sprintf("%s %s", library, suite.name), func(t *testing.T) {
				t.Parallel()
				port := freePort(t)
				start(t, "", "libcoap", "coap-server-"+library, "-A", "127.0.0.1", "-p", strconv.Itoa(port), "-h", "hint", "-k", handshakeKey)
				link := reached(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(port+1)), suite.number, dtls.Config{ConnectionID: true, SessionCaching: true})
				conn := coap.NewConn(link, coap.Config{}, deaf{}, slog.New(slog.DiscardHandler))
				defer conn.Close()
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				request := coap.Message{Code: coap.GET}
				request.Options.AddString(coap.URIPath, ".well-known")
				request.Options.AddString(coap.URIPath, "core")
				answer, err := conn.Do(ctx, request)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(string(answer.Payload), "</time>") {
					t.Errorf("answer %v %q", answer.Code, answer.Payload)
				}
			})
		}
	}
}
