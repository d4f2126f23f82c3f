package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// rest is how long a program is left alone before it counts as idle.
const rest = 5 * time.Second

// patience is how long a program may take for one thing.
const patience = time.Minute

// process is a program that runs. Its owner calls end.
type process struct {
	command  *exec.Cmd
	began    time.Time
	cancel   context.CancelFunc
	output   *os.File // what it says on both streams
	lines    *bufio.Reader
	draining sync.WaitGroup
}

func launch(ctx context.Context, program string, args ...string) (*process, error) {
	output, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &process{command: exec.CommandContext(ctx, program, args...), cancel: cancel, output: output, lines: bufio.NewReader(output)}
	p.command.Stdout, p.command.Stderr = input, input
	p.began = time.Now()
	err = p.command.Start()
	input.Close()
	if err != nil {
		cancel()
		output.Close()
		return nil, err
	}
	return p, nil
}

// await reads until a line has the text, and gives that line and how long after the program's start it came. All that comes later is thrown away,
// so that the program never waits for a reader.
func (p *process) await(text string) (string, time.Duration, error) {
	if err := p.output.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", 0, err
	}
	said := ""
	for {
		line, err := p.lines.ReadString('\n')
		if strings.Contains(line, text) {
			after := time.Since(p.began)
			p.draining.Go(func() { _, _ = io.Copy(io.Discard, p.lines) })
			return line, after, p.output.SetReadDeadline(time.Time{})
		}
		said += line
		if err != nil {
			return "", 0, fmt.Errorf("%s has not said %q: %w\n%s", p.command.Path, text, err, said)
		}
	}
}

// end ends the program with a signal, and kills it if it does not listen.
func (p *process) end(signal os.Signal) error {
	err := p.command.Process.Signal(signal)
	kill := time.AfterFunc(patience, p.cancel)
	waited := p.command.Wait()
	kill.Stop()
	p.cancel()
	_ = p.output.SetReadDeadline(time.Now()) // its children may hold the pipe open
	p.draining.Wait()
	p.output.Close()
	if _, exited := errors.AsType[*exec.ExitError](waited); exited || errors.Is(err, os.ErrProcessDone) {
		return nil // on purpose
	}
	return errors.Join(err, waited)
}

// resident gives the resident memory in bytes.
func (p *process) resident() (int64, error) {
	status, err := os.ReadFile(p.file("status"))
	if err != nil {
		return 0, err
	}
	match := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if match == nil {
		return 0, fmt.Errorf("no VmRSS in the status of %s", p.command.Path)
	}
	kilobytes, err := strconv.ParseInt(string(match[1]), 10, 64)
	return kilobytes * 1024, err
}

// used gives the time that the program has had on processors, in user and system mode: proc_pid_stat(5), fields 14 and 15.
func (p *process) used() (time.Duration, error) {
	content, err := os.ReadFile(p.file("stat"))
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(content), ") ") // the name of the program may have blanks
	fields := strings.Fields(rest)
	if !found || len(fields) < 13 {
		return 0, fmt.Errorf("the stat of %s cannot be read: %q", p.command.Path, content)
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	const tick = 10 * time.Millisecond // USER_HZ, which is 100 on all that Go runs on
	return time.Duration(ticks) * tick, nil
}

func (p *process) file(name string) string {
	return filepath.Join("/proc", strconv.Itoa(p.command.Process.Pid), name)
}

// wait lets time pass. Nothing here is right because of it: it is what is measured, or lets a machine come to rest.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// started gives how long a program takes from its start until it says a text, then ends it.
func started(ctx context.Context, text string, signal syscall.Signal, program string, args ...string) (time.Duration, error) {
	p, err := launch(ctx, program, args...)
	if err != nil {
		return 0, err
	}
	_, after, err := p.await(text)
	return after, errors.Join(err, p.end(signal))
}
