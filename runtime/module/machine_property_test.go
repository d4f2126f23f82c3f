package module

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// judge watches a machine from outside, by its effects, and complains when it does what it must never do.
type judge struct {
	b     *bench
	trace []string

	operation  uint64 // outstanding
	kind       operationKind
	publishing uint64 // outstanding
	usable     bool   // CLOUD_EVT_CONNECTED without CLOUD_EVT_DISCONNECTED
	early      bool   // some messages may go before
	handed     map[uint16]bool
	published  uint16 // id with the sender
	finished   bool
	replied    map[uint64]int
	asked      uint64
	lastStart  time.Time
	lastDelay  time.Duration
	attempts   int
	reset      bool // something allows the next attempt before its time
	history    []state
	snapshots  []string
}

func newJudge(r rules) *judge {
	return &judge{b: newBench(r), early: r.configEarly, handed: map[uint16]bool{}, replied: map[uint64]int{}, reset: true}
}

// play makes the machine take what the bytes choose. It gives the first complaint.
func (j *judge) play(choices []byte) error {
	for _, choice := range choices {
		if err := j.take(choice); err != nil {
			return err
		}
	}
	return j.unchanged()
}

// take makes the machine take one signal.
func (j *judge) take(choice byte) error {
	happening := j.happens(j.b, choice)
	sig := happening.make(j.b)
	if s, ok := sig.(sendWanted); ok {
		if !j.b.state.accepts() {
			return nil // the caller waits
		}
		j.asked++
		s.request = j.asked
		sig = s
	}
	j.trace = append(j.trace, happening.name)
	j.history = append(j.history, j.b.state)
	j.snapshots = append(j.snapshots, fmt.Sprintf("%+v", j.b.state))
	before := j.b.state
	j.b.step(sig)
	if err := j.check(before, sig); err != nil {
		return fmt.Errorf("%w\nstate %+v\nafter %q", err, j.b.state, j.trace)
	}
	return nil
}

// happens lets some time pass and says what happens then.
func (j *judge) happens(b *bench, choice byte) happening {
	if int(choice) >= len(happenings) {
		b.wait(time.Duration(choice) * 50 * time.Millisecond)
	}
	b.random = float64(choice) / 256
	return happenings[int(choice)%len(happenings)]
}

// tells gives whether the machine would do more about a signal than to report it, and whether it would shut down.
func (j *judge) tells(choice byte) (matters, ends bool) {
	peek := *j.b
	peek.step(j.happens(&peek, choice).make(&peek))
	return !reflect.DeepEqual(peek.state, j.b.state), peek.state.main == stateShutdown && j.b.state.main != stateShutdown
}

// unchanged holds that no step has changed an earlier state.
func (j *judge) unchanged() error {
	for i, was := range j.history {
		if got := fmt.Sprintf("%+v", was); got != j.snapshots[i] {
			return fmt.Errorf("the state before %q was changed later:\n%s\n%s", j.trace[i], j.snapshots[i], got)
		}
	}
	return nil
}

