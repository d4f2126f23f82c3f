package http_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

// canned is a connection whose peer sends some bytes and ends, whatever it is asked.
type canned struct{ io.Reader }

func (canned) Write(p []byte) (int, error)      { return len(p), nil }
func (canned) Close() error                     { return nil }
func (canned) LocalAddr() net.Addr              { return nil }
func (canned) RemoteAddr() net.Addr             { return nil }
func (canned) SetDeadline(time.Time) error      { return nil }
func (canned) SetReadDeadline(time.Time) error  { return nil }
func (canned) SetWriteDeadline(time.Time) error { return nil }

// strictTaker takes a file, and looks at what it is told.
type strictTaker struct {
	*testing.T
	request fota.Request
	version fota.Version
	begun   bool
	offset  int64
}

func (r *strictTaker) Begin(offset int64, version fota.Version) error {
	if r.begun || offset != 0 && (offset != r.request.Offset || version != r.request.Version) || strings.ContainsAny(version.Validator, "\r\n") {
		r.Errorf("begun at %d of %+v, again: %v", offset, version, r.begun)
	}
	r.begun, r.offset, r.version = true, offset, version
	return nil
}

func (r *strictTaker) Write(p []byte) (int, error) {
	if !r.begun || len(p) == 0 {
		r.Errorf("%d bytes, begun: %v", len(p), r.begun)
	}
	if r.offset += int64(len(p)); r.version.Size >= 0 && r.offset > r.version.Size {
		r.Errorf("%d bytes of %d", r.offset, r.version.Size)
	}
	return len(p), nil
}

// Whatever servers send on their connections, one after the other: a Fetch ends, and keeps what it promises.
func FuzzFetch(f *testing.F) {
	good := file{content: imageOf(100), etag: `"v1"`}
	asked := request{fields: map[string]string{"range": "bytes=50-", "if-range": `"v1"`}}
	for _, offset := range []int64{0, 50} {
		f.Add(good.answer(request{}).bytes, good.answer(asked).bytes, true, offset)
		f.Add(good.answer(asked).bytes, "HTTP/1.1 416 x\r\nContent-Length: 0\r\n\r\n", true, offset)
		f.Add("HTTP/1.1 302 x\r\nLocation: /x\r\n\r\n", good.answer(request{}).bytes, false, offset)
		f.Add("HTTP/1.1 200 x\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "", false, offset)
	}
	f.Fuzz(func(t *testing.T, first, second string, ranges bool, offset int64) {
		config := whole
		if ranges {
			config = ranged
		}
		connections := 0
		client, err := http.New(config, http.Platform{Dial: func(context.Context, string, string) (net.Conn, error) {
			if connections++; connections > 50 {
				t.Error("it does not end")
			}
			return canned{strings.NewReader([]string{first, second}[(connections+1)%2])}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		r := &strictTaker{T: t, request: fota.Request{URL: parse(t, address)}}
		if offset > 0 && offset < 100 {
			r.request.Offset, r.request.Version = offset, fota.Version{Size: 100, Validator: `e"v1"`}
		}
		err = client.Fetch(t.Context(), r.request, r)
		if err == nil && (!r.begun || r.version.Size >= 0 && r.offset != r.version.Size) {
			t.Errorf("it is said to be complete at %d of %+v", r.offset, r.version)
		}
	})
}
