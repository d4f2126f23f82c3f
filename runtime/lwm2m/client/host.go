package client

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Program is the part of lwm2m.Host that is the program's; the client adds the rest. Its methods are as there.
type Program interface {
	Load(name string) ([]byte, error)
	Save(name string, content []byte) error
	Folder() string
	Restart(reason string)
	Fetch(ctx context.Context, uri string, into io.Writer) error
	Firmware(progress lwm2m.FirmwareProgress)
}

// host is what Hosted objects are given.
type host struct {
	_ incomparable
	Program
	client *Client
}

var _ lwm2m.Host = (*host)(nil)

// Go implements lwm2m.Host: the work begins with Run, and Run waits for it.
func (h *host) Go(work func(ctx context.Context)) {
	c := h.client
	c.post(func() { c.workers.Go(func() { work(c.ctx) }) })
}

// WatchMessages implements lwm2m.Host.
func (h *host) WatchMessages(take func(sent bool, size int)) { h.client.watchers.add(take) }

// Logger implements lwm2m.Host.
func (h *host) Logger() *slog.Logger { return h.client.logger }

// watchers are told of every datagram.
type watchers struct {
	mu  sync.Mutex
	all []func(sent bool, size int)
}

func (w *watchers) add(take func(sent bool, size int)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, take)
}

func (w *watchers) tell(sent bool, size int) {
	w.mu.Lock()
	all := w.all
	w.mu.Unlock()
	for _, take := range all {
		take(sent, size)
	}
}

// incomparable stands in structs that nobody compares, for which the compiler makes no function then.
type incomparable [0]func()
