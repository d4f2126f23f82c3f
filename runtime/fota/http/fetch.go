package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

// Fetch implements fota.Source.
func (c *Client) Fetch(ctx context.Context, request fota.Request, into fota.Receiver) error {
	if len(request.Version.Validator) < 2 || request.Offset >= request.Version.Size {
		request.Offset, request.Version = 0, fota.Version{}
	}
	if err := c.check(request.URL, request.Tags); err != nil {
		return err
	}
	f := &fetch{
		Client: c, ctx: ctx, tags: request.Tags, url: request.URL, into: into, buffer: make([]byte, c.bufferSize()),
		logger: c.platform.Logger.With("host", request.URL.Host, "path", request.URL.Path),
	}
	defer f.disconnect()
	if err := f.run(request.Offset, request.Version); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	return nil
}

// bufferSize is the bytes that go to the receiver at a time: a TLS record has at most 16 KiB.
func (c *Client) bufferSize() int64 {
	if c.config.RangeRequests {
		return min(c.fragment, 32<<10)
	}
	return 32 << 10
}

// fetch is one Fetch.
type fetch struct {
	*Client
	ctx    context.Context
	tags   []int
	url    *url.URL // where the file is, after redirects
	into   fota.Receiver
	buffer []byte
	logger *slog.Logger

	connection *connection // nil: none
	body       *body       // of the last response
	head       head        // of the last response
	offset     int64       // of the next byte for the receiver
	version    fota.Version
}

// run gets the file from an offset on. Without a version, the offset is 0.
func (f *fetch) run(offset int64, version fota.Version) error {
	ranged := f.config.RangeRequests || offset > 0
	for {
		last := int64(-1)
		if f.config.RangeRequests {
			last = offset + f.fragment - 1
		}
		rangeOf := ""
		if ranged {
			rangeOf = rangeText(offset, last)
		}
		if err := f.get(rangeOf, version.Validator); err != nil {
			return err
		}
		switch f.head.status {
		case 200:
			return f.whole(offset, version)
		case 206:
			if !ranged {
				return lost(nil, "%s answers with a part of the file, unasked", f.url.Host)
			}
			p, err := f.part(offset, last)
			if err != nil {
				return err
			}
			found := fota.Version{Size: p.size, Validator: f.head.validator()}
			switch {
			case offset > 0 && (p.size != version.Size || !f.head.confirms(version.Validator)):
				// It does not care for If-Range: what is here is of another file.
				offset, version = 0, fota.Version{}
			case offset == 0 && found.Validator == "" && p.last+1 < p.size:
				ranged = false // parts could be of different files, and it would not show
			default:
				if offset > 0 {
					found = version
				}
				return f.parts(offset, found, p)
			}
		case 416:
			switch {
			case offset > 0:
				offset, version = 0, fota.Version{} // the file is shorter than what is here: another one
			case ranged:
				ranged = false
			default:
				return lost(nil, "%s answers 416 though no range was asked for", f.url.Host)
			}
		default:
			return f.refused()
		}
		f.disconnect()
	}
}

// whole takes a response with all of the file, in which what is here already is skipped if it is the same file.
func (f *fetch) whole(offset int64, version fota.Version) error {
	f.version = fota.Version{Size: f.head.length, Validator: f.head.validator()}
	f.offset = 0
	if offset > 0 && f.version == version {
		if err := f.skip(offset); err != nil {
			return err
		}
	}
	if err := f.into.Begin(f.offset, f.version); err != nil {
		return err
	}
	return f.copy(-1)
}

// skip reads bytes of the body that are not needed.
func (f *fetch) skip(bytes int64) error {
	for f.offset < bytes {
		n, err := f.read(f.buffer[:min(int64(len(f.buffer)), bytes-f.offset)])
		f.offset += int64(n)
		if errors.Is(err, io.EOF) {
			return lost(nil, "%s has ended after %d of %d bytes", f.url.Host, f.offset, f.version.Size)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// parts takes the response with the first part that is wanted, and asks for the others.
func (f *fetch) parts(offset int64, version fota.Version, p part) error {
	f.offset, f.version = offset, version
	if err := f.into.Begin(offset, version); err != nil {
		return err
	}
	for {
		if err := f.copy(p.last + 1); err != nil {
			return err
		}
		if f.offset != p.last+1 {
			return lost(nil, "%s has sent %d bytes too few of a part", f.url.Host, p.last+1-f.offset)
		}
		if f.offset == version.Size {
			return nil
		}
		last := version.Size - 1
		if f.config.RangeRequests {
			last = min(last, f.offset+f.fragment-1)
		}
		if err := f.get(rangeText(f.offset, last), version.Validator); err != nil {
			return err
		}
		if f.head.status == 200 || f.head.status == 416 {
			return lost(nil, "the file at %s has changed while it was fetched", f.url.Host)
		}
		if f.head.status != 206 {
			return f.refused()
		}
		var err error
		if p, err = f.part(f.offset, last); err != nil {
			return err
		}
		if p.size != version.Size || !f.head.confirms(version.Validator) {
			return lost(nil, "the file at %s has changed while it was fetched", f.url.Host)
		}
	}
}

func rangeText(first, last int64) string {
	if last < 0 {
		return fmt.Sprintf("bytes=%d-", first)
	}
	return fmt.Sprintf("bytes=%d-%d", first, last)
}

// part checks that a partial response is of the range that was asked for; it may be shorter.
func (f *fetch) part(first, last int64) (part, error) {
	if strings.HasPrefix(strings.ToLower(f.head.contentType), "multipart/") {
		return part{}, lost(nil, "%s answers with several parts though one was asked for", f.url.Host)
	}
	p, err := parseContentRange(f.head.contentRange)
	if err != nil {
		return p, lost(err, "%s answers with a part that cannot be used", f.url.Host)
	}
	switch {
	case p.first != first || last >= 0 && p.last > last:
		return p, lost(nil, "%s answers with the bytes %d to %d, and %s was asked for", f.url.Host, p.first, p.last, rangeText(first, last))
	case p.size < 0:
		return p, failure(fota.CauseInternal, nil, "%s does not tell the size of the file with a part of it", f.url.Host)
	case f.head.length >= 0 && f.head.length != p.last-p.first+1:
		return p, lost(nil, "%s announces %d bytes for a part of %d", f.url.Host, f.head.length, p.last-p.first+1)
	}
	return p, nil
}

// copy hands the body to the receiver. It ends before a byte of the file; -1: where the body does.
func (f *fetch) copy(end int64) error {
	for {
		n, err := f.read(f.buffer)
		if end >= 0 && f.offset+int64(n) > end {
			return lost(nil, "%s sends more than the part that it has announced", f.url.Host)
		}
		if n > 0 {
			f.offset += int64(n)
			if _, err := f.into.Write(f.buffer[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			f.finished()
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (f *fetch) read(into []byte) (int, error) {
	n, err := f.connection.read(f.ctx, f.body, into)
	if err != nil && !errors.Is(err, io.EOF) {
		err = lost(err, "%s: the connection is lost", f.url.Host)
	}
	return n, err
}

// finished keeps the connection for the next request if it can be used.
func (f *fetch) finished() {
	f.connection.used = true
	if f.head.close || f.connection.in.Buffered() > 0 || !f.body.chunked && f.body.left < 0 {
		f.disconnect()
	}
}

func (f *fetch) disconnect() {
	if f.connection != nil {
		f.connection.end()
		f.connection = nil
	}
}
