//go:build real

package awssdk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what has to come. An operation of the SDK gives up after 60 s.
const patience = 70 * time.Second

// driver is a Node program that carries out calls of the SDKs.
type driver struct {
	*testing.T
	input io.WriteCloser
	ended chan struct{} // closed when its output has ended

	mu      sync.Mutex
	next    int
	answers map[int]chan answer
	events  []event
	lines   []string      // all that it wrote, for the log of a test that fails
	news    chan struct{} // closed and made anew with each event
}

type answer struct {
	Result json.RawMessage
	Err    *sdkError
}

// event is something that an SDK said by itself.
type event struct {
	Event string          `json:"event"` // name, as the SDK has it
	Of    string          `json:"of"`    // the client, or the method that made the stream
	Data  json.RawMessage `json:"data"`
}

// sdkError is an error that a call of an SDK ended with.
type sdkError struct {
	Name    string          `json:"name"`
	Message string          `json:"message"`
	CRT     string          `json:"error_name"` // of aws-crt
	Modeled json.RawMessage `json:"modeledError"`
	Inner   *sdkError       `json:"internalError"`
	Status  int             `json:"status"` // of HTTP
}

func (e *sdkError) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", e.Name, e.Message, e.CRT, e.Modeled))
	if e.Inner != nil {
		text += " (" + e.Inner.Error() + ")"
	}
	return text
}

// newDriver starts one, until the end of the test. It trusts the certificate authority of the file, for HTTPS; "": those of Node.
func newDriver(t *testing.T, authority string) *driver {
	t.Helper()
	d := &driver{T: t, ended: make(chan struct{}), answers: map[int]chan answer{}, news: make(chan struct{})}
	command := exec.Command(installed.node, installed.driver)
	command.Env = append(os.Environ(), "NODE_PATH="+installed.packages, "NODE_EXTRA_CA_CERTS="+authority)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	input, err := command.StdinPipe()
	check(t, err)
	output, err := command.StdoutPipe()
	check(t, err)
	check(t, command.Start())
	d.input = input
	go func() {
		defer close(d.ended)
		scanner := bufio.NewScanner(output)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			d.line(scanner.Bytes())
		}
		_, _ = io.Copy(io.Discard, output) // after a line that is too long
	}()
	t.Cleanup(func() {
		_ = input.Close() // it ends when its input does
		timer := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
		<-d.ended
		err := command.Wait()
		timer.Stop()
		if err != nil {
			t.Errorf("node: %v", err)
		}
		if t.Failed() {
			t.Logf("node wrote:\n%s\n%s", strings.Join(d.lines, "\n"), complaints.String())
		}
	})
	return d
}

// line takes a line of the program's output.
func (d *driver) line(text []byte) {
	var l struct {
		ID     int             `json:"id"`
		Result json.RawMessage `json:"result"`
		Error  *sdkError       `json:"error"`
		event
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, string(text))
	if json.Unmarshal(text, &l) != nil {
		return // the SDK's own words
	}
	if l.Event != "" {
		d.events = append(d.events, l.event)
		close(d.news)
		d.news = make(chan struct{})
		return
	}
	if c, ok := d.answers[l.ID]; ok {
		delete(d.answers, l.ID)
		c <- answer{Result: l.Result, Err: l.Error}
	}
}

// begin starts a call.
func (d *driver) begin(call string, with any) chan answer {
	d.Helper()
	d.mu.Lock()
	d.next++
	id, c := d.next, make(chan answer, 1)
	d.answers[id] = c
	d.mu.Unlock()
	text, err := json.Marshal(map[string]any{"id": id, "call": call, "with": with})
	check(d.T, err)
	_, err = d.input.Write(append(text, '\n'))
	check(d.T, err)
	return c
}

// finish waits for the answer of a call.
func (d *driver) finish(call string, c chan answer) (json.RawMessage, *sdkError) {
	d.Helper()
	select {
	case a := <-c:
		return a.Result, a.Err
	case <-d.ended:
		d.Fatalf("node ended in the call %s", call)
	case <-time.After(patience):
		d.Fatalf("no answer to the call %s", call)
	}
	return nil, nil
}

// try makes a call and gives its result or error.
func (d *driver) try(call string, with any) (json.RawMessage, *sdkError) {
	d.Helper()
	return d.finish(call, d.begin(call, with))
}

// call makes a call that has to succeed.
func (d *driver) call(call string, with any) json.RawMessage {
	d.Helper()
	result, err := d.try(call, with)
	if err != nil {
		d.Fatalf("%s: %v", call, err)
	}
	return result
}

// mark gives the present end of the events, for await.
func (d *driver) mark() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.events)
}

// await waits for an event after a mark, of which the members at the paths have these JSON values.
func (d *driver) await(mark int, name, of string, members ...member) event {
	d.Helper()
	timeout := time.After(patience)
	for {
		d.mu.Lock()
		events, news := d.events[mark:], d.news
		d.mu.Unlock()
		if i := slices.IndexFunc(events, func(e event) bool { return e.Event == name && e.Of == of && all(e.Data, members) }); i >= 0 {
			return events[i]
		}
		select {
		case <-news:
		case <-d.ended:
			d.Fatalf("node ended without the event %s of %s", name, of)
		case <-timeout:
			d.Fatalf("no event %s of %s with %v", name, of, members)
		}
	}
}

// count tells how many such events have come so far.
func (d *driver) count(name, of string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, e := range d.events {
		if e.Event == name && e.Of == of {
			n++
		}
	}
	return n
}
