package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/lab"
)

// longestPayload is how much of a message is shown, in bytes.
const longestPayload = 200

// screen shows what several sources tell, whole lines at a time, each with its source in front.
type screen struct {
	mu     sync.Mutex
	writer io.Writer
}

func newScreen(w io.Writer) *screen { return &screen{writer: w} }

func (s *screen) line(source, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.writer, "%-6s | %s\n", source, text)
}

// lines gives a writer that shows each line that is written to it.
func (s *screen) lines(source string) io.Writer { return &lineWriter{screen: s, source: source} }

type lineWriter struct {
	screen  *screen
	source  string
	partial []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	w.partial = append(w.partial, data...)
	for {
		line, rest, complete := bytes.Cut(w.partial, []byte("\n"))
		if !complete {
			return len(data), nil
		}
		w.screen.line(w.source, string(line))
		w.partial = rest
	}
}

// cloudEvent shows an event of the local cloud.
func (s *screen) cloudEvent(event lab.Event) {
	words := []string{event.Time.Format("15:04:05.000"), event.Kind}
	if event.Client == "" {
		words = append(words, event.Remote)
	}
	for _, word := range []string{event.Client, event.Topic, event.Detail} {
		if word != "" {
			words = append(words, word)
		}
	}
	if len(event.Payload) > 0 {
		words = append(words, readable(event.Payload))
	}
	if event.Err != nil {
		words = append(words, event.Err.Error())
	}
	if event.Missed > 0 {
		words = append(words, fmt.Sprintf("(%d events before this one were not shown)", event.Missed))
	}
	s.line("cloud", strings.Join(words, " "))
}

// readable shows a payload as text, or its size where it is none.
func readable(payload []byte) string {
	shown := payload
	if len(shown) > longestPayload {
		shown = shown[:longestPayload]
		for len(shown) > 0 && !utf8.RuneStart(payload[len(shown)]) {
			shown = shown[:len(shown)-1]
		}
	}
	if !utf8.Valid(shown) || bytes.ContainsFunc(shown, unicode.IsControl) {
		return fmt.Sprintf("(%d bytes)", len(payload))
	}
	if len(shown) < len(payload) {
		return fmt.Sprintf("%s… (%d bytes)", shown, len(payload))
	}
	return string(shown)
}
