package coap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// exchange is one request that waits for its response.
type exchange struct {
	done  chan struct{} // closed at the end
	acked chan struct{} // closed at the empty acknowledgment
	// cancels tells that the request ends an observation: what still comes with its token and an Observe option is a notification.
	cancels    bool
	noResponse bool // only the acknowledgment is waited for

	mu       sync.Mutex
	mid      uint16
	isAcked  bool
	isDone   bool
	response *Message
	err      error
}

func (x *exchange) currentMID() uint16 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.mid
}

func (x *exchange) finish(response *Message, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.isDone {
		x.isDone, x.response, x.err = true, response, err
		close(x.done)
	}
}

func (x *exchange) acknowledge() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.isAcked {
		x.isAcked = true
		close(x.acked)
	}
}

// Options of a request.
type Options struct {
	Observer func(*Message)        // takes the notifications, if the response of a GET or FETCH with Observe 0 has an Observe option
	Token    []byte                // to use; nil: a new one
	Progress func(sent, total int) // of a body in parts, in bytes; called from Do
	Started  func()                // called whenever a message of the request has its turn and goes out; from Do
}

// Do carries out a request, block-wise both ways where needed. It returns the whole response, whatever its code; the error is a *TimeoutError,
// a *ResetError, ErrClosed or the context's. The response's Token is the request's. Requests of one session are sent one after the other.
func (s *Session) Do(ctx context.Context, request Message, options Options) (*Message, error) {
	response, err := s.send(ctx, request, options)
	if err != nil {
		return nil, err
	}
	token := response.Token
	whole, err := s.Collect(ctx, request, response)
	if err != nil {
		return nil, err
	}
	whole.Token = token
	return whole, nil
}

// send carries out a request up to the first part of its response.
func (s *Session) send(ctx context.Context, request Message, options Options) (*Message, error) {
	size := s.config.BlockSize
	if len(request.Payload) <= size {
		return s.exchange(ctx, request, options)
	}
	body := request.Payload
	for offset := 0; ; {
		part := request
		part.Options = append([]Option(nil), request.Options...)
		end := min(offset+size, len(body))
		part.Payload = body[offset:end]
		sent := block{number: uint32(offset / size), more: end < len(body), size: size}
		setBlock(&part, Block1, sent)
		if offset == 0 {
			part.AddUint(Size1, uint32(len(body)))
		}
		response, err := s.exchange(ctx, part, options)
		if err != nil {
			return nil, fmt.Errorf("block %d of %d bytes: %w", sent.number, size, err)
		}
		echoed, ok, err := blockOf(response, Block1)
		if err != nil {
			return nil, err
		}
		switch {
		case response.Code == TooLarge && offset == 0 && ok && echoed.size < size:
			size = echoed.size // RFC 7959 section 2.9.3: again in smaller blocks
			continue
		case response.Code != Continue || !sent.more:
			if response.Code == Continue {
				return nil, errors.New("the peer answered the last block with 2.31 (RFC 7959 section 2.9.1)")
			}
			if options.Progress != nil && response.Code.Success() {
				options.Progress(len(body), len(body))
			}
			return response, nil
		case !ok || echoed.number != sent.number:
			return nil, fmt.Errorf("2.31 to block %d without its Block1 option (RFC 7959 section 2.2)", sent.number)
		}
		offset = end
		if options.Progress != nil {
			options.Progress(offset, len(body))
		}
		if echoed.size < size { // the peer wants smaller ones from now on: RFC 7959 section 2.3
			size = echoed.size
		}
	}
}

// Collect fetches what is missing of a response, or of a notification, to a request: RFC 7959 section 2.4. It returns the response itself if it
// is whole.
func (s *Session) Collect(ctx context.Context, request Message, first *Message) (*Message, error) {
	b, inParts, err := blockOf(first, Block2)
	if err != nil {
		return nil, err
	}
	if !inParts || !b.more {
		return first, nil
	}
	if b.number != 0 {
		return nil, fmt.Errorf("the first part of a response is block %d (RFC 7959 section 2.4)", b.number)
	}
	tag, _ := first.Bytes(ETag)
	whole := *first
	whole.Payload = append([]byte(nil), first.Payload...)
	for b.more {
		if len(whole.Payload)%b.size != 0 {
			return nil, fmt.Errorf("a part of %d bytes in blocks of %d (RFC 7959 section 2.2)", len(whole.Payload), b.size)
		}
		next := request
		next.remove(Observe, Block1, Size1)
		if len(next.Payload) > s.config.BlockSize {
			next.Payload = nil // the peer has it: RFC 7959 section 3.3
		}
		setBlock(&next, Block2, block{number: uint32(len(whole.Payload) / b.size), size: b.size})
		part, err := s.exchange(ctx, next, Options{})
		if err != nil {
			return nil, fmt.Errorf("after %d bytes of the response: %w", len(whole.Payload), err)
		}
		if part.Code != first.Code {
			return nil, fmt.Errorf("%v after %d bytes of the response: %q", part.Code, len(whole.Payload), part.Payload)
		}
		got, ok, err := blockOf(part, Block2)
		if err != nil {
			return nil, err
		}
		if other, _ := part.Bytes(ETag); !bytes.Equal(tag, other) {
			return nil, errors.New("the representation changed between its parts (RFC 7959 section 2.4)")
		}
		if !ok || int(got.number)*got.size != len(whole.Payload) || len(part.Payload) > got.size || got.more && len(part.Payload) != got.size {
			return nil, fmt.Errorf("the part after %d bytes does not fit (RFC 7959 section 2.4)", len(whole.Payload))
		}
		whole.Payload = append(whole.Payload, part.Payload...)
		if len(whole.Payload) > s.config.MaxBody {
			return nil, fmt.Errorf("the response is larger than %d bytes", s.config.MaxBody)
		}
		b = got
	}
	return &whole, nil
}

