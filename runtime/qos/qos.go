// Package qos is the list of messages that wait for an acknowledgement (SDK: lib/qos) as a plain value: every method leaves its
// receiver as it was and gives the changed list back. It knows no clock and no transport: its owner runs the timer of
// Config.NotifyTimeout and asks what to hand out.
//
// A message that needs no acknowledgement is given an id and is not stored. One that needs it stays until it is acknowledged, or until
// it has been handed out Config.NotifiedCountMax times in vain; then it is given up, and the owner is told which one.
package qos

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Config sizes the list.
type Config struct {
	PendingMax       int           `kconfig:"QOS_PENDING_MESSAGES_MAX"`                  // messages that may wait at a time, from 1
	NotifiedCountMax int           `kconfig:"QOS_MESSAGE_NOTIFIED_COUNT_MAX"`            // hand-outs before a message is given up, from 1
	NotifyTimeout    time.Duration `kconfig:"QOS_MESSAGE_NOTIFY_TIMEOUT_SECONDS,unit=s"` // period of the list's one timer, above 0
}

// Validate says which member cannot be used, by its option.
func (c Config) Validate() error {
	switch {
	case c.PendingMax < 1 || c.PendingMax >= idCount:
		return errorf("QOS_PENDING_MESSAGES_MAX is %d: it has to be from 1 to %d", c.PendingMax, idCount-1)
	case c.NotifiedCountMax < 1:
		return errorf("QOS_MESSAGE_NOTIFIED_COUNT_MAX is %d: it has to be 1 or more", c.NotifiedCountMax)
	case c.NotifyTimeout <= 0:
		return errorf("QOS_MESSAGE_NOTIFY_TIMEOUT_SECONDS is %v: it has to be above 0", c.NotifyTimeout)
	}
	return nil
}

// The ids run from FirstID to LastID and then start again. They keep clear of the small numbers that a transport gives out itself.
const (
	FirstID uint16 = 15000
	LastID  uint16 = 65534

	idCount = int(LastID-FirstID) + 1
)

// Type says what a message carries.
type Type int

// The types, with the SDK's numbers.
const (
	TypeGeneric Type = iota
	TypeBatch
	TypeUI
	TypeCloudLocation
	TypeAGNSSRequest
	TypePGPSRequest
	TypeConfig
	TypeMemfault
	typeCount
)

var typeNames = [typeCount]string{
	"GENERIC", "BATCH", "UI", "CLOUD_LOCATION", "AGNSS_REQUEST", "PGPS_REQUEST", "CONFIG", "MEMFAULT",
}

// String gives the SDK's name, as CLOUD_LOCATION.
func (t Type) String() string {
	if t < 0 || t >= typeCount {
		return fmt.Sprintf("QOS_MESSAGE_TYPE(%d)", int(t))
	}
	return typeNames[t]
}

// Flags say how a message is treated. Exactly one is set.
type Flags uint8

// The flags, with the SDK's values.
const (
	FlagAckDisabled Flags = 0x01 // handed out once, not stored
	FlagAckRequired Flags = 0x02 // stored until it is acknowledged
)

// Message is one entry. Whoever has one does not change what Content refers to.
type Message struct {
	ID       uint16
	Type     Type
	Flags    Flags
	Notified int  // times handed out
	Refused  bool // the last hand-out failed at once: the transport does not have the message
	Content  any
}

// List holds the messages that wait for an acknowledgement, oldest first. It is a value: a copy is independent of the original.
type List struct {
	config  Config
	last    uint16 // id given out last; 0: none yet
	pending []Message
}

// ErrFull says that all places of the list are taken.
var ErrFull = errors.New("the list of pending messages is full")

// New gives an empty list. The configuration has to be valid (Config.Validate).
func New(config Config) List { return List{config: config} }

// Config gives what the list was made with.
func (l List) Config() Config { return l.config }

// Len is the number of stored messages.
func (l List) Len() int { return len(l.pending) }

