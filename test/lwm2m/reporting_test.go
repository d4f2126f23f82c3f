package lwm2m

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
)

// Information reporting, cases 300 to 399. The clock is virtual, so that periods are exact.

// after checks when a notification came after something.
func (n notification) after(since time.Time, least, most time.Duration) notification {
	n.t.Helper()
	if d := n.Time.Sub(since); d < least || d > most {
		n.t.Errorf("a notification came after %s, want %s to %s", d, least, most)
	}
	return n
}

func TestETS_int_301_Observation_and_Notification(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) { w.c1().observesWithPeriods("/3/0/9", 90, 80) })
}

// observesWithPeriods checks pmin and pmax of an observation of a number.
func (c *connected) observesWithPeriods(path string, first, second int64) {
	c.t.Helper()
	c.set(path, lwm2m.Integer(first))
	c.attributes(path, "pmin=5", "pmax=15").want(204)
	o := c.observe(path, none)
	o.has(values{path: strconv.FormatInt(first, 10)})
	// Without a change: at pmax.
	idle := o.next().after(o.begun, 15*time.Second, 15*time.Second)
	idle.has(values{path: strconv.FormatInt(first, 10)})
	// A change within pmin of the last notification: at pmin, with the newest value.
	c.set(path, lwm2m.Integer(second+1))
	pass(time.Second)
	c.set(path, lwm2m.Integer(second))
	changed := o.next().after(idle.Time, 5*time.Second, 5*time.Second)
	changed.has(values{path: strconv.FormatInt(second, 10)})
	// One after pmin: at once.
	pass(7 * time.Second)
	c.set(path, lwm2m.Integer(first))
	last := o.next().after(changed.Time, 7*time.Second, 7*time.Second)
	last.has(values{path: strconv.FormatInt(first, 10)})
	if idle.Number >= changed.Number || changed.Number >= last.Number {
		c.t.Errorf("values of Observe do not rise: %d, %d, %d", idle.Number, changed.Number, last.Number)
	}
	o.cancel().want(205)
	mark := c.log.now()
	pass(time.Minute)
	c.none(mark, "coap", anything)
}

func TestETS_int_302_Cancel_by_Reset(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		o := c.observe("/3/0/9", none)
		c.set("/3/0/9", lwm2m.Integer(91))
		o.next().has(values{"/3/0/9": "91"})
		o.Forget()
		mark := c.log.now()
		c.set("/3/0/9", lwm2m.Integer(92))
		reset := c.await(mark, "coap", func(e event) bool { return !e.in && e.typ == rst })
		pass(time.Second)
		c.set("/3/0/9", lwm2m.Integer(93))
		pass(time.Minute)
		c.none(reset.n+1, "coap", anything)
	})
}

func TestETS_int_303_Cancel_with_Observe_1(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		o := c.observe("/3/0/9", none)
		c.set("/3/0/9", lwm2m.Integer(91))
		o.next().has(values{"/3/0/9": "91"})
		o.cancel().want(205) // the lab looks that the answer has no Observe
		mark := c.log.now()
		c.set("/3/0/9", lwm2m.Integer(92))
		pass(time.Minute)
		c.none(mark, "coap", anything)
	})
}

func TestETS_int_304_Observe_Composite(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.portfolio()
		c.attributes("/16/0", "pmin=10", "pmax=30").want(204)
		o := c.observeComposite(senmlCBOR, "/1/0/1", "/3/0/11/0", "/16/0")
		o.has(values{"/1/0/1": "86400", "/3/0/11/0": "0", "/16/0/0/0": "Host Device ID #1"})
		idle := o.next().after(o.begun, 10*time.Second, 30*time.Second)
		idle.has(values{"/1/0/1": "86400", "/3/0/11/0": "0", "/16/0/0/0": "Host Device ID #1"})
		// A change is told within pmin and pmax too, with all that is observed.
		c.replace("/16/0/0/0", text, "changed").want(204)
		changed := o.next().after(idle.Time, 10*time.Second, 30*time.Second)
		changed.has(values{"/1/0/1": "86400", "/3/0/11/0": "0", "/16/0/0/0": "changed"})
	})
}

func TestETS_int_305_Cancel_Observe_Composite(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		o := c.observeComposite(senmlCBOR, "/1/0/1", "/3/0/9")
		c.set("/3/0/9", lwm2m.Integer(91))
		o.next().has(values{"/3/0/9": "91", "/1/0/1": "86400"})
		o.cancel().want(205)
		mark := c.log.now()
		c.set("/3/0/9", lwm2m.Integer(92))
		pass(time.Minute)
		c.none(mark, "coap", anything)
	})
}

// send sends paths from the device.
func (c *connected) send(paths ...string) error {
	var parsed []lwm2m.Path
	for _, each := range paths {
		parsed = append(parsed, at(each))
	}
	return c.client().Send(within(c.t, patience), parsed...)
}

// sent waits for a Send, and gives its values.
func (c *connected) sent(mark int) (response, event) {
	c.t.Helper()
	e := c.await(mark, string(server.Sent), anything)
	return c.response(&server.Content{Items: e.lab.Items}, 0, nil), e
}

