package lab

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// statusReboot is the exit status with which the firmware asks to be started again.
	statusReboot = 75
	// steady is how long a firmware has to run for its next restart to come at once.
	steady = 10 * time.Second
	// longestPause is the longest time between the end of a firmware and its restart.
	longestPause = 30 * time.Second
	// tailLines and tailLine bound what is kept of a firmware's log for the error that its end may become.
	tailLines = 20
	tailLine  = 4 << 10
)

// RunOptions say which firmware to run. Binary, CredentialsDir and DataDir are required.
type RunOptions struct {
	Binary         string
	Endpoint       string // HOST:PORT; "": the host that is compiled in
	CredentialsDir string
	DataDir        string
	Args           []string // further arguments
	Stdout, Stderr io.Writer
	OnRestart      func(n int)   // called before the n-th restart, which is after the pause
	Grace          time.Duration // from SIGTERM to SIGKILL; 0: 15 s
}

// RunFirmware runs a firmware as its supervisor does on a device: it starts it again when it asks for that (exit status 75), at once if it
// ran for a while and else after pauses that grow from 1 to 30 seconds. When the context ends it sends SIGTERM, waits, and after Grace kills.
//
// It returns nil if the firmware ended with status 0. Any other end is an error with the last lines of its log.
func RunFirmware(ctx context.Context, options RunOptions) error {
	return runner{options: options, wait: wait}.run(ctx)
}

// runner is RunFirmware with a clock for its pauses.
type runner struct {
	options RunOptions
	wait    func(ctx context.Context, pause time.Duration) bool // false if the context ended first
}

func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (r runner) run(ctx context.Context) error {
	var pause time.Duration
	for restarts := 1; ; restarts++ {
		started := time.Now()
		err := r.once(ctx)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != statusReboot {
			return err
		}
		pause = nextPause(pause, time.Since(started))
		if !r.wait(ctx, pause) {
			return nil
		}
		if r.options.OnRestart != nil {
			r.options.OnRestart(restarts)
		}
	}
}

// nextPause gives the time before a restart, from the last one and from how long the firmware ran since.
func nextPause(last, ran time.Duration) time.Duration {
	switch {
	case ran >= steady:
		return 0
	case last == 0:
		return time.Second
	default:
		return min(2*last, longestPause)
	}
}

// once runs the firmware to its end. Its error is nil for status 0 and wraps an *exec.ExitError for any other.
func (r runner) once(ctx context.Context) error {
	args := []string{"-credentials", r.options.CredentialsDir, "-data", r.options.DataDir}
	if r.options.Endpoint != "" {
		args = append(args, "-endpoint", r.options.Endpoint)
	}
	grace := cmp.Or(r.options.Grace, 15*time.Second)
	last := &tail{}
	var output sync.Mutex // both writers may be one
	// CommandContext sends the signal and kills after WaitDelay: nothing of the process or its pipes is left when Run returns.
	command := exec.CommandContext(ctx, r.options.Binary, append(args, r.options.Args...)...)
	command.Stdout = &shared{mu: &output, writers: []io.Writer{r.options.Stdout}}
	command.Stderr = &shared{mu: &output, writers: []io.Writer{last, r.options.Stderr}}
	command.SysProcAttr = ownGroup()
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = grace
	err := command.Run()
	status := -1
	if command.ProcessState != nil {
		status = command.ProcessState.ExitCode()
	}
	var exit *exec.ExitError
	switch {
	case status == 0 || err == nil, status == statusReboot && ctx.Err() != nil:
		return nil // also if the context ended: the firmware shut down as it should
	case command.ProcessState == nil && ctx.Err() != nil:
		return nil // told to stop before it started
	case command.ProcessState == nil:
		return fmt.Errorf("starting the firmware: %w", err)
	case ctx.Err() != nil && command.ProcessState.String() == "signal: killed":
		return fmt.Errorf("the firmware did not stop within %v of SIGTERM and was killed; its last lines:\n%s", grace, last)
	case errors.As(err, &exit):
		return fmt.Errorf("the firmware ended with %w; its last lines:\n%s", err, last)
	default:
		return fmt.Errorf("running the firmware (%s): %w; its last lines:\n%s", command.ProcessState, err, last)
	}
}

// shared writes to several writers under one lock. nil writers are left out.
type shared struct {
	mu      *sync.Mutex
	writers []io.Writer
}

func (s *shared) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.writers {
		if w == nil {
			continue
		}
		if n, err := w.Write(b); err != nil {
			return n, err
		}
	}
	return len(b), nil
}

// tail keeps the last lines of what is written to it.
type tail struct {
	lines   []string
	partial []byte
}

func (t *tail) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		line, after, complete := bytes.Cut(rest, []byte("\n"))
		t.partial = append(t.partial, line[:min(len(line), tailLine-len(t.partial))]...)
		if complete {
			t.lines = append(t.lines, string(t.partial))
			t.lines = t.lines[max(0, len(t.lines)-tailLines):]
			t.partial = t.partial[:0]
		}
		rest = after
	}
	return len(b), nil
}

func (t *tail) String() string {
	lines := t.lines
	if len(t.partial) > 0 {
		lines = append(lines[:len(lines):len(lines)], string(t.partial))
	}
	if len(lines) == 0 {
		return "  (none)"
	}
	return "  " + strings.Join(lines, "\n  ")
}
