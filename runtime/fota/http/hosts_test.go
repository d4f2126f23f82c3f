package http_test

import (
	"testing"

	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		patterns, host string
		allowed        bool
	}{
		{"", "files.example", false},
		{"files.example", "files.example", true},
		{"files.example", "FILES.Example", true},
		{"FILES.example", "files.example", true},
		{"files.example", "xfiles.example", false},
		{"files.example", "files.example.evil.example", false},
		{"files.example", "", false},
		{"a.example, b.example", "b.example", true},
		{"  a.example  b.example ", "b.example", true},
		{"*.example.com", "a.example.com", true},
		{"*.example.com", "a.b.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", "evilexample.com", false},
		{"*.example.com", "a.example.com.evil.example", false},
		{"*.s3.*.amazonaws.com", "bucket.s3.eu-central-1.amazonaws.com", true},
		{"*.s3.*.amazonaws.com", "bucket.s3.dualstack.eu-central-1.amazonaws.com", true},
		{"*.s3.*.amazonaws.com", "bucket.s3.amazonaws.com", false},
		{"*.s3.*.amazonaws.com", "bucket.ec2.eu-central-1.amazonaws.com", false},
		{"s3.*.amazonaws.com", "s3.eu-central-1.amazonaws.com", true},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"*", "anything.example", true},
		{"*", "127.0.0.1", true},
		{"::1", "::1", true},
		{"127.0.0.1", "127.0.0.1", true},
		{"a*b*c", "a1b2c", true},
		{"a*b*c", "a1c2b", false},
		{"**.example", "a.example", true},
	} {
		hosts, err := http.ParseHosts(test.patterns)
		if err != nil {
			t.Fatal(err)
		}
		if got := hosts.Allows(test.host); got != test.allowed {
			t.Errorf("%q allows %q: %v, want %v", test.patterns, test.host, got, test.allowed)
		}
	}
	for _, bad := range []string{"https://files.example", "files.example/", "files.example:443", "a b_%", "gerät.example", "[::1]"} {
		if hosts, err := http.ParseHosts(bad); err == nil {
			t.Errorf("%q is taken for %q", bad, hosts)
		}
	}
}
