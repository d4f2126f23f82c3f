//go:build real

package real

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what has to come. It is longer than two steps of the table of delays.
const patience = 110 * time.Second

// process is a program that runs, with what it has written.
type process struct {
	*testing.T
	name    string
	command *exec.Cmd
	ended   chan struct{} // closed when it has ended
	status  error         // then: why

	mu    sync.Mutex
	lines []string
	read  int // lines that await has passed
	news  chan struct{}
}

// start runs a program until the end of the test.
func start(t *testing.T, name, program string, args ...string) *process {
	t.Helper()
	p := &process{T: t, name: name, command: exec.Command(program, args...), ended: make(chan struct{}), news: make(chan struct{}, 1)}
	reader, writer := io.Pipe()
	p.command.Stdout, p.command.Stderr = writer, writer
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		scanner := bufio.NewScanner(reader)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			p.add(scanner.Text())
		}
		_, _ = io.Copy(io.Discard, reader) // a line that is too long must not block the program
	})
	go func() {
		p.status = p.command.Wait()
		_ = writer.Close()
		reading.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Logf("%s wrote:\n%s", name, strings.Join(p.lines, "\n"))
		}
	})
	return p
}

func (p *process) add(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, line)
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// await waits for a line that was not passed yet and of which good is true, passes it and gives it.
func (p *process) await(what string, good func(line string) bool) string {
	p.Helper()
	timeout := time.After(patience)
	ended := p.ended
	for {
		p.mu.Lock()
		if i := slices.IndexFunc(p.lines[p.read:], good); i >= 0 {
			line := p.lines[p.read+i]
			p.read += i + 1
			p.mu.Unlock()
			return line
		}
		p.mu.Unlock()
		select {
		case <-p.news:
		case <-ended:
			ended = nil // everything that it wrote is there: one more look
			select {
			case p.news <- struct{}{}:
			default:
			}
		case <-timeout:
			p.Fatalf("%s: no %s", p.name, what)
		}
		if ended == nil && len(p.news) == 0 {
			p.mu.Lock()
			rest := p.lines[p.read:]
			p.mu.Unlock()
			if !slices.ContainsFunc(rest, good) {
				p.Fatalf("%s ended (%v) without %s", p.name, p.status, what)
			}
		}
	}
}

// awaitText is await for a line that holds all the texts.
func (p *process) awaitText(texts ...string) string {
	p.Helper()
	return p.await(strings.Join(texts, " … "), func(line string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) })
	})
}

// has tells whether a line with the text was written so far.
func (p *process) has(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.lines, func(line string) bool { return strings.Contains(line, text) })
}

// terminate sends SIGTERM and gives the exit status.
func (p *process) terminate() int {
	p.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		p.Fatalf("%s: %v", p.name, err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.Fatalf("%s does not end after SIGTERM", p.name)
	}
	return p.command.ProcessState.ExitCode()
}

// kill ends the program as a power cut does.
func (p *process) kill() {
	err := p.command.Process.Kill()
	<-p.ended
	var exit *exec.ExitError
	if err == nil && p.status != nil && !errors.As(p.status, &exit) {
		p.Errorf("%s: %v", p.name, p.status)
	}
}
