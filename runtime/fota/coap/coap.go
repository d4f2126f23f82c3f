// Package coap fetches files by CoAP, block by block (RFC 7252, RFC 7959), for package fota.
//
// Lost datagrams are sent again, so a download survives what the retransmissions survive. Beyond that it begins anew: coap.Conn fetches bodies
// from their first block only, and tells the ETag when it has all of them, so no validator is given to package fota.
package coap

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

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/fota"
)

// Config is what the options say about downloads by CoAP.
type Config struct {
	BlockSize     string `kconfig:"DOWNLOAD_CLIENT_COAP_BLOCK_SIZE"`                   // the option whose name ends in the bytes of a block
	MaxRetransmit int    `kconfig:"DOWNLOAD_CLIENT_COAP_MAX_RETRANSMIT_REQUEST_COUNT"` // times that a request is sent again
}

// Platform is what a Client works with.
type Platform struct {
	// Dial opens a datagram link to HOST:PORT for coap; nil: a UDP socket.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// DialSecure opens one with DTLS for coaps, with the key of a security tag; nil: coaps is refused.
	DialSecure func(ctx context.Context, address, serverName string, tags []int) (net.Conn, error)
	CoAP       coap.Config  // timing; BlockSize and MaxRetransmit are those of Config
	Logger     *slog.Logger // nil: none
}

// Client is a fota.Source for coap and coaps.
type Client struct {
	config   coap.Config
	platform Platform
}

// connectLimit is how long a server may take for its handshake.
const connectLimit = 60 * time.Second

// New makes a Client.
func New(config Config, platform Platform) (*Client, error) {
	_, digits, _ := strings.Cut(config.BlockSize, "COAP_BLOCK_SIZE_")
	size, err := strconv.Atoi(digits)
	if err != nil {
		return nil, fmt.Errorf("DOWNLOAD_CLIENT_COAP_BLOCK_SIZE is %q: it does not end in a number of bytes", config.BlockSize)
	}
	c := &Client{config: platform.CoAP, platform: platform}
	c.config.BlockSize, c.config.MaxRetransmit = size, config.MaxRetransmit
	if err := c.config.Check(); err != nil {
		return nil, err
	}
	if platform.Dial == nil {
		c.platform.Dial = coap.DialUDP
	}
	return c, nil
}

// Fetch implements fota.Source. It begins with the first byte whatever the request says.
func (c *Client) Fetch(ctx context.Context, request fota.Request, into fota.Receiver) error {
	link, err := c.dial(ctx, request.URL, request.Tags)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	conn := coap.NewConn(link, c.config, nil, c.platform.Logger)
	s := &sink{into: into, size: -1}
	response, err := conn.Download(ctx, requestOf(request.URL), s)
	_ = conn.Close() // what was asked for has come or has not; from here on nothing is written to the sink
	switch {
	case s.err != nil:
		return s.err
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return &fota.Error{Cause: fota.CauseDownloadFailed, Problem: request.URL.Host + ": the download is lost", Retry: true, Err: err}
	case response.Code != coap.Content:
		return &fota.Error{
			Cause: fota.CauseDownloadFailed, Problem: fmt.Sprintf("%s answers with %v", request.URL.Host, response.Code), Retry: response.Code>>5 == 5,
		}
	case !s.begun:
		return into.Begin(0, fota.Version{Size: 0})
	}
	return nil
}

func (c *Client) dial(ctx context.Context, u *url.URL, tags []int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	var link net.Conn
	var err error
	switch {
	case u.Scheme == "coap":
		link, err = c.platform.Dial(ctx, addressOf(u, "5683"))
	case u.Scheme != "coaps" || c.platform.DialSecure == nil:
		return nil, &fota.Error{Cause: fota.CauseProtoNotSupported, Problem: fmt.Sprintf("files are not fetched by %q", u.Scheme)}
	case len(tags) == 0:
		return nil, &fota.Error{
			Cause: fota.CauseInvalidConfiguration, Problem: "a file is to be fetched from " + u.Host + " by coaps without a security tag: give one that has its key",
		}
	default:
		link, err = c.platform.DialSecure(ctx, addressOf(u, "5684"), u.Hostname(), tags)
	}
	if err == nil {
		return link, nil
	}
	if own, is := errors.AsType[*fota.Error](err); is {
		return nil, own
	}
	return nil, &fota.Error{Cause: fota.CauseConnectFailed, Problem: u.Host + " cannot be reached", Retry: true, Err: err}
}

func addressOf(u *url.URL, port string) string {
	if u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// requestOf is the GET of a URI (RFC 7252, 6.4).
func requestOf(u *url.URL) coap.Message {
	m := coap.Message{Code: coap.GET}
	if net.ParseIP(u.Hostname()) == nil {
		m.Options.AddString(coap.URIHost, strings.ToLower(u.Hostname()))
	}
	if path := strings.TrimPrefix(u.EscapedPath(), "/"); path != "" {
		for segment := range strings.SplitSeq(path, "/") {
			if plain, err := url.PathUnescape(segment); err == nil {
				m.Options.AddString(coap.URIPath, plain)
			}
		}
	}
	if u.RawQuery != "" {
		for part := range strings.SplitSeq(u.RawQuery, "&") {
			if plain, err := url.PathUnescape(part); err == nil { // a plus is a plus in CoAP
				m.Options.AddString(coap.URIQuery, plain)
			}
		}
	}
	m.Options.SetUint(coap.Size2, 0) // asks for the size (RFC 7959, 4)
	return m
}

// sink hands a body on.
type sink struct {
	into  fota.Receiver
	size  int64
	begun bool
	err   error // of into
}

// SetSize implements coap.Sink.
func (s *sink) SetSize(size int64) { s.size = size }

// Write implements coap.Sink.
func (s *sink) Write(part []byte) (int, error) {
	if !s.begun {
		if s.err = s.into.Begin(0, fota.Version{Size: s.size}); s.err != nil {
			return 0, s.err
		}
		s.begun = true
	}
	if len(part) == 0 {
		return 0, nil
	}
	_, s.err = s.into.Write(part)
	if s.err != nil {
		return 0, s.err
	}
	return len(part), nil
}
