package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var image = []byte("0123456789abcdefghij")

// scene is a host with one object, "app/v2.bin", behind a server.
type scene struct {
	*Host
	t    *testing.T
	web  *httptest.Server
	dir  string
	now  time.Time
	mu   sync.Mutex
	seen []Access
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, now: time.Date(2026, 11, 28, 1, 0, 0, 0, time.UTC), dir: filepath.Join(t.TempDir(), "files")}
	var err error
	s.Host, err = Open(Config{Dir: s.dir, Secret: []byte("secret"), Now: func() time.Time { return s.now }, Observe: func(a Access) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, a)
	}})
	check(t, err)
	s.web = httptest.NewServer(s.Host)
	t.Cleanup(func() {
		s.web.CloseClientConnections()
		s.web.Close()
		check(t, s.Close())
	})
	_, err = s.PutBytes("app/v2.bin", image)
	check(t, err)
	return s
}

func (s *scene) url() string {
	s.t.Helper()
	u, err := s.Presign(s.web.URL, "app/v2.bin", time.Hour)
	check(s.t, err)
	return u
}

// get asks, and gives what came of the body with the error that ended it.
func (s *scene) get(method, url string, header ...string) (*http.Response, string, error) {
	s.t.Helper()
	return s.getUntil(1<<20, method, url, header...)
}

// getUntil is get, which waits a moment only for what comes after so many bytes of the body.
func (s *scene) getUntil(size int64, method, url string, header ...string) (*http.Response, string, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	check(s.t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	client := s.web.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	check(s.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, size))
	if err == nil {
		defer time.AfterFunc(200*time.Millisecond, cancel).Stop()
		var rest []byte
		rest, err = io.ReadAll(response.Body)
		body = append(body, rest...)
	}
	return response, string(body), err
}

func (s *scene) last() Access {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[len(s.seen)-1]
}

func TestDownload(t *testing.T) {
	s := newScene(t)
	objects, err := s.List()
	check(t, err)
	if len(objects) != 1 || objects[0].Key != "app/v2.bin" || objects[0].Size != 20 {
		t.Fatalf("objects %+v", objects)
	}
	tag := objects[0].ETag
	tests := []struct {
		method string
		header []string
		status int
		body   string
		rng    string
	}{
		{"GET", nil, 200, string(image), ""},
		{"HEAD", nil, 403, "", ""},
		{"GET", []string{"Range", "bytes=0-3"}, 206, "0123", "bytes 0-3/20"},
		{"GET", []string{"Range", "bytes=18-"}, 206, "ij", "bytes 18-19/20"},
		{"GET", []string{"Range", "bytes=-1"}, 206, "j", "bytes 19-19/20"},
		{"GET", []string{"Range", "bytes=18-99"}, 206, "ij", "bytes 18-19/20"},
		{"GET", []string{"Range", "bytes=0-1,4-5"}, 200, string(image), ""},
		{"GET", []string{"Range", "bytes=20-"}, 416, "<Code>InvalidRange</Code>", "bytes */20"},
		{"GET", []string{"Range", "bytes=4-5", "If-Range", tag}, 206, "45", "bytes 4-5/20"},
		{"GET", []string{"Range", "bytes=4-5", "If-Range", `"other"`}, 200, string(image), ""},
		{"GET", []string{"If-None-Match", tag}, 304, "", ""},
		{"GET", []string{"If-Match", `"other"`}, 412, "<Code>PreconditionFailed</Code>", ""},
	}
	for _, test := range tests {
		response, body, err := s.get(test.method, s.url(), test.header...)
		if err != nil || response.StatusCode != test.status || response.Header.Get("Content-Range") != test.rng ||
			(test.status < 400 && body != test.body) || !strings.Contains(body, test.body) {
			t.Errorf("%s %v: %d, range %q, %q, %v", test.method, test.header, response.StatusCode, response.Header.Get("Content-Range"), body, err)
		}
		if test.status < 300 && response.Header.Get("ETag") != tag {
			t.Errorf("%s %v: ETag %s", test.method, test.header, response.Header.Get("ETag"))
		}
	}
}

