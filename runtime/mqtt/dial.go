package mqtt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/cloudgen/cloudgen/runtime/credentials"
)

// dial makes the network connection: conn is what MQTT is spoken over, raw the TCP connection below it.
func dial(ctx context.Context, config Config, target Target) (conn, raw net.Conn, err error) {
	var tlsConfig *tls.Config
	if config.TLS { // credentials first: what is wrong with them shows without a network
		if tlsConfig, err = clientTLS(config, target); err != nil {
			return nil, nil, err
		}
	}
	if target.Dial != nil {
		raw, err = target.Dial(ctx, target.dialAddress())
	} else {
		// The keep-alive of MQTT watches the connection; TCP's would wake the radio every few seconds.
		dialer := net.Dialer{KeepAlive: -1}
		raw, err = dialer.DialContext(ctx, "tcp", target.dialAddress())
	}
	if err != nil {
		return nil, nil, dialFailure(ctx, target, err)
	}
	if tlsConfig == nil {
		return raw, raw, nil
	}
	secured := tls.Client(raw, tlsConfig)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, nil, handshakeFailure(ctx, config, target, err)
	}
	return secured, raw, nil
}

// clientTLS builds the TLS configuration from the security tags. The peer is always verified; there is no session cache, as in the SDK.
func clientTLS(config Config, target Target) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: target.Host, NextProtos: target.ALPN, RootCAs: x509.NewCertPool()}
	var authorities []*x509.Certificate
	if target.Certificate {
		tag, err := target.Credentials.TLS(config.SecTag)
		if err != nil {
			return nil, err
		}
		authorities = tag.Authorities
		// Always ours: by itself crypto/tls would send none when the server's list of CAs does not name its issuer.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &tag.Certificate, nil }
	} else {
		var err error
		if authorities, err = target.Credentials.Authorities(config.SecTag); err != nil {
			return nil, err
		}
	}
	if config.SecondarySecTag >= 0 {
		more, err := target.Credentials.Authorities(config.SecondarySecTag)
		if err != nil {
			return nil, err
		}
		authorities = append(authorities, more...)
	}
	for _, authority := range authorities {
		c.RootCAs.AddCert(authority)
	}
	return c, nil
}

func contextFailure(ctx context.Context, target Target, doing string) error {
	e := &ConnectError{Failure: FailureTimeout, Server: target.Name(), Err: ctx.Err(), Problem: "the time was up while " + doing}
	if errors.Is(ctx.Err(), context.Canceled) {
		e.Failure, e.Problem = FailureCancelled, "cancelled while "+doing
	}
	return e
}

func dialFailure(ctx context.Context, target Target, err error) error {
	if ctx.Err() != nil {
		return contextFailure(ctx, target, "reaching "+target.dialAddress())
	}
	e := &ConnectError{Failure: FailureNetwork, Server: target.Name(), Err: err}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Failure, e.Problem = FailureDNS, fmt.Sprintf("the name %q is not known to DNS", target.Host)
	case errors.As(err, &dns):
		e.Failure, e.Problem = FailureDNS, fmt.Sprintf("the name %q cannot be looked up: %s", target.Host, dns.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Problem = fmt.Sprintf("nothing listens at %s (connection refused)", target.dialAddress())
	default:
		e.Problem = fmt.Sprintf("%s cannot be reached: %s", target.dialAddress(), plain(err))
	}
	return e
}

// handshakeFailure says in one sentence what the server presented and what was expected.
func handshakeFailure(ctx context.Context, config Config, target Target, err error) error {
	e := &ConnectError{Failure: FailureTLS, Server: target.Name(), Err: err}
	var verification *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var noTLS tls.RecordHeaderError
	alert, isAlert := remoteAlert(err)
	switch {
	case errors.As(err, &verification) && errors.As(err, &unknown):
		leaf := verification.UnverifiedCertificates[0]
		e.Failure = FailureServerCertificate
		e.Problem = fmt.Sprintf("the server's certificate is for %q, issued by %q; expected one that comes from a CA certificate of %s",
			leaf.Subject, leaf.Issuer, tagNames(config))
	case errors.As(err, &name):
		e.Failure = FailureServerCertificate
		e.Problem = fmt.Sprintf("the server's certificate is for %s; expected %q", certificateNames(name.Certificate), name.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Failure = FailureServerValidity
		e.Problem = validity(invalid.Cert, time.Now())
	case errors.As(err, &verification):
		e.Failure = FailureServerCertificate
		e.Problem = "the server's certificate does not stand verification: " + verification.Err.Error()
	case isAlert:
		return alertFailure(target, alert, err)
	case errors.As(err, &noTLS):
		e.Problem = "the server does not speak TLS on this port"
	case ctx.Err() != nil:
		return contextFailure(ctx, target, "agreeing on TLS")
	default:
		if lost, ok := errors.AsType[*LostError](lossOf(err)); ok && lost.Loss == LossByBroker {
			e.Failure = FailureTLSClosed
		}
		e.Problem = "TLS cannot be agreed on: " + lossOf(err).Error()
	}
	return e
}

// alertFailure explains a TLS alert of the server (RFC 8446, section 6.2).
func alertFailure(target Target, alert string, err error) error {
	e := &ConnectError{Failure: FailureTLS, Server: target.Name(), Err: err, Problem: fmt.Sprintf("the server ends the TLS handshake with %q", alert)}
	switch {
	case strings.Contains(alert, "certificate") || alert == "access denied":
		e.Failure = FailureClientCertificate
		e.Problem = fmt.Sprintf("the server does not take this device's certificate: it answers %q", alert)
	case alert == "no application protocol":
		e.Problem = fmt.Sprintf("the server knows none of the protocols offered by ALPN (%s)", strings.Join(target.ALPN, ", "))
	}
	return e
}

func tagNames(config Config) string {
	if config.SecondarySecTag >= 0 {
		return fmt.Sprintf("security tags %d and %d", config.SecTag, config.SecondarySecTag)
	}
	return fmt.Sprintf("security tag %d", config.SecTag)
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

func validity(c *x509.Certificate, now time.Time) string {
	const form = "2006-01-02 15:04:05 MST"
	if now.Before(c.NotBefore) {
		return fmt.Sprintf("the certificate %q that the server presents is valid from %s on; this device's clock says %s",
			c.Subject, c.NotBefore.UTC().Format(form), now.UTC().Format(form))
	}
	return fmt.Sprintf("the certificate %q that the server presents was valid until %s; this device's clock says %s",
		c.Subject, c.NotAfter.UTC().Format(form), now.UTC().Format(form))
}

var _ error = (*credentials.Error)(nil) // Connect gives these as they are