// exchange sends one message and waits for the response to it.
func (s *Session) exchange(ctx context.Context, request Message, options Options) (*Message, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.closed:
		return nil, ErrClosed
	}
	if options.Started != nil {
		options.Started()
	}
	x := &exchange{done: make(chan struct{}), acked: make(chan struct{})}
	if observe, ok := request.Uint(Observe); ok && observe == 1 {
		x.cancels = true
	}
	s.mu.Lock()
	s.mid++
	x.mid = s.mid
	token := options.Token
	if token == nil {
		token = s.nextToken()
	}
	s.byMID[x.mid], s.byToken[string(token)] = x, x
	s.mu.Unlock()
	if options.Observer != nil {
		// Before the response, because the first notification may overtake it.
		s.Observe(token, options.Observer)
	}
	defer func() {
		s.mu.Lock()
		delete(s.byMID, x.mid)
		delete(s.byToken, string(token))
		s.mu.Unlock()
	}()
	f := frame{Message: request, kind: confirmable, mid: x.mid}
	f.Token = token
	if request.NonConfirmable {
		f.kind = nonConfirmable
	}
	datagram, err := encode(f)
	if err == nil {
		err = s.transmit(ctx, x, f.kind, datagram)
	}
	if err == nil {
		err = x.err
	}
	keep := err == nil && x.response.Code.Success() && hasObserve(x.response)
	if options.Observer != nil && !keep {
		s.Forget(token)
	}
	if err != nil {
		return nil, err
	}
	x.response.Token = token
	return x.response, nil
}

func hasObserve(m *Message) bool {
	_, ok := m.Bytes(Observe)
	return ok
}

// transmit sends a datagram until it is acknowledged, and waits for the response: RFC 7252 section 4.2.
func (s *Session) transmit(ctx context.Context, x *exchange, kind kind, datagram []byte) error {
	timeout := time.Duration(float64(s.config.AckTimeout) * (1 + rand.Float64()*(s.config.AckRandomFactor-1)))
	retransmissions := s.config.MaxRetransmit
	acked := x.acked
	if kind == nonConfirmable {
		timeout, retransmissions = s.config.ResponseTimeout, 0
	}
	for sent := 1; ; sent++ {
		s.write(datagram)
		timer := time.NewTimer(timeout)
		select {
		case <-x.done:
			timer.Stop()
			return nil
		case <-acked:
			timer.Stop()
			if x.noResponse {
				return nil
			}
			return s.awaitSeparate(ctx, x, sent)
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-s.closed:
			timer.Stop()
			return ErrClosed
		case <-timer.C:
			if sent > retransmissions {
				return &TimeoutError{Transmissions: sent}
			}
			timeout *= 2
		}
	}
}

func (s *Session) awaitSeparate(ctx context.Context, x *exchange, sent int) error {
	timer := time.NewTimer(s.config.ResponseTimeout)
	defer timer.Stop()
	select {
	case <-x.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closed:
		return ErrClosed
	case <-timer.C:
		return &TimeoutError{Transmissions: sent, Acknowledged: true}
	}
}

// Notify sends a message that carries a token of the peer's and waits, if it is confirmable, for its acknowledgment: what an observed client does.
// The error is a *ResetError, a *TimeoutError, ErrClosed or the context's.
func (s *Session) Notify(ctx context.Context, token []byte, notification Message) error {
	x := &exchange{done: make(chan struct{}), acked: make(chan struct{}), noResponse: true}
	s.mu.Lock()
	s.mid++
	x.mid = s.mid
	s.byMID[x.mid] = x
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.byMID, x.mid)
		s.mu.Unlock()
	}()
	f := frame{Message: notification, kind: confirmable, mid: x.mid}
	f.Token = token
	if notification.NonConfirmable {
		f.kind = nonConfirmable
	}
	datagram, err := encode(f)
	if err != nil {
		return err
	}
	if f.kind == nonConfirmable {
		s.write(datagram)
		return nil
	}
	err = s.transmit(ctx, x, confirmable, datagram)
	if err == nil {
		err = x.failure()
	}
	return err
}

// failure gives the error with which the exchange ended, if it did.
func (x *exchange) failure() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.err
}
