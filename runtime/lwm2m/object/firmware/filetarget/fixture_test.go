package filetarget

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware/firmwaretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errOther = errors.New("something else")

// host is the program around the object. What it keeps outlives restarts.
type host struct {
	kept     map[string][]byte
	saving   func() error // refuses to save
	ctx      context.Context
	end      context.CancelFunc
	workers  sync.WaitGroup
	restarts int
}

func (h *host) Load(name string) ([]byte, error) {
	if content, found := h.kept[name]; found {
		return content, nil
	}
	return nil, fs.ErrNotExist
}

func (h *host) Save(name string, content []byte) error {
	if h.saving != nil {
		if err := h.saving(); err != nil {
			return err
		}
	}
	h.kept[name] = bytes.Clone(content)
	return nil
}

func (h *host) Folder() string                                 { return "" }
func (h *host) Restart(string)                                 { h.restarts++ }
func (h *host) Go(work func(ctx context.Context))              { h.workers.Go(func() { work(h.ctx) }) }
func (h *host) Fetch(context.Context, string, io.Writer) error { return errOther }
func (h *host) Firmware(lwm2m.FirmwareProgress)                {}
func (h *host) WatchMessages(func(sent bool, size int))        {}
func (h *host) Logger() *slog.Logger                           { return slog.New(slog.DiscardHandler) }

// device is a client with object 5 and a server that manages it.
type device struct {
	firmwaretest.Server
	t      *testing.T
	host   *host
	target *Target
}

func newDevice(t *testing.T, target *Target) *device {
	t.Helper()
	d := &device{Server: firmwaretest.Server{T: t}, t: t, target: target, host: &host{kept: map[string][]byte{}}}
	d.start()
	t.Cleanup(d.stop)
	return d
}

func (d *device) start() {
	d.t.Helper()
	d.host.ctx, d.host.end = context.WithCancel(context.Background())
	object, err := firmware.New(firmware.Config{PortNonSecure: 5683, PortSecure: 5684})
	if err != nil {
		d.t.Fatal(err)
	}
	object.SetHost(d.host)
	object.UseTarget(d.target)
	d.Attach(object)
}

func (d *device) stop() {
	d.host.end()
	d.host.workers.Wait()
}

// restart ends the client and starts it on what was kept.
func (d *device) restart() {
	d.t.Helper()
	d.stop()
	d.start()
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Fatalf("%s: %s, want %s", what, g, w)
	}
}
