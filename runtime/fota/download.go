package fota

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"time"
)

// download is one download, in its goroutine.
type download struct {
	*machine
	platform Platform
	logger   *slog.Logger
	source   Source
	address  *url.URL

	ctx    context.Context
	head   []byte // the first bytes of the file, until its type is known
	target Target // nil until then
	image  Image

	leftover Target // has something of another download; nil: none has
}

func newDownload(d *Downloader, source Source, address *url.URL, job Job) *download {
	return &download{
		machine: newMachine(d.config, job, time.Now()), platform: d.platform, source: source, address: address,
		logger: d.platform.Logger.With("host", address.Host, "path", address.Path),
	}
}

// run gives the last event; Kind 0: there is none.
func (d *download) run(ctx context.Context) Event {
	d.ctx = ctx
	err := d.fetch(ctx)
	if err == nil {
		return d.finish()
	}
	if ctx.Err() != nil {
		if errors.Is(context.Cause(ctx), errCancelled) {
			d.throwAway()
			return Event{Kind: EventCancelled, Percent: max(d.percent, 0), Type: d.kind}
		}
		d.close()
		return Event{}
	}
	failed := asError(err)
	if failed.resumes() {
		d.close()
	} else {
		d.throwAway()
	}
	return d.ended(failed)
}

func (d *download) ended(err *Error) Event {
	d.logger.Error("the download has failed", "cause", err.Cause.String(), "error", err)
	return Event{Kind: EventError, Percent: max(d.percent, 0), Type: d.kind, Err: err}
}

// asError gives the *Error of a try.
func asError(err error) *Error {
	if e, is := errors.AsType[*Error](err); is {
		return e
	}
	return failure(CauseInternal, err, "the download cannot go on")
}

// fetch gets the whole file, in as many tries as it takes.
func (d *download) fetch(ctx context.Context) error {
	if err := d.recall(); err != nil {
		return err
	}
	for !d.complete() {
		err := d.try(ctx)
		if err == nil {
			return nil
		}
		if errors.Is(err, errFurther) {
			continue
		}
		if ctx.Err() == nil && !asError(err).resumes() {
			return err
		}
		if err := d.checkpoint(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait, end := d.failed(asError(err))
		if end != nil {
			return end
		}
		// From 75 % to 100 %, so that a fleet does not come back at the same moment.
		wait -= time.Duration(rand.Float64() * float64(wait) / 4)
		d.logger.Warn("the download goes on after a while", "error", err, "wait", wait, "offset", d.written)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	return nil
}

func (d *download) try(ctx context.Context) error {
	offset, version := d.next()
	d.head = nil // with less than a type's worth of bytes, the file is begun anew
	if err := d.source.Fetch(ctx, Request{URL: d.address, Tags: d.job.Tags, Offset: offset, Version: version}, (*receiver)(d)); err != nil {
		return err
	}
	if !d.complete() {
		short := failure(CauseDownloadFailed, nil, "the server has ended after %d of %d bytes", d.written, d.version.Size)
		short.Retry = true
		return short
	}
	return nil
}

// recall takes up what an earlier download has left.
func (d *download) recall() error {
	if d.platform.Folder == nil {
		return nil
	}
	content, err := d.platform.Folder.Read(recordName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failure(CauseInternal, err, "the record of the last download cannot be read")
	}
	r, ok := decodeRecord(content)
	target := For(d.platform.Targets, r.kind)
	if !ok || !d.takesUp(r) || target == nil {
		d.leftover = target // stays until there is something better
		return nil
	}
	image, err := target.Begin(d.ctx, Plan{ID: r.id(), Type: r.kind, Size: r.version.Size, Keep: r.offset, Tell: d.tell})
	if err != nil {
		return targetFailure(err, "taken up again")
	}
	d.image, d.target = image, target
	has := image.Offset()
	if has < 0 || has > r.version.Size {
		return failure(CauseInternal, nil, "the target says that it has %d bytes of an image of %d", has, r.version.Size)
	}
	if !d.resume(r, has) { // it is about bytes that are written anew
		if err := d.forget(); err != nil {
			return err
		}
	}
	d.logger.Info("the download goes on", "offset", has, "size", r.version.Size)
	if d.progress() {
		d.tell(EventProgress)
	}
	return nil
}

// forget removes the record. From then on nothing is resumed; so it comes before the bytes that the record is about are changed.
func (d *download) forget() error {
	if d.platform.Folder == nil {
		return nil
	}
	if err := d.platform.Folder.Remove(recordName); err != nil {
		return failure(CauseInternal, err, "the record of the last download cannot be removed")
	}
	return nil
}

// checkpoint sees what is here onto the medium and records it. Without room for the record the download goes on: the record before, or none, is
// as true as it was.
func (d *download) checkpoint() error {
	if d.image == nil || d.platform.Folder == nil || !d.loose() {
		return nil
	}
	if err := d.image.Sync(); err != nil {
		return targetFailure(err, "stored")
	}
	if err := d.platform.Folder.Write(recordName, d.synced(time.Now()).encode()); err != nil {
		d.logger.Warn("how far the download is cannot be recorded", "error", err)
	}
	return nil
}

func (d *download) tell(kind EventKind) {
	d.platform.Tell(Event{Kind: kind, Percent: max(d.percent, 0), Type: d.kind})
}

// close ends the image; what was synced stays.
func (d *download) close() {
	if d.image == nil {
		return
	}
	if err := d.image.Close(); err != nil {
		d.logger.Warn("the image cannot be closed", "error", err)
	}
	d.image = nil
}

// throwAway ends the download so that nothing of it is left.
func (d *download) throwAway() {
	d.close()
	if d.target == nil {
		return
	}
	err := d.forget()
	if err == nil {
		err = d.target.Discard()
	}
	if err != nil {
		d.logger.Warn("what is here of the image cannot be thrown away", "error", err)
	}
}

// finish hands the whole image over.
func (d *download) finish() Event {
	if err := d.checkpoint(); err != nil { // from here on a restart comes back here without a byte from the server
		d.close()
		return d.ended(asError(err))
	}
	image := d.image
	d.image = nil
	if err := image.Commit(); err != nil {
		d.throwAway()
		return d.ended(targetFailure(err, "taken"))
	}
	if d.platform.BeforeSchedule != nil {
		if err := d.platform.BeforeSchedule(d.kind); err != nil {
			return d.ended(failure(CauseInternal, err, "what must be known after the restart cannot be kept"))
		}
	}
	if d.config.AutoSchedule {
		if err := d.target.Schedule(); err != nil {
			return d.ended(targetFailure(err, "scheduled"))
		}
	}
	d.logger.Info("the image is downloaded", "size", d.version.Size, "type", d.kind.String())
	d.tell(EventFinished)
	if err := d.forget(); err != nil { // it is taken for what it is by the next start: complete
		d.logger.Warn(err.Error())
	}
	return Event{}
}
