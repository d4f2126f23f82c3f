package reporting

import (
	"fmt"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// BenchmarkChange is one changed value, notified and acknowledged, among 100 observations of as many resources.
func BenchmarkChange(b *testing.B) {
	w := newBench(b, Config{MaxObservations: 100})
	at := make([]lwm2m.Path, 100)
	for i := range at {
		at[i] = lwm2m.NewPath(3303, uint16(i), 5700)
		w.values.set(at[i], lwm2m.Float(0))
	}
	for i := range at {
		w.observe(fmt.Sprint(i), at[i].String())
	}
	list := make([]lwm2m.Path, 1)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		each := n % len(at)
		w.values.set(at[each], lwm2m.Float(float64(n)))
		list[0] = at[each]
		w.m.Changed(list...)
		sent := 0
		for {
			effect, more := w.m.Poll(w.now)
			if !more {
				break
			}
			w.m.Outcome(w.now, effect.Notification.ID, Acknowledged)
			sent++
		}
		if sent != 1 {
			b.Fatalf("%d notifications", sent)
		}
	}
}

// BenchmarkHeldChange is one changed value whose 100 observations all wait for pmin.
func BenchmarkHeldChange(b *testing.B) {
	w := newBench(b, Config{MaxObservations: 100})
	w.attributes.pmin = 60
	at := path("/3303/0/5700")
	w.values.set(at, lwm2m.Float(0))
	for i := range 100 {
		w.observe(fmt.Sprint(i), at.String())
	}
	list := []lwm2m.Path{at}
	b.ReportAllocs()
	for b.Loop() {
		w.m.Changed(list...)
		if _, more := w.m.Poll(w.now); more {
			b.Fatal("inside pmin")
		}
		if w.m.NextDeadline().After(epoch.Add(time.Minute)) {
			b.Fatal("too late")
		}
	}
}