func (j *judge) check(before state, sig signal) error {
	after := j.b.state
	if j.finished && len(j.b.effects) != 0 {
		return fmt.Errorf("effects after the end: %v", j.b.effects)
	}
	switch sig := sig.(type) {
	case initDone:
		j.answered(sig.id, operationInit)
	case connectDone:
		j.answered(sig.id, operationConnect)
	case disconnectDone:
		j.answered(sig.id, operationDisconnect)
	case sendDone:
		if sig.seq == j.publishing {
			j.publishing = 0
			if sig.err != nil {
				delete(j.handed, j.published)
			}
		}
	case backendEvent:
		if sig.event.Type == cloud.EventDisconnected {
			clear(j.handed) // a backend may come back by itself
		}
	case linkChanged:
		j.reset = j.reset || !sig.up
	case carrierFOTA:
		j.reset = j.reset || before.hold != after.hold
	case backendData:
		switch sig.received.(type) {
		case data.UserAssociationRequested, data.UserAssociated:
			j.reset = true
		}
	case timerFired:
		j.reset = j.reset || sig.timer == timerStable
	}
	gone := map[uint16]bool{}
	for _, e := range j.b.effects {
		if err := j.effect(e, gone); err != nil {
			return err
		}
	}
	for _, message := range before.pending.Messages() {
		if _, kept := after.pending.Find(message.ID); !kept && !gone[eventID(message)] {
			return fmt.Errorf("message %d is lost without a word", message.ID)
		}
	}
	if got := (after.sub == subCloudConnected); got != j.usable {
		return fmt.Errorf("usable: events say %t, state says %t", j.usable, got)
	}
	if after.counter > after.rules.retries+1 {
		return fmt.Errorf("attempt %d", after.counter)
	}
	if len(after.queue) > queuePlaces+testList.PendingMax+1 {
		return fmt.Errorf("%d messages in the queue", len(after.queue))
	}
	planned := !after.timers[timerRetry].IsZero() || !after.timers[timerClock].IsZero() || after.associating ||
		after.operation.kind == operationConnect && after.operation.id == after.attempt.id || after.operation.kind != operationNone && after.connectNext
	wanted := after.main == stateLTEConnected && after.sub == subCloudDisconnected && !after.hold
	if wanted && !planned {
		return fmt.Errorf("a connection is wanted and nothing is on the way to it")
	}
	return nil
}

func (j *judge) answered(id uint64, kind operationKind) {
	if id == j.operation && kind == j.kind {
		j.operation = 0
	}
}

func (j *judge) begin(id uint64, kind operationKind) error {
	if j.operation != 0 {
		return fmt.Errorf("operation %d begins while %d has not ended", id, j.operation)
	}
	j.operation, j.kind = id, kind
	return nil
}

func (j *judge) effect(e effect, gone map[uint16]bool) error {
	switch e := e.(type) {
	case initBackend:
		return j.begin(e.id, operationInit)
	case disconnect:
		return j.begin(e.id, operationDisconnect)
	case connect:
		if !j.reset && j.b.now.Before(j.lastStart.Add(j.lastDelay)) {
			return fmt.Errorf("an attempt %v after the last one, which had a delay of %v", j.b.now.Sub(j.lastStart), j.lastDelay)
		}
		j.reset, j.lastStart, j.lastDelay = false, j.b.now, j.b.state.attempt.delay
		if want := backoff[j.b.state.attempt.number-1]; j.lastDelay > want || j.lastDelay < want*3/4 {
			return fmt.Errorf("attempt %d has a delay of %v", j.b.state.attempt.number, j.lastDelay)
		}
		clear(j.handed)
		j.attempts++
		return j.begin(e.id, operationConnect)
	case cancelOperation:
		if e.id != j.operation {
			return fmt.Errorf("operation %d is cancelled, %d runs", e.id, j.operation)
		}
	case publish:
		if j.publishing != 0 {
			return fmt.Errorf("publish %d while %d has not ended", e.seq, j.publishing)
		}
		if !j.usable && !j.early {
			return fmt.Errorf("publish without a connection")
		}
		if id := e.delivery.ID; id != 0 {
			if j.handed[id] && j.b.state.rules.resend == qos.Refused {
				return fmt.Errorf("message %d is published twice on one connection", id)
			}
			j.handed[id] = true
		}
		j.publishing, j.published = e.seq, e.delivery.ID
	case cancelPublish:
		if e.seq != j.publishing {
			return fmt.Errorf("publish %d is cancelled, %d runs", e.seq, j.publishing)
		}
	case reply:
		if j.replied[e.request]++; j.replied[e.request] > 1 || e.request == 0 || e.request > j.asked {
			return fmt.Errorf("reply to request %d, the %d.", e.request, j.replied[e.request])
		}
	case emit:
		switch e.event.Type {
		case EventConnected, EventDisconnected:
			if j.usable == (e.event.Type == EventConnected) {
				return fmt.Errorf("%v twice", e.event.Type)
			}
			if j.usable = !j.usable; !j.usable {
				clear(j.handed)
			} else if j.operation != 0 && j.kind == operationDisconnect {
				return fmt.Errorf("%v while the connection is being closed", e.event.Type)
			}
		case EventDataSent, EventMessageDiscarded:
			gone[e.event.MessageID] = true
		case EventError:
			j.trace = append(j.trace, "("+e.event.Err.Error()+")")
		}
	case finish:
		j.finished = true
		if !slices.ContainsFunc(j.b.effects, func(e effect) bool { sent, ok := e.(emit); return ok && sent.event.Type == EventShutdownReady }) {
			return fmt.Errorf("the end without CLOUD_EVT_SHUTDOWN_READY")
		}
	}
	return nil
}

