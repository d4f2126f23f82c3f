package http

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

// get asks for the file, where redirects lead to. Afterwards head and body are those of a response that is no redirect.
func (f *fetch) get(rangeOf, validator string) error {
	ifRange := ""
	if rangeOf != "" && validator != "" {
		ifRange = validator[1:]
	}
	visited := []string{f.url.String()}
	for {
		if err := f.exchange(requestOf(f.url, rangeOf, ifRange)); err != nil {
			return err
		}
		if f.head.contentEncoding != "" && !strings.EqualFold(f.head.contentEncoding, "identity") {
			return failure(fota.CauseDownloadFailed, nil, "%s sends the file coded as %.40q, unasked", f.url.Host, f.head.contentEncoding)
		}
		if !isRedirect(f.head.status) {
			return nil
		}
		f.disconnect()
		to, err := f.redirect()
		if err != nil {
			return err
		}
		if slices.Contains(visited, to.String()) {
			return failure(fota.CauseDownloadFailed, nil, "%s redirects in a circle", f.url.Host)
		}
		if len(visited) > f.config.Redirects {
			return failure(fota.CauseDownloadFailed, nil, "%s redirects after %d redirects, which are all that are followed", f.url.Host, f.config.Redirects)
		}
		f.url = to
		visited = append(visited, to.String())
	}
}

func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// redirect gives where a redirect leads, if that is allowed.
func (f *fetch) redirect() (*url.URL, error) {
	refused := func(format string, args ...any) (*url.URL, error) {
		return nil, failure(fota.CauseDownloadFailed, nil, "%s redirects %s", f.url.Host, fmt.Sprintf(format, args...))
	}
	if f.head.location == "" {
		return refused("to nowhere: there is no Location")
	}
	to, err := f.url.Parse(f.head.location)
	if err != nil {
		return refused("to what is no URL")
	}
	to.Fragment, to.RawFragment = "", ""
	switch {
	case f.url.Scheme == "https" && to.Scheme != "https":
		return refused("from https to %.20q, which would give up what https protects", to.Scheme)
	case !strings.EqualFold(to.Hostname(), f.url.Hostname()) && !f.mayGoTo(to.Hostname()):
		return refused("to another host, %.80q, which is not one that is allowed", to.Hostname())
	}
	if err := f.check(to, f.tags); err != nil {
		return refused("to where it must not: %s", err.Problem)
	}
	f.logger.Debug("redirected", "to", to.Host, "path", to.Path)
	return to, nil
}

// mayGoTo tells whether any host may redirect to this one.
func (c *Client) mayGoTo(host string) bool { return c.config.RedirectHosts.Allows(host) }

// exchange sends a request and reads the head of its response. A connection that was used before may have been closed by the server in the
// meantime: then a new one is made.
func (f *fetch) exchange(request string) error {
	for {
		if f.connection != nil && f.connection.origin != originOf(f.url) {
			f.disconnect()
		}
		if f.connection == nil {
			made, err := f.connect(f.ctx, f.url, f.tags)
			if err != nil {
				return err
			}
			f.connection = made
		}
		again, err := f.ask(request)
		if !again {
			return err
		}
		f.disconnect()
	}
}

// ask does one exchange on the connection. again: it was one that had ended before.
func (f *fetch) ask(request string) (again bool, err error) {
	n := f.connection
	raw := ""
	if err = n.send(f.ctx, request); err == nil {
		raw, f.head, err = n.receive(f.ctx)
	}
	if f.config.LogHeaders {
		f.logger.Debug("response", "head", loggable(raw))
	}
	if err != nil {
		if n.used && raw == "" && !isTimeout(err) && f.ctx.Err() == nil {
			return true, nil
		}
		if isRemote(err) { // TLS 1.3: a certificate of ours is refused after the handshake
			return false, failure(fota.CauseConnectFailed, err, "%s ends TLS", f.url.Host)
		}
		return false, lost(err, "%s gives no response that can be used", f.url.Host)
	}
	f.body = newBody(n.in, &f.head)
	return false, nil
}

func isTimeout(err error) bool {
	timeout, is := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return is && timeout.Timeout()
}

// refused is the error that a response without a file stands for.
func (f *fetch) refused() *fota.Error {
	e := failure(fota.CauseDownloadFailed, nil, "%s answers with the status %d", f.url.Host, f.head.status)
	e.Retry = f.head.status >= 500 || f.head.status == 408 || f.head.status == 425 || f.head.status == 429
	return e
}
