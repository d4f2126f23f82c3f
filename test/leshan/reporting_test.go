//go:build real

package leshan

import (
	"slices"
	"strconv"
	"testing"
)

// Information reporting, cases 300 to 399. The periods are shorter than in the specification, in the same proportions.

// seconds between two events, by the server's clock.
func seconds(from, to event) float64 { return float64(to.At-from.At) / 1e6 }

// slack is what a timer on a busy machine may be late, in seconds; what it is late for the first event makes a distance shorter.
const slack = 1.5

// between checks that an event came between two times after another, in seconds.
func between(t testing.TB, from, to event, least, most float64) {
	t.Helper()
	if s := seconds(from, to); s < least-0.5 || s > most+slack {
		t.Errorf("%s came %.2f s after %s, want %.0f to %.0f s", to, s, from, least, most)
	}
}

// notified waits for a notification of an observation.
func (c *client) notified(mark int, observation string) event {
	c.t.Helper()
	return c.await(mark, "notification", func(e event) bool { return e.Observation == observation })
}

// observed waits for the server to have an observation, whose first answer it is.
func (c *client) observed(mark int, r response) event {
	c.t.Helper()
	r.want(c.t, 205)
	if r.Observation == "" {
		c.t.Fatalf("answer %s is of no observation", r)
	}
	return c.await(mark, "coap", func(e event) bool { return e.Direction == "in" && e.Code == 205 && e.Token == r.Observation })
}

// set writes a value on the device, as if it had changed there.
func (c *client) set(path, kind, text string) {
	c.t.Helper()
	c.must("write %s -%s %s", path, kind, text)
}

func TestETS_int_301_Observation_and_Notification(t *testing.T) {
	ets(t)
	c := c4(t)
	c.observesWithPeriods("/3/0/7/0", "u32", "3900", "3800")
}

// observesWithPeriods checks pmin and pmax of an observation of a number.
func (c *client) observesWithPeriods(path, kind string, first, second string) {
	c.t.Helper()
	c.set(path, kind, first)
	c.attributes(path, "pmin=2", "pmax=5").want(c.t, 204)
	mark := c.now()
	r := c.observe(path, none)
	begun := c.observed(mark, r)
	// Without a change: at pmax.
	idle := c.notified(begun.N, r.Observation)
	between(c.t, begun, idle, 5, 5)
	idle.Response.has(c.t, values{path: first})
	// A change within pmin of the last notification: at pmin, with the new value.
	c.set(path, kind, second)
	changed := c.notified(idle.N, r.Observation)
	between(c.t, idle, changed, 2, 2)
	changed.Response.has(c.t, values{path: second})
	if before, after := begun.Observe, changed.Response.Observe; before == nil || after == nil || *after <= *before {
		c.t.Errorf("values of Observe do not rise: %s, %s", begun, changed)
	}
	c.cancel(r.Observation).want(c.t, 205)
}

func TestETS_int_302_Cancel_by_Reset(t *testing.T) {
	ets(t)
	c := c4(t)
	c.set("/3/0/7/0", "u32", "3990")
	mark := c.now()
	r := c.observe("/3/0/7/0", none)
	begun := c.observed(mark, r)
	c.set("/3/0/7/0", "u32", "3991")
	first := c.notified(begun.N, r.Observation)
	c.forget(r.Observation)
	c.set("/3/0/7/0", "u32", "3992")
	reset := c.await(first.N, "coap", func(e event) bool { return e.Direction == "out" && e.Type == "RST" })
	c.set("/3/0/7/0", "u32", "3993")
	// The next message of the device is no notification, though the value has changed before it was sent.
	c.must("update")
	c.await(reset.N, "updated", anything)
	c.none(reset.N, "coap", func(e event) bool { return e.Direction == "in" && e.Token == r.Observation })
}

func TestETS_int_303_Cancel_with_Observe_1(t *testing.T) {
	ets(t)
	c := c4(t)
	c.set("/3/0/7/0", "u32", "3990")
	mark := c.now()
	r := c.observe("/3/0/7/0", none)
	begun := c.observed(mark, r)
	c.set("/3/0/7/0", "u32", "3991")
	first := c.notified(begun.N, r.Observation)
	c.cancel(r.Observation).want(t, 205)
	answer := c.await(first.N, "coap", func(e event) bool { return e.Direction == "in" && e.Code == 205 && e.Token == r.Observation })
	if answer.Observe != nil {
		t.Errorf("the answer to the cancellation has Observe: %s", answer)
	}
	c.set("/3/0/7/0", "u32", "3992")
	c.must("update")
	c.await(answer.N, "updated", anything)
	c.none(answer.N, "coap", func(e event) bool { return e.Direction == "in" && e.Token == r.Observation })
}

