package firmware

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
)

// settings are what the command line says.
type settings struct {
	credentials string
	data        string
	endpoint    string
	json        bool
	level       slog.Level
}

// errVersion says that only the version is wanted.
var errVersion = errors.New("version asked for")

var levels = []struct {
	name  string
	level slog.Level
}{{"debug", slog.LevelDebug}, {"info", slog.LevelInfo}, {"warn", slog.LevelWarn}, {"error", slog.LevelError}}

// parse reads the command line. What is wrong with it, or the help that was asked for, has been written to output when it returns an error; the
// error is flag.ErrHelp for help and errVersion for the version.
func parse(name string, args []string, output io.Writer) (settings, error) {
	s := settings{credentials: "/etc/cloudgen/credentials", data: "/var/lib/cloudgen", level: slog.LevelInfo}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(output)
	flags.Func("credentials", "`folder` of the security tags: TAG/{ca.pem,cert.pem,key.pem}, TAG/{psk_id,psk} (default "+s.credentials+")", folder(&s.credentials))
	flags.Func("data", "`folder` for what outlives the process; it is made if missing, and one process at a time may use it (default "+s.data+")", folder(&s.data))
	flags.Func("endpoint", "`HOST:PORT` to connect to in place of the configured one", func(text string) error {
		s.endpoint = text
		return checkEndpoint(text)
	})
	flags.Func("log", "form of the log on standard error: `text|json` (default text)", func(text string) error {
		s.json = text == "json"
		if text != "json" && text != "text" {
			return errors.New("must be text or json")
		}
		return nil
	})
	flags.Func("log-level", "least `level` that is logged: debug, info, warn, error (default info); events of the cloud module are logged at any", func(text string) error {
		i := slices.IndexFunc(levels, func(l struct {
			name  string
			level slog.Level
		}) bool {
			return l.name == text
		})
		if i < 0 {
			return errors.New("must be debug, info, warn or error")
		}
		s.level = levels[i].level
		return nil
	})
	version := flags.Bool("version", false, "print name and version and end")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if rest := flags.Args(); len(rest) > 0 {
		err := fmt.Errorf("unexpected argument %q", rest[0])
		fmt.Fprintln(output, err)
		flags.Usage()
		return settings{}, err
	}
	if *version {
		return settings{}, errVersion
	}
	return s, nil
}

func folder(into *string) func(string) error {
	return func(text string) error {
		if text == "" {
			return errors.New("must be the name of a folder")
		}
		*into = text
		return nil
	}
}

// checkEndpoint tells what keeps a text from being HOST:PORT. The empty text is none at all: the configured endpoint.
func checkEndpoint(text string) error {
	if text == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("must be HOST:PORT, as localhost:8883 or [::1]:8883: %w", err)
	}
	if host == "" || strings.ContainsAny(host, " \t\r\n/@?#") {
		return errors.New("must be HOST:PORT: HOST must be a name or an address and nothing more, as in localhost:8883")
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return fmt.Errorf("must be HOST:PORT: PORT must be a number from 1 to 65535, not %q", port)
	}
	return nil
}
