package module

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
)

// backoff is the table of delays between the starts of two attempts (SDK: backoff_delay, in seconds 32, 64 … 1048576), by the number of
// attempts made before. The limit of CLOUD_CONNECT_RETRIES keeps clear of its end.
var backoff = [16]time.Duration{
	32 * time.Second, 64 * time.Second, 128 * time.Second, 256 * time.Second, 512 * time.Second, 1024 * time.Second,
	2048 * time.Second, 4096 * time.Second, 8192 * time.Second, 16384 * time.Second, 32768 * time.Second,
	65536 * time.Second, 131072 * time.Second, 262144 * time.Second, 524288 * time.Second, 1048576 * time.Second,
}

const maxConnectRetries = 13

// jittered draws a delay from the last jitterPercent of the one given, so that a fleet that lost its cloud does not come back as one.
func (t *turn) jittered(delay time.Duration) time.Duration {
	return delay - time.Duration(float64(delay)*float64(t.rules.jitterPercent)/100*t.random)
}

// wanted tells whether the module is to have a connection and has none.
func (t *turn) wanted() bool {
	return t.main == stateLTEConnected && t.sub == subCloudDisconnected && !t.hold
}

// connect makes an attempt now, or as soon as what the backend is doing has ended, or when there is a clock.
func (t *turn) connect() {
	if !t.wanted() {
		return
	}
	t.stop(timerRetry)
	switch {
	case t.operation.stuck:
		t.connectStuck()
	case t.operation.kind != operationNone:
		t.connectNext = true
	case t.transportUp: // left over from an attempt that did not become usable in time, or waits for a claimed device to come anew
		t.connectNext = true
		if !t.attempt.closed && !t.attempt.claimed {
			t.attempt.err = ErrNotReady
			t.connectFailed(cloud.ConnectErrTimeoutNoData, ErrNotReady)
		}
		t.attempt.id, t.attempt.closed = 0, true // whatever is still said about it is late
		t.closeTransport()
	case t.spent():
	case t.withoutClock():
	default:
		delay := t.nextDelay()
		id := t.begin(operationConnect, connectLimit)
		t.attempt = attempt{id: id, number: t.counter, start: t.now, delay: delay}
		t.emit(&Event{Type: EventConnecting, Attempt: t.counter, Delay: delay})
		t.do(connect{id})
		t.start(timerRetry, delay)
	}
}

// spent raises the fatal error when all attempts have been made and have had their delay.
func (t *turn) spent() bool {
	if t.counter <= t.rules.retries {
		return false
	}
	t.fail(errorf("%w: %d attempts made; the last one: %w", ErrRetriesExhausted, t.counter, t.attempt.err))
	return true
}

// nextDelay counts an attempt and gives its delay.
func (t *turn) nextDelay() time.Duration {
	delay := t.jittered(backoff[t.counter])
	t.counter++
	return delay
}

// connectStuck counts an attempt that cannot be made because the backend does not return from the last thing it was asked for.
func (t *turn) connectStuck() {
	if t.spent() {
		return
	}
	delay := t.nextDelay()
	t.attempt.number, t.attempt.err = t.counter, ErrBackendStuck
	t.start(timerRetry, delay)
	t.connectFailed(cloud.ConnectErrMisc, ErrBackendStuck)
}

// withoutClock tells that there is no clock, by which certificates are checked, and that the attempt has to wait for one.
func (t *turn) withoutClock() bool {
	set := t.now.UTC().Year() >= firstYear
	waiting := !t.clockWait.until.IsZero()
	switch {
	case set || t.clockWait.gaveUp:
	case !waiting:
		t.clockWait.until = t.now.Add(clockLimit)
		t.emit(&Event{Type: EventTimeWait, Delay: clockLimit})
		t.start(timerClock, clockPause)
		return true
	case t.now.Before(t.clockWait.until):
		if !t.armed(timerClock) {
			t.start(timerClock, clockPause)
		}
		return true
	default: // TLS will say what is wrong
		t.clockWait.gaveUp = true
	}
	t.clockWait.until = time.Time{}
	t.stop(timerClock)
	return false
}