func TestETS_int_304_Observe_Composite(t *testing.T) {
	ets(t)
	c := c1(t)
	c.portfolio()
	c.attributes("/16/0", "pmin=2", "pmax=5").want(t, 204)
	mark := c.now()
	r := c.observeComposite(senmlCBOR, "/1/0/1", "/3/0/11/0", "/16/0")
	begun := c.observed(mark, r)
	r.has(t, values{"/1/0/1": "86400", "/3/0/11/0": "0", "/16/0/0/0": "Host Device ID #1"})
	idle := c.notified(begun.N, r.Observation)
	between(t, begun, idle, 2, 5)
	idle.Response.has(t, values{"/1/0/1": "86400", "/3/0/11/0": "0", "/16/0/0/0": "Host Device ID #1"})
	// A change is told within pmin and pmax too, with all that is observed.
	c.replace("/16/0/0/0", text, "changed").want(t, 204)
	changed := c.notified(idle.N, r.Observation)
	between(t, idle, changed, 2, 5)
	changed.Response.has(t, values{"/1/0/1": "86400", "/3/0/11/0": "0", "/16/0/0/0": "changed"})
}

func TestETS_int_305_Cancel_Observe_Composite(t *testing.T) {
	ets(t)
	c := c4(t)
	c.set("/3/0/7/0", "u32", "3990")
	mark := c.now()
	r := c.observeComposite(senmlCBOR, "/1/0/1", "/3/0/7/0")
	begun := c.observed(mark, r)
	c.set("/3/0/7/0", "u32", "3991")
	first := c.notified(begun.N, r.Observation)
	first.Response.has(t, values{"/3/0/7/0": "3991", "/1/0/1": "86400"})
	c.cancel(r.Observation).want(t, 205)
	answer := c.await(first.N, "coap", func(e event) bool { return e.Direction == "in" && e.Code == 205 && e.Token == r.Observation })
	c.set("/3/0/7/0", "u32", "3992")
	c.must("update")
	c.await(answer.N, "updated", anything)
	c.none(answer.N, "coap", func(e event) bool { return e.Direction == "in" && e.Token == r.Observation })
}

func TestETS_int_306_Send(t *testing.T) {
	ets(t)
	c := c1(t)
	mark := c.now()
	c.must("send /1 /3")
	holds := func(path string) func(event) bool { // the module may send too, when it finds the connection
		return func(e event) bool {
			_, ours := flat(e).Values[path]
			return ours
		}
	}
	sent := c.await(mark, "send", holds("/1/0/0"))
	got := flat(sent)
	for _, path := range append([]string{"/1/0/0", "/1/0/1"}, identity...) {
		if len(got.below(path)) == 0 {
			t.Errorf("%s was not sent: %v", path, got.Values)
		}
	}
	if hidden := got.below("/0"); len(hidden) != 0 {
		t.Errorf("sent %q", hidden)
	}
	request := c.arrived(mark, post, "/dp")
	c.await(mark, "coap", func(e event) bool { return e.Direction == "out" && e.Code == 204 && e.Token == request.Token })
	// An instance that was just made is sent after the server knows it.
	c.must("create /16/7")
	c.must("create /16/7/0/0")
	c.set("/16/7/0/0", "s", "new")
	mark = c.now()
	c.must("send /16/7")
	after := c.await(mark, "send", holds("/16/7/0/0"))
	flat(after).has(t, values{"/16/7/0/0": "new"})
	known := c.await(0, "updated", func(e event) bool { return slices.Contains(e.Registration.Links, "</16/7>") })
	if known.N > after.N {
		t.Errorf("sent before the server knew the instance: %s, %s", after, known)
	}
}

// flat is what a Send holds, without the times.
func flat(sent event) response {
	all := response{Values: make(map[string]value)}
	for _, part := range sent.Parts {
		for path, v := range part.Values {
			all.Values[path] = v
		}
	}
	return all
}

func TestETS_int_307_Muting_Send(t *testing.T) {
	ets(t)
	c := c4(t)
	c.replace("/1/0/23", text, "true").want(t, 204)
	mark := c.now()
	if _, code := c.command("send /3/0/7"); code == 0 {
		t.Error("the device sends while it is muted")
	}
	c.must("update")
	c.await(mark, "updated", anything)
	c.none(mark, "send", anything)
	c.replace("/1/0/23", text, "false").want(t, 204)
	mark = c.now()
	c.must("send /3/0/7")
	c.await(mark, "send", anything)
}

