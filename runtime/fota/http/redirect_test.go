package http_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

func TestRedirects(t *testing.T) {
	image := imageOf(3000)
	good := file{content: image, etag: `"v1"`}
	to := func(status int, location string) reply {
		return reply{bytes: fmt.Sprintf("HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 5\r\n\r\nmoved", status, location)}
	}
	for name, test := range map[string]struct {
		answer func(n int, r request) reply
		says   string   // "": it is downloaded
		asked  []string // targets
		hosts  []string // that were connected to, without repetitions
	}{
		"301, path":            {func(n int, r request) reply { return pick(n, to(301, "/new?x=1"), good.answer(r)) }, "", []string{"/image.bin?key=1", "/new?x=1"}, []string{"files.example:80"}},
		"302, same host":       {func(n int, r request) reply { return pick(n, to(302, "http://FILES.example/a"), good.answer(r)) }, "", []string{"/image.bin?key=1", "/a"}, []string{"files.example:80", "FILES.example:80"}},
		"303, other port":      {func(n int, r request) reply { return pick(n, to(303, "//files.example:8080/a"), good.answer(r)) }, "", []string{"/image.bin?key=1", "/a"}, []string{"files.example:80", "files.example:8080"}},
		"307, relative":        {func(n int, r request) reply { return pick(n, to(307, "b/c#part"), good.answer(r)) }, "", []string{"/image.bin?key=1", "/b/c"}, []string{"files.example:80"}},
		"308, allowed host":    {func(n int, r request) reply { return pick(n, to(308, "http://cdn.example/a b?c d"), good.answer(r)) }, "", []string{"/image.bin?key=1", "/a%20b?c%20d"}, []string{"files.example:80", "cdn.example:80"}},
		"other host":           {func(int, request) reply { return to(302, "http://evil.example/a") }, `to another host, "evil.example"`, nil, nil},
		"host that ends alike": {func(int, request) reply { return to(302, "http://xcdn.example/a") }, "to another host", nil, nil},
		"other scheme":         {func(int, request) reply { return to(302, "ftp://files.example/a") }, "by \"ftp\"", nil, nil},
		"with a user":          {func(int, request) reply { return to(302, "http://u:p@files.example/a") }, "user name", nil, nil},
		"no Location":          {func(int, request) reply { return reply{bytes: "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"} }, "there is no Location", nil, nil},
		"Location is no URL":   {func(int, request) reply { return to(302, "http://files.example:port/") }, "what is no URL", nil, nil},
		"path too long":        {func(int, request) reply { return to(302, "/"+strings.Repeat("x", 255)) }, "DOWNLOAD_CLIENT_MAX_FILENAME_SIZE", nil, nil},
		"to itself":            {func(int, request) reply { return to(302, "/image.bin?key=1") }, "in a circle", []string{"/image.bin?key=1"}, nil},
		"in a circle":          {func(n int, _ request) reply { return to(302, fmt.Sprintf("/%d", n%3)) }, "in a circle", []string{"/image.bin?key=1", "/1", "/2", "/0"}, nil},
		"without end":          {func(n int, _ request) reply { return to(302, fmt.Sprintf("/%d", n)) }, "after 10 redirects", nil, nil},
		"ten": {func(n int, r request) reply {
			if n <= 10 {
				return to(302, fmt.Sprintf("/%d", n))
			}
			return good.answer(r)
		}, "", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{TB: t, answer: test.answer}
				config := whole
				config.RedirectHosts = []string{"cdn.example"}
				last, target := s.download(config, fota.Job{URL: address})
				if test.says == "" {
					check(t, last, 0, "", true)
					if !bytes.Equal(target.Scheduled, image) {
						t.Error("another image")
					}
				} else {
					check(t, last, fota.CauseDownloadFailed, test.says, true)
				}
				var asked []string
				for _, r := range s.requests {
					asked = append(asked, r.target)
				}
				if test.asked != nil && !slices.Equal(asked, test.asked) {
					t.Errorf("asked for %q, want %q", asked, test.asked)
				}
				if hosts := slices.Compact(s.dialled); test.hosts != nil && !slices.Equal(hosts, test.hosts) {
					t.Errorf("connected to %q, want %q", hosts, test.hosts)
				}
			})
		})
	}
}

func pick(n int, all ...reply) reply { return all[min(n, len(all))-1] }

// Fragments after the first one are asked for where the redirect has led.
func TestRedirectIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := file{content: imageOf(3000), etag: `"v1"`}
		s := &server{TB: t, answer: func(n int, r request) reply {
			if r.target == "/new" {
				return good.answer(r)
			}
			return reply{bytes: "HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n"}
		}}
		last, _ := s.download(ranged, fota.Job{URL: address})
		check(t, last, 0, "", true)
		if len(s.requests) != 4 || len(s.dialled) != 2 {
			t.Errorf("%d requests on %d connections, want 4 on 2", len(s.requests), len(s.dialled))
		}
	})
}
