package firmware

import (
	"bytes"
	"errors"
	"flag"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	defaults := settings{credentials: "/etc/cloudgen/credentials", data: "/var/lib/cloudgen", level: slog.LevelInfo}
	with := func(change func(*settings)) settings {
		s := defaults
		change(&s)
		return s
	}
	for _, test := range []struct {
		args []string
		want settings
		err  string
	}{
		{want: defaults},
		{args: []string{"-credentials", "c", "-data", "d"}, want: with(func(s *settings) { s.credentials, s.data = "c", "d" })},
		{args: []string{"--log=json", "--log-level=debug"}, want: with(func(s *settings) { s.json, s.level = true, slog.LevelDebug })},
		{args: []string{"-log", "json", "-log", "text", "-log-level", "error"}, want: with(func(s *settings) { s.level = slog.LevelError })},
		{args: []string{"-log-level", "warn"}, want: with(func(s *settings) { s.level = slog.LevelWarn })},
		{args: []string{"-endpoint", "localhost:8883"}, want: with(func(s *settings) { s.endpoint = "localhost:8883" })},
		{args: []string{"-endpoint", "[::1]:1"}, want: with(func(s *settings) { s.endpoint = "[::1]:1" })},
		{args: []string{"-endpoint", ""}, want: defaults},
		{args: []string{"-log", "xml"}, err: "must be text or json"},
		{args: []string{"-log-level", "INFO+1"}, err: "must be debug, info, warn or error"},
		{args: []string{"-endpoint", "localhost"}, err: "must be HOST:PORT"},
		{args: []string{"-endpoint", ":8883"}, err: "HOST must be a name or an address"},
		{args: []string{"-endpoint", "mqtts://localhost:8883"}, err: "must be HOST:PORT"},
		{args: []string{"-endpoint", "user@localhost:8883"}, err: "HOST must be a name or an address"},
		{args: []string{"-endpoint", "localhost:0"}, err: "PORT must be a number from 1 to 65535"},
		{args: []string{"-endpoint", "localhost:65536"}, err: "PORT must be a number from 1 to 65535"},
		{args: []string{"-endpoint", "localhost:mqtt"}, err: "PORT must be a number from 1 to 65535"},
		{args: []string{"-endpoint", "::1:8883"}, err: "must be HOST:PORT"},
		{args: []string{"-data", ""}, err: "must be the name of a folder"},
		{args: []string{"-credentials="}, err: "must be the name of a folder"},
		{args: []string{"-data"}, err: "needs an argument"},
		{args: []string{"-nonsense"}, err: "-nonsense"},
		{args: []string{"run"}, err: `unexpected argument "run"`},
		{args: []string{"-version", "now"}, err: `unexpected argument "now"`},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			var output bytes.Buffer
			got, err := parse("tracker", test.args, &output)
			if test.err == "" {
				if err != nil || got != test.want || output.Len() > 0 {
					t.Errorf("%+v, %v, %q; want %+v", got, err, output.String(), test.want)
				}
				return
			}
			if err == nil || !strings.Contains(output.String(), test.err) || !strings.Contains(output.String(), "Usage of tracker:") {
				t.Errorf("%v, %q; want %q and the usage", err, output.String(), test.err)
			}
		})
	}
	if _, err := parse("tracker", []string{"-h"}, &bytes.Buffer{}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
	if _, err := parse("tracker", []string{"-version"}, &bytes.Buffer{}); !errors.Is(err, errVersion) {
		t.Errorf("-version: %v", err)
	}
}

func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{"localhost:8883", "[::1]:1", "a:b:1", "[fe80::1%eth0]:8883", ":", "@:1", "x:65536", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if checkEndpoint(text) != nil || text == "" {
			return
		}
		host, port, err := net.SplitHostPort(text)
		if number, portErr := strconv.Atoi(port); err != nil || host == "" || portErr != nil || number < 1 || number > 65535 {
			t.Errorf("%q was taken: %q %q %v", text, host, port, err)
		}
	})
}