func TestETS_int_308_Observe_Composite_and_create(t *testing.T) {
	ets(t)
	c := c1(t)
	c.portfolio()
	c.attributes("/16", "pmin=1", "pmax=60").want(t, 204)
	mark := c.now()
	r := c.observeComposite(senmlCBOR, "/16/0", "/16/1")
	begun := c.observed(mark, r)
	if got := r.below("/16/1"); len(got) != 0 {
		t.Errorf("/16/1 is there: %q", got)
	}
	c.create("/16", senmlCBOR, values{"1/0/0": "Host Device ID #2"}).want(t, 201)
	grown := c.await(begun.N, "notification", func(e event) bool { return e.Observation == r.Observation && len(e.Response.below("/16/1")) > 0 })
	grown.Response.has(t, values{"/16/0/0/0": "Host Device ID #1", "/16/1/0/0": "Host Device ID #2"})
}

func TestETS_int_309_Observe_Composite_and_delete(t *testing.T) {
	ets(t)
	c := c1(t)
	c.portfolio()
	c.create("/16", senmlCBOR, values{"1/0/0": "Host Device ID #2"}).want(t, 201)
	c.attributes("/16", "pmin=1", "pmax=60").want(t, 204)
	mark := c.now()
	r := c.observeComposite(senmlCBOR, "/16/0", "/16/1")
	begun := c.observed(mark, r)
	r.has(t, values{"/16/0/0/0": "Host Device ID #1", "/16/1/0/0": "Host Device ID #2"})
	c.delete("/16/1").want(t, 202)
	shrunk := c.await(begun.N, "notification", func(e event) bool { return e.Observation == r.Observation && len(e.Response.below("/16/1")) == 0 })
	shrunk.Response.has(t, values{"/16/0/0/0": "Host Device ID #1"})
}

func TestETS_int_310_Observe_Composite_and_attributes(t *testing.T) {
	ets(t)
	c := c1(t)
	c.portfolio()
	c.attributes("/3/0/11/0", "pmin=1", "pmax=4").want(t, 204)
	mark := c.now()
	r := c.observeComposite(senmlCBOR, "/1/0/1", "/3/0/11/0", "/16/0")
	begun := c.observed(mark, r)
	idle := c.notified(begun.N, r.Observation)
	between(t, begun, idle, 1, 4)
	c.attributes("/3/0/11/0", "pmax=8").want(t, 204)
	// What was under way at the change may still come; from then on the new period rules.
	first := c.notified(idle.N, r.Observation)
	second := c.notified(first.N, r.Observation)
	between(t, first, second, 8, 8)
}

func TestETS_int_311_Send_command(t *testing.T) {
	ets(t)
	c := c4(t)
	for i, level := range []int{3970, 3971} {
		c.set("/3/0/7/0", "u32", strconv.Itoa(level))
		mark := c.now()
		c.must("send /1/0/1 /3/0/7/0")
		got := flat(c.await(mark, "send", func(e event) bool { // the module may send too, when it finds the connection
			_, ours := flat(e).Values["/1/0/1"]
			return ours
		}))
		got.has(t, values{"/1/0/1": "86400", "/3/0/7/0": strconv.Itoa(level)})
		if len(got.Values) != 2 {
			t.Errorf("Send %d holds %v, want two values", i+1, got.Values)
		}
	}
}

// TestCrossings: gt notifies in both directions, and what does not cross is left to pmax (reference, section 8.2).
func TestCrossings(t *testing.T) {
	t.Parallel()
	c := c4(t)
	c.set("/3/0/7/0", "u32", "4100")
	c.attributes("/3/0/7/0", "gt=4200", "pmin=0", "pmax=60").want(t, 204)
	mark := c.now()
	r := c.observe("/3/0/7/0", none)
	begun := c.observed(mark, r)
	last := begun
	for _, step := range []struct {
		value string
		told  bool
	}{{"3000", false}, {"4400", true}, {"4300", false}, {"4100", true}} {
		c.set("/3/0/7/0", "u32", step.value)
		if step.told {
			last = c.notified(last.N, r.Observation)
			last.Response.has(t, values{"/3/0/7/0": step.value})
			if late := seconds(begun, last); late > 20 {
				t.Errorf("%s came %.0f s after the observation began", last, late)
			}
		}
	}
	// Two were told, no more.
	told := 0
	for _, e := range c.server.since(begun.N) {
		if e.Kind == "notification" && e.Observation == r.Observation {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d notifications, want 2", told)
	}
}
