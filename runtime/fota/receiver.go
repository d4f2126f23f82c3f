package fota

import (
	"errors"
	"fmt"
	"time"
)

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
	if kind == 0 && For(d.platform.Targets, TypeCustom) != nil {
		kind = TypeCustom
	}
	target := For(d.platform.Targets, kind)
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
