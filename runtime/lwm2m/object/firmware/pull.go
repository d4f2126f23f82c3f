package firmware

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// pull fetches an image from a URI in a goroutine of the host's. The object's work is locked.
func (o *Object) pull(uri string) {
	address, err := o.complete(uri)
	if err != nil {
		o.host.Logger().Error("the image's URI is refused", "error", err)
		o.move(refusedURI, resultOfFetch(err))
		o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareFailed, Err: err})
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &download{size: -1, cancel: cancel}
	if err := o.begin(d); err != nil { // another server was faster
		cancel()
		o.host.Logger().Error("the image is not fetched", "error", err)
		return
	}
	o.host.Go(func(ended context.Context) {
		stop := context.AfterFunc(ended, cancel)
		err := o.host.Fetch(ctx, address, &pulled{object: o, download: d})
		stop()
		o.fetched(d, err, ended.Err() != nil)
	})
}

// fetched ends a pull. That the program ends says nothing about the image: the next start finds out that it is not there.
func (o *Object) fetched(d *download, err error, ending bool) {
	o.work.Lock()
	defer o.work.Unlock()
	switch {
	case o.current != d: // it was reset, or its image was not taken
	case err == nil:
		o.commit(d)
	case ending:
		o.drop()
	default:
		o.spoil(resultOfFetch(err), err)
	}
}

// complete checks a URI and gives it its port.
func (o *Object) complete(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: errors.Unwrap(err)} // without the URI: it may hold a secret
	}
	port := o.config.PortNonSecure
	switch u.Scheme {
	case "coap":
	case "coaps":
		port = o.config.PortSecure
	case "":
		return "", &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: errors.New("the URI has no scheme")}
	default:
		return "", &lwm2m.FetchError{Cause: lwm2m.FetchUnsupported, Err: errors.New("images are fetched by coap and coaps, not by " + u.Scheme)}
	}
	if u.Hostname() == "" {
		return "", &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: errors.New("the URI has no host")}
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(port))
	}
	return u.String(), nil
}

// pulled takes an image that is fetched.
type pulled struct {
	object   *Object
	download *download
}

// Write implements io.Writer.
func (p *pulled) Write(part []byte) (int, error) {
	p.object.work.Lock()
	defer p.object.work.Unlock()
	if err := p.object.write(p.download, part); err != nil {
		return 0, err
	}
	return len(part), nil
}

// SetSize tells the size of what is fetched, in bytes, before the first Write.
func (p *pulled) SetSize(size int64) {
	p.object.work.Lock()
	defer p.object.work.Unlock()
	p.download.size = size
}

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
