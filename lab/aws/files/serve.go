package files

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// refusal is an error answer of S3.
type refusal struct {
	rule          string
	status        int
	code, message string
	more          string // further elements, XML
}

var _ http.Handler = (*Host)(nil)

// ServeHTTP serves GET and HEAD of /BUCKET/KEY: http.Handler.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := &answer{ResponseWriter: w, access: Access{Remote: r.RemoteAddr, Method: r.Method, Range: r.Header.Get("Range")}}
	defer func() { h.config.Observe(answer.access) }()
	w.Header().Set("Server", "AmazonS3")
	w.Header().Set("X-Amz-Request-Id", fmt.Sprintf("%016X", h.config.Now().UnixNano()))
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer.refuse(r, refusal{
			rule: "files/method", status: http.StatusMethodNotAllowed, code: "MethodNotAllowed",
			message: "The specified method is not allowed against this resource.",
		})
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	answer.access.Key = key
	if bucket != h.config.Bucket {
		answer.refuse(r, refusal{rule: "files/bucket", status: http.StatusNotFound, code: "NoSuchBucket", message: "The specified bucket does not exist"})
		return
	}
	if refusal := h.authorize(r); refusal != nil {
		answer.refuse(r, *refusal)
		return
	}
	h.object(answer, r, key)
}

func (h *Host) object(w *answer, r *http.Request, key string) {
	fault := h.fault(key)
	w.access.Fault = fault.String()
	now := h.config.Now().UTC()
	switch {
	case fault.Status != 0:
		code, message := "InternalError", "We encountered an internal error. Please try again."
		if fault.Status == http.StatusServiceUnavailable {
			code, message = "SlowDown", "Please reduce your request rate."
		}
		w.refuse(r, refusal{status: fault.Status, code: code, message: message})
		return
	case fault.Expire:
		w.refuse(r, *expired(0, now, now))
		return
	case fault.Redirect != "":
		w.Header().Set("Location", fault.Redirect)
		w.refuse(r, refusal{
			status: http.StatusTemporaryRedirect, code: "TemporaryRedirect",
			message: "Please re-send this request to the specified temporary endpoint. Continue to use the original request endpoint for future requests.",
		})
		return
	}
	file, object, err := h.open(key)
	if err != nil {
		w.refuse(r, refusal{
			rule: "files/key", status: http.StatusNotFound, code: "NoSuchKey", message: "The specified key does not exist.",
			more: "<Key>" + escaped(key) + "</Key>",
		})
		return
	}
	defer file.Close()
	size := object.Size
	if fault.Truncate != nil {
		size = min(size, *fault.Truncate)
	}
	if fault.RefuseRanges || strings.Contains(r.Header.Get("Range"), ",") { // GetObject has one range per request
		r.Header.Del("Range")
	}
	w.Header().Set("ETag", object.ETag)
	w.Header().Set("Content-Type", "binary/octet-stream")
	w.wrongLength, w.size, w.request = fault.WrongLength, size, r
	http.ServeContent(w, r, "", object.Modified.Truncate(time.Second), &content{
		file: file, size: size, fault: fault,
		stall: func() {
			_ = http.NewResponseController(w.ResponseWriter).Flush() // what was written before is on its way; the client may be gone
			<-r.Context().Done()
		},
		cut: func() {
			_ = http.NewResponseController(w.ResponseWriter).Flush() // as above
			panic(http.ErrAbortHandler)                              // how net/http closes a connection in the middle of an answer
		},
	})
}

// answer is a response in the making, with what is told of it.
type answer struct {
	http.ResponseWriter
	access      Access
	request     *http.Request
	size        int64 // of the object
	wrongLength int64
	left        int64 // with wrongLength: bytes that Content-Length leaves to be written
	replaced    bool  // the body is ours, not that of http.ServeContent
}

func (w *answer) WriteHeader(status int) {
	header := w.Header()
	switch status {
	case http.StatusRequestedRangeNotSatisfiable:
		w.replaced = true
		w.refuse(w.request, refusal{
			rule: "files/range", status: status, code: "InvalidRange", message: "The requested range is not satisfiable",
			more: fmt.Sprintf("<RangeRequested>%s</RangeRequested><ActualObjectSize>%d</ActualObjectSize>", escaped(w.access.Range), w.size),
		})
		return
	case http.StatusPreconditionFailed:
		w.replaced = true
		w.refuse(w.request, refusal{
			rule: "files/precondition", status: status, code: "PreconditionFailed",
			message: "At least one of the pre-conditions you specified did not hold",
		})
		return
	}
	if w.wrongLength != 0 {
		if length, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
			w.left = max(0, length+w.wrongLength)
			header.Set("Content-Length", strconv.FormatInt(w.left, 10))
		}
		if part, total, ok := strings.Cut(header.Get("Content-Range"), "/"); ok {
			if n, err := strconv.ParseInt(total, 10, 64); err == nil {
				header.Set("Content-Range", fmt.Sprintf("%s/%d", part, max(0, n+w.wrongLength)))
			}
		}
	}
	w.access.Status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *answer) Write(b []byte) (int, error) {
	if w.replaced {
		return len(b), nil
	}
	part := b
	if w.wrongLength != 0 { // net/http refuses to write more than was announced
		part = b[:min(int64(len(b)), w.left)]
		w.left -= int64(len(part))
	}
	n, err := w.ResponseWriter.Write(part)
	w.access.Bytes += int64(n)
	if err == nil {
		n = len(b)
	}
	return n, err
}

// refuse answers with an error as S3 writes it.
func (w *answer) refuse(r *http.Request, refusal refusal) {
	w.access.Status, w.access.Rule, w.access.Detail = refusal.status, refusal.rule, refusal.code+": "+refusal.message
	body := fmt.Sprintf("%s<Error><Code>%s</Code><Message>%s</Message>%s<RequestId>%s</RequestId><HostId>lab</HostId></Error>",
		`<?xml version="1.0" encoding="UTF-8"?>`+"\n", refusal.code, escaped(refusal.message), refusal.more, w.Header().Get("X-Amz-Request-Id"))
	header := w.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Accept-Ranges"} {
		header.Del(name)
	}
	header.Set("Content-Type", "application/xml")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.ResponseWriter.WriteHeader(refusal.status)
	if r.Method == http.MethodHead {
		return
	}
	n, _ := w.ResponseWriter.Write([]byte(body)) // the client is gone if it fails
	w.access.Bytes += int64(n)
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder does not fail
	return b.String()
}
