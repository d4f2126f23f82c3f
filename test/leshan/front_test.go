//go:build real

package leshan

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// front is the HTTP front of a Leshan server.
type front struct {
	base string

	mu     sync.Mutex
	events []event
	raw    bytes.Buffer  // the same as they came, a line each
	news   chan struct{} // closed and replaced with each event
}

// event is something that a server saw, in the order in which it saw it. Which fields are set depends on the kind.
type event struct {
	N        int    // place in the log, from 1
	Kind     string // coap, registered, updated, deregistered, observation, notification, send, handshake, bs-…
	Endpoint string
	At       int64 // µs of the server's clock

	message          // kind coap
	Direction string // in or out, as the server sees it
	Peer      string

	Registration registration
	Changed      struct { // by an update
		Lifetime *int64
		Binding  *string
		Links    []string
	}
	Observation string
	Paths       []string
	Response    response
	Parts       []struct { // of a Send
		Time   *int64 // ms
		Values map[string]value
	}
	Suite, CID, Identity string // of a handshake
	Resumed              bool
	Op, Error            string
}

// message is a CoAP message.
type message struct {
	Type, Token, Path, Query, Location string
	Code                               int // 205 is 2.05
	Mid                                int
	Format, Accept, Observe            *int
	Block1, Block2                     string
	Payload                            string // hexadecimal
}

// response is the answer to a request, or why there is none.
type response struct {
	message
	Failure     string // timeout, sleeping, or an error of the server
	Error       string // diagnostic payload
	Values      map[string]value
	Links       []string
	Observation string
}

// value is a value as Leshan has decoded it. Opaque is in hexadecimal, time in seconds.
type value struct{ Type, Text string }

type registration struct {
	ID, Endpoint, Address, Version, Binding, Root string
	Lifetime                                      int64
	Queue                                         bool
	Links                                         []string
	Objects                                       map[string]string // version by object
}

// server is a Leshan server of the run, with its ports.
type server struct {
	*front
	program     *program
	coap, coaps string
	reading     sync.WaitGroup
	stream      io.Closer
}

// startServer runs the front of the given class until close.
func startServer(class, classPath string, args ...string) (*server, error) {
	p, words, err := java(class, classPath, args...)
	if err != nil {
		return nil, err
	}
	if len(words) != 3 {
		p.kill()
		return nil, fmt.Errorf("%s: READY %q", class, words)
	}
	f := &front{base: "http://127.0.0.1:" + words[0], news: make(chan struct{})}
	answer, err := http.Get(f.base + "/events")
	if err != nil {
		p.kill()
		return nil, err
	}
	s := &server{front: f, program: p, coap: words[1], coaps: words[2], stream: answer.Body}
	s.reading.Go(func() { f.follow(answer.Body) })
	return s, nil
}

// close ends the server and writes what it has said to a file, and its events beside it.
func (s *server) close(folder string) error {
	s.program.kill()
	s.stream.Close()
	s.reading.Wait()
	if err := os.WriteFile(filepath.Join(folder, s.program.name+".log"), []byte(s.program.text()), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, s.program.name+".events"), s.raw.Bytes(), 0o600)
}

func (f *front) follow(stream io.Reader) {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			e = event{Kind: "unreadable", Error: fmt.Sprintf("%v: %s", err, lines.Bytes())}
		}
		f.mu.Lock()
		f.events = append(f.events, e)
		f.raw.Write(lines.Bytes())
		f.raw.WriteByte('\n')
		close(f.news)
		f.news = make(chan struct{})
		f.mu.Unlock()
	}
}

// now is the place in the log after all events so far.
func (f *front) now() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.events)
}

// since gives the events after a place in the log.
func (f *front) since(after int) []event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events[after:])
}

// await waits for an event after a place in the log that is good.
func (f *front) await(t testing.TB, after int, limit time.Duration, what string, good func(event) bool) event {
	t.Helper()
	timeout := time.After(limit)
	for {
		f.mu.Lock()
		fresh, news := f.events[after:], f.news
		f.mu.Unlock()
		for _, e := range fresh {
			if good(e) {
				return e
			}
		}
		after += len(fresh)
		select {
		case <-news:
		case <-timeout:
			t.Fatalf("no %s within %s", what, limit)
		}
	}
}

// post calls the front.
func (f *front) post(t testing.TB, path string, body, answer any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.Post(f.base+path, "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	var result json.RawMessage
	if err := json.NewDecoder(reply.Body).Decode(&result); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if reply.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s", path, text, result)
	}
	if answer != nil {
		if err := json.Unmarshal(result, answer); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}

// security lets an endpoint in with a pre-shared key.
func (f *front) security(t testing.TB, endpoint, identity string, key []byte) {
	t.Helper()
	f.post(t, "/security", map[string]string{"endpoint": endpoint, "identity": identity, "key": fmt.Sprintf("%x", key)}, nil)
}
