package firmware

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware/firmwaretest"
)

func TestPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &target{}
		d := newDevice(t, to)
		equal(t, "first block", d.Begin(10, "0"), "2.31")
		d.Want("after one byte, which may be a reset", "0/0")
		equal(t, "second block", d.More("123"), "2.31")
		equal(t, "empty block", d.More(""), "2.31")
		d.Want("after more", "1/0")
		equal(t, "last block", d.Last("456789"), "2.04")
		d.Want("at the end", "2/0")
		equal(t, "image", string(to.content), "0123456789")
		equal(t, "announced", to.size, 10)
		equal(t, "progress", d.host.took(), "started 40% 100% downloaded")
		equal(t, "Update", d.Execute(), "2.04")
		d.Want("after Update", "3/0")
		equal(t, "restarts", d.host.restarts, 1)
		equal(t, "progress", d.host.took(), "installing")
		d.restart()
		d.Want("after the restart", "0/1")
		equal(t, "progress", d.host.took(), "succeeded")
		equal(t, "next push", d.Begin(0, "next"), "2.31")
		d.Want("in the next push", "1/0")
		equal(t, "end of the next push", d.Last("."), "2.04")
		equal(t, "progress of unknown size", d.host.took(), "started downloaded")
	})
}

func TestPull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &target{}
		d := newDevice(t, to)
		for written, fetched := range map[string]string{
			"coap://files.example/image":         "coap://files.example:5683/image",
			"coaps://files.example":              "coaps://files.example:5684",
			"coap://[2001:db8::1]/a/b?c=d":       "coap://[2001:db8::1]:5683/a/b?c=d",
			"coap://files.example:7000/a%2Fb%20": "coap://files.example:7000/a%2Fb%20",
		} {
			d.remote.size = 8
			equal(t, "write of the URI", d.URI(written), "2.04")
			d.Want("while it comes", "1/0")
			equal(t, "URI", d.remote.uri, fetched)
			d.remote.parts <- []byte("0123")
			d.remote.parts <- []byte("4567")
			d.remote.end <- nil
			d.Want("at the end", "2/0")
			equal(t, "image", string(to.content), "01234567")
			equal(t, "announced", to.size, 8)
			equal(t, "progress", d.host.took(), "started 50% 100% downloaded")
			equal(t, "reset", d.URI(""), "2.04")
			d.Want("after the reset", "0/0")
		}
		d.remote.size = 0
		d.URI("coap://files.example/empty")
		d.remote.end <- nil
		d.Want("of nothing", "0/6")
		equal(t, "progress", d.host.took(), "started failed")
	})
}

// A download that was reset neither disturbs the next one nor ends it.
func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &target{}
		d := newDevice(t, to)
		hung := make(chan struct{})
		d.host.fetch = (&hanging{remote: d.remote, until: hung}).fetch
		d.URI("coap://files.example/slow")
		d.remote.parts <- []byte("slow")
		d.Want("pull", "1/0")
		equal(t, "reset", d.Pack("\x00"), "2.04")
		d.Want("reset", "0/0")
		equal(t, "images thrown away", to.aborted, 1)
		equal(t, "push", d.Begin(0, "fast"), "2.31")
		close(hung) // only now the fetch ends, with an error
		d.Want("push", "1/0")
		equal(t, "end", d.Last("er"), "2.04")
		d.Want("end", "2/0")
		equal(t, "image", string(to.content), "faster")

		d.Pack("")
		d.Begin(0, "first")
		first := d.Upload
		d.URI("")
		d.Begin(0, "second")
		if response := first.Write([]byte("more")); response == nil || response.Code.String() != "4.08" {
			t.Errorf("a block of a push that was reset: %v", response)
		}
		if response := first.Commit(); response.Code.String() != "4.08" {
			t.Errorf("the end of a push that was reset: %v", response.Code)
		}
		first.Abort(errOther)
		d.Want("second push", "1/0")
		equal(t, "image", string(to.content), "second")
		equal(t, "Abort", d.More(""), "2.31")
		d.Upload.Abort(errOther)
		d.Want("lost", "0/4")
		equal(t, "again", d.Pack("image"), "2.04")
		d.Want("again", "2/0")
	})
}

// hanging is a remote whose end takes longer than that of its context.
type hanging struct {
	*remote
	until chan struct{}
}

func (h *hanging) fetch(ctx context.Context, uri string, into io.Writer) error {
	err := h.remote.fetch(ctx, uri, into)
	<-h.until
	if _, late := into.Write([]byte("late")); late == nil {
		panic("a download that was reset takes bytes")
	}
	return err
}

