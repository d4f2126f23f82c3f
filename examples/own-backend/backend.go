// Package mycloud is a backend of a cloud of one's own: lines of UTF-8 text over TCP, without encryption. It shows how little a backend
// needs, and is no protocol for the open Internet.
//
//	device                     server
//	hello ID                   welcome | refused REASON
//	report N JSON              ack N, unless N is 0
//	message N TEXT             ack N, unless N is 0
//	                           command TEXT
//
// N is a number from 0 to 65535. A line has at most 16 KiB.
package mycloud

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// Config is what the options say about My cloud.
type Config struct {
	HostName       string        `kconfig:"MY_CLOUD_HOST_NAME"`
	Port           uint16        `kconfig:"MY_CLOUD_PORT"`
	ConnectTimeout time.Duration `kconfig:"MY_CLOUD_CONNECT_TIMEOUT,unit=s"`
}

// Backend talks to one server. Its methods may be called from any goroutine.
type Backend struct {
	cloud.Notifier
	config  Config
	device  module.Device
	address string
	logger  *slog.Logger
	receive func(data.Received)

	mu      sync.Mutex
	id      string   // "" before Init and after Uninit
	session *session // from the start of Connect until after EventDisconnected
}

// session is one connection, and the attempt to make it.
type session struct {
	cancel context.CancelFunc // ends the attempt
	conn   net.Conn           // nil while connecting
	byUser bool               // Disconnect was called
	done   chan struct{}      // closed when nothing more comes of it
	write  sync.Mutex         // one line at a time
}

// New makes a backend. Nothing is asked of the device or the network before Init.
func New(config Config, device module.Device) (*Backend, error) {
	if config.ConnectTimeout <= 0 {
		return nil, fmt.Errorf("mycloud: MY_CLOUD_CONNECT_TIMEOUT is %v: at least 1 s", config.ConnectTimeout)
	}
	if device.ID == nil {
		return nil, errors.New("mycloud: the device has no source of its id")
	}
	address := device.Endpoint
	if address == "" {
		address = net.JoinHostPort(config.HostName, strconv.Itoa(int(config.Port)))
	}
	logger := device.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Backend{config: config, device: device, address: address, logger: logger}, nil
}

// Bind sets the function that takes what the server sends.
func (b *Backend) Bind(receive func(data.Received)) { b.receive = receive }

// Init asks the device for its id and sets who takes the events.
func (b *Backend) Init(ctx context.Context, handler cloud.Handler) error {
	id, err := b.device.ID(ctx)
	if err == nil {
		err = checkLine(id)
	}
	if err == nil && id == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return fmt.Errorf("mycloud: the device has no id that the server could take: %w", err)
	}
	b.SetHandler(handler)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.id = id
	return nil
}

// Uninit closes the connection and waits for its end. It must not be called from the handler.
func (b *Backend) Uninit() error {
	if s := b.current(); s != nil {
		b.end(s)
		<-s.done
	}
	b.SetHandler(nil)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.id = ""
	return nil
}

// ID gives the id that the server knows this device by.
func (b *Backend) ID() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.id == "" {
		return "", fmt.Errorf("mycloud: %w", cloud.ErrNotInitialized)
	}
	return b.id, nil
}

// Connect dials and says hello. It takes at most MY_CLOUD_CONNECT_TIMEOUT and ends early with ctx or Disconnect.
func (b *Backend) Connect(ctx context.Context) (cloud.ConnectResult, error) {
	ctx, cancel := context.WithTimeout(ctx, b.config.ConnectTimeout)
	defer cancel()
	id, err := b.ID()
	if err != nil {
		return cloud.ConnectErrNotInitd, err
	}
	s := &session{cancel: cancel, done: make(chan struct{})}
	if !b.begin(s) {
		return cloud.ConnectErrAlreadyConnected, errors.New("mycloud: a connection exists or is being made")
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", b.address)
	if err != nil {
		b.drop(s)
		return cloud.ConnectErrNetwork, fmt.Errorf("mycloud: %w", err)
	}
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, maxLine)
	if err := greet(ctx, conn, lines, id); err != nil {
		b.drop(s)
		return cloud.ConnectErrBackend, errors.Join(fmt.Errorf("mycloud: %s: %w", b.address, err), conn.Close())
	}
	b.mu.Lock()
	s.conn = conn
	late := s.byUser
	b.mu.Unlock()
	if late { // Disconnect came in between
		b.drop(s)
		return cloud.ConnectErrMisc, errors.Join(fmt.Errorf("mycloud: %w", context.Canceled), conn.Close())
	}
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventConnected})
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventReady})
	go b.run(s, lines)
	return cloud.ConnectSuccess, nil
}

// run is the goroutine of a connection: it takes what the server sends until the connection ends. Uninit joins it.
func (b *Backend) run(s *session, lines *bufio.Scanner) {
	var wrong error
	for wrong == nil && lines.Scan() {
		var received data.Received
		if received, wrong = parse(lines.Text()); wrong == nil {
			b.receive(received)
		}
	}
	if wrong == nil {
		wrong = lines.Err()
	}
	closing := s.conn.Close()
	b.mu.Lock()
	byUser := s.byUser
	b.mu.Unlock()
	event := cloud.Event{Type: cloud.EventDisconnected, Reason: cloud.DisconnectUserRequest}
	if !byUser {
		event.Reason, event.Err = cloud.DisconnectClosedByRemote, errors.Join(wrong, closing)
		if wrong != nil {
			event.Reason = cloud.DisconnectMisc
			b.logger.Warn("mycloud: the connection is closed", "error", wrong)
		}
	}
	b.mu.Lock()
	b.session = nil // the handler may connect again
	b.mu.Unlock()
	b.NotifyEvent(b, event)
	close(s.done)
}

// Disconnect closes the connection, or ends the attempt to make one. It may be called from the handler.
func (b *Backend) Disconnect() error {
	s := b.current()
	if s == nil {
		return fmt.Errorf("mycloud: %w", cloud.ErrNotConnected)
	}
	b.end(s)
	return nil
}

func (b *Backend) current() *session {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.session
}

func (b *Backend) begin(s *session) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.session != nil {
		return false
	}
	b.session = s
	return true
}

// drop ends a session that has not become a connection.
func (b *Backend) drop(s *session) {
	b.mu.Lock()
	b.session = nil
	b.mu.Unlock()
	close(s.done)
}

func (b *Backend) end(s *session) {
	b.mu.Lock()
	s.byUser = true
	conn := s.conn
	b.mu.Unlock()
	s.cancel()
	if conn != nil {
		_ = conn.Close() // run sees the end, and closes it again
	}
}

// KeepaliveTimeLeft is negative: TCP alone keeps the connection.
func (b *Backend) KeepaliveTimeLeft() time.Duration { return -time.Second }

// Input does nothing: the connection reads by itself.
func (b *Backend) Input() error { return nil }

// SubscriptionsAdd fails: the server sends what it has.
func (b *Backend) SubscriptionsAdd([]cloud.Endpoint) error {
	return fmt.Errorf("mycloud: subscribe: %w", cloud.ErrUnsupported)
}

// SubscriptionsRemove fails like SubscriptionsAdd.
func (b *Backend) SubscriptionsRemove([]cloud.Endpoint) error {
	return fmt.Errorf("mycloud: unsubscribe: %w", cloud.ErrUnsupported)
}

var (
	_ module.Backend  = (*Backend)(nil)
	_ module.Reporter = (*Backend)(nil)
)
