package coap

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Config holds the parameters of RFC 7252 section 4.8 and of block-wise transfer. Zero values are the RFC's.
type Config struct {
	AckTimeout      time.Duration // ACK_TIMEOUT; 0: 2 s
	AckRandomFactor float64       // ACK_RANDOM_FACTOR; 0: 1.5; 1: no jitter
	MaxRetransmit   int           // MAX_RETRANSMIT; 0: 4; negative: none
	ResponseTimeout time.Duration // from an empty ACK, or from a NON request, to its response; 0: 93 s
	BlockSize       int           // largest block in bytes, a power of two from 16 to 1024; 0: 1024
	MaxBody         int           // largest body of a request or response in blocks, bytes; 0: 1 MiB
}

// ExchangeLifetime is how long message ids are remembered: RFC 7252 section 4.8.2.
const ExchangeLifetime = 247 * time.Second

func (c Config) withDefaults() (Config, error) {
	c.AckTimeout = cmp.Or(c.AckTimeout, 2*time.Second)
	c.AckRandomFactor = cmp.Or(c.AckRandomFactor, 1.5)
	c.MaxRetransmit = max(0, cmp.Or(c.MaxRetransmit, 4))
	c.ResponseTimeout = cmp.Or(c.ResponseTimeout, 93*time.Second)
	c.BlockSize = cmp.Or(c.BlockSize, 1024)
	c.MaxBody = cmp.Or(c.MaxBody, 1<<20)
	if c.BlockSize < 16 || c.BlockSize > 1024 || c.BlockSize&(c.BlockSize-1) != 0 {
		return c, fmt.Errorf("block size %d: CoAP has powers of two from 16 to 1024", c.BlockSize)
	}
	if c.AckRandomFactor < 1 {
		return c, fmt.Errorf("random factor %v is below 1", c.AckRandomFactor)
	}
	return c, nil
}

// ErrClosed is the cause of the end of requests when the session is closed.
var ErrClosed = errors.New("the CoAP session is closed")

// TimeoutError says that a peer did not answer.
type TimeoutError struct {
	Transmissions int  // of the request
	Acknowledged  bool // the request arrived, no response came
}

func (e *TimeoutError) Error() string {
	if e.Acknowledged {
		return "the peer acknowledged the request, but no response came"
	}
	return fmt.Sprintf("the peer did not answer %d transmissions", e.Transmissions)
}

// ResetError says that a peer rejected a message with RST.
type ResetError struct{}

func (e *ResetError) Error() string { return "the peer rejected the message with RST" }

// Response is what a Handler answers.
type Response struct {
	Message
	After func() // called after the answer was handed to the link, or would have been; nil: nothing
	Delay time.Duration
}

// Hooks are what the owner of a session does. They are called from the goroutine that calls Receive.
type Hooks struct {
	Send     func(datagram []byte) error        // hands a datagram to the link. Required
	Serve    func(request *Message) Response    // answers a request, whole; must not block. Required
	Problem  func(err error)                    // told about malformed messages and broken rules; nil: nobody
	Activity func(now time.Time, received bool) // told about each datagram; nil: nobody
}

// Session is the CoAP of one peer. Its methods may be called from any goroutine.
type Session struct {
	config Config
	hooks  Hooks
	turn   chan struct{} // NSTART: held by the one outstanding confirmable request
	closed chan struct{}

	mu        sync.Mutex
	isClosed  bool
	mid       uint16
	token     uint64
	byMID     map[uint16]*exchange
	byToken   map[string]*exchange
	observers map[string]func(*Message)
	seen      dedup
	uploads   uploads
}

// NewSession makes a session. It needs no goroutine; Close ends it.
func NewSession(config Config, hooks Hooks) (*Session, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Session{
		config: config, hooks: hooks, turn: make(chan struct{}, 1), closed: make(chan struct{}),
		mid: uint16(rand.Uint32()), token: rand.Uint64(),
		byMID: map[uint16]*exchange{}, byToken: map[string]*exchange{}, observers: map[string]func(*Message){},
		seen: dedup{entries: map[uint16]*reply{}}, uploads: uploads{bodies: map[string]*upload{}},
	}, nil
}

// Close ends the session: requests that wait end with ErrClosed. The peer is not told.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isClosed {
		s.isClosed = true
		close(s.closed)
	}
}

// BlockSize gives the largest block in bytes.
func (s *Session) BlockSize() int { return s.config.BlockSize }

func (s *Session) problem(err error) {
	if s.hooks.Problem != nil {
		s.hooks.Problem(err)
	}
}

func (s *Session) activity(received bool) {
	if s.hooks.Activity != nil {
		s.hooks.Activity(time.Now(), received)
	}
}

