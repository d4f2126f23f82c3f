package firmware

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware/firmwaretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is the program around the object. What it keeps outlives restarts.
type host struct {
	kept    map[string][]byte
	folder  string
	saving  func() error // refuses to save
	fetch   func(ctx context.Context, uri string, into io.Writer) error
	ctx     context.Context
	end     context.CancelFunc
	workers sync.WaitGroup

	mu       sync.Mutex
	progress []string
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

func (h *host) Folder() string                          { return h.folder }
func (h *host) Restart(string)                          { h.restarts++ }
func (h *host) Go(work func(ctx context.Context))       { h.workers.Go(func() { work(h.ctx) }) }
func (h *host) WatchMessages(func(sent bool, size int)) {}
func (h *host) Logger() *slog.Logger                    { return slog.New(slog.DiscardHandler) }
func (h *host) Fetch(ctx context.Context, uri string, into io.Writer) error {
	return h.fetch(ctx, uri, into)
}

func (h *host) Firmware(progress lwm2m.FirmwareProgress) {
	h.mu.Lock()
	defer h.mu.Unlock()
	name := [...]string{"started", fmt.Sprintf("%d%%", progress.Percent), "downloaded", "installing", "succeeded", "failed"}[progress.Step]
	h.progress = append(h.progress, name)
	if (progress.Err != nil) != (progress.Step == lwm2m.FirmwareFailed) {
		panic("an error belongs to a failure")
	}
}

func (h *host) took() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := strings.Join(h.progress, " ")
	h.progress = nil
	return text
}

// remote is where images are fetched from, under the test's control.
type remote struct {
	size  int64 // 0: not told
	parts chan []byte
	end   chan error

	mu  sync.Mutex
	uri string // asked for last
}

func newRemote() *remote { return &remote{parts: make(chan []byte), end: make(chan error)} }

func (r *remote) fetch(ctx context.Context, uri string, into io.Writer) error {
	r.mu.Lock()
	r.uri = uri
	r.mu.Unlock()
	if sized, is := into.(interface{ SetSize(size int64) }); is && r.size != 0 {
		sized.SetSize(r.size)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-r.end:
			return err
		case part := <-r.parts:
			if _, err := into.Write(part); err != nil {
				return err
			}
		}
	}
}

// target is a Target that fails where the test wants it.
type target struct {
	begin, write, commit, install, installed, staged, discard error

	content   []byte
	size      int64
	committed bool
	aborted   int
}

func (t *target) Begin(size int64) (Image, error) {
	t.content, t.size, t.committed = nil, size, false
	return t, t.begin
}

func (t *target) Write(part []byte) (int, error) {
	if t.write != nil {
		return 0, t.write
	}
	t.content = append(t.content, part...)
	return len(part), nil
}

func (t *target) Commit() error    { t.committed = t.commit == nil; return t.commit }
func (t *target) Abort()           { t.aborted++ }
func (t *target) Staged() error    { return t.staged }
func (t *target) Install() error   { return t.install }
func (t *target) Installed() error { return t.installed }
func (t *target) Discard() error   { return t.discard }

// device is a client with object 5 and a server that manages it.
type device struct {
	firmwaretest.Server
	t      *testing.T
	host   *host
	target Target
	remote *remote
	object *Object
}

func newDevice(t *testing.T, target Target) *device {
	t.Helper()
	d := &device{Server: firmwaretest.Server{T: t}, t: t, target: target, host: &host{kept: map[string][]byte{}}, remote: newRemote()}
	d.host.fetch = d.remote.fetch
	d.start()
	t.Cleanup(d.stop)
	return d
}

func (d *device) start() {
	d.t.Helper()
	d.host.ctx, d.host.end = context.WithCancel(context.Background())
	var err error
	if d.object, err = New(Config{PortNonSecure: 5683, PortSecure: 5684}); err != nil {
		d.t.Fatal(err)
	}
	d.object.SetHost(d.host)
	if d.target != nil {
		d.object.UseTarget(d.target)
	}
	d.Attach(d.object)
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

var errOther = errors.New("something else")
