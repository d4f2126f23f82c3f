package http_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

const address = "http://files.example/image.bin?key=1"

// What servers do, and what becomes of the download. The image has 3000 bytes, so three fragments. Each case is for both ways of asking, unless
// the ranges that are to be asked for are given for one alone.
func TestServers(t *testing.T) {
	image, other := imageOf(3000), append(imageOf(2500), "other"...)
	good := file{content: image, etag: `"v1"`}
	fresh := file{content: other, etag: `"v2"`}
	dated := file{content: image, modified: "Fri, 27 Nov 2026 19:59:59 GMT"}
	// first changes the answer to the first request.
	first := func(change func(reply) reply) func(int, request) reply {
		return func(n int, r request) reply {
			if n == 1 {
				return change(good.answer(r))
			}
			return good.answer(r)
		}
	}
	always := func(answer string) func(int, request) reply {
		return func(int, request) reply { return reply{bytes: answer, close: true} }
	}
	replace := func(from, to string) func(int, request) reply {
		return func(_ int, r request) reply {
			a := good.answer(r)
			a.bytes = strings.Replace(a.bytes, from, to, 1)
			return a
		}
	}
	truncated := func(a reply) reply { return reply{bytes: a.bytes[:len(a.bytes)-200], close: true} }
	body := string(image)
	chunked := func(f file) reply {
		var b strings.Builder
		fmt.Fprintf(&b, "HTTP/1.1 200 OK\r\nETag: %s\r\nTransfer-Encoding: chunked\r\n\r\n", f.etag)
		for part := range slices.Chunk(f.content, 700) {
			fmt.Fprintf(&b, "%x;name=value\r\n%s\r\n", len(part), part)
		}
		b.WriteString("0\r\nTrailer: x\r\n\r\n")
		return reply{bytes: b.String()}
	}
	const finished = fota.Cause(0)
	for name, test := range map[string]struct {
		answer func(n int, r request) reply
		cause  fota.Cause
		whole  []string // ranges asked for with one request; nil: it does not matter
		ranged []string // with fragments
		image  []byte   // nil: the usual one
		says   string
	}{
		"good":           {func(_ int, r request) reply { return good.answer(r) }, finished, []string{""}, []string{"0-1023", "1024-2047", "2048-2999"}, nil, ""},
		"good by date":   {func(_ int, r request) reply { return dated.answer(r) }, finished, []string{""}, []string{"0-1023", "1024-2047", "2048-2999"}, nil, ""},
		"no ranges":      {func(_ int, r request) reply { return good.answer(request{}) }, finished, []string{""}, []string{"0-1023"}, nil, ""},
		"no validator":   {func(_ int, r request) reply { return file{content: image}.answer(r) }, finished, []string{""}, []string{"0-1023", ""}, nil, ""},
		"weak validator": {func(_ int, r request) reply { return file{content: image, etag: `W/"v1"`}.answer(r) }, finished, []string{""}, []string{"0-1023", ""}, nil, ""},
		"date that is too new": {func(_ int, r request) reply {
			return file{content: image, modified: "Fri, 27 Nov 2026 20:00:00 GMT"}.answer(r)
		}, finished, []string{""}, []string{"0-1023", ""}, nil, ""},
		"chunked, with a size": {func(_ int, r request) reply {
			a := chunked(good)
			return a
		}, fota.CauseInternal, []string{""}, []string{"0-1023"}, nil, "does not tell the image's size"},
		"cut in the middle": {first(truncated), finished, []string{"", "2800-"}, []string{"0-1023", "824-1847", "1848-2871", "2872-2999"}, nil, ""},
		"cut in the middle, then no ranges": {func(n int, r request) reply {
			if n == 1 {
				return truncated(good.answer(r))
			}
			return good.answer(request{})
		}, finished, []string{"", "2800-"}, []string{"0-1023", "824-1847"}, nil, ""},
		"cut in the middle, then another file": {func(n int, r request) reply {
			if n == 1 {
				return truncated(good.answer(r))
			}
			return fresh.answer(r)
		}, finished, []string{"", "2800-"}, []string{"0-1023", "824-1847"}, other, ""},
		"another file, and If-Range is not cared for": {func(n int, r request) reply {
			if n == 1 {
				return truncated(good.answer(r))
			}
			delete(r.fields, "if-range")
			return fresh.answer(r)
		}, finished, []string{"", "2800-", "0-"}, nil, other, ""},
		"another file, shorter than what is here": {func(n int, r request) reply {
			if n == 1 {
				return truncated(good.answer(r))
			}
			delete(r.fields, "if-range")
			return file{content: other[:500], etag: `"v2"`}.answer(r)
		}, finished, []string{"", "2800-", "0-"}, nil, other[:500], ""},
		"206 without its ETag": {func(n int, r request) reply {
			a := good.answer(r)
			if n > 1 {
				a.bytes = strings.Replace(a.bytes, "ETag: \"v1\"\r\n", "", 1)
			} else {
				a = truncated(a)
			}
			return a
		}, finished, []string{"", "2800-", "0-"}, nil, nil, ""},
		"another ETag with each answer": {func(n int, r request) reply {
			return truncated(file{content: image, etag: fmt.Sprintf(`"v%d"`, n)}.answer(r))
		}, fota.CauseDownloadFailed, nil, nil, nil, "changed"},
		"416 always": {always("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n"), fota.CauseDownloadFailed, []string{"", "", ""}, nil, nil, "416 though no range"},
		"416 for ranges": {func(_ int, r request) reply {
			if r.fields["range"] != "" {
				return reply{bytes: "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n"}
			}
			return good.answer(r)
		}, finished, []string{""}, []string{"0-1023", ""}, nil, ""},
		"206 unasked": {always("HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 5-9/3000\r\nContent-Length: 5\r\n\r\nabcde"), fota.CauseDownloadFailed, nil, nil, nil, ""},
		"206 of another range": {func(_ int, r request) reply {
			r.fields["range"] = "bytes=7-"
			return good.answer(r)
		}, fota.CauseDownloadFailed, nil, nil, nil, ""},
		"206 of another range later": {func(n int, r request) reply {
			if n > 1 {
				r.fields["range"] = "bytes=7-"
				return good.answer(r)
			}
			return truncated(good.answer(r))
		}, fota.CauseDownloadFailed, nil, nil, nil, "answers with the bytes 7 to 2999"},
		"206 that is shorter than asked for": {func(_ int, r request) reply {
			if from, _, ok := rangeOf(r, 3000); ok {
				r.fields["range"] = fmt.Sprintf("bytes=%d-%d", from, from+599)
			}
			return good.answer(r)
		}, finished, []string{""}, []string{"0-599", "600-1199", "1200-1799", "1800-2399", "2400-2999"}, nil, ""},
		"206 without the size": {func(_ int, r request) reply {
			a := file{content: image, etag: `"v1"`}.answer(r)
			a.bytes = strings.Replace(a.bytes, "/3000", "/*", 1)
			return a
		}, finished, []string{""}, nil, nil, "only whole"},
		"206 with more than its part": {func(n int, r request) reply {
			if n == 1 {
				return truncated(good.answer(r))
			}
			a := good.answer(r)
			at := strings.Index(a.bytes, "Content-Length")
			end := at + strings.Index(a.bytes[at:], "\r\n\r\n")
			return reply{bytes: a.bytes[:at] + "Connection: close" + a.bytes[end:] + "and more", close: true}
		}, fota.CauseDownloadFailed, []string{"", "2800-", "2963-", "2963-"}, nil, nil, "more than the part"},
		"206 in many parts": {func(n int, r request) reply {
			if n == 1 {
				return truncated(good.answer(r))
			}
			return reply{bytes: "HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=x\r\nContent-Length: 3\r\n\r\n--x"}
		}, fota.CauseDownloadFailed, nil, nil, nil, "several parts"},
		"Content-Length too small": {replace("Content-Length: ", "Content-Length: 1\r\nX: "), fota.CauseDownloadFailed, nil, nil, nil, "only ranged"},
		"Content-Length too large": {func(_ int, r request) reply {
			return reply{bytes: "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 4000\r\n\r\n" + body, close: true}
		}, fota.CauseDownloadFailed, nil, nil, nil, ""},
		"closed at once":           {func(int, request) reply { return reply{close: true} }, fota.CauseDownloadFailed, []string{"", "", ""}, nil, nil, ""},
		"closed after each answer": {func(_ int, r request) reply { a := good.answer(r); a.close = true; return a }, finished, []string{""}, []string{"0-1023", "1024-2047", "2048-2999"}, nil, ""},
		"Connection: close": {func(_ int, r request) reply {
			a := good.answer(r)
			a.bytes, a.close = strings.Replace(a.bytes, "\r\n", "\r\nConnection: close\r\n", 1), true
			return a
		}, finished, []string{""}, []string{"0-1023", "1024-2047", "2048-2999"}, nil, ""},
		"HTTP/1.0": {func(_ int, r request) reply {
			a := good.answer(r)
			a.bytes, a.close = strings.Replace(a.bytes, "HTTP/1.1", "HTTP/1.0", 1), true
			return a
		}, finished, nil, nil, nil, ""},
		"interim answers": {func(_ int, r request) reply {
			a := good.answer(r)
			a.bytes = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + a.bytes
			return a
		}, finished, nil, nil, nil, ""},
		"interim for ever": {always(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100)), fota.CauseDownloadFailed, nil, nil, nil, "interim"},
		"another protocol": {always("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), fota.CauseDownloadFailed, nil, nil, nil, "protocol"},
		"404":              {always("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"), fota.CauseDownloadFailed, []string{""}, []string{"0-1023"}, nil, "404"},
		"503":              {always("HTTP/1.1 503 \r\nContent-Length: 2\r\n\r\nno"), fota.CauseDownloadFailed, []string{"", "", ""}, nil, nil, "503"},
		"503 at first": {func(n int, r request) reply {
			if n <= 2 {
				return reply{bytes: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno"}
			}
			return good.answer(r)
		}, finished, []string{"", "", ""}, nil, nil, ""},
		"204":                   {always("HTTP/1.1 204 No Content\r\n\r\n"), fota.CauseDownloadFailed, []string{""}, nil, nil, "204"},
		"304":                   {always("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\nContent-Length: 3000\r\n\r\n"), fota.CauseDownloadFailed, []string{""}, nil, nil, "304"},
		"gzip":                  {replace("Content-Length", "Content-Encoding: gzip\r\nContent-Length"), fota.CauseDownloadFailed, []string{""}, nil, nil, "gzip"},
		"garbage":               {always("\x16\x03\x01 this is no HTTP\r\n\r\n"), fota.CauseDownloadFailed, []string{"", "", ""}, nil, nil, "does not begin with HTTP/1.1"},
		"no line end":           {always(strings.Repeat("x", 20_000)), fota.CauseDownloadFailed, nil, nil, nil, "more than 16384"},
		"too many fields":       {always("HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 101) + "\r\n"), fota.CauseDownloadFailed, nil, nil, nil, "more than 100"},
		"length and chunks":     {replace("Content-Length", "Transfer-Encoding: chunked\r\nContent-Length"), fota.CauseDownloadFailed, nil, nil, nil, "where the body ends"},
		"two lengths":           {replace("Content-Length", "Content-Length: 17\r\nContent-Length"), fota.CauseDownloadFailed, nil, nil, nil, "or there are two"},
		"gzip as a transfer":    {replace("Content-Length", "Transfer-Encoding: gzip, chunked\r\nX"), fota.CauseDownloadFailed, nil, nil, nil, "not just chunked"},
		"hangs before the head": {func(int, request) reply { return reply{hang: true} }, fota.CauseDownloadFailed, []string{"", "", ""}, nil, nil, "timeout"},
		"hangs in the body": {func(n int, r request) reply {
			a := truncated(good.answer(r))
			a.close, a.hang = false, n == 1
			return a
		}, fota.CauseDownloadFailed, nil, nil, nil, ""},
		"hangs in the body once": {first(func(a reply) reply { return reply{bytes: a.bytes[:len(a.bytes)-200], hang: true} }), finished, []string{"", "2800-"}, nil, nil, ""},
		"slow":                   {func(_ int, r request) reply { a := good.answer(r); a.pause = 14 * time.Second; return a }, finished, []string{""}, nil, nil, ""},
		"slow head":              {always("HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 90)), fota.CauseDownloadFailed, nil, nil, nil, ""},
	} {
		for way, config := range map[string]http.Config{"whole": whole, "ranged": ranged} {
			if only, found := strings.CutPrefix(test.says, "only "); found && way != only {
				continue
			}
			t.Run(name+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &server{TB: t, answer: test.answer}
					last, target := s.download(config, fota.Job{URL: address})
					check(t, last, test.cause, test.says, way == "whole")
					asked := test.whole
					if way == "ranged" {
						asked = test.ranged
					}
					if asked != nil && !slices.Equal(s.ranges(), asked) {
						t.Errorf("asked for %q, want %q", s.ranges(), asked)
					}
					want := test.image
					if want == nil {
						want = image
					}
					if test.cause == finished && !bytes.Equal(target.Scheduled, want) {
						t.Errorf("the image of %d bytes is not the server's", len(target.Scheduled))
					}
				})
			})
		}
	}
}

func check(t *testing.T, last fota.Event, cause fota.Cause, says string, strict bool) {
	t.Helper()
	switch {
	case cause == 0 && last.Kind != fota.EventFinished:
		t.Errorf("%v: %v", last.Kind, last.Err)
	case cause != 0 && (last.Kind != fota.EventError || last.Err.Cause != cause):
		t.Errorf("%v, want %v: %v", last.Kind, cause, last.Err)
	case cause != 0 && strict && !strings.Contains(last.Err.Error(), says):
		t.Errorf("error: %v", last.Err)
	case cause != 0 && strings.Contains(last.Err.Error(), "key=1"):
		t.Errorf("the error has the URL's query: %v", last.Err)
	}
}
