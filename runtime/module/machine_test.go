package module

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

var update = flag.Bool("update", false, "write testdata/machine.txt anew; read the difference before you commit it")

var (
	testStart = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	testRules = rules{retries: 2, associationTimeout: 300 * time.Second, resend: qos.Refused}
	testList  = qos.Config{PendingMax: 2, NotifiedCountMax: 2, NotifyTimeout: 16 * time.Second}
	errTest   = errors.New("E")
)

// bench runs a machine by hand.
type bench struct {
	state   state
	now     time.Time
	random  float64
	effects []effect // of the last step
}

func newBench(r rules) *bench { return &bench{state: newState(r, testList), now: testStart} }

func (b *bench) step(signals ...signal) *bench {
	for _, sig := range signals {
		b.state, b.effects = step(b.state, sig, input{now: b.now, random: b.random})
	}
	return b
}

func (b *bench) wait(d time.Duration) *bench {
	b.now = b.now.Add(d)
	return b
}

// The steps that situations and stories are made of.
func (b *bench) initialise() *bench {
	b.step(modemInitialized{})
	return b.step(initDone{id: b.state.operation.id})
}
func (b *bench) linkUp() *bench  { return b.step(linkChanged{up: true}) }
func (b *bench) attempt() *bench { return b.initialise().linkUp() }
func (b *bench) accepted() *bench {
	return b.step(connectDone{id: b.state.operation.id, result: cloud.ConnectSuccess})
}
func (b *bench) refused() *bench {
	return b.step(connectDone{id: b.state.operation.id, result: cloud.ConnectErrNetwork, err: errTest})
}
func (b *bench) event(event cloud.Event) *bench {
	return b.step(backendEvent{attempt: b.state.attempt.id, event: event})
}
func (b *bench) ready() *bench   { return b.event(cloud.Event{Type: cloud.EventReady}) }
func (b *bench) connect() *bench { return b.attempt().accepted().ready() }
func (b *bench) drop() *bench {
	return b.event(cloud.Event{Type: cloud.EventDisconnected, Reason: cloud.DisconnectClosedByRemote, Err: errTest})
}
func (b *bench) fire(which timer) *bench {
	at := b.state.timers[which]
	if at.After(b.now) {
		b.now = at
	}
	return b.step(timerFired{timer: which, at: at})
}
func (b *bench) send(c content) *bench { return b.step(sendWanted{request: 7, content: c}) }
func (b *bench) sent(err error) *bench { return b.step(sendDone{seq: b.state.sending.seq, err: err}) }

