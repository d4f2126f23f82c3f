package http

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limits of a response head.
const (
	maxHead   = 16 << 10 // bytes with the line ends
	maxFields = 100
)

// head is what is wanted of a response's head.
type head struct {
	status int
	minor  int // HTTP/1.minor: 0 or 1

	length  int64 // Content-Length; -1: none
	chunked bool
	close   bool // the connection ends with this response

	contentRange    string
	etag            string
	lastModified    string
	date            string
	location        string
	contentEncoding string
	contentType     string
}

// parseHead reads a status line and header fields (RFC 9112, 4 and 5) up to and with the empty line. Line ends are CRLF; there are no folded
// lines, and no white space before a colon.
func parseHead(raw string) (head, error) {
	h := head{length: -1}
	line, rest, found := strings.Cut(raw, "\r\n")
	if !found {
		return h, errors.New("the status line does not end")
	}
	if err := h.parseStatus(line); err != nil {
		return h, err
	}
	h.close = h.minor == 0
	coded := false
	for fields := 0; ; fields++ {
		if line, rest, found = strings.Cut(rest, "\r\n"); !found {
			return h, errors.New("the head does not end")
		}
		if line == "" {
			break
		}
		if fields == maxFields {
			return h, fmt.Errorf("it has more than %d header fields", maxFields)
		}
		name, value, found := strings.Cut(line, ":")
		if !found || !isToken(name) {
			return h, fmt.Errorf("%.40q is no header field", line)
		}
		value = strings.Trim(value, " \t")
		if !isFieldValue(value) {
			return h, fmt.Errorf("the header field %.40q contains a control character", name)
		}
		if err := h.take(strings.ToLower(name), value, &coded); err != nil {
			return h, err
		}
	}
	if rest != "" {
		return h, errors.New("there is more than a head")
	}
	if coded && (h.length >= 0 || h.minor == 0) {
		return h, errors.New("it has a Transfer-Encoding and a Content-Length, or is of HTTP/1.0: where the body ends is not certain (RFC 9112, 6.1)")
	}
	return h, nil
}

func (h *head) parseStatus(line string) error {
	version, rest, _ := strings.Cut(line, " ")
	switch version {
	case "HTTP/1.1":
		h.minor = 1
	case "HTTP/1.0":
	default:
		return fmt.Errorf("it does not begin with HTTP/1.1, but with %.20q", line)
	}
	code, reason, _ := strings.Cut(rest, " ") // the space may be missing where there is no reason, as many servers do
	status, ok := number(code)
	if len(code) != 3 || !ok || status < 100 || status > 599 || !isFieldValue(reason) {
		return fmt.Errorf("%.20q is no status line", line)
	}
	h.status = int(status)
	return nil
}

// take notes a header field whose name is in lower case.
func (h *head) take(name, value string, coded *bool) error {
	switch name {
	case "content-length":
		length, ok := number(value)
		if !ok || h.length >= 0 && h.length != length {
			return fmt.Errorf("the Content-Length %.40q is no number, or there are two", value)
		}
		h.length = length
	case "transfer-encoding":
		if *coded || !strings.EqualFold(value, "chunked") {
			return fmt.Errorf("the Transfer-Encoding %.40q is not just chunked", value)
		}
		*coded, h.chunked = true, true
	case "connection":
		for option := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.Trim(option, " \t"), "close") {
				h.close = true
			}
		}
	default:
		field := h.field(name)
		if field == nil {
			return nil
		}
		if *field != "" && *field != value {
			return fmt.Errorf("there are two different fields %s", name)
		}
		*field = value
	}
	return nil
}

// field gives where the value of a field goes that may be there once; nil: nobody wants it.
func (h *head) field(name string) *string {
	switch name {
	case "content-range":
		return &h.contentRange
	case "etag":
		return &h.etag
	case "last-modified":
		return &h.lastModified
	case "date":
		return &h.date
	case "location":
		return &h.location
	case "content-encoding":
		return &h.contentEncoding
	case "content-type":
		return &h.contentType
	}
	return nil
}

// bodyless tells whether a response has no body whatever its fields say (RFC 9112, 6.3).
func (h *head) bodyless() bool { return h.status < 200 || h.status == 204 || h.status == 304 }

// validator gives what shows that another response is of the same file, in the form of fota.Version: "e" and a strong entity tag, or "m" and
// a modification time that is surely a strong validator, being at least a second before the response (RFC 9110, 8.8.2.2). "": nothing does.
func (h *head) validator() string {
	if len(h.etag) > maxValidator || len(h.lastModified) > maxValidator {
		return ""
	}
	if isStrongTag(h.etag) {
		return "e" + h.etag
	}
	modified, err := time.Parse(timeFormat, h.lastModified)
	if err != nil {
		return ""
	}
	answered, err := time.Parse(timeFormat, h.date)
	if err != nil || answered.Sub(modified) < time.Second {
		return ""
	}
	return "m" + h.lastModified
}

// maxValidator bounds what is kept over restarts, in bytes.
const maxValidator = 512

// timeFormat is the date of HTTP (RFC 9110, 5.6.7).
const timeFormat = "Mon, 02 Jan 2006 15:04:05 GMT"

// confirms tells whether a partial response is of the file with a validator. A server that was asked with If-Range leaves out what is not
// needed, so a missing Last-Modified says nothing (RFC 9110, 15.3.7).
func (h *head) confirms(validator string) bool {
	switch {
	case validator == "":
		return false
	case validator[0] == 'e':
		return h.etag == validator[1:]
	}
	return h.lastModified == "" || h.lastModified == validator[1:]
}

// isStrongTag tells whether text is an entity tag that is not weak (RFC 9110, 8.8.3).
func isStrongTag(text string) bool {
	return len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' && !strings.ContainsAny(text[1:len(text)-1], "\" \t")
}

// part is a Content-Range (RFC 9110, 14.4).
type part struct {
	first, last int64 // -1: the range could not be satisfied
	size        int64 // of the whole file; -1: not known
}

func parseContentRange(text string) (part, error) {
	unit, rest, found := strings.Cut(text, " ")
	where, whole, divided := strings.Cut(rest, "/")
	bad := fmt.Errorf("the Content-Range %.60q cannot be read", text)
	if !found || !divided || !strings.EqualFold(unit, "bytes") {
		return part{}, bad
	}
	p := part{first: -1, last: -1, size: -1}
	var ok bool
	if whole != "*" {
		if p.size, ok = number(whole); !ok {
			return part{}, bad
		}
	}
	if where == "*" {
		return p, nil
	}
	from, to, _ := strings.Cut(where, "-")
	if p.first, ok = number(from); !ok {
		return part{}, bad
	}
	if p.last, ok = number(to); !ok || p.last < p.first || p.size >= 0 && p.last >= p.size {
		return part{}, bad
	}
	return p, nil
}

// number reads a decimal number of at most 18 digits and nothing else.
func number(text string) (int64, bool) {
	if text == "" || len(text) > 18 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// isToken tells whether text is a token (RFC 9110, 5.6.2).
func isToken(text string) bool {
	for _, b := range []byte(text) {
		if b <= ' ' || b >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, b) >= 0 {
			return false
		}
	}
	return text != ""
}

// isFieldValue tells whether text contains no control character but tabs (RFC 9110, 5.5).
func isFieldValue(text string) bool {
	for _, b := range []byte(text) {
		if b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}
