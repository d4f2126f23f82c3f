package coap

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"time"
)

// assembly is a request body of the peer that arrives in blocks (RFC 7959, 2.5).
type assembly struct {
	request  *Request // of block 0; Payload collects the body unless it is streamed
	upload   Upload   // nil: collected
	received int      // bytes
	last     block    // that came last
	sum      uint64   // of its payload
	answer   Message  // to it
	finished bool     // answer is the final one; kept for the last block to come again
	until    time.Time
}

// assemblies keeps the bodies under way, by what they are for and never by token: a peer may use a new token for each block.
type assemblies struct {
	config  *Config
	handler Handler
	bodies  map[string]*assembly
}

func sumOf(payload []byte) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write(payload) // a hash has no errors
	return sum.Sum64()
}

// accept takes a request that is block b of a body. It gives the answer, and with the last block of a collected body the whole request
// in its place; then finish is to be called with what the handler answered.
func (a *assemblies) accept(now time.Time, request *Request, b block) (answer Response, whole *Request) {
	a.expire(now)
	name := string(rune(request.Code)) + key(request.Options, URIPath, URIQuery, RequestTag)
	body := a.bodies[name]
	if body != nil && b.num > 0 && b == body.last && sumOf(request.Payload) == body.sum {
		body.until = now.Add(exchangeLifetime)
		answer.Message = body.answer
		return answer, nil
	}
	if len(request.Payload) > b.size() || b.more && len(request.Payload) != b.size() {
		a.drop(name, errors.New("a block that is not as long as it says"))
		answer.Message = problem(BadRequest, "block size and payload differ")
		return answer, nil
	}
	if b.num == 0 {
		a.drop(name, errors.New("the peer started over"))
		if !b.more {
			return answer, request
		}
		if refusal := a.begin(name, request); refusal != nil {
			answer.Message = *refusal
			return answer, nil
		}
		body = a.bodies[name]
	}
	code, diagnostic, cause := RequestEntityIncomplete, "", ""
	switch {
	case body == nil || body.finished:
		diagnostic = "no block 0 before"
	case b.szx > body.last.szx && b.num > 0:
		code, diagnostic, cause = BadRequest, "block size grows", "the blocks grow"
	case b.offset() != body.received:
		diagnostic, cause = "gap between blocks", fmt.Sprintf("a block at %d bytes in place of %d", b.offset(), body.received)
	case !sameOption(request.Options, body.request.Options, ContentFormat):
		diagnostic, cause = "content format changes", "the content format changes"
	}
	if diagnostic != "" {
		if cause != "" {
			a.drop(name, errors.New(cause))
		}
		answer.Message = problem(code, diagnostic)
		return answer, nil
	}
	body.last, body.sum, body.until = b, sumOf(request.Payload), now.Add(exchangeLifetime)
	body.received += len(request.Payload)
	if body.upload != nil {
		return a.stream(name, body, request.Payload), nil
	}
	if len(body.request.Payload)+len(request.Payload) > a.config.MaxBody {
		a.drop(name, nil)
		answer.Message = a.tooLarge()
		return answer, nil
	}
	body.request.Payload = append(body.request.Payload, request.Payload...)
	if b.more {
		body.answer = a.goOn(b)
		answer.Message = body.answer
		return answer, nil
	}
	whole = body.request
	whole.Confirmable, whole.Token = request.Confirmable, request.Token
	body.request = nil
	body.finished = true
	return answer, whole
}

// begin makes room for a body.
func (a *assemblies) begin(name string, request *Request) *Message {
	active := 0
	for _, each := range a.bodies {
		if !each.finished {
			active++
		}
	}
	if active >= a.config.MaxIncomingBodies {
		busy := problem(ServiceUnavailable, "too many bodies at once")
		busy.Options.SetUint(MaxAge, 5) // seconds until it is worth to try again
		return &busy
	}
	first := *request
	first.Payload = nil
	first.Options = bytesOwned(request.Options)
	body := &assembly{request: &first, last: block{szx: 6}}
	if streamer, able := a.handler.(Streamer); able {
		body.upload = streamer.Stream(&first)
	}
	if size, told := first.Options.Uint(Size1); body.upload == nil && told && int64(size) > int64(a.config.MaxBody) {
		refusal := a.tooLarge()
		return &refusal
	}
	first.Options.Remove(Size1)
	a.bodies[name] = body
	return nil
}

// bytesOwned copies options, so that a body under way does not hold the datagram of its first block, nor the handler's changes.
func bytesOwned(options Options) Options {
	owned := make(Options, len(options))
	for i, each := range options {
		owned[i] = Option{ID: each.ID, Value: bytes.Clone(each.Value)}
	}
	return owned
}

func (a *assemblies) stream(name string, body *assembly, part []byte) Response {
	if answer := body.upload.Write(part); answer != nil {
		delete(a.bodies, name)
		return *answer
	}
	if body.last.more {
		body.answer = a.goOn(body.last)
		return Response{Message: body.answer}
	}
	answer := body.upload.Commit()
	body.upload, body.request = nil, nil
	body.finished, body.answer = true, answer.Message
	return answer
}

// goOn is 2.31. It asks for smaller blocks where ours are (RFC 7959, 2.3): the peer counts on in them.
func (a *assemblies) goOn(b block) Message {
	m := Message{Code: Continue}
	b.szx = min(b.szx, szxOf(a.config.BlockSize))
	m.Options.SetUint(Block1, b.value())
	return m
}

func (a *assemblies) tooLarge() Message {
	m := problem(RequestEntityTooLarge, "body too large")
	m.Options.SetUint(Size1, uint32(a.config.MaxBody))
	return m
}

// finish remembers the answer to a whole body, for its last block to come again.
func (a *assemblies) finish(request *Request, answer Message) {
	name := string(rune(request.Code)) + key(request.Options, URIPath, URIQuery, RequestTag)
	if body := a.bodies[name]; body != nil && body.finished {
		body.answer = answer
	}
}

// drop forgets a body. A nil cause means that the upload, if any, has ended by itself.
func (a *assemblies) drop(name string, cause error) {
	body := a.bodies[name]
	delete(a.bodies, name)
	if body != nil && body.upload != nil && cause != nil {
		body.upload.Abort(cause)
	}
}

// expire drops the bodies whose peer has been silent for too long, and of the finished ones those that are too many to remember.
func (a *assemblies) expire(now time.Time) {
	finished, oldest := 0, ""
	for name, each := range a.bodies {
		if !now.Before(each.until) {
			a.drop(name, errorf("no further block within %v", exchangeLifetime))
			continue
		}
		if each.finished {
			finished++
			if oldest == "" || each.until.Before(a.bodies[oldest].until) {
				oldest = name
			}
		}
	}
	if finished > a.config.MaxIncomingBodies {
		delete(a.bodies, oldest)
	}
}

// next gives the time at which expire has something to do.
func (a *assemblies) next() (time.Time, bool) {
	var first time.Time
	for _, each := range a.bodies {
		if first.IsZero() || each.until.Before(first) {
			first = each.until
		}
	}
	return first, !first.IsZero()
}

// close aborts all bodies.
func (a *assemblies) close(cause error) {
	for name := range a.bodies {
		a.drop(name, cause)
	}
}