// Full tells whether a message that needs an acknowledgement would be refused.
func (l List) Full() bool { return len(l.pending) >= l.config.PendingMax }

// Messages gives a copy of the stored messages, oldest first.
func (l List) Messages() []Message { return slices.Clone(l.pending) }

// Find gives the stored message with an id.
func (l List) Find(id uint16) (Message, bool) {
	if i := l.index(id); i >= 0 {
		return l.pending[i], true
	}
	return Message{}, false
}

// Add gives a message its id and, with FlagAckRequired, stores it. The error is ErrFull; then nothing has changed.
func (l List) Add(kind Type, flags Flags, content any) (List, Message, error) {
	if flags&FlagAckRequired != 0 && l.Full() {
		return l, Message{}, errorf("add a message of type %v: %w (%d places)", kind, ErrFull, l.config.PendingMax)
	}
	l.last = l.nextID()
	message := Message{ID: l.last, Type: kind, Flags: flags, Content: content}
	if flags&FlagAckRequired != 0 {
		l.pending = append(slices.Clip(l.pending), message)
	}
	return l, message, nil
}

// nextID passes over the ids of stored messages: one may have waited while all others were given out.
func (l List) nextID() uint16 {
	id := l.last
	for {
		if id < FirstID || id >= LastID {
			id = FirstID
		} else {
			id++
		}
		if l.index(id) < 0 {
			return id
		}
	}
}

// HandOut counts a hand-out of a stored message and gives the message. It is false when there is none with this id.
func (l List) HandOut(id uint16) (List, Message, bool) {
	i := l.index(id)
	if i < 0 {
		return l, Message{}, false
	}
	l.pending = slices.Clone(l.pending)
	l.pending[i].Notified++
	l.pending[i].Refused = false
	return l, l.pending[i], true
}

// Refuse notes that the transport did not take a message that was handed out. Expire gives it back.
func (l List) Refuse(id uint16) List {
	if i := l.index(id); i >= 0 {
		l.pending = slices.Clone(l.pending)
		l.pending[i].Refused = true
	}
	return l
}

// Remove takes a message out, as an acknowledgement does. It is false when there is none with this id.
func (l List) Remove(id uint16) (List, Message, bool) {
	i := l.index(id)
	if i < 0 {
		return l, Message{}, false
	}
	message := l.pending[i]
	l.pending = slices.Delete(slices.Clone(l.pending), i, i+1)
	if len(l.pending) == 0 {
		l.pending = nil
	}
	return l, message, true
}

// Clear takes all messages out.
func (l List) Clear() (List, []Message) {
	messages := l.pending
	l.pending = nil
	return l, messages
}

// Which says which of the stored messages an operation is about.
type Which int

// A transport that repeats and acknowledges by itself has all that it took: only the refused ones are handed out again to it.
const (
	All Which = iota
	Refused
)

// Expire is what happens when the timer runs out, and with All what happens on a new connection: of the messages meant, those that have
// been handed out Config.NotifiedCountMax times are given up and come back as discarded; the ids of the others, to be handed out, are
// due.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func (l List) Expire(which Which) (changed List, due []uint16, discarded []Message) {
	var kept []Message
	for _, message := range l.pending {
		meant := which == All || message.Refused
		if meant && message.Notified >= l.config.NotifiedCountMax {
			discarded = append(discarded, message)
			continue
		}
		kept = append(kept, message)
		if meant {
			due = append(due, message.ID)
		}
	}
	l.pending = kept
	return l, due, discarded
}

// Notify gives the ids to be handed out because the radio is known to be up, without looking at the limit.
func (l List) Notify(which Which) (due []uint16) {
	for _, message := range l.pending {
		if which == All || message.Refused {
			due = append(due, message.ID)
		}
	}
	return due
}

func (l List) index(id uint16) int {
	return slices.IndexFunc(l.pending, func(m Message) bool { return m.ID == id })
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
