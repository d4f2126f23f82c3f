package http

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

// connection is a connection to a server, with at most one request at a time.
type connection struct {
	conn    net.Conn
	in      *bufio.Reader
	origin  string // scheme and address
	timeout time.Duration
	used    bool        // a response was read whole on it
	stop    func() bool // ends the watch of the context
}

// originOf tells which requests may share a connection.
func originOf(u *url.URL) string { return u.Scheme + "://" + addressOf(u) }

// connect makes a connection for a URL that was checked. ctx ends it, also while it is used.
func (c *Client) connect(ctx context.Context, u *url.URL, tags []int) (*connection, error) {
	var secure *secured
	if u.Scheme == "https" { // credentials first: what is wrong with them shows without a network
		var err error
		if secure, err = c.security(u.Hostname(), tags); err != nil {
			return nil, err
		}
	}
	within := ctx
	if c.config.Timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, c.config.Timeout)
		defer cancel()
	}
	conn, err := c.platform.Dial(within, "tcp", addressOf(u))
	if err != nil {
		return nil, dialFailure(ctx, u, err)
	}
	if secure != nil {
		if conn, err = secure.handshake(within, conn); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, secure.failure(u.Host, err)
		}
	}
	made := &connection{conn: conn, in: bufio.NewReaderSize(conn, 4<<10), origin: originOf(u), timeout: c.config.Timeout}
	made.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // what reads or writes returns at once
	return made, nil
}

func dialFailure(ctx context.Context, u *url.URL, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e := failure(fota.CauseConnectFailed, err, "%s cannot be reached", addressOf(u))
	e.Retry = true
	if unknown, is := errors.AsType[*net.DNSError](err); is && unknown.IsNotFound {
		e.Problem, e.Err = fmt.Sprintf("the name %q is not known to DNS", u.Hostname()), nil
	}
	return e
}

func (n *connection) end() {
	n.stop()
	_ = n.conn.Close() // nothing is sent that would have to arrive
}

// patience sets how long the next read or write may take.
func (n *connection) patience(ctx context.Context) error {
	if n.timeout > 0 {
		_ = n.conn.SetDeadline(time.Now().Add(n.timeout)) // fails where the server has closed; what has come before is still read
	}
	return ctx.Err() // asked for after the deadline was set: what ends the context sets it too
}

// send writes a request.
func (n *connection) send(ctx context.Context, request string) error {
	if err := n.patience(ctx); err != nil {
		return err
	}
	_, err := io.WriteString(n.conn, request)
	return err
}

// receive reads the next head that is not an interim one.
func (n *connection) receive(ctx context.Context) (raw string, h head, err error) {
	if err := n.patience(ctx); err != nil {
		return "", head{}, err
	}
	const maxInterim = 5
	for range maxInterim {
		if raw, err = readHead(n.in); err != nil {
			return raw, h, err
		}
		if h, err = parseHead(raw); err != nil || h.status >= 200 {
			return raw, h, err
		}
		if h.status == 101 {
			return raw, h, errors.New("it changes to another protocol unasked")
		}
	}
	return raw, h, fmt.Errorf("more than %d interim responses", maxInterim)
}

// read is one read of a body.
func (n *connection) read(ctx context.Context, from *body, into []byte) (int, error) {
	if err := n.patience(ctx); err != nil {
		return 0, err
	}
	return from.Read(into)
}

// requestOf is the GET of a part of a file; rangeOf and ifRange are "" where they are not wanted.
func requestOf(u *url.URL, rangeOf, ifRange string) string {
	var b strings.Builder
	b.WriteString("GET " + target(u) + " HTTP/1.1\r\nHost: " + u.Host + "\r\nUser-Agent: cloudgen\r\nAccept: */*\r\nAccept-Encoding: identity\r\n")
	if rangeOf != "" {
		b.WriteString("Range: " + rangeOf + "\r\n")
	}
	if ifRange != "" {
		b.WriteString("If-Range: " + ifRange + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

// target is the path and query of a URL. What the grammar of a request does not allow is escaped: url.Parse takes any query.
func target(u *url.URL) string {
	var b strings.Builder
	for _, each := range []byte(u.RequestURI()) {
		if each <= ' ' || each >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", each)
		} else {
			b.WriteByte(each)
		}
	}
	return b.String()
}

// loggable is a head without the values that may hold secrets.
func loggable(raw string) string {
	var b strings.Builder
	for line := range strings.Lines(raw) {
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "location", "content-location", "set-cookie", "link":
			line = name + ": <not logged>\r\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
