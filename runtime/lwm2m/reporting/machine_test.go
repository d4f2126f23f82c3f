package reporting

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// TestWorkedExample is the table of the specification: /3/0/7/0 with gt=4200 and pmax=4 s.
func TestWorkedExample(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/7/0=4100")
	b.write("/3/0/7/0", "gt=4200&pmax=4")
	b.observe("a", "/3/0/7/0")
	b.until(1)
	b.set("/3/0/7/0=3000") // same side of 4200
	b.expect()
	b.until(4)
	b.expect("4:a#2 /3/0/7/0=3000")
	b.until(5)
	b.set("/3/0/7/0=4400") // crossed upwards
	b.expect("5:a#3 /3/0/7/0=4400")
	b.until(6)
	b.set("/3/0/7/0=4300") // still above
	b.expect()
	b.until(9)
	b.expect("9:a#4 /3/0/7/0=4300")
	b.until(10)
	b.set("/3/0/7/0=4100") // crossed downwards
	b.expect("10:a#5 /3/0/7/0=4100")
}

// TestConditions tries one change after one notification.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		attributes string
		sent, then float64
		want       bool
	}{
		{"", 1, 2, true},
		{"", 1, 1, false},
		{"gt=5", 5, 5.5, true},
		{"gt=5", 4, 5, false}, // equal has not crossed
		{"gt=5", 6, 5, true},
		{"gt=5", 6, 7, false},
		{"lt=5", 5, 4.5, true},
		{"lt=5", 6, 5, false},
		{"lt=5", 4, 5, true},
		{"lt=5", 4, 3, false},
		{"st=2", 1, 2.9, false},
		{"st=2", 1, 3, true},
		{"st=2", 1, -1, true},
		{"st=2", 1, -0.9, false},
		{"st=0", 1, 1.1, true},
		{"gt=10&st=2", 9, 10.5, true}, // gt alone
		{"gt=10&st=2", 1, 4, true},    // st alone
		{"gt=10&st=2", 1, 2, false},
		{"gt=10&lt=0", 5, -1, true},
		{"gt=10&lt=0", 5, 11, true},
		{"gt=10&lt=0", 11, -1, true},
		{"gt=10&lt=0", 5, 9, false},
		{"pmin=0&pmax=0", 1, 2, true},
	} {
		t.Run(fmt.Sprintf("%s:%g-%g", c.attributes, c.sent, c.then), func(t *testing.T) {
			b := newBench(t, Config{})
			b.set(fmt.Sprintf("/3303/0/5700=%g", c.sent))
			if c.attributes != "" {
				b.write("/3303/0/5700", c.attributes)
			}
			b.observe("a", "/3303/0")
			b.until(1)
			b.set(fmt.Sprintf("/3303/0/5700=%g", c.then))
			if got := len(b.log) == 1; got != c.want {
				t.Errorf("notified: %v, want %v (%v)", got, c.want, b.log)
			}
		})
	}
}

// TestStepFromWhatWasSent holds that st counts from the value sent last, not from the one seen last.
func TestStepFromWhatWasSent(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3303/0/5700=0")
	b.write("/3303/0/5700", "st=3")
	b.observe("a", "/3303/0/5700")
	for second := 1; second <= 7; second++ {
		b.until(float64(second))
		b.set(fmt.Sprintf("/3303/0/5700=%d", second))
	}
	b.expect("3:a#2 /3303/0/5700=3", "6:a#3 /3303/0/5700=6")
}

// TestHeldInsidePMin holds that what happens inside pmin is told at its end, once, with the newest value.
func TestHeldInsidePMin(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1")
	b.write("/3/0", "pmin=10")
	b.observe("a", "/3/0/9")
	b.until(2)
	b.set("/3/0/9=2")
	b.until(4)
	b.set("/3/0/9=3")
	b.expect()
	b.until(30)
	b.expect("10:a#2 /3/0/9=3")
	if got := b.m.Stats().Replaced; got != 1 {
		t.Errorf("%d changes were replaced, want 1", got)
	}
	b.set("/3/0/9=4")
	b.expect("30:a#3 /3/0/9=4")
	// A limit that was crossed and crossed back is told as well.
	b.write("/3/0/9", "gt=100")
	b.until(32)
	b.set("/3/0/9=200")
	b.set("/3/0/9=5")
	b.until(60)
	b.expect("40:a#4 /3/0/9=5")
}

