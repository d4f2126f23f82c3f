package files

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	timeFormat  = "20060102T150405Z"
	longestLife = 7 * 24 * time.Hour // of a presigned URL
)

// Presign gives a URL of an object that is valid for a time, at most 7 days. base is the host's own URL, https://HOST:PORT. The object need not be
// there.
func (h *Host) Presign(base, key string, life time.Duration) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	if life < time.Second || life > longestLife {
		return "", fmt.Errorf("a presigned URL lives 1 s to %v, not %v", longestLife, life)
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%q is no URL of a host", base)
	}
	now := h.config.Now().UTC()
	u.Path = "/" + h.config.Bucket + "/" + key
	query := url.Values{
		"X-Amz-Algorithm":     {algorithm},
		"X-Amz-Credential":    {h.config.KeyID + "/" + h.scope(now.Format("20060102"))},
		"X-Amz-Date":          {now.Format(timeFormat)},
		"X-Amz-Expires":       {strconv.Itoa(int(life / time.Second))},
		"X-Amz-SignedHeaders": {"host"},
	}
	query.Set("X-Amz-Signature", h.signature(http.MethodGet, u.Host, u.Path, query))
	u.RawQuery = canonicalQuery(query)
	return u.String(), nil
}

func (h *Host) scope(day string) string { return day + "/" + h.config.Region + "/s3/aws4_request" }

// signature signs a request with the header host alone (AWS Signature Version 4).
func (h *Host) signature(method, host, path string, query url.Values) string {
	date := query.Get("X-Amz-Date")
	canonical := strings.Join([]string{method, uriEncode(path, true), canonicalQuery(query), "host:" + host, "", "host", "UNSIGNED-PAYLOAD"}, "\n")
	digest := sha256.Sum256([]byte(canonical))
	day := date[:min(len(date), 8)]
	text := strings.Join([]string{algorithm, date, h.scope(day), hex.EncodeToString(digest[:])}, "\n")
	key := slices.Concat([]byte("AWS4"), h.config.Secret)
	for _, part := range []string{day, h.config.Region, "s3", "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

// canonicalQuery writes a query in the order and escaping that signatures want, without the signature itself if it is there.
func canonicalQuery(query url.Values) string {
	var parts []string
	last := ""
	for name, values := range query {
		for _, value := range values {
			part := uriEncode(name, false) + "=" + uriEncode(value, false)
			if name == "X-Amz-Signature" {
				last = part
				continue
			}
			parts = append(parts, part)
		}
	}
	slices.SortFunc(parts, cmp.Compare)
	if last != "" {
		parts = append(parts, last)
	}
	return strings.Join(parts, "&")
}

func uriEncode(text string, path bool) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~', path && c == '/':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// authorize checks the signature of a request; nil accepts it.
func (h *Host) authorize(r *http.Request) *refusal {
	query := r.URL.Query()
	if query.Get("X-Amz-Signature") == "" && query.Get("X-Amz-Algorithm") == "" {
		return &refusal{rule: "files/unsigned", status: http.StatusForbidden, code: "AccessDenied", message: "Access Denied"}
	}
	wrong := func(message string) *refusal {
		return &refusal{rule: "files/parameters", status: http.StatusBadRequest, code: "AuthorizationQueryParametersError", message: message}
	}
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"} {
		if len(query[name]) != 1 {
			return wrong("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, " +
				"X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
		}
	}
	signed, err := time.Parse(timeFormat, query.Get("X-Amz-Date"))
	seconds, errSeconds := strconv.Atoi(query.Get("X-Amz-Expires"))
	switch {
	case query.Get("X-Amz-Algorithm") != algorithm:
		return wrong(`X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"`)
	case err != nil:
		return wrong(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	case errSeconds != nil:
		return wrong("X-Amz-Expires should be a number")
	case seconds < 0:
		return wrong("X-Amz-Expires must be non-negative")
	case time.Duration(seconds)*time.Second > longestLife:
		return wrong("X-Amz-Expires must be less than a week (in seconds) that is 604800")
	}
	id, scope, _ := strings.Cut(query.Get("X-Amz-Credential"), "/")
	if id != h.config.KeyID {
		return &refusal{
			rule: "files/key-id", status: http.StatusForbidden, code: "InvalidAccessKeyId",
			message: "The AWS Access Key Id you provided does not exist in our records.",
		}
	}
	if scope != h.scope(signed.Format("20060102")) {
		return wrong("Error parsing the X-Amz-Credential parameter; the region, service or date is wrong")
	}
	now, expires := h.config.Now().UTC(), signed.Add(time.Duration(seconds)*time.Second)
	switch {
	case now.Add(15 * time.Minute).Before(signed):
		return &refusal{rule: "files/not-yet", status: http.StatusForbidden, code: "AccessDenied", message: "Request is not valid yet"}
	case !now.Before(expires):
		return expired(seconds, expires, now)
	}
	given := query.Get("X-Amz-Signature")
	query.Del("X-Amz-Signature")
	// A URL that was signed for GET is none for HEAD.
	if !hmac.Equal([]byte(h.signature(r.Method, r.Host, r.URL.Path, query)), []byte(given)) {
		return &refusal{
			rule: "files/signature", status: http.StatusForbidden, code: "SignatureDoesNotMatch",
			message: "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
		}
	}
	return nil
}

func expired(seconds int, expires, now time.Time) *refusal {
	return &refusal{
		rule: "files/expired", status: http.StatusForbidden, code: "AccessDenied", message: "Request has expired",
		more: fmt.Sprintf("<X-Amz-Expires>%d</X-Amz-Expires><Expires>%s</Expires><ServerTime>%s</ServerTime>",
			seconds, expires.Format(time.RFC3339), now.Format(time.RFC3339)),
	}
}
