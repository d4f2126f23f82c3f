package coap

// Request is a request of the peer, whole.
type Request struct {
	Message
	Confirmable bool
	Token       []byte // names the observation in an Observe request
}

// Response is the answer to a Request. A Confirmable one is answered in its acknowledgement, another one by a non-confirmable message. A
// payload that does not fit into a message, or into the block that the peer asked for, is sent in blocks: a copy is kept for a while.
type Response struct {
	Message
	After func() // called once, in the Conn's goroutine, after the first copy of the answer was handed to the link; nil: nothing to do
}

// Handler answers the peer's requests. All calls come from one goroutine of the Conn; nothing else happens on the Conn before they
// return, so they must not block, and must call neither Do nor Close. Notify is fine.
//
// Blocks, duplicates, and messages with critical options that nobody understands do not reach a handler. The options do not hold Block1,
// Block2 and Size1 any more. A handler keeps the request's memory if it likes.
type Handler interface {
	Serve(request *Request) Response
}

// Streamer is a Handler that takes some bodies part by part. Stream is asked when the first of several blocks arrives, without payload
// and with Size1 among the options, if the peer told it; nil means that the body is to be put together and served whole.
type Streamer interface {
	Stream(request *Request) Upload
}

// Upload takes one body, in order and without gaps. After Commit, Abort or an answer of Write it is not called any more.
type Upload interface {
	// Write takes the next part, of at most 1024 bytes, which it may keep. An answer ends the body with it.
	Write(part []byte) *Response
	// Commit ends the body and answers the request.
	Commit() Response
	// Abort tells that the rest will not come: the peer started over, broke the order, or was silent for 247 s, or the Conn was closed.
	Abort(cause error)
}

// Resetter is a Handler that wants to know when the peer answers a non-confirmable notification with Reset: it does not know the
// observation (RFC 7641, 3.6). For a confirmable one Notification.Done tells.
type Resetter interface {
	Reset(token []byte)
}

// NotifyOutcome is how a notification ended.
type NotifyOutcome uint8

// Outcomes of a notification. All but the first are of confirmable ones, except that NotifyClosed and NotifyDropped are of both.
const (
	NotifySent         NotifyOutcome = iota // non-confirmable: handed to the link
	NotifyAcknowledged                      // the peer has it
	NotifyReset                             // the peer has it and does not know the observation
	NotifyTimedOut                          // no acknowledgement; nobody knows whether the peer has it
	NotifyClosed                            // the Conn was closed before
	NotifyDropped                           // not sent: too many messages wait (Config.MaxQueue), or it cannot be encoded
)

// String names the outcome.
func (o NotifyOutcome) String() string {
	names := [...]string{"sent", "acknowledged", "reset", "timed out", "closed", "dropped"}
	if int(o) >= len(names) {
		return "unknown"
	}
	return names[o]
}

// Notification is a response beyond the first one to an Observe request (RFC 7641, 4.2). The Observe option is the caller's.
type Notification struct {
	Message
	Token       []byte // of the Observe request
	Confirmable bool

	// Path is that of the Observe request, as Options.Path gives it (/3/0), and Body its payload (FETCH): the peer repeats both to get the blocks
	// after the first when the notification is longer than a message (RFC 7959, 3.4). A nil Body goes with any.
	Path string
	Body []byte

	Done func(NotifyOutcome) // called once from the Conn's goroutine; nil: nobody wants to know
}