func TestPMax(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1")
	b.attributes.pmax = 20
	b.observe("a", "/3/0/9")
	b.until(5)
	b.set("/3/0/9=2")
	b.until(50)
	b.expect("5:a#2 /3/0/9=2", "25:a#3 /3/0/9=2", "45:a#4 /3/0/9=2")
	// pmax below pmin counts for nothing.
	b.write("/3/0", "pmin=30")
	b.until(100)
	b.expect()
	b.set("/3/0/9=3")
	b.expect("100:a#5 /3/0/9=3")
}

// TestAttributesAtOnce: LightweightM2M-1.1-int-310.
func TestAttributesAtOnce(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/1/0/1=60 /3/0/0=maker")
	b.write("/1/0/1", "pmin=5&pmax=100")
	b.observe("c", "/1/0/1 /3/0/0")
	b.until(12)
	b.expect()
	b.write("/1/0/1", "pmax=10")
	b.expect("12:c#2 /1/0/1=60 /3/0/0=maker")
	b.until(25)
	b.expect("22:c#3 /1/0/1=60 /3/0/0=maker")
	b.write("/1/0/1", "pmax")
	b.until(1000)
	b.expect()
	// The server's defaults are attributes of everything.
	b.attributes.pmax = 7
	b.m.AttributesChanged(lwm2m.Path{})
	b.until(1001)
	b.expect("1000:c#4 /1/0/1=60 /3/0/0=maker")
	// A condition that goes lets out what it has kept.
	b.write("/1/0/1", "gt=100&pmax=500")
	b.until(1020)
	b.set("/1/0/1=61")
	b.write("/1/0/1", "gt")
	b.expect("1007:c#5 /1/0/1=60 /3/0/0=maker", "1014:c#6 /1/0/1=60 /3/0/0=maker", "1020:c#7 /1/0/1=61 /3/0/0=maker")
}

// TestLevels observes objects, instances, multiple resources and single ones.
func TestLevels(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/0=maker /3/0/7/0=3 /3/0/7/1=5 /3/0/9=90")
	b.write("/3/0/7", "gt=10")
	b.write("/3/0/7/1", "gt=20")
	b.observe("m", "/3/0/7")
	b.until(1)
	b.set("/3/0/7/1=15")
	b.expect()
	b.set("/3/0/7/0=11") // any instance, and the whole is told
	b.expect("1:m#2 /3/0/7/0=11 /3/0/7/1=15")
	b.set("/3/0/9=89")
	b.expect()
	b.remove("/3/0/7/1") // what comes or goes is a reason whatever the conditions
	b.expect("1:m#3 /3/0/7/0=11")
	b.set("/3/0/7/4=1")
	b.expect("1:m#4 /3/0/7/0=11 /3/0/7/4=1")
	b.m.Cancel([]byte("m"), nil)

	b.observe("i", "/3/0")
	b.set("/3/0/7/0=12") // conditions of a resource count in an instance
	b.expect()
	b.set("/3/0/9=88")
	b.expect("1:i#2 /3/0/0=maker /3/0/7/0=12 /3/0/7/4=1 /3/0/9=88")
}

// TestObjectLevel follows instances that come and go.
func TestObjectLevel(t *testing.T) {
	b := newBench(t, Config{})
	b.values.objects[3303] = true
	b.observe("o", "/3303")
	b.set("/3303/0/5700=1")
	b.set("/3303/1/5700=2")
	b.remove("/3303/0")
	b.remove("/3303/1")
	b.expect("0:o#2 /3303/0/5700=1", "0:o#3 /3303/0/5700=1 /3303/1/5700=2", "0:o#4 /3303/1/5700=2", "0:o#5")
	if b.m.Len() != 1 {
		t.Error("an object without instances ends its observation")
	}
}

