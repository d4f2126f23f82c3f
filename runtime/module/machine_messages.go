package module

import (
	"errors"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// accepts tells whether a message that a caller wants to send can be taken now. While it cannot, callers wait: the queue of the SDK's
// module is emptied when it overflows, and the device restarts.
func (s state) accepts() bool {
	if s.main != stateLTEConnected || s.sub != subCloudConnected {
		return true // it is refused or buffered at once
	}
	return len(s.queue) < queuePlaces && !s.pending.Full()
}

// sendWanted takes a message of a caller. One that needs an acknowledgement is listed and becomes the module's concern; the caller of any
// other is told what became of it.
func (t *turn) sendWanted(sig sendWanted) {
	kind, flags := sig.content.treatment()
	switch {
	case t.main == stateShutdown:
		t.do(reply{sig.request, ErrShutdown})
		return
	case t.sub == subCloudConnected:
	case kind == qos.TypeAGNSSRequest:
		request := sig.content.(*agnssContent).request
		t.agnss = &request
		t.do(reply{sig.request, nil})
		return
	case kind == qos.TypeConfig && flags == qos.FlagAckRequired && t.rules.configEarly && t.main == stateLTEConnected:
	default:
		t.do(reply{sig.request, errNotConnected})
		return
	}
	message, err := t.add(sig.content)
	if err != nil {
		t.do(reply{sig.request, err})
		return
	}
	waiting := item{request: sig.request}
	if flags == qos.FlagAckRequired {
		waiting.listed = message.ID
	} else {
		waiting.content = sig.content
	}
	t.enqueue(waiting)
	if location, ok := sig.content.(*locationContent); ok && !location.answered {
		t.emit(&Event{Type: EventCloudLocationUnknown})
	}
	t.handOut()
}

// add gives a message its id and, where it needs an acknowledgement, lists it.
func (t *turn) add(c content) (qos.Message, error) {
	kind, flags := c.treatment()
	pending, message, err := t.pending.Add(kind, flags, c)
	t.pending = pending // as it was, if there was an error
	return message, err
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func (t *turn) enqueue(waiting item) { t.queue = append(slices.Clip(t.queue), waiting) }

// handOut gives the sender the next message, if it has none and there is a connection for it.
func (t *turn) handOut() {
	for t.sending.seq == 0 {
		i := slices.IndexFunc(t.queue, t.mayGo)
		if i < 0 {
			break
		}
		next := t.queue[i]
		t.queue = slices.Delete(slices.Clone(t.queue), i, i+1)
		if len(t.queue) == 0 {
			t.queue = nil
		}
		var delivery Delivery
		if next.listed != 0 {
			pending, message, found := t.pending.HandOut(next.listed)
			if !found {
				continue
			}
			t.pending = pending
			delivery = Delivery{ID: message.ID, Acknowledged: true}
			next.content = message.Content.(content)
			if t.sub == subCloudDisconnected {
				t.early = append(slices.Clip(t.early), message.ID)
			}
			t.emit(&Event{
				Type: EventDataSendQoS, MessageID: eventID(message), MessageType: message.Type, Count: message.Notified,
			})
		}
		t.lastSeq++
		next.seq, next.attempt = t.lastSeq, t.attempt.id
		t.sending = next
		t.do(publish{next.seq, delivery, next.content})
	}
	t.runPendingTimer()
}

// mayGo tells whether there is a connection for a message: a usable one, or for an early configuration one that is up.
func (t *turn) mayGo(waiting item) bool {
	switch {
	case t.main != stateLTEConnected:
		return false
	case t.sub == subCloudConnected:
		return true
	case !t.transportUp || !t.rules.configEarly || t.operation.kind == operationDisconnect:
		return false
	}
	message, found := t.pending.Find(waiting.listed)
	return found && message.Type == qos.TypeConfig
}

// sendDone takes the outcome of a hand-out.
func (t *turn) sendDone(sig sendDone) {
	if sig.seq != t.sending.seq || sig.seq == 0 {
		return
	}
	sent := t.sending
	t.sending = item{}
	message, listed := t.pending.Find(sent.listed)
	unsupported := errors.Is(sig.err, cloud.ErrUnsupported)
	stands := t.transportUp && sent.attempt == t.attempt.id
	outcome := sig.err
	switch {
	case sig.err == nil:
	case listed && unsupported: // it would be refused for ever
		t.pending, _, _ = t.pending.Remove(sent.listed)
		t.discard([]qos.Message{message}, sig.err)
	case listed && stands: // the list's timer tries again
		t.pending, outcome = t.pending.Refuse(sent.listed), nil
		t.sendFailed(sent, message, sig.err)
	case listed: // the next connection does
		outcome = nil
	case unsupported: // the caller is told
	case stands:
		t.sendFailed(sent, message, sig.err)
	default:
		outcome = errorf("%w (%w)", errNotConnected, sig.err)
	}
	t.answer(sent, outcome)
	t.afterRemoval()
	t.handOut()
}

func (t *turn) sendFailed(sent item, message qos.Message, err error) {
	kind, _ := sent.content.treatment()
	t.emit(&Event{Type: EventSendFailed, MessageID: eventID(message), MessageType: kind, Err: err})
}

// answer tells the caller who waits for a message, once.
//
//go:noinline
func (t *turn) answer(about item, err error) {
	if about.request != 0 {
		t.do(reply{about.request, err})
	}
}

// acknowledged takes a message from the list: the cloud has it.
func (t *turn) acknowledged(id uint16) {
	if t.main == stateShutdown {
		return
	}
	pending, message, found := t.pending.Remove(id)
	if !found {
		return
	}
	t.pending = pending
	t.forget(id, nil)
	t.emit(&Event{Type: EventDataSent, MessageID: eventID(message), MessageType: message.Type, Count: message.Notified})
	t.afterRemoval()
	t.handOut()
}

// forget takes a message that is no longer listed out of the queue.
func (t *turn) forget(id uint16, err error) {
	for _, waiting := range t.queue {
		if waiting.listed == id {
			t.answer(waiting, err)
		}
	}
	t.queue = without(t.queue, func(waiting item) bool { return waiting.listed == id })
	if t.sending.listed == id {
		t.answer(t.sending, err)
		t.sending.request = 0
	}
}

// afterRemoval uses a place that has become free for the buffered assistance request.
func (t *turn) afterRemoval() {
	if t.agnss == nil || t.sub != subCloudConnected || t.pending.Full() {
		return
	}
	message, err := t.add(&agnssContent{*t.agnss})
	if err != nil {
		return
	}
	t.agnss = nil
	t.enqueue(item{listed: message.ID})
}

// renewPending hands out on a new connection what the last one left behind.
func (t *turn) renewPending() {
	pending, due, discarded := t.pending.Expire(qos.All)
	t.pending = pending
	t.discard(discarded, ErrGivenUp)
	early := t.early
	t.early = nil
	t.enqueueListed(slices.DeleteFunc(due, func(id uint16) bool { return slices.Contains(early, id) }))
	t.afterRemoval()
	t.handOut()
}

// transportIsUp hands out what the backend takes before the connection is usable.
func (t *turn) transportIsUp() {
	t.transportUp = true
	if t.rules.configEarly && t.sub == subCloudDisconnected {
		for _, message := range t.pending.Messages() {
			if message.Type == qos.TypeConfig && !slices.Contains(t.early, message.ID) {
				t.enqueueListed([]uint16{message.ID})
			}
		}
		t.handOut()
	}
}

// expirePending is the list's timer.
func (t *turn) expirePending() {
	if t.main != stateLTEConnected || t.sub != subCloudConnected {
		return
	}
	pending, due, discarded := t.pending.Expire(t.rules.resend)
	t.pending = pending
	t.discard(discarded, ErrGivenUp)
	t.enqueueListed(due)
	t.afterRemoval()
	t.handOut()
}

// pingAnswered hands out again what may be handed out again: the radio is known to be up.
func (t *turn) pingAnswered() {
	if t.sub == subCloudConnected {
		t.enqueueListed(t.pending.Notify(t.rules.resend))
		t.handOut()
	}
}

// enqueueListed queues listed messages that are neither queued nor with the sender.
func (t *turn) enqueueListed(ids []uint16) {
	for _, id := range ids {
		queued := slices.ContainsFunc(t.queue, func(waiting item) bool { return waiting.listed == id })
		sending := t.sending.listed == id && t.sending.attempt == t.attempt.id
		if !queued && !sending {
			t.enqueue(item{listed: id})
		}
	}
}

// discard reports messages that are given up.
func (t *turn) discard(messages []qos.Message, err error) {
	for _, message := range messages {
		t.emit(&Event{
			Type: EventMessageDiscarded, MessageID: eventID(message), MessageType: message.Type, Count: message.Notified, Err: err,
		})
		t.forget(message.ID, err)
	}
}

// runPendingTimer keeps the list's one timer going while there is something that it would hand out.
func (t *turn) runPendingTimer() {
	needed := t.sub == subCloudConnected && len(t.pending.Notify(t.rules.resend)) > 0
	switch {
	case !needed:
		t.stop(timerQoS)
	case !t.armed(timerQoS):
		t.start(timerQoS, t.pending.Config().NotifyTimeout)
	}
}

// interruptSending is what the end of a connection does to messages. Listed ones stay for the next connection; the callers of the others
// are told.
func (t *turn) interruptSending() {
	t.stop(timerQoS)
	if t.sending.seq != 0 && t.sending.attempt == t.attempt.id {
		t.do(cancelPublish{t.sending.seq})
	}
	for _, waiting := range t.queue {
		switch {
		case waiting.listed != 0:
			t.answer(waiting, nil)
		case t.main == stateShutdown:
			t.answer(waiting, ErrShutdown)
		default:
			t.answer(waiting, errNotConnected)
		}
	}
	t.queue, t.early = nil, nil
}

// eventID is the id by which events name a message: the sender's own where it gave one.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func eventID(message qos.Message) uint16 {
	if raw, ok := message.Content.(*rawContent); ok && raw.message.ID != 0 {
		return raw.message.ID
	}
	return message.ID
}

// backendData takes what the cloud sent, decoded.
func (t *turn) backendData(sig backendData) {
	if t.main == stateShutdown {
		return
	}
	switch sig.received.(type) {
	case data.UserAssociationRequested:
		if t.current(sig.attempt) {
			t.associationRequested()
		}
	case data.UserAssociated:
		if t.current(sig.attempt) {
			t.associated()
		}
	default:
		t.received(sig.received)
	}
}

// received is the reaction to each kind of data (SDK: the callback of the cloud wrapper). Bad input is a record, not a reason to restart.
func (t *turn) received(received data.Received) {
	switch r := received.(type) {
	case data.Acknowledged:
		t.acknowledged(r.ID)
	case data.PingAnswered:
		t.pingAnswered()
	case data.ConfigReceived:
		t.emit(&Event{Type: EventConfigReceived, Config: r.Change})
		t.do(deliver{received})
	case data.ConfigEmpty:
		t.emit(&Event{Type: EventConfigEmpty})
	case data.InputRejected:
		t.emit(&Event{Type: EventInputRejected, Source: r.Source, Err: r.Err})
	case data.LocationFound:
		t.emit(&Event{Type: EventCloudLocationReceived, Location: r})
	case data.LocationFailed:
		if r.Unknown {
			t.emit(&Event{Type: EventCloudLocationUnknown})
		} else {
			t.emit(&Event{Type: EventCloudLocationError})
		}
	case data.AGNSSReceived:
		t.emit(&Event{Type: EventAGNSSReceived, Payload: r.Payload})
	case data.PGPSReceived:
		t.emit(&Event{Type: EventPGPSReceived, Payload: r.Payload})
	case data.CommandReceived:
		t.emit(&Event{Type: EventDataReceived, Source: r.Source, Payload: r.Payload})
		t.do(deliver{received})
	case data.RebootRequested:
		t.emit(&Event{Type: EventRebootRequest})
		t.restart(reboot{reason: EventRebootRequest.String()})
	case data.LinkRequested:
		if r.Up {
			t.emit(&Event{Type: EventLTEConnect})
		} else {
			t.emit(&Event{Type: EventLTEDisconnect})
		}
		t.do(requestLink{r.Up})
	case data.Failed:
		err := ErrBackendFailed
		if r.Err != nil {
			err = errorf("%w: %w", err, r.Err)
		}
		t.fail(err)
	}
}
