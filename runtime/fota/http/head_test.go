package http

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParseHead(t *testing.T) {
	for _, test := range []struct {
		raw  string
		want string // part of the error; "": none
	}{
		{"HTTP/1.1 200 OK\r\n\r\n", ""},
		{"HTTP/1.1 200\r\n\r\n", ""},
		{"HTTP/1.1 200 \r\nA:b\r\nC: \t d \t\r\n\r\n", ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", ""},
		{"HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: Chunked\r\n\r\n", ""},
		{"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1"},
		{"HTTP/1.1  200 OK\r\n\r\n", "status line"},
		{"HTTP/1.1 20 OK\r\n\r\n", "status line"},
		{"HTTP/1.1 +20 OK\r\n\r\n", "status line"},
		{"HTTP/1.1 600 OK\r\n\r\n", "status line"},
		{"HTTP/1.1 200 O\x00K\r\n\r\n", "status line"},
		{"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "no header field"},
		{"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "no header field"},
		{"HTTP/1.1 200 OK\r\n: b\r\n\r\n", "no header field"},
		{"HTTP/1.1 200 OK\r\nnothing\r\n\r\n", "no header field"},
		{"HTTP/1.1 200 OK\r\nA: b\nc: d\r\n\r\n", "control character"},
		{"HTTP/1.1 200 OK\r\nA: b\rc: d\r\n\r\n", "control character"},
		{"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "Content-Length"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", "Content-Length"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n", "Content-Length"},
		{"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "Content-Length"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "not just chunked"},
		{"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "where the body ends"},
		{"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nETag: \"b\"\r\n\r\n", "two different fields"},
		{"HTTP/1.1 200 OK\r\n", "does not end"},
		{"HTTP/1.1 200 OK", "does not end"},
		{"HTTP/1.1 200 OK\r\n\r\nx", "more than a head"},
		{"", "does not end"},
	} {
		_, err := parseHead(test.raw)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.raw, err, test.want)
		}
	}
}

func TestParseContentRange(t *testing.T) {
	for text, want := range map[string]part{
		"bytes 0-0/1":     {0, 0, 1},
		"Bytes 5-9/*":     {5, 9, -1},
		"bytes */100":     {-1, -1, 100},
		"bytes 0-99/100":  {0, 99, 100},
		"bytes 0-100/100": {},
		"bytes 9-5/100":   {},
		"bytes -5/100":    {},
		"bytes 5-/100":    {},
		"bytes 5/100":     {},
		"bytes 0-9":       {},
		"bytes=0-9/100":   {},
		"items 0-9/100":   {},
		"bytes 0-9/100,5": {},
		"bytes  0-9/100":  {},
		"bytes 0x0-9/100": {},
		"":                {},
	} {
		p, err := parseContentRange(text)
		if (err != nil) != (want == part{}) || err == nil && p != want {
			t.Errorf("%q: %+v, %v; want %+v", text, p, err, want)
		}
	}
}

func TestBody(t *testing.T) {
	for _, test := range []struct {
		fields, raw, want string
		err               error // errBad: any but the others
		rest              string
	}{
		{"Content-Length: 5", "hello", "hello", nil, ""},
		{"Content-Length: 5", "hello and more", "hello", nil, " and more"},
		{"Content-Length: 5", "hell", "hell", errCut, ""},
		{"Content-Length: 0", "x", "", nil, "x"},
		{"A: b", "up to the end", "up to the end", nil, ""},
		{"Transfer-Encoding: chunked", "5\r\nhello\r\nA;x=\"y\"\r\n, is it me?\r\n0\r\n\r\nrest", "hello, is it me", errBad, ""},
		{"Transfer-Encoding: chunked", "5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\nT: x\r\n\r\nrest", "hello world", nil, "rest"},
		{"Transfer-Encoding: chunked", "5 \t\r\nhello\r\n00\r\n\r\n", "hello", nil, ""},
		{"Transfer-Encoding: chunked", "5\r\nhello\r\n", "hello", errCut, ""},
		{"Transfer-Encoding: chunked", "5\r\nhel", "hel", errCut, ""},
		{"Transfer-Encoding: chunked", "5\nhello\r\n0\r\n\r\n", "", errBad, ""},
		{"Transfer-Encoding: chunked", "-5\r\nhello\r\n0\r\n\r\n", "", errBad, ""},
		{"Transfer-Encoding: chunked", "\r\nhello\r\n0\r\n\r\n", "", errBad, ""},
		{"Transfer-Encoding: chunked", "0x5\r\nhello\r\n0\r\n\r\n", "", errBad, ""},
		{"Transfer-Encoding: chunked", "1000000000000000\r\n", "", errBad, ""},
		{"Transfer-Encoding: chunked", "5;" + strings.Repeat("x", 2000) + "\r\nhello\r\n0\r\n\r\n", "", errBad, ""},
		{"Transfer-Encoding: chunked", "0\r\n" + strings.Repeat("A: b\r\n", 200), "", errBad, ""},
	} {
		h, err := parseHead("HTTP/1.1 200 OK\r\n" + test.fields + "\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(iotest.HalfReader(strings.NewReader(test.raw)))
		got, err := io.ReadAll(newBody(in, &h))
		if errors.Is(test.err, errBad) && err != nil && !errors.Is(err, errCut) {
			err = errBad
		}
		if string(got) != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s, %.40q: %q, %v; want %q, %v", test.fields, test.raw, got, err, test.want, test.err)
			continue
		}
		if rest, err := io.ReadAll(in); test.err == nil && (err != nil || string(rest) != test.rest) {
			t.Errorf("%s, %.40q: %q follows, want %q", test.fields, test.raw, rest, test.rest)
		}
	}
}

var errBad = errors.New("bad")

func FuzzHead(f *testing.F) {
	f.Add("HTTP/1.1 206 Partial Content\r\nServer: nginx\r\nDate: Fri, 27 Nov 2026 20:00:00 GMT\r\nContent-Type: application/octet-stream\r\nContent-Length: 1024\r\nLast-Modified: Fri, 27 Nov 2026 19:00:00 GMT\r\nConnection: keep-alive\r\nETag: \"6568-800\"\r\nContent-Range: bytes 0-1023/2048\r\n\r\n")
	f.Add("HTTP/1.1 302 Found\r\nLocation: http://files.example/x\r\nTransfer-Encoding: chunked\r\n\r\n")
	f.Add("HTTP/1.0 200\r\nConnection: x, close\r\n\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := readHead(bufio.NewReader(strings.NewReader(raw))); err != nil && len(raw) < maxHead && strings.HasSuffix(raw, "\r\n\r\n") {
			t.Errorf("not read: %v", err)
		}
		h, err := parseHead(raw)
		if err != nil {
			return
		}
		if h.chunked && h.length >= 0 || h.length < -1 || h.status < 100 || h.status > 599 {
			t.Errorf("%+v", h)
		}
		for _, value := range []string{h.validator(), h.location, h.etag, h.contentRange} {
			if strings.ContainsAny(value, "\r\n\x00") {
				t.Errorf("%q has a line end", value)
			}
		}
		if p, err := parseContentRange(h.contentRange); err == nil && p.first >= 0 && (p.last < p.first || p.size >= 0 && p.last >= p.size) {
			t.Errorf("%+v", p)
		}
		_ = loggable(raw)
	})
}

// However a body is divided, it gives the same bytes, and never more than came.
func FuzzBody(f *testing.F) {
	f.Add("5;x=\"y\"\r\nhello\r\n6\r\n world\r\n0\r\nT: x\r\n\r\n", true)
	f.Add("ffffffffffffff\r\nx", true)
	f.Add("hello", false)
	f.Fuzz(func(t *testing.T, raw string, chunked bool) {
		h := head{status: 200, length: int64(len(raw)), chunked: chunked}
		if chunked {
			h.length = -1
		}
		whole, err := io.ReadAll(newBody(bufio.NewReader(strings.NewReader(raw)), &h))
		parts, errParts := io.ReadAll(newBody(bufio.NewReader(iotest.OneByteReader(strings.NewReader(raw))), &h))
		if string(whole) != string(parts) || (err == nil) != (errParts == nil) || len(whole) > len(raw) {
			t.Errorf("%q, %v and %q, %v", whole, err, parts, errParts)
		}
	})
}
