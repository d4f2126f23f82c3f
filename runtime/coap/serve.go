package coap

import "time"

func (e *endpoint) receiveRequest(now time.Time, d *datagram, raw []byte) {
	entry, again := e.duplicate(now, d, raw)
	if again {
		return
	}
	response := Response{}
	if id, bad := screen(&d.Message, e.config.Critical); bad {
		if d.kind == nonConfirmable {
			e.answerEmpty(reset, d.id) // RFC 7252, 5.4.1 and 4.3
			return
		}
		response.Message = problem(BadOption, "option "+decimal(id))
	} else if forwarding(&d.Message) {
		response.Message = problem(proxyingNotSupported, "no proxy")
	} else {
		response = e.respond(now, &Request{Message: d.Message, Confirmable: d.kind == confirmable, Token: d.token})
	}
	answer := datagram{kind: acknowledgement, id: d.id, token: d.token, Message: response.Message}
	if d.kind == nonConfirmable {
		answer.kind, answer.id = nonConfirmable, e.messageID()
	}
	encoded, err := e.encoder.encode(&answer)
	if err != nil {
		answer.Message = problem(InternalServerError, "response cannot be encoded")
		if encoded, err = e.encoder.encode(&answer); err != nil {
			return // cannot be: the token came from the peer, and there are no options
		}
	}
	if d.kind == confirmable {
		e.remembered.answered(entry, encoded) // a non-confirmable request that comes again is ignored (RFC 7252, 4.5)
	}
	e.outbox = append(e.outbox, outgoing{raw: encoded, after: response.After})
}

func forwarding(m *Message) bool {
	_, uri := m.Options.Get(proxyURI)
	_, scheme := m.Options.Get(proxyScheme)
	return uri || scheme
}

// respond puts the blocks of a request together, has it served, and divides the response.
func (e *endpoint) respond(now time.Time, request *Request) (response Response) {
	block1, uploading, valid1 := blockOf(request.Options, Block1)
	block2, downloading, valid2 := blockOf(request.Options, Block2)
	if !valid1 || !valid2 {
		response.Message = problem(BadRequest, "block size 7 is reserved")
		return response
	}
	wanted := wish{block: block2, given: downloading}
	_, wanted.sized = request.Options.Get(Size2)
	request.Options.Remove(Block1)
	request.Options.Remove(Block2)
	request.Options.Remove(Size2)
	if downloading && block2.num > 0 {
		request.Options.Remove(Observe) // has no place in a later block (RFC 7959, 2.4)
		if kept := e.snapshots.find(now, &request.Message); kept != nil {
			response.Message = kept.part(block2, wanted.sized)
			return response
		}
		if request.Code != GET && request.Code != FETCH {
			response.Message = problem(RequestEntityIncomplete, "the response is not kept any more")
			return response
		}
	}
	if !uploading {
		request.Options.Remove(Size1)
		response = e.handler.Serve(request)
		e.divide(now, &request.Message, &response, wanted)
		return response
	}
	var whole *Request
	response, whole = e.assemblies.accept(now, request, block1)
	if whole != nil {
		whole.Options.Remove(Size1)
		// The payload stays out of what is kept: the peer does not repeat a body that it sent in blocks.
		asked := Message{Code: whole.Code, Options: request.Options}
		response = e.handler.Serve(whole)
		e.divide(now, &asked, &response, wanted)
	} else if response.Code.IsSuccess() && response.Code != Continue {
		asked := Message{Code: request.Code, Options: request.Options}
		e.divide(now, &asked, &response, wanted)
	}
	if _, told := response.Options.Get(Block1); !told && response.Code != RequestEntityTooLarge {
		response.Options = append(Options(nil), response.Options...)
		response.Options.SetUint(Block1, block1.value())
	}
	e.assemblies.finish(request, response.Message)
	return response
}

// wish is what a request says about the blocks of its response.
type wish struct {
	block
	given bool
	sized bool // the peer asks for the size of the whole
}

// divide leaves a response as it is when it fits into a message and into the block that the peer wants, or else makes it that block of it.
func (e *endpoint) divide(now time.Time, request *Message, response *Response, wanted wish) {
	if _, divided := response.Options.Get(Block2); divided {
		return
	}
	if len(response.Payload) == 0 {
		return
	}
	size := sizeOf(&response.Message)
	if !response.Code.IsSuccess() {
		if excess := size - e.config.MaxMessage; excess > 0 { // a diagnostic text is cut, not sent in blocks
			response.Payload = response.Payload[:max(len(response.Payload)-excess, 0)]
		}
		return
	}
	if size <= e.config.MaxMessage && (!wanted.given || wanted.num == 0 && len(response.Payload) <= wanted.size()) {
		return
	}
	if !wanted.given {
		wanted.szx = szxOf(e.config.BlockSize)
	}
	kept := &snapshot{
		method: request.Code, target: target(request.Options), path: request.Options.Path(), accept: key(request.Options, Accept),
		body: request.Payload, Message: response.Message,
	}
	response.Message = e.keep(now, kept, wanted.block, wanted.sized)
}

// keep stores a snapshot and gives one block of it. Only the first one tells of an observation (RFC 7959, 3.4).
func (e *endpoint) keep(now time.Time, kept *snapshot, wanted block, sized bool) Message {
	head := kept.Message
	head.Payload = nil
	room := e.config.MaxMessage - sizeOf(&head) - 24 // Block1, Block2, ETag and Size2
	kept.largest = min(szxOf(e.config.BlockSize), szxOf(room))
	kept.Options = bytesOwned(kept.Options)
	observe, observed := kept.Options.Get(Observe)
	kept.Options.Remove(Observe)
	e.snapshots.add(now, kept)
	m := kept.part(wanted, sized)
	if observed && wanted.num == 0 {
		m.Options.Add(Observe, observe)
	}
	return m
}