// situations are the rows of the table: every state and sub-state, with all that can be going on in it.
var situations = []struct {
	code string
	name string
	make func() *bench
}{
	{"I1", "STATE_LTE_INIT", func() *bench { return newBench(testRules) }},
	{"I2", "STATE_LTE_INIT, network up", func() *bench { return newBench(testRules).linkUp() }},
	{"I3", "STATE_LTE_INIT, backend being set up, network up", func() *bench { return newBench(testRules).linkUp().step(modemInitialized{}) }},
	{"D1", "STATE_LTE_DISCONNECTED", func() *bench { return newBench(testRules).initialise() }},
	{"D2", "STATE_LTE_DISCONNECTED, connection being closed", func() *bench { return newBench(testRules).connect().step(linkChanged{up: false}) }},
	{"N1", "SUB_STATE_CLOUD_DISCONNECTED, attempt running", func() *bench { return newBench(testRules).attempt() }},
	{"N2", "SUB_STATE_CLOUD_DISCONNECTED, attempt running beyond its delay", func() *bench { return newBench(testRules).attempt().fire(timerRetry) }},
	{"N3", "SUB_STATE_CLOUD_DISCONNECTED, attempt running, cancelled", func() *bench {
		return newBench(testRules).attempt().step(linkChanged{up: false}, linkChanged{up: true})
	}},
	{"N4", "SUB_STATE_CLOUD_DISCONNECTED, attempt that does not return", func() *bench {
		return newBench(testRules).attempt().fire(timerRetry).fire(timerOperation).fire(timerOperation)
	}},
	{"N5", "SUB_STATE_CLOUD_DISCONNECTED, attempt accepted, not usable yet", func() *bench { return newBench(testRules).attempt().accepted() }},
	{"N6", "SUB_STATE_CLOUD_DISCONNECTED, attempt refused", func() *bench { return newBench(testRules).attempt().refused() }},
	{"N7", "SUB_STATE_CLOUD_DISCONNECTED, last attempt refused", func() *bench {
		return newBench(testRules).attempt().refused().fire(timerRetry).refused().fire(timerRetry).refused()
	}},
	{"N8", "SUB_STATE_CLOUD_DISCONNECTED, dropped after it lasted, a message pending", func() *bench {
		return newBench(testRules).connect().fire(timerStable).send(&batchContent{}).sent(nil).drop()
	}},
	{"N9", "SUB_STATE_CLOUD_DISCONNECTED, user has to claim the device", func() *bench {
		b := newBench(testRules).attempt().accepted()
		return b.step(backendData{b.state.attempt.id, data.UserAssociationRequested{}})
	}},
	{"NA", "SUB_STATE_CLOUD_DISCONNECTED, carrier's update", func() *bench { return newBench(testRules).attempt().refused().step(carrierFOTA{pending: true}) }},
	{"NB", "SUB_STATE_CLOUD_DISCONNECTED, no clock", func() *bench {
		b := newBench(testRules)
		b.now = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
		return b.attempt()
	}},
	{"C1", "SUB_STATE_CLOUD_CONNECTED", func() *bench { return newBench(testRules).connect() }},
	{"C2", "SUB_STATE_CLOUD_CONNECTED, lasted, a message with the sender", func() *bench {
		return newBench(testRules).connect().fire(timerStable).send(&updateContent{})
	}},
	{"C3", "SUB_STATE_CLOUD_CONNECTED, a message waits for its acknowledgement, one was refused", func() *bench {
		return newBench(testRules).connect().send(&batchContent{}).sent(nil).send(&alertContent{}).sent(errTest)
	}},
	{"C4", "SUB_STATE_CLOUD_CONNECTED, attempt has not returned", func() *bench { return newBench(testRules).attempt().ready() }},
	{"S1", "STATE_SHUTDOWN, connection being closed", func() *bench { return newBench(testRules).connect().step(shutdownWanted{}) }},
	{"S2", "STATE_SHUTDOWN, attempt being cancelled", func() *bench { return newBench(testRules).attempt().step(shutdownWanted{}) }},
	{"S3", "STATE_SHUTDOWN, ended", func() *bench { return newBench(testRules).initialise().step(shutdownWanted{}) }},
}

type happening struct {
	name string
	make func(*bench) signal
}

