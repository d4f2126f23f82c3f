package coap

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

func decimal(id OptionID) string { return strconv.Itoa(int(id)) }

// notified remembers the last non-confirmable notifications, for a Reset that answers one.
type notified struct {
	entries [64]struct {
		id    uint16
		token []byte
		until time.Time
	}
	next int
}

func (n *notified) add(now time.Time, id uint16, token []byte) {
	entry := &n.entries[n.next%len(n.entries)]
	n.next++
	entry.id, entry.token, entry.until = id, token, now.Add(nonLifetime)
}

func (n *notified) take(now time.Time, id uint16) (token []byte, known bool) {
	for i := range n.entries {
		if entry := &n.entries[i]; entry.id == id && now.Before(entry.until) {
			entry.until = time.Time{}
			return entry.token, true
		}
	}
	return nil, false
}

// notify sends a notification. Done is called in any case, at the latest by close.
func (e *endpoint) notify(now time.Time, n *Notification) {
	done := n.Done
	if done == nil {
		done = func(NotifyOutcome) {}
	}
	kind := nonConfirmable
	if n.Confirmable {
		kind = confirmable
		if len(e.notifying) > e.config.MaxQueue { // one is under way
			done(NotifyDropped)
			return
		}
	}
	m := n.Message
	if m.Code.IsSuccess() && sizeOf(&m) > e.config.MaxMessage {
		m = e.keep(now, &snapshot{path: "/" + strings.TrimPrefix(n.Path, "/"), body: n.Body, Message: m}, block{szx: 6}, false)
	}
	d := datagram{kind: kind, id: e.messageID(), token: n.Token, Message: m}
	raw, err := e.encoder.encode(&d)
	if err != nil {
		done(NotifyDropped)
		return
	}
	if !n.Confirmable {
		e.notified.add(now, d.id, bytes.Clone(n.Token))
		e.outbox = append(e.outbox, outgoing{raw: raw, after: func() { done(NotifySent) }})
		return
	}
	t := &transmission{id: d.id, raw: raw}
	t.settled = func(_ time.Time, outcome outcome) {
		delete(e.notifying, t)
		switch outcome {
		case acknowledged:
			done(NotifyAcknowledged)
		case wasReset:
			done(NotifyReset)
		default:
			done(NotifyTimedOut)
		}
	}
	e.notifying[t] = done
	e.sender.start(now, t)
}
