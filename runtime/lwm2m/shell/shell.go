// Package shell is a debug console for an LwM2M client: commands line by line on a reader, answers on a writer, as Zephyr's LwM2M shell has
// them. It is for desks and test rigs: it shows keys to whoever asks for them.
//
// A command stands with or without the prefix "lwm2m". Its answer is any number of lines and then one that says how it ended:
//
//	lwm2m read 3/0/9 -u8
//	90
//	= 0
//
// 0 is success, everything else the negative number of an error of Linux (Errno). No line of an answer but the last one begins with "= "; one
// that begins with "# " says what is wrong. A value that would break its line, or that begins with a double quote or either of these marks, is
// shown in double quotes, with escapes as in Go. Empty lines are not answered.
package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/reporting"
)

// Store is the objects of the client: a tree.Tree is one.
type Store interface {
	lwm2m.Store
	Definition(object uint16) (*lwm2m.Definition, bool)
}

// Engine is the client behind the objects. Its methods are called by one goroutine. An error that is an Errno, or wraps one, is answered
// with it; an *lwm2m.Error with the Errno of its status; the end of the context with -ETIMEDOUT; all others with -EIO.
type Engine interface {
	// Start begins to register as the endpoint, after a bootstrap if that is wanted. It does not wait for the outcome.
	Start(endpoint string, bootstrap bool) error
	// Stop de-registers. It does not wait for the outcome.
	Stop() error
	// Update sends an update of the registration. It does not wait for the outcome.
	Update() error
	// Pause stops all traffic until Resume.
	Pause() error
	Resume() error
	// Send sends the values at the paths to the server and waits until it has taken them.
	Send(ctx context.Context, paths ...lwm2m.Path) error
	// Execute runs an executable resource as if a server had asked for it.
	Execute(path lwm2m.Path, arguments []lwm2m.Argument) error
	// Observations lists what servers observe.
	Observations() []reporting.Observation
}

// Config is what the options say, and bounds.
type Config struct {
	ManualStart bool `kconfig:"LWM2M_SHELL_MANUAL_START"` // the client waits for the command start

	MaxLine int           // longest line in bytes, without its end; 0 stands for 4096
	Timeout time.Duration // longest time that a Send is waited for; 0 stands for 100 s, which is longer than CoAP tries
}

// Shell reads commands and answers them.
type Shell struct{ config Config }

// New makes a Shell. Nothing is read before Run.
func New(config Config) (*Shell, error) {
	if config.MaxLine <= 0 {
		config.MaxLine = 4096
	}
	if config.Timeout <= 0 {
		config.Timeout = 100 * time.Second
	}
	return &Shell{config: config}, nil
}

// ManualStart tells whether the client waits for the command start.
func (s *Shell) ManualStart() bool { return s.config.ManualStart }

// session is one Run.
type session struct {
	*Shell
	store  Store
	engine Engine
}

// line is a line that was read, or why there are no more.
type line struct {
	text string
	err  error
}

var errLineTooLong = errors.New("the line is too long")

// Run answers commands until the input ends or the context does, which is no error; the error is that of the input or of the output. A
// command that waits is ended with the context too.
//
// The input is read by a goroutine that Run starts. When the context ends first, the input is closed if it can be; if its Read does not
// return even so, as that of a terminal, the goroutine stays in it until it does, and then ends without a further read.
func (s *Shell) Run(ctx context.Context, store Store, engine Engine, input io.Reader, output io.Writer) error {
	return session{s, store, engine}.run(ctx, input, output)
}

// run is Run.
func (s session) run(ctx context.Context, input io.Reader, output io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := make(chan line)
	go s.read(ctx, input, lines)
	for {
		select {
		case <-ctx.Done():
			if closer, can := input.(io.Closer); can {
				_ = closer.Close() // only to end the Read
			}
			return nil
		case l := <-lines:
			switch {
			case errors.Is(l.err, io.EOF):
				return nil
			case l.err != nil && !errors.Is(l.err, errLineTooLong):
				return fmt.Errorf("LwM2M shell: reading commands: %w", l.err)
			}
			answer := s.answer(ctx, l)
			if len(answer) == 0 {
				continue
			}
			if _, err := output.Write(answer); err != nil {
				return fmt.Errorf("LwM2M shell: writing an answer: %w", err)
			}
		}
	}
}

// read hands the lines of the input out, one at a time.
func (s session) read(ctx context.Context, input io.Reader, lines chan<- line) {
	reader := bufio.NewReaderSize(input, s.config.MaxLine+2) // and its end, \r\n
	for {
		var l line
		raw, err := reader.ReadSlice('\n')
		l.text = strings.TrimRight(string(raw), "\r\n")
		for errors.Is(err, bufio.ErrBufferFull) {
			l = line{err: errLineTooLong}
			_, err = reader.ReadSlice('\n')
		}
		switch {
		case err != nil && l.text == "" && l.err == nil:
			l.err = err
		case len(l.text) > s.config.MaxLine:
			l = line{err: errLineTooLong}
		}
		select {
		case lines <- l:
		case <-ctx.Done():
			return
		}
		if l.err != nil && !errors.Is(l.err, errLineTooLong) {
			return
		}
	}
}

// answer is the whole answer to a line: nothing if the line is empty.
func (s session) answer(ctx context.Context, l line) []byte {
	var out answer
	err := l.err
	if err == nil {
		var words []word
		if words, err = split(l.text); err == nil {
			if len(words) == 0 {
				return nil
			}
			if words[0].text == "lwm2m" {
				words = words[1:]
			}
			err = s.command(ctx, &out, l.text, words)
		}
	}
	if err != nil {
		out.text = fmt.Appendf(out.text, "# %s\n", printable(err.Error()))
	}
	return fmt.Appendf(out.text, "= %d\n", codeOf(err))
}

// answer collects the lines of an answer.
type answer struct{ text []byte }

// line adds a line. One that would look like the end of the answer, or like what went wrong, is quoted.
func (a *answer) line(text string) {
	if strings.HasPrefix(text, "= ") || strings.HasPrefix(text, "# ") {
		text = quoted(text)
	}
	a.text = append(append(a.text, text...), '\n')
}