// The program ends while an image is fetched: the next start says that the download is not there, not that it has failed.
func TestEndOfTheProgramWhileFetching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &target{}
		d := newDevice(t, to)
		d.URI("coap://files.example/image")
		d.remote.parts <- []byte("im")
		d.stop()
		d.Want("end", "1/0")
		equal(t, "thrown away", to.aborted, 1)
		equal(t, "progress", d.host.took(), "started")
		d.start()
		d.Want("start", "0/0")
	})
}

func TestStatusThatCannotBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevice(t, &target{})
		d.host.saving = func() error { return errOther }
		equal(t, "push", d.Pack("image"), "2.04")
		d.Want("push", "2/0")
		equal(t, "Update, of which the result could not be told", d.Execute(), "5.00")
		d.Want("Update", "2/0")
		equal(t, "restarts", d.host.restarts, 0)
		d.host.saving = nil
		equal(t, "Update", d.Execute(), "2.04")
		d.Want("Update", "3/0")
	})
}

func TestBrokenStatus(t *testing.T) {
	for _, kept := range []string{"", "{", "[]", `{"State":4,"Result":0}`, `{"State":1,"Result":10}`, `{"State":-1}`, `{"State":"x"}`} {
		synctest.Test(t, func(t *testing.T) {
			d := newDevice(t, &target{})
			d.host.kept[keptName] = []byte(kept)
			d.restart()
			d.Want(kept, "0/0")
		})
	}
}

// Resources that object 5 does not have here: PkgName and PkgVersion have no value, nothing but Update is executable.
func TestResources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevice(t, &target{})
		for _, c := range []struct {
			code     coap.Code
			resource string
			content  int
			want     string
		}{
			{coap.GET, "0", -1, "4.05"}, {coap.GET, "1", -1, "2.05"}, {coap.GET, "2", -1, "4.05"}, {coap.GET, "3", -1, "2.05"}, {coap.GET, "4", -1, "4.04"},
			{coap.GET, "5", -1, "2.05"}, {coap.GET, "6", -1, "4.04"}, {coap.GET, "8", -1, "2.05"}, {coap.GET, "9", -1, "2.05"},
			{coap.POST, "10", -1, "4.04"}, {coap.POST, "3", -1, "4.05"}, {coap.PUT, "3", 0, "4.05"},
		} {
			equal(t, c.resource, d.Do(firmwaretest.Request(c.code, c.resource, c.content, nil)), c.want)
		}
		equal(t, "protocols", d.Values.Children(lwm2m.NewPath(5, 0, 8)), "[0 1]")
	})
}

// Servers that push, pull, reset and update all at once: whatever comes first counts, and in the end the device can be updated.
func TestManyAtOnce(t *testing.T) {
	d := newDevice(t, &target{install: errOther})
	var workers sync.WaitGroup
	for _, work := range []func() error{
		func() error {
			u, err := d.object.Upload(lwm2m.NewPath(5, 0, 0), -1)
			if err != nil {
				return err
			}
			if _, err := u.Write([]byte("image")); err != nil {
				return err
			}
			_, err = u.Commit()
			return err
		},
		func() error { d.write("coap://files.example/image"); return nil },
		func() error { d.write(""); return nil },
		func() error {
			after, err := d.object.Execute(lwm2m.NewPath(5, 0, 2), nil)
			if err == nil {
				after()
			}
			return err
		},
		func() error {
			return d.object.Check([]lwm2m.Item{{Path: lwm2m.NewPath(5, 0, 1), Value: lwm2m.String("coap://a")}})
		},
		func() error { d.remote.end <- &lwm2m.FetchError{Err: errOther, Cause: lwm2m.FetchLost}; return nil },
	} {
		workers.Go(func() {
			for range 200 {
				if err := work(); err != nil {
					if _, is := errors.AsType[*lwm2m.Error](err); !is {
						t.Error(err)
					}
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { workers.Wait(); close(done) }()
	for waiting := true; waiting; { // the fetches that are left want an end, and the ends a fetch
		select {
		case <-done:
			waiting = false
		default:
			d.write("")
			d.write("coap://files.example/image")
		}
	}
	d.write("")
	d.stop()
	if d.object.current != nil || d.object.status != (status{}) {
		t.Errorf("state %v, result %d", d.object.status.State, d.object.status.Result)
	}
	if shown, _ := d.Values.Get(lwm2m.NewPath(5, 0, 3)); shown.Int() != int64(d.object.status.State) {
		t.Errorf("%d is shown, the state is %v", shown.Int(), d.object.status.State)
	}
	if !bytes.Contains(d.host.kept[keptName], []byte(`"State":0`)) {
		t.Errorf("kept: %s", d.host.kept[keptName])
	}
}

// write is what a server's write of the URI leads to.
func (d *device) write(uri string) {
	d.object.Written([]lwm2m.Item{{Path: lwm2m.NewPath(5, 0, 1), Value: lwm2m.String(uri)}})
}