func TestETS_int_306_Send(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		mark := c.log.now()
		if err := c.send("/1", "/3"); err != nil {
			t.Fatal(err)
		}
		got, _ := c.sent(mark)
		got.holds(append([]string{"/1/0/0", "/1/0/1"}, identity...)...)
		if hidden := got.below("/0"); len(hidden) != 0 {
			t.Errorf("sent %q", hidden)
		}
		if answer := c.answer(c.arrived(mark, post, "/dp")); answer.code != 204 {
			t.Errorf("Send is answered %s", answer)
		}
		// An instance that was just made is sent after the server knows it.
		if err := c.client().Tree().Create(at("/16/7"), lwm2m.Item{Path: at("/16/7/0/0"), Value: lwm2m.String("new")}); err != nil {
			t.Fatal(err)
		}
		mark = c.log.now()
		if err := c.send("/16/7"); err != nil {
			t.Fatal(err)
		}
		got, after := c.sent(mark)
		got.has(values{"/16/7/0/0": "new"})
		known := c.await(0, updated, func(e event) bool { return slices.Contains(links(e.lab.Registration), "</16/7>") })
		if known.n > after.n {
			t.Errorf("sent before the server knew the instance: %s, %s", after, known)
		}
	})
}

func TestETS_int_307_Muting_Send(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		c.replace("/1/0/23", text, "1").want(204)
		mark := c.log.now()
		if err := c.send("/3/0/9"); !errors.Is(err, client.ErrMuted) {
			t.Errorf("%v, want %v", err, client.ErrMuted)
		}
		pass(time.Minute)
		c.none(mark, "coap", anything)
		c.replace("/1/0/23", text, "0").want(204)
		mark = c.log.now()
		if err := c.send("/3/0/9"); err != nil {
			t.Fatal(err)
		}
		c.sent(mark)
	})
}

func TestETS_int_308_Observe_Composite_and_create(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		c.portfolio()
		c.attributes("/16", "pmin=1", "pmax=60").want(204)
		o := c.observeComposite(senmlCBOR, "/16/0", "/16/1")
		if got := o.below("/16/1"); len(got) != 0 {
			t.Errorf("/16/1 is there: %q", got)
		}
		c.create("/16", senmlCBOR, values{"1/0/0": "Host Device ID #2"}).want(201)
		o.next().after(o.begun, time.Second, 2*time.Second).has(values{"/16/0/0/0": "Host Device ID #1", "/16/1/0/0": "Host Device ID #2"})
	})
}

func TestETS_int_309_Observe_Composite_and_delete(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		c.portfolio()
		c.create("/16", senmlCBOR, values{"1/0/0": "Host Device ID #2"}).want(201)
		c.attributes("/16", "pmin=1", "pmax=60").want(204)
		o := c.observeComposite(senmlCBOR, "/16/0", "/16/1")
		o.has(values{"/16/0/0/0": "Host Device ID #1", "/16/1/0/0": "Host Device ID #2"})
		c.delete("/16/1").want(202)
		shrunk := o.next().after(o.begun, time.Second, 2*time.Second)
		shrunk.has(values{"/16/0/0/0": "Host Device ID #1"})
		if left := shrunk.below("/16/1"); len(left) != 0 {
			t.Errorf("%q is still told", left)
		}
	})
}

func TestETS_int_310_Observe_Composite_and_attributes(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.portfolio()
		c.attributes("/3/0/11/0", "pmin=5", "pmax=20").want(204)
		o := c.observeComposite(senmlCBOR, "/1/0/1", "/3/0/11/0", "/16/0")
		idle := o.next().after(o.begun, 20*time.Second, 20*time.Second)
		c.attributes("/3/0/11/0", "pmax=40").want(204)
		first := o.next().after(idle.Time, 40*time.Second, 40*time.Second)
		o.next().after(first.Time, 40*time.Second, 40*time.Second)
	})
}

func TestETS_int_311_Send_command(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		for i, level := range []int64{70, 71} {
			c.set("/3/0/9", lwm2m.Integer(level))
			mark := c.log.now()
			if err := c.send("/1/0/1", "/3/0/9"); err != nil {
				t.Fatal(err)
			}
			got, _ := c.sent(mark)
			got.has(values{"/1/0/1": "86400", "/3/0/9": strconv.FormatInt(level, 10)})
			if len(got.values) != 2 {
				t.Errorf("Send %d holds %v, want two values", i+1, got.values)
			}
		}
	})
}

// TestCrossings: gt notifies in both directions, and what does not cross is left to pmax (reference, section 8.2).
func TestCrossings(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.set("/3/0/7/0", lwm2m.Integer(4100))
		c.attributes("/3/0/7/0", "gt=4200", "pmin=0", "pmax=60").want(204)
		o := c.observe("/3/0/7/0", none)
		for _, step := range []struct {
			value int64
			told  bool
		}{{3000, false}, {4400, true}, {4300, false}, {4100, true}} {
			pass(time.Second)
			c.set("/3/0/7/0", lwm2m.Integer(step.value))
			if step.told {
				o.next().after(time.Now(), 0, 0).has(values{"/3/0/7/0": strconv.FormatInt(step.value, 10)})
			} else {
				o.quiet(time.Second)
			}
		}
		last := o.next()
		last.has(values{"/3/0/7/0": "4100"}).want(205)
	})
}

// TestHistory: values with their times arrive with them.
func TestHistory(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		var items []lwm2m.Item
		begun := time.Now().Truncate(time.Second)
		for i := range 50 {
			items = append(items, lwm2m.Item{Path: at("/3/0/9"), Value: lwm2m.Integer(int64(i)), Time: begun.Add(time.Duration(i-50) * time.Minute)})
		}
		mark := c.log.now()
		if err := c.client().SendItems(context.Background(), items...); err != nil {
			t.Fatal(err)
		}
		_, e := c.sent(mark)
		if len(e.lab.Items) != 50 {
			t.Fatalf("%d values, want 50", len(e.lab.Items))
		}
		for i, item := range e.lab.Items {
			if want := (format.Item{Path: "/3/0/9", Value: int64(i), Time: items[i].Time}); item.Path != want.Path || item.Value != want.Value || !item.Time.Equal(want.Time) {
				t.Errorf("%v, want %v", item, want)
			}
		}
	})
}
