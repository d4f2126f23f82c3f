package coap

import (
	"bytes"
	"slices"
	"time"
)

// maxRestarts bounds how often a response is fetched from its start again because it changed on the way.
const maxRestarts = 3

// call is one request of ours as Do sees it: whole, in as many messages as it takes (RFC 7959).
type call struct {
	request  Message
	done     func(Message, error)
	exchange *exchange

	upload bool // the body goes in blocks
	target string
	szx    uint8
	sent   int // bytes of the body that the peer has

	response *Message // the part of it that is here; nil: none yet
	received int      // bytes of its body that are here
	into     Sink     // takes the body of a successful response block by block; nil: it is collected
	etag     []byte
	restarts int
}

// do starts a call. done is called once: with the response, or an error. The result is for cancel.
func (e *endpoint) do(now time.Time, request Message, into Sink, done func(Message, error)) *call {
	c := &call{request: request, into: into, done: done}
	if err := e.begin(now, c); err != nil {
		done(Message{}, err)
		return nil
	}
	return c
}

func (e *endpoint) begin(now time.Time, c *call) error {
	if !c.request.Code.IsRequest() {
		return errorf("%v is no method: a request needs one", c.request.Code)
	}
	if len(e.calls) >= e.config.MaxQueue {
		return ErrQueueFull
	}
	if size := sizeOf(&c.request); size > e.config.MaxMessage {
		if err := e.divideRequest(c, size); err != nil {
			return err
		}
	}
	e.calls[c] = struct{}{}
	if !c.upload {
		e.step(now, c, c.request)
		return nil
	}
	// A peer keeps bodies apart by what they are about, so two at a time to the same place would be mixed up.
	c.target = string(rune(c.request.Code)) + target(c.request.Options)
	e.uploads[c.target] = append(e.uploads[c.target], c)
	if len(e.uploads[c.target]) == 1 {
		e.sendPart(now, c)
	}
	return nil
}

func (e *endpoint) divideRequest(c *call, size int) error {
	head := c.request
	head.Payload = nil
	room := e.config.MaxMessage - sizeOf(&head) - 12 // Block1 and Size1
	switch {
	case !e.config.BlockTransfer:
		return &TooLargeError{size, e.config.MaxMessage, "request longer than a message; LWM2M_COAP_BLOCK_TRANSFER sends it in blocks"}
	case len(c.request.Payload) == 0 || room < 16:
		return &TooLargeError{size - len(c.request.Payload), e.config.MaxMessage - 28, "options of the request leave no room for a block"}
	}
	c.upload = true
	c.szx = min(szxOf(e.config.BlockSize), szxOf(room))
	if blocks := len(c.request.Payload) / (16 << c.szx); blocks > maxBlockNumber {
		return &TooLargeError{len(c.request.Payload), (maxBlockNumber + 1) * (16 << c.szx), "body of the request needs too many blocks"}
	}
	return nil
}

// step sends one message of a call.
func (e *endpoint) step(now time.Time, c *call, m Message) {
	x, err := e.request(now, &m, func(now time.Time, response *Message, err error) {
		c.exchange = nil
		if err != nil {
			e.end(now, c, nil, err)
			return
		}
		if c.upload && c.sent < len(c.request.Payload) {
			e.uploaded(now, c, response)
			return
		}
		e.download(now, c, response)
	})
	if err != nil {
		e.end(now, c, nil, err)
		return
	}
	c.exchange = x
}

// part gives the end of the block that is next, and whether more follow.
func (c *call) part() (end int, more bool) {
	end = min(c.sent+16<<c.szx, len(c.request.Payload))
	return end, end < len(c.request.Payload)
}

func (e *endpoint) sendPart(now time.Time, c *call) {
	end, more := c.part()
	m := Message{Code: c.request.Code, Options: slices.Clone(c.request.Options), Payload: c.request.Payload[c.sent:end]}
	m.Options.SetUint(Block1, block{num: uint32(c.sent / (16 << c.szx)), more: more, szx: c.szx}.value())
	if c.sent == 0 {
		m.Options.SetUint(Size1, uint32(len(c.request.Payload)))
	}
	e.step(now, c, m)
}

// uploaded takes the answer to a block of the body.
func (e *endpoint) uploaded(now time.Time, c *call, response *Message) {
	echo, told, valid := blockOf(response.Options, Block1)
	end, more := c.part()
	switch {
	case !valid:
		e.end(now, c, nil, &ResponseError{response.Code, "block size 7 is reserved"})
	case response.Code == RequestEntityTooLarge && told && echo.szx < c.szx:
		c.szx, c.sent = echo.szx, 0 // the peer wants smaller blocks, from the start (RFC 7959, 2.9.3)
		e.sendPart(now, c)
	case response.Code.IsSuccess() && told && int(echo.num) != c.sent/(16<<c.szx):
		e.end(now, c, nil, &ResponseError{response.Code, "it answers another block than the one that was sent"})
	case more && (response.Code == Continue || response.Code.IsSuccess() && told):
		c.sent = end
		if told {
			c.szx = min(c.szx, echo.szx)
		}
		e.sendPart(now, c)
	case !more && response.Code == Continue:
		e.end(now, c, nil, &ResponseError{response.Code, "the last block was sent already"})
	default: // the final answer, or an early refusal
		c.sent = len(c.request.Payload)
		e.download(now, c, response)
	}
}

