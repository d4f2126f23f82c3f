package connstat

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// link is a host that lets messages pass.
type link struct {
	lwm2m.Host
	take func(sent bool, size int)
}

func (l *link) WatchMessages(take func(sent bool, size int)) { l.take = take }

type world struct {
	*tree.Tree
	link link
	t    *testing.T
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Tree: tree.New(), t: t}
	o, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	o.SetHost(&w.link)
	if err := w.Add(o); err != nil {
		t.Fatal(err)
	}
	return w
}

func at(resource uint16) lwm2m.Path { return lwm2m.NewPath(7, 0, resource) }

func (w *world) execute(resource uint16) {
	w.t.Helper()
	if _, err := w.Execute(1, at(resource), nil); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) period(seconds int64) error {
	_, err := w.Write(1, at(collectionPeriod), tree.Replace, []lwm2m.Item{{Path: at(collectionPeriod), Value: lwm2m.Integer(seconds)}})
	return err
}

// want compares sent kB, received kB, largest and average message.
func (w *world) want(what, counters string) {
	w.t.Helper()
	var all []int64
	for _, resource := range []uint16{txData, rxData, maxMessageSize, averageSize} {
		value, _ := w.Get(at(resource))
		all = append(all, value.Int())
	}
	if got := fmt.Sprint(all); got != counters {
		w.t.Errorf("%s: %s, want %s", what, got, counters)
	}
}

const start = 6

func TestStartAndStop(t *testing.T) {
	w := newWorld(t)
	w.link.take(true, 100)
	w.want("before Start", "[0 0 0 0]")
	w.execute(start)
	w.want("after Start", "[0 0 0 0]")
	w.link.take(true, 1)
	w.want("one byte begins a kB", "[1 0 1 1]")
	w.link.take(false, 1000)
	w.want("1000 bytes are one", "[1 1 1000 500]")
	w.link.take(true, 1000)
	w.want("1001 bytes begin the second", "[2 1 1000 667]")
	w.execute(stop)
	w.link.take(true, 5000)
	w.want("after Stop", "[2 1 1000 667]")
	w.execute(stop)
	w.execute(start)
	w.want("after the next Start", "[0 0 0 0]")
	for _, missing := range []uint16{0, 1} {
		if _, err := w.Read(1, at(missing)); err == nil {
			t.Errorf("there is a resource %d, and no short message", missing)
		}
	}
}

func TestCollectionPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if err := w.period(-1); err == nil {
			t.Error("a period of -1 s is taken")
		}
		if err := w.period(60); err != nil {
			t.Fatal(err)
		}
		w.execute(start)
		time.Sleep(59 * time.Second)
		w.link.take(true, 10)
		w.want("within the period", "[1 0 10 10]")
		w.execute(start) // the period begins anew
		time.Sleep(59 * time.Second)
		w.link.take(true, 20)
		w.want("within the second period", "[1 0 20 20]")
		time.Sleep(time.Second)
		w.link.take(true, 30)
		w.want("after the period", "[1 0 20 20]")
		if err := w.period(0); err != nil {
			t.Fatal(err)
		}
		w.execute(start)
		time.Sleep(1000 * time.Hour)
		w.link.take(false, 40)
		w.want("without a period", "[0 1 40 40]")
		if err := w.period(2147483647); err != nil {
			t.Fatal(err)
		}
		w.execute(start)
		w.link.take(false, 50)
		w.want("in the longest period", "[0 1 50 50]")
	})
}
