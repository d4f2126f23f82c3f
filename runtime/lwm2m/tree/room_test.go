package tree

import (
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// counted adds up what the tree keeps count of.
func (w *world) counted() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, o := range w.objects {
		for _, each := range o.instances {
			n += each.size()
		}
	}
	return n
}

// A server cannot fill the memory: what it writes beyond MaxBytes is refused, whatever it is, and changes nothing. Less it can always write.
func TestBytesAreLimited(t *testing.T) {
	w := newWorld(t)
	big := lwm2m.String(strings.Repeat("x", 60<<10))
	written := 0
	for ; ; written++ {
		path := lwm2m.NewPath(16, 1, 0, uint16(written))
		_, err := w.Write(1, path, Replace, []lwm2m.Item{{Path: path, Value: big}})
		if err != nil {
			equal(t, "the first that has no room", statusOf(t, err), "5.00")
			break
		}
		if written > MaxBytes/len(big.Text()) {
			t.Fatalf("%d times %d bytes were taken", written, len(big.Text()))
		}
	}
	if written < 15 {
		t.Errorf("%d times 60 KiB were taken, 1 MiB is possible", written)
	}
	before := w.dump()
	_, _, err := w.CreateInstance(1, at("/16"), []lwm2m.Item{{Path: at("/16/9/0/0"), Value: big}})
	equal(t, "create", statusOf(t, err), "5.00")
	_, err = w.WriteComposite(1, []lwm2m.Item{{Path: at("/16/1/3"), Value: lwm2m.Float(1)}, {Path: at("/16/1/0/99"), Value: big}})
	equal(t, "composite", statusOf(t, err), "5.00")
	_, err = w.BootstrapWrite(at("/0/1"), []lwm2m.Item{{Path: at("/0/1/3"), Value: lwm2m.Opaque([]byte(big.Text()))}})
	equal(t, "bootstrap", statusOf(t, err), "5.00")
	if w.dump() != before {
		t.Error("what was refused has changed something")
	}
	_, err = w.Write(1, at("/16/1/0/0"), Replace, []lwm2m.Item{item("/16/1/0/0", lwm2m.String(big.Text()[1:]))})
	equal(t, "one byte less", statusOf(t, err), "")
	must(t, w.Set(lwm2m.Item{Path: at("/3/0/0"), Value: lwm2m.String(strings.Repeat("y", MaxBytes))})) // the client is not bound by it
	_, err = w.Write(1, at("/3/0/14"), Replace, []lwm2m.Item{item("/3/0/14", lwm2m.String("+01:00"))})
	equal(t, "write when the client has taken all", statusOf(t, err), "5.00")
	s := w.Snapshot(3, 16)
	_, err = w.DeleteInstance(1, at("/16/1"))
	equal(t, "delete", statusOf(t, err), "")
	must(t, w.Set(item("/3/0/0", lwm2m.String("Acme"))))
	_, _, err = w.CreateInstance(1, at("/16"), []lwm2m.Item{{Path: at("/16/9/0/0"), Value: big}})
	equal(t, "create when there is room again", statusOf(t, err), "")
	equal(t, "bytes", w.size, w.counted())
	w.Restore(s)
	equal(t, "bytes after Restore", w.size, w.counted())
}
