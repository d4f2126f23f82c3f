package http_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

// What is asked for.
func TestRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := file{content: imageOf(1500), etag: `"v1"`}
		s := &server{TB: t, answer: func(_ int, r request) reply { return good.answer(r) }}
		last, _ := s.download(ranged, fota.Job{URL: "http://[2001:db8::1]:8080/a%20b/ü?q=ü and more"})
		check(t, last, 0, "", true)
		if s.dialled[0] != "[2001:db8::1]:8080" || len(s.dialled) != 1 {
			t.Errorf("connected to %q", s.dialled)
		}
		first, second := s.requests[0], s.requests[1]
		if first.target != "/a%20b/%C3%BC?q=%C3%BC%20and%20more" {
			t.Errorf("asked for %q", first.target)
		}
		for name, want := range map[string][2]string{
			"host":            {"[2001:db8::1]:8080", "[2001:db8::1]:8080"},
			"range":           {"bytes=0-1023", "bytes=1024-1499"},
			"if-range":        {"", `"v1"`},
			"accept-encoding": {"identity", "identity"},
			"authorization":   {"", ""},
		} {
			if got := [2]string{first.fields[name], second.fields[name]}; got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	})
}

func TestRefusesURLs(t *testing.T) {
	long := strings.Repeat("x", 256)
	for name, test := range map[string]struct {
		url   string
		tags  []int
		plain bool
		cause fota.Cause
		says  string
	}{
		"http":              {"http://files.example/x", []int{1}, false, fota.CauseProtoNotSupported, "which is not allowed"},
		"https without tag": {"https://files.example/x", nil, true, fota.CauseInvalidConfiguration, "security tag"},
		"host too long":     {"http://" + long + "/x", nil, true, fota.CauseInvalidConfiguration, "DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE"},
		"path too long":     {"http://files.example/" + long, nil, true, fota.CauseInvalidConfiguration, "DOWNLOAD_CLIENT_MAX_FILENAME_SIZE"},
		"no host name":      {"http://files!.example/x", nil, true, fota.CauseInvalidConfiguration, "is no host name"},
		"zone":              {"http://[fe80::1%25eth0]/x", nil, true, fota.CauseInvalidConfiguration, "is no host name"},
		"port":              {"http://files.example:70000/x", nil, true, fota.CauseInvalidConfiguration, "is no port"},
		"no credentials":    {"https://files.example/x", []int{1}, true, fota.CauseInvalidConfiguration, "no credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			config := whole
			config.Plain = test.plain
			s := &server{TB: t}
			last, _ := s.download(config, fota.Job{URL: test.url, Tags: test.tags})
			check(t, last, test.cause, test.says, true)
			if len(s.dialled) > 0 {
				t.Errorf("connected to %q", s.dialled)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for name, config := range map[string]http.Config{
		"no fragment": {RangeRequests: true, Timeout: time.Second},
		"fragment":    {RangeRequests: true, Timeout: time.Second, FragmentSize: "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_0"},
		"no time":     {},
	} {
		if _, err := http.New(config, http.Platform{}); err == nil {
			t.Errorf("%s: made", name)
		}
	}
}

// Connections that are refused are tried again, and the error tells where.
func TestUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{TB: t, refuse: 10}
		last, _ := s.download(whole, fota.Job{URL: address})
		check(t, last, fota.CauseConnectFailed, "files.example:80 cannot be reached", true)
		if len(s.dialled) != 3 {
			t.Errorf("%d connections, want 3", len(s.dialled))
		}
	})
}

func parse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// taker takes a file.
type taker struct {
	begun bool
	bytes int
}

func (r *taker) Begin(int64, fota.Version) error { r.begun = true; return nil }
func (r *taker) Write(p []byte) (int, error)     { r.bytes += len(p); return len(p), nil }

// The context ends a Fetch wherever it is, at once.
func TestContext(t *testing.T) {
	good := file{content: imageOf(3000), etag: `"v1"`}
	for name, answer := range map[string]func(int, request) reply{
		"before the head": func(int, request) reply { return reply{hang: true} },
		"in the body":     func(_ int, r request) reply { return reply{bytes: good.answer(r).bytes[:1000], hang: true} },
		"in the head":     func(_ int, r request) reply { return reply{bytes: "HTTP/1.1 200 OK\r\n", hang: true} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{TB: t, answer: answer}
				config := whole
				config.Timeout = -1
				client, err := http.New(config, http.Platform{Dial: s.dial})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				began := time.Now()
				err = client.Fetch(ctx, fota.Request{URL: parse(t, address)}, &taker{})
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Hour {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
				s.running.Wait()
			})
		})
	}
}

// Heads go to the log where that is wanted, without what may be secret.
func TestLogHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := file{content: imageOf(100), etag: `"v1"`}
		s := &server{TB: t, answer: func(n int, r request) reply {
			return pick(n, reply{bytes: "HTTP/1.1 302 Found\r\nLocation: /x?sig=secret\r\nSet-Cookie: secret\r\nContent-Length: 0\r\n\r\n"}, good.answer(r))
		}}
		var log strings.Builder
		config := whole
		config.LogHeaders = true
		client, err := http.New(config, http.Platform{Dial: s.dial, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Fetch(t.Context(), fota.Request{URL: parse(t, address)}, &taker{}); err != nil {
			t.Error(err)
		}
		s.running.Wait()
		if text := log.String(); !strings.Contains(text, "ETag") || strings.Contains(text, "secret") || strings.Contains(text, "key=1") {
			t.Error(text)
		}
	})
}

// The firmware must not get net/http by this package.
func TestDependencies(t *testing.T) {
	output, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(output))
	if len(packages) < 50 {
		t.Fatalf("only %d packages", len(packages))
	}
	for _, each := range packages {
		if each == "net/http" || strings.HasPrefix(each, "net/http/") || each == "text/template" || strings.Contains(each, "runtime/coap") {
			t.Errorf("%s is linked", each)
		}
	}
}