// TestTargetDeleted: the last notification says 4.04, and is repeated until it is acknowledged.
func TestTargetDeleted(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3303/0/5700=1")
	b.observe("a", "/3303/0/5700")
	b.observe("b", "/3303/0")
	b.hold = true
	b.remove("/3303/0")
	b.expect("0:a#2 4.04")
	b.land(Acknowledged)
	b.expect("0:b#2 4.04")
	b.land(TimedOut)
	b.expect("0:unreachable")
	b.set("/3303/0/5700=1")
	b.until(100)
	b.m.SetLink(Reachable)
	b.drain()
	b.expect("100:b#3 4.04")
	b.land(Acknowledged)
	b.until(200)
	b.expect()
	if b.m.Len() != 0 {
		t.Errorf("%d observations are left", b.m.Len())
	}
}

// TestTargetDeletedInsidePMin: the end takes the place of the value that was held back.
func TestTargetDeletedInsidePMin(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3303/0/5700=1")
	b.write("/3303/0", "pmin=10")
	b.observe("a", "/3303/0/5700")
	b.until(2)
	b.set("/3303/0/5700=2")
	b.remove("/3303/0")
	b.until(20)
	b.expect("10:a#2 4.04")
	if b.m.Len() != 0 {
		t.Error("the observation has not ended")
	}
}

// TestWholeNumbers: conditions on the numeric types without fraction, and changes that a float could not tell apart.
func TestWholeNumbers(t *testing.T) {
	at := path("/3303/0/5700")
	for name, number := range map[string]func(int64) lwm2m.Value{
		"integer": lwm2m.Integer, "time": lwm2m.Seconds, "unsigned": func(n int64) lwm2m.Value { return lwm2m.Unsigned(uint64(n)) },
	} {
		b := newBench(t, Config{})
		set := func(n int64, want int) {
			t.Helper()
			b.values.set(at, number(n))
			b.m.Changed(at)
			b.drain()
			if len(b.log) != want {
				t.Errorf("%s %d: %v, want %d", name, n, b.log, want)
			}
		}
		b.values.set(at, number(1<<53))
		b.observe("a", at.String())
		set(1<<53+1, 1)
		b.write(at.String(), "gt=100&lt=10")
		set(1<<53+2, 1)
		set(50, 2)
		set(9, 3)
		set(1, 3)
	}
}

// TestComposite: LightweightM2M-1.1-int-304, 308 and 309.
func TestComposite(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/1/0/1=60 /3/0/0=maker /3303/0/5700=1")
	b.write("/1/0/1", "pmin=5&pmax=15")
	b.observe("c", "/3303 /1/0/1 /3303/0/5700 /9999/1")
	b.until(1)
	b.set("/1/0/1=61")
	b.until(3)
	b.set("/3303/0/5700=2") // has no pmin of its own: that of the other rules
	b.expect()
	b.until(22)
	b.expect("5:c#2 /1/0/1=61 /3303/0/5700=2", "20:c#3 /1/0/1=61 /3303/0/5700=2")
	b.set("/3303/7/5700=9")
	b.until(26)
	b.expect("25:c#4 /1/0/1=61 /3303/0/5700=2 /3303/7/5700=9")
	b.remove("/3303/0")
	b.until(31)
	b.expect("30:c#5 /1/0/1=61 /3303/7/5700=9")
	b.set("/9999/1/0=x")
	b.until(36)
	b.expect("35:c#6 /1/0/1=61 /3303/7/5700=9 /9999/1/0=x")
	b.remove("/3303")
	b.remove("/1")
	b.remove("/9999")
	b.until(41)
	b.expect("40:c#7")
	if b.m.Len() != 1 {
		t.Error("a composite observation of nothing has ended")
	}
}

