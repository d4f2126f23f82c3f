package firmware

import (
	"errors"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Upload implements lwm2m.Uploader: an image that the server pushes to resource 0, or the empty or one-byte package that resets the state.
func (o *Object) Upload(path lwm2m.Path, size int64) (lwm2m.Upload, error) {
	if now := state(o.seen.Load()); now == updating {
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: the firmware update is %v", path, now)
	}
	return &pushed{object: o, download: &download{size: size}}, nil
}

// pushed is a package that comes from the server. Whether it is an image shows with its second byte.
type pushed struct {
	object   *Object
	download *download
	begun    bool
	held     []byte // at most one byte, until the image has begun
}

// Write implements lwm2m.Upload.
func (p *pushed) Write(part []byte) (int, error) {
	p.object.work.Lock()
	defer p.object.work.Unlock()
	whole := part
	if !p.begun {
		p.held = append(p.held, part...)
		if len(p.held) <= 1 {
			return len(part), nil
		}
		whole, p.held = p.held, nil
	}
	if err := p.write(whole); err != nil {
		return 0, err
	}
	return len(part), nil
}

// write begins the image with its first bytes. The object's work is locked.
func (p *pushed) write(part []byte) error {
	if !p.begun {
		if err := p.object.begin(p.download); err != nil {
			return err
		}
		p.begun = true
	}
	return refusal(p.object.write(p.download, part))
}

// Commit implements lwm2m.Upload. An image that turns out to be no good has come all the same: the answer is 2.04, and the result says it.
func (p *pushed) Commit() (func(), error) {
	o := p.object
	o.work.Lock()
	defer o.work.Unlock()
	if !p.begun {
		if len(p.held) == 0 || p.held[0] == 0 {
			if !o.reset() {
				return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "the firmware update is %v: it cannot be reset now", o.status.State)
			}
			return nil, nil
		}
		if err := p.write(p.held); err != nil {
			return nil, err
		}
	}
	if o.current != p.download {
		return nil, errEnded
	}
	o.commit(p.download)
	return nil, nil
}

// Abort implements lwm2m.Upload: the server has stopped sending.
func (p *pushed) Abort(cause error) {
	p.object.work.Lock()
	defer p.object.work.Unlock()
	if p.begun && p.object.current == p.download {
		p.object.spoil(resultConnectionLost, cause)
	}
}

// refusal gives the answer to a server whose image is not taken.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	if _, is := errors.AsType[*lwm2m.Error](err); is {
		return err
	}
	if errors.Is(err, ErrNoSpace) {
		return lwm2m.Errorf(lwm2m.StatusRequestEntityTooLarge, "%v", err)
	}
	return lwm2m.Errorf(lwm2m.StatusInternalServerError, "%v", err)
}