// connectDone takes the outcome of an attempt. Of one that was cancelled or overtaken it only matters that it has ended.
func (t *turn) connectDone(sig connectDone) {
	if !t.end(operationConnect, sig.id) {
		return
	}
	current := sig.id == t.attempt.id
	switch sig.result {
	case cloud.ConnectSuccess:
		t.transportUp = !current || !t.attempt.closed
	case cloud.ConnectErrAlreadyConnected: // of a connection that nobody waits for; it is closed before the next attempt
		t.transportUp = true
	default:
		t.transportUp = false
	}
	switch {
	case !current:
		t.closeTransport()
	case sig.result == cloud.ConnectSuccess && !t.attempt.closed:
		// The connection is there; until it is usable the retry timer runs on, anew if the attempt took longer than its delay.
		if t.connectNext {
			t.connectNext = false
			t.start(timerRetry, t.attempt.delay)
		}
	case t.sub == subCloudConnected: // it was usable before Connect returned, and yet Connect says no
		t.dropped(cloud.DisconnectMisc, sig.err)
	case t.attempt.usable: // and dropped before Connect returned: the next attempt is planned
	default:
		err := sig.err
		if t.attempt.closed {
			err = t.attempt.err
		} else if err == nil {
			err = errorf("the backend says %v", sig.result)
		}
		t.attempt.closed, t.attempt.err = true, err
		if !t.connectNext && !t.armed(timerRetry) {
			t.retryByTable() // a user association request has stopped the timer
		}
		t.connectFailed(sig.result, err)
	}
	t.next()
}

func (t *turn) disconnectDone(sig disconnectDone) {
	if !t.end(operationDisconnect, sig.id) {
		return
	}
	t.transportUp = false
	t.next()
}

// next goes on when an operation has ended.
func (t *turn) next() {
	if t.operation.kind != operationNone {
		return
	}
	switch {
	case t.main == stateShutdown:
		t.finish(nil)
	case t.connectNext:
		t.connectNext = false
		t.connect()
	}
}

func (t *turn) connectFailed(result cloud.ConnectResult, err error) {
	t.emit(&Event{
		Type: EventConnectFailed, Attempt: t.attempt.number, Result: result, Reason: t.attempt.reason, Err: err, Delay: t.untilRetry(),
	})
}

// untilRetry is the time until the next attempt; 0: at once, or none is planned.
func (t *turn) untilRetry() time.Duration {
	if !t.armed(timerRetry) {
		return 0
	}
	return t.timers[timerRetry].Sub(t.now)
}

// current tells whether something that the backend says belongs to the connection that the module has or waits for.
func (t *turn) current(attempt uint64) bool {
	return t.main == stateLTEConnected && attempt != 0 && attempt == t.attempt.id
}

// backendEvent takes what the backend says about its connection. Its errors are no reason to restart: only data.Failed is.
func (t *turn) backendEvent(attempt uint64, event *cloud.Event) {
	current := t.current(attempt)
	switch event.Type {
	case cloud.EventConnecting: // an attempt of ours has said so itself
		if current && t.operation.kind == operationNone && t.sub == subCloudDisconnected {
			t.emit(&Event{Type: EventConnecting, Attempt: t.attempt.number, Delay: t.untilRetry()})
		}
	case cloud.EventConnected:
		if current && !t.operation.cancelled && !t.attempt.closed {
			t.attempt.resumed = event.PersistentSession
			t.transportIsUp()
		}
	case cloud.EventReady:
		if current && !t.operation.cancelled && t.sub == subCloudDisconnected && !t.hold {
			t.connected()
		}
	case cloud.EventDisconnected:
		if current && !t.operation.cancelled {
			t.disconnected(event)
		}
	case cloud.EventError:
		if t.main != stateShutdown {
			t.emit(&Event{Type: EventBackendError, Err: event.Err})
		}
	case cloud.EventDataSent:
		t.acknowledged(event.Message.ID)
	default:
		t.backendNews(event)
	}
}

// backendNews takes the events of the Cloud API that are not about the connection. What a data.Received says too (data, pairing) is taken
// from there alone; erasing and progress are for the log.
func (t *turn) backendNews(event *cloud.Event) {
	if t.main == stateShutdown {
		return
	}
	switch event.Type {
	case cloud.EventFOTAStart:
		t.emit(&Event{Type: EventFOTAStart})
	case cloud.EventFOTAError:
		t.emit(&Event{Type: EventFOTAError, Err: event.Err})
	case cloud.EventFOTADone:
		t.emit(&Event{Type: EventFOTADone})
		t.restart(reboot{reason: EventFOTADone.String()})
	}
}

