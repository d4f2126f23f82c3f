package lwm2m

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// Fetch implements client.Program: it asks for what a coap or coaps URI names, over a connection of its own. coaps takes the pre-shared key of
// the download's security tag; where there is none, that of the server.
func (p *program) Fetch(ctx context.Context, uri string, into io.Writer) error {
	target, err := url.Parse(uri)
	if err != nil {
		return &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: err}
	}
	link, err := p.dialImage(ctx, target)
	if err != nil {
		return fetchError(err)
	}
	conn := coap.NewConn(link, p.backend.config.Client.CoAP, nil, p.backend.logger)
	defer conn.Close()
	sink := &image{Writer: into}
	response, err := conn.Download(ctx, imageRequest(target), sink)
	switch {
	case sink.err != nil:
		return sink.err
	case err != nil:
		return fetchError(err)
	case response.Code != coap.Content:
		return &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: fmt.Errorf("%s: the server answers %v", uri, response.Code)}
	}
	return nil
}

func (p *program) dialImage(ctx context.Context, target *url.URL) (net.Conn, error) {
	switch target.Scheme {
	case "coap":
		return coap.DialUDP(ctx, target.Host)
	case "coaps":
	default:
		return nil, &lwm2m.FetchError{Cause: lwm2m.FetchUnsupported, Err: fmt.Errorf("the scheme %q is none that images are fetched by", target.Scheme)}
	}
	config := p.backend.config
	if config.DTLS == nil {
		return nil, &lwm2m.FetchError{Cause: lwm2m.FetchUnsupported, Err: errors.New("coaps needs LWM2M_DTLS_SUPPORT")}
	}
	endpoint, err := p.backend.ID()
	if err != nil {
		return nil, err
	}
	tag := config.DownloadTag
	if tag < 0 {
		tag = config.ServerTag
	}
	psk, err := p.backend.device.Credentials.PSK(tag, endpoint)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchConnectLimit)
	defer cancel()
	return config.DTLS.Dial(ctx, client.Target{Address: target.Host, Identity: []byte(psk.Identity), Key: psk.Key, ServerName: target.Hostname()})
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

// image takes what is downloaded, and keeps the error of who it is for.
type image struct {
	io.Writer
	err error
}

func (i *image) Write(part []byte) (int, error) {
	n, err := i.Writer.Write(part)
	i.err = err
	return n, err
}

// SetSize implements coap.Sink: it tells the size to who wants to know it.
func (i *image) SetSize(size int64) {
	if wants, is := i.Writer.(interface{ SetSize(size int64) }); is {
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
