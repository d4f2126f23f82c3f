package fota

import (
	"context"
	"errors"
	"fmt"
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
	target := d.platform.Targets[r.kind]
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

// checkpoint sees what is here onto the medium and records it.
func (d *download) checkpoint() error {
	if d.image == nil || d.platform.Folder == nil || !d.loose() {
		return nil
	}
	if err := d.image.Sync(); err != nil {
		return targetFailure(err, "stored")
	}
	if err := d.platform.Folder.Write(recordName, d.synced(time.Now()).encode()); err != nil {
		return failure(CauseInternal, err, "how far the download is cannot be recorded")
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

// receiver is the download as the source sees it.
type receiver download

// Begin implements Receiver.
func (r *receiver) Begin(offset int64, version Version) error {
	d := (*download)(r)
	anew, err := d.begin(offset, version)
	if err != nil {
		return err
	}
	if anew {
		d.logger.Warn("the image has changed at the server: it is downloaded anew")
		d.close()
	}
	d.head = nil
	return nil
}

// Write implements Receiver.
func (r *receiver) Write(p []byte) (int, error) {
	d := (*download)(r)
	if err := d.room(int64(len(d.head) + len(p))); err != nil {
		return 0, err
	}
	rest := p
	if d.image == nil {
		taken := min(RecognizedSize-len(d.head), len(rest))
		d.head = append(d.head, rest[:taken]...)
		rest = rest[taken:]
		if len(d.head) < RecognizedSize && int64(len(d.head)) < d.version.Size {
			return len(p), nil
		}
		if err := d.open(); err != nil {
			return 0, err
		}
		if err := d.write(d.head); err != nil {
			return 0, err
		}
		d.head = nil
	}
	if len(rest) > 0 {
		if err := d.write(rest); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// open begins the image once its type is known.
func (d *download) open() error {
	kind := Recognize(d.head)
	if kind == TypeMCUboot && d.job.Expected == TypeSMP {
		kind = TypeSMP
	}
	if kind == 0 && d.platform.Targets[TypeCustom] != nil {
		kind = TypeCustom
	}
	target := d.platform.Targets[kind]
	switch {
	case kind == 0:
		return failure(CauseInvalidUpdate, nil, "the file is no image: it begins with % x", d.head[:min(8, len(d.head))])
	case !d.allows(kind):
		return failure(CauseTypeMismatch, nil, "the image is of the type %v, the job is about %v", kind, d.job.Expected)
	case target == nil:
		return failure(CauseInvalidUpdate, nil, "this device takes no images of the type %v", kind)
	}
	if err := d.forget(); err != nil {
		return err
	}
	for _, old := range []Target{d.leftover, d.target} {
		if old != nil && old != target { // it was an image of another type, whose room may be needed
			if err := old.Discard(); err != nil {
				d.logger.Warn("what is here of another image cannot be thrown away", "error", err)
			}
		}
	}
	d.leftover, d.target, d.kind = nil, target, kind
	image, err := target.Begin(d.ctx, Plan{ID: d.id(), Type: kind, Size: d.version.Size, Tell: d.tell})
	if err != nil {
		return targetFailure(err, "begun")
	}
	d.image = image
	has := image.Offset()
	switch {
	case has < 0 || has > d.version.Size || has > 0 && !d.keeps():
		return failure(CauseInternal, nil, "the target says that it has %d bytes of a new image of %d", has, d.version.Size)
	case has > 0:
		d.takeOver(has)
		if d.progress() {
			d.tell(EventProgress)
		}
		return errFurther
	}
	return nil
}

// errFurther is that the target has more of the image than what a source was asked for: it is to be asked for what follows.
var errFurther = errors.New("the target has more of the image already")

func (d *download) write(p []byte) error {
	if n, err := d.image.Write(p); err != nil || n != len(p) {
		return targetFailure(errors.Join(err, shortWrite(n, len(p))), "stored")
	}
	progress, checkpoint := d.wrote(int64(len(p)), time.Now())
	if progress {
		d.tell(EventProgress)
	}
	if checkpoint && !d.complete() {
		return d.checkpoint()
	}
	return nil
}

func shortWrite(n, of int) error {
	if n == of {
		return nil
	}
	return fmt.Errorf("%d of %d bytes were taken", n, of)
}