func TestRefusals(t *testing.T) {
	s := newScene(t)
	good := s.url()
	change := func(name, value string) string {
		u, err := url.Parse(good)
		check(t, err)
		q := u.Query()
		q.Set(name, value)
		if value == "" {
			q.Del(name)
		}
		u.RawQuery = q.Encode()
		return u.String()
	}
	missing, err := s.Presign(s.web.URL, "none", time.Hour)
	check(t, err)
	tests := []struct {
		rule, method, url string
		after             time.Duration
		status            int
		code              string
	}{
		{"files/unsigned", "GET", s.web.URL + "/firmware/app/v2.bin", 0, 403, "<Code>AccessDenied</Code><Message>Access Denied</Message>"},
		{"files/unsigned", "GET", s.web.URL + "/firmware/", 0, 403, "AccessDenied"},
		{"files/bucket", "GET", strings.Replace(good, "/firmware/", "/other/", 1), 0, 404, "NoSuchBucket"},
		{"files/key", "GET", missing, 0, 404, "<Code>NoSuchKey</Code>"},
		{"files/method", "PUT", good, 0, 405, "MethodNotAllowed"},
		{"files/expired", "GET", good, time.Hour, 403, "<Message>Request has expired</Message><X-Amz-Expires>3600</X-Amz-Expires><Expires>2026-11-28T02:00:00Z</Expires><ServerTime>2026-11-28T02:00:00Z</ServerTime>"},
		{"files/not-yet", "GET", good, -time.Hour, 403, "Request is not valid yet"},
		{"files/signature", "GET", strings.Replace(good, "v2.bin", "v3.bin", 1), 0, 403, "SignatureDoesNotMatch"},
		{"files/signature", "GET", change("X-Amz-Expires", "7200"), 0, 403, "SignatureDoesNotMatch"},
		{"files/signature", "GET", good + "&more=1", 0, 403, "SignatureDoesNotMatch"},
		{"files/signature", "HEAD", good, 0, 403, ""},
		{"files/key-id", "GET", change("X-Amz-Credential", "AKIAOTHER/20261128/us-east-1/s3/aws4_request"), 0, 403, "InvalidAccessKeyId"},
		{"files/parameters", "GET", change("X-Amz-Date", ""), 0, 400, "AuthorizationQueryParametersError"},
		{"files/parameters", "GET", change("X-Amz-Date", "yesterday"), 0, 400, "ISO8601"},
		{"files/parameters", "GET", change("X-Amz-Expires", "604801"), 0, 400, "less than a week"},
		{"files/parameters", "GET", change("X-Amz-Expires", "-1"), 0, 400, "non-negative"},
		{"files/parameters", "GET", change("X-Amz-Expires", "x"), 0, 400, "a number"},
		{"files/parameters", "GET", change("X-Amz-Algorithm", "MD5"), 0, 400, "only supports"},
		{"files/parameters", "GET", change("X-Amz-Credential", "AKIALAB/20261128/eu-west-1/s3/aws4_request"), 0, 400, "X-Amz-Credential"},
	}
	start := s.now
	for _, test := range tests {
		s.now = start.Add(test.after)
		response, body, err := s.get(test.method, test.url)
		access := s.last()
		if err != nil || response.StatusCode != test.status || !strings.Contains(body, test.code) || access.Rule != test.rule || access.Status != test.status {
			t.Errorf("%s %s: %d %s, %v; access %+v", test.method, test.url, response.StatusCode, body, err, access)
		}
	}
}

