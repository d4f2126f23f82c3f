package mycloud

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// server takes one connection, and gives its lines.
type server struct {
	listener net.Listener
	conns    chan net.Conn
}

func serve(t *testing.T) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{listener, make(chan net.Conn, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := listener.Accept(); err == nil {
			s.conns <- conn
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close() // Accept may have ended by itself
		<-done
	})
	return s
}

type device struct {
	backend  *Backend
	events   chan cloud.Event
	received chan data.Received
}

func start(t *testing.T, s *server) *device {
	t.Helper()
	d := &device{events: make(chan cloud.Event, 10), received: make(chan data.Received, 10)}
	var err error
	d.backend, err = New(Config{ConnectTimeout: time.Minute}, module.Device{
		ID:       func(context.Context) (string, error) { return "device-1", nil },
		Endpoint: s.listener.Addr().String(),
	})
	if err != nil {
		t.Fatal(err)
	}
	d.backend.Bind(func(received data.Received) { d.received <- received })
	if err := d.backend.Init(t.Context(), func(_ cloud.Backend, event cloud.Event, _ any) { d.events <- event }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.backend.Uninit(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// meet connects: the server wants this hello, and gives this answer.
func meet(t *testing.T, s *server, d *device, answer string) (conn net.Conn, lines *bufio.Reader, result cloud.ConnectResult, err error) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		result, err = d.backend.Connect(t.Context())
	}()
	conn = <-s.conns
	t.Cleanup(func() { _ = conn.Close() }) // the test may have closed it
	lines = bufio.NewReader(conn)
	if got := line(t, lines); got != "hello device-1" {
		t.Errorf("the device says %q", got)
	}
	fmt.Fprintln(conn, answer)
	<-done
	return conn, lines, result, err
}

func line(t *testing.T, from *bufio.Reader) string {
	t.Helper()
	text, err := from.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(text, "\n")
}

func TestConversation(t *testing.T) {
	s := serve(t)
	d := start(t, s)
	conn, lines, result, err := meet(t, s, d, "welcome")
	if result != cloud.ConnectSuccess || err != nil {
		t.Fatal(result, err)
	}
	if one, two := <-d.events, <-d.events; one.Type != cloud.EventConnected || two.Type != cloud.EventReady {
		t.Errorf("events %v, %v", one, two)
	}
	if result, err := d.backend.Connect(t.Context()); result != cloud.ConnectErrAlreadyConnected || err == nil {
		t.Errorf("a second connection: %v, %v", result, err)
	}
	if err := d.backend.Report(t.Context(), data.Update{Battery: &data.Battery{Percent: 80}}, module.Delivery{ID: 7, Acknowledged: true}); err != nil {
		t.Fatal(err)
	}
	if got := line(t, lines); !strings.HasPrefix(got, "report 7 {") || !strings.Contains(got, `"Percent":80`) {
		t.Errorf("the report is %q", got)
	}
	if err := d.backend.Send(t.Context(), cloud.Message{ID: 9, Payload: []byte("hi"), QoS: cloud.QoSAtMostOnce}); err != nil {
		t.Fatal(err)
	}
	if got := line(t, lines); got != "message 0 hi" {
		t.Errorf("the message is %q", got)
	}
	if err := d.backend.Send(t.Context(), cloud.Message{Payload: []byte("two\nlines")}); err == nil {
		t.Error("a message of two lines was sent")
	}
	fmt.Fprintf(conn, "ack 7\ncommand lights on\n")
	if got := <-d.received; got != (data.Acknowledged{ID: 7}) {
		t.Errorf("received %+v", got)
	}
	if got, is := (<-d.received).(data.CommandReceived); !is || string(got.Payload) != "lights on" {
		t.Errorf("received %+v", got)
	}
	if err := d.backend.Disconnect(); err != nil {
		t.Fatal(err)
	}
	if event := <-d.events; event.Type != cloud.EventDisconnected || event.Reason != cloud.DisconnectUserRequest {
		t.Errorf("event %+v", event)
	}
	if _, err := lines.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is not closed: %v", err)
	}
}

func TestServerCloses(t *testing.T) {
	for text, reason := range map[string]cloud.DisconnectReason{
		"": cloud.DisconnectClosedByRemote, "nonsense\n": cloud.DisconnectMisc, strings.Repeat("x", maxLine+1): cloud.DisconnectMisc,
	} {
		s := serve(t)
		d := start(t, s)
		conn, _, _, err := meet(t, s, d, "welcome")
		if err != nil {
			t.Fatal(err)
		}
		<-d.events
		<-d.events
		fmt.Fprint(conn, text)
		if text == "" {
			_ = conn.Close() // what the device sees is checked below
		}
		if event := <-d.events; event.Type != cloud.EventDisconnected || event.Reason != reason {
			t.Errorf("%.10q: event %+v", text, event)
		}
		if err := d.backend.Report(t.Context(), data.Update{}, module.Delivery{}); !errors.Is(err, cloud.ErrNotConnected) {
			t.Errorf("%.10q: a report without a connection: %v", text, err)
		}
	}
}

func TestRefused(t *testing.T) {
	for answer, says := range map[string]string{"refused unknown device": `refuses this device: "unknown device"`, "HTTP/1.1 400": "and not welcome"} {
		s := serve(t)
		d := start(t, s)
		_, _, result, err := meet(t, s, d, answer)
		if result != cloud.ConnectErrBackend || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, %v", answer, result, err)
		}
		if len(d.events) > 0 {
			t.Errorf("%q: event %v", answer, <-d.events)
		}
	}
}

// TestConnectEndsEarly has a server that never answers.
func TestConnectEndsEarly(t *testing.T) {
	s := serve(t)
	d := start(t, s)
	failed := make(chan error)
	go func() {
		_, err := d.backend.Connect(t.Context())
		failed <- err
	}()
	conn := <-s.conns
	defer conn.Close()
	line(t, bufio.NewReader(conn))
	if err := d.backend.Disconnect(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("Connect ends with %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"ack 1", "ack 0", "ack 65536", "command", "command on", "", "welcome", "ack -1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		received, err := parse(line)
		if (received == nil) == (err == nil) {
			t.Errorf("%q gives %v and %v", line, received, err)
		}
		if ack, is := received.(data.Acknowledged); is && ack.ID == 0 {
			t.Errorf("%q acknowledges nothing", line)
		}
	})
}
