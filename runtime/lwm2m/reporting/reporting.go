// Package reporting is LwM2M's information reporting for one server (OMA Core 1.1.1, 6.4; RFC 7641): which observations there are, and
// when each of them is notified. A client has one Machine for each server that it is registered with.
//
// A Machine is a value without goroutine, timer or clock: its owner, one goroutine, tells it what happens and what time it is, and after
// every call takes what is to be done:
//
//	machine.Changed(paths)
//	for {
//		effect, more := machine.Poll(time.Now())
//		if !more {
//			break
//		}
//		… // encode effect.Notification and send it, say its outcome with machine.Outcome
//	}
//	timer.Reset(time.Until(machine.NextDeadline()))
//
// What is sent is always the state at the time of sending, read by the Machine and handed out with the notification: what gt, lt and st are
// compared with is then exactly what the server has been told. A state that could not be sent at once, because of pmin, of an earlier
// notification without outcome, or because the server cannot be reached, is not queued: the observation remembers that it has a reason to
// notify, and the newest state goes out once. That is what RFC 7641, 4.5.2 asks for, and what bounds the memory; the history of a value is the
// matter of Send.
package reporting

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/attribute"
)

// Config sizes a Machine.
type Config struct {
	MaxObservations int           // LWM2M_ENGINE_MAX_OBSERVER, from 1
	MaxPaths        int           // paths of one composite observation (LWM2M_COMPOSITE_PATH_LIST_SIZE), from 1
	MaxInFlight     int           // notifications without outcome at a time: NSTART of RFC 7252, 4.7. 0 stands for 1, which is NSTART's default
	CancelByPath    bool          // Observe 1 with an unknown token cancels by path (LWM2M_CANCEL_OBSERVE_BY_PATH)
	NonConfirmable  bool          // notify with NON messages, and with a CON one at least once in ConfirmWithin
	ConfirmWithin   time.Duration // 0 stands for 24 h, the longest that RFC 7641, 4.5 allows
}

// Values gives the state that is reported. Its methods are called from those of the Machine.
type Values interface {
	// Append adds to dst what the server may read at and below a path, in the order of the paths, and gives the longer slice. found is false if
	// there is nothing at the path: an instance that was deleted, say. An object without instances is there, and empty.
	Append(dst []lwm2m.Item, path lwm2m.Path) (items []lwm2m.Item, found bool)
}

// Attributes gives what holds for a path, by inheritance and with the server's defaults, as attribute.Store.Effective.
type Attributes interface {
	Effective(path lwm2m.Path) attribute.Set
}

// Request is an Observe or Observe-Composite that is to be accepted.
type Request struct {
	Token     []byte       // up to 8 bytes; copied
	Paths     []lwm2m.Path // exactly one, unless Composite; copied
	Composite bool
	Format    uint16 // Content-Format of the answer, and so of all notifications
}

// Link says whether notifications can be sent.
type Link uint8

// The states of the link to the server.
const (
	Reachable   Link = iota // registered, listening or able to send at once
	Asleep                  // queue mode: the receiver is off. A notification that is due asks to be woken for it
	Unreachable             // offline, or what was sent last was not acknowledged. Nothing is sent
)

// EffectKind says what the owner of a Machine has to do.
type EffectKind uint8

// The effects.
const (
	// EffectNotify: send Effect.Notification and say its outcome.
	EffectNotify EffectKind = iota + 1
	// EffectWakeUp: a notification is due while the link is Asleep. Wake up and say SetLink(Reachable), or Unreachable. It comes once for each
	// time that the link falls asleep.
	EffectWakeUp
	// EffectServerUnreachable: a notification was not acknowledged in time, or the connection went away below it. The link counts as Unreachable
	// from then on; observations are kept. Find out with an Update of the registration: SetLink(Reachable) if it succeeds; Clear before that if
	// it took a new registration.
	EffectServerUnreachable
)

// Effect is something to be done.
type Effect struct {
	Kind         EffectKind
	Notification Notification // of EffectNotify
}

// Notification is one message to the server.
type Notification struct {
	ID          uint64 // for Outcome; never 0, never used again
	Token       []byte // not to be changed
	Sequence    uint32 // value of the Observe option, 24 bits. Not sent with a Status
	Confirmable bool
	Composite   bool
	Paths       []lwm2m.Path // of the observation; not to be changed
	Format      uint16       // as in the Request
	// Items are the whole state, each path once and in order. They are valid until the next call of a method of the Machine.
	Items []lwm2m.Item
	// Status is 0 for content (2.05). Otherwise the observation ends with this notification, which has no payload and no Observe option
	// (RFC 7641, 4.2): 4.04 if what was observed is gone, 5.00 if the state could not be put into the format.
	Status lwm2m.Status
}

// Outcome says what became of a notification.
type Outcome uint8

// The outcomes.
const (
	Acknowledged Outcome = iota // the ACK of a confirmable notification came
	Sent                        // a non-confirmable notification was handed to the link
	Reset                       // RST: the server does not want the observation (any more)
	TimedOut                    // no acknowledgement after all retransmissions
	Closed                      // the connection was closed before it was known
	Unencodable                 // the owner could not make the payload, and has sent nothing
)

// Stats counts since the Machine was made.
type Stats struct {
	Sent     uint64 // notifications handed out
	Failed   uint64 // notifications that timed out or whose connection went away; their observation sends its newest state later
	Replaced uint64 // changes that came while an earlier one was still waiting to be sent: one notification tells of both
	Dropped  uint64 // changes that were reasons to notify while the server was unreachable, with notification storing off
	Refused  uint64 // Observe requests refused for want of room
}

// Observation describes one observation, for consoles and logs.
type Observation struct {
	Token     []byte
	Paths     []lwm2m.Path
	Composite bool
	Format    uint16
	Sequence  uint32    // last used
	SentAt    time.Time // of the last notification, or of the answer to Observe
	InFlight  bool      // the last notification has no outcome yet
	Pending   bool      // there is a reason to notify that waits
}
