//go:build real

package leshan

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

// program is a process that talks on its standard input and output, and logs on standard error.
type program struct {
	name    string
	command *exec.Cmd
	input   io.WriteCloser
	answers chan string   // lines of standard output
	ended   chan struct{} // closed when it has ended

	mu  sync.Mutex
	log []string // both outputs and what was said to it
}

// launch starts a program in a folder; the empty one is the test's.
func launch(folder, name, path string, args ...string) (*program, error) {
	p := &program{name: name, command: exec.Command(path, args...), answers: make(chan string, 1000), ended: make(chan struct{})}
	p.command.Dir = folder
	input, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.input = input
	outputs := [2]*io.PipeReader{}
	writers := [2]*io.PipeWriter{}
	for i := range outputs {
		outputs[i], writers[i] = io.Pipe()
	}
	p.command.Stdout, p.command.Stderr = writers[0], writers[1]
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	var reading sync.WaitGroup
	reading.Go(func() { p.read(outputs[0], p.answers) })
	reading.Go(func() { p.read(outputs[1], nil) })
	go func() {
		_ = p.command.Wait()
		for _, w := range writers {
			_ = w.Close()
		}
		reading.Wait()
		close(p.answers)
		close(p.ended)
	}()
	return p, nil
}

// start runs a program until the end of the test. What it wrote is shown if the test has failed.
func start(t testing.TB, folder, name, path string, args ...string) *program {
	t.Helper()
	p, err := launch(folder, name, path, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s:\n%s", name, p.text())
		}
	})
	return p
}

// read logs the lines of an output and hands them on, if somebody wants them.
func (p *program) read(output io.Reader, to chan<- string) {
	scanner := bufio.NewScanner(output)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		p.note(scanner.Text())
		if to == nil {
			continue
		}
		select {
		case to <- scanner.Text():
		default: // nobody reads them
		}
	}
	_, _ = io.Copy(io.Discard, output) // a line that is too long must not block the program
}

func (p *program) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, time.Now().Format("05.000 ")+line)
}

// text is the last of what was written and said.
func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log[max(0, len(p.log)-500):], "\n")
}

// count is in how many lines a text is.
func (p *program) count(text string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.log {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// line waits for the next line of standard output.
func (p *program) line() (string, error) {
	select {
	case line, ok := <-p.answers:
		if !ok {
			return "", fmt.Errorf("%s has ended", p.name)
		}
		return line, nil
	case <-time.After(patience):
		return "", fmt.Errorf("%s has said nothing for %s", p.name, patience)
	}
}

// say writes a line to standard input.
func (p *program) say(line string) error {
	p.note("> " + line)
	_, err := io.WriteString(p.input, line+"\n")
	return err
}

// kill ends the program as a power cut does.
func (p *program) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// java starts a class and gives it with the words of its line READY.
func java(class, classPath string, args ...string) (*program, []string, error) {
	args = append([]string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classPath, class}, args...)
	p, err := launch("", class, "java", args...)
	if err != nil {
		return nil, nil, err
	}
	for {
		line, err := p.line()
		if err != nil {
			p.kill()
			return nil, nil, fmt.Errorf("%w:\n%s", err, p.text())
		}
		if words := strings.Fields(line); len(words) > 0 && words[0] == "READY" {
			return p, words[1:], nil
		}
	}
}