func (t *turn) connected() {
	t.sub = subCloudConnected
	t.transportUp, t.connectNext, t.associating = true, false, false
	t.attempt.usable, t.attempt.closed, t.attempt.err = true, false, nil
	t.stop(timerRetry)
	t.stop(timerAssociation)
	if t.operation.kind == operationConnect {
		t.stop(timerOperation) // it has done what it was to do, whenever it returns
	}
	t.start(timerStable, stableAfter)
	t.emit(&Event{Type: EventConnected, Attempt: t.attempt.number, PersistentSession: t.attempt.resumed})
	t.do(settleUpdates{})
	t.renewPending()
}

// disconnected is the backend's word that the connection of the current attempt is gone.
func (t *turn) disconnected(event *cloud.Event) {
	if t.sub == subCloudConnected {
		t.dropped(event.Reason, event.Err)
		return
	}
	if t.attempt.closed || !t.transportUp && t.operation.kind == operationNone {
		t.transportUp = false
		return
	}
	err := ErrNotReady
	if event.Err != nil {
		err = errorf("%w: %w", ErrNotReady, event.Err)
	}
	t.transportUp = false
	t.attempt.closed, t.attempt.reason, t.attempt.err = true, event.Reason, err
	t.interruptSending()
	if t.operation.kind == operationConnect {
		return // its end says so
	}
	if !t.armed(timerRetry) {
		t.retryByTable() // a user association request has stopped the timer
	}
	t.connectFailed(cloud.ConnectErrMisc, err)
}

// dropped is the end of a usable connection that this side did not want to end.
func (t *turn) dropped(reason cloud.DisconnectReason, err error) {
	t.sub, t.transportUp = subCloudDisconnected, false
	t.attempt.closed, t.attempt.reason, t.attempt.err = true, reason, errorf("its connection ended at once: %v", reason)
	t.stop(timerStable)
	t.interruptSending()
	if t.operation.kind == operationConnect {
		t.cancel()
	}
	t.retryByTable()
	t.emit(&Event{Type: EventDisconnected, Reason: reason, Err: err, Delay: t.untilRetry()})
}

// retryByTable plans the attempt after a connection that ended: in a second if it had lasted; else the table goes on, because a cloud that
// takes a device and drops it at once must not be asked every second.
func (t *turn) retryByTable() {
	next := t.now.Add(t.jittered(retryAfterDrop))
	if byTable := t.attempt.start.Add(t.attempt.delay); t.counter > 0 && byTable.After(next) {
		next = byTable
	}
	t.start(timerRetry, next.Sub(t.now))
}

// closeConnection is the SDK's disconnect routine: the network is gone, or a carrier's update has it, or the module shuts down. No
// attempt is planned and the next one begins with the table's first entry.
func (t *turn) closeConnection() {
	wasConnected := t.sub == subCloudConnected
	t.sub, t.counter, t.connectNext, t.associating, t.clockWait.until = subCloudDisconnected, 0, false, false, time.Time{}
	for _, which := range []timer{timerRetry, timerStable, timerAssociation, timerClock} {
		t.stop(which)
	}
	t.interruptSending()
	t.closeTransport()
	t.attempt = attempt{}
	if wasConnected {
		t.emit(&Event{Type: EventDisconnected, Reason: cloud.DisconnectUserRequest})
	}
}

// closeTransport closes what the backend has open, after the attempt that may be running has ended.
func (t *turn) closeTransport() {
	switch {
	case t.operation.kind == operationConnect:
		t.cancel() // its end leads back here
	case t.operation.kind == operationNone && t.transportUp:
		t.do(disconnect{t.begin(operationDisconnect, disconnectLimit)})
	}
}

// associationRequested holds attempts back until the user has claimed the device. The limit runs from the first request.
func (t *turn) associationRequested() {
	if t.sub == subCloudConnected {
		t.emit(&Event{Type: EventUserAssociationRequest})
		return
	}
	t.counter, t.connectNext = 0, false
	t.stop(timerRetry)
	if t.associating {
		return
	}
	t.associating = true
	if t.rules.associationTimeout > 0 {
		t.start(timerAssociation, t.rules.associationTimeout)
	}
	t.emit(&Event{Type: EventUserAssociationRequest, Delay: t.rules.associationTimeout})
}

func (t *turn) associated() {
	t.stop(timerAssociation)
	t.associating = false
	t.emit(&Event{Type: EventUserAssociated})
	if t.wanted() && !t.armed(timerRetry) {
		t.attempt.claimed = true
		t.start(timerRetry, retryAfterAssociation)
	}
}