// download takes a response, or the next block of one (RFC 7959, 2.4).
func (e *endpoint) download(now time.Time, c *call, m *Message) {
	b, divided, valid := blockOf(m.Options, Block2)
	refuse := func(reason string) { e.end(now, c, nil, &ResponseError{m.Code, reason}) }
	if !divided || !m.Code.IsSuccess() {
		m.Options.Remove(Block1)
		e.end(now, c, m, c.drain(m))
		return
	}
	etag, _ := m.Options.Get(ETag)
	switch {
	case !valid:
		refuse("block size 7 is reserved")
		return
	case len(m.Payload) > b.size() || b.more && len(m.Payload) != b.size():
		refuse("block size and payload differ")
		return
	case c.response == nil:
		if b.num != 0 {
			refuse("it does not start with block 0")
			return
		}
		c.response = &Message{Code: m.Code, Options: m.Options}
		if size, told := m.Options.Uint(Size2); told && c.into != nil {
			c.into.SetSize(int64(size))
		}
		c.response.Options.Remove(Block1)
		c.response.Options.Remove(Block2)
		c.response.Options.Remove(Size2)
		c.etag = etag
	case m.Code != c.response.Code || !bytes.Equal(etag, c.etag):
		if c.restarts++; c.restarts > maxRestarts || c.upload || c.into != nil || c.request.Code != GET && c.request.Code != FETCH {
			refuse("it changed while it was fetched block by block")
			return
		}
		c.response, c.received = nil, 0
		e.fetch(now, c, block{szx: b.szx})
		return
	case b.offset() != c.received:
		refuse("it is another block than the one that was asked for")
		return
	}
	if err := c.collect(m.Payload, e.config.MaxBody); err != nil {
		e.end(now, c, nil, err)
		return
	}
	if !b.more {
		e.end(now, c, c.response, nil)
		return
	}
	next := block{szx: min(b.szx, szxOf(e.config.BlockSize))}
	if next.num = uint32(c.received / next.size()); next.num > maxBlockNumber {
		refuse("it has more blocks than there are numbers for (RFC 7959, 2.2)")
		return
	}
	e.fetch(now, c, next)
}

// collect takes a part of the body.
func (c *call) collect(part []byte, most int) error {
	c.received += len(part)
	if c.into != nil {
		_, err := c.into.Write(part)
		return err
	}
	if c.received > most {
		return &TooLargeError{c.received, most, "body of the response"}
	}
	c.response.Payload = append(c.response.Payload, part...)
	return nil
}

// drain gives the sink, where there is one, the body of a successful response that has come in one message.
func (c *call) drain(m *Message) error {
	if c.into == nil || !m.Code.IsSuccess() {
		return nil
	}
	c.into.SetSize(int64(len(m.Payload)))
	_, err := c.into.Write(m.Payload)
	m.Payload = nil
	return err
}

// fetch asks for a block of the response. The body of a FETCH says what is asked for, so it goes along; one that went in blocks does not.
func (e *endpoint) fetch(now time.Time, c *call, b block) {
	m := Message{Code: c.request.Code, Options: slices.Clone(c.request.Options)}
	m.Options.Remove(Observe)
	m.Options.SetUint(Block2, b.value())
	if c.request.Code == FETCH && !c.upload {
		m.Payload = c.request.Payload
	}
	e.step(now, c, m)
}

// end ends a call, with the response or an error, and starts the next one to the same place.
func (e *endpoint) end(now time.Time, c *call, response *Message, err error) {
	if _, running := e.calls[c]; !running {
		return
	}
	e.release(now, c)
	if response == nil {
		response = &Message{}
	}
	c.done(*response, err)
}

// cancel ends a call without a word to done.
func (e *endpoint) cancel(now time.Time, c *call) {
	if _, running := e.calls[c]; running {
		e.release(now, c)
	}
}

func (e *endpoint) release(now time.Time, c *call) {
	delete(e.calls, c)
	if c.exchange != nil {
		e.abandon(now, c.exchange)
		c.exchange = nil
	}
	if !c.upload {
		return
	}
	line := e.uploads[c.target]
	first := len(line) > 0 && line[0] == c
	line = without(line, func(each *call) bool { return each == c })
	if len(line) == 0 {
		delete(e.uploads, c.target)
		return
	}
	e.uploads[c.target] = line
	if first {
		e.sendPart(now, line[0])
	}
}

// without is slices.DeleteFunc for pointers: one body for all kinds of them.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func without[P comparable](list []P, gone func(P) bool) []P { return slices.DeleteFunc(list, gone) }