// happenings are the columns: every signal, those about something that runs once as it fits and once late.
var happenings = func() []happening {
	var rows []happening
	add := func(name string, make func(*bench) signal) { rows = append(rows, happening{name, make}) }
	is := func(name string, sig signal) { add(name, func(*bench) signal { return sig }) }

	is("MODEM_EVT_INITIALIZED", modemInitialized{})
	add("Init done", func(b *bench) signal { return initDone{id: b.state.operation.id} })
	add("Init failed", func(b *bench) signal { return initDone{id: b.state.operation.id, err: errTest} })
	is("Init done, late", initDone{id: 999})
	is("MODEM_EVT_LTE_CONNECTED", linkChanged{up: true})
	is("MODEM_EVT_LTE_DISCONNECTED", linkChanged{up: false})
	is("MODEM_EVT_CARRIER_FOTA_PENDING", carrierFOTA{pending: true})
	is("MODEM_EVT_CARRIER_FOTA_STOPPED", carrierFOTA{pending: false})
	is("MODEM_EVT_CARRIER_REBOOT_REQUEST", rebootWanted{reason: modem.EventCarrierReboot.String()})
	is("MODEM_EVT_ERROR", rebootWanted{reason: modem.EventError.String(), err: errTest})
	is("UTIL_EVT_SHUTDOWN_REQUEST", shutdownWanted{})

	for result := range cloud.ConnectResultCount {
		if result == cloud.ConnectSuccess || result == cloud.ConnectErrNetwork || result == cloud.ConnectErrAlreadyConnected {
			add("Connect done "+strings.TrimPrefix(result.String(), "CLOUD_CONNECT_RES_"), func(b *bench) signal {
				sig := connectDone{id: b.state.operation.id, result: result}
				if result != cloud.ConnectSuccess {
					sig.err = errTest
				}
				return sig
			})
		}
	}
	is("Connect done SUCCESS, late", connectDone{id: 999})
	add("Disconnect done", func(b *bench) signal { return disconnectDone{id: b.state.operation.id} })
	is("Disconnect done, late", disconnectDone{id: 999})

	for kind := range cloud.EventCount {
		event := cloud.Event{Type: kind, Message: cloud.Message{ID: qos.FirstID}, Reason: cloud.DisconnectMisc, Err: errTest}
		add("backend "+kind.String(), func(b *bench) signal { return backendEvent{b.state.attempt.id, event} })
	}
	for _, kind := range []cloud.EventType{cloud.EventConnecting, cloud.EventConnected, cloud.EventReady, cloud.EventDisconnected} {
		is("backend "+kind.String()+", late", backendEvent{999, cloud.Event{Type: kind}})
	}
	for _, received := range []data.Received{
		data.Acknowledged{ID: qos.FirstID}, data.Acknowledged{ID: 1}, data.PingAnswered{}, data.ConfigReceived{}, data.ConfigEmpty{},
		data.InputRejected{Source: "t", Err: errTest}, data.LocationFound{Latitude: 1}, data.LocationFailed{}, data.LocationFailed{Unknown: true},
		data.AGNSSReceived{}, data.PGPSReceived{}, data.CommandReceived{Source: "t"}, data.UserAssociationRequested{},
		data.UserAssociated{}, data.RebootRequested{}, data.LinkRequested{Up: true}, data.LinkRequested{}, data.Failed{Err: errTest},
	} {
		name := strings.TrimPrefix(fmt.Sprintf("%T", received), "data.")
		if value := fmt.Sprintf("%+v", received); len(value) > 2 && len(value) < 30 {
			name += " " + value
		}
		add(name, func(b *bench) signal {
			return backendData{b.state.attempt.id, received}
		})
	}
	is("UserAssociated, late", backendData{999, data.UserAssociated{}})
	is("UserAssociationRequested, late", backendData{999, data.UserAssociationRequested{}})

	for which := range timerCount {
		add("timer "+timerNames[which], func(b *bench) signal {
			at := b.state.timers[which]
			if at.IsZero() { // one that was stopped as it fired
				at = testStart
			}
			if at.After(b.now) {
				b.now = at
			}
			return timerFired{which, at}
		})
		is("timer "+timerNames[which]+", late", timerFired{which, testStart.Add(-time.Hour)})
	}

	for _, c := range []content{
		&updateContent{}, &batchContent{}, &alertContent{}, &configContent{}, &configRequestContent{}, &locationContent{answered: true},
		&locationContent{}, &agnssContent{}, &pgpsContent{}, &diagnosticsContent{}, &rawContent{}, &rawContent{cloud.Message{ID: 9, QoS: cloud.QoSAtLeastOnce}},
	} {
		is("send "+contentName(c), sendWanted{request: 8, content: c})
	}
	add("sent", func(b *bench) signal { return sendDone{seq: b.state.sending.seq} })
	add("sent: refused", func(b *bench) signal { return sendDone{seq: b.state.sending.seq, err: errTest} })
	add("sent: unsupported", func(b *bench) signal { return sendDone{seq: b.state.sending.seq, err: cloud.ErrUnsupported} })
	is("sent, late", sendDone{seq: 999})
	return rows
}()

var timerNames = [timerCount]string{"retry", "stable", "operation", "association", "clock", "qos", "shutdown"}

