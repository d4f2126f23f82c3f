// Package http fetches files by HTTP/1.1 (RFC 9110, RFC 9112) over TLS, for package fota. It is a client of downloads alone: GET with ranges,
// redirects, chunked and length-delimited bodies. Package net/http is not linked, which is a large part of a firmware.
//
// It is strict: what a server sends that the grammar does not allow ends the try. All that it holds of a response is bounded, whatever the
// file's size. The environment's proxies are not used.
package http

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/fota"
)

// Config is what the options say about downloads by HTTP.
type Config struct {
	RangeRequests bool          `kconfig:"DOWNLOAD_CLIENT_RANGE_REQUESTS"`            // ask for fragments; false: for all that is missing with one request
	FragmentSize  string        `kconfig:"DOWNLOAD_CLIENT_HTTP_FRAG_SIZE"`            // the option whose name ends in the bytes of a fragment
	Timeout       time.Duration `kconfig:"DOWNLOAD_CLIENT_TCP_SOCK_TIMEO_MS,unit=ms"` // without a byte, and of a whole response head; below 0: no limit
	HostNameMax   int           `kconfig:"DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE"`         // bytes, also of hosts that are redirected to
	FileNameMax   int           `kconfig:"DOWNLOAD_CLIENT_MAX_FILENAME_SIZE"`         // bytes of a URL's path, also of those that are redirected to
	LogHeaders    bool          `kconfig:"DOWNLOAD_CLIENT_LOG_HEADERS"`               // response heads go to the log, at debug

	Plain         bool  // http is allowed: a redirect from https to it never is
	RedirectHosts Hosts // hosts that any host may redirect to; a host may always redirect to itself
	Redirects     int   // most redirects of one request; 0: DefaultRedirects
}

// DefaultRedirects is the number of redirects that are followed, as in the SDK.
const DefaultRedirects = 10

// Platform is what a Client works with.
type Platform struct {
	Credentials *credentials.Store
	// Dial makes a TCP connection; nil: the operating system does.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Logger *slog.Logger // nil: none
}

// Client is a fota.Source for https, and for http where it is allowed.
type Client struct {
	config   Config
	fragment int64
	platform Platform
}

// New makes a Client.
func New(config Config, platform Platform) (*Client, error) {
	_, digits, _ := strings.Cut(config.FragmentSize, "HTTP_FRAG_SIZE_")
	fragment, err := strconv.ParseInt(digits, 10, 32)
	if config.RangeRequests && (err != nil || fragment < 1) {
		return nil, fmt.Errorf("DOWNLOAD_CLIENT_HTTP_FRAG_SIZE is %q: it does not end in a number of bytes", config.FragmentSize)
	}
	if config.Timeout == 0 {
		return nil, errors.New("DOWNLOAD_CLIENT_TCP_SOCK_TIMEO_MS is 0: nothing arrives in no time; -1 is no limit")
	}
	if config.Redirects == 0 {
		config.Redirects = DefaultRedirects
	}
	if platform.Dial == nil {
		// The timeout of reads watches the connection.
		platform.Dial = (&net.Dialer{KeepAlive: -1}).DialContext
	}
	if platform.Logger == nil {
		platform.Logger = slog.New(slog.DiscardHandler)
	}
	return &Client{config: config, fragment: fragment, platform: platform}, nil
}

// failure makes a *fota.Error.
func failure(cause fota.Cause, err error, format string, args ...any) *fota.Error {
	return &fota.Error{Cause: cause, Problem: fmt.Sprintf(format, args...), Err: err}
}

// lost is a failure that another try may get over.
func lost(err error, format string, args ...any) *fota.Error {
	e := failure(fota.CauseDownloadFailed, err, format, args...)
	e.Retry = true
	return e
}

// check tells whether a URL, the first or one that is redirected to, is one that this client asks for.
func (c *Client) check(u *url.URL, tags []int) *fota.Error {
	invalid := func(format string, args ...any) *fota.Error {
		return failure(fota.CauseInvalidConfiguration, nil, format, args...)
	}
	switch {
	case u.Scheme == "http" && !c.config.Plain:
		return failure(fota.CauseProtoNotSupported, nil, "%s is to be asked by http, which is not allowed: use https", u.Host)
	case u.Scheme != "https" && u.Scheme != "http":
		return failure(fota.CauseProtoNotSupported, nil, "files are fetched by https, not by %q", u.Scheme)
	case u.User != nil:
		return invalid("the URL of a file at %s contains a user name: it is not sent, take it out", u.Host)
	case !isHost(u.Hostname()):
		return invalid("%q is no host name", u.Hostname())
	case u.Port() != "" && !isPort(u.Port()):
		return invalid("%q is no port", u.Port())
	case len(u.Hostname()) > c.config.HostNameMax:
		return invalid("the host name %q has %d bytes: DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE allows %d", u.Hostname(), len(u.Hostname()), c.config.HostNameMax)
	case len(u.EscapedPath()) > c.config.FileNameMax:
		return invalid("the path of the file at %s has %d bytes: DOWNLOAD_CLIENT_MAX_FILENAME_SIZE allows %d", u.Host, len(u.EscapedPath()), c.config.FileNameMax)
	case u.Scheme == "https" && len(tags) == 0:
		return invalid("a file is to be fetched from %s by https without a security tag: give one whose ca.pem its certificate comes from", u.Host)
	}
	return nil
}

// isHost tells whether a name is a DNS name or an IP address.
func isHost(name string) bool {
	if name == "" {
		return false
	}
	if net.ParseIP(name) != nil {
		return true
	}
	for _, b := range []byte(name) {
		if !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '.' || b == '_') {
			return false
		}
	}
	return true
}

func isPort(text string) bool {
	port, err := strconv.Atoi(text)
	return err == nil && port >= 1 && port <= 65535
}

// addressOf gives HOST:PORT.
func addressOf(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "http":
		port = "80"
	default:
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}