// TestCompositeMembersHaveTheirOwn pmin; the shortest of those that are set binds the ones without.
func TestCompositeMembersHaveTheirOwn(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/1/0/1=0 /3/0/9=0 /3303/0/5700=0")
	b.write("/1/0/1", "pmin=20")
	b.write("/3/0/9", "pmin=10&gt=50")
	b.observe("c", "/1/0/1 /3/0/9 /3303/0/5700")
	b.set("/1/0/1=1 /3/0/9=1")
	b.until(25)
	b.expect("20:c#2 /1/0/1=1 /3/0/9=1 /3303/0/5700=0")
	b.set("/3/0/9=60")
	b.until(35)
	b.expect("30:c#3 /1/0/1=1 /3/0/9=60 /3303/0/5700=0")
	b.set("/3303/0/5700=3")
	b.until(45)
	b.expect("40:c#4 /1/0/1=1 /3/0/9=60 /3303/0/5700=3")
}

// TestEvaluationPeriod: epmin spaces evaluations, epmax samples live values of which nobody says that they changed.
func TestEvaluationPeriod(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1")
	b.write("/3/0/9", "epmin=10&epmax=30")
	b.observe("a", "/3/0/9")
	b.until(2)
	b.set("/3/0/9=2")
	b.set("/3/0/9=3")
	b.expect()
	b.until(15)
	b.expect("10:a#2 /3/0/9=3")
	b.values.set(path("/3/0/9"), lwm2m.Float(4)) // nobody says so
	reads := b.values.reads
	b.until(45)
	b.expect("40:a#3 /3/0/9=4")
	b.until(130)
	b.expect()
	if got := b.values.reads - reads; got != 5 { // at 40 twice (to compare and to send), 70, 100, 130
		t.Errorf("%d reads, want 5", got)
	}
}

func TestCancel(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1 /3/0/0=x")
	b.observe("a", "/3/0/9")
	b.observe("b", "/3/0/9") // a second observation of the same path
	b.observe("c", "/3/0/9 /3/0/0")
	b.set("/3/0/9=2")
	b.expect("0:a#2 /3/0/9=2", "0:b#2 /3/0/9=2", "0:c#2 /3/0/0=x /3/0/9=2")
	for _, c := range []struct {
		token, paths string
		want         bool
	}{{"x", "/3/0/9", false}, {"much too long", "/3/0/9", false}, {"a", "/3/0/9", true}, {"a", "/3/0/9", false}, {"c", "/3/0/0", true}} {
		if got := b.m.Cancel([]byte(c.token), paths(c.paths)); got != c.want {
			t.Errorf("cancel %s %s: %v", c.token, c.paths, got)
		}
	}
	b.set("/3/0/9=3")
	b.expect("0:b#3 /3/0/9=3")
	b.m.Clear()
	b.set("/3/0/9=4")
	b.expect()
}

func TestCancelByPath(t *testing.T) {
	b := newBench(t, Config{CancelByPath: true})
	b.set("/3/0/9=1 /3/0/0=x")
	b.observe("a", "/3/0/9")
	b.observe("b", "/3/0/9")
	b.observe("c", "/3/0/9 /3/0/0")
	if b.m.Cancel([]byte("x"), paths("/3/0")) || b.m.Cancel([]byte("x"), paths("/3/0/0")) {
		t.Error("a path that only contains, or is only a part, cancels")
	}
	if !b.m.Cancel([]byte("b"), paths("/3/0/9")) || b.m.Len() != 2 {
		t.Error("a token that is known cancels more than its own")
	}
	if !b.m.Cancel([]byte("x"), paths("/3/0/0 /3/0/9")) || b.m.Len() != 1 {
		t.Error("a composite is not cancelled by its paths")
	}
	if !b.m.Cancel(nil, paths("/3/0/9")) || b.m.Len() != 0 {
		t.Error("not cancelled by path")
	}
}

func TestSameTokenReplaces(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1 /3/0/0=x")
	b.observe("a", "/3/0/9")
	b.hold = true
	b.set("/3/0/9=2")
	b.observe("a", "/3/0/0")
	b.set("/3/0/9=3")
	b.set("/3/0/0=y")
	b.expect("0:a#2 /3/0/9=2") // and NSTART is 1
	b.land(Reset)              // of what was before
	b.expect("0:a#4 /3/0/0=y") // the number goes on rising
	b.land(Reset)
	b.set("/3/0/0=z")
	b.expect()
	if b.m.Len() != 0 {
		t.Error("RST did not cancel")
	}
}