// variants are the rules that sequences are tried with.
var variants = []rules{
	{retries: 0, resend: qos.Refused},
	{retries: 2, jitterPercent: 25, associationTimeout: 300 * time.Second, resend: qos.Refused},
	{retries: 13, jitterPercent: 25, resend: qos.All},
	{retries: 10, resend: qos.Refused, configEarly: true},
}

// likely are the choices of random sequences: of what ends what others have begun there is little.
var likely = func() []byte {
	var choices []byte
	for i, happening := range happenings {
		n := 3
		switch happening.make(newBench(testRules).connect()).(type) {
		case backendData, timerFired:
			n = 1
		case linkChanged, carrierFOTA:
			n = 2
		}
		for range n {
			choices = append(choices, byte(i), byte(i+len(happenings))) // at once, and after a while
		}
	}
	return choices
}()

// wander takes random signals that mostly matter, and gives the choices.
func (j *judge) wander(random *rand.Rand, length int) (choices []byte, err error) {
	for len(choices) < length && !j.finished {
		var choice byte
		for try := 0; ; try++ {
			choice = likely[random.IntN(len(likely))]
			if matters, ends := j.tells(choice); (matters || try > 20) && (!ends || len(choices) > length*3/4) {
				break
			}
		}
		choices = append(choices, choice)
		if err := j.take(choice); err != nil {
			return choices, err
		}
	}
	return choices, j.unchanged()
}

func TestInvariants(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	reached := map[string]int{}
	for range 400 {
		j := newJudge(variants[random.IntN(len(variants))])
		choices, err := j.wander(random, 100)
		if err != nil {
			t.Fatalf("%v\nbytes %v", err, choices)
		}
		for _, s := range j.history {
			reached[fmt.Sprint(s.main, s.sub)]++
		}
		if j.finished {
			reached["finished"]++
		}
		reached["attempts"] += j.attempts
	}
	for _, want := range []string{
		fmt.Sprint(stateLTEInit, subCloudDisconnected), fmt.Sprint(stateLTEDisconnected, subCloudDisconnected),
		fmt.Sprint(stateLTEConnected, subCloudDisconnected), fmt.Sprint(stateLTEConnected, subCloudConnected),
		fmt.Sprint(stateShutdown, subCloudDisconnected), "finished", "attempts",
	} {
		if t.Logf("%s: %d", want, reached[want]); reached[want] < 100 {
			t.Errorf("%s was reached %d times: the sequences say little", want, reached[want])
		}
	}
}

func FuzzMachine(f *testing.F) {
	if len(happenings) > 128 {
		f.Fatal("a byte does not choose among all signals any more")
	}
	random := rand.New(rand.NewPCG(3, 4))
	for i, variant := range variants {
		choices, err := newJudge(variant).wander(random, 60)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(i), choices)
	}
	f.Fuzz(func(t *testing.T, variant byte, choices []byte) {
		if len(choices) > 500 {
			return
		}
		if err := newJudge(variants[int(variant)%len(variants)]).play(choices); err != nil {
			t.Fatal(err)
		}
	})
}
