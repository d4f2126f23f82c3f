package lwm2m

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
)

// fetchConnectLimit is how long a server of images may take for its handshake.
const fetchConnectLimit = 60 * time.Second

// Fetch implements client.Program: it asks for what a coap or coaps URI names, over a connection of its own. The URI has its port.
func (p *program) Fetch(ctx context.Context, uri string, into io.Writer) error {
	target, err := url.Parse(uri)
	if err != nil {
		return &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: errors.Unwrap(err)} // without the URI: it may hold a secret
	}
	link, err := p.dialImage(ctx, target)
	if err != nil {
		return fetchError(err)
	}
	config := p.backend.config.Client.CoAP
	config.BlockSize = p.backend.config.Client.BlockSize
	conn := coap.NewConn(link, config, nil, p.backend.logger)
	sink := &fetched{Writer: into}
	response, err := conn.Download(ctx, imageRequest(target), sink)
	_ = conn.Close() // what was asked for has come or has not; from here on nothing is written to the sink
	switch {
	case sink.err != nil:
		return sink.err
	case err != nil:
		return fetchError(err)
	case response.Code != coap.Content:
		return &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: errorf("%s answers with %v", target.Host, response.Code)}
	}
	return nil
}

func (p *program) dialImage(ctx context.Context, target *url.URL) (net.Conn, error) {
	switch target.Scheme {
	case "coap":
		return coap.DialUDP(ctx, target.Host)
	case "coaps":
	default:
		return nil, &lwm2m.FetchError{Cause: lwm2m.FetchUnsupported, Err: errorf("the scheme %q is none that images are fetched by", target.Scheme)}
	}
	dialer := p.backend.config.DTLS
	if dialer == nil {
		return nil, &lwm2m.FetchError{Cause: lwm2m.FetchUnsupported, Err: errors.New("coaps needs LWM2M_DTLS_SUPPORT")}
	}
	identity, key, err := p.backend.imageKey()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchConnectLimit)
	defer cancel()
	return dialer.Dial(ctx, client.Target{Address: target.Host, Identity: identity, Key: key, ServerName: target.Hostname()})
}

// imageKey gives identity and key for servers of images: of the download's security tag, or those of the server where the tag has no key.
func (b *Backend) imageKey() (identity, key []byte, err error) {
	r, endpoint, err := b.current()
	if err != nil {
		return nil, nil, err
	}
	if b.config.DownloadTag >= 0 && b.device.Credentials != nil {
		psk, err := b.device.Credentials.PSK(b.config.DownloadTag, endpoint)
		if !errors.Is(err, fs.ErrNotExist) {
			return []byte(psk.Identity), psk.Key, err
		}
	}
	if r != nil {
		if identity, key, found := r.serverKey(); found {
			return identity, key, nil
		}
	}
	return nil, nil, errorf("there is no pre-shared key for images: put one into security tag %d (LWM2M_CLIENT_UTILS_DOWNLOADER_SEC_TAG)",
		b.config.DownloadTag)
}

// imageRequest is the GET of a URI (RFC 7252, 6.4).
func imageRequest(target *url.URL) coap.Message {
	m := coap.Message{Code: coap.GET}
	if net.ParseIP(target.Hostname()) == nil {
		m.Options.AddString(coap.URIHost, target.Hostname())
	}
	for _, segment := range strings.Split(strings.TrimPrefix(target.EscapedPath(), "/"), "/") {
		if plain, err := url.PathUnescape(segment); err == nil && target.EscapedPath() != "" {
			m.Options.AddString(coap.URIPath, plain)
		}
	}
	if target.RawQuery != "" {
		for _, part := range strings.Split(target.RawQuery, "&") {
			if plain, err := url.QueryUnescape(part); err == nil {
				m.Options.AddString(coap.URIQuery, plain)
			}
		}
	}
	m.Options.SetUint(coap.Size2, 0) // asks for the size (RFC 7959, 4)
	return m
}

// fetched takes what is downloaded, and keeps the error of who it is for.
type fetched struct {
	io.Writer
	err error
}

func (f *fetched) Write(part []byte) (int, error) {
	n, err := f.Writer.Write(part)
	f.err = err
	return n, err
}

// SetSize implements coap.Sink: it tells the size to who wants to know it.
func (f *fetched) SetSize(size int64) {
	if wants, is := f.Writer.(interface{ SetSize(size int64) }); is {
		wants.SetSize(size)
	}
}

// fetchError tells what has failed between here and the server.
func fetchError(err error) error {
	if fetch, is := errors.AsType[*lwm2m.FetchError](err); is {
		return fetch
	}
	if _, is := errors.AsType[*net.DNSError](err); is {
		return &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: err}
	}
	return &lwm2m.FetchError{Cause: lwm2m.FetchLost, Err: err}
}