func TestRefusals(t *testing.T) {
	b := newBench(t, Config{MaxObservations: 5, MaxPaths: 2})
	b.set("/3/0/9=1")
	for _, c := range []struct {
		name    string
		request Request
		want    lwm2m.Status
	}{
		{"long token", Request{Token: make([]byte, 9), Paths: paths("/3/0/9")}, lwm2m.StatusBadRequest},
		{"no path", Request{}, lwm2m.StatusBadRequest},
		{"no paths", Request{Composite: true}, lwm2m.StatusBadRequest},
		{"two paths", Request{Paths: paths("/3/0/9 /3/0/0")}, lwm2m.StatusBadRequest},
		{"three paths", Request{Composite: true, Paths: paths("/3/0/9 /3/0/0 /3/0/1")}, lwm2m.StatusRequestEntityTooLarge},
		{"nothing there", Request{Paths: paths("/3/0/1")}, lwm2m.StatusNotFound},
	} {
		if _, err := b.m.Observe(b.now, c.request); statusOf(err) != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := b.m.Observe(b.now, Request{Paths: paths("/3/0/9")}); err != nil {
		t.Errorf("an empty token: %v", err)
	}
}

func statusOf(err error) lwm2m.Status {
	if refused, is := errors.AsType[*lwm2m.Error](err); is {
		return refused.Status
	}
	return 0
}

// TestFlood of Observe requests: the table fills, the rest is refused, those that were there work on.
func TestFlood(t *testing.T) {
	b := newBench(t, Config{MaxObservations: 5})
	b.set("/3/0/9=1")
	refused := 0
	for i := range 10000 {
		token := []byte(fmt.Sprint(i))
		if _, err := b.m.Observe(b.now, Request{Token: token, Paths: paths("/3/0/9")}); err != nil {
			if statusOf(err) != lwm2m.StatusInternalServerError {
				t.Fatal(err)
			}
			refused++
		}
		if _, err := b.m.Observe(b.now, Request{Token: []byte("0"), Paths: paths("/3/0/9")}); err != nil {
			t.Fatalf("a token that is known is refused: %v", err)
		}
	}
	if refused != 9995 || b.m.Len() != 5 || b.m.Stats().Refused != 9995 {
		t.Errorf("%d refused, %d there, %+v", refused, b.m.Len(), b.m.Stats())
	}
	b.set("/3/0/9=2")
	if len(b.log) != 5 {
		t.Errorf("%v", b.log)
	}
}

// TestInFlight holds that a state waits for the outcome of the one before, and that the newest then replaces it (RFC 7641, 4.5.2).
func TestInFlight(t *testing.T) {
	b := newBench(t, Config{MaxInFlight: 2})
	b.set("/3/0/9=1 /3/0/0=x /3/0/1=x")
	b.observe("a", "/3/0/9")
	b.observe("b", "/3/0/0")
	b.observe("c", "/3/0/1")
	b.hold = true
	b.set("/3/0/9=2")
	b.set("/3/0/9=3")
	b.set("/3/0/9=4")
	b.set("/3/0/0=y")
	b.set("/3/0/1=y") // a third has no room
	b.expect("0:a#2 /3/0/9=2", "0:b#2 /3/0/0=y")
	if next := b.m.NextDeadline(); !next.IsZero() {
		t.Errorf("deadline %v while only an outcome is waited for", next)
	}
	b.land(Acknowledged)
	b.expect("0:a#3 /3/0/9=4")
	b.now = b.now.Add(time.Second)
	b.land(Acknowledged)
	b.expect("1:c#2 /3/0/1=y")
	b.land(Acknowledged)
	b.land(Acknowledged)
	b.m.Outcome(b.now, 4711, Reset) // unknown
	if b.m.Len() != 3 {
		t.Error("an unknown id did something")
	}
}

// TestUnacknowledged holds that nothing is lost when a notification is: the newest state goes out when the server is back.
func TestUnacknowledged(t *testing.T) {
	for _, storing := range []bool{true, false} {
		b := newBench(t, Config{})
		b.m.SetStoring(storing)
		b.set("/3/0/9=1 /3/0/0=x")
		b.observe("a", "/3/0/9")
		b.write("/3/0/9", "pmax=50")
		b.hold = true
		b.set("/3/0/9=2")
		b.until(93)
		b.expect("0:a#2 /3/0/9=2")
		b.land(TimedOut)
		b.expect("93:unreachable")
		b.set("/3/0/9=3")
		b.until(1000)
		b.expect()
		if !b.m.NextDeadline().IsZero() {
			t.Error("a deadline while the server is unreachable")
		}
		b.m.SetLink(Reachable) // the Update was answered
		b.drain()
		b.expect("1000:a#3 /3/0/9=3")
		b.land(Acknowledged)
		b.until(1049)
		b.expect()
	}
}

// TestConnectionGone: what an old connection had does not make the new one suspect, what the present one had does.
func TestConnectionGone(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1")
	b.observe("a", "/3/0/9")
	b.hold = true
	b.set("/3/0/9=2")
	b.m.SetLink(Unreachable)
	b.m.SetLink(Reachable)
	b.land(Closed)
	b.expect("0:a#2 /3/0/9=2", "0:a#3 /3/0/9=2")
	b.land(Closed)
	b.expect("0:unreachable")
	b.m.SetLink(Reachable)
	b.drain()
	b.expect("0:a#4 /3/0/9=2")
	b.m.Outcome(b.now, b.held[0], TimedOut)
	b.m.SetLink(Reachable) // by a caller that does not know yet
	b.drain()
	b.expect("0:unreachable")
	if b.m.Link() != Unreachable || b.m.Stats().Failed != 3 {
		t.Errorf("link %d, %+v", b.m.Link(), b.m.Stats())
	}
	b.m.Clear() // a new registration
	b.m.SetLink(Reachable)
	b.set("/3/0/9=3")
	b.expect()
}

// TestStoring: /1/x/6.
func TestStoring(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1 /3/0/0=x")
	b.observe("a", "/3/0/9")
	b.observe("b", "/3/0/0")
	b.m.SetLink(Unreachable)
	for i := range 1000 {
		b.set(fmt.Sprintf("/3/0/9=%d", i+2))
	}
	b.expect()
	if got := b.m.Stats(); got.Replaced != 999 || got.Dropped != 0 {
		t.Errorf("%+v", got)
	}
	b.until(50)
	b.m.SetLink(Reachable)
	b.drain()
	b.expect("50:a#2 /3/0/9=1001")

	b.m.SetStoring(false)
	b.m.SetLink(Unreachable)
	b.set("/3/0/9=5")
	b.set("/3/0/0=y")
	b.m.SetLink(Reachable)
	b.until(60)
	b.expect()
	if got := b.m.Stats(); got.Dropped != 2 {
		t.Errorf("%+v", got)
	}
	b.set("/3/0/9=6")
	b.expect("60:a#3 /3/0/9=6")
}

// TestQueueMode: a client that sleeps is woken once for what is due.
func TestQueueMode(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1 /3/0/0=x")
	b.write("/3/0/9", "pmin=10")
	b.write("/3/0/0", "pmax=100")
	b.observe("a", "/3/0/9")
	b.observe("b", "/3/0/0")
	b.m.SetLink(Asleep)
	b.set("/3/0/9=2")
	b.expect()
	b.until(40)
	b.expect("10:wake")
	b.set("/3/0/9=3")
	b.until(50)
	b.expect()
	b.m.SetLink(Reachable)
	b.until(55)
	b.expect("50:a#2 /3/0/9=3")
	b.m.SetLink(Asleep)
	b.until(120)
	b.expect("100:wake")
	b.m.SetLink(Unreachable) // could not connect
	b.m.SetLink(Reachable)
	b.until(121)
	b.expect("120:b#2 /3/0/0=x")
}

// TestNonConfirmable: with NON messages, a confirmable one goes out often enough.
func TestNonConfirmable(t *testing.T) {
	b := newBench(t, Config{NonConfirmable: true})
	b.set("/3/0/9=1")
	b.write("/3/0/9", "pmax=3600")
	b.observe("a", "/3/0/9")
	b.until(5 * 24 * 3600)
	last, longest := time.Duration(0), time.Duration(0)
	for _, line := range b.log {
		var second float64
		var rest string
		if _, err := fmt.Sscanf(line, "%g:%s", &second, &rest); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains([]byte(rest), []byte("non")) {
			at := time.Duration(second) * time.Second
			longest = max(longest, at-last)
			last = at
		}
	}
	if len(b.log) != 120 || longest == 0 || longest > 24*time.Hour {
		t.Errorf("%d notifications, the longest time without a confirmable one is %v", len(b.log), longest)
	}
	b.log = nil
	b.remove("/3")
	if want := 1; len(b.log) != want || bytes.Contains([]byte(b.log[0]), []byte("non")) {
		t.Errorf("the end is not confirmable: %v", b.log)
	}
}

// TestUnencodable: a state that the format cannot hold ends the observation.
func TestUnencodable(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1")
	b.observe("a", "/3/0/9")
	b.hold = true
	b.set("/3/0/9=2")
	b.land(Unencodable)
	b.expect("0:a#2 /3/0/9=2", "0:a#3 5.00")
	b.land(Unencodable)
	b.until(100)
	b.expect()
	if b.m.Len() != 0 {
		t.Error("the observation has not ended")
	}
}

func TestSequenceWraps(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1")
	b.observe("a", "/3/0/9")
	b.m.observations[0].sequence = sequenceMask - 1
	for i := range 3 {
		b.set(fmt.Sprintf("/3/0/9=%d", 10+i))
	}
	b.expect("0:a#16777215 /3/0/9=10", "0:a#0 /3/0/9=11", "0:a#1 /3/0/9=12")
}

func TestObservations(t *testing.T) {
	b := newBench(t, Config{})
	b.set("/3/0/9=1 /3/0/0=x")
	b.observe("a", "/3/0/9")
	b.observe("b", "/3/0/9 /3/0/0")
	b.hold = true
	b.until(3)
	b.set("/3/0/9=2")
	all := b.m.Observations()
	if len(all) != 2 || string(all[0].Token) != "a" || all[0].Paths[0] != path("/3/0/9") || all[0].Sequence != 2 || !all[0].InFlight || all[0].Pending ||
		!all[0].SentAt.Equal(b.now) || all[0].Format != 112 || !all[1].Composite || len(all[1].Paths) != 2 || all[1].InFlight || !all[1].Pending {
		t.Errorf("%+v", all)
	}
}

// TestTypes: a change of any type is seen.
func TestTypes(t *testing.T) {
	b := newBench(t, Config{})
	at := path("/9/0/1")
	b.values.set(at, lwm2m.String("a"))
	b.observe("a", "/9/0/1")
	for i, value := range []lwm2m.Value{
		lwm2m.String("b"), lwm2m.Integer(1), lwm2m.Integer(1<<62 + 1), lwm2m.Integer(1 << 62), lwm2m.Unsigned(1 << 62), lwm2m.Unsigned(1<<64 - 1), lwm2m.Float(0.5),
		lwm2m.Boolean(false), lwm2m.Boolean(true), lwm2m.Opaque([]byte{0}), lwm2m.Opaque([]byte{0, 0}), lwm2m.Opaque(nil), lwm2m.Seconds(5), lwm2m.Objlnk(3, 0),
		lwm2m.Objlnk(3, 1), lwm2m.Corelnk("</3>"), lwm2m.Corelnk("</4>"),
	} {
		b.log = nil
		b.values.set(at, value)
		b.m.Changed(at)
		b.drain()
		if len(b.log) != 1 {
			t.Errorf("value %d, %v: %v", i, value, b.log)
		}
		b.m.Changed(at)
		b.drain()
		if len(b.log) != 1 {
			t.Errorf("value %d, %v, is another one than itself", i, value)
		}
	}
}
