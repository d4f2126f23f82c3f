package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// scriptVariable makes the test binary a firmware that plays the script in its data folder.
const scriptVariable = "CLOUDGEN_TEST_LAB_FIRMWARE"

func TestMain(m *testing.M) {
	if os.Getenv(scriptVariable) != "" {
		os.Exit(playFirmware(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// playFirmware does the first line of DATA/script and takes it out: a number is the exit status; wait, ignore and default are what it does
// with SIGTERM; die is a crash. It says which line it plays.
func playFirmware(args []string) int {
	data := args[slices.Index(args, "-data")+1]
	script := filepath.Join(data, "script")
	content, err := os.ReadFile(script)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	line, rest, _ := strings.Cut(string(content), "\n")
	if err := os.WriteFile(script, []byte(rest), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	signals := make(chan os.Signal, 2)
	switch line {
	case "wait", "ignore":
		signal.Notify(signals, syscall.SIGTERM)
	}
	fmt.Println("args", strings.Join(args, " "))
	fmt.Fprintln(os.Stderr, "plays", line)
	switch line {
	case "wait":
		<-signals
		fmt.Fprintln(os.Stderr, "bye")
		return 0
	case "ignore", "default":
		select {}
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	status, err := strconv.Atoi(line)
	if err != nil {
		return 3
	}
	return status
}

// output takes what a firmware writes and tells when a text has come.
type output struct {
	mu      sync.Mutex
	content bytes.Buffer
	wanted  string
	found   chan struct{}
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.content.Write(b)
	if o.wanted != "" && strings.Contains(o.content.String(), o.wanted) {
		o.wanted = ""
		close(o.found)
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.content.String()
}

// play runs a script. The context ends when the firmware has written cancelAt (if that is not "").
func play(t *testing.T, script []string, cancelAt string, change func(*RunOptions)) (log string, pauses []time.Duration, err error) {
	t.Helper()
	t.Setenv(scriptVariable, "1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	written := &output{wanted: cancelAt, found: make(chan struct{})}
	if cancelAt != "" {
		go func() {
			select {
			case <-written.found:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "script"), []byte(strings.Join(script, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	options := RunOptions{Binary: os.Args[0], CredentialsDir: "CREDENTIALS", DataDir: data, Endpoint: "localhost:1", Args: []string{"-log", "json"}, Stdout: written, Stderr: written}
	if change != nil {
		change(&options)
	}
	err = runner{options: options, wait: func(ctx context.Context, pause time.Duration) bool {
		pauses = append(pauses, pause)
		return ctx.Err() == nil
	}}.run(ctx)
	return written.String(), pauses, err
}

func TestFirmwareIsRestarted(t *testing.T) {
	var restarts []int
	log, pauses, err := play(t, []string{"75", "75", "75", "0", "1"}, "", func(o *RunOptions) {
		o.OnRestart = func(n int) { restarts = append(restarts, n) }
	})
	if err != nil {
		t.Error(err)
	}
	if got := strings.Count(log, "plays 75"); got != 3 || !strings.Contains(log, "plays 0") || strings.Contains(log, "plays 1\n") {
		t.Errorf("log %s", log)
	}
	if !strings.Contains(log, "args -credentials CREDENTIALS -data /") || !strings.Contains(log, " -endpoint localhost:1 -log json\n") {
		t.Errorf("arguments in %s", log)
	}
	if !slices.Equal(restarts, []int{1, 2, 3}) {
		t.Errorf("restarts %v", restarts)
	}
	if want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}; !slices.Equal(pauses, want) {
		t.Errorf("pauses %v, want %v", pauses, want)
	}
}

func TestNextPause(t *testing.T) {
	tests := []struct{ last, ran, want time.Duration }{
		{0, 0, time.Second}, {time.Second, 0, 2 * time.Second}, {16 * time.Second, 9 * time.Second, 30 * time.Second}, {30 * time.Second, 0, 30 * time.Second},
		{30 * time.Second, 10 * time.Second, 0}, {0, time.Hour, 0},
	}
	for _, test := range tests {
		if got := nextPause(test.last, test.ran); got != test.want {
			t.Errorf("after %v and a run of %v: %v, want %v", test.last, test.ran, got, test.want)
		}
	}
}

func TestFirmwareFails(t *testing.T) {
	for script, want := range map[string]string{"1": "exit status 1", "die": "signal: killed", "2": "exit status 2"} {
		_, _, err := play(t, []string{"75", script}, "", nil)
		var exit *exec.ExitError
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "\n  plays "+script) || !errors.As(err, &exit) {
			t.Errorf("%s: %v", script, err)
		}
	}
	_, _, err := play(t, nil, "", func(o *RunOptions) { o.Binary = "/nonexistent/firmware" })
	if err == nil || !strings.Contains(err.Error(), "/nonexistent/firmware") {
		t.Errorf("no firmware: %v", err)
	}
}

func TestFirmwareIsStopped(t *testing.T) {
	if log, _, err := play(t, []string{"wait"}, "plays wait", nil); err != nil || !strings.Contains(log, "bye") {
		t.Errorf("%v; log %s", err, log)
	}
	if _, _, err := play(t, []string{"ignore"}, "plays ignore", func(o *RunOptions) { o.Grace = 100 * time.Millisecond }); err == nil || !strings.Contains(err.Error(), "did not stop within 100ms") {
		t.Errorf("stubborn firmware: %v", err)
	}
	if _, _, err := play(t, []string{"default"}, "plays default", nil); err == nil || !strings.Contains(err.Error(), "signal: terminated") {
		t.Errorf("firmware that does not catch the signal: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := RunFirmware(ctx, RunOptions{Binary: os.Args[0]}); err != nil {
		t.Errorf("stopped before it started: %v", err)
	}
	if !wait(t.Context(), 0) || wait(ctx, time.Hour) {
		t.Error("the pause does not follow time and context")
	}
}

func TestTail(t *testing.T) {
	var log tail
	if got := log.String(); got != "  (none)" {
		t.Errorf("nothing: %q", got)
	}
	for i := range 30 {
		fmt.Fprintf(&log, "line %d\n", i)
	}
	fmt.Fprint(&log, "no ")
	fmt.Fprint(&log, "end")
	if got := log.String(); !strings.HasPrefix(got, "  line 10\n") || !strings.HasSuffix(got, "  line 29\n  no end") {
		t.Errorf("got %q", got)
	}
	if _, err := log.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil || len(log.String()) > 3*tailLine {
		t.Errorf("a long line: %d bytes, %v", len(log.String()), err)
	}
}
