package fota

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/durable"
)

// Platform is what a Downloader works with.
type Platform struct {
	Sources map[string]Source // by the scheme of a URL: "https", "http", "coaps", "coap"
	Targets []Target          // those of TypeCustom take what is not recognised
	Folder  *durable.Folder   // keeps the record of what is on the medium; nil: nothing is resumed after a restart
	Logger  *slog.Logger      // nil: none

	// Tell is called in the download's goroutine; it must not call Start and Wait. Once EventFinished has been told, the download is forgotten.
	Tell func(Event)

	// BeforeSchedule, if not nil, is called in the download's goroutine when the image is committed, before it is scheduled: from Schedule on a
	// restart runs it, so this is where whoever started the download keeps what must be known then. An error ends the download as
	// CauseInternal; the image stays, and the next Start of the job goes on here. It may be called again for the same image.
	BeforeSchedule func(Type) error
}

// ErrBusy is that a download is running already.
var ErrBusy = errors.New("a download is running already")

// Downloader has one download at a time. Its methods may be called from any goroutine.
type Downloader struct {
	config   Config
	platform Platform

	mu      sync.Mutex
	running *run // nil: none
}

// run is a download's goroutine.
type run struct {
	cancel context.CancelCauseFunc
	done   chan struct{}
}

// New makes a Downloader.
func New(config Config, platform Platform) *Downloader {
	if platform.Logger == nil {
		platform.Logger = slog.New(slog.DiscardHandler)
	}
	if platform.Tell == nil {
		platform.Tell = func(Event) {}
	}
	return &Downloader{config: config, platform: platform}
}

// Start begins a download in a goroutine of its own, or goes on with one of the same file that was cut. It ends with an Event, or without one
// when ctx ends: then what is here stays for the next Start. A server that is slow but not silent is given all the time that ctx gives. The
// error is ErrBusy, or an *Error about the job; then nothing was started.
func (d *Downloader) Start(ctx context.Context, job Job) error {
	address, invalid := d.config.check(job)
	if invalid != nil {
		return invalid
	}
	source := d.platform.Sources[address.Scheme]
	if source == nil {
		return failure(CauseProtoNotSupported, nil, "images are not downloaded by %q", address.Scheme)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running != nil {
		return ErrBusy
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r := &run{cancel: cancel, done: make(chan struct{})}
	d.running = r
	go func() {
		defer cancel(nil)
		last := newDownload(d, source, address, job).run(ctx)
		if last.Kind != 0 {
			d.platform.Tell(last)
		}
		d.mu.Lock()
		d.running = nil
		d.mu.Unlock()
		close(r.done)
	}()
	return nil
}

// errCancelled is the cause of a context that Cancel has ended.
var errCancelled = errors.New("the download was cancelled")

// Cancel ends the download and throws away what is here of it. It does not wait: EventCancelled tells the end, unless the download was over
// before.
func (d *Downloader) Cancel() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running != nil {
		d.running.cancel(errCancelled)
	}
}

// Wait returns when no download is running.
func (d *Downloader) Wait() {
	d.mu.Lock()
	r := d.running
	d.mu.Unlock()
	if r != nil {
		<-r.done
	}
}
