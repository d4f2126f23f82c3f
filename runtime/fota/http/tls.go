package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

// secured is what a TLS connection needs.
type secured struct {
	config *tls.Config
	tags   []int
}

// security reads the security tags: the server's certificate must come from a CA of one of them, and the first one that has a certificate of
// ours proves who we are, where the server asks.
func (c *Client) security(host string, tags []int) (*secured, error) {
	if c.platform.Credentials == nil {
		return nil, failure(fota.CauseInvalidConfiguration, nil, "there are no credentials for https")
	}
	s := &secured{tags: tags, config: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, NextProtos: []string{"http/1.1"}, RootCAs: x509.NewCertPool()}}
	for _, tag := range tags {
		authorities, err := c.platform.Credentials.Authorities(tag)
		if err != nil {
			return nil, failure(fota.CauseInvalidConfiguration, err, "security tag %d cannot be used", tag)
		}
		for _, authority := range authorities {
			s.config.RootCAs.AddCert(authority)
		}
		if s.config.GetClientCertificate != nil {
			continue
		}
		ours, err := c.platform.Credentials.TLS(tag)
		switch {
		case errors.Is(err, fs.ErrNotExist): // a tag of CAs alone
		case err != nil:
			return nil, failure(fota.CauseInvalidConfiguration, err, "security tag %d cannot be used", tag)
		default:
			// Always ours: by itself crypto/tls would send none when the server's list of CAs does not name its issuer.
			s.config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &ours.Certificate, nil }
		}
	}
	return s, nil
}

func (s *secured) handshake(ctx context.Context, raw net.Conn) (net.Conn, error) {
	conn := tls.Client(raw, s.config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// failure says in one sentence what the server presented and what was expected.
func (s *secured) failure(server string, err error) *fota.Error {
	e := failure(fota.CauseConnectFailed, nil, "%s: ", server)
	var verification *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var noTLS tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &verification) && errors.As(err, &unknown):
		leaf := verification.UnverifiedCertificates[0]
		e.Problem += fmt.Sprintf("the server's certificate is for %q, issued by %q; expected one that comes from a CA certificate of %s",
			leaf.Subject, leaf.Issuer, tagNames(s.tags))
	case errors.As(err, &name):
		e.Problem += fmt.Sprintf("the server's certificate is for %s; expected %q", certificateNames(name.Certificate), name.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Problem += fmt.Sprintf("the server's certificate is valid from %s to %s; this device's clock says %s",
			day(invalid.Cert.NotBefore), day(invalid.Cert.NotAfter), day(time.Now()))
	case errors.As(err, &verification):
		e.Problem += "the server's certificate does not stand verification"
	case errors.As(err, &noTLS):
		e.Problem += "the server does not speak TLS on this port"
		return e
	case errors.As(err, &alert) || isRemote(err):
		e.Problem += "the server ends the TLS handshake"
	default:
		e.Problem += "TLS cannot be agreed on"
		e.Retry = errors.Is(err, io.EOF) || isNetwork(err)
	}
	e.Err = err
	return e
}

// isNetwork tells whether an error is one of the network, not of what was said.
func isNetwork(err error) bool {
	_, is := errors.AsType[net.Error](err)
	return is || errors.Is(err, context.DeadlineExceeded)
}

// isRemote tells whether an error is an alert of the server, which crypto/tls gives as a net.OpError of this name.
func isRemote(err error) bool {
	op, is := errors.AsType[*net.OpError](err)
	return is && op.Op == "remote error"
}

func tagNames(tags []int) string {
	names := strings.Trim(fmt.Sprint(tags), "[]")
	if len(tags) == 1 {
		return "security tag " + names
	}
	return "the security tags " + names
}

func certificateNames(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return fmt.Sprintf("%q, without any host name", c.Subject)
	}
	return strings.Join(names, ", ")
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }
