package coap

import (
	"context"
	crand "crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Conn is a CoAP endpoint over one datagram link: client and server at once, as LwM2M needs it (RFC 7252; 7641, the messages; 7959; 8132).
//
// Two goroutines belong to it: one reads the link, the other does everything else, the handler's calls included. Both have ended when
// Close returns, or when Done is closed because the link failed. All methods may be called from any goroutine, except that neither the
// handler nor any function that the Conn calls back may call Do and Close.
//
// Our own requests and confirmable notifications go one after the other: the next waits until the one before is acknowledged (NSTART 1).
// Message ids are used in turn, so a peer that strictly remembers them for 247 s wants no more than 265 messages a second from us.
type Conn struct {
	link     net.Conn
	logger   *slog.Logger
	endpoint *endpoint // of the owner

	arrived chan []byte
	failed  chan error
	wake    chan struct{}
	stop    chan struct{}
	done    chan struct{}
	closing sync.Once

	mu       sync.Mutex
	inbox    []func(now time.Time)
	ended    bool // inbox takes nothing more
	err      error
	activity time.Time
}

// NewConn starts an endpoint over a link, of which one Read and one Write are one datagram each. The Conn owns the link and closes it. A
// nil handler answers every request with 4.04; a nil logger is silent. What the link or the peer does wrong is logged at debug level.
func NewConn(link net.Conn, config Config, handler Handler, logger *slog.Logger) *Conn {
	if handler == nil {
		handler = nobody{}
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails: it ends the program instead
	c := &Conn{
		link: link, logger: logger, endpoint: newEndpoint(config, handler, seed), arrived: make(chan []byte), failed: make(chan error, 1),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), activity: time.Now(),
	}
	go c.own()
	return c
}

// nobody is the handler of an endpoint that serves nothing.
type nobody struct{}

func (nobody) Serve(*Request) Response { return Response{Message: Message{Code: NotFound}} }

// Do sends a confirmable request and waits for its response, whatever its code: an error means that there is none. Bodies longer than a
// message go in blocks, both ways. The request's memory must not change before Do returns; the response is the caller's.
//
// Errors: *TimeoutError, *ResetError, *ResponseError for a response that cannot be used, *TooLargeError, ErrQueueFull, ErrClosed together
// with its reason, and that of ctx, whose end abandons the request: a response that comes later is answered with Reset.
func (c *Conn) Do(ctx context.Context, request Message) (Message, error) {
	return c.call(ctx, request, nil)
}

// Sink takes the body of a response as it comes. Its methods are called in the Conn's goroutine and end before Download returns, unless the
// context ends first: then one call may still run.
type Sink interface {
	io.Writer // an error ends the download, and is that of Download
	// SetSize tells the size of the body in bytes before its first part, where the peer says it (RFC 7959, 4).
	SetSize(size int64)
}

// Download is Do of which the body of a successful response goes to a sink, block by block, whatever its size; the response has no payload
// then. A body that changes on the way (another ETag) is a *ResponseError.
func (c *Conn) Download(ctx context.Context, request Message, into Sink) (Message, error) {
	return c.call(ctx, request, into)
}

func (c *Conn) call(ctx context.Context, request Message, into Sink) (Message, error) {
	if ctx.Err() != nil {
		return Message{}, context.Cause(ctx)
	}
	type result struct {
		response Message
		err      error
	}
	results := make(chan result, 1)
	var running *call // of the owner
	if !c.post(func(now time.Time) {
		running = c.endpoint.do(now, request, into, func(response Message, err error) { results <- result{response, err} })
	}) {
		return Message{}, c.Err()
	}
	select {
	case r := <-results:
		return r.response, r.err
	case <-ctx.Done():
		c.post(func(now time.Time) {
			if running != nil {
				c.endpoint.cancel(now, running)
			}
		})
		return Message{}, context.Cause(ctx)
	}
}

// Notify sends a notification and does not wait for it. Notifications go out in the order of the calls as far as they are of one kind:
// a non-confirmable one overtakes confirmable ones that wait. On a Conn that has ended, Done is called before Notify returns.
func (c *Conn) Notify(n Notification) {
	if !c.post(func(now time.Time) { c.endpoint.notify(now, &n) }) && n.Done != nil {
		n.Done(NotifyClosed)
	}
}

// LastActivity gives the time of the last datagram in either direction, or of NewConn.
func (c *Conn) LastActivity() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.activity
}

