package module

import (
	"slices"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// mainState and subState are the states of the SDK's module, see the diagram in the package comment.
type mainState int

const (
	stateLTEInit mainState = iota
	stateLTEDisconnected
	stateLTEConnected
	stateShutdown
	mainStateCount
)

func (s mainState) String() string {
	return [mainStateCount]string{"STATE_LTE_INIT", "STATE_LTE_DISCONNECTED", "STATE_LTE_CONNECTED", "STATE_SHUTDOWN"}[s]
}

// subState counts only in stateLTEConnected; in the other states it is subCloudDisconnected.
type subState int

const (
	subCloudDisconnected subState = iota
	subCloudConnected
	subStateCount
)

func (s subState) String() string {
	return [subStateCount]string{"SUB_STATE_CLOUD_DISCONNECTED", "SUB_STATE_CLOUD_CONNECTED"}[s]
}

// rules are what the machine is configured with. They do not change.
type rules struct {
	retries            int           // attempts after the first one
	jitterPercent      int           // 0 to 100
	associationTimeout time.Duration // 0: no limit
	resend             qos.Which     // what the list's timer hands out again
	configEarly        bool          // the backend takes ReportConfig from cloud.EventConnected on
}

// state is all that the machine knows. It is a plain value: a copy is independent of the original, because what it refers to is
// replaced and never changed.
type state struct {
	rules rules
	main  mainState
	sub   subState

	linkUp bool // the modem's latest word; kept also while nothing can be done about it
	hold   bool // a carrier's update has the link

	counter       int // attempts since the last reset
	attempt       attempt
	operation     operation
	lastOperation uint64
	connectNext   bool // make an attempt as soon as operation ends

	transportUp bool // the backend has a connection, usable or not
	associating bool // the cloud waits for the device's user; no attempts meanwhile
	clockWait   clockWait

	timers [timerCount]time.Time // when each fires; zero: not armed

	pending qos.List
	queue   []item   // waits for its turn to be handed out
	sending item     // what the sender has; the zero item: nothing
	early   []uint16 // handed out on this connection before it was usable
	lastSeq uint64
	agnss   *data.AGNSSRequest // buffered while not connected; the latest wins

	reboot   reboot // why the module stops, if the device is to restart
	finished bool   // the last effect is out
}

// attempt is the latest connect attempt. It becomes the zero attempt when its connection is given up by this side, so that what its
// backend still says is recognised as late.
type attempt struct {
	id      uint64        // its operation's
	number  int           // since the counter's last reset, from 1
	start   time.Time     // when it began
	delay   time.Duration // to the start of the next one
	resumed bool          // the cloud has kept the session of an earlier connection
	usable  bool          // cloud.EventReady has come
	claimed bool          // the user has claimed the device: another attempt is to follow
	closed  bool          // its connection is gone
	reason  cloud.DisconnectReason
	err     error
}

// operation is what the backend has been asked to do and has not finished. There is one at a time.
type operation struct {
	kind      operationKind
	id        uint64
	cancelled bool // its context has been ended
	stuck     bool // and still it did not return in time
}

type operationKind int

const (
	operationNone operationKind = iota
	operationInit
	operationConnect
	operationDisconnect
)

// clockWait tells how the wait for a clock stands.
type clockWait struct {
	until  time.Time // end of the running wait; zero: none
	gaveUp bool      // a wait has ended without a clock; there is no other
}

// item is one message to hand out.
type item struct {
	seq     uint64 // set when it is handed out
	attempt uint64 // the connection that it was handed out on
	listed  uint16 // id of a message in the pending list; 0: content holds the message
	content content
	request uint64 // the caller who waits for the outcome; 0: nobody
}

// reboot says why the device is to restart: the original name of the event that wants it, and the cause.
type reboot struct {
	reason string
	err    error
}

// timer names a timer of the machine. Each runs at most once at a time.
type timer int

const (
	timerRetry       timer = iota // the connect-check timer: the next attempt
	timerStable                   // the connection has lasted: the counter is reset
	timerOperation                // limit of the running operation
	timerAssociation              // limit of the wait for the user
	timerClock                    // next look at the clock
	timerQoS                      // the pending list's
	timerShutdown                 // limit of the orderly end
	timerCount
)

// Limits and pauses that are not options.
const (
	retryAfterDrop        = time.Second      // first retry after a connection that had lasted (SDK)
	retryAfterAssociation = 5 * time.Second  // reconnect once the user has claimed the device (SDK)
	stableAfter           = 60 * time.Second // a connection that lasts this long resets the counter
	initLimit             = 2 * time.Minute  // the modem may take its time to tell its IMEI
	connectLimit          = 5 * time.Minute  // above what any backend needs: Azure's provisioning takes up to 90 s per answer
	disconnectLimit       = 10 * time.Second // the transport is told good-bye, not waited for
	cancelGrace           = 10 * time.Second // for an operation to return after its context has ended
	shutdownLimit         = 15 * time.Second // within util's REBOOT_TIMEOUT of 30 s
	clockLimit            = 5 * time.Minute  // longest wait for a clock
	clockPause            = time.Second      // between looks at it
	firstYear             = 2026             // a clock that shows less has not been set: no build of this code is older
	queuePlaces           = 20               // messages that may wait to be handed out (SDK: CLOUD_QUEUE_ENTRY_COUNT)
)

// input is what a step needs from outside.
type input struct {
	now    time.Time
	random float64 // from [0, 1)
}

// newState is the machine before anything has happened.
func newState(r rules, list qos.Config) state { return state{rules: r, pending: qos.New(list)} }

// step is the machine: what a signal does to a state, and what is to be done about it. It reads no clock, draws no number and waits for
// nothing; a signal that means nothing in a state changes nothing.
func step(s state, sig signal, in input) (state, []effect) {
	t := turn{state: s, input: in}
	if !t.finished {
		t.take(sig)
	}
	return t.state, t.effects
}

// turn is one step in the making.
type turn struct {
	state
	input
	effects []effect
}

// The next ones are called all over the machine with large values; inlined, they would make up a third of its code.

//go:noinline
func (t *turn) do(e effect) { t.effects = append(t.effects, e) }

//go:noinline
func (t *turn) emit(e *Event) { t.do(emit{*e}) }

//go:noinline
func (t *turn) start(which timer, after time.Duration) {
	t.timers[which] = t.now.Add(after)
	t.do(startTimer{which, t.timers[which]})
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func (t *turn) stop(which timer) {
	if t.armed(which) {
		t.timers[which] = time.Time{}
		t.do(stopTimer{which})
	}
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func (t *turn) armed(which timer) bool { return !t.timers[which].IsZero() }

// take dispatches a signal. That a late or impossible one does nothing is decided in the function it leads to.
func (t *turn) take(sig signal) {
	switch sig := sig.(type) {
	case modemInitialized:
		t.modemInitialized()
	case initDone:
		t.initDone(sig)
	case linkChanged:
		t.linkChanged(sig.up)
	case carrierFOTA:
		t.carrierFOTA(sig.pending)
	case rebootWanted:
		t.restart(reboot(sig))
	case shutdownWanted:
		t.shutdown()
	case connectDone:
		t.connectDone(sig)
	case disconnectDone:
		t.disconnectDone(sig)
	case backendEvent:
		t.backendEvent(sig.attempt, &sig.event)
	case backendData:
		t.backendData(sig)
	case timerFired:
		if t.armed(sig.timer) && t.timers[sig.timer].Equal(sig.at) {
			t.timers[sig.timer] = time.Time{}
			t.timerFired(sig.timer)
		}
	case sendWanted:
		t.sendWanted(sig)
	case sendDone:
		t.sendDone(sig)
	}
}

func (t *turn) timerFired(which timer) {
	switch which {
	case timerRetry:
		t.emit(&Event{Type: EventConnectionTimeout})
		t.connect()
	case timerStable:
		t.counter = 0
	case timerOperation:
		t.operationOverdue()
	case timerAssociation:
		t.fail(ErrAssociationTimeout)
	case timerClock:
		t.connect()
	case timerQoS:
		t.expirePending()
	case timerShutdown:
		t.finish(ErrCloseTimeout)
	}
}

// modemInitialized sets the backend up. The state changes when that is done: STATE_LTE_DISCONNECTED means that all is initialised.
func (t *turn) modemInitialized() {
	if t.main != stateLTEInit || t.operation.kind != operationNone {
		return
	}
	t.do(initBackend{t.begin(operationInit, initLimit)})
}

func (t *turn) initDone(sig initDone) {
	if !t.end(operationInit, sig.id) {
		return
	}
	switch {
	case t.main == stateShutdown:
		t.finish(nil)
	case sig.err != nil:
		t.fail(sig.err)
	default:
		t.main = stateLTEDisconnected
		if t.linkUp {
			t.networkUp()
		}
	}
}

// linkChanged takes the modem's word. Before the set-up is done it is kept.
func (t *turn) linkChanged(up bool) {
	t.linkUp = up
	if !up {
		t.hold = false
	}
	switch {
	case t.main == stateLTEDisconnected && up:
		t.networkUp()
	case t.main == stateLTEConnected && !up:
		t.closeConnection()
		t.main = stateLTEDisconnected
	}
}

func (t *turn) networkUp() {
	t.main, t.sub = stateLTEConnected, subCloudDisconnected
	if !t.hold {
		t.connect()
	}
}

// carrierFOTA matters while the network is up: a carrier's update takes the link until it is over or the network is gone.
func (t *turn) carrierFOTA(pending bool) {
	if !t.linkUp || t.main == stateShutdown {
		return
	}
	if t.hold == pending {
		return // in the SDK the end of an update makes an attempt also when one is planned or the connection stands
	}
	t.hold = pending
	switch {
	case t.main != stateLTEConnected:
	case pending:
		t.closeConnection()
	default:
		t.connect()
	}
}

// fail is the way to CLOUD_EVT_ERROR, which ends in a restart of the device.
func (t *turn) fail(err error) {
	if t.main != stateShutdown {
		t.emit(&Event{Type: EventError, Err: err})
		t.restart(reboot{reason: EventError.String(), err: err})
	}
}

// restart shuts the module down and says why. The first reason counts.
func (t *turn) restart(why reboot) {
	if t.main != stateShutdown {
		t.reboot = why
		t.shutdown()
	}
}

// shutdown closes the connection and reports when it is closed. In the SDK the connection stays open.
func (t *turn) shutdown() {
	if t.main == stateShutdown {
		return
	}
	t.main, t.hold, t.agnss = stateShutdown, false, nil
	var pending []qos.Message
	t.pending, pending = t.pending.Clear()
	t.discard(pending, ErrShutdown)
	t.closeConnection()
	if t.operation.kind == operationNone || t.operation.stuck {
		t.finish(nil)
		return
	}
	if t.operation.kind == operationInit {
		t.cancel()
	}
	t.start(timerShutdown, shutdownLimit)
}

func (t *turn) finish(err error) {
	for which := range timerCount {
		t.stop(which)
	}
	t.finished = true
	t.emit(&Event{Type: EventShutdownReady, Err: err})
	t.do(finish{t.reboot})
}

// begin notes a new operation and limits its time.
func (t *turn) begin(kind operationKind, limit time.Duration) (id uint64) {
	t.lastOperation++
	t.operation = operation{kind: kind, id: t.lastOperation}
	t.start(timerOperation, limit)
	return t.lastOperation
}

// end notes that an operation has ended; false: it is not the one that runs.
func (t *turn) end(kind operationKind, id uint64) bool {
	if t.operation.kind != kind || t.operation.id != id {
		return false
	}
	t.operation = operation{}
	t.stop(timerOperation)
	return true
}

func (t *turn) cancel() {
	if !t.operation.cancelled {
		t.operation.cancelled = true
		t.do(cancelOperation{t.operation.id})
		t.start(timerOperation, cancelGrace)
	}
}

// operationOverdue ends the context of an operation that takes too long. When it does not return even then, the backend is broken; the
// attempts that cannot be made because of that count as spent, so that the retries run out and the device restarts.
func (t *turn) operationOverdue() {
	if !t.operation.cancelled && t.operation.kind != operationDisconnect {
		t.cancel()
		return
	}
	t.operation.stuck = true
	t.attempt.id, t.attempt.err = 0, ErrBackendStuck // whatever it still says is late
	switch {
	case t.main == stateShutdown:
		t.finish(ErrBackendStuck)
	case t.operation.kind == operationInit:
		t.fail(ErrBackendStuck)
	case t.connectNext:
		t.connectNext = false
		t.connect()
	case t.wanted():
		t.connectFailed(cloud.ConnectErrMisc, ErrBackendStuck)
	}
}

// without gives a queue without the entries that match.
func without(queue []item, matches func(item) bool) []item {
	if !slices.ContainsFunc(queue, matches) {
		return queue
	}
	kept := slices.DeleteFunc(slices.Clone(queue), matches)
	if len(kept) == 0 {
		return nil
	}
	return kept
}