func TestFaults(t *testing.T) {
	s := newScene(t)
	at := func(n int64) *int64 { return &n }
	tests := []struct {
		fault  Fault
		header []string
		status int
		body   string
		ended  bool // the body came to its end
		check  func(*http.Response) bool
	}{
		{Fault{Truncate: at(5)}, nil, 200, "01234", true, func(r *http.Response) bool { return r.ContentLength == 5 }},
		{Fault{Truncate: at(5)}, []string{"Range", "bytes=3-9"}, 206, "34", true, func(r *http.Response) bool { return r.Header.Get("Content-Range") == "bytes 3-4/5" }},
		{Fault{Corrupt: at(1)}, nil, 200, "0\xce23456789abcdefghij", true, nil},
		{Fault{Corrupt: at(1)}, []string{"Range", "bytes=2-3"}, 206, "23", true, nil},
		{Fault{CutAt: at(4)}, nil, 200, "0123", false, func(r *http.Response) bool { return r.ContentLength == 20 }},
		{Fault{CutAt: at(4)}, []string{"Range", "bytes=2-9"}, 206, "23", false, nil},
		{Fault{StallAt: at(3)}, nil, 200, "012", false, nil},
		{Fault{RefuseRanges: true}, []string{"Range", "bytes=2-9"}, 200, string(image), true, nil},
		{Fault{WrongLength: 3}, nil, 200, string(image), false, func(r *http.Response) bool { return r.ContentLength == 23 }},
		{Fault{WrongLength: -18}, nil, 200, "01", true, nil},
		{Fault{WrongLength: 7}, []string{"Range", "bytes=2-3"}, 206, "23", false, func(r *http.Response) bool { return r.Header.Get("Content-Range") == "bytes 2-3/27" }},
		{Fault{Redirect: "https://elsewhere.example/x"}, nil, 307, "TemporaryRedirect", true, func(r *http.Response) bool { return r.Header.Get("Location") == "https://elsewhere.example/x" }},
		{Fault{Status: 503}, nil, 503, "SlowDown", true, nil},
		{Fault{Status: 500}, nil, 500, "InternalError", true, nil},
		{Fault{Expire: true}, nil, 403, "Request has expired", true, nil},
	}
	for _, test := range tests {
		test.fault.Times = 1
		check(t, s.SetFault("app/v2.bin", test.fault))
		size := int64(1 << 20)
		if test.fault.StallAt != nil {
			size = int64(len(test.body))
		}
		response, body, err := s.getUntil(size, "GET", s.url(), test.header...)
		same := body == test.body || test.status >= 300 && strings.Contains(body, test.body)
		if response.StatusCode != test.status || !same || (err == nil) != test.ended || test.check != nil && !test.check(response) {
			t.Errorf("%v %v: %d %v %q, %v", test.fault, test.header, response.StatusCode, response.Header, body, err)
		}
		if _, body, err := s.get("GET", s.url()); body != string(image) || err != nil {
			t.Errorf("after %v: %q, %v", test.fault, body, err)
		}
	}
	check(t, s.SetFault("app/v2.bin", Fault{Status: 500, Times: 2}))
	for _, want := range []int{500, 500, 200} {
		if response, _, _ := s.get("GET", s.url()); response.StatusCode != want {
			t.Errorf("status %d, want %d", response.StatusCode, want)
		}
	}
	check(t, s.SetFault("app/v2.bin", Fault{Status: 500}))
	s.ClearFaults()
	if response, _, _ := s.get("GET", s.url()); response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
	for _, wrong := range []Fault{{Truncate: at(-1)}, {Status: 404}, {Times: -1, Expire: true}} {
		if err := s.SetFault("a", wrong); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
	if err := s.SetFault("../a", Fault{Expire: true}); err == nil {
		t.Error("../a was taken")
	}
}

func TestStore(t *testing.T) {
	s := newScene(t)
	for _, key := range []string{"", ".", "..", "../x", "a//b", "a/.b", "/a", "a/", "a b", "ä", strings.Repeat("x", 1025), strings.Repeat("x", 201)} {
		if _, err := s.PutBytes(key, nil); err == nil {
			t.Errorf("%q was stored", key)
		}
		if err := s.Delete(key); !errors.Is(err, ErrNoObject) {
			t.Errorf("%q: %v", key, err)
		}
	}
	old := s.url()
	replaced, err := s.PutBytes("app/v2.bin", bytes.ToUpper(image))
	check(t, err)
	_, body, err := s.get("GET", old)
	check(t, err)
	if body != "0123456789ABCDEFGHIJ" || len(replaced.ETag) != 34 {
		t.Errorf("%q, %+v", body, replaced)
	}
	// A store in the same folder has the same objects, and nothing that was left half written.
	check(t, os.WriteFile(filepath.Join(s.dir, "app", ".v3.bin.1"), []byte("half"), 0o600))
	again, err := Open(Config{Dir: s.dir, Secret: []byte("secret")})
	check(t, err)
	defer again.Close()
	objects, err := again.List()
	check(t, err)
	if len(objects) != 1 || objects[0].ETag != replaced.ETag {
		t.Errorf("%+v", objects)
	}
	check(t, again.Delete("app/v2.bin"))
	if err := again.Delete("app/v2.bin"); !errors.Is(err, ErrNoObject) {
		t.Error(err)
	}
	for _, life := range []time.Duration{0, -1, 8 * 24 * time.Hour} {
		if _, err := s.Presign(s.web.URL, "a", life); err == nil {
			t.Errorf("signed for %v", life)
		}
	}
}

// AWS's own example of a presigned URL (Amazon S3 API reference, "Authenticating Requests: Using Query Parameters").
func TestSignatureOfTheManual(t *testing.T) {
	h := &Host{config: Config{Region: "us-east-1", Secret: []byte("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")}}
	query := url.Values{
		"X-Amz-Algorithm": {algorithm}, "X-Amz-Credential": {"AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"},
		"X-Amz-Date": {"20130524T000000Z"}, "X-Amz-Expires": {"86400"}, "X-Amz-SignedHeaders": {"host"},
	}
	const want = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
	if got := h.signature("GET", "examplebucket.s3.amazonaws.com", "/test.txt", query); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

// Whatever is asked for is answered, and only with what is stored.
func FuzzServe(f *testing.F) {
	f.Add("/firmware/a", "X-Amz-Date=20261128T010000Z&X-Amz-Expires=1", "bytes=0-")
	f.Add("/firmware/../a", "X-Amz-Signature=a&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=&X-Amz-Date=&X-Amz-Expires=&X-Amz-SignedHeaders=", "bytes=-")
	f.Add("//", "", "")
	h, err := Open(Config{Dir: f.TempDir(), Secret: []byte("s"), Now: func() time.Time { return time.Unix(1e9, 0) }})
	check(f, err)
	f.Cleanup(func() { check(f, h.Close()) })
	_, err = h.PutBytes("a", image)
	check(f, err)
	f.Fuzz(func(t *testing.T, path, query, ranges string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header.Set("Range", ranges)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code < 400 {
			t.Errorf("%d for a request that nobody has signed: %s?%s", w.Code, path, query)
		}
		if _, err := fmt.Fprint(io.Discard, w.Body); err != nil {
			t.Error(err)
		}
	})
}
