package aws

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

// The ALPN protocols of port 443 (developer guide, "Device communication protocols"). Custom authorizers ("mqtt") are not served.
const (
	protocolMQTT     = "x-amzn-mqtt-ca"
	protocolHTTP     = "x-amzn-http-ca"
	protocolHTTPBare = "http/1.1"
)

// secondPort is its name for the policy.
const secondPort = "alpn"

// port is the second port: MQTT or HTTPS, as ALPN says.
type port struct {
	server *http.Server
	other  *http.Server // of connections with AWS's own name for HTTP
}

func (p *port) close() error {
	if p == nil {
		return nil
	}
	return errors.Join(p.other.Close(), p.server.Close()) // MQTT connections end with the broker's
}

// ServeALPN serves a second port, as port 443 of AWS: MQTT where the client asks for it by ALPN, and the handler over HTTPS. A client without a
// certificate reaches the handler all the same: requests may be signed instead. It takes the listener, which Close closes.
func (c *Cloud) ServeALPN(listener net.Listener, certificate tls.Certificate, handler http.Handler) error {
	if c.second != nil {
		return errors.Join(errors.New("the second port is served already"), listener.Close())
	}
	config := c.broker.Guarded(&tls.Config{
		Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequestClientCert,
		NextProtos: []string{protocolMQTT, protocolHTTP, protocolHTTPBare},
	}, secondPort)
	handed := newHandover(listener.Addr())
	p := &port{other: &http.Server{Handler: withTLS(handler), ReadHeaderTimeout: 10 * time.Second, ConnContext: handedContext}, server: &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){
			protocolMQTT: func(_ *http.Server, conn *tls.Conn, _ http.Handler) { c.broker.Serve(conn) },
			protocolHTTP: func(_ *http.Server, conn *tls.Conn, _ http.Handler) { handed.take(conn) },
		},
		ErrorLog: log.New(handshakeErrors{c}, "", 0),
	}}
	c.second = p
	c.running.Go(func() { _ = p.other.Serve(handed) }) // ends with Close
	c.running.Go(func() {
		if err := p.server.Serve(tls.NewListener(listener, config)); !errors.Is(err, http.ErrServerClosed) {
			c.broker.Notify("", "", fmt.Sprintf("the second port is not served any more: %v", err))
		}
	})
	return nil
}

// handshakeErrors takes what net/http logs, and tells which clients found no protocol.
type handshakeErrors struct{ cloud *Cloud }

func (h handshakeErrors) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	remote := ""
	if rest, ok := strings.CutPrefix(text, "http: TLS handshake error from "); ok {
		remote, text, _ = strings.Cut(rest, ": ")
	}
	switch {
	case strings.Contains(text, "(rule "): // told by the policy
	case strings.Contains(text, "client requested unsupported application protocols"):
		h.cloud.broker.Refuse("", remote, "", h.cloud.rules.refusal("tls/alpn", "%s; this port serves %s, %s and %s", text, protocolMQTT, protocolHTTP, protocolHTTPBare))
	default:
		h.cloud.broker.Refuse("", remote, "", errors.New(text))
	}
	return len(line), nil
}
