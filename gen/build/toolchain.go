package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/gen/fault"
)

// ErrNoGo is wrapped by the error of Run when there is no Go toolchain on the PATH.
var ErrNoGo = errors.New("no Go toolchain on the PATH")

// passed are the variables of ours that a Go command gets. Whatever else is set on the host has no say.
var passed = []string{
	"PATH", "HOME", "TMPDIR", "TMP", "TEMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
	"USERPROFILE", "APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "SystemRoot",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC", "SSH_AUTH_SOCK",
}

// asked are the settings that say where Go finds and keeps things. They do not change what is built: go.sum does not let them.
var asked = []string{
	"GOPATH", "GOMODCACHE", "GOCACHE", "GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GOVCS", "GOAUTH",
}

// killDelay is how long a Go command may take to end after it was told to.
const killDelay = 5 * time.Second

// toolchain is the Go that builds.
type toolchain struct {
	command  string   // path of go
	version  string   // as go1.26.8
	settings []string // NAME=value: passed and asked
}

// findGo asks the Go on the PATH what it is.
func findGo(ctx context.Context) (*toolchain, error) {
	command, err := exec.LookPath("go")
	if err != nil {
		return nil, &fault.Environment{
			Problem: "cannot build", Err: fmt.Errorf("%w: %w", ErrNoGo, err),
			Fix: "Install Go, or run with -no-build: generating needs no Go.",
		}
	}
	found := &toolchain{command: command}
	for _, name := range passed {
		if value, set := os.LookupEnv(name); set {
			found.settings = append(found.settings, name+"="+value)
		}
	}
	ask := exec.CommandContext(ctx, command, append([]string{"env", "-json", "GOVERSION"}, asked...)...)
	ask.Dir = os.TempDir()                                                  // no go.mod there has a say
	ask.Env = append(slices.Clone(found.settings), "GOFLAGS=-mod=readonly", // not empty: stands in for what go/env says
		"GOTOOLCHAIN=local", "GOWORK=off")
	for _, name := range append([]string{"GOENV"}, asked...) {
		if value, set := os.LookupEnv(name); set {
			ask.Env = append(ask.Env, name+"="+value)
		}
	}
	output, err := run(ask)
	if err != nil {
		return nil, &fault.Environment{Problem: "cannot ask " + command + " for its settings", Err: fmt.Errorf("%w: %s", err, firstLine(output)), Fix: "Mend the Go installation, or run with -no-build."}
	}
	answers := map[string]string{}
	if err := json.Unmarshal(output, &answers); err != nil {
		return nil, &fault.Environment{Problem: "cannot read the settings of " + command, Err: err, Fix: "Mend the Go installation, or run with -no-build."}
	}
	found.version = answers["GOVERSION"]
	for _, name := range asked {
		if answers[name] != "" {
			found.settings = append(found.settings, name+"="+answers[name])
		}
	}
	return found, nil
}

// demand is an error when the toolchain is older than least, as 1.26.0.
func (t *toolchain) demand(least string) error {
	own := strings.Fields(t.version) // development versions carry words after the number
	if least == "" || len(own) == 0 || !version.IsValid(own[0]) || version.Compare(own[0], "go"+least) >= 0 {
		return nil
	}
	return &fault.Environment{
		Problem: fmt.Sprintf("%s is %s, and the generated program needs Go %s or newer", t.command, t.version, least),
		Fix:     "Install a newer Go, or run with -no-build. cloudgen does not let Go download another toolchain.",
	}
}

// cmd is a hermetic Go command: nothing of the host says what is built.
func (t *toolchain) cmd(ctx context.Context, dir string, target Target, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.command, arguments...)
	cmd.Dir = dir
	cmd.Env = append([]string{}, t.settings...)
	cmd.Env = append(cmd.Env, "GOENV=off", "GOFLAGS=", "GOTOOLCHAIN=local", "GOWORK=off", "GO111MODULE=on", "GOEXPERIMENT=", "GODEBUG=", "CGO_ENABLED=0")
	cmd.Env = append(cmd.Env, target.environment()...)
	return cmd
}

// run runs a command whose whole process group ends with its context, and gives what it printed.
func run(cmd *exec.Cmd) ([]byte, error) {
	ownGroup(cmd)
	cmd.WaitDelay = killDelay
	output, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well and left somebody with its output open
	}
	return output, err
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}
