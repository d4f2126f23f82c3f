package firmware

import (
	"context"
	"errors"
	"net"
	"net/url"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// startPull fetches an image from a URI in a goroutine of the host's.
func (o *Object) startPull(uri string) {
	address, err := o.complete(uri)
	if err != nil {
		o.host.Logger().Error("the image's URI is refused", "uri", uri, "error", err)
		o.move(refusedURI, resultOfFetch(err))
		return
	}
	image, err := o.begin(-1)
	if err != nil {
		return // begin has said why
	}
	o.mu.Lock()
	o.number++
	number := o.number
	ctx, cancel := context.WithCancel(context.Background())
	o.pull = cancel
	o.mu.Unlock()
	o.host.Go(func(ended context.Context) {
		defer context.AfterFunc(ended, cancel)()
		err := o.host.Fetch(ctx, address, &pulled{image: image, progress: progress{host: o.host}})
		cancel()
		if !o.isNewest(number) { // it was reset, and its image thrown away
			image.Abort()
			return
		}
		if err != nil {
			image.Abort()
			o.spoil(resultOfFetch(err), err)
			return
		}
		o.commit(image)
	})
}

// isNewest tells whether a download is still the one that counts, and takes its cancel function away.
func (o *Object) isNewest(number uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.number != number {
		return false
	}
	o.pull = nil
	return true
}

// endPull stops the download that runs.
func (o *Object) endPull() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.number++
	if o.pull != nil {
		o.pull()
		o.pull = nil
	}
}

// complete checks a URI and gives it its port.
func (o *Object) complete(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: err}
	}
	defaultPort := o.config.PortNonSecure
	switch u.Scheme {
	case "coap":
	case "coaps":
		defaultPort = o.config.PortSecure
	case "":
		return "", &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: errors.New("it has no scheme")}
	default:
		return "", &lwm2m.FetchError{Cause: lwm2m.FetchUnsupported, Err: errors.New("images are fetched by coap and coaps, not by " + u.Scheme)}
	}
	if u.Hostname() == "" {
		return "", &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: errors.New("it has no host")}
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port(defaultPort))
	}
	return u.String(), nil
}

// pulled takes an image that is fetched.
type pulled struct {
	image Image
	progress
}

func (p *pulled) Write(part []byte) (int, error) {
	n, err := p.image.Write(part)
	p.add(n)
	return n, err
}

// SetSize tells the size of what is fetched, in bytes, where the server says it.
func (p *pulled) SetSize(size int64) { p.size = size }

// resultOfFetch gives the update result that a failed download stands for.
func resultOfFetch(err error) result {
	fetch, is := errors.AsType[*lwm2m.FetchError](err)
	if !is {
		return resultOf(err)
	}
	switch fetch.Cause {
	case lwm2m.FetchUnsupported:
		return resultUnsupportedProtocol
	case lwm2m.FetchInvalid:
		return resultInvalidURI
	}
	return resultConnectionLost
}
