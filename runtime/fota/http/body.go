package http

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errCut is that the connection ended inside of a message.
var errCut = errors.New("the connection ended in the middle of a response")

// body reads the body of one response. It gives io.EOF at the end that the framing says, and errCut at any other.
type body struct {
	in      *bufio.Reader
	chunked bool
	left    int64 // of the body, or of the chunk; -1: up to the end of the connection
	begun   bool  // a chunk has come before
	done    bool
}

func newBody(in *bufio.Reader, h *head) *body {
	switch {
	case h.bodyless():
		return &body{in: in, done: true}
	case h.chunked:
		return &body{in: in, chunked: true}
	}
	return &body{in: in, left: h.length, done: h.length == 0}
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.chunked && b.left == 0 && !b.done {
		if err := b.nextChunk(); err != nil {
			return 0, err
		}
	}
	if b.done {
		return 0, io.EOF
	}
	if b.left >= 0 {
		p = p[:min(int64(len(p)), b.left)]
	}
	n, err := b.in.Read(p)
	if b.left < 0 {
		b.done = errors.Is(err, io.EOF)
		return n, err
	}
	b.left -= int64(n)
	b.done = b.left == 0 && !b.chunked
	if n > 0 {
		return n, nil // the error comes again
	}
	return 0, cut(err)
}

// nextChunk reads the line before a chunk, and after the last one the trailers (RFC 9112, 7.1). Extensions and trailers mean nothing here.
func (b *body) nextChunk() error {
	if b.begun {
		if line, err := readLine(b.in, 2); err != nil || line != "" {
			return errors.Join(errors.New("a chunk does not end where it says"), err)
		}
	}
	b.begun = true
	line, err := readLine(b.in, maxChunkLine)
	if err != nil {
		return err
	}
	digits, _, _ := strings.Cut(line, ";")
	if b.left, err = hexadecimal(strings.TrimRight(digits, " \t")); err != nil {
		return err
	}
	if b.left > 0 {
		return nil
	}
	b.done = true
	for range maxFields {
		if line, err = readLine(b.in, maxChunkLine); err != nil || line == "" {
			return err
		}
	}
	return fmt.Errorf("it has more than %d trailers", maxFields)
}

const maxChunkLine = 1 << 10 // bytes

// hexadecimal reads the size of a chunk.
func hexadecimal(text string) (int64, error) {
	if text == "" || len(text) > 15 {
		return 0, fmt.Errorf("%.20q is no size of a chunk", text)
	}
	var n int64
	for _, b := range []byte(text) {
		digit := strings.IndexByte("0123456789abcdef", b|0x20)
		if digit < 0 || b < '0' {
			return 0, fmt.Errorf("%.20q is no size of a chunk", text)
		}
		n = n<<4 | int64(digit)
	}
	return n, nil
}

// readLine reads up to CRLF, which is not in the result and counts to most.
func readLine(in *bufio.Reader, most int) (string, error) {
	var line []byte
	for {
		b, err := in.ReadByte()
		if err != nil {
			return "", cut(err)
		}
		line = append(line, b)
		if n := len(line); b == '\n' {
			if n < 2 || line[n-2] != '\r' {
				return "", errors.New("a line ends without CR")
			}
			return string(line[:n-2]), nil
		}
		if len(line) >= most {
			return "", fmt.Errorf("a line has more than %d bytes", most)
		}
	}
}

// readHead reads a head raw, up to and with the empty line.
func readHead(in *bufio.Reader) (string, error) {
	var raw []byte
	for {
		b, err := in.ReadByte()
		if err != nil {
			if len(raw) == 0 && errors.Is(err, io.EOF) {
				return "", io.EOF
			}
			return "", cut(err)
		}
		raw = append(raw, b)
		if b == '\n' && len(raw) >= 4 && string(raw[len(raw)-4:]) == "\r\n\r\n" {
			return string(raw), nil
		}
		if len(raw) == maxHead {
			return "", fmt.Errorf("its head has more than %d bytes", maxHead)
		}
	}
}

func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return errCut
	}
	return err
}
