package mycloud

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// maxLine bounds a line in both directions, in bytes.
const maxLine = 16 << 10

// Report sends the newest samples as one line of JSON, with the names of the Go fields.
func (b *Backend) Report(ctx context.Context, update data.Update, delivery module.Delivery) error {
	text, err := json.Marshal(update)
	if err != nil {
		return fmt.Errorf("mycloud: report: %w", err)
	}
	id := delivery.ID
	if !delivery.Acknowledged {
		id = 0
	}
	return b.send(ctx, fmt.Sprintf("report %d %s", id, text))
}

// Send sends a message of the application, which is one line of text.
func (b *Backend) Send(ctx context.Context, message cloud.Message) error {
	if message.Endpoint.Type != cloud.EndpointMsg || message.Endpoint.Name != "" || message.QoS == cloud.QoSExactlyOnce {
		return fmt.Errorf("mycloud: send to %v %q with %v: %w", message.Endpoint.Type, message.Endpoint.Name, message.QoS, cloud.ErrUnsupported)
	}
	id := message.ID
	if message.QoS == cloud.QoSAtMostOnce {
		id = 0
	}
	return b.send(ctx, fmt.Sprintf("message %d %s", id, message.Payload))
}

func (b *Backend) send(ctx context.Context, line string) error {
	if err := checkLine(line); err != nil {
		return fmt.Errorf("mycloud: %w", err)
	}
	b.mu.Lock()
	s := b.session
	if s == nil || s.conn == nil {
		b.mu.Unlock()
		return fmt.Errorf("mycloud: %w", cloud.ErrNotConnected)
	}
	conn := s.conn
	b.mu.Unlock()
	s.write.Lock()
	defer s.write.Unlock()
	if err := writeLine(ctx, conn, line); err != nil {
		// Half a line may be on its way: nothing can follow it.
		return fmt.Errorf("mycloud: %w: %w", cloud.ErrNotConnected, errors.Join(err, conn.Close()))
	}
	return nil
}

// writeLine writes a line, and ends early with ctx.
func writeLine(ctx context.Context, conn net.Conn, line string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := conn.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { ended <- conn.SetWriteDeadline(time.Unix(1, 0)) })
	_, err := io.WriteString(conn, line+"\n")
	if !stop() {
		err = errors.Join(err, <-ended, ctx.Err())
	}
	return err
}

// greet says hello on a new connection, and ends early with ctx.
func greet(ctx context.Context, conn net.Conn, lines *bufio.Scanner, id string) error {
	if err := writeLine(ctx, conn, "hello "+id); err != nil {
		return err
	}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { ended <- conn.SetReadDeadline(time.Unix(1, 0)) })
	answered := lines.Scan()
	if !stop() {
		return errors.Join(ctx.Err(), <-ended)
	}
	switch reason, refused := strings.CutPrefix(lines.Text(), "refused "); {
	case !answered:
		return fmt.Errorf("the server has closed the connection: %w", errors.Join(io.ErrUnexpectedEOF, lines.Err()))
	case refused:
		return fmt.Errorf("the server refuses this device: %q", reason)
	case lines.Text() != "welcome":
		return fmt.Errorf("the server answers %q, and not welcome", lines.Text())
	}
	return nil
}

// parse reads a line of the server.
func parse(line string) (data.Received, error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "ack":
		id, err := strconv.ParseUint(rest, 10, 16)
		if err != nil || id == 0 {
			return nil, fmt.Errorf("%q acknowledges no message", line)
		}
		return data.Acknowledged{ID: uint16(id)}, nil
	case "command":
		return data.CommandReceived{Source: word, Payload: []byte(rest)}, nil
	}
	return nil, fmt.Errorf("%q is not a line of this protocol", line)
}

// checkLine tells whether a text can be a line.
func checkLine(line string) error {
	switch {
	case len(line) >= maxLine:
		return fmt.Errorf("a line of %d bytes: less than %d are possible", len(line), maxLine)
	case !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl):
		return errors.New("a line is UTF-8 text without control characters")
	}
	return nil
}
