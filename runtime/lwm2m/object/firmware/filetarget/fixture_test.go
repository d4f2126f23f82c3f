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
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/attribute"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/management"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
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
	t      *testing.T
	host   *host
	target *Target
	values *tree.Tree
	server *management.Server
	upload coap.Upload // the one that goes on
}

func newDevice(t *testing.T, target *Target) *device {
	t.Helper()
	d := &device{t: t, target: target, host: &host{kept: map[string][]byte{}}}
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
	d.values = tree.New()
	if err := d.values.Add(object); err != nil {
		d.t.Fatal(err)
	}
	d.server = management.New(d.values, format.New(format.Config{TLV: true}), attribute.NewStore(attribute.Config{Max: 5}), management.Options{Preferred: format.None})
}

func (d *device) stop() {
	d.host.end()
	d.host.workers.Wait()
}

// restart ends the client and starts it on what was kept.
func (d *device) restart() {
	d.t.Helper()
	d.stop()
	d.upload = nil
	d.start()
}

// status gives state and result as 1/0.
func (d *device) status() string {
	d.t.Helper()
	synctest.Wait()
	state, _ := d.values.Get(lwm2m.NewPath(5, 0, 3))
	result, known := d.values.Get(lwm2m.NewPath(5, 0, 5))
	if !known {
		d.t.Fatal("/5/0/5 is not there")
	}
	return fmt.Sprintf("%d/%d", state.Int(), result.Int())
}

func request(code coap.Code, resource string, content int, payload []byte) *coap.Request {
	r := &coap.Request{Confirmable: true, Token: []byte("t")}
	r.Code, r.Payload = code, payload
	for _, segment := range []string{"5", "0", resource} {
		r.Options.AddString(coap.URIPath, segment)
	}
	if content >= 0 {
		r.Options.SetUint(coap.ContentFormat, uint32(content))
	}
	return r
}

func (d *device) do(r *coap.Request) string {
	response := d.server.Serve(management.Peer{SSID: 1}, r)
	if response.After != nil {
		response.After()
	}
	return response.Code.String()
}

func (d *device) uri(text string) string { return d.do(request(coap.PUT, "1", 0, []byte(text))) }
func (d *device) execute() string        { return d.do(request(coap.POST, "2", -1, nil)) }
func (d *device) pack(whole string) string {
	return d.do(request(coap.PUT, "0", 42, []byte(whole)))
}

// begin starts a block-wise push, and gives the error answer to its first block or that the next one is asked for.
func (d *device) begin(size uint32, part string) string {
	r := request(coap.PUT, "0", 42, nil)
	if size > 0 {
		r.Options.SetUint(coap.Size1, size)
	}
	if d.upload = d.server.Stream(management.Peer{SSID: 1}, r); d.upload == nil {
		d.t.Fatal("the package is not streamed")
	}
	return d.more(part)
}

func (d *device) more(part string) string {
	if response := d.upload.Write([]byte(part)); response != nil {
		return response.Code.String()
	}
	return "2.31"
}

func (d *device) last(part string) string {
	if code := d.more(part); code != "2.31" {
		return code
	}
	response := d.upload.Commit()
	if response.After != nil {
		response.After()
	}
	return response.Code.String()
}

// want compares state and result.
func (d *device) want(what, status string) {
	d.t.Helper()
	if got := d.status(); got != status {
		d.t.Fatalf("%s: state and result are %s, want %s", what, got, status)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Fatalf("%s: %s, want %s", what, g, w)
	}
}