// write hands a datagram to the link. A link that fails loses it, as networks do.
func (s *Session) write(datagram []byte) {
	s.mu.Lock()
	closed := s.isClosed
	s.mu.Unlock()
	if closed {
		return
	}
	s.activity(false)
	if err := s.hooks.Send(datagram); err != nil {
		s.problem(fmt.Errorf("sending a datagram: %w", err))
	}
}

func (s *Session) writeFrame(f frame) {
	datagram, err := encode(f)
	if err != nil {
		s.problem(err)
		return
	}
	s.write(datagram)
}

// Receive takes a datagram from the link. The session keeps no part of it. Only one goroutine may call it at a time.
func (s *Session) Receive(datagram []byte) {
	s.activity(true)
	f, err := decode(datagram)
	if err != nil {
		s.problem(err)
		if f.kind == confirmable && len(datagram) >= 4 {
			s.writeFrame(frame{kind: reset, mid: f.mid})
		}
		return
	}
	switch {
	case f.Code == Empty:
		s.receiveEmpty(f)
	case f.kind == reset, f.kind == acknowledgment && f.Code.isRequest():
		s.problem(fmt.Errorf("%w: a %v in a message of type %d", errMalformed, f.Code, f.kind))
	case f.Code.isRequest():
		s.receiveRequest(f)
	case f.Code.isResponse():
		s.receiveResponse(f)
	default:
		s.problem(fmt.Errorf("%w: code %v", errMalformed, f.Code))
		if f.kind == confirmable {
			s.writeFrame(frame{kind: reset, mid: f.mid})
		}
	}
}

func (s *Session) receiveEmpty(f frame) {
	switch f.kind {
	case confirmable: // a ping: RFC 7252 section 4.3
		s.writeFrame(frame{kind: reset, mid: f.mid})
	case acknowledgment, reset:
		s.mu.Lock()
		x := s.byMID[f.mid]
		s.mu.Unlock()
		if x == nil {
			return
		}
		if f.kind == reset {
			x.finish(nil, &ResetError{})
		} else {
			x.acknowledge()
		}
	case nonConfirmable:
		s.problem(fmt.Errorf("%w: an empty NON message", errMalformed))
	}
}

func (s *Session) receiveResponse(f frame) {
	if f.kind != acknowledgment {
		s.mu.Lock()
		before, repeated := s.seen.find(f.mid, time.Now())
		s.mu.Unlock()
		if repeated {
			if before.datagram != nil {
				s.write(before.datagram)
			}
			return
		}
	}
	s.mu.Lock()
	x := s.byToken[string(f.Token)]
	observer := s.observers[string(f.Token)]
	s.mu.Unlock()
	if x != nil && f.kind == acknowledgment && f.mid != x.currentMID() {
		x = nil // an answer to an earlier use of the token
	}
	if x != nil && x.cancels && f.kind != acknowledgment && hasObserve(&f.Message) {
		x = nil
	}
	known := x != nil || observer != nil && f.kind != acknowledgment
	var answer *frame
	switch {
	case f.kind == acknowledgment:
	case !known:
		answer = &frame{kind: reset, mid: f.mid}
	case f.kind == confirmable:
		answer = &frame{kind: acknowledgment, mid: f.mid}
	}
	if f.kind != acknowledgment {
		entry := &reply{}
		if answer != nil {
			datagram, err := encode(*answer)
			if err != nil {
				s.problem(err)
				return
			}
			entry.datagram = datagram
		}
		s.mu.Lock()
		s.seen.remember(f.mid, entry, time.Now())
		s.mu.Unlock()
		if entry.datagram != nil {
			s.write(entry.datagram)
		}
	}
	switch {
	case x != nil:
		x.finish(&f.Message, nil)
	case known:
		observer(&f.Message)
	}
}

// Observe has notifications with a token handed to a function, from the goroutine that calls Receive. Do does it for Options.Observer; what is
// left is an observation that moves to this session from an earlier one of the same client.
func (s *Session) Observe(token []byte, handle func(*Message)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observers[string(token)] = handle
}

// Forget drops an observation: the next notification with its token is rejected with RST.
func (s *Session) Forget(token []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.observers, string(token))
}

// nextToken gives a token that no other exchange of this session uses. Caller holds mu.
func (s *Session) nextToken() []byte {
	s.token++
	return binary.BigEndian.AppendUint64(nil, s.token)
}

func (s *Session) nextMID() uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mid++
	return s.mid
}

// criticalKnown are the critical options that a request to a server may carry: what is critical and not here is 4.02 (RFC 7252 section 5.4.1).
func criticalKnown(id OptionID) bool {
	switch id {
	case URIHost, URIPort, URIPath, URIQuery, Accept, Block1, Block2:
		return true
	}
	return id%2 == 0
}
