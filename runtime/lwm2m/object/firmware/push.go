package firmware

import (
	"errors"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Upload implements lwm2m.Uploader: an image that the server pushes to resource 0, or the empty or one-byte package that resets the state.
func (o *Object) Upload(path lwm2m.Path, size int64) (lwm2m.Upload, error) {
	switch state := o.now().State; {
	case path.Resource() != packageResource:
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v cannot be uploaded", path)
	case state == updating:
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: an update is being installed", path)
	}
	return &pushed{object: o, progress: progress{host: o.host, size: size}}, nil
}

// pushed is a package that comes from the server. Whether it is an image shows with its second byte.
type pushed struct {
	object *Object
	held   []byte // the first byte
	image  Image  // nil until the second one
	progress
}

func (p *pushed) Write(part []byte) (int, error) {
	if p.image == nil {
		p.held = append(p.held, part...)
		if len(p.held) <= 1 {
			return len(part), nil
		}
		image, err := p.object.begin(p.size)
		if err != nil {
			return 0, refusal(err)
		}
		p.image = image
		whole := p.held
		p.held = nil
		if err := p.write(whole); err != nil {
			return 0, err
		}
		return len(part), nil
	}
	if err := p.write(part); err != nil {
		return 0, err
	}
	return len(part), nil
}

func (p *pushed) write(part []byte) error {
	n, err := p.image.Write(part)
	p.add(n)
	if err != nil {
		p.image.Abort()
		p.object.spoil(resultOf(err), err)
		return refusal(err)
	}
	return nil
}

// Commit implements lwm2m.Upload. An image that turns out to be no good has come all the same: the answer is 2.04, and the result says it.
func (p *pushed) Commit() (func(), error) {
	if p.image != nil {
		p.object.commit(p.image)
		return nil, nil
	}
	if len(p.held) == 1 && p.held[0] != 0 {
		_, err := p.object.begin(1)
		if err == nil {
			p.object.spoil(resultUnsupportedPackage, ErrUnsupported)
		}
		return nil, refusal(errors.Join(err, ErrUnsupported))
	}
	if !p.object.reset() {
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "the firmware update is %v: it cannot be reset now", p.object.now().State)
	}
	return nil, nil
}

// Abort implements lwm2m.Upload: the server has stopped sending.
func (p *pushed) Abort(cause error) {
	if p.image == nil {
		return
	}
	p.image.Abort()
	p.object.spoil(resultConnectionLost, cause)
}

// refusal gives the answer to a server whose image is not taken.
func refusal(err error) error {
	var answer *lwm2m.Error
	switch {
	case errors.As(err, &answer):
		return answer
	case errors.Is(err, ErrNoSpace):
		return lwm2m.Errorf(lwm2m.StatusRequestEntityTooLarge, "%v", err)
	}
	return lwm2m.Errorf(lwm2m.StatusInternalServerError, "%v", err)
}