// Close closes the link and ends everything under way with ErrClosed. It returns when both goroutines have ended. Its error is nil.
func (c *Conn) Close() error {
	c.closing.Do(func() { close(c.stop) })
	<-c.done
	return nil
}

// Done is closed when the Conn has ended, by Close or because the link failed.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err gives nil while the Conn lives, and then an error that is ErrClosed, together with that of the link if it was the reason.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// post hands the owner something to do.
func (c *Conn) post(work func(now time.Time)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false
	}
	c.inbox = append(c.inbox, work)
	select {
	case c.wake <- struct{}{}:
	default: // it will look anyway
	}
	return true
}

// own is the goroutine that owns the endpoint.
func (c *Conn) own() {
	var reader sync.WaitGroup
	quit := make(chan struct{})
	reader.Go(func() { c.read(quit) })
	cause := c.run()
	c.mu.Lock()
	c.ended = true
	c.err = ErrClosed
	if cause != nil {
		c.err = errorf("%w: %w", ErrClosed, cause)
	}
	err, inbox := c.err, c.inbox
	c.inbox = nil
	c.mu.Unlock()
	close(quit)
	if err := c.link.Close(); err != nil {
		c.logger.Debug("coap: closing the link", "error", err)
	}
	reader.Wait()
	now := time.Now()
	for _, work := range inbox {
		work(now) // so that it ends below like all others
	}
	c.endpoint.close(now, err)
	close(c.done)
}

// run works until the Conn is closed, or the link is of no use any more.
func (c *Conn) run() error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if err := c.flush(); err != nil {
			return err
		}
		var due <-chan time.Time
		if at, any := c.endpoint.next(); any {
			wait := time.Until(at)
			if wait <= 0 {
				c.endpoint.tick(time.Now())
				continue
			}
			timer.Reset(wait)
			due = timer.C
		}
		select {
		case raw := <-c.arrived:
			now := c.touch()
			if err := c.endpoint.receive(now, raw); err != nil {
				c.logger.Debug("coap: datagram refused", "bytes", len(raw), "error", err)
			}
		case <-c.wake:
			c.mu.Lock()
			inbox := c.inbox
			c.inbox = nil
			c.mu.Unlock()
			now := time.Now()
			for _, work := range inbox {
				work(now)
			}
		case <-due:
			c.endpoint.tick(time.Now())
		case err := <-c.failed:
			return err
		case <-c.stop:
			return nil
		}
	}
}

func (c *Conn) touch() time.Time {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.activity = now
	return now
}

// flush hands the link what the endpoint has to send. A datagram that the link does not take counts as lost: the route may come back
// (ENETUNREACH), the peer may be about to start (ECONNREFUSED).
func (c *Conn) flush() error {
	outbox := c.endpoint.outbox
	c.endpoint.outbox = nil
	for _, each := range outbox {
		if _, err := c.link.Write(each.raw); err != nil {
			if isClosed(err) {
				return err
			}
			c.logger.Debug("coap: datagram not sent", "bytes", len(each.raw), "error", err)
		} else {
			c.touch()
		}
		if each.after != nil {
			each.after()
		}
	}
	clear(outbox)
	if c.endpoint.outbox == nil {
		c.endpoint.outbox = outbox[:0]
	}
	return nil
}

// read is the goroutine that reads the link.
func (c *Conn) read(quit <-chan struct{}) {
	buffer := make([]byte, maxDatagram+1)
	for failures := 0; ; {
		n, err := c.link.Read(buffer)
		switch {
		case err == nil && n <= maxDatagram:
			failures = 0
			select {
			case c.arrived <- append([]byte(nil), buffer[:n]...):
			case <-quit:
				return
			}
		case err == nil:
			c.logger.Debug("coap: datagram longer than any that is taken", "limit", maxDatagram)
		case isTransient(err):
			c.logger.Debug("coap: reading the link", "error", err)
			pause := time.NewTimer(min(10*time.Millisecond<<min(failures, 10), time.Second))
			failures++
			select {
			case <-pause.C:
			case <-quit:
				pause.Stop()
				return
			}
		default:
			c.failed <- err
			return
		}
	}
}

func isClosed(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, io.EOF)
}

// isTransient tells whether a link may work again after a read error: what the network or the peer's host said about an earlier datagram
// (ICMP) comes as such an error, a deadline too.
func isTransient(err error) bool {
	if isClosed(err) {
		return false
	}
	if timeout, able := errors.AsType[net.Error](err); able && timeout.Timeout() {
		return true
	}
	_, operation := errors.AsType[*net.OpError](err)
	return operation
}