// TestTable holds what every signal does in every situation against testdata/machine.txt, where a person can read it: under each signal
// the situations by what it does there.
func TestTable(t *testing.T) {
	var out strings.Builder
	for _, situation := range situations {
		fmt.Fprintf(&out, "%s  %s\n", situation.code, situation.name)
	}
	for _, happening := range happenings {
		fmt.Fprintf(&out, "\n%s\n", happening.name)
		var outcomes []string
		where := map[string][]string{}
		for _, situation := range situations {
			b := situation.make()
			before := b.state
			sig := happening.make(b)
			untouched := fmt.Sprintf("%+v", before)
			b.step(sig)
			if got := fmt.Sprintf("%+v", before); got != untouched {
				t.Errorf("%s, %s: the step changed the state that it was given:\n%s\n%s", situation.name, happening.name, untouched, got)
			}
			does := describe(before, b)
			if where[does] == nil {
				outcomes = append(outcomes, does)
			}
			where[does] = append(where[does], situation.code)
		}
		for _, does := range outcomes {
			fmt.Fprintf(&out, "  %s: %s\n", strings.Join(where[does], " "), does)
		}
	}
	file := filepath.Join("testdata", "machine.txt")
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("the table differs from %s; go test -update writes it anew\n%s", file, firstDifference(string(want), out.String()))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	section := ""
	for i := range min(len(w), len(g)) {
		if !strings.HasPrefix(w[i], " ") {
			section = w[i]
		}
		if w[i] != g[i] {
			return fmt.Sprintf("%s\nline %d\nwant %s\ngot  %s", section, i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// describe tells what a step did: the change of state and sub-state, the effects in order, then other members that changed.
func describe(before state, b *bench) string {
	var parts []string
	after := b.state
	if before.main != after.main {
		parts = append(parts, "-> "+after.main.String())
	}
	if before.sub != after.sub {
		parts = append(parts, "-> "+after.sub.String())
	}
	for _, e := range b.effects {
		parts = append(parts, describeEffect(b, e))
	}
	x, y := reflect.ValueOf(before), reflect.ValueOf(after)
	for i := range x.NumField() {
		switch name := x.Type().Field(i).Name; name {
		case "main", "sub", "timers", "lastOperation", "operation", "lastSeq", "rules", "finished", "reboot":
		case "counter":
			if before.counter != after.counter {
				parts = append(parts, fmt.Sprintf("(counter %d)", after.counter))
			}
		default:
			was, is := fmt.Sprintf("%+v", x.Field(i)), fmt.Sprintf("%+v", y.Field(i))
			switch {
			case was == is:
			case is == "true":
				parts = append(parts, "("+name+")")
			case is == "false" || name == "agnss" && is == "<nil>":
				parts = append(parts, "(not "+name+")")
			case name == "pending":
				parts = append(parts, fmt.Sprintf("(pending %d)", after.pending.Len()))
			case name == "queue":
				parts = append(parts, fmt.Sprintf("(queue %d)", len(after.queue)))
			default:
				parts = append(parts, "("+name+" changed)")
			}
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, "; ")
}

func describeEffect(b *bench, e effect) string {
	switch e := e.(type) {
	case startTimer:
		return fmt.Sprintf("start %s %v", timerNames[e.timer], e.at.Sub(b.now))
	case stopTimer:
		return "stop " + timerNames[e.timer]
	case emit:
		return "emit " + describeEvent(e.event)
	case publish:
		return fmt.Sprintf("publish %s %+v", contentName(e.content), e.delivery)
	case reply:
		if e.err != nil {
			return fmt.Sprintf("reply %q", e.err)
		}
		return "reply ok"
	case deliver:
		return fmt.Sprintf("deliver %T", e.received)
	case finish:
		if e.reboot.reason == "" {
			return "finish"
		}
		return fmt.Sprintf("finish: restart for %s (%v)", e.reboot.reason, e.reboot.err)
	case requestLink:
		return fmt.Sprintf("requestLink up=%t", e.up)
	default:
		return strings.TrimPrefix(fmt.Sprintf("%T", e), "module.")
	}
}

// describeEvent gives an event as the log shows it.
func describeEvent(event Event) string {
	words := []string{event.Type.String()}
	for _, a := range attributes(&event)[1:] {
		words = append(words, a.String())
	}
	return strings.Join(words, " ")
}

func contentName(c content) string {
	kind, flags := c.treatment()
	name := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", c), "*module."), "Content")
	if l, ok := c.(*locationContent); ok && l.answered {
		name += " answered"
	}
	if flags == qos.FlagAckRequired {
		return fmt.Sprintf("%s (%v, ack)", name, kind)
	}
	return fmt.Sprintf("%s (%v)", name, kind)
}

// TestTableIsWhole holds that no signal and no timer is missing from the columns, and no state from the rows.
func TestTableIsWhole(t *testing.T) {
	signals := map[reflect.Type]bool{}
	for _, happening := range happenings {
		signals[reflect.TypeOf(happening.make(newBench(testRules)))] = true
	}
	for _, sig := range []signal{
		modemInitialized{}, initDone{}, linkChanged{}, carrierFOTA{}, rebootWanted{}, shutdownWanted{}, connectDone{}, disconnectDone{},
		backendEvent{}, backendData{}, timerFired{}, sendWanted{}, sendDone{},
	} {
		if !signals[reflect.TypeOf(sig)] {
			t.Errorf("%T has no column", sig)
		}
	}
	type cell struct {
		main mainState
		sub  subState
	}
	want := []cell{
		{stateLTEInit, subCloudDisconnected}, {stateLTEDisconnected, subCloudDisconnected}, {stateLTEConnected, subCloudDisconnected},
		{stateLTEConnected, subCloudConnected}, {stateShutdown, subCloudDisconnected},
	}
	for _, situation := range situations {
		s := situation.make().state
		want = slices.DeleteFunc(want, func(c cell) bool { return c == cell{s.main, s.sub} })
	}
	if len(want) != 0 {
		t.Errorf("no situation for %v", want)
	}
}
